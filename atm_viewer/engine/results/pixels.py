"""How each pixel of the detector was treated, and what determined it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from atm_viewer.engine.arrays import Bytes


class Fate(IntEnum):
    """Why a column of a slice has a spline or has none."""

    EMPTY = 0  #: no finite pixel in the slice's part of the column
    BELOW_THRESHOLD = 1  #: the slice's peak is not above its threshold: no column is fitted
    TOO_FEW_POINTS = 2  #: the column has too few finite pixels of its own
    TOO_SPARSE = 3  #: the window's points leave gaps, or the fit failed, and no earlier spline could be reused
    FITTED = 4  #: own spline
    REUSED = 5  #: own fit failed; the last good spline is used


class Why(IntEnum):
    """What became of a pixel of the detector, and why; from what matters least to what matters most."""

    OUTSIDE = 0  #: in no slice
    BELOW_THRESHOLD = 1  #: the slice's peak is not above its threshold; it may be fitted for a region elsewhere
    TOO_FEW_POINTS = 2  #: the column has too few finite pixels, or none
    TOO_SPARSE = 3  #: the window's points leave gaps, or the fit failed, and no spline could be reused
    END_OF_SPLINE = 4  #: the spline does not reach the pixel: it ends where the fitted points end
    BELOW_SLOPE = 5  #: there is a spline, but no compact source: its slope is not over the limit
    NOT_WANTED = 6  #: outside of the recipe's ``use`` or ``wavelengths``, or in a region that interpolates
    OUT_OF_REACH = 7  #: about a compact source that the pipeline's histogram does not reach
    SECOND_SOURCE = 8  #: about a compact source with less than a fifth of the highest peak's steep pixels
    USED = 9  #: the column's own spline is used
    REUSED = 10  #: the spline of another column is used
    FILLED = 11  #: the spline is used where the input has no valid value


@dataclass(frozen=True, eq=False)
class WhyMap:
    """What became of every pixel of an exposure.

    Parameters
    ----------
    classes : ndarray of uint8, shape (ny, nx)
        `Why` of each pixel.
    counts : tuple of int
        Number of pixels by class; those in no slice are not counted.
    sources : dict of int to ndarray of int16, shape (columns,)
        Of the slices that reuse splines: the column whose spline each column uses, -1 for none.
    """

    classes: Bytes
    counts: tuple[int, ...]
    sources: dict[int, np.ndarray]


@dataclass(frozen=True)
class PixelReport:
    """What happened to one pixel of the detector.

    Parameters
    ----------
    exposure : str
        Key of the exposure.
    x, y : int
        Zero-based pixel.
    number, column : int
        Slice and column.
    why : Why
        What became of it.
    sentence : str
        The same in one sentence, with the parameter that would change it.
    """

    exposure: str
    x: int
    y: int
    number: int
    column: int
    why: Why
    sentence: str
