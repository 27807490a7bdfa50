"""Periods of resampling noise: measured in spectra, and predicted from geometry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atm_viewer.engine.arrays import Floats
from atm_viewer.engine.statistics import robust_sigma


def crossings(position: Floats, wavelength: Floats) -> Floats:
    """Wavelengths at which a trace is centred on a pixel.

    Parameters
    ----------
    position : ndarray of float64, shape (n,)
        Place along the slice [pixel]; NaN where there is none.
    wavelength : ndarray of float64, shape (n,)
        Wavelengths, ascending.

    Returns
    -------
    ndarray of float64
        Ascending.
    """
    whole = np.floor(position)
    with np.errstate(invalid="ignore"):
        at = np.flatnonzero(np.abs(np.diff(whole)) == 1)
        target = np.maximum(whole[at], whole[at + 1])
        part = (target - position[at]) / (position[at + 1] - position[at])
    found: Floats = wavelength[at] + part * (wavelength[at + 1] - wavelength[at])
    return found


@dataclass(frozen=True, eq=False)
class TracePhase:
    """Where a position on the sky falls on the pixels of a slice, plane by plane of the cube.

    Parameters
    ----------
    exposure : str
        Key of the exposure.
    number : int
        Slice.
    share : float
        Weight of the slice in the spaxel, 0 to 1: the part of the spaxel across the slice that it covers.
    position : ndarray of float64, shape (n,)
        Detector coordinate along the slice [pixel], whole numbers at the centres of pixels; NaN where the slice has
        no such wavelength.
    """

    exposure: str
    number: int
    share: float
    position: Floats


@dataclass(frozen=True, eq=False)
class Periods:
    """How quickly the trace of a position crosses the pixels, by geometry alone.

    Parameters
    ----------
    wavelength : ndarray of float64, shape (n,)
        Planes of the cube [um].
    traces : tuple of TracePhase
        Of all exposures and slices the spaxel draws on; of each exposure the one with the largest share first.
    period : ndarray of float64, shape (n,)
        Range of wavelengths in which the trace crosses one pixel [um], for the cube: from the mean of the slopes of
        all traces, weighted by share; infinite where traces turn, NaN without a trace.
    left : ndarray of float64, shape (2, n)
        Part of an oscillation with this period, and with half of it, that is left when all traces are added up, 0 to 1:
        what dithers do not cancel.
    fringe : tuple of (float, float, float)
        Periods [1/cm] of the instrument's fringes: typical, least, greatest; empty for none.
    """

    wavelength: Floats
    traces: tuple[TracePhase, ...]
    period: Floats
    left: Floats
    fringe: tuple[tuple[float, float, float], ...] = ()

    @property
    def wave(self) -> Floats:
        """Sum of cosines, crests where traces are centred on pixels, weighted by share; shape (n,), NaN where unknown.

        What oscillates has this shape if each exposure gives the same in the same phase.
        """
        total, weight = np.zeros(self.wavelength.size), np.zeros(self.wavelength.size)
        for trace in self.traces:
            known = np.isfinite(trace.position)
            total += np.where(known, trace.share * np.cos(2 * np.pi * np.where(known, trace.position, 0.0)), 0.0)
            weight += trace.share * known
        with np.errstate(invalid="ignore"):
            return np.where(weight > 0, total / weight, np.nan)

    @property
    def by_exposure(self) -> tuple[TracePhase, ...]:
        """Of each exposure the trace with the largest share."""
        first: dict[str, TracePhase] = {}
        for trace in self.traces:
            first.setdefault(trace.exposure, trace)
        return tuple(first.values())

    @property
    def main(self) -> TracePhase | None:
        """The trace with the largest share."""
        return max(self.traces, key=lambda trace: trace.share, default=None)

    def fringe_period(self, wavenumbers: float) -> np.ndarray:
        """Period of a fringe in wavelength [um], plane by plane, from that in wavenumber [1/cm]."""
        return self.wavelength**2 * wavenumbers * 1e-4


@dataclass(frozen=True, eq=False)
class Modulation:
    """Oscillation of a spectrum with the period that geometry predicts, see `atm_viewer.engine.analysis.modulation`.

    Parameters
    ----------
    amplitude : float
        Half of the distance between crests and troughs, over the mean, median over wavelength; NaN if undefined.
    explained : float
        Part of the variance about a smooth trend that goes with the predicted phase, 0 to 1; NaN if undefined.
    local : ndarray of float64, shape (m,)
        Amplitude about each of ``at``.
    at : ndarray of float64, shape (m,)
        Wavelengths [um].
    """

    amplitude: float
    explained: float
    local: Floats
    at: Floats


@dataclass(frozen=True, eq=False)
class SplitRatio:
    """A ratio of spectra point by point, see `atm_viewer.engine.analysis.modulation.split`.

    Parameters
    ----------
    trend : ndarray of float64, shape (n,)
        Smooth part; NaN where nothing can be told, as in the others.
    wave : ndarray of float64, shape (n,)
        What oscillates with the predicted phase. The ratio less both is the rest.
    spent : ndarray of float64, shape (n,)
        Part of the variance of white noise that the fit takes for trend and wave.
    """

    trend: Floats
    wave: Floats
    spent: Floats


@dataclass(frozen=True, eq=False)
class LocalPower:
    """Oscillations of a spectrum by wavelength and period: a Lomb-Scargle periodogram in a window that moves.

    Parameters
    ----------
    wavelength : ndarray of float64, shape (m,)
        Middle of the windows [um].
    period : ndarray of float64, shape (k,)
        Periods [um], ascending, with equal ratios.
    amplitude : ndarray of float64, shape (k, m)
        Amplitude of the sine that fits best, over the mean; NaN where the window holds too little.
    power : ndarray of float64, shape (k, m)
        Part of the variance within the window that it takes away, 0 to 1.
    """

    wavelength: Floats
    period: Floats
    amplitude: Floats
    power: Floats

    def peak(self) -> Floats:
        """Period of the largest power [um], window by window; NaN where nothing is known.

        Between the periods that were tried it follows from a parabola through the highest point and its neighbours.
        """
        known = np.isfinite(self.power)
        best = np.where(known, self.power, -1.0).argmax(axis=0)
        inner, window = np.clip(best, 1, self.period.size - 2), np.arange(best.size)
        low, top, high = (self.power[inner + k, window] for k in (-1, 0, 1))
        with np.errstate(invalid="ignore", divide="ignore"):
            shift = 0.5 * (low - high) / (low - 2 * top + high)
        crest = (inner == best) & (np.abs(shift) <= 0.5)
        steps = np.log(self.period[1] / self.period[0]) * np.where(crest, shift, 0.0)
        return np.where(known.any(axis=0), self.period[best] * np.exp(steps), np.nan)


@dataclass(frozen=True)
class Agreement:
    """Measured periods over predicted ones: median, robust standard deviation and number of windows compared."""

    ratio: float
    scatter: float
    windows: int


@dataclass(frozen=True, eq=False)
class PeriodReport:
    """Predicted and measured periods at a place on the sky.

    Parameters
    ----------
    band : str
        Band of the cube.
    periods : Periods
        What geometry predicts.
    before, after : LocalPower
        What the spectrum of the spaxel over that of the aperture shows.
    predicted : LocalPower
        The same of a wave that geometry predicts, see `Periods.wave`.
    modulation_before, modulation_after : Modulation
        How much of it has the predicted phase.
    noise_before, noise_after : float
        `atm_viewer.engine.analysis.noise.resampling_noise`.
    """

    band: str
    periods: Periods
    before: LocalPower
    after: LocalPower
    predicted: LocalPower
    modulation_before: Modulation
    modulation_after: Modulation
    noise_before: float
    noise_after: float

    @property
    def agreement(self) -> Agreement:
        """Strongest periods before correction over those of the predicted wave, window by window."""
        return agreement(self.before, self.predicted)


def agreement(measured: LocalPower, predicted: LocalPower) -> Agreement:
    """Compare the strongest periods of a spectrum with those of the predicted wave, window by window."""
    with np.errstate(invalid="ignore"):
        ratio = measured.peak() / predicted.peak()
    ratio = ratio[np.isfinite(ratio)]
    if not ratio.size:
        return Agreement(np.nan, np.nan, 0)
    middle = float(np.median(ratio))
    return Agreement(middle, robust_sigma(ratio - middle), int(ratio.size))
