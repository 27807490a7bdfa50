"""Axes that can be read."""

from __future__ import annotations

import pytest

from atm_viewer.views.base.plotting import LINE_HEIGHT, PlainAxis


@pytest.mark.parametrize(("size", "step"), [(32.0, 0.2), (200.0, 0.1)])
def test_numbers_of_low_plots_do_not_overlap(qapp, size, step):
    """At 1280×800 the rows of the profile are some 35 dots high, and pyqtgraph wants three numbers there."""
    (interval, _), *_ = PlainAxis("left").tickSpacing(0.0, 0.4, size)
    assert interval == pytest.approx(step)
    assert interval * size / 0.4 >= LINE_HEIGHT
