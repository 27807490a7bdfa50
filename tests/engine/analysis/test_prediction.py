"""The predicted artifact of a point source: its period is the geometry's, its size that of a computation by hand."""

from __future__ import annotations

from functools import partial
from statistics import NormalDist

import numpy as np
import pytest

from atm_viewer.engine.cube.apertures import Extracted
from atm_viewer.engine.cube.drizzle import DrizzleInput, unchanged_slice
from atm_viewer.engine.cube.footprints import SkyMapper
from atm_viewer.engine.errors import Cancelled, InputError
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.progress import no_progress
from atm_viewer.engine.psf import psf_fwhm
from atm_viewer.engine.recipe import Recipe, SliceOverride
from atm_viewer.engine.service.bench import Bench
from atm_viewer.engine.service.point_source import PointSource, put_source
from atm_viewer.engine.service.prediction import predict
from atm_viewer.engine.service.warm_up import tiny_exposure
from atm_viewer.engine.tangent import TangentPlane

#: Where the tiny exposures' star is, and how they see it: pixels and slices [arcsec], um and pixels per column.
STAR = 80.0, 10.0
PIXEL, WIDTH, STEP, TILT = 0.18, 0.2, 0.0008, 0.01
RADIUS = 0.45
RECIPE = Recipe(oversample=2, fit_threshold=0.0)


@pytest.fixture(scope="module")
def bench():
    bench = Bench()
    for instrument in ("MIRI", "NIRSPEC"):
        bench.adopt(tiny_exposure(instrument))
    return bench


def predicted(bench, instrument="MIRI", recipe=RECIPE, source=STAR):
    exposure = tiny_exposure(instrument)
    return predict(bench, Extraction((exposure.key,), recipe, exposure.bands[0], *STAR, RADIUS), source, no_progress)


def mean_in(low: float, high: float, sigma: float) -> float:
    normal = NormalDist(0.0, sigma)
    return (normal.cdf(high) - normal.cdf(low)) / (high - low)


def by_hand(instrument: str, grid, wavelength: float) -> float:
    """Spaxel at the star: pixels of one column, weighted by their overlap along and across the slices."""
    column = (wavelength - (4.9 if instrument == "MIRI" else 1.7)) / STEP
    sigma = psf_fwhm(instrument, wavelength) / 2.3548
    ix, iy = grid.spaxel_at(*STAR)
    x, y = (float(v) for v in grid.project(*STAR))
    dx, dy = grid.x[ix] - x, grid.y[iy] - y
    total = weight = 0.0
    for beta in (-WIDTH / 2, WIDTH / 2):
        across = min(WIDTH, grid.spaxel, (WIDTH + grid.spaxel) / 2 - abs(beta - dy))
        for row in range(24):
            place = (row - 12 + TILT * column) * PIXEL
            along = min(PIXEL, grid.spaxel, (PIXEL + grid.spaxel) / 2 - abs(place - dx))
            if along > 0 and across > 0:
                value = mean_in(place - PIXEL / 2, place + PIXEL / 2, sigma)
                value *= mean_in(beta - WIDTH / 2, beta + WIDTH / 2, sigma)
                total, weight = total + along * across * value, weight + along * across
    return total / weight


def flat(values: np.ndarray) -> np.ndarray:
    x = np.linspace(-1, 1, values.size)
    return values / np.polynomial.Polynomial.fit(x, values, 3)(x)


@pytest.mark.parametrize("instrument", ["MIRI", "NIRSPEC"])
def test_period_and_size_are_those_of_the_geometry(bench, instrument):
    found = predicted(bench, instrument)
    grid = bench.grid((tiny_exposure(instrument).key,), found.band)
    valid = np.flatnonzero(np.isfinite(found.before))[8:-8]
    wavelength = found.wavelength[valid]
    expected = flat(np.array([by_hand(instrument, grid, w) for w in wavelength]))
    assert np.ptp(expected) > 0.05  # there is something to compare
    # the star crosses a hundredth of a pixel per column, so that a period is a hundred columns
    turns = (wavelength[-1] - wavelength[0]) / (STEP / TILT)
    power = np.abs(np.fft.rfft((flat(found.before[valid]) - 1) * np.hanning(valid.size), 16 * valid.size))
    assert power.argmax() / 16 == pytest.approx(turns, abs=0.25)
    # planes hold the pixels of one or two columns, and the aperture is not quite flat
    assert np.ptp(flat(found.before[valid])) == pytest.approx(np.ptp(expected), rel=0.08)
    assert np.corrcoef(flat(found.before[valid]), expected)[0, 1] > 0.99


def test_the_trace_model_takes_it_away_where_the_recipe_uses_it(bench):
    found = predicted(bench)
    assert found.fitted == (101, 102)
    assert found.noise_after < found.noise_before / 3
    unused = RECIPE
    for number in (101, 102):
        unused = unused.with_override(SliceOverride(number, use=()))
    without = predicted(bench, recipe=unused)
    assert without.fitted == ()
    assert without.noise_before == found.noise_before
    assert without.noise_after > found.noise_after * 2
    plain = predicted(bench, recipe=Recipe(oversample=1))
    assert np.array_equal(plain.before, plain.after, equal_nan=True)


def test_light_of_a_pixel_is_the_integral_over_its_rectangle():
    exposure = tiny_exposure("MIRI")
    made = put_source(exposure, SkyMapper(exposure), "ch1-short", PointSource(*STAR), 1.0)
    column, row = 120, 11
    place, beta = (row - 12 + TILT * column) * PIXEL, -WIDTH / 2
    sigma = psf_fwhm("MIRI", 4.9 + STEP * column) / 2.3548
    along = place + PIXEL * (np.arange(400) / 400 - 0.49875)
    across = beta + WIDTH * (np.arange(400) / 400 - 0.49875)
    light = np.exp(-0.5 * (along[:, None] ** 2 + across**2) / sigma**2).mean() / (2 * np.pi * sigma**2)
    assert made.to_dispersion(made.sci)[row, column] == pytest.approx(1000.0 * light, rel=1e-3)
    # all of the light is there: the sum over one column's pixels times their area
    total = np.nansum(made.to_dispersion(made.sci)[:, column]) * PIXEL * WIDTH
    inside = NormalDist(0.0, sigma)
    assert total == pytest.approx(1000.0 * (inside.cdf(WIDTH) - inside.cdf(-WIDTH)), rel=1e-3)


def test_bad_pixels_stay_bad():
    exposure = tiny_exposure("MIRI")
    exposure.to_dispersion(exposure.sci)[10, 200] = np.nan
    made = put_source(exposure, SkyMapper(exposure), "ch1-short", PointSource(*STAR), 1.0)
    assert np.isnan(made.to_dispersion(made.sci)[10, 200])
    assert np.isfinite(made.to_dispersion(made.sci)[10, 201])


@pytest.mark.parametrize("instrument", ["MIRI", "NIRSPEC"])
def test_pixels_near_the_place_give_what_the_whole_exposure_gives(bench, instrument):
    exposure = tiny_exposure(instrument)
    exposure.to_dispersion(exposure.sci)[10, 200] = np.nan
    bench = Bench()
    bench.adopt(exposure)
    [item] = bench.opened([exposure.key])
    source = STAR[0] + 0.3 / 3600, STAR[1]
    found = predicted(bench, instrument, Recipe(oversample=1), source)
    made = put_source(exposure, item.mapper, found.band, PointSource(*source), 3.0)
    whole = DrizzleInput(made, item.mapper, 1, partial(unchanged_slice, made))
    expected = Extracted.of([whole], bench.grid((exposure.key,), found.band), *STAR, RADIUS)
    assert np.isfinite(expected.spaxel).any()
    assert np.array_equal(found.before, expected.spaxel / expected.aperture, equal_nan=True)


@pytest.mark.parametrize("instrument", ["MIRI", "NIRSPEC"])
def test_pixels_near_a_place_are_those_whose_centres_are(instrument):
    exposure = tiny_exposure(instrument)
    mapper, plane, number = SkyMapper(exposure), TangentPlane(*STAR), exposure.slices[0]
    y, x = np.unravel_index(exposure.slice_pixels(number), exposure.sci.shape)
    foot = mapper.footprints(x, y, np.full(x.size, number), 1)
    xi, eta = foot.on(plane)
    expected = np.hypot(xi[4] - 0.2, eta[4] + 0.1) <= 0.5
    found = mapper.within(foot.x, foot.y, number, plane, (0.2, -0.1, 0.5))
    assert 100 < found.sum() < 0.5 * found.size
    assert np.array_equal(found, expected)


def test_a_source_that_no_slice_sees_is_told_of(bench):
    for recipe in (RECIPE, Recipe(oversample=1)):
        with pytest.raises(InputError, match="No slice contains the source"):
            predicted(bench, recipe=recipe, source=(STAR[0] + 0.1, STAR[1]))


def test_it_can_be_cancelled(bench):
    def stop(step, fraction):
        if fraction > 0.3:
            raise Cancelled

    exposure = tiny_exposure("MIRI")
    with pytest.raises(Cancelled):
        predict(bench, Extraction((exposure.key,), RECIPE, "ch1-short", *STAR, RADIUS), STAR, stop)
