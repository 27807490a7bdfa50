"""Spaxels that lose planes, over the sky image."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PyQt6.QtCore import Qt

from atm_viewer.jobs.requests.measures import CountPlanes
from atm_viewer.views.sky.coverage_overlay import DOTS, hatching
from tests.views.mouse import hover
from tests.views.windows import FILES, press, wait


@pytest.fixture
def window(start):
    return start(FILES[0])


def legend(window) -> str:
    return re.sub("<[^>]*>|&nbsp;", " ", window.coverage_overlay.legend.text()).replace("\u00a0", " ").strip()


def test_lost_planes_are_counted_on_demand_and_hatched(qtbot, window):
    overlay, session, requests = window.coverage_overlay, window.session, window.session.jobs._workers.requests
    wait(qtbot, window)
    assert not any(isinstance(r, CountPlanes) for r in requests)
    assert overlay.legend.isHidden()
    action = window.actions_by_name["show_lost"]
    press(qtbot, window, "show_lost")
    assert action.isChecked()
    wait(qtbot, window)
    assert "4 of 841 spaxels lose planes by the correction, 1 of them all" in legend(window)
    y, x = np.nonzero(overlay.hatched)
    assert set(y.tolist()) == {0, 1}
    image = session.answers.sky
    east, north = (image.x0 - x[0]) * image.spaxel, (y[0] - image.y0) * image.spaxel
    hover(qtbot, window.sky.plot, east, north)
    assert legend(window) == f"spaxel x {x[0]}, y {y[0]}: 1000 of 1000 planes lost"
    # Another recipe is asked about at once; the answer to the older one is not shown for it.
    session.recipes.set_global("edges", "keep")
    assert overlay.hatched is None
    wait(qtbot, window)
    assert legend(window).endswith("No spaxel loses planes by the correction (841 have data).")
    assert not overlay.hatched.any()
    qtbot.mouseClick(overlay.button, Qt.MouseButton.LeftButton)
    assert not action.isChecked()
    asked = len(requests)
    session.recipes.set_global("edges", "pipeline")
    wait(qtbot, window)
    assert not any(isinstance(r, CountPlanes) for r in requests[asked:])


def test_the_overlay_lies_on_its_spaxels(qtbot, window):
    press(qtbot, window, "show_lost")
    wait(qtbot, window)
    overlay, image = window.coverage_overlay, window.session.answers.sky
    x = int(np.flatnonzero(overlay.hatched[0])[0])
    dots = overlay._item.image
    lost = dots[: 2 * DOTS, ::, 3].any(axis=0).reshape(-1, DOTS).any(axis=1)
    # x grows to the west: the image begins at the eastern side's far end, and is drawn from there on.
    assert lost[::-1][x]
    rect = overlay._item.mapRectToParent(overlay._item.boundingRect())
    assert rect.center().x() == pytest.approx((image.x0 - (image.image.shape[1] - 1) / 2) * image.spaxel, abs=1e-9)


def test_stripes_are_the_thicker_the_more_is_lost():
    dots = hatching(np.array([[0.0, 0.01, 0.5, 1.0]]))[..., 3] > 0
    shares = dots.reshape(DOTS, 4, DOTS).mean(axis=(0, 2))
    np.testing.assert_allclose(shares, [0.0, 1 / DOTS, 2 / DOTS, 4 / DOTS])
