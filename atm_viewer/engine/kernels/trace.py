"""Spline fits to every column of a slice, as ``fit_2d_spline_trace`` and ``bspline_fit`` of the pipeline make them.

The window of neighbouring columns slides along the slice: its points stay sorted by alpha, points of columns that
leave are dropped and those of columns that enter are merged in.

Where the pipeline computes in single precision (knots come from float32 alpha), so do these kernels: ``single``.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from atm_viewer.engine.kernels.spline import DELICATE, KERNEL, evaluate, evaluate_sorted, fit_spline

# Fates; the numbers are those of `atm_viewer.engine.reports.Fate`.
EMPTY, TOO_FEW_POINTS, TOO_SPARSE, FITTED, REUSED = 0, 2, 3, 4, 5

_OK, _NO_FIT, _ERROR = 1, 0, -1


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
def select(a, n, k):
    """Return the k-th smallest (from 0) of the first ``n`` values; reorders them."""
    low = 0
    high = n - 1
    while low < high:
        pivot = a[(low + high) // 2]
        i = low
        j = high
        while i <= j:
            while a[i] < pivot:
                i += 1
            while a[j] > pivot:
                j -= 1
            if i <= j:
                a[i], a[j] = a[j], a[i]
                i += 1
                j -= 1
        if k <= j:
            high = j
        elif k >= i:
            low = i
        else:
            break
    return a[k]


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


@njit(**KERNEL)
def fit_window(x, y, n, breakpoints, space_ratio, sigma, iterations, single, knots, poly, used, scratch):
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
        Output, see `spline.fit_spline`.
    used : ndarray of int64, shape (>= n,)
        Output: indices of the points of the last fit.
    scratch : ndarray of float64, shape (5, >= max(n, 5 * (breakpoints + 12)))
        Work space.

    Returns
    -------
    status : int
        1 fitted, 0 no fit (gaps, or not determined), -1 too few points (an exception in the pipeline).
    intervals : int
        Number of intervals of the spline.
    count : int
        Number of points in ``used``.
    unsettled : bool
        Whether the fit depends on more than these kernels promise: on rounding and on the solver, because the
        points hardly determine the spline or do not; or on the order of equal ``x`` in the pipeline's sort,
        because one of them was dropped.
    """
    ux = scratch[0]
    uy = scratch[1]
    fitted = scratch[2]
    spacing = scratch[3]
    buffer = scratch[4]
    # The pipeline takes the first gap from zero, so the first point usually counts as isolated.
    previous = 0.0
    for i in range(n):
        spacing[i] = abs(x[i] - previous)
        previous = x[i]
    mean, rms = clipped_mean_std(spacing, n, buffer)
    limit = np.inf
    if np.isfinite(rms):
        limit = mean + 5.0 * rms
    count = 0
    unsettled = False
    for i in range(n):
        if spacing[i] <= limit:
            ux[count] = x[i]
            uy[count] = y[i]
            used[count] = i
            count += 1
        elif i < n - 1 and spacing[i + 1] == 0.0:
            unsettled = True
    if count == 0 or n < 10:
        return _ERROR, 0, 0, False
    if single:
        step = np.float32(np.float32(np.float32(ux[count - 1]) - np.float32(ux[0])) / np.float32(breakpoints))
        gap_limit = np.float64(np.float32(np.float32(space_ratio) * step))
    else:
        gap_limit = space_ratio * ((ux[count - 1] - ux[0]) / breakpoints)
    # The tenth largest gap exceeds the limit exactly when ten gaps do.
    wide = 0
    for i in range(n):
        if spacing[i] > gap_limit:
            wide += 1
    if wide >= 10:
        return _NO_FIT, 0, 0, False

    size = breakpoints + 12
    t = buffer[:size]
    work = spacing[: 5 * size].reshape(size, 5)
    original = count
    intervals = 0
    for iteration in range(iterations):
        trial = np.empty(4)
        trial_intervals = describe_knots(ux[0], ux[count - 1], breakpoints, single, trial)
        make_knots(trial, trial_intervals, t)
        stability = fit_spline(ux, uy, count, t, trial_intervals, poly, work)
        if stability == 0.0:
            break
        if stability < DELICATE:
            unsettled = True
        intervals = trial_intervals
        knots[:] = trial
        if iteration == iterations - 1:
            break
        evaluate_sorted(ux, count, t, intervals, poly, fitted)
        mean = 0.0
        for i in range(count):
            fitted[i] = uy[i] - fitted[i]
            mean += fitted[i]
        mean /= count
        square = 0.0
        for i in range(count):
            square += (fitted[i] - mean) * (fitted[i] - mean)
        rms = sigma * np.sqrt(square / count)
        kept = 0
        for i in range(count):
            if not (fitted[i] < -rms or fitted[i] > rms):
                kept += 1
        if kept < 0.8 * original or kept == count:
            break
        kept = 0
        for i in range(count):
            if not (fitted[i] < -rms or fitted[i] > rms):
                ux[kept] = ux[i]
                uy[kept] = uy[i]
                used[kept] = used[i]
                kept += 1
        count = kept
    if intervals == 0:
        return _NO_FIT, 0, 0, False
    return _OK, intervals, count, unsettled


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
def sort_columns(alpha, scaled, points_x, points_y, counts):
    """Finite points of every column, sorted by alpha (insertion: a column is nearly sorted)."""
    rows, columns = alpha.shape
    for column in range(columns):
        n = 0
        for row in range(rows):
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
def _drop_columns(x, y, c, n, start, stop):
    """Drop points of columns outside ``start <= column < stop``; returns how many are left."""
    kept = 0
    for i in range(n):
        if start <= c[i] < stop:
            x[kept] = x[i]
            y[kept] = y[i]
            c[kept] = c[i]
            kept += 1
    return kept


@njit(**KERNEL)
def _merge_column(x, y, c, n, px, py, m, column):
    """Merge the ``m`` sorted points of one column into the window, from the back."""
    i = n - 1
    j = m - 1
    k = n + m - 1
    while j >= 0:
        if i >= 0 and x[i] > px[j]:
            x[k] = x[i]
            y[k] = y[i]
            c[k] = c[i]
            i -= 1
        else:
            x[k] = px[j]
            y[k] = py[j]
            c[k] = column
            j -= 1
        k -= 1
    return n + m


@njit(**KERNEL)
def fit_columns(
    alpha,
    flux,
    scaled,
    order,
    window,
    breakpoints,
    require_ngood,
    space_ratio,
    sigma,
    iterations,
    single,
    fate,
    source,
    knots,
    intervals,
    poly,
    scale,
    bounds,
    rejected,
    unsettled,
):
    """Fit every column of a slice (``fit_2d_spline_trace``).

    Parameters
    ----------
    alpha, flux, scaled : ndarray, shape (rows, columns)
        Alpha, flux, and flux over the column's sum, of the slice's cut-out; NaN outside.
    order : ndarray of int64
        Columns in the order of fitting; the last good spline in this order is what a failed column reuses.
    window, breakpoints, require_ngood, space_ratio, sigma, iterations, single
        See `fit_window`; columns need more than ``require_ngood`` finite points of their own.
    fate, source : ndarray of int64, shape (columns,)
        Outputs: why, and the column whose spline is used (-1: none).
    knots : ndarray of float64, shape (columns, 4)
        Output, valid where ``source`` is the column itself; so are ``intervals`` and ``poly``.
    intervals : ndarray of int64, shape (columns,)
        Output.
    poly : ndarray of float64, shape (columns, >= breakpoints + 4, 4)
        Output.
    scale : ndarray of float64, shape (columns,)
        Output: see `column_scale`; NaN without a spline.
    bounds : ndarray of float64, shape (columns, 2)
        Output: range of alpha of the window; NaN without a spline.
    rejected : ndarray of int64, shape (columns,)
        Output: points of the window that the last fit left out.
    unsettled : ndarray of bool, shape (columns,)
        Output: fits to be repeated in the pipeline's own way, see `fit_window`.
    """
    rows, columns = alpha.shape
    points_x = np.empty((columns, rows))
    points_y = np.empty((columns, rows))
    counts = np.zeros(columns, dtype=np.int64)
    sort_columns(alpha, scaled, points_x, points_y, counts)
    room = min(2 * window, columns) * rows + 1
    wx = np.empty(room)
    wy = np.empty(room)
    wc = np.empty(room, dtype=np.int64)
    used = np.empty(room, dtype=np.int64)
    scratch = np.empty((5, max(room, 5 * (breakpoints + 12))))
    t = np.empty(breakpoints + 12)
    n = 0
    start = 0
    stop = 0
    saved = -1
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
        if begin > start or end < stop:
            n = _drop_columns(wx, wy, wc, n, begin, end)
        for c in range(begin, min(start, end)):
            n = _merge_column(wx, wy, wc, n, points_x[c], points_y[c], counts[c], c)
        for c in range(max(stop, begin), end):
            n = _merge_column(wx, wy, wc, n, points_x[c], points_y[c], counts[c], c)
        start = begin
        stop = end

        status, found, count, doubt = fit_window(
            wx, wy, n, breakpoints, space_ratio, sigma, iterations, single, knots[column], poly[column], used, scratch
        )
        if status == _NO_FIT and saved < 0 and breakpoints > 3:
            status, found, count, doubt = fit_window(
                wx,
                wy,
                n,
                breakpoints - 3,
                space_ratio,
                sigma,
                iterations,
                single,
                knots[column],
                poly[column],
                used,
                scratch,
            )
        if status == _OK:
            fate[column] = FITTED
            source[column] = column
            intervals[column] = found
            bounds[column, 0] = wx[0]
            bounds[column, 1] = wx[n - 1]
            rejected[column] = n - count
            unsettled[column] = doubt
            saved = column
        elif saved >= 0:
            fate[column] = REUSED
            source[column] = saved
            bounds[column] = bounds[saved]
        else:
            fate[column] = TOO_SPARSE
            continue
        make_knots(knots[saved], intervals[saved], t)
        scale[column] = column_scale(
            alpha, flux, column, bounds[column, 0], bounds[column, 1], t, intervals[saved], poly[saved], scratch
        )
        if np.isnan(scale[column]):
            # Too few points to scale the spline by; the pipeline stops with an IndexError here.
            fate[column] = TOO_FEW_POINTS
            source[column] = -1
            bounds[column] = np.nan
