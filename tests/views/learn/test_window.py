"""The window on what resampling noise is, used with mouse and keys."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PyQt6.QtCore import Qt

from atm_viewer.jobs.requests.previews import PredictArtifact
from atm_viewer.session.session import Session
from atm_viewer.teaching.model import Optics, peak_by_phase
from atm_viewer.views.base.theme import DARK, LIGHT
from atm_viewer.views.learn.page import LearnPage
from tests.session.fake_workers import FakeWorkers
from tests.views.mouse import click, colour_at, drag, settle, show
from tests.views.windows import FILES, wait


@pytest.fixture
def window(start, qtbot):
    window = start()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


@pytest.fixture
def learn(window, qtbot):
    """Open it as a user does: by its keys."""
    qtbot.keySequence(window, window.actions_by_name["show_learn"].shortcut())
    learn = window.guide.learn
    qtbot.waitUntil(learn.isActiveWindow)
    settle(qtbot)
    yield learn
    learn.hide()


@pytest.fixture
def page(qtbot):
    session = Session(FakeWorkers)
    page = LearnPage(session)
    page.set_theme(DARK)
    show(qtbot, page, 1100, 680)
    yield page
    session.close()


def open_files(qtbot, window):
    window.session.exposures.open(FILES[:1])
    wait(qtbot, window)


def predictions(workers) -> list[PredictArtifact]:
    """What was asked for this window; the spectra ask for a curve of their own."""
    return [request for request in workers.asked(PredictArtifact) if not request.shown_as]


def percent(words: str) -> float:
    """First amplitude in some words."""
    return float(re.search(r"±([\d.]+) %", words).group(1))


def peak_of(curve) -> float:
    x, y = curve.getData()
    return float(x[np.argmax(y)])


def test_the_welcome_page_leads_there(window, qtbot):
    assert window.guide.learn is None
    qtbot.mouseClick(window.welcome.learn_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(window.guide.learn.isActiveWindow)
    qtbot.keyClick(window.guide.learn, Qt.Key.Key_Escape)
    assert not window.guide.learn.isVisible()


def test_the_source_goes_where_it_is_dragged(page, qtbot):
    figure = page.figure
    before = page.setup.phase
    drag(qtbot, figure.top.plot, (0.2, 0.5), (0.8, 0.5))
    assert page.setup.phase == pytest.approx(before + 0.6, abs=0.03)
    assert peak_of(figure._true) == pytest.approx(page.setup.phase, abs=0.03)
    # pixels have a value each, the mean of the light within their edges
    x, y = figure._pixels.getData()
    assert y[x == 1.0][0] > y[x == 0.0][0] > y[x == 2.0][0]
    # the dot in the plot on the left is at the same phase
    assert figure._here.getData()[0][0] == pytest.approx(page.setup.phase - 1.0)


def test_arrow_keys_move_it_too(page, qtbot):
    before = page.setup.phase
    page.figure.setFocus()
    qtbot.keyClick(page.figure, Qt.Key.Key_Right)
    assert page.setup.phase == pytest.approx(before + 0.02)
    qtbot.keyClick(page.figure, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert page.setup.phase == pytest.approx(before - 0.08)


def test_a_click_on_a_phase_puts_the_source_there(page, qtbot):
    click(qtbot, page.figure.by_phase.plot, -0.3, 1.0)
    assert page.setup.phase == pytest.approx(-0.3, abs=0.01)


def test_numbers_are_those_of_the_curves(page):
    expected = peak_by_phase(Optics(0.282 / 0.196, "overlap", 0.13 / 0.196))[1]
    shown = percent(page.figure.by_phase.words.text())
    assert shown == pytest.approx(50 * np.ptp(expected) / expected.mean(), abs=0.06)
    assert "1.44 pixels per FWHM" in page.figure.top.words.text()


def test_what_is_changed_changes_the_noise(page, qtbot):
    figure = page.figure
    one = percent(figure.by_phase.words.text())
    page.dither_box.setFocus()
    qtbot.keyClick(page.dither_box, Qt.Key.Key_Down)
    assert page.setup.dithers == 2
    assert percent(figure.by_phase.words.text()) < one / 4
    qtbot.keyClick(page.dither_box, Qt.Key.Key_Up)
    page.fwhm_box.setValue(0.6)  # three pixels
    assert percent(figure.by_phase.words.text()) < one / 3
    qtbot.mouseClick(page.preset_buttons["MIRI MRS 1A"], Qt.MouseButton.LeftButton)
    assert percent(figure.by_phase.words.text()) == one
    aperture = float(re.search(r"aperture of [\d.]+ FWHM ±([\d.]+)", plain_text(figure.by_wavelength)).group(1))
    page.radius_box.setValue(2.0)
    assert float(re.search(r"of 2 FWHM ±([\d.]+)", plain_text(figure.by_wavelength)).group(1)) < aperture / 3


def plain_text(chart) -> str:
    return re.sub(r"<[^>]*>", "", chart.words.text()).replace("&nbsp;", " ")


def test_the_trace_model_flattens_the_curves_and_shows_what_it_learns_from(page, qtbot):
    figure = page.figure
    assert not figure._neighbours.isVisible()
    before = percent(figure.by_phase.words.text())
    qtbot.keyClick(page.model_box, Qt.Key.Key_Space)
    assert percent(figure.by_phase.words.text()) < before / 5
    assert figure._neighbours.isVisible()
    assert len(figure._neighbours.getData()[0]) > 100
    assert figure._phase["before"].isVisible()


def test_the_spaxel_of_the_curves_is_not_moved_by_presets(page, qtbot):
    page.figure.moved.emit(0.4)
    page.model_box.setChecked(True)
    qtbot.mouseClick(page.preset_buttons["NIRSpec G235M"], Qt.MouseButton.LeftButton)
    assert (page.setup.phase, page.setup.model, page.setup.pixel) == (0.4, True, 0.1)
    assert page.pixel_box.value() == 0.1
    low, high = page.figure.by_wavelength.plot.vb.viewRange()[0]
    assert (low, high) == pytest.approx((1.66, 3.17), abs=0.05)


def test_numbers_of_the_open_exposure(window, learn, qtbot):
    page = learn.page
    assert not page.own_button.isEnabled()
    assert "Open an exposure" in page.own_button.toolTip()
    open_files(qtbot, window)
    assert page.own_button.isEnabled()
    qtbot.mouseClick(page.own_button, Qt.MouseButton.LeftButton)
    view, session = window.session.state.current, window.session
    inside = view.regions == session.state.number
    step = np.nanmedian(np.abs(np.diff(np.where(inside, view.alpha, np.nan), axis=1)))
    assert page.pixel_box.value() == pytest.approx(step, abs=2e-3)
    middle = np.nanmedian(view.wavelength[inside])
    assert page.fwhm_box.value() == pytest.approx(0.033 * middle + 0.106, abs=2e-3)
    assert session.state.current.name in page.of_label.text()


def test_the_exposures_prediction_is_over_what_was_measured(window, learn, qtbot):
    session = window.session
    learn.tabs.setCurrentIndex(1)
    settle(qtbot)
    own = learn.exposure_page
    assert "Open an exposure" in own.words.text()
    open_files(qtbot, window)
    qtbot.waitUntil(lambda: session.answers.prediction is not None and session.complete)
    settle(qtbot)
    assert "7.1 % → 0.7 %" in own.numbers.text()
    assert "8.2 % → 1.4 %" in own.numbers.text()
    assert "Law et al. 2023" in own.foot.text()
    for curves, amplitude in zip(own.curves, (10.0, 1.0), strict=True):
        predicted, measured = (curves[name].getData()[1] for name in ("predicted", "measured"))
        assert np.nanmax(predicted) == pytest.approx(amplitude, rel=0.25)
        assert np.corrcoef(predicted, measured)[0, 1] > 0.8
    assert own.plots[0].vb.viewRange()[1] == own.plots[1].vb.viewRange()[1]


def test_it_is_asked_for_only_while_it_is_looked_at(window, learn, qtbot):
    session = window.session
    workers = session.jobs._workers
    open_files(qtbot, window)
    assert predictions(workers) == []
    learn.tabs.setCurrentIndex(1)
    qtbot.waitUntil(lambda: session.answers.prediction is not None and session.complete)
    count = len(predictions(workers))
    session.look.pick_sky(session.state.position[0] + 2e-5, session.state.position[1])
    qtbot.waitUntil(lambda: session.complete and len(predictions(workers)) == count + 1)
    learn.exposure_page.centred_box.click()
    qtbot.waitUntil(lambda: session.complete and len(predictions(workers)) == count + 2)
    last = predictions(workers)[-1]
    assert last.source == last.extraction.place == session.state.position
    learn.tabs.setCurrentIndex(0)
    session.look.pick_sky(session.state.position[0] + 2e-5, session.state.position[1])
    qtbot.waitUntil(lambda: session.complete)
    assert len(predictions(workers)) == count + 2


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_colours_follow_the_theme(window, learn, qtbot, theme):
    window.theming.use_light_theme() if theme is LIGHT else window.theming.use_dark_theme()
    settle(qtbot)
    assert colour_at(learn.page.figure.top.plot, -1.6, 0.9).name() == theme.plot
    assert colour_at(learn.page.figure.top.plot, 0.0, learn.page.figure._pixels.getData()[1][4]).name() == theme.accent


def test_every_control_tells_what_it_is(page):
    for box in (page.fwhm_box, page.pixel_box, page.spaxel_box, page.crossed_box, page.bow_box, page.radius_box):
        assert box.toolTip()
        assert box.suffix()
    for widget in (page.method_box, page.dither_box, page.model_box, *page.preset_buttons.values()):
        assert widget.toolTip()
