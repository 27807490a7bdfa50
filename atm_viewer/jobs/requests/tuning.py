"""Request for an automatic recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.results.tuning import Tuning
from atm_viewer.jobs.requests.base import Backends, Report, Request


@dataclass(frozen=True)
class TuneRecipe(Request[Tuning]):
    """Make a recipe that uses each slice's spline where it errs less than interpolation.

    ``exposures`` are the keys of all that go into a product. It begins with ``recipe``; ``slices`` are the numbers of
    those to tune with the exposure's key, None for all.
    """

    exposures: tuple[str, ...]
    recipe: Recipe
    slices: tuple[tuple[str, tuple[int, ...]], ...] | None = None

    lasting = True
    announced = True

    @property
    def job_name(self) -> str:
        """The same for all."""
        return "Tuning the recipe"

    def answer(self, backends: Backends, report: Report) -> Tuning:
        """Fit all slices and compare the errors of spline and interpolation."""
        from atm_viewer.engine.service.tuning import tune

        slices = None if self.slices is None else dict(self.slices)
        return tune(backends.bench, self.exposures, self.recipe, slices, report)

    def done(self, result: Any) -> str:
        """Say what was decided."""
        return str(result.summary)

    def details(self, result: Any) -> str:
        """Say why, slice by slice."""
        return "\n".join(result.reasons)
