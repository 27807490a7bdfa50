"""One cursor in all views: the mouse over one, marks in the others where the synthetic geometry has them.

`tests.session.state.test_cursor` tells the geometry. The chosen slice is 102; its column 47 has 4.9 + 0.8 * 47 / 96 um.
"""

from __future__ import annotations

import re

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QColor

from atm_viewer.session.state.cursor import Cursor
from atm_viewer.views.base.plotting import plain
from atm_viewer.views.base.theme import DARK, LIGHT
from atm_viewer.views.exposures.same_position import DithersWindow
from atm_viewer.views.window.status import tell_cursor
from tests.session.fake_workers import DEC, RA
from tests.session.state.test_cursor import EAST, NORTH, PIXEL
from tests.views.mouse import click, dot, double_click, hover, leave, settle, view_range

FILES = [f"/data/jw09999-star_0000{i}_mirifushort_cal.fits" for i in (1, 2, 3, 4)]


@pytest.fixture
def window(start, qtbot):
    window = start(*FILES)
    window.session.look.select(102, 47)
    qtbot.waitUntil(lambda: window.session.complete)
    settle(qtbot)
    return window


def plots(window):
    return (
        *(window.detector.plot, window.sky.plot, window.spectrum.flux_plot, window.spectrum.ratio_plot),
        *(window.profile.collapsed, window.profile.points, window.profile.residual),
    )


def ranges(window):
    """All that a hover must not change."""
    return [*(view_range(plot) for plot in plots(window)), window.detector.limits, window.sky.limits]


def is_red(colour: QColor) -> bool:
    wanted = QColor(DARK.cursor)
    return max(abs(a - b) for a, b in zip(colour.getRgb()[:3], wanted.getRgb()[:3], strict=True)) < 70


def sight_at(plot, x: float, y: float) -> bool:
    """Whether the cursor's mark is seen around a place of an image: strokes to the four sides."""
    image, spot = plot.getViewWidget().grab().toImage(), dot(plot, x, y)
    sides = [spot + QPoint(10 * dx, 10 * dy) for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))]
    near = [QPoint(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    return all(any(is_red(image.pixelColor(side + off)) for off in near) for side in sides)


def line_at(plot, x: float) -> float:
    """Share of a plot's height that a line of the cursor's colour covers at x."""
    image = plot.getViewWidget().grab().toImage()
    left, right, low, high = view_range(plot)
    assert left < x < right
    top, bottom = dot(plot, x, high).y() + 2, dot(plot, x, low).y() - 2
    spot = dot(plot, x, low).x()
    rows = [any(is_red(image.pixelColor(spot + dx, y)) for dx in (-1, 0, 1)) for y in range(top, bottom)]
    return sum(rows) / len(rows)


def assert_marked(window, pixel, east, north, alpha, wavelength):
    """The place is marked in the four views."""
    assert sight_at(window.detector.plot, *pixel)
    assert sight_at(window.sky.plot, east, north)
    for plot in (window.profile.collapsed, window.profile.points, window.profile.residual):
        assert line_at(plot, alpha) > 0.7
    for plot in (window.spectrum.flux_plot, window.spectrum.ratio_plot):
        assert line_at(plot, wavelength) > 0.7


def assert_unmarked(window):
    for plot in plots(window):
        image = plot.getViewWidget().grab().toImage()
        box = plot.vb.sceneBoundingRect().toRect()
        red = QColor(DARK.cursor).rgb()
        spots = ((x, y) for x in range(box.left(), box.right()) for y in range(box.top(), box.bottom()))
        assert not any(image.pixel(x, y) == red for x, y in spots)
    assert window.status.hover.text() == ""


def test_over_the_detector(window, qtbot):
    before = ranges(window)
    hover(qtbot, window.detector.plot, 20, 48)
    assert_marked(window, (20, 48), -4 * PIXEL, 0.0, -4 * PIXEL, 5.3)
    value = window.session.state.current.sci[48, 20]
    assert window.status.hover.text() == (
        f"x 20, y 48 pixel   slice 102   α −1.18″   λ 5.3000 µm   RA {RA - 4 * PIXEL * EAST:.6f}° Dec −5.400000°   "
        f"SCI {value:.3f} MJy/sr   DQ good   spaxel 29, 20"
    )
    hover(qtbot, window.detector.plot, 27, 48)
    assert not sight_at(window.sky.plot, -4 * PIXEL, 0.0)
    assert_marked(window, (27, 48), 3 * PIXEL, 0.0, 3 * PIXEL, 5.3)
    leave(qtbot, window.detector.plot)
    assert_unmarked(window)
    assert ranges(window) == before


def test_over_the_sky(window, qtbot):
    before = ranges(window)
    hover(qtbot, window.sky.plot, 4.1 * PIXEL, 0.1)
    wavelength = 4.9 + 0.8 * 47 / 96
    assert_marked(window, (28, 47), 4.1 * PIXEL, 0.1, 4 * PIXEL, wavelength)
    assert "x 28, y 47 pixel   slice 102" in window.status.hover.text()
    assert f"λ {wavelength:.4f} µm" in window.status.hover.text()
    # in the slice to the north, which the profile does not show
    hover(qtbot, window.sky.plot, 0.0, 0.6)
    assert sight_at(window.detector.plot, 40, 47)
    assert "slice 103" in window.status.hover.text()
    assert 0.2 < line_at(window.profile.points, 0.0) < 0.7  # dashed
    hover(qtbot, window.sky.plot, -2.0, 1.5)
    assert window.status.hover.text().startswith("not in this exposure")
    leave(qtbot, window.sky.plot)
    assert_unmarked(window)
    assert ranges(window) == before


def test_over_the_profile(window, qtbot):
    before = ranges(window)
    hover(qtbot, window.profile.points, 2 * PIXEL, 0.1)
    assert_marked(window, (26, 47), 2 * PIXEL, 0.0, 2 * PIXEL, 4.9 + 0.8 * 47 / 96)
    assert "x 26, y 47 pixel   slice 102   α " in window.status.hover.text()
    alpha = float(window.status.hover.text().partition("α ")[2].partition("″")[0])
    assert alpha == pytest.approx(2 * PIXEL, abs=0.02)  # a pixel of the screen
    assert "normalised flux" in window.status.hover.text()
    leave(qtbot, window.profile.points)
    assert_unmarked(window)
    assert ranges(window) == before


def test_over_the_spectrum(window, qtbot):
    before = ranges(window)
    ra, dec = window.session.state.position
    east, north = (ra - RA) / EAST, (dec - DEC) / NORTH
    assert (east, north) == (pytest.approx(-0.39, abs=1e-4), pytest.approx(-0.26, abs=1e-4))
    hover(qtbot, window.spectrum.ratio_plot, 5.3, 1.0)
    # alpha -0.39 is 1.3 pixels from the middle
    assert_marked(window, (23, 48), east, north, -PIXEL, 5.3)
    assert "x 23, y 4" in window.status.hover.text()
    assert "spaxel / aperture" in window.status.hover.text()
    leave(qtbot, window.spectrum.ratio_plot)
    assert_unmarked(window)
    assert ranges(window) == before


def test_the_cursor_is_seen_on_a_light_window(window, qtbot):
    window.actions_by_name["use_light_theme"].trigger()
    assert window.theme is LIGHT
    hover(qtbot, window.detector.plot, 20, 48)
    assert_marked(window, (20, 48), -4 * PIXEL, 0.0, -4 * PIXEL, 5.3)


def test_a_click_in_the_spectrum_chooses_the_column(window, qtbot):
    click(qtbot, window.spectrum.flux_plot, 5.5, sum(view_range(window.spectrum.flux_plot)[2:]) / 2)
    assert window.session.state.number == 102
    assert window.session.state.column == pytest.approx(72, abs=1)
    qtbot.waitUntil(lambda: window.session.complete)


def test_a_wavelength_that_the_slice_does_not_have_is_told(window, qtbot):
    window.session.look.select(202, 47)
    qtbot.waitUntil(lambda: window.session.complete)
    click(qtbot, window.spectrum.flux_plot, 5.5, sum(view_range(window.spectrum.flux_plot)[2:]) / 2)
    assert window.session.state.column == 47
    assert "Slice 202 has no column at 5." in window.banner.label.text()


def test_the_spaxel_is_centred_on_a_pixel(window, qtbot):
    session, wanted = window.session, (RA + 4 * PIXEL * EAST, DEC)
    hover(qtbot, window.detector.plot, 28, 48)
    qtbot.keyClick(window, Qt.Key.Key_C)
    assert session.state.position == pytest.approx(wanted, abs=1e-7)
    assert (session.state.number, session.state.column) == (102, 47)
    qtbot.waitUntil(lambda: session.complete)
    # by a double click, of which the first chooses slice and column
    double_click(qtbot, window.detector.plot, 44, 60)
    assert session.state.number == 103
    assert session.state.position[1] == pytest.approx(DEC + 0.6 * NORTH, abs=1e-7)
    qtbot.waitUntil(lambda: session.complete)
    # a pixel of the other channel takes the band with it
    hover(qtbot, window.detector.plot, 72, 48)
    qtbot.keyClick(window, Qt.Key.Key_C)
    assert (session.state.number, session.state.band) == (202, "ch2-short")
    assert session.state.position == pytest.approx((RA, DEC), abs=1e-7)
    qtbot.waitUntil(lambda: session.complete)


def test_without_a_place_no_spaxel_is_moved(window, qtbot):
    position = window.session.state.position
    hover(qtbot, window.detector.plot, 16, 48)  # between slices
    assert "between slices" in window.status.hover.text()
    qtbot.keyClick(window, Qt.Key.Key_C)
    leave(qtbot, window.detector.plot)
    qtbot.keyClick(window, Qt.Key.Key_C)
    assert window.session.state.position == position
    assert "Point at the sky image or at a pixel" in window.session.messages.all[-1].text


def test_another_exposure_keeps_the_place(window, qtbot):
    session = window.session
    hover(qtbot, window.sky.plot, 0.0, 0.0)
    assert sight_at(window.detector.plot, 24, 47)
    qtbot.keyClick(window, Qt.Key.Key_PageDown, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot)
    # the second dither has it 0.5 arcsec along the slice to the south, see the session's test
    assert session.state.current.key == FILES[1]
    assert sight_at(window.detector.plot, round(8 - 0.5 / PIXEL), 47)
    assert sight_at(window.sky.plot, 0.0, 0.0)
    assert f"x 6, y 47 pixel   slice 101   α −0.59″   λ {4.9 + 0.8 * 47 / 96:.4f} µm" in window.status.hover.text()
    assert f"SCI {plain(float(session.state.current.sci[47, 6]))} MJy/sr   DQ good" in window.status.hover.text()
    # slice and column follow the spaxel, at the same wavelength
    assert (session.state.number, session.state.column) == (101, 47)
    qtbot.waitUntil(lambda: session.complete)
    qtbot.keyClick(window, Qt.Key.Key_PageUp, Qt.KeyboardModifier.ControlModifier)
    assert (session.state.current.key, session.state.number, session.state.column) == (FILES[0], 102, 47)
    assert sight_at(window.detector.plot, 24, 47)
    qtbot.waitUntil(lambda: session.complete)
    # a slice without the spaxel stays
    session.look.select(103, 20)
    qtbot.keyClick(window, Qt.Key.Key_PageUp, Qt.KeyboardModifier.ControlModifier)
    assert (session.state.current.key, session.state.number, session.state.column) == (FILES[3], 103, 20)
    qtbot.waitUntil(lambda: session.complete)
    session.exposures.close(FILES[3])
    assert session.pointer.cursor is None or session.pointer.cursor.exposure == session.state.current.key
    qtbot.waitUntil(lambda: session.complete)


def texts(table, row: int) -> list[str]:
    return [table.item(row, column).text() for column in range(table.columnCount())]


def test_where_in_the_other_dithers(window, qtbot):
    hover(qtbot, window.sky.plot, 0.0, 0.0)
    qtbot.keyClick(window, Qt.Key.Key_W)
    (panel,) = window.findChildren(DithersWindow)
    assert panel.isVisible()
    table = panel.table
    sci = [e.view.sci for e in window.session.state.exposures]
    assert texts(table, 0)[:5] == ["…_00001_mirifushort", "102", "24", "47", "0.00"]
    assert texts(table, 0)[5].endswith(" MJy/sr")
    assert float(texts(table, 0)[5].split()[0]) == pytest.approx(sci[0][47, 24], rel=1e-3)
    assert texts(table, 1)[1:5] == ["101", "6", "47", "−0.59"]
    assert texts(table, 2)[1:] == ["", "", "", "", "", "not covered by this exposure"]
    ra, dec = re.search(r"RA ([\d.]+)° Dec −([\d.]+)°", panel.place.text()).groups()
    assert (float(ra), -float(dec)) == pytest.approx((RA, DEC), abs=1e-5)  # a dot of the screen is as large
    # it follows the mouse, and keeps the place when the mouse comes to it
    hover(qtbot, window.detector.plot, 26, 48)
    assert texts(table, 0)[1:4] == ["102", "26", "48"]
    leave(qtbot, window.detector.plot)
    assert texts(table, 1)[1:4] == ["101", "8", "48"]
    # and takes one there
    item = table.item(1, 0)
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualItemRect(item).center())
    qtbot.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualItemRect(item).center())
    session = window.session
    assert (session.state.current.key, session.state.number, session.state.column) == (FILES[1], 101, 48)
    assert [table.item(row, 0).font().bold() for row in range(4)] == [False, True, False, False]
    qtbot.waitUntil(lambda: session.complete)
    qtbot.keyClick(window, Qt.Key.Key_W)
    qtbot.waitUntil(lambda: not window.findChildren(DithersWindow))


def test_without_the_mouse_the_spaxel_is_told(window, qtbot):
    window.actions_by_name["show_dithers"].trigger()
    (panel,) = window.findChildren(DithersWindow)
    # alpha -0.39 of slice 102, column 47
    assert texts(panel.table, 0)[1:4] == ["102", "23", "47"]
    for column in range(panel.table.columnCount()):
        assert panel.table.horizontalHeaderItem(column).toolTip()
    panel.close()


def test_what_is_not_known_is_left_out_of_the_status_line():
    assert tell_cursor(None) == ""
    assert tell_cursor(Cursor("a", (3, 4), dq=1 | 4, value="SCI no value")) == (
        "x 3, y 4 pixel   between slices   SCI no value   DQ DO_NOT_USE + JUMP_DET"
    )
    assert tell_cursor(Cursor("a", None, 102, 72, 5.5)) == "slice 102   column 72   λ 5.5000 µm"
    assert tell_cursor(Cursor("a", ra=83.0, dec=-5.0)) == "not in this exposure   RA 83.000000° Dec −5.000000°"
    whole = Cursor("a", (3, 4), 102, 4, 5.5, -0.1, 83.0, 5.0, (7, 8), 0, "SCI 2 MJy/sr")
    assert tell_cursor(whole) == (
        "x 3, y 4 pixel   slice 102   α −0.10″   λ 5.5000 µm   RA 83.000000° Dec +5.000000°   SCI 2 MJy/sr   "
        "DQ good   spaxel 7, 8"
    )
    assert tell_cursor(Cursor("a", None, 102, 4, alpha=-0.001)) == "slice 102   column 4   α 0.00″"
