"""Positions of pixels from polynomials along the slice, one set per column of the dispersion."""

from __future__ import annotations

import numpy as np

from atm_viewer.engine.kernels.compiled import njit
from atm_viewer.engine.kernels.spline import FAST

_BLOCK = 64  # positions whose functions fit into the fastest memory


@njit(**FAST)
def interpolate(x, points, values):
    """Linear interpolation in a table with ascending ``points``; NaN outside of it."""
    if not (x >= points[0] and x <= points[-1]):
        return np.nan
    low, high = 0, points.size - 1
    while high - low > 1:
        middle = (low + high) // 2
        if points[middle] <= x:
            low = middle
        else:
            high = middle
    part = (x - points[low]) / (points[high] - points[low])
    return values[low] + part * (values[high] - values[low])


@njit(**FAST)
def horner(c, j, v):
    """Value of the polynomial with coefficients ``c[:, j]``, constant first."""
    total = c[c.shape[0] - 1, j]
    for k in range(c.shape[0] - 2, -1, -1):
        total = total * v + c[k, j]
    return total


@njit(**FAST)
def corners(c, a, b, xs, ys):
    """Corners of a pixel from ``a`` to ``b``, in order around it; all sums in one loop, so that none waits."""
    x0 = x1 = x2 = x3 = y0 = y1 = y2 = y3 = 0.0
    for k in range(c.shape[0] - 1, -1, -1):
        x0 = x0 * a + c[k, 0]
        y0 = y0 * a + c[k, 1]
        x1 = x1 * a + c[k, 2]
        y1 = y1 * a + c[k, 3]
        x2 = x2 * b + c[k, 2]
        y2 = y2 * b + c[k, 3]
        x3 = x3 * b + c[k, 0]
        y3 = y3 * b + c[k, 1]
    xs[0] = x0
    xs[1] = x1
    xs[2] = x2
    xs[3] = x3
    ys[0] = y0
    ys[1] = y1
    ys[2] = y2
    ys[3] = y3


@njit(**FAST)
def wavelengths(c, v0, v1, v2, points, values, ranges, lam):
    """Wavelengths in a pixel's middle and on its sides; NaN where there is none."""
    a = b = d = 0.0
    for k in range(c.shape[0] - 1, -1, -1):
        a = a * v0 + c[k, 7]
        b = b * v1 + c[k, 8]
        d = d * v2 + c[k, 9]
    lam[0] = a
    lam[1] = b
    lam[2] = d
    for k in range(3):
        if points.size:
            lam[k] = interpolate(lam[k], points, values)
        if ranges.shape[0]:
            within = False
            for r in range(ranges.shape[0]):
                within |= lam[k] > ranges[r, 0] and lam[k] < ranges[r, 1]
            if not within:
                lam[k] = np.nan


@njit(**FAST)
def map_pixels(
    begin, end, row, along, edge, columns, shift, scale, limits, points, values, ranges, xi, eta, wavelength
):
    """Corners, centres and wavelengths of pixels.

    Parameters
    ----------
    begin, end : int
        The pixels to do of all these, from the first to before the second.
    row : ndarray of int64, shape (n,)
        Which of the ``columns`` a pixel lies in.
    along : ndarray of float64, shape (n,)
        Detector coordinates of the pixels' centres along the slice [pixel].
    edge : float
        Distance from the centre to the edges along the slice [pixel].
    columns : ndarray of float64, shape (m, p, 10)
        Coefficients of polynomials along the slice, constant first: two coordinates of one edge of the slice, two of
        the other, two of its middle; position along the slicer; wavelength (or what ``points`` are) in the column's
        middle, and on its two sides.
    shift, scale : ndarray of float64, shape (m, 3) and (m,)
        Polynomials take ``(along - shift) / scale``; the second and third shift are for the sides.
    limits : ndarray of float64, shape (m, 2)
        Range of positions along the slicer in which there is a position on the sky.
    points, values : ndarray of float64, shape (k,)
        Table that leads to wavelengths; empty when there is none.
    ranges : ndarray of float64, shape (r, 2)
        Ranges, without their ends, of wavelengths that have a position on the sky; all have when there is none.
    xi, eta : ndarray of float64, shape (5, n)
        Output: coordinates of the corners, in order around the pixel, and of the centre; NaN where there are none.
    wavelength : ndarray of float64, shape (3, n)
        Output: at the centre and on the two sides; NaN where there is none.
    """
    xs = np.empty(4)
    ys = np.empty(4)
    lam = np.empty(3)
    for i in range(begin, end):
        c = columns[row[i]]
        s = scale[row[i]]
        middle = (along[i] - shift[row[i], 0]) / s
        low = middle - edge / s
        high = middle + edge / s
        corners(c, low, high, xs, ys)
        for k in range(4):
            xi[k, i] = xs[k]
            eta[k, i] = ys[k]
        xi[4, i] = horner(c, 4, middle)
        eta[4, i] = horner(c, 5, middle)
        valid = True
        if limits[row[i], 0] > -np.inf or limits[row[i], 1] < np.inf:
            a = horner(c, 6, low)
            b = horner(c, 6, high)
            valid = min(a, b) >= limits[row[i], 0] and max(a, b) <= limits[row[i], 1]
        sides = (along[i] - shift[row[i], 1]) / s, (along[i] - shift[row[i], 2]) / s
        wavelengths(c, middle, sides[0], sides[1], points, values, ranges, lam)
        for k in range(3):
            wavelength[k, i] = lam[k]
        if not valid or np.isnan(wavelength[0, i]):
            for k in range(5):
                xi[k, i] = np.nan
                eta[k, i] = np.nan
            for k in range(3):
                wavelength[k, i] = np.nan


@njit(**FAST)
def find_within(row, along, columns, shift, scale, matrix, disc, inside):
    """Find the pixels of a slice whose centres are in a disc of another plane.

    Parameters
    ----------
    row : ndarray of int64, shape (n,)
        Which of the ``columns`` a pixel lies in; others than there are have no pixel in the disc.
    along : ndarray of int64, shape (n,)
        Detector coordinates of the pixels' centres along the slice [pixel].
    columns, shift, scale
        As for `map_pixels`; of one slice, so that ``scale`` is a number.
    matrix : ndarray of float64, shape (3, 3)
        Takes (x, y, 1) of the plane that positions are given in to the disc's plane, up to a factor.
    disc : (float, float, float)
        Centre and radius.
    inside : ndarray of bool, shape (n,)
        Output.
    """
    for i in range(row.size):
        inside[i] = False
        if row[i] < 0 or row[i] >= columns.shape[0]:
            continue
        c = columns[row[i]]
        v = (along[i] - shift[row[i], 0]) / scale
        x, y = horner(c, 4, v), horner(c, 5, v)
        h = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2]
        dx = (matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]) / h - disc[0]
        dy = (matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]) / h - disc[1]
        inside[i] = dx * dx + dy * dy <= disc[2] * disc[2]


@njit(**FAST)
def make_columns(series, domain, trace, first, half, columns, shift):
    """Polynomials along the slice in each column of one slice, for `map_pixels`.

    Parameters
    ----------
    series : ndarray of float64, shape (q, p, 8)
        Chebyshev's coefficients along the dispersion of the first eight of ``columns``.
    domain : ndarray of float64, shape (3,)
        Middle and half width of the range along the dispersion; the third is not used here.
    trace : ndarray of float64, shape (r,), r <= q
        Chebyshev's coefficients along the dispersion of the slice's middle.
    first : int
        First column.
    half : float
        Distance of a column's sides from its middle.
    columns : ndarray of float64, shape (m, p, 10)
        Output.
    shift : ndarray of float64, shape (m, 3)
        Output: the slice's middle, in the column's middle and on its sides.
    """
    q, p, _ = series.shape
    basis = np.empty(q)
    columns[:] = 0.0
    shift[:] = 0.0
    for i in range(columns.shape[0]):
        for side in range(3):
            offset = 0.0 if side == 0 else (-half if side == 1 else half)
            x = (first + i + offset - domain[0]) / domain[1]
            basis[0] = 1.0
            if q > 1:
                basis[1] = x
            for k in range(2, q):
                basis[k] = 2.0 * x * basis[k - 1] - basis[k - 2]
            for k in range(trace.size):
                shift[i, side] += trace[k] * basis[k]
            if side == 0:
                for k in range(q):
                    for a in range(p):
                        for j in range(8):
                            columns[i, a, j] += basis[k] * series[k, a, j]
            else:
                for k in range(q):
                    for a in range(p):
                        columns[i, a, 7 + side] += basis[k] * series[k, a, 7]


@njit(**FAST)
def least_squares(a, b, x):
    """Least-squares solutions by the normal equations, refined once; for bases that are nearly orthogonal.

    Small systems, where LAPACK's threads only cost time.

    Parameters
    ----------
    a : ndarray of float64, shape (n, m), m >= n
        Columns of the system's matrix, one after the other.
    b : ndarray of float64, shape (k, m)
        Right-hand sides; residuals afterwards.
    x : ndarray of float64, shape (k, n)
        Output.
    """
    n, m = a.shape
    normal = np.empty((n, n))
    normal[:] = 0.0
    for start in range(0, m, _BLOCK):
        end = min(start + _BLOCK, m)
        for j in range(n):
            for i in range(0, j + 1, 4):
                # Four products at a time, of which some count twice at the end of a row and are not used.
                p, q, r = min(i + 1, n - 1), min(i + 2, n - 1), min(i + 3, n - 1)
                one, two, three, four = 0.0, 0.0, 0.0, 0.0
                for s in range(start, end):
                    value = a[j, s]
                    one += value * a[i, s]
                    two += value * a[p, s]
                    three += value * a[q, s]
                    four += value * a[r, s]
                normal[j, i] += one
                if i + 1 <= j:
                    normal[j, i + 1] += two
                if i + 2 <= j:
                    normal[j, i + 2] += three
                if i + 3 <= j:
                    normal[j, i + 3] += four
    # Cholesky's factor in place; a function that the others make up takes no part.
    for j in range(n):
        whole = normal[j, j]
        for i in range(j + 1):
            total = normal[j, i]
            for s in range(i):
                total -= normal[j, s] * normal[i, s]
            if i == j:
                normal[j, j] = np.sqrt(total) if total > 1e-14 * whole else 0.0
            else:
                normal[j, i] = total / normal[i, i] if normal[i, i] > 0.0 else 0.0
    step = np.empty(n)
    for k in range(b.shape[0]):
        x[k] = 0.0
        for _ in range(2):
            for j in range(n):
                total = 0.0
                for s in range(m):
                    total += a[j, s] * b[k, s]
                for i in range(j):
                    total -= normal[j, i] * step[i]
                step[j] = total / normal[j, j] if normal[j, j] > 0.0 else 0.0
            for j in range(n - 1, -1, -1):
                total = step[j]
                for i in range(j + 1, n):
                    total -= normal[i, j] * step[i]
                step[j] = total / normal[j, j] if normal[j, j] > 0.0 else 0.0
                x[k, j] += step[j]
            for j in range(n):
                for s in range(m):
                    b[k, s] -= step[j] * a[j, s]
