"""Where the slices of an exposure are on the detector."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from atm_viewer.engine.service.warm_up import tiny_exposure


@pytest.mark.parametrize("instrument", ["MIRI", "NIRSPEC"])
def test_rows_of_slices_reach_from_their_first_pixel_to_the_last(instrument):
    """Also of slices that have rows in common, or none between two of their own."""
    exposure = tiny_exposure(instrument)
    regions = np.random.default_rng(7).integers(0, 2, exposure.regions.shape).astype(np.int32)
    turned = exposure.to_dispersion(regions)
    turned[:4] = 0
    turned[2, 3] = 9
    turned[7, 5] = 9
    exposure = replace(exposure, regions=regions)
    assert exposure.slices == (1, 9)
    for number in exposure.slices:
        rows = np.flatnonzero((turned == number).any(axis=1))
        assert exposure.slice_rows[number] == slice(rows[0], rows[-1] + 1)
        assert np.array_equal(exposure.slice_pixels(number), np.flatnonzero(regions == number))
