"""Arrays that are stored in less memory give what they were made of."""

from __future__ import annotations

import numpy as np
import pytest

from atm_viewer.engine.arrays import DeflatedFrame, PackedFrame


@pytest.fixture
def positions():
    """Right ascensions [deg] of a field of some arcsec, NaN between slices."""
    frame = 83.6 + np.random.default_rng(1).uniform(-5e-4, 5e-4, (20, 30))
    frame[:, ::3] = np.nan
    return frame


def test_single_precision_is_enough_for_differences(positions):
    packed = PackedFrame.of(positions)
    single = packed.single()
    assert single.values.nbytes == packed.values.nbytes // 2
    found = np.asarray(single)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(np.isnan(found), np.isnan(positions))
    assert np.nanmax(np.abs(found - positions)) * 3600 < 1e-6  # arcsec
    assert single[3, 4] == found[3, 4]
    assert single.single() is single
    np.testing.assert_array_equal(single.with_values(packed.values)[:], positions)


def test_a_field_on_both_sides_of_zero_keeps_its_precision(positions):
    packed = PackedFrame.of((positions - 83.6) % 360.0)
    assert packed.single() is packed


def test_values_are_packed_where_they_are(positions):
    at = np.flatnonzero(np.arange(positions.size) % 7)  # some of them without a value
    expected = np.full(positions.shape, np.nan)
    expected.flat[at] = positions.flat[at]
    packed, same = PackedFrame.of_each([positions.reshape(-1)[at]], at, positions.shape)[0], PackedFrame.of(expected)
    known = packed.mask, np.isfinite(expected)
    for ours, theirs in ((packed.finite, same.finite), (packed.values, same.values), (packed[:], expected), known):
        np.testing.assert_array_equal(ours, theirs)


def test_frames_in_the_same_places_keep_once_which_these_are(positions):
    at = np.flatnonzero(np.arange(positions.size) % 7)
    whole, holed = np.arange(at.size, dtype=float), positions.reshape(-1)[at]
    assert np.isnan(holed).any()
    cases = ((whole, -whole, holed), True), ((holed, whole, -whole), False), ((holed, -holed, whole), True)
    for arrays, shared in cases:
        frames = PackedFrame.of_each(arrays, at, positions.shape)
        assert (frames[0].finite is frames[1].finite) == shared
        for frame, values in zip(frames, arrays, strict=True):
            expected = np.full(positions.shape, np.nan)
            expected.flat[at] = values
            np.testing.assert_array_equal(frame[:], expected)


def test_flags_come_back_as_they_were():
    flags = np.random.default_rng(2).choice([0, 1, 1 << 30], (150, 40), p=[0.9, 0.05, 0.05]).astype(np.uint32)
    frame = DeflatedFrame.of(flags)
    assert sum(map(len, frame.parts)) < flags.nbytes / 5
    whole = np.asarray(frame)
    assert whole.dtype == np.uint32
    np.testing.assert_array_equal(whole, flags)
    for at in ((0, 0), (63, 39), (64, 1), (149, 20), (-1, -1)):
        assert frame[at] == flags[at]
