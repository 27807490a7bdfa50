"""The share of a line's light that a spaxel has, on images whose shares are known."""

from __future__ import annotations

import numpy as np
import pytest

from atm_viewer.engine.analysis.line_share import line_share
from atm_viewer.engine.cube.apertures import aperture_weights
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.progress import no_progress
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.service.bench import Bench
from atm_viewer.engine.service.measuring import measure_lines

WAVE = np.arange(5.0, 5.6, 0.0008)
CENTRE, HALF = 5.3, 0.006
STEPS = np.arange(-6, 7.0)
WEIGHTS = aperture_weights(STEPS, STEPS, 1.0, 5.0)
MIDDLE = 6, 6


def star(x: float, y: float, size: float = 1.4) -> np.ndarray:
    """Light of a source in spaxels, 1 in all."""
    light = np.exp(-0.5 * ((STEPS - x) ** 2 + (STEPS[:, None] - y) ** 2) / size**2)
    return light / light.sum()


def cube(continuum: np.ndarray, line: np.ndarray, noise: float = 0.0) -> np.ndarray:
    """Spaxels with a line, and with resampling noise whose phase runs along wavelength and from spaxel to spaxel."""
    profile = np.exp(-0.5 * ((WAVE - CENTRE) / 0.0018) ** 2)[:, None, None]
    y, x = np.indices(continuum.shape)
    wave = np.sin(2 * np.pi * (WAVE[:, None, None] / 0.07 + 0.41 * x + 0.23 * y + 0.7))
    return (100 * continuum + 60 * line * profile) * (1 + noise * wave)


def true_share(line: np.ndarray) -> float:
    return float(line[MIDDLE] / (line * WEIGHTS).sum())


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_line_of_the_continuums_source_has_its_share(sign):
    light = star(0.4, -0.3)
    share, common = line_share(WAVE, cube(light, sign * light, 0.25), WEIGHTS, MIDDLE, CENTRE, HALF)
    measured = cube(light, light, 0.25)[np.abs(WAVE - CENTRE).argmin()][MIDDLE] / light[MIDDLE] / 160
    assert abs(measured - 1) > 0.2  # what resampling does to this spaxel's line
    assert abs(share / true_share(light) - 1) < 0.6 * abs(measured - 1)
    assert common > 0.8


def test_a_line_from_elsewhere_has_the_share_of_its_own_image():
    light, line = star(-3.0, 1.0), star(1.5, 0.0, 2.0)
    share, common = line_share(WAVE, cube(light, line, 0.1), WEIGHTS, MIDDLE, CENTRE, HALF)
    by_continuum = light[MIDDLE] / (light * WEIGHTS).sum()
    assert abs(by_continuum / true_share(line) - 1) > 0.5
    assert share == pytest.approx(true_share(line), rel=0.12)
    assert common < 0.2


def test_gaps_in_the_aperture():
    light = star(0.0, 0.0)
    flux = cube(light, light)
    flux[:, 0, :] = np.nan
    share, _ = line_share(WAVE, flux, WEIGHTS, MIDDLE, CENTRE, HALF)
    assert share == pytest.approx(true_share(light), rel=0.03)
    flux[:, :4, :] = np.nan  # a quarter of the aperture
    assert line_share(WAVE, flux, WEIGHTS, MIDDLE, CENTRE, HALF) is None
    assert line_share(WAVE, cube(light, light), WEIGHTS, MIDDLE, 9.0, HALF) is None


def test_what_is_expected_does_not_depend_on_the_recipe(demo_files):
    bench = Bench()
    [view] = bench.open(demo_files("miri")[:1], no_progress).exposures
    band = view.bands[0]
    peak = bench.sky_image((view.key,), band, no_progress).peak
    found = [
        measure_lines(
            bench, Extraction((view.key,), recipe, band, *peak, 0.65), [("x", 5.34)], 600.0, no_progress
        ).line("x")
        for recipe in (Recipe(2), Recipe(2, psf_optimal=True))
    ]
    assert found[0].expected == found[1].expected
    assert found[0].spaxel[1] != found[1].spaxel[1]
    assert np.isfinite(found[0].expected.flux)
    bench.close([view.key])
