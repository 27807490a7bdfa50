"""Where the light near a place is centred."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from atm_viewer.session.state.source import light_centre
from tests.session.fake_workers import sky_image


def star_at(east: float, north: float, spaxel: float = 0.13, fwhm: float = 0.3):
    """An image with one star, the mean over each spaxel by samples, on a slope."""
    sky = sky_image("ch1-short")
    sky = replace(sky, spaxel=spaxel)
    iy, ix = np.mgrid[: sky.image.shape[0], : sky.image.shape[1]]
    parts = (np.arange(5) - 2) / 5
    image = np.zeros(ix.shape)
    for dy in parts:
        for dx in parts:
            e, n = -(ix + dx - sky.x0) * spaxel - east, (iy + dy - sky.y0) * spaxel - north
            image += np.exp(-0.5 * (e**2 + n**2) * (2.3548 / fwhm) ** 2)
    return replace(sky, image=(900 * image / 25 + 3).astype(np.float32))


@pytest.mark.parametrize(("east", "north"), [(0.0, 0.0), (0.05, -0.03), (-0.31, 0.22)])
def test_a_star_is_found_from_a_spaxel_beside_it(east, north):
    sky = star_at(east, north)
    ra, dec = sky.position(east + 0.08, north - 0.06)
    found = sky.offsets(*light_centre(sky, float(ra), float(dec), 0.28))
    assert found == pytest.approx((east, north), abs=0.006)


def test_an_undersampled_star_is_found_too():
    sky = star_at(0.02, 0.03, spaxel=0.1, fwhm=0.12)
    assert sky.offsets(*light_centre(sky, sky.ra, sky.dec, 0.09)) == pytest.approx((0.02, 0.03), abs=0.01)


def test_there_is_no_centre_without_light():
    sky = star_at(0.0, 0.0)
    dark = replace(sky, image=np.zeros_like(sky.image))
    assert light_centre(dark, sky.ra, sky.dec, 0.28) is None
    assert light_centre(replace(sky, image=np.full_like(sky.image, np.nan)), sky.ra, sky.dec, 0.28) is None
    far = sky.position(1.5, 0.0)  # nothing but the star's foot is near
    assert light_centre(sky, float(far[0]), float(far[1]), 0.28) is None
