"""The command palette: finds and runs everything by typing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QEvent, QObject, QPoint, QSettings, QSize, Qt
from PyQt6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QDialog, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from atm_viewer.engine.errors import one_line
from atm_viewer.views.base.plain_text import Label, plain_tip
from atm_viewer.views.base.style import MUTED

_RECENT = "palette/recent"
_MOST_RECENT = 12
_MOST_SHOWN = 60
_ENTRY = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Entry:
    """Something to do.

    Parameters
    ----------
    name : str
        Kept in the settings when it was used.
    text : str
        Text of the entry, which is searched.
    kind : str
        What it is, in a word.
    keys : str
        Its keys, for next time.
    tip : str
        What it does.
    run : callable
        Does it.
    also : str
        Searched as well.
    fill : str
        Text that is put into the line instead of doing anything, for a value to be typed after it.
    """

    name: str
    text: str
    kind: str
    run: Callable[[], object] | None = None
    keys: str = ""
    tip: str = ""
    also: str = ""
    fill: str = ""


def score(query: str, text: str) -> float | None:
    """Say how well letters that were typed fit a text.

    Parameters
    ----------
    query : str
        Words; each must be found, in any order: as a part of the text, or letter by letter with gaps.
    text : str
        Entries that are searched.

    Returns
    -------
    float or None
        The higher the better; None when it does not fit.
    """
    text = text.lower()
    total = 0.0
    for word in query.lower().split():
        fit = _fit(word, text)
        if fit is None:
            return None
        total += fit
    return total - 0.01 * len(text)


def _fit(word: str, text: str) -> float | None:
    at = text.find(word)
    while at >= 0:
        if at == 0 or not text[at - 1].isalnum():
            end = at + len(word)
            return 10.0 * len(word) + (6.0 if at == 0 else 3.0) + (2.0 if text[end : end + 1].strip() == "" else 0.0)
        at = text.find(word, at + 1)
    initials = "".join(part[0] for part in re.findall(r"\w+", text))
    if initials.startswith(word):
        return 6.0 * len(word)
    if word in text:
        return 4.0 * len(word)
    if word.isdigit():
        return None  # numbers are meant as they are
    # Letter by letter: the beginnings of words count most, gaps cost.
    value, start = 0.0, 0
    for letter in word:
        found = text.find(letter, start)
        if found < 0:
            return None
        first = found == 0 or not text[found - 1].isalnum()
        value += 4.0 if first else 1.5 if found == start else 0.0
        value -= 0.1 * (found - start)
        start = found + 1
    return value if value > 0 else None


class Palette(QDialog):
    """A line to type in and what fits it.

    Parameters
    ----------
    entries : callable
        Gives what can be done now; takes what was typed, since a value may be part of it.
    settings : QSettings
        Keeps what was used.
    parent : QWidget
        Window it belongs to.
    text : str
        Text in the line at first.
    """

    def __init__(self, entries: Callable[[str], Iterable[Entry]], settings: QSettings, parent: QWidget, text: str = ""):
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self._entries = entries
        self._settings = settings
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.line = QLineEdit()
        self.line.setAccessibleName("Find")
        self.line.setPlaceholderText("Action, slice 112, exposure, band, threshold 5, help page …")
        self.line.setToolTip("Type a few letters; choose with ↑ ↓, run with Return, close with Esc")
        self.list = QTreeWidget()
        self.list.setAccessibleName("Matches")
        self.list.setColumnCount(3)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setToolTip("Matches; recently used ones come first")
        header = self.list.header()
        assert header is not None
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, header.ResizeMode.Stretch)
        for column in (1, 2):
            header.setSectionResizeMode(column, header.ResizeMode.ResizeToContents)
        self.note = Label()
        self.note.setForegroundRole(MUTED)
        self.note.setMinimumWidth(10)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 6)
        layout.setSpacing(4)
        for widget in (self.line, self.list, self.note):
            layout.addWidget(widget)
        self.line.textChanged.connect(self._search)
        self.line.installEventFilter(self)
        self.list.itemClicked.connect(self._run)
        self.list.currentItemChanged.connect(self._tell)
        self._place(parent)
        self._search("")
        self.line.setFocus()

    def changeEvent(self, event: QEvent | None) -> None:
        """Go when the user turns to another window."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self.close()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw an edge."""
        painter = QPainter(self)
        painter.setPen(self.palette().highlight().color())
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Let the arrow keys move in the list while the line has the focus."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key, last = event.key(), self.list.topLevelItemCount() - 1
            row = self.list.indexOfTopLevelItem(self.list.currentItem())
            height = self.list.viewport().height()  # type: ignore[union-attr]  # never None
            page = max(1, height // max(1, self.list.sizeHintForRow(0)) - 1)
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: page, Qt.Key.Key_PageUp: -page}
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run(self.list.currentItem())
                return True
            if key in steps:
                self.list.setCurrentItem(self.list.topLevelItem(max(0, min(last, row + steps[Qt.Key(key)]))))
                return True
        return super().eventFilter(watched, event)

    def _place(self, parent: QWidget) -> None:
        """Below the upper edge of the window, in its middle, at most as large as it."""
        em = self.fontMetrics().height()
        width = min(max(40 * em, parent.width() // 3), parent.width() - 2 * em)
        height = min(26 * em, parent.height() - 6 * em)
        self.resize(width, height)
        self.move(parent.mapToGlobal(QPoint((parent.width() - width) // 2, 3 * em)))

    def _search(self, query: str) -> None:
        recent = self._recent()
        found = []
        for order, entry in enumerate(self._entries(query)):
            fit = score(query, f"{entry.text} {entry.also}".rstrip())
            if fit is None:
                continue
            used = recent.index(entry.name) if entry.name in recent else len(recent)
            # Without words, what was used last stands first; with words, it decides between like fits.
            bonus = (len(recent) - used) * (100.0 if not query.strip() else 0.4)
            found.append((-(fit if query.strip() else 0.0) - bonus, order, entry))
        found.sort(key=lambda row: row[:2])
        self.list.clear()
        row = QSize(0, self.fontMetrics().height() + 6)
        for _, _, entry in found[:_MOST_SHOWN]:
            item = QTreeWidgetItem([one_line(entry.text), entry.keys, one_line(entry.kind)])
            item.setData(0, _ENTRY, entry)
            for column in (1, 2):
                item.setForeground(column, self.palette().placeholderText())
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setToolTip(0, plain_tip(entry.tip))
            item.setSizeHint(0, row)
            self.list.addTopLevelItem(item)
        self.list.setCurrentItem(self.list.topLevelItem(0))
        if not found:
            self.note.setText("No matches.")

    def _tell(self, item: QTreeWidgetItem | None) -> None:
        if item is not None:
            self.note.setText(item.data(0, _ENTRY).tip)

    def _run(self, item: QTreeWidgetItem | None) -> None:
        if item is None:
            return
        entry: Entry = item.data(0, _ENTRY)
        self._settings.setValue(_RECENT, [entry.name, *(n for n in self._recent() if n != entry.name)][:_MOST_RECENT])
        if entry.run is None:
            self.line.setText(entry.fill)
            return
        self.reject()
        entry.run()

    def reject(self) -> None:
        """Leave, and give the keyboard back."""
        super().reject()
        self.close()
        self.parentWidget().activateWindow()  # type: ignore[union-attr]  # never None

    def _recent(self) -> Sequence[str]:
        kept = self._settings.value(_RECENT, [])
        return [kept] if isinstance(kept, str) else [str(name) for name in kept or []]
