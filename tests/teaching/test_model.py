"""Resampling noise in one dimension against answers known by hand."""

from __future__ import annotations

import math
import subprocess
import sys
from statistics import NormalDist

import numpy as np
import pytest

from atm_viewer.engine.psf import SIGMA_TO_FWHM
from atm_viewer.teaching.model import (
    CUBIC,
    LINEAR,
    METHODS,
    NEAREST,
    OVERLAP,
    Optics,
    Trace,
    amplitude,
    aperture_by_wavelength,
    flat,
    kernel,
    peak_by_phase,
    peak_by_wavelength,
    pixel_means,
    sample,
    trace_across,
    value_at,
)

MRS = 1.43  #: FWHM of MRS band 1A in pixels


def test_a_pixels_value_is_the_integral_of_the_gaussian_over_it():
    sigma = 0.6
    normal = NormalDist(0.0, sigma)
    by_hand = [(normal.cdf(c + 0.5) - normal.cdf(c - 0.5)) * sigma * math.sqrt(2 * math.pi) for c in (-1.2, 0.0, 0.3)]
    assert pixel_means(np.array([-1.2, 0.0, 0.3]), sigma * SIGMA_TO_FWHM) == pytest.approx(by_hand, abs=1e-6)
    # a wide Gaussian hardly changes within a pixel, and all of its light is in some pixel
    assert pixel_means(np.zeros(1), 40.0)[0] == pytest.approx(1.0, abs=2e-4)
    assert pixel_means(np.arange(-30, 31) + 0.37, 2.0).sum() == pytest.approx(
        2.0 / SIGMA_TO_FWHM * math.sqrt(2 * math.pi), rel=1e-6
    )


def test_interpolation_between_pixels_by_hand():
    values = {-1: 2.0, 0: 8.0, 1: 4.0}
    quarter = {
        NEAREST: 8.0,
        LINEAR: 0.75 * 8.0 + 0.25 * 4.0,
        # a spaxel of 0.66 pixels from -0.08 to 0.58: 0.08 of it in the next pixel
        OVERLAP: (0.58 * 8.0 + 0.08 * 4.0) / 0.66,
    }
    for method, expected in quarter.items():
        weights = {k: float(kernel(method, np.array([0.25 - k]), 0.66)[0]) for k in values}
        assert sum(weights[k] * values[k] for k in values) / sum(weights.values()) == pytest.approx(expected)
    # cubic convolution goes through the pixels and is exact for parabolas
    at = np.arange(-3, 4.0)
    assert kernel(CUBIC, 0.3 - at) @ (at - 1) ** 2 == pytest.approx((0.3 - 1) ** 2)


@pytest.mark.parametrize("method", [LINEAR, CUBIC, OVERLAP])
def test_a_well_sampled_source_shows_nothing(method):
    assert amplitude(peak_by_phase(Optics(12.0, method))[1]) < 0.005


@pytest.mark.parametrize("method", METHODS)
def test_the_fewer_pixels_a_source_covers_the_worse(method):
    found = [amplitude(peak_by_phase(Optics(fwhm, method))[1]) for fwhm in (1.0, 1.4, 2.0, 3.0)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 2.5 * found[2] > 0


def test_a_source_between_two_pixels_is_dimmer_by_what_the_integrals_say():
    phase, peak = peak_by_phase(Optics(MRS, LINEAR))
    sigma = MRS / SIGMA_TO_FWHM
    normal, whole = NormalDist(0.0, sigma), sigma * math.sqrt(2 * math.pi)
    on, between = (normal.cdf(0.5) - normal.cdf(-0.5)) * whole, (normal.cdf(1.0) - 0.5) * whole
    assert peak[phase.size // 2] == pytest.approx(on, abs=1e-6)
    assert peak[[0, -1]] == pytest.approx([between, between], abs=1e-6)


def harmonic(values: np.ndarray, order: int) -> float:
    return float(np.abs(np.fft.rfft(values[:-1]))[order] / values.size)


def test_two_dithers_half_a_pixel_apart_cancel_the_first_harmonic():
    one, two, four = (peak_by_phase(Optics(MRS, LINEAR, dithers=n))[1] for n in (1, 2, 4))
    assert harmonic(one, 1) > 0.03
    assert harmonic(two, 1) < 1e-9
    assert harmonic(two, 2) == pytest.approx(harmonic(one, 2))
    assert harmonic(four, 2) < 1e-9
    assert harmonic(four, 4) == pytest.approx(harmonic(one, 4))


def test_a_tilted_trace_oscillates_once_per_pixel_crossed():
    trace = Trace(4.9, 5.7, crossed=6.0, growth=1.0)
    peak = peak_by_wavelength(0.0, Optics(MRS, LINEAR), trace)
    assert np.abs(np.fft.rfft(peak - peak.mean())).argmax() == 6
    assert amplitude(peak) == pytest.approx(amplitude(peak_by_phase(Optics(MRS, LINEAR))[1]), rel=0.02)
    upright = Trace(4.9, 5.7, crossed=0.0, growth=1.0)
    assert np.ptp(peak_by_wavelength(0.2, Optics(MRS, LINEAR), upright)) < 1e-12


def test_a_bent_trace_oscillates_faster_where_it_is_steeper():
    wave = Trace(4.9, 5.7, crossed=8.0, bow=-1.0)
    peaks = peak_by_wavelength(0.0, Optics(MRS, LINEAR), wave)
    turns = np.flatnonzero(np.diff(np.sign(np.diff(flat(peaks)))))
    assert np.diff(turns)[0] > 1.5 * np.diff(turns)[-1]


def test_apertures_are_flat_from_about_the_fwhm_on():
    trace, optics = Trace(4.9, 5.7, 6.0), Optics(MRS, OVERLAP)
    noise = [amplitude(flat(aperture_by_wavelength(0.1, optics, trace, r * MRS))) for r in (0.1, 1.0, 2.0)]
    assert noise[0] > 0.1
    assert noise[1] < 0.02
    assert noise[2] < 0.001


@pytest.mark.parametrize("method", [LINEAR, CUBIC, OVERLAP])
def test_the_trace_model_takes_nearly_all_of_it_away(method):
    for measure in (
        lambda optics: amplitude(peak_by_phase(optics)[1]),
        lambda optics: amplitude(flat(peak_by_wavelength(0.1, optics, Trace(4.9, 5.7, 6.0)))),
    ):
        before, after = measure(Optics(MRS, method)), measure(Optics(MRS, method, oversample=3))
        assert after < before / 6


def test_without_phases_to_learn_from_the_trace_model_learns_nothing():
    """A trace along the pixels shows each column the same points: the spline has no others than they have."""
    still = Trace(4.9, 5.7, 0.0, growth=1.0)
    true, learnt = (
        peak_by_wavelength(0.5, Optics(MRS, LINEAR, oversample=4), Trace(4.9, 5.7, c, growth=1.0)).mean()
        for c in (6, 0)
    )
    assert np.ptp(peak_by_wavelength(0.5, Optics(MRS, LINEAR, oversample=4), still)) < 1e-4
    assert abs(learnt / true - 1) > 0.05


def test_the_spaxel_on_the_source_of_the_picture_is_that_of_the_curve():
    for method in METHODS:
        for phase in (0.0, 0.2, -0.4):
            optics = Optics(MRS, method, spaxel=0.5)
            shown = sample(phase, optics)
            middle = np.abs(shown.points - phase).argmin()
            assert shown.points[middle] == pytest.approx(phase)
            assert shown.resampled[middle] == pytest.approx(float(value_at(np.array(phase), MRS, optics)))


def test_the_trace_of_an_open_slice():
    row, column = np.mgrid[:30, :400]
    drift = 5.0 * (column / 399) + 2.0 * (column / 399) ** 2
    alpha = np.where((row > 2) & (row < 28), 0.196 * (row - 12.0 - drift + 3), np.nan)
    step, trace = trace_across(alpha, 4.9 + 0.002 * column, 0.1)
    assert step == pytest.approx(0.196)
    assert (trace.start, trace.stop) == pytest.approx((4.9, 5.698), abs=0.04)
    assert trace.crossed == pytest.approx(7.0, rel=0.05)
    assert trace.bow == pytest.approx(-0.5, rel=0.1)
    assert trace_across(alpha, 4.9 + 0.002 * column, 90.0) is None


def test_it_is_light():
    """The window's process draws with it: neither scipy nor numba may come along."""
    code = "import sys, atm_viewer.teaching.model; print({'scipy', 'numba', 'astropy'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "set()"
