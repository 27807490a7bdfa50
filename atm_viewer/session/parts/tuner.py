"""Intent: an automatic recipe, as a new variant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PyQt6.QtCore import QObject

from atm_viewer.engine.recipe import Region, SliceOverride
from atm_viewer.engine.results.tuning import SliceTuning, Tuning
from atm_viewer.jobs.messages import Outcome
from atm_viewer.jobs.requests.tuning import TuneRecipe
from atm_viewer.session.edits.scope import Scope
from atm_viewer.session.parts.job_list import Job, JobList
from atm_viewer.session.parts.message_log import MessageLog
from atm_viewer.session.parts.recipe_edits import RecipeEdits
from atm_viewer.session.questions.store import Store


class Tuner(QObject):
    """Tunes recipes, and makes a variant of each result.

    Parameters
    ----------
    store : Store
        Has the state.
    jobs : JobList
        Takes requests.
    recipes : RecipeEdits
        Takes the variants.
    messages : MessageLog
        Gets the message when there is nothing to tune.
    """

    def __init__(self, store: Store, jobs: JobList, recipes: RecipeEdits, messages: MessageLog):
        super().__init__(store)
        self._store, self._jobs, self._recipes, self._messages = store, jobs, recipes, messages
        self._found: dict[tuple[str, int], tuple[SliceOverride, SliceTuning]] = {}
        jobs.ended.connect(self._take)

    def tune(self) -> None:
        """Tune the active variant's recipe for the included exposures of the chosen band's setting."""
        state = self._store.state
        if state.keys_together:
            self._jobs.submit(TuneRecipe(state.keys_together, state.recipe))

    def tune_slices(self, numbers: Sequence[int]) -> None:
        """Tune some slices of the chosen exposure, or those of these numbers in all, as the scope of edits wants it.

        With the scope of the place, slices of the other exposures are tuned with them that see the place's region.
        """
        state = self._store.state
        wanted = {state.chosen: tuple(numbers)}
        if state.scope in (Scope.NUMBER, Scope.BAND):  # those together have one setting
            wanted = dict.fromkeys(state.keys_together, tuple(numbers))
        elif state.scope is Scope.PLACE and (region := state.where(state.recipe).target) is not None:
            here = state.chosen_exposure
            if here is not None and set(numbers) & state.strips(here.view).ranges(region.shape).keys():
                wanted = self._seeing(region) | wanted
        self._submit(wanted)

    def tune_region(self) -> None:
        """Tune the slices that see the selected region, in all exposures."""
        if (region := self._store.state.selected_region) is not None:
            self._submit(self._seeing(region))

    def found(self, exposure: str, number: int) -> SliceTuning | None:
        """Tell why a slice of an exposure (by its name) is corrected as it is; None where it was edited since."""
        override, found = self._found.get((exposure, number), (None, None))
        return found if override == self._store.state.recipe.override(number, exposure) else None

    def _seeing(self, region: Region) -> dict[str | None, tuple[int, ...]]:
        state = self._store.state
        return {e.view.key: tuple(state.strips(e.view).ranges(region.shape)) for e in state.together}

    def _submit(self, wanted: Mapping[str | None, tuple[int, ...]]) -> None:
        state = self._store.state
        slices = tuple((key, wanted[key]) for key in state.keys_together if wanted.get(key))
        if slices:
            self._jobs.submit(TuneRecipe(state.keys_together, state.recipe, slices))
        else:
            self._messages.tell("info", "No included exposure has a slice there, so there is nothing to tune.")

    def _take(self, job: Job, outcome: Outcome[Any]) -> None:
        if isinstance(outcome.request, TuneRecipe) and isinstance(outcome.result, Tuning):
            recipe = outcome.result.recipe
            for one in outcome.result.slices:
                self._found[one.exposure, one.number] = recipe.override(one.number, one.exposure), one
            self._recipes.add_variant(outcome.result.recipe, "tuned")
