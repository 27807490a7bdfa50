"""Spectra divided by their smooth trend, for stacked plots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from atm_viewer.engine.arrays import Floats
from atm_viewer.engine.statistics import MAD_TO_SIGMA, robust_sigma

DEGREE = 3  #: of the polynomial, unless told otherwise
_ROUNDS = 5
_FAR = 3.0  #: distance from the fit at which points are left out [robust standard deviations]


def trend(wavelength: Floats, flux: Floats, degree: int = DEGREE) -> Floats:
    """Polynomial through a spectrum that lines and other outliers do not pull.

    Least squares, repeated without the points that are more than three robust standard deviations (1.4826 times the
    median absolute deviation) away from it.

    Parameters
    ----------
    wavelength, flux : ndarray, shape (n,)
        The spectrum; NaN where there is none.
    degree : int
        Of the polynomial.

    Returns
    -------
    ndarray of float64, shape (n,)
        NaN when there are too few points.
    """
    kept = np.isfinite(flux)
    if kept.sum() < 5 * (degree + 1):
        return np.full(flux.shape, np.nan)
    x = np.interp(wavelength, (wavelength[0], wavelength[-1]), (-1.0, 1.0))
    for _ in range(_ROUNDS):
        fit: Floats = np.polynomial.Chebyshev.fit(x[kept], flux[kept], degree, domain=(-1, 1))(x)
        far = np.abs(flux - fit)
        near = np.isfinite(flux) & (far <= _FAR * MAD_TO_SIGMA * np.median(far[kept]) + 1e-12 * np.abs(fit))
        if near.sum() < 5 * (degree + 1) or (near == kept).all():
            break
        kept = near
    return fit


def normalised(wavelength: Floats, flux: Floats, degree: int = DEGREE) -> Floats:
    """Divide a spectrum by its `trend`."""
    smooth = trend(wavelength, flux, degree)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(smooth > 0, flux / smooth, np.nan)


def scatter(values: Floats) -> float:
    """1.4826 times the median absolute deviation of the finite values; NaN without any."""
    finite = values[np.isfinite(values)]
    return robust_sigma(finite - np.median(finite)) if finite.size else float("nan")


def offsets(spectra: Sequence[Floats]) -> list[float]:
    """Shifts that put normalised spectra below one another, the first one at 1, none of them running into the next."""
    shifts, floor = [], np.inf
    for one in spectra:
        known = one[np.isfinite(one)]
        low, high = np.percentile(known, (0.3, 99.7)) if known.size else (1.0, 1.0)
        room = 0.15 * max(float(high - low), 0.05)
        shifts.append(0.0 if np.isinf(floor) else float(floor - high - room))
        floor = float(low) + shifts[-1] - room
    return shifts
