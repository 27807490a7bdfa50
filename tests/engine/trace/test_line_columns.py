"""Columns of lines, found by the light that a slice's splines lack."""

from __future__ import annotations

import numpy as np
import pytest

from atm_viewer.engine.io.slices import SliceData, collapse
from atm_viewer.engine.recipe import FitParams
from atm_viewer.engine.trace.defaults import mode_defaults
from atm_viewer.engine.trace.line_columns import BEYOND, continuum_share, line_columns
from atm_viewer.engine.trace.trace_fit import TraceFit, fit_slice

ROWS, COLUMNS, STEP = 24, 600, 0.2
CENTRE, SIGMA = 300, 2.0
LINE = np.exp(-0.5 * ((np.arange(COLUMNS) - CENTRE) / SIGMA) ** 2)


def source(alpha: np.ndarray, centre: float) -> np.ndarray:
    return np.exp(-0.5 * ((alpha - centre) / 0.18) ** 2)


def made(flux_of, noise: float = 1.0) -> tuple[SliceData, TraceFit]:
    """A slice of MIRI, whose pixels move by eight along it, and its fit; noise in units of its flux."""
    rows = np.arange(ROWS)[:, None] - (ROWS - 1) / 2 + 8 * np.linspace(-0.5, 0.5, COLUMNS)
    alpha = np.where(np.abs(STEP * rows) <= 1.5, STEP * rows, np.nan)
    flux = flux_of(alpha) + noise * np.random.default_rng(3).normal(size=alpha.shape)
    profile = collapse(flux, np.ones(flux.shape), alpha, STEP)
    norm = np.nansum(flux, axis=0)
    data = SliceData(101, 0, flux, alpha, np.isfinite(alpha), STEP, profile, flux, profile, norm)
    defaults = mode_defaults("MIRI", "MIRIFUSHORT", "")
    return data, fit_slice(data, FitParams(fit_threshold=0.0), defaults, -np.inf)


def found_in(flux_of, noise: float = 1.0) -> np.ndarray:
    """Columns that are found in such a slice."""
    return line_columns(*made(flux_of, noise))


def star(alpha: np.ndarray) -> np.ndarray:
    return 100 * source(alpha, 0.6) + 5


def test_noise_is_no_line():
    assert not found_in(star).any()


@pytest.mark.parametrize("strength", [8.0, 60.0, 2000.0])
def test_gas_beside_the_source(strength):
    """Whether it is fainter than the continuum, or all the light there is."""
    columns = np.flatnonzero(found_in(lambda alpha: star(alpha) + strength * LINE * source(alpha, -0.7)))
    assert columns.min() <= CENTRE - 3 * SIGMA
    assert columns.max() >= CENTRE + 3 * SIGMA
    assert columns.size < 12 * SIGMA + 2 * BEYOND


def test_an_absorption_line_of_one_of_two_sources():
    columns = found_in(lambda alpha: star(alpha) * (1 - 0.4 * LINE) + 80 * source(alpha, -0.7))
    assert columns[CENTRE - 3 : CENTRE + 4].all()
    assert columns.sum() < 40


def test_a_line_of_the_only_source_is_in_its_spline():
    assert not found_in(lambda alpha: 200 * source(alpha, 0.6) * (1 + LINE)).any()


def test_a_step_or_a_slow_change_is_no_line():
    moved = 1 + 0.5 * (np.arange(COLUMNS) > CENTRE)
    assert found_in(lambda alpha: star(alpha) + 50 * moved * source(alpha, -0.7)).mean() < 0.1


def test_a_hot_pixel_is_no_line():
    def hot(alpha):
        flux = star(alpha)
        flux[ROWS // 2, CENTRE] += 500
        return flux

    assert not found_in(hot).any()


def test_light_of_a_line_that_lies_elsewhere_is_none_of_the_spline():
    data, fit = made(lambda alpha: star(alpha) + 300 * LINE * source(alpha, -0.7), noise=0.2)
    scale = fit.scale / np.median(fit.scale[200:280])  # of the spline, over that of columns without the line
    assert scale[CENTRE] > 3
    share = continuum_share(data, fit)
    assert (share * scale)[CENTRE - 8 : CENTRE + 9] == pytest.approx(1.0, abs=0.1)
    assert np.median(share[:200]) == pytest.approx(1.0, abs=0.01)


def test_light_of_a_line_that_lies_where_the_continuum_does_is_the_splines():
    share = continuum_share(*made(lambda alpha: 200 * source(alpha, 0.6) * (1 + LINE), noise=0.2))
    assert share[CENTRE - 4 : CENTRE + 5] == pytest.approx(1.0, abs=0.05)
