"""Where the spline is used: the pipeline's own decision, and the options that go beyond it."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from atm_viewer.engine.recipe import FitParams
from atm_viewer.engine.trace.compact import find_peaks, find_use, within

STEP, INTERVALS, PAD = np.float32(0.2), 36, 3
REACH = 1.8  # 0.2 * 36 / 4


def steep(*groups: tuple[float, int]) -> np.ndarray:
    """Alpha of steep pixels: groups about a position, each within one bin of the histogram."""
    return np.concatenate([np.full(count, alpha, dtype=np.float32) for alpha, count in groups])


def use(points: np.ndarray, **options):
    return find_use(FitParams(**options), points, STEP, INTERVALS, PAD, 1.0)


def pipelines(points: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    from jwst.adaptive_trace_model.trace_model import _is_compact_source

    return _is_compact_source(alpha, points, STEP, INTERVALS, PAD)


@pytest.mark.parametrize("seed", range(8))
def test_default_ranges_are_the_pipelines(seed):
    rng = np.random.default_rng(seed)
    points = rng.normal(rng.uniform(-1.5, 1.5), 0.2, 300).astype(np.float32)
    points = np.concatenate([points, rng.uniform(-3, 3, 60 * (seed % 3)).astype(np.float32)])
    alpha = np.linspace(-3.2, 3.2, 2001)
    expected = pipelines(points, alpha)
    assert expected.any()
    found = use(points)
    assert np.array_equal(within(alpha, found.ranges), expected)
    for options in ({"reach": "slice"}, {"peak_cut": "source"}, {"reach": "slice", "peak_cut": "source"}):
        more = within(alpha, use(points, **options).ranges)
        assert (more | ~expected).all(), "the options take nothing away"


def test_source_beyond_the_reach_is_used_when_the_whole_slice_is_searched():
    points = steep((2.65, 400))
    by_default = use(points)
    assert by_default.ranges == []
    assert by_default.reach == pytest.approx(REACH)
    [(low, high)] = by_default.out_of_reach
    assert low < 2.65 - 0.4 < 2.65 + 0.4 < high
    assert by_default.dropped == []
    [source] = by_default.sources
    assert (source.steep, source.in_reach, source.used) == (400, False, False)
    beyond = use(points, reach="slice")
    assert beyond.ranges == [(low, high)]
    assert beyond.out_of_reach == []
    # It lies beyond the reach, however its peak is judged.
    assert use(points, peak_cut="source").ranges == []


def test_second_source_is_used_when_it_is_judged_by_itself():
    points = steep((-0.95, 600), (1.05, 80))
    by_default = use(points)
    [(low, high)] = by_default.dropped
    assert low < 1.05 < high
    assert not within(np.array([1.05]), by_default.ranges).any()
    assert [round(s.share, 3) for s in by_default.sources] == [1.0, round(80 / 600, 3)]
    beyond = use(points, peak_cut="source")
    assert within(np.array([1.05, -0.95, 0.1]), beyond.ranges).tolist() == [True, True, False]
    assert beyond.dropped == []
    assert not within(np.array([1.05]), use(points, reach="slice").ranges).any()


def test_handful_of_steep_pixels_is_no_source_of_its_own():
    points = steep((-0.95, 600), (1.05, 40))
    assert len(use(points).sources) == 1
    assert not within(np.array([1.05]), use(points, peak_cut="source").ranges).any()


def test_weak_source_far_out_needs_both_options():
    points = steep((-0.95, 600), (2.65, 80))
    there = np.array([2.65])
    assert not within(there, use(points, reach="slice").ranges).any()
    assert within(there, use(points, reach="slice").dropped).any()
    assert within(there, use(points, peak_cut="source").out_of_reach).any()
    assert within(there, use(points, reach="slice", peak_cut="source").ranges).any()


def test_too_few_steep_pixels_are_no_source_anywhere():
    assert use(steep((0.1, 49)), reach="slice", peak_cut="source").ranges == []
    assert use(steep((0.1, 50))).ranges != []


def test_ranges_of_the_recipe_and_no_slope_limit_rule():
    points = steep((0.1, 400))
    assert use(points, slope_limit=0.0).ranges == [(-np.inf, np.inf)]
    given = use(points, use=((-0.5, 0.25),))
    assert within(np.array([-0.5, 0.25, 0.26, -0.51]), given.ranges).tolist() == [True, True, False, False]


def test_peaks_are_those_of_scipy():
    rng = np.random.default_rng(8)
    for n in (0, 1, 2, 3, 40):
        for _ in range(200):
            values = rng.integers(0, 4, n).astype(float)
            values[rng.random(n) < 0.05] = np.nan
            assert find_peaks(values).tolist() == scipy.signal.find_peaks(values)[0].tolist()
