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
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from atm_viewer.engine.analysis.noise import resampling_noise
from atm_viewer.engine.arrays import Floats, Integers, Singles
from atm_viewer.engine.cube.apertures import Circle
from atm_viewer.engine.cube.drizzle import DrizzleInput, unchanged_slice
from atm_viewer.engine.cube.footprints import Footprints, SkyMapper
from atm_viewer.engine.errors import InputError
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.give_back import give_back_memory
from atm_viewer.engine.io.exposure import Exposure
from atm_viewer.engine.io.slices import Background, cut_slices
from atm_viewer.engine.progress import Progress, no_progress, part_of
from atm_viewer.engine.psf import SIGMA_TO_FWHM, psf_fwhm
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.results.spectra import PredictedArtifact
from atm_viewer.engine.tangent import TangentPlane
from atm_viewer.engine.threads import in_threads
from atm_viewer.engine.trace.oversample import OversampledSlice, cut_coordinates, oversample_slice
from atm_viewer.engine.trace.prepared import Prepared, compact_intervals, slice_params
from atm_viewer.engine.trace.trace_fit import fit_each

if TYPE_CHECKING:
    from atm_viewer.engine.service.bench import Bench
    from atm_viewer.engine.service.open_items import OpenItem

#: Slices within so many FWHM of the source, beyond the aperture, are made.
_REACH = 2.5
#: Flux of the source [unit of the exposure times arcsec²]; the errors are 1.
_FLUX = 1000.0
#: Part of the brightest pixel below which a slice holds nothing that could be fitted.
_DARK = 1e-4
#: Exposures beyond which free memory is given back after each: that takes a moment.
_FEW = 4


@dataclass(frozen=True)
class PointSource:
    """A point source: ICRS position [deg]."""

    ra: float
    dec: float


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
    totals: list[Floats] = []
    fitted: set[int] = set()
    seen = False
    # Of each exposure only its share of the spectra stays: a simulated one of NIRSpec takes 200 MB.
    for k, item in enumerate(items):
        part = part_of(progress, 0.05 + 0.9 * k / len(items), 0.05 + 0.9 * (k + 1) / len(items))
        synthetic = put_source(item.exposure, item.mapper, band, PointSource(*source), radius + grid.spaxel, part)
        seen = seen or bool(synthetic.slices)
        inputs = [_native(item, synthetic)]
        if recipe.oversample > 1:
            slices = _correct(item, synthetic, recipe, part)
            inputs.append(DrizzleInput(synthetic, item.mapper, recipe.oversample, slices.__getitem__))
            fitted |= {n for n, one in slices.items() if np.isfinite(one.trace).any()}
        shares = in_threads(lambda one: one[0].share(one[1]), list(zip(circles, inputs, strict=True)))
        totals = [total + share for total, share in zip(totals, shares, strict=True)] if totals else shares
        if len(items) > _FEW:
            give_back_memory()
    if not seen:
        raise InputError("No slice contains the source; choose a place in the field.")
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


def put_source(
    exposure: Exposure,
    mapper: SkyMapper,
    band: str,
    source: PointSource,
    reach: float,
    progress: Progress = no_progress,
) -> Exposure:
    """Make the exposure that a point source alone would give, without noise.

    Parameters
    ----------
    exposure : Exposure
        Gives geometry and bad pixels.
    mapper : SkyMapper
        Its footprints.
    band : str
        Band whose slices are made.
    source : PointSource
        The source.
    reach : float
        Slices within this distance of the source [arcsec], and some more, are made; the others are left out.
    progress : callable, optional
        ``progress(step, fraction)``; may raise `Cancelled`.

    Returns
    -------
    Exposure
        With errors of 1 and no variances.
    """
    plane = TangentPlane(source.ra, source.dec)
    flux = np.full(exposure.sci.shape, np.nan, dtype=np.float32)
    regions = np.zeros_like(exposure.regions)
    for k, number in enumerate(exposure.slices):
        if exposure.band_of(number) != band:
            continue
        progress("Simulating the source", 0.2 * k / len(exposure.slices))
        y, x = np.unravel_index(exposure.slice_pixels(number), exposure.regions.shape)
        wide = psf_fwhm(exposure.instrument, float(np.nanmax(exposure.column_wavelengths[number])))
        few = np.unique(np.linspace(0, x.size - 1, 400).astype(int))
        sampled = _footprints(mapper, x[few], y[few], number).on(plane)
        distance = np.hypot(sampled[0][4], sampled[1][4])
        if np.nanmin(distance, initial=np.inf) > reach + _REACH * wide + mapper.slice_width(number):
            continue
        foot = _footprints(mapper, x, y, number)
        regions[y, x] = number
        flux[foot.y, foot.x] = pixel_flux(foot, plane, psf_fwhm(exposure.instrument, foot.wavelength), mapper.edge)
    invalid = ~np.isfinite(exposure.sci)
    flux[invalid] = np.nan
    err = np.where(np.isfinite(flux), np.float32(1.0), np.float32(np.nan))
    return replace(exposure, sci=flux, err=err, variances={}, regions=regions)


def pixel_flux(foot: Footprints, plane: TangentPlane, fwhm: Floats, edge: float) -> Floats:
    """Mean surface brightness of a point source at the origin of a plane over each pixel's rectangle on the sky.

    Parameters
    ----------
    foot : Footprints
        The pixels.
    plane : TangentPlane
        It touches the sky at the source.
    fwhm : ndarray, shape (n,)
        Width of the source's image at their wavelengths [arcsec].
    edge : float
        Distance of a pixel's centre from the ends of its footprint along the slice [pixel].

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    xi, eta = foot.on(plane)
    corners = np.stack([xi[:4], eta[:4]])
    along = (corners[:, 2] + corners[:, 3] - corners[:, 0] - corners[:, 1]) / 2.0 / (2.0 * edge)
    across = (corners[:, 1] + corners[:, 2] - corners[:, 0] - corners[:, 3]) / 2.0
    centre = corners.mean(axis=1)
    sigma = fwhm / SIGMA_TO_FWHM
    mean = np.full(fwhm.shape, _FLUX)
    for side in (along, across):
        width = np.hypot(*side)
        mean *= _mean_in_bin((centre * side).sum(axis=0) / width, width, sigma)
    return mean


def _mean_in_bin(offset: Floats, width: Floats, sigma: Floats) -> Floats:
    """Mean of a normal distribution over a bin at an offset from its centre."""
    from scipy.special import erf

    scale = 1.0 / (np.sqrt(2.0) * sigma)
    mean: Floats = (erf((offset + width / 2.0) * scale) - erf((offset - width / 2.0) * scale)) / (2.0 * width)
    return mean


def _footprints(mapper: SkyMapper, x: Integers, y: Integers, number: int) -> Footprints:
    return mapper.footprints(x, y, np.full(x.size, number), 1)


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
