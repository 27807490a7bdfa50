"""What a screen reader says of every control that can have the keyboard, in the window and in all dialogs."""

from __future__ import annotations

import re

import pytest
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QAbstractScrollArea, QApplication, QComboBox, QFileDialog, QTabBar, QWidget

from tests.views.accessibility import READABLE, told
from tests.views.windows import FILES, press, settle

pytestmark = pytest.mark.skipif(not READABLE, reason="where Qt's tree of accessible objects can be read")


def silent(window: QWidget) -> list[str]:
    """Controls in sight that can have the keyboard, without a name in words or without a sentence on what they do."""
    found = []
    for control in told(window):
        widget = control.widget
        if not control.focusable or widget is None or widget.isWindow() or not widget.isVisibleTo(window):
            continue
        if _is_qts(widget):
            continue
        if not any(letter.isalpha() for letter in control.name):
            found.append(f"no name: {control.path} {control.name!r} {control.description[:60]!r}")
        if re.search(r"</?[a-z]", control.description):
            found.append(f"markup: {control.path} {control.description[:60]!r}")
    return found


def _is_qts(widget: QWidget) -> bool:
    """Whether Qt made it: a list that a box opens, tabs and the buttons that scroll them, what scrolls in a frame."""
    holder = widget.parentWidget()
    if isinstance(widget, QTabBar) or (isinstance(holder, QAbstractScrollArea) and holder.viewport() is widget):
        return True
    while holder is not None and not isinstance(holder, QComboBox | QTabBar):
        holder = holder.parentWidget()
    return holder is not None


@pytest.fixture
def window(start, qtbot):
    window = start(*FILES)
    yield window
    qtbot.waitUntil(lambda: window.session.complete)


def test_the_tree_is_that_of_the_window(window):
    """The test itself: a control without a name is found."""
    assert any(c.name == "Oversample" and c.focusable for c in told(window))
    window.sky.radius_box.setAccessibleName("")
    assert len(silent(window)) == 1


def test_every_control_of_the_window_has_a_name(window, qtbot):
    press(qtbot, window, "new_variant")
    window.recipe_panel.more_button.click()
    window.spectrum.show_options()
    window.sky.toggle_scale_form()
    settle(qtbot, window)
    for name, panel in window.bench.panels.items():
        panel.bring_forward()
        assert silent(window) == [], name


def test_boxes_to_choose_from_are_named_not_by_what_is_chosen(window):
    names = {c.widget: c.name for c in told(window) if isinstance(c.widget, QComboBox)}
    assert names[window.choosers.band_box] == "Band"
    assert names[window.sky.stretch_box] == "Brightness scale"
    assert names[window.recipe_panel.boxes["reach"]] == "Reach"
    assert all(name and name != box.currentText() for box, name in names.items())


DIALOGS = (
    *(
        "write_cubes",
        "write_exposures",
        "run_on_cluster",
        "export_recipe",
        "export_spectra",
        "export_picture",
        "export_report",
    ),
    *("send_file", "copy_to_neighbours", "label_variant", "show_palette", "show_help", "show_learn", "show_shortcuts"),
    *("show_about", "show_dithers"),
)


def test_every_control_of_the_dialogs_has_a_name(window, qtbot):
    for name in DIALOGS:
        for dialog in opened_by(qtbot, window.actions_by_name[name]):
            if not isinstance(dialog, QFileDialog):  # Qt's own
                assert silent(dialog) == [], name
            dialog.close()


def opened_by(qtbot, action: QAction) -> list[QWidget]:
    """Windows that an action opens."""
    known = _in_sight()
    action.trigger()
    qtbot.waitUntil(lambda: bool(_in_sight() - known))
    return list(_in_sight() - known)


def _in_sight() -> set[QWidget]:
    return {w for w in QApplication.topLevelWidgets() if w.isVisible()}
