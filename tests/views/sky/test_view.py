"""The field on the sky, used with the mouse."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QColor, QImage

from atm_viewer.session.state.places import Places
from atm_viewer.views.base.theme import DARK, LIGHT
from atm_viewer.views.sky.view import SkyView
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


def at(ra: float, dec: float, radius: float) -> Places:
    """One place."""
    return Places().added(float(ra), float(dec), radius)


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
        view.show_places(at(ra, dec, 0.5))
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
    view.show_places(at(float(ra), float(dec), 0.5))
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
    view.show_places(at(ra, dec, 0.5))
    settle(qtbot)
    handle = 0.5 / np.sqrt(2)
    drag(qtbot, view.plot, (handle, handle), (2 * handle, 2 * handle), release=False)
    view.show_places(at(ra, dec, 0.5))
    assert view.radius_box.value() == pytest.approx(1.0, abs=0.06)
    with qtbot.waitSignal(view.radius_edited) as edited:
        let_go(qtbot, view.plot, (2 * handle, 2 * handle))
    assert edited.args[0] == pytest.approx(1.0, abs=0.06)


def test_radius_is_typed(qtbot, view, sky):
    view.show_places(at(*sky.peak, 0.5))
    view.radius_box.selectAll()
    qtbot.keyClicks(view.radius_box, "0.8")
    with qtbot.waitSignal(view.radius_edited) as edited:
        qtbot.keyClick(view.radius_box, Qt.Key.Key_Return)
    assert edited.args == [0.8]
    assert view.radius_box.suffix() == "″"


def test_spaxel_within_the_aperture_can_be_chosen(qtbot, view, sky):
    view.show_places(at(*sky.peak, 0.65))
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
    view.show_places(at(*sky.peak, 0.65))
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


@pytest.fixture
def two(qtbot, view, sky):
    """Two places, at the star and to the south-west of it; the second one is active."""
    places = Places().added(*sky.peak, 0.5).added(*(float(v) for v in sky.position(-1.04, -0.78)), 0.4)
    view.show_places(places)
    settle(qtbot)
    return places


def test_a_click_with_shift_wants_one_more_place(qtbot, view, sky):
    view.show_places(at(*sky.peak, 0.5))
    with qtbot.waitSignal(view.added) as added, qtbot.assertNotEmitted(view.picked):
        click(qtbot, view.plot, -0.91, 0.39, Qt.KeyboardModifier.ShiftModifier)
    np.testing.assert_allclose(np.array(sky.offsets(*added.args)), (-0.91, 0.39), atol=sky.spaxel / 2)


def test_several_places_have_numbers_in_the_colours_of_their_spectra(qtbot, view, sky, two):
    for theme in (LIGHT, DARK):
        view.set_theme(theme)
        settle(qtbot)
        assert set(theme.variants[:2]) <= colours(view)
    view.show_places(two.removed(2))
    settle(qtbot)
    assert not set(DARK.variants[:2]) & colours(view)


def colours(view) -> set[str]:
    """All colours seen on the canvas."""
    image = view.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits().asstring(image.sizeInBytes()), np.uint32)
    return {QColor(int(c)).name() for c in np.unique(pixels)}


def test_a_place_is_dragged_by_its_handle(qtbot, view, sky, two):
    start = tuple(float(v) for v in sky.offsets(two[1].ra, two[1].dec))
    moves = []
    view.place_moved.connect(lambda *args: moves.append(args))
    drag(qtbot, view.plot, start, (start[0] - 0.65, start[1] - 0.52))
    assert {number for number, _, _ in moves} == {1}
    assert len(moves) == len(set(moves)) > 2  # told on the way, each spaxel once
    found = sky.offsets(*moves[-1][1:])
    np.testing.assert_allclose(found, (start[0] - 0.65, start[1] - 0.52), atol=0.01 + sky.spaxel / 2)
    # let go without anybody moving it, it is where it was
    assert view.marks.place_at(*start) == 1


def test_clicking_a_handle_chooses_its_place_and_moves_nothing(qtbot, view, sky, two):
    start = (float(v) for v in sky.offsets(two[1].ra, two[1].dec))
    with qtbot.waitSignal(view.chosen) as chosen, qtbot.assertNotEmitted(view.picked):
        click(qtbot, view.plot, *start)
    assert chosen.args == [1]


def test_the_radius_is_that_of_the_active_place(qtbot, view, two):
    assert view.radius_box.value() == 0.4
    view.show_places(two.chosen(1))
    assert view.radius_box.value() == 0.5


@pytest.mark.parametrize(
    ("key", "east", "north"),
    [
        (Qt.Key.Key_Left, 1, 0),
        (Qt.Key.Key_Right, -1, 0),
        (Qt.Key.Key_Up, 0, 1),
        (Qt.Key.Key_Down, 0, -1),
    ],
)
def test_keys_move_the_active_place_by_spaxels(qtbot, view, sky, two, key, east, north):
    start = np.array(sky.offsets(two[2].ra, two[2].dec))
    for modifier, steps in ((Qt.KeyboardModifier.NoModifier, 1), (Qt.KeyboardModifier.ShiftModifier, 5)):
        with qtbot.waitSignal(view.picked) as picked:
            qtbot.keyClick(view.canvas, key, modifier)
        moved = np.array(sky.offsets(*picked.args)) - start
        np.testing.assert_allclose(moved, np.array([east, north]) * steps * sky.spaxel, atol=1e-6)


def test_delete_removes_the_active_place(qtbot, view, two):
    with qtbot.waitSignal(view.removed) as removed:
        qtbot.keyClick(view.canvas, Qt.Key.Key_Delete)
    assert removed.args == [2]
