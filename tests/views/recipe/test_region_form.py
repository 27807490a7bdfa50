"""Numbers of the selected region in the Recipe panel, and corners of polygons by mouse."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import Qt

from atm_viewer.engine.recipe import Circle, Ellipse, Polygon
from atm_viewer.engine.sky_shapes import middle_of_side, tidy
from tests.views.mouse import choose, click, drag, right_click
from tests.views.window.test_context_menus import menus
from tests.views.windows import FILES, press, wait

ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def window(start, qtbot):
    window = start(*FILES)
    wait(qtbot, window)
    return window


@pytest.fixture
def form(window):
    return window.recipe_panel.region_form


def shape(window):
    return window.session.state.selected_region.shape


def draw(qtbot, window, kind):
    place = window.session.state.places.current
    ra, dec, step = place.ra, place.dec, 1 / 3600
    shape = {
        "circle": Circle(ra, dec, 0.4),
        "ellipse": Ellipse(ra, dec, (0.8, 0.4), 30.0),
        "polygon": Polygon(((ra, dec + step), (ra - 2 * step, dec - step), (ra + 2 * step, dec - step))),
    }[kind]
    window.session.regions.draw(tidy(shape))  # as the hand draws
    wait(qtbot, window)


def enter(qtbot, field, text):
    """Type a text over what a field shows."""
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def offsets(window, ra, dec):
    return tuple(float(v) for v in window.session.answers.sky.offsets(ra, dec))


def test_a_circle_is_moved_and_sized_by_numbers_and_undone(window, form, qtbot):
    assert not form.isVisible()
    draw(qtbot, window, "circle")
    drawn = shape(window)
    assert form.isVisible()
    assert float(form.ra_line.text()) == pytest.approx(drawn.ra, abs=1e-7)
    assert float(form.dec_line.text()) == pytest.approx(drawn.dec, abs=1e-7)
    assert form.radius_box.value() == 0.4
    assert not form.first_box.isVisible()
    enter(qtbot, form.radius_box, "0,75")
    assert shape(window).radius == 0.75
    enter(qtbot, form.ra_line, f"{drawn.ra + 0.0001:.7f}")
    assert shape(window).ra == pytest.approx(drawn.ra + 0.0001, abs=1e-7)
    assert not form.ra_line.hasFocus()  # keys mean actions again
    for _ in range(2):
        press(qtbot, window, "undo")
    assert shape(window) == drawn
    assert form.radius_box.value() == 0.4
    assert float(form.ra_line.text()) == pytest.approx(drawn.ra, abs=1e-7)
    wait(qtbot, window)


def test_all_of_the_form_is_in_sight(window, form, qtbot):
    for kind in ("circle", "ellipse", "polygon"):
        draw(qtbot, window, kind)
        for row in (r for r in form._rows.values() if r.isVisible()):
            assert window.recipe_panel.regions.geometry().bottom() < form.geometry().top()
            assert form.rect().contains(row.geometry())
    wait(qtbot, window)


def test_positions_are_typed_in_hours_or_pasted_in_pairs(window, form, qtbot):
    draw(qtbot, window, "circle")
    enter(qtbot, form.ra_line, "10:44:59.88")
    assert shape(window).ra == pytest.approx(161.2495)
    enter(qtbot, form.dec_line, "-59 40 47.7")
    assert shape(window).dec == pytest.approx(-59.67991667, abs=1e-7)
    assert "-59:40:47.700" in form.dec_line.toolTip()
    enter(qtbot, form.dec_line, "161.25 -59.68")
    assert (shape(window).ra, shape(window).dec) == (161.25, -59.68)
    before = shape(window)
    enter(qtbot, form.dec_line, "south")
    assert shape(window) == before
    assert form.dec_line.text() == "-59.6800000"
    assert "Dec must be a number" in window.banner.label.text()
    form.ra_line.setFocus()
    qtbot.keyClicks(form.ra_line, "12")
    qtbot.keyClick(form.ra_line, Qt.Key.Key_Escape)
    assert (shape(window), form.ra_line.text()) == (before, "161.2500000")
    wait(qtbot, window)


def test_an_ellipse_has_axes_and_an_angle(window, form, qtbot):
    draw(qtbot, window, "ellipse")
    assert [box.value() for box in (form.first_box, form.second_box, form.angle_box)] == [0.8, 0.4, 30.0]
    enter(qtbot, form.second_box, "0.6")
    enter(qtbot, form.angle_box, "-20")
    assert (shape(window).radii, shape(window).angle) == ((0.8, 0.6), 340.0)
    form.first_box.setFocus()
    for _ in range(3):
        qtbot.keyClick(form.first_box, Qt.Key.Key_Up)
    assert shape(window).radii == (0.95, 0.6)
    press(qtbot, window, "undo")  # quick steps are one
    assert (shape(window).radii, shape(window).angle) == ((0.8, 0.6), 340.0)
    press(qtbot, window, "undo")
    assert (shape(window).radii, shape(window).angle) == ((0.8, 0.6), 30.0)
    wait(qtbot, window)


def test_numbers_follow_a_drag(window, form, qtbot):
    draw(qtbot, window, "circle")
    east, north = offsets(window, shape(window).ra, shape(window).dec)
    drag(qtbot, window.sky.plot, (east, north - 0.4), (east + 0.5, north - 0.4))
    wait(qtbot, window)
    assert float(form.ra_line.text()) == pytest.approx(shape(window).ra, abs=1e-7)
    assert offsets(window, float(form.ra_line.text()), float(form.dec_line.text()))[0] == pytest.approx(
        east + 0.5, abs=0.08
    )


def test_a_corner_is_moved_by_numbers(window, form, qtbot):
    draw(qtbot, window, "polygon")
    drawn = shape(window)
    enter(qtbot, form.corner_box, "2")
    ra, dec = drawn.vertices[1]
    assert float(form.ra_line.text()) == pytest.approx(ra, abs=1e-7)
    enter(qtbot, form.dec_line, f"{dec - 0.0001:.7f}")
    assert shape(window).vertices[1] == pytest.approx((ra, dec - 0.0001), abs=2e-7)
    assert shape(window).vertices[0] == drawn.vertices[0]
    click(qtbot, window.sky.plot, *offsets(window, *drawn.vertices[2]))
    assert form.corner_box.value() == 3
    assert shape(window).vertices[2] == drawn.vertices[2]
    wait(qtbot, window)


def test_corners_are_added_and_removed_by_buttons(window, form, qtbot):
    draw(qtbot, window, "polygon")
    drawn = shape(window)
    assert not form.remove_button.isEnabled()
    qtbot.mouseClick(form.add_button, Qt.MouseButton.LeftButton)
    assert np.allclose(shape(window).vertices[1], middle_of_side(drawn, 0), atol=1e-7)
    assert form.corner_box.text() == "corner 2 of 4"
    assert window.session.recipes.undo_stack.undoText() == "Region “region”: add corner"
    qtbot.mouseClick(form.remove_button, Qt.MouseButton.LeftButton)
    assert shape(window) == drawn
    wait(qtbot, window)


def test_a_click_on_a_side_adds_a_corner_and_alt_click_removes_it(window, qtbot):
    draw(qtbot, window, "polygon")
    drawn, plot = shape(window), window.sky.plot
    place, side = window.session.state.places, offsets(window, *middle_of_side(drawn, 1))
    window.session.regions.select("")
    click(qtbot, plot, *side)  # the first click selects
    assert (window.session.state.region, shape(window)) == ("region", drawn)
    click(qtbot, plot, *side)
    assert len(shape(window).vertices) == 4
    assert offsets(window, *shape(window).vertices[2]) == pytest.approx(side, abs=0.05)
    drag(qtbot, plot, side, (side[0], side[1] - 0.5))
    wait(qtbot, window)
    bent = (side[0], side[1] - 0.5)
    assert offsets(window, *shape(window).vertices[2]) == pytest.approx(bent, abs=0.08)
    click(qtbot, plot, *offsets(window, *shape(window).vertices[2]), ALT)
    assert shape(window) == drawn
    click(qtbot, plot, *offsets(window, *drawn.vertices[0]), ALT)
    assert shape(window) == drawn  # a polygon has three corners at least
    assert window.session.state.places == place
    press(qtbot, window, "undo")
    assert len(shape(window).vertices) == 4
    wait(qtbot, window)


def test_the_menu_adds_and_removes_corners(window, qtbot):
    draw(qtbot, window, "polygon")
    drawn, menu = shape(window), menus(window)[0]
    side = offsets(window, *middle_of_side(drawn, 1))
    right_click(qtbot, window.sky.plot, *side)
    choose(qtbot, menu, "Add Corner Here")
    qtbot.waitUntil(lambda: len(shape(window).vertices) == 4)
    assert offsets(window, *shape(window).vertices[2]) == pytest.approx(side, abs=0.06)
    right_click(qtbot, window.sky.plot, *offsets(window, *shape(window).vertices[2]))
    choose(qtbot, menu, "Remove Corner")
    qtbot.waitUntil(lambda: shape(window) == drawn)
    draw(qtbot, window, "circle")
    place = window.session.state.places.current
    right_click(qtbot, window.sky.plot, *offsets(window, place.ra, place.dec))
    assert not [a for a in menu.actions() if "Corner" in a.text() and a.isVisible()]
    menu.close()
    wait(qtbot, window)
