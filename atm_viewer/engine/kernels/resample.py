"""Oversampling of a slice's columns, by linear interpolation and by splines (``oversample_flux``)."""

from __future__ import annotations

import numpy as np

from atm_viewer.engine.kernels.compiled import njit
from atm_viewer.engine.kernels.spline import KERNEL, evaluate
from atm_viewer.engine.kernels.trace import make_knots

_TOGETHER = 256  # columns that are read from row to row


@njit(**KERNEL)
def interpolate(at, begin, end, xs, ys, n, out):
    """`numpy.interp` at ascending points: the end values hold outside of the ascending ``xs``.

    Parameters
    ----------
    at : ndarray of float64
        Points; those from ``begin`` to before ``end`` count.
    begin, end : int
        See ``at``.
    xs, ys : ndarray of float64
        What is interpolated; the first ``n`` count.
    n : int
        See ``xs``.
    out : ndarray of float64
        Output: values, where the points are.
    """
    j = -1
    slope = 0.0
    for k in range(begin, end):
        x = at[k]
        if x <= xs[0]:
            out[k] = ys[0]
        elif x >= xs[n - 1]:
            out[k] = ys[n - 1]
        else:
            if j < 0 or xs[j + 1] <= x:
                j = max(j, 0)
                while j < n - 2 and xs[j + 1] <= x:
                    j += 1
                slope = (ys[j + 1] - ys[j]) / (xs[j + 1] - xs[j])
            out[k] = slope * (x - xs[j]) + ys[j]


@njit(**KERNEL)
def _extent(inside, column):
    """First and last row of a slice in a column; (0, -1) when it has none."""
    rows = inside.shape[0]
    first = 0
    while first < rows and not inside[first, column]:
        first += 1
    if first == rows:
        return 0, -1
    last = rows - 1
    while not inside[last, column]:
        last -= 1
    return first, last


@njit(**KERNEL)
def _parts(first, last, row0, factor):
    """First part of some rows of a cut-out and the one after their last, counted from the cut-out's (``_reindex``)."""
    begin = int(np.floor((row0 + first) * factor))
    count = int(np.ceil((row0 + last + 1) * factor - (row0 + first) * factor))
    begin -= int(np.floor(row0 * factor))
    return begin, begin + count


@njit(**KERNEL)
def oversample_errors(
    values, variance, inside, row0, factor, at, nearest, require_ngood, estimated, inflation, divisor, out, invalid
):
    """Interpolate errors along the columns of a slice, across NaN (``linear_oversample``, ``oversample_flux``).

    Parameters
    ----------
    values : ndarray of float32, shape (rows of the frame, columns)
        Errors or variances; NaN where invalid.
    variance : bool
        They are variances: what is interpolated is their root.
    inside : ndarray of bool, shape (rows, columns)
        Pixels of the slice.
    row0 : int
        First row of the cut-out in the frame.
    factor : float
        Oversampling factor.
    at, nearest : ndarray, shape (parts,)
        Positions of the parts in the frame's rows, and the nearest of these.
    require_ngood : int
        A column needs more finite pixels than this.
    estimated : ndarray of bool, shape (parts, columns)
        Pixels that the spline fills in: they have errors although the detector's pixel has none.
    inflation, divisor : float32
        What the outcome is multiplied with (its root is, for variances) and divided by.
    out : ndarray of float32, shape (parts, columns)
        Output; NaN where invalid.
    invalid : ndarray of bool, same shape
        Set where ``out`` is NaN.
    """
    rows, columns = inside.shape
    roots = np.empty((rows, columns), values.dtype)
    begins, ends = _gather(_cut(values, row0, rows), variance, inside, row0, factor, require_ngood, roots)
    for new in range(at.size):
        low, high, part = _neighbours(roots, at[new] - row0)
        fine = out[new]
        for column in range(columns):
            left = np.float64(low[column])
            error = np.float32((np.float64(high[column]) - left) * part + left)
            if variance:
                error = error * error
            fine[column] = error * inflation / divisor
    # What is NaN now may lie beside a pixel that has no error.
    for new in range(at.size):
        for column in range(columns):
            if not np.isnan(out[new, column]):
                continue
            if begins[column] <= new < ends[column] and (
                _has_error(values[nearest[new], column], variance) or estimated[new, column]
            ):
                error = np.float32(_interpolate_across(roots, column, at[new] - row0))
                if variance:
                    error = error * error
                out[new, column] = error * inflation / divisor
            else:
                invalid[new, column] = True


@njit(**KERNEL)
def _cut(values, row0, rows):
    """Copy rows of an array that lies in memory along its rows (NIRSpec) or its columns (MIRI).

    Of both, some columns at a time stay in the processor's cache. What works on the copy is compiled once.
    """
    columns = values.shape[1]
    cut = np.empty((rows, columns), values.dtype)
    for begin in range(0, columns, _TOGETHER):
        for row in range(rows):
            # Unsigned: the compiler makes vector instructions only if it knows that no index is negative.
            for column in range(np.uint64(begin), np.uint64(min(begin + _TOGETHER, columns))):
                cut[row, column] = values[row0 + row, column]
    return cut


@njit(**KERNEL)
def _gather(values, rooted, inside, row0, factor, require_ngood, good):
    """Collect the good values of a slice, or their roots, in ``good``, which is NaN elsewhere.

    Returns the first part of each column of the slice and the one after its last, counted from the cut-out's; of
    columns with too few good values there is none, and they are NaN.
    """
    rows, columns = inside.shape
    # Of as many bits as values have, so that as many are counted at a time.
    first, last, counts = np.empty((3, columns), dtype=np.int32)
    begins, ends = np.empty((2, columns), dtype=np.int64)
    for column in range(columns):
        first[column] = rows
        last[column] = -1
        counts[column] = 0
    for row in range(rows):
        for column in range(columns):
            value = np.sqrt(values[row, column]) if rooted else values[row, column]
            within = inside[row, column]
            known = within & np.isfinite(value)
            good[row, column] = value if known else np.nan
            counts[column] += np.int32(known)
            first[column] = min(first[column], np.int32(row if within else rows))
            last[column] = max(last[column], np.int32(row if within else -1))
    for column in range(columns):
        begins[column] = 0
        ends[column] = 0
        if counts[column] > require_ngood:
            begins[column], ends[column] = _parts(first[column], last[column], row0, factor)
            continue
        for row in range(rows):
            good[row, column] = np.nan
    return begins, ends


@njit(**KERNEL)
def _neighbours(values, x):
    """Rows before and after ``x``, and how far after the first one it is; that is NaN where there is none."""
    below = int(np.floor(x))
    if below < 0 or below >= values.shape[0] - 1:
        return values[0], values[0], np.nan
    return values[below], values[below + 1], x - below


@njit(**KERNEL)
def _interpolate_across(values, column, x):
    """Interpolate in a column across NaN at the row ``x``; a column's end values hold beyond them."""
    rows = values.shape[0]
    below = min(int(np.floor(x)), rows - 1)
    while below >= 0 and np.isnan(values[below, column]):
        below -= 1
    above = max(int(np.floor(x)) + 1, 0)
    while above < rows and np.isnan(values[above, column]):
        above += 1
    if below < 0:
        return np.float64(values[above, column])
    low = np.float64(values[below, column])
    if above >= rows:
        return low
    return (np.float64(values[above, column]) - low) / (above - below) * (x - below) + low


@njit(**KERNEL)
def _has_error(value, variance):
    return np.isfinite(value) and (value >= 0.0 or not variance)


@njit(**KERNEL)
def oversample_slice(
    flux,
    alpha,
    inside,
    row0,
    factor,
    at,
    nearest,
    require_ngood,
    trim_ends,
    keep_edges,
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
    factor : float
        Oversampling factor.
    at, nearest : ndarray, shape (parts,)
        Positions of the parts in the frame's rows, and the nearest of these.
    require_ngood : int
        A column needs more finite pixels than this.
    trim_ends : bool
        Drop the outermost pixels of the splines.
    keep_edges : bool
        Interpolate the outermost pixels of a column as well, with their own value outwards; else they are dropped.
    alpha_os : ndarray of float64, shape (parts, columns)
        Alpha of the parts.
    source, knots, intervals, poly, scale, bounds
        Splines, see `atm_viewer.engine.trace.trace_fit.TraceFit`.
    linear, spline, residual : ndarray of float64, shape (parts, columns)
        Outputs: interpolated flux, scaled spline, interpolated residual of the spline; the last two are only written
        where there is one.
    slopes : ndarray of float64, shape (rows, columns)
        Output: change of the normalised spline from the pixel before, 0 near the spline's ends; only written where
        it counts.
    """
    rows, columns = flux.shape
    xs = np.empty(rows)
    ys = np.empty(rows)
    changes = np.empty(rows)
    where = np.empty(rows, dtype=np.int64)
    t = np.empty(poly.shape[1] + 8)
    ends = int(factor)
    fine = np.empty(at.size)
    # Pixels without data stay without; the pipeline drops the outermost pixels.
    dropped = 0 if keep_edges else ends
    good = np.empty((rows, columns), flux.dtype)
    firsts, lasts = _gather(flux, False, inside, row0, factor, require_ngood, good)
    for new in range(at.size):
        before, after, part = _neighbours(good, at[new] - row0)
        values = linear[new]
        for column in range(columns):
            left = np.float64(before[column])
            values[column] = (np.float64(after[column]) - left) * part + left
        row = nearest[new] - row0
        for column in range(columns):
            if not firsts[column] + dropped <= new < lasts[column] - dropped:
                values[column] = np.nan
            elif np.isnan(values[column]) and 0 <= row < rows and np.isfinite(good[row, column]):
                values[column] = _interpolate_across(good, column, at[new] - row0)

    for column in range(columns):
        begin, end = firsts[column], lasts[column]
        if begin == end or source[column] < 0:
            continue
        first, last = _extent(inside, column)
        s = source[column]
        make_knots(knots[s], intervals[s], t)
        low = bounds[column, 0]
        high = bounds[column, 1]

        valid = 0
        n = 0
        previous = 0.0
        for row in range(first, last + 1):
            a = np.float64(alpha[row, column])
            if not (np.isfinite(a) and low <= a <= high):
                continue
            value = evaluate(a, t, intervals[s], poly[s])
            changes[valid] = abs(value - previous)
            where[valid] = row
            previous = value
            valid += 1
            difference = np.float32(np.float64(flux[row, column]) - value * scale[column])
            if np.isfinite(difference):
                xs[n] = row0 + row
                ys[n] = difference
                n += 1
        for k in range(ends, valid - ends):
            slopes[where[k], column] = changes[k]
        if n > 0:
            interpolate(at, begin + ends, end - ends, xs, ys, n, fine)
            for new in range(begin + ends, end - ends):
                residual[new, column] = fine[new]

        hits = 0
        for new in range(begin, end):
            a = alpha_os[new, column]
            if low <= a <= high:
                hits += 1
        hit = 0
        for new in range(begin, end):
            a = alpha_os[new, column]
            if low <= a <= high:
                if not (trim_ends and (hit < ends or hit >= hits - ends)):
                    spline[new, column] = evaluate(a, t, intervals[s], poly[s]) * scale[column]
                hit += 1


@njit(**KERNEL)
def trace_slice(alpha, source, knots, intervals, poly, scale, bounds, skip_first, skip_last, out, slopes):
    """Splines of one slice at the detector's own pixels (``_trace_image``).

    Parameters
    ----------
    alpha : ndarray, shape (rows, columns)
        Cut-out of the slice; NaN outside.
    source, knots, intervals, poly, scale, bounds
        Splines, see `atm_viewer.engine.trace.trace_fit.TraceFit`.
    skip_first, skip_last : int
        So many of a column's outermost pixels never count as steep.
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
        for k in range(skip_first, n - skip_last):
            slopes[at[k], column] = abs(values[k] - values[k - 1])


@njit(**KERNEL)
def put_slice(values, given, rotated, row, frame):
    """Put values of a slice into a frame in the detector's frame.

    numpy goes along the frame's memory and jumps in that of the values, which takes twice as long.

    Parameters
    ----------
    values : ndarray of uint32, shape (rows, columns)
        Values with the dispersion along x, whatever they are: 32 bits each.
    given : ndarray of bool, same shape
        Which of them are put.
    rotated : bool
        Whether the dispersion runs along the frame's columns (MIRI), as `numpy.rot90` turns it along x.
    row : int
        Row of the frame with the dispersion along x where the first row of the values goes.
    frame : ndarray of uint32
        Output, in the detector's frame.
    """
    rows, columns = values.shape
    last = np.uint64(frame.shape[1] - 1 - row)
    first = np.uint64(row)
    for k in range(np.uint64(rows)):
        for column in range(np.uint64(columns)):
            if not given[k, column]:
                continue
            if rotated:
                frame[column, last - k] = values[k, column]
            else:
                frame[first + k, column] = values[k, column]
