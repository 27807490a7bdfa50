"""The sky of the demo: a bright star, a faint neighbour and smooth emission, and their images in the slices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from atm_viewer.demo.detector_geometry import DetectorGeometry

Array = NDArray[np.float64]

MJY_PER_SR = 1e-9 * (180 / np.pi * 3600) ** 2
"""Surface brightness in MJy/sr of one mJy per square arcsecond."""

FWHM_PER_SIGMA = 2.3548
"""Full width at half maximum of a Gaussian in standard deviations; more digits would change every pixel of the demo."""

RYDBERG = 10.967758
"""Rydberg constant of hydrogen in 1/um."""

H2_LINES = (1.9576, 2.0338, 2.1218, 2.2233, 2.4066, 5.0531, 5.5112, 8.0250)
"""Wavelengths in um of the brightest lines of molecular hydrogen in the demo's bands."""


@dataclass(frozen=True)
class Direction:
    """A direction on the sky, ICRS, in degrees."""

    ra: float
    dec: float

    def moved(self, east: float, north: float) -> Direction:
        """Direction at the given offsets in arcsec on the tangent plane (to 1e-5 arcsec for an arcsec)."""
        dec = self.dec + north / 3600
        return Direction(self.ra + east / 3600 / np.cos(np.radians(dec)), dec)


@dataclass(frozen=True)
class Scene:
    """What an instrument looks at.

    Attributes
    ----------
    star, neighbour : Direction
        Directions of the two point sources.
    star_flux, neighbour_flux : float
        Flux densities at ``pivot`` in mJy.
    emission : float
        Surface brightness of the smooth emission at the star and at ``pivot`` in MJy/sr.
    pivot : float
        Wavelength in um at which fluxes are given.
    """

    star: Direction
    neighbour: Direction
    star_flux: float
    neighbour_flux: float
    emission: float
    pivot: float


STAR = Direction(161.25, -59.68)
"""Direction of the bright star."""


@dataclass(frozen=True)
class InstrumentOptics:
    """How an instrument blurs the scene.

    Attributes
    ----------
    fwhm : callable
        Full width at half maximum of the point-spread function in arcsec at wavelengths in um.
    resolving_power : float
        Wavelength over the full width at half maximum of an unresolved line.
    """

    fwhm: Callable[[Array], Array]
    resolving_power: float


def surface_brightness(
    scene: Scene,
    slices: DetectorGeometry,
    optics: InstrumentOptics,
    star: tuple[float, float],
    neighbour: tuple[float, float],
) -> Array:
    """Mean surface brightness of the scene over every pixel.

    Point sources are integrated over the rectangle of sky that a pixel sees (pixel by slice width), which is what
    leaves them undersampled; the smooth emission varies too slowly for that to matter.

    Parameters
    ----------
    scene : Scene
        Sources and emission.
    slices : DetectorGeometry
        Coordinates of the pixels.
    optics : InstrumentOptics
        Point-spread function and spectral resolution.
    star, neighbour : tuple of float
        Place (alpha, beta) of the two sources on the slicer's plane in arcsec.

    Returns
    -------
    ndarray of float64, shape (ysize, xsize)
        Surface brightness in MJy/sr, zero between slices.
    """
    inside = slices.region > 0
    alpha, beta, wavelength = slices.alpha[inside], slices.beta[inside], slices.wavelength[inside]
    width = slices.slice_width[inside]

    def of_point(place: tuple[float, float], flux: Array) -> Array:
        offsets = alpha - place[0], beta - place[1]
        return flux * MJY_PER_SR * _point_in_pixel(*offsets, slices.pixel_width, width, optics.fwhm(wavelength))

    # Spectra are made on a grid, five times finer than the lines are wide, and looked up for the million pixels.
    step = wavelength.min() / optics.resolving_power / 5
    grid = np.arange(wavelength.min(), wavelength.max() + step, step)
    ratio = grid / scene.pivot
    star_flux = scene.star_flux * ratio**-2 * stellar_absorption(grid, optics.resolving_power)
    lines = np.sum([_unit_line(grid, centre, optics.resolving_power) for centre in H2_LINES], axis=0)
    emission = scene.emission * (ratio**0.5 + 1.5 * lines)

    total = of_point(star, np.interp(wavelength, grid, star_flux))
    total += of_point(neighbour, np.interp(wavelength, grid, scene.neighbour_flux * ratio))
    gradient = 1 + 0.12 * (alpha - star[0]) - 0.08 * (beta - star[1])
    total += gradient * np.interp(wavelength, grid, emission)

    image = np.zeros(slices.region.shape)
    image[inside] = total
    return image


def stellar_absorption(wavelength: Array, resolving_power: float) -> Array:
    """Transmission of the star's atmosphere: narrow hydrogen lines at the wavelengths of Rydberg's formula.

    Depths fall as one over the step in quantum number, which orders the lines as real stars do without
    claiming their strength.

    Parameters
    ----------
    wavelength : ndarray
        Wavelengths in um, any shape.
    resolving_power : float
        Sets the width of the lines, which are unresolved.

    Returns
    -------
    ndarray
        Factors between 0 and 1, shape of ``wavelength``.
    """
    transmission = np.ones_like(wavelength)
    shortest, longest = wavelength.min(), wavelength.max()
    for lower in range(3, 9):
        for step in range(1, 13):
            centre = 1 / (RYDBERG * (lower**-2 - (lower + step) ** -2))
            if shortest <= centre <= longest:
                transmission *= 1 - 0.4 / step * _unit_line(wavelength, centre, resolving_power)
    return transmission


def _unit_line(wavelength: Array, centre: float, resolving_power: float) -> Array:
    """Gaussian line with a peak of one."""
    sigma = centre / resolving_power / FWHM_PER_SIGMA
    return np.exp(-0.5 * ((wavelength - centre) / sigma) ** 2)


def _point_in_pixel(d_alpha: Array, d_beta: Array, pixel_width: float, slice_width: Array, fwhm: Array) -> Array:
    """Mean over a pixel of a point-spread function with unit integral, per square arcsecond.

    The function is a Gaussian core of the given width and a faint, wider halo. Gaussians are separable, so the
    integral over the rectangle is exact.
    """
    mean = np.zeros_like(d_alpha)
    for share, scale in ((0.88, 1.0), (0.12, 3.5)):
        sigma = scale * fwhm / FWHM_PER_SIGMA
        mean += share * _gaussian_in_bin(d_alpha, pixel_width, sigma) * _gaussian_in_bin(d_beta, slice_width, sigma)
    return mean


def _gaussian_in_bin(offset: Array, width: Array | float, sigma: Array) -> Array:
    """Mean over a bin of a normal distribution of standard deviation ``sigma`` centred ``-offset`` from the bin."""
    scale = 1 / (np.sqrt(2) * sigma)
    mean: Array = (erf((offset + width / 2) * scale) - erf((offset - width / 2) * scale)) / (2 * width)
    return mean
