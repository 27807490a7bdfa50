"""Spline fits to every column of a slice, as ``fit_2d_spline_trace`` and ``bspline_fit`` of the pipeline make them.

The window of neighbouring columns slides along the slice: its points stay sorted by alpha, points of columns that
leave are dropped and those of columns that enter are merged in.

Where the pipeline computes in single precision (knots come from float32 alpha), so do these kernels: ``single``.
"""

from __future__ import annotations

import numpy as np

from atm_viewer.engine.kernels.compiled import njit
from atm_viewer.engine.kernels.order import count_below, largest, select, sort_few
from atm_viewer.engine.kernels.spline import (
    DELICATE,
    FAST,
    KERNEL,
    evaluate,
    make_bases,
    solve_moments,
    subtract_spline,
    sum_moments,
    take_off,
)

# Fates; the numbers are those of `atm_viewer.engine.results.pixels.Fate`.
EMPTY, TOO_FEW_POINTS, TOO_SPARSE, FITTED, REUSED = 0, 2, 3, 4, 5

_OK, _NO_FIT, _ERROR = 1, 0, -1

_BLOCK = 64  # differences that are compared with a limit at a time
_FEW = 128  # up to so many values, sorting takes less time than selecting a few times

# What a fit depends on beyond what these kernels promise, see `fit_window`.
SETTLED, ORDER, SOLVER = 0, 1, 2


@njit(**KERNEL)
def make_knots(knots, intervals, t):
    """Write the clamped knot vector of a compact description.

    Parameters
    ----------
    knots : ndarray of float64, shape (4,)
        First knot, first inner knot, distance of inner knots, last knot.
    intervals : int
        Number of intervals.
    t : ndarray of float64
        Output, ``intervals + 7`` values.
    """
    for k in range(4):
        t[k] = knots[0]
        t[intervals + 3 + k] = knots[3]
    for k in range(intervals - 1):
        t[4 + k] = knots[1] + k * knots[2]


@njit(**KERNEL)
def describe_knots(low, high, breakpoints, single, knots):
    """Knots for points between ``low`` and ``high``; returns the number of intervals.

    ``np.arange`` of the pipeline on float32 scalars: float64 values, the step is that between the first two, the
    length comes from a float32 division.
    """
    if single:
        a = np.float32(low)
        b = np.float32(high)
        step = np.float32(np.float32(b - a) / np.float32(breakpoints))
        half = np.float32(step / np.float32(2.0))
        first = np.float32(a + half)
        last = np.float32(b - half)
        ratio = np.float64(np.float32(np.float32(last - first) / step))
        delta = np.float64(np.float32(first + step)) - np.float64(first)
        start = np.float64(first)
    else:
        step64 = (high - low) / breakpoints
        start = low + step64 / 2.0
        last64 = high - step64 / 2.0
        ratio = (last64 - start) / step64
        delta = (start + step64) - start
    knots[0] = low
    knots[1] = start
    knots[2] = delta
    knots[3] = high
    count = 0
    if ratio > 0.0:
        count = int(np.ceil(ratio))
    return count + 1


@njit(**KERNEL)
def clipped_mean_std(values, n, buffer):
    """Mean and standard deviation after sigma clipping: `astropy.stats.sigma_clipped_stats` with its defaults.

    Clips at 3 sigma about the median, at most five times; the final bounds apply to all values.
    """
    if n == 0:
        return np.nan, np.nan
    count = n
    for i in range(n):
        buffer[i] = values[i]
    low = -np.inf
    high = np.inf
    for _ in range(5):
        mean = 0.0
        for i in range(count):
            mean += buffer[i]
        mean /= count
        if count % 2 == 0:
            centre = 0.5 * (select(buffer, count, count // 2) + select(buffer, count, count // 2 - 1))
        else:
            centre = select(buffer, count, (count - 1) // 2)
        square = 0.0
        for i in range(count):
            square += (buffer[i] - mean) * (buffer[i] - mean)
        sigma = np.sqrt(square / count)
        low = centre - 3.0 * sigma
        high = centre + 3.0 * sigma
        kept = 0
        for i in range(count):
            value = buffer[i]
            if low <= value <= high:
                buffer[kept] = value
                kept += 1
        if kept == count or kept == 0:
            break
        count = kept
    mean = 0.0
    count = 0
    for i in range(n):
        if low <= values[i] <= high:
            mean += values[i]
            count += 1
    if count == 0:
        return np.nan, np.nan
    mean /= count
    square = 0.0
    for i in range(n):
        if low <= values[i] <= high:
            square += (values[i] - mean) * (values[i] - mean)
    return mean, np.sqrt(square / count)


@njit(**FAST)
def _clipped_sums(values, n, low, high, pivot):
    """Count values within bounds and below them, and take sums of first and second power of value minus pivot."""
    count = 0.0
    below = 0.0
    total = 0.0
    square = 0.0
    for i in range(n):
        d = values[i] - pivot
        inside = 1.0 if low <= values[i] <= high else 0.0
        below += 1.0 if values[i] < low else 0.0
        count += inside
        total += d * inside
        square += d * d * inside
    return count, below, total, square


@njit(**KERNEL)
def _sift(values, n, low, high, cut, band, large):
    """Values within bounds, in ``band``, and indices of those above ``cut``, in ``large``.

    Returns the number of values below the bounds, and those of both outputs.
    """
    count = np.uint64(0)
    above = np.uint64(0)
    for i in range(n):
        value = values[i]
        band[count] = value
        large[above] = i
        count += np.uint64(low <= value <= high)
        above += np.uint64(value > cut)
    return count_below(values, n, low), np.int64(count), np.int64(above)


@njit(**FAST)
def _sums_of_listed(values, listed, n, high, pivot):
    """Do as `_clipped_sums` for listed values, with an upper bound alone; none is below."""
    count = 0.0
    total = 0.0
    square = 0.0
    for j in range(n):
        value = values[listed[j]]
        d = value - pivot
        inside = 1.0 if value <= high else 0.0
        count += inside
        total += d * inside
        square += d * d * inside
    return count, total, square


@njit(**KERNEL)
def clipped_mean_std_near(values, n, near, buffer, large):
    """Do as `clipped_mean_std`, faster, for values that resemble those of the call before.

    Medians are looked for in a narrow band about where they would be if they went on as from the call before last to
    the call before. Where clipping cuts at the upper end alone, its bounds are among the large values, of which there
    are few.

    Parameters
    ----------
    values : ndarray of float64
        The first ``n`` are used; none is NaN or negative.
    n : int
        Number of values, at least 1.
    near : ndarray of float64, shape (6,)
        Lowest and highest median met by the call before, width of the band on both sides of them, what large values
        exceed, the median of all values, and how far it moved; all 0 at first. Updated.
    buffer : ndarray of float64, shape (>= n,)
        Scratch.
    large : ndarray of int64, shape (>= n,)
        Output: indices of the large values, ascending.

    Returns
    -------
    mean, std : float
    above : int
        Number of large values.
    cut : float
        What they exceed.
    """
    width = near[2] if near[4] > 0.0 else np.inf
    cut = near[3]
    expected_lowest = near[0] + near[5]
    expected_highest = near[1] + near[5]
    before, size, above = _sift(values, n, expected_lowest - width, expected_highest + width, cut, buffer, large)
    pivot = near[4]
    low = -np.inf
    high = np.inf
    centre = median = 0.0
    lowest = np.inf
    highest = -np.inf
    few, _, few_total, few_square = _clipped_sums(values, n, low, cut, pivot)
    count, total, square = _sums_of_listed(values, large, above, high, pivot)
    count += few
    total += few_total
    square += few_square
    below = 0.0
    ordered = False
    for _ in range(5):
        # Clipping cuts at both ends only, so these are order statistics of all values.
        second = int(below) + int(count) // 2
        first = second - 1 if int(count) % 2 == 0 else second
        while size < n and width < np.inf and (first < before or second >= before + size):
            width *= 8.0
            before, size, above = _sift(
                values, n, expected_lowest - width, expected_highest + width, cut, buffer, large
            )
            ordered = False
        if not ordered and size <= _FEW and 2 * size <= n:
            sort_few(buffer, size)
            ordered = True
        if ordered:
            centre = 0.5 * (buffer[size + first - before] + buffer[size + second - before])
        else:
            centre = select(buffer, size, second - before)
            if first < second:
                centre = 0.5 * (centre + largest(buffer, second - before))
        if np.isinf(low):
            median = centre
        lowest = min(lowest, centre)
        highest = max(highest, centre)
        mean = total / count
        sigma = np.sqrt(max(square / count - mean * mean, 0.0))
        low = centre - 3.0 * sigma
        high = centre + 3.0 * sigma
        previous = count
        if low > 0.0 or high < cut:
            count, below, total, square = _clipped_sums(values, n, low, high, pivot)
        else:
            count, total, square = _sums_of_listed(values, large, above, high, pivot)
            count += few
            total += few_total
            square += few_square
            below = 0.0
        if count == previous or count == 0.0:
            break
    if near[4] > 0.0:
        near[5] = median - near[4]
        missed = max(expected_lowest - lowest, highest - expected_highest)
        near[2] = max(near[2] * (0.7 if size > 64 else 1.4 if size < 32 else 1.0), 2.0 * missed)
        # Some calls clip once more than others: that is not forgotten at once.
        near[0] = min(lowest, expected_lowest + 0.1 * (lowest - expected_lowest))
        near[1] = max(highest, expected_highest + 0.1 * (highest - expected_highest))
    else:
        near[0] = lowest
        near[1] = highest
        near[2] = 0.1 * median
    near[3] = centre + 0.9 * (high - centre)
    near[4] = median
    if count == 0.0:
        return np.nan, np.nan, above, cut
    mean = total / count
    return mean + pivot, np.sqrt(max(square / count - mean * mean, 0.0)), above, cut


@njit(**FAST)
def _gaps(x, n, spacing):
    """Distances of sorted points; the pipeline takes the first from zero, so the first point often seems isolated."""
    spacing[0] = abs(x[0])
    for i in range(1, n):
        spacing[i] = abs(x[i] - x[i - 1])


@njit(**KERNEL)
def _gap_limit(low, high, breakpoints, space_ratio, single):
    if single:
        step = np.float32(np.float32(np.float32(high) - np.float32(low)) / np.float32(breakpoints))
        return np.float64(np.float32(np.float32(space_ratio) * step))
    return space_ratio * ((high - low) / breakpoints)


@njit(**KERNEL)
def make_scratch(room, breakpoints):
    """Work space of `fit_window` for up to ``room`` points and ``breakpoints`` intervals.

    Returns
    -------
    tuple of ndarray
        Marks of points that count, differences, gaps; indices; starts and moments of intervals; bases; band matrix;
        knots; what `clipped_mean_std_near` keeps.
    """
    size = breakpoints + 12
    return (
        np.empty(room),
        np.empty(room),
        np.empty(room),
        np.empty(room, dtype=np.int64),
        np.empty(size, dtype=np.int64),
        np.empty((11, size)),
        np.empty((size, 4, 4)),
        np.empty((5, size)),
        np.empty(size),
        np.zeros(6),
    )


@njit(**FAST)
def _any_beyond(difference, begin, far):
    found = False
    for i in range(np.uint64(_BLOCK)):
        found |= abs(difference[begin + i]) > far
    return found


@njit(**KERNEL)
def _list_beyond(difference, n, far, listed):
    """Write the indices of differences further from 0 than ``far``; returns their number."""
    count = np.uint64(0)
    blocks = np.uint64(n // _BLOCK)
    size = np.uint64(_BLOCK)
    for k in range(blocks + np.uint64(1)):
        begin = k * size
        # Most blocks have none, which takes few vector instructions to see.
        if k == blocks or _any_beyond(difference, begin, far):
            for i in range(begin, min(begin + size, np.uint64(n))):
                listed[count] = i
                count += np.uint64(abs(difference[i]) > far)
    return np.int64(count)


@njit(**KERNEL)
def _outermost(alive, begin, end):
    """Find the first of the points from ``begin`` to ``end`` that counts, and the one after the last."""
    while alive[begin] == 0.0:
        begin += 1
    while alive[end - 1] == 0.0:
        end -= 1
    return begin, end


@njit(**KERNEL)
def _list_dead(alive, begin, end, listed):
    """Write which points from ``begin`` to ``end`` do not count, counted from ``begin``; returns their number."""
    count = np.uint64(0)
    for i in range(end - begin):
        listed[count] = i
        count += np.uint64(alive[begin + i] == 0.0)
    return np.int64(count)


@njit(**KERNEL)
def _shift(listed, n, begin, end):
    """Keep the indices from ``begin`` to ``end``, counted from ``begin``; returns their number."""
    count = 0
    for j in range(n):
        i = listed[j]
        if begin <= i < end:
            listed[count] = i - begin
            count += 1
    return count


@njit(**KERNEL)
def _list_isolated(spacing, n, near, difference, isolated):
    """Write the indices of points whose gap is far larger than most; returns their number."""
    mean, rms, count, cut = clipped_mean_std_near(spacing, n, near, difference, isolated)
    if not np.isfinite(rms):
        return 0
    limit = mean + 5.0 * rms
    if limit < cut:
        return _list_beyond(spacing, n, limit, isolated)
    listed = 0
    for j in range(count):
        isolated[listed] = isolated[j]
        listed += spacing[isolated[j]] > limit
    return listed


@njit(**KERNEL)
def fit_window(x, y, n, breakpoints, space_ratio, sigma, iterations, single, knots, poly, scratch):
    """Fit one window of points with rejection (``bspline_fit``).

    Parameters
    ----------
    x, y : ndarray of float64
        Points sorted by ``x``; the first ``n`` are used.
    n : int
        Number of points.
    breakpoints : int
        Number of intervals the range is divided into.
    space_ratio : float
        No fit where the tenth largest gap exceeds this times the knot spacing.
    sigma : float
        Rejection limit.
    iterations : int
        Maximum number of fits.
    single : bool
        Whether alpha is float32 in the pipeline.
    knots : ndarray of float64, shape (4,)
        Output, see `make_knots`.
    poly : ndarray of float64, shape (>= breakpoints + 4, 4)
        Output: the spline.
    scratch : tuple of ndarray
        See `make_scratch`; use the same for windows that follow one another. Afterwards points that count have the mark
        1, others 0.

    Returns
    -------
    status : int
        1 fitted, 0 no fit (gaps, or not determined), -1 too few points (an exception in the pipeline).
    intervals : int
        Number of intervals of the spline.
    count : int
        Number of points of the last fit.
    doubt : int
        Whether the fit depends on more than these kernels promise: `SOLVER`, on rounding and on the solver, because
        the points hardly determine the spline or do not (there is no spline then); `ORDER`, on the order of equal
        ``x`` in the pipeline's sort, because one of them was dropped.
    """
    if n < 10:
        return _ERROR, 0, 0, SETTLED
    alive, difference, spacing, listed, starts, moments, bases, work, t, near = scratch
    _gaps(x, n, spacing)
    # The tenth largest gap exceeds the limit exactly when ten gaps do; isolated points can only lower the limit.
    gap_limit = _gap_limit(x[0], x[n - 1], breakpoints, space_ratio, single)
    if n - count_below(spacing, n, np.nextafter(gap_limit, np.inf)) >= 10:
        return _NO_FIT, 0, 0, SETTLED
    drop = _list_isolated(spacing, n, near, difference, listed)
    if drop == n:
        return _ERROR, 0, 0, SETTLED
    count = n - drop
    alive[:n] = 1.0
    doubt = SETTLED
    for j in range(drop):
        i = listed[j]
        alive[i] = 0.0
        if i < n - 1 and spacing[i + 1] == 0.0:
            doubt = ORDER
    begin, end = _outermost(alive, 0, n)
    gap_limit = _gap_limit(x[begin], x[end - 1], breakpoints, space_ratio, single)
    if n - count_below(spacing, n, np.nextafter(gap_limit, np.inf)) >= 10 or count < 4:
        return _NO_FIT, 0, 0, SETTLED

    original = count
    intervals = 0
    for iteration in range(iterations):
        if iteration == 0 or alive[begin] == 0.0 or alive[end - 1] == 0.0:
            # Knots follow the outermost points.
            begin, end = _outermost(alive, begin, end)
            xs, ys = x[begin:end], y[begin:end]
            intervals = describe_knots(x[begin], x[end - 1], breakpoints, single, knots)
            make_knots(knots, intervals, t)
            make_bases(t, intervals, bases)
            sum_moments(xs, ys, end - begin, t, intervals, starts, moments)
            if iteration == 0:
                drop = _shift(listed, drop, begin, end)
            else:
                drop = _list_dead(alive, begin, end, listed) if count < end - begin else 0
        take_off(xs, ys, listed, drop, t, starts, moments)
        if solve_moments(moments, bases, intervals, poly, work) < DELICATE:
            return _OK, intervals, count, SOLVER
        if iteration == iterations - 1:
            break
        total, square = subtract_spline(xs, ys, alive[begin:end], t, intervals, starts, poly, difference)
        mean = total / count
        far = sigma * np.sqrt(max(square / count - mean * mean, 0.0))
        drop = _list_beyond(difference, end - begin, far, listed)
        if count - drop < 0.8 * original or drop == 0:
            break
        for j in range(drop):
            alive[begin + listed[j]] = 0.0
        count -= drop
        if count < 4:
            break
    return _OK, intervals, count, doubt


@njit(**KERNEL)
def column_scale(alpha, flux, column, low, high, t, intervals, poly, scratch):
    """Factor between a normalised spline and a column's flux: mean ratio weighted by the model.

    ``_get_weights_for_fit_scale`` of the pipeline: points where ratio or model are negative, and points more than
    2 sigma from the mean ratio of the five brightest, get no weight. NaN with fewer than five points.
    """
    ratio = scratch[0]
    weight = scratch[1]
    chosen = scratch[2]
    buffer = scratch[3]
    n = 0
    for row in range(alpha.shape[0]):
        a = np.float64(alpha[row, column])
        if np.isfinite(a) and low <= a <= high:
            model = evaluate(a, t, intervals, poly)
            ratio[n] = np.float64(flux[row, column]) / model
            weight[n] = model
            if not np.isfinite(ratio[n]) or ratio[n] < 0 or model < 0:
                weight[n] = 0.0
            buffer[n] = weight[n]
            n += 1
    if n < 5:
        return np.nan
    fifth = select(buffer, n, n - 5)
    count = 0
    for i in range(n):
        if weight[i] >= fifth and np.isfinite(ratio[i]):
            chosen[count] = ratio[i]
            count += 1
    mean, rms = clipped_mean_std(chosen, count, buffer)
    total = 0.0
    for i in range(n):
        if abs(mean - ratio[i]) > 2.0 * rms:
            weight[i] = 0.0
        total += weight[i]
    if total == 0.0:
        return 0.0
    scale = 0.0
    for i in range(n):
        if weight[i] > 0.0:
            scale += ratio[i] * (weight[i] / total)
    return scale


@njit(**KERNEL)
def sort_columns(alpha, scaled, begin, end, points_x, points_y, counts):
    """Finite points of columns ``begin`` to before ``end``, sorted by alpha (insertion: a column is nearly sorted)."""
    for column in range(begin, end):
        n = 0
        for row in range(alpha.shape[0]):
            x = np.float64(alpha[row, column])
            y = np.float64(scaled[row, column])
            if np.isfinite(x) and np.isfinite(y):
                k = n
                while k > 0 and points_x[column, k - 1] > x:
                    points_x[column, k] = points_x[column, k - 1]
                    points_y[column, k] = points_y[column, k - 1]
                    k -= 1
                points_x[column, k] = x
                points_y[column, k] = y
                n += 1
        counts[column] = n


@njit(**KERNEL)
def exchange(x, y, n, old_x, old_y, olds, new_x, new_y, news, to_x, to_y):
    """Copy a window without the points of one column and with those of another.

    Parameters
    ----------
    x, y : ndarray of float64
        Points of the window, sorted by ``x``; the first ``n`` count.
    n : int
        Their number.
    old_x, old_y : ndarray of float64
        Points to leave out, in the same order as in the window; the first ``olds`` count.
    olds : int
        Their number.
    new_x, new_y : ndarray of float64
        Points to put in, sorted by ``x``: behind those of the same ``x``; the first ``news`` count.
    news : int
        Their number.
    to_x, to_y : ndarray of float64
        Output.

    Returns
    -------
    int
        Number of points in the output.
    """
    i = k = np.uint64(0)
    one = np.uint64(1)
    end = np.uint64(n)
    old = new = 0
    while old < olds or new < news:
        if old < olds and (new == news or old_x[old] <= new_x[new]):
            while i < end and (x[i] != old_x[old] or y[i] != old_y[old]):
                to_x[k] = x[i]
                to_y[k] = y[i]
                i += one
                k += one
            i += one
            old += 1
        else:
            while i < end and x[i] <= new_x[new]:
                to_x[k] = x[i]
                to_y[k] = y[i]
                i += one
                k += one
            to_x[k] = new_x[new]
            to_y[k] = new_y[new]
            k += one
            new += 1
    for j in range(i, end):
        to_x[k] = x[j]
        to_y[k] = y[j]
        k += one
    return np.int64(k)


@njit(**KERNEL)
def fit_columns(
    alpha,
    flux,
    scaled,
    order,
    first,
    window,
    breakpoints,
    require_ngood,
    space_ratio,
    sigma,
    iterations,
    single,
    fate,
    knots,
    intervals,
    poly,
    bounds,
    rejected,
    unsettled,
):
    """Fit columns of a slice (``fit_2d_spline_trace``), each from its own window; `assign_splines` is the rest of it.

    Parameters
    ----------
    alpha, flux, scaled : ndarray, shape (rows, columns)
        Alpha, flux, and flux over the column's sum, of the slice's cut-out; NaN outside.
    order : ndarray of int64
        The columns to fit, each next to the one before it but for few.
    first : bool
        Whether no column of the slice was fitted yet: then a column that can't be is tried with fewer breakpoints.
    window, breakpoints, require_ngood, space_ratio, sigma, iterations, single
        See `fit_window`; columns need more than ``require_ngood`` finite points of their own.
    fate : ndarray of int64, shape (columns,)
        Output: too few points or empty, too sparse, or fitted; only written for the columns in ``order``, as are
        all outputs.
    knots : ndarray of float64, shape (columns, 4)
        Output, valid for fitted columns; so are the following.
    intervals : ndarray of int64, shape (columns,)
        Output.
    poly : ndarray of float64, shape (columns, >= breakpoints + 4, 4)
        Output.
    bounds : ndarray of float64, shape (columns, 2)
        Output: range of alpha of the window.
    rejected : ndarray of int64, shape (columns,)
        Output: points of the window that the last fit left out.
    unsettled : ndarray of bool, shape (columns,)
        Output: fits to be repeated in the pipeline's own way, see `fit_window`.
    """
    rows, columns = alpha.shape
    if order.size == 0:
        return
    points_x = np.empty((columns, rows))
    points_y = np.empty((columns, rows))
    counts = np.empty(columns, dtype=np.int64)  # of those columns alone that windows reach
    low = high = order[0]
    for column in order:
        low = min(low, column)
        high = max(high, column)
    sort_columns(alpha, scaled, max(low - window, 0), min(high + window, columns), points_x, points_y, counts)
    room = min(2 * window, columns) * rows + rows
    x = np.empty(room)
    y = np.empty(room)
    to_x = np.empty(room)
    to_y = np.empty(room)
    scratch = make_scratch(room, breakpoints)
    n = 0
    start = 0
    stop = 0
    for column in order:
        good = 0
        for row in range(rows):
            if np.isfinite(flux[row, column]) and np.isfinite(alpha[row, column]):
                good += 1
        if good <= require_ngood:
            fate[column] = TOO_FEW_POINTS if good > 0 else EMPTY
            continue
        begin = max(column - window, 0)
        end = min(column + window, columns)
        if begin >= stop or end <= start:
            n = 0
            start = stop = begin
        while start < begin or stop < end:
            olds = counts[start] if start < begin else 0
            enters = min(stop, columns - 1)
            news = counts[stop] if stop < end else 0
            n = exchange(
                x, y, n, points_x[start], points_y[start], olds, points_x[enters], points_y[enters], news, to_x, to_y
            )
            x, y, to_x, to_y = to_x, to_y, x, y
            start += start < begin
            stop += stop < end
        while start > begin or stop > end:
            olds = counts[stop - 1] if stop > end else 0
            enters = max(start - 1, 0)
            news = counts[enters] if start > begin else 0
            n = exchange(
                x,
                y,
                n,
                points_x[stop - 1],
                points_y[stop - 1],
                olds,
                points_x[enters],
                points_y[enters],
                news,
                to_x,
                to_y,
            )
            x, y, to_x, to_y = to_x, to_y, x, y
            start -= start > begin
            stop -= stop > end

        for tried in (breakpoints, breakpoints - 3):
            status, found, count, doubt = fit_window(
                x, y, n, tried, space_ratio, sigma, iterations, single, knots[column], poly[column], scratch
            )
            if status != _NO_FIT or not first or breakpoints <= 3:
                break
        if status != _OK:
            fate[column] = TOO_SPARSE
            continue
        fate[column] = FITTED
        intervals[column] = found
        bounds[column, 0] = x[0]
        bounds[column, 1] = x[n - 1]
        rejected[column] = n - count
        unsettled[column] = doubt != SETTLED
        first = False


@njit(**KERNEL)
def assign_splines(alpha, flux, order, fate, knots, intervals, poly, bounds, source, scale):
    """Give columns that could not be fitted the spline of the last that could, and scale all splines to their columns.

    Parameters
    ----------
    alpha, flux : ndarray, shape (rows, columns)
        Alpha and flux of the slice's cut-out; NaN outside.
    order : ndarray of int64
        All columns, in the order in which the pipeline fits them.
    fate : ndarray of int64, shape (columns,)
        As `fit_columns` leaves it; reused where another column's spline is.
    knots, intervals, poly
        Splines of the fitted columns.
    bounds : ndarray of float64, shape (columns, 2)
        Range of alpha of the fitted columns' windows; output for the others, NaN without a spline.
    source : ndarray of int64, shape (columns,)
        Output: column whose spline is used; only written where there is one.
    scale : ndarray of float64, shape (columns,)
        Output: see `column_scale`; only written where there is a spline.
    """
    own = np.empty((4, alpha.shape[0]))
    t = np.empty(poly.shape[1] + 8)
    saved = -1
    for column in order:
        if fate[column] == FITTED:
            saved = column
        elif fate[column] == TOO_SPARSE and saved >= 0:
            fate[column] = REUSED
            bounds[column, 0] = bounds[saved, 0]
            bounds[column, 1] = bounds[saved, 1]
        else:
            continue
        source[column] = saved
        make_knots(knots[saved], intervals[saved], t)
        low = bounds[column, 0]
        high = bounds[column, 1]
        scale[column] = column_scale(alpha, flux, column, low, high, t, intervals[saved], poly[saved], own)
        if np.isnan(scale[column]):
            # Too few points to scale the spline by; the pipeline stops with an IndexError here.
            fate[column] = TOO_FEW_POINTS
            source[column] = -1
            bounds[column] = np.nan
