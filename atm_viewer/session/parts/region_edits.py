"""Intents that edit the regions of the active variant's recipe, with undo, and bring them in and out of the program."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject

from atm_viewer.engine.errors import InputError, OutputError, one_line
from atm_viewer.engine.recipe import Polygon, Region, Shape
from atm_viewer.engine.recipe.shapes import VERTICES
from atm_viewer.engine.regular_file import read_text
from atm_viewer.engine.sky_shapes import nearest_side, tidy, with_vertex, without_vertex
from atm_viewer.engine.whole_file import write_whole
from atm_viewer.jobs.messages import Outcome
from atm_viewer.jobs.requests.regions import FormatRegions, ReadRegions
from atm_viewer.session.edits import region_edits
from atm_viewer.session.edits.undo_commands import EditRecipe, StepValue
from atm_viewer.session.file_work import FileWork
from atm_viewer.session.parts.job_list import Job, JobList
from atm_viewer.session.parts.message_log import MessageLog
from atm_viewer.session.parts.recipe_edits import RecipeEdits
from atm_viewer.session.questions.store import Store


class RegionEdits(QObject):
    """Draws, changes and deletes regions.

    Parameters
    ----------
    store : Store
        Has the state.
    jobs : JobList
        Takes requests: workers know the format of DS9.
    recipes : RecipeEdits
        Takes the edits.
    messages : MessageLog
        Gets the message when something cannot be done.
    file_work : FileWork
        Reads and writes region files.
    """

    def __init__(self, store: Store, jobs: JobList, recipes: RecipeEdits, messages: MessageLog, file_work: FileWork):
        super().__init__(store)
        self._store, self._jobs, self._recipes = store, jobs, recipes
        self._messages, self._file_work = messages, file_work
        jobs.ended.connect(self._take)

    def draw(self, shape: Shape) -> None:
        """Add a region that uses the spline."""
        self.add(Region(region_edits.NEW, shape, "spline"))

    def add(self, *regions: Region, what: str = "Add") -> None:
        """Add regions, and select the last of them."""
        edit, added = region_edits.add(self._store.state.recipe, regions, what)
        self._recipes.make(edit)
        self.select(added[-1].name)

    def select(self, name: str) -> None:
        """Select a region; an empty name selects none."""
        self._store.change(region=name)

    def select_next(self) -> None:
        """Select the next region of the list; after the last comes the first."""
        names = [region.name for region in self._store.state.recipe.regions]
        if names:
            at = names.index(self._store.state.region) if self._store.state.region in names else -1
            self.select(names[(at + 1) % len(names)])

    def drag(self, name: str, shape: Shape) -> None:
        """Move or reshape a region while the hand still moves: a single step to undo, until `RecipeEdits.end_drag`."""
        if self._store.state.recipe.region(name) is not None:
            self._recipes.drag(lambda begun: region_edits.reshape(begun, name, shape))

    def reshape(self, name: str, shape: Shape, box: str = "") -> None:
        """Give a region another place or size; quick steps of the same ``box`` are one undo step."""
        edit = region_edits.reshape(self._store.state.recipe, name, shape)
        step = partial(StepValue, name=f"{name}: {box}", describe=lambda before, after: edit.name)
        self._recipes.make(edit, step if box else EditRecipe)

    def add_corner(self, ra: float, dec: float, after: int | None = None) -> None:
        """Give the selected polygon one more corner [deg]: after one that it has, or on the nearest side."""
        region = self._store.state.selected_region
        if region is not None and isinstance(region.shape, Polygon) and len(region.shape.vertices) < VERTICES[1]:
            side = nearest_side(region.shape, ra, dec) if after is None else after
            self.reshape(region.name, tidy(with_vertex(region.shape, side, ra, dec)))

    def remove_corner(self, corner: int) -> None:
        """Take a corner of the selected polygon away, unless it has as few as a polygon must have."""
        region = self._store.state.selected_region
        if region is not None and isinstance(region.shape, Polygon) and len(region.shape.vertices) > VERTICES[0]:
            self.reshape(region.name, without_vertex(region.shape, corner))

    def set_value(self, name: str, parameter: str, value: Any) -> None:
        """Change what a region says of a parameter, or of ``use``."""
        self._recipes.make(region_edits.set_value(self._store.state.recipe, name, parameter, value))

    def rename(self, name: str, wanted: str) -> None:
        """Give a region another name; one that cannot be gives a message."""
        try:
            edit = region_edits.rename(self._store.state.recipe, name, wanted)
        except InputError as error:
            self._messages.tell("warning", str(error))
            return
        self._recipes.make(edit)

    def step(self, delta: int) -> None:
        """Move the selected region down (1) or up (-1) in the list; later ones win."""
        if (region := self._store.state.selected_region) is not None:
            self._recipes.make(region_edits.step(self._store.state.recipe, region.name, delta))

    def remove(self) -> None:
        """Do without the selected region; its neighbour is selected."""
        state = self._store.state
        if (region := state.selected_region) is None:
            return
        names = [r.name for r in state.recipe.regions]
        at = names.index(region.name)
        self._recipes.make(region_edits.remove(state.recipe, region.name))
        left = [name for name in names if name != region.name]
        self.select(left[min(at, len(left) - 1)] if left else "")

    def read(self, path: str | os.PathLike[str]) -> None:
        """Add the regions of a DS9 region file; a failure becomes a message."""
        name = one_line(Path(path).name)
        self._file_work.run(
            f"Reading {name}",
            lambda: read_text(path, "region file", ".reg"),
            lambda text: self._jobs.submit(ReadRegions(text, str(path))),
        )

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write all regions to a DS9 region file, or report why not."""
        if self._store.state.recipe.regions:
            self._jobs.submit(FormatRegions(self._store.state.recipe.regions, str(path)))

    def _take(self, job: Job, outcome: Outcome[Any]) -> None:
        if outcome.result is None:
            return
        if isinstance(outcome.request, ReadRegions):
            self.add(*outcome.result, what="Import")
        elif isinstance(outcome.request, FormatRegions):
            self._write(Path(outcome.request.path), outcome.result)

    def _write(self, target: Path, text: str) -> None:
        def write() -> None:
            try:
                write_whole(target, text)
            except OSError as error:
                reason = error.strerror or error
                raise OutputError(f"The regions cannot be saved as {target}: {reason}.") from error

        def written(_: None) -> None:
            self._messages.tell("info", f"Saved regions as {target}.")

        self._file_work.run(f"Saving {one_line(target.name)}", write, written, place=str(target.absolute()))
