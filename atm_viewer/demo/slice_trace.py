"""Slices on a detector: quadratic traces with linear dispersion, which polynomials invert exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from atm_viewer.demo.detector_geometry import DetectorGeometry

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SliceTrace:
    """Image of one slice on a detector.

    In terms of ``u``, the detector coordinate along dispersion counted from ``middle``, and the coordinate ``s``
    across dispersion: ``alpha = scale (s - centre(u))`` and ``wavelength = w0 + w1 u + skew alpha``.

    Attributes
    ----------
    number : int
        Slice number as in the pipeline's region map.
    beta, width, length : float
        Place across the slices, width and length of the slice in arcsec.
    scale : float
        Pixel width along the slice in arcsec, negative when alpha falls with the detector coordinate.
    middle : float
        Detector coordinate along dispersion at which ``u`` is zero.
    centre : tuple of float
        Coefficients (constant, linear, quadratic) of the detector coordinate at which alpha is zero.
    wavelength : tuple of float
        Coefficients (constant, linear) of the wavelength at alpha = 0 in um.
    skew : float
        Change of wavelength along the slice in um per arcsec: lines are a little tilted on the detector.
    band : tuple of float
        Shortest and longest wavelength that the slice receives in um.
    """

    number: int
    beta: float
    width: float
    length: float
    scale: float
    middle: float
    centre: tuple[float, float, float]
    wavelength: tuple[float, float]
    skew: float
    band: tuple[float, float] = (0.0, np.inf)

    def coordinates(self, along: Array, across: Array) -> tuple[Array, Array]:
        """Alpha in arcsec and wavelength in um of detector coordinates along and across dispersion."""
        u = along - self.middle
        alpha = self.scale * (across - Polynomial(self.centre)(u))
        return alpha, Polynomial(self.wavelength)(u) + self.skew * alpha

    def forward(self) -> tuple[Any, Any]:
        """Models of alpha (arcsec) and wavelength (um), functions of the coordinates along and across dispersion."""
        u = np.array([[-self.middle, 0, 0], [1, 0, 0], [0, 0, 0]])
        across = np.array([[0, 1, 0], [0, 0, 0], [0, 0, 0]])
        alpha = self.scale * (across - _of_plane(self.centre, u))
        return _model(alpha), _model(_of_plane(self.wavelength, u) + self.skew * alpha)

    def backward(self) -> tuple[Any, Any]:
        """Models of the coordinates along and across dispersion, functions of wavelength (um) and alpha (arcsec)."""
        constant, slope = self.wavelength
        u = np.array([[-constant, -self.skew, 0], [1, 0, 0], [0, 0, 0]]) / slope
        along, across = u.copy(), _of_plane(self.centre, u)
        along[0, 0] += self.middle
        across[0, 1] += 1 / self.scale
        return _model(along), _model(across)


def map_slices(traces: Sequence[SliceTrace], shape: tuple[int, int]) -> DetectorGeometry:
    """Coordinates of all pixels of a detector.

    Parameters
    ----------
    traces : sequence of SliceTrace
        All slices, with the same pixel width.
    shape : tuple of int
        Size of the detector along and across dispersion.

    Returns
    -------
    DetectorGeometry
        Its arrays have dispersion along the first axis.
    """
    region = np.zeros(shape, np.int32)
    alpha, beta, wavelength, width = (np.full(shape, np.nan) for _ in range(4))
    along = np.arange(shape[0], dtype=float)[:, None]
    for trace in traces:
        middle = Polynomial(trace.centre)(along - trace.middle)
        reach = trace.length / 2 / abs(trace.scale)
        first, last = max(int(middle.min() - reach), 0), int(middle.max() + reach) + 2
        across = np.arange(shape[1], dtype=float)[None, first:last]
        a, w = trace.coordinates(along, across)
        inside = (np.abs(a) <= trace.length / 2) & (trace.band[0] <= w) & (w <= trace.band[1])
        for array, values in (
            (region, trace.number),
            (alpha, a),
            (beta, trace.beta),
            (wavelength, w),
            (width, trace.width),
        ):
            array[:, first:last] = np.where(inside, values, array[:, first:last])
    return DetectorGeometry(region, alpha, beta, wavelength, abs(traces[0].scale), width)


def _model(coefficients: Array) -> Any:
    from astropy.modeling.models import Polynomial2D

    return Polynomial2D(2, **{f"c{i}_{j}": coefficients[i, j] for i in range(3) for j in range(3 - i)})


def _of_plane(coefficients: Sequence[float], plane: Array) -> Array:
    """Coefficients of a polynomial, at most quadratic, of a plane ``p00 + p10 a + p01 b``.

    Parameters
    ----------
    coefficients : sequence of float
        Of the polynomial, constant first.
    plane : ndarray, shape (3, 3)
        Element (i, j) belongs to ``a**i b**j``.

    Returns
    -------
    ndarray, shape (3, 3)
        Indexed as ``plane``.
    """
    constant, slope_a, slope_b = plane[0, 0], plane[1, 0], plane[0, 1]
    one = np.zeros((3, 3))
    one[0, 0] = 1
    square = np.zeros((3, 3))
    square[0, 0], square[1, 0], square[0, 1] = constant**2, 2 * constant * slope_a, 2 * constant * slope_b
    square[2, 0], square[0, 2], square[1, 1] = slope_a**2, slope_b**2, 2 * slope_a * slope_b
    total: Array = np.sum([c * power for c, power in zip(coefficients, (one, plane, square), strict=False)], axis=0)
    return total
