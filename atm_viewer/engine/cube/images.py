"""Sky images on the cube's grid, before and after correction, drizzled like the cube's planes.

White light takes a few columns of the dispersion and no account of planes: quick, for orientation. Resampling noise
averages out in it. An image of a few planes is what the cube has in them, and shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from atm_viewer.engine.arrays import Floats
from atm_viewer.engine.cube.cube_grid import CubeGrid
from atm_viewer.engine.cube.drizzle import Columns, DrizzleInput, combine_shares, drizzle_block, shares_in_turn
from atm_viewer.engine.io.exposure import Exposure
from atm_viewer.engine.results.sky_image import SkyImage
from atm_viewer.engine.threads import loading

#: Every so many columns of the dispersion suffice for white light.
STRIDE = 5


def white_image(inputs: Sequence[DrizzleInput], grid: CubeGrid, stride: int = STRIDE) -> SkyImage:
    """Mean over all wavelengths of the band, weighted as pixels are in the cube.

    Parameters
    ----------
    inputs : sequence of DrizzleInput
        Exposures of one band, as they are or corrected.
    grid : CubeGrid
        Grid of the cube.
    stride : int
        Of so many columns of the dispersion one is taken.

    Returns
    -------
    SkyImage
    """
    wanted = np.ones((grid.y.size, grid.x.size), dtype=bool)
    flux = drizzle_block(inputs, _one_plane(grid), 0, 0, wanted, _every(stride)).flux[0]
    return as_image(flux, inputs[0].exposure.unit, grid, None)


@dataclass(frozen=True, eq=False)
class WhiteImages:
    """Images in white light: of exposures together, and of each of them alone."""

    together: SkyImage
    single: tuple[SkyImage, ...]


def white_images(inputs: Sequence[DrizzleInput], grid: CubeGrid) -> WhiteImages:
    """Make the `white_image` of some exposures, and of each of them alone: no pixel is drizzled twice for that."""
    wanted = np.ones((grid.y.size, grid.x.size), dtype=bool)
    total = np.zeros((*wanted.shape, 1, 4))
    single, parts = [], []
    for rows, share in shares_in_turn(inputs, _one_plane(grid), 0, 0, wanted, _every(STRIDE)):
        total[rows] += share
        parts.append(combine_shares([share], 0, 0, wanted[rows]).flux[0])
        if rows.stop == wanted.shape[0]:  # the last of an exposure
            single.append(as_image(np.concatenate(parts), inputs[0].exposure.unit, grid, None))
            parts = []
    flux = combine_shares([total], 0, 0, wanted).flux[0]
    return WhiteImages(as_image(flux, inputs[0].exposure.unit, grid, None), tuple(single))


def _one_plane(grid: CubeGrid) -> CubeGrid:
    """Grid with all wavelengths in a single plane."""
    low, high = grid.wavelength[0] - grid.step / 2, grid.wavelength[-1] + grid.step / 2
    return replace(grid, wavelength=np.array([(low + high) / 2]), step=float(high - low))


def _every(stride: int) -> Columns:
    """Take one of so many columns of the dispersion."""
    return lambda exposure, _: slice(stride // 2, exposure.column_count, stride)


def plane_image(inputs: Sequence[DrizzleInput], grid: CubeGrid, wavelength: float, planes: int) -> SkyImage:
    """Mean of some planes of the cube.

    Parameters
    ----------
    inputs : sequence of DrizzleInput
        Exposures of one band, as they are or corrected.
    grid : CubeGrid
        Grid of the cube.
    wavelength : float
        Wavelength [um] whose plane is in the middle; when it is not in the cube, the nearest planes are taken.
    planes : int
        How many.

    Returns
    -------
    SkyImage
    """
    middle = round(float((wavelength - grid.wavelength[0]) / grid.step))
    first = min(max(middle - planes // 2, 0), max(grid.wavelength.size - planes, 0))
    some = replace(grid, wavelength=grid.wavelength[first : first + planes])
    ends = float(some.wavelength[0] - grid.step / 2), float(some.wavelength[-1] + grid.step / 2)
    wanted = np.ones((grid.y.size, grid.x.size), dtype=bool)
    flux = drizzle_block(inputs, some, 0, 0, wanted, lambda e, n: _columns_within(e, n, *ends)).flux
    valid = np.isfinite(flux)
    with np.errstate(invalid="ignore"):
        mean = np.where(valid, flux, 0.0).sum(axis=0) / valid.sum(axis=0)
    return as_image(mean, inputs[0].exposure.unit, grid, ends)


def _columns_within(exposure: Exposure, number: int, low: float, high: float) -> slice:
    """Columns whose pixels can reach into a range of wavelengths: a pixel ends before the next one's centre."""
    least, greatest = exposure.column_wavelengths[number]
    near = np.flatnonzero((least <= high) & (greatest >= low))
    if not near.size:  # between the centres of two columns, or not in the slice
        near = np.flatnonzero(np.isfinite(least))
        if not near.size:
            return slice(0, 0, 1)
        near = near[[np.argmin(np.minimum(np.abs(least[near] - low), np.abs(greatest[near] - high)))]]
    return slice(max(int(near[0]) - 1, 0), int(near[-1]) + 2, 1)


def as_image(flux: Floats, unit: str, grid: CubeGrid, wavelengths: tuple[float, float] | None) -> SkyImage:
    """Make an image of values [``unit``] on a cube's grid; ``wavelengths`` as in `SkyImage`."""
    iy, ix = _peak(flux)
    return SkyImage(
        band=grid.band,
        image=flux.astype(np.float32),
        unit=unit,
        ra=grid.ra,
        dec=grid.dec,
        x0=float(-grid.x[0] / grid.spaxel),
        y0=float(-grid.y[0] / grid.spaxel),
        spaxel=grid.spaxel,
        angle=grid.angle or 0.0,
        peak=grid.position(float(grid.x[ix]), float(grid.y[iy])),
        wavelengths=wavelengths,
    )


def _peak(image: Floats) -> tuple[int, int]:
    """Brightest spaxel; a median of neighbours keeps single hot ones out."""
    with loading():
        from scipy.ndimage import median_filter

    finite = np.isfinite(image)
    if not finite.any():
        return image.shape[0] // 2, image.shape[1] // 2
    filled = np.where(finite, image, -np.inf)
    smooth = median_filter(np.where(finite, image, np.median(image[finite])), size=3)
    candidates = np.where(smooth >= np.quantile(smooth, 0.99), filled, -np.inf)
    iy, ix = np.unravel_index(int(np.argmax(candidates)), image.shape)
    return int(iy), int(ix)
