"""Compiled oversampling of errors and flags against plain numpy."""

from __future__ import annotations

import numpy as np
import pytest

from atm_viewer.engine.io.coordinates import divide
from atm_viewer.engine.kernels.resample import oversample_errors, put_slice
from atm_viewer.engine.trace.oversample import FLUX_ESTIMATED, lacks_variance, oversample_flags


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


@pytest.mark.parametrize("factor", [1.5, 2.0, 2.625, 3.0, 5.0])
@pytest.mark.parametrize("variance", [False, True])
def test_errors_equal_interpolation_column_by_column(cut, factor, variance):
    values, inside = cut
    frame = np.full((56, 30), np.float32(0.7))
    frame[40:49] = values
    division = divide(56, factor, False)
    rows = division.cut(40, 9)
    at, nearest = division.at[rows], division.nearest[rows]
    estimated = np.random.default_rng(1).random((at.size, 30)) < 0.3
    inflation, divisor = np.float32(1.3), np.float32(4.0)
    out, invalid = np.empty(estimated.shape, dtype=np.float32), np.zeros(estimated.shape, dtype=bool)
    given = frame, variance, inside, 40, factor
    with np.errstate(invalid="ignore"):
        oversample_errors(*given, at, nearest, 3, estimated, inflation, divisor, out, invalid)
        root = np.sqrt(frame) if variance else frame
    expected = np.full(out.shape, np.nan, dtype=np.float32)
    for column in range(30):
        good = 40 + np.flatnonzero(inside[:, column] & np.isfinite(root[40:49, column]))
        if good.size <= 3:
            continue
        slice_rows = 40 + np.flatnonzero(inside[:, column])
        # As jwst's _reindex counts: the first is cut off, and so is the number of parts rounded up.
        within = np.arange(slice_rows[0] * factor, (slice_rows[-1] + 1) * factor, dtype=np.int32)
        places = within / factor - (factor - 1) / (2 * factor)
        fine = np.interp(places, good, root[good, column]).astype(np.float32)
        fine = (fine**2 if variance else fine) * inflation / divisor
        kept = np.isfinite(root[np.round(places).astype(int), column]) | estimated[within - rows.start, column]
        expected[within[kept] - rows.start, column] = fine[kept]
    assert np.isfinite(expected).sum() > 100 * factor
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(invalid, np.isnan(expected))
    if variance:
        outside = np.zeros_like(invalid)
        everywhere = np.ones_like(frame), False, *given[2:]
        oversample_errors(*everywhere, at, nearest, 3, estimated, inflation, divisor, np.empty_like(out), outside)
        lacking = lacks_variance(frame, inside, 40, nearest, 3, estimated)
        assert (lacking & ~outside).sum() > 10
        np.testing.assert_array_equal(lacking | outside, invalid)


def test_flags_of_filled_pixels_change():
    dq = np.array([[9, 9, 9, 9], [0, 1, 5, 4]], dtype=np.uint32)
    invalid = np.array([[False, False, True, True], [True, True, False, False]])
    flags, estimated = oversample_flags(dq, invalid, np.array([1, 1]))
    assert flags.tolist() == [[0, FLUX_ESTIMATED, 5, 4], [0, 1, FLUX_ESTIMATED | 4, 4]]
    assert estimated.tolist() == [[False, True, False, False], [False, False, True, False]]


@pytest.mark.parametrize("rotated", [False, True])
def test_slices_are_put_where_numpy_puts_them(rotated):
    rng = np.random.default_rng(3)
    frame = rng.random((20, 40)).astype(np.float32)
    rows, columns = (7, 20) if rotated else (7, 40)
    values, given = rng.random((rows, columns)).astype(np.float32), rng.random((rows, columns)) < 0.7
    values[2, :5] = np.nan
    expected = frame.copy()
    np.copyto((np.rot90(expected) if rotated else expected)[11:18], values, where=given)
    put_slice(values.view(np.uint32), given, rotated, 11, frame.view(np.uint32))
    np.testing.assert_array_equal(frame, expected)
