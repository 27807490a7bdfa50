"""Positions sorted by their labels, against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from atm_viewer.engine.kernels.labels import label_ranges, put, sort_by_label


def sort(labels, x, y):
    """Sort positions whose pixels are the nearest ones."""
    row, column = (np.rint(v).astype(np.int64) for v in (y, x))
    outputs = [np.empty(max(x.shape[0], y.shape[0]) * max(x.shape[1], y.shape[1]), t) for t in "iddl"]
    starts = sort_by_label(labels, row, column, x, y, *outputs)
    return starts, *(array[: starts[-1]] for array in outputs)


@pytest.mark.parametrize(
    "shapes", [((1, 50), (60, 1)), ((60, 1), (1, 50)), ((1, 3000), (1, 3000)), ((60, 50), (60, 50))]
)
def test_positions_are_sorted_by_label_as_a_stable_sort_does(shapes):
    """Those of a grid, upright and not, and single ones."""
    rng = np.random.default_rng(3)
    labels = rng.integers(-1, 5, (40, 30)).astype(np.int16)
    labels[labels == 3] = 0  # a label that none has
    x, y = rng.uniform(0, 29, shapes[0]), rng.uniform(0, 39, shapes[1])
    starts, order, sorted_x, sorted_y, at = sort(labels, x, y)
    all_x, all_y = (v.ravel() for v in np.broadcast_arrays(x, y))
    flat = labels[np.rint(all_y).astype(int), np.rint(all_x).astype(int)]
    expected = np.flatnonzero(flat > 0)
    expected = expected[np.argsort(flat[expected], kind="stable")]
    assert np.array_equal(at, np.flatnonzero(flat > 0))
    assert np.array_equal(at[order], expected)
    assert np.array_equal(sorted_x, all_x[expected])
    assert np.array_equal(sorted_y, all_y[expected])
    assert starts.tolist() == [0, 0, *np.cumsum([(flat == k).sum() for k in (1, 2, 3, 4)])]


def test_no_label_and_no_position():
    for columns in (2, 0):
        starts, order, _, _, at = sort(np.zeros((3, 2), dtype=np.int16), np.zeros((1, columns)), np.zeros((3, 1)))
        assert (starts.tolist(), order.size, at.size) == ([0, 0], 0, 0)


@pytest.mark.parametrize("axis", [0, 1])
def test_ranges_of_labels_go_from_the_first_to_the_last_row_or_column_that_has_one(axis):
    labels = np.random.default_rng(4).choice([-1, 0, 1, 2, 5], (30, 20), p=[0.1, 0.85, 0.02, 0.02, 0.01])
    labels = labels.astype(np.int32)
    expected = [[labels.shape[axis], 0]] * 6
    for k in (1, 2, 5):
        at = np.nonzero(labels == k)[axis]
        expected[k] = [at.min(), at.max() + 1]
    assert label_ranges(labels, axis).tolist() == expected
    assert label_ranges(np.zeros((3, 2), dtype=np.int32), axis).tolist() == [[3 - axis, 0]]


def test_values_are_put_where_they_belong():
    out = np.full(4, np.nan)
    put(np.array([1.0, 2.0]), np.array([3, 0], dtype=np.int32), out)
    assert np.array_equal(out, [2.0, np.nan, np.nan, 1.0], equal_nan=True)
