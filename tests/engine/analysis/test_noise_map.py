"""Noise of all spaxels: the same as that of single ones."""

from __future__ import annotations

import numpy as np
import pytest

from atm_viewer.engine.analysis.line_flux import conservation
from atm_viewer.engine.analysis.noise_map import bright_spaxels
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.progress import no_progress
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.service import measuring
from atm_viewer.engine.service.bench import Bench

RECIPE = Recipe(oversample=2)


@pytest.fixture(scope="module")
def field(demo_files):
    bench = Bench()
    [view] = bench.open(demo_files("miri")[:1], no_progress).exposures
    yield bench, (view.key,), view.bands[0]
    bench.close([view.key])


def test_a_spaxels_noise_is_that_of_its_spectrum(field):
    bench, keys, band = field
    found = measuring.measure_field(bench, keys, RECIPE, band, 0.4, no_progress)
    grid = bench.grid(keys, band)
    y, x = np.nonzero(np.isfinite(found.before))
    assert 5 < y.size < 400
    assert (found.brightness[y, x] >= found.limit).all()
    brightest = np.argsort(-found.brightness[y, x])
    for k in (*brightest[:2], brightest[-1]):
        place = grid.position(float(grid.x[x[k]]), float(grid.y[y[k]]))
        spectra = bench.spectra(Extraction(keys, RECIPE, band, *place, 0.4), no_progress)
        assert found.before[y[k], x[k]] == pytest.approx(spectra.noise_before, rel=1e-6)
        assert found.after[y[k], x[k]] == pytest.approx(spectra.noise_after, rel=1e-4)  # its grid differs by a hair
        kept = conservation(spectra.aperture_before, spectra.aperture_after).mean
        assert found.conserved[y[k], x[k]] == pytest.approx(kept, rel=1e-5)
    best = np.unravel_index(np.nanargmax(found.brightness), found.brightness.shape)
    assert found.after[best] < found.before[best] / 3


def test_without_oversampling_nothing_changes(field):
    bench, keys, band = field
    found = measuring.measure_field(bench, keys, Recipe(oversample=1), band, 0.0, no_progress, faintest=0.3)
    assert np.array_equal(found.before, found.after, equal_nan=True)
    assert found.radius == pytest.approx(5 * bench.grid(keys, band).spaxel)
    assert np.isfinite(found.before).sum() < 20


def test_bright_spaxels_from_the_brightest_on():
    image = np.array([[1.0, np.nan, 40.0], [-3.0, 100.0, 2.0]])
    where, limit = bright_spaxels(image, 0.02)
    assert limit == pytest.approx(2.0)
    assert where.tolist() == [[1, 1], [2, 0], [2, 1]]
    crowded, faintest = bright_spaxels(np.arange(1.0, 1001.0).reshape(20, 50), 0.01)
    assert len(crowded) == 400
    assert faintest == 601.0
