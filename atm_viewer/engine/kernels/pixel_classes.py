"""Classifies how each pixel of a slice was treated."""

from __future__ import annotations

import numpy as np

from atm_viewer.engine.kernels.compiled import njit
from atm_viewer.engine.kernels.spline import KERNEL


@njit(**KERNEL)
def _holds(ranges, alpha):
    held = False
    for k in range(ranges.shape[0]):
        held |= ranges[k, 0] < alpha <= ranges[k, 1]
    return held


@njit(**KERNEL)
def tell_pixels(
    flux,
    alpha,
    inside,
    flagged,
    column_class,
    reused,
    require_ngood,
    starts,
    defined,
    used,
    ranges,
    out_of_reach,
    dropped,
    by_hand,
    classes,
    why,
    counts,
):
    """Give each pixel of a slice its class.

    Parameters
    ----------
    flux, alpha : ndarray, shape (rows, columns)
        Cut-outs of the slice; NaN where invalid.
    inside : ndarray of bool, same shape
        Pixels of the slice.
    flagged : ndarray of bool, same shape
        Pixels with DO_NOT_USE.
    column_class : ndarray of uint8, shape (columns,)
        Class of the pixels of a column without a spline; 0: it has one.
    reused : ndarray of bool, shape (columns,)
        Whether its spline is another column's.
    require_ngood : int
        A column needs more finite pixels than this to be oversampled.
    starts : ndarray of int64, shape (rows + 1,)
        First oversampled pixel of each row, and the one after the last.
    defined, used : ndarray of bool, shape (oversampled rows, columns)
        Oversampled pixels where there is a value of the spline, and where it is used.
    ranges, out_of_reach, dropped : ndarray, shape (n, 2)
        See `atm_viewer.engine.trace.compact.Use`.
    by_hand : bool
        Whether ``ranges`` are the recipe's own.
    classes : ndarray of uint8, shape (9,)
        Numbers of the classes: too few points, end of the spline, not wanted, out of reach, second source, below
        the slope limit, used, reused, filled.
    why : ndarray of uint8, shape (rows, columns)
        Output: class of each pixel; written inside of the slice only.
    counts : ndarray of int64, shape (n,)
        Output: number of pixels by class is added.
    """
    few, end, unwanted, beyond, second, slope, use, reuse, filled = classes
    rows, columns = flux.shape
    good = np.empty(columns, dtype=np.int64)
    for column in range(columns):
        good[column] = 0
    for row in range(rows):
        for column in range(columns):
            good[column] += inside[row, column] and np.isfinite(flux[row, column])
    for row in range(rows):
        for column in range(columns):
            if not inside[row, column]:
                continue
            here = False
            there = False
            for new in range(starts[row], starts[row + 1]):
                here |= used[new, column]
                there |= defined[new, column]
            a = alpha[row, column]
            if here:
                if flagged[row, column] or not np.isfinite(flux[row, column]):
                    found = filled
                elif reused[column]:
                    found = reuse
                else:
                    found = use
            elif column_class[column] != 0:
                found = column_class[column]
            elif good[column] <= require_ngood:
                found = few
            elif not there:
                found = end
            elif by_hand or _holds(ranges, a):
                found = unwanted
            elif _holds(out_of_reach, a):
                found = beyond
            elif _holds(dropped, a):
                found = second
            else:
                found = slope
            why[row, column] = found
            counts[found] += 1
