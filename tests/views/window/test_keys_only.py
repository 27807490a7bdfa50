"""A whole tuning without a mouse: open, slice, threshold, range, spaxel, variant, cubes; and Tab is nowhere trapped."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QAbstractItemView, QApplication, QDialog, QFileDialog, QWidget

from atm_viewer.jobs.requests.products import WriteCubes
from tests.views.windows import FILES, dialog_of, settle

Key = Qt.Key


def focus() -> QWidget:
    """What has the keyboard."""
    widget = QApplication.focusWidget()
    assert widget is not None, "nothing has the keyboard"
    return widget


def go_to(qtbot, window, panel: str) -> None:
    """Press F6 until a panel has the keyboard."""
    for _ in window.bench.panels:
        if window.bench.focused() == panel:
            return
        qtbot.keyClick(focus(), Key.Key_F6)
    assert window.bench.focused() == panel


def type_value(qtbot, window, text: str) -> None:
    """Type into the current cell of the slice table."""
    table = window.slice_table
    assert focus() is table
    qtbot.keyClick(table, Key.Key_F2)
    qtbot.waitUntil(lambda: table.state() == QAbstractItemView.State.EditingState)
    focus().selectAll()
    qtbot.keyClicks(focus(), text)
    qtbot.keyClick(focus(), Key.Key_Return)
    qtbot.waitUntil(lambda: table.state() != QAbstractItemView.State.EditingState)
    settle(qtbot, window)
    assert focus() is table


def test_a_tuning_with_keys_only(window, workers, qtbot, tmp_path):
    session = window.session
    files = [tmp_path / f"jw09999-star_0000{i}_mirifushort_cal.fits" for i in (1, 2)]
    for file in files:
        file.touch()
    assert focus() is window.welcome.open_button
    qtbot.keyClick(focus(), Key.Key_Space)
    dialog = dialog_of(window, QFileDialog)
    qtbot.waitUntil(lambda: dialog.isAncestorOf(QApplication.focusWidget()))
    qtbot.keyClicks(focus(), " ".join(f'"{file}"' for file in files))
    qtbot.keyClick(focus(), Key.Key_Return)
    settle(qtbot, window)
    assert len(session.state.exposures) == 2

    window.activateWindow()  # as a window manager does when a dialog closes
    qtbot.waitUntil(lambda: QApplication.focusWidget() is window.slice_table)
    number = session.state.number
    qtbot.keyClick(focus(), Key.Key_Up)
    assert session.state.number < number
    qtbot.keyClick(focus(), Key.Key_Down)
    assert session.state.number == number
    window_names = ("number", "peak", "fit_threshold", "slope_limit", "use")
    for _ in window_names[1:3]:
        qtbot.keyClick(focus(), Key.Key_Right)
    type_value(qtbot, window, "12")
    assert session.state.params(number).fit_threshold == 12.0
    qtbot.keyClick(focus(), Key.Key_PageDown, Qt.KeyboardModifier.AltModifier)
    assert session.state.params(number).fit_threshold == pytest.approx(10.9, abs=0.1)
    for _ in window_names[3:]:
        qtbot.keyClick(focus(), Key.Key_Right)
    type_value(qtbot, window, "-0.5 ... 0.2")
    assert session.state.params(number).use == ((-0.5, 0.2),)

    go_to(qtbot, window, "sky")
    place = session.state.places.current
    qtbot.keyClick(focus(), Key.Key_Left)
    settle(qtbot, window)
    assert session.state.places.current.ra > place.ra

    qtbot.keyClick(focus(), Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, window)
    assert session.state.variants.active == "B"
    qtbot.keyClick(focus(), Key.Key_V, Qt.KeyboardModifier.ShiftModifier)
    settle(qtbot, window)
    assert session.state.variants.active == "A"

    qtbot.keyClick(focus(), Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    cubes = dialog_of(window, QDialog)
    qtbot.waitUntil(lambda: cubes.isAncestorOf(QApplication.focusWidget()))
    while focus() is not cubes.folder_edit:
        qtbot.keyClick(focus(), Key.Key_Tab)
    cubes.folder_edit.selectAll()
    qtbot.keyClicks(focus(), str(tmp_path / "out"))
    qtbot.keyClick(focus(), Key.Key_Return)
    settle(qtbot, window)
    (written,) = workers.asked(WriteCubes)
    assert written.folder == str(tmp_path / "out")
    assert written.recipe.override(number).fit_threshold == pytest.approx(10.9, abs=0.1)


def can_have_the_keyboard(window) -> set[QWidget]:
    """Controls in sight that Tab should reach."""
    return {
        widget
        for widget in window.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.focusProxy() is None
        and widget.window() is window
        and widget.isEnabled()
        and not widget.visibleRegion().isEmpty()
    }


def test_tab_reaches_every_control_and_goes_round(start, qtbot):
    window = start(*FILES)
    for forward in (True, False):
        window.slices_panel.bring_forward()
        first, reached = focus(), []
        wanted = can_have_the_keyboard(window)
        while len(reached) <= 2 * len(wanted):
            reached.append(focus())
            qtbot.keyClick(focus(), Key.Key_Tab if forward else Key.Key_Backtab)
            if focus() is first:
                break
        assert focus() is first, f"trapped at {reached[-1]} {reached[-1].toolTip()}"
        assert {w.toolTip() or w.accessibleName() for w in wanted - set(reached)} == set()
        panels = [name for w in reached for name, panel in window.bench.panels.items() if panel.isAncestorOf(w)]
        assert len([a for a, b in pairwise(panels) if a != b]) <= len(set(panels))  # one panel after the other


def test_the_panel_with_the_keyboard_is_marked(start, qtbot):
    window = start(*FILES)
    for _ in range(3):
        qtbot.keyClick(focus(), Key.Key_F6)
        marked = {name for name, panel in window.bench.panels.items() if panel._bar._marked}
        assert marked == {window.bench.focused()}
        assert marked != {""}
