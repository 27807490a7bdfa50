"""Geometry and WCS of the demo against numbers known by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from astropy.io import fits
from stdatamodels.jwst import datamodels

from atm_viewer.demo import demo_source, miri_mrs, nirspec_ifu

MIRI_STAR = ((0.88, -0.40), (-0.78, 0.48), (-0.93, 0.31), (0.83, -0.39))
"""Where the star is to fall: (alpha, beta) in arcsec by exposure."""


@pytest.fixture(scope="module")
def miri(demo_set):
    with datamodels.open(demo_set("miri")[0]) as model:
        yield model


@pytest.fixture(scope="module")
def nirspec(demo_set):
    with datamodels.open(demo_set("nirspec")[0]) as model:
        yield model


def test_mrs_slices_lie_on_the_detector_in_the_order_of_the_instrument(miri):
    region = miri.meta.wcs.get_transform("detector", "alpha_beta").label_mapper.mapper
    row = region[512]
    seen = row[np.flatnonzero(np.diff(row, prepend=0) * row)]
    first = [111, 121, 110, 120, 109, 119, 108, 118, 107, 117, 106, 116, 105, 115, 104, 114, 103, 113, 102, 112, 101]
    second = [201, 210, 202, 211, 203, 212, 204, 213, 205, 214, 206, 215, 207, 216, 208, 217, 209]
    assert seen.tolist() == first + second
    assert (region[:, :513] < 200).all(), "cube_build looks for channel 1 in the left half only"
    assert ((region[:, 513:] == 0) | (region[:, 513:] > 200)).all()


def test_mrs_slices_have_the_published_sizes(miri):
    y, x = np.mgrid[:1024, :1032]
    alpha, beta, wavelength = miri.meta.wcs.get_transform("detector", "alpha_beta")(x, y)
    region = miri.meta.wcs.get_transform("detector", "alpha_beta").label_mapper.mapper
    for channel, count, width, length, first, last in (
        (1, 21, 0.176, 3.7, 4.90, 5.74),
        (2, 17, 0.277, 4.8, 7.51, 8.77),
    ):
        ours = region // 100 == channel
        steps = np.diff(np.unique(beta[ours].round(6)))
        assert steps == pytest.approx(np.full(count - 1, width), abs=1e-4)
        assert np.ptp(alpha[ours]) == pytest.approx(length, abs=0.2)
        assert abs(np.nanmedian(np.diff(alpha, axis=1)[ours[:, 1:]])) == pytest.approx(0.196, abs=1e-3)
        for number in np.unique(region[ours]):
            inside = wavelength[region == number]
            assert inside.min() < first
            assert inside.max() > last
    assert np.isnan(alpha[region == 0]).all()


def test_mrs_star_falls_on_the_slices_it_was_pointed_at(demo_set):
    """Beta -0.40 is 7.7 slices from the first of channel 1 (at -1.76) and 6.6 from that of channel 2 (at -2.216)."""
    slices = miri_mrs.detector_geometry()
    for path, (alpha, _), first, second in zip(
        demo_set("miri"), MIRI_STAR, (109, 114, 113, 109), (208, 211, 210, 208), strict=True
    ):
        image = fits.getdata(path, "SCI")
        for number, channel in ((first, 1), (second, 2)):
            rows = slice(500, 510)
            ours = slices.region[rows] // 100 == channel
            light = {n: np.nansum(image[rows][slices.region[rows] == n]) for n in np.unique(slices.region[rows][ours])}
            assert max(light, key=light.get) == number
            inside = slices.region[rows] == number
            weights = np.nan_to_num(image[rows][inside] - 100).clip(0)
            assert np.average(slices.alpha[rows][inside], weights=weights) == pytest.approx(alpha, abs=0.05)


def test_mrs_world_coordinates_lead_back_to_the_pixel(miri):
    wcs = miri.meta.wcs
    assert wcs.available_frames == ["detector", "alpha_beta", "v2v3", "v2v3vacorr", "world"]
    region = wcs.get_transform("detector", "alpha_beta").label_mapper.mapper
    y, x = (c[::997] for c in np.nonzero(region))
    ra, dec, wavelength = wcs(x, y)
    back = wcs.get_transform("world", "detector")(ra, dec, wavelength)
    assert back[0] == pytest.approx(x, abs=1e-5)
    assert back[1] == pytest.approx(y, abs=1e-5)


def test_sources_are_seen_where_they_are_said_to_be(demo_set):
    for index in (0, 2):
        place = MIRI_STAR[index]
        with datamodels.open(demo_set("miri")[index]) as model:
            to_slicer = model.meta.wcs.get_transform("world", "alpha_beta")
            for wavelength in (5.3, 8.1):
                star = to_slicer(*demo_source("miri"), wavelength)
                neighbour = to_slicer(*demo_source("miri", "neighbour"), wavelength)
                assert star[:2] == pytest.approx(place, abs=1e-4)
                assert np.hypot(neighbour[0] - star[0], neighbour[1] - star[1]) == pytest.approx(0.710, abs=1e-3)


@pytest.mark.parametrize("camera", [miri_mrs, nirspec_ifu])
def test_traces_cross_several_pixels(camera):
    """A trace that kept to its pixels would give an offset instead of an oscillation."""
    for trace in camera.traces():
        u = np.linspace(-trace.middle, trace.middle, 200)
        c0, c1, c2 = trace.centre
        assert np.ptp(c0 + c1 * u + c2 * u**2) > 4


def test_the_footprint_is_that_of_assign_wcs(miri):
    from jwst.assign_wcs.util import update_s_region_mrs

    ours = miri.meta.wcsinfo.s_region, miri.meta.wcsinfo.spectral_region
    update_s_region_mrs(miri)
    corners = [np.array(region.split()[2:], float) for region in (ours[0], miri.meta.wcsinfo.s_region)]
    assert corners[0] == pytest.approx(corners[1], abs=0.1 / 3600)
    assert ours[1] == pytest.approx(miri.meta.wcsinfo.spectral_region, abs=1e-3)


def test_nirspec_slices_do_not_share_their_bounds(nirspec):
    from jwst.assign_wcs.nirspec import nrs_ifu_wcs

    rows = sorted((wcs.bounding_box[1][0], wcs.bounding_box[1][1]) for wcs in nrs_ifu_wcs(nirspec))
    assert len(rows) == 30
    assert all(lower[1] <= upper[0] for lower, upper in pairwise(rows))
    assert np.unique(nirspec.regions).tolist() == list(range(31))


def test_nirspec_slices_see_what_they_should(nirspec):
    """Slices 1 and 3 are neighbours, 0.1 arcsec or 0.8 mm apart on the slicer; 3.1 arcsec are 12.4 mm along it."""
    from jwst.assign_wcs.nirspec import nrs_ifu_wcs

    wcs = nrs_ifu_wcs(nirspec)
    assert wcs[0].available_frames == ["coordinates", "detector", "slicer", "v2v3", "v2v3vacorr", "world"]
    y, x = np.nonzero(nirspec.regions == 1)
    across, along, wavelength = wcs[0].transform("detector", "slicer", x, y)
    assert across == pytest.approx(0.4e-3)
    assert np.ptp(along) == pytest.approx(12.4e-3, abs=0.4e-3)
    assert 1e6 * wavelength.min() < 1.66
    assert 1e6 * wavelength.max() > 3.17
    y, x = np.nonzero(nirspec.regions == 3)
    assert wcs[2].transform("detector", "slicer", x, y)[0] == pytest.approx(1.2e-3)
    assert np.nanmax(np.abs(nirspec.wavelength[y, x] - wcs[2](x, y)[2])) < 1e-6


def test_nirspec_world_coordinates_lead_back_to_the_pixel(nirspec):
    wcs = nirspec.meta.wcs
    y, x = (c[::9973] for c in np.nonzero(nirspec.regions))
    back = wcs.get_transform("slicer", "detector")(*wcs.get_transform("detector", "slicer")(x, y))
    assert back[0] == pytest.approx(x, abs=1e-5)
    assert back[1] == pytest.approx(y, abs=1e-5)
    alpha, beta = np.array([0.02, 0.03])  # of the star in the first exposure, in arcsec
    place = wcs.get_transform("world", "slicer")(*demo_source("nirspec"), 2.4)
    assert place == pytest.approx((beta / 125, -alpha / 250, 2.4e-6), abs=1e-9)


def test_nirspec_star_falls_on_the_slice_it_was_pointed_at(demo_set):
    """Beta 0.03 belongs to slice 1 (0 to 0.1), -0.22 to slice 6 (-0.3 to -0.2), 0.28 to 5 and -0.32 to 8."""
    region = nirspec_ifu.detector_geometry().region
    for path, number in zip(demo_set("nirspec"), (1, 6, 5, 8), strict=True):
        image = fits.getdata(path, "SCI")
        light = [np.nansum(image[region == n]) for n in range(1, 31)]
        assert int(np.argmax(light)) + 1 == number
