"""Drizzled block of spaxels around a place, from which spectra of spaxels and apertures are taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atm_viewer.engine.arrays import Floats
from atm_viewer.engine.cube.apertures import Circle, aperture_sum, aperture_weights, outside_of
from atm_viewer.engine.cube.cube_grid import CubeGrid
from atm_viewer.engine.cube.drizzle import DrizzleInput, combine_shares
from atm_viewer.engine.threads import in_threads

#: Steps of an aperture's radius [arcsec] that are told apart where it grows with wavelength.
_STEP = 0.0002


@dataclass(frozen=True, eq=False)
class PlaceSpectra:
    """A block of a cube about a place.

    Parameters
    ----------
    wavelength : ndarray, shape (n,)
        Planes [um].
    flux : ndarray, shape (n, ny, nx)
        Values of the cube; NaN without coverage.
    dx, dy : ndarray, shape (nx,) and (ny,)
        Centres of the spaxels from the place [arcsec]; x to the west, y to the north.
    spaxel : float
        Side of a spaxel [arcsec].
    x0, y0 : int
        Zero-based spaxel of the first element in the cube.
    """

    wavelength: Floats
    flux: Floats
    dx: Floats
    dy: Floats
    spaxel: float
    x0: int = 0
    y0: int = 0

    def nearest(self, dx: float, dy: float) -> tuple[int, int]:
        """Spaxel of the cube (x, y) whose centre is nearest to an offset from the place [arcsec]."""
        return self.x0 + int(np.argmin(np.abs(self.dx - dx))), self.y0 + int(np.argmin(np.abs(self.dy - dy)))

    def offset(self, x: int, y: int) -> tuple[float, float]:
        """Centre of a spaxel of the cube from the place [arcsec]."""
        return float(self.dx[x - self.x0]), float(self.dy[y - self.y0])

    def spectrum(self, x: int, y: int) -> Floats:
        """Spectrum of a spaxel of the cube."""
        return self.flux[:, y - self.y0, x - self.x0]

    def aperture(self, radius: float | Floats) -> Floats:
        """Sum within a circle about the place; spaxels count by the part of them that lies within.

        Parameters
        ----------
        radius : float or ndarray, shape (n,)
            Radius [arcsec], for all planes or plane by plane.
        """
        steps = np.rint(np.broadcast_to(radius, self.wavelength.shape) / _STEP).astype(int)
        if np.ndim(radius) == 0:
            return self._sum(self.flux, float(radius))
        total = np.full(self.wavelength.shape, np.nan)
        for step in np.unique(steps):
            planes = steps == step
            total[planes] = self._sum(self.flux[planes], step * _STEP)
        return total

    def ranked(self, radius: float) -> list[tuple[int, int]]:
        """Spaxels of the cube (x, y) with their centres in a circle about the place, from the brightest on.

        Brightness is the mean over all planes.
        """
        valid = np.isfinite(self.flux)
        with np.errstate(invalid="ignore"):
            mean = np.where(valid, self.flux, 0.0).sum(axis=0) / valid.sum(axis=0)
        far = np.hypot(self.dx[None, :], self.dy[:, None]) > radius
        mean = np.where(far | ~np.isfinite(mean), -np.inf, mean)
        order = np.argsort(-mean, axis=None, kind="stable")
        y, x = np.unravel_index(order[np.isfinite(mean.ravel()[order])], mean.shape)
        return [(self.x0 + int(a), self.y0 + int(b)) for a, b in zip(x, y, strict=True)]

    def _sum(self, flux: Floats, radius: float) -> Floats:
        weights = aperture_weights(self.dx, self.dy, self.spaxel, radius)
        return aperture_sum(flux, weights, outside_of(weights, self.spaxel, radius))


@dataclass(frozen=True, eq=False)
class PlaceShares:
    """What each of some exposures gives to the spaxels about a place."""

    circle: Circle
    ra: float
    dec: float
    shares: tuple[np.ndarray, ...]

    @staticmethod
    def of(inputs: Sequence[DrizzleInput], grid: CubeGrid, ra: float, dec: float, radius: float) -> PlaceShares:
        """Drizzle all spaxels that touch a circle about an ICRS position [deg]; radius in arcsec."""
        circle = Circle.about(grid, ra, dec, radius, margin=1)
        return PlaceShares(circle, ra, dec, tuple(in_threads(circle.share, inputs)))

    def spectra(self, chosen: Sequence[int] | None = None) -> PlaceSpectra:
        """Spaxels of the cube of some exposures, by their index; of all of them unless told otherwise."""
        shares = self.shares if chosen is None else [self.shares[k] for k in chosen]
        x0, y0, wanted, grid = self.circle.x0, self.circle.y0, self.circle.wanted, self.circle.grid
        flux = combine_shares(shares, x0, y0, wanted).flux
        xi, eta = (float(v) for v in grid.project(self.ra, self.dec))
        xs = grid.x[x0 : x0 + wanted.shape[1]] - xi
        ys = grid.y[y0 : y0 + wanted.shape[0]] - eta
        return PlaceSpectra(grid.wavelength, flux, xs, ys, grid.spaxel, x0, y0)
