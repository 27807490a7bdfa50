"""Columns of a slice in which lines have light that the spline lacks.

The spline follows the continuum's profile. Light of an emission line that lies elsewhere, and a line that the
continuum of one source has and another one's lacks, are in the residual alone.
"""

from __future__ import annotations

import numpy as np

from atm_viewer.engine.arrays import Floats, Mask
from atm_viewer.engine.io.slices import SliceData
from atm_viewer.engine.kernels import lines as kernels
from atm_viewer.engine.statistics import robust_sigma
from atm_viewer.engine.threads import loading
from atm_viewer.engine.trace.trace_fit import TraceFit
from atm_viewer.engine.trace.traces import slice_trace

#: The scatter of a row is that of so many columns about a block of as many.
BLOCK = 64
#: Scatter that is taken for granted, over the flux: splines are no better than that.
FLOOR = 0.01
#: A line stands out of the median of so many columns, by so many times the scatter; so long as it exceeds the lower
#: limit, its wings belong to it, and so many columns beyond.
CONTINUUM, SIGNIFICANT, WINGS, BEYOND = 65, 7.0, 2.0, 8
#: What is wider than this at a tenth of its height [columns] is no line.
WIDEST = 24


def line_columns(data: SliceData, fit: TraceFit) -> Mask:
    """Find the columns in which a slice's spline lacks light of lines.

    Parameters
    ----------
    data : SliceData
        The slice.
    fit : TraceFit
        Its trace model.

    Returns
    -------
    ndarray of bool, shape (columns,)
    """
    with loading():
        from scipy.ndimage import median_filter

    flux = data.flux.astype(float)
    signal = np.empty(flux.shape[1])
    kernels.common_signal(flux - slice_trace(data, fit), flux, BLOCK, FLOOR, signal)
    found = np.zeros(signal.size, dtype=bool)
    if signal.size < CONTINUUM:
        return found
    signal -= median_filter(signal, CONTINUUM, mode="mirror")
    scatter = robust_sigma(signal) + 1e-9
    for first, last in _runs(signal > WINGS * scatter):
        peak = signal[first:last].max()
        if peak > SIGNIFICANT * scatter and (signal[first:last] > 0.1 * peak).sum() <= WIDEST:
            # What a column has in common with the next one is in both.
            found[max(first - BEYOND, 0) : last + 1 + BEYOND] = True
    return found


def continuum_share(data: SliceData, fit: TraceFit) -> Floats:
    """Find how much of its spline each column of a slice has, 0 to 1.

    The spline is scaled to the light of the whole column. Where a line adds light that lies elsewhere, its scale is too
    large, and so is what its residual lacks. What curves as the spline does, from pixel to pixel, tells the right one;
    the columns around tell how much that is without a line.

    Parameters
    ----------
    data : SliceData
        The slice.
    fit : TraceFit
        Its trace model.

    Returns
    -------
    ndarray of float64, shape (columns,)
    """
    with loading():
        from scipy.ndimage import median_filter

    flux, spline = (np.diff(values.astype(float), 2, axis=0) for values in (data.flux, slice_trace(data, fit)))
    known = np.isfinite(flux) & np.isfinite(spline)
    flux, spline = (np.where(known, values, 0.0) for values in (flux, spline))
    square = (spline * spline).sum(axis=0)
    share: Floats = np.divide((flux * spline).sum(axis=0), square, out=np.ones_like(square), where=square > 0)
    usual = median_filter(share, CONTINUUM, mode="mirror") if share.size >= CONTINUUM else np.ones_like(share)
    return np.clip(np.divide(share, usual, out=np.ones_like(share), where=usual > 0), 0.0, 1.0)


def _runs(chosen: Mask) -> list[tuple[int, int]]:
    """First index of each run of True, and the one after its last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], chosen, [False]]).astype(int)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
