"""Resampling noise that a single slice contributes to the spaxel on its brightest trace.

The trace is the line of constant alpha through the peak of the slice's collapsed profile. A spaxel on it is a box as
wide as a spaxel of the band's cube; its value in a column is the mean of the pixels weighted by their overlap with the
box, which is what drizzling does along the slice. Before, the pixels are the detector's; after, those of the
oversampled exposure. Divided by the sum of the column over the slice (`SliceData.norm`, the fit's own, for both), a
spectrum without resampling noise is smooth; `metrics.resampling_noise` gives the scatter about a cubic as a fraction.

Limits: a cube's spaxel takes from two slices or more and from all dithers, whose oscillations have their own phases,
and averages neighbouring columns, so that its noise is usually lower; photon noise counts, as it does there; lines that
are not as wide as the continuum along the slice count too. Slices whose peak does not stand out of their median by
`SIGNIFICANT` errors have nothing to oscillate: they get NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from weakref import WeakKeyDictionary

import numpy as np

from atm_viewer.engine.analysis.noise import resampling_noise
from atm_viewer.engine.arrays import Floats, Reals
from atm_viewer.engine.io.slices import SliceData
from atm_viewer.engine.results.correction import CorrectionReport, SliceReport
from atm_viewer.engine.trace.oversample import OversampledSlice
from atm_viewer.engine.trace.prepared import Prepared

#: Errors by which the peak of a collapsed profile must exceed the profile's median.
SIGNIFICANT = 10.0
#: Columns with less light than this, against the median column, have no ratio to speak of.
DIM = 0.1
#: Part of the box that pixels must cover.
COVERED = 0.5


class SliceNoise:
    """Noise of an exposure's slices; what was measured is kept as long as the oversampled slice is.

    Parameters
    ----------
    prepared : Prepared
        The exposure.
    spaxels : mapping of str to float
        Side of the cube's spaxels by band [arcsec].
    """

    def __init__(self, prepared: Prepared, spaxels: Mapping[str, float]) -> None:
        self._prepared = prepared
        self._spaxels = spaxels
        self._before: dict[int, float] = {}
        self._after: WeakKeyDictionary[OversampledSlice, float] = WeakKeyDictionary()

    def added(
        self,
        report: CorrectionReport,
        fine: Sequence[OversampledSlice],
        alpha: Callable[[OversampledSlice], np.ndarray],
    ) -> CorrectionReport:
        """Add the noise of each slice to a report.

        Parameters
        ----------
        report : CorrectionReport
            The report.
        fine : sequence of OversampledSlice
            Its slices; empty for oversampling by 1, which leaves the exposure as it is.
        alpha : callable
            Gives the alpha of a slice's pixels, in the pipeline's unit.

        Returns
        -------
        CorrectionReport
        """
        after = {one.number: one for one in fine}

        def with_noise(one: SliceReport) -> SliceReport:
            before = self._noise_before(one)
            return replace(one, noise_before=before, noise_after=self._noise_after(one, after.get(one.number), alpha))

        return replace(report, slices=tuple(with_noise(one) for one in report.slices))

    def _noise_before(self, one: SliceReport) -> float:
        if one.number not in self._before:
            self._before[one.number] = noise_before(self._prepared, one.number, self._spaxels[one.band])
        return self._before[one.number]

    def _noise_after(
        self, one: SliceReport, fine: OversampledSlice | None, alpha: Callable[[OversampledSlice], np.ndarray]
    ) -> float:
        before = self._noise_before(one)
        if fine is None or np.isnan(before):
            return before
        if fine not in self._after:
            self._after[fine] = noise_after(self._prepared, fine, alpha(fine), self._spaxels[one.band])
        return self._after[fine]


def noise_before(prepared: Prepared, number: int, spaxel: float) -> float:
    """Resampling noise of a slice on the detector's own pixels.

    Parameters
    ----------
    prepared : Prepared
        The exposure.
    number : int
        Slice number.
    spaxel : float
        Side of a spaxel of the band's cube [arcsec].

    Returns
    -------
    float
        Fraction of the flux on the trace; NaN where there is no signal.
    """
    data = prepared.slices[number]
    return _noise(data, data.flux, data.alpha, data.native_step, spaxel / prepared.exposure.coordinates.arcsec)


def noise_after(prepared: Prepared, fine: OversampledSlice, alpha: Floats, spaxel: float) -> float:
    """Resampling noise of a slice after adaptive trace modelling.

    Parameters
    ----------
    prepared : Prepared
        The exposure.
    fine : OversampledSlice
        The slice, oversampled.
    alpha : ndarray, shape (oversampled rows, columns)
        Alpha of its pixels, in the pipeline's unit.
    spaxel : float
        Side of a spaxel of the band's cube [arcsec].

    Returns
    -------
    float
        Fraction of the flux on the trace; NaN where there is no signal.
    """
    data = prepared.slices[fine.number]
    # Fits are made above a negative background, and so is the sum of the columns.
    flux = fine.sci if prepared.background.offset is None else fine.sci - prepared.background.offset
    return _noise(data, flux, alpha, data.native_step / fine.factor, spaxel / prepared.exposure.coordinates.arcsec)


def trace_values(flux: Reals, alpha: Reals, width: float, centre: float, box: float) -> Floats:
    """Mean of each column's pixels within a box along the slice, weighted by overlap.

    Parameters
    ----------
    flux, alpha : ndarray, shape (rows, columns)
        Values and positions of pixels; NaN where there is none.
    width : float
        Extent of a pixel along the slice, in alpha.
    centre, box : float
        Centre and width of the box, in alpha.

    Returns
    -------
    ndarray of float64, shape (columns,)
        NaN where pixels cover less than half of the box.
    """
    near = np.flatnonzero((np.abs(alpha - centre) < (width + box) / 2).any(axis=1))
    if not near.size:
        return np.full(flux.shape[1], np.nan)
    rows = slice(near[0], near[-1] + 1)
    flux, alpha = flux[rows], alpha[rows]
    overlap = (width + box) / 2 - np.abs(alpha - centre)
    overlap = np.where(np.isfinite(flux), np.clip(overlap, 0.0, min(width, box)), 0.0)
    overlap = np.nan_to_num(overlap)
    total = overlap.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.where(overlap > 0, overlap * flux, 0.0).sum(axis=0, dtype=float) / total
    return np.where(total >= COVERED * box, values, np.nan)


def _noise(data: SliceData, flux: Reals, alpha: Reals, width: float, box: float) -> float:
    centre = _trace(data)
    if centre is None:
        return float("nan")
    positive = data.norm[data.norm > 0]
    bright = data.norm > DIM * np.median(positive) if positive.size else np.zeros(data.norm.shape, dtype=bool)
    total = np.where(bright, data.norm, np.nan).astype(float)
    return resampling_noise(trace_values(flux, alpha, width, centre, box), total)


def _trace(data: SliceData) -> float | None:
    """Alpha of the brightest trace, in the pipeline's unit; None when nothing stands out."""
    profile = data.profile
    if not np.isfinite(profile.flux).any():
        return None
    peak = int(np.nanargmax(profile.flux))
    stands_out = profile.flux[peak] - np.nanmedian(profile.flux)
    return float(profile.alpha[peak]) if stands_out > SIGNIFICANT * profile.err[peak] else None
