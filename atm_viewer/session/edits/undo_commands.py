"""Undoable changes of the recipe and the names they have in the Edit menu."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from PyQt6.QtGui import QUndoCommand

from atm_viewer.engine.recipe import PARAMETERS
from atm_viewer.session.edits.typed_values import format_value
from atm_viewer.session.edits.variants import Variants

#: Seconds after which a further step of a box is a separate change.
STEP_PAUSE = 1.0


class Change(QUndoCommand):
    """Puts a value in the place of another one.

    Parameters
    ----------
    text : str
        Name for the Edit menu.
    before, after : object
        Old and new value.
    put : callable
        Takes a value and makes it the session's.
    """

    def __init__(self, text: str, before: Any, after: Any, put: Callable[[Any], None]):
        super().__init__(text)
        self.before, self.after = before, after
        self._put = put

    def redo(self) -> None:
        """Put the new state."""
        self._put(self.after)

    def undo(self) -> None:
        """Put the old state."""
        self._put(self.before)


class EditRecipe(Change):
    """Replaces the recipes by others: an edit of one of them, or variants that come and go.

    Parameters
    ----------
    text : str
        Name for the Edit menu, such as ``Slice 112: threshold 10 → 4``.
    before, after : Variants
        Old and new state.
    put : callable
        Takes variants and makes them the session's.
    """

    def __init__(self, text: str, before: Variants, after: Variants, put: Callable[[Variants], None]):
        super().__init__(text, before, after, put)


class _Joining(EditRecipe):
    """A step that takes in the next one of its kind; nothing is left of it when that leads back to its beginning."""

    def mergeWith(self, other: QUndoCommand | None) -> bool:
        """Take the next step in, if it belongs to this one."""
        if not isinstance(other, _Joining) or not self._continues(other):
            return False
        self.after = other.after
        self.setText(other.text())
        self.setObsolete(self.after == self.before)
        return True

    def _continues(self, other: QUndoCommand) -> bool:
        return True


class StepValue(_Joining):
    """Changes a value of all slices by a step of its box; quick steps are one change, from the first value to the last.

    Parameters
    ----------
    text, before, after, put
        As in `EditRecipe`.
    name : str
        Name of the parameter.
    describe : callable
        ``describe(before, after)`` gives the text of all steps together.
    """

    def __init__(
        self,
        text: str,
        before: Variants,
        after: Variants,
        put: Callable[[Variants], None],
        name: str,
        describe: Callable[[Variants, Variants], str],
    ):
        super().__init__(text, before, after, put)
        self._name, self._describe = name, describe
        self._time = time.monotonic()

    def id(self) -> int:
        """Tell Qt that steps of this kind may become one."""
        return 2

    def mergeWith(self, other: QUndoCommand | None) -> bool:
        """Take the next step of the same box in."""
        if not super().mergeWith(other):
            return False
        assert isinstance(other, StepValue)
        self._time = other._time
        self.setText(self._describe(self.before, self.after))
        return True

    def _continues(self, other: QUndoCommand) -> bool:
        if not isinstance(other, StepValue) or other._name != self._name:
            return False
        return other._time - self._time <= STEP_PAUSE


class ChooseVariant(_Joining):
    """Makes another variant the active one; going to and fro among them is a single step."""

    def id(self) -> int:
        """Tell Qt that steps of this kind may become one."""
        return 1


class DragRecipe(_Joining):
    """One moment of a drag; all moments of a drag are a single step.

    Parameters
    ----------
    text : str
        Name of the whole step so far.
    before, after, put
        As for `EditRecipe`; ``before`` is that of the moment.
    drag : int
        Number of the drag.
    """

    def __init__(self, text: str, before: Variants, after: Variants, put: Callable[[Variants], None], drag: int):
        super().__init__(text, before, after, put)
        self.drag = drag

    def id(self) -> int:
        """Tell Qt that steps of this kind may become one."""
        return 3

    def _continues(self, other: QUndoCommand) -> bool:
        return isinstance(other, DragRecipe) and other.drag == self.drag


def edit_name(subject: str, name: str, old: Any, new: Any) -> str:
    """Name of a change.

    Parameters
    ----------
    subject : str
        What is changed, such as ``Slice 112`` or ``All slices``.
    name : str
        Name of the parameter.
    old, new : object
        Values before and after; None stands for the inherited or default value.

    Returns
    -------
    str
        Such as ``Slice 112: threshold 10 → 4``.
    """
    texts = (format_value(name, value) or "default" for value in (old, new))
    return f"{subject}: {PARAMETERS[name].label} {' → '.join(texts)}"
