"""Slices on the detector: where they are, and positions sorted by them."""

from __future__ import annotations

import numpy as np

from atm_viewer.engine.kernels.compiled import njit
from atm_viewer.engine.kernels.spline import KERNEL


@njit(**KERNEL)
def label_ranges(labels, axis):
    """Find the range along an axis in which each label has pixels.

    Parameters
    ----------
    labels : ndarray of int32, shape (ny, nx)
        Labels; pixels whose label is 0 or less are left out.
    axis : int
        0 for rows, 1 for columns.

    Returns
    -------
    ndarray of int64, shape (largest label + 1, 2)
        First row or column and the one after the last; of labels that no pixel has, the axis' length and 0.
    """
    ny, nx = labels.shape
    most = 0
    for j in range(ny):
        for i in range(nx):
            most = max(most, labels[j, i])
    found = np.empty((most + 1, 2), dtype=np.int64)
    for k in range(most + 1):
        found[k, 0] = nx if axis else ny
        found[k, 1] = 0
    for j in range(ny):
        for i in range(nx):
            k = labels[j, i]
            if k > 0:
                at = i if axis else j
                found[k, 0] = min(found[k, 0], at)
                found[k, 1] = max(found[k, 1], at + 1)
    return found


@njit(**KERNEL)
def sort_by_label(labels, row, column, x, y, order, sorted_x, sorted_y, at):
    """Sort positions by the labels of their pixels, those of a label in the order in which they are given.

    Positions are x and y broadcast against each other, so that those of a grid never are in memory.

    Parameters
    ----------
    labels : ndarray of int16, shape (ny, nx)
        Labels; positions whose label is 0 or less are left out.
    row, column : ndarray of int64, shapes of y and of x
        Pixels of the positions.
    x, y : ndarray of float64, shape (m or 1, n or 1)
        Positions.
    order : ndarray of int32, shape (m * n,)
        Output: which of the labelled positions each one is. Of this and the other outputs, as many elements are written
        as there are labelled positions.
    sorted_x, sorted_y : ndarray of float64, same shape
        Output: positions.
    at : ndarray of int64, same shape
        Output: flat indices of the labelled positions, ascending.

    Returns
    -------
    ndarray of int64, shape (largest label + 2,)
        ``starts[k]``: where positions of the label k begin, and those of the label before it end.
    """
    most = 0
    for j in range(labels.shape[0]):
        for i in range(labels.shape[1]):
            most = max(most, labels[j, i])
    starts = np.empty(most + 2, dtype=np.int64)
    free = np.empty(most + 2, dtype=np.int64)
    for k in range(most + 2):
        starts[k] = 0
    # Steps to the next row and column of the grid: 0 where there is one for all.
    x_down, x_along = int(x.shape[0] != 1), int(x.shape[1] != 1)
    y_down, y_along = int(y.shape[0] != 1), int(y.shape[1] != 1)
    m = x.shape[0] if x_down else y.shape[0]
    n = x.shape[1] if x_along else y.shape[1]
    for j in range(m):
        for i in range(n):
            k = labels[row[j * y_down, i * y_along], column[j * x_down, i * x_along]]
            if k > 0:
                starts[k + 1] += 1
    free[0] = 0
    for k in range(1, most + 2):
        starts[k] += starts[k - 1]
        free[k] = starts[k]
    count = 0
    for j in range(m):
        for i in range(n):
            k = labels[row[j * y_down, i * y_along], column[j * x_down, i * x_along]]
            if k > 0:
                place = free[k]
                order[place] = count
                sorted_x[place] = x[j * x_down, i * x_along]
                sorted_y[place] = y[j * y_down, i * y_along]
                free[k] = place + 1
                at[count] = j * n + i
                count += 1
    return starts


@njit(**KERNEL)
def put(values, order, out):
    """Write values to where ``order`` says, ``out[order] = values``, without Python's lock."""
    for k in range(order.size):
        out[order[k]] = values[k]
