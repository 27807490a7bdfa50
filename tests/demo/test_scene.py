"""The sky of the demo against numbers known by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from atm_viewer.demo import miri_mrs
from atm_viewer.demo.detector_geometry import DetectorGeometry
from atm_viewer.demo.scene import MJY_PER_SR, InstrumentOptics, stellar_absorption, surface_brightness

FWHM = 0.27


def _image_of(scene, step: float, wavelength: float = 5.3):
    """Image of 8 by 8 arcsec at one wavelength, with the star in the middle."""
    n = round(8 / step)
    axis = (np.arange(n) - (n - 1) / 2) * step
    alpha, beta = np.meshgrid(axis, axis)
    full = np.ones_like(alpha)
    slices = DetectorGeometry(full.astype(np.int32), alpha, beta, wavelength * full, step, step * full)
    optics = InstrumentOptics(fwhm=lambda w: FWHM + 0 * w, resolving_power=3000)
    return axis, surface_brightness(scene, slices, optics, star=(0.0, 0.0), neighbour=(0.5, -0.4))


def test_all_of_a_source_arrives_however_large_the_pixels():
    scene = replace(miri_mrs.SCENE, emission=0.0, neighbour_flux=2.0)
    for step in (0.05, 0.4):
        _, image = _image_of(scene, step)
        assert image.sum() * step**2 / MJY_PER_SR == pytest.approx(scene.star_flux + 2.0, rel=1e-3)


def test_the_core_is_as_wide_as_published():
    axis, image = _image_of(replace(miri_mrs.SCENE, emission=0.0, neighbour_flux=0.0), 0.01)
    profile = image[image.shape[0] // 2]
    assert np.ptp(axis[profile > profile.max() / 2]) == pytest.approx(FWHM, abs=0.02)


def test_emission_is_smooth_and_has_the_brightness_asked_for():
    scene = replace(miri_mrs.SCENE, star_flux=0.0, neighbour_flux=0.0, emission=6.0)
    _, image = _image_of(scene, 0.2)
    assert np.median(image) == pytest.approx(6.0, rel=0.01)
    assert np.abs(np.diff(image, axis=0)).max() < 0.02 * 6


def test_hydrogen_absorbs_where_it_does():
    """Vacuum wavelengths of Paschen alpha, Brackett gamma and Brackett beta in um."""
    wavelength = np.linspace(1.66, 3.17, 20001)
    transmission = stellar_absorption(wavelength, 1000.0)
    for line in (1.8756, 2.1661, 2.6259):
        near = np.abs(wavelength - line) < 0.004
        assert wavelength[near][transmission[near].argmin()] == pytest.approx(line, abs=3e-4)
        assert transmission[near].min() < 0.9
    assert np.median(transmission) > 0.999, "lines are narrow"
