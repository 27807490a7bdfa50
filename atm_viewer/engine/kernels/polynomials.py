"""Polynomials of two variables, with the roundings of astropy's own."""

from __future__ import annotations

import numpy as np

from atm_viewer.engine.kernels.compiled import njit
from atm_viewer.engine.kernels.spline import KERNEL

_BLOCK = 512


@njit(**KERNEL)
def polynomial_2d(x, y, coefficients, new_row, out):
    """Evaluate a polynomial by the scheme of ``astropy.modeling.polynomial.Polynomial2D.multivariate_horner``.

    Sums are taken in astropy's order, so that results are the same to the last bit.

    Parameters
    ----------
    x, y : ndarray of float64, shape (n,)
        Positions.
    coefficients : ndarray of float64, shape (k,)
        In inverse lexical order (``invlex_coeff``).
    new_row : ndarray of bool, shape (k - 1,)
        Whether the power of y falls from one coefficient to the next.
    out : ndarray of float64, shape (n,)
        Where values go.
    """
    n, terms = x.size, new_row.size
    row, rows = np.empty(_BLOCK), np.empty(_BLOCK)
    for start in range(0, n, _BLOCK):
        count = min(_BLOCK, n - start)
        # Of views that begin at 0 the compiler knows that no index is negative, without which nothing runs on vectors.
        xs, ys, values = x[start : start + count], y[start : start + count], out[start : start + count]
        r1, r2 = row[:count], rows[:count]
        for k in range(count):
            r1[k] = 0.0
            r2[k] = 0.0
        term = 0
        while term < terms:
            r0, following = coefficients[term], coefficients[term + 1]
            # Reading and writing what is added up takes longer than adding: two terms at a time.
            if new_row[term]:
                for k in range(count):
                    r2[k] = ys[k] * ((r0 + r1[k]) + r2[k])
                    r1[k] = 0.0
                term += 1
            elif term + 1 == terms:
                for k in range(count):
                    r1[k] = xs[k] * (r0 + r1[k])
                term += 1
            elif new_row[term + 1]:
                for k in range(count):
                    r2[k] = ys[k] * ((following + xs[k] * (r0 + r1[k])) + r2[k])
                    r1[k] = 0.0
                term += 2
            else:
                for k in range(count):
                    r1[k] = xs[k] * (following + xs[k] * (r0 + r1[k]))
                term += 2
        for k in range(count):
            values[k] = (coefficients[terms] + r1[k]) + r2[k]
