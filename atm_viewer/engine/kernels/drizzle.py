"""Drizzling of pixel footprints onto a block of spaxels (``cube_build``'s weighting ``drizzle``).

A pixel gives a voxel its flux with the weight (overlap of areas) times (overlap of wavelength ranges), after Law et al.
2023, AJ 166, 45. Each overlap of areas is worked out once, and only planes that the pixel reaches are visited.
"""

from __future__ import annotations

import numpy as np

from atm_viewer.engine.kernels.compiled import njit
from atm_viewer.engine.kernels.spline import KERNEL

MAX_CELLS = 16  # spaxels along a side that a pixel may extend over for the quick way to its areas
MIN_OVERLAP = 1e-13  # part of a spaxel below which an overlap is rounding


@njit(**KERNEL)
def clip(xs, ys, n, axis, limit, sign, out_x, out_y):
    """Keep the part of a polygon on one side of a line parallel to an axis (Sutherland & Hodgman 1974).

    Parameters
    ----------
    xs, ys : ndarray of float64
        Corners; the first ``n`` are used.
    n : int
        Number of corners.
    axis : int
        0 to compare x, 1 to compare y.
    limit, sign : float
        Points with ``sign * (coordinate - limit) >= 0`` stay.
    out_x, out_y : ndarray of float64
        Corners of the part that stays.

    Returns
    -------
    int
        Their number.
    """
    count = 0
    for i in range(n):
        k = (i + 1) % n
        here = sign * ((xs[i] if axis == 0 else ys[i]) - limit)
        there = sign * ((xs[k] if axis == 0 else ys[k]) - limit)
        if here >= 0:
            out_x[count] = xs[i]
            out_y[count] = ys[i]
            count += 1
        if (here >= 0) != (there >= 0):
            part = here / (here - there)
            out_x[count] = xs[i] + part * (xs[k] - xs[i])
            out_y[count] = ys[i] + part * (ys[k] - ys[i])
            count += 1
    return count


@njit(**KERNEL)
def overlap_area(xs, ys, left, right, bottom, top, a_x, a_y, b_x, b_y):
    """Area that a quadrilateral (four corners, in order) shares with a rectangle; the last four are scratch."""
    n = clip(xs, ys, 4, 0, left, 1.0, a_x, a_y)
    n = clip(a_x, a_y, n, 0, right, -1.0, b_x, b_y)
    n = clip(b_x, b_y, n, 1, bottom, 1.0, a_x, a_y)
    n = clip(a_x, a_y, n, 1, top, -1.0, b_x, b_y)
    area = 0.0
    for i in range(n):
        k = (i + 1) % n
        area += b_x[i] * b_y[k] - b_x[k] * b_y[i]
    return 0.5 * abs(area)


@njit(**KERNEL)
def least(four):
    """Least of four numbers, none or all of them NaN; numpy's own takes as long as all else done with the corners."""
    return min(min(four[0], four[1]), min(four[2], four[3]))


@njit(**KERNEL)
def most(four):
    """Greatest of four numbers, see `least`."""
    return max(max(four[0], four[1]), max(four[2], four[3]))


@njit(**KERNEL)
def cover_cells(xs, ys, columns, rows, share):
    """Share of each unit cell that a convex polygon covers.

    Every edge adds to each cell of a row the area to its right; what lies right of the whole cell is carried on by a
    running sum, as renderers of outline fonts do.

    Parameters
    ----------
    xs, ys : ndarray of float64, shape (4,)
        Corners, in order; the cell (i, k) extends from k to k + 1 in x and from i to i + 1 in y, and all corners lie
        in ``0 <= x < columns`` and ``0 <= y < rows``.
    columns, rows : int
        Number of cells.
    share : ndarray of float64, shape (>= rows, > columns)
        Output: covered area of the cells; good to rounding, also where it is 0.
    """
    for row in range(rows):
        for column in range(columns + 1):
            share[row, column] = 0.0
    for i in range(4):
        k = (i + 1) % 4
        sign = 1.0
        xa, ya, xb, yb = xs[i], ys[i], xs[k], ys[k]
        if ya > yb:
            sign = -1.0
            xa, ya, xb, yb = xb, yb, xa, ya
        if ya == yb:
            continue
        slope = (xb - xa) / (yb - ya)
        for row in range(int(ya), int(yb) + 1):
            low = max(ya, row)
            high = min(yb, row + 1.0)
            if high <= low:
                continue
            x1 = xa + (low - ya) * slope
            x2 = xa + (high - ya) * slope
            height = sign * (high - low)
            if x1 > x2:
                x1, x2 = x2, x1
            first = int(x1)
            last = min(int(x2), columns - 1)
            if first >= last:
                right = height * (first + 1.0 - 0.5 * (x1 + x2))
                share[row, first] += right
                share[row, first + 1] += height - right
                continue
            steep = height / (x2 - x1)
            for column in range(first, last + 1):
                begin = max(x1, column)
                end = min(x2, column + 1.0)
                part = steep * (end - begin)
                right = part * (column + 1.0 - 0.5 * (begin + end))
                share[row, column] += right
                share[row, column + 1] += part - right
    for row in range(rows):
        total = 0.0
        for column in range(columns):
            total += share[row, column]
            share[row, column] = abs(total)


@njit(**KERNEL)
def drizzle_pixels(xi, eta, wavelength, width, flux, err, x0, y0, size, wave0, step, total):
    """Add pixels to a block of spaxels.

    Parameters
    ----------
    xi, eta : ndarray of float64, shape (4, n)
        Corners of the pixels, in order, in the tangent plane.
    wavelength, width : ndarray of float64, shape (n,)
        Centre and extent of the pixels in wavelength.
    flux, err : ndarray of float64, shape (n,)
        Values; pixels with NaN flux are left out.
    x0, y0, size : float
        Centre of the first spaxel and size of all, in the unit of ``xi``.
    wave0, step : float
        Centre of the first plane and distance of all, in the unit of ``wavelength``.
    total : ndarray of float64, shape (4, planes, ny, nx)
        Sums that are added to: weighted flux, weight, weighted variance, number of pixels.
    """
    _, planes, ny, nx = total.shape
    corner_x = np.empty(4)
    corner_y = np.empty(4)
    scratch = np.empty((4, 16))
    share = np.empty((MAX_CELLS, MAX_CELLS + 1))
    for i in range(xi.shape[1]):
        if np.isnan(flux[i]):
            continue
        low = wavelength[i] - width[i] / 2
        high = wavelength[i] + width[i] / 2
        first = max(int(np.floor((low - wave0) / step + 0.5)) - 1, 0)
        last = min(int(np.ceil((high - wave0) / step + 0.5)) + 1, planes)
        if first >= last:
            continue
        for k in range(4):
            corner_x[k] = xi[k, i]
            corner_y[k] = eta[k, i]
        begin_x = int(np.floor((least(corner_x) - x0) / size + 0.5))
        end_x = int(np.floor((most(corner_x) - x0) / size + 0.5)) + 1
        begin_y = int(np.floor((least(corner_y) - y0) / size + 0.5))
        end_y = int(np.floor((most(corner_y) - y0) / size + 0.5)) + 1
        if begin_x >= nx or end_x <= 0 or begin_y >= ny or end_y <= 0:
            continue
        covered = end_x - begin_x <= MAX_CELLS and end_y - begin_y <= MAX_CELLS
        if covered:
            for k in range(4):
                corner_x[k] = (corner_x[k] - x0) / size + 0.5 - begin_x
                corner_y[k] = (corner_y[k] - y0) / size + 0.5 - begin_y
            cover_cells(corner_x, corner_y, end_x - begin_x, end_y - begin_y, share)
        for iy in range(max(begin_y, 0), min(end_y, ny)):
            for ix in range(max(begin_x, 0), min(end_x, nx)):
                if covered:
                    area = share[iy - begin_y, ix - begin_x]
                    area = area * size * size if area > MIN_OVERLAP else 0.0
                else:
                    x = x0 + ix * size
                    y = y0 + iy * size
                    area = overlap_area(
                        corner_x,
                        corner_y,
                        x - size / 2,
                        x + size / 2,
                        y - size / 2,
                        y + size / 2,
                        scratch[0],
                        scratch[1],
                        scratch[2],
                        scratch[3],
                    )
                if area <= 0.0:
                    continue
                for plane in range(first, last):
                    centre = wave0 + plane * step
                    shared = min(centre + step / 2, high) - max(centre - step / 2, low)
                    weight = area * shared
                    if weight > 0.0:
                        total[0, plane, iy, ix] += flux[i] * weight
                        total[1, plane, iy, ix] += weight
                        total[2, plane, iy, ix] += (err[i] * weight) ** 2
                        total[3, plane, iy, ix] += 1.0
