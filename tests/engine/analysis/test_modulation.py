"""Oscillations whose amplitude, period and phase are known by hand."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.timeseries import LombScargle

from atm_viewer.engine.analysis.modulation import local_power, local_powers, modulation, relative, search_periods
from atm_viewer.engine.results.periods import Periods, TracePhase

PLANES = 1000
WAVE = 5.0 + 0.001 * np.arange(PLANES)
#: A trace that drifts by a pixel in 50 planes at first, in 100 at the end.
DRIFT = np.cumsum(1 / np.linspace(50, 100, PLANES))


def periods(position: np.ndarray = DRIFT) -> Periods:
    with np.errstate(divide="ignore"):
        period = 1 / np.abs(np.gradient(position, WAVE))
    return Periods(WAVE, (TracePhase("a", 112, 1.0, position),), period, np.ones((2, PLANES)))


def wave(amplitude: float, turns: np.ndarray = DRIFT) -> np.ndarray:
    return 1 + amplitude * np.sin(2 * np.pi * turns + 0.7)


@pytest.mark.parametrize("amplitude", [0.002, 0.05, 0.3])
def test_amplitude_of_a_known_oscillation(amplitude):
    found = modulation(wave(amplitude), periods())
    assert found.amplitude == pytest.approx(amplitude, rel=0.03)
    assert found.explained > 0.98
    assert np.nanmax(np.abs(found.local - amplitude)) < 0.1 * amplitude


def test_both_harmonics_count():
    both = wave(0.08) + 0.06 * np.sin(4 * np.pi * DRIFT)
    assert modulation(both, periods()).amplitude == pytest.approx(0.1, rel=0.03)


def test_amplitude_by_wavelength():
    falling = 1 + np.linspace(0.2, 0.1, PLANES) * np.sin(2 * np.pi * DRIFT)
    found = modulation(falling, periods())
    expected = np.interp(found.at, WAVE, np.linspace(0.2, 0.1, PLANES))
    known = np.isfinite(found.local)
    assert known.sum() > 35
    assert found.local[known] == pytest.approx(expected[known], rel=0.08)  # windows at the ends reach inwards only


def test_lines_gaps_noise_and_trend_hardly_matter():
    rng = np.random.default_rng(3)
    ratio = wave(0.05) * np.linspace(1.2, 0.9, PLANES) + rng.normal(0, 0.01, PLANES)
    for line in (180, 420, 421, 700):
        ratio[line - 3 : line + 4] += 0.4
    ratio[rng.integers(0, PLANES, 15)] -= 0.5
    ratio[500:540] = np.nan
    assert modulation(ratio, periods()).amplitude == pytest.approx(0.05, rel=0.08)


def test_fringes_and_noise_are_not_taken_for_it():
    fringes = 1 + 0.05 * np.sin(2 * np.pi * np.arange(PLANES) / 14)
    found = modulation(fringes, periods())
    assert found.amplitude < 0.002
    assert found.explained < 0.05
    slow = 1 + 0.05 * np.sin(2 * np.pi * DRIFT / 3)
    assert modulation(slow, periods()).amplitude < 0.013
    noise = 1 + np.random.default_rng(4).normal(0, 0.02, PLANES)
    assert modulation(noise, periods()).amplitude < 0.006
    assert modulation(fringes + wave(0.04) - 1, periods()).amplitude == pytest.approx(0.04, rel=0.05)


def test_a_trace_that_turns_is_told_about_where_it_drifts():
    turning = 8 * np.linspace(-1, 1, PLANES) ** 2
    found = modulation(wave(0.1, turning), periods(turning))
    assert found.amplitude == pytest.approx(0.1, rel=0.05)
    middle = np.abs(found.at - WAVE[PLANES // 2]) < 0.02
    assert np.isnan(found.local[middle]).all()


def test_dithers_with_phases_of_their_own():
    """Two exposures whose traces cross the pixels at different rates beat; both are found, whatever their phases."""
    other = DRIFT * 1.15 + 0.3
    two = (TracePhase("a", 112, 1.0, DRIFT), TracePhase("b", 113, 1.0, other), TracePhase("c", 113, 1.0, other + 0.5))
    traces = Periods(WAVE, two, periods().period, np.ones((2, PLANES)))
    ratio = wave(0.04) + wave(0.03, other) - 1
    found = modulation(ratio, traces)
    assert found.explained > 0.98
    assert found.amplitude == pytest.approx(0.05, rel=0.15)
    noise = 1 + np.random.default_rng(4).normal(0, 0.02, PLANES)
    assert modulation(noise, traces).amplitude < 0.008


def test_nothing_to_measure():
    nothing = modulation(np.full(PLANES, np.nan), periods())
    assert np.isnan(nothing.amplitude)
    assert np.isnan(nothing.explained)
    assert np.isnan(modulation(wave(0.1), Periods(WAVE, (), np.full(PLANES, np.nan), np.ones((2, PLANES)))).amplitude)
    still = periods(np.full(PLANES, 3.2))
    assert np.isnan(modulation(wave(0.1), still).amplitude)


def test_ratio_is_over_its_median_and_without_the_absurd():
    spaxel, aperture = 3 * wave(0.1), np.full(PLANES, 6.0)
    aperture[7], spaxel[8], spaxel[9] = 0.0, 900.0, np.nan
    ratio = relative(spaxel, aperture)
    assert np.isnan(ratio[7:10]).all()
    assert np.nanmedian(ratio) == pytest.approx(1.0, abs=0.01)
    assert np.isnan(relative(-spaxel, aperture)).all()


def test_local_power_is_lomb_scargles():
    ratio = wave(0.05) + np.random.default_rng(5).normal(0, 0.01, PLANES)
    ratio[100:130] = np.nan
    tried = search_periods(WAVE)
    found = local_power(ratio, WAVE, tried)
    trend = np.polynomial.Polynomial.fit(WAVE[np.isfinite(ratio)], ratio[np.isfinite(ratio)], 3)
    known, y = np.isfinite(ratio), ratio / trend(WAVE) - 1
    for k, m in ((20, 20), (35, 30), (30, 5)):
        width = 1.2 * tried[k]
        window = np.exp(-0.5 * ((WAVE[known] - found.wavelength[m]) / width) ** 2)
        theirs = LombScargle(WAVE[known], y[known], dy=1 / np.sqrt(window + 1e-300)).power(1 / tried[k])
        assert found.power[k, m] == pytest.approx(float(theirs), abs=1e-6)


def test_local_power_finds_the_period():
    found = local_power(wave(0.05), WAVE, search_periods(WAVE))
    inner = slice(6, -6)
    expected = np.interp(found.wavelength, WAVE, periods().period)
    assert found.peak()[inner] == pytest.approx(expected[inner], rel=0.06)
    k = np.abs(np.log(found.period / 0.07)).argmin()
    m = np.abs(expected - found.period[k]).argmin()
    assert found.amplitude[k, m] == pytest.approx(0.05, rel=0.1)
    nothing = local_power(np.full(PLANES, np.nan), WAVE, found.period)
    assert np.isnan(nothing.peak()).all()


def test_powers_of_several_ratios_are_those_of_each():
    rng = np.random.default_rng(5)
    wavelength = np.linspace(1.7, 3.1, 400)
    one, other = 1.0 + 0.05 * rng.normal(size=(2, wavelength.size))
    holed = one.copy()
    holed[50:70] = np.nan
    period = search_periods(wavelength, 12)
    for ratio, found in zip((one, other, holed), local_powers([one, other, holed], wavelength, period), strict=True):
        alone = local_power(ratio, wavelength, period)
        assert np.array_equal(found.power, alone.power, equal_nan=True)
        assert np.array_equal(found.amplitude, alone.amplitude, equal_nan=True)
        assert np.isfinite(found.power).any()
