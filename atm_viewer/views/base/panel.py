"""Building blocks of the window: panels with a title line."""

from __future__ import annotations

from typing import Protocol

from PyQt6.QtCore import QEvent, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QPainter, QPaintEvent, QPalette
from PyQt6.QtWidgets import QWIDGETSIZE_MAX, QDockWidget, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from atm_viewer.views.base.plain_text import Label
from atm_viewer.views.base.plotting import Elided
from atm_viewer.views.base.style import MUTED, make_heading

#: Milliseconds after which "updating…" appears; with quicker answers it would only flicker.
_PATIENCE = 250


class Limited(Protocol):
    """Widget that knows how high it is when all of it is in sight."""

    def full_height(self) -> int:
        """Height of everything."""

    def sizeHint(self) -> QSize:
        """Size that it has at first."""


class Panel(QDockWidget):
    """A part of the window that can be moved, floated and closed; its title line holds note and controls.

    Parameters
    ----------
    title : str
        Heading; in lower case the panel's name.
    body : QWidget
        Content of the panel.
    controls : QWidget
        Stand at the right end of the title line.
    limited : Limited or None
        Part of the body that takes all its room, and no more than it needs, so that no gap stays below it.
    first : QWidget or None
        Gets the keyboard when the panel is brought forward; None for the body, or else the first control in it.

    Signals
    -------
    help_wanted(str)
        Name of the panel whose help page is wanted.
    hint_dismissed(str)
        Name of the panel whose hint was closed.
    """

    help_wanted = pyqtSignal(str)
    hint_dismissed = pyqtSignal(str)
    left = pyqtSignal()  #: by the mouse
    grown = pyqtSignal()  #: there is more in it

    def __init__(
        self,
        title: str,
        body: QWidget,
        *controls: QWidget,
        limited: Limited | None = None,
        first: QWidget | None = None,
    ):
        super().__init__(title)
        self._limited, self._tabbed = limited, False
        self.setObjectName(title.lower())
        self.body = body
        self._first = first or body
        self.heading = Label(title)
        make_heading(self.heading)
        self.note = Elided()
        self.note.setForegroundRole(MUTED)
        # Titles of neighbours stand in line, whether or not there are boxes in them.
        self.note.setMinimumHeight(self.fontMetrics().height() + 10)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PATIENCE)
        self._timer.timeout.connect(lambda: self.note.add("updating…"))
        self.help_button = _TitleButton("?", f"Show help on the {title} panel (Shift+F1)")
        self.help_button.clicked.connect(lambda: self.help_wanted.emit(self.objectName()))
        self.float_button = _TitleButton("◱", f"Detach the {title} panel, or dock it again (double-click the title)")
        self.float_button.clicked.connect(lambda: self.setFloating(not self.isFloating()))
        self.close_button = _TitleButton("✕", f"Close the {title} panel; reopen it with View → Panels")
        self.close_button.clicked.connect(self.close)
        self._bar = _TitleBar()
        line = QHBoxLayout(self._bar)
        line.setContentsMargins(6, 2, 3, 1)
        line.setSpacing(5)
        line.addWidget(self.heading)
        line.addWidget(self.note, 1)
        for control in controls:
            line.addWidget(control)
        ends = QHBoxLayout()
        ends.setSpacing(0)
        for button in (self.help_button, self.float_button, self.close_button):
            ends.addWidget(button)
        line.addLayout(ends)
        self.setTitleBarWidget(self._bar)
        self.hint = _Hint()
        self._hint_text = Label()
        self._hint_text.setWordWrap(True)
        self.hint_button = _TitleButton("✕", "Hide this hint; Help → First Steps shows it again")
        self.hint_button.clicked.connect(lambda: self.hint_dismissed.emit(self.objectName()))
        words = QHBoxLayout(self.hint)
        words.setContentsMargins(6, 2, 3, 2)
        words.addWidget(self._hint_text, 1)
        words.addWidget(self.hint_button, 0, Qt.AlignmentFlag.AlignTop)
        self.hint.hide()
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.hint)
        column.addWidget(body, 1)
        self.setWidget(content)
        self.topLevelChanged.connect(self._come_forward)

    def _come_forward(self, floating: bool) -> None:
        """Stand before its neighbours when it is put back among them."""
        if not floating:
            self.raise_()

    def leaveEvent(self, event: QEvent | None) -> None:
        """Tell that the mouse is elsewhere."""
        super().leaveEvent(event)
        self.left.emit()

    def event(self, event: QEvent | None) -> bool:
        """Follow what the body needs."""
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self._limit_height()
        return super().event(event)

    def _limit_height(self) -> None:
        most = QWIDGETSIZE_MAX
        if self._limited is not None and not self._tabbed and not self.isFloating():
            parts = self._bar, self.body, *([] if self.hint.isHidden() else [self.hint])
            around = sum(part.sizeHint().height() for part in parts) - self._limited.sizeHint().height()
            most = around + self._limited.full_height()
        before = self.maximumHeight()
        if most != before:
            self.setMaximumHeight(most)
        if before < most < QWIDGETSIZE_MAX:
            self.grown.emit()

    def tab_stops(self) -> list[QWidget]:
        """List the controls that Tab leads to, those of the title line first."""
        found = dict.fromkeys((*self._bar.findChildren(QWidget), *self.findChildren(QWidget)))
        # What Qt has stand for another, as tabs do for what is behind them, must stay beside it.
        proxies = ((widget, widget.focusProxy()) for widget in found)
        stand_ins = {proxy for widget, proxy in proxies if proxy is not None and not proxy.isAncestorOf(widget)}
        stops = (w for w in found if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.focusProxy() is None)
        return [w for w in stops if w not in stand_ins and w.window() is self.window()]

    def set_hint(self, text: str) -> None:
        """Say above the content what can be done there; nothing when the text is empty."""
        self._hint_text.setText(text)
        self.hint.setVisible(bool(text))

    def set_busy(self, busy: bool) -> None:
        """Say after a moment that the content is being renewed."""
        if busy and not self.note.added:
            self._timer.start()
        elif not busy:
            self._timer.stop()
            self.note.add("")

    def mark_keyboard(self, here: bool) -> None:
        """Show whether the panel has the keyboard."""
        self._bar.mark(here)

    def set_tabbed(self, tabbed: bool) -> None:
        """Leave the heading out where a tab says it."""
        self.heading.setHidden(tabbed)
        self._tabbed = tabbed
        self._limit_height()

    def bring_forward(self) -> None:
        """Show the panel, before its neighbours in the same place, and give it the keyboard."""
        self.show()
        self.raise_()
        first = self._first
        if first.focusPolicy() == Qt.FocusPolicy.NoFocus:
            able = (w for w in first.findChildren(QWidget) if w.focusPolicy() != Qt.FocusPolicy.NoFocus)
            first = next((w for w in able if w.isVisible()), first)
        first.setFocus(Qt.FocusReason.ShortcutFocusReason)


class _TitleBar(QWidget):
    """Title line with a mark along its upper edge while the panel has the keyboard."""

    def __init__(self) -> None:
        super().__init__()
        self._marked = False

    def mark(self, marked: bool) -> None:
        """Show the mark, or hide it."""
        if marked != self._marked:
            self._marked = marked
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the mark."""
        super().paintEvent(event)
        if self._marked:
            QPainter(self).fillRect(0, 0, self.width(), 2, self.palette().highlight())


class _Hint(QWidget):
    """Background of a hint, with a line at its left edge."""

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw both."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().button())
        painter.fillRect(0, 0, 3, self.height(), self.palette().highlight())


class _TitleButton(QToolButton):
    """Small button of a title line: a sign without a frame.

    Parameters
    ----------
    sign : str
        What it shows.
    tip : str
        Its tooltip.
    """

    def __init__(self, sign: str, tip: str):
        super().__init__()
        self.setText(sign)
        self.setToolTip(tip)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        side = self.fontMetrics().height() + 3
        self.setFixedSize(side, side)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the sign, brighter under the mouse."""
        painter, palette = QPainter(self), self.palette()
        if self.underMouse():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.mid())
            painter.drawRoundedRect(self.rect(), 3, 3)
        painter.setPen(palette.color(QPalette.ColorRole.ButtonText if self.underMouse() else MUTED))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())


def stacked(*widgets: QWidget, grows: int = -1) -> QWidget:
    """Put widgets one below the other; the last one, or the one of a number, takes the room."""
    body = QWidget()
    column = QVBoxLayout(body)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for widget in widgets:
        column.addWidget(widget)
    column.setStretch(grows % len(widgets), 1)
    return body
