from __future__ import annotations

import pytest
from PyQt6.QtCore import QMimeData, QPoint, QSettings, Qt
from PyQt6.QtGui import QDragEnterEvent, QFontMetrics
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QDialog,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QStyleOptionViewItem,
)

from atm_viewer.engine.recipe import CubeOptions, Recipe, SliceOverride
from atm_viewer.jobs.messages import Outcome, Status
from atm_viewer.jobs.requests.exposures import ClearCache, OpenExposures
from atm_viewer.jobs.requests.previews import Correct, MakeSpectra, ShowProfile
from atm_viewer.jobs.requests.products import WriteCubes, WriteExposures
from atm_viewer.session.session import Session
from atm_viewer.views.actions.actions import ACTIONS
from atm_viewer.views.slices.cells import AT
from atm_viewer.views.window.main_window import MainWindow
from tests.session.fake_workers import FakeWorkers
from tests.views.windows import FILES, dialog_of, drop, press, settle, wait_for_files


@pytest.fixture
def demos():
    return []


@pytest.fixture
def window(start, demos):
    return start(make_demo=demos.append)


def cell(window, number: int, name: str):
    return window.slice_table.cell(number, name)


def type_into(qtbot, window, number: int, name: str, text: str | None):
    """Double click a cell of the slice table and type; None leaves what is there."""
    table, index = window.slice_table, cell(window, number, name)
    table.show_column(AT[name], True)
    table.scrollTo(index)
    place = table.visualRect(index).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    (editor,) = (e for e in table.viewport().findChildren(QLineEdit) if e.isVisible())
    editor.selectAll()
    if text:
        qtbot.keyClicks(editor, text)
    elif text is not None:
        qtbot.keyClick(editor, Qt.Key.Key_Delete)
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    # The delegate takes the text a turn of the event loop later.
    qtbot.waitUntil(lambda: table.state() != QAbstractItemView.State.EditingState)


def metrics(table, index):
    option = QStyleOptionViewItem()
    table.initViewItemOption(option)
    table.itemDelegate().initStyleOption(option, index)
    return QFontMetrics(option.font)


# Opening


def test_a_first_start_shows_what_to_do(window, demos, qtbot):
    assert window.welcome.isVisible()
    qtbot.mouseClick(window.welcome.demo_button, Qt.MouseButton.LeftButton)
    assert demos == ["miri"]
    qtbot.mouseClick(window.welcome.open_button, Qt.MouseButton.LeftButton)
    dialog_of(window, QFileDialog).reject()


def test_open_asks_for_files(window, workers, qtbot):
    press(qtbot, window, "open")
    dialog = dialog_of(window, QFileDialog)
    dialog.filesSelected.emit(FILES)
    dialog.close()
    settle(qtbot, window)
    assert workers.asked(OpenExposures) == [OpenExposures(tuple(FILES))]
    assert not window.welcome.isVisible()


def test_files_are_dropped(window, workers, qtbot, tmp_path):
    recipe = tmp_path / "mine.toml"
    recipe.write_text("version = 1\n[global]\nfit_threshold = 7.0\n")
    assert drop(window, [*FILES, recipe])
    settle(qtbot, window)
    assert [e.view.key for e in window.session.state.exposures] == FILES
    assert window.session.state.recipe == Recipe(fit_threshold=7.0)
    assert window.recipe_panel.boxes["fit_threshold"].text() == "7 σ"
    assert "mine.toml" in window.windowTitle()


def test_text_cannot_be_dropped(window):
    data = QMimeData()
    data.setText("words")
    enter = QDragEnterEvent(
        QPoint(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(window, enter)
    assert not enter.isAccepted()


def test_everything_is_shown_after_opening(opened):
    session = opened.session
    tree = opened.exposure_panel
    assert [tree.topLevelItem(i).text(0) for i in range(2)] == ["…_00001_mirifushort", "…_00002_mirifushort"]
    assert tree.topLevelItem(1).text(1) == "2/4"
    assert opened.slice_table.rows.rowCount() == 6
    assert opened.slice_table.currentIndex().row() == opened.slice_table.rows.row_of(session.state.number)
    assert opened.choosers.slice_box.currentText() == str(session.state.number)
    assert opened.choosers.column_box.value() == session.state.column
    assert opened.choosers.band_box.currentText() == session.state.band
    assert opened.profile._profile is session.answers.profile
    assert opened.sky._sky is session.answers.sky
    assert opened.spectrum._picture.main is session.answers.spectra
    assert opened.detector._report is session.answers.report
    assert opened.status.versions.text().strip("· ").startswith("jwst 3")


def test_nothing_is_cut_in_the_table_at_1280(opened, qtbot):
    table = opened.slice_table
    for name, value in (("fit_threshold", 21.1), ("slope_limit", 0.05), ("use", ((-1.93, -0.42),))):
        opened.session.recipes.set_override(101, name, value)
    settle(qtbot, opened)
    header = table.horizontalHeader()
    after = AT["noise"] + 1  # what stands further to the right is scrolled to
    assert header.sectionViewportPosition(after) <= table.viewport().width()
    for name, column in AT.items():
        width = max(
            metrics(table, table.rows.index(row, column)).horizontalAdvance(str(table.rows.index(row, column).data()))
            for row in range(6)
        )
        if name != "state" and not table.isColumnHidden(column):
            assert width + 6 <= table.columnWidth(column), name


def test_problems_are_shown_and_nothing_is_lost(opened, qtbot):
    assert opened.banner.isHidden()
    opened.session.exposures.open(["/data/bad.fits"])
    qtbot.waitUntil(opened.banner.isVisible)
    assert "bad.fits is not a FITS file" in opened.banner.label.text()
    assert len(opened.session.state.exposures) == 2
    qtbot.mouseClick(opened.banner.log_button, Qt.MouseButton.LeftButton)
    assert opened.log.isVisible()
    assert "bad.fits is not a FITS file" in opened.log.toPlainText()
    qtbot.mouseClick(opened.banner.close_button, Qt.MouseButton.LeftButton)
    assert opened.banner.isHidden()
    qtbot.mouseClick(opened.status.log_button, Qt.MouseButton.LeftButton)
    assert not opened.log.isVisible()
    press(qtbot, opened, "panel_log")
    assert opened.log.isVisible()
    assert opened.status.log_button.isChecked()


def test_recent_files_are_kept(opened, settings, qtbot, tmp_path):
    gone = tmp_path / "gone_cal.fits"
    there = tmp_path / "there_cal.fits"
    there.touch()
    opened.session.exposures.open([gone])
    opened.session.exposures.open([there])
    qtbot.waitUntil(lambda: len(opened.session.state.exposures) == 4)
    settle(qtbot, opened)
    settings.sync()
    again = QSettings(settings.fileName(), QSettings.Format.IniFormat)
    other = MainWindow(Session(FakeWorkers), again)
    qtbot.addWidget(other)
    assert other.files.recent.paths == [str(there), str(gone), *FILES]
    other.files.recent_menu.aboutToShow.emit()
    entries = {action.text(): action for action in other.files.recent_menu.actions()}
    entries["gone_cal.fits"].trigger()
    wait_for_files(other)
    assert "gone_cal.fits no longer exists" in other.banner.label.text()
    assert str(gone) not in other.files.recent.paths
    entries["there_cal.fits"].trigger()
    wait_for_files(other)
    settle(qtbot, other)
    assert other.session.state.current.key == str(there)
    other.session.close()


def test_closing_the_last_exposure_leads_back(opened, qtbot):
    for _ in FILES:
        press(qtbot, opened, "close_exposure")
    qtbot.waitUntil(opened.welcome.isVisible)
    assert not opened.actions_by_name["close_exposure"].isEnabled()
    qtbot.waitUntil(lambda: opened.session.complete)


def test_close_all_closes_all_and_keeps_the_recipe(opened, qtbot):
    press(qtbot, opened, "raise_threshold")
    recipe = opened.session.state.recipe
    press(qtbot, opened, "close_all")
    qtbot.waitUntil(opened.welcome.isVisible)
    assert opened.session.state.exposures == ()
    assert opened.session.state.recipe == recipe
    assert not opened.actions_by_name["close_all"].isEnabled()
    qtbot.waitUntil(lambda: opened.session.complete)


# Choosing


def test_ticks_say_what_takes_part(opened, workers, qtbot):
    tree = opened.exposure_panel
    item = tree.topLevelItem(1)
    box = tree.visualItemRect(item)
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(box.left() + 10, box.center().y()))
    settle(qtbot, opened)
    assert workers.asked(MakeSpectra)[-1].extraction.exposures == (FILES[0],)
    assert opened.exposures_panel.note.text() == "1 exposure included"


def test_another_exposure_is_chosen_by_mouse(opened, qtbot):
    tree = opened.exposure_panel
    place = tree.visualItemRect(tree.topLevelItem(1)).center()
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    settle(qtbot, opened)
    assert opened.session.state.current.key == FILES[1]
    assert opened.detector._exposure is opened.session.state.current


def test_slices_and_columns_by_keys_boxes_and_table(opened, qtbot):
    session = opened.session
    press(qtbot, opened, "next_slice")
    assert session.state.number == int(opened.choosers.slice_box.currentText())
    table = opened.slice_table
    place = table.visualRect(cell(opened, 103, "number")).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert session.state.number == 103
    qtbot.keyClick(table, Qt.Key.Key_Up)
    assert session.state.number == 102
    column = session.state.column
    press(qtbot, opened, "next_column")
    assert (session.state.column, opened.choosers.column_box.value()) == (column + 1, column + 1)
    opened.choosers.column_box.setFocus()
    opened.choosers.column_box.selectAll()
    qtbot.keyClicks(opened.choosers.column_box, "20")
    qtbot.keyClick(opened.choosers.column_box, Qt.Key.Key_Return)
    assert session.state.column == 20
    opened.choosers.slice_box.setFocus()
    qtbot.keyClick(opened.choosers.slice_box, Qt.Key.Key_Down)
    assert session.state.number == 103
    settle(qtbot, opened)
    assert (opened.profile._profile.number, opened.profile._profile.column) == (103, 20)


def test_the_views_intents_reach_the_session(opened, qtbot):
    session = opened.session
    opened.detector.picked.emit(101, 30)
    assert (session.state.number, session.state.column) == (101, 30)
    opened.profile.column_stepped.emit(-10)
    assert session.state.column == 20
    opened.profile.edited.emit(101, "use", ((-0.5, 0.5),))
    assert session.state.recipe == Recipe(overrides=(SliceOverride(101, use=((-0.5, 0.5),)),))
    opened.profile.edited.emit(101, "use", None)
    assert session.state.recipe == Recipe()
    opened.sky.picked.emit(83.8, -5.4)
    opened.sky.radius_edited.emit(1.1)
    assert (session.state.position, session.state.radius) == ((83.8, -5.4), 1.1)
    opened.sky.pointed.emit(83.8, -5.4, "7 MJy/sr")
    assert "RA 83.800000° Dec −5.400000°   7 MJy/sr" in opened.status.hover.text()
    settle(qtbot, opened)


def test_the_band_is_chosen(opened, qtbot):
    opened.choosers.band_box.setFocus()
    other = next(b for b in opened.session.state.bands if b != opened.session.state.band)
    key = Qt.Key.Key_Down if opened.choosers.band_box.currentIndex() == 0 else Qt.Key.Key_Up
    qtbot.keyClick(opened.choosers.band_box, key)
    assert opened.session.state.band == other
    settle(qtbot, opened)
    assert opened.sky._sky.band == other


# The recipe


def test_a_threshold_typed_in_the_table(opened, workers, qtbot):
    before, report = len(workers.asked(Correct)), opened.session.answers.report
    type_into(qtbot, opened, 101, "fit_threshold", "4")
    settle(qtbot, opened)
    assert workers.asked(Correct)[before:] == [
        Correct(FILES[0], Recipe(overrides=(SliceOverride(101, fit_threshold=4.0),)))
    ]
    index = cell(opened, 101, "fit_threshold")
    assert index.data() == "4"
    assert index.data(Qt.ItemDataRole.ForegroundRole).name() == opened.theme.accent
    assert "<b>Override</b> for all exposures" in index.data(Qt.ItemDataRole.ToolTipRole)
    assert opened.actions_by_name["undo"].text() == "Undo Slice 101: threshold 10 → 4"
    assert opened.isWindowModified()
    press(qtbot, opened, "undo")
    settle(qtbot, opened)
    assert index.data() == "10"
    assert index.data(Qt.ItemDataRole.ForegroundRole).name() != opened.theme.accent
    assert opened.session.state.recipe == Recipe()
    assert opened.session.answers.report is report
    assert not opened.isWindowModified()
    press(qtbot, opened, "redo")
    settle(qtbot, opened)
    assert index.data() == "4"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("slope_limit", "0.05", 0.05),
        ("window", "30", 30),
        ("breakpoints", "40", 40),
        ("use", "-0.9 to 0.4", ((-0.9, 0.4),)),
        ("use", "none", ()),
    ],
)
def test_every_parameter_is_edited_in_the_table(opened, qtbot, name, text, value):
    number = opened.session.state.number
    type_into(qtbot, opened, number, name, text)
    assert opened.session.state.recipe == Recipe(overrides=(SliceOverride(number, **{name: value}),))
    settle(qtbot, opened)
    type_into(qtbot, opened, number, name, "")
    assert opened.session.state.recipe == Recipe()
    settle(qtbot, opened)


def test_a_threshold_by_keys_alone(opened, qtbot):
    table = opened.slice_table
    table.setFocus()
    table.setCurrentIndex(cell(opened, 101, "number"))
    qtbot.keyClick(table, Qt.Key.Key_Return)
    (editor,) = (e for e in table.viewport().findChildren(QLineEdit) if e.isVisible())
    qtbot.keyClicks(editor, "4")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: opened.session.state.recipe == Recipe(overrides=(SliceOverride(101, fit_threshold=4.0),)))
    settle(qtbot, opened)


def test_opening_an_editor_and_leaving_it_changes_nothing(opened, qtbot):
    number = opened.session.state.number
    assert cell(opened, number, "use").data() != ""  # the range that the slope gives is shown
    for name in ("use", "window", "fit_threshold"):
        type_into(qtbot, opened, number, name, None)
    assert opened.session.state.recipe == Recipe()


def test_what_cannot_be_meant_is_told_and_changes_nothing(opened, qtbot):
    type_into(qtbot, opened, 101, "window", "many")
    assert opened.session.state.recipe == Recipe()
    assert opened.banner.label.text().startswith("window must be a whole number")
    assert cell(opened, 101, "window").data() == "50"


def test_delete_and_reset_take_overrides_away(opened, qtbot):
    session = opened.session
    session.recipes.set_override(101, "fit_threshold", 4.0)
    session.recipes.set_override(101, "window", 30)
    session.look.select_slice(101)
    opened.slice_table.setCurrentIndex(cell(opened, 101, "window"))
    qtbot.keyClick(opened.slice_table, Qt.Key.Key_Delete)
    assert session.state.recipe == Recipe(overrides=(SliceOverride(101, fit_threshold=4.0),))
    qtbot.mouseClick(opened.reset_button, Qt.MouseButton.LeftButton)
    assert session.state.recipe == Recipe()
    assert not opened.reset_button.isEnabled()
    session.recipes.set_global("slope_limit", 0.2)
    press(qtbot, opened, "reset_all")
    assert session.state.recipe == Recipe()
    settle(qtbot, opened)


def test_edits_for_this_exposure_alone(opened, qtbot):
    opened.choosers.scope_box.setFocus()
    qtbot.keyClick(opened.choosers.scope_box, Qt.Key.Key_Down)
    type_into(qtbot, opened, 101, "fit_threshold", "4")
    name = opened.session.state.current.name
    assert opened.session.state.recipe.overrides == (SliceOverride(101, name, fit_threshold=4.0),)
    assert name in cell(opened, 101, "fit_threshold").data(Qt.ItemDataRole.ToolTipRole)
    settle(qtbot, opened)


def test_values_for_all_slices(opened, qtbot):
    box = opened.recipe_panel.boxes["fit_threshold"]
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "8")
    assert opened.session.state.recipe == Recipe()  # not before the number is complete
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert opened.session.state.recipe == Recipe(fit_threshold=8.0)
    assert cell(opened, 101, "fit_threshold").data() == "8"
    # With the focus in the box too, undo is the window's.
    qtbot.keyClick(box, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert opened.session.state.recipe == Recipe()
    assert box.value() == 10
    qtbot.mouseClick(opened.recipe_panel.boxes["psf_optimal"], Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    assert opened.session.state.recipe.psf_optimal
    assert not box.isEnabled()
    assert not cell(opened, 101, "fit_threshold").flags() & Qt.ItemFlag.ItemIsEditable
    settle(qtbot, opened)


def test_slices_below_their_threshold_are_grey(opened):
    session, role = opened.session, Qt.ItemDataRole.ForegroundRole
    low = next(s.number for s in session.answers.report.slices if not s.fitted)
    high = next(s.number for s in session.answers.report.slices if s.fitted)
    assert cell(opened, low, "peak").data(role).name() == opened.theme.disabled
    assert cell(opened, low, "state").data() == "below thr."
    assert cell(opened, high, "peak").data(role) is None
    assert "above the threshold" in cell(opened, high, "state").data(Qt.ItemDataRole.ToolTipRole)


def test_a_late_outcome_for_an_older_recipe_is_dropped(opened, workers, qtbot):
    workers.held = {Correct, ShowProfile, MakeSpectra}
    number = opened.session.state.number
    type_into(qtbot, opened, number, "fit_threshold", "9000")
    older = workers.asked(Correct)[-1]
    job = workers.requests.index(older) + 1
    type_into(qtbot, opened, number, "fit_threshold", "")
    workers.late(Outcome(job, older, Status.DONE, "Done.", workers._result(older)))
    for kind in (Correct, ShowProfile, MakeSpectra):
        workers.release(kind)
    settle(qtbot, opened)
    assert cell(opened, number, "state").data() != "below thr."


def test_recipes_are_saved_and_loaded(opened, qtbot, tmp_path):
    opened.session.recipes.set_override(101, "window", 30)
    press(qtbot, opened, "save_recipe")
    dialog = dialog_of(opened, QFileDialog)
    path = tmp_path / "mine.toml"
    dialog.fileSelected.emit(str(path))
    dialog.close()
    wait_for_files(opened)
    assert "window = 30" in path.read_text()
    assert not opened.isWindowModified()
    opened.session.recipes.set_override(101, "window", 40)
    opened.activateWindow()
    qtbot.waitUntil(opened.isActiveWindow)
    press(qtbot, opened, "save_recipe")
    assert "window = 40" in path.read_text()
    path.write_text("version = 7")
    press(qtbot, opened, "load_recipe")
    dialog = dialog_of(opened, QFileDialog)
    dialog.fileSelected.emit(str(path))
    dialog.close()
    wait_for_files(opened)
    assert "version = 7" in opened.banner.label.text()
    assert opened.session.state.recipe.override(101).window == 40
    settle(qtbot, opened)


# Products and jobs


def test_writing_cubes_asks_before_it_replaces(opened, workers, qtbot, tmp_path):
    (tmp_path / "star_ch1-short_s3d.fits").touch()
    workers.held = {WriteCubes}
    press(qtbot, opened, "write_cubes")
    dialog = dialog_of(opened, QDialog)
    assert dialog.product == "jw09999-star"
    dialog.product_edit.setText("star")
    dialog.folder_edit.setText(str(tmp_path))
    assert "exists" in dialog.files.text()
    assert not dialog.write_button.isEnabled()
    qtbot.mouseClick(dialog.overwrite, Qt.MouseButton.LeftButton, pos=QPoint(8, dialog.overwrite.height() // 2))
    assert dialog.write_button.isEnabled()
    qtbot.mouseClick(dialog.write_button, Qt.MouseButton.LeftButton)
    bands = "ch1-short", "ch2-short"
    (request,) = workers.asked(WriteCubes)
    assert request == WriteCubes(tuple(FILES), Recipe(), str(tmp_path), "star", bands=bands, overwrite=True)
    # The window lives on while cubes are being written.
    (job,) = opened.session.jobs.all
    workers.progress(job.number, "Opening", 0.42)
    qtbot.waitUntil(lambda: opened.status.bar.value() == 42)
    assert "Writing cubes of star: Opening" in opened.status.job_name.text()
    type_into(qtbot, opened, 101, "fit_threshold", "4")
    qtbot.waitUntil(lambda: not opened.session.answers.pending)
    qtbot.mouseClick(opened.status.cancel_button, Qt.MouseButton.LeftButton)
    settle(qtbot, opened)
    assert opened.status.job.isHidden()
    assert "Cancelled: Writing cubes of star." in opened.log.toPlainText()


def test_cubes_of_one_kind_into_a_new_folder(opened, workers, qtbot, tmp_path):
    press(qtbot, opened, "write_cubes")
    dialog = dialog_of(opened, QDialog)
    dialog.folder_edit.setText(str(tmp_path / "new"))
    dialog.which_box.setCurrentIndex(dialog.which_box.findData("after"))
    assert dialog.names() == ["jw09999-star-atm_ch1-short_s3d.fits", "jw09999-star-atm_ch2-short_s3d.fits"]
    qtbot.mouseClick(dialog.write_button, Qt.MouseButton.LeftButton)
    (request,) = workers.asked(WriteCubes)
    assert (request.which, request.overwrite) == ("after", False)
    settle(qtbot, opened)
    assert "Wrote " in opened.log.toPlainText()
    opened.files.write_cubes()  # the folder is remembered once it is there; it is not
    again = dialog_of(opened, QDialog)
    assert again.folder != str(tmp_path / "new")
    again.reject()


def test_products_of_all_settings_in_one_go(opened, workers, qtbot, tmp_path):
    nirspec = "/data/jw09999-star_00001_nrs1_cal.fits"
    opened.session.exposures.open([nirspec])
    settle(qtbot, opened)
    opened.session.look.select_exposure(FILES[0])
    settle(qtbot, opened)
    press(qtbot, opened, "write_cubes")
    dialog = dialog_of(opened, QDialog)
    dialog.folder_edit.setText(str(tmp_path))
    dialog.which_box.setCurrentIndex(dialog.which_box.findData("after"))
    assert dialog.from_box.currentText() == "2 included exposures, ch1-short, ch2-short"
    assert len(dialog.names()) == 2
    qtbot.keyClick(dialog.from_box, Qt.Key.Key_Down)
    assert dialog.from_box.currentText() == "3 included exposures, ch1-short, ch2-short, g235m-f170lp"
    bands = ["ch1-short", "ch2-short", "g235m-f170lp"]
    assert dialog.names() == [f"jw09999-star-atm_{band}_s3d.fits" for band in bands]
    shown = dialog.from_box.fontMetrics().horizontalAdvance(dialog.from_box.currentText())
    assert shown < dialog.from_box.width() - 20, "the exposures can be read"
    dialog.band_box.setFocus()
    qtbot.keyClicks(dialog.band_box, "g")
    assert dialog.names() == ["jw09999-star-atm_g235m-f170lp_s3d.fits"]
    qtbot.mouseClick(dialog.write_button, Qt.MouseButton.LeftButton)
    (request,) = workers.asked(WriteCubes)
    assert (request.paths, request.bands) == ((*FILES, nirspec), ("g235m-f170lp",))
    settle(qtbot, opened)
    opened.files.write_exposures()
    dialog = dialog_of(opened, QDialog)
    dialog.folder_edit.setText(str(tmp_path))
    qtbot.keyClick(dialog.from_box, Qt.Key.Key_Down)
    assert len(dialog.names()) == 3
    qtbot.mouseClick(dialog.write_button, Qt.MouseButton.LeftButton)
    assert workers.asked(WriteExposures)[-1].paths == (*FILES, nirspec)
    settle(qtbot, opened)


def test_options_of_cubes_are_typed_where_cubes_are_written(opened, workers, qtbot, tmp_path):
    press(qtbot, opened, "write_cubes")
    dialog = dialog_of(opened, QDialog)
    dialog.folder_edit.setText(str(tmp_path))
    form = dialog.options_form
    assert not form.isVisibleTo(dialog)
    dialog.options_button.click()
    assert form.isVisibleTo(dialog)
    qtbot.keyClicks(form.fields["scalexy"], "0,2")
    qtbot.keyClicks(form.fields["cube_pa"], "30")
    form.fields["coord_system"].setCurrentText("ifualign")
    assert "cube_pa is for coord_system" in dialog.problem.text().lower()
    assert not dialog.write_button.isEnabled()
    form.fields["coord_system"].setCurrentText("skyalign")
    form.fields["nspax_x"].setText("many")
    assert "nspax_x must be a whole number" in dialog.problem.text()
    form.fields["nspax_x"].clear()
    qtbot.mouseClick(dialog.write_button, Qt.MouseButton.LeftButton)
    options = CubeOptions(scalexy=0.2, cube_pa=30.0)
    assert [request.recipe.cube for request in workers.asked(WriteCubes)] == [options]
    assert opened.session.state.recipe.cube == options
    assert opened.session.recipes.undo_stack.undoText().startswith("Cube: position angle default → 30")
    opened.session.recipes.undo_stack.undo()
    assert opened.session.state.recipe == Recipe()
    settle(qtbot, opened)


@pytest.mark.parametrize("product", ["", "a/b", "..", ".hidden"])
def test_names_that_no_product_can_have(opened, qtbot, tmp_path, product):
    opened.files.write_cubes()
    dialog = dialog_of(opened, QDialog)
    dialog.folder_edit.setText(str(tmp_path))
    dialog.product_edit.setText(product)
    assert not dialog.write_button.isEnabled()
    assert "valid file name" in dialog.problem.text()
    dialog.reject()


def test_folders_that_cannot_be_used(opened, qtbot, tmp_path):
    (tmp_path / "file").touch()
    opened.files.write_exposures()
    dialog = dialog_of(opened, QDialog)
    for folder, word in ((tmp_path / "file" / "x", "is a file"), ("", "Choose a folder")):
        dialog.folder_edit.setText(str(folder))
        assert word in dialog.problem.text()
        assert not dialog.write_button.isEnabled()
    dialog.reject()


def test_writing_corrected_exposures(opened, workers, qtbot, tmp_path):
    press(qtbot, opened, "write_exposures")
    dialog = dialog_of(opened, QDialog)
    dialog.folder_edit.setText(str(tmp_path))
    assert dialog.names()[0] == "jw09999-star_00001_mirifushort_atm.fits"
    count = len(dialog.names())
    dialog.intermediate_box.click()
    assert len(dialog.names()) == 5 * count
    assert "jw09999-star_00001_mirifushort_spline_residual.fits" in dialog.names()
    qtbot.keyClick(dialog.write_button, Qt.Key.Key_Space)
    settle(qtbot, opened)
    wanted = WriteExposures(tuple(FILES), Recipe(), str(tmp_path), save_intermediate_results=True)
    assert workers.asked(WriteExposures) == [wanted]


def test_opening_is_shown_at_once_and_large_and_can_be_cancelled(window, workers, qtbot):
    workers.held = {OpenExposures}
    window.session.exposures.open(FILES)
    assert window.status.job.isVisible()
    card = window.opening
    assert card.isVisible()
    assert card.name.text() == "Opening 2 files…"
    assert not window.welcome.isVisible()
    assert window.spectrum_panel.isVisible()
    (number,) = (job.number for job in window.session.jobs.all)
    workers.progress(number, "Reading star.fits", 0.4)
    qtbot.waitUntil(lambda: card.bar.value() == 40)
    assert card.step.text() == "Reading star.fits"
    middle = card.geometry().center() - card.parentWidget().rect().center()
    assert middle.manhattanLength() <= 4
    qtbot.mouseClick(card.cancel_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(window.status.job.isHidden)
    assert window.welcome.isVisible()
    assert not window.spectrum_panel.isVisible()
    assert not card.isVisible()


def test_what_was_opened_takes_the_place_of_the_progress(window, qtbot):
    window.session.exposures.open(FILES)
    settle(qtbot, window)
    assert not window.opening.isVisible()
    assert window.spectrum_panel.isVisible()


def test_previews_that_take_long_are_shown(opened, workers, qtbot):
    workers.held = {MakeSpectra}
    opened.session.look.pick_sky(83.8, -5.4)
    assert opened.status.job.isHidden()
    qtbot.waitUntil(opened.status.job.isVisible, timeout=2000)
    assert opened.status.job_name.text().startswith("Spectra…")
    workers.release(MakeSpectra)
    settle(qtbot, opened)


def test_a_crash_leaves_the_window_usable(opened, workers, qtbot):
    workers.crashing = {Correct, ShowProfile, MakeSpectra}
    opened.session.recipes.set_global("fit_threshold", 8.0)
    qtbot.waitUntil(opened.banner.isVisible)
    qtbot.waitUntil(lambda: not opened.session.answers.pending)
    workers.crashing.clear()
    press(qtbot, opened, "refresh")
    settle(qtbot, opened)
    assert len(opened.session.state.exposures) == 2


# The window itself


def test_kept_coordinates_are_deleted_by_keys(opened, workers, qtbot):
    press(qtbot, opened, "clear_cache")
    qtbot.waitUntil(lambda: opened.session.messages.all[-1].text == ClearCache().done(3_000_000))
    assert isinstance(workers.requests[-1], ClearCache)
    assert opened.session.state.exposures


def test_every_action_says_what_it_does(window):
    keys = [key for info in ACTIONS if info for key in info.shortcut.split("; ") if key]
    assert len(keys) == len(set(keys))
    for info in ACTIONS:
        if info is not None:
            assert window.actions_by_name[info.name].toolTip().startswith(info.tip)


def test_every_control_has_a_tooltip(opened):
    boxes = opened.choosers
    controls = [
        *(boxes.scope_box, opened.reset_button, boxes.slice_box, boxes.column_box, boxes.band_box),
        *opened.recipe_panel.boxes.values(),
        *(opened.exposure_panel, opened.log, opened.status.cancel_button),
    ]
    assert all(control.toolTip() for control in controls)
    model = opened.slice_table.rows
    role = Qt.ItemDataRole.ToolTipRole
    assert all(model.headerData(c, Qt.Orientation.Horizontal, role) for c in range(model.columnCount()))
    assert all(cell(opened, 101, name).data(role) for name in AT)


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_themes(opened, settings, choice, qtbot):
    opened.actions_by_name[f"use_{choice}_theme"].trigger()
    assert opened.theme.name == choice
    assert settings.value("theme") == choice
    qtbot.waitUntil(lambda: opened.palette().window().color().name() == opened.theme.window)
    assert opened.grab().toImage().pixelColor(4, 4).name() == opened.theme.window


def test_versions_are_told(window):
    window.actions_by_name["show_about"].trigger()
    box = dialog_of(window, QMessageBox)
    assert "jwst 3" in box.text()
    box.close()


def test_quitting_asks_when_something_would_be_lost(opened, workers, qtbot):
    opened.session.recipes.set_override(101, "window", 30)
    settle(qtbot, opened)
    press(qtbot, opened, "quit")
    assert opened.isVisible()
    box = dialog_of(opened, QMessageBox)
    assert "unsaved" in box.text()
    stay, leave = (next(b for b in box.buttons() if b.text() == text) for text in ("Cancel", "Discard"))
    qtbot.mouseClick(stay, Qt.MouseButton.LeftButton)
    assert opened.isVisible()
    press(qtbot, opened, "quit")
    leave = next(b for b in dialog_of(opened, QMessageBox).buttons() if b.text() == "Discard")
    qtbot.mouseClick(leave, Qt.MouseButton.LeftButton)
    assert not opened.isVisible()


def test_the_layout_holds_at_both_sizes(opened, qtbot):
    for width, height in ((1280, 800), (1920, 1080)):
        opened.resize(width, height)
        QApplication.processEvents()
        assert (opened.width(), opened.height()) == (width, height)  # no part asks for more
        assert min(panel.width() for panel in (opened.slices_panel, opened.detector_panel, opened.sky_panel)) > 300


def test_the_product_is_named_after_the_exposures_until_a_name_is_typed(opened, qtbot, tmp_path):
    opened.session.exposures.open(["/data/jw09999-star_00001_nrs1_cal.fits"])
    settle(qtbot, opened)
    opened.files.write_cubes()
    dialog = dialog_of(opened, QDialog)
    assert dialog.product == "jw09999-star_00001_nrs1"
    qtbot.keyClick(dialog.from_box, Qt.Key.Key_Down)
    assert dialog.product == "jw09999-star"
    dialog.product_edit.selectAll()
    qtbot.keyClicks(dialog.product_edit, "mine")
    qtbot.keyClick(dialog.from_box, Qt.Key.Key_Up)
    assert dialog.product == "mine"
    dialog.reject()
