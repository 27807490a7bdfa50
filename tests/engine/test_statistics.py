"""Sigma clipping against astropy's, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.stats import sigma_clipped_stats

from atm_viewer.engine.statistics import sigma_clipped


def values(seed: int) -> np.ndarray:
    """Values with many outliers, some of them NaN, or equal to each other, in either precision."""
    rng = np.random.default_rng(seed)
    found = rng.standard_t(1.5, int(10 ** rng.uniform(0.0, 4.3))) * 10 ** rng.uniform(-3.0, 3.0) + rng.uniform(
        -5.0, 5.0
    )
    if seed % 3 == 0:
        found[rng.random(found.size) < 0.1] = rng.choice([np.nan, np.inf])
    return (np.round(found) if seed % 7 == 0 else found).astype(rng.choice([np.float32, np.float64]))


@pytest.mark.filterwarnings("ignore:Input data contains invalid values")
def test_it_equals_astropys_to_the_last_bit():
    compared = 0
    for some in filter(lambda some: np.isfinite(some).any(), map(values, range(300))):
        mean, _, sigma = sigma_clipped_stats(some)
        found = sigma_clipped(some, 0.0)
        assert found == (mean, sigma)
        assert [type(one) for one in found] == [type(mean), type(sigma)]
        compared += 1
    assert compared > 290


@pytest.mark.parametrize("some", [np.zeros(0), np.full(3, np.nan, dtype=np.float32)], ids=["none", "no finite"])
def test_without_a_finite_value_the_default_is_given(some):
    assert sigma_clipped(some, 7.0) == (7.0, 7.0)
