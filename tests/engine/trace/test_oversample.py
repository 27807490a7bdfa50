"""Corrections of the demo exposures equal the pipeline's, and what a recipe changes of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from atm_viewer.engine.errors import Cancelled
from atm_viewer.engine.io.exposure import open_exposure
from atm_viewer.engine.recipe import PARAMETERS, FitParams, Recipe, SliceOverride, Stage
from atm_viewer.engine.trace.line_columns import continuum_share, line_columns
from atm_viewer.engine.trace.oversample import correct_exposure, oversample
from atm_viewer.engine.trace.prepared import fit_input, fit_key, fit_slices, prepare
from atm_viewer.engine.trace.trace_fit import fit_each
from tests.engine.equality import largest_differences
from tests.engine.pipeline import Setting, kept_answers
from tests.engine.trace.reports import report_of

# Thresholds that leave the pipeline a handful of slices to fit.
MIRI = [
    Setting("os1_400", 1, 400.0),
    Setting("os2_400", 2, 400.0),
    Setting("os1.5_400", 1.5, 400.0),
]
NIRSPEC = [Setting("os2_200", 2, 200.0), Setting("os2.5_200", 2.5, 200.0)]


@pytest.mark.parametrize(("instrument", "settings"), [("miri", MIRI), ("nirspec", NIRSPEC)])
def test_corrections_equal_the_pipelines(demo_files, instrument, settings):
    path = demo_files(instrument)[0]
    exposure = open_exposure(path)
    for setting, arrays in kept_answers(path, settings):
        recipe = Recipe(setting.oversample, setting.fit_threshold, setting.slope_limit)
        ours = correct_exposure(exposure, recipe)
        assert 1 <= sum(row.fitted > 0 for row in report_of(exposure, recipe).slices) <= 10
        differences = largest_differences(exposure, ours, arrays)
        assert max(differences.values()) <= 1e-5, (setting.name, differences)
    exposure.model.close()


def test_negative_background_equals_the_pipelines(demo_files, tmp_path):
    # Then the pipeline goes on in double precision, with knots to match.
    from astropy.io import fits

    path = tmp_path / "jw00000-negative_cal.fits"
    with fits.open(demo_files("miri")[0]) as hdus:
        hdus["SCI"].data = hdus["SCI"].data - np.float32(30.0)
        hdus.writeto(path)
    setting = Setting("os2_200", 2, 200.0)
    exposure = open_exposure(path)
    prepared = prepare(exposure)
    assert prepared.background.offset < 0
    [(_, arrays)] = kept_answers(path, [setting])
    ours = correct_exposure(exposure, Recipe(2, 200.0))
    assert sum(row.fitted > 0 for row in report_of(exposure, Recipe(2, 200.0)).slices) >= 1
    assert max(largest_differences(exposure, ours, arrays).values()) <= 1e-5


@pytest.fixture(scope="module")
def star(demo_files):
    """The first MIRI demo exposure, its slices, and its brightest slice."""
    prepared = prepare(open_exposure(demo_files("miri")[0]))
    brightest = max(prepared.slices.values(), key=lambda data: data.profile.peak).number
    return prepared, brightest


def corrected(prepared, recipe):
    fits = fit_slices(prepared, recipe)
    return oversample(prepared, fits, recipe, prepared.exposure.oversampled_coordinates(recipe.oversample))


def row_of(prepared, recipe, number):
    return next(row for row in report_of(prepared.exposure, recipe).slices if row.number == number)


def test_override_changes_its_slice_alone(star):
    prepared, number = star
    base = Recipe(2, 200.0)
    recipe = base.with_override(SliceOverride(number, fit_threshold=1e9))
    before, after = corrected(prepared, base), corrected(prepared, recipe)
    assert row_of(prepared, base, number).fitted > 500
    unfitted = row_of(prepared, recipe, number)
    assert unfitted.fitted == 0
    assert "threshold" in unfitted.reason
    elsewhere = before.regions != number
    for field in ("sci", "err", "dq", "trace"):
        assert np.array_equal(getattr(before, field)[elsewhere], getattr(after, field)[elsewhere], equal_nan=True)
    assert np.isnan(after.trace[~elsewhere]).all()
    assert np.isfinite(before.trace[~elsewhere]).any()


def test_use_ranges_say_where_the_spline_is_used(star):
    prepared, number = star
    recipe = Recipe(2, 200.0).with_override(SliceOverride(number, use=((-0.5, 0.25), (0.6, 0.8))))
    result = corrected(prepared, recipe)
    alpha, _ = prepared.exposure.oversampled_coordinates(2)
    used = alpha[:][prepared.exposure.to_dispersion((result.regions == number) & np.isfinite(result.trace))]
    assert used.size > 1000
    assert (((used >= -0.5) & (used <= 0.25)) | ((used >= 0.6) & (used <= 0.8))).all()
    assert np.ravel(row_of(prepared, recipe, number).compact) == pytest.approx([-0.5, 0.25, 0.6, 0.8])


def test_wavelength_range_limits_the_spline(star):
    prepared, number = star
    recipe = Recipe(2, 200.0).with_override(SliceOverride(number, slope_limit=0.0, wavelengths=(5.1, 5.3)))
    result = corrected(prepared, recipe)
    used = result.wavelength[(result.regions == number) & np.isfinite(result.trace)]
    assert used.size > 1000
    assert used.min() >= 5.1
    assert used.max() <= 5.3
    assert used.max() - used.min() > 0.15


def test_slope_limit_of_zero_uses_the_spline_everywhere(star):
    prepared, number = star
    recipe = Recipe(2, 200.0).with_override(SliceOverride(number, slope_limit=0.0))
    assert row_of(prepared, recipe, number).used > 0.9
    assert row_of(prepared, Recipe(2, 200.0), number).used < 0.9


def test_splines_without_residual_everywhere_are_psf_optimal(star):
    prepared, _ = star
    psf = corrected(prepared, Recipe(2, psf_optimal=True))
    ours = corrected(prepared, Recipe(2, fit_threshold=0.0, slope_limit=0.0, residual="none"))
    for field in ("sci", "err", "var_poisson", "var_rnoise", "var_flat", "dq", "trace"):
        assert np.array_equal(getattr(psf, field), getattr(ours, field), equal_nan=True), field
    used = np.isfinite(ours.trace) & np.isfinite(ours.sci)
    assert used.sum() > 1e5
    assert np.array_equal(ours.sci[used], ours.trace[used])
    with_residual = corrected(prepared, Recipe(2, fit_threshold=0.0, slope_limit=0.0))
    assert np.array_equal(with_residual.trace, ours.trace, equal_nan=True)
    assert not np.array_equal(with_residual.sci, ours.sci, equal_nan=True)


def test_the_residual_is_left_out_of_a_slice_alone(star):
    prepared, number = star
    base = Recipe(2, 200.0)
    before, after = (corrected(prepared, r) for r in (base, base.with_override(SliceOverride(number, residual="none"))))
    here = before.regions == number
    for field in ("sci", "err", "dq", "trace"):
        a, b = getattr(before, field), getattr(after, field)
        assert np.array_equal(a[~here], b[~here], equal_nan=True)
        assert np.array_equal(a[here], b[here], equal_nan=True) == (field != "sci"), field
    used = here & np.isfinite(after.trace) & np.isfinite(after.sci)
    assert used.sum() > 1000
    assert np.array_equal(after.sci[used], after.trace[used])
    rest = here & ~used
    assert np.array_equal(before.sci[rest], after.sci[rest], equal_nan=True)


def test_only_columns_of_lines_keep_the_residual(star):
    prepared, number = star
    data = prepared.slices[number]
    gas = np.zeros(data.flux.shape, dtype=data.flux.dtype)
    gas[:, 500:507] = 0.2 * np.nanmax(data.flux)
    lit = replace(data, flux=data.flux + gas, trimmed=data.trimmed + gas, norm=np.nansum(data.trimmed + gas, axis=0))
    prepared = replace(prepared, slices={**prepared.slices, number: lit})
    base = Recipe(2, 200.0).with_override(SliceOverride(number, slope_limit=0.0))
    kept, none, lines = (corrected(prepared, replace(base, residual=r)) for r in ("interpolated", "none", "lines"))
    nowhere = corrected(prepared, base.with_override(SliceOverride(number, slope_limit=0.0, use=())))
    fit = fit_slices(prepared, base)[number]
    columns = line_columns(lit, fit)
    assert columns[500:507].all()
    assert columns.mean() < 0.2
    here = prepared.exposure.to_dispersion(lines.regions == number)
    sci, with_it, without, plain = (prepared.exposure.to_dispersion(one.sci) for one in (lines, kept, none, nowhere))
    assert np.array_equal(sci[here & ~columns], without[here & ~columns], equal_nan=True)
    # In these columns the spline has the share that belongs to it.
    expected = np.where(np.isfinite(plain), plain + continuum_share(lit, fit) * (with_it - plain), with_it)
    np.testing.assert_allclose(sci[here & columns], expected[here & columns], rtol=1e-5)
    assert not np.array_equal(with_it[here], without[here], equal_nan=True)


def test_window_and_breakpoints_reach_the_fit(star):
    prepared, number = star
    recipe = replace(Recipe(2, 200.0), overrides=(SliceOverride(number, window=20, breakpoints=24),))
    row = row_of(prepared, recipe, number)
    assert (row.window, row.breakpoints) == (20, 24)
    default = row_of(prepared, Recipe(2, 200.0), number)
    assert (default.window, default.breakpoints) == (50, 36)


def test_fits_that_still_hold_are_reused(star):
    prepared, number = star
    recipe = Recipe(2, 200.0)
    fits = fit_slices(prepared, recipe)
    known = {fit_key(n, recipe.params(n, "")): fit for n, fit in fits.items()}
    again = fit_slices(prepared, recipe.with_override(SliceOverride(number, window=30)), known=known)
    assert [n for n in fits if fits[n] is not again[n]] == [number]


def test_the_fit_reads_no_parameter_that_changes_only_what_follows(star):
    """Else a fit would be kept that the parameter has made stale."""
    prepared, number = star
    read = set()

    class Watched(FitParams):
        def __getattribute__(self, name):
            read.add(name)
            return super().__getattribute__(name)

    [fit] = fit_each([fit_input(prepared, number, Watched())])
    assert fit.has_splines
    fitted = {name for name, p in PARAMETERS.items() if p.of_slice and p.stage is Stage.FIT}
    assert read & set(PARAMETERS) == fitted


def test_fits_that_are_reused_carry_the_new_parameters(star):
    prepared, number = star
    fits = fit_slices(prepared, Recipe(2, 200.0))
    known = {fit_key(n, fit.params): fit for n, fit in fits.items()}
    recipe = Recipe(2, 200.0).with_override(SliceOverride(number, slope_limit=0.01))
    again = fit_slices(prepared, recipe, known=known)
    assert again[number].poly is fits[number].poly
    assert {n: fit.params for n, fit in again.items()} == {n: recipe.params(n, "") for n in fits}


def test_cancelling_stops_between_slices(star):
    prepared, _ = star
    seen = []

    def progress(step, fraction):
        seen.append(fraction)
        if len(seen) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        fit_slices(prepared, Recipe(2, 0.0), progress)
    assert len(seen) == 3


def test_kept_edges_are_interpolated_and_all_else_stays(star):
    prepared, _ = star
    base = Recipe(3, 200.0)
    dropped, kept = corrected(prepared, base), corrected(prepared, replace(base, edges="keep"))
    known = np.isfinite(dropped.sci)
    for name in ("sci", "err", "trace"):
        before, after = getattr(dropped, name), getattr(kept, name)
        np.testing.assert_array_equal(after[np.isfinite(before)], before[np.isfinite(before)])
    gained = np.isfinite(kept.sci) & ~known
    native = np.repeat(np.isfinite(prepared.exposure.sci), 3, axis=1)
    # What is gained are the first and last pixels of the slices, which run along x, and nothing that was bad.
    assert gained.sum() > 20_000
    assert (np.isfinite(kept.sci) == np.isfinite(kept.err)).all()
    assert native[gained].all()
    regions = np.repeat(prepared.exposure.regions, 3, axis=1)
    outermost = (np.roll(regions, 3, axis=1) != regions) | (np.roll(regions, -3, axis=1) != regions)
    assert outermost[gained].all()
    # The outer parts have the pixel's own value.
    y, x = np.nonzero(gained[:, ::3] & (prepared.exposure.regions != np.roll(prepared.exposure.regions, 1, axis=1)))
    np.testing.assert_allclose(kept.sci[y, 3 * x], prepared.exposure.sci[y, x], rtol=1e-6)
