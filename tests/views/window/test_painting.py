"""What is on the screen is what would be painted anew: nothing stale stays behind."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QPoint
from PyQt6.QtGui import QImage, QPixmap

from atm_viewer.views.base.plotting import Canvas
from tests.views.mouse import click, drag, view_range
from tests.views.windows import press, wait


def dots(picture: QPixmap) -> np.ndarray:
    image = picture.toImage().convertToFormat(QImage.Format.Format_RGB32)
    data = image.constBits()
    data.setsize(image.sizeInBytes())
    rows = np.frombuffer(data, np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return rows[:, : image.width(), :3].astype(int)


def stale(window) -> dict[str, int]:
    """Dots of each plot that differ from what would be painted now."""
    screen, found = dots(window.screen().grabWindow(window.winId())), {}
    for panel in window.bench.panels.values():
        for canvas in panel.findChildren(Canvas):
            if not canvas.viewport().visibleRegion().isEmpty():
                at = canvas.mapTo(window, QPoint(0, 0))
                seen = screen[at.y() : at.y() + canvas.height(), at.x() : at.x() + canvas.width()]
                anew = dots(canvas.grab())
                # Lines between two rows of dots go to one or the other, by where the plot is in the window.
                rows = [np.abs(seen - np.roll(anew, by, axis=0)).max(axis=2) for by in (-1, 0, 1)]
                differ = int((np.min(rows, axis=0) > 12).sum())
                if differ > 30:  # a dot here and there along slanted lines
                    found[panel.objectName()] = differ
    return found


def drag_threshold(window, qtbot):
    line = window.profile._collapsed.threshold
    left, right, low, high = view_range(window.profile.collapsed)
    at = left + 0.9 * (right - left)
    drag(qtbot, window.profile.collapsed, (at, line.value()), (at, 0.5 * (low + high)))


STEPS = {
    "automatic ranges": lambda window, qtbot: window.profile.start_action.trigger(),
    "their undo": lambda window, qtbot: press(qtbot, window, "undo"),
    "another range": lambda window, qtbot: window.profile.add_action.trigger(),
    "no range": lambda window, qtbot: window.profile.clear_action.trigger(),
    "a dragged threshold": drag_threshold,
    "another variant": lambda window, qtbot: press(qtbot, window, "new_variant"),
    "another spaxel": lambda window, qtbot: click(qtbot, window.sky.plot, 0.6, 0.4),
    "another slice": lambda window, qtbot: press(qtbot, window, "next_slice"),
    "the why map": lambda window, qtbot: window.actions_by_name["show_why"].trigger(),
    "the difference": lambda window, qtbot: press(qtbot, window, "sky_difference"),
    "no predicted curve": lambda window, qtbot: window.actions_by_name["spectrum_predicted"].trigger(),
    "errors": lambda window, qtbot: window.spectrum.controls.ticks["errors"].click(),
    "the light theme": lambda window, qtbot: window.actions_by_name["use_light_theme"].trigger(),
}


def test_nothing_stale_stays_on_the_screen(opened, qtbot):
    wait(qtbot, opened)
    left = {}
    for name, step in STEPS.items():
        step(opened, qtbot)
        wait(qtbot, opened)
        qtbot.wait(100)
        left |= {f"{name}: {panel}": dots for panel, dots in stale(opened).items()}
    assert left == {}
