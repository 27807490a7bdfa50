"""The profile of a slice, used with mouse and keys."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor

from atm_viewer.engine.recipe import FitParams
from atm_viewer.engine.reports import Fate
from atm_viewer.views.profile_view import ProfileView, merge_ranges, tell_fate
from atm_viewer.views.theme import DARK, LIGHT
from tests.views.mouse import colour_at, dot, drag, hover, leave, let_go, settle, show, view_range
from tests.views.synthetic import STAR, THRESHOLD, make_profile, make_slice_report

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


def test_threshold_is_dragged_in_flux_and_told_on_release(qtbot, view):
    show_star(qtbot, view)
    start, end = (1.2, at_flux(view, THRESHOLD)), (1.2, at_flux(view, 300.0))
    with qtbot.assertNotEmitted(view.threshold_edited):
        drag(qtbot, view.collapsed, start, end, release=False)
    with qtbot.waitSignal(view.threshold_edited) as edited:
        let_go(qtbot, view.collapsed, end)
    # half a dot of the screen of play
    assert edited.args[0] == pytest.approx(300.0, rel=0.06)

    # the line stays there while the report is on its way, and follows the report
    show_star(qtbot, view)
    view.show_profile(make_profile(), view._report, FitParams(fit_threshold=100))
    with qtbot.waitSignal(view.threshold_edited) as edited:
        drag(qtbot, view.collapsed, (1.2, at_flux(view, 21.0)), (1.2, at_flux(view, 40.0)))
    assert edited.args[0] == pytest.approx(40.0, rel=0.06)


def test_dragged_line_waits_for_the_new_report(qtbot, view):
    report = make_slice_report()
    view.show_profile(make_profile(), report, FitParams())
    settle(qtbot)
    drag(qtbot, view.collapsed, (1.2, at_flux(view, THRESHOLD)), (1.2, at_flux(view, 300.0)))
    view.show_profile(make_profile(), report, FitParams(fit_threshold=120))
    settle(qtbot)
    with qtbot.waitSignal(view.threshold_edited) as edited:
        drag(qtbot, view.collapsed, (1.2, at_flux(view, 300.0)), (1.2, at_flux(view, 1000.0)))
    assert edited.args[0] == pytest.approx(1000.0, rel=0.06)
    view.show_profile(make_profile(), make_slice_report(threshold=60.0), FitParams(fit_threshold=30))
    settle(qtbot)
    with qtbot.waitSignal(view.threshold_edited) as edited:
        drag(qtbot, view.collapsed, (1.2, at_flux(view, 60.0)), (1.2, at_flux(view, 90.0)))
    assert edited.args[0] == pytest.approx(90.0, rel=0.06)


def test_line_that_is_held_is_not_taken_away(qtbot, view):
    show_star(qtbot, view)
    start, end = (1.2, at_flux(view, THRESHOLD)), (1.2, at_flux(view, 300.0))
    drag(qtbot, view.collapsed, start, end, release=False)
    line = [has_colour_across(view, y) for y in (start[1], end[1])]
    view.show_profile(make_profile(column=513), make_slice_report(threshold=500.0), FitParams())
    settle(qtbot)
    assert [has_colour_across(view, y) for y in (start[1], end[1])] == line == [False, True]
    with qtbot.waitSignal(view.threshold_edited) as edited:
        let_go(qtbot, view.collapsed, end)
    assert edited.args[0] == pytest.approx(300.0, rel=0.06)


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
    view.show_profile(make_profile(), make_slice_report(threshold=900.0), FitParams())
    settle(qtbot)
    assert view_range(view.collapsed) == zoomed
    assert at_flux(view, 200.0) == place
    assert has_colour_across(view, at_flux(view, 900.0))


def test_threshold_far_below_the_peak_and_far_above_it_is_in_sight(qtbot, view):
    for changes in ({}, {"number": 106}):
        view.show_profile(make_profile(), make_slice_report(**changes), FitParams())
        settle(qtbot)
        report = make_slice_report(**changes)
        low, high = view.collapsed.vb.viewRange()[1]
        for flux in (report.peak, THRESHOLD):
            assert low < at_flux(view, flux) < high
        assert abs(at_flux(view, report.peak) - at_flux(view, THRESHOLD)) > 0.2 * (high - low)


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
    with qtbot.waitSignal(view.threshold_edited) as edited:
        drag(qtbot, view.collapsed, (1.2, 0.0), (1.2, at_flux(view, 2000.0)))
    assert edited.args[0] == pytest.approx(2000.0, rel=0.1)


def test_use_range_is_dragged_by_its_ends(qtbot, view):
    show_star(qtbot, view, FitParams(use=((-1.4, -0.5), (0.5, 1.0))))
    with qtbot.waitSignal(view.use_edited) as edited:
        drag(qtbot, view.points, (-0.5, 0.3), (-0.2, 0.3))
    (first, second) = edited.args[0]
    assert first == (-1.4, pytest.approx(-0.2, abs=0.01))
    assert second == (0.5, 1.0)
    # and as a whole
    view.show_profile(make_profile(), make_slice_report(), FitParams(use=edited.args[0]))
    settle(qtbot)
    with qtbot.waitSignal(view.use_edited) as edited:
        drag(qtbot, view.points, (0.75, 0.3), (1.15, 0.3))
    assert edited.args[0][1] == (pytest.approx(0.9, abs=0.01), pytest.approx(1.4, abs=0.01))


def test_use_ranges_dragged_into_one_another_become_one(qtbot, view):
    show_star(qtbot, view, FitParams(use=((-1.4, -0.5), (0.5, 1.0))))
    with qtbot.waitSignal(view.use_edited) as edited:
        drag(qtbot, view.points, (-0.5, 0.3), (0.7, 0.3))
    assert edited.args[0] == ((-1.4, 1.0),)
    view.show_profile(make_profile(), make_slice_report(), FitParams(use=edited.args[0]))
    settle(qtbot)
    with qtbot.waitSignal(view.use_edited) as edited:
        drag(qtbot, view.points, (1.0, 0.3), (1.3, 0.3))
    assert edited.args[0] == ((-1.4, pytest.approx(1.3, abs=0.01)),)


def test_compact_ranges_are_shown_but_not_dragged(qtbot, view):
    show_star(qtbot, view)
    inside = colour_at(view.points, CENTRE + 0.4, 0.3)
    outside = colour_at(view.points, CENTRE + 1.0, 0.3)
    assert inside != outside
    with qtbot.assertNotEmitted(view.use_edited):
        drag(qtbot, view.points, (CENTRE + 0.45, 0.3), (CENTRE + 0.8, 0.3))


def test_range_is_started_from_the_compact_one_and_cleared(qtbot, view):
    show_star(qtbot, view)
    assert not view.clear_action.isEnabled()
    with qtbot.waitSignal(view.use_edited) as edited:
        view.start_action.trigger()
    assert edited.args[0] == ((pytest.approx(CENTRE - 0.45), pytest.approx(CENTRE + 0.45)),)
    view.show_profile(make_profile(), make_slice_report(), FitParams(use=edited.args[0]))
    assert not view.start_action.isEnabled()
    with qtbot.waitSignal(view.use_edited) as edited:
        view.add_action.trigger()
    assert len(edited.args[0]) == 2
    with qtbot.waitSignal(view.use_edited) as edited:
        view.clear_action.trigger()
    assert edited.args[0] is None


def test_range_where_there_is_no_compact_one_starts_at_the_peak(qtbot, view):
    view.show_profile(make_profile(), make_slice_report(compact=()), FitParams())
    with qtbot.waitSignal(view.use_edited) as edited:
        view.start_action.trigger()
    ((low, high),) = edited.args[0]
    assert low < CENTRE < high


def test_showing_a_fit_says_nothing(qtbot, view):
    with qtbot.assertNotEmitted(view.use_edited), qtbot.assertNotEmitted(view.threshold_edited):
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


def test_the_three_plots_share_alpha(qtbot, view):
    show_star(qtbot, view)
    drag(qtbot, view.points, (0.4, 0.2), (0.0, 0.2))
    settle(qtbot)
    ranges = [plot.vb.viewRange()[0] for plot in (view.collapsed, view.points, view.residual)]
    assert ranges[0] == pytest.approx(ranges[1])
    assert ranges[1] == pytest.approx(ranges[2])
    spots = [dot(plot, 0.3, 0.0).x() for plot in (view.collapsed, view.points, view.residual)]
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
    assert "mJy" in view.collapsed.getAxis("left").labelText


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
    assert "Choose a slice" in view.fate.text()


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
        view.start_action,
        view.add_action,
        view.clear_action,
        view.title,
    ):
        assert control.toolTip()


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
