"""Conversions of spectra against numbers worked out by hand, and smoothing."""

from __future__ import annotations

import numpy as np
import pytest

from atm_viewer.session.spectrum.settings import SpectrumSettings
from atm_viewer.session.spectrum.units import FLUX_UNITS, flux_factor, from_axis, smooth, spans, to_axis

C = 299792.458  # km/s
SPAXEL = 0.13**2 * 2.3504e-11  # sr


def test_surface_brightness_becomes_flux_per_spaxel():
    """1 MJy/sr over a spaxel of 0.13″: 1e6 x 3.972e-13 sr."""
    assert flux_factor("MJy/sr", "Jy", np.array([5.0]), SPAXEL) == pytest.approx([3.972176e-7], rel=1e-6)


def test_flux_per_frequency_becomes_flux_per_wavelength():
    """1 Jy is 1e-23 erg/s/cm²/Hz; times c/λ² = 2.99792458e18 Å/s / (1e4 λ)² Å²."""
    wavelength = np.array([1.0, 5.0, 20.0])
    expected = 1e-23 * 2.99792458e18 / (1e4 * wavelength) ** 2
    assert flux_factor("Jy", "erg/s/cm²/Å", wavelength, SPAXEL) == pytest.approx(expected, rel=1e-9)
    assert expected[1] == pytest.approx(1.19917e-14, rel=1e-5)
    both = flux_factor("MJy/sr", "erg/s/cm²/Å", wavelength, SPAXEL)
    assert both == pytest.approx(expected * 3.972176e-7, rel=1e-6)


def test_smaller_units_and_flux_times_frequency():
    """1 Jy is 1000 mJy, 1e6 µJy, and times c/λ = 5.99584916e13 Hz at 5 µm 5.99584916e-10 erg/s/cm²."""
    at = np.array([5.0])
    assert flux_factor("Jy", "mJy", at, SPAXEL) == pytest.approx([1e3])
    assert flux_factor("MJy/sr", "µJy", at, SPAXEL) == pytest.approx([0.3972176], rel=1e-6)
    assert flux_factor("Jy", "erg/s/cm²", at, SPAXEL) == pytest.approx([5.99584916e-10], rel=1e-8)


def test_an_apertures_flux_becomes_its_mean_brightness():
    """1 Jy over a circle of 0.65″: 1e-6 MJy / (1.3273 arcsec² x 2.3504e-11 sr)."""
    circle = np.pi * 0.65**2 * 2.3504e-11
    assert flux_factor("Jy", "MJy/sr", np.array([5.0]), circle) == pytest.approx([1e-6 / 3.11972e-11], rel=1e-5)


@pytest.mark.parametrize("given", FLUX_UNITS)
@pytest.mark.parametrize("unit", FLUX_UNITS)
def test_there_and_back_is_nothing(given, unit):
    wavelength = np.linspace(1.0, 28.0, 7)
    there, back = flux_factor(given, unit, wavelength, SPAXEL), flux_factor(unit, given, wavelength, SPAXEL)
    assert there * back == pytest.approx(np.ones(7), rel=1e-12)


def test_axes():
    assert to_axis("wavelength", 5.0, 0.1) == 5.0
    assert to_axis("rest wavelength", 5.5, 0.1) == pytest.approx(5.0)
    assert to_axis("frequency", 5.0) == pytest.approx(59.9584916)  # c / 5 µm in THz
    # 1 % to the red of a line at 5 µm that is redshifted by 0.1
    assert to_axis("velocity", 5.5 * 1.01, 0.1, 5.0) == pytest.approx(0.01 * C)
    assert to_axis("velocity", 5.5, 0.1, 5.0) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("kind", ["wavelength", "rest wavelength", "frequency", "velocity"])
def test_axes_can_be_inverted(kind):
    wavelength = np.linspace(4.9, 5.7, 9)
    there = to_axis(kind, wavelength, 0.03, 5.34)
    assert from_axis(kind, there, 0.03, 5.34) == pytest.approx(wavelength, rel=1e-12)
    assert from_axis(kind, float(there[3]), 0.03, 5.34) == pytest.approx(wavelength[3], rel=1e-12)


def test_a_boxcar_is_a_mean_of_neighbours():
    wavelength = np.linspace(5.0, 5.08, 9)
    values = np.array([0, 0, 0, 0, 9, 0, 0, 0, 0.0])
    np.testing.assert_allclose(smooth(values, wavelength, "boxcar", 3, "planes"), [0, 0, 0, 3, 3, 3, 0, 0, 0])
    # an even width counts the outer planes by half
    np.testing.assert_allclose(
        smooth(values, wavelength, "boxcar", 2, "planes"), [0, 0, 0, 2.25, 4.5, 2.25, 0, 0, 0], atol=1e-12
    )


def test_a_gaussian_has_its_width_at_half_maximum():
    wavelength = 5.0 + 0.001 * np.arange(201)
    values = np.zeros(201)
    values[100] = 1.0
    made = smooth(values, wavelength, "gaussian", 20, "planes")
    assert made.sum() == pytest.approx(1.0, abs=1e-3)
    assert made[110] / made[100] == pytest.approx(0.5, abs=1e-6)


def test_a_width_in_velocity_grows_with_wavelength():
    """600 km/s is 0.002 of the wavelength: 10 planes of 0.001 µm at 5 µm and 20 at 10 µm."""
    wavelength = 5.0 + 0.001 * np.arange(5001)
    values = np.zeros(5001)
    values[[100, 4900]] = 1.0
    made = smooth(values, wavelength, "gaussian", 0.002 * C, "km/s")
    for at, k in ((100, 5.1), (4900, 9.9)):
        assert made[at] == pytest.approx(0.9394 / (0.002 * k / 0.001), rel=0.01)  # peak of a Gaussian of FWHM 2k planes


def test_gaps_stay_and_do_not_spread():
    wavelength = np.linspace(5.0, 5.08, 9)
    values = np.array([1, 1, 1, np.nan, np.nan, 1, 1, np.nan, 1])
    np.testing.assert_array_equal(smooth(values, wavelength, "boxcar", 5, "planes"), values)


def test_smoothing_within_a_region_leaves_the_rest():
    wavelength = np.linspace(5.0, 5.08, 9)
    values = np.array([0, 3, 0, 0, 0, 0, 0, 3, 0.0])
    made = smooth(values, wavelength, "boxcar", 3, "planes", (4.995, 5.025))
    np.testing.assert_allclose(made, [1.5, 1, 1, 0, 0, 0, 0, 3, 0])  # the first plane has a single neighbour


@pytest.mark.parametrize("values", [np.zeros(0), np.ones(1), np.full(5, np.nan)])
def test_little_or_nothing_can_be_smoothed(values):
    wavelength = 5.0 + 0.001 * np.arange(values.size)
    np.testing.assert_array_equal(smooth(values, wavelength, "gaussian", 4, "planes"), values)


def test_spans_run_from_edge_to_edge_of_planes():
    wavelength = np.array([5.0, 5.1, 5.2, 5.3, 5.4])
    flags = np.array([True, False, True, True, False])
    assert spans(flags, wavelength) == [pytest.approx((4.95, 5.05)), pytest.approx((5.15, 5.35))]
    assert spans(np.zeros(5, bool), wavelength) == []
    assert spans(np.ones(5, bool), wavelength) == [pytest.approx((4.95, 5.45))]


def test_settings_survive_being_saved():
    settings = SpectrumSettings(
        unit="Jy", axis="velocity", line="Br α", redshift=0.02, families=("H I", "H2"), region=(5.0, 5.2), ratio=False
    )
    assert SpectrumSettings.from_dict(settings.to_dict()) == settings
    assert SpectrumSettings().to_dict() == {}
    assert SpectrumSettings.from_dict({}) == SpectrumSettings()


@pytest.mark.parametrize(
    "values",
    [
        {"unit": "K"},
        {"axis": 3},
        {"redshift": -2.0},
        {"redshift": float("nan")},
        {"width": 0},
        {"width": True},
        {"families": "H I"},
        {"families": [1]},
        {"region": [5.2, 5.0]},
        {"region": [5.2]},
        {"reference": "nothing"},
        {"errors": "yes"},
        {"colour": "red"},
    ],
)
def test_settings_that_make_no_sense_are_left_at_their_defaults(values):
    assert SpectrumSettings.from_dict(values) == SpectrumSettings()
