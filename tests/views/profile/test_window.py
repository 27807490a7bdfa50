"""Profile and slice table in the whole window: what is dragged in one is seen in the other at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QAbstractItemView, QLineEdit

from atm_viewer.engine.results.pixels import Fate
from atm_viewer.jobs.requests.previews import Correct, ShowProfile
from atm_viewer.session.session import Session
from atm_viewer.views.slices.cells import AT, RARE
from tests.session.fake_workers import FakeWorkers
from tests.views.mouse import drag, let_go
from tests.views.windows import FILES, wait


@pytest.fixture
def window(start, qtbot):
    window = start(FILES[0], size=(1440, 900))
    wait(qtbot, window)
    for name in RARE:
        window.slice_table.show_column(AT[name], True)
    return window


def cell(window, name: str):
    return window.slice_table.cell(window.session.state.number, name)


def type_into(qtbot, window, name: str, text: str):
    table, index = window.slice_table, cell(window, name)
    place = table.visualRect(index).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    (editor,) = (e for e in table.viewport().findChildren(QLineEdit) if e.isVisible())
    editor.selectAll()
    qtbot.keyClicks(editor, text)
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: table.state() != QAbstractItemView.State.EditingState)


def lines(window) -> dict:
    """Where the lines of the profile are, in the recipe's terms."""
    profile = window.profile
    low, high = profile.columns._band.getRegion()
    return {
        "fit_threshold": profile._collapsed.sigma,
        "slope_limit": profile._slope.limit.value(),
        "window": round((high - low) / 2),
        "use": [end for row in profile._use._rows for end in row[0].getRegion()],
    }


def flat(value):
    """Ends of ranges one after the other; other values as they are."""
    return [end for pair in value for end in pair] if isinstance(value, tuple) else value


def begin_drag(qtbot, window, name: str):
    """Press on what stands for a parameter and move it without letting go; returns the plot and where the hand is."""
    profile, session = window.profile, window.session
    if name == "fit_threshold":
        axis, (mean, sigma) = profile._collapsed.axis, session.answers.profile.level
        x = profile.collapsed.vb.viewRange()[0][1] - 0.4
        plot = profile.collapsed
        start, end = ((x, float(axis.forward(mean + s * sigma))) for s in (10.0, 40.0))
    elif name == "slope_limit":
        plot, x = profile.slope, profile.slope.vb.viewRange()[0][1] - 0.4
        start, end = (x, 0.1), (x, 0.4)
    elif name == "window":
        plot = profile.columns.plot
        start, end = (session.state.column - 20, 0.6), (session.state.column - 30, 0.6)
    else:
        plot = profile.residual
        y = sum(plot.vb.viewRange()[1]) / 2
        start, end = (0.1, y), (0.6, y)
    drag(qtbot, plot, start, end, release=False)
    return plot, end


@pytest.mark.parametrize("name", ["fit_threshold", "slope_limit", "window", "use"])
def test_a_drag_is_seen_in_the_table_while_the_hand_moves_and_undone_at_once(window, qtbot, name):
    session, number = window.session, window.session.state.number
    if name == "window":
        session.recipes.edit_slice(number, "window", 20)
    if name == "use":
        session.recipes.edit_slice(number, "use", ((-0.7, 0.1),))
    wait(qtbot, window)
    before, recipe, steps = cell(window, name).data(), session.state.recipe, session.recipes.undo_stack.count()
    asked = {kind: len(session.jobs._workers.asked(kind)) for kind in (Correct, ShowProfile)}

    plot, place = begin_drag(qtbot, window, name)
    value = getattr(session.state.params(number), name)
    assert lines(window)[name] == pytest.approx(flat(value), rel=0.02)
    assert cell(window, name).data() != before
    assert cell(window, name).data().split("…")[0] == f"{value if name != 'use' else value[0][0]:g}"
    # the profile was fitted again on the way, the report was left for later
    qtbot.waitUntil(lambda: "profile" not in session.answers.pending)
    assert len(session.jobs._workers.asked(ShowProfile)) > asked[ShowProfile]
    assert len(session.jobs._workers.asked(Correct)) == asked[Correct]

    let_go(qtbot, plot, place)
    wait(qtbot, window)
    assert session.jobs._workers.asked(Correct)[-1].recipe == session.state.recipe
    assert session.recipes.undo_stack.count() == steps + 1
    assert window.actions_by_name["undo"].text().startswith(f"Undo Slice {number}: ")
    assert window.actions_by_name["undo"].text().endswith(f"→ {cell(window, name).data()}")
    qtbot.keySequence(window, window.actions_by_name["undo"].shortcut())
    wait(qtbot, window)
    assert session.state.recipe == recipe
    assert cell(window, name).data() == before
    assert lines(window)[name] == pytest.approx(flat(getattr(session.state.params(number), name)), rel=0.02)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("fit_threshold", "25", 25.0),
        ("slope_limit", "0.07", 0.07),
        ("window", "15", 15),
        ("use", "-0.5..0.3, 0.6..0.9", ((-0.5, 0.3), (0.6, 0.9))),
    ],
)
def test_what_is_typed_moves_the_line_before_there_is_an_answer(window, qtbot, name, text, value):
    workers = window.session.jobs._workers
    workers.held = {Correct, ShowProfile}
    type_into(qtbot, window, name, text)
    assert lines(window)[name] == pytest.approx(flat(value), rel=0.01)
    for kind in (Correct, ShowProfile):
        workers.release(kind)
    wait(qtbot, window)
    assert lines(window)[name] == pytest.approx(flat(value), rel=0.01)


def test_columns_are_played_by_key(window, qtbot):
    session, profile = window.session, window.profile
    last = session.state.columns[1]
    session.look.select_column(last - 3)
    wait(qtbot, window)
    profile.speed_box.setCurrentIndex(profile.speed_box.findData(10))
    profile.setFocus()
    seen = []
    session.changed.profile.connect(lambda: seen.append(session.answers.profile.column))
    qtbot.keySequence(window, window.actions_by_name["play_columns"].shortcut())
    qtbot.waitUntil(lambda: session.state.column == last and not profile.play_button.isChecked())
    wait(qtbot, window)
    assert seen == [last - 2, last - 1, last]
    assert window.choosers.column_box.value() == last


class ReusingWorkers(FakeWorkers):
    """Columns around the middle reuse the spline of others."""

    def _result(self, request):
        result = super()._result(request)
        if isinstance(request, ShowProfile):
            fates = np.array(result.fates)
            fates[40:60] = Fate.REUSED
            return replace(result, fates=fates, fate=Fate(int(fates[result.column])))
        return result


def test_the_first_column_has_a_spline_of_its_own_and_a_chosen_one_stays(start, qtbot):
    window = start(FILES[0], session=Session(ReusingWorkers))
    session = window.session
    assert session.state.column in (39, 60)
    assert session.answers.profile.fate is Fate.FITTED
    session.look.select_column(50)
    wait(qtbot, window)
    assert session.state.column == 50
    session.look.select_slice(session.state.number)
    wait(qtbot, window)
    assert session.state.column == 50
