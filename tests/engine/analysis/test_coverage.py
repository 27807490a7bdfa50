"""Planes that correction takes away: counted as the cubes have them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from atm_viewer.engine.cube import drizzle
from atm_viewer.engine.cube.drizzle import drizzle_block
from atm_viewer.engine.errors import Cancelled
from atm_viewer.engine.progress import no_progress
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.results.sky_image import Coverage
from atm_viewer.engine.service.bench import Bench
from atm_viewer.engine.service.measuring import count_planes

RECIPE = Recipe(oversample=2)


@pytest.fixture(scope="module")
def field(demo_files):
    bench = Bench()
    [view] = bench.open(demo_files("miri")[:1], no_progress).exposures
    yield bench, (view.key,), view.bands[0]
    bench.close([view.key])


def test_planes_are_those_of_the_drizzled_field(field):
    bench, keys, band = field
    found = count_planes(bench, keys, RECIPE, band, no_progress)
    grid = bench.grid(keys, band)
    whole = np.ones((grid.y.size, grid.x.size), dtype=bool)
    before, after = (
        np.isfinite(drizzle_block(inputs, grid, 0, 0, whole).flux)
        for inputs in (bench.inputs_before(keys, band, RECIPE.cube), bench.inputs_after(keys, band, RECIPE))
    )
    np.testing.assert_array_equal(found.before, before.sum(axis=0))
    np.testing.assert_array_equal(found.lost, (before & ~after).sum(axis=0))
    assert found.planes == grid.wavelength.size
    assert 20 < (found.lost > 0).sum() < 0.4 * (found.before > 0).sum()
    # They lie at the edge of the field: nothing is lost in its middle.
    y, x = np.nonzero(found.before > 0)
    middle = (abs(y - y.mean()) < 3) & (abs(x - x.mean()) < 3)
    assert found.lost[y[middle], x[middle]].max() == 0


def test_a_field_that_is_drizzled_in_parts_is_the_same(field, monkeypatch):
    bench, keys, band = field
    grid, inputs = bench.grid(keys, band), bench.inputs_before(keys * 2, band, RECIPE.cube)
    wanted = np.zeros((grid.y.size, grid.x.size), dtype=bool)
    wanted[4:17] = True
    whole = drizzle_block(inputs, grid, 0, 0, wanted)
    monkeypatch.setattr(drizzle, "_SHARES", 3 * grid.x.size * grid.wavelength.size * 32)
    parts = drizzle_block(inputs, grid, 0, 0, wanted)
    for name in ("flux", "err"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-12)
    assert np.isfinite(whole.flux).any()


def test_kept_edges_lose_nothing(field):
    bench, keys, band = field
    found = count_planes(bench, keys, replace(RECIPE, edges="keep"), band, no_progress)
    assert found.lost.sum() < 1e-4 * found.before.sum()


def test_without_oversampling_nothing_is_lost(field):
    bench, keys, band = field
    found = count_planes(bench, keys, Recipe(oversample=1), band, no_progress)
    assert found.lost.sum() == 0
    assert found.summary.startswith("No spaxel loses planes by the correction (")


def test_counting_can_be_cancelled(field):
    bench, keys, band = field

    def stop(step: str, fraction: float) -> None:
        if step == "Counting planes" and fraction > 0.6:
            raise Cancelled

    with pytest.raises(Cancelled):
        count_planes(bench, keys, RECIPE, band, stop)


def test_what_is_lost_in_words():
    before, lost = np.array([[0, 10, 10], [10, 10, 10]]), np.array([[0, 10, 0], [0, 0, 5]])
    bright = np.array([[False, False, False], [False, True, True]])
    found = Coverage("ch1-short", 10, before, lost, bright)
    assert found.summary == (
        "2 of 5 spaxels lose planes by the correction, 1 of them all (30 % of all values); 1 of the 2 bright ones do."
    )
    assert found.at(2, 1) == "spaxel x 2, y 1: 5 of 10 planes lost"
    assert found.at(0, 0) == found.at(3, 0) == found.at(0, -1) == ""
