"""Least-squares cubic splines on sorted points, by moments of polynomials per knot interval.

A spline is kept as its knots ``t`` (clamped: first and last repeated four times) and its polynomials
``poly[interval, power]`` in ``u = (x - middle) / half width``; ``x`` beyond the knots takes the outermost polynomial,
as `scipy.interpolate.BSpline` extrapolates.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from atm_viewer.engine.kernels import KEPT
from atm_viewer.engine.kernels.compiled import njit

# Pivots below this, against their diagonal element or against 1, the square of a B-spline's height: the normal
# equations, or the polynomials of a B-spline that only its tail meets a point, lose the digits that equality needs.
DELICATE = 1e-6

KERNEL: dict[str, Any] = {"nogil": True, "cache": KEPT, "error_model": "numpy"}
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
    for degree in range(1, 4):
        for k in range(3 - degree, 4):
            # Both B-splines of the degree below, times (x - t[i]) / (t[i+degree] - t[i])
            # and (t[i+degree+1] - x) / (t[i+degree+1] - t[i+1]).
            i = first + k
            a0 = a1 = b0 = b1 = 0.0
            if k > 3 - degree:
                width = t[i + degree] - t[i]
                if width > 0:
                    a0 = (middle - t[i]) / width
                    a1 = half / width
            if k < 3:
                width = t[i + degree + 1] - t[i + 1]
                if width > 0:
                    b0 = (t[i + degree + 1] - middle) / width
                    b1 = -half / width
            above = min(k + 1, 3)
            for p in range(degree, 0, -1):
                rise = a0 * basis[k, p] + a1 * basis[k, p - 1]
                basis[k, p] = rise + (b0 * basis[above, p] + b1 * basis[above, p - 1])
            basis[k, 0] = a0 * basis[k, 0] + b0 * basis[above, 0]


@njit(**KERNEL)
def _alike(interval, intervals):
    """Return the interval with the same polynomials: between evenly spaced knots all are alike."""
    return 3 if 3 < interval < intervals - 3 else interval


@njit(**KERNEL)
def make_bases(t, intervals, bases):
    """Polynomials of the B-splines of every interval, see `basis_polynomials`.

    Parameters
    ----------
    t : ndarray of float64
        Clamped knots; the inner ones are evenly spaced.
    intervals : int
        Number of intervals.
    bases : ndarray of float64, shape (>= intervals, 4, 4)
        Output; only written for the first four and last three intervals, since those between are like the fourth.
    """
    for k in range(intervals):
        if _alike(k, intervals) == k:
            basis_polynomials(t, k, bases[k])


@njit(**FAST)
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
        Output: index of the first point of every interval, and ``n``. The search begins at what is given, which saves
        time where that is of similar points.
    moments : ndarray of float64, shape (11, >= intervals)
        Output: sums of ``u**0 ... u**6`` and of ``y * u**0 ... y * u**3``.
    """
    starts[0] = 0
    moved = 0
    for k in range(1, intervals):
        first = starts[k - 1]
        before = min(max(starts[k], 0), n)
        at = min(max(before + moved, first), n)
        while at > first and x[at - 1] >= t[k + 3]:
            at -= 1
        while at < n and x[at] < t[k + 3]:
            at += 1
        starts[k] = at
        moved = at - before
    starts[intervals] = n
    for k in range(intervals):
        centre = 0.5 * (t[k + 3] + t[k + 4])
        inverse = 2.0 / (t[k + 4] - t[k + 3])
        s1 = s2 = s3 = s4 = s5 = s6 = 0.0
        r0 = r1 = r2 = r3 = 0.0
        for i in range(np.uint64(starts[k]), np.uint64(starts[k + 1])):
            u = (x[i] - centre) * inverse
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
        moments[0, k] = starts[k + 1] - starts[k]
        moments[1, k] = s1
        moments[2, k] = s2
        moments[3, k] = s3
        moments[4, k] = s4
        moments[5, k] = s5
        moments[6, k] = s6
        moments[7, k] = r0
        moments[8, k] = r1
        moments[9, k] = r2
        moments[10, k] = r3


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
            moments[p, k] -= power
            if p < 4:
                moments[7 + p, k] -= y[i] * power
            power *= u
        if moments[0, k] == 0.0:
            for p in range(11):
                moments[p, k] = 0.0


@njit(**FAST)
def solve_moments(moments, bases, intervals, poly, work):
    """Cubic spline of least squares (`scipy.interpolate.make_lsq_spline`) from moments.

    Parameters
    ----------
    moments : ndarray of float64, shape (11, >= intervals)
        See `sum_moments`.
    bases : ndarray of float64, shape (>= intervals, 4, 4)
        See `make_bases`.
    intervals : int
        Number of intervals.
    poly : ndarray of float64, shape (>= intervals, 4)
        Output: the spline.
    work : ndarray of float64, shape (5, >= intervals + 7)
        Scratch: band matrix and right-hand side.

    Returns
    -------
    stability : float
        Smallest pivot of the normal equations, against its diagonal element or 1. Under `DELICATE` the solution
        depends on rounding, at 0 there is none; it is for the caller to find one in another way.
    """
    for k in range(5):
        for i in range(intervals + 7):
            work[k, i] = 0.0
    for interval in range(intervals):
        if 3 <= interval < intervals - 3:
            continue
        for m in range(4):
            b0 = bases[interval, m, 0]
            b1 = bases[interval, m, 1]
            b2 = bases[interval, m, 2]
            b3 = bases[interval, m, 3]
            h0 = b0 * moments[0, interval] + b1 * moments[1, interval]
            h1 = b0 * moments[1, interval] + b1 * moments[2, interval]
            h2 = b0 * moments[2, interval] + b1 * moments[3, interval]
            h3 = b0 * moments[3, interval] + b1 * moments[4, interval]
            h0 += b2 * moments[2, interval] + b3 * moments[3, interval]
            h1 += b2 * moments[3, interval] + b3 * moments[4, interval]
            h2 += b2 * moments[4, interval] + b3 * moments[5, interval]
            h3 += b2 * moments[5, interval] + b3 * moments[6, interval]
            for k in range(m + 1):
                b = bases[interval, k]
                work[m - k, interval + k] += b[0] * h0 + b[1] * h1 + b[2] * h2 + b[3] * h3
            right = b0 * moments[7, interval] + b1 * moments[8, interval]
            work[4, interval + m] += right + b2 * moments[9, interval] + b3 * moments[10, interval]
    _add_alike(moments, bases[3], intervals, work)
    stability = _solve_band(work, intervals + 3)
    if stability > 0.0:
        for interval in range(intervals):
            b = bases[_alike(interval, intervals)]
            for p in range(4):
                total = 0.0
                for k in range(4):
                    total += work[4, interval + k] * b[k, p]
                poly[interval, p] = total
    return stability


@njit(**FAST)
def _add_alike(moments, b, intervals, work):
    """Add to the normal equations what the intervals between evenly spaced knots give, all at once for each element."""
    # Unsigned: the compiler makes vector instructions only if it knows that no index is negative.
    begin = np.uint64(3)
    end = np.uint64(max(intervals - 3, 3))
    for k in range(4):
        for m in range(k, 4):
            # The product of both polynomials.
            c0 = b[k, 0] * b[m, 0]
            c1 = b[k, 0] * b[m, 1] + b[k, 1] * b[m, 0]
            c2 = b[k, 0] * b[m, 2] + b[k, 1] * b[m, 1] + b[k, 2] * b[m, 0]
            c3 = b[k, 0] * b[m, 3] + b[k, 1] * b[m, 2] + b[k, 2] * b[m, 1] + b[k, 3] * b[m, 0]
            c4 = b[k, 1] * b[m, 3] + b[k, 2] * b[m, 2] + b[k, 3] * b[m, 1]
            c5 = b[k, 2] * b[m, 3] + b[k, 3] * b[m, 2]
            c6 = b[k, 3] * b[m, 3]
            row = work[m - k, k:]
            for i in range(begin, end):
                low = c0 * moments[0, i] + c1 * moments[1, i] + c2 * moments[2, i] + c3 * moments[3, i]
                row[i] += low + c4 * moments[4, i] + c5 * moments[5, i] + c6 * moments[6, i]
        row = work[4, k:]
        for i in range(begin, end):
            right = b[k, 0] * moments[7, i] + b[k, 1] * moments[8, i]
            row[i] += right + b[k, 2] * moments[9, i] + b[k, 3] * moments[10, i]


@njit(**FAST)
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
        centre = 0.5 * (t[k + 3] + t[k + 4])
        inverse = 2.0 / (t[k + 4] - t[k + 3])
        c0 = poly[k, 0]
        c1 = poly[k, 1]
        c2 = poly[k, 2]
        c3 = poly[k, 3]
        for i in range(np.uint64(starts[k]), np.uint64(starts[k + 1])):
            u = (x[i] - centre) * inverse
            r = (y[i] - (c0 + u * (c1 + u * (c2 + u * c3)))) * alive[i]
            difference[i] = r
            total += r
            square += r * r
    return total, square


@njit(**KERNEL)
def _solve_band(a, size):
    """LDL' solution of a symmetric band system of half width 3; the solution replaces row 4.

    ``a[k, i]`` holds the element (i, i + k), and four more columns of zeros. Returns the smallest pivot, against its
    diagonal element or 1; 0 (and no solution) when one vanishes.
    """
    stability = 1.0
    # The row that is divided by its pivot, and what is known of the next three.
    p0, p1, p2, p3, p4 = a[0, 0], a[1, 0], a[2, 0], a[3, 0], a[4, 0]
    q0, q1, q2, q4 = a[0, 1], a[1, 1], a[2, 1], a[4, 1]
    r0, r1, r4 = a[0, 2], a[1, 2], a[4, 2]
    s0, s4 = a[0, 3], a[4, 3]
    for i in range(size):
        diagonal = a[0, i]
        if not p0 > 1e-15 * diagonal:
            return 0.0
        inverse = 1.0 / p0
        # Mostly no second division is needed; divisions take longer than all else here.
        if p0 < stability or p0 < stability * diagonal:
            stability = min(p0 / diagonal, p0)
        f1 = p1 * inverse
        f2 = p2 * inverse
        f3 = p3 * inverse
        a[1, i] = f1
        a[2, i] = f2
        a[3, i] = f3
        a[4, i] = p4 * inverse
        p0 = q0 - f1 * p1
        q0 = r0 - f2 * p2
        r0 = s0 - f3 * p3
        q = q1 - f1 * p2
        q1 = r1 - f2 * p3
        r1 = a[1, i + 3]
        b1 = q2 - f1 * p3
        q2 = a[2, i + 2]
        b4 = q4 - f1 * p4
        q4 = r4 - f2 * p4
        r4 = s4 - f3 * p4
        p1 = q
        p2 = b1
        p3 = a[3, i + 1]
        p4 = b4
        s0 = a[0, i + 4]
        s4 = a[4, i + 4]
    x1 = x2 = x3 = 0.0
    for i in range(size - 1, -1, -1):
        value = a[4, i] - a[3, i] * x3 - a[2, i] * x2 - a[1, i] * x1
        a[4, i] = value
        x3 = x2
        x2 = x1
        x1 = value
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
