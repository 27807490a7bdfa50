"""Boxes for numbers, alike in every place: a point or a comma is typed, and a point is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QLocale, Qt
from PyQt6.QtGui import QKeyEvent, QKeySequence, QValidator, QWheelEvent
from PyQt6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QSpinBox, QWidget

if TYPE_CHECKING:
    _Mixed = QAbstractSpinBox
else:
    _Mixed = object  # a class made of two of PyQt's cannot be instantiated

_Keys = QKeySequence.StandardKey
#: Keys with Ctrl that a box for text keeps; all others are the window's.
_OWN_KEYS = (
    *(_Keys.Copy, _Keys.Cut, _Keys.Paste, _Keys.SelectAll, _Keys.DeleteStartOfWord, _Keys.DeleteEndOfWord),
    *(_Keys.MoveToNextWord, _Keys.MoveToPreviousWord, _Keys.SelectNextWord, _Keys.SelectPreviousWord),
)
_COMMANDS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


def give_keyboard_back(field: QWidget) -> None:
    """Give the keyboard from a field that is done to what it stands in: keys mean actions again."""
    holder = field.parentWidget()
    while holder is not None and holder.focusPolicy() == Qt.FocusPolicy.NoFocus and holder.focusProxy() is None:
        holder = holder.parentWidget()
    if holder is not None:
        holder.setFocus(Qt.FocusReason.OtherFocusReason)
    else:
        field.clearFocus()


def _is_command(event: QKeyEvent) -> bool:
    return bool(event.modifiers() & _COMMANDS) and not any(event.matches(key) for key in _OWN_KEYS)


class _PatientSpin(_Mixed):
    """Behaviour of boxes for numbers: the window keeps its keys, and scrolling past changes nothing."""

    def event(self, event: QEvent | None) -> bool:
        """Leave the window its keys: the box's own undo would only undo typing, its Ctrl+U erase the number."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and _is_command(event):
            event.ignore()
            return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Take the number with Return, and leave the box."""
        super().keyPressEvent(event)
        if event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            give_keyboard_back(self)

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
        self.setLocale(QLocale.c())
        self.setKeyboardTracking(False)


class NumberBox(_PatientSpin, QDoubleSpinBox):
    """Box for a number without needless zeros; its signals wait until a value is complete.

    Parameters
    ----------
    multiple : float
        What is typed becomes the nearest multiple of it; 0: any number.
    """

    def __init__(self, multiple: float = 0.0) -> None:
        super().__init__()
        self._multiple = multiple
        self.setLocale(QLocale.c())
        self.setKeyboardTracking(False)

    def validate(self, text: str | None, position: int) -> tuple[QValidator.State, str, int]:
        """Take a comma for a point."""
        return super().validate((text or "").replace(",", ".").replace("−", "-"), position)

    def valueFromText(self, text: str | None) -> float:
        """Read a number."""
        value = super().valueFromText(text)
        return round(value / self._multiple) * self._multiple if self._multiple else value

    def textFromValue(self, value: float) -> str:
        """Write 10, not 10.000."""
        text = f"{value:.{self.decimals()}f}"
        return text.rstrip("0").rstrip(".") if self.decimals() else text
