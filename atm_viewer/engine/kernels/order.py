"""Order statistics, which compile in a tenth of the time of numba's own, and medians of values in bins.

For the same reason there are loops here, and in other kernels, where numpy has a function.
"""

from __future__ import annotations

import numpy as np

from atm_viewer.engine.kernels.compiled import njit
from atm_viewer.engine.kernels.spline import FAST, KERNEL

_SAMPLE = 64  # values from among which those about a median are taken
_MARGIN = 9  # so far from the middle of a sample; a median is beyond these in 2 of 100 cases


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
def largest(a, n):
    """Largest of the first ``n`` values; after ``select(a, size, n)`` that is the n-th smallest, counted from 1."""
    found = a[0]
    for i in range(1, n):
        found = max(found, a[i])
    return found


@njit(**FAST)
def count_below(a, n, limit):
    """Count those of the first ``n`` values that are less than a limit."""
    count = 0
    for i in range(n):
        count += 1 if a[i] < limit else 0
    return count


@njit(**KERNEL)
def sort_few(a, n):
    """Sort the first ``n`` values into the ``n`` after them: some dozens, each counted to its place, none NaN."""
    for i in range(n, 2 * n):
        a[i] = np.nan
    for i in range(n):
        a[n + count_below(a, n, a[i])] = a[i]
    for i in range(n + 1, 2 * n):
        if np.isnan(a[i]):  # equal values share the first of their places
            a[i] = a[i - 1]


@njit(**KERNEL)
def median(a):
    """Return the median of some values, of which none is NaN and one there must be (`numpy.median`); reorders them."""
    n = a.size
    middle = n // 2
    if n >= 4 * _SAMPLE:
        # Few of many values lie between two of a sample's that enclose its middle; those below need only be counted.
        near = np.empty(n, a.dtype)
        for k in range(_SAMPLE):
            near[k] = a[k * (n // _SAMPLE)]
        sort_few(near, _SAMPLE)
        low = near[_SAMPLE + _SAMPLE // 2 - _MARGIN]
        high = near[_SAMPLE + _SAMPLE // 2 + _MARGIN]
        size = np.uint64(0)
        for k in range(n):
            value = a[k]
            near[size] = value
            size += np.uint64(low <= value <= high)
        place = middle - count_below(a, n, low)
        if 1 <= place < np.int64(size):
            above = select(near, np.int64(size), place)
            return above if n % 2 else (largest(near, place) + above) / 2
    above = select(a, n, middle)
    return above if n % 2 else (largest(a, middle) + above) / 2


@njit(**KERNEL)
def bin_medians(points, first, second, low, high, step, medians):
    """Medians of two values and of their ratio in bins of positions.

    Parameters
    ----------
    points : ndarray, shape (n,)
        Positions.
    first, second : ndarray, shape (n,)
        Finite values; points whose ratio is not finite count for none of the medians.
    low, high : ndarray of float64, shape (m,)
        Edges of the bins, ascending; ``low`` belongs to a bin and ``high`` does not.
    step : float
        Distance of the bins.
    medians : ndarray of float64, shape (3, m)
        Output; NaN in empty bins.
    """
    n, m = points.size, low.size
    if m == 0:
        return
    starts = np.empty(m + 1, dtype=np.int64)
    for k in range(m + 1):
        starts[k] = 0
    # Edges are rounded, so that a point can lie in two bins or in none: both neighbours are asked.
    bins = np.empty((n, 2), dtype=np.int64)
    ratios = first / second
    for i in range(n):
        bins[i, 0] = -1
        bins[i, 1] = -1
        if not np.isfinite(ratios[i]):
            continue
        near = int((points[i] - low[0]) / step)
        slot = 0
        for k in range(max(near - 1, 0), min(near + 2, m)):
            if low[k] <= points[i] < high[k] and slot < 2:
                bins[i, slot] = k
                starts[k + 1] += 1
                slot += 1
    filled = np.empty(m, dtype=np.int64)
    for k in range(m):
        filled[k] = starts[k]
        starts[k + 1] += starts[k]
    total = starts[m]
    values, others, parts = np.empty(total, first.dtype), np.empty(total, first.dtype), np.empty(total, first.dtype)
    for i in range(n):
        for slot in range(2):
            k = bins[i, slot]
            if k >= 0:
                at = filled[k]
                values[at] = first[i]
                others[at] = second[i]
                parts[at] = ratios[i]
                filled[k] = at + 1
    for k in range(m):
        begin, end = starts[k], starts[k + 1]
        if end > begin:
            medians[0, k] = median(values[begin:end])
            medians[1, k] = median(others[begin:end])
            medians[2, k] = median(parts[begin:end])
        else:
            medians[:, k] = np.nan
