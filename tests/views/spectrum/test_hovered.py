"""The spectrum of the spaxel under the mouse, while it hovers over the sky image."""

from __future__ import annotations

import numpy as np
import pytest

from atm_viewer.jobs.requests.previews import MakeHoveredSpectrum
from atm_viewer.session.state.selection import spaxel_of
from tests.views.mouse import hover, leave
from tests.views.windows import press, settle, wait


def curve(window):
    return window.spectrum.hovered_curve.curve.getData()


def text(window) -> str:
    found = window.spectrum.hovered_curve.word
    return found.toPlainText() if found.isVisible() else ""


def move(qtbot, window, spaxels: tuple[int, int]) -> None:
    """Hover over a spaxel that is so many to the right of and above the brightest one."""
    sky = window.session.answers.sky
    east, north = (float(v) for v in sky.offsets(*sky.peak))
    hover(qtbot, window.sky.plot, east - spaxels[0] * sky.spaxel, north + spaxels[1] * sky.spaxel)


def asked(window) -> list[MakeHoveredSpectrum]:
    return window.session.jobs._workers.asked(MakeHoveredSpectrum)


def test_it_comes_and_goes_with_the_mouse(opened, qtbot):
    wait(qtbot, opened)
    heights = opened.spectrum.flux_plot.vb.viewRange()
    assert text(opened) == ""
    move(qtbot, opened, (2, 1))
    qtbot.waitUntil(lambda: text(opened) != "")
    sky = opened.session.answers.sky
    x, y = spaxel_of(sky, *sky.peak)
    assert f"spaxel {x + 2}, {y + 1}, before × " in text(opened)
    after = next(c for c in opened.spectrum._picture.curves if c.role == "after")
    assert np.nanmedian(curve(opened)[1]) == pytest.approx(np.nanmedian(after.flux), rel=0.1)
    factor = float(text(opened).rpartition(" ")[2])
    assert factor == pytest.approx(curve(opened)[1][0] / sky.image[y + 1, x + 2], rel=0.01)
    assert opened.spectrum.flux_plot.vb.viewRange() == heights
    leave(qtbot, opened.sky.plot)
    qtbot.waitUntil(lambda: text(opened) == "")
    assert curve(opened)[0] is None or not len(curve(opened)[0])


def test_moving_within_a_spaxel_asks_nothing(opened, qtbot):
    move(qtbot, opened, (1, 1))
    settle(qtbot, opened)
    count = len(asked(opened))
    assert count
    move(qtbot, opened, (1.2, 0.8))
    settle(qtbot, opened)
    assert len(asked(opened)) == count


def test_at_most_one_is_under_way_and_the_latest_is_asked_last(opened, qtbot):
    workers = opened.session.jobs._workers
    workers.held.add(MakeHoveredSpectrum)
    for k in range(6):
        move(qtbot, opened, (k, 0))
    assert len(asked(opened)) == 1
    workers.release(MakeHoveredSpectrum)
    sky = opened.session.answers.sky
    x, y = spaxel_of(sky, *sky.peak)
    qtbot.waitUntil(lambda: f"spaxel {x + 5}, {y}" in text(opened))
    assert len(asked(opened)) == 2


def test_what_comes_after_the_mouse_has_left_is_not_shown(opened, qtbot):
    workers = opened.session.jobs._workers
    workers.held.add(MakeHoveredSpectrum)
    move(qtbot, opened, (1, 0))
    leave(qtbot, opened.sky.plot)
    workers.release(MakeHoveredSpectrum)
    qtbot.wait(50)
    assert text(opened) == ""
    settle(qtbot, opened)
    assert not any("mouse" in m.text for m in opened.session.messages.all)


def test_nothing_is_asked_while_the_spectra_are_hidden(opened, qtbot):
    press(qtbot, opened, "panel_spectrum")
    settle(qtbot, opened)
    move(qtbot, opened, (2, 1))
    settle(qtbot, opened)
    assert not asked(opened)


def test_no_spectrum_beside_the_field(opened, qtbot):
    move(qtbot, opened, (17, 17))  # a corner without data
    settle(qtbot, opened)
    assert not asked(opened)
