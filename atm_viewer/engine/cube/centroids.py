"""Where single exposures show the brightest source of their field."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from atm_viewer.engine.arrays import Floats
from atm_viewer.engine.cube.cube_grid import CubeGrid
from atm_viewer.engine.cube.images import WhiteImages
from atm_viewer.engine.io.exposure import Exposure
from atm_viewer.engine.progress import Progress, no_progress
from atm_viewer.engine.psf import SIGMA_TO_FWHM, psf_fwhm
from atm_viewer.engine.results.exposure_view import ExposureShifts
from atm_viewer.engine.threads import without_warnings

#: An exposure's brightest source that is further away from that of all together is another one [arcsec].
_REACH = 2.0

#: Part of the window about a source that an exposure has to cover.
_COVERED = 0.7


def measure_shifts(
    exposures: Sequence[Exposure], images: WhiteImages, grid: CubeGrid, progress: Progress = no_progress
) -> ExposureShifts:
    """Measure how exposures of one band lie against each other: by the centroids of their brightest source.

    Parameters
    ----------
    exposures : sequence of Exposure
        The exposures.
    images : WhiteImages
        Of them.
    grid : CubeGrid
        Grid of their cube.
    progress : callable, optional
        ``progress(step, fraction)``, called for each exposure; may raise `Cancelled`.

    Returns
    -------
    ExposureShifts
    """
    progress("Looking for the brightest source", 0.0)
    fwhm = float(psf_fwhm(exposures[0].instrument, grid.wavelength.mean()))
    sigma = max(fwhm, 3.0 * grid.spaxel) / SIGMA_TO_FWHM
    peak = np.array(grid.project(*images.together.peak))
    places = np.full((len(exposures), 2), np.nan)
    for k, (exposure, image) in enumerate(zip(exposures, images.single, strict=True)):
        progress(f"Looking for the brightest source in {exposure.name}", (k + 1) / (len(exposures) + 1))
        start = np.array(grid.project(*image.peak))
        if np.hypot(*(start - peak)) <= _REACH:
            places[k] = _centroid(image.image.astype(float), grid, start, sigma)
    sky = np.array([grid.position(x, y) if np.isfinite(x) else (np.nan, np.nan) for x, y in places.tolist()])
    east = ((sky[:, 0] - grid.ra + 180.0) % 360.0 - 180.0) * np.cos(np.radians(grid.dec))
    sky = 3600.0 * np.stack([east, sky[:, 1] - grid.dec], axis=1)
    shift, correction = np.full((2, len(exposures), 2), np.nan)
    if np.isfinite(sky).all(axis=1).sum() > 1:
        with without_warnings():
            correction = np.nanmedian(sky, axis=0) - sky
            others = [np.nanmedian(np.delete(sky, k, axis=0), axis=0) for k in range(len(exposures))]
            shift = sky - np.array(others)
    return ExposureShifts(
        grid.band, tuple(e.key for e in exposures), tuple(e.name for e in exposures), shift, correction
    )


def _centroid(image: Floats, grid: CubeGrid, start: Floats, sigma: float) -> Floats:
    """Centroid in a Gaussian window that moves along with it, in the grid's plane [arcsec]; NaN without one."""
    finite = np.isfinite(image)
    background = float(np.median(image[finite])) if finite.any() else 0.0
    flux = np.where(finite, image - background, 0.0)
    x, y = grid.x[None, :], grid.y[:, None]
    place = start
    for _ in range(50):
        window = np.exp(-((x - place[0]) ** 2 + (y - place[1]) ** 2) / (2 * sigma**2))
        total = float((window * flux).sum())
        if total <= 0 or (window * finite).sum() < _COVERED * window.sum():
            break
        # Within such a window a source of its width is seen at half of its distance.
        step = 2.0 * np.array([(window * flux * (c - p)).sum() / total for c, p in ((x, place[0]), (y, place[1]))])
        place = place + step
        if np.hypot(*(place - start)) > _REACH:
            break
        if np.hypot(*step) < 1e-4:
            return place
    return np.full(2, np.nan)
