"""Axes that can be read."""

from __future__ import annotations

import pytest

from atm_viewer.views.base.plotting import LINE_HEIGHT, Canvas, PlainAxis, show_range


@pytest.mark.parametrize(("size", "step"), [(32.0, 0.2), (200.0, 0.1)])
def test_numbers_of_low_plots_do_not_overlap(qapp, size, step):
    """At 1280×800 the rows of the profile are some 35 dots high, and pyqtgraph wants three numbers there."""
    (interval, _), *_ = PlainAxis("left").tickSpacing(0.0, 0.4, size)
    assert interval == pytest.approx(step)
    assert interval * size / 0.4 >= LINE_HEIGHT


@pytest.mark.parametrize("upright", [True, False])
def test_a_range_that_is_nearly_shown_stays(qtbot, upright):
    canvas = Canvas()
    qtbot.addWidget(canvas)
    plot = canvas.add_plot(0, 0, PlainAxis("bottom"), PlainAxis("left"))

    def shown() -> list[float]:
        return plot.vb.viewRange()[int(upright)]

    show_range(plot, -2.0, 8.0, upright=upright)
    assert shown() == [-2.0, 8.0]
    show_range(plot, -2.1, 8.1, upright=upright)
    assert shown() == [-2.0, 8.0]
    show_range(plot, -2.0, 8.2, upright=upright)
    assert shown() == [-2.0, 8.2]
