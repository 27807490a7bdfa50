"""Places and spectra in the whole window, by mouse and keys."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication

from atm_viewer.engine.errors import InputError
from atm_viewer.jobs.requests.previews import MakeSpectra
from tests.views.mouse import click, drag, hover, leave
from tests.views.mouse import settle as paint
from tests.views.windows import FILES, wait

SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(start, qtbot):
    window = start(*FILES)
    wait(qtbot, window)
    return window


def legend(window) -> str:
    return " ".join(re.sub("<.*?>|&nbsp;|\u00a0", " ", window.spectrum.header.legend.text()).split())


def test_shift_click_adds_a_place_whose_spectra_join_the_others(window, qtbot):
    session, sky = window.session, window.sky
    first = session.state.places.current
    click(qtbot, sky.plot, -0.65, 0.39, SHIFT)
    wait(qtbot, window)
    assert session.state.places.numbers == (1, 2)
    assert session.state.places[1] == first
    np.testing.assert_allclose(session.answers.sky.offsets(*session.state.position), (-0.65, 0.39), atol=0.02)
    assert "place 1" in legend(window)
    assert "place 2" in legend(window)
    # a click moves the active one, a click on the other's handle makes that one active
    click(qtbot, sky.plot, -1.04, 0.39)
    wait(qtbot, window)
    np.testing.assert_allclose(session.answers.sky.offsets(*session.state.position), (-1.04, 0.39), atol=0.02)
    click(qtbot, sky.plot, *(float(v) for v in session.answers.sky.offsets(first.ra, first.dec)))
    wait(qtbot, window)
    assert session.state.places.active == 1
    assert session.state.places[1] == first


def test_spectra_follow_a_place_that_is_dragged(window, qtbot):
    session = window.session
    asked = len(session.jobs._workers.asked(MakeSpectra))
    start = tuple(float(v) for v in session.answers.sky.offsets(*session.state.position))
    drag(qtbot, window.sky.plot, start, (start[0] + 0.52, start[1] + 0.26))
    wait(qtbot, window)
    found = session.answers.sky.offsets(*session.state.position)
    np.testing.assert_allclose(found, (start[0] + 0.52, start[1] + 0.26), atol=0.08)
    assert len(session.jobs._workers.asked(MakeSpectra)) > asked + 1  # on the way as well
    assert window.spectrum._picture.main is session.answers.spectra


def test_places_by_keys_alone(window, qtbot):
    session = window.session
    start = session.state.position
    qtbot.keyClick(window, Qt.Key.Key_M, CONTROL)
    wait(qtbot, window)
    assert session.state.places.numbers == (1, 2)
    qtbot.keyClick(window, Qt.Key.Key_M, CONTROL | SHIFT)
    assert session.state.places.active == 1
    window.sky_panel.bring_forward()
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Up)
    wait(qtbot, window)
    moved = np.array(session.answers.sky.offsets(*session.state.position)) - session.answers.sky.offsets(*start)
    np.testing.assert_allclose(moved, (0.0, session.answers.sky.spaxel), atol=1e-6)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Delete)
    wait(qtbot, window)
    assert session.state.places.numbers == (2,)
    assert not window.actions_by_name["remove_place"].isEnabled()


def test_a_place_is_added_where_the_mouse_is(window, qtbot):
    session = window.session
    hover(qtbot, window.sky.plot, 0.65, -0.52)
    qtbot.keyClick(window, Qt.Key.Key_M, CONTROL)
    wait(qtbot, window)
    np.testing.assert_allclose(session.answers.sky.offsets(*session.state.position), (0.65, -0.52), atol=0.02)
    leave(qtbot, window.sky.plot)


def test_variants_stand_beside_each_other(window, qtbot):
    session = window.session
    session.recipes.new_variant()
    session.recipes.set_global("fit_threshold", 5.0)
    wait(qtbot, window)
    assert "— A — B —" in legend(window)
    session.recipes.label_variant("B", "low")
    assert "B low" in legend(window)
    click(qtbot, window.sky.plot, -0.65, 0.39, SHIFT)
    wait(qtbot, window)
    for words in ("1 A", "1 B", "2 A", "2 B"):
        assert words in legend(window)


def test_options_by_keys(window, qtbot):
    """Ctrl+U opens the form; its first box chooses the unit; Escape closes it."""
    session, controls = window.session, window.spectrum.controls
    qtbot.keyClick(window, Qt.Key.Key_U, CONTROL)
    assert controls.isVisible()
    assert controls.focusWidget() is controls.unit_box
    qtbot.keyClick(controls.unit_box, Qt.Key.Key_Down)
    paint(qtbot)
    assert session.state.spectrum_settings.unit == "Jy"
    assert "per spaxel" in window.spectrum.flux_plot.getAxis("left").labelText
    assert "Jy]" in window.spectrum.flux_plot.getAxis("left").labelText
    qtbot.keyClick(controls.unit_box, Qt.Key.Key_Tab)
    assert controls.focusWidget() is controls.ticks["log"]
    qtbot.keyClick(controls.ticks["log"], Qt.Key.Key_Tab)
    assert controls.focusWidget() is controls.axis_box
    qtbot.keyClick(controls.axis_box, Qt.Key.Key_End)
    paint(qtbot)
    assert session.state.spectrum_settings.axis == "velocity"
    assert "velocity about" in window.spectrum.ratio_plot.getAxis("bottom").labelText
    qtbot.keyClick(controls, Qt.Key.Key_Escape)
    assert not controls.isVisible()


def test_pointing_at_a_velocity_points_at_its_wavelength(window, qtbot):
    """5.34 µm is [Fe II]'s line: velocity 0."""
    session, view = window.session, window.spectrum
    session.look.set_spectrum_settings(replace(session.state.spectrum_settings, axis="velocity", line="[Fe II] 5.34"))
    paint(qtbot)
    hover(qtbot, view.flux_plot, 1000.0, np.mean(view.flux_plot.vb.viewRange()[1]))
    cursor = session.pointer.cursor
    assert cursor.wavelength == pytest.approx(5.340169 * (1 + 1000 / 299792.458), abs=0.001)
    for line in view._cursor_lines[:2]:
        assert line.value == pytest.approx(1000.0, abs=60.0)
    leave(qtbot, view.flux_plot)


def test_a_line_list_that_cannot_be_read_is_told_and_the_window_works(monkeypatch, start, qtbot):
    def broken():
        raise InputError("The line list lines.toml cannot be read: it is broken.")

    monkeypatch.setattr("atm_viewer.views.window.main_window.line_list", broken)
    window = start()
    session = window.session
    assert session.messages.all[-1].text == "The line list lines.toml cannot be read: it is broken."
    session.exposures.open(FILES)
    wait(qtbot, window)
    session.look.set_spectrum_settings(replace(session.state.spectrum_settings, axis="velocity"))
    assert "velocity about 5.3" in window.spectrum.ratio_plot.getAxis("bottom").labelText
