"""Periods from geometry: traces made by hand, and what spectra of the demo's star show."""

from __future__ import annotations

import numpy as np
import pytest

from atm_viewer.engine.analysis.period import DETECTOR_FRINGE, _combined, find_periods, follow, slice_shares
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.progress import no_progress
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.results.periods import TracePhase, crossings
from atm_viewer.engine.service import measuring
from atm_viewer.engine.service.bench import Bench
from atm_viewer.engine.service.warm_up import _DEC, _RA, _STEP, _WIDTH, tiny_exposure


@pytest.fixture(scope="module", params=["MIRI", "NIRSPEC"])
def tiny(request):
    """Two slices, 0.2 arcsec wide, with a pixel's drift in a hundred columns of 0.0008 um; the star between them."""
    bench, exposure = Bench(), tiny_exposure(request.param)
    bench.adopt(exposure)
    return exposure, bench.grid([exposure.key], exposure.bands[0])


def test_a_pixel_in_a_hundred_columns(tiny):
    exposure, grid = tiny
    found = find_periods([exposure], grid, _RA, _DEC)
    known = np.isfinite(found.period)
    assert known.sum() > 300
    assert found.period[known] == pytest.approx(100 * _STEP, rel=1e-3)
    assert [trace.share for trace in found.traces] == pytest.approx([0.5, 0.5], abs=0.02)
    position = found.traces[0].position
    # The star is where row - 12 + column / 100 is 0; MIRI's rows run backwards on the detector.
    ends = position[known][[0, -1]]
    assert abs(np.diff(ends)[0]) == pytest.approx((grid.wavelength[known][-1] - grid.wavelength[known][0]) / 0.08, 1e-3)
    assert found.fringe == ((DETECTOR_FRINGE,) if exposure.instrument == "MIRI" else ())


def test_ticks_are_where_the_trace_is_centred_on_a_pixel(tiny):
    exposure, grid = tiny
    position = follow(exposure, exposure.slices[0], grid, _RA, _DEC)
    at = crossings(position, grid.wavelength)
    assert 3 <= at.size <= 5
    assert np.diff(at) == pytest.approx(100 * _STEP, rel=1e-3)
    known = np.isfinite(position)
    there = np.interp(at, grid.wavelength[known], position[known])
    assert there == pytest.approx(np.round(there), abs=1e-6)


def test_slices_share_a_spaxel_by_overlap(tiny):
    exposure, grid = tiny
    first, second = exposure.slices
    assert set(slice_shares(exposure, grid, _RA, _DEC - 0.6 / 3600)) == set()
    one = slice_shares(exposure, grid, _RA, _DEC - 0.5 * _WIDTH / 3600)
    part = (grid.spaxel - _WIDTH) / 2 / grid.spaxel if grid.spaxel > _WIDTH else 0.0
    assert one[first] == pytest.approx(min(_WIDTH / grid.spaxel, 1.0), abs=0.01)
    assert one.get(second, 0.0) == pytest.approx(max(part, 0.0), abs=0.01)


def test_crossings_of_a_trace_that_turns():
    wavelength = np.linspace(0, 1, 201)
    at = crossings(3.5 - 10 * (wavelength - 0.5) ** 2, wavelength)
    assert at == pytest.approx(
        sorted(0.5 + sign * np.sqrt((3.5 - n) / 10) for n in (2, 3) for sign in (-1, 1)), abs=1e-3
    )
    gap = np.where(np.abs(wavelength - 0.25) < 0.05, np.nan, 8 * wavelength)
    assert crossings(gap, wavelength) == pytest.approx([0.125, *np.arange(3, 9) / 8])


def test_what_dithers_cancel():
    """Two exposures half a pixel apart cancel the fundamental, not its harmonic."""
    wavelength = np.linspace(5, 6, 100)
    position = 10 * wavelength
    period, left = _combined([TracePhase("a", 1, 1.0, position), TracePhase("b", 1, 1.0, position + 4.5)], wavelength)
    assert period == pytest.approx(0.1)
    assert left[0] == pytest.approx(0.0, abs=1e-9)
    assert left[1] == pytest.approx(1.0)


@pytest.mark.parametrize("instrument", ["miri", "nirspec"])
def test_the_demos_star_oscillates_as_predicted(demo_files, instrument):
    bench = Bench()
    [view] = bench.open(demo_files(instrument)[:1], no_progress).exposures
    band = view.bands[0]
    image = bench.sky_image([view.key], band, no_progress)
    star = Extraction((view.key,), Recipe(oversample=2), band, *image.peak, 5 * image.spaxel)
    report = measuring.measure_periods(bench, star, no_progress)
    found = report.agreement
    assert found.windows >= 20
    assert found.ratio == pytest.approx(1.0, abs=0.05)
    assert report.modulation_before.explained > 0.8
    assert report.modulation_after.amplitude < report.modulation_before.amplitude / 4
    bench.close([view.key])
