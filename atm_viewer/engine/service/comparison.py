"""Compares cubes of any origin: resampling noise and flux at the same places, defined as everywhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atm_viewer.engine.analysis.noise import resampling_noise
from atm_viewer.engine.analysis.noise_map import bright_spaxels
from atm_viewer.engine.arrays import Floats
from atm_viewer.engine.cube.apertures import aperture_sum, aperture_weights, outside_of
from atm_viewer.engine.io.cube_file import CubeFile
from atm_viewer.engine.service.measuring import RADIUS


@dataclass(frozen=True)
class CubeAtPlace:
    """What a cube has at a place.

    Parameters
    ----------
    place : int
        Rank of the place, from the brightest on.
    ra, dec : float
        Where it is, ICRS [deg].
    cube : str
        The cube's file.
    x, y : int
        Zero-based spaxel of this cube; -1 outside of it.
    brightness : float
        Median of the spaxel over wavelength [unit of the cube].
    noise : float
        Resampling noise, see `resampling_noise`.
    flux_ratio : float
        Flux density in the aperture divided by that in the first cube, median over wavelength; NaN where the cubes
        have no wavelengths or no unit in common.
    """

    place: int
    ra: float
    dec: float
    cube: str
    x: int
    y: int
    brightness: float
    noise: float
    flux_ratio: float


def compare_cubes(cubes: Sequence[CubeFile], count: int, radius: float = 0.0) -> tuple[CubeAtPlace, ...]:
    """Compare cubes at the brightest spaxels of the first one.

    Parameters
    ----------
    cubes : sequence of CubeFile
        The cubes.
    count : int
        How many spaxels.
    radius : float
        Radius of the aperture about each [arcsec]; 0 for five spaxels of the first cube.

    Returns
    -------
    tuple of CubeAtPlace
        Place by place, the cubes in their order.
    """
    first = cubes[0]
    radius = radius or RADIUS * first.spaxel
    finite = np.isfinite(first.flux)
    image = np.where(finite, first.flux, 0.0).sum(axis=0, dtype=float) / np.maximum(finite.sum(axis=0), 1)
    # A spaxel that is covered at a few wavelengths only says nothing on noise.
    image[finite.sum(axis=0) < 0.5 * first.flux.shape[0]] = np.nan
    where, _ = bright_spaxels(image)
    found = []
    for place, (x, y) in enumerate(where[:count].tolist(), 1):
        ra, dec = first.position(x, y)
        reference = _spectra(first, x, y, radius)[1]
        for cube in cubes:
            at = cube.spaxel_at(ra, dec)
            nothing = np.full(cube.wavelength.size, np.nan)
            spaxel, aperture = _spectra(cube, *at, radius) if at is not None else (nothing, nothing)
            known = spaxel[np.isfinite(spaxel)]
            found.append(
                CubeAtPlace(
                    place,
                    ra,
                    dec,
                    str(cube.path),
                    *(at or (-1, -1)),
                    float(np.median(known)) if known.size else float("nan"),
                    resampling_noise(spaxel, aperture),
                    _ratio(cube, aperture, first, reference),
                )
            )
    return tuple(found)


def _spectra(cube: CubeFile, x: int, y: int, radius: float) -> tuple[Floats, Floats]:
    """Spectra of a spaxel and of the aperture about it [unit of the cube; sum over spaxels]."""
    reach = int(np.ceil(radius / cube.spaxel))
    left, low = max(x - reach, 0), max(y - reach, 0)
    block = cube.flux[:, low : y + reach + 1, left : x + reach + 1].astype(float)
    xs = (np.arange(block.shape[2]) + left - x) * cube.spaxel
    ys = (np.arange(block.shape[1]) + low - y) * cube.spaxel
    weights = aperture_weights(xs.astype(float), ys.astype(float), cube.spaxel, radius)
    outside = outside_of(weights, cube.spaxel, radius)
    return cube.flux[:, y, x].astype(float), aperture_sum(block, weights, outside)


def _ratio(cube: CubeFile, aperture: Floats, first: CubeFile, reference: Floats) -> float:
    """Flux of an aperture over that in the first cube; of surface brightness, with the sizes of their spaxels."""
    if cube.unit != first.unit:
        return float("nan")
    area = (cube.spaxel / first.spaxel) ** 2 if cube.unit.endswith("/sr") else 1.0
    known = np.isfinite(reference)
    if known.sum() < 2:
        return float("nan")
    there = np.interp(cube.wavelength, first.wavelength[known], reference[known], left=np.nan, right=np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = area * aperture / there
    ratio = ratio[np.isfinite(ratio)]
    return float(np.median(ratio)) if ratio.size else float("nan")
