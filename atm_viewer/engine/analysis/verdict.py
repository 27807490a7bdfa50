"""Verdict on a spectrum: how much of its variance is resampling noise, and what the rest is.

What is judged is the ratio of the spaxel's spectrum to that of the aperture (`modulation.relative`). Structure of the
source that both share, its lines and continuum, is gone from it. About its smooth trend the variance is divided up, in
this order, each part taken from what the ones before it have left:

- resampling noise: what has the phase that geometry predicts (`modulation.split`), less what white noise gives to it;
- fringes, of MIRI: sines in wavenumber with periods that `Periods.fringe` allows, as many as are significant;
- real structure: what is more at the lines of the aperture's spectrum than elsewhere, and not less after correction.
  The light of lines is spread in another way than that of the continuum, so that it is not gone from the ratio; nor is
  the resampling noise that lines have of their own, which counts as this, since nothing here can tell the two apart;
- photon noise: the variance that the errors of spaxel and aperture give;
- unknown: the rest.

Planes far from the fit are bad pixels and left out, unless they are at lines. So are those where the trace turns.

The thresholds were set on simulated exposures with flight geometry whose content is known (stars, pairs and arcs, MRS
and NIRSpec, with noise and fringes, and without). There, spaxels on sources with S/N over 250 have 0.6 or more of the
variance in phase before correction, most of them over 0.9; flat emission has less than 0.1, with S/N as low as 30, and
its photon noise comes out as 0.75 or more. Measured periods are within 0.08 of the predicted ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from atm_viewer.engine.analysis.modulation import local_powers, predicted_ratio, relative, search_periods, split
from atm_viewer.engine.arrays import Floats, Mask
from atm_viewer.engine.results.periods import Periods, agreement
from atm_viewer.engine.results.spectra import SpaxelSpectra
from atm_viewer.engine.results.verdict import (
    FRINGES,
    MOSTLY,
    PARTLY,
    PHOTONS,
    RESAMPLING,
    STRUCTURE,
    UNKNOWN,
    Verdict,
)
from atm_viewer.engine.statistics import robust_sigma
from atm_viewer.engine.threads import loading

FEWEST = 60  #: planes
LEAST_SN = 3.0  #: signal over noise of a plane, median, below which nothing can be told
FAINT_SN = 10.0  #: below which resampling noise may be there without being seen
_SPIKE = 8.0  #: robust standard deviations of the rest: planes farther off are bad pixels, but for those at lines
_EDGE = 3.0  #: times the median error: planes with more, at the ends of bands, do not count
_MOST_SINES = 6
_CHANCE = 0.01  #: that noise has a fringe
_CORRELATED = 2.0  #: planes that share the noise of a pixel
_LINE = 5.0  #: standard deviations of the aperture's spectrum about its continuum, from which on it has a line
_CONTINUUM = 51  #: planes of which the continuum is the median
_BESIDE = 2  #: planes beside a line that belong to it


#: What is found before correction, whatever the recipe: `Agreement.ratio` of the periods, and the divided variance.
Before = tuple[float, dict[str, float]]


def judge(
    spectra: SpaxelSpectra,
    periods: Periods,
    sources: int = 1,
    once: Callable[[Callable[[], Before]], Before] = lambda find: find(),
) -> Verdict:
    """Tell what the oscillations of a spaxel's spectrum are.

    Parameters
    ----------
    spectra : SpaxelSpectra
        Of spaxel and aperture, before and after correction.
    periods : Periods
        What geometry predicts.
    sources : int
        Sources within the aperture: the light of each crosses the pixels with a phase of its own.
    once : callable, optional
        Takes a function that finds what is there before correction; calls it, or gives what it gave for this place.

    Returns
    -------
    Verdict
    """
    usable = np.isfinite(relative(spectra.before, spectra.aperture_before)).sum()
    if usable < FEWEST:
        return Verdict(f"only {usable} planes have data in spaxel and aperture")
    with np.errstate(invalid="ignore", divide="ignore"):
        sn = float(np.nanmedian(spectra.before / spectra.before_err)) if np.isfinite(spectra.before_err).any() else 0.0
    if sn < LEAST_SN:
        return Verdict(f"too faint (S/N {max(sn, 0.0):.1f} per plane, needed: {LEAST_SN:g})")
    if periods.main is None:
        return Verdict("no slice has its trace here, at the edge of the field")
    period, before = once(lambda: _before(spectra, periods))
    after = _divide(spectra.after, spectra.after_err, spectra.aperture_after, spectra.aperture_after_err, periods)
    if not before or not after:
        return Verdict("the trace hardly drifts against the pixels here, so geometry predicts no period")
    # What is real is there after correction as well: what was more before is none of it.
    gone = max(before[STRUCTURE] - after[STRUCTURE], 0.0)
    before = {**before, STRUCTURE: before[STRUCTURE] - gone, UNKNOWN: before[UNKNOWN] + gone}
    scatter = tuple(math.sqrt(sum(parts.values())) for parts in (before, after))
    found = Verdict("", period, _shares(before), _shares(after), (scatter[0], scatter[1]), sources)
    share = found.shares[0]
    if share < PARTLY and sn < FAINT_SN:
        return Verdict(f"too faint (S/N {sn:.1f} per plane): photon noise would hide it")
    if share < MOSTLY and sources > 1:
        return Verdict(
            f"the aperture holds {sources} sources, and only {100 * share:.0f} % of the variance is in phase"
        )
    return found


def _before(spectra: SpaxelSpectra, periods: Periods) -> Before:
    ratio, tried = relative(spectra.before, spectra.aperture_before), search_periods(spectra.wavelength)
    measured, predicted = local_powers([ratio, predicted_ratio(ratio, periods)], spectra.wavelength, tried)
    parts = _divide(spectra.before, spectra.before_err, spectra.aperture_before, spectra.aperture_before_err, periods)
    return agreement(measured, predicted).ratio, parts


def _shares(parts: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    total = sum(parts.values())
    return tuple((kind, variance / total if total > 0 else 0.0) for kind, variance in parts.items())


def _divide(
    spaxel: Floats, spaxel_err: Floats, aperture: Floats, aperture_err: Floats, periods: Periods
) -> dict[str, float]:
    """Divide the variance up by kinds; nothing where geometry predicts no period."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(aperture != 0, spaxel / aperture, np.nan)  # not `relative`, which takes bright lines out
        ratio = ratio / np.nanmedian(ratio)
    noise = _noise(spaxel, spaxel_err, aperture, aperture_err)
    with np.errstate(invalid="ignore"):
        ratio[noise > _EDGE**2 * np.nanmedian(noise)] = np.nan
    parted = split(ratio, periods)
    with np.errstate(invalid="ignore", divide="ignore"):
        about = ratio / parted.trend - 1.0
        rest = (ratio - parted.wave) / parted.trend - 1.0
    known = np.isfinite(rest)
    lines = _lines(aperture, aperture_err)
    if known.any():
        known &= lines | ~(np.abs(rest) > _SPIKE * robust_sigma(rest[known]))
    if known.sum() < FEWEST:
        return {}
    about, rest, lines = about[known], rest[known], lines[known]
    free = float(np.mean(rest**2 / (1.0 - parted.spent[known])))
    fringes = free * _fringe_share(rest, periods.wavelength[known], periods.fringe)
    structure = (free - fringes) * _structure_share(rest, lines)
    left = free - fringes - structure
    photons = min(left, float(np.nanmean(noise[known])))
    return {
        RESAMPLING: max(float(np.mean(about**2)) - free, 0.0),
        FRINGES: fringes,
        STRUCTURE: structure,
        PHOTONS: photons,
        UNKNOWN: left - photons,
    }


def _noise(spaxel: Floats, spaxel_err: Floats, aperture: Floats, aperture_err: Floats) -> Floats:
    """Variance that the errors give to the ratio, over its level; with the aperture's flux, which has less noise."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = spaxel / aperture
        level = np.median(ratio[np.isfinite(ratio)])
        variance: Floats = (spaxel_err / (aperture * level)) ** 2 + (aperture_err / aperture) ** 2
    return variance


def _fringe_share(rest: Floats, wavelength: Floats, ranges: tuple[tuple[float, float, float], ...]) -> float:
    """Part of a variance that significant sines in wavenumber take away."""
    if not ranges:
        return 0.0
    wavenumber = 1e4 / wavelength
    span = float(np.ptp(wavenumber))
    frequency = np.concatenate([np.arange(1 / high, 1 / low, 0.25 / span) for _, low, high in ranges])
    turns = 2 * np.pi * frequency[:, None] * wavenumber[None, :]
    cosines, sines = np.cos(turns), np.sin(turns)
    tried = max(span * sum(1 / low - 1 / high for _, low, high in ranges), 1.0)
    least = 1.0 - (_CHANCE / tried) ** (2.0 * _CORRELATED / rest.size)
    left = rest - rest.mean()
    whole = float(np.mean(left**2))
    columns: list[Floats] = [np.ones_like(rest)]
    now = left
    for _ in range(_MOST_SINES):
        power = 2.0 * ((cosines @ now) ** 2 + (sines @ now) ** 2) / (rest.size * max(float(now @ now), 1e-300))
        best = int(power.argmax())
        if power[best] < least:
            break
        columns += [cosines[best], sines[best]]
        basis = np.stack(columns, axis=1)
        now = left - basis @ np.linalg.lstsq(basis, left, rcond=1e-6)[0]
    spent = (len(columns) - 1) / rest.size * _CORRELATED
    return float(np.clip(1.0 - np.mean(now**2) / (whole * (1.0 - spent)), 0.0, 1.0)) if len(columns) > 1 else 0.0


def _structure_share(rest: Floats, lines: Mask) -> float:
    """Part of a variance that is more at lines than elsewhere."""
    square = rest**2
    if not lines.any() or lines.mean() > 0.5:
        return 0.0
    return float(np.clip(np.sum(square[lines] - square[~lines].mean()) / np.sum(square), 0.0, 1.0))


def _lines(flux: Floats, error: Floats) -> Mask:
    """Planes at lines in emission or absorption of a spectrum."""
    with loading():
        from scipy.ndimage import binary_dilation, median_filter

    finite = np.isfinite(flux)
    if finite.sum() < FEWEST:
        return np.zeros(flux.shape, dtype=bool)
    filled = np.interp(np.arange(flux.size), np.flatnonzero(finite), flux[finite])
    above = filled - median_filter(filled, _CONTINUUM, mode="nearest")
    spread = robust_sigma(above[finite])
    limit = _LINE * np.fmax(spread, np.where(np.isfinite(error), error, 0.0))
    return np.asarray(binary_dilation(finite & (np.abs(above) > limit), iterations=_BESIDE))
