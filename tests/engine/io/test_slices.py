"""Slices of exposures: sums over their columns."""

from __future__ import annotations

import numpy as np
import pytest

from atm_viewer.engine.io.slices import CollapsedProfile, _column_sums


@pytest.mark.parametrize("rows", [100, 128, 129, 517, 1032, 2064])
@pytest.mark.parametrize("rotated", [False, True])
@pytest.mark.parametrize("negative", [False, True])
def test_sums_of_columns_are_those_of_the_whole_frame_to_the_last_bit(rows, rotated, negative):
    random = np.random.default_rng(rows)
    profile = CollapsedProfile(*(np.full(3, -6.0 if negative else 1.0) for _ in range(4)))
    for first in [0, rows - 60, *random.integers(0, rows - 60, 20)]:
        cut = slice(first, first + random.integers(1, 60))
        powers = random.integers(-3, 4, (cut.stop - first, 40))
        flux = (random.normal(size=powers.shape) * 10.0**powers).astype(np.float32)
        flux[random.random(flux.shape) < 0.2] = np.nan
        frame = np.full((40, rows), np.nan, np.float32).T if rotated else np.full((rows, 40), np.nan, np.float32)
        frame[cut] = flux
        # As the pipeline has them.
        expected = np.sum(frame, where=(frame > 0), axis=0) if negative else np.nansum(frame, axis=0)
        np.testing.assert_array_equal(_column_sums(flux, cut, rows, rotated, profile), expected)
