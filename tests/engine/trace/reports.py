"""What the window says of corrections."""

from __future__ import annotations

from atm_viewer.engine.io.exposure import Exposure
from atm_viewer.engine.progress import no_progress
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.results.correction import CorrectionReport
from atm_viewer.engine.service.bench import Bench


def report_of(exposure: Exposure, recipe: Recipe) -> CorrectionReport:
    """Correct an exposure as the window does, and return its report."""
    bench = Bench()
    (view,) = bench.open([str(exposure.path)], no_progress).exposures
    return bench.correct(view.key, recipe, no_progress)
