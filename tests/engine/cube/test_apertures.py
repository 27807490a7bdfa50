"""Sums over apertures that lack data in a part of their area."""

from __future__ import annotations

import numpy as np
import pytest

from atm_viewer.engine.cube.apertures import aperture_sum, aperture_weights, outside_of

SPAXEL, RADIUS = 0.1, 0.5
STEPS = np.arange(-6, 7) * SPAXEL


def test_a_gap_is_scaled_and_what_lacks_most_of_its_data_has_no_value():
    weights = aperture_weights(STEPS, STEPS, SPAXEL, RADIUS)
    area = np.pi * (RADIUS / SPAXEL) ** 2
    flux = np.full((3, 13, 13), 2.0)
    flux[1, 6, 6] = np.nan
    flux[2, :, 3:10] = np.nan  # as between the detectors
    whole, scaled, missing = aperture_sum(flux, weights, outside_of(weights, SPAXEL, RADIUS))
    assert whole == pytest.approx(2.0 * area, rel=1e-12)
    assert scaled == pytest.approx(2.0 * area, rel=1e-12)
    assert np.isnan(missing)


def test_what_lies_outside_of_the_cube_is_missing():
    for first, known in ((3, True), (8, False)):
        weights = aperture_weights(STEPS[first:], STEPS, SPAXEL, RADIUS)
        (total,) = aperture_sum(np.ones((1, 13, 13 - first)), weights, outside_of(weights, SPAXEL, RADIUS))
        assert np.isfinite(total) == known
        if known:
            assert total == pytest.approx(np.pi * (RADIUS / SPAXEL) ** 2, rel=1e-9)
