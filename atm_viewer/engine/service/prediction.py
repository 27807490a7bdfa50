"""Predicts the resampling noise of a noise-free point source from the exposures' geometry.

A star with a constant spectrum is put on the sky. Its image, a Gaussian as wide as the literature says, is integrated
over the rectangle on the sky that each pixel of the open exposures covers: its extent along the slice and the slice's
width. These exposures then go the way of the real ones: drizzled as they are, and after correction by the recipe. What
oscillates in the ratio of spaxel and aperture is resampling noise and nothing else.

Bad pixels are those of the real exposures, and so is the decision which slices are fitted, which depends on thresholds
over their background. Left out are the wings and the diffraction pattern of the real point-spread function, its change
by the optics behind the slicer, scattered light, and all errors of calibration.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from atm_viewer.engine.analysis.noise import resampling_noise
from atm_viewer.engine.arrays import Floats, Singles
from atm_viewer.engine.cube.apertures import Circle
from atm_viewer.engine.cube.drizzle import DrizzleInput, unchanged_slice
from atm_viewer.engine.errors import InputError
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.give_back import give_back_memory
from atm_viewer.engine.io.exposure import Exposure
from atm_viewer.engine.io.slices import Background, cut_slices
from atm_viewer.engine.progress import Progress, part_of
from atm_viewer.engine.psf import psf_fwhm
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.results.spectra import PredictedArtifact
from atm_viewer.engine.service.point_source import PointSource, put_source, source_slice
from atm_viewer.engine.threads import in_threads, processors
from atm_viewer.engine.trace.oversample import OversampledSlice, cut_coordinates, oversample_slice
from atm_viewer.engine.trace.prepared import Prepared, compact_intervals, slice_params
from atm_viewer.engine.trace.trace_fit import fit_each

if TYPE_CHECKING:
    from atm_viewer.engine.service.bench import Bench
    from atm_viewer.engine.service.open_items import OpenItem

_NOWHERE = "No slice contains the source; choose a place in the field."
#: Part of the brightest pixel below which a slice holds nothing that could be fitted.
_DARK = 1e-4
#: Exposures beyond which free memory is given back after each: that takes a moment.
_FEW = 4


def predict(
    bench: Bench,
    extraction: Extraction,
    source: tuple[float, float],
    progress: Progress,
) -> PredictedArtifact:
    """Predict what a spaxel and an aperture would show of a point source.

    Parameters
    ----------
    bench : Bench
        Has the exposures open.
    extraction : Extraction
        Exposures, recipe, band, place and aperture.
    source : (float, float)
        ICRS position of the source [deg].
    progress : callable
        ``progress(step, fraction)``; may raise `Cancelled`.

    Returns
    -------
    PredictedArtifact

    Raises
    ------
    InputError
        No exposure has the band, or the place is outside of the field.
    """
    begun = time.perf_counter()
    keys, recipe, band = extraction.exposures, extraction.recipe, extraction.band
    place, radius = extraction.place, extraction.radius
    items = bench.items(keys, band, recipe.cube)
    progress("Computing the cube's grid", 0.0)
    grid, fine = bench.grids(keys, band, recipe)
    grid.spaxel_at(*place)
    instrument = items[0].exposure.instrument
    circles = [Circle.about(one, *place, radius) for one in ((grid, fine) if recipe.oversample > 1 else (grid,))]
    point, reach = PointSource(*source), radius + grid.spaxel
    drizzling = part_of(progress, 0.05, 0.95)
    if recipe.oversample > 1:
        totals, fitted = _corrected(items, recipe, band, point, reach, circles, drizzling)
    else:
        totals, fitted = [_uncorrected(items, band, point, reach, circles[0], drizzling)], set()
    before, after = (circles[k].extract([totals[k]]) for k in (0, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = [np.where(one.aperture > 0, one.spaxel / one.aperture, np.nan) for one in (before, after)]
    return PredictedArtifact(
        band=band,
        place=place,
        source=source,
        radius=radius,
        wavelength=grid.wavelength,
        before=ratios[0],
        after=ratios[1],
        noise_before=resampling_noise(before.spaxel, before.aperture),
        noise_after=resampling_noise(after.spaxel, after.aperture),
        fwhm=float(psf_fwhm(instrument, float(np.median(grid.wavelength)))),
        fitted=tuple(sorted(fitted)),
        seconds=time.perf_counter() - begun,
    )


def _uncorrected(
    items: Sequence[OpenItem], band: str, source: PointSource, reach: float, circle: Circle, progress: Progress
) -> Floats:
    """Drizzle what exposures would give to a place: nothing is fitted, so that the pixels near it suffice."""
    total, seen = np.zeros(()), False
    together = processors()  # exposures, of which the slices near the place take 20 MB each
    for k in range(0, len(items), together):
        some = items[k : k + together]
        near = [(item, number) for item in some for number in circle.near(item.exposure, item.mapper)]

        def make(one: tuple[OpenItem, int]) -> OversampledSlice:
            return source_slice(one[0].exposure, one[0].mapper, one[1], source, reach, circle)

        def tell(_: object, part: float, k: int = k, count: int = len(some)) -> None:
            progress("Simulating the source", (k + part * count) / len(items))

        made = in_threads(make, near, tell)
        seen = seen or any(np.isfinite(one.sci).any() for one in made)
        slices = {(item.owner, number): one for (item, number), one in zip(near, made, strict=True)}

        def share(item: OpenItem, slices: Mapping[tuple[Hashable, int], OversampledSlice] = slices) -> Floats:
            return circle.share(DrizzleInput(item.exposure, item.mapper, 1, lambda n: slices[item.owner, n]))

        for given in in_threads(share, some):
            total = total + given
    if not seen and not any(
        source.is_near(item.exposure, item.mapper, number, reach)
        for item in items
        for number in item.exposure.slices
        if item.exposure.band_of(number) == band
    ):
        raise InputError(_NOWHERE)
    return total


def _corrected(
    items: Sequence[OpenItem],
    recipe: Recipe,
    band: str,
    source: PointSource,
    reach: float,
    circles: Sequence[Circle],
    progress: Progress,
) -> tuple[list[Floats], set[int]]:
    """Drizzle what exposures would give to a place, before and after correction, and tell which slices are fitted."""
    totals: list[Floats] = []
    fitted: set[int] = set()
    seen = False
    # Of each exposure only its share of the spectra stays: a simulated one of NIRSpec takes 200 MB.
    for k, item in enumerate(items):
        part = part_of(progress, k / len(items), (k + 1) / len(items))
        synthetic = put_source(item.exposure, item.mapper, band, source, reach, part)
        seen = seen or bool(synthetic.slices)
        slices = _correct(item, synthetic, recipe, part)
        fitted |= {n for n, one in slices.items() if np.isfinite(one.trace).any()}
        inputs = _native(item, synthetic), DrizzleInput(synthetic, item.mapper, recipe.oversample, slices.__getitem__)
        shares = in_threads(lambda one: one[0].share(one[1]), list(zip(circles, inputs, strict=True)))
        totals = [total + share for total, share in zip(totals, shares, strict=True)] if totals else shares
        if len(items) > _FEW:
            give_back_memory()
    if not seen:
        raise InputError(_NOWHERE)
    return totals, fitted


def _native(item: OpenItem, synthetic: Exposure) -> DrizzleInput:
    return DrizzleInput(synthetic, item.mapper, 1, partial(unchanged_slice, synthetic))


def _correct(item: OpenItem, synthetic: Exposure, recipe: Recipe, progress: Progress) -> dict[int, OversampledSlice]:
    """Fit and oversample the slices of a synthetic exposure; of those with light, those that are in the real one."""
    progress("Extracting slices", 0.2)
    real = item.prepared
    slices = cut_slices(synthetic, None)
    prepared = Prepared(synthetic, real.defaults, Background(None, {}, {}), slices)
    params = slice_params(real, recipe)
    dark = _DARK * np.nanmax(synthetic.sci, initial=0.0)

    def threshold(number: int) -> float:
        limit = real.background.threshold(number, params[number].fit_threshold)
        wanted = np.nanmax(slices[number].flux, initial=0.0) > dark and real.slices[number].over_threshold(limit)
        return -np.inf if wanted else np.inf

    made = fit_each(
        [(data, params[n], real.defaults, threshold(n)) for n, data in slices.items()],
        lambda n, part: progress(f"Fitting slice {n}", 0.3 + 0.4 * part),
    )
    fits = dict(zip(slices, made, strict=True))
    progress("Computing oversampled coordinates", 0.7)
    coordinates = item.fine_coordinates(recipe.oversample)
    intervals = compact_intervals(fits, prepared)

    def cut(number: int) -> tuple[Floats, Singles | None]:
        return cut_coordinates(prepared, fits[number], recipe.oversample, coordinates)

    fine = in_threads(
        lambda n: oversample_slice(prepared, fits[n], recipe, cut(n), intervals),
        list(slices),
        lambda n, part: progress(f"Oversampling slice {n}", 0.8 + 0.2 * part),
    )
    return dict(zip(slices, fine, strict=True))
