"""Intents that edit recipes and variants, with undo."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QUndoStack

from atm_viewer.engine.errors import OutputError, one_line
from atm_viewer.engine.recipe import Recipe, dump_recipe, load_recipe
from atm_viewer.engine.whole_file import write_whole
from atm_viewer.session.choices import Choices
from atm_viewer.session.edits import slice_edits
from atm_viewer.session.edits.undo_commands import ChooseVariant, DragRecipe, EditRecipe, StepValue, edit_name
from atm_viewer.session.edits.variants import Variants
from atm_viewer.session.file_work import Done, nothing_more
from atm_viewer.session.job_list import MakeWorkers


class RecipeEdits(Choices):
    """Changes recipes by undo commands.

    Parameters
    ----------
    make_workers, parent
        As in `JobList`.
    """

    def __init__(self, make_workers: MakeWorkers, parent: QObject | None = None):
        super().__init__(make_workers, parent)
        self.undo_stack = QUndoStack(self)
        self._drags = 0

    # Recipe

    def set_global(self, name: str, value: Any, step: bool = False) -> None:
        """Change a value of all slices, by the name it has in `Recipe`; quick steps of a box are one undo step."""
        old = getattr(self.recipe, name)
        if value != old:
            kind = partial(StepValue, name=name) if step else EditRecipe
            self._edit(edit_name("All slices", name, old, value), replace(self.recipe, **{name: value}), kind)

    def set_override(self, number: int, name: str, value: Any, exposure: str | None = None) -> None:
        """Change a value of one slice.

        Parameters
        ----------
        number : int
            Slice.
        name : str
            Name of the parameter in `SliceOverride`.
        value : object
            New value; None, or the value that would be inherited, takes the override away.
        exposure : str or None
            Name of the one exposure it applies to; None for all.
        """
        self._make(slice_edits.set_one(self.recipe, number, name, value, exposure))

    def edit_slice(self, number: int, name: str, value: Any) -> None:
        """Change a value of a slice where it is seen: for the chosen exposure if only that is edited or has its own."""
        self.edit_slices((number,), name, value)

    def edit_slices(self, numbers: Sequence[int], name: str, value: Any) -> None:
        """Change a value of several slices in one step, each where it is seen; None inherits."""
        if self.current is not None and numbers:
            edit = slice_edits.set_values(self.recipe, numbers, name, value, self.current.name, self._only_this)
            self._make(edit)

    def drag_slice(self, number: int, name: str, value: Any) -> None:
        """Change a value as `edit_slice` does while the hand still moves: a single step to undo, until `end_drag`.

        Only profile and spectra follow at once, and as often as there is an answer; the rest when the drag has ended.
        """
        if self._dragged is None:
            self._dragged = self.recipe
            self._drags += 1
        if self.current is not None:
            edit = slice_edits.set_values(self._dragged, (number,), name, value, self.current.name, self._only_this)
            self._make(edit, partial(DragRecipe, drag=self._drags))

    def end_drag(self) -> None:
        """Let what was dragged be."""
        if self._dragged is not None:
            self._dragged = None
            self._renew()

    def set_only_this(self, only_this: bool) -> None:
        """Let edits of a slice apply to the chosen exposure alone, or to all."""
        if only_this != self._only_this:
            self._only_this = only_this
            self.recipe_changed.emit()

    def reset_slices(self, numbers: Sequence[int]) -> None:
        """Take all overrides of slices away; those of the chosen exposure alone when only that is edited."""
        if numbers:
            name = self.current.name if self.current else None
            self._make(slice_edits.reset(self.recipe, numbers, name, self._only_this))

    def copy_slice(self, source: int, targets: Sequence[int]) -> None:
        """Give slices the overrides of another one."""
        if self.current is not None and targets:
            self._make(slice_edits.copy(self.recipe, source, targets, self.current.name, self._only_this))

    def apply_to_all_exposures(self, numbers: Sequence[int]) -> None:
        """Let what is set in slices of the chosen exposure apply to all exposures."""
        if self.current is not None and numbers:
            self._make(slice_edits.for_all_exposures(self.recipe, numbers, self.current.name))

    def keep_to_this_exposure(self, numbers: Sequence[int]) -> None:
        """Let what is set in slices of all exposures apply to the chosen one alone."""
        if self.current is not None and numbers:
            self._make(slice_edits.for_one_exposure(self.recipe, numbers, self.current.name))

    def reset_all(self) -> None:
        """Go back to the pipeline's defaults for all slices and exposures."""
        if self.recipe != Recipe():
            self._edit("Reset all to defaults", Recipe())

    def load_recipe(
        self, path: str | os.PathLike[str], then: Done = nothing_more, otherwise: Done = nothing_more
    ) -> None:
        """Read a recipe from a file; a failure is told.

        Parameters
        ----------
        path : path-like
            The file.
        then, otherwise : callable
            Called when it is loaded; when it cannot be.
        """

        def loaded(recipe: Recipe) -> None:
            if recipe != self.recipe:
                self._edit(f"Load {one_line(Path(path).name)}", recipe)
            self.undo_stack.setClean()
            self.tell("info", f"Loaded recipe {path}.")
            then()

        self.file_work.run(f"Reading {one_line(Path(path).name)}", lambda: load_recipe(path), loaded, otherwise)

    def save_recipe(self, path: str | os.PathLike[str], then: Done = nothing_more) -> None:
        """Write the recipe to a file; a failure is told. ``then`` is called when it is written."""
        target, text, saved = Path(path), dump_recipe(self.recipe), self._variants

        def write() -> None:
            try:
                write_whole(target, text)
            except OSError as error:
                reason = error.strerror or error
                raise OutputError(f"The recipe cannot be saved as {target}: {reason}.") from error

        def written(_: None) -> None:
            if self._variants == saved:
                self.undo_stack.setClean()
            self.tell("info", f"Saved recipe as {target}.")
            then()

        self.file_work.run(f"Saving {one_line(target.name)}", write, written, place=str(target.absolute()))

    # Variants

    def new_variant(self) -> None:
        """Go on with a copy of the active variant; the old one stays to be compared with."""
        variants = self._variants.added()
        if variants == self._variants:
            self.tell("warning", f"{len(variants.all)} variants is the maximum; discard one first.")
        self._change(f"New variant {variants.active}", variants)

    def choose_variant(self, name: str) -> None:
        """Make another variant the active one."""
        if name in self._variants:
            self._change(f"Activate variant {name}", self._variants.chosen(name), ChooseVariant)

    def step_variant(self, delta: int) -> None:
        """Make the next (1) or previous (-1) variant the active one, around the end."""
        names = self._variants.names
        self.choose_variant(names[(names.index(self._variants.active) + delta) % len(names)])

    def label_variant(self, name: str, label: str) -> None:
        """Give a variant a few words that tell what it tries."""
        variants = self._variants.renamed(name, label)
        self._change(f"Label variant {name}: {variants[name].label or 'none'}", variants)

    def adopt_variant(self, name: str) -> None:
        """Discard all variants but one."""
        if self._variants.several:
            self._change(f"Adopt variant {name}", self._variants.adopted(name))

    def discard_variant(self, name: str) -> None:
        """Do without a variant; the only one cannot be discarded."""
        self._change(f"Discard variant {name}", self._variants.discarded(name))

    # Undo commands

    def _make(self, edit: slice_edits.Edit, kind: Callable[..., EditRecipe] = EditRecipe) -> None:
        if edit.recipe != self.recipe:
            self._edit(edit.name, edit.recipe, kind)

    def _edit(self, name: str, recipe: Recipe, kind: Callable[..., EditRecipe] = EditRecipe) -> None:
        """Change the active variant's recipe, as an undo step."""
        whose = f" (variant {self._variants.active})" if self._variants.several else ""
        self._change(name + whose, self._variants.with_recipe(recipe), kind)

    def _change(self, name: str, variants: Variants, kind: Callable[..., EditRecipe] = EditRecipe) -> None:
        if variants != self._variants:
            self.undo_stack.push(kind(name, self._variants, variants, self._put_variants))

    def _put_variants(self, variants: Variants) -> None:
        known, self._variants = self._variants, variants
        self.recipe_changed.emit()
        self._renew()
        if (known.active, known.names) != (variants.active, variants.names):
            self.spectra_changed.emit()
            self.sky_changed.emit()
