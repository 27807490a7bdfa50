"""Spectra and images of cubes from elsewhere, with the definitions of those that are made here."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from atm_viewer.engine.analysis.noise import resampling_noise
from atm_viewer.engine.arrays import Floats
from atm_viewer.engine.cube.apertures import Extracted, aperture_weights, outside_of, summed_over
from atm_viewer.engine.cube.cube_grid import CubeGrid
from atm_viewer.engine.cube.images import as_image
from atm_viewer.engine.references.cube_file import CubeFile, read_cube
from atm_viewer.engine.references.x1d_file import ExtractedFile, read_extracted
from atm_viewer.engine.results.references import CUBE, EXTRACTED, ReferenceFile, ReferenceSpectrum
from atm_viewer.engine.results.sky_image import SkyImage

BRIGHTNESS = "MJy/sr"


def read_reference(path: str | os.PathLike[str]) -> CubeFile | ExtractedFile:
    """Read a cube or, where a file is named so, extracted spectra; as `read_cube` and `read_extracted` do."""
    return read_extracted(path) if "_x1d." in Path(path).name.lower() else read_cube(path)


def describe(path: str, read: CubeFile | ExtractedFile) -> ReferenceFile:
    """Say what a file has."""
    if isinstance(read, ExtractedFile):
        return ReferenceFile(path, EXTRACTED, BRIGHTNESS, read.ranges)
    bright = brightness_factor(read.unit, read.wavelength, read.solid_angle) is not None
    ends = (float(read.wavelength.min()), float(read.wavelength.max()))
    return ReferenceFile(path, CUBE, BRIGHTNESS if bright else read.unit, (ends,))


def brightness_factor(unit: str, wavelength: Floats, solid_angle: float) -> Floats | None:
    """Factor at each wavelength [um] that makes surface brightness [MJy/sr] of what a cube has.

    Parameters
    ----------
    unit : str
        Unit of the cube; one of flux density is taken for that of a spaxel.
    wavelength : ndarray, shape (n,)
        Its wavelengths.
    solid_angle : float
        Of its spaxels [sr].

    Returns
    -------
    ndarray, shape (n,), or None
        None where the unit is of another kind.
    """
    if unit == BRIGHTNESS:
        return np.ones(wavelength.size)
    from astropy import units as u

    axis = u.spectral_density(wavelength * u.um)
    try:
        given = u.Unit(unit.removesuffix("/pixel").removesuffix("/spaxel"))
    except ValueError:
        return None
    for per_steradian in (given * u.sr, given / u.Unit(solid_angle)):
        if per_steradian.is_equivalent(u.MJy, axis):
            factor: Floats = (np.ones(wavelength.size) * per_steradian).to_value(u.MJy, axis)
            return factor
    return None


def spectra_at(cube: CubeFile, ra: float, dec: float, radius: float) -> tuple[tuple[int, int], Extracted]:
    """Spectra of the spaxel that holds an ICRS position [deg], and of the circle about the position.

    Parameters
    ----------
    cube : CubeFile
        The cube.
    ra, dec : float
        The position.
    radius : float
        Radius of the circle [arcsec]; spaxels count by the part of them that lies within it.

    Returns
    -------
    (int, int), Extracted
        Zero-based (x, y) of the spaxel, (-1, -1) outside; spectra in the unit of the cube, sums over spaxels for the
        aperture, NaN outside.
    """
    at = cube.spaxel_at(ra, dec)
    nothing = np.full(cube.wavelength.size, np.nan)
    if at is None:
        return (-1, -1), Extracted(nothing, nothing, nothing, nothing, np.zeros(cube.wavelength.size))
    x, y = at
    fx, fy = (float(k) for k in cube.coordinates(ra, dec))
    reach = int(np.ceil(radius / cube.spaxel))
    rows, columns = slice(max(y - reach, 0), y + reach + 1), slice(max(x - reach, 0), x + reach + 1)
    block = cube.flux[:, rows, columns].astype(float)
    xs = (np.arange(block.shape[2]) + columns.start - fx) * cube.spaxel
    ys = (np.arange(block.shape[1]) + rows.start - fy) * cube.spaxel
    weights = aperture_weights(xs.astype(float), ys.astype(float), cube.spaxel, radius)
    errors = None if cube.error is None else cube.error[:, rows, columns].astype(float)
    total, total_err, share = summed_over(block, errors, weights, outside_of(weights, cube.spaxel, radius))
    spaxel_err = nothing if cube.error is None else cube.error[:, y, x].astype(float)
    total_err = nothing if total_err is None else total_err
    return at, Extracted(cube.flux[:, y, x].astype(float), spaxel_err, total, total_err, share)


def reference_spectrum(
    path: str, read: CubeFile | ExtractedFile, ra: float, dec: float, radius: float
) -> ReferenceSpectrum:
    """Spectrum of a file at an ICRS position [deg], with an aperture of some radius [arcsec]."""
    if isinstance(read, ExtractedFile):
        return ReferenceSpectrum(
            path=path,
            kind=EXTRACTED,
            spaxel=(-1, -1),
            ra=np.nan,
            dec=np.nan,
            unit=BRIGHTNESS,
            solid_angle=np.nan,
            wavelength=read.wavelength,
            flux=read.brightness,
            flux_err=read.brightness_err,
            radius=np.nan,
            aperture=read.flux,
            aperture_err=read.flux_err,
            noise=np.nan,
        )
    spaxel, found = spectra_at(read, ra, dec, radius)
    solid_angle = read.solid_angle
    bright = brightness_factor(read.unit, read.wavelength, solid_angle)
    factor = 1.0 if bright is None else bright
    jansky = factor if bright is None else 1e6 * solid_angle * factor  # other units are summed as they are
    centre = read.position(*spaxel) if spaxel != (-1, -1) else (np.nan, np.nan)
    return ReferenceSpectrum(
        path=path,
        kind=CUBE,
        spaxel=spaxel,
        ra=centre[0],
        dec=centre[1],
        unit=read.unit if bright is None else BRIGHTNESS,
        solid_angle=solid_angle,
        wavelength=read.wavelength,
        flux=found.spaxel * factor,
        flux_err=found.spaxel_err * factor,
        radius=radius,
        aperture=found.aperture * jansky,
        aperture_err=found.aperture_err * jansky,
        noise=resampling_noise(found.spaxel * factor, found.aperture * factor),
    )


def reference_image(cube: CubeFile, grid: CubeGrid, wavelength: float | None, planes: int) -> SkyImage:
    """Image of a cube on the grid of another one: each spaxel shows the cube's spaxel that holds its centre.

    Parameters
    ----------
    cube : CubeFile
        The cube.
    grid : CubeGrid
        Grid of the image, and wavelengths that white light is the mean of.
    wavelength : float or None
        Wavelength [um] about which planes are averaged; None for all that ``grid`` has.
    planes : int
        How many.

    Returns
    -------
    SkyImage
        NaN outside of the cube.
    """
    low, high = float(grid.wavelength[0]) - grid.step / 2, float(grid.wavelength[-1]) + grid.step / 2
    if wavelength is None:
        some = np.flatnonzero((cube.wavelength >= low) & (cube.wavelength <= high))
    else:
        some = np.sort(np.argsort(np.abs(cube.wavelength - wavelength), kind="stable")[:planes])
    block = cube.flux[some].astype(float)
    bright = brightness_factor(cube.unit, cube.wavelength[some], cube.solid_angle)
    if bright is not None:
        block = block * bright[:, None, None]
    valid = np.isfinite(block)
    with np.errstate(invalid="ignore"):
        mean = np.where(valid, block, 0.0).sum(axis=0) / valid.sum(axis=0)
    x, y = np.meshgrid(grid.x, grid.y)
    fx, fy = cube.coordinates(*grid.plane.positions(x, y))
    inside = (fx >= -0.5) & (fx < mean.shape[1] - 0.5) & (fy >= -0.5) & (fy < mean.shape[0] - 0.5)
    ix, iy = (np.where(inside, np.rint(k), 0).astype(int) for k in (fx, fy))
    image = np.where(inside, mean[iy, ix], np.nan)
    ends = (float(cube.wavelength[some[0]]), float(cube.wavelength[some[-1]])) if wavelength is not None else None
    return as_image(image, cube.unit if bright is None else BRIGHTNESS, grid, ends)
