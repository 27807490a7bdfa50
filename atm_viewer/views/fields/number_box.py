"""Boxes for numbers, alike in every place: a point or a comma is typed, and a point is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QLocale, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent, QKeySequence, QValidator, QWheelEvent
from PyQt6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QLineEdit, QSpinBox, QWidget

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


def _is_command(event: QEvent | None) -> bool:
    """Whether keys mean an action of the window, which a field would otherwise take for its own."""
    if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.ShortcutOverride:
        return False
    return bool(event.modifiers() & _COMMANDS) and not any(event.matches(key) for key in _OWN_KEYS)


class _PatientSpin(_Mixed):
    """Behaviour of boxes for numbers: the window keeps its keys, and scrolling past changes nothing."""

    def event(self, event: QEvent | None) -> bool:
        """Leave the window its keys: the box's own undo would only undo typing, its Ctrl+U erase the number."""
        if event is not None and _is_command(event):
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


class TypedLine(QLineEdit):
    """Line for a value that is written in several ways, with the manners of the boxes for numbers.

    Signals
    -------
    entered(str)
        What was typed, when it is complete.
    """

    entered = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self._shown = ""
        self.editingFinished.connect(self._enter)

    def show_value(self, text: str, tip: str) -> None:
        """Show a value, unless another one is being typed."""
        self._shown = text
        self.setToolTip(tip)
        if not self.isModified() and self.text() != text:
            self.setText(text)
            self.setCursorPosition(0)

    def event(self, event: QEvent | None) -> bool:
        """Leave the window its keys, see `_PatientSpin.event`."""
        if event is not None and _is_command(event):
            event.ignore()
            return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Take the value with Return, leave it with Escape."""
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.setText(self._shown)
            give_keyboard_back(self)
            return
        super().keyPressEvent(event)
        if event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            give_keyboard_back(self)

    def _enter(self) -> None:
        if self.isModified():
            text = self.text()
            self.setText(self._shown)
            self.entered.emit(text)


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
