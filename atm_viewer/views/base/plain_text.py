"""Text from outside is shown unchanged: names, paths, keywords, messages are never taken for markup.

Qt takes what looks like HTML for rich text, and rich text opens the files and devices that it names, on the window's
thread. So every label says whether its text is plain or markup of our own, in which values are `escaped`; tooltips,
whose format Qt guesses, are made by `plain_tip`; and where ``&`` marks a key, text goes through `no_mnemonic`.
"""

from __future__ import annotations

from html import escape

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QTextDocumentFragment
from PyQt6.QtWidgets import QLabel, QWidget

from atm_viewer.engine.errors import MOST_OF_SENTENCE, MOST_OF_VALUE, one_line


def readable(text: str) -> str:
    """Text whose lines can all be read, see `one_line`."""
    return "\n".join(one_line(line, MOST_OF_SENTENCE) for line in text.split("\n"))


def escaped(value: object, most: int = MOST_OF_VALUE) -> str:
    """Write a value from outside for our own markup."""
    return escape(one_line(value, most))


def plain_tip(text: str) -> str:
    """Make a tooltip that shows a text unchanged."""
    text = readable(text)
    rich = Qt.mightBeRichText(text)  # type: ignore[attr-defined]  # PyQt's stubs lack it
    return f'<p style="white-space: pre-wrap">{escape(text)}</p>' if rich else text


def set_tip(widget: QWidget, tip: str) -> None:
    """Give a widget a tooltip with markup of our own, which a screen reader gets without the markup."""
    if tip != widget.toolTip():  # some are set again with every answer
        widget.setToolTip(tip)
        widget.setAccessibleDescription(QTextDocumentFragment.fromHtml(tip).toPlainText())


def no_mnemonic(text: str) -> str:
    """Write a text for a menu or a button, so that no ``&`` in it marks a key."""
    return text.replace("&", "&&")


class Label(QLabel):
    """Label with plain text, or with markup of our own.

    Parameters
    ----------
    text : str
        What it shows first.
    parent : QWidget or None
        Widget it stands in.
    markup : bool
        Whether texts are rich text, in which values from outside are `escaped`.
    """

    def __init__(self, text: str = "", parent: QWidget | None = None, *, markup: bool = False):
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.RichText if markup else Qt.TextFormat.PlainText)
        self.setText(text)

    def setText(self, text: str | None) -> None:
        """Show a text."""
        markup = self.textFormat() == Qt.TextFormat.RichText
        super().setText(text if markup else readable(text or ""))

    def minimumSizeHint(self) -> QSize:
        """Ask for no more width than a column of text needs, however long its longest word is."""
        hint = super().minimumSizeHint()
        widest = _WIDEST * self.fontMetrics().averageCharWidth()
        return QSize(min(hint.width(), widest), hint.height()) if self.wordWrap() else hint


_WIDEST = 60  #: letters of a word that a label with several lines makes room for
