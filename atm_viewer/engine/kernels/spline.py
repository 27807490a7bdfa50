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
def fit_spline(x, y, n, t, intervals, poly, work):
    """Fit a clamped cubic spline to points by least squares (`scipy.interpolate.make_lsq_spline`).

    Parameters
    ----------
    x, y : ndarray of float64
        Points, the first ``n`` are used; ``x`` ascending within the knots.
    n : int
        Number of points.
    t : ndarray of float64
        Knots, the first ``intervals + 7`` are used.
    intervals : int
        Number of intervals between distinct knots.
    poly : ndarray of float64, shape (>= intervals, 4)
        Output: the spline.
    work : ndarray of float64, shape (>= intervals + 3, 5)
        Scratch: band matrix and right-hand side.

    Returns
    -------
    stability : float
        Smallest pivot of the normal equations, against its diagonal element or 1: under `DELICATE` the solution
        comes from rotations and depends on rounding. 0 with fewer than four points.
    """
    size = intervals + 3
    for i in range(size):
        for k in range(5):
            work[i, k] = 0.0
    if n < 4:
        return 0.0
    basis = np.empty((4, 4))
    s = np.empty(7)
    r = np.empty(4)
    begin = 0
    for interval in range(intervals):
        upper = t[interval + 4]
        end = begin
        if interval == intervals - 1:
            end = n
        else:
            while end < n and x[end] < upper:
                end += 1
        if end > begin:
            basis_polynomials(t, interval, basis)
            middle = 0.5 * (t[interval + 3] + upper)
            inverse = 2.0 / (upper - t[interval + 3])
            _moments(x, y, begin, end, middle, inverse, s, r)
            for k in range(4):
                for m in range(k, 4):
                    total = 0.0
                    for p in range(4):
                        inner = 0.0
                        for q in range(4):
                            inner += basis[m, q] * s[p + q]
                        total += basis[k, p] * inner
                    work[interval + k, m - k] += total
                total = 0.0
                for p in range(4):
                    total += basis[k, p] * r[p]
                work[interval + k, 4] += total
            begin = end
    stability = _solve_band(work, size)
    if stability < DELICATE:
        # Normal equations square the condition number; rotations do not.
        _solve_by_rotations(x, y, n, t, intervals, work)
        stability = max(stability, 1e-300)
    for interval in range(intervals):
        basis_polynomials(t, interval, basis)
        for p in range(4):
            total = 0.0
            for k in range(4):
                total += work[interval + k, 4] * basis[k, p]
            poly[interval, p] = total
    return stability


@njit(fastmath={"reassoc", "contract", "nsz"}, **KERNEL)
def _moments(x, y, begin, end, middle, inverse, s, r):
    """Sum u**p and y u**p over the points of one interval."""
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
    s[0], s[1], s[2], s[3], s[4], s[5], s[6] = end - begin, s1, s2, s3, s4, s5, s6
    r[0], r[1], r[2], r[3] = r0, r1, r2, r3


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
def _solve_by_rotations(x, y, n, t, intervals, a):
    """Coefficients of a least-squares spline by Givens rotations, row by row; they fill column 4 of ``a``.

    The way of FITPACK's ``fpcurf`` (Dierckx 1993, section 4.1.2). B-splines that no point meets get 0.
    """
    size = intervals + 3
    for i in range(size):
        for k in range(5):
            a[i, k] = 0.0
    basis = np.empty((4, 4))
    h = np.empty(4)
    interval = -1
    for i in range(n):
        moved = interval < 0
        interval = max(interval, 0)
        while interval < intervals - 1 and x[i] >= t[interval + 4]:
            interval += 1
            moved = True
        if moved:
            basis_polynomials(t, interval, basis)
        u = (x[i] - 0.5 * (t[interval + 3] + t[interval + 4])) * (2.0 / (t[interval + 4] - t[interval + 3]))
        for k in range(4):
            h[k] = basis[k, 0] + u * (basis[k, 1] + u * (basis[k, 2] + u * basis[k, 3]))
        right = y[i]
        for k in range(4):
            if h[k] == 0.0:
                continue
            row = interval + k
            length = np.hypot(a[row, 0], h[k])
            cosine = a[row, 0] / length
            sine = h[k] / length
            a[row, 0] = length
            for m in range(k + 1, 4):
                old = a[row, m - k]
                a[row, m - k] = cosine * old + sine * h[m]
                h[m] = cosine * h[m] - sine * old
            old = a[row, 4]
            a[row, 4] = cosine * old + sine * right
            right = cosine * right - sine * old
    for i in range(size - 1, -1, -1):
        if a[i, 0] == 0.0:
            a[i, 4] = 0.0
            continue
        value = a[i, 4]
        for k in range(1, min(3, size - 1 - i) + 1):
            value -= a[i, k] * a[i + k, 4]
        a[i, 4] = value / a[i, 0]


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
