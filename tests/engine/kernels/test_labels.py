"""Positions sorted by their labels, against numpy."""

from __future__ import annotations

import numpy as np

from atm_viewer.engine.kernels.labels import put, sort_by_label


def test_positions_are_sorted_by_label_as_a_stable_sort_does():
    rng = np.random.default_rng(3)
    label = rng.integers(-1, 5, (40, 30)).astype(np.int16)
    label[label == 3] = 0  # a label that none has
    y, x = (np.broadcast_to(v, (40, 30)) for v in (np.arange(40.0)[:, None], rng.normal(size=30)))
    starts, order, sorted_x, sorted_y, at = sort_by_label(label, x, y)
    flat = label.ravel()
    expected = np.flatnonzero(flat > 0)
    expected = expected[np.argsort(flat[expected], kind="stable")]
    assert np.array_equal(at, np.flatnonzero(flat > 0))
    assert np.array_equal(at[order], expected)
    assert np.array_equal(sorted_x, x.ravel()[expected])
    assert np.array_equal(sorted_y, y.ravel()[expected])
    assert starts.tolist() == [0, 0, *np.cumsum([(flat == k).sum() for k in (1, 2, 3, 4)])]


def test_no_label_and_no_position():
    for label in (np.zeros((3, 2), dtype=np.int16), np.zeros((0, 2), dtype=np.int16)):
        starts, order, _, _, at = sort_by_label(label, np.zeros(label.shape), np.zeros(label.shape))
        assert (starts.tolist(), order.size, at.size) == ([0, 0], 0, 0)


def test_values_are_put_where_they_belong():
    out = np.full(4, np.nan)
    put(np.array([1.0, 2.0]), np.array([3, 0]), out)
    assert np.array_equal(out, [2.0, np.nan, np.nan, 1.0], equal_nan=True)
