"""Regions in the whole window, by mouse and keys."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QComboBox, QFileDialog, QLineEdit

from atm_viewer.engine.recipe import Circle, Ellipse, Recipe, Region
from atm_viewer.engine.sky_shapes import centre
from atm_viewer.jobs.requests.previews import Correct, MakeSpectra
from atm_viewer.jobs.requests.tuning import TuneRecipe
from atm_viewer.session.edits.scope import Scope
from atm_viewer.views.recipe.region_table import COLUMNS
from tests.views.mouse import click, double_click, drag, hover, let_go
from tests.views.windows import FILES, dialog_of, press, wait, wait_for_files


@pytest.fixture
def window(start, qtbot):
    window = start(*FILES, scope=Scope.PLACE)
    wait(qtbot, window)
    return window


def offsets(window, shape):
    return tuple(float(v) for v in window.session.answers.sky.offsets(*centre(shape)))


def regions(window):
    return window.session.state.recipe.regions


def draw_circle(qtbot, window, middle=(0.8, 0.6), edge=(1.2, 0.6)):
    press(qtbot, window, "draw_circle")
    drag(qtbot, window.sky.plot, middle, edge)
    wait(qtbot, window)
    return regions(window)[-1]


def test_a_circle_is_drawn_moved_reshaped_and_undone(window, qtbot):
    session, plot = window.session, window.sky.plot
    place = session.state.places
    region = draw_circle(qtbot, window)
    assert (region.name, region.use) == ("region", "spline")
    np.testing.assert_allclose(offsets(window, region.shape), (0.8, 0.6), atol=0.05)
    assert region.shape.radius == pytest.approx(0.4, abs=0.05)
    assert session.state.places == place  # the mouse drew, and moved no place
    assert session.state.region == "region"
    workers, count = session.jobs._workers, session.recipes.undo_stack.count()
    asked = {kind: len(workers.asked(kind)) for kind in (MakeSpectra, Correct)}
    # by its line, in the south, away from its handle in the west
    drag(qtbot, plot, (0.8, 0.6 - region.shape.radius), (0.3, 0.2 - region.shape.radius), release=False)
    assert len(workers.asked(MakeSpectra)) > asked[MakeSpectra]  # while the hand moves
    assert len(workers.asked(Correct)) == asked[Correct]
    np.testing.assert_allclose(offsets(window, regions(window)[0].shape), (0.3, 0.2), atol=0.08)
    let_go(qtbot, plot, (0.3, 0.2 - region.shape.radius))
    wait(qtbot, window)
    assert session.state.dragged is None
    assert len(workers.asked(Correct)) > asked[Correct]
    assert session.recipes.undo_stack.count() == count + 1
    moved = regions(window)[0].shape
    east, north = offsets(window, moved)
    drag(qtbot, plot, (east - moved.radius, north), (east - 0.8, north))
    wait(qtbot, window)
    assert regions(window)[0].shape.radius == pytest.approx(0.8, abs=0.05)
    for _ in range(2):
        press(qtbot, window, "undo")
    assert regions(window) == (region,)
    press(qtbot, window, "undo")
    assert regions(window) == ()
    wait(qtbot, window)


def test_an_ellipse_turns_by_its_first_handle(window, qtbot):
    press(qtbot, window, "draw_ellipse")
    drag(qtbot, window.sky.plot, (0.5, 0.5), (0.9, 1.3))
    wait(qtbot, window)
    shape = regions(window)[0].shape
    assert isinstance(shape, Ellipse)
    assert shape.radii == pytest.approx((0.8, 0.4), abs=0.05)
    drag(qtbot, window.sky.plot, (0.5, 1.3), (1.3, 0.5))  # from the north to the east
    wait(qtbot, window)
    assert regions(window)[0].shape.angle == pytest.approx(90.0, abs=4.0)


def test_a_polygon_is_clicked_and_escape_leaves_nothing(window, qtbot):
    plot = window.sky.plot
    press(qtbot, window, "draw_polygon")
    assert "Esc" in window.sky.drawing_text.text()
    for corner in ((0.0, 0.0), (1.0, 0.0)):
        click(qtbot, plot, *corner)
    qtbot.keyClick(window.sky, Qt.Key.Key_Escape)
    assert not window.sky.drawing_text.isVisible()
    assert regions(window) == ()
    press(qtbot, window, "draw_polygon")
    for corner in ((0.0, 0.0), (1.0, 0.0), (1.5, 1.5), (1.0, 1.0)):
        click(qtbot, plot, *corner)
    qtbot.keyClick(window.sky, Qt.Key.Key_Backspace)
    hover(qtbot, plot, 0.5, 0.9)
    qtbot.keyClick(window.sky, Qt.Key.Key_Return)
    wait(qtbot, window)
    assert len(regions(window)[0].shape.vertices) == 3
    drag(qtbot, plot, (1.5, 1.5), (1.0, 1.2))
    wait(qtbot, window)
    assert np.allclose(window.session.answers.sky.offsets(*regions(window)[0].shape.vertices[2]), (1.0, 1.2), atol=0.06)


def test_a_double_click_closes_a_polygon(window, qtbot):
    press(qtbot, window, "draw_polygon")
    for corner in ((0.0, 0.0), (1.0, 0.0)):
        click(qtbot, window.sky.plot, *corner)
    double_click(qtbot, window.sky.plot, 0.6, 1.0)
    wait(qtbot, window)
    assert len(regions(window)[0].shape.vertices) == 3


def test_a_click_makes_a_circle_as_large_as_the_aperture_and_a_line_selects(window, qtbot):
    press(qtbot, window, "draw_circle")
    click(qtbot, window.sky.plot, 0.7, 0.7)
    wait(qtbot, window)
    one = regions(window)[0]
    assert one.shape.radius == window.session.state.places.current.radius
    draw_circle(qtbot, window, (-1.2, 0.0), (-0.9, 0.0))
    assert window.session.state.region == "region 2"
    click(qtbot, window.sky.plot, 0.7 + one.shape.radius, 0.7)
    assert window.session.state.region == "region"
    press(qtbot, window, "region_down")
    assert [r.name for r in regions(window)] == ["region 2", "region"]
    press(qtbot, window, "remove_region")
    assert [r.name for r in regions(window)] == ["region 2"]
    press(qtbot, window, "undo")
    assert [r.name for r in regions(window)] == ["region 2", "region"]
    wait(qtbot, window)


def test_regions_go_to_ds9_and_come_back(window, qtbot, tmp_path):
    session = window.session
    draw_circle(qtbot, window)
    known = regions(window)
    session.regions.write(tmp_path / "x.reg")
    qtbot.waitUntil(lambda: (tmp_path / "x.reg").exists() and session.complete)
    session.recipes.reset_all()
    session.regions.read(tmp_path / "x.reg")
    qtbot.waitUntil(lambda: regions(window) != ())
    [back], [region] = regions(window), known
    assert (back.name, back.use) == (region.name, "spline")
    assert back.shape.radius == pytest.approx(region.shape.radius)
    assert session.recipes.undo_stack.undoText() == "Import region “region”"
    session.regions.read(tmp_path / "none.reg")
    qtbot.waitUntil(lambda: "none.reg" in window.banner.label.text())
    assert len(regions(window)) == 1
    wait(qtbot, window)


def choose_file(qtbot, window, name, path):
    window.actions_by_name[name].trigger()
    dialog = dialog_of(window, QFileDialog)
    dialog.fileSelected.emit(str(path))
    dialog.close()
    wait_for_files(window)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)


def test_region_files_are_chosen_in_dialogs(window, qtbot, tmp_path):
    path = tmp_path / "mine.reg"
    assert not window.actions_by_name["export_regions"].isEnabled()  # there is nothing to export
    region = draw_circle(qtbot, window)
    choose_file(qtbot, window, "export_regions", path)
    qtbot.waitUntil(path.exists)
    assert "circle(" in path.read_text()
    press(qtbot, window, "remove_region")
    choose_file(qtbot, window, "import_regions", path)
    qtbot.waitUntil(lambda: regions(window) != ())
    assert regions(window)[0].name == region.name
    assert centre(regions(window)[0].shape) == pytest.approx(centre(region.shape), abs=1e-9)
    wait(qtbot, window)
    press(qtbot, window, "undo")
    assert regions(window) == ()
    wait(qtbot, window)


def test_keys_select_one_region_after_the_other(window, qtbot):
    for k in range(3):
        draw_circle(qtbot, window, (0.8 - 0.8 * k, 0.6), (1.0 - 0.8 * k, 0.6))
    names = [region.name for region in regions(window)]
    assert window.session.state.region == names[2]
    for name in (*names, names[0]):
        press(qtbot, window, "next_region")
        assert window.session.state.region == name
        table = window.recipe_panel.regions
        assert table.rows.regions[table.currentIndex().row()].name == name
    wait(qtbot, window)


def test_a_region_is_tuned_in_the_slices_that_see_it(window, qtbot):
    session = window.session
    region = draw_circle(qtbot, window, (0.0, 0.0), (0.2, 0.0))
    press(qtbot, window, "tune_region")
    qtbot.waitUntil(lambda: session.state.variants.active == "B")
    [asked] = session.jobs._workers.asked(TuneRecipe)
    seen = {e.view.key: tuple(e.view.strips.ranges(region.shape)) for e in session.state.exposures}
    assert dict(asked.slices) == seen
    assert seen[FILES[0]] != seen[FILES[1]]
    wait(qtbot, window)


def test_s_goes_through_the_slices_of_the_spaxel_in_all_dithers(window, qtbot):
    session = window.session
    expected = [(e.view.key, n) for e in session.state.exposures for n in session.answers.feeding(e)]
    assert {key for key, _ in expected} == set(FILES)
    assert all(n < 200 for _, n in expected)  # of the band that is shown
    session.look.select_slice(expected[0][1])
    assert [r.number for r in window.slice_table.rows.rows if r.feeds] == [n for k, n in expected if k == FILES[0]]
    for key, number in [*expected, expected[0]]:
        if (session.state.chosen, session.state.number) != (key, number):
            press(qtbot, window, "next_feeding")
        assert (session.state.chosen, session.state.number) == (key, number)
    wait(qtbot, window)


def test_a_threshold_in_the_table_becomes_one_of_the_place(window, qtbot):
    session = window.session
    assert window.choosers.scope_box.currentText() == "place 1, every dither"
    session.recipes.edit_slice(102, "fit_threshold", 4.0)
    wait(qtbot, window)
    table = window.slice_table
    assert table.cell(102, "fit_threshold").data() == "4"
    assert "place 1" in table.cell(102, "fit_threshold").data(Qt.ItemDataRole.ToolTipRole)
    assert session.answers.slice_report(102).params == session.state.params(102)
    assert session.state.recipe == Recipe(regions=(Region("place 1", regions(window)[0].shape, fit_threshold=4.0),))
    assert isinstance(regions(window)[0].shape, Circle)


def cell(window, row, name):
    table = window.recipe_panel.regions
    return table.rows.index(row, COLUMNS.index(name))


def type_into(qtbot, window, index, text):
    table = window.recipe_panel.regions
    table.setFocus()
    table.setCurrentIndex(index)
    qtbot.keyClick(table, Qt.Key.Key_F2)
    editor = QApplication.focusWidget()
    assert isinstance(editor, QLineEdit)
    editor.selectAll()
    qtbot.keyClicks(editor, text)
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    wait(qtbot, window)


def test_a_region_that_is_renamed_stays_selected_all_the_time_also_when_that_is_undone(window, qtbot):
    session = window.session
    draw_circle(qtbot, window)
    selected = []
    session.changed.recipe.connect(lambda: selected.append(session.state.selected_region))
    type_into(qtbot, window, cell(window, 0, "name"), "AGN")
    press(qtbot, window, "undo")
    assert (regions(window)[0].name, session.state.region) == ("region", "region")
    press(qtbot, window, "redo")
    assert (regions(window)[0].name, session.state.region) == ("AGN", "AGN")
    assert [region and region.name for region in selected] == ["AGN", "region", "AGN"]
    wait(qtbot, window)


def test_the_table_lists_renames_and_edits_regions(window, qtbot):
    session, table = window.session, window.recipe_panel.regions
    assert not table.isVisible()
    region = draw_circle(qtbot, window)
    assert table.isVisible()
    assert [cell(window, 0, name).data() for name in ("name", "use")] == ["region", "spline"]
    assert cell(window, 0, "shape").data() == f"circle {region.shape.radius:.2f}″"
    type_into(qtbot, window, cell(window, 0, "name"), "AGN")
    assert (regions(window)[0].name, session.state.region) == ("AGN", "AGN")
    type_into(qtbot, window, cell(window, 0, "fit_threshold"), "4")
    assert regions(window)[0].fit_threshold == 4.0
    assert session.recipes.undo_stack.undoText() == "Region “AGN”: threshold as it is → 4"
    type_into(qtbot, window, cell(window, 0, "window"), "many")
    assert regions(window)[0].window is None
    assert "window must be a whole number" in window.banner.label.text()
    table.setCurrentIndex(cell(window, 0, "fit_threshold"))
    qtbot.keyClick(table, Qt.Key.Key_Delete)
    assert regions(window)[0].fit_threshold is None
    table.setCurrentIndex(cell(window, 0, "use"))
    qtbot.keyClick(table, Qt.Key.Key_F2)
    (box,) = (b for b in table.findChildren(QComboBox) if b.isVisible())
    qtbot.keyClick(box, Qt.Key.Key_Down)
    wait(qtbot, window)
    assert regions(window)[0].use == "interpolate"
    draw_circle(qtbot, window, (-1.2, 0.0), (-0.9, 0.0))
    type_into(qtbot, window, cell(window, 1, "name"), "AGN")
    assert [r.name for r in regions(window)] == ["AGN", "region"]
    assert "There is a region “AGN” already" in window.banner.label.text()
    table.setCurrentIndex(cell(window, 0, "name"))
    assert session.state.region == "AGN"
    qtbot.keyClick(table, Qt.Key.Key_Delete)
    assert [r.name for r in regions(window)] == ["region"]
    press(qtbot, window, "undo")
    assert [r.name for r in regions(window)] == ["AGN", "region"]
    wait(qtbot, window)
