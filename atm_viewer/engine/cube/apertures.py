"""A spaxel and a circular aperture on the grid of a cube."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from atm_viewer.engine.arrays import Floats, Integers, Mask
from atm_viewer.engine.cube.cube_grid import CubeGrid
from atm_viewer.engine.cube.drizzle import DrizzleInput, drizzle_share, near_pixels, near_slices, summed_rows
from atm_viewer.engine.cube.footprints import SkyMapper
from atm_viewer.engine.io.exposure import Exposure
from atm_viewer.engine.kernels.spaxels import add_row, divide_sums
from atm_viewer.engine.results.spectra import enough_covered
from atm_viewer.engine.threads import in_threads


def aperture_weights(xs: Floats, ys: Floats, size: float, radius: float) -> Floats:
    """Part of each spaxel, given by offsets of the centres, that lies within a circle about 0; shape (ny, nx)."""
    if radius == 0:
        return np.zeros((ys.size, xs.size))
    from photutils.geometry import circular_overlap_grid

    half = size / 2
    edges: tuple[Any, ...] = (xs[0] - half, xs[-1] + half, ys[0] - half, ys[-1] + half)
    weights: Floats = circular_overlap_grid(*edges, xs.size, ys.size, radius, 1, 1)
    return weights


def outside_of(weights: Floats, size: float, radius: float) -> float:
    """Part of a circle, in spaxels, that lies outside of the spaxels with `aperture_weights`."""
    area = np.pi * (radius / size) ** 2
    outside = float(area - weights.sum())
    return outside if outside > 1e-9 * area else 0.0  # all of it is inside, but for rounding


def covered_share(missing: Floats, weights: Floats, outside: float) -> Floats:
    """Share of an aperture that has data, plane by plane.

    Parameters
    ----------
    missing : ndarray of float64, shape (planes,)
        Sum of the weights of spaxels without data.
    weights : ndarray of float64
        Part of each spaxel that lies within the aperture.
    outside : float
        Part of it that lies outside of the cube, see `outside_of`.
    """
    whole = float(weights.sum()) + outside
    return 1.0 - (missing + outside) / whole if whole > 0 else np.zeros_like(missing)


def where_covered(total: Floats, share: Floats) -> Floats:
    """Keep sums over an aperture, or their errors, where enough of it is covered; else NaN, see `enough_covered`."""
    return np.where(enough_covered(share), total, np.nan)


def aperture_sum(flux: Floats, weights: Floats, outside: float) -> Floats:
    """Spectrum of an aperture.

    Parameters
    ----------
    flux : ndarray, shape (planes, ny, nx)
        Spaxels; NaN without data.
    weights, outside
        As for `covered_share`.

    Returns
    -------
    ndarray of float64, shape (planes,)
        Sum over the spaxels, see `where_covered`.
    """
    return summed_over(flux, None, weights, outside)[0]


def summed_over(
    flux: Floats, error: Floats | None, weights: Floats, outside: float
) -> tuple[Floats, Floats | None, Floats]:
    """Spectrum of an aperture, its error, and the share of it that has data.

    Parameters
    ----------
    flux, error : ndarray, shape (planes, ny, nx)
        Spaxels, NaN without data, and their errors, None where they are not known.
    weights, outside
        As for `covered_share`.

    Returns
    -------
    total, error : ndarray of float64, shape (planes,)
        Sum over the spaxels and its error, see `where_covered`; without errors None for the latter.
    share : ndarray of float64, shape (planes,)
        See `covered_share`.
    """
    inside = weights > 0
    within, chosen = flux[:, inside], weights[inside]
    valid = np.isfinite(within)
    share = covered_share(~valid @ chosen, chosen, outside)
    total = where_covered(np.where(valid, within, 0.0) @ chosen, share)
    if error is None:
        return total, None, share
    errors = error[:, inside]
    variance = np.where(valid & np.isfinite(errors), errors, 0.0) ** 2 @ chosen**2
    return total, where_covered(np.sqrt(variance), share), share


@dataclass(frozen=True, eq=False)
class Extracted:
    """Spectra of a spaxel and of an aperture [unit of the exposures; sums over spaxels for the aperture].

    ``coverage`` is the share of the aperture that has data, plane by plane.
    """

    spaxel: Floats
    spaxel_err: Floats
    aperture: Floats
    aperture_err: Floats
    coverage: Floats

    @staticmethod
    def of(inputs: list[DrizzleInput], grid: CubeGrid, ra: float, dec: float, radius: float) -> Extracted:
        """Drizzle the spaxel at an ICRS position [deg] and the spaxels within a radius [arcsec] about it."""
        circle = Circle.about(grid, ra, dec, radius)
        return circle.extract(in_threads(circle.share, inputs))


@dataclass(frozen=True, eq=False)
class Circle:
    """A spaxel and an aperture about it, with the block of spaxels that holds them.

    Parameters
    ----------
    grid : CubeGrid
        Grid of the cube.
    x0, y0 : int
        First spaxel of the block, zero-based.
    at : (int, int)
        The spaxel within the block, (y, x).
    weights : ndarray of float64, shape (ny, nx)
        Part of each spaxel that lies within the aperture.
    wanted : ndarray of bool, shape (ny, nx)
        Spaxels that matter.
    outside : float
        Part of the aperture that lies outside of the cube [spaxels].
    """

    grid: CubeGrid
    x0: int
    y0: int
    at: tuple[int, int]
    weights: Floats
    wanted: Mask
    outside: float

    @staticmethod
    def about(grid: CubeGrid, ra: float, dec: float, radius: float, margin: int = 0) -> Circle:
        """Take the spaxel at an ICRS position [deg] and the spaxels within a radius [arcsec] about it.

        The block is larger by ``margin`` spaxels on all sides.
        """
        ix, iy = grid.spaxel_at(ra, dec)
        xi, eta = (float(v) for v in grid.project(ra, dec))
        reach = int(np.ceil(radius / grid.spaxel)) + margin
        x0, y0 = max(ix - reach, 0), max(iy - reach, 0)
        xs, ys = grid.x[x0 : ix + reach + 1], grid.y[y0 : iy + reach + 1]
        weights = aperture_weights(xs - xi, ys - eta, grid.spaxel, radius)
        wanted = weights > 0
        wanted[iy - y0, ix - x0] = True
        outside = outside_of(weights, grid.spaxel, radius)
        return Circle(grid, x0, y0, (iy - y0, ix - x0), weights, wanted, outside)

    def near(self, exposure: Exposure, mapper: SkyMapper) -> list[int]:
        """Slices of an exposure that are drizzled, see `near_slices`."""
        return near_slices(exposure, mapper, self.grid, self.x0, self.y0, self.wanted)

    def near_pixels(self, exposure: Exposure, mapper: SkyMapper, number: int, pixels: Integers) -> Mask:
        """Whether pixels of a slice are drizzled, see `near_pixels`."""
        return near_pixels(exposure, mapper, self.grid, self.x0, self.y0, self.wanted, number, pixels)

    def share(self, one: DrizzleInput) -> Floats:
        """Drizzle what one exposure gives, see `drizzle_share`."""
        return drizzle_share(one, self.grid, self.x0, self.y0, self.wanted)

    def extract(self, shares: Sequence[Floats]) -> Extracted:
        """Make spectra of what exposures give."""
        planes = self.grid.wavelength.size
        flux, variance, missing = np.zeros((3, planes))
        spaxel, spaxel_err = np.full((2, planes, 1), np.nan)
        y, x = self.at
        for iy, total in summed_rows(shares):
            add_row(total, self.weights[iy], flux, variance, missing)
            if iy == y:
                divide_sums(total[x : x + 1], np.ones(1, dtype=bool), spaxel, spaxel_err)
        share = covered_share(missing, self.weights, self.outside)
        whole, whole_err = where_covered(flux, share), where_covered(np.sqrt(variance), share)
        return Extracted(spaxel[:, 0], spaxel_err[:, 0], whole, whole_err, share)
