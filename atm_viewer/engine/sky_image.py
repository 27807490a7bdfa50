"""White-light images of the field on the cube's grid: quick, for orientation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from atm_viewer.engine.cube_grid import CubeGrid
from atm_viewer.engine.exposure import Exposure
from atm_viewer.engine.footprints import SkyMapper
from atm_viewer.engine.reports import SkyImage

# Every so many columns of the dispersion suffice for an image.
_STRIDE = 5


def make_sky_image(exposures: Sequence[Exposure], mappers: Sequence[SkyMapper], grid: CubeGrid) -> SkyImage:
    """Mean of the pixels that fall on each spaxel.

    Pixels are spread over their extent along and across the slice with 3 by 5 points; nothing else of ``cube_build``
    is imitated.

    Parameters
    ----------
    exposures : sequence of Exposure
        Exposures of one band.
    mappers : sequence of SkyMapper
        Of these exposures.
    grid : CubeGrid
        Grid of their cube.

    Returns
    -------
    SkyImage
    """
    shape = grid.y.size, grid.x.size
    total, count = np.zeros(shape[0] * shape[1]), np.zeros(shape[0] * shape[1])
    for exposure, mapper in zip(exposures, mappers, strict=True):
        for number in exposure.slices:
            if exposure.band_of(number) == grid.band:
                _add_slice(exposure, number, mapper.slice_width(number), grid, total, count)
    with np.errstate(invalid="ignore", divide="ignore"):
        image = (total / count).reshape(shape).astype(np.float32)
    iy, ix = _peak(image)
    return SkyImage(
        band=grid.band,
        image=image,
        unit=exposures[0].unit,
        ra=grid.ra,
        dec=grid.dec,
        x0=float(-grid.x[0] / grid.spaxel),
        y0=float(-grid.y[0] / grid.spaxel),
        spaxel=grid.spaxel,
        peak=grid.position(float(grid.x[ix]), float(grid.y[iy])),
    )


def _add_slice(
    exposure: Exposure, number: int, width: float, grid: CubeGrid, total: np.ndarray, count: np.ndarray
) -> None:
    y, x = np.unravel_index(exposure.slice_pixels(number), exposure.regions.shape)
    along = x if exposure.instrument != "MIRI" else y
    taken = (along % _STRIDE == 0) & np.isfinite(exposure.sci[y, x]) & np.isfinite(exposure.coordinates.ra[y, x])
    y, x = y[taken], x[taken]
    if y.size < 10:
        return
    xi, eta = grid.project(exposure.coordinates.ra[y, x], exposure.coordinates.dec[y, x])
    alpha = exposure.coordinates.alpha[y, x] * exposure.coordinates.arcsec
    # The slice is straight on the sky: its direction is that in which alpha grows.
    direction = np.array([np.cov(xi, alpha)[0, 1], np.cov(eta, alpha)[0, 1]])
    direction /= np.hypot(*direction)
    values = exposure.sci[y, x].astype(float)
    step = exposure.pixel_step(number)
    for a in (-step / 3, 0.0, step / 3):
        for b in np.array([-0.4, -0.2, 0.0, 0.2, 0.4]) * width:
            ix = np.rint((xi + a * direction[0] - b * direction[1] - grid.x[0]) / grid.spaxel).astype(int)
            iy = np.rint((eta + a * direction[1] + b * direction[0] - grid.y[0]) / grid.spaxel).astype(int)
            inside = (ix >= 0) & (ix < grid.x.size) & (iy >= 0) & (iy < grid.y.size)
            at = iy[inside] * grid.x.size + ix[inside]
            total += np.bincount(at, weights=values[inside], minlength=total.size)
            count += np.bincount(at, minlength=count.size)


def _peak(image: np.ndarray) -> tuple[int, int]:
    """Brightest spaxel; a median of neighbours keeps single hot ones out."""
    from scipy.ndimage import median_filter

    filled = np.where(np.isfinite(image), image, -np.inf)
    smooth = median_filter(np.where(np.isfinite(image), image, np.nanmedian(image)), size=3)
    candidates = np.where(smooth >= np.quantile(smooth, 0.99), filled, -np.inf)
    iy, ix = np.unravel_index(int(np.argmax(candidates)), image.shape)
    return int(iy), int(ix)
