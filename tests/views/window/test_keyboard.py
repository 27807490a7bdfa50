"""Everything frequent by keys, and a word on everything that can be pressed."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QSignalSpy
from PyQt6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QScrollBar, QTabBar

from atm_viewer.engine.recipe import Recipe
from atm_viewer.views.actions.actions import ACTIONS
from tests.views.windows import FILES, press


@pytest.fixture
def window(start, qtbot):
    window = start(*FILES)
    yield window
    qtbot.waitUntil(lambda: window.session.complete)


def test_every_key_does_what_its_action_says(window, qtbot):
    """Keys that anything else in the window takes as well would do nothing."""
    for info in ACTIONS:
        if info is None:
            continue
        action = window.actions_by_name[info.name]
        action.triggered.disconnect()
        action.setEnabled(True)
        spy = QSignalSpy(action.triggered)
        for keys in action.shortcuts():
            qtbot.keySequence(window, keys)
        assert len(spy) == len(action.shortcuts()), info.name


def test_every_action_has_keys():
    """Only menus and choices out of several have none; which slices are edited is chosen by one key (Ctrl+T)."""
    without = {info.name for info in ACTIONS if info is not None and not info.shortcut}
    choices = {info.name for info in ACTIONS if info is not None and info.group in ("scope", "scale")}
    assert without == choices | {"open_recent"}


def test_no_keys_are_those_of_the_desktop():
    """GNOME, KDE and Ubuntu open a terminal, lock the screen or leave the session by these keys."""
    taken = {"Ctrl+Alt+T", "Ctrl+Alt+L", "Ctrl+Alt+D", "Ctrl+Alt+Del", "Ctrl+Alt+Backspace", "Alt+F4", "Alt+Tab"}
    taken |= {f"Ctrl+Alt+F{n}" for n in range(1, 13)} | {f"Ctrl+Alt+{way}" for way in ("Up", "Down", "Left", "Right")}
    keys = {key for info in ACTIONS if info is not None for key in info.shortcut.split("; ")}
    assert not keys & taken


def test_the_threshold_by_keys(window, qtbot):
    session = window.session
    number = session.state.number
    press(qtbot, window, "raise_threshold")
    assert session.state.params(number).fit_threshold == 11.0
    for _ in range(2):
        press(qtbot, window, "lower_threshold")
    assert session.state.params(number).fit_threshold == pytest.approx(9.09)
    session.recipes.set_override(number, "fit_threshold", 0.1)
    press(qtbot, window, "lower_threshold")
    assert session.state.params(number).fit_threshold == 0
    press(qtbot, window, "raise_threshold")
    assert session.state.params(number).fit_threshold == 0.1
    while session.recipes.undo_stack.canUndo():
        press(qtbot, window, "undo")
    assert session.state.recipe == Recipe()
    session.recipes.set_global("psf_optimal", True)
    press(qtbot, window, "raise_threshold")
    assert session.state.recipe == Recipe(psf_optimal=True)


def test_bands_go_round(window, qtbot):
    session = window.session
    first = session.state.band
    press(qtbot, window, "next_band")
    assert session.state.band == window.choosers.band_box.currentText() != first
    press(qtbot, window, "next_band")
    assert session.state.band == first


def test_the_scope_of_edits_by_keys(window, qtbot):
    press(qtbot, window, "next_scope")
    assert window.choosers.scope_box.currentText() == "this exposure"
    assert window.actions_by_name["scope_slice"].isChecked()
    press(qtbot, window, "next_scope")
    assert window.choosers.scope_box.currentText() == "place 1, every dither"
    assert window.actions_by_name["scope_place"].isChecked()
    press(qtbot, window, "next_scope")
    assert window.choosers.scope_box.currentText() == "all exposures"


def test_the_plot_with_the_keyboard_is_shown_whole(window, qtbot):
    views = {"detector": window.detector.view, "sky": window.sky.view}
    whole = {name: view.viewRect() for name, view in views.items()}
    for view in views.values():
        view.scaleBy((0.5, 0.5))
    window.sky_panel.bring_forward()
    press(qtbot, window, "fit_views")
    assert views["sky"].viewRect().width() == pytest.approx(whole["sky"].width(), rel=0.02)
    assert views["detector"].viewRect().width() == pytest.approx(whole["detector"].width() / 2, rel=0.02)
    window.slices_panel.bring_forward()
    press(qtbot, window, "fit_views")
    assert views["detector"].viewRect().width() == pytest.approx(whole["detector"].width(), rel=0.02)


def test_the_whole_screen(window, qtbot):
    press(qtbot, window, "full_screen")
    assert window.isFullScreen()
    press(qtbot, window, "full_screen")
    assert not window.isFullScreen()


def test_everything_that_can_be_pressed_says_what_it_does(window):
    kinds = (QAbstractButton, QComboBox, QAbstractSpinBox, QLineEdit)
    silent = []
    for widget in window.findChildren(kinds[0].__base__):
        if not isinstance(widget, kinds) or isinstance(widget.parent(), (QTabBar, QScrollBar, *kinds)):
            continue
        if widget.objectName().startswith("qt_") or not widget.isVisibleTo(window):
            continue
        if not widget.toolTip():
            silent.append(f"{type(widget).__name__} {getattr(widget, 'text', str)()!r} in {widget.parent()}")
    assert silent == []


def test_the_slice_table_takes_its_own_keys(window, qtbot):
    window.slices_panel.bring_forward()
    assert window.slice_table.hasFocus()
    number = window.session.state.number
    qtbot.keyClick(window.slice_table, Qt.Key.Key_Up)
    assert window.session.state.number < number
