"""Corrections of flight-geometry exposures equal the pipeline's.

By default one case for each instrument; ``ATM_VIEWER_TEST_MATRIX=1`` runs them all (the pipeline takes most of an
hour for its answers, once).
"""

from __future__ import annotations

import os

import numpy as np
import pytest

from atm_viewer.engine.cube.footprints import SkyMapper
from atm_viewer.engine.io.coordinates import oversampled_slicer
from atm_viewer.engine.io.exposure import open_exposure
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.trace.oversample import oversample
from atm_viewer.engine.trace.prepared import fit_key, fit_slices, prepare
from atm_viewer.engine.wcs.exposure_wcs import wcs_of_model
from tests.engine.equality import largest_differences
from tests.engine.footprints import assert_footprints_agree
from tests.flight.pipeline_reference import CASES, SETTINGS, answer, exposures, why_absent

ALWAYS = ("mrs34C-pair-1", "nrsPRISM-pair-1")
WHOLE = os.environ.get("ATM_VIEWER_TEST_MATRIX") == "1"

pytestmark = [
    pytest.mark.skipif(why_absent() is not None, reason=str(why_absent())),
    pytest.mark.timeout(7200 if WHOLE else 1200),
]


@pytest.fixture(scope="module", params=CASES if WHOLE else ALWAYS)
def opened(request):
    """A case, and its first exposure."""
    exposure = open_exposure(exposures(request.param)[0])
    yield request.param, exposure
    exposure.model.close()


def test_positions_equal_gwcs_to_the_last_bit(opened):
    _, exposure = opened
    ours, theirs = exposure.wcs, wcs_of_model(exposure.model)
    assert not ours.by_gwcs
    assert ours.boxes == theirs.boxes
    y, x = (places[::11] for places in np.nonzero(exposure.regions))
    slicer = ours.slicer(x, y + 0.3), theirs.slicer(x, y + 0.3)
    for found, expected in [
        *zip(*slicer, strict=True),
        *zip(ours.world(*slicer[0]), theirs.world(*slicer[1]), strict=True),
    ]:
        assert np.isfinite(expected).mean() > 0.9
        assert np.array_equal(found, expected, equal_nan=True)


def test_footprints_equal_the_wcs(opened):
    _, exposure = opened
    mapper = SkyMapper(exposure)
    assert mapper.maps is not None
    assert_footprints_agree(exposure, mapper, factors=(1, 2, 3))


def test_corrections_equal_the_pipelines(opened, record_property):
    case, exposure = opened
    prepared = prepare(exposure)
    known, coordinates, table = {}, {1: None}, {}
    for setting in SETTINGS:
        recipe = Recipe(setting.oversample, setting.fit_threshold, setting.slope_limit, setting.psf_optimal)
        factor = recipe.oversample
        if factor not in coordinates:
            fine = oversampled_slicer(exposure.wcs, exposure.rotated, exposure.regions.shape, factor)
            coordinates[factor] = fine["alpha"], exposure.scale.wavelengths(fine["wavelength"])
        fits = fit_slices(prepared, recipe, known=known)
        known |= {fit_key(n, recipe.params(n, exposure.name)): fit for n, fit in fits.items()}
        ours = oversample(prepared, fits, recipe, coordinates[factor])
        table[setting.name] = largest_differences(exposure, ours, answer(case, setting))
        print(case, setting.name, {name: f"{value:.1e}" for name, value in table[setting.name].items()})
    worst = max(max(row.values()) for row in table.values())
    record_property("largest difference over column peak", str(worst))
    assert worst <= 1e-5
