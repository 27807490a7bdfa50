"""The verdict and the predicted curve in the Spectrum panel, with mouse and keys."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import Qt

from atm_viewer.engine.results.verdict import Verdict
from atm_viewer.jobs.requests.base import Urgency
from atm_viewer.jobs.requests.measures import GiveVerdict
from atm_viewer.jobs.requests.previews import PredictArtifact
from atm_viewer.session.report_page import report_html
from atm_viewer.session.state.saved_session import SavedSession
from atm_viewer.views.base.theme import DARK, LIGHT
from atm_viewer.views.spectrum.verdict import VerdictLine
from tests.views.mouse import settle, show
from tests.views.windows import press, wait


def asked(window, kind) -> list:
    return window.session.jobs._workers.asked(kind)


def test_it_says_what_the_spectrum_shows(opened, qtbot):
    line = opened.spectrum.verdict
    assert line.text().startswith("Resampling noise: period matches geometry (")
    assert "What is left: " in line.text()
    assert line.isEnabled()
    assert line.text() in line.toolTip()
    assert "predicted phase" in line.toolTip()
    [request] = {*asked(opened, GiveVerdict)}
    assert request.extraction == opened.session.state.extraction
    assert request.urgency is Urgency.LAST


def test_the_report_says_the_same(opened, qtbot):
    sentence = opened.spectrum.verdict.text()
    assert f"Place 1, variant A, ch1-short: {sentence}" in report_html(opened.session, [])
    opened.session.jobs._workers.held.add(GiveVerdict)
    opened.session.recipes.set_global("slope_limit", 0.2)
    qtbot.waitUntil(lambda: not opened.spectrum.verdict.isEnabled())
    assert sentence not in report_html(opened.session, [])  # it is on older spectra
    opened.session.jobs._workers.release(GiveVerdict)
    wait(qtbot, opened)
    assert opened.spectrum.verdict.isEnabled()


def test_it_is_asked_only_in_sight_and_never_in_a_drag(opened, qtbot):
    session = opened.session
    press(qtbot, opened, "panel_spectrum")
    qtbot.waitUntil(lambda: not opened.spectrum.isVisible())
    known = len(asked(opened, GiveVerdict))
    session.recipes.set_global("slope_limit", 0.3)
    wait(qtbot, opened)
    assert len(asked(opened, GiveVerdict)) == known
    press(qtbot, opened, "panel_spectrum")
    wait(qtbot, opened)
    assert asked(opened, GiveVerdict)[-1].extraction.recipe.slope_limit == 0.3
    known = len(asked(opened, GiveVerdict))
    session.recipes.drag_slice(session.state.number, "slope_limit", 0.4)
    wait(qtbot, opened)
    assert len(asked(opened, GiveVerdict)) == known
    assert not opened.spectrum.verdict.isEnabled()  # what it says is of the spectra before the drag
    session.recipes.end_drag()
    wait(qtbot, opened)
    assert len(asked(opened, GiveVerdict)) == known + 1
    assert asked(opened, GiveVerdict)[-1].extraction == session.state.extraction
    assert opened.spectrum.verdict.isEnabled()


def test_the_plot_does_not_jump(opened, qtbot):
    plot = opened.spectrum.canvas.geometry()
    opened.session.jobs._workers.held.add(GiveVerdict)
    opened.session.look.pick_sky(*(v + 1e-5 for v in opened.session.state.position))
    qtbot.waitUntil(lambda: not opened.spectrum.verdict.isEnabled())
    settle(qtbot)
    assert opened.spectrum.canvas.geometry() == plot
    opened.session.jobs._workers.release(GiveVerdict)


def test_a_long_sentence_is_cut_and_its_tooltip_is_whole(qtbot):
    line = VerdictLine()
    show(qtbot, line, 240, 20)
    height = line.height()
    reason = "too faint <b>(S/N 2.0 per plane, needed: 3)</b> " * 5
    line.show_verdict(Verdict(reason.strip()), False)
    assert (line.width(), line.height()) == (240, height)
    first, *_, last = lines = line.lines()
    assert len(lines) == 3  # in a narrow panel; two in a wide one
    assert first.startswith("Can't tell whether")
    assert last.endswith("…")
    assert line.textFormat() is Qt.TextFormat.PlainText
    assert "Can&#x27;t tell" in line.toolTip() or "Can't tell" in line.toolTip()


def curve(window) -> np.ndarray:
    return window.spectrum.predicted_curve.getData()[1]


def test_predicted_curve_is_shown_and_hidden(opened, qtbot):
    spectrum, action = opened.spectrum, opened.actions_by_name["spectrum_predicted"]
    assert action.isChecked()
    wave = np.linspace(4.9, 5.7, 600)
    wiggle = 0.1 * np.sin(2 * np.pi * (wave - 4.9) / (0.06 + 0.1 * (wave - 4.9)))
    assert curve(opened) == pytest.approx((1 + wiggle) / np.median(1 + wiggle))
    press(qtbot, opened, "spectrum_predicted")
    wait(qtbot, opened)
    assert not action.isChecked()
    assert curve(opened) is None or not curve(opened).size
    assert opened.session.state.saved.spectrum.predicted is False
    assert SavedSession().spectrum.predicted
    spectrum.controls.ticks["predicted"].click()
    wait(qtbot, opened)
    assert action.isChecked()
    assert curve(opened).size == 600


def test_predicted_curve_is_the_same_for_all_recipes(opened, qtbot):
    known = len(asked(opened, PredictArtifact))
    opened.session.recipes.set_global("slope_limit", 0.3)
    wait(qtbot, opened)
    assert len(asked(opened, PredictArtifact)) == known
    assert curve(opened).size == 600
    opened.session.look.pick_sky(*(v + 1e-5 for v in opened.session.state.position))
    wait(qtbot, opened)
    assert len(asked(opened, PredictArtifact)) == known + 1


def test_the_sentence_is_legible_in_both_themes(opened, qtbot):
    line = opened.spectrum.verdict
    for theme in (DARK, LIGHT):
        opened.actions_by_name[f"use_{theme.name}_theme"].trigger()
        settle(qtbot)
        image = line.grab().toImage()
        seen = {image.pixelColor(x, y).lightness() for x in range(image.width()) for y in range(image.height())}
        assert max(seen) - min(seen) > 150
