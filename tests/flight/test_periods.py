"""Periods on flight geometry: spectra oscillate as the traces of the files' own WCS say."""

from __future__ import annotations

import pytest

from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.progress import no_progress
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.service import measuring
from atm_viewer.engine.service.bench import Bench
from tests.flight.pipeline_reference import exposures, why_absent

pytestmark = pytest.mark.skipif(why_absent() is not None, reason=str(why_absent()))


@pytest.mark.parametrize(("case", "band"), [("mrs12A-star-1", "ch2-short"), ("nrsG235M-star-1", "g235m-f170lp")])
def test_measured_periods_are_the_predicted_ones(case, band, record_property):
    bench = Bench()
    [view] = bench.open([exposures(case)[0]], no_progress).exposures
    image = bench.sky_image([view.key], band, no_progress)
    report = measuring.measure_periods(
        bench, Extraction((view.key,), Recipe(), band, *image.peak, 5 * image.spaxel), no_progress
    )
    record_property("agreement", report.agreement)
    assert report.agreement.ratio == pytest.approx(1.0, abs=0.02)
    assert report.agreement.scatter < 0.03
    assert report.agreement.windows >= 30
    assert report.modulation_before.explained > 0.95
    assert report.modulation_after.amplitude < report.modulation_before.amplitude / 15
    bench.close([view.key])
