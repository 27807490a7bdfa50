"""Trace models at the detector's native pixels, and how each pixel was treated."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from atm_viewer.engine.arrays import Floats, Mask, Singles
from atm_viewer.engine.io.slices import SliceData
from atm_viewer.engine.kernels import resample as kernels
from atm_viewer.engine.threads import in_threads
from atm_viewer.engine.trace.compact import NO_USE, Use, find_use, within
from atm_viewer.engine.trace.prepared import Prepared
from atm_viewer.engine.trace.trace_fit import TraceFit
from atm_viewer.engine.trace.why import NativeSlice, tell_why

DO_NOT_USE = 1


def find_slice_use(prepared: Prepared, fit: TraceFit, slopes: Floats, intervals: int) -> Use:
    """Find where the spline of a slice is used, from the slopes at its pixels; see `find_use`."""
    if not fit.has_splines:
        return NO_USE
    data, arcsec = prepared.slices[fit.number], prepared.exposure.coordinates.arcsec
    steep = data.alpha[slopes > fit.params.slope_limit]
    return find_use(fit.params, steep, data.native_step, intervals, prepared.defaults.pad, arcsec, fit.only_regions)


def native_slice(prepared: Prepared, fit: TraceFit, use: Use, factor: float, defined: Mask, used: Mask) -> NativeSlice:
    """Tell what became of a slice's own pixels; ``defined`` and ``used`` say it of the oversampled ones."""
    data = prepared.slices[fit.number]
    starts = prepared.exposure.division(factor).starts(data.row, data.flux.shape[0])
    dq = prepared.exposure.to_dispersion(prepared.exposure.dq)[data.row : data.row + data.flux.shape[0]]
    why, counts = tell_why(
        data, fit, use, prepared.defaults.oversample_ngood, (dq & DO_NOT_USE) > 0, starts, defined, used
    )
    trace, _ = _trace_values(data, fit)
    if fit.has_splines:
        trace[~_wanted(prepared, fit, use)] = np.nan
    return NativeSlice(trace, why, counts, use)


def trace_slices(prepared: Prepared, fits: Mapping[int, TraceFit]) -> dict[int, NativeSlice]:
    """Trace models at the detector's own pixels, where the spline is used (``_trace_image``).

    Parameters
    ----------
    prepared : Prepared
        The exposure.
    fits : mapping of int to TraceFit
        Trace models of its slices.

    Returns
    -------
    dict of int to NativeSlice
        By slice number; without the background's offset.
    """
    intervals = trace_intervals(fits)

    def work(number: int) -> NativeSlice:
        return trace_slice(prepared, fits[number], intervals)

    return dict(zip(prepared.slices, in_threads(work, prepared.slices), strict=True))


def trace_intervals(fits: Mapping[int, TraceFit]) -> int:
    """Spline intervals by which compact sources are found without oversampling, see `compact_intervals`.

    Here the pipeline counts those of the first spline, whether its column has data or not.
    """
    first = next((f for f in fits.values() if f.has_splines and not f.only_regions), None)
    return 0 if first is None else int(first.intervals[first.source[np.flatnonzero(first.source >= 0)[0]]])


def slice_use(prepared: Prepared, fit: TraceFit, factor: float, intervals: int) -> Use:
    """Find where the spline of a slice is used, without oversampling the slice.

    Parameters
    ----------
    prepared : Prepared
        The exposure.
    fit : TraceFit
        Trace model of the slice.
    factor : float
        Oversampling factor.
    intervals : int
        See `compact_intervals`, and `trace_intervals` for oversampling by 1.

    Returns
    -------
    Use
        The same as `oversample_slice` and `trace_slice` find.
    """
    data = prepared.slices[fit.number]
    slopes = slice_slopes(data, fit, factor)
    if factor > 1:  # columns with too few pixels are not oversampled
        slopes[:, (data.inside & np.isfinite(data.flux)).sum(axis=0) <= prepared.defaults.oversample_ngood] = 0.0
    return find_slice_use(prepared, fit, slopes, intervals)


def trace_slice(prepared: Prepared, fit: TraceFit, intervals: int) -> NativeSlice:
    """Make the trace model of one slice at its own pixels, see `trace_slices`."""
    data = prepared.slices[fit.number]
    trace, slopes = _trace_values(data, fit)
    use = find_slice_use(prepared, fit, slopes, intervals)
    wanted = _wanted(prepared, fit, use)
    defined = np.isfinite(trace)
    # Columns are not oversampled here, so none has too few pixels for it.
    dq = prepared.exposure.to_dispersion(prepared.exposure.dq)[data.row : data.row + data.flux.shape[0]]
    starts = np.arange(data.flux.shape[0] + 1)
    why, counts = tell_why(data, fit, use, -1, (dq & DO_NOT_USE) > 0, starts, defined, defined & wanted)
    trace[~wanted] = np.nan
    return NativeSlice(trace, why, counts, use)


def slice_trace(data: SliceData, fit: TraceFit) -> Singles:
    """Scaled splines at a slice's own pixels, wherever there is one; NaN elsewhere."""
    return _trace_values(data, fit)[0]


def slice_slopes(data: SliceData, fit: TraceFit, factor: float) -> Floats:
    """Slopes of the normalised splines at a slice's own pixels, as the slope limit is compared with.

    Parameters
    ----------
    data : SliceData
        The slice.
    fit : TraceFit
        Its trace model.
    factor : float
        Oversampling factor: so many pixels at either end of a spline never count as steep.

    Returns
    -------
    ndarray of float64, shape (rows, columns)
        0 where there is none that counts.
    """
    return _trace_values(data, fit, factor)[1]


def _trace_values(data: SliceData, fit: TraceFit, factor: float = 1) -> tuple[Singles, Floats]:
    """Scaled splines and normalised slopes at a slice's own pixels."""
    trace = np.full(data.alpha.shape, np.nan, dtype=np.float32)
    slopes = np.zeros(data.alpha.shape)
    # Without oversampling the outermost values are NaN, so the slope beside the first of them never counts.
    ends = (2, 1) if factor == 1 else (int(factor), int(factor))
    if fit.has_splines:
        splines = fit.source, fit.knots, fit.intervals, fit.poly, fit.scale, fit.bounds
        kernels.trace_slice(data.alpha, *splines, *ends, trace, slopes)
    return trace, slopes


def _wanted(prepared: Prepared, fit: TraceFit, use: Use) -> Mask:
    """Whether a slice's own pixels lie where its spline is used."""
    data, params = prepared.slices[fit.number], fit.params
    wanted = within(data.alpha, use.ranges)
    if params.wavelengths is not None:
        wavelength = prepared.exposure.to_dispersion(prepared.exposure.coordinates.wavelength)
        wavelength = wavelength[data.row : data.row + data.alpha.shape[0]]
        wanted &= (wavelength >= params.wavelengths[0]) & (wavelength <= params.wavelengths[1])
    return wanted
