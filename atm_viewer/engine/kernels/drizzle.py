"""Drizzling of pixel footprints onto a block of spaxels (``cube_build``'s weighting ``drizzle``).

A pixel gives a voxel its flux with the weight (overlap of areas) times (overlap of wavelength ranges), after Law et al.
2023, AJ 166, 45. Each overlap of areas is worked out once, and only planes that the pixel reaches are visited.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from atm_viewer.engine.kernels.spline import KERNEL


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
        begin_x = max(int(np.floor((corner_x.min() - x0) / size + 0.5)) - 1, 0)
        end_x = min(int(np.ceil((corner_x.max() - x0) / size + 0.5)) + 1, nx)
        begin_y = max(int(np.floor((corner_y.min() - y0) / size + 0.5)) - 1, 0)
        end_y = min(int(np.ceil((corner_y.max() - y0) / size + 0.5)) + 1, ny)
        for iy in range(begin_y, end_y):
            for ix in range(begin_x, end_x):
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
