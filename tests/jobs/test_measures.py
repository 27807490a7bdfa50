"""What is measured, by the worker's own hands on a demo exposure."""

from __future__ import annotations

import numpy as np
import pytest

from atm_viewer.demo import demo_exposures
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.progress import no_progress
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.results.lines import LineReport
from atm_viewer.engine.results.noise import NoiseMap
from atm_viewer.engine.results.periods import PeriodReport
from atm_viewer.jobs.requests.measures import GiveVerdict, MakeNoiseMap, MakePeriods, MeasureLines
from atm_viewer.jobs.requests.previews import MakeSpectra
from atm_viewer.jobs.serve import Dispatcher, WorkerBackends


def test_measurements_are_of_the_spectra_that_are_shown():
    dispatcher = Dispatcher(WorkerBackends(warm_up=""))
    path = min(demo_exposures("nirspec").parent.glob("*_cal.fits"))
    [view] = dispatcher.bench.open([path], no_progress).exposures
    keys, recipe, band = (view.key,), Recipe(oversample=2), view.bands[0]
    extraction = Extraction(keys, recipe, band, *dispatcher.bench.sky_image(keys, band, no_progress).peak, 0.4)
    spectra = MakeSpectra(extraction, urgent=False).answer(dispatcher, no_progress)

    periods = MakePeriods(extraction).answer(dispatcher, no_progress)
    assert isinstance(periods, PeriodReport)
    assert (periods.noise_before, periods.noise_after) == (spectra.noise_before, spectra.noise_after)
    assert np.array_equal(periods.periods.wavelength, spectra.wavelength)

    verdict = GiveVerdict(extraction).answer(dispatcher, no_progress)
    assert verdict.period == periods.agreement.ratio
    assert verdict.sentence.startswith("Resampling noise: period matches geometry (")
    assert verdict.shares[0] == pytest.approx(periods.modulation_before.explained, abs=0.15)

    middle = float(spectra.wavelength[spectra.wavelength.size // 2])
    lines = (("middle", middle), ("elsewhere", 25.0))
    report = MeasureLines(extraction, lines, 3000.0).answer(dispatcher, no_progress)
    assert isinstance(report, LineReport)
    [line] = report.lines
    assert (line.name, line.wavelength) == ("middle", middle)
    assert line.half == pytest.approx(middle * 1500 / 299792.458)
    near = np.abs(spectra.wavelength - middle) < 3 * line.half
    assert line.aperture[0].continuum == pytest.approx(np.nanmedian(spectra.aperture_before[near]), rel=0.03)
    level = np.nanmedian(spectra.after[near]) * 1e6 * spectra.solid_angle
    assert line.spaxel[1].continuum == pytest.approx(level, rel=0.03)
    assert report.conservation.mean == pytest.approx(1.0, abs=0.01)

    noise = MakeNoiseMap(keys, recipe, band, 0.4, 0.5).answer(dispatcher, no_progress)
    assert isinstance(noise, NoiseMap)
    x, y = spectra.spaxel
    assert noise.before[y, x] == pytest.approx(spectra.noise_before, rel=0.1)  # the aperture is about the spaxel
    dispatcher.bench.close(keys)
