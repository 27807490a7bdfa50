"""The spectrum from before an edit stays in sight, faintly, while a value is dragged and a moment longer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from atm_viewer.jobs.requests.previews import MakeSpectra
from atm_viewer.session.session import Session
from atm_viewer.views.spectrum.ghost import GhostKeeper
from tests.session.fake_workers import FakeWorkers
from tests.views.mouse import click, drag, let_go
from tests.views.windows import FILES, press, wait


class EditedWorkers(FakeWorkers):
    """Spectra after correction that follow the recipe: the higher thresholds and limits, the fainter."""

    def _result(self, request):
        result = super()._result(request)
        if not isinstance(request, MakeSpectra):
            return result
        recipe = request.extraction.recipe
        total = sum((s.fit_threshold or 0.0) + 10.0 * (s.slope_limit or 0.0) for s in recipe.overrides)
        return replace(result, after=result.before * (1.0 - 0.005 * total))


@pytest.fixture
def opened(start, qtbot):
    window = start(FILES[0], session=Session(EditedWorkers), size=(1440, 900))
    wait(qtbot, window)
    set_patience(window, 60_000)
    return window


def set_patience(window, milliseconds: int) -> None:
    """Let ghosts stay so long: no test must hurry or wait."""
    (keeper,) = window.findChildren(GhostKeeper)
    keeper._timer.setInterval(milliseconds)


def levels(window) -> tuple[float | None, float]:
    """Medians of the ghost and of the spectrum after correction, as they are drawn."""
    spectrum = window.spectrum
    y = spectrum.ghost.curves["flux"].getData()[1]
    after = next(item for key, item in spectrum._items.items() if key[:2] == ("flux", "after")).getData()[1]
    return (float(np.nanmedian(y)) if y is not None and len(y) else None), float(np.nanmedian(after))


def test_a_drag_leaves_what_was_before_it_in_sight(opened, qtbot):
    set_patience(opened, 300)
    _, before = levels(opened)
    assert levels(opened)[0] is None
    plot = opened.profile.slope
    x = plot.vb.viewRange()[0][1] - 0.4
    end = (x, 0.4)
    drag(qtbot, plot, (x, 0.1), end, release=False)
    qtbot.waitUntil(lambda: levels(opened)[1] != before)
    assert levels(opened)[0] == pytest.approx(before)
    assert "before the edit" in opened.spectrum.ghost.word.toPlainText()
    assert opened.spectrum.ghost.curves["ratio"].getData()[1] is not None
    qtbot.wait(500)  # as long as the hand holds it, it stays
    assert levels(opened)[0] == pytest.approx(before)
    let_go(qtbot, plot, end)
    qtbot.waitUntil(lambda: levels(opened)[0] is None)
    assert not opened.spectrum.ghost.word.isVisible()


def test_a_key_shows_the_value_before_and_not_the_first_one(opened, qtbot):
    press(qtbot, opened, "raise_threshold")
    wait(qtbot, opened)
    _, second = levels(opened)
    press(qtbot, opened, "raise_threshold")
    wait(qtbot, opened)
    assert levels(opened)[0] == pytest.approx(second)
    assert levels(opened)[1] < second
    press(qtbot, opened, "undo")
    wait(qtbot, opened)
    assert levels(opened)[0] < second
    assert levels(opened)[1] == pytest.approx(second)


def test_another_place_has_no_ghost(opened, qtbot):
    press(qtbot, opened, "raise_threshold")
    wait(qtbot, opened)
    assert levels(opened)[0] is not None
    press(qtbot, opened, "spectrum_log")
    assert levels(opened)[0] is None
    press(qtbot, opened, "raise_threshold")
    wait(qtbot, opened)
    assert levels(opened)[0] is not None
    press(qtbot, opened, "add_place")
    wait(qtbot, opened)
    assert levels(opened)[0] is None


def test_another_variant_is_no_edit(opened, qtbot):
    press(qtbot, opened, "new_variant")
    wait(qtbot, opened)
    press(qtbot, opened, "previous_variant")
    wait(qtbot, opened)
    assert levels(opened)[0] is None


def test_a_click_on_the_sky_takes_the_ghost_away(opened, qtbot):
    press(qtbot, opened, "raise_threshold")
    wait(qtbot, opened)
    middle = opened.sky.view.viewRect().center()
    click(qtbot, opened.sky.plot, middle.x() + 0.7, middle.y() + 0.7)
    wait(qtbot, opened)
    qtbot.waitUntil(lambda: levels(opened)[0] is None)
