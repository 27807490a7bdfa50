"""Corrections with regions on the sky equal those of the same recipe written by hand, slice by slice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from atm_viewer.demo import demo_source
from atm_viewer.engine.io.exposure import open_exposure
from atm_viewer.engine.recipe import Circle, FitParams, Recipe, Region, RegionRange, SliceOverride, SliceRegions
from atm_viewer.engine.results.pixels import Why
from atm_viewer.engine.service import open_items
from atm_viewer.engine.service.bench import Bench
from atm_viewer.engine.trace.compact import find_use, merged, within
from atm_viewer.engine.trace.oversample import oversample
from atm_viewer.engine.trace.prepared import compact_intervals, fit_slices, prepare, slice_params
from atm_viewer.engine.trace.traces import slice_use
from tests.engine.trace.reports import report_of

BASE = Recipe(2, 200.0)


def quiet(step, fraction):
    """Progress that nobody watches."""


@pytest.fixture(scope="module", params=["miri", "nirspec"])
def case(request, demo_files):
    """An instrument and a demo exposure of it, prepared."""
    exposure = open_exposure(demo_files(request.param)[2])
    yield request.param, prepare(exposure)
    exposure.close()


def corrected(prepared, recipe):
    coordinates = prepared.exposure.oversampled_coordinates(recipe.oversample)
    return oversample(prepared, fit_slices(prepared, recipe), recipe, coordinates)


def same(one, other):
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)
        for name in ("sci", "err", "dq", "trace", "var_poisson")
    )


def star_region(instrument, use="spline", radius=0.5, **values):
    return Region("AGN", Circle(*demo_source(instrument), radius), use, **values)


def by_hand(prepared, recipe, base):
    """Recipe of overrides for one exposure that says what the regions of a recipe do."""
    fits = fit_slices(prepared, base)
    intervals, arcsec = compact_intervals(fits, prepared), prepared.exposure.coordinates.arcsec
    written = base
    for number, params in slice_params(prepared, recipe).items():
        if not params.regions.names:
            continue
        use = [(low * arcsec, high * arcsec) for low, high in slice_use(prepared, fits[number], 2, intervals).ranges]
        use = [(max(low, -90.0), min(high, 90.0)) for low, high in use]
        for one in params.regions.ranges:
            cut = [((a, min(b, one.low)), (max(a, one.high), b)) for a, b in use]
            use = [(a, b) for pair in cut for a, b in pair if a < b]
            if one.use == "spline":
                use.append((one.low, one.high))
        values = {name: getattr(params, name) for name, _ in params.regions.values}
        values |= {"fit_threshold": 0.0} if params.regions.forced else {}
        name = prepared.exposure.name
        written = written.with_override(SliceOverride(number, name, use=tuple(merged(use)), **values))
    return written


@pytest.mark.parametrize("threshold", [200.0, 1e8])
def test_a_region_that_uses_the_spline_is_what_one_would_write_by_hand(case, threshold):
    instrument, prepared = case
    base = replace(BASE, fit_threshold=threshold)
    recipe = replace(base, regions=(star_region(instrument, residual="none"),))
    hand = by_hand(prepared, recipe, replace(base))
    assert len(hand.overrides) >= 3
    ours = corrected(prepared, recipe)
    assert same(ours, corrected(prepared, hand))
    assert not same(ours, corrected(prepared, base))


def test_a_region_that_interpolates_is_what_one_would_write_by_hand(case):
    instrument, prepared = case
    within_star = star_region(instrument, "interpolate", 0.2)
    recipe = replace(BASE, slope_limit=0.02, regions=(within_star,))
    ours = corrected(prepared, recipe)
    assert same(ours, corrected(prepared, by_hand(prepared, recipe, replace(recipe, regions=()))))
    assert not same(ours, corrected(prepared, replace(recipe, regions=())))


def test_outside_of_a_region_nothing_changes(case):
    """Slices that are fitted for it alone go on to be interpolated elsewhere."""
    instrument, prepared = case
    base = replace(BASE, fit_threshold=1e8, slope_limit=0.0)
    recipe = replace(base, regions=(star_region(instrument),))
    before, after = corrected(prepared, base), corrected(prepared, recipe)
    assert np.isnan(before.trace).all()
    touched = {n: p.regions.ranges for n, p in slice_params(prepared, recipe).items() if p.regions.names}
    exposure = prepared.exposure
    alpha, _ = exposure.oversampled_coordinates(2)
    regions = exposure.to_dispersion(after.regions)
    allowed = np.zeros(regions.shape, dtype=bool)
    for number, ranges in touched.items():
        arcsec = np.asarray(alpha) * exposure.coordinates.arcsec
        allowed |= (regions == number) & np.any([(arcsec >= r.low) & (arcsec <= r.high) for r in ranges], axis=0)
    used = exposure.to_dispersion(np.isfinite(after.trace))
    assert used.any()
    assert not (used & ~allowed).any()
    differ = exposure.to_dispersion(~((before.sci == after.sci) | (np.isnan(before.sci) & np.isnan(after.sci))))
    assert not (differ & ~allowed).any()
    report = report_of(exposure, recipe)
    rows, classes = {row.number: row for row in report.slices}, report.why.classes
    for number in touched:
        assert rows[number].params.regions.forced
        found = set(np.unique(classes[exposure.regions == number]).tolist())
        assert Why.BELOW_THRESHOLD in found
        assert not found & {Why.BELOW_SLOPE, Why.NOT_WANTED}
        if rows[number].fitted:
            assert "for region “AGN” only: its peak of " in rows[number].reason
            assert "Region “AGN” uses the spline at α " in rows[number].reason


def test_values_apply_to_the_slices_that_a_region_reaches(case):
    instrument, prepared = case
    recipe = replace(BASE, regions=(star_region(instrument, None, window=20, slope_limit=0.3),))
    params = slice_params(prepared, recipe)
    reached = {n for n, p in params.items() if p.window == 20}
    assert 3 <= len(reached) < len(params)
    assert all(p == recipe.params(n, "") for n, p in params.items() if n not in reached)
    rows = {row.number: row for row in report_of(prepared.exposure, recipe).slices}
    for number, row in rows.items():
        assert (row.window == 20) == (number in reached)
        assert row.reason.endswith("Region “AGN” sets slope_limit 0.3, window 20 columns.") == (number in reached)


def ranges(*said):
    return FitParams(use=((0.0, 1.0), (2.0, 3.0)), regions=SliceRegions(tuple(RegionRange(*r) for r in said)))


@pytest.mark.parametrize(
    ("said", "used", "kept_out"),
    [
        ([(0.5, 1.5, "spline", "a")], [(0.0, 1.5), (2.0, 3.0)], []),
        ([(0.5, 2.5, "interpolate", "a")], [(0.0, 0.5), (2.5, 3.0)], [(0.5, 2.5)]),
        (
            [(0.5, 2.5, "interpolate", "a"), (0.7, 0.8, "spline", "b")],
            [(0.0, 0.5), (0.7, 0.8), (2.5, 3.0)],
            [(0.5, 0.7), (0.8, 2.5)],
        ),
        ([(0.7, 0.8, "spline", "b"), (0.5, 2.5, "interpolate", "a")], [(0.0, 0.5), (2.5, 3.0)], [(0.5, 2.5)]),
        ([(-1.0, 4.0, "interpolate", "a")], [], [(-1.0, 4.0)]),
    ],
)
def test_later_ranges_win(said, used, kept_out):
    use = find_use(ranges(*said), np.zeros(0), 0.2, 36, 3, 1.0)
    assert np.allclose(use.ranges, used) if used else use.ranges == []
    assert np.allclose(use.kept_out, kept_out) if kept_out else use.kept_out == ()
    # Ends belong to the later one, as those of use ranges belong to them.
    for low, high, what, _ in said[-1:]:
        assert within(np.array([low, high]), use.ranges).tolist() == [what == "spline"] * 2


@pytest.fixture
def bench(demo_files):
    bench = Bench()
    opened = bench.open([demo_files("miri")[0]], quiet)
    [view] = opened.exposures
    yield bench, view
    bench.close([view.key])


def test_a_region_that_moves_within_slices_fits_nothing_again(bench, monkeypatch):
    bench, view = bench
    [item] = bench.items([view.key], view.bands[0])
    counted = []

    def count(inputs, begun=None):
        counted.extend(data.number for data, *_ in inputs)
        return fit_each(inputs, *([begun] if begun else []))

    fit_each = open_items.fit_each
    monkeypatch.setattr(open_items, "fit_each", count)
    ra, dec = demo_source("miri")

    def fit_all(recipe):
        counted.clear()
        for number in item.prepared.slices:
            item.fit(number, recipe)
        return list(counted)

    def about(east, **values):
        shape = Circle(ra + east / 3600 / np.cos(np.radians(dec)), dec, 0.3)
        return replace(BASE, regions=(Region("AGN", shape, "spline", **values),))

    assert set(fit_all(BASE)) == set(item.prepared.slices)
    bright = {n for n, p in slice_params(item.prepared, BASE).items() if item.fit(n, BASE).has_splines}
    first = about(0.0)
    reached = {n for n, p in slice_params(item.prepared, first).items() if p.regions.names}
    # Of the slices that it reaches, those that had no spline so far.
    assert set(fit_all(first)) == reached - bright
    second = about(0.02)
    assert slice_params(item.prepared, second) != slice_params(item.prepared, first)
    newly = {n for n, p in slice_params(item.prepared, second).items() if p.regions.names} - reached - bright
    assert set(fit_all(second)) == newly
    # The same regions, used otherwise: splines stay, what is made of them does not.
    assert fit_all(replace(first, regions=(replace(first.regions[0], use="interpolate"),))) == []
    number = max(reached & bright)
    one, other = (item.fine_slice(item.fit(number, r), r, 36) for r in (BASE, first))
    assert one is not other
    renamed = replace(first, regions=(replace(first.regions[0], name="other"),))
    assert item.fine_slice(item.fit(number, renamed), renamed, 36) is other
    assert item.fit(number, renamed).params.regions.names == ("other",)


def test_a_pixel_is_told_that_a_region_decided(bench):
    bench, view = bench
    ra, dec = demo_source("miri")
    c = bench.items([view.key], view.bands[0])[0].exposure.coordinates
    y, x = (int(k) for k in np.unravel_index(np.nanargmin(np.hypot(c.ra - ra, c.dec - dec)), c.ra.shape))
    for use, why, part in (
        ("spline", Why.USED, "because α lies in the region “NGC-1”, which uses the spline; change the region to"),
        (
            "interpolate",
            Why.NOT_WANTED,
            "α lies in the region “NGC-1”, which interpolates, so the pixel is",
        ),
    ):
        recipe = replace(BASE, regions=(Region("NGC-1", Circle(ra, dec, 0.4), use),))
        told = bench.explain(view.key, recipe, x, y)
        assert told.why == why
        assert part in told.sentence


def test_a_pixel_beside_the_region_is_told_why_it_is_interpolated(bench):
    bench, view = bench
    ra, dec = demo_source("miri")
    [item] = bench.items([view.key], view.bands[0])
    recipe = replace(BASE, fit_threshold=1e8, regions=(Region("AGN", Circle(ra, dec, 0.3), "spline"),))
    report = bench.correct(view.key, recipe, quiet)
    number = next(row.number for row in report.slices if row.fitted)
    here = (view.regions == number) & (report.why.classes == Why.BELOW_THRESHOLD)
    y, x = np.argwhere(here)[0].tolist()
    told = bench.explain(view.key, recipe, x, y)
    assert told.why == Why.BELOW_THRESHOLD
    assert "the slice is fitted for region “AGN” only, because its peak of " in told.sentence
    assert told.sentence.endswith("σ to let slope_limit decide.")
    profile = bench.profile(view.key, recipe, number, 500)
    assert np.allclose(profile.use, [(r.low, r.high) for r in item.params(number, recipe).regions.ranges])
