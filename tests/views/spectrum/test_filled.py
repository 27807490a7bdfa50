"""Marks of the planes that come from pixels which the spline fills."""

from __future__ import annotations

from PyQt6.QtCore import QPointF
from PyQt6.QtGui import QColor

from atm_viewer.jobs.requests.previews import MeasureFilled
from atm_viewer.views.base.theme import DARK
from tests.views.mouse import dot, hover
from tests.views.windows import press, wait


def marked(window, wavelength: float) -> bool:
    """Whether there is a mark on the upper edge of the plot, at a wavelength."""
    plot = window.spectrum.flux_plot
    spot = dot(plot, wavelength, plot.vb.viewRange()[1][1])
    edge = plot.getViewWidget().mapFromScene(plot.vb.mapToScene(QPointF(0.0, 2.0)))
    seen = plot.getViewWidget().grab().toImage().pixelColor(spot.x(), edge.y())
    wanted = QColor(DARK.after)
    return max(abs(a - b) for a, b in zip(seen.getRgb()[:3], wanted.getRgb()[:3], strict=True)) < 40


def test_filled_planes_are_marked_and_told(opened, qtbot):
    opened.actions_by_name["use_dark_theme"].trigger()
    wait(qtbot, opened)
    assert marked(opened, 5.32)
    assert not marked(opened, 5.1)
    plot = opened.spectrum.flux_plot
    middle = sum(plot.vb.viewRange()[1]) / 2
    hover(qtbot, plot, 5.32, middle)
    assert "50 % from filled pixels" in opened.session.pointer.cursor.value
    hover(qtbot, plot, 5.1, middle)
    assert "filled" not in opened.session.pointer.cursor.value


def test_without_masks_nothing_is_asked_and_nothing_marked(opened, qtbot):
    opened.actions_by_name["use_dark_theme"].trigger()
    opened.session.look.set_spectrum(masks=False)
    wait(qtbot, opened)
    assert not marked(opened, 5.32)
    count = len(opened.session.jobs._workers.asked(MeasureFilled))
    press(qtbot, opened, "raise_threshold")
    wait(qtbot, opened)
    assert len(opened.session.jobs._workers.asked(MeasureFilled)) == count


def test_marks_stay_while_an_edit_renews_them_and_go_with_the_place(opened, qtbot):
    session, seen = opened.session, []
    session.changed.filled_share.connect(lambda: seen.append(session.answers.filled_share))
    press(qtbot, opened, "raise_threshold")
    wait(qtbot, opened)
    assert seen
    assert None not in seen
    place = session.state.places.current
    session.look.pick_sky(place.ra, place.dec + 0.4 / 3600)
    wait(qtbot, opened)
    assert None in seen
    assert seen[-1] is not None
