"""Panels as the user moves them: closed, floated, arranged, remembered, never lost."""

from __future__ import annotations

import pytest
from PyQt6 import sip
from PyQt6.QtCore import QPoint, QRect, Qt
from PyQt6.QtWidgets import QApplication, QTabBar, QWidget

from atm_viewer.views.base.layout import LAYOUTS, divide, reachable
from tests.views.windows import FILES, press, wait

#: Panels in sight at first; the detector stands behind the profile.
ALL = ["exposures", "recipe", "slices", "profile", "sky", "spectrum"]
SCREEN = QRect(0, 0, 1280, 800)


@pytest.fixture
def window(start):
    return start(*FILES)


def in_sight(window) -> list[str]:
    """Names of the panels that the user sees."""
    QApplication.processEvents()
    return [n for n, p in window.bench.panels.items() if p.isVisible() and not p.visibleRegion().isEmpty()]


def place(panel) -> QRect:
    return QRect(panel.mapTo(panel.window(), QPoint(0, 0)), panel.size())


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1680, 1000), (1920, 1080), (3840, 2160)])
def test_everything_is_in_sight_at_first(start, width, height):
    window = start(*FILES, size=(width, height))
    assert (window.width(), window.height()) == (width, height)  # no panel asks for more
    assert in_sight(window) == ALL
    places = [place(window.bench.panels[name]) for name in ALL]
    assert not any(a.intersects(b) for i, a in enumerate(places) for b in places[:i])
    table = window.slice_table
    assert table.viewport().width() >= table.sizeHint().width() - 30  # the table gets the room it asks for
    assert min(p.width() for p in places) > 300
    areas = {n: r.width() * r.height() for n, r in zip(ALL, places, strict=True)}
    areas["slices"] = 0  # a table, which takes what is left of its column
    assert max(areas, key=lambda name: areas[name]) == "spectrum"
    assert window.spectrum_panel.width() > window.width() / 2
    assert window.minimumSizeHint().width() <= 900


def test_a_window_of_half_a_screen_opens_as_wide_as_it_was_asked_for(start):
    window = start(*FILES, size=(900, 700))
    assert (window.width(), window.height()) == (900, 700)
    assert in_sight(window) == ALL
    box = window.sky.share_box
    assert box.width() >= box.fontMetrics().horizontalAdvance("99.5 %") + 24  # no word is cut off
    window.use_layout("spectra")
    window.use_layout("tune")
    assert window.width() == 900


@pytest.mark.parametrize(
    ("room", "shares", "least", "sizes"),
    [
        (900, [0.0, 1.0], [324, 300], [324, 576]),
        (560, [0.62, 0.38], [290, 268], [292, 268]),
        (1000, [0.62, 0.38], [290, 268], [620, 380]),
        (100, [0.5, 0.5], [80, 60], [80, 60]),
    ],
)
def test_no_part_gets_less_than_it_needs(room, shares, least, sizes):
    assert divide(room, shares, least) == sizes


def test_panels_are_laid_out_once_when_a_layout_is_chosen(start, monkeypatch):
    """Not again with every panel that comes, which would hold up the window."""
    window = start(*FILES, size=(1280, 800))
    window.use_layout("detector")
    sizes = []
    monkeypatch.setattr(type(window.spectrum.canvas), "resizeEvent", lambda canvas, event: sizes.append(event.size()))
    window.use_layout("spectra")
    assert len(sizes) <= 4  # a canvas for each panel in sight, at most
    assert window.spectrum_panel.width() > 0.6 * window.width()  # at once


def test_four_dithers_are_in_sight_and_no_gap_stays_below_them(start, qtbot):
    """Also after the window was small: what it gets back goes to the slices."""
    files = [f"/data/jw09999-star_0000{i}_mirifushort_cal.fits" for i in (1, 2, 3, 4)]
    window = start(*files, size=(1280, 800))
    heights = []
    for size in ((1280, 800), (900, 600), (1280, 800)):
        window.resize(*size)
        wait(qtbot, window)
        tree = window.exposure_panel
        last = tree.visualItemRect(tree.topLevelItem(3))
        assert tree.viewport().rect().contains(last)
        assert tree.viewport().height() - last.bottom() < last.height()
        lowest = max(w.geometry().bottom() for w in window.recipe_panel.findChildren(QWidget) if w.isVisible())
        assert window.recipe_panel.height() - lowest < 20
        heights.append(window.slice_table.height())
    assert heights[2] == heights[0]
    window.recipe_panel.more_button.click()
    qtbot.wait(50)
    assert window.recipe_panel.boxes["reach"].visibleRegion().boundingRect().height() > 15
    assert window.slice_table.height() < heights[2]


def test_more_exposures_get_more_room(start, qtbot):
    files = [f"/data/jw09999-star_0000{i}_mirifushort_cal.fits" for i in range(1, 7)]
    window = start(*files, size=(1920, 1080))
    tree = window.exposure_panel
    qtbot.waitUntil(lambda: tree.viewport().rect().contains(tree.visualItemRect(tree.topLevelItem(5))))
    assert window.exposures_panel.height() < 1080 / 4


def test_a_panel_is_closed_and_comes_back_by_menu_and_keys(window, qtbot):
    qtbot.mouseClick(window.sky_panel.close_button, Qt.MouseButton.LeftButton)
    assert "sky" not in in_sight(window)
    action = window.actions_by_name["panel_sky"]
    assert not action.isChecked()
    press(qtbot, window, "panel_sky")
    assert in_sight(window) == ALL
    assert action.isChecked()
    assert window.sky_panel.isAncestorOf(QApplication.focusWidget())
    press(qtbot, window, "panel_sky")
    assert "sky" not in in_sight(window)
    action.trigger()
    assert in_sight(window) == ALL


def test_a_panel_is_taken_out_of_the_window_and_put_back(window, qtbot):
    panel = window.profile_panel
    qtbot.mouseClick(panel.float_button, Qt.MouseButton.LeftButton)
    assert panel.isWindow()
    assert panel.isVisible()
    qtbot.mouseClick(panel.float_button, Qt.MouseButton.LeftButton)
    assert not panel.isWindow()
    assert in_sight(window) == ALL


def test_keys_lead_from_panel_to_panel(window, qtbot):
    window.exposures_panel.bring_forward()
    seen = []
    for _ in ALL:
        press(qtbot, window, "next_panel")
        seen.append(next(n for n, p in window.bench.panels.items() if p.isAncestorOf(QApplication.focusWidget())))
    assert seen == [*ALL[1:], ALL[0]]
    press(qtbot, window, "previous_panel")
    assert window.spectrum_panel.isAncestorOf(QApplication.focusWidget())


@pytest.mark.parametrize("name", list(LAYOUTS))
def test_ready_layouts(window, qtbot, name):
    window.profile_panel.setFloating(True)
    window.exposures_panel.close()
    press(qtbot, window, f"layout_{name}")
    assert (window.width(), window.height()) == (1280, 800)
    seen = in_sight(window)
    assert not any(p.isFloating() for p in window.bench.panels.values())
    assert seen == {
        "tune": ALL,
        "spectra": ["slices", "sky", "spectrum"],
        "remedies": ["slices", "sky", "remedies"],
        "detector": ["slices", "detector", "profile"],
    }[name]  # fmt: skip
    if name != "tune":
        largest = max(seen, key=lambda n: place(window.bench.panels[n]).width())
        assert largest == {"spectra": "spectrum", "remedies": "remedies", "detector": "detector"}[name]
    # What stands behind another panel comes to the front by its keys.
    press(qtbot, window, "panel_recipe")
    assert ("recipe" in in_sight(window)) == (name != "tune")


def test_tabs_can_be_seen_in_every_layout(start, qtbot):
    window = start(*FILES, size=(1920, 1080))
    for name in ("spectra", "detector", "remedies", "tune", "detector", "spectra"):
        press(qtbot, window, f"layout_{name}")
        qtbot.waitUntil(window.bench.updatesEnabled)
        in_sight(window)
        groups = [bar for bar in window.bench.findChildren(QTabBar) if bar.parent() is window.bench and bar.count() > 1]
        assert len(groups) == 1
        assert all(bar.isVisible() for bar in groups)


def test_a_tab_says_the_title_once(window):
    assert window.slices_panel.heading.isVisible()
    window.use_layout("spectra")
    assert not window.slices_panel.heading.isVisible()
    assert window.sky_panel.heading.isVisible()
    window.use_layout("tune")
    assert window.slices_panel.heading.isVisible()


def test_the_layout_is_back_at_the_next_start(start, window, qtbot):
    window.use_layout("detector")
    window.sky_panel.close()
    window.spectrum_panel.setFloating(True)
    before = in_sight(window)
    window.close()
    again = start(*FILES)
    assert in_sight(again) == before
    assert again.spectrum_panel.isFloating()
    assert again.sky_panel.isHidden()
    again.actions_by_name["reset_layout"].trigger()
    assert in_sight(again) == ALL
    assert not again.spectrum_panel.isFloating()


def test_panels_are_deleted_in_peace(window):
    """At the end of the application panels behind each other go one by one, and tell each time what comes in sight."""
    window.use_layout("spectra")
    assert "slices" in in_sight(window)
    window.session.close()  # as the application does first: no answer arrives any more
    sip.delete(window.slices_panel)
    QApplication.processEvents()
    assert window.profile_panel.isVisible()


def test_a_layout_that_cannot_be_read_is_left_alone(start, settings):
    settings.setValue("layout", b"nonsense")
    assert in_sight(start(*FILES)) == ALL


def test_the_invitation_leaves_the_layout_alone(start, window, qtbot):
    window.sky_panel.close()
    window.spectrum_panel.setFloating(True)
    for _ in FILES:
        press(qtbot, window, "close_exposure")
    qtbot.waitUntil(window.welcome.isVisible)
    assert in_sight(window) == []
    window.session.exposures.open(FILES)
    qtbot.waitUntil(lambda: not window.welcome.isVisible())
    assert "sky" not in in_sight(window)
    assert window.spectrum_panel.isFloating()
    assert window.spectrum_panel.isVisible()
    qtbot.waitUntil(lambda: window.session.complete)


def test_the_log_is_there_before_anything_is_open(start, qtbot):
    window = start()
    window.session.messages.tell("warning", "Something to read.")
    qtbot.mouseClick(window.banner.log_button, Qt.MouseButton.LeftButton)
    assert in_sight(window) == ["log"]
    assert window.welcome.isVisible()
    window.session.exposures.open(FILES)
    qtbot.waitUntil(lambda: window.session.complete and not window.welcome.isVisible())
    assert in_sight(window) == [*ALL, "log"]


def test_a_floating_panel_is_not_lost(window):
    panel = window.sky_panel
    panel.setFloating(True)
    panel.move(-5000, 9000)
    window.bench.bring_back()
    area = QApplication.primaryScreen().availableGeometry()
    assert area.contains(panel.geometry().center())


@pytest.mark.parametrize(
    ("where", "stays"),
    [
        (QRect(100, 100, 400, 300), True),
        (QRect(1200, 700, 400, 300), True),  # its title can be grabbed
        (QRect(-360, 100, 400, 300), False),
        (QRect(1270, 100, 400, 300), False),
        (QRect(100, -40, 400, 300), False),
        (QRect(100, 795, 400, 300), False),
        (QRect(5000, 100, 4000, 3000), False),
    ],
)
def test_where_a_window_can_be_reached(where, stays):
    place = reachable(where, [SCREEN])
    assert (place == where) == stays
    assert SCREEN.intersects(place)
    if not stays:
        assert SCREEN.contains(place)


def test_a_second_screen_counts():
    where = QRect(1500, 100, 400, 300)
    assert reachable(where, [SCREEN, QRect(1280, 0, 1280, 800)]) == where


def test_a_panel_that_is_updated_does_not_make_the_window_wider(opened, qtbot):
    before = opened.minimumSizeHint().width()
    for panel in opened.bench.panels.values():
        panel.set_busy(True)
    shown = [panel for panel in opened.bench.panels.values() if panel.isVisible()]
    qtbot.waitUntil(lambda: all(panel.note.added == "updating…" for panel in shown))
    assert opened.minimumSizeHint().width() == before
    for panel in shown:
        panel.set_busy(False)
    assert not any(panel.note.added for panel in shown)
