"""Periods on flight geometry: spectra oscillate as the traces of the files' own WCS say."""

from __future__ import annotations

import pytest

from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.progress import no_progress
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.results.verdict import FRINGES, RESAMPLING
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
    record_property("agreement", str(report.agreement))
    assert report.agreement.ratio == pytest.approx(1.0, abs=0.02)
    assert report.agreement.scatter < 0.03
    assert report.agreement.windows >= 30
    assert report.modulation_before.explained > 0.95
    assert report.modulation_after.amplitude < report.modulation_before.amplitude / 15
    bench.close([view.key])


@pytest.mark.parametrize(
    ("case", "band", "left"),
    [("mrs12A-star-1", "ch1-short", RESAMPLING), ("mrs34C-pair-1", "ch3-long", FRINGES)],
)
def test_verdict_on_a_star(case, band, left):
    bench = Bench()
    [view] = bench.open([exposures(case)[0]], no_progress).exposures
    image = bench.sky_image([view.key], band, no_progress)
    asked = Extraction((view.key,), Recipe(), band, *image.peak, 5 * image.spaxel)
    found = measuring.give_verdict(bench, asked, 1, no_progress)
    assert found.sentence.startswith("Resampling noise: period matches geometry (")
    assert found.shares[0] > 0.9
    assert found.left == left
    bench.close([view.key])
