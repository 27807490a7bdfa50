"""Oscillations of a spectrum: their amplitude with the predicted phase, and their periods.

What oscillates is the ratio of a spaxel's spectrum to that of an aperture, over its own smooth trend. Lines, continuum
and everything else the two share are gone from it; outliers are kept down by weights that fall with the distance from
the fit (Cauchy's).

Modulation. About each of some wavelengths the ratio is fitted by

    r = a + b x + Σ (c cos 2πφ + d sin 2πφ + e cos 4πφ + f sin 4πφ)

where φ is the place of the source's trace on the grid of pixels (`atm_viewer.engine.analysis.period`), in each
exposure's slice with the largest share, and points count by a Gaussian window with a standard deviation of `SPAN`
periods. Exposures whose phases run side by side give the same waves, which the least squares take once. The amplitude
is √2 times the root mean square of the sum of waves within the window, over a, less what noise gives to it: that of a
sine, if it is one. The median over the wavelengths is the number. Through the window, oscillations pass whose period
is within a sixth of a predicted one (and of its half): fringes and others do not. Nothing can be told where the trace
turns, so that the period is longer than a `LONGEST` part of the band, nor where it is shorter than `SHORTEST` planes.

Local power. The generalised Lomb-Scargle periodogram (floating mean) of the points in such a window, for each of some
wavelengths and periods; it equals that of ``astropy.timeseries.LombScargle`` with errors of one over the root of the
window.
"""

from __future__ import annotations

import numpy as np

from atm_viewer.engine.arrays import Floats, Mask, Reals
from atm_viewer.engine.results.periods import LocalPower, Modulation, Periods
from atm_viewer.engine.statistics import MAD_TO_SIGMA, robust_sigma

SPAN = 1.2  #: standard deviation of the window [periods]
LONGEST = 0.5  #: part of the band
SHORTEST = 4.0  #: planes
_CENTRES = 48  #: wavelengths about which is fitted
_MIN_WEIGHT = 0.45  #: part of a window's weight that must have data
_ROUNDS = 5  #: of weights
_MOST = 4  #: exposures whose phases are fitted
_ALIKE = 1e-3  #: part of a wave, squared, below which it counts as the same as others
_FAR = 2.5  #: distance from the fit at which a point counts half [robust standard deviations]


def relative(spaxel: Floats, aperture: Floats) -> Floats:
    """Ratio of two spectra over its median; NaN where it is undefined, or nowhere near the others.

    Parameters
    ----------
    spaxel, aperture : ndarray, shape (n,)
        Spectra on the same wavelengths.

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(aperture != 0, spaxel / aperture, np.nan)
    finite = ratio[np.isfinite(ratio)]
    level = float(np.median(finite)) if finite.size else np.nan
    if not level > 0:
        return np.full(ratio.shape, np.nan)
    spread = robust_sigma(finite - level)
    with np.errstate(invalid="ignore"):
        ratio[np.abs(ratio - level) > 10 * spread + 1e-12] = np.nan
    return ratio / level


def modulation(ratio: Floats, periods: Periods) -> Modulation:
    """Amplitude of what oscillates with the phase that geometry predicts.

    Parameters
    ----------
    ratio : ndarray, shape (n,)
        `relative` of a spaxel and its aperture.
    periods : Periods
        Of the spaxel, on the same planes.

    Returns
    -------
    Modulation
    """
    wavelength, main = periods.wavelength, periods.main
    at = _centres(wavelength)
    nothing = np.full(at.size, np.nan)
    if main is None:
        return Modulation(np.nan, np.nan, nothing, at)
    positions = [trace.position for trace in periods.by_exposure[:_MOST]]
    known = np.isfinite(ratio) & np.isfinite(positions).all(axis=0)
    period = np.interp(at, wavelength, periods.period)
    step, whole = float(np.median(np.diff(wavelength))), float(np.ptp(wavelength))
    with np.errstate(invalid="ignore"):
        fit = (period < LONGEST * whole) & (period > SHORTEST * step)
    windows, fit = _windows(wavelength, known, at, SPAN * period, fit)
    if not fit.any():
        return Modulation(np.nan, np.nan, nothing, at)
    x = (wavelength[None, known] - at[fit, None]) / period[fit, None]
    turns = [2 * np.pi * k * p[known] for p in positions for k in (1, 2)]
    waves = [np.broadcast_to(f(one), x.shape) for one in turns for f in (np.cos, np.sin)]
    basis = np.stack([np.ones_like(x), x, *waves], axis=2)
    amplitude, before, after = _robust_waves(ratio[known], basis, windows)
    local = nothing.copy()
    local[fit] = amplitude
    explained = float(np.clip(1.0 - np.median(after / before), 0.0, 1.0)) if (before > 0).all() else np.nan
    return Modulation(float(np.median(amplitude)), explained, local, at)


def local_power(ratio: Floats, wavelength: Floats, period: Floats) -> LocalPower:
    """Periodogram in a window that moves.

    Parameters
    ----------
    ratio : ndarray, shape (n,)
        `relative` of a spaxel and its aperture.
    wavelength : ndarray of float64, shape (n,)
        Wavelengths [um], ascending.
    period : ndarray of float64, shape (k,)
        Periods to look for [um].

    Returns
    -------
    LocalPower
    """
    at = _centres(wavelength)
    known = np.isfinite(ratio)
    amplitude, power = np.full((2, period.size, at.size), np.nan)
    x, y = wavelength[known], _without_trend(ratio)[known]
    for k, one in enumerate(period):
        windows, fit = _windows(wavelength, known, at, np.full(at.size, SPAN * one), np.ones(at.size, dtype=bool))
        if not fit.any():
            continue
        turns = 2 * np.pi * x / one
        c, s = np.cos(turns), np.sin(turns)
        terms = windows @ np.stack([np.ones_like(x), c, s, y, c * c, c * s, s * s, c * y, s * y, y * y], axis=1)
        c1, s1, y1, cc, cs, ss, cy, sy, yy = (terms[:, 1:] / terms[:, :1]).T
        cc, cs, ss = cc - c1 * c1, cs - c1 * s1, ss - s1 * s1
        cy, sy, yy = cy - c1 * y1, sy - s1 * y1, yy - y1 * y1
        with np.errstate(invalid="ignore", divide="ignore"):
            determinant = cc * ss - cs * cs
            a, b = (cy * ss - sy * cs) / determinant, (sy * cc - cy * cs) / determinant
            amplitude[k, fit] = np.hypot(a, b)
            power[k, fit] = np.where(yy > 0, (a * cy + b * sy) / yy, 0.0)
    return LocalPower(at, period, amplitude, power)


def search_periods(wavelength: Floats, count: int = 56) -> Floats:
    """Periods that the planes of a cube can show [um], with equal ratios.

    Parameters
    ----------
    wavelength : ndarray of float64
        Planes of the cube [um].
    count : int
        How many.

    Returns
    -------
    ndarray of float64
    """
    step = float(np.median(np.diff(wavelength)))
    return np.geomspace(SHORTEST * step, LONGEST * float(np.ptp(wavelength)), count)


def _centres(wavelength: Floats) -> Floats:
    edges = np.linspace(wavelength[0], wavelength[-1], _CENTRES + 1)
    return (edges[1:] + edges[:-1]) / 2


def _windows(wavelength: Floats, known: Mask, at: Floats, sigma: Floats, fit: Mask) -> tuple[Floats, Mask]:
    """Weights of the known points about the wavelengths of ``fit``; those with too little data are left out."""
    fit = fit & np.isfinite(sigma)
    weights = np.exp(-0.5 * ((wavelength[None, :] - at[fit, None]) / sigma[fit, None]) ** 2)
    step = float(np.median(np.diff(wavelength)))
    enough = weights[:, known].sum(axis=1) * step > _MIN_WEIGHT * np.sqrt(2 * np.pi) * sigma[fit]
    fit[fit] = enough
    return weights[enough][:, known], fit


def _without_trend(ratio: Floats) -> Floats:
    """Ratio over a cubic, less 1."""
    known = np.isfinite(ratio)
    if known.sum() < 20:
        return np.full(ratio.shape, np.nan)
    x = np.linspace(-1, 1, ratio.size)
    left: Floats = ratio / np.polynomial.Polynomial.fit(x[known], ratio[known], 3)(x) - 1.0
    return left


def _robust_waves(y: Floats, basis: Floats, windows: Floats) -> tuple[Floats, Floats, Floats]:
    """Amplitudes of the waves, and variances without and with them, window by window.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Values.
    basis : ndarray, shape (m, n, k)
        Constant, slope and waves.
    windows : ndarray, shape (m, n)
        Weights.
    """
    counts = windows > 0.1
    weights = windows
    for _ in range(_ROUNDS):
        solved, inverse = _solve(y, basis, weights)
        rest = y - np.einsum("mnk,mk->mn", basis, solved)
        scatter = MAD_TO_SIGMA * np.nanmedian(np.where(counts, np.abs(rest), np.nan), axis=1) + 1e-12
        weights = windows / (1 + (rest / (_FAR * scatter[:, None])) ** 2)
    plain, _ = _solve(y, basis[:, :, :2], weights)
    smooth = y - np.einsum("mnk,mk->mn", basis[:, :, :2], plain)
    total = weights.sum(axis=1)
    before, after = ((weights * r**2).sum(axis=1) / total for r in (smooth, rest))
    moment = _normal(basis, weights) / total[:, None, None]
    centred = (moment - moment[:, :, :1] * moment[:, :1, :])[:, 2:, 2:]
    # Noise adds to a mean square what the coefficients' own variances make of it.
    own = (inverse @ _normal(basis, weights**2) @ inverse)[:, 2:, 2:] * scatter[:, None, None] ** 2
    square = np.einsum("mi,mij,mj->m", solved[:, 2:], centred, solved[:, 2:]) - np.einsum("mij,mji->m", centred, own)
    return np.sqrt(np.clip(2 * square, 0.0, None)) / np.abs(solved[:, 0]), before, after


def _normal(basis: Floats, weights: Floats) -> Floats:
    matrices: Floats = np.swapaxes(basis * weights[:, :, None], 1, 2) @ basis
    return matrices


def _solve(y: Floats, basis: Floats, weights: Floats) -> tuple[Floats, Reals]:
    inverse = np.linalg.pinv(_normal(basis, weights), rcond=_ALIKE, hermitian=True)
    right = np.einsum("mnk,mn->mk", basis, weights * y)
    return np.einsum("mij,mj->mi", inverse, right), inverse
