"""Sums over apertures that lack data in a part of their area."""

from __future__ import annotations

import numpy as np
import pytest

from atm_viewer.engine.cube.apertures import aperture_sum, aperture_weights, outside_of

SPAXEL, RADIUS = 0.1, 0.5
STEPS = np.arange(-6, 7) * SPAXEL


def test_a_small_gap_counts_as_nothing_and_a_large_one_has_no_value():
    weights = aperture_weights(STEPS, STEPS, SPAXEL, RADIUS)
    area = np.pi * (RADIUS / SPAXEL) ** 2
    flux = np.full((3, 13, 13), 2.0)
    flux[1, 6, 6] = np.nan
    flux[2, :, 3:10] = np.nan  # as between the detectors
    whole, less, missing = aperture_sum(flux, weights, outside_of(weights, SPAXEL, RADIUS))
    assert whole == pytest.approx(2.0 * area, rel=1e-12)
    assert less == pytest.approx(2.0 * (area - 1.0), rel=1e-12)
    assert np.isnan(missing)


def test_at_the_edge_of_the_field_the_sum_is_that_of_the_rest():
    weights = aperture_weights(STEPS[6:], STEPS, SPAXEL, RADIUS)
    outside = outside_of(weights, SPAXEL, RADIUS)
    assert outside == pytest.approx(np.pi * (RADIUS / SPAXEL) ** 2 - weights.sum())
    (total,) = aperture_sum(np.ones((1, 13, 7)), weights, outside)
    assert total == pytest.approx(weights.sum(), rel=1e-12)
