"""Flux and equivalent width of lines above a local continuum, and conservation of an aperture's flux.

A line is what lies within ``half`` of its wavelength. Its continuum is the straight line through what lies between 1.5
and 4 times ``half`` on both sides, by weighted least squares; points further than 3 robust standard deviations from it
are left out, so that neighbouring lines hardly matter. Then, with planes Δλ apart,

    flux = Σ (F - C) Δλ          equivalent width = Σ (1 - F / C) Δλ

where F and C are flux densities per wavelength. Errors follow from those of the planes, taken as independent, and from
the continuum's; where the spectrum scatters more about the continuum than its errors say, they are scaled to that.
Neighbouring planes of a cube are correlated, so that true errors are larger by up to some ten percent.

Limits: a flux needs all planes within ``half`` but one in ten, and ten planes of continuum with two or more on each
side; otherwise it is NaN. Blends are measured as one.
"""

from __future__ import annotations

import numpy as np

from atm_viewer.engine.arrays import Floats, Mask, Reals
from atm_viewer.engine.results.lines import Conservation, LineFlux
from atm_viewer.engine.statistics import robust_sigma

LIGHT = 2.99792458e14  #: speed of light [um/s]
JANSKY = 1e-26  #: [W m-2 Hz-1]
INNER, OUTER = 1.5, 4.0  #: where the continuum begins and ends, in half widths
_CLIP = 3.0
_NOTHING = LineFlux(np.nan, np.nan, np.nan, np.nan, np.nan)


def measure_line(wavelength: Floats, jansky: Floats, error: Floats, centre: float, half: float) -> LineFlux:
    """Measure a line.

    Parameters
    ----------
    wavelength : ndarray, shape (n,)
        Wavelengths [um], ascending and evenly spaced.
    jansky, error : ndarray, shape (n,)
        Flux density and its error [Jy]; NaN where there is none.
    centre, half : float
        Middle and half of the line's range [um].

    Returns
    -------
    LineFlux
    """
    per_micron = JANSKY * LIGHT / wavelength**2  # to W m-2 um-1
    flux, sigma = jansky * per_micron, error * per_micron
    known = np.isfinite(flux) & np.isfinite(sigma) & (sigma > 0)
    away = np.abs(wavelength - centre)
    line, sides = away <= half, known & (away >= INNER * half) & (away <= OUTER * half)
    continuum = _continuum(wavelength, flux, sigma, sides, centre)
    if continuum is None or not line.any() or (line & known).sum() < 0.9 * line.sum():
        return _NOTHING
    line &= known
    base = np.vander(wavelength[line] - centre, 2, increasing=True)
    coefficients, covariance, scale = continuum
    below = base @ coefficients
    step = float(np.median(np.diff(wavelength)))
    filled = np.count_nonzero(away <= half) / line.sum()  # what the missing plane would have given
    total = float((flux[line] - below).sum() * step * filled)
    sums = base.sum(axis=0)
    variance = (sigma[line] ** 2).sum() * scale**2 + sums @ covariance @ sums
    ratio = flux[line] / below
    width = float((1.0 - ratio).sum() * step * filled)
    by_continuum = (base * (ratio / below)[:, None]).sum(axis=0)
    width_variance = ((sigma[line] * scale / below) ** 2).sum() + by_continuum @ covariance @ by_continuum
    return LineFlux(
        total,
        float(np.sqrt(variance) * step * filled),
        width,
        float(np.sqrt(width_variance) * step * filled),
        float(coefficients[0] / (JANSKY * LIGHT / centre**2)),
    )


def conservation(before: Floats, after: Floats) -> Conservation:
    """Flux in an aperture after correction over that before.

    Parameters
    ----------
    before, after : ndarray, shape (n,)
        Spectra of the aperture in the same unit; NaN where there is none.

    Returns
    -------
    Conservation
    """
    known = np.isfinite(before) & np.isfinite(after) & (before != 0)
    if not known.any():
        return Conservation(np.nan, np.nan, np.nan, 0)
    ratio = after[known] / before[known]
    middle = float(np.median(ratio))
    scatter = robust_sigma(ratio - middle)
    return Conservation(middle, scatter, float(after[known].sum() / before[known].sum()), int(known.sum()))


def _continuum(
    wavelength: Floats, flux: Floats, sigma: Floats, sides: Mask, centre: float
) -> tuple[Floats, Reals, float] | None:
    """Value and slope at the line, their covariance, and what errors are to be multiplied by; None without enough."""
    used = sides.copy()
    for _ in range(3):
        if used.sum() < 10 or min((used & (wavelength < centre)).sum(), (used & (wavelength > centre)).sum()) < 2:
            return None
        base = np.vander(wavelength[used] - centre, 2, increasing=True)
        weighted = base / sigma[used, None]
        covariance = np.linalg.inv(weighted.T @ weighted)
        coefficients = covariance @ (weighted.T @ (flux[used] / sigma[used]))
        rest = (flux - np.vander(wavelength - centre, 2, increasing=True) @ coefficients) / sigma
        scatter = robust_sigma(rest[used])
        kept = sides & (np.abs(rest) <= _CLIP * max(scatter, 1e-12))
        if (kept == used).all():
            break
        used = kept
    scale = max(scatter, 1.0)
    return coefficients, covariance * scale**2, scale
