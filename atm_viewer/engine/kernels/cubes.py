"""Whole cubes by drizzling (``cube_build``'s weighting ``drizzle``), and the flags that go with it.

A pixel gives a voxel its flux with the weight (overlap of areas) times (overlap of wavelength ranges), after Law et al.
2023, AJ 166, 45. Each overlap of areas is worked out once, and only planes that the pixel reaches are visited.

Which voxels have data, and from how many pixels, must be as in the pipeline's cubes to the last one. So these kernels
round where its compiled routines do: slopes of sides in single precision, overlaps in wavelength by differences in its
order. Where that cannot matter, they go the quick way of `kernels.drizzle`, which is good for spectra.
"""

from __future__ import annotations

import numpy as np

from atm_viewer.engine.kernels.compiled import njit
from atm_viewer.engine.kernels.drizzle import MAX_CELLS, cover_cells, least, most
from atm_viewer.engine.kernels.spline import KERNEL

# Single precision moves an area by some 1e-8 of a spaxel: that matters, more than 1e-6, in shares of a spaxel
# below the first number; below the second a pixel may not touch the spaxel at all.
EXACT_AREA_BELOW = 0.01
APART_TEST_BELOW = 1e-6


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
        Points with ``sign * (coordinate - limit) > 0`` stay.
    out_x, out_y : ndarray of float64
        Corners of the part that stays.

    Returns
    -------
    int
        Their number.
    """
    count = 0
    for i in range(n):
        k = i + 1 if i + 1 < n else 0
        x, y = xs[i], ys[i]
        here = sign * ((x if axis == 0 else y) - limit) > 0.0
        there = sign * ((xs[k] if axis == 0 else ys[k]) - limit) > 0.0
        if here != there:
            run = xs[k] - x
            slope = np.float32((ys[k] - y) / run) if run != 0.0 else np.float32(0.0)
            if axis == 0:
                out_x[count] = limit
                out_y[count] = y + np.float64(slope) * (limit - x)
            else:
                out_x[count] = x + np.float64(np.float32(1.0) / slope) * (limit - y) if run != 0.0 else x
                out_y[count] = limit
            count += 1
        if there:
            out_x[count] = xs[k]
            out_y[count] = ys[k]
            count += 1
    return count


@njit(**KERNEL)
def overlap_area(xs, ys, left, right, bottom, top, a_x, a_y, b_x, b_y):
    """Area that a quadrilateral (four corners, in order) shares with a rectangle; the last four are scratch."""
    n = clip(xs, ys, 4, 0, left, 1.0, a_x, a_y)
    n = clip(a_x, a_y, n, 0, right, -1.0, b_x, b_y)
    n = clip(b_x, b_y, n, 1, bottom, 1.0, a_x, a_y)
    n = clip(a_x, a_y, n, 1, top, -1.0, b_x, b_y)
    if n == 0:
        return 0.0
    x0, y0 = b_x[0], b_y[0]
    for i in range(1, n):
        x0 = min(x0, b_x[i])
        y0 = min(y0, b_y[i])
    area = 0.0
    for i in range(n):
        k = i + 1 if i + 1 < n else 0
        area += (b_x[i] - x0) * (b_y[k] - y0) - (b_x[k] - x0) * (b_y[i] - y0)
    return abs(0.5 * area)


@njit(**KERNEL)
def apart(xs, ys, column, row):
    """Whether a side of a quadrilateral parts it from the unit cell (row, column), clear of all rounding."""
    turn = 1.0 if (xs[2] - xs[0]) * (ys[3] - ys[1]) - (xs[3] - xs[1]) * (ys[2] - ys[0]) > 0.0 else -1.0
    for i in range(4):
        k = (i + 1) & 3
        normal_x = turn * (ys[i] - ys[k])  # to the inside
        normal_y = turn * (xs[k] - xs[i])
        # The corner of the cell that lies farthest inside.
        x = column + 1.0 if normal_x > 0.0 else float(column)
        y = row + 1.0 if normal_y > 0.0 else float(row)
        if normal_x * (x - xs[i]) + normal_y * (y - ys[i]) < -1e-6:
            return True
    return False


@njit(**KERNEL)
def find_pixels(pixels, width, along_x, parts, starts, low, high, flux, x, y):
    """Find the parts of a slice's pixels that have a value.

    Parameters
    ----------
    pixels : ndarray of int64, shape (n,)
        Flat indices of the pixels in the detector's frame.
    width : int
        Length of the frame's rows.
    along_x : bool
        Whether slices extend along x, so that pixels are divided in x.
    parts : ndarray of int64
        Coordinates of the parts that pixels are divided into, one pixel after the other.
    starts : ndarray of int64
        By coordinate of a pixel: where its parts begin; they end where those of the next one begin.
    low, high : int
        Parts are wanted that have these x or more, and less.
    flux : ndarray of float32, shape (ny, nx)
        Values of the parts; NaN or infinite where there are none.
    x, y : ndarray of int64
        Output: coordinates of the parts found, in the order of the pixels; there must be room for all.

    Returns
    -------
    int
        Their number.
    """
    count = 0
    for pixel in pixels:
        row, column = pixel // width, pixel % width
        divided = column if along_x else row
        for k in range(starts[divided], starts[divided + 1]):
            if along_x:
                column = parts[k]
            else:
                row = parts[k]
            if low <= column < high and np.isfinite(flux[row, column]):
                x[count] = column
                y[count] = row
                count += 1
    return count


@njit(**KERNEL)
def drizzle_cube(xi, eta, matrix, wavelength, width, flux, err, x, y, size, waves, steps, begin, end, total):
    """Add pixels to some planes of a block of spaxels.

    Parameters
    ----------
    xi, eta : ndarray of float64, shape (4, n)
        Corners of the pixels, in order, in their tangent plane.
    matrix : ndarray of float64, shape (3, 3)
        Takes (xi, eta, 1) to the spaxels' plane, up to a factor (`TangentPlane.matrix`).
    wavelength, width : ndarray of float64, shape (n,)
        Centre and extent of the pixels in wavelength. Beside the end of a slice's wavelengths a pixel has no extent,
        NaN, and is left out: the pipeline gives it no plane either.
    flux, err : ndarray of float32, shape (n,)
        Values; pixels with NaN flux are left out.
    x, y : ndarray of float64, shape (nx,), (ny,)
        Centres of the spaxels in their plane.
    size : float
        Size of the spaxels.
    waves, steps : ndarray of float64, shape (planes,)
        Centres of the planes and their extents, in the unit of ``wavelength``; equidistant but for rounding.
    begin, end : int
        Planes to add to: ``begin <= plane < end``. Calls for ranges that do not overlap may run side by side.
    total : ndarray of float64, shape (planes, ny, nx, 4)
        Sums that are added to: weighted flux, weight, weighted variance, number of pixels.
    """
    nx, ny = x.size, y.size
    corner_x = np.empty(4)
    corner_y = np.empty(4)
    cell_x = np.empty(4)
    cell_y = np.empty(4)
    scratch = np.empty((4, 16))
    share = np.empty((MAX_CELLS, MAX_CELLS + 1))
    shared = np.empty(end - begin + 1)
    for i in range(xi.shape[1]):
        if np.isnan(flux[i]) or np.isnan(width[i]):
            continue
        low = wavelength[i] - width[i] / 2
        high = wavelength[i] + width[i] / 2
        first = max(int(np.floor((low - waves[0]) / steps[0] + 0.5)) - 1, begin)
        last = min(int(np.ceil((high - waves[0]) / steps[0] + 0.5)) + 1, end)
        reached = False
        for plane in range(first, last):
            bottom = waves[plane] - steps[plane] / 2
            top = waves[plane] + steps[plane] / 2
            shared[plane - first] = max(top - low, 0.0) - max(top - high, 0.0) - max(bottom - low, 0.0)
            reached |= shared[plane - first] > 0.0
        if not reached:
            continue
        for k in range(4):
            h = matrix[2, 0] * xi[k, i] + matrix[2, 1] * eta[k, i] + matrix[2, 2]
            corner_x[k] = (matrix[0, 0] * xi[k, i] + matrix[0, 1] * eta[k, i] + matrix[0, 2]) / h
            corner_y[k] = (matrix[1, 0] * xi[k, i] + matrix[1, 1] * eta[k, i] + matrix[1, 2]) / h
        x_min, x_max, y_min, y_max = least(corner_x), most(corner_x), least(corner_y), most(corner_y)
        begin_x = max(int(np.floor((x_min - x[0]) / size + 0.5)) - 1, 0)
        end_x = min(int(np.ceil((x_max - x[0]) / size + 0.5)) + 1, nx)
        begin_y = max(int(np.floor((y_min - y[0]) / size + 0.5)) - 1, 0)
        end_y = min(int(np.ceil((y_max - y[0]) / size + 0.5)) + 1, ny)
        left_cell = int(np.floor((x_min - x[0]) / size + 0.5))
        low_cell = int(np.floor((y_min - y[0]) / size + 0.5))
        columns = int(np.floor((x_max - x[0]) / size + 0.5)) + 1 - left_cell
        rows = int(np.floor((y_max - y[0]) / size + 0.5)) + 1 - low_cell
        covered = columns <= MAX_CELLS and rows <= MAX_CELLS
        if covered:
            for k in range(4):
                cell_x[k] = (corner_x[k] - x[0]) / size + 0.5 - left_cell
                cell_y[k] = (corner_y[k] - y[0]) / size + 0.5 - low_cell
            cover_cells(cell_x, cell_y, columns, rows, share)
        for iy in range(begin_y, end_y):
            lower, upper = y[iy] - size * 0.5, y[iy] + size * 0.5
            if not (lower < y_max and upper > y_min):
                continue
            for ix in range(begin_x, end_x):
                left, right = x[ix] - size * 0.5, x[ix] + size * 0.5
                if not (left < x_max and right > x_min):
                    continue
                row, column = iy - low_cell, ix - left_cell
                area = 0.0
                if covered and 0 <= row < rows and 0 <= column < columns:
                    if share[row, column] > EXACT_AREA_BELOW:
                        area = share[row, column] * size * size
                    elif share[row, column] < APART_TEST_BELOW and apart(cell_x, cell_y, column, row):
                        continue
                if area == 0.0:
                    area = overlap_area(
                        corner_x, corner_y, left, right, lower, upper, scratch[0], scratch[1], scratch[2], scratch[3]
                    )
                for plane in range(first, last):
                    weight = area * shared[plane - first]
                    if weight > 0.0:
                        voxel = total[plane, iy, ix]
                        voxel[0] += flux[i] * weight
                        voxel[1] += weight
                        voxel[2] += (err[i] * weight) * (err[i] * weight)
                        voxel[3] += 1.0


@njit(**KERNEL)
def slice_ends(xi, eta, wavelength, number, waves, reach, ends):
    """Extent on the sky of each slice in each plane.

    Parameters
    ----------
    xi, eta, wavelength : ndarray of float64, shape (n,)
        Centres of the pixels.
    number : ndarray of int64, shape (n,)
        Slices they belong to, from 1.
    waves : ndarray of float64, shape (planes,)
        Centres of the planes, equidistant but for rounding.
    reach : float
        A pixel counts in planes that are nearer to it than this.
    ends : ndarray of float64, shape (planes, slices, 4)
        Least xi, greatest xi, least eta and greatest eta so far; widened in place.
    """
    step = waves[1] - waves[0]
    for i in range(xi.size):
        first = max(int(np.floor((wavelength[i] - reach - waves[0]) / step)), 0)
        last = min(int(np.ceil((wavelength[i] + reach - waves[0]) / step)) + 1, waves.size)
        for plane in range(first, last):
            if abs(waves[plane] - wavelength[i]) < reach:
                end = ends[plane, number[i] - 1]
                end[0] = min(end[0], xi[i])
                end[1] = max(end[1], xi[i])
                end[2] = min(end[2], eta[i])
                end[3] = max(end[3], eta[i])


@njit(**KERNEL)
def flag_slices(ends, x0, y0, size, nx, flag, dq):
    """Flag the spaxels that slices lie on (``overlap_slice_with_spaxels``).

    The pipeline draws a line from the corner of least to the corner of greatest coordinates, as if no slice rose to the
    left, and where a line is steep its coordinates are both taken from y. The flags only tell holes in the coverage
    from what lies outside of it, and they are to be the pipeline's.

    Parameters
    ----------
    ends : ndarray of float64, shape (planes, slices, 4)
        From `slice_ends`; slices without extent are left out.
    x0, y0, size : float
        Centre of the first spaxel, size of all.
    nx : int
        Spaxels in a row.
    flag : int
        Flag to set.
    dq : ndarray of uint32, shape (planes, ny * nx)
        Flags, set in place.
    """
    for plane in range(ends.shape[0]):
        for number in range(ends.shape[1]):
            x_min, x_max, y_min, y_max = ends[plane, number]
            if not (x_min < x_max and y_min < y_max):
                continue
            # Single precision, then towards zero.
            x1 = int((np.float64(np.float32(x_min)) - x0) / size)
            x2 = int((np.float64(np.float32(x_max)) - x0) / size)
            y1 = int((np.float64(np.float32(y_min)) - y0) / size)
            y2 = int((np.float64(np.float32(y_max)) - y0) / size)
            steep = y2 - y1 > x2 - x1
            if steep:
                x1, x2 = y1, y2
            error = (x2 - x1) // 2
            row = y1
            for column in range(x1, x2 + 1):
                at = column * nx + row if steep else row * nx + column
                if 0 <= at < dq.shape[1]:
                    dq[plane, at] = flag
                error -= y2 - y1
                if error < 0:
                    row += 1 if y1 < y2 else -1
                    error += x2 - x1


@njit(**KERNEL)
def finish_sums(total, hole, outside, dq, flux, number, variance):
    """Make the values and flags of voxels from their sums (``find_spaxel_flux``, beginning of ``set_final_dq_flags``).

    Parameters
    ----------
    total : ndarray of float64, shape (n, 4)
        Weighted flux, weight, weighted variance, number of pixels.
    hole, outside : int
        Flags where no pixel is: on a slice, and elsewhere.
    dq : ndarray of uint32, shape (n,)
        Not 0 on a slice; flags afterwards.
    flux, number : ndarray of float32, shape (n,)
        Output.
    variance : ndarray of float64, shape (n,)
        Output; its root is taken before it has single precision.
    """
    for i in range(dq.size):
        weight = total[i, 1]
        good = total[i, 3] > 0.0
        flux[i] = total[i, 0] / weight if good else total[i, 0]
        variance[i] = total[i, 2] / (weight * weight) if good else total[i, 2]
        number[i] = total[i, 3]
        if weight > 0.0:
            dq[i] = 0
        else:
            dq[i] = hole if dq[i] > 0 else outside


@njit(**KERNEL)
def open_holes(dq, hole, outside):
    """Turn holes that touch the outside, or the edge of the cube, into outside (``set_final_dq_flags``).

    Done in place in the order of the array, as in the pipeline, so that the outside spreads through holes to the right
    and upwards.

    Parameters
    ----------
    dq : ndarray of uint32, shape (planes, ny, nx)
        Flags, changed in place.
    hole, outside : int
        Flags of a hole, and of what lies outside of the coverage; neighbours with the latter's bits count as outside.
    """
    planes, ny, nx = dq.shape
    for plane in range(planes):
        for y in range(ny):
            for x in range(nx):
                if dq[plane, y, x] != hole:
                    continue
                touches = y == 0 or y == ny - 1 or x == 0 or x == nx - 1
                for dy, dx in ((0, -1), (0, 1), (-1, 0), (1, 0)):
                    # Never the first row or column: so in the pipeline.
                    if not touches and y + dy > 0 and x + dx > 0:
                        touches = (dq[plane, y + dy, x + dx] & outside) == outside
                if touches:
                    dq[plane, y, x] = outside
