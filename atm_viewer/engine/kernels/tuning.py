"""What columns of a slice tell of each other's interpolation: the numbers behind an automatic recipe."""

from __future__ import annotations

import numpy as np

from atm_viewer.engine.kernels.compiled import njit
from atm_viewer.engine.kernels.order import median
from atm_viewer.engine.kernels.spline import KERNEL, evaluate
from atm_viewer.engine.kernels.trace import make_knots

#: Rows about the one expected in which the pixels beside a position are looked for.
NEAR = 3


@njit(**KERNEL)
def rows_of(alpha, position, out):
    """Rows in which the columns of a slice pass a position.

    Parameters
    ----------
    alpha : ndarray, shape (rows, columns)
        Cut-out of the slice; NaN outside.
    position : float
        Position along the slice, in alpha.
    out : ndarray of float64, shape (columns,)
        Output: row, between pixels interpolated; NaN where a column does not reach it.
    """
    rows, columns = alpha.shape
    for column in range(columns):
        out[column] = np.nan
        for row in range(rows - 1):
            a = np.float64(alpha[row, column]) - position
            b = np.float64(alpha[row + 1, column]) - position
            if a * b <= 0.0 and a != b:
                out[column] = row + a / (a - b)
                break


@njit(**KERNEL)
def compare_columns(
    alpha,
    flux,
    level,
    row,
    wavelength,
    source,
    knots,
    intervals,
    poly,
    scale,
    bounds,
    stride,
    least,
    farthest,
    out,
):
    """Compare what lies between the pixels of a column with the pixels of others, whose grid lies there.

    The partners of a column are the nearest ones, to both sides, whose pixels lie at least ``least`` pixels away from
    the column's own, but for whole pixels.

    Parameters
    ----------
    alpha, flux : ndarray, shape (rows, columns)
        Cut-outs of the slice; NaN where invalid.
    level : ndarray of float64, shape (columns,)
        Brightness of the columns, by which those of a pair are brought to the same; NaN where unknown.
    row : ndarray of float64, shape (columns,)
        See `rows_of`.
    wavelength : ndarray of float64, shape (columns,)
        Wavelength of the columns.
    source, knots, intervals, poly, scale, bounds
        Splines, see `atm_viewer.engine.trace.trace_fit.TraceFit`.
    stride : int
        Every so many columns one is compared.
    least : float
        See above.
    farthest : float
        Greatest distance of partners, over the wavelength.
    out : ndarray of float64, shape (7, n)
        Output: alpha; 0 or 1 for the partner's side; what interpolation, spline with interpolated residual, and
        spline alone differ by from the partner's pixel, this pixel itself, and what it differs by from the mean of
        both its neighbours in wavelength, over the column's level; the last is NaN where a neighbour is missing.

    Returns
    -------
    int
        Comparisons made.
    """
    rows, columns = alpha.shape
    t = np.empty(poly.shape[1] + 8)
    count = 0
    for column in range(0, columns, stride):
        s = source[column]
        if s < 0 or not (level[column] > 0.0) or np.isnan(row[column]):
            continue
        make_knots(knots[s], intervals[s], t)
        for side in range(2):
            other = _partner(row, level, wavelength, column, 2 * side - 1, least, farthest)
            if other < 0:
                continue
            ratio = level[column] / level[other]
            shift = int(np.floor(row[column] - row[other]))
            for k in range(rows):
                x = np.float64(alpha[k, other])
                y = np.float64(flux[k, other]) * ratio
                if not (np.isfinite(x) and np.isfinite(y)):
                    continue
                for r in range(max(k + shift - NEAR, 0), min(k + shift + NEAR + 1, rows - 1)):
                    a = np.float64(alpha[r, column])
                    b = np.float64(alpha[r + 1, column])
                    if (a <= x < b) or (b < x <= a):
                        break
                else:
                    continue
                low, high = bounds[column, 0], bounds[column, 1]
                if not (low <= a <= high and low <= b <= high):
                    continue
                part = (x - a) / (b - a)
                first = np.float64(flux[r, column])
                linear = first + (np.float64(flux[r + 1, column]) - first) * part
                if not np.isfinite(linear):
                    continue
                begin = evaluate(a, t, intervals[s], poly[s])
                end = evaluate(b, t, intervals[s], poly[s])
                between = evaluate(x, t, intervals[s], poly[s])
                bent = (between - begin - (end - begin) * part) * scale[column]
                out[0, count] = x
                out[1, count] = side
                out[2, count] = (linear - y) / level[column]
                out[3, count] = (linear + bent - y) / level[column]
                out[4, count] = (between * scale[column] - y) / level[column]
                out[5, count] = y / level[column]
                out[6, count] = _difference(flux, level, k, other)
                count += 1
    return count


@njit(**KERNEL)
def _difference(flux, level, row, column):
    """Compare a pixel, over its column's level, with the mean of both neighbours along its row."""
    if not 0 < column < level.size - 1:
        return np.nan
    mean = 0.5 * (flux[row, column - 1] / level[column - 1] + flux[row, column + 1] / level[column + 1])
    return flux[row, column] / level[column] - mean


@njit(**KERNEL)
def _partner(row, level, wavelength, column, step, least, farthest):
    """Nearest column on a side whose pixels lie between those of a column; -1 without."""
    other = column + step
    while 0 <= other < row.size:
        if not (abs(wavelength[other] - wavelength[column]) <= farthest * wavelength[column]):
            return -1
        if level[other] > 0.0 and not np.isnan(row[other]):
            away = row[other] - row[column]
            if abs(away - np.round(away)) >= least:
                return other
        other += step
    return -1


@njit(**KERNEL)
def mean_squares(errors, by_side, side_starts, by_place, place_starts, kept, count, out):
    """Mean squares of errors by place, without the largest.

    Parameters
    ----------
    errors : ndarray of float64, shape (ways, n)
        Errors of several ways.
    by_side : ndarray of int64, shape (n,)
        Their order by small parts of the slice, and in each by the side on which the partner is.
    side_starts : ndarray of int64, shape (2 * groups + 1,)
        Where each side of each small part begins in this order.
    by_place : ndarray of int64, shape (n,)
        Their order by the larger parts that they are counted in.
    place_starts : ndarray of int64, shape (places + 1,)
        Where each of these begins.
    kept : float
        Part of a place's errors, the least of all ways together, that counts.
    count : ndarray of int64, shape (places,)
        Output: errors that count.
    out : ndarray of float64, shape (2, ways, places)
        Output: mean squares; NaN without errors. First of errors without half of what the medians of both sides differ
        by, since light that changes with wavelength makes errors of opposite sign; then of errors about these medians.
    """
    ways = errors.shape[0]
    even = errors.copy()
    about = errors.copy()
    for g in range(side_starts.size // 2):
        first = by_side[side_starts[2 * g] : side_starts[2 * g + 1]]
        second = by_side[side_starts[2 * g + 1] : side_starts[2 * g + 2]]
        for way in range(ways):
            before = median(errors[way][first]) if first.size else 0.0
            after = median(errors[way][second]) if second.size else 0.0
            about[way][first] -= before
            about[way][second] -= after
            if first.size and second.size:
                even[way][first] -= 0.5 * (before - after)
                even[way][second] += 0.5 * (before - after)
    out[:] = np.nan
    for p in range(place_starts.size - 1):
        part = by_place[place_starts[p] : place_starts[p + 1]]
        count[p] = int(np.ceil(part.size * kept))
        if part.size == 0:
            continue
        for k in range(2):
            these = even if k == 0 else about
            total = np.zeros(part.size)
            for way in range(ways):
                total += these[way][part] ** 2
            best = part[np.argsort(total, kind="mergesort")[: count[p]]]
            for way in range(ways):
                out[k, way, p] = np.mean(these[way][best] ** 2)
