"""Finds light of lines in what a slice's splines leave: signal that only a few columns have."""

from __future__ import annotations

import numpy as np

from atm_viewer.engine.kernels.compiled import njit
from atm_viewer.engine.kernels.order import median
from atm_viewer.engine.kernels.spline import KERNEL

#: Of two neighbours the larger counts as at most so many times the smaller.
MOST = 3.0


@njit(**KERNEL)
def common_signal(residual, flux, block, floor, out):
    """How much of the residual each column has in common with the next one, in units of its scatter.

    Noise of two columns has nothing in common, while a line is wider than a column. The scatter is that of the same
    row nearby, so faint rows count as much as bright ones. Of two residuals the larger counts as no more than three
    times the smaller, so that a bad pixel is no signal.

    Parameters
    ----------
    residual, flux : ndarray of float64, shape (rows, columns)
        Flux less spline, and flux; NaN where either is unknown.
    block : int
        The scatter is that of three blocks of so many columns.
    floor : float
        It is at least this part of the flux.
    out : ndarray of float64, shape (columns,)
        Output: sum over the rows of the products of both columns' residuals, over the root of their number; 0 without
        any.
    """
    rows, columns = residual.shape
    blocks = max(columns // block, 1)
    sizes = np.empty(4 * block)
    lights = np.empty(4 * block)
    number = np.zeros(columns)
    out[:] = 0.0
    for row in range(rows):
        for k in range(blocks):
            begin = k * block
            end = columns if k == blocks - 1 else begin + block
            n = 0
            for column in range(max(begin - block, 0), min(end + block, columns)):
                if n < sizes.size and np.isfinite(residual[row, column]):
                    sizes[n] = abs(residual[row, column])
                    lights[n] = abs(flux[row, column])
                    n += 1
            if n < block // 2:
                continue
            scatter = 1.4826 * median(sizes[:n]) + floor * median(lights[:n])
            if not scatter > 0.0:
                continue
            for column in range(begin, min(end, columns - 1)):
                here = residual[row, column]
                there = residual[row, column + 1]
                if np.isfinite(here) and np.isfinite(there):
                    least = min(abs(here), abs(there)) / scatter
                    product = least * min(max(abs(here), abs(there)) / scatter, MOST * least)
                    out[column] += product if here * there > 0.0 else -product
                    number[column] += 1.0
    for column in range(columns):
        if number[column] > 0.0:
            out[column] /= np.sqrt(number[column])
