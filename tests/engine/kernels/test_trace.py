"""Compiled fits of a slice against the pipeline's own routine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from atm_viewer.engine.io.slices import CollapsedProfile, SliceData
from atm_viewer.engine.kernels.trace import exchange
from atm_viewer.engine.recipe import FitParams
from atm_viewer.engine.results.pixels import Fate
from atm_viewer.engine.trace import trace_fit
from atm_viewer.engine.trace.defaults import mode_defaults
from atm_viewer.engine.trace.trace_fit import evaluate_column, fit_slice

ROWS, COLUMNS, WINDOW, BREAKPOINTS = 20, 48, 14, 10


def tilted_slice(bad: float = 0.03) -> SliceData:
    """A star whose trace crosses one pixel, with noise, bad pixels, outliers, and a column without pixels."""
    rng = np.random.default_rng(4)
    y, x = np.mgrid[:ROWS, :COLUMNS]
    alpha = (0.2 * (y - 9.5 + x / COLUMNS)).astype(np.float32)
    flux = 5000 * np.exp(-0.5 * ((alpha - 0.3) / 0.2) ** 2) + rng.normal(10, 3, alpha.shape)
    flux[rng.random(alpha.shape) < 0.01] += 2000
    flux[rng.random(alpha.shape) < bad] = np.nan
    flux[:, 20] = np.nan
    flux = flux.astype(np.float32)
    nothing = CollapsedProfile(*np.zeros((4, 0)))
    norm = np.nansum(flux, axis=0)
    return SliceData(101, 0, flux, alpha, np.ones(flux.shape, bool), 0.2, nothing, flux, nothing, norm)


@pytest.mark.parametrize("order", ["inwards", "rightwards", "leftwards"])
def test_splines_and_scales_are_the_pipelines(order):
    compare_with_pipeline(tilted_slice(), order)


def test_splines_are_the_pipelines_where_outermost_points_are_rejected():
    """Knots follow the points that are left."""
    data = tilted_slice()
    data.flux[-1, ::6] += 3000
    compare_with_pipeline(data, "rightwards")


def test_splines_are_the_pipelines_where_one_of_equal_alphas_is_dropped(monkeypatch):
    """Which of them it is follows from numpy's sort; scipy's solver, which takes far longer, is not asked."""
    settled = []
    fit_settled = trace_fit._fit_settled
    monkeypatch.setattr(trace_fit, "_fit_settled", lambda *a: settled.append(fit_settled(*a)) or settled[-1])
    monkeypatch.setattr(trace_fit, "_fit_points", None)
    data = tilted_slice()
    data.alpha[:] = 0.02 * np.round(data.alpha / 0.02)
    compare_with_pipeline(data, "rightwards")
    assert len(settled) > 10


def compare_with_pipeline(data: SliceData, order: str) -> None:
    from jwst.adaptive_trace_model.trace_model import fit_2d_spline_trace

    defaults = replace(mode_defaults("MIRI", "MIRIFUSHORT", ""), order=order)
    fit = fit_slice(data, FitParams(window=WINDOW, breakpoints=BREAKPOINTS), defaults, -np.inf)
    theirs = fit_2d_spline_trace(
        data.flux,
        data.alpha,
        fit_scale=data.norm,
        lrange=WINDOW,
        col_index=defaults.column_order(COLUMNS),
        space_ratio=defaults.space_ratio,
        require_ngood=defaults.require_ngood,
        spline_bkpt=BREAKPOINTS,
    )
    assert set(np.flatnonzero(fit.source >= 0)) == set(theirs)
    assert fit.fate[20] == Fate.EMPTY
    assert np.isnan(fit.scale[20])
    for column, spline in theirs.items():
        assert tuple(fit.bounds[column]) == tuple(float(b) for b in spline["bounds"])
        at = np.linspace(*fit.bounds[column], 60)
        values = spline["model"](at)
        np.testing.assert_allclose(evaluate_column(fit, column, at), values, atol=1e-8 * np.abs(values).max(), rtol=0)
        assert fit.scale[column] == pytest.approx(spline["scale"], rel=1e-7)


def test_columns_with_gaps_take_the_spline_before():
    data = tilted_slice()
    # Where the trace does not move, the points lie a pixel apart, which is more than 26 breakpoints allow.
    still = COLUMNS - 2 * WINDOW
    data.alpha[:, still:] = data.alpha[:, still : still + 1]
    defaults = replace(mode_defaults("MIRI", "MIRIFUSHORT", ""), order="rightwards")
    fit = fit_slice(data, FitParams(window=WINDOW, breakpoints=26), defaults, -np.inf)
    last = COLUMNS - 1
    assert fit.fate[last] == Fate.REUSED
    assert fit.fate[fit.source[last]] == Fate.FITTED
    assert fit.source[last] == np.flatnonzero(fit.fate == Fate.FITTED).max()


def test_slices_below_their_threshold_are_not_fitted():
    data = tilted_slice()
    fit = fit_slice(data, FitParams(), mode_defaults("MIRI", "MIRIFUSHORT", ""), np.inf)
    assert not fit.has_splines
    assert set(fit.fate.tolist()) == {Fate.BELOW_THRESHOLD, Fate.EMPTY}


def test_window_without_one_column_and_with_another_is_sorted_like_all_of_them():
    """Equal alpha too: points that enter come behind those that were there."""
    rng = np.random.default_rng(12)
    columns = [np.sort(rng.integers(0, 40, rng.integers(0, 12)) / 4.0) for _ in range(30)]
    values = [100.0 * k + np.arange(x.size) for k, x in enumerate(columns)]
    window = (np.zeros(400), np.zeros(400))
    n, nothing = 0, np.zeros(0)
    for k in range(len(columns)):
        old = (columns[k - 10], values[k - 10]) if k >= 10 else (nothing, nothing)
        to = np.full((2, 400), np.nan)
        n = exchange(*window, n, *old, old[0].size, columns[k], values[k], columns[k].size, *to)
        window = to[0], to[1]
        inside = range(max(k - 9, 0), k + 1)
        x = np.concatenate([columns[j] for j in inside])
        y = np.concatenate([values[j] for j in inside])
        order = np.argsort(x, kind="stable")
        assert np.array_equal(window[0][:n], x[order])
        assert np.array_equal(window[1][:n], y[order])


@pytest.mark.parametrize("order", ["inwards", "rightwards"])
def test_parts_of_a_slice_give_the_fit_of_the_whole(order, monkeypatch):
    """Also where no column of the first part can be fitted, so that the second part has the first one that can."""
    for empty in (0, COLUMNS * 2 // 3):
        data = tilted_slice()
        data.flux[:, :empty] = np.nan
        defaults = replace(mode_defaults("MIRI", "MIRIFUSHORT", ""), order=order)
        fits = []
        for count in (1, 2, 5):
            monkeypatch.setattr("atm_viewer.engine.trace.trace_fit.processors", lambda count=count: count)
            fits.append(fit_slice(data, FitParams(window=WINDOW, breakpoints=BREAKPOINTS), defaults, -np.inf))
        for name in ("fate", "source", "knots", "intervals", "scale", "bounds", "rejected"):
            for fit in fits[1:]:
                np.testing.assert_array_equal(getattr(fit, name), getattr(fits[0], name))
        for column in np.flatnonzero(fits[0].fate == Fate.FITTED):
            count = fits[0].intervals[column]
            for fit in fits[1:]:
                np.testing.assert_array_equal(fit.poly[column, :count], fits[0].poly[column, :count])
