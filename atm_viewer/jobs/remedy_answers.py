"""The worker's side of requests on remedies and their figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from atm_viewer.engine.results.written import WrittenProducts
from atm_viewer.jobs.remedy_messages import CompareApertures, CompareDithers, RankSpaxels, RemoveFringes, SaveFigure


def answer_remedy(bench: Any, request: Any, progress: Any) -> tuple[str, Any]:
    """Return a sentence and the result that the request's docstring names.

    Parameters
    ----------
    bench : Bench
        Has the exposures open.
    request : RemedyRequest or SaveFigure
        What is wanted.
    progress : callable
        ``progress(step, fraction)``; may raise `Cancelled`.
    """
    if not isinstance(request, SaveFigure):
        return "Compared.", _compare(bench, request, progress)
    from atm_viewer.engine.output.figures import write_figure

    wanted = request.remedy
    found = _compare(bench, wanted, progress)
    progress("Drawing", 0.99)
    written = write_figure(
        found, request.path, wanted.extraction.recipe, wanted.extraction.exposures, request.overwrite
    )
    return f"Wrote {written.name} to {written.parent}.", WrittenProducts((str(Path(request.path)),))


def _compare(bench: Any, request: Any, progress: Any) -> Any:
    from atm_viewer.engine.service.remedy_place import RemedyPlace

    place = RemedyPlace(bench, request.extraction, request.degree, progress)
    match request:
        case RankSpaxels(ranks=ranks, fringes=fringes):
            return place.ranked(ranks, fringes)
        case CompareApertures(radii=radii):
            return place.apertures(radii)
        case CompareDithers(chosen=chosen):
            return place.dithers(chosen)
        case RemoveFringes():
            return place.fringes()
    raise TypeError(f"unknown request {request!r}")
