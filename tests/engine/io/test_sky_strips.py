"""Which slices see a region, and where along them, against the demo's own geometry."""

from __future__ import annotations

import time

import numpy as np
import pytest
from regions import EllipseSkyRegion

from atm_viewer.demo import demo_source
from atm_viewer.demo.miri_mrs import CHANNELS, FIELD, traces
from atm_viewer.demo.scene import Direction
from atm_viewer.demo.telescope import locate
from atm_viewer.engine.cube.footprints import SkyMapper
from atm_viewer.engine.io.exposure import open_exposure
from atm_viewer.engine.io.region_files import write_ds9
from atm_viewer.engine.io.sky_strips import LINES, sky_strips
from atm_viewer.engine.placement import Placement
from atm_viewer.engine.recipe import Circle, Ellipse, Polygon, Region
from atm_viewer.engine.sky_shapes import centre, contains, moved, outline, reach


def strips_of(exposure):
    return sky_strips(exposure, {number: exposure.pixel_step(number) for number in exposure.slices})


@pytest.fixture(scope="module")
def miri(demo_files):
    """The four dithers of the MIRI demo with their strips, and where the star is in each, in alpha and beta."""
    found = []
    for path in demo_files("miri"):
        exposure = open_exposure(path)
        star = locate(exposure.model, FIELD, Direction(*demo_source("miri")))
        found.append((exposure, strips_of(exposure), star))
        exposure.close()
    return found


def by_hand(number, star, radius):
    """Ends of the alpha range in which a slice of the demo sees a circle about the star; None when it does not."""
    [trace] = [t for t in traces() if t.number == number]
    alpha = star[0] + np.linspace(-radius, radius, 4001)
    half = np.sqrt(np.maximum(radius**2 - (alpha - star[0]) ** 2, 0.0))
    low = np.maximum(star[1] - half, trace.beta - trace.width / 2)
    high = np.minimum(star[1] + half, trace.beta + trace.width / 2)
    sees = (high > low) & (high - low >= 0.5 * np.minimum(2 * half, trace.width))
    sees &= np.abs(alpha) < trace.length / 2
    return (alpha[sees][0], alpha[sees][-1]) if sees.any() else None


def test_moved_strips_are_those_of_the_shifted_exposure(miri):
    exposure, strips, _ = miri[0]
    circle = Circle(*demo_source("miri"), 0.4)
    shifted = strips_of(exposure.placed(Placement(east=0.7, north=-0.4))).ranges(circle)
    found = strips.moved(0.7, -0.4).ranges(circle)
    assert set(found) == set(shifted) != set(strips.ranges(circle))
    for number, spans in shifted.items():
        np.testing.assert_allclose(found[number], spans, atol=2e-3)
    assert strips.moved(0.0, 0.0) is strips
    assert strips.moved(0.7, -0.4) is strips.moved(0.7, -0.4)


@pytest.mark.parametrize("radius", [0.5, 0.15, 0.01])
def test_a_circle_about_the_star_reaches_the_slices_that_see_it_in_every_dither(miri, radius):
    seen = []
    for exposure, strips, star in miri:
        found = strips.ranges(Circle(*demo_source("miri"), radius))
        expected = {n: by_hand(n, star, radius) for n in exposure.slices}
        expected = {n: ends for n, ends in expected.items() if ends is not None}
        assert set(found) == set(expected)
        for number, ends in expected.items():
            [span] = found[number]
            assert span == pytest.approx(ends, abs=exposure.pixel_step(number) / LINES)
        # However small it is, each channel has a slice that sees it, at the star's alpha.
        for channel in (1, 2):
            assert any(low <= star[0] <= high for n in found if n // 100 == channel for low, high in found[n])
        seen.append(tuple(found))
    assert len(set(seen)) > 1  # the dithers move the star to other slices


def test_a_place_is_found_in_the_slices_that_see_it(miri):
    for _, strips, (alpha, beta) in miri:
        found = strips.at(*demo_source("miri"))
        assert set(found) == {t.number for t in traces() if abs(t.beta - beta) <= t.width / 2}
        assert all(abs(value - alpha) < 0.01 for value in found.values())
        assert strips.at(0.0, 0.0) == {}
        # The tangent plane of a field shows the opposite place of the sky as well.
        ra, dec = demo_source("miri")
        assert strips.at((ra + 180.0) % 360.0, -dec) == {}
        assert strips.ranges(Circle((ra + 180.0) % 360.0, -dec, 1.0)) == {}
        assert not contains(Circle((ra + 180.0) % 360.0, -dec, 1.0), ra, dec)


@pytest.mark.parametrize("instrument", ["miri", "nirspec"])
def test_ends_of_the_strips_are_those_of_the_pixels_footprints(demo_files, instrument):
    exposure = open_exposure(demo_files(instrument)[0])
    strips, mapper = strips_of(exposure), SkyMapper(exposure)
    for number in exposure.slices[::7]:
        y, x = np.unravel_index(exposure.slice_pixels(number)[::997], exposure.regions.shape)
        foot = mapper.footprints(x, y, np.full(x.size, number), 1)
        corners = np.stack(foot.on(strips.plane))[:, :4]
        edges = np.stack([corners[:, 0] + corners[:, 3], corners[:, 1] + corners[:, 2]]) / 2
        alpha = exposure.coordinates.alpha[foot.y, foot.x] * exposure.coordinates.arcsec
        of_slice = strips.number == number
        nearest = np.abs(strips.alpha[of_slice] - alpha[:, None]).argmin(axis=1)
        start, end = strips.start[:, of_slice][:, nearest], strips.end[:, of_slice][:, nearest]
        for one, other in ((start, end), (end, start)):
            apart = np.hypot(*(edges[0] - one)) + np.hypot(*(edges[1] - other))
            if apart.max() < 0.03:
                break
        else:
            pytest.fail(f"slice {number} is elsewhere: {apart.max()}")
    exposure.close()


@pytest.mark.parametrize("instrument", ["miri", "nirspec"])
@pytest.mark.parametrize("kind", ["circle", "ellipse", "polygon"])
def test_ranges_hold_the_pixels_within_and_none_outside(demo_files, instrument, kind):
    exposure = open_exposure(demo_files(instrument)[1])
    strips, c = strips_of(exposure), exposure.coordinates
    place = Direction(*demo_source(instrument))
    corners = [place.moved(*offset) for offset in ((0.9, 0.1), (-0.2, 1.0), (-0.8, -0.7), (0.1, -0.2), (0.6, -0.9))]
    shape = {
        "circle": Circle(place.ra, place.dec, 0.8),
        "ellipse": Ellipse(place.ra, place.dec, (1.1, 0.6), 25.0),
        "polygon": Polygon(tuple((p.ra, p.dec) for p in corners)),
    }[kind]
    found = strips.ranges(shape)
    for number in exposure.slices:
        pixels = exposure.slice_pixels(number)[::50]
        ra, dec, alpha = (frame.ravel()[pixels] for frame in (c.ra, c.dec, c.alpha * c.arcsec))
        ranges = found.get(number, ())
        held = np.any([(low <= alpha) & (alpha <= high) for low, high in ranges] or [alpha > np.inf], axis=0)
        # A centre in the region whose surroundings are, too, is in a range; one far from it is not.
        near = np.array([contains(shape, ra + e / np.cos(np.radians(dec)), dec + n) for e, n in _around(0.2)])
        assert held[near.all(axis=0)].all()
        assert not held[~near.any(axis=0)].any()
    assert found
    exposure.close()


def _around(distance):
    angles = np.linspace(0, 2 * np.pi, 9)
    return [(distance / 3600 * np.cos(a) * r, distance / 3600 * np.sin(a) * r) for a in angles for r in (0, 0.5, 1)]


def test_dragging_a_region_is_quick(miri):
    """An edit while dragging has 20 ms of computing for each exposure; here with the hardest shape."""
    _, strips, _ = miri[0]
    ra, dec = outline(Circle(*demo_source("miri"), 1.0), 200)
    polygon = Polygon(tuple(zip(ra.tolist(), dec.tolist(), strict=True)))
    times = []
    for k in range(8):
        region = Region("r", moved(polygon, polygon.vertices[0][0] + 1e-5 * k, polygon.vertices[0][1]))
        begun = time.thread_time()
        strips.touched((region,))
        times.append(time.thread_time() - begun)
    assert min(times) < 0.02


def test_shapes_are_where_astropy_has_them():
    """Outlines lie on the edge, and DS9's angle is the same direction on the sky."""
    from astropy.coordinates import SkyCoord
    from astropy.wcs import WCS
    from regions import Regions

    ellipse = Ellipse(200.0, 70.0, (2.0, 0.5), 30.0)
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ["RA---TAN", "DEC--TAN"], [200.0, 70.0], [0.0, 0.0]
    wcs.wcs.cdelt = [-0.01 / 3600, 0.01 / 3600]
    [theirs] = Regions.parse(write_ds9([Region("e", ellipse)]), format="ds9")
    assert isinstance(theirs, EllipseSkyRegion)
    grid = np.stack(np.meshgrid(np.linspace(-2.2, 2.2, 60), np.linspace(-2.2, 2.2, 60))).reshape(2, -1) / 3600
    ra, dec = 200.0 + grid[0] / np.cos(np.radians(70.0)), 70.0 + grid[1]
    assert np.array_equal(contains(ellipse, ra, dec), theirs.contains(SkyCoord(ra, dec, unit="deg"), wcs))
    tip = SkyCoord(200.0, 70.0, unit="deg").directional_offset_by(30.0 * _deg(), 2.0 / 3600 * _deg())
    ra, dec = outline(ellipse)
    assert np.hypot((ra - tip.ra.deg) * np.cos(np.radians(70)), dec - tip.dec.deg).min() * 3600 < 1e-5


def _deg():
    from astropy import units

    return units.deg


@pytest.mark.parametrize(
    "shape",
    [
        Circle(0.0001, -30.0, 0.7),
        Ellipse(120.0, 89.9, (3.0, 1.0), 200.0),
        Polygon(((359.9999, 10.0), (0.0001, 10.0), (0.0001, 10.0002), (359.9999, 10.0002))),
    ],
    ids=lambda shape: shape.kind,
)
def test_a_moved_shape_is_the_same_elsewhere(shape):
    assert contains(shape, *centre(shape))
    there = moved(shape, 33.0, -45.0)
    assert centre(there) == pytest.approx((33.0, -45.0))
    assert reach(there) == pytest.approx(reach(shape))
    back = moved(there, *centre(shape))
    assert np.allclose(np.unwrap(outline(back), period=360), np.unwrap(outline(shape), period=360), rtol=0, atol=1e-9)


def test_every_other_part_of_a_polygon_that_crosses_itself_lies_within():
    bow = Polygon(((10.0, 0.0), (10.001, 0.001), (10.001, 0.0), (10.0, 0.001)))
    assert contains(
        bow, np.array([10.0001, 10.0009, 10.0005, 10.0005]), np.array([0.0005, 0.0005, 0.0001, 0.0009])
    ).tolist() == [True, True, False, False]


def test_slices_of_both_channels_are_strips(miri):
    exposure, strips, _ = miri[0]
    assert set(np.unique(strips.number).tolist()) == set(exposure.slices)
    for channel in CHANNELS:
        widths = np.hypot(*(strips.end - strips.start))[strips.number // 100 == channel.number]
        assert np.allclose(widths, channel.width, atol=1e-3)
