"""Noise of slices on flight geometry: it tells what the cube's spaxel shows."""

from __future__ import annotations

import pytest

from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.progress import no_progress
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.service.bench import Bench
from tests.flight.pipeline_reference import exposures, why_absent

pytestmark = pytest.mark.skipif(why_absent() is not None, reason=str(why_absent()))


def test_noise_of_the_brightest_slice_is_near_that_of_the_cubes_spaxel(record_property):
    bench, band = Bench(), "ch3-long"
    [view] = bench.open([exposures("mrs34C-pair-1")[0]], no_progress).exposures
    report = bench.correct(view.key, Recipe(), no_progress)
    image = bench.sky_image([view.key], band, no_progress)
    spectra = bench.spectra(Extraction((view.key,), Recipe(), band, *image.peak, 5 * image.spaxel), no_progress)
    brightest = max((s for s in report.slices if s.band == band), key=lambda s: s.peak)
    record_property("slice, cube", str((brightest.noise_before, brightest.noise_after, spectra.noise_before)))
    assert brightest.noise_before == pytest.approx(spectra.noise_before, rel=0.25)
    assert brightest.noise_after < 0.01 < 0.03 < brightest.noise_before
    bench.close([view.key])
