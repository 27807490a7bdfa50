"""Small pieces of the window: headings, boxes for numbers."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QTimer
from PyQt6.QtGui import QKeyEvent, QKeySequence, QWheelEvent
from PyQt6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

#: Milliseconds after which people are told that something is being computed; quicker answers would only flicker.
_PATIENCE = 250


class Panel(QWidget):
    """A widget with a heading line above it.

    Parameters
    ----------
    title : str
        Heading.
    body : QWidget
        What it is about.
    controls : QWidget
        Stand at the right end of the heading line.
    """

    def __init__(self, title: str, body: QWidget, *controls: QWidget):
        super().__init__()
        self.body = body
        self.heading = QLabel(title)
        self.heading.setProperty("role", "heading")
        # Headings of neighbours stand in line, whether or not there are boxes in them.
        self.heading.setMinimumHeight(self.fontMetrics().height() + 10)
        self.note = QLabel()
        self.note.setProperty("role", "muted")
        self.note.setMinimumWidth(10)
        self._busy = QLabel("updating…")
        self._busy.setProperty("role", "muted")
        self._busy.hide()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PATIENCE)
        self._timer.timeout.connect(self._busy.show)
        line = QHBoxLayout()
        line.setContentsMargins(6, 3, 4, 1)
        line.setSpacing(6)
        line.addWidget(self.heading)
        line.addWidget(self.note, 1)
        line.addWidget(self._busy)
        for control in controls:
            line.addWidget(control)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(line)
        layout.addWidget(body, 1)

    def set_busy(self, busy: bool) -> None:
        """Say after a moment that the content is being renewed."""
        if busy and not self._busy.isVisible():
            self._timer.start()
        elif not busy:
            self._timer.stop()
            self._busy.hide()


class _PatientSpin:
    """Behaviour of boxes for numbers: the window's undo, and no change by scrolling past."""

    def event(self, event: QEvent | None) -> bool:
        """Leave undo and redo to the window: the box's own would only undo typing."""
        if event is not None and event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            standard = QKeySequence.StandardKey
            if event.matches(standard.Undo) or event.matches(standard.Redo):
                event.ignore()
                return False
        return super().event(event)  # type: ignore[misc]

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Turn the value only after the box was clicked."""
        if event is None or self.hasFocus():  # type: ignore[attr-defined]
            super().wheelEvent(event)  # type: ignore[misc]
        else:
            event.ignore()


class WholeBox(_PatientSpin, QSpinBox):
    """Box for a whole number; tells a value once it is complete."""

    def __init__(self) -> None:
        super().__init__()
        self.setKeyboardTracking(False)


class NumberBox(_PatientSpin, QDoubleSpinBox):
    """Box for a number without needless zeros; tells a value once it is complete."""

    def __init__(self) -> None:
        super().__init__()
        self.setKeyboardTracking(False)

    def textFromValue(self, value: float) -> str:
        """Write 10, not 10.000."""
        return f"{value:.{self.decimals()}f}".rstrip("0").rstrip(".")
