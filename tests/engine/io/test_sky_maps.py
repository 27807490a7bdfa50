"""Series that stand in for the WCS give its footprints, and the same pixels have one."""

from __future__ import annotations

import numpy as np
import pytest

from atm_viewer.engine.cube.footprints import SkyMapper
from atm_viewer.engine.io.exposure import open_exposure
from atm_viewer.engine.io.sky_maps import PixelPositions, fit_sky_maps
from atm_viewer.engine.kernels.drizzle import cover_cells, overlap_area
from tests.engine.footprints import assert_footprints_agree


@pytest.mark.parametrize("instrument", ["miri", "nirspec"])
def test_series_give_the_footprints_of_the_wcs(instrument, demo_files):
    exposure = open_exposure(demo_files(instrument)[0])
    mapper = SkyMapper(exposure)
    assert mapper.maps is not None
    assert_footprints_agree(exposure, mapper, factors=(1, 2, 5))
    exposure.model.close()


def plane(x, y, number, bend=0.0):
    """Positions of a flat WCS across RA 0; one of its edges can be bent sharply."""
    corners = np.stack([[x - 0.5, x - 0.5, x + 0.5, x + 0.5], np.stack([y, y, y, y])])
    ra = (1e-5 * corners[0] - 0.0001 * number + np.array([[-1e-5], [1e-5], [1e-5], [-1e-5]])) % 360.0
    dec = 60.0 + 1e-5 * corners[1] + bend * np.abs(corners[1] - 35.3)
    lam = 5.0 + 0.001 * np.stack([y, y - 0.5, y + 0.5])
    return PixelPositions(ra, dec, np.stack([(1e-5 * x - 0.0001 * number) % 360.0, dec[0]]), lam)


def slices():
    y, x = (a.ravel() for a in np.mgrid[:80, :12])
    return {7: (x, y), 9: (x + 20, y)}


def test_series_hold_across_the_origin_of_right_ascension():
    maps = fit_sky_maps(slices(), True, 0.5, 0.5, plane)
    x, y, number = np.array([3, 25]), np.array([40, 2]), np.array([7, 9])
    ours = maps.positions(number, x.astype(float), y.astype(float), 0.5, 0.5)
    expected = plane(x, y, number)
    assert np.abs((ours.ra - expected.ra + 180) % 360 - 180).max() < 1e-12
    assert np.abs(ours.dec - expected.dec).max() < 1e-12
    assert ours.wavelength == pytest.approx(expected.wavelength, rel=1e-12)
    assert ((ours.ra >= 0) & (ours.ra < 360)).all()


def test_series_that_are_not_good_enough_are_not_used():
    assert fit_sky_maps(slices(), True, 0.5, 0.5, lambda x, y, number: plane(x, y, number, bend=1e-6)) is None


def test_covered_cells_equal_clipped_polygons():
    rng = np.random.default_rng(2)
    scratch = np.empty((4, 16))
    share = np.empty((8, 9))
    for _ in range(200):
        angles = np.sort(rng.uniform(0, 2 * np.pi, 4))[:: rng.choice([1, -1])]
        xs, ys = 3.5 + rng.uniform(0.1, 3) * np.cos(angles), 3.5 + rng.uniform(0.1, 3) * np.sin(angles)
        if rng.uniform() < 0.3:
            xs, ys = np.rint(xs), np.rint(ys)  # corners and edges on the grid
        cover_cells(xs, ys, 8, 8, share)
        expected = [[overlap_area(xs, ys, k, k + 1, i, i + 1, *scratch) for k in range(8)] for i in range(8)]
        assert np.abs(share[:, :8] - expected).max() < 1e-13
