"""Menus of a right click on sky image and spectra: actions at the place under the mouse."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QMenu

from atm_viewer.engine.recipe import Circle, Region
from atm_viewer.views.exposures.same_position import DithersWindow
from atm_viewer.views.window.context_menus import ContextMenus
from tests.views.mouse import choose, click, hover, leave, right_click
from tests.views.windows import FILES, wait

SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def opened(start, qtbot):
    window = start(*FILES, size=(1440, 900))
    wait(qtbot, window)
    return window


def menus(window) -> tuple[QMenu, QMenu]:
    (found,) = window.findChildren(ContextMenus)
    return found.sky_menu, found.spectrum_menu


def offset(window, ra: float, dec: float) -> tuple[float, float]:
    east, north = window.session.answers.sky.offsets(ra, dec)
    return float(east), float(north)


def spot(window, x: float, y: float) -> tuple[float, float]:
    """Offset that is so many arcsec to the right of and above the active place."""
    place = window.session.state.places.current
    east, north = offset(window, place.ra, place.dec)
    return east - x, north + y


def right_click_sky(qtbot, window, x: float, y: float) -> tuple[float, float]:
    """Right click on the sky; the mouse leaves the canvas for the menu, as it does on a real screen."""
    where = spot(window, x, y)
    right_click(qtbot, window.sky.plot, *where)
    leave(qtbot, window.sky.plot)
    return where


def test_the_place_moves_to_where_the_menu_was_opened(opened, qtbot):
    where = right_click_sky(qtbot, opened, 0.4, 0.3)
    choose(qtbot, menus(opened)[0], "Centre Spaxel Here")
    wait(qtbot, opened)
    place = opened.session.state.places.current
    assert offset(opened, place.ra, place.dec) == pytest.approx(where, abs=0.03)
    qtbot.waitUntil(lambda: opened.session.pointer.cursor is None)  # it was held for the menu only


def test_a_place_is_added_and_removed(opened, qtbot):
    where = right_click_sky(qtbot, opened, 0.4, 0.3)
    choose(qtbot, menus(opened)[0], "Add Place")
    wait(qtbot, opened)
    places = opened.session.state.places
    assert len(places.all) == 2
    added = places.current
    assert offset(opened, added.ra, added.dec) == pytest.approx(where, abs=0.03)
    # the one that is clicked is removed, although the other one is active
    first = next(p for p in places.all if p is not added)
    click(qtbot, opened.sky.plot, *offset(opened, first.ra, first.dec))
    assert opened.session.state.places.active == first.number
    right_click(qtbot, opened.sky.plot, *offset(opened, added.ra, added.dec))
    choose(qtbot, menus(opened)[0], "Remove Place")
    assert opened.session.state.places.all == (first,)


def test_other_dithers_are_listed_for_the_place_of_the_menu(opened, qtbot):
    where = right_click_sky(qtbot, opened, 0.4, 0.3)
    choose(qtbot, menus(opened)[0], "Same Position in Other Dithers")
    (window,) = opened.findChildren(DithersWindow)
    assert offset(opened, window._place.ra, window._place.dec) == pytest.approx(where, abs=0.03)
    window.close()


def test_the_region_under_the_mouse_is_selected_and_removed(opened, qtbot):
    place = opened.session.state.places.current
    for name, shift in (("one", 0.0), ("two", 3.0)):
        opened.session.regions.add(Region(name, Circle(place.ra, place.dec + shift / 3600.0, 0.3)))
    opened.session.regions.select("two")
    right_click_sky(qtbot, opened, 0.1, 0.1)
    assert opened.session.state.region == "one"
    choose(qtbot, menus(opened)[0], "Delete Region")
    assert [r.name for r in opened.session.state.recipe.regions] == ["two"]


def test_the_position_is_copied(opened, qtbot):
    where = right_click_sky(qtbot, opened, 0.4, 0.3)
    choose(qtbot, menus(opened)[0], "Copy Position")
    ra, dec = (float(word) for word in QGuiApplication.clipboard().text().split())
    assert offset(opened, ra, dec) == pytest.approx(where, abs=0.03)


def test_the_menu_of_the_spectra_knows_the_wavelength(opened, qtbot):
    plot = opened.spectrum.flux_plot
    (left, right), (bottom, top) = plot.vb.viewRange()
    at = left + 0.7 * (right - left)
    right_click(qtbot, plot, at, (bottom + top) / 2)
    leave(qtbot, plot)
    choose(qtbot, menus(opened)[1], "Choose Column Here")
    wait(qtbot, opened)
    assert opened.session.state.wavelength == pytest.approx(at, abs=0.02)


def test_units_and_switches_are_chosen_in_the_menu(opened, qtbot):
    plot = opened.spectrum.ratio_plot
    (left, right), (bottom, top) = plot.vb.viewRange()
    middle = (left + right) / 2, (bottom + top) / 2
    right_click(qtbot, plot, *middle)
    menu = menus(opened)[1]
    choose(qtbot, menu, "Logarithmic Flux")
    assert opened.session.state.spectrum_settings.log
    right_click(qtbot, plot, *middle)
    choose(qtbot, menu, "Flux Unit")
    units = next(a for a in menu.actions() if a.text() == "Flux Unit").menu()
    assert [a.text() for a in units.actions() if a.isChecked()] == ["MJy/sr"]
    choose(qtbot, units, "µJy")
    assert opened.session.state.spectrum_settings.unit == "µJy"
    assert not menu.isVisible()
    hover(qtbot, plot, *middle)
    assert opened.session.pointer.cursor is not None
