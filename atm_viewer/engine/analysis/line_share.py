"""Expected flux of a line in a spaxel: the aperture's, times the spaxel's share of the line's light.

An aperture's flux hardly suffers from resampling; how it is shared out among spaxels does. Two shares can be taken:

- the spaxel's share of the **continuum**, averaged over so many wavelengths that resampling noise cancels. It is right
  where line and continuum come from the same source, and wrong without limit where they do not.
- its share of the **line's image**, smoothed over neighbouring spaxels, since a line has too few planes for an average.
  It is right wherever the line's light lies, but flattens what is more compact than the smoothing.

So the line's image is split up: as much of the continuum's image as it holds (the median of line over continuum,
weighted by the continuum, not below 0) and a rest; only the rest is smoothed. On a simulated arc of line-emitting knots
beside continuum sources (MRS channels 1 and 2, one exposure) this share errs by 21 and 39 % (robust scatter), that of
the smoothed image alone by 28 and 47 %, and that of the continuum by 120 %. Measured fluxes after correction err by 19
and 36 % there: the expectation is no better than they are where hardly any of the line follows the continuum, which
`like_continuum` tells. Where all of it does, about half of the resampling noise of the line's own image is left in it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.ndimage import convolve

from atm_viewer.engine.analysis.line_flux import INNER, OUTER
from atm_viewer.engine.arrays import Floats, Mask
from atm_viewer.engine.cube.apertures import aperture_weights
from atm_viewer.engine.cube.place_spectra import PlaceSpectra
from atm_viewer.engine.results.lines import ExpectedFlux, MeasuredLine

#: The continuum's share is the median over this part of the wavelength on both sides: some periods of resampling noise.
WIDE = 0.03
#: Weights by which the rest of a line's image is smoothed: about two spaxels wide at half maximum.
SMOOTHING = np.outer((1, 2, 1), (1, 2, 1)) / 16.0
#: Part of the aperture that must have the line.
KNOWN = 0.9


def with_expectation(line: MeasuredLine, place: PlaceSpectra, radius: float) -> MeasuredLine:
    """Add the flux that a line should have in the spaxel at a place.

    Parameters
    ----------
    line : MeasuredLine
        Measured in the spaxel and in the aperture about it.
    place : PlaceSpectra
        The spaxels about the place before correction, so that the expectation is the same for every recipe.
    radius : float
        Radius of the aperture [arcsec].

    Returns
    -------
    MeasuredLine
        The same line; without an expectation where less than `KNOWN` of the aperture has the line.
    """
    x, y = place.nearest(0.0, 0.0)
    weights = aperture_weights(place.dx, place.dy, place.spaxel, radius)
    found = line_share(place.wavelength, place.flux, weights, (y - place.y0, x - place.x0), line.wavelength, line.half)
    if found is None:
        return line
    share, like_continuum = found
    total = line.aperture[0]
    return replace(line, expected=ExpectedFlux(total.flux * share, abs(total.flux_err * share), like_continuum))


def line_share(
    wavelength: Floats, flux: Floats, weights: Floats, at: tuple[int, int], centre: float, half: float
) -> tuple[float, float] | None:
    """Share of a line's light in an aperture that a spaxel has.

    Parameters
    ----------
    wavelength : ndarray, shape (n,)
        Planes [um].
    flux : ndarray, shape (n, ny, nx)
        Spaxels; NaN without coverage.
    weights : ndarray, shape (ny, nx)
        Part of each spaxel that lies within the aperture.
    at : (int, int)
        Spaxel (y, x).
    centre, half : float
        Middle and half of the line's range [um].

    Returns
    -------
    (float, float) or None
        The share, and the part of the line that is distributed as the continuum is.
    """
    away = np.abs(wavelength - centre)
    core, sides = away <= half, (away >= INNER * half) & (away <= OUTER * half)
    around = (away <= max(WIDE * centre, OUTER * half)) & (away >= INNER * half)
    if not core.any() or sides.sum() < 4:
        return None
    line, continuum = _line_image(wavelength - centre, flux, core, sides), _continuum_share(flux[around], weights)
    known = np.isfinite(line) & np.isfinite(continuum)
    within = np.where(known, weights, 0.0)
    if not known[at] or within.sum() < KNOWN * weights.sum():
        return None
    line, continuum = np.where(known, line, 0.0), np.where(known, continuum, 0.0)
    total, whole = float((line * within).sum()), float((continuum * within).sum())
    if total == 0.0 or whole <= 0.0:
        return None
    continuum /= whole
    # Everything over the line's own sign, so that absorption is no different.
    line = line / total
    common = min(max(_weighted_median(line, continuum, within), 0.0), 1.0)
    rest = _smoothed(line - common * continuum, known)
    expected = common * continuum + rest
    share = float(expected[at] / (expected * within).sum())
    return share, common


def _line_image(offset: Floats, flux: Floats, core: Mask, sides: Mask) -> Floats:
    """Sum of each spaxel's line above a straight line through both sides."""
    straight = np.vander(offset, 2, increasing=True)
    coefficients = np.tensordot(np.linalg.pinv(straight[sides]), flux[sides], axes=1)
    image: Floats = flux[core].sum(axis=0) - np.tensordot(straight[core].sum(axis=0), coefficients, axes=1)
    return image


def _continuum_share(flux: Floats, weights: Floats) -> Floats:
    """Part of the aperture's flux in each spaxel, median over wavelength; NaN where there is never any."""
    valid = np.isfinite(flux)
    aperture = (np.where(valid, flux, 0.0) * weights).sum(axis=(1, 2))
    some = aperture > 0
    share = np.full(flux.shape[1:], np.nan)
    if some.any():
        covered = valid[some].any(axis=0)
        share[covered] = np.nanmedian(flux[some][:, covered] / aperture[some, None], axis=0)
    return share


def _weighted_median(line: Floats, continuum: Floats, weights: Floats) -> float:
    """Median of line over continuum, weighted by the continuum."""
    bright = (continuum > 0) & (weights > 0)
    ratio, weight = line[bright] / continuum[bright], (continuum * weights)[bright]
    order = np.argsort(ratio)
    below = np.cumsum(weight[order])
    return float(ratio[order][np.searchsorted(below, below[-1] / 2)])


def _smoothed(image: Floats, known: Mask) -> Floats:
    """Smooth over the neighbours that are known."""
    some = convolve(known.astype(float), SMOOTHING, mode="constant")
    smooth: Floats = convolve(np.where(known, image, 0.0), SMOOTHING, mode="constant") / np.maximum(some, 1e-9)
    return smooth
