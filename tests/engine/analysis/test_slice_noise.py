"""Noise of slices: known oscillations, and what a demo star's slices tell."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from atm_viewer.demo import demo_source
from atm_viewer.engine.analysis.slice_noise import noise_after, noise_before, trace_values
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.io.slices import SliceData, collapse
from atm_viewer.engine.progress import no_progress
from atm_viewer.engine.recipe import Recipe, SliceOverride
from atm_viewer.engine.service.bench import Bench
from atm_viewer.engine.trace.oversample import OversampledSlice

COLUMNS = 1000
ALPHA = 0.2 * (np.arange(20) - 9.5)
#: 1.4826 times the median of |sin|.
SINE = 1.4826 * np.sin(np.pi / 4)


def wave(size: float, columns: int = COLUMNS) -> np.ndarray:
    return 1 + size * np.sin(2 * np.pi * np.arange(columns) / 40)


def slice_data(flux: np.ndarray, alpha: np.ndarray, norm: np.ndarray, err: float = 0.01) -> SliceData:
    errors = np.full(flux.shape, err)
    profile = collapse(flux, errors, alpha, 0.2)
    return SliceData(112, 0, flux, alpha, np.isfinite(alpha), 0.2, profile, flux, profile, norm)


def prepared(data: SliceData, offset: float | None = None):
    """What the noise needs of a prepared exposure."""
    return SimpleNamespace(
        slices={data.number: data},
        exposure=SimpleNamespace(coordinates=SimpleNamespace(arcsec=1.0)),
        background=SimpleNamespace(offset=offset),
    )


def star(alpha: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * ((alpha - 0.1) / 0.12) ** 2)


def test_a_known_oscillation_on_the_trace():
    flux = np.ones((20, COLUMNS)) * 0.1
    flux[9] = 5 * wave(0.1)
    data = slice_data(flux, np.repeat(ALPHA[:, None], COLUMNS, axis=1), np.full(COLUMNS, 7.0))
    # The box of 0.2 arcsec is the pixel itself; what the column sum shares is no noise.
    assert noise_before(prepared(data), 112, 0.2) == pytest.approx(0.1 * SINE, rel=0.02)
    shared = wave(0.3)[::-1]
    data = slice_data(flux * shared, data.alpha, 7.0 * shared)
    assert noise_before(prepared(data), 112, 0.2) == pytest.approx(0.1 * SINE, rel=0.02)


def test_a_spaxel_takes_from_pixels_by_overlap():
    flux = np.arange(20.0)[:, None] * np.ones(3)
    flux[9, 2] = np.nan
    alpha = np.repeat(ALPHA[:, None], 3, axis=1)
    # Centre on the edge of pixels 9 and 10; 0.3 arcsec: 0.15 of each.
    assert trace_values(flux, alpha, 0.2, 0.0, 0.3) == pytest.approx([9.5, 9.5, 10.0])
    # A quarter of pixel 9 and three of pixel 10.
    assert trace_values(flux, alpha, 0.2, 0.05, 0.2)[:2] == pytest.approx([9.75, 9.75])
    # The slice ends at 2 arcsec: too little of the box is covered.
    assert np.isnan(trace_values(flux, alpha, 0.2, 2.08, 0.2)).all()


def test_a_star_whose_trace_drifts_over_the_pixels_is_calmer_on_finer_pixels():
    drift = 1.5 * np.sin(np.linspace(-1, 1, COLUMNS))
    alpha = ALPHA[:, None] + drift
    data = slice_data(star(alpha), alpha, np.full(COLUMNS, 1.5))
    before = noise_before(prepared(data), 112, 0.13)
    assert before > 0.05
    steps = 0.2 / 3 * (np.arange(60) - 29.5)
    fine_alpha = steps[:, None] + drift
    sci = star(fine_alpha)
    fine = OversampledSlice(112, 0, sci > -1, sci, sci, {}, np.zeros(sci.shape, np.uint32), sci, [])
    assert noise_after(prepared(data), fine, fine_alpha, 0.13) < before / 5
    # Fine pixels have a negative background again that fits are made above.
    sunk = OversampledSlice(112, 0, sci > -1, sci - 9, sci, {}, np.zeros(sci.shape, np.uint32), sci, [])
    same = noise_after(prepared(data, -9.0), sunk, fine_alpha, 0.13)
    assert same == pytest.approx(noise_after(prepared(data), fine, fine_alpha, 0.13), rel=1e-6)


@pytest.mark.parametrize("empty", [False, True])
def test_nothing_that_stands_out_has_no_noise(empty):
    flux = np.random.default_rng(1).normal(3.0, 0.3, (20, COLUMNS))
    if empty:
        flux[:] = np.nan
    data = slice_data(flux, np.repeat(ALPHA[:, None], COLUMNS, axis=1), np.full(COLUMNS, 60.0), err=0.3)
    assert np.isnan(noise_before(prepared(data), 112, 0.13))


def test_dark_columns_do_not_count():
    flux = np.ones((20, COLUMNS)) * 0.1
    flux[9] = 5.0
    norm = np.full(COLUMNS, 7.0)
    norm[-30:] = np.linspace(0.2, -0.2, 30)
    data = slice_data(flux, np.repeat(ALPHA[:, None], COLUMNS, axis=1), norm)
    assert noise_before(prepared(data), 112, 0.2) == pytest.approx(0.0, abs=1e-12)


def test_the_bench_tells_the_noise_of_slices(demo_files):
    bench = Bench()
    [view] = bench.open([demo_files("miri")[0]], lambda step, fraction: None).exposures

    def report(recipe):
        return {s.number: s for s in bench.correct(view.key, recipe, lambda step, fraction: None).slices}

    recipe = Recipe(oversample=2, fit_threshold=100.0)
    slices = report(recipe)
    star = max(slices.values(), key=lambda s: s.peak)
    assert star.noise_before > 0.03
    assert star.noise_after < star.noise_before / 2
    spectra = bench.spectra(Extraction((view.key,), recipe, star.band, *demo_source("miri"), 0.4), no_progress)
    assert 0.5 < star.noise_before / spectra.noise_before < 2
    assert any(np.isnan(s.noise_before) for s in slices.values())
    # Where no spline is used, finer pixels are interpolated; the other slices are as they were.
    without = report(recipe.with_override(SliceOverride(star.number, use=())))
    assert without[star.number].noise_after > 2 * star.noise_after
    assert without[star.number].noise_before == star.noise_before
    others = [n for n in slices if n != star.number and np.isfinite(slices[n].noise_after)]
    assert others
    assert all(without[n].noise_after == slices[n].noise_after for n in others)
    # Without oversampling the exposure stays as it is.
    alone = report(Recipe(oversample=1, fit_threshold=100.0))
    assert alone[star.number].noise_after == alone[star.number].noise_before == star.noise_before
    bench.close([view.key])
