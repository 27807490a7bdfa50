"""Undoable changes of the recipe and the names they have in the Edit menu."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PyQt6.QtGui import QUndoCommand

from atm_viewer.engine.recipe import Recipe
from atm_viewer.session.parameters import PARAMETERS, format_value


class EditRecipe(QUndoCommand):
    """Replaces one recipe by another.

    Parameters
    ----------
    text : str
        Name for the Edit menu, such as ``Slice 112: threshold 10 → 4``.
    before, after : Recipe
        Old and new recipe.
    put : callable
        Takes a recipe and makes it the session's.
    """

    def __init__(self, text: str, before: Recipe, after: Recipe, put: Callable[[Recipe], None]):
        super().__init__(text)
        self.before, self.after = before, after
        self._put = put

    def redo(self) -> None:
        """Put the new recipe."""
        self._put(self.after)

    def undo(self) -> None:
        """Put the old recipe."""
        self._put(self.before)


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
