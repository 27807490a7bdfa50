"""One place, found from pixel, alpha, sky or wavelength: against the geometry of the synthetic exposures, by hand.

In dither 1, row 48 is straight: x 24 is alpha 0 of slice 102 and lies on (RA, DEC), at 4.9 + 0.8 * 48 / 96 = 5.3 um.
A pixel is 1.8 / (0.38 * 16) = 0.296 arcsec of alpha, which is to the east; slices are 0.6 arcsec apart to the north.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from atm_viewer.engine.results.exposure_view import ExposureView
from atm_viewer.session.state.cursor import Cursor, at_alpha, at_pixel, at_sky, at_wavelength, map_slices, spaxel_at
from tests.session.fake_workers import DEC, RA, exposure_view, sky_image

PIXEL = 1.8 / (0.38 * 16)
EAST = 1 / 3600 / math.cos(math.radians(DEC))
NORTH = 1 / 3600


@pytest.fixture(scope="module")
def view():
    return exposure_view("/data/star_00001_cal.fits")


@pytest.fixture(scope="module")
def slices(view):
    return map_slices(view)


@pytest.fixture(scope="module")
def sky():
    return sky_image("ch1-short")


def test_a_pixel_is_a_place_everywhere(view, sky):
    found = at_pixel(view, 20, 48, sky)
    assert (found.pixel, found.number, found.column, found.dq) == ((20, 48), 102, 48, 0)
    assert found.alpha == pytest.approx(-4 * PIXEL, abs=1e-5)
    assert found.wavelength == pytest.approx(5.3, abs=1e-5)
    assert found.ra == pytest.approx(RA - 4 * PIXEL * EAST, abs=1e-8)
    assert found.dec == pytest.approx(DEC)
    # x of the grid grows to the west: -1.18 arcsec are 9.1 spaxels
    assert found.spaxel == (29, 20)


def test_between_slices_there_is_the_pixel_alone(view, sky):
    found = at_pixel(view, 16, 48, sky)
    assert (found.pixel, found.number, found.column, found.spaxel) == ((16, 48), 0, None, None)
    assert math.isnan(found.alpha)
    assert math.isnan(found.ra)


def test_alpha_is_that_of_the_next_pixel(view, slices):
    found = at_alpha(view, slices, 102, 48, 0.4 * PIXEL)
    assert found.pixel == (24, 48)
    assert found.alpha == 0.4 * PIXEL
    assert at_alpha(view, slices, 102, 48, 0.6 * PIXEL).pixel == (25, 48)
    # beyond the slice's end its last pixel is the next one: 0.88 * 16 = 14.08
    assert at_alpha(view, slices, 102, 48, 9.0).pixel == (30, 48)
    assert at_alpha(view, slices, 102, 400, 0.0).pixel is None
    assert at_alpha(view, slices, 109, 48, 0.0).pixel is None


@pytest.mark.parametrize(
    ("alpha", "beta", "wavelength", "pixel", "number"),
    [
        (0.0, 0.0, 5.3, (24, 48), 102),
        (2.2 * PIXEL, 0.25, 5.3, (26, 48), 102),
        (2.2 * PIXEL, 0.35, 5.3, (42, 48), 103),
        (0.0, -0.6, 5.3, (8, 48), 101),
        (0.0, 0.0, 7.9, (72, 48), 202),
        (0.0, 0.0, 5.5, (24, 72), 102),
    ],
)
def test_a_sky_position_is_the_next_pixel_of_the_slice_that_covers_it(
    view, slices, alpha, beta, wavelength, pixel, number
):
    ra, dec = RA + alpha * EAST, DEC + beta * NORTH
    found = at_sky(view, slices, ra, dec, wavelength)
    assert (found.pixel, found.number) == (pixel, number)
    assert (found.ra, found.dec, found.wavelength) == (ra, dec, wavelength)


@pytest.mark.parametrize(
    ("east", "north", "wavelength"), [(0.0, 1.2, 5.3), (2.5, 0.0, 5.3), (0.0, 0.0, 6.3), (math.nan, 0.0, 5.3)]
)
def test_what_the_exposure_does_not_have_has_no_pixel(view, slices, east, north, wavelength):
    found = at_sky(view, slices, RA + east * EAST, DEC + north * NORTH, wavelength)
    assert (found.pixel, found.number) == (None, 0)


@pytest.mark.parametrize("instrument", ["MIRI", "NIRSPEC"])
def test_from_pixel_to_sky_and_back(instrument):
    view = exposure_view("/data/star_00003_cal.fits", instrument=instrument)
    slices = map_slices(view)
    for y, x in np.argwhere(view.regions > 0)[::7]:
        there = at_pixel(view, int(x), int(y))
        assert at_sky(view, slices, there.ra, there.dec, there.wavelength).pixel == (x, y)
        assert at_alpha(view, slices, there.number, there.column, there.alpha).pixel == (x, y)


def test_the_same_place_in_another_dither():
    other = exposure_view("/data/star_00002_cal.fits")
    # 0.5 arcsec further east and a slice further north: alpha -0.5 of slice 101
    found = at_sky(other, map_slices(other), RA, DEC, 5.3)
    assert (found.number, found.pixel) == (101, (round(8 - 0.5 / PIXEL), 48))


def test_a_wavelength_at_a_position_or_in_a_slice_alone(view, slices):
    assert at_wavelength(view, slices, 5.5, (RA, DEC), 103).pixel == (24, 72)
    alone = at_wavelength(view, slices, 5.5, (RA + 1.0, DEC), 103)
    assert (alone.pixel, alone.number, alone.column) == (None, 103, 72)
    assert at_wavelength(view, slices, 5.5, None, 103) == Cursor(view.key, None, 103, 72, 5.5)
    assert at_wavelength(view, slices, 9.9, None, 103).column is None


def test_columns_and_wavelengths_of_a_slice(slices):
    assert slices.column_at(102, 5.3) == 48
    assert slices.column_at(102, 7.9) is None
    assert slices.column_at(202, 7.9) == 48
    assert slices.column_at(7, 5.3) is None
    assert slices.wavelength_at(102, 48) == pytest.approx(5.3, abs=1e-6)
    assert math.isnan(slices.wavelength_at(102, 96))
    assert math.isnan(slices.wavelength_at(7, 48))


def test_right_ascension_turns_over_at_zero(view):
    turned = _changed(view, ra=(view.ra - RA) % 360.0)
    slices = map_slices(turned)
    assert at_sky(turned, slices, 359.9999999, DEC, 5.3).pixel == (24, 48)
    assert at_sky(turned, slices, 360.0 - 4 * PIXEL * EAST, DEC, 5.3).pixel == (20, 48)


def test_pixels_without_coordinates_are_not_found(view):
    gone = view.ra.copy()
    gone[48, 24] = np.nan
    holed = _changed(view, ra=gone)
    slices = map_slices(holed)
    assert at_sky(holed, slices, RA, DEC, 5.3).pixel in {(23, 48), (25, 48), (24, 47), (24, 49)}
    empty = _changed(view, ra=np.full_like(view.ra, np.nan))
    assert at_sky(empty, map_slices(empty), RA, DEC, 5.3).pixel is None


def test_spaxels_are_counted_on_the_grid(sky):
    assert spaxel_at(sky, RA, DEC) == (20, 20)
    assert spaxel_at(sky, *(float(v) for v in sky.position(0.13, 0.26))) == (19, 22)
    assert spaxel_at(sky, RA + 0.01, DEC) is None
    assert spaxel_at(None, RA, DEC) is None


def _changed(view: ExposureView, **arrays) -> ExposureView:
    return ExposureView(**{name: getattr(view, name) for name in view.__dataclass_fields__} | arrays)
