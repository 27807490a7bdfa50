"""Remedies on the demo's exposures agree with the spectra that the bench shows."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.progress import no_progress
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.service.bench import Bench
from atm_viewer.engine.service.remedy_place import RemedyPlace
from atm_viewer.resources import resource

RECIPE = Recipe(oversample=2, fit_threshold=100.0)


@pytest.fixture(scope="module")
def bench(demo_files, tmp_path_factory):
    """Two exposures of the demo, with cubes of a part of the band."""
    path = tmp_path_factory.mktemp("cubepar") / "cubepar.fits"
    with fits.open(resource("cubepar/nirspec_cubepar.fits")) as hdus:
        table = hdus["CUBEPAR"].data
        start, stop = table["WAVEMIN"].copy(), table["WAVEMAX"].copy()
        table["WAVEMIN"], table["WAVEMAX"] = start + 0.45 * (stop - start), start + 0.60 * (stop - start)
        hdus.writeto(path)
    made = Bench(path)
    made.views = made.open(demo_files("nirspec")[:2], no_progress).exposures
    yield made
    made.close([view.key for view in made.views])


def test_dithers_and_apertures_are_those_of_the_cube(bench):
    keys, band = tuple(view.key for view in bench.views), bench.views[0].bands[0]
    ra, dec = bench.sky_image(keys, band, no_progress).peak
    spectra = bench.spectra(Extraction(keys, RECIPE, band, ra, dec, 0.4), no_progress)
    noise = [100 * spectra.noise_before, 100 * spectra.noise_after]
    place = RemedyPlace(bench, Extraction(keys, RECIPE, band, spectra.ra, spectra.dec, 0.4), 3, no_progress)
    dithers = place.dithers([keys[1]])
    rows = {row[1]: row[2:] for row in dithers.rows}
    assert rows["1 + 2"] == pytest.approx(noise, rel=1e-6)
    assert "2 (chosen)" in rows
    assert rows["1"] != rows["2 (chosen)"]
    ranked = place.ranked((1, 2), fringes=True)
    assert ranked.rows[0][1:3] == spectra.spaxel
    assert ranked.rows[0][3:] == pytest.approx(noise, rel=1e-6)
    assert ranked.settings["rf1d"] is False
    apertures = place.apertures((1.0, 2.0))
    assert apertures.rows[0][0] == f"spaxel (x {spectra.spaxel[0]}, y {spectra.spaxel[1]})"
    before = [row[3] for row in apertures.rows]
    assert np.argmin(before) == 2
    with pytest.raises(InputError, match="MIRI spectra only"):
        place.fringes()


def test_without_oversampling_nothing_changes(bench):
    keys, band = (bench.views[0].key,), bench.views[0].bands[0]
    ra, dec = bench.sky_image(keys, band, no_progress).peak
    place = RemedyPlace(bench, Extraction(keys, Recipe(oversample=1), band, ra, dec, 0.3), 3, no_progress)
    for row in place.ranked((1, 2), fringes=False).rows:
        assert row[3] == row[4]
