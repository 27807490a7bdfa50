"""Compiled oversampling of errors and flags against plain numpy."""

from __future__ import annotations

import numpy as np
import pytest

from atm_viewer.engine.kernels.resample import find_invalid, oversample_errors, oversample_flags

BAD, FILLED = np.uint32(1), np.uint32(1 << 28)


@pytest.fixture
def cut():
    """Errors with NaN, and a slice whose edges lie at other rows from column to column."""
    rng = np.random.default_rng(8)
    values = rng.uniform(0.5, 2.0, (9, 30)).astype(np.float32)
    values[rng.random(values.shape) < 0.2] = np.nan
    values[:, 7] = np.nan
    values[2, 9] = -1.0
    rows, columns = np.mgrid[:9, :30]
    return values, (rows >= 1 + columns // 20) & (rows < 8)


@pytest.mark.parametrize("factor", [2, 3, 5])
@pytest.mark.parametrize("variance", [False, True])
def test_errors_equal_interpolation_column_by_column(cut, factor, variance):
    values, inside = cut
    estimated = np.random.default_rng(1).random((9 * factor, 30)) < 0.3
    inflation, divisor = np.float32(1.3), np.float32(4.0)
    out, invalid = np.empty(estimated.shape, dtype=np.float32), np.zeros(estimated.shape, dtype=bool)
    with np.errstate(invalid="ignore"):
        oversample_errors(values, variance, inside, 40, factor, 3, estimated, inflation, divisor, out, invalid)
        root = np.sqrt(values) if variance else values
    expected = np.full(out.shape, np.nan, dtype=np.float32)
    for column in range(30):
        good = np.flatnonzero(inside[:, column] & np.isfinite(root[:, column]))
        if good.size <= 3:
            continue
        within = np.flatnonzero(np.repeat(inside[:, column], factor))
        at = (within + 40 * factor) / factor - (factor - 1) / (2 * factor)
        fine = np.interp(at, 40 + good, root[good, column]).astype(np.float32)
        fine = (fine**2 if variance else fine) * inflation / divisor
        kept = np.isfinite(root[within // factor, column]) | estimated[within, column]
        expected[within[kept], column] = fine[kept]
    assert np.isfinite(expected).sum() > 100 * factor
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(invalid, np.isnan(expected))
    found = np.zeros_like(invalid)
    find_invalid(values, variance, inside, 3, estimated, found)
    np.testing.assert_array_equal(found, invalid)


def test_flags_of_filled_pixels_change():
    dq = np.array([[0, 1, 5, 4]], dtype=np.uint32)
    sci = np.array([[1.0, 2.0, np.nan, np.nan], [np.nan, np.nan, 3.0, 4.0]])
    out = np.empty(sci.shape, dtype=np.uint32)
    estimated, invalid = np.empty((2, *sci.shape), dtype=bool)
    oversample_flags(dq, sci, 2, BAD, FILLED, out, estimated, invalid)
    assert out.tolist() == [[0, FILLED, 5, 4], [0, 1, FILLED | 4, 4]]
    assert estimated.tolist() == [[False, True, False, False], [False, False, True, False]]
    assert invalid.tolist() == [[False, False, True, True], [True, True, False, False]]
