"""Compares cubes of any origin: resampling noise and flux at the same places, defined as everywhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atm_viewer.engine.analysis.noise import resampling_noise
from atm_viewer.engine.analysis.noise_map import bright_spaxels
from atm_viewer.engine.arrays import Floats
from atm_viewer.engine.references.cube_file import CubeFile
from atm_viewer.engine.references.spectra import spectra_at
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
        reference = spectra_at(first, ra, dec, radius)[1].aperture
        for cube in cubes:
            at, spectra = spectra_at(cube, ra, dec, radius)
            known = spectra.spaxel[np.isfinite(spectra.spaxel)]
            found.append(
                CubeAtPlace(
                    place,
                    ra,
                    dec,
                    str(cube.path),
                    *at,
                    float(np.median(known)) if known.size else float("nan"),
                    resampling_noise(spectra.spaxel, spectra.aperture),
                    _ratio(cube, spectra.aperture, first, reference),
                )
            )
    return tuple(found)


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
