"""Drizzling of one slice onto a few spaxels: maps and drizzles the pixels near them in one pass."""

from __future__ import annotations

import numpy as np

from atm_viewer.engine.kernels.compiled import njit
from atm_viewer.engine.kernels.drizzle import MIN_OVERLAP, cover_cells, least, most
from atm_viewer.engine.kernels.sky import corners, horner, wavelengths
from atm_viewer.engine.kernels.spline import FAST, KERNEL


@njit(**KERNEL)
def any_of(wanted, begin_x, end_x, begin_y, end_y):
    """Whether any spaxel in a range is wanted."""
    for iy in range(begin_y, end_y):
        for ix in range(begin_x, end_x):
            if wanted[iy, ix]:
                return True
    return False


@njit(**FAST)
def _project(x, y, matrix):
    """Take a position to another plane, see `drizzle_slice`."""
    inverse = 1.0 / (matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2])
    xi = (matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]) * inverse
    return xi, (matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]) * inverse


@njit(**FAST)
def _is_away(c, v, matrix, x0, y0, square):
    """Whether the middle of a pixel at ``v`` lies outside of a disc, given by its centre and the radius' square."""
    x, y = _project(horner(c, 4, v), horner(c, 5, v), matrix)
    return (x - x0) ** 2 + (y - y0) ** 2 > square


@njit(**FAST)
def _is_monotonic(c, j, far):
    """Whether the polynomial with coefficients ``c[:, j]`` certainly is, from ``-far`` to ``far``."""
    bend = 0.0
    for k in range(c.shape[0] - 1, 1, -1):
        bend = bend * far + k * abs(c[k, j])
    return abs(c[1, j]) > bend * far


@njit(**FAST)
def drizzle_slice(
    columns,
    shift,
    scale,
    limits,
    points,
    values,
    ranges,
    first,
    matrix,
    origin,
    direction,
    factor,
    edge,
    kept,
    inside,
    sci,
    err,
    dq,
    bad,
    disc,
    x0,
    y0,
    size,
    wave0,
    step,
    wanted,
    room,
    total,
):
    """Add the pixels of a slice to a block of spaxels.

    Parameters
    ----------
    columns, shift, scale, limits, points, values, ranges
        As for `atm_viewer.engine.kernels.sky.map_pixels`; of one slice, so that ``scale`` is a number and ``limits``
        has two.
    first : int
        Column of the arrays that ``columns`` begin with.
    matrix : ndarray of float64, shape (3, 3)
        Takes (x, y, 1) of the plane that positions are given in to the block's plane, up to a factor.
    origin, direction : int
        Oversampled detector coordinate along the slice of the arrays' first row, and 1 or -1.
    factor : float
        Oversampling factor.
    edge : float
        Distance from a pixel's centre to its edges along the slice [pixel].
    kept : (int, int)
        First oversampled detector coordinate along the slice that counts, and the first that does not any more.
    inside : ndarray of bool, shape (rows, columns)
        Pixels of the slice.
    sci, err, dq : ndarray of float32 and uint32, shape (rows, columns)
        Values and flags.
    bad : int
        Flags of pixels that are left out.
    disc : (float, float, float)
        Centre and radius of a disc that holds the centres of all pixels that touch wanted spaxels.
    x0, y0, size, wave0, step
        As for `drizzle_pixels`.
    wanted : ndarray of bool, shape (ny, nx)
        Spaxels that matter.
    room : int
        Spaxels, along each axis, that a pixel covers at most.
    total : ndarray of float64, shape (ny, nx, planes, 4)
        Sums that are added to: weighted flux, weight, weighted variance, number of pixels.
    """
    ny, nx, planes, _ = total.shape
    rows = inside.shape[0]
    px = np.empty(4)
    py = np.empty(4)
    share = np.empty((room, room + 1))
    shared = np.empty(planes)
    lam = np.empty(3)
    # Coordinates along the slice of a row, spaxels and planes, without a division for each pixel.
    rise = direction / (factor * scale)
    begin_at = (origin / factor - (factor - 1) / (factor * 2)) / scale
    half = edge / scale
    to_spaxels = np.empty((3, 3))
    for k in range(3):
        to_spaxels[0, k] = (matrix[0, k] - x0 * matrix[2, k]) / size + 0.5 * matrix[2, k]
        to_spaxels[1, k] = (matrix[1, k] - y0 * matrix[2, k]) / size + 0.5 * matrix[2, k]
        to_spaxels[2, k] = matrix[2, k]
    middle_x = (disc[0] - x0) / size + 0.5
    middle_y = (disc[1] - y0) / size + 0.5
    square = (disc[2] / size) ** 2
    per_step = 1.0 / step
    bounded = limits[0] > -np.inf or limits[1] < np.inf
    for i in range(columns.shape[0]):
        j = first + i
        low = 0
        while low < rows and not inside[low, j]:
            low += 1
        high = rows - 1
        while high >= low and not inside[high, j]:
            high -= 1
        if low > high:
            continue
        c = columns[i]
        zero = begin_at - shift[i, 0] / scale
        side1, side2 = (shift[i, 0] - shift[i, 1]) / scale, (shift[i, 0] - shift[i, 2]) / scale
        # The part of the slice in the disc, as if the slice were straight.
        for end in range(2):
            v = zero + rise * (low if end == 0 else high)
            px[end], py[end] = _project(horner(c, 4, v), horner(c, 5, v), to_spaxels)
        dx, dy = px[1] - px[0], py[1] - py[0]
        ex, ey = middle_x - px[0], middle_y - py[0]
        length = dx * dx + dy * dy
        if length > 0.0:
            middle = (ex * dx + ey * dy) / length
            rest = square - (ex * ex + ey * ey - middle * middle * length)
            if rest < 0.0:
                continue
            reach = np.sqrt(rest / length) + 0.03
            begin = max(low, low + int(np.floor((middle - reach) * (high - low))) - int(np.ceil(factor)))
            stop = min(high, low + int(np.ceil((middle + reach) * (high - low))) + int(np.ceil(factor)))
        else:
            begin, stop = low, high
        # Only the ends of the range are uncertain.
        while begin <= stop and _is_away(c, zero + rise * begin, to_spaxels, middle_x, middle_y, square):
            begin += 1
        while stop >= begin and _is_away(c, zero + rise * stop, to_spaxels, middle_x, middle_y, square):
            stop -= 1
        if begin > stop:
            continue
        near_limits = bounded
        if bounded:
            u, w = zero + rise * begin, zero + rise * stop
            a, b = min(u, w) - half, max(u, w) + half
            s, t = horner(c, 6, a), horner(c, 6, b)
            beyond = min(s, t) < limits[0] or max(s, t) > limits[1]
            near_limits = beyond or not _is_monotonic(c, 6, max(abs(a), abs(b)))
        for row in range(begin, stop + 1):
            fine = origin + direction * row
            if not inside[row, j] or fine < kept[0] or fine >= kept[1]:
                continue
            flux = sci[row, j]
            if np.isnan(flux) or (dq[row, j] & bad) != 0:
                continue
            v = zero + rise * row
            a, b = v - half, v + half
            if near_limits:
                s, t = horner(c, 6, a), horner(c, 6, b)
                if min(s, t) < limits[0] or max(s, t) > limits[1]:
                    continue
            corners(c, a, b, px, py)
            for k in range(4):
                px[k], py[k] = _project(px[k], py[k], to_spaxels)
            begin_x, end_x = int(np.floor(least(px))), int(np.floor(most(px))) + 1
            begin_y, end_y = int(np.floor(least(py))), int(np.floor(most(py))) + 1
            if end_x - begin_x > room or end_y - begin_y > room:
                continue
            if not any_of(wanted, max(begin_x, 0), min(end_x, nx), max(begin_y, 0), min(end_y, ny)):
                continue
            wavelengths(c, v, v + side1, v + side2, points, values, ranges, lam)
            low_end = lam[0] - 0.5 * abs(lam[1] - lam[2])
            high_end = lam[0] + 0.5 * abs(lam[1] - lam[2])
            if np.isnan(low_end):
                continue
            begin_plane = max(int(np.floor((low_end - wave0) * per_step + 0.5)) - 1, 0)
            end_plane = min(int(np.ceil((high_end - wave0) * per_step + 0.5)) + 1, planes)
            for plane in range(begin_plane, end_plane):
                centre = wave0 + plane * step
                shared[plane] = min(centre + step / 2, high_end) - max(centre - step / 2, low_end)
            while begin_plane < end_plane and not shared[begin_plane] > 0.0:
                begin_plane += 1
            while end_plane > begin_plane and not shared[end_plane - 1] > 0.0:
                end_plane -= 1
            for k in range(4):
                px[k] -= begin_x
                py[k] -= begin_y
            cover_cells(px, py, end_x - begin_x, end_y - begin_y, share)
            error = err[row, j]
            for iy in range(max(begin_y, 0), min(end_y, ny)):
                for ix in range(max(begin_x, 0), min(end_x, nx)):
                    area = share[iy - begin_y, ix - begin_x]
                    if area <= MIN_OVERLAP or not wanted[iy, ix]:
                        continue
                    for plane in range(begin_plane, end_plane):
                        weight = area * shared[plane] * size * size
                        total[iy, ix, plane, 0] += flux * weight
                        total[iy, ix, plane, 1] += weight
                        total[iy, ix, plane, 2] += (error * weight) ** 2
                        total[iy, ix, plane, 3] += 1.0


@njit(**KERNEL)
def divide_sums(total, wanted, flux, err):
    """Make values of sums in a row of spaxels.

    Parameters
    ----------
    total : ndarray of float64, shape (nx, planes, 4)
        See `drizzle_slice`.
    wanted : ndarray of bool, shape (nx,)
        Spaxels that matter.
    flux, err : ndarray of float64, shape (planes, nx)
        Output, where there is any pixel.
    """
    nx, planes, _ = total.shape
    for ix in range(nx):
        if not wanted[ix]:
            continue
        for plane in range(planes):
            if total[ix, plane, 3] > 0.0:
                weight = total[ix, plane, 1]
                flux[plane, ix] = total[ix, plane, 0] / weight
                err[plane, ix] = np.sqrt(total[ix, plane, 2] / (weight * weight))


@njit(**KERNEL)
def add_row(total, weights, flux, variance, missing):
    """Add a row of spaxels to the spectrum of an aperture.

    Parameters
    ----------
    total : ndarray of float64, shape (nx, planes, 4)
        See `drizzle_slice`.
    weights : ndarray of float64, shape (nx,)
        Part of each spaxel that lies in the aperture.
    flux, variance : ndarray of float64, shape (planes,)
        Sums that are added to.
    missing : ndarray of float64, shape (planes,)
        Sum of the weights of spaxels without a value, which is added to.
    """
    nx, planes, _ = total.shape
    for ix in range(nx):
        if not weights[ix] > 0.0:
            continue
        for plane in range(planes):
            if total[ix, plane, 3] > 0.0 and np.isfinite(total[ix, plane, 0]):
                part = weights[ix] / total[ix, plane, 1]
                flux[plane] += total[ix, plane, 0] * part
                variance[plane] += total[ix, plane, 2] * (part * part)
            else:
                missing[plane] += weights[ix]
