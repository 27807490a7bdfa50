"""The automatic recipe: slices whose profile is known by hand, and what it makes of exposures."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from atm_viewer.demo import demo_exposures
from atm_viewer.engine.analysis.tuning import column_levels, middle_rows, tune_slice, tuned
from atm_viewer.engine.errors import Cancelled
from atm_viewer.engine.io.slices import SliceData, collapse
from atm_viewer.engine.recipe import FitParams, Recipe, SliceOverride
from atm_viewer.engine.results.tuning import SliceTuning
from atm_viewer.engine.service.bench import Bench
from atm_viewer.engine.service.tuning import tune
from atm_viewer.engine.trace.defaults import mode_defaults
from atm_viewer.engine.trace.trace_fit import fit_slice

ROWS, COLUMNS, STEP = 26, 800, 0.2
WAVELENGTH = np.linspace(5.0, 5.8, COLUMNS)
LINE = slice(400, 409)


def quiet(step, fraction):
    """Progress that nobody watches."""


def alpha_grid(drift: float = 9.0) -> np.ndarray:
    """Pixels that move along the slice by a quarter of so many native pixels and back; the slice spans 3.8 arcsec."""
    rows = np.arange(ROWS)[:, None] - (ROWS - 1) / 2 + drift * np.linspace(-0.5, 0.5, COLUMNS) ** 2
    alpha = STEP * rows
    return np.where(np.abs(alpha) <= 1.9, alpha, np.nan)


def slice_of(profile, noise: float = 0.0, line=None, drift: float = 9.0) -> SliceData:
    """Slice with a profile, noise relative to its peak, and the profile of a line in some columns."""
    alpha = alpha_grid(drift)
    spectrum = 1000 * WAVELENGTH**-2
    flux = spectrum * profile(alpha)
    if line is not None:
        flux[:, LINE] += line(alpha[:, LINE])
    flux = flux + noise * np.nanmax(flux) * np.random.default_rng(1).normal(size=flux.shape)
    collapsed = collapse(flux, np.ones(flux.shape), alpha, STEP)
    norm = np.nansum(flux, axis=0)
    return SliceData(101, 0, flux, alpha, np.isfinite(alpha), STEP, collapsed, flux, collapsed, norm)


def result_of(data: SliceData, instrument: str = "MIRI", **params) -> SliceTuning:
    exposure = SimpleNamespace(name="jw1", instrument=instrument, coordinates=SimpleNamespace(arcsec=1.0))
    defaults = mode_defaults(instrument, "MIRIFUSHORT" if instrument == "MIRI" else "NRS1", "")
    fit = fit_slice(data, FitParams(fit_threshold=0.0, **params), defaults, -np.inf)
    return tune_slice(SimpleNamespace(exposure=exposure, slices={101: data}, defaults=defaults), fit, WAVELENGTH)


def star(alpha: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * ((alpha - 0.13) / 0.13) ** 2) + 0.02


def gas(alpha: np.ndarray) -> np.ndarray:
    return 100 * np.exp(-0.5 * ((alpha + 0.8) / 0.3) ** 2)


def covers(result: SliceTuning, alpha: float) -> bool:
    return any(low <= alpha <= high for low, high in result.use)


def test_a_sharp_profile_takes_its_spline():
    result = result_of(slice_of(star))
    assert all(covers(result, alpha) for alpha in (-0.1, 0.13, 0.35))
    assert result.error < result.interpolation / 5
    assert "Spline" in result.reason
    assert "interpolation by" in result.reason


def test_a_smooth_field_stays_interpolated():
    result = result_of(slice_of(lambda alpha: 1 + 0.1 * alpha))
    assert result.share < 0.15  # at an end of the slice its brightness is known less well
    assert not any(covers(result, alpha) for alpha in (-1.5, 0.0, 1.5))
    nothing = SliceTuning("jw1", 101, interpolation=0.001, spline=0.002, alone=0.002)
    assert nothing.reason.startswith("Interpolated")


def test_only_lines_keep_the_residual_where_noise_is_all_there_is_in_it():
    without = result_of(slice_of(star, noise=0.01))
    assert (without.residual, without.line_columns) == ("lines", 0)
    assert "without the residual, which" in without.reason
    line = result_of(slice_of(star, noise=0.01, line=gas))
    assert line.residual == "lines"
    assert LINE.stop - LINE.start <= line.line_columns < 40
    assert covers(line, 0.13)
    assert f"without the residual but in {line.line_columns} columns of lines" in line.reason


def test_noise_does_not_hide_what_a_spline_gains():
    """The pixels that errors are measured with have noise themselves; it is taken off."""
    noisy = result_of(slice_of(lambda alpha: star(alpha) + 0.3, noise=0.02))
    assert all(covers(noisy, alpha) for alpha in (-0.1, 0.13, 0.35))
    assert noisy.error < 0.8 * noisy.interpolation  # on average with the wings, where there is less to gain


def test_fewer_breakpoints_where_fewer_will_do():
    broad = slice_of(lambda alpha: 1 + np.exp(-0.5 * (alpha / 0.4) ** 2), drift=20.0)
    result = result_of(broad)
    assert result.breakpoints in (26, 30)
    assert f"with breakpoints {result.breakpoints}" in result.reason
    assert result_of(broad, breakpoints=36).breakpoints is None  # what a recipe asks for stays
    assert result_of(slice_of(star)).breakpoints is None


def test_wider_windows_where_the_grid_of_pixels_moves_too_little():
    slow, fast = (slice_of(star, drift=drift) for drift in (6.0, 40.0))
    assert result_of(slow, "NIRSPEC").window == 100
    assert result_of(fast, "NIRSPEC").window is None
    assert result_of(slow, "NIRSPEC", window=60).window is None


def test_brightness_of_columns_does_not_follow_the_grid():
    data = slice_of(star)
    truth = 1000 * WAVELENGTH**-2
    ripple = (np.nansum(data.flux, axis=0) / truth).std() / (data.norm / truth).mean()
    levels = column_levels(data, middle_rows(data)) / truth
    assert levels.std() / levels.mean() < ripple / 4


def test_a_slice_without_partners_is_left_alone():
    data = slice_of(star)
    still = np.repeat(data.alpha[:, :1], COLUMNS, axis=1)
    collapsed = collapse(data.flux, np.ones(data.flux.shape), still, STEP)
    result = result_of(replace(data, alpha=still, inside=np.isfinite(still), profile=collapsed))
    assert result.use == ()
    assert "No column" in result.reason


def test_the_summary_tells_where_much_is_left():
    good = SliceTuning("jw1", 101, use=((-0.5, 0.5),), interpolation=0.2, spline=0.01)
    poor = replace(good, number=102, spline=0.05)
    assert tuned(Recipe(), [good, poor]).summary.endswith("5 % tuned, more than 3 % left in 1.")
    assert "left" not in tuned(Recipe(), [good]).summary


def test_a_recipe_keeps_what_was_not_tuned():
    own = SliceOverride(101, "jw1", window=40, slope_limit=0.2)
    other = SliceOverride(102, fit_threshold=3.0)
    begun = Recipe(psf_optimal=True, oversample=2, overrides=(own, other))
    found = SliceTuning("jw1", 101, use=((-0.5, 0.5),), share=0.3, residual="lines", interpolation=0.2, alone=0.1)
    made = tuned(begun, [found]).recipe
    assert made.override(102) == other
    assert made.override(101, "jw1") == replace(own, fit_threshold=0.0, use=((-0.5, 0.5),), residual="lines")
    others = replace(found, window=100, breakpoints=30)
    splines = tuned(begun, [others]).recipe.override(101, "jw1")
    assert (splines.window, splines.breakpoints, splines.slope_limit) == (100, 30, 0.2)
    assert (made.oversample, made.psf_optimal) == (2, False)


@pytest.fixture(scope="module")
def opened():
    bench = Bench()
    path = sorted(demo_exposures("miri").parent.glob("*_cal.fits"))[0]
    [view] = bench.open([path], quiet).exposures
    yield bench, view.key
    bench.close([view.key])


def test_it_is_the_same_every_time_and_better_than_the_defaults(opened):
    bench, key = opened
    first, second = (tune(bench, [key], Recipe(), None, quiet) for _ in range(2))
    assert first == second
    assert len(first.slices) == len(bench.opened([key])[0].prepared.slices)
    assert first.exposures == (bench.opened([key])[0].exposure.name,)
    assert any(s.use for s in first.slices)
    assert first.summary.startswith(f"Tuned {len(first.slices)} slices of 1 exposure: spline used in ")


def test_only_chosen_slices_are_tuned(opened):
    bench, key = opened
    whole = {s.number: s for s in tune(bench, [key], Recipe(), None, quiet).slices}
    number = next(n for n, s in whole.items() if s.use)
    some = tune(bench, [key], Recipe(), {key: [number]}, quiet)
    assert some.slices == (whole[number],)
    assert {o.number for o in some.recipe.overrides} == {number}


def test_pixels_at_the_edges_are_kept_where_no_dither_sees_them(opened):
    bench, key = opened
    number = next(iter(bench.opened([key])[0].prepared.slices))
    wanted = {key: [number]}
    assert tune(bench, [key], Recipe(), wanted, quiet).recipe.overrides[0].edges == "keep"
    assert tune(bench, [key], Recipe(edges="keep"), wanted, quiet).recipe.overrides[0].edges is None
    path = sorted(demo_exposures("miri").parent.glob("*_cal.fits"))[1]
    [dither] = bench.open([path], quiet).exposures
    assert tune(bench, [key, dither.key], Recipe(), wanted, quiet).recipe.overrides[0].edges is None
    bench.close([dither.key])


def test_it_can_be_cancelled(opened):
    bench, key = opened
    steps = []

    def stop(step, fraction):
        steps.append((step, fraction))
        if step.startswith("Tuning"):
            raise Cancelled

    with pytest.raises(Cancelled):
        tune(bench, [key], Recipe(), None, stop)
    assert sum(step.startswith("Tuning") for step, _ in steps) == 1
    assert [fraction for _, fraction in steps] == sorted(fraction for _, fraction in steps)
