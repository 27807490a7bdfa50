"""Exposures in groups by setting: folded, ticked, chosen and closed as a whole; overrides for one band."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt

from atm_viewer.engine.recipe import SliceOverride
from atm_viewer.session.edits.scope import Scope
from tests.views.windows import FILES, press, settle

MEDIUM = [f"/data/jw09999-medium_0000{i}_mirifushort_cal.fits" for i in (1, 2)]
SHORT_HEADING, MEDIUM_HEADING = "MIRI ch1+2 short, MIRIFUSHORT (2)", "MIRI ch1+2 medium, MIRIFUSHORT (2)"


@pytest.fixture
def several(start):
    return start(*FILES, *MEDIUM)


def heading(window, text):
    tree = window.exposure_panel
    tops = [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]
    return next(item for item in tops if item.text(0) == text)


def choose(menu, text) -> None:
    next(action for action in menu.actions() if action.text() == text).trigger()


def click(qtbot, window, item) -> None:
    window.exposure_panel.scrollToItem(item)
    area = window.exposure_panel.visualItemRect(item)
    qtbot.mouseClick(window.exposure_panel.viewport(), Qt.MouseButton.LeftButton, pos=area.center())


def test_settings_have_headings_that_fold(several, qtbot):
    tree = several.exposure_panel
    assert [tree.topLevelItem(k).text(0) for k in range(tree.topLevelItemCount())] == [SHORT_HEADING, MEDIUM_HEADING]
    heading(several, SHORT_HEADING).setExpanded(False)
    several.session.exposures.close(MEDIUM[1])
    settle(qtbot, several)
    assert not heading(several, SHORT_HEADING).isExpanded()
    assert heading(several, MEDIUM_HEADING.replace("(2)", "(1)")).isExpanded()
    several.session.exposures.close(MEDIUM[0])
    settle(qtbot, several)
    assert [tree.topLevelItem(k).text(0) for k in range(2)] == ["…_00001_mirifushort", "…_00002_mirifushort"]


def test_a_heading_includes_and_chooses_its_group(several, qtbot):
    session = several.session
    session.look.select_exposure(FILES[1])
    item = heading(several, MEDIUM_HEADING)
    click(qtbot, several, item)
    settle(qtbot, several)
    assert session.state.chosen == MEDIUM[1]  # the same dither
    assert session.state.band == "ch1-medium"
    item = heading(several, MEDIUM_HEADING)
    item.setCheckState(0, Qt.CheckState.Unchecked)
    assert session.state.included == tuple(FILES)
    heading(several, SHORT_HEADING).child(0).setCheckState(0, Qt.CheckState.Unchecked)
    assert heading(several, SHORT_HEADING).checkState(0) == Qt.CheckState.PartiallyChecked
    choose(several.exposure_panel.make_menu(heading(several, MEDIUM_HEADING)), "Include Only This Group")
    settle(qtbot, several)
    assert session.state.included == tuple(MEDIUM)


def test_a_group_is_closed(several, qtbot):
    menu = several.exposure_panel.make_menu(heading(several, MEDIUM_HEADING).child(0))
    assert [action.text() for action in menu.actions()] == [
        "Close Exposure",
        "Choose Group",
        "Include Only This Group",
        "Close Group",
    ]
    choose(menu, "Close Group")
    settle(qtbot, several)
    assert [e.view.key for e in several.session.state.exposures] == FILES
    assert not several.actions_by_name["close_group"].isEnabled()


def test_keys_close_and_step_through_groups(several, qtbot):
    session = several.session
    session.look.select_exposure(FILES[1])
    settle(qtbot, several)
    press(qtbot, several, "next_group")
    settle(qtbot, several)
    assert session.state.chosen == MEDIUM[1]
    press(qtbot, several, "close_group")
    settle(qtbot, several)
    assert [e.view.key for e in session.state.exposures] == FILES


def test_an_override_is_made_for_one_band(several, qtbot):
    session, box = several.session, several.choosers.scope_box
    session.look.select_exposure(FILES[0])
    session.look.select_slice(102)
    settle(qtbot, several)
    row = box.findData(Scope.BAND)
    assert box.itemText(row) == "ch1-short only"
    assert box.itemText(box.findData(Scope.NUMBER)) == "all bands"
    box.setCurrentIndex(row)
    box.activated.emit(row)
    assert session.state.scope is Scope.BAND
    assert several.actions_by_name["scope_band"].isChecked()
    press(qtbot, several, "lower_threshold")
    settle(qtbot, several)
    assert session.state.recipe.overrides == (SliceOverride(102, band="ch1-short", fit_threshold=9.09),)
    assert session.state.overridden(102) == {"fit_threshold": "ch1-short"}
    assert session.state.params(102).fit_threshold == 9.09
    assert several.actions_by_name["undo"].text() == "Undo Slice 102 of ch1-short: threshold 10 → 9.09"
    session.look.select_exposure(MEDIUM[0])
    assert session.state.params(102).fit_threshold == 10.0
    assert session.state.overridden(102) == {}
    press(qtbot, several, "undo")
    assert session.state.recipe.overrides == ()


def test_one_setting_has_no_choice_of_bands(opened, qtbot):
    assert opened.choosers.scope_box.findData(Scope.BAND) < 0
    assert not opened.actions_by_name["scope_band"].isEnabled()
    press(qtbot, opened, "next_scope")
    press(qtbot, opened, "next_scope")
    press(qtbot, opened, "next_scope")
    assert opened.session.state.scope is Scope.NUMBER
