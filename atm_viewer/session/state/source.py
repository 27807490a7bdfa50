"""Centroid of the light near a place: the source whose resampling noise a spaxel shows."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from atm_viewer.engine.psf import SIGMA_TO_FWHM
from atm_viewer.engine.results.sky_image import SkyImage

_ROUNDS = 20


@lru_cache(maxsize=8)  # every change of the session asks for the same place
def light_centre(sky: SkyImage, ra: float, dec: float, fwhm: float) -> tuple[float, float] | None:
    """Centre of the light near a position: an iterated centroid, weighted by a Gaussian.

    Parameters
    ----------
    sky : SkyImage
        White light.
    ra, dec : float
        ICRS position [deg].
    fwhm : float
        Of the point-spread function [arcsec]; pixels and spaxels make an image wider, and so is the weight. The centre
        is looked for within its width.

    Returns
    -------
    (float, float) or None
        ICRS position [deg]; None without a source there.
    """
    wide = float(np.hypot(fwhm, 1.5 * sky.spaxel))
    x0, y0 = (float(v) for v in sky.offsets(ra, dec))
    iy, ix = np.mgrid[: sky.image.shape[0], : sky.image.shape[1]]
    east, north = -(ix - sky.x0) * sky.spaxel, (iy - sky.y0) * sky.spaxel
    near = (np.hypot(east - x0, north - y0) < 4.0 * wide) & np.isfinite(sky.image)
    if near.sum() < 9:
        return None
    east, north, light = east[near], north[near], sky.image[near].astype(float)
    light = light - np.percentile(light, 20)
    x, y = x0, y0
    for _ in range(_ROUNDS):
        weighted = light * np.exp(-0.5 * ((east - x) ** 2 + (north - y) ** 2) * (SIGMA_TO_FWHM / wide) ** 2)
        total = weighted.sum()
        if not total > 0:
            return None
        # The weight draws the centroid half way back to where it was.
        x += 2.0 * ((weighted * east).sum() / total - x)
        y += 2.0 * ((weighted * north).sum() / total - y)
        if not np.hypot(x - x0, y - y0) < wide:
            return None
    found = sky.position(x, y)
    return float(found[0]), float(found[1])
