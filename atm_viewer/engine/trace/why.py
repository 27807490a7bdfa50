"""Derives the why map: how each detector pixel was treated, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from atm_viewer.engine.arrays import Bytes, Integers, Mask, Singles
from atm_viewer.engine.io.slices import SliceData
from atm_viewer.engine.kernels import pixel_classes as kernels
from atm_viewer.engine.results.pixels import Fate, Why, WhyMap
from atm_viewer.engine.trace.compact import Use
from atm_viewer.engine.trace.trace_fit import TraceFit

#: Class of the pixels of a column without a spline.
_WITHOUT_SPLINE = {
    Fate.EMPTY: Why.TOO_FEW_POINTS,
    Fate.BELOW_THRESHOLD: Why.BELOW_THRESHOLD,
    Fate.TOO_FEW_POINTS: Why.TOO_FEW_POINTS,
    Fate.TOO_SPARSE: Why.TOO_SPARSE,
}

#: In the order in which the kernel takes them.
_CLASSES = np.array(
    [
        Why.TOO_FEW_POINTS,
        Why.END_OF_SPLINE,
        Why.NOT_WANTED,
        Why.OUT_OF_REACH,
        Why.SECOND_SOURCE,
        Why.BELOW_SLOPE,
        Why.USED,
        Why.REUSED,
        Why.FILLED,
    ],
    dtype=np.uint8,
)


@dataclass(frozen=True, eq=False)
class NativeSlice:
    """A slice's own pixels: its trace model, and what became of each of them.

    Parameters
    ----------
    trace : ndarray of float32, shape (rows, columns)
        Spline where it is used; NaN elsewhere.
    why : ndarray of uint8, same shape
        `Why` of each pixel; 0 outside of the slice.
    counts : ndarray of int64, shape (number of classes,)
        Pixels by class.
    use : Use
        Where the spline is used.
    """

    trace: Singles
    why: Bytes
    counts: Integers
    use: Use


def tell_why(
    data: SliceData,
    fit: TraceFit,
    use: Use,
    require_ngood: int,
    flagged: Mask,
    starts: Integers,
    defined: Mask,
    used: Mask,
) -> tuple[Bytes, Integers]:
    """Tell what became of each of a slice's pixels.

    A pixel counts as used when the spline is used in any of the pixels it is divided into.

    Parameters
    ----------
    data : SliceData
        The slice.
    fit : TraceFit
        Its splines.
    use : Use
        Where the spline is used.
    require_ngood : int
        A column needs more finite pixels than this to be oversampled.
    flagged : ndarray of bool, shape (rows, columns)
        Pixels with DO_NOT_USE.
    starts : ndarray of int64, shape (rows + 1,)
        First oversampled pixel of each row, and the one after the last.
    defined, used : ndarray of bool, shape (oversampled rows, columns)
        Where there is a value of the spline, and where it is used.

    Returns
    -------
    why : ndarray of uint8, shape (rows, columns)
        `Why` of each pixel; 0 outside of the slice.
    counts : ndarray of int64
        Pixels by class.
    """
    table = np.zeros(len(Fate), dtype=np.uint8)
    for fate, found in _WITHOUT_SPLINE.items():
        table[fate] = found
    if not fit.has_splines:  # which is quickly told
        columns = table[fit.fate]
        counts = np.bincount(columns, data.inside.sum(axis=0), minlength=len(Why)).astype(np.int64)
        return np.where(data.inside, columns, np.uint8(0)), counts
    why = np.zeros(data.flux.shape, dtype=np.uint8)
    # Beside the ranges of regions, a slice that is fitted for them alone is what it would be without.
    classes = np.where(_CLASSES == Why.BELOW_SLOPE, Why.BELOW_THRESHOLD, _CLASSES) if fit.only_regions else _CLASSES
    counts = np.zeros(len(Why), dtype=np.int64)
    ranges = [*use.ranges, *use.kept_out], use.out_of_reach, use.dropped
    kernels.tell_pixels(
        data.flux,
        data.alpha,
        data.inside,
        np.ascontiguousarray(flagged),
        table[fit.fate],
        fit.fate == Fate.REUSED,
        require_ngood,
        starts,
        defined,
        used,
        *(np.array(r, dtype=float).reshape(-1, 2) for r in ranges),
        fit.params.use is not None,
        classes.astype(np.uint8),
        why,
        counts,
    )
    return why, counts


def map_why(classes: Bytes, counts: Integers, fits: Mapping[int, TraceFit]) -> WhyMap:
    """Put together what is told of an exposure's slices.

    Parameters
    ----------
    classes : ndarray of uint8, shape (ny, nx)
        `Why` of each pixel, in the detector's frame.
    counts : ndarray of int64, shape (number of classes,)
        Pixels by class.
    fits : mapping of int to TraceFit
        Trace models.

    Returns
    -------
    WhyMap
    """
    sources = {n: fit.source.astype(np.int16) for n, fit in fits.items() if (fit.fate == Fate.REUSED).any()}
    return WhyMap(classes, tuple(counts.tolist()), sources)
