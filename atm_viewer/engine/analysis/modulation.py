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

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atm_viewer.engine.arrays import Floats, Mask, Reals
from atm_viewer.engine.results.periods import LocalPower, Modulation, Periods, SplitRatio, TracePhase
from atm_viewer.engine.statistics import MAD_TO_SIGMA, robust_sigma

SPAN = 1.2  #: standard deviation of the window [periods]
LONGEST = 0.5  #: part of the band
SHORTEST = 4.0  #: planes
_CENTRES = 48  #: wavelengths about which is fitted
_MOST_CENTRES = 160  #: of them, where every point is to be within several windows
_APART = 0.7  #: of their windows' standard deviation, how far they are apart then
_LEAST_WEIGHT = 0.3  #: of a point in all windows together, for something to be told about it
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
    at = _centres(periods.wavelength)
    nothing = np.full(at.size, np.nan)
    fitted = _fit_waves(ratio, periods, at, periods.by_exposure[:_MOST], harmonics=2)
    if fitted is None:
        return Modulation(np.nan, np.nan, nothing, at)
    local = nothing.copy()
    local[fitted.fit] = fitted.waves.amplitude
    before, after = fitted.waves.before, fitted.waves.after
    explained = float(np.clip(1.0 - np.median(after / before), 0.0, 1.0)) if (before > 0).all() else np.nan
    return Modulation(float(np.median(fitted.waves.amplitude)), explained, local, at)


def split(ratio: Floats, periods: Periods) -> SplitRatio:
    """Split a ratio into its smooth trend, what oscillates with the phase that geometry predicts, and the rest.

    It is `modulation` point by point: the fits of all windows, so close that every point is within several, are
    averaged with the windows' weights. A single exposure has waves for the two slices that the spaxel draws on most,
    and a third harmonic where the period is long enough: they hold much of what correction leaves. Points where the
    trace turns are left out.

    Parameters
    ----------
    ratio : ndarray, shape (n,)
        `relative` of a spaxel and its aperture.
    periods : Periods
        Of the spaxel, on the same planes.

    Returns
    -------
    SplitRatio
    """
    nothing = np.full((3, ratio.size), np.nan)
    step = float(np.median(np.diff(periods.wavelength)))
    known = periods.period[np.isfinite(periods.period)]
    shortest = max(float(np.min(known, initial=np.inf)), SHORTEST * step)
    count = int(np.clip(np.ptp(periods.wavelength) / (_APART * SPAN * shortest), _CENTRES, _MOST_CENTRES))
    firsts = periods.by_exposure
    traces = firsts[:_MOST] if len(firsts) > 1 else periods.traces[:2]
    harmonics = 3 if len(traces) <= 2 and shortest > 3 * SHORTEST * step else 2
    fitted = _fit_waves(ratio, periods, _centres(periods.wavelength, count), traces, harmonics)
    if fitted is None:
        return SplitRatio(*nothing)
    windows, waves, basis = fitted.windows, fitted.waves, fitted.basis
    weight = windows.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        enough = (weight > _LEAST_WEIGHT) & (periods.period < LONGEST * np.ptp(periods.wavelength))[fitted.known]

        def mean(values: Floats) -> Floats:
            return np.where(enough, (windows * values).sum(axis=0) / weight, np.nan)

        parts = [mean(np.einsum("mnk,mk->mn", basis[:, :, k], waves.solved[:, k])) for k in (slice(2), slice(2, None))]
        points = windows.sum(axis=1) ** 2 / (windows**2).sum(axis=1)
        parts.append(mean(np.broadcast_to((waves.rank / points)[:, None], windows.shape)))
    for whole, part in zip(nothing, parts, strict=True):
        whole[fitted.known] = part
    return SplitRatio(*nothing)


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
    return local_powers([ratio], wavelength, period)[0]


def local_powers(ratios: Sequence[Floats], wavelength: Floats, period: Floats) -> list[LocalPower]:
    """Make the `local_power` of several ratios: those that are known at the same wavelengths share their windows."""
    at = _centres(wavelength)
    all_known = [np.isfinite(ratio) for ratio in ratios]
    without_trend = [_without_trend(ratio)[known] for ratio, known in zip(ratios, all_known, strict=True)]
    found = [LocalPower(at, period, *np.full((2, period.size, at.size), np.nan)) for _ in ratios]
    for k, one in enumerate(period):
        sigma, shared = np.full(at.size, SPAN * one), None
        for known, y, power in zip(all_known, without_trend, found, strict=True):
            if shared is None or not np.array_equal(known, shared[0]):
                shared = known, *_windows(wavelength, known, at, sigma, np.ones(at.size, dtype=bool))
            _, windows, fit = shared
            if fit.any():
                power.amplitude[k, fit], power.power[k, fit] = _sine(windows, wavelength[known], y, one)
    return found


def _sine(windows: Floats, x: Floats, y: Floats, period: Floats) -> tuple[Floats, Floats]:
    """Amplitude of the sine with a period that fits best in each window, and the part of the variance it takes away."""
    turns = 2 * np.pi * x / period
    c, s = np.cos(turns), np.sin(turns)
    terms = windows @ np.stack([np.ones_like(x), c, s, y, c * c, c * s, s * s, c * y, s * y, y * y], axis=1)
    c1, s1, y1, cc, cs, ss, cy, sy, yy = (terms[:, 1:] / terms[:, :1]).T
    cc, cs, ss = cc - c1 * c1, cs - c1 * s1, ss - s1 * s1
    cy, sy, yy = cy - c1 * y1, sy - s1 * y1, yy - y1 * y1
    with np.errstate(invalid="ignore", divide="ignore"):
        determinant = cc * ss - cs * cs
        a, b = (cy * ss - sy * cs) / determinant, (sy * cc - cy * cs) / determinant
        return np.hypot(a, b), np.where(yy > 0, (a * cy + b * sy) / yy, 0.0)


def predicted_ratio(ratio: Floats, periods: Periods) -> Floats:
    """Ratio that geometry predicts, up to its amplitude, where a measured one is known; NaN elsewhere."""
    return np.where(np.isfinite(ratio), 1.0 + 0.1 * periods.wave, np.nan)


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


@dataclass(frozen=True, eq=False)
class _Waves:
    """Coefficients, amplitudes of the waves, variances without and with them, parameters spent; by window."""

    solved: Floats
    amplitude: Floats
    before: Floats
    after: Floats
    rank: Floats


@dataclass(frozen=True, eq=False)
class _Fitted:
    """Fits about the wavelengths of ``fit``, to the points that are ``known``."""

    waves: _Waves
    basis: Floats
    windows: Floats
    known: Mask
    fit: Mask


def _fit_waves(
    ratio: Floats, periods: Periods, at: Floats, traces: Sequence[TracePhase], harmonics: int
) -> _Fitted | None:
    """Fit waves with the phases of traces about some wavelengths; None where nothing can be told."""
    wavelength = periods.wavelength
    if not traces:
        return None
    positions = [trace.position for trace in traces]
    known = np.isfinite(ratio) & np.isfinite(positions).all(axis=0)
    period = np.interp(at, wavelength, periods.period)
    step, whole = float(np.median(np.diff(wavelength))), float(np.ptp(wavelength))
    with np.errstate(invalid="ignore"):
        fit = (period < LONGEST * whole) & (period > SHORTEST * step)
    windows, fit = _windows(wavelength, known, at, SPAN * period, fit)
    if not fit.any():
        return None
    x = (wavelength[None, known] - at[fit, None]) / period[fit, None]
    turns = [2 * np.pi * k * p[known] for p in positions for k in range(1, harmonics + 1)]
    waves = [np.broadcast_to(f(one), x.shape) for one in turns for f in (np.cos, np.sin)]
    basis = np.stack([np.ones_like(x), x, *waves], axis=2)
    return _Fitted(_robust_waves(ratio[known], basis, windows), basis, windows, known, fit)


def _centres(wavelength: Floats, count: int = _CENTRES) -> Floats:
    edges = np.linspace(wavelength[0], wavelength[-1], count + 1)
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


def _robust_waves(y: Floats, basis: Floats, windows: Floats) -> _Waves:
    """Fit waves window by window.

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
    amplitude = np.sqrt(np.clip(2 * square, 0.0, None)) / np.abs(solved[:, 0])
    rank = np.einsum("mij,mji->m", inverse, _normal(basis, weights))
    return _Waves(solved, amplitude, before, after, rank)


def _normal(basis: Floats, weights: Floats) -> Floats:
    matrices: Floats = np.swapaxes(basis * weights[:, :, None], 1, 2) @ basis
    return matrices


def _solve(y: Floats, basis: Floats, weights: Floats) -> tuple[Floats, Reals]:
    inverse = np.linalg.pinv(_normal(basis, weights), rcond=_ALIKE, hermitian=True)
    right = np.einsum("mnk,mn->mk", basis, weights * y)
    return np.einsum("mij,mj->mi", inverse, right), inverse
