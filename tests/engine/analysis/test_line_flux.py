"""Lines whose flux and equivalent width are known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from atm_viewer.engine.analysis.line_flux import JANSKY, LIGHT, conservation, measure_line

WAVE = np.arange(5.0, 5.4, 0.001)
CENTRE, SIGMA, HALF = 5.2, 0.003, 0.012


def spectrum(peak: float, slope: float = 0.0) -> np.ndarray:
    """Flux density per wavelength [W m-2 um-1]: a continuum of 2 with a Gaussian line."""
    return 1e-15 * (2.0 + slope * (WAVE - CENTRE) + peak * np.exp(-0.5 * ((WAVE - CENTRE) / SIGMA) ** 2))


def jansky(values: np.ndarray) -> np.ndarray:
    return values * WAVE**2 / (JANSKY * LIGHT)


@pytest.mark.parametrize("peak", [3.0, -1.5])
@pytest.mark.parametrize("slope", [0.0, 4.0])
def test_flux_and_width_of_a_gaussian(peak, slope):
    error = jansky(np.full(WAVE.size, 1e-17))
    found = measure_line(WAVE, jansky(spectrum(peak, slope)), error, CENTRE, HALF)
    area = peak * SIGMA * np.sqrt(2 * np.pi)
    assert found.flux == pytest.approx(1e-15 * area, rel=1e-3)
    assert found.width == pytest.approx(-area / 2.0, rel=1e-2)
    assert found.continuum == pytest.approx(2e-15 * CENTRE**2 / (JANSKY * LIGHT), rel=1e-3)


def test_errors_are_those_of_repeated_measurements():
    rng = np.random.default_rng(1)
    sigma = jansky(np.full(WAVE.size, 5e-17))
    found = [measure_line(WAVE, jansky(spectrum(3.0)) + rng.normal(0, sigma), sigma, CENTRE, HALF) for _ in range(300)]
    for name in ("flux", "width"):
        values = np.array([getattr(one, name) for one in found])
        errors = np.array([getattr(one, name + "_err") for one in found])
        assert np.median(errors) == pytest.approx(values.std(), rel=0.15)


def test_errors_that_are_too_small_are_scaled_to_the_scatter():
    noise = np.random.default_rng(2).normal(0, 1, WAVE.size)
    flux = jansky(spectrum(3.0) + 5e-17 * noise)
    honest, small = (measure_line(WAVE, flux, jansky(np.full(WAVE.size, e)), CENTRE, HALF) for e in (5e-17, 5e-19))
    assert small.flux_err == pytest.approx(honest.flux_err, rel=0.25)


def test_a_neighbouring_line_does_not_count():
    values = spectrum(3.0) + 1e-15 * 20 * np.exp(-0.5 * ((WAVE - CENTRE - 0.03) / SIGMA) ** 2)
    values += np.random.default_rng(3).normal(0, 1e-17, WAVE.size)
    found = measure_line(WAVE, jansky(values), jansky(np.full(WAVE.size, 1e-17)), CENTRE, HALF)
    assert found.flux == pytest.approx(3e-15 * SIGMA * np.sqrt(2 * np.pi), rel=0.03)


def test_gaps():
    error = np.full(WAVE.size, 1e-6)
    one = jansky(spectrum(0.0))
    one[np.abs(WAVE - CENTRE - HALF).argmin() - 1] = np.nan
    assert measure_line(WAVE, one, error, CENTRE, HALF).flux == pytest.approx(0.0, abs=1e-19)
    many = one.copy()
    many[np.abs(WAVE - CENTRE) < 0.004] = np.nan
    assert np.isnan(measure_line(WAVE, many, error, CENTRE, HALF).flux)
    assert np.isnan(measure_line(WAVE, one, error, WAVE[3], HALF).width)  # no continuum on one side
    assert np.isnan(measure_line(WAVE, one, error, 7.0, HALF).flux)


def test_conservation():
    before = np.linspace(1, 2, 100)
    after = before * (1 + np.linspace(-0.01, 0.01, 100))
    after[3], before[5] = np.nan, 0.0
    found = conservation(before, after)
    assert found.planes == 98
    assert found.scatter == pytest.approx(1.4826 * 0.005, rel=0.02)
    assert found.total == pytest.approx(
        np.nansum(after[before > 0]) / before[before > 0][~np.isnan(after[before > 0])].sum()
    )
    assert conservation(np.full(3, np.nan), np.ones(3)).planes == 0
