"""Order statistics against numpy's."""

from __future__ import annotations

import numpy as np
import pytest

from atm_viewer.engine.kernels.order import median, select


@pytest.mark.parametrize("size", [1, 2, 3, 10, 101, 300, 1001])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_medians_and_order_statistics_equal_numpys(size, dtype):
    random = np.random.default_rng(size)
    # The last are in such an order that a sample misleads.
    for values in (random.normal(size=size), random.integers(0, 3, size), np.arange(size) % max(size // 64, 1)):
        values = values.astype(dtype)
        ordered = np.sort(values)
        assert [select(values.copy(), size, k) for k in range(size)] == list(ordered)
        # In double precision between two values, as numba's own.
        expected = (float(ordered[(size - 1) // 2]) + float(ordered[size // 2])) / 2
        assert median(values.copy()) == pytest.approx(expected, rel=1e-7 if dtype == np.float32 else 1e-16)
