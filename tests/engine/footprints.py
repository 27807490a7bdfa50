"""Footprints by series against footprints by the WCS."""

from __future__ import annotations

import numpy as np

from atm_viewer.engine.cube.footprints import SkyMapper
from atm_viewer.engine.io.exposure import Exposure


def assert_footprints_agree(exposure: Exposure, mapper: SkyMapper, factors: tuple[int, ...]) -> None:
    """Compare at random pixels, oversampled by some factors, and at all pixels at ends of slices."""
    exact = SkyMapper(exposure)
    exact.maps = None
    y, x = np.nonzero(exposure.regions > 0)
    rng = np.random.default_rng(0)
    for factor in factors:
        at = rng.choice(x.size, 4000)
        px, py, number = x[at], y[at], exposure.regions[y[at], x[at]]
        sub = rng.integers(0, factor, at.size)
        px, py = (px * factor + sub, py) if exposure.rotated else (px, py * factor + sub)
        ours, theirs = (m.footprints(px, py, number, factor) for m in (mapper, exact))
        assert np.array_equal(ours.x, theirs.x)
        assert np.array_equal(ours.y, theirs.y)
        assert np.abs(ours.ra - theirs.ra).max() * 3600 < 1e-6  # arcsec
        assert np.abs(ours.dec - theirs.dec).max() * 3600 < 1e-6
        assert np.abs(ours.centre - theirs.centre).max() * 3600 < 1e-6
        assert np.nanmax(np.abs(ours.wavelength / theirs.wavelength - 1)) < 5e-9
        assert np.array_equal(np.isnan(ours.width), np.isnan(theirs.width))
        assert np.nanmax(np.abs(ours.width / theirs.width - 1)) < 5e-6
