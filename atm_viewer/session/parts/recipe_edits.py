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
from atm_viewer.engine.recipe import CubeOptions, Recipe, dump_recipe, load_recipe
from atm_viewer.engine.recipe.cube_options import offset_of, with_offset_of
from atm_viewer.engine.results.exposure_view import put_right
from atm_viewer.engine.whole_file import write_whole
from atm_viewer.session.edits import region_edits, slice_edits
from atm_viewer.session.edits.recipe_differences import recipe_words
from atm_viewer.session.edits.scope import Scope
from atm_viewer.session.edits.undo_commands import ChooseVariant, DragRecipe, EditRecipe, StepValue, edit_name
from atm_viewer.session.edits.variants import Variants
from atm_viewer.session.file_work import Done, FileWork, nothing_more
from atm_viewer.session.parts.message_log import MessageLog
from atm_viewer.session.questions.store import Store
from atm_viewer.session.state.state import State


class RecipeEdits(QObject):
    """Changes recipes by undo commands.

    Parameters
    ----------
    store : Store
        Has the state.
    messages : MessageLog
        Gets the message when something cannot be done.
    file_work : FileWork
        Reads and writes recipes.

    Attributes
    ----------
    undo_stack : QUndoStack
        Edits so far.
    """

    def __init__(self, store: Store, messages: MessageLog, file_work: FileWork):
        super().__init__(store)
        self._store, self._messages, self._file_work = store, messages, file_work
        self.undo_stack = QUndoStack(self)
        self._drags = 0

    # Recipe

    def set_global(self, name: str, value: Any, step: bool = False) -> None:
        """Change a value of all slices, by the name it has in `Recipe`; quick steps of a box are one undo step."""

        def describe(before: Variants, after: Variants) -> str:
            old, new = (getattr(variants.recipe, name) for variants in (before, after))
            return edit_name("All slices", name, old, new) + _which_variant(after)

        variants = self._state.variants
        changed = variants.with_recipe(replace(variants.recipe, **{name: value}))
        kind = partial(StepValue, name=name, describe=describe) if step else EditRecipe
        self._change(describe(variants, changed), changed, kind)

    def set_cube(self, options: CubeOptions) -> None:
        """Change the options of the cubes."""
        recipe = replace(self._state.recipe, cube=options)
        self._edit(recipe_words(recipe, self._state.recipe).capitalize(), recipe)

    def align_exposures(self) -> None:
        """Give exposures offsets that put their brightest source at one place, where it is measured."""
        options, shifts = self._state.recipe.cube, self._store.answers.shifts
        if shifts is not None:
            self.set_cube(replace(options, offsets=put_right(options, shifts)))

    def set_offset(self, exposure: str, east: float, north: float, step: bool = False) -> None:
        """Give an exposure (by name) an offset on the sky [arcsec]; quick steps of a box are one undo step."""

        def describe(before: Variants, after: Variants) -> str:
            offset = offset_of(after.recipe.cube.offsets, exposure)
            words = f"{offset[0]:g}″ east, {offset[1]:g}″ north" if any(offset) else "none"
            return f"Offset of {one_line(exposure)}: {words}{_which_variant(after)}"

        variants, cube = self._state.variants, self._state.recipe.cube
        changed = replace(cube, offsets=with_offset_of(cube.offsets, exposure, east, north))
        after = variants.with_recipe(replace(variants.recipe, cube=changed))
        kind = partial(StepValue, name=f"offset {exposure}", describe=describe) if step else EditRecipe
        self._change(describe(variants, after), after, kind)

    def clear_offsets(self) -> None:
        """Take the offsets of exposures away."""
        self.set_cube(replace(self._state.recipe.cube, offsets=()))

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
        self.make(slice_edits.set_one(self._state.recipe, number, name, value, exposure))

    def edit_slice(self, number: int, name: str, value: Any) -> None:
        """Change a value of a slice where it is set, or where the scope of edits wants it."""
        self.edit_slices((number,), name, value)

    def edit_slices(self, numbers: Sequence[int], name: str, value: Any) -> None:
        """Change a value of several slices in one step, each where it is seen; None inherits."""
        if self._state.current is not None and numbers:
            recipe = self._state.recipe
            self.make(slice_edits.set_values(recipe, numbers, name, value, self._state.where(recipe)))

    def drag_slice(self, number: int, name: str, value: Any) -> None:
        """Change a value as `edit_slice` does while the hand still moves: a single step to undo, until `end_drag`."""
        if self._state.current is not None:
            self.drag(lambda begun: slice_edits.set_values(begun, (number,), name, value, self._state.where(begun)))

    def drag(self, edit: Callable[[Recipe], slice_edits.Edit]) -> None:
        """Make an edit of the recipe from before the drag while the hand still moves: a single step until `end_drag`.

        Only profile and spectra follow at once, and as often as there is an answer; the rest when the drag has ended.
        """
        if self._state.dragged is None:
            self._drags += 1
        begun = self._state.dragged or self._state.recipe
        self._store.change(dragged=begun)
        self.make(edit(begun), partial(DragRecipe, drag=self._drags))

    def end_drag(self) -> None:
        """Let what was dragged be."""
        self._store.change(dragged=None)

    def set_scope(self, scope: Scope) -> None:
        """Let edits of a slice apply to what the active place sees, to all slices of its number, or to it alone."""
        self._store.change(scope=scope)

    def reset_slices(self, numbers: Sequence[int]) -> None:
        """Take the overrides of slices away, as the scope of edits wants it."""
        if numbers:
            view = self._state.current
            name, bands = (view.name, view.bands) if view else (None, ())
            self.make(slice_edits.reset(self._state.recipe, numbers, name, self._state.scope, bands))

    def copy_slice(self, source: int, targets: Sequence[int]) -> None:
        """Give slices the overrides of another one."""
        if self._state.current is not None and targets:
            view, scope = self._state.current, self._state.scope
            self.make(slice_edits.copy(self._state.recipe, source, targets, view.name, scope, view.bands))

    def apply_to_all_exposures(self, numbers: Sequence[int]) -> None:
        """Let what is set in slices of the chosen exposure apply to all exposures."""
        if self._state.current is not None and numbers:
            self.make(slice_edits.for_all_exposures(self._state.recipe, numbers, self._state.current.name))

    def keep_to_this_exposure(self, numbers: Sequence[int]) -> None:
        """Let what is set in slices of all exposures apply to the chosen one alone."""
        if self._state.current is not None and numbers:
            self.make(slice_edits.for_one_exposure(self._state.recipe, numbers, self._state.current.name))

    def reset_all(self) -> None:
        """Go back to the pipeline's defaults for all slices and exposures."""
        if self._state.recipe != Recipe():
            self._edit("Reset all to defaults", Recipe())

    def load_recipe(
        self, path: str | os.PathLike[str], then: Done = nothing_more, otherwise: Done = nothing_more
    ) -> None:
        """Read a recipe from a file; a failure becomes a message.

        Parameters
        ----------
        path : path-like
            The file.
        then, otherwise : callable
            Called when it is loaded; when it cannot be.
        """

        def loaded(recipe: Recipe) -> None:
            if recipe != self._state.recipe:
                self._edit(f"Load {one_line(Path(path).name)}", recipe)
            self.undo_stack.setClean()
            self._messages.tell("info", f"Loaded recipe {path}.")
            then()

        self._file_work.run(f"Reading {one_line(Path(path).name)}", lambda: load_recipe(path), loaded, otherwise)

    def save_recipe(self, path: str | os.PathLike[str], then: Done = nothing_more) -> None:
        """Write the recipe to a file, or report why not; ``then`` is called once it is written."""
        target, text, saved = Path(path), dump_recipe(self._state.recipe), self._state.variants

        def write() -> None:
            try:
                write_whole(target, text)
            except OSError as error:
                reason = error.strerror or error
                raise OutputError(f"The recipe cannot be saved as {target}: {reason}.") from error

        def written(_: None) -> None:
            if self._state.variants == saved:
                self.undo_stack.setClean()
            self._messages.tell("info", f"Saved recipe as {target}.")
            then()

        self._file_work.run(f"Saving {one_line(target.name)}", write, written, place=str(target.absolute()))

    # Variants

    def new_variant(self) -> None:
        """Go on with a copy of the active variant; the old one stays to be compared with."""
        variants = self._state.variants.added()
        if variants == self._state.variants:
            self._messages.tell("warning", f"{len(variants.all)} variants is the maximum; discard one first.")
        self._change(f"New variant {variants.active}", variants)

    def add_variant(self, recipe: Recipe, label: str) -> None:
        """Add a variant with a recipe that was made elsewhere, and make it the active one."""
        variants = self._state.variants.added()
        if variants == self._state.variants:
            self._messages.tell("warning", f"{len(variants.all)} variants is the maximum; discard one first.")
            return
        variants = variants.with_recipe(recipe).renamed(variants.active, label)
        self._change(f"New variant {variants.active}: {label}", variants)

    def choose_variant(self, name: str) -> None:
        """Make another variant the active one."""
        if name in self._state.variants:
            self._change(f"Activate variant {name}", self._state.variants.chosen(name), ChooseVariant)

    def step_variant(self, delta: int) -> None:
        """Make the next (1) or previous (-1) variant the active one, around the end."""
        names = self._state.variants.names
        self.choose_variant(names[(names.index(self._state.variants.active) + delta) % len(names)])

    def label_variant(self, name: str, label: str) -> None:
        """Give a variant a few words on what it tries."""
        variants = self._state.variants.renamed(name, label)
        self._change(f"Label variant {name}: {variants[name].label or 'none'}", variants)

    def adopt_variant(self, name: str) -> None:
        """Discard all variants but one."""
        if self._state.variants.several:
            self._change(f"Adopt variant {name}", self._state.variants.adopted(name))

    def discard_variant(self, name: str) -> None:
        """Do without a variant; the only one cannot be discarded."""
        self._change(f"Discard variant {name}", self._state.variants.discarded(name))

    # Undo commands

    def make(self, edit: slice_edits.Edit, kind: Callable[..., EditRecipe] = EditRecipe) -> None:
        """Make an edit of the active variant's recipe, as an undo step."""
        if edit.recipe != self._state.recipe:
            self._edit(edit.name, edit.recipe, kind)

    def _edit(self, name: str, recipe: Recipe, kind: Callable[..., EditRecipe] = EditRecipe) -> None:
        """Change the active variant's recipe, as an undo step."""
        variants = self._state.variants
        self._change(name + _which_variant(variants), variants.with_recipe(recipe), kind)

    def _change(self, name: str, variants: Variants, kind: Callable[..., EditRecipe] = EditRecipe) -> None:
        if variants != self._state.variants:
            self.undo_stack.push(kind(name, self._state.variants, variants, self._put_variants))

    def _put_variants(self, variants: Variants) -> None:
        # In one go: a region that is selected stays so when it is renamed, and the list does not leave it meanwhile.
        region = region_edits.name_in(variants.recipe, self._state.region, self._state.recipe)
        self._store.change(variants=variants, region=region)

    @property
    def _state(self) -> State:
        return self._store.state


def _which_variant(variants: Variants) -> str:
    """End of an edit's name: which variant it changes, when there are several."""
    return f" (variant {variants.active})" if variants.several else ""
