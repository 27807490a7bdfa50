"""The slice table as its user works it: mouse and keys on real widgets, workers that answer at once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PyQt6.QtCore import QEvent, QObject, QPoint, Qt
from PyQt6.QtGui import QColor, QContextMenuEvent
from PyQt6.QtWidgets import QApplication, QComboBox, QLineEdit, QMenu

from atm_viewer.engine.recipe import FitParams, Recipe, SliceOverride
from atm_viewer.jobs.requests.previews import Correct
from atm_viewer.session.edits.scope import Scope
from atm_viewer.session.session import Session
from atm_viewer.views.base.kept import Kept
from atm_viewer.views.base.theme import DARK
from atm_viewer.views.slices.actions import CopyDialog
from atm_viewer.views.slices.browser import SliceBrowser
from atm_viewer.views.slices.cells import AT, COLUMNS, RARE, SliceRow, bar_length, cell_text, format_percent, peak_scale
from atm_viewer.views.slices.filter import parse_filter
from tests.session.fake_workers import FakeWorkers
from tests.views.synthetic import make_slice_report
from tests.views.windows import FILES, press

LEFT, SHIFT, CONTROL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def session(qtbot):
    made = Session(FakeWorkers)
    made.recipes.set_scope(Scope.NUMBER)
    made.exposures.open(FILES)
    settle(qtbot, made)
    yield made
    made.close()


@pytest.fixture
def browser(session, qtbot):
    made = SliceBrowser(session)
    qtbot.addWidget(made)
    made.set_theme(DARK)
    for name in RARE:
        made.table.show_column(AT[name], True)
    made.resize(900, 300)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    made.table.setFocus()
    return made


@pytest.fixture
def table(browser):
    return browser.table


@pytest.fixture
def window(session, start):
    return start(session=session)


def settle(qtbot, session):
    qtbot.waitUntil(lambda: session.complete and session.state.exposures != ())


class Painted(QObject):
    """Notes which part of a widget is painted."""

    def __init__(self, widget):
        super().__init__(widget)
        self.regions = []
        widget.installEventFilter(self)

    def eventFilter(self, _, event):
        if event.type() == QEvent.Type.Paint:
            self.regions.append(event.region().boundingRect())
        return False

    def rows(self, height):
        return {row for r in self.regions for row in range(r.top() // height, r.bottom() // height + 1)}


def click(qtbot, table, number, name="number", modifier=Qt.KeyboardModifier.NoModifier):
    table.scrollTo(table.cell(number, name))
    qtbot.mouseClick(table.viewport(), LEFT, modifier, table.visualRect(table.cell(number, name)).center())


def type_text(qtbot, table, text):
    """Type into the current cell, as one does: the first key opens the editor."""
    qtbot.keyClicks(table, text[0])
    editor = editor_of(table)
    qtbot.keyClicks(editor, text[1:])
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: table.state() != table.State.EditingState)


def editor_of(table):
    (editor,) = (e for e in table.viewport().findChildren(QLineEdit) if e.isVisible())
    return editor


def shown(table):
    return [table.shown.index(row, 0).data() for row in range(table.shown.rowCount())]


def thresholds(session, exposure=None):
    return {o.number: o.fit_threshold for o in session.state.recipe.overrides if o.exposure == exposure}


# Several slices at once


def test_a_value_is_typed_for_several_slices_in_one_step(session, table, qtbot):
    click(qtbot, table, 101, "fit_threshold")
    for _ in range(2):
        qtbot.keyClick(table, Qt.Key.Key_Down, SHIFT)
    assert session.state.number == 103
    type_text(qtbot, table, "4.5")
    assert thresholds(session) == {101: 4.5, 102: 4.5, 103: 4.5}
    assert session.recipes.undo_stack.undoText() == "3 slices: threshold 10 → 4.5"
    assert [table.cell(n, "fit_threshold").data() for n in (101, 102, 103, 201)] == ["4.5", "4.5", "4.5", "10"]
    assert table.numbers() == (101, 102, 103)  # ready for the next value
    session.recipes.undo_stack.undo()
    assert session.state.recipe == Recipe()
    settle(qtbot, session)


def test_slices_are_picked_with_the_mouse_and_edited_with_f2(session, table, qtbot):
    click(qtbot, table, 101)
    click(qtbot, table, 203, modifier=CONTROL)
    qtbot.keyClick(table, Qt.Key.Key_F2)  # a cell that cannot be edited leads to the threshold
    editor = editor_of(table)
    qtbot.keyClicks(editor, "0")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.state.recipe != Recipe())
    assert thresholds(session) == {101: 0, 203: 0}
    settle(qtbot, session)


@pytest.mark.parametrize("name", ["next_band", "next_exposure"])
def test_a_slice_chosen_by_a_shortcut_with_ctrl_is_selected_alone(window, session, qtbot, name):
    table = window.slice_table
    click(qtbot, table, 102)
    before = session.state.number
    qtbot.keySequence(window, window.actions_by_name[name].shortcut())
    settle(qtbot, session)
    click(qtbot, table, 103)
    qtbot.keySequence(window, window.actions_by_name["next_band"].shortcut())
    settle(qtbot, session)
    assert session.state.number not in (before, 103)
    assert table.numbers() == (session.state.number,)


def test_a_double_click_edits_the_slice_that_is_hit(session, table, qtbot):
    session.recipes.edit_slices((101, 102, 103), "window", 30)
    click(qtbot, table, 101)
    place = table.visualRect(table.cell(102, "window")).center()
    qtbot.mouseClick(table.viewport(), LEFT, pos=place)
    qtbot.mouseDClick(table.viewport(), LEFT, pos=place)
    qtbot.keyClicks(editor_of(table), "20")
    qtbot.keyClick(editor_of(table), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.state.recipe.override(102).window == 20)
    assert session.state.recipe.override(101).window == 30
    settle(qtbot, session)


def test_leaving_the_editor_as_it_was_changes_nothing(session, table, qtbot):
    session.recipes.edit_slice(101, "fit_threshold", 4.0)
    recipe = session.state.recipe
    click(qtbot, table, 101, "fit_threshold")
    qtbot.keyClick(table, Qt.Key.Key_A, CONTROL)
    assert len(table.numbers()) == 6
    qtbot.keyClick(table, Qt.Key.Key_F2)
    qtbot.keyClick(editor_of(table), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: table.state() != table.State.EditingState)
    assert session.state.recipe is recipe
    settle(qtbot, session)


def test_a_report_that_arrives_leaves_what_is_being_typed(session, table, workers, qtbot):
    workers.held = {Correct}
    session.recipes.edit_slice(101, "fit_threshold", 0.0)
    click(qtbot, table, 101, "window")
    qtbot.keyClicks(table, "2")
    workers.release(Correct)
    settle(qtbot, session)
    assert table.cell(101, "state").data() == "reused"
    qtbot.keyClicks(editor_of(table), "5")
    qtbot.keyClick(editor_of(table), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.state.recipe.override(101).window == 25)
    settle(qtbot, session)


def test_delete_inherits_in_all_selected_slices(session, table, qtbot):
    session.recipes.edit_slices((101, 102, 203), "fit_threshold", 4.0)
    session.recipes.edit_slice(101, "window", 30)
    click(qtbot, table, 101, "fit_threshold")
    qtbot.keyClick(table, Qt.Key.Key_A, CONTROL)
    qtbot.keyClick(table, Qt.Key.Key_Delete)
    assert session.state.recipe.overrides == (SliceOverride(101, window=30),)
    assert session.recipes.undo_stack.undoText() == "3 slices: threshold 4 → 10"
    settle(qtbot, session)


def test_keys_alone_choose_slices(session, table, qtbot):
    click(qtbot, table, 101)
    qtbot.keyClick(table, Qt.Key.Key_Down, CONTROL)  # moves without selecting
    qtbot.keyClick(table, Qt.Key.Key_Down, CONTROL)
    assert table.numbers() == (101,)
    qtbot.keyClick(table, Qt.Key.Key_Space)
    assert table.numbers() == (101, 103)
    qtbot.keyClick(table, Qt.Key.Key_Space)
    assert table.numbers() == (101,)
    qtbot.keyClick(table, Qt.Key.Key_Space)
    qtbot.keyClick(table, Qt.Key.Key_Escape)
    assert table.numbers() == (103,)
    assert session.state.number == 103
    qtbot.keyClicks(table, "201")  # typing a number leads to the slice
    assert session.state.number == 201
    settle(qtbot, session)


def test_what_cannot_be_meant_is_told(session, table, qtbot):
    click(qtbot, table, 101, "window")
    qtbot.keyClick(table, Qt.Key.Key_Down, SHIFT)
    type_text(qtbot, table, "many")
    assert session.state.recipe == Recipe()
    assert session.messages.all[-1].text.startswith("window must be a whole number")


# Order and filters


def test_rows_are_sorted_by_a_click_on_the_heading(session, table, qtbot):
    header = table.horizontalHeader()

    def sort(name):
        place = QPoint(header.sectionViewportPosition(AT[name]) + 10, 10)
        qtbot.mouseClick(header.viewport(), LEFT, pos=place)

    peaks = {str(s.number): s.peak for s in session.answers.report.slices}
    sort("peak")
    assert shown(table) == sorted(peaks, key=peaks.get)
    sort("peak")
    assert shown(table) == sorted(peaks, key=peaks.get, reverse=True)
    assert table.currentIndex().data(Qt.ItemDataRole.UserRole).number == session.state.number
    session.recipes.edit_slice(102, "use", ())  # uses no spline, so its noise grows
    settle(qtbot, session)
    for order in (["202", "102"], ["102", "202"]):
        sort("noise")
        assert shown(table)[:2] == order  # those without a noise come last either way
        assert table.cell(101, "noise").data() == "—"
    sort("number")
    assert shown(table) == ["101", "102", "103", "201", "202", "203"]


def test_filters_by_text(session, browser, table, qtbot):
    told = []
    browser.counted.connect(told.append)
    number = session.state.number
    browser.start_filtering()
    qtbot.keyClicks(browser.line, "20")
    assert shown(table) == ["201", "202", "203"]
    assert told[-1] == "3 of 6"
    assert session.state.number == number  # what is hidden stays chosen
    qtbot.keyClicks(browser.line, "2")
    assert shown(table) == ["202"]
    qtbot.keyClick(browser.line, Qt.Key.Key_Down)
    assert table.hasFocus()
    browser.line.setFocus()
    qtbot.keyClick(browser.line, Qt.Key.Key_Escape)
    assert len(shown(table)) == 6
    assert told[-1] == ""
    assert table.currentIndex().data(Qt.ItemDataRole.UserRole).number == number


def test_quick_filters(session, browser, table, qtbot):
    session.recipes.edit_slice(203, "window", 30)
    session.recipes.edit_slice(102, "use", ())
    settle(qtbot, session)
    below = [str(s.number) for s in session.answers.report.slices if not s.fitted]
    assert 0 < len(below) < 6

    def toggle(name):
        qtbot.mouseClick(browser.quick[name], LEFT)

    toggle("overrides")
    assert shown(table) == ["102", "203"]
    toggle("below")
    assert shown(table) == sorted({"102", "203", *below})  # either
    toggle("overrides")
    assert shown(table) == below
    toggle("below")
    assert len(shown(table)) == 6


def test_a_slice_that_leaves_the_filter_stays_the_chosen_one(session, browser, table, qtbot):
    below = [s.number for s in session.answers.report.slices if not s.fitted]
    qtbot.mouseClick(browser.quick["below"], LEFT)
    click(qtbot, table, below[0], "fit_threshold")
    type_text(qtbot, table, "0")
    qtbot.waitUntil(lambda: str(below[0]) not in shown(table))
    settle(qtbot, session)
    assert session.state.number == below[0]
    session.recipes.undo_stack.undo()
    settle(qtbot, session)
    qtbot.waitUntil(lambda: str(below[0]) in shown(table))
    assert table.numbers() == (below[0],)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("1", True), ("112", True), ("12", False), ("110-115", True), ("101…103", False),
        ("noise<2", True), ("noise>2", False), ("before>14", True), ("used<=39", True), ("used<39", False),
        ("thr=10", True), ("threshold>10", False), ("win=50", True), ("reused>2", True), ("peak>1000", True),
        ("1 noise<2", True), ("1 noise>2", False), ("reused", True), ("sparse", False), ("colour>2", False),
    ],
)  # fmt: skip
def test_words_of_the_filter(text, fits):
    report = make_slice_report(noise_before=0.143, noise_after=0.011)
    row = SliceRow(112, FitParams(), {}, report, "MJy/sr")
    assert all(test(row) for test in parse_filter(text)) is fits


# What is seen


def test_peaks_are_bars_in_decades_with_the_threshold_marked(session, table, qtbot):
    def colour(number, share):
        cell = table.visualRect(table.cell(number, "peak"))
        text = table.fontMetrics().horizontalAdvance("88888") + 8
        x = cell.left() + 3 + share * (cell.width() - 3 - text)
        return QColor(table.viewport().grab().toImage().pixelColor(round(x), cell.center().y()))

    reports = {s.number: s for s in session.answers.report.slices}
    scale = table.rows.scale
    high = max(reports.values(), key=lambda s: s.peak)
    low = min(reports.values(), key=lambda s: s.peak)
    click(qtbot, table, next(n for n in reports if n not in (high.number, low.number)))
    assert bar_length(high.peak, scale) == 1.0
    seen = colour(high.number, 0.95)
    assert seen.blue() > seen.red() + 40  # the colour of what is corrected
    seen = colour(low.number, 0.05)
    assert abs(seen.blue() - seen.red()) < 40  # grey
    seen = colour(high.number, bar_length(high.threshold, scale))
    assert seen.green() > seen.blue() > seen.red()  # the threshold's own colour


def test_a_peak_far_above_and_one_just_below_the_threshold_can_be_told():
    reports = [make_slice_report(peak=peak, threshold=20.0) for peak in (6000.0, 19.0)]
    scale = peak_scale(SliceRow(112, FitParams(), {}, report) for report in reports)
    high, low, mark = (bar_length(value, scale) for value in (6000.0, 19.0, 20.0))
    assert (high, bar_length(-3.0, scale)) == (1.0, 0.0)
    assert 0.2 < low < mark < 0.4
    assert peak_scale([]) == (1e-4, 1.0)


def test_noise_before_and_after(session, table, qtbot):
    assert table.cell(102, "noise").data() == "14 → 1.1"
    role = Qt.ItemDataRole.ForegroundRole
    assert table.cell(102, "noise").data(role) is None
    session.recipes.edit_slice(102, "use", ())
    settle(qtbot, session)
    assert table.cell(102, "noise").data() == "14 → 15"
    assert table.cell(102, "noise").data(role).name() == DARK.warning  # worse than before
    assert table.cell(102, "state").data() == "fitted"
    metrics = table.fontMetrics()
    assert metrics.horizontalAdvance("9.9 → 9.9") + 6 <= table.columnWidth(AT["noise"])  # nothing of it is cut
    assert [format_percent(x) for x in (0.0036, 0.036, 0.0999, 1.2, float("nan"))] == ["0.4", "3.6", "10", "120", "—"]


def test_cells_before_there_is_a_report():
    row = SliceRow(112, FitParams(), {"window": None}, None)
    assert [cell_text(row, column) for column in COLUMNS[:2]] == ["112", ""]


def test_only_what_changed_is_painted_anew(session, table, workers, qtbot):
    changed = set()
    table.rows.dataChanged.connect(lambda first, last: changed.update(range(first.row(), last.row() + 1)))
    qtbot.wait(50)  # whatever is to be painted before
    painted = Painted(table.viewport())
    workers.held = {Correct}
    session.recipes.edit_slice(103, "wavelengths", (4.9, 5.2))
    assert changed == {2}  # the value is in sight before the fit is
    qtbot.waitUntil(lambda: bool(painted.regions))
    row = table.visualRect(table.cell(103, "number"))
    assert painted.rows(row.height()) == {row.top() // row.height()}
    changed.clear()
    workers.release(Correct)
    settle(qtbot, session)
    assert changed == set()  # the report says the same of all other slices, and of this one in sight
    session.recipes.edit_slice(103, "use", ((-0.5, 0.5),))
    settle(qtbot, session)
    assert changed == {2}


def test_what_is_dragged_moves_in_the_table_at_once(session, table, workers, qtbot):
    number, role = session.state.number, Qt.ItemDataRole.ForegroundRole
    row = table.cell(number, "peak").data(Qt.ItemDataRole.UserRole)
    assert row.threshold == pytest.approx(row.report.threshold, rel=1e-3)
    scale = table.rows.scale
    for value, colour in ((5000.0, DARK.disabled), (20.0, None)):
        session.recipes.drag_slice(number, "fit_threshold", value)
        row = table.cell(number, "peak").data(Qt.ItemDataRole.UserRole)
        assert table.cell(number, "fit_threshold").data() == f"{value:g}"
        assert row.threshold == pytest.approx(row.level[0] + value * row.level[1])
        shade = table.cell(number, "peak").data(role)
        assert (shade and shade.name()) == colour  # grey as soon as the threshold is above the peak
        assert table.rows.scale == scale  # the bars stay
    session.recipes.end_drag()
    settle(qtbot, session)
    assert session.recipes.undo_stack.count() == 1


@pytest.mark.parametrize(("name", "choice"), [("reach", "slice"), ("peak_cut", "source"), ("residual", "none")])
def test_values_of_a_kind_are_chosen_from_a_list(session, table, qtbot, name, choice):
    click(qtbot, table, 101, name)
    qtbot.keyClick(table, Qt.Key.Key_Down, SHIFT)
    qtbot.keyClick(table, Qt.Key.Key_F2)
    (box,) = (b for b in table.viewport().findChildren(QComboBox) if b.isVisible())
    assert box.currentText() == getattr(Recipe(), name)
    qtbot.keyClick(box, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: session.state.recipe != Recipe())
    assert {o.number: getattr(o, name) for o in session.state.recipe.overrides} == {101: choice, 102: choice}
    assert table.cell(101, name).data() == choice
    settle(qtbot, session)


def test_order_and_filters_are_kept_in_sessions(session, browser, table, qtbot):
    for name in RARE:
        browser.table.show_column(AT[name], False)
    assert browser.state() == {}
    browser.line.setText("10")
    browser.quick["overrides"].setChecked(True)
    table.sortByColumn(AT["noise"], Qt.SortOrder.DescendingOrder)
    table.show_column(AT["window"], False)
    other = SliceBrowser(session)
    qtbot.addWidget(other)
    kept = Kept(browser.state())
    other.restore(kept)
    assert kept == {}
    assert other.state() == browser.state()
    strange = Kept({"sort": "colour", "quick": ["nothing"], "filter": 3})
    other.restore(strange)
    assert strange == {"sort": "colour", "quick": ["nothing"], "filter": 3}  # told to be not understood


@pytest.fixture
def workers(session) -> FakeWorkers:
    return session.jobs._workers


# The Edit menu


def test_copying_to_neighbours(session, window, qtbot):
    session.recipes.edit_slice(102, "fit_threshold", 4.0)
    click(qtbot, window.slice_table, 102)
    press(qtbot, window, "copy_to_neighbours")
    (dialog,) = window.findChildren(CopyDialog)
    assert dialog.targets_label.text() == "101, 103 (2 slices)"
    dialog.before_box.setFocus()
    qtbot.keyClick(dialog.before_box, Qt.Key.Key_Down)
    assert dialog.targets_label.text() == "103 (1 slice)"
    qtbot.mouseClick(dialog.copy_button, LEFT)
    assert thresholds(session) == {102: 4.0, 103: 4.0}
    assert session.recipes.undo_stack.undoText() == "Slice 103: copy overrides of slice 102"
    settle(qtbot, session)


def test_overrides_of_one_dither_become_those_of_all_and_the_reverse(session, window, qtbot):
    name = session.state.current.name
    session.recipes.set_scope(Scope.SLICE)
    session.recipes.edit_slices((101, 102), "fit_threshold", 4.0)
    click(qtbot, window.slice_table, 101)
    click(qtbot, window.slice_table, 103, modifier=SHIFT)
    press(qtbot, window, "apply_to_all_exposures")
    assert (thresholds(session), thresholds(session, name)) == ({101: 4.0, 102: 4.0}, {})
    assert session.recipes.undo_stack.undoText() == "2 slices: apply to all exposures"
    press(qtbot, window, "apply_to_all_exposures")
    assert session.messages.all[-1].text == "The selected slices have no override for this exposure only."
    press(qtbot, window, "keep_to_this_exposure")
    assert (thresholds(session), thresholds(session, name)) == ({}, {101: 4.0, 102: 4.0})
    press(qtbot, window, "keep_to_this_exposure")
    assert session.messages.all[-1].text == "The selected slices have no override for all exposures."
    settle(qtbot, session)


def test_selected_slices_are_reset(session, window, qtbot):
    session.recipes.edit_slices((101, 102, 203), "window", 30)
    assert not window.reset_button.isEnabled() or 102 in window.slice_table.numbers()
    click(qtbot, window.slice_table, 101)
    click(qtbot, window.slice_table, 102, modifier=SHIFT)
    assert window.reset_button.isEnabled()
    press(qtbot, window, "reset_slice")
    assert session.state.recipe.overrides == (SliceOverride(203, window=30),)
    assert session.recipes.undo_stack.undoText() == "2 slices: reset"
    assert not window.reset_button.isEnabled()
    settle(qtbot, session)


def test_the_context_menu_leaves_the_selection_and_works_on_it(session, window, qtbot):
    table = window.slice_table
    session.recipes.edit_slices((101, 102), "fit_threshold", 4.0)
    click(qtbot, table, 101, "fit_threshold")
    click(qtbot, table, 102, "fit_threshold", SHIFT)
    place = table.visualRect(table.cell(101, "fit_threshold")).center()
    reason = QContextMenuEvent.Reason.Mouse
    QApplication.sendEvent(table.viewport(), QContextMenuEvent(reason, place, table.viewport().mapToGlobal(place)))
    menu = next(m for m in table.findChildren(QMenu) if m.isVisible())
    texts = {action.text(): action for action in menu.actions()}
    assert {
        "Override threshold…",
        "Remove override of threshold",
        "Copy to Neighbours…",
        "Reset Slices",
        "Sort By",
    } <= set(texts)
    texts["Remove override of threshold"].trigger()
    menu.close()
    assert session.state.recipe == Recipe()
    settle(qtbot, session)


def test_columns_are_hidden_and_sorted_by_menu(session, window, qtbot):
    table = window.slice_table
    menu = table._make_menu(table.cell(101, "number"))
    parts = {action.text(): action.menu() for action in menu.actions() if action.menu()}
    by_name = {action.text(): action for action in parts["Columns"].actions()}
    assert {name for name in AT if table.isColumnHidden(AT[name])} == set(RARE)
    by_name["Window"].trigger()
    assert not table.isColumnHidden(AT["window"])
    by_name["Window"].trigger()
    assert table.isColumnHidden(AT["window"])
    orders = {action.text(): action for action in parts["Sort By"].actions()}
    orders["Slice"].trigger()
    assert shown(table)[0] == "203"
    menu.close()


def test_the_filter_is_reached_by_key_and_counts_in_the_title(session, window, qtbot):
    press(qtbot, window, "filter_slices")
    assert window.slice_browser.line.hasFocus()
    qtbot.keyClicks(window.slice_browser.line, "1")
    assert window.slices_panel.note.text() == "3 of 6"
    assert replace(session.state.recipe) == Recipe()
