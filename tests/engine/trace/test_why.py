"""What became of every pixel: the same as what the correction did, and a sentence for each class."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.progress import no_progress
from atm_viewer.engine.recipe import FitParams, Recipe, SliceOverride
from atm_viewer.engine.results.pixels import Fate, Why
from atm_viewer.engine.service.bench import Bench
from atm_viewer.engine.trace.compact import CompactSource, Use
from atm_viewer.engine.trace.explain import Facts, tell
from atm_viewer.engine.trace.oversample import FLUX_ESTIMATED
from atm_viewer.engine.trace.why import tell_why

RECIPE = Recipe(oversample=2, fit_threshold=100.0)


# Hand-made cases


def told(alpha, fate, factor=2, *, use=None, params=None, flagged=(), holes=(), short=(), ngood=0):
    """Class of each pixel of a slice with one row per alpha and one column per fate; a spline is where alpha < 3."""
    alpha = np.repeat(np.array(alpha, dtype=np.float32)[:, None], len(fate), axis=1)
    use = use or Use([(-1.0, 1.0)], [], [], (), 2.0)
    flux = np.ones(alpha.shape, dtype=np.float32)
    for pixel in holes:
        flux[pixel] = np.nan
    flux[:, list(short)] = np.nan
    mark = np.zeros(alpha.shape, dtype=bool)
    for pixel in flagged:
        mark[pixel] = True
    inside = np.ones(alpha.shape, dtype=bool)
    inside[-1] = False
    data = SimpleNamespace(flux=flux, alpha=alpha, inside=inside)
    has = np.isin(fate, (Fate.FITTED, Fate.REUSED))
    fit = SimpleNamespace(
        fate=np.array(fate), params=params or FitParams(), only_regions=False, has_splines=bool(has.any())
    )
    defined = np.repeat((alpha < 3) & has, factor, axis=0)
    fine = np.repeat(alpha, factor, axis=0)
    used = defined & np.any([(fine > low) & (fine <= high) for low, high in use.ranges], axis=0)
    starts = np.arange(data.flux.shape[0] + 1) * factor
    why, counts = tell_why(data, fit, use, ngood, mark, starts, defined, used)
    assert counts.sum() == inside.sum()
    assert all((why[inside] == k).sum() == count for k, count in enumerate(counts))
    assert (why[-1] == Why.OUTSIDE).all()
    return why[:-1]


def test_columns_without_a_spline_say_why():
    why = told([0.0, 0.5, 9], [Fate.BELOW_THRESHOLD, Fate.EMPTY, Fate.TOO_FEW_POINTS, Fate.TOO_SPARSE])
    expected = [Why.BELOW_THRESHOLD, Why.TOO_FEW_POINTS, Why.TOO_FEW_POINTS, Why.TOO_SPARSE]
    assert why.tolist() == [expected, expected]


def test_pixels_with_a_spline_say_whether_and_why_it_is_used():
    use = Use([(-1.0, 1.0)], [(2.0, 2.9)], [(-2.9, -2.0)], (), 2.0)
    alpha = [-3.2, -2.4, -1.5, 0.0, 1.5, 2.4, 3.5, 9]
    expected = [
        Why.BELOW_SLOPE,
        Why.SECOND_SOURCE,
        Why.BELOW_SLOPE,
        Why.USED,
        Why.BELOW_SLOPE,
        Why.OUT_OF_REACH,
        Why.END_OF_SPLINE,
    ]
    for factor in (1, 2, 3):
        assert told(alpha, [Fate.FITTED], factor, use=use)[:, 0].tolist() == expected
    assert told(alpha, [Fate.REUSED], use=use)[3, 0] == Why.REUSED


def test_pixels_without_a_valid_value_are_filled():
    why = told([0.0, 0.5, 1.5, 9], [Fate.FITTED, Fate.REUSED], holes=[(0, 0), (2, 0)], flagged=[(1, 1)])
    assert why.tolist() == [[Why.FILLED, Why.REUSED], [Why.USED, Why.FILLED], [Why.BELOW_SLOPE, Why.BELOW_SLOPE]]


def test_columns_too_short_to_be_oversampled_are_not():
    why = told([1.5, 1.6, 9], [Fate.FITTED, Fate.FITTED], short=[1], ngood=1)
    assert why.tolist() == [[Why.BELOW_SLOPE, Why.TOO_FEW_POINTS]] * 2


def test_what_the_recipe_leaves_out_is_not_wanted():
    params = FitParams(use=((-1.0, 1.0),))
    assert told([0.0, 1.5, 9], [Fate.FITTED], params=params)[:, 0].tolist() == [Why.USED, Why.NOT_WANTED]


# The demo's exposures


@pytest.fixture(scope="module", params=["miri", "nirspec"])
def case(request, demo_files):
    """A bench with an exposure, and that exposure's view."""
    bench = Bench()
    [view] = bench.open([demo_files(request.param)[0]], no_progress).exposures
    yield bench, view
    bench.close([view.key])


def fine_slices(bench, view, recipe):
    item = bench.opened([view.key])[0]
    return [item.fine_slice(item.fit(n, recipe), recipe, item.first_intervals(recipe)) for n in view.slices]


@pytest.mark.parametrize("oversample", [1, 1.5, 3])
def test_classes_are_what_the_correction_did(case, oversample):
    bench, view = case
    recipe = replace(RECIPE, oversample=oversample)
    report = bench.correct(view.key, recipe, no_progress)
    why = report.why.classes
    used = why >= Why.USED
    assert used.sum() > 10_000
    assert np.array_equal(why > 0, view.regions > 0)
    assert report.why.counts == tuple(int((why == k).sum()) if k else 0 for k in Why)
    below = np.isin(view.regions, [s.number for s in report.slices if not s.peak > s.threshold])
    assert np.isin(why[below], (Why.BELOW_THRESHOLD, Why.TOO_FEW_POINTS)).all()
    assert np.array_equal(why == Why.FILLED, used & (np.isnan(view.sci) | (np.asarray(view.dq) & 1 > 0)))
    if oversample == 1:
        assert np.array_equal(used, np.isfinite(report.trace))
        return
    if oversample == 3:  # a part lies at the pixel's own centre
        assert not (np.isfinite(report.trace) & ~used).any()
    exposure = bench.opened([view.key])[0].exposure
    rotated = exposure.to_dispersion(why)
    for fine in fine_slices(bench, view, recipe):
        owner = exposure.division(oversample).owner[fine.rows]
        native = np.unique(owner[fine.inside.any(axis=1)])
        starts = np.searchsorted(owner, [*native, native[-1] + 1])
        own = rotated[native]

        def anywhere(pixels, starts=starts):
            return np.logical_or.reduceat(pixels[: starts[-1]], starts[:-1], axis=0)

        inside = anywhere(fine.inside)
        assert np.array_equal((own >= Why.USED) & inside, anywhere(np.isfinite(fine.trace)) & inside)
        if oversample == 1.5:  # parts that lie across two pixels can have the flags of the other one
            continue
        assert np.array_equal((own == Why.FILLED) & inside, anywhere((fine.dq & FLUX_ESTIMATED) > 0) & inside)


def test_reused_splines_say_from_where(case):
    bench, view = case
    recipe = replace(RECIPE, overrides=tuple(SliceOverride(n, fit_threshold=0.0, breakpoints=60) for n in view.slices))
    report = bench.correct(view.key, recipe, no_progress)
    numbers = [s.number for s in report.slices if s.reused]
    assert sorted(report.why.sources) == numbers
    for number in numbers:
        fit = bench.opened([view.key])[0].fit(number, recipe)
        assert np.array_equal(report.why.sources[number], fit.source)


def test_each_pixel_is_explained_as_it_is_shown(case):
    bench, view = case
    recipe = RECIPE
    why = bench.correct(view.key, recipe, no_progress).why.classes
    rng = np.random.default_rng(5)
    seen = set()
    for kind in np.unique(why[why > 0]):
        ys, xs = np.nonzero(why == kind)
        for k in rng.choice(ys.size, 3):
            x, y = int(xs[k]), int(ys[k])
            told = bench.explain(view.key, recipe, x, y)
            assert told.why == kind
            number, column = int(view.regions[y, x]), (y, x)[view.dispersion_axis]
            assert (told.number, told.column) == (number, column)
            assert told.sentence.startswith(f"Slice {number}, column {column}, α ")
            assert "nan" not in told.sentence
            seen.add(told.why)
    assert {Why.BELOW_THRESHOLD, Why.USED, Why.FILLED} <= seen
    with pytest.raises(InputError, match="is not in a slice"):
        bench.explain(view.key, recipe, *(int(i) for i in np.argwhere(view.regions == 0)[0][::-1]))


def test_slope_limit_that_is_named_is_the_one_that_helps(case):
    bench, view = case
    recipe = replace(RECIPE, slope_limit=0.3)
    why = bench.correct(view.key, recipe, no_progress).why.classes
    now_used = bench.correct(view.key, replace(recipe, slope_limit=0.05), no_progress).why.classes >= Why.USED
    y, x = (int(i) for i in np.argwhere((why == Why.BELOW_SLOPE) & now_used)[1000])
    told = bench.explain(view.key, recipe, x, y)
    limit = float(told.sentence.partition("lower slope_limit to ")[2].split()[0])
    assert 0.05 <= limit < 0.3
    assert bench.explain(view.key, replace(recipe, slope_limit=limit), x, y).why >= Why.USED


# Sentences

FACTS = Facts(
    why=Why.USED,
    number=112,
    column=300,
    alpha=-0.42,
    wavelength=5.2,
    unit="MJy/sr",
    params=FitParams(),
    parts=3,
    peak=12.3,
    threshold=45.6,
    sigma=2.47,
    good=5,
    needed=8,
    window=50,
    breakpoints=36,
    bounds=(-1.5, 1.6),
    slope=0.06,
    limit=0.05,
    reach=2.4,
)
SECOND = CompactSource(-0.4, 80, 0.12, True, False)
FAR = CompactSource(2.65, 400, 1.0, False, False)


@pytest.mark.parametrize(
    ("changes", "rest"),
    [
        (
            {"why": Why.BELOW_THRESHOLD},
            "the slice is not fitted, because its peak of 12.3 MJy/sr is not above the threshold of 45.6 MJy/sr "
            "(fit_threshold 10 σ), so the pixel is interpolated; lower fit_threshold to 2.4 σ to fit it.",
        ),
        (
            {"why": Why.BELOW_THRESHOLD, "sigma": -1.0, "missing": True},
            "so the pixel stays without a value; set fit_threshold to 0 to fit every slice.",
        ),
        (
            {"why": Why.TOO_FEW_POINTS},
            "the column has only 5 valid pixels in the slice and needs more than 8 for a spline, so the pixel is "
            "interpolated; no parameter changes that.",
        ),
        (
            {"why": Why.TOO_SPARSE, "wider": 75, "fewer": 24},
            "the points of 50 columns on each side leave gaps too wide for 36 breakpoints, or the fit failed, and "
            "there is no earlier spline to reuse, so the pixel is interpolated; widen window from 50 to 75 columns or "
            "reduce breakpoints from 36 to 24 to get a spline.",
        ),
        ({"why": Why.TOO_SPARSE}, "neither a wider window nor fewer breakpoints would change that."),
        (
            {"why": Why.END_OF_SPLINE, "alpha": 1.7},
            "the spline does not reach here: the points it was fitted to span α −1.50″ to 1.60″, so the pixel is "
            "interpolated; a window wider than 50 columns may extend it.",
        ),
        ({"why": Why.END_OF_SPLINE}, "the outermost pixels of the spline are dropped, so the pixel is interpolated; "),
        (
            {"why": Why.BELOW_SLOPE},
            "the column has a spline, but its slope of 0.06 is below slope_limit 0.1 and there is no compact source "
            "nearby, so the pixel is interpolated; lower slope_limit to 0.05 to use the spline.",
        ),
        (
            {"why": Why.BELOW_SLOPE, "slope": 0.2},
            "its slope of 0.2 is above slope_limit 0.1 here, but too few columns of the slice are as steep at this α "
            "to make a compact source, so the pixel is interpolated; ",
        ),
        (
            {"why": Why.BELOW_SLOPE, "outermost": True},
            "so the pixel is dropped as the outermost of its column (edges = “keep” would interpolate it); lower",
        ),
        (
            {"why": Why.BELOW_SLOPE, "outermost": True, "params": FitParams(edges="keep")},
            "so the pixel is interpolated; lower",
        ),
        ({"why": Why.BELOW_SLOPE, "limit": 0.0}, "set slope_limit to 0 to use the spline in the whole slice."),
        ({"why": Why.BELOW_SLOPE, "oversample": 1}, "so the trace model leaves the pixel out; lower"),
        (
            {"why": Why.NOT_WANTED, "params": FitParams(use=((0.0, 0.5), (1.0, 1.2)))},
            "the column has a spline, but α lies outside the recipe's use range (0…0.5″, 1…1.2″), so the pixel is "
            "interpolated; widen use, or remove it so that slope_limit decides.",
        ),
        (
            {"why": Why.NOT_WANTED, "params": FitParams(wavelengths=(5.3, 5.6))},
            "the column has a spline, but its wavelength of 5.2000 µm lies outside the recipe's wavelengths "
            "(5.3…5.6 µm), so the pixel is interpolated; widen wavelengths to use the spline.",
        ),
        (
            {"why": Why.OUT_OF_REACH, "source": FAR},
            "the compact source at α 2.65″ lies outside the ±2.40″ in which the pipeline looks for sources, so the "
            "pixel is interpolated; set reach = “slice” to find it (beyond the pipeline), or set a use range for "
            "the slice.",
        ),
        (
            {"why": Why.SECOND_SOURCE, "source": SECOND},
            "the compact source at α −0.40″ has 12 % of the steep pixels of the slice's strongest peak, and the "
            "pipeline drops sources with less than 20 %, so the pixel is interpolated; set peak_cut = “source” to keep "
            "it (beyond the pipeline), or lower slope_limit to 0.05 to use the spline.",
        ),
        (
            {"limit": 0.2, "source": SECOND},
            "the pixel takes the column's own spline, because it is close to the compact source at α −0.40″, where the "
            "spline is steeper than slope_limit 0.1; raise slope_limit to 0.2, or set a use range for the slice, "
            "to interpolate instead.",
        ),
        (
            {"parts": 1, "params": FitParams(use=((-0.9, 0.4),))},
            "the pixel takes the column's own spline in 1 of its 3 parts, because α lies within the recipe's use "
            "range; narrow use to interpolate instead.",
        ),
        (
            {"why": Why.REUSED, "reused_from": 311, "wider": 75},
            "the column's own fit failed, and the pixel takes the spline of column 311; widen window from 50 to 75 "
            "columns to get its own spline.",
        ),
        (
            {"why": Why.FILLED, "params": FitParams(slope_limit=0.0), "limit": None, "missing": True},
            "the input has no valid value and the column's own spline fills it (flag FLUX_ESTIMATED), because "
            "slope_limit 0 uses the spline everywhere; set a use range for the slice to leave it empty.",
        ),
        ({"why": Why.FILLED, "reused_from": 3, "parts": 2}, "the spline of column 3 fills in 2 of its 3 parts (flag"),
    ],
)
def test_sentences(changes, rest):
    facts = replace(FACTS, **changes)
    sentence = tell(facts)
    assert sentence.startswith(f"Slice 112, column 300, α {facts.alpha:.2f}″: ".replace("-", "−"))
    assert rest in sentence
    assert sentence.endswith(".")
    assert sentence.count("..") == 0


def test_every_class_has_a_sentence():
    for why in set(Why) - {Why.OUTSIDE}:
        assert tell(replace(FACTS, why=why, source=FAR if why == Why.OUT_OF_REACH else SECOND))
    assert math.isfinite(FACTS.slope)
