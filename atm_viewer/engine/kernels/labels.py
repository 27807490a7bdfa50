"""Positions on the detector sorted by the slices that they are in."""

from __future__ import annotations

import numpy as np

from atm_viewer.engine.kernels.compiled import njit
from atm_viewer.engine.kernels.spline import KERNEL


@njit(**KERNEL)
def sort_by_label(label, x, y):
    """Sort positions by their labels, those of a label in the order in which they are given.

    Parameters
    ----------
    label : ndarray of int16, shape (m, n)
        Labels; positions whose label is 0 or less are left out.
    x, y : ndarray of float64, shape (m, n)
        Positions.

    Returns
    -------
    starts : ndarray of int64, shape (largest label + 2,)
        ``starts[k]``: where positions of the label k begin, and those of the label before it end.
    order : ndarray of int64, shape (labelled positions,)
        Which of the labelled positions each one is.
    sorted_x, sorted_y : ndarray of float64, same shape
        Positions.
    at : ndarray of int64, same shape
        Flat indices of the labelled positions, ascending.
    """
    rows, columns = label.shape
    most = 0
    for row in range(rows):
        for column in range(columns):
            most = max(most, label[row, column])
    starts = np.empty(most + 2, dtype=np.int64)
    for k in range(most + 2):
        starts[k] = 0
    for row in range(rows):
        for column in range(columns):
            if label[row, column] > 0:
                starts[label[row, column] + 1] += 1
    free = np.empty(most + 2, dtype=np.int64)
    free[0] = 0
    for k in range(1, most + 2):
        starts[k] += starts[k - 1]
        free[k] = starts[k]
    order = np.empty(starts[most + 1], dtype=np.int64)
    at = np.empty(order.size, dtype=np.int64)
    sorted_x = np.empty(order.size)
    sorted_y = np.empty(order.size)
    count = 0
    for row in range(rows):
        for column in range(columns):
            k = label[row, column]
            if k > 0:
                place = free[k]
                order[place] = count
                sorted_x[place] = x[row, column]
                sorted_y[place] = y[row, column]
                free[k] = place + 1
                at[count] = row * columns + column
                count += 1
    return starts, order, sorted_x, sorted_y, at


@njit(**KERNEL)
def put(values, order, out):
    """Write values to where ``order`` says, ``out[order] = values``, without Python's lock."""
    for k in range(order.size):
        out[order[k]] = values[k]
