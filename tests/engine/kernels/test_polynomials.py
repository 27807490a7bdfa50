"""Polynomials of two variables against their definition."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.modeling.models import Polynomial2D

from atm_viewer.engine.kernels.polynomials import polynomial_2d


@pytest.mark.parametrize("size", [0, 1, 513])
def test_values_are_sums_of_powers(size):
    x, y = np.random.default_rng(4).normal(size=(2, size))
    out = np.empty(size)
    # By falling power of y, and for each by falling power of x: y^2, x y, y, x^2, x, 1.
    polynomial_2d(x, y, np.array([2.0, 3.0, 4.0, 5.0, 6.0, 7.0]), np.array([True, False, True, False, False]), out)
    assert np.allclose(out, 2 * y**2 + 3 * x * y + 4 * y + 5 * x**2 + 6 * x + 7, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("degree", [1, 2, 3, 4, 5, 8])
def test_values_are_astropys_to_the_last_bit(degree):
    random = np.random.default_rng(degree)
    powers = [(i, j) for j in range(degree + 1) for i in range(degree + 1 - j)]
    coefficients = random.normal(size=len(powers))
    model = Polynomial2D(degree, **{f"c{i}_{j}": c for (i, j), c in zip(powers, coefficients, strict=True)})
    x, y = random.normal(size=(2, 600))
    new_row = np.diff([j for _, j in powers][::-1]) != 0
    out = np.empty(x.size)
    polynomial_2d(x, y, np.ascontiguousarray(coefficients[::-1]), new_row, out)
    np.testing.assert_array_equal(out, model(x, y))
