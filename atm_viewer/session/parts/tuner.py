"""Intent: an automatic recipe, as a new variant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PyQt6.QtCore import QObject

from atm_viewer.engine.results.tuning import Tuning
from atm_viewer.jobs.messages import Outcome
from atm_viewer.jobs.requests.tuning import TuneRecipe
from atm_viewer.session.parts.job_list import Job, JobList
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
    """

    def __init__(self, store: Store, jobs: JobList, recipes: RecipeEdits):
        super().__init__(store)
        self._store, self._jobs, self._recipes = store, jobs, recipes
        jobs.ended.connect(self._take)

    def tune(self, slices: Sequence[int] | None = None) -> None:
        """Tune the active variant's recipe for the included exposures of the chosen band's setting.

        Parameters
        ----------
        slices : sequence of int, optional
            Slices that are tuned; all by default. The others keep their overrides.
        """
        state = self._store.state
        if state.keys_together:
            wanted = None if slices is None else tuple(slices)
            self._jobs.submit(TuneRecipe(state.keys_together, state.recipe, wanted))

    def _take(self, job: Job, outcome: Outcome[Any]) -> None:
        if isinstance(outcome.request, TuneRecipe) and isinstance(outcome.result, Tuning):
            self._recipes.add_variant(outcome.result.recipe, "tuned")
