"""Evaluation of tensor-product Chebyshev series over a slice, for pixels' corners and wavelengths."""

from __future__ import annotations

import numpy as np
from numba import njit

from atm_viewer.engine.kernels.spline import FAST


@njit(**FAST)
def chebyshev(x, out):
    """Chebyshev polynomials of the first kind at ``x``, as many as ``out`` holds."""
    out[0] = 1.0
    if out.size > 1:
        out[1] = x
    for k in range(2, out.size):
        out[k] = 2.0 * x * out[k - 1] - out[k - 2]


@njit(**FAST)
def map_pixels(index, along, dispersion, edge, half, series, domain, corner, centre, wavelength):
    """Corners, centres and wavelengths of pixels.

    Parameters
    ----------
    index : ndarray of int64, shape (n,)
        Which series holds for a pixel.
    along, dispersion : ndarray of float64, shape (n,)
        Detector coordinates of the pixels' centres along the slice and along the dispersion [pixel].
    edge, half : float
        Distances from the centre to the edges along the slice, and along the dispersion [pixel].
    series : ndarray of float64, shape (m, 7, p, q)
        Coefficients over (along, dispersion): two coordinates of one edge of the slice, two of the other,
        two of its middle, and the wavelength.
    domain : ndarray of float64, shape (m, 4)
        Middle and half width of the range along the slice, and along the dispersion [pixel].
    corner : ndarray of float64, shape (4, 2, n)
        Output: two coordinates of the corners, in order around the pixel.
    centre : ndarray of float64, shape (2, n)
        Output: two coordinates of the centre.
    wavelength : ndarray of float64, shape (3, n)
        Output: at the centre and on the two edges along the dispersion.
    """
    _, _, p, q = series.shape
    low = np.empty(p)
    high = np.empty(p)
    middle = np.empty(p)
    here = np.empty(q)
    inner = np.empty(q)
    for i in range(index.size):
        c = series[index[i]]
        middle_a, half_a, middle_d, half_d = domain[index[i]]
        chebyshev((along[i] - edge - middle_a) / half_a, low)
        chebyshev((along[i] + edge - middle_a) / half_a, high)
        chebyshev((along[i] - middle_a) / half_a, middle)
        chebyshev((dispersion[i] - middle_d) / half_d, here)
        for k in range(6):
            first = 0.0
            last = 0.0
            within = 0.0
            for a in range(p):
                total = 0.0
                for d in range(q):
                    total += c[k, a, d] * here[d]
                within += total * middle[a]
                first += total * low[a]
                last += total * high[a]
            # One edge has the corners 0 and 3, the other 1 and 2.
            if k < 2:
                corner[0, k, i] = first
                corner[3, k, i] = last
            elif k < 4:
                corner[1, k - 2, i] = first
                corner[2, k - 2, i] = last
            else:
                centre[k - 4, i] = within
        for d in range(q):
            total = 0.0
            for a in range(p):
                total += c[6, a, d] * middle[a]
            inner[d] = total
        for m in range(3):
            if m > 0:
                offset = half if m == 2 else -half
                chebyshev((dispersion[i] + offset - middle_d) / half_d, here)
            total = 0.0
            for d in range(q):
                total += inner[d] * here[d]
            wavelength[m, i] = total
