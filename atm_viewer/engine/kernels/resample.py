"""Oversampling of a slice's columns, by linear interpolation and by splines (``oversample_flux``)."""

from __future__ import annotations

import numpy as np
from numba import njit

from atm_viewer.engine.kernels.spline import KERNEL, evaluate
from atm_viewer.engine.kernels.trace import make_knots


@njit(**KERNEL)
def interpolate(x, xs, ys, n):
    """`numpy.interp` at one point: the end values hold outside of the ascending ``xs``."""
    if x <= xs[0]:
        return ys[0]
    if x >= xs[n - 1]:
        return ys[n - 1]
    j = min(max(int(x - xs[0]), 0), n - 2)
    while j > 0 and xs[j] > x:
        j -= 1
    while j < n - 2 and xs[j + 1] <= x:
        j += 1
    slope = (ys[j + 1] - ys[j]) / (xs[j + 1] - xs[j])
    return slope * (x - xs[j]) + ys[j]


@njit(**KERNEL)
def _extent(inside, column):
    """First and last row of a slice in a column; (0, -1) when it has none."""
    first = 0
    last = -1
    for row in range(inside.shape[0]):
        if inside[row, column]:
            if last < 0:
                first = row
            last = row
    return first, last


@njit(**KERNEL)
def oversample_values(values, inside, row0, factor, require_ngood, out):
    """Interpolate an error-like array along the columns of a slice, across NaN (``linear_oversample``).

    Parameters
    ----------
    values : ndarray, shape (rows, columns)
        Cut-out; NaN where invalid.
    inside : ndarray of bool, shape (rows, columns)
        Pixels of the slice.
    row0 : int
        First row of the cut-out in the frame.
    factor : int
        Oversampling factor.
    require_ngood : int
        A column needs more finite pixels than this.
    out : ndarray of float32, shape (factor * rows, columns)
        Output; written only where the slice is.
    """
    rows, columns = values.shape
    xs = np.empty(rows)
    ys = np.empty(rows)
    shift = (factor - 1) / (factor * 2.0)
    for column in range(columns):
        n = 0
        for row in range(rows):
            if inside[row, column] and np.isfinite(values[row, column]):
                xs[n] = row0 + row
                ys[n] = values[row, column]
                n += 1
        if n <= require_ngood:
            continue
        first, last = _extent(inside, column)
        for new in range(first * factor, (last + 1) * factor):
            out[new, column] = interpolate((new + row0 * factor) / factor - shift, xs, ys, n)


@njit(**KERNEL)
def oversample_slice(
    flux,
    alpha,
    inside,
    row0,
    factor,
    require_ngood,
    trim_ends,
    alpha_os,
    source,
    knots,
    intervals,
    poly,
    scale,
    bounds,
    linear,
    spline,
    residual,
    reached,
    slopes,
):
    """Oversample the columns of one slice.

    Parameters
    ----------
    flux, alpha : ndarray, shape (rows, columns)
        Cut-outs of the slice; NaN where invalid.
    inside : ndarray of bool, shape (rows, columns)
        Pixels of the slice.
    row0 : int
        First row of the cut-out in the frame.
    factor : int
        Oversampling factor.
    require_ngood : int
        A column needs more finite pixels than this.
    trim_ends : bool
        Drop the outermost pixels of the splines.
    alpha_os : ndarray of float64, shape (factor * rows, columns)
        Alpha of the oversampled pixels.
    source, knots, intervals, poly, scale, bounds
        Splines, see `atm_viewer.engine.trace_fit.TraceFit`.
    linear, spline, residual : ndarray of float64, shape (factor * rows, columns)
        Outputs: interpolated flux, scaled spline, interpolated residual of the spline; only written where there
        is one.
    reached : ndarray of float64, shape (factor * rows, columns)
        Output: alpha within the spline's bounds, else NaN.
    slopes : ndarray of float64, shape (rows, columns)
        Output: change of the normalised spline from the pixel before, 0 near the spline's ends; only written where
        it counts.
    """
    rows, columns = flux.shape
    xs = np.empty(rows)
    ys = np.empty(rows)
    changes = np.empty(rows)
    at = np.empty(rows, dtype=np.int64)
    t = np.empty(poly.shape[1] + 8)
    shift = (factor - 1) / (factor * 2.0)
    for column in range(columns):
        n = 0
        for row in range(rows):
            if inside[row, column] and np.isfinite(flux[row, column]):
                xs[n] = row0 + row
                ys[n] = flux[row, column]
                n += 1
        if n <= require_ngood:
            continue
        first, last = _extent(inside, column)
        begin = first * factor
        end = (last + 1) * factor
        # The outermost pixels are dropped, and pixels without data stay without.
        for new in range(begin + factor, end - factor):
            row = new // factor
            if inside[row, column] and np.isfinite(flux[row, column]):
                linear[new, column] = interpolate((new + row0 * factor) / factor - shift, xs, ys, n)

        if source[column] < 0:
            continue
        s = source[column]
        make_knots(knots[s], intervals[s], t)
        low = bounds[column, 0]
        high = bounds[column, 1]

        valid = 0
        n = 0
        previous = 0.0
        for row in range(rows):
            a = np.float64(alpha[row, column])
            if not (np.isfinite(a) and low <= a <= high):
                continue
            value = evaluate(a, t, intervals[s], poly[s])
            changes[valid] = abs(value - previous)
            at[valid] = row
            previous = value
            valid += 1
            difference = np.float32(np.float64(flux[row, column]) - value * scale[column])
            if np.isfinite(difference):
                xs[n] = row0 + row
                ys[n] = difference
                n += 1
        for k in range(factor, valid - factor):
            slopes[at[k], column] = changes[k]
        if n > 0:
            for new in range(begin + factor, end - factor):
                residual[new, column] = interpolate((new + row0 * factor) / factor - shift, xs, ys, n)

        hits = 0
        for new in range(begin, end):
            a = alpha_os[new, column]
            if low <= a <= high:
                hits += 1
        hit = 0
        for new in range(begin, end):
            a = alpha_os[new, column]
            if low <= a <= high:
                reached[new, column] = a
                if not (trim_ends and (hit < factor or hit >= hits - factor)):
                    spline[new, column] = evaluate(a, t, intervals[s], poly[s]) * scale[column]
                hit += 1


@njit(**KERNEL)
def trace_slice(alpha, source, knots, intervals, poly, scale, bounds, out, slopes):
    """Splines of one slice at the detector's own pixels (``_trace_image``).

    Parameters
    ----------
    alpha : ndarray, shape (rows, columns)
        Cut-out of the slice; NaN outside.
    source, knots, intervals, poly, scale, bounds
        Splines, see `atm_viewer.engine.trace_fit.TraceFit`.
    out : ndarray of float32, shape (rows, columns)
        Output: scaled splines without their outermost pixels; NaN elsewhere.
    slopes : ndarray of float64, shape (rows, columns)
        Output: change of the normalised spline from the pixel before; only written where it counts.
    """
    rows, columns = alpha.shape
    t = np.empty(poly.shape[1] + 8)
    values = np.empty(rows)
    at = np.empty(rows, dtype=np.int64)
    for column in range(columns):
        s = source[column]
        if s < 0:
            continue
        make_knots(knots[s], intervals[s], t)
        n = 0
        for row in range(rows):
            a = np.float64(alpha[row, column])
            if np.isfinite(a) and bounds[column, 0] <= a <= bounds[column, 1]:
                values[n] = evaluate(a, t, intervals[s], poly[s])
                at[n] = row
                n += 1
        for k in range(1, n - 1):
            out[at[k], column] = scale[column] * values[k]
            # The outermost values are NaN in the pipeline, so the slope next to them is never steep.
            if k > 1:
                slopes[at[k], column] = abs(values[k] - values[k - 1])
