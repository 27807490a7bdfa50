"""Least-squares cubic splines on sorted points, by moments of polynomials per knot interval.

A spline is kept as its knots ``t`` (clamped: first and last repeated four times) and its polynomials
``poly[interval, power]`` in ``u = (x - middle) / half width``; ``x`` beyond the knots takes the outermost polynomial,
as `scipy.interpolate.BSpline` extrapolates.
"""

from __future__ import annotations

import numpy as np
from numba import njit

# Pivots below this, against their diagonal element or against 1, the square of a B-spline's height: the normal
# equations, or the polynomials of a B-spline that only its tail meets a point, lose the digits that equality needs.
DELICATE = 1e-6

KERNEL = {"nogil": True, "cache": True, "error_model": "numpy"}
# Sums may be taken in any order, so that they run on vectors; NaN and infinity keep their meaning.
FAST = KERNEL | {"fastmath": {"reassoc", "contract", "nsz", "arcp"}}


@njit(**KERNEL)
def basis_polynomials(t, first, basis):
    """Polynomials of the four cubic B-splines that are not zero in the interval ``t[first + 3] ... t[first + 4]``.

    Cox-de Boor recursion on polynomial coefficients.

    Parameters
    ----------
    t : ndarray of float64
        Knots.
    first : int
        Index of the first of the four B-splines.
    basis : ndarray of float64, shape (4, 4)
        Output: ``basis[k, p]`` is the coefficient of ``u**p`` of B-spline ``first + k``.
    """
    j = first + 3
    middle = 0.5 * (t[j] + t[j + 1])
    half = 0.5 * (t[j + 1] - t[j])
    basis[:] = 0.0
    basis[3, 0] = 1.0
    low = np.zeros(4)
    high = np.zeros(4)
    for degree in range(1, 4):
        for k in range(3 - degree, 4):
            i = first + k
            # Coefficients of (x - t[i]) / (t[i+degree] - t[i]) and (t[i+degree+1] - x) / (t[i+degree+1] - t[i+1]).
            low[:] = 0.0
            high[:] = 0.0
            if k > 3 - degree:
                width = t[i + degree] - t[i]
                if width > 0:
                    a0 = (middle - t[i]) / width
                    a1 = half / width
                    for p in range(degree):
                        low[p] += a0 * basis[k, p]
                        low[p + 1] += a1 * basis[k, p]
            if k < 3:
                width = t[i + degree + 1] - t[i + 1]
                if width > 0:
                    b0 = (t[i + degree + 1] - middle) / width
                    b1 = -half / width
                    for p in range(degree):
                        high[p] += b0 * basis[k + 1, p]
                        high[p + 1] += b1 * basis[k + 1, p]
            for p in range(4):
                basis[k, p] = low[p] + high[p]


@njit(**KERNEL)
def make_bases(t, intervals, bases):
    """Polynomials of the B-splines of every interval, see `basis_polynomials`.

    Between evenly spaced knots they are all the same, so only those near the ends are worked out.

    Parameters
    ----------
    t : ndarray of float64
        Clamped knots; the inner ones are evenly spaced.
    intervals : int
        Number of intervals.
    bases : ndarray of float64, shape (>= intervals, 4, 4)
        Output.
    """
    for k in range(intervals):
        if 3 < k < intervals - 3:
            bases[k] = bases[3]
        else:
            basis_polynomials(t, k, bases[k])


@njit(**KERNEL)
def sum_moments(x, y, n, t, intervals, starts, moments):
    """Sum powers of ``u`` over the points of every interval: all that a least-squares fit needs of them.

    Parameters
    ----------
    x, y : ndarray of float64
        Points, the first ``n`` are used; ``x`` ascending within the knots.
    n : int
        Number of points.
    t : ndarray of float64
        Knots.
    intervals : int
        Number of intervals.
    starts : ndarray of int64, shape (> intervals,)
        Output: index of the first point of every interval, and ``n``.
    moments : ndarray of float64, shape (>= intervals, 11)
        Output: sums of ``u**0 ... u**6`` and of ``y * u**0 ... y * u**3``.
    """
    starts[0] = 0
    for k in range(intervals - 1):
        low = starts[k]
        high = n
        while low < high:
            middle = (low + high) // 2
            if x[middle] < t[k + 4]:
                low = middle + 1
            else:
                high = middle
        starts[k + 1] = low
    starts[intervals] = n
    for k in range(intervals):
        _interval_moments(
            x, y, starts[k], starts[k + 1], 0.5 * (t[k + 3] + t[k + 4]), 2.0 / (t[k + 4] - t[k + 3]), moments[k]
        )


@njit(**FAST)
def _interval_moments(x, y, begin, end, middle, inverse, m):
    s1 = s2 = s3 = s4 = s5 = s6 = 0.0
    r0 = r1 = r2 = r3 = 0.0
    for i in range(begin, end):
        u = (x[i] - middle) * inverse
        v = y[i]
        u2 = u * u
        u3 = u2 * u
        s1 += u
        s2 += u2
        s3 += u3
        s4 += u2 * u2
        s5 += u2 * u3
        s6 += u3 * u3
        r0 += v
        r1 += v * u
        r2 += v * u2
        r3 += v * u3
    m[0], m[1], m[2], m[3], m[4], m[5], m[6] = end - begin, s1, s2, s3, s4, s5, s6
    m[7], m[8], m[9], m[10] = r0, r1, r2, r3


@njit(**KERNEL)
def take_off(x, y, points, count, t, starts, moments):
    """Take points off the moments of their intervals.

    Parameters
    ----------
    x, y : ndarray of float64
        Points that the moments were summed over.
    points : ndarray of int64
        Indices of the points to take off, ascending; the first ``count`` are used.
    count : int
        Their number.
    t, starts, moments
        See `sum_moments`; ``moments`` is changed.
    """
    k = 0
    for j in range(count):
        i = points[j]
        while i >= starts[k + 1]:
            k += 1
        u = (x[i] - 0.5 * (t[k + 3] + t[k + 4])) * (2.0 / (t[k + 4] - t[k + 3]))
        power = 1.0
        for p in range(7):
            moments[k, p] -= power
            if p < 4:
                moments[k, 7 + p] -= y[i] * power
            power *= u


@njit(**FAST)
def solve_moments(moments, bases, intervals, poly, work):
    """Cubic spline of least squares (`scipy.interpolate.make_lsq_spline`) from moments.

    Parameters
    ----------
    moments : ndarray of float64, shape (>= intervals, 11)
        See `sum_moments`.
    bases : ndarray of float64, shape (>= intervals, 4, 4)
        See `make_bases`.
    intervals : int
        Number of intervals.
    poly : ndarray of float64, shape (>= intervals, 4)
        Output: the spline.
    work : ndarray of float64, shape (>= intervals + 3, 5)
        Scratch: band matrix and right-hand side.

    Returns
    -------
    stability : float
        Smallest pivot of the normal equations, against its diagonal element or 1. Under `DELICATE` the solution
        depends on rounding, at 0 there is none; it is for the caller to find one in another way.
    """
    for i in range(intervals + 3):
        for k in range(5):
            work[i, k] = 0.0
    half = np.empty((4, 4))
    for interval in range(intervals):
        s = moments[interval]
        if s[0] == 0.0:
            continue
        b = bases[interval]
        for m in range(4):
            for p in range(4):
                half[m, p] = b[m, 0] * s[p] + b[m, 1] * s[p + 1] + b[m, 2] * s[p + 2] + b[m, 3] * s[p + 3]
        for k in range(4):
            row = work[interval + k]
            for m in range(k, 4):
                row[m - k] += b[k, 0] * half[m, 0] + b[k, 1] * half[m, 1] + b[k, 2] * half[m, 2] + b[k, 3] * half[m, 3]
            row[4] += b[k, 0] * s[7] + b[k, 1] * s[8] + b[k, 2] * s[9] + b[k, 3] * s[10]
    stability = _solve_band(work, intervals + 3)
    if stability > 0.0:
        for interval in range(intervals):
            b = bases[interval]
            for p in range(4):
                total = 0.0
                for k in range(4):
                    total += work[interval + k, 4] * b[k, p]
                poly[interval, p] = total
    return stability


@njit(**KERNEL)
def subtract_spline(x, y, alive, t, intervals, starts, poly, difference):
    """Differences of points from a spline.

    Parameters
    ----------
    x, y : ndarray of float64
        Points, as given to `sum_moments`.
    alive : ndarray of float64
        1 for points that count and 0 for those that do not.
    t, intervals, starts
        See `sum_moments`.
    poly : ndarray of float64, shape (>= intervals, 4)
        The spline.
    difference : ndarray of float64
        Output: ``y`` minus spline; 0 for points that do not count.

    Returns
    -------
    total, square : float
        Sums of the differences and of their squares.
    """
    total = 0.0
    square = 0.0
    for k in range(intervals):
        one, two = _interval_differences(
            x,
            y,
            alive,
            starts[k],
            starts[k + 1],
            0.5 * (t[k + 3] + t[k + 4]),
            2.0 / (t[k + 4] - t[k + 3]),
            poly[k],
            difference,
        )
        total += one
        square += two
    return total, square


@njit(**FAST)
def _interval_differences(x, y, alive, begin, end, middle, inverse, c, difference):
    c0, c1, c2, c3 = c[0], c[1], c[2], c[3]
    total = 0.0
    square = 0.0
    for i in range(begin, end):
        u = (x[i] - middle) * inverse
        r = (y[i] - (c0 + u * (c1 + u * (c2 + u * c3)))) * alive[i]
        difference[i] = r
        total += r
        square += r * r
    return total, square


@njit(**KERNEL)
def _solve_band(a, size):
    """LDL' solution of a symmetric band system of half width 3; the solution replaces column 4.

    ``a[i, k]`` holds the element (i, i + k). Returns the smallest pivot, against its diagonal element or 1; 0 (and
    no solution) when one vanishes.
    """
    stability = 1.0
    for i in range(size):
        pivot = a[i, 0]
        diagonal = pivot
        for k in range(1, min(i, 3) + 1):
            diagonal += a[i - k, k] * a[i - k, k] * a[i - k, 0]
        if not pivot > 1e-15 * diagonal:
            return 0.0
        stability = min(stability, pivot / diagonal, pivot)
        reach = min(3, size - 1 - i)
        for k in range(1, reach + 1):
            factor = a[i, k] / pivot
            for m in range(k, reach + 1):
                a[i + k, m - k] -= factor * a[i, m]
            a[i + k, 4] -= factor * a[i, 4]
        for k in range(1, reach + 1):
            a[i, k] /= pivot
    for i in range(size - 1, -1, -1):
        value = a[i, 4] / a[i, 0]
        for k in range(1, min(3, size - 1 - i) + 1):
            value -= a[i, k] * a[i + k, 4]
        a[i, 4] = value
    return stability


@njit(**KERNEL)
def evaluate_sorted(x, n, t, intervals, poly, out):
    """Evaluate a spline at the first ``n`` of ascending points."""
    interval = 0
    middle = 0.5 * (t[3] + t[4])
    inverse = 2.0 / (t[4] - t[3])
    for i in range(n):
        while interval < intervals - 1 and x[i] >= t[interval + 4]:
            interval += 1
            middle = 0.5 * (t[interval + 3] + t[interval + 4])
            inverse = 2.0 / (t[interval + 4] - t[interval + 3])
        u = (x[i] - middle) * inverse
        out[i] = poly[interval, 0] + u * (poly[interval, 1] + u * (poly[interval, 2] + u * poly[interval, 3]))


@njit(**KERNEL)
def evaluate(x, t, intervals, poly):
    """Value of a spline at one point."""
    # Inner knots are evenly spaced but for the first and last interval, so one guess and a short walk suffice.
    interval = 0
    if intervals > 2:
        step = (t[intervals + 2] - t[4]) / (intervals - 2)
        interval = int(min(max((x - t[4]) / step + 1.0, 0.0), intervals - 1.0))
    while interval > 0 and x < t[interval + 3]:
        interval -= 1
    while interval < intervals - 1 and x >= t[interval + 4]:
        interval += 1
    u = (x - 0.5 * (t[interval + 3] + t[interval + 4])) * (2.0 / (t[interval + 4] - t[interval + 3]))
    return poly[interval, 0] + u * (poly[interval, 1] + u * (poly[interval, 2] + u * poly[interval, 3]))
