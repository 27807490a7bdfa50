"""Compiled spline kernels against scipy and against answers known by hand."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.stats import sigma_clipped_stats
from scipy.interpolate import BSpline, make_lsq_spline

from atm_viewer.engine.kernels.order import select, sort_few
from atm_viewer.engine.kernels.resample import interpolate
from atm_viewer.engine.kernels.spline import (
    DELICATE,
    basis_polynomials,
    evaluate,
    evaluate_sorted,
    make_bases,
    solve_moments,
    subtract_spline,
    sum_moments,
    take_off,
)
from atm_viewer.engine.kernels.trace import (
    clipped_mean_std,
    clipped_mean_std_near,
    describe_knots,
    make_knots,
)


def clamped_knots(x, breakpoints):
    knots = np.empty(4)
    intervals = describe_knots(x[0], x[-1], breakpoints, False, knots)
    t = np.empty(intervals + 7)
    make_knots(knots, intervals, t)
    return t, intervals


def fitted(x, y, t, intervals, without=()):
    """Spline of all points, or of all but some that are taken off the moments again."""
    bases, moments = np.empty((intervals, 4, 4)), np.empty((11, intervals))
    starts, poly = np.empty(intervals + 1, dtype=np.int64), np.zeros((intervals, 4))
    make_bases(t, intervals, bases)
    sum_moments(x, y, x.size, t, intervals, starts, moments)
    take_off(x, y, np.asarray(without, dtype=np.int64), len(without), t, starts, moments)
    stability = solve_moments(moments, bases, intervals, poly, np.zeros((5, intervals + 7)))
    return poly, stability


@pytest.mark.parametrize(("points", "breakpoints"), [(2000, 36), (500, 40), (120, 12), (40, 4)])
def test_fit_equals_scipy(points, breakpoints):
    rng = np.random.default_rng(points)
    x = np.sort(rng.uniform(-1.8, 1.7, points))
    y = np.exp(-20 * x**2) + rng.normal(0, 0.01, points)
    t, intervals = clamped_knots(x, breakpoints)
    poly, stability = fitted(x, y, t, intervals)
    expected = make_lsq_spline(x, y, t, k=3)
    values = np.empty(points)
    evaluate_sorted(x, points, t, intervals, poly, values)
    assert stability > DELICATE
    assert np.abs(values - expected(x)).max() < 1e-13
    # Beyond the knots the outermost polynomial goes on, as in scipy.
    beyond = np.array([x[0] - 0.01, x[-1] + 0.01])
    assert [evaluate(b, t, intervals, poly) for b in beyond] == pytest.approx(expected(beyond), rel=1e-10)


def test_cubic_is_reproduced_exactly():
    x = np.linspace(-1, 1, 200)
    y = 1 + 2 * x - 3 * x**2 + 0.5 * x**3
    t, intervals = clamped_knots(x, 10)
    poly, _ = fitted(x, y, t, intervals)
    assert evaluate(0.25, t, intervals, poly) == pytest.approx(1 + 0.5 - 3 / 16 + 0.5 / 64, abs=1e-13)


def test_basis_is_that_of_scipy_and_sums_to_one():
    t = np.array([0, 0, 0, 0, 0.7, 1.3, 2, 2, 2, 2], dtype=float)
    basis = np.empty((4, 4))
    for interval in range(3):
        basis_polynomials(t, interval, basis)
        low, high = t[interval + 3], t[interval + 4]
        for u in (-1.0, -0.3, 0.5):
            x = 0.5 * (low + high) + u * 0.5 * (high - low)
            values = basis @ u ** np.arange(4)
            expected = [
                BSpline.basis_element(t[k : k + 5], extrapolate=False)(x) for k in range(interval, interval + 4)
            ]
            assert values == pytest.approx(np.nan_to_num(expected), abs=1e-14)
            assert values.sum() == pytest.approx(1.0, abs=1e-14)


def test_points_taken_off_the_moments_leave_the_fit_of_the_others():
    rng = np.random.default_rng(4)
    x = np.sort(rng.uniform(-1.8, 1.7, 1500))
    y = np.exp(-20 * x**2) + rng.normal(0, 0.01, x.size)
    t, intervals = clamped_knots(x, 36)
    without = np.sort(rng.choice(np.arange(1, x.size - 1), 120, replace=False))
    poly, _ = fitted(x, y, t, intervals, without)
    values = np.empty(x.size)
    evaluate_sorted(x, x.size, t, intervals, poly, values)
    expected = make_lsq_spline(np.delete(x, without), np.delete(y, without), t, k=3)
    assert np.abs(values - expected(x)).max() < 1e-12


def test_differences_are_those_of_the_points_that_count():
    rng = np.random.default_rng(6)
    x = np.sort(rng.uniform(0, 3, 300))
    y = np.sin(x)
    t, intervals = clamped_knots(x, 9)
    poly, _ = fitted(x, y, t, intervals)
    values, difference = np.empty(x.size), np.empty(x.size)
    evaluate_sorted(x, x.size, t, intervals, poly, values)
    alive = (rng.uniform(size=x.size) > 0.2).astype(float)
    starts = np.append(np.searchsorted(x, t[3 : 3 + intervals]), x.size)
    total, square = subtract_spline(x, y, alive, t, intervals, starts, poly, difference)
    assert np.abs(difference - (y - values) * alive).max() < 1e-15
    assert total == pytest.approx(difference.sum(), abs=1e-15)
    assert square == pytest.approx((difference**2).sum(), rel=1e-12)


def test_gap_without_points_is_reported_as_delicate():
    rng = np.random.default_rng(3)
    x = np.sort(rng.uniform(0, 1, 400))
    x = x[(x < 0.4) | (x > 0.62)]
    t, intervals = clamped_knots(x, 20)
    _, stability = fitted(x, np.sin(x), t, intervals)
    assert 0 <= stability < DELICATE


@pytest.mark.parametrize("single", [True, False])
def test_knots_are_those_of_the_pipeline(single):
    kind = np.float32 if single else np.float64
    for seed in range(200):
        low, high = np.sort(np.random.default_rng(seed).uniform(-3, 3, 2)).astype(kind)
        breakpoints = 4 + seed % 60
        # As bspline_fit writes it.
        spacing = (high - low) / breakpoints
        expected = np.arange(low + spacing / 2.0, high - spacing / 2.0, spacing)
        knots = np.empty(4)
        intervals = describe_knots(float(low), float(high), breakpoints, single, knots)
        t = np.empty(intervals + 7)
        make_knots(knots, intervals, t)
        assert np.array_equal(t[4 : intervals + 3], expected)
        assert (t[:4] == low).all()
        assert (t[-4:] == high).all()


@pytest.mark.parametrize("n", [1, 2, 5, 6, 401, 2000])
def test_clipping_equals_astropy(n):
    rng = np.random.default_rng(n)
    values = np.concatenate([rng.exponential(size=n), rng.uniform(10, 50, n // 10)])
    mean, rms = clipped_mean_std(values, values.size, np.empty(values.size))
    expected = sigma_clipped_stats(values)
    assert mean == pytest.approx(expected[0], rel=1e-12)
    assert rms == pytest.approx(expected[2], rel=1e-10, abs=1e-14)


def test_clipping_near_the_call_before_equals_clipping_anew():
    """Also where the values are nothing like those before, and where clipping cuts at both ends."""
    near, fewest = np.zeros(6), 1.0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(1, 1500))
        scale = 10.0 ** (seed // 20)
        values = scale * np.concatenate([rng.exponential(size=n), rng.uniform(10, 50, n // 10)])
        if seed % 3 == 0:
            values = scale * np.concatenate([rng.normal(5, 0.1, n), rng.uniform(0, 10, n // 5)])
        large = np.empty(values.size, dtype=np.int64)
        *found, above, cut = clipped_mean_std_near(values, values.size, near, np.empty(values.size), large)
        assert found == pytest.approx(clipped_mean_std(values, values.size, np.empty(values.size)), rel=1e-9, abs=1e-13)
        assert np.array_equal(large[:above], np.flatnonzero(values > cut))
        fewest = min(fewest, above / values.size)
    assert fewest < 0.2


def test_clipping_near_the_call_before_follows_values_that_drift():
    """As gaps do from window to window; some are equal, and now and then all jump."""
    near = np.zeros(6)
    values = np.random.default_rng(3).exponential(size=700) * 6e-4
    for step in range(120):
        rng = np.random.default_rng(step)
        values[rng.integers(0, values.size, 30)] = rng.exponential(size=30) * 6e-4
        values *= 1.01 if step % 50 else 3.0
        values[: step % 40] = values[100]
        found = clipped_mean_std_near(values, values.size, near, np.empty(values.size), np.empty(values.size, np.int64))
        expected = clipped_mean_std(values, values.size, np.empty(values.size))
        assert found[:2] == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("guess", [0, 250, 499, 2**62, -(2**62)])
def test_knot_intervals_do_not_depend_on_those_before(guess):
    rng = np.random.default_rng(1)
    x = np.sort(rng.uniform(-1.8, 1.7, 500))
    t, intervals = clamped_knots(x, 36)
    starts, moments = np.full(intervals + 1, guess), np.empty((11, intervals))
    sum_moments(x, np.cos(x), x.size, t, intervals, starts, moments)
    assert np.array_equal(starts, [*np.searchsorted(x, t[3 : 3 + intervals]), x.size])
    assert np.array_equal(moments[0], np.diff(starts))


@pytest.mark.parametrize("n", [0, 1, 2, 7, 64, 129])
def test_few_values_are_sorted(n):
    values = np.random.default_rng(n).integers(0, 20, n).astype(float)
    values[n // 2 :] *= 1e-300
    found = np.append(values, np.empty(n))
    sort_few(found, n)
    assert np.array_equal(found[:n], values)
    assert np.array_equal(found[n:], np.sort(values))


def test_select_finds_order_statistics():
    values = np.random.default_rng(0).integers(0, 30, 101).astype(float)
    for k in (0, 1, 50, 99, 100):
        assert select(values.copy(), values.size, k) == np.sort(values)[k]


def test_interpolation_equals_numpy():
    rng = np.random.default_rng(5)
    xs = np.unique(rng.integers(0, 60, 30)).astype(float)
    ys = rng.normal(size=xs.size)
    at = np.sort(np.concatenate([np.linspace(-2, 62, 500), xs]))
    for n in (1, 2, xs.size):
        out = np.full(at.size, np.nan)
        interpolate(at, 3, at.size - 5, xs, ys, n, out)
        assert np.array_equal(out[3:-5], np.interp(at, xs[:n], ys[:n])[3:-5])
        assert np.isnan([*out[:3], *out[-5:]]).all()
