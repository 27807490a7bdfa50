"""The profile of a slice, used with mouse and keys."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor

from atm_viewer.engine.recipe import FitParams
from atm_viewer.engine.results.pixels import Fate
from atm_viewer.views.base.plotting import rich_width
from atm_viewer.views.base.theme import DARK, LIGHT
from atm_viewer.views.profile.handles import merge_ranges
from atm_viewer.views.profile.text import tell_fate
from atm_viewer.views.profile.view import ProfileView
from tests.views.mouse import click, colour_at, dot, drag, hover, leave, let_go, settle, show, view_range
from tests.views.synthetic import LEVEL, STAR, THRESHOLD, WINDOW, make_profile, make_slice_report

CENTRE = STAR["MIRI"][1]


@pytest.fixture
def view(qtbot):
    view = ProfileView()
    show(qtbot, view, 700, 500)
    return view


def at_flux(view: ProfileView, flux: float) -> float:
    """Coordinate of a flux in the collapsed profile's plot."""
    return float(view.collapsed.getAxis("left").forward(flux))


def show_star(qtbot, view: ProfileView, params: FitParams | None = None, **changes) -> None:
    view.choose(changes.get("column", 512), (0, 1023))
    view.show_profile(make_profile(**changes), make_slice_report(), params or FitParams())
    settle(qtbot)


@pytest.mark.parametrize(
    ("fate", "words"),
    [
        (Fate.FITTED, "own spline"),
        (Fate.REUSED, "reused from column 505"),
        (Fate.BELOW_THRESHOLD, "below threshold: peak 18.3 < 21 MJy/sr, no spline"),
        (Fate.TOO_FEW_POINTS, "too few finite pixels in this column"),
        (Fate.TOO_SPARSE, "too sparse"),
        (Fate.EMPTY, "no finite pixel in this column"),
    ],
)
def test_title_says_what_and_why(qtbot, view, fate, words):
    view.show_profile(make_profile(fate=fate), make_slice_report(peak=18.3), FitParams())
    assert "Slice 112" in view.title.text()
    assert "column 512" in view.title.text()
    assert "5.3121 µm" in view.title.text()
    assert words in view.fate.text()
    assert view.fate.toolTip() == view.fate.text()


def test_fate_without_a_report_or_profile():
    assert tell_fate(make_profile(fate=Fate.BELOW_THRESHOLD), None, "MJy/sr") == "below threshold: no spline"
    assert tell_fate(None, make_slice_report(reason="the peak is low."), "MJy/sr") == "the peak is low."
    assert tell_fate(None, None, "MJy/sr") == ""


def test_arrows_step_the_column(qtbot, view):
    show_star(qtbot, view)
    steps = []
    view.column_stepped.connect(steps.append)
    for target in (view, view.canvas):
        qtbot.keyClick(target, Qt.Key.Key_Right)
        qtbot.keyClick(target, Qt.Key.Key_Left)
        qtbot.keyClick(target, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
        qtbot.keyClick(target, Qt.Key.Key_Up)
    assert steps == [1, -1, 10] * 2


def sigma_at(flux: float) -> float:
    return (flux - LEVEL[0]) / LEVEL[1]


def follow(view: ProfileView, params: FitParams | None = None):
    """Let what is dragged come back as the session's parameters, as the window does; gives all that was dragged."""
    state, told = {"params": params or FitParams()}, []

    def take(number, name, value):
        told.append((number, name, value))
        state["params"] = replace(state["params"], **{name: value})
        view.show_profile(view._profile, view._report, state["params"])

    view.dragged.connect(take)
    return told


def test_threshold_is_told_while_it_is_dragged(qtbot, view):
    show_star(qtbot, view)
    told = follow(view)
    start, end = (1.2, at_flux(view, THRESHOLD)), (1.2, at_flux(view, 300.0))
    with qtbot.assertNotEmitted(view.drag_ended):
        drag(qtbot, view.collapsed, start, end, release=False)
    assert len(told) >= 4
    assert {t[:2] for t in told} == {(112, "fit_threshold")}
    values = [t[2] for t in told]
    assert values == sorted(values)
    # half a dot of the screen of play
    assert values[-1] == pytest.approx(sigma_at(300.0), rel=0.06)
    assert f"({values[-1]:.3g} σ)" in view._collapsed.threshold.label.toPlainText()
    with qtbot.waitSignal(view.drag_ended):
        let_go(qtbot, view.collapsed, end)
    assert has_colour_across(view, at_flux(view, LEVEL[0] + values[-1] * LEVEL[1]))


def test_threshold_that_is_dragged_far_out_of_the_panel_stays_a_number_to_read(qtbot, view):
    show_star(qtbot, view)
    told = follow(view)
    x, high = view.collapsed.vb.viewRange()[0][1] - 0.4, view.collapsed.vb.viewRange()[1][1]
    drag(qtbot, view.collapsed, (x, at_flux(view, THRESHOLD)), (x, 50 * high))
    assert told[-1] == (told[-1][0], "fit_threshold", 1e6)


def test_threshold_that_is_typed_moves_the_line_before_there_is_a_report(qtbot, view):
    report = make_slice_report()
    view.show_profile(make_profile(), report, FitParams())
    settle(qtbot)
    assert has_colour_across(view, at_flux(view, THRESHOLD))
    view.show_profile(view._profile, report, FitParams(fit_threshold=100))
    settle(qtbot)
    assert has_colour_across(view, at_flux(view, 201.0))
    assert not has_colour_across(view, at_flux(view, THRESHOLD))
    told = follow(view)
    drag(qtbot, view.collapsed, (1.2, at_flux(view, 201.0)), (1.2, at_flux(view, 1000.0)))
    assert told[-1][2] == pytest.approx(sigma_at(1000.0), rel=0.06)


def test_line_that_is_held_is_not_taken_away(qtbot, view):
    show_star(qtbot, view)
    start, end = (1.2, at_flux(view, THRESHOLD)), (1.2, at_flux(view, 300.0))
    drag(qtbot, view.collapsed, start, end, release=False)
    line = [has_colour_across(view, y) for y in (start[1], end[1])]
    view.show_profile(make_profile(column=513), make_slice_report(threshold=500.0), FitParams())
    settle(qtbot)
    assert [has_colour_across(view, y) for y in (start[1], end[1])] == line == [False, True]
    let_go(qtbot, view.collapsed, end)


def test_what_does_not_count_cannot_be_dragged(qtbot, view):
    view.show_profile(make_profile(), make_slice_report(), FitParams(0.0, 0.0), fixed=True)
    settle(qtbot)
    with qtbot.assertNotEmitted(view.dragged):
        drag(qtbot, view.collapsed, (1.2, at_flux(view, LEVEL[0])), (1.2, at_flux(view, 300.0)))
        drag(qtbot, view.slope, (1.2, 0.0), (1.2, 0.1))


def test_slope_limit_is_dragged_and_fills_what_is_steep(qtbot, view):
    show_star(qtbot, view)
    told = follow(view)
    top = make_profile().slope.max()
    steepest = float(make_profile().pixels[make_profile().slope.argmax()])
    assert colour_at(view.slope, steepest, top).name() == DARK.use
    drag(qtbot, view.slope, (1.2, 0.1), (1.2, 1.15 * top), release=False)
    assert [t[1] for t in told] == ["slope_limit"] * len(told)
    assert told[-1][2] == pytest.approx(1.15 * top, rel=0.03)
    assert colour_at(view.slope, steepest, top).name() != DARK.use
    let_go(qtbot, view.slope, (1.2, 1.15 * top))
    assert view._slope.limit.label.toPlainText() == f"slope limit {told[-1][2]:g}"


def test_pixels_of_the_slope_panel_say_what_they_count_for(qtbot, view):
    show_star(qtbot, view)
    profile = make_profile()
    steepest = int(profile.slope.argmax())
    for k, words in ((steepest, "above the limit: counts as compact"), (12, "below the limit"), (1, "never counts")):
        with qtbot.waitSignal(view.pointed) as told:
            hover(qtbot, view.slope, profile.pixels[k], profile.slope[k])
        assert words in told.args[3]
    assert "beyond the reach of ±1.70″" in told.args[3]


def test_ends_of_the_window_are_dragged_and_both_move(qtbot, view):
    show_star(qtbot, view)
    strip = view.columns.plot
    told = follow(view)
    drag(qtbot, strip, (512 + WINDOW, 0.6), (512 + 200, 0.6), release=False)
    assert {t[1] for t in told} == {"window"}
    assert told[-1][2] == pytest.approx(200, abs=3)
    words = view.columns._words.toPlainText()
    assert words.startswith(f"±{told[-1][2]}: 5.1")  # beside the handle there is no room for more
    assert words.endswith(" µm")
    band = colour_at(strip, 512 - 150, 0.6), colour_at(strip, 512 - 300, 0.6)
    assert band[0] != band[1]
    with qtbot.waitSignal(view.drag_ended):
        let_go(qtbot, strip, (512 + 200, 0.6))
    # the lower end as well, and not beyond the column itself
    drag(qtbot, strip, (512 - told[-1][2], 0.6), (600, 0.6))
    assert told[-1][2] == 1


def test_strip_leads_to_other_columns(qtbot, view):
    show_star(qtbot, view)
    strip = view.columns.plot
    with qtbot.waitSignal(view.column_picked) as picked:
        click(qtbot, strip, 800, 0.6)
    assert picked.args[0] == pytest.approx(800, abs=3)
    picked = []
    view.column_picked.connect(picked.append)
    with qtbot.assertNotEmitted(view.dragged):
        drag(qtbot, strip, (530, 0.6), (700, 0.6))
    assert picked[-1] == pytest.approx(512 + 170, abs=4)
    assert picked == sorted(picked)
    with qtbot.waitSignal(view.pointed) as told:
        hover(qtbot, strip, 300, 0.1)
    assert told.args[:2] == [112, pytest.approx(300, abs=3)]
    assert told.args[3] == "own spline"


def test_words_of_the_strip_stay_within_it_when_the_panel_gets_narrow(qtbot, view):
    show_star(qtbot, view)
    view.resize(430, 450)
    settle(qtbot)
    words, strip = view.columns._words, view.columns.plot.vb.sceneBoundingRect()
    seen = words.mapRectToScene(words.boundingRect())
    assert strip.left() <= seen.left()
    assert seen.right() <= strip.right() + 1


def test_nothing_is_cut_off_when_the_panel_gets_narrow(qtbot, view):
    show_star(qtbot, view)
    full = view.legend.text()
    assert "breakpoints" in full
    view.resize(290, 300)
    settle(qtbot)
    for line in (view.legend, view.title):
        assert rich_width(line.text(), line.font()) <= line.contentsRect().width() + 1
    assert "spline" in view.legend.text()
    words, plot = view._collapsed.threshold.label, view.collapsed.vb.sceneBoundingRect()
    assert plot.left() <= words.mapRectToScene(words.boundingRect()).left()
    view.resize(700, 450)
    settle(qtbot)
    assert view.legend.text() == full


def test_playing_waits_for_every_column_and_stops_at_the_end(qtbot, view):
    show_star(qtbot, view)
    view.speed_box.setCurrentIndex(view.speed_box.findData(10))
    steps = []

    def step(delta):
        steps.append(delta)
        view.choose(view._column + delta, (0, 515))

    view.choose(512, (0, 515))
    view.column_stepped.connect(step)
    qtbot.keyClick(view, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: steps != [])
    qtbot.wait(150)
    assert len(steps) == 1  # the profile of the next column has not come
    for column in range(513, 516):
        view.show_profile(make_profile(column=column), make_slice_report(), FitParams())
        qtbot.waitUntil(lambda column=column: view._column > column or not view.play_button.isChecked())
    assert view._column == 515
    assert not view.play_button.isChecked()
    # from the end it begins anew, and stops by the same key
    with qtbot.waitSignal(view.column_picked) as picked:
        qtbot.keyClick(view, Qt.Key.Key_Space)
    assert picked.args == [0]
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert not view.play_button.isChecked()


def test_what_can_be_dragged_shows_it_under_the_mouse(qtbot, view):
    show_star(qtbot, view, FitParams(use=((-1.4, -0.5),)))
    viewport = view.canvas.viewport()
    shapes = {}
    for name, plot, x, y in (
        ("nothing", view.points, 0.3, 0.3),
        ("threshold", view.collapsed, 1.2, at_flux(view, THRESHOLD)),
        ("slope limit", view.slope, 1.2, 0.1),
        ("use", view.residual, -0.5, 0.0),
        ("window", view.columns.plot, 512 + WINDOW, 0.6),
    ):
        before = view_range(plot)
        hover(qtbot, plot, x, y)
        shapes[name] = viewport.cursor().shape()
        assert view_range(plot) == before
    vertical, sideways = Qt.CursorShape.SplitVCursor, Qt.CursorShape.SplitHCursor
    assert shapes["threshold"] == shapes["slope limit"] == vertical
    assert shapes["use"] == shapes["window"] == sideways
    assert shapes["nothing"] not in (vertical, sideways)


def has_colour_across(view: ProfileView, y: float) -> bool:
    """Whether the dashes of the threshold line run at a height of the collapsed profile's plot."""
    image = view.canvas.grab().toImage()
    wanted = QColor(DARK.threshold).getRgb()[:3]
    left, row = dot(view.collapsed, -1.9, y).x(), dot(view.collapsed, -1.9, y).y()
    seen = [
        max(abs(a - b) for a, b in zip(image.pixelColor(x, row + dy).getRgb(), wanted, strict=False)) < 40
        for x in range(left, left + 100)
        for dy in (-1, 0, 1)
    ]
    return sum(seen) > 20


def test_report_that_comes_while_zoomed_keeps_the_scale(qtbot, view):
    show_star(qtbot, view)
    drag(qtbot, view.collapsed, (0.8, at_flux(view, 200.0)), (0.8, at_flux(view, 400.0)))
    zoomed, place = view_range(view.collapsed), at_flux(view, 200.0)
    view.show_profile(make_profile(), make_slice_report(threshold=901.0), FitParams(fit_threshold=450))
    settle(qtbot)
    assert view_range(view.collapsed) == zoomed
    assert at_flux(view, 200.0) == place
    assert has_colour_across(view, at_flux(view, 901.0))


def test_threshold_far_below_the_peak_and_far_above_it_is_in_sight(qtbot, view):
    for changes in ({}, {"number": 106}):
        view.show_profile(make_profile(), make_slice_report(**changes), FitParams())
        settle(qtbot)
        report = make_slice_report(**changes)
        low, high = view.collapsed.vb.viewRange()[1]
        for flux in (report.peak, THRESHOLD):
            assert low < at_flux(view, flux) < high
        assert abs(at_flux(view, report.peak) - at_flux(view, THRESHOLD)) > 0.2 * (high - low)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.98])
def test_words_of_the_threshold_are_in_sight_wherever_it_is(qtbot, view, share):
    show_star(qtbot, view)
    panel = view._collapsed
    low, high = view.collapsed.vb.viewRange()[1]
    panel.threshold.setValue(low + share * (high - low))
    settle(qtbot)
    words = panel.threshold.label
    inside = view.collapsed.vb.sceneBoundingRect().adjusted(0, -3, 0, 3)
    assert inside.contains(words.mapRectToScene(words.boundingRect()))


def test_numbers_beside_the_collapsed_profile_are_fluxes(qtbot, view):
    show_star(qtbot, view)
    axis = view.collapsed.getAxis("left")
    ((_, places),) = axis.tickValues(*view.collapsed.vb.viewRange()[1], axis.height())
    numbers = [float(text) for text in axis.tickStrings(places, 1.0, 1.0)]
    assert len(numbers) >= 3
    for place, number in zip(places, numbers, strict=True):
        with qtbot.waitSignal(view.pointed) as told:
            hover(qtbot, view.collapsed, 1.0, place)
        told_flux = float(told.args[3].split()[-2].replace("−", "-"))
        assert told_flux == pytest.approx(number, rel=0.08, abs=1.0)


def test_slice_without_a_threshold_can_be_given_one(qtbot, view):
    view.show_profile(make_profile(), make_slice_report(threshold=-np.inf), FitParams(fit_threshold=0))
    settle(qtbot)
    told = follow(view)
    drag(qtbot, view.collapsed, (1.2, at_flux(view, LEVEL[0])), (1.2, at_flux(view, 2000.0)))
    assert told[-1][2] == pytest.approx(sigma_at(2000.0), rel=0.1)


def test_use_range_is_dragged_by_its_ends_in_every_panel(qtbot, view):
    for plot, y in ((view.collapsed, 0.0), (view.points, 0.3), (view.residual, 0.0), (view.slope, 0.3)):
        start = FitParams(use=((-1.4, -0.5), (0.5, 1.0)))
        show_star(qtbot, view, start)
        told = follow(view, start)
        drag(qtbot, plot, (-0.5, y), (-0.2, y), release=False)
        assert {t[:2] for t in told} == {(112, "use")}
        (first, second) = told[-1][2]
        assert first == (-1.4, pytest.approx(-0.2, abs=0.02))
        assert second == (0.5, 1.0)
        # the band moves in all panels
        for other in (view.points, view.residual):
            band, beside = (colour_at(other, x, view_range(other)[2] * 0.3) for x in (-0.3, 0.3))
            assert band != beside
        let_go(qtbot, plot, (-0.2, y))
        view.dragged.disconnect()
    # and as a whole
    use = told[-1][2]
    view.show_profile(make_profile(), make_slice_report(), FitParams(use=use))
    settle(qtbot)
    told = follow(view, FitParams(use=use))
    drag(qtbot, view.points, (0.75, 0.3), (1.15, 0.3))
    assert told[-1][2][1] == (pytest.approx(0.9, abs=0.02), pytest.approx(1.4, abs=0.02))


def test_use_ranges_dragged_into_one_another_become_one(qtbot, view):
    start = FitParams(use=((-1.4, -0.5), (0.5, 1.0)))
    show_star(qtbot, view, start)
    told = follow(view, start)
    drag(qtbot, view.points, (-0.5, 0.3), (0.7, 0.3))
    assert told[-1][2] == ((-1.4, 1.0),)
    drag(qtbot, view.points, (1.0, 0.3), (1.3, 0.3))
    assert told[-1][2] == ((-1.4, pytest.approx(1.3, abs=0.02)),)


def test_compact_ranges_become_set_ones_by_their_ends_and_not_by_their_middle(qtbot, view):
    show_star(qtbot, view)
    inside = colour_at(view.points, CENTRE + 0.4, 0.3)
    outside = colour_at(view.points, CENTRE + 1.0, 0.3)
    assert inside != outside
    with qtbot.assertNotEmitted(view.dragged):
        drag(qtbot, view.points, (CENTRE + 0.2, 0.3), (CENTRE + 0.5, 0.3))
    qtbot.mouseClick(view.fit_button, Qt.MouseButton.LeftButton)
    settle(qtbot)
    told = follow(view)
    drag(qtbot, view.points, (CENTRE + 0.45, 0.3), (CENTRE + 0.8, 0.3))
    assert {t[1] for t in told} == {"use"}
    ((low, high),) = told[-1][2]
    assert low == pytest.approx(CENTRE - 0.45)
    assert high == pytest.approx(CENTRE + 0.8, abs=0.02)
    # from now on it is the recipe's
    settle(qtbot)
    assert colour_at(view.points, CENTRE + 0.4, 0.3) != inside


def test_range_is_started_from_the_compact_one_and_cleared(qtbot, view):
    show_star(qtbot, view)
    assert not view.clear_action.isEnabled()
    with qtbot.waitSignal(view.edited) as edited:
        view.start_action.trigger()
    assert edited.args[2] == ((pytest.approx(CENTRE - 0.45), pytest.approx(CENTRE + 0.45)),)
    view.show_profile(make_profile(), make_slice_report(), FitParams(use=edited.args[2]))
    assert not view.start_action.isEnabled()
    with qtbot.waitSignal(view.edited) as edited:
        view.add_action.trigger()
    assert len(edited.args[2]) == 2
    with qtbot.waitSignal(view.edited) as edited:
        view.clear_action.trigger()
    assert edited.args[2] is None


def test_range_where_there_is_no_compact_one_starts_at_the_peak(qtbot, view):
    view.show_profile(make_profile(), make_slice_report(compact=()), FitParams())
    with qtbot.waitSignal(view.edited) as edited:
        view.start_action.trigger()
    ((low, high),) = edited.args[2]
    assert low < CENTRE < high


def test_showing_a_fit_says_nothing(qtbot, view):
    with qtbot.assertNotEmitted(view.edited), qtbot.assertNotEmitted(view.dragged):
        show_star(qtbot, view, FitParams(use=((-1.4, -0.5), (0.5, 1.0))))
        show_star(qtbot, view, FitParams(use=((-1.3, -0.5),)))
        show_star(qtbot, view)
        view.set_theme(LIGHT)
        view.show_profile(None, None, None)
        settle(qtbot)


def test_outlying_rejected_points_do_not_squeeze_the_profile(qtbot, view):
    profile = make_profile()
    flux, rejected = profile.flux.copy(), profile.rejected.copy()
    flux[7], rejected[7] = 900.0, True
    show_star(qtbot, view, flux=flux, rejected=rejected)
    assert view.points.vb.viewRange()[1][1] < 1.0


def test_zoom_stays_on_the_way_through_columns_and_not_in_another_slice(qtbot, view):
    show_star(qtbot, view)
    whole = view_range(view.points)
    drag(qtbot, view.points, (0.4, 0.2), (0.0, 0.25))
    moved = view_range(view.points)
    assert moved != whole
    show_star(qtbot, view, column=513)
    assert view_range(view.points) == moved
    view.show_profile(make_profile(number=113), make_slice_report(number=113), FitParams())
    assert view_range(view.points) != moved
    drag(qtbot, view.points, (0.4, 0.2), (0.0, 0.25))
    qtbot.mouseClick(view.fit_button, Qt.MouseButton.LeftButton)
    assert view.points.vb.viewRange()[0] == pytest.approx(whole[:2], abs=0.05)


def test_the_four_plots_share_alpha(qtbot, view):
    show_star(qtbot, view)
    drag(qtbot, view.points, (0.4, 0.2), (0.0, 0.2))
    settle(qtbot)
    ranges = [plot.vb.viewRange()[0] for plot in (view.collapsed, view.points, view.residual, view.slope)]
    assert ranges[0] == pytest.approx(ranges[1])
    assert ranges[1] == pytest.approx(ranges[2])
    spots = [dot(plot, 0.3, 0.0).x() for plot in (view.collapsed, view.points, view.residual, view.slope)]
    assert max(spots) - min(spots) <= 1


def test_hover_tells_units_and_the_point_under_the_mouse(qtbot, view):
    profile = make_profile()
    k = int(np.flatnonzero((profile.distance == 0) & ~profile.rejected)[9])
    flux = profile.flux.copy()
    flux[k] = 0.33  # clear of the others
    show_star(qtbot, view, flux=flux)
    before = view_range(view.points) + view_range(view.collapsed) + view_range(view.residual)
    with qtbot.waitSignal(view.pointed) as told:
        hover(qtbot, view.points, profile.alpha[k], 0.33)
    assert told.args[:2] == [profile.number, 512]
    assert told.args[2] == pytest.approx(profile.alpha[k], abs=view.points.vb.viewPixelSize()[0])
    assert "point of column 512: 0.33 = 5148 MJy/sr" in told.args[3]
    with qtbot.waitSignal(view.pointed) as told:
        hover(qtbot, view.collapsed, 1.0, at_flux(view, 100.0))
    assert "median over wavelength" in told.args[3]
    assert told.args[3].endswith("MJy/sr")
    with qtbot.waitSignal(view.left):
        leave(qtbot, view.points)
    assert view_range(view.points) + view_range(view.collapsed) + view_range(view.residual) == before


def test_unit_of_the_exposure_is_used(qtbot, view):
    view.set_unit("mJy")
    view.show_profile(make_profile(fate=Fate.BELOW_THRESHOLD), make_slice_report(peak=3.0), FitParams())
    assert "3 < 21 mJy" in view.fate.text()
    assert "mJy" in view._names[0].toPlainText()


def test_column_without_a_spline_or_point(qtbot, view):
    nothing = np.empty(0)
    points = {"alpha": nothing, "flux": nothing, "distance": nothing.astype(int), "rejected": nothing.astype(bool)}
    empty = make_profile(fate=Fate.EMPTY, wavelength=np.nan, **points)
    report = make_slice_report(alpha=nothing, flux=nothing, peak=np.nan, compact=())
    view.show_profile(empty, report, FitParams())
    settle(qtbot)
    hover(qtbot, view.points, 0.0, 0.0)
    assert "nan" not in view.title.text()
    assert "no finite pixel" in view.fate.text()
    view.show_profile(None, make_slice_report(), FitParams())
    view.show_profile(None, None, None)
    assert "appears here" in view.fate.text()


def test_light_and_dark(qtbot, view):
    show_star(qtbot, view)
    seen = {}
    for theme in (LIGHT, DARK):
        view.set_theme(theme)
        settle(qtbot)
        seen[theme.name] = colour_at(view.points, 1.5, 0.4).lightness()
    assert seen["light"] > 200
    assert seen["dark"] < 60


def test_every_control_has_a_tooltip(view):
    for control in (
        view.use_button,
        view.fit_button,
        view.play_button,
        view.speed_box,
        view.start_action,
        view.add_action,
        view.clear_action,
        view.title,
    ):
        assert control.toolTip()
    view.show_profile(make_profile(), make_slice_report(), FitParams())
    for handle, name in (
        (view._collapsed.threshold, "fit_threshold"),
        (view._slope.limit, "slope_limit"),
        (view.columns._band.lines[0], "window"),
        (view._use._rows[0][0].lines[1], "use"),
    ):
        assert f"<b>{name}</b>" in handle.toolTip()
        assert "Default:" in handle.toolTip()


@pytest.mark.parametrize(
    ("ranges", "merged"),
    [
        ([], ()),
        ([(1.0, 0.5)], ((0.5, 1.0),)),
        ([(0.0, 1.0), (-1.0, 0.2)], ((-1.0, 1.0),)),
        ([(0.0, 1.0), (1.5, 1.5)], ((0.0, 1.0),)),
        ([(0.12345, 1.0), (1.2, 2.0)], ((0.123, 1.0), (1.2, 2.0))),
    ],
)
def test_merging(ranges, merged):
    assert merge_ranges(ranges) == merged
