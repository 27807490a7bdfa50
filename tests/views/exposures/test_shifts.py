"""Exposures that lie shifted against each other: seen in the list, put right, and back again."""

from __future__ import annotations

from dataclasses import replace

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction

from atm_viewer.engine.recipe import dump_recipe, parse_recipe
from atm_viewer.jobs.requests.measures import MeasureShifts
from atm_viewer.jobs.requests.previews import MakeSkyImage, MakeSpectra
from atm_viewer.jobs.requests.products import WriteCubes
from tests.views.windows import FILES, settle


def shifts(window) -> list[str]:
    tree = window.exposure_panel
    assert not tree.isColumnHidden(3)
    return [tree.topLevelItem(row).text(3) for row in range(tree.topLevelItemCount())]


def test_a_shift_is_shown_put_right_and_undone(opened, workers, qtbot):
    assert shifts(opened) == ["0.00″", "0.30″"]
    assert "0.300″ east, 0.000″ north" in opened.exposure_panel.topLevelItem(1).toolTip(0)
    align, clear = (opened.actions_by_name[name] for name in ("align_exposures", "clear_offsets"))
    assert align.isEnabled()
    assert not clear.isEnabled()
    align.trigger()
    settle(qtbot, opened)
    name = opened.session.state.exposures[1].view.name
    offsets = opened.session.state.recipe.cube.offsets
    assert (name, -0.3, 0.0) in offsets
    assert workers.asked(MakeSkyImage)[-1].cube.offsets == offsets
    assert workers.asked(MakeSpectra)[-1].extraction.recipe.cube.offsets == offsets
    assert shifts(opened) == ["0.00″", "0.00″"]
    assert "Offset in the recipe: 0.300″ west" in opened.exposure_panel.topLevelItem(1).toolTip(0)
    clear.trigger()
    settle(qtbot, opened)
    assert opened.session.state.recipe.cube.offsets == ()
    assert shifts(opened) == ["0.00″", "0.30″"]
    opened.session.recipes.undo_stack.undo()
    settle(qtbot, opened)
    assert opened.session.state.recipe.cube.offsets == offsets


def test_an_offset_is_typed_undone_saved_and_opened_again(opened, workers, qtbot, tmp_path):
    session, form = opened.session, opened.offset_form
    session.look.select_exposure(FILES[1])
    settle(qtbot, opened)
    name = session.state.current.name
    assert form.measured.text() == "measured -0.300″ E, +0.000″ N"
    assert not form.reset_button.isEnabled()
    for box, text in ((form.east_box, "0,125"), (form.north_box, "-0.05")):
        box.setFocus()
        box.selectAll()
        qtbot.keyClicks(box, text)
        qtbot.keyClick(box, Qt.Key.Key_Return)
    settle(qtbot, opened)
    assert session.state.recipe.cube.offsets == ((name, 0.125, -0.05),)
    assert workers.asked(MakeSkyImage)[-1].cube.offsets == ((name, 0.125, -0.05),)
    assert shifts(opened) == ["0.00″", "0.43″"]
    assert "0.125″ east, 0.050″ south" in opened.exposure_panel.topLevelItem(1).toolTip(0)
    stack = session.recipes.undo_stack
    assert stack.undoText() == f"Offset of {name}: 0.125″ east, -0.05″ north"
    session.look.select_exposure(FILES[0])
    settle(qtbot, opened)
    assert form.east_box.value() == 0.0  # each exposure has its own
    session.look.select_exposure(FILES[1])
    settle(qtbot, opened)
    assert (form.east_box.value(), form.north_box.value()) == (0.125, -0.05)
    qtbot.mouseClick(form.measured_button, Qt.MouseButton.LeftButton)
    settle(qtbot, opened)
    assert form.measured.text() == "measured -0.300″ E, +0.000″ N"
    assert session.state.recipe.cube.offsets == ((name, -0.3, 0.0),)
    assert not form.measured_button.isEnabled()
    text = dump_recipe(session.state.recipe)
    assert parse_recipe(text, "recipe").cube.offsets == ((name, -0.3, 0.0),)
    session.products.write_cubes("/out", "star")
    assert workers.asked(WriteCubes)[-1].recipe.cube.offsets == ((name, -0.3, 0.0),)
    qtbot.mouseClick(form.reset_button, Qt.MouseButton.LeftButton)
    settle(qtbot, opened)
    assert session.state.recipe.cube.offsets == ()
    stack.undo()
    settle(qtbot, opened)
    assert form.east_box.value() == -0.3


def test_one_exposure_has_no_shift(start, qtbot):
    window = start(FILES[0])
    settle(qtbot, window)
    assert window.exposure_panel.isColumnHidden(3)
    assert window.offset_form.isHidden()
    assert not window.session.jobs._workers.asked(MeasureShifts)
    assert isinstance(window.actions_by_name["align_exposures"], QAction)
    assert not window.actions_by_name["align_exposures"].isEnabled()


def test_exposures_that_follow_a_moving_target_say_so(opened, qtbot):
    """What the worker says of an exposure is in the list's title, and in its tooltip."""
    session = opened.session
    for exposure in session.state.exposures:
        session._store.put(
            session.state.with_exposure(replace(exposure, view=replace(exposure.view, follows=(161.25, -59.68))))
        )
    settle(qtbot, opened)
    assert opened.exposures_panel.note.text() == "2 exposures included, following the moving target"
    tip = opened.exposure_panel.topLevelItem(0).toolTip(0)
    assert "Follows the moving target, shown at RA 161.250000°, Dec -59.680000°" in tip
    session.products.write_cubes("/out", "comet")
    assert session.jobs._workers.asked(WriteCubes)[-1].target_at == (161.25, -59.68)
