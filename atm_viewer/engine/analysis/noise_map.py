"""Resampling noise and aperture flux of all bright spaxels, before and after correction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from atm_viewer.engine.analysis.line_flux import conservation
from atm_viewer.engine.analysis.noise import resampling_noise
from atm_viewer.engine.arrays import Floats, Integers, Reals, Singles
from atm_viewer.engine.cube.apertures import aperture_sum, aperture_weights, outside_of
from atm_viewer.engine.cube.cube_grid import CubeGrid
from atm_viewer.engine.cube.drizzle import DrizzleInput, drizzle_block
from atm_viewer.engine.results.noise import NoiseMap

#: Brightness of the faintest spaxels, against the brightest one.
FAINTEST = 0.01
#: Spaxels that are measured at most, the brightest ones.
MOST_SPAXELS = 400


class FieldSpectra:
    """Spectra of the bright spaxels of a field and of apertures about them.

    Parameters
    ----------
    inputs : sequence of DrizzleInput
        Exposures, as they are or corrected.
    grid : CubeGrid
        Grid of their cube.
    spaxels : sequence of (float, float)
        ICRS positions of the spaxels [deg].
    radius : float
        Radius of the apertures [arcsec].
    """

    def __init__(
        self, inputs: Sequence[DrizzleInput], grid: CubeGrid, spaxels: Sequence[tuple[float, float]], radius: float
    ) -> None:
        self._reach = int(np.ceil(radius / grid.spaxel))
        self._spaxel, self._radius = grid.spaxel, radius
        self._at = [grid.spaxel_at(*one) for one in spaxels]
        steps = np.arange(-self._reach, self._reach + 1).astype(float) * grid.spaxel
        self._weights = aperture_weights(steps, steps, grid.spaxel, radius)
        wanted = np.zeros((grid.y.size + 2 * self._reach, grid.x.size + 2 * self._reach), dtype=bool)
        within = self._weights > 0
        for x, y in self._at:  # a frame about the grid takes what lies outside of it
            wanted[y : y + within.shape[0], x : x + within.shape[1]] |= within
        wanted = wanted[self._reach : self._reach + grid.y.size, self._reach : self._reach + grid.x.size]
        rows, columns = np.flatnonzero(wanted.any(axis=1)), np.flatnonzero(wanted.any(axis=0))
        self._x0, self._y0 = int(columns[0]), int(rows[0])
        part = wanted[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        self._flux = drizzle_block(inputs, grid, self._x0, self._y0, np.ascontiguousarray(part)).flux

    def spectrum(self, k: int) -> tuple[Floats, Floats]:
        """Spectra of a spaxel and of the aperture about it [unit of the exposures; sum over spaxels]."""
        x, y = self._at[k][0] - self._x0, self._at[k][1] - self._y0
        reach = self._reach
        left, low = max(x - reach, 0), max(y - reach, 0)
        block = self._flux[:, low : y + reach + 1, left : x + reach + 1]
        weights = self._weights[
            low - y + reach : low - y + reach + block.shape[1], left - x + reach : left - x + reach + block.shape[2]
        ]
        outside = outside_of(weights, self._spaxel, self._radius)
        return self._flux[:, y, x], aperture_sum(block, weights, outside)


def bright_spaxels(image: Reals, faintest: float = FAINTEST) -> tuple[Integers, float]:
    """Find the spaxels that are bright enough.

    Parameters
    ----------
    image : ndarray, shape (ny, nx)
        The field.
    faintest : float
        Brightness that is enough, against the brightest spaxel.

    Returns
    -------
    where : ndarray of int, shape (n, 2)
        Zero-based (x, y), from the brightest on; at most `MOST_SPAXELS`.
    limit : float
        Brightness of the faintest that counts [unit of the image].
    """
    finite = np.where(np.isfinite(image), image, -np.inf)
    limit = faintest * float(finite.max())
    order = np.argsort(-finite, axis=None)[:MOST_SPAXELS]
    order = order[(finite.ravel()[order] >= limit) & (finite.ravel()[order] > 0)]
    y, x = np.unravel_index(order, image.shape)
    if order.size == MOST_SPAXELS:
        limit = float(finite.ravel()[order[-1]])
    return np.stack([x, y], axis=1), limit


def noise_map(
    band: str,
    image: Singles,
    where: Integers,
    limit: float,
    radius: float,
    fields: tuple[FieldSpectra, FieldSpectra],
) -> NoiseMap:
    """Measure the noise of spaxels.

    Parameters
    ----------
    band : str
        Band of the cube.
    image : ndarray, shape (ny, nx)
        The field before correction.
    where : ndarray of int, shape (n, 2)
        Spaxels, see `bright_spaxels`.
    limit : float
        Brightness of the faintest one.
    radius : float
        Radius of the apertures [arcsec].
    fields : (FieldSpectra, FieldSpectra)
        Before and after, of these spaxels.

    Returns
    -------
    NoiseMap
    """
    maps = np.full((3, *image.shape), np.nan)
    for k, (x, y) in enumerate(where):
        (spaxel, aperture), (fine, fine_aperture) = (field.spectrum(k) for field in fields)
        maps[:, y, x] = (
            resampling_noise(spaxel, aperture),
            resampling_noise(fine, fine_aperture),
            conservation(aperture, fine_aperture).mean,
        )
    return NoiseMap(band, maps[0], maps[1], image.astype(float), limit, radius, maps[2])
