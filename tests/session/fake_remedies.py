"""Answers on remedies, as the worker would give them."""

from __future__ import annotations

import numpy as np

from atm_viewer.engine.results.remedy import APERTURE, UNDER, Remedy, RemedyCurve, RemedyPlot
from atm_viewer.jobs.requests.remedies import CompareApertures, CompareDithers, RankSpaxels, RemedyRequest


def remedy(request: RemedyRequest) -> Remedy:
    """A row and a pair of panels per thing that is compared; the noise after is a tenth of that before."""
    wave = np.linspace(4.9, 5.7, 200)
    match request:
        case RankSpaxels():
            kind, names = "ranked", [f"rank {rank}" for rank in request.ranks]
        case CompareApertures():
            kind, names = "apertures", [f"{radius:g} FWHM" for radius in request.radii]
        case CompareDithers():
            kind, names = "dithers", [f"{len(request.extraction.exposures)} exposures, {len(request.chosen)} chosen"]
        case _:
            kind, names = "fringes", ["spaxel", "aperture"]
    rows = 2 if kind == "ranked" and request.fringes else 1
    panels = []
    for row in range(rows):
        for column, factor in enumerate((1.0, 0.1)):
            curves = [RemedyCurve(wave, np.ones(wave.size), APERTURE, "aperture")]
            for k, name in enumerate(names):
                wiggle = 1 - 0.5 * (k + 1) + 0.1 * factor * np.sin(40 * wave)
                curves += [
                    RemedyCurve(wave, np.full(wave.size, 0.5 - 0.5 * k), UNDER),
                    RemedyCurve(wave, wiggle, 0.0, name),
                ]
            title = ("standard cube", "ATM cube")[column]
            panels.append(RemedyPlot(title, row, column, "wavelength", "µm", "flux", "", tuple(curves)))
    table = tuple((name, 8.0 + k, (8.0 + k) / 10) for k, name in enumerate(names))
    note = f"Threshold {request.extraction.recipe.fit_threshold:g}, degree {request.degree}."
    return Remedy(kind, kind, tuple(panels), ("what", "noise before [%]", "noise after [%]"), table, note)
