"""Building blocks of the window: panels with a title line, number boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QKeyEvent, QKeySequence, QWheelEvent
from PyQt6.QtWidgets import (
    QAbstractSpinBox,
    QDockWidget,
    QDoubleSpinBox,
    QHBoxLayout,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from atm_viewer.views.base.plain_text import Label

#: Milliseconds after which "updating…" appears; with quicker answers it would only flicker.
_PATIENCE = 250

if TYPE_CHECKING:
    _Mixed = QAbstractSpinBox
else:
    _Mixed = object  # a class made of two of PyQt's cannot be instantiated


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

    Signals
    -------
    help_wanted(str)
        Name of the panel whose help page is wanted.
    hint_dismissed(str)
        Name of the panel whose hint was closed.
    """

    help_wanted = pyqtSignal(str)
    hint_dismissed = pyqtSignal(str)

    def __init__(self, title: str, body: QWidget, *controls: QWidget):
        super().__init__(title)
        self.setObjectName(title.lower())
        self.body = body
        self.heading = Label(title)
        self.heading.setProperty("role", "heading")
        self.note = Label()
        self.note.setProperty("role", "muted")
        self.note.setMinimumWidth(10)
        # Titles of neighbours stand in line, whether or not there are boxes in them.
        self.note.setMinimumHeight(self.fontMetrics().height() + 10)
        self._busy = Label("updating…")
        self._busy.setProperty("role", "muted")
        self._busy.hide()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PATIENCE)
        self._timer.timeout.connect(self._busy.show)
        self.help_button = _title_button("?", f"Show help on the {title} panel (Shift+F1)")
        self.help_button.clicked.connect(lambda: self.help_wanted.emit(self.objectName()))
        self.float_button = _title_button("◱", f"Detach the {title} panel, or dock it again (double-click the title)")
        self.float_button.clicked.connect(lambda: self.setFloating(not self.isFloating()))
        self.close_button = _title_button("✕", f"Close the {title} panel; reopen it with View → Panels")
        self.close_button.clicked.connect(self.close)
        bar = QWidget()
        line = QHBoxLayout(bar)
        line.setContentsMargins(6, 2, 3, 1)
        line.setSpacing(5)
        line.addWidget(self.heading)
        line.addWidget(self.note, 1)
        line.addWidget(self._busy)
        for control in controls:
            line.addWidget(control)
        ends = QHBoxLayout()
        ends.setSpacing(0)
        for button in (self.help_button, self.float_button, self.close_button):
            ends.addWidget(button)
        line.addLayout(ends)
        self.setTitleBarWidget(bar)
        self.hint = QWidget()
        self.hint.setProperty("role", "hint")
        self.hint.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._hint_text = Label()
        self._hint_text.setWordWrap(True)
        self.hint_button = _title_button("✕", "Hide this hint; Help → First Steps shows it again")
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

    def set_hint(self, text: str) -> None:
        """Say above the content what can be done there; nothing when the text is empty."""
        self._hint_text.setText(text)
        self.hint.setVisible(bool(text))

    def set_busy(self, busy: bool) -> None:
        """Say after a moment that the content is being renewed."""
        if busy and not self._busy.isVisible():
            self._timer.start()
        elif not busy:
            self._timer.stop()
            self._busy.hide()

    def set_tabbed(self, tabbed: bool) -> None:
        """Leave the heading out where a tab says it."""
        self.heading.setHidden(tabbed)

    def bring_forward(self) -> None:
        """Show the panel, before its neighbours in the same place, and give it the keyboard."""
        self.show()
        self.raise_()
        first = self.body
        if first.focusPolicy() == Qt.FocusPolicy.NoFocus:
            able = (w for w in first.findChildren(QWidget) if w.focusPolicy() != Qt.FocusPolicy.NoFocus)
            first = next((w for w in able if w.isVisible()), first)
        first.setFocus(Qt.FocusReason.ShortcutFocusReason)


def _title_button(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setProperty("role", "title")
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    side = button.fontMetrics().height() + 3
    button.setFixedSize(side, side)
    return button


def stacked(*widgets: QWidget) -> QWidget:
    """Put widgets one below the other; the last one takes the room."""
    body = QWidget()
    column = QVBoxLayout(body)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for widget in widgets:
        column.addWidget(widget)
    column.setStretch(len(widgets) - 1, 1)
    return body


class _PatientSpin(_Mixed):
    """Behaviour of boxes for numbers: the window's undo, and no change by scrolling past."""

    def event(self, event: QEvent | None) -> bool:
        """Leave undo and redo to the window: the box's own would only undo typing."""
        if event is not None and event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            standard = QKeySequence.StandardKey
            if event.matches(standard.Undo) or event.matches(standard.Redo):
                event.ignore()
                return False
        return super().event(event)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Turn the value only after the box was clicked."""
        if event is None or self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class WholeBox(_PatientSpin, QSpinBox):
    """Box for a whole number; its signals wait until a value is complete."""

    def __init__(self) -> None:
        super().__init__()
        self.setKeyboardTracking(False)


class NumberBox(_PatientSpin, QDoubleSpinBox):
    """Box for a number without needless zeros; its signals wait until a value is complete."""

    def __init__(self) -> None:
        super().__init__()
        self.setKeyboardTracking(False)

    def textFromValue(self, value: float) -> str:
        """Write 10, not 10.000."""
        text = f"{value:.{self.decimals()}f}"
        return text.rstrip("0").rstrip(".") if self.decimals() else text
