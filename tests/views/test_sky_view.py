"""The field on the sky, used with the mouse."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt

from atm_viewer.views.sky_view import SkyView
from atm_viewer.views.theme import DARK, LIGHT
from tests.views.mouse import brightest_at, click, colour_at, dot, drag, hover, leave, let_go, settle, show, view_range
from tests.views.synthetic import make_sky


@pytest.fixture
def sky():
    return make_sky()


@pytest.fixture
def view(qtbot, sky):
    view = SkyView()
    show(qtbot, view, 500, 420)
    view.show_image(sky)
    settle(qtbot)
    return view


def seen_at(view: SkyView, spot: QPoint):
    return view.canvas.grab().toImage().pixelColor(spot)


@pytest.mark.parametrize(("east", "north"), [(0.0, 0.0), (1.6, -0.7), (-1.2, 1.9), (0.52, 1.04)])
def test_click_gives_the_position(qtbot, view, sky, east, north):
    with qtbot.waitSignal(view.picked) as picked:
        click(qtbot, view.plot, east, north)
    found = np.array(sky.offsets(*picked.args))
    np.testing.assert_allclose(found, (east, north), atol=sky.spaxel / 2)


def test_east_is_left_and_north_is_up(qtbot, view, sky):
    middle = dot(view.plot, 0.0, 0.0)
    positions = []
    for spot in (middle, middle - QPoint(60, 0), middle - QPoint(0, 60)):
        with qtbot.waitSignal(view.picked) as picked:
            qtbot.mouseClick(view.canvas.viewport(), Qt.MouseButton.LeftButton, pos=spot)
            settle(qtbot)
        positions.append(picked.args)
    centre, left, up = positions
    assert left[0] > centre[0]
    assert left[1] == pytest.approx(centre[1], abs=2e-6)
    assert up[1] > centre[1]
    assert up[0] == pytest.approx(centre[0], abs=2e-6)


def test_star_is_seen_where_it_is(qtbot, view, sky):
    """The star lies to the north-east: up and left of the tangent point on the screen."""
    east, north = (float(v) for v in sky.offsets(*sky.peak))
    bright = colour_at(view.plot, east, north).lightness()
    assert bright > 120
    for mirrored in ((-east, north), (east, -north), (-east, -north)):
        assert colour_at(view.plot, *mirrored).lightness() < bright - 60
    centre, star = dot(view.plot, 0, 0), dot(view.plot, east, north)
    assert star.x() < centre.x()
    assert star.y() < centre.y()


def test_each_spaxel_is_drawn_in_its_place(qtbot, view, sky):
    image = np.full_like(sky.image, 1.0)
    image[10, 5] = 1000.0
    spot = type(sky)(sky.band, image, sky.unit, sky.ra, sky.dec, sky.x0, sky.y0, sky.spaxel, sky.peak)
    view.show_image(spot)
    view.share_box.setCurrentIndex(0)
    settle(qtbot)
    east, north = (sky.x0 - 5) * sky.spaxel, (10 - sky.y0) * sky.spaxel
    edge = 0.35 * sky.spaxel
    for de in (-edge, 0, edge):
        for dn in (-edge, 0, edge):
            assert colour_at(view.plot, east + de, north + dn).lightness() > 110
            assert colour_at(view.plot, east + de + np.sign(de or 1) * sky.spaxel, north + dn).lightness() < 90


def test_click_outside_of_the_grid_says_nothing(qtbot, view):
    with qtbot.assertNotEmitted(view.picked):
        click(qtbot, view.plot, 3.4, 0.0)


def test_spaxel_is_marked_on_the_grid(qtbot, view, sky):
    ra, dec = (float(v) for v in sky.position(-0.95, -1.0))
    with qtbot.assertNotEmitted(view.picked), qtbot.assertNotEmitted(view.radius_edited):
        view.show_spaxel(ra, dec, 0.5)
        settle(qtbot)
    x, y = round(sky.x0 + 0.95 / sky.spaxel), round(sky.y0 - 1.0 / sky.spaxel)
    east, north, half = (sky.x0 - x) * sky.spaxel, (y - sky.y0) * sky.spaxel, sky.spaxel / 2
    for de, dn in ((half, 0), (-half, 0), (0, half), (0, -half)):
        assert brightest_at(view.plot, east + de, north + dn) > 180
    assert view.radius_box.value() == 0.5
    # the circle runs around the spaxel's centre
    ring = [brightest_at(view.plot, east + 0.5 * np.cos(a), north + 0.5 * np.sin(a)) for a in (0.3, 2.0, 4.0)]
    assert min(ring) > 180


def test_radius_is_dragged(qtbot, view, sky):
    ra, dec = sky.position(0.0, 0.0)
    view.show_spaxel(float(ra), float(dec), 0.5)
    settle(qtbot)
    handle = 0.5 / np.sqrt(2)
    with qtbot.waitSignal(view.radius_edited) as edited:
        drag(qtbot, view.plot, (handle, handle), (2 * handle, 2 * handle))
    assert edited.args[0] == pytest.approx(1.0, abs=0.06)
    assert view.radius_box.value() == pytest.approx(edited.args[0], abs=0.01)
    with qtbot.waitSignal(view.radius_edited) as edited:
        drag(qtbot, view.plot, (2 * handle, 2 * handle), (1.2 * handle, 1.2 * handle))
    assert edited.args[0] == pytest.approx(0.6, abs=0.06)


def test_radius_that_is_held_is_not_taken_away(qtbot, view, sky):
    ra, dec = (float(v) for v in sky.position(0.0, 0.0))
    view.show_spaxel(ra, dec, 0.5)
    settle(qtbot)
    handle = 0.5 / np.sqrt(2)
    drag(qtbot, view.plot, (handle, handle), (2 * handle, 2 * handle), release=False)
    view.show_spaxel(ra, dec, 0.5)
    assert view.radius_box.value() == pytest.approx(1.0, abs=0.06)
    with qtbot.waitSignal(view.radius_edited) as edited:
        let_go(qtbot, view.plot, (2 * handle, 2 * handle))
    assert edited.args[0] == pytest.approx(1.0, abs=0.06)


def test_radius_is_typed(qtbot, view, sky):
    view.show_spaxel(*sky.peak, 0.5)
    view.radius_box.selectAll()
    qtbot.keyClicks(view.radius_box, "0.8")
    with qtbot.waitSignal(view.radius_edited) as edited:
        qtbot.keyClick(view.radius_box, Qt.Key.Key_Return)
    assert edited.args == [0.8]
    assert view.radius_box.suffix() == "″"


def test_spaxel_within_the_aperture_can_be_chosen(qtbot, view, sky):
    view.show_spaxel(*sky.peak, 0.65)
    settle(qtbot)
    with qtbot.waitSignal(view.picked) as picked:
        click(qtbot, view.plot, 0.26, 0.91)
    np.testing.assert_allclose(np.array(sky.offsets(*picked.args)), (0.26, 0.91), atol=sky.spaxel / 2)


def test_hover_tells_offsets_position_and_value(qtbot, view, sky):
    before = view_range(view.plot), view.limits
    with qtbot.waitSignal(view.pointed) as told:
        hover(qtbot, view.plot, 0.52, 1.04)
    ra, dec, text = told.args
    np.testing.assert_allclose(sky.offsets(ra, dec), (0.52, 1.04), atol=sky.spaxel / 4)
    assert "+0.5" in text
    assert "″ east" in text
    assert "″ north" in text
    assert f"{sky.image[28, 18]:.0f} MJy/sr" in text
    with qtbot.waitSignal(view.pointed) as told:
        hover(qtbot, view.plot, 2.8, 3.7)
    assert "no value" in told.args[2]
    with qtbot.waitSignal(view.left):
        leave(qtbot, view.plot)
    assert (view_range(view.plot), view.limits) == before


def test_zoom_stays_on_the_same_grid_and_not_on_another(qtbot, view, sky):
    view.view.setRange(xRange=(-0.5, 0.5), yRange=(-0.5, 0.5))
    settle(qtbot)
    zoomed = view_range(view.plot)
    brighter = type(sky)(sky.band, sky.image * 2, sky.unit, sky.ra, sky.dec, sky.x0, sky.y0, sky.spaxel, sky.peak)
    view.show_image(brighter)
    assert view_range(view.plot) == zoomed
    other = type(sky)("ch2-short", sky.image, sky.unit, sky.ra, sky.dec, sky.x0, sky.y0, 0.17, sky.peak)
    view.show_image(other)
    assert view_range(view.plot) != zoomed


def test_spaxel_is_told_before_the_image_and_shown_with_it(qtbot, sky):
    view = SkyView()
    show(qtbot, view, 500, 420)
    view.show_spaxel(*sky.peak, 0.65)
    with qtbot.assertNotEmitted(view.picked):
        click(qtbot, view.plot, 0.0, 0.0)
    view.show_image(sky)
    settle(qtbot)
    assert view.radius_box.value() == 0.65
    view.show_image(None)
    settle(qtbot)
    assert not view.radius_box.isEnabled()


def test_light_and_dark(qtbot, view, sky):
    for theme, low, high in ((LIGHT, 200, 256), (DARK, 0, 60)):
        view.set_theme(theme)
        settle(qtbot)
        assert low <= view.canvas.grab().toImage().pixelColor(2, 2).lightness() < high


def test_every_control_has_a_tooltip(view):
    for control in (view.radius_box, view.stretch_box, view.share_box, view.fit_button):
        assert control.toolTip()
