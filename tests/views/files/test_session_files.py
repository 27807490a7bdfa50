from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtWidgets import QApplication, QFileDialog, QMessageBox

from atm_viewer.engine.recipe import Circle, Ellipse, Recipe
from atm_viewer.session.persistence.keeper import Keeper
from atm_viewer.session.persistence.session_file import dump_session, load_session
from atm_viewer.session.session import Session
from atm_viewer.session.state.saved_session import SavedReference
from atm_viewer.session.state.sky_choice import SkyChoice
from atm_viewer.views.files.missing_dialog import MissingDialog
from atm_viewer.views.slices.cells import AT
from atm_viewer.views.window.main_window import MainWindow
from tests.session.fake_workers import FakeWorkers
from tests.session.persistence.test_keeper import crash
from tests.views import mouse
from tests.views.windows import dialog_of, drop, settle, wait_for_files

NAMES = [f"jw09999-star_0000{i}_mirifushort_cal.fits" for i in (1, 2, 3, 4)]
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def data(tmp_path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        (folder / name).write_bytes(b"SIMPLE  =" + bytes(100 + number))
    return folder


@pytest.fixture
def start(start, qtbot):
    """Open windows on what was dropped on them; none of them saves anything after its test."""
    windows = []

    def dropped(*paths) -> MainWindow:
        window = start()
        windows.append(window)
        window.files.open_dropped([str(p) for p in paths])
        if paths:
            settle(qtbot, window)
        return window

    yield dropped
    for window in windows:
        window.sessions.keeper.close()


@pytest.fixture
def path(qtbot, data, tmp_path) -> Path:
    """A session of four exposures that was saved."""
    session = Session(FakeWorkers)
    session.exposures.open([data / name for name in NAMES])
    work(qtbot, session, data)
    Keeper(session).save(tmp_path / "star.toml")
    complete(qtbot, session)
    session.close()
    return tmp_path / "star.toml"


@pytest.fixture
def saved(start, qtbot, data, tmp_path):
    """The same saved by keys, and the window that did."""
    window = start(*(data / name for name in NAMES))
    work(qtbot, window.session, data)
    press(qtbot, window, "save_session")
    choose(window, tmp_path / "star.toml")
    return tmp_path / "star.toml", window


def work(qtbot, session: Session, data: Path) -> None:
    complete(qtbot, session)
    session.recipes.set_override(101, "fit_threshold", 4.0)
    session.look.select_exposure(str(data / NAMES[2]))
    session.look.select(203, 20)
    complete(qtbot, session)


def complete(qtbot, session: Session) -> None:
    qtbot.waitUntil(lambda: session.complete and session.state.exposures != ())


def activate(qtbot, window):
    """Have keys go to a window."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)


def press(qtbot, window, name: str):
    """Press the keys of an action in a window that may have been behind another one."""
    activate(qtbot, window)
    qtbot.keySequence(window, window.actions_by_name[name].shortcut())
    wait_for_files(window)


def press_with_alt(qtbot, dialog, key: Qt.Key):
    activate(qtbot, dialog)
    qtbot.keyClick(dialog, key, Qt.KeyboardModifier.AltModifier)


def choose(window, path):
    """Choose a file in the dialog that is open."""
    dialog = dialog_of(window, QFileDialog)
    dialog.fileSelected.emit(str(path))
    dialog.close()
    wait_for_files(top_of(window))


def answer(qtbot, window, text: str):
    box = dialog_of(window, QMessageBox)
    qtbot.mouseClick(next(b for b in box.buttons() if b.text() == text), LEFT)
    wait_for_files(window)


def top_of(widget) -> MainWindow:
    """Window that a dialog belongs to."""
    return widget if isinstance(widget, MainWindow) else top_of(widget.parent())


def autosave_into(window, folder):
    window.sessions.keeper.start_autosave(folder)
    wait_for_files(window)


def shown_slices(window) -> list[str]:
    table = window.slice_table
    return [str(table.shown.index(row, 0).data()) for row in range(table.shown.rowCount())]


def rows(dialog: MissingDialog) -> list[str]:
    items = [dialog.list.topLevelItem(i) for i in range(dialog.list.topLevelItemCount())]
    return [item.text(2) for item in items]


def test_saved_and_opened_by_keys(saved, start, qtbot):
    path, first = saved
    assert first.windowTitle() == "star.toml[*] — ATM Viewer"
    second = start()
    press(qtbot, second, "open_session")
    choose(second, path)
    settle(qtbot, second)
    assert second.windowTitle() == "star.toml[*] — ATM Viewer"
    assert not second.isWindowModified()
    assert second.choosers.slice_box.currentText() == "203"
    assert second.choosers.column_box.value() == 20
    assert second.exposure_panel.topLevelItemCount() == 4
    assert second.exposure_panel.currentItem().text(0) == "…_00003_mirifushort"
    assert second.session.state.recipe == first.session.state.recipe
    assert not second.actions_by_name["undo"].isEnabled()


def test_regions_are_back_as_they_were(saved, start, qtbot):
    path, first = saved
    place = first.session.state.places.current
    first.session.regions.draw(Circle(place.ra, place.dec, 0.4))
    first.session.regions.draw(Ellipse(place.ra, place.dec + 1.0 / 3600, (0.8, 0.3), 90.0))
    first.session.regions.rename("region 2", "arc")
    first.session.regions.set_value("arc", "fit_threshold", 4.0)
    settle(qtbot, first)
    press(qtbot, first, "save_session")
    second = start(path)
    assert second.session.state.recipe.regions == first.session.state.recipe.regions
    assert [second.recipe_panel.regions.rows.index(k, 0).data() for k in range(2)] == ["region", "arc"]
    mouse.settle(qtbot)
    east, north = second.session.answers.sky.offsets(place.ra, place.dec)
    mouse.click(qtbot, second.sky.plot, float(east), float(north) - 0.4)  # its line is there
    assert second.session.state.region == "region"


def test_the_star_says_that_something_is_not_saved(saved, qtbot):
    path, window = saved
    assert not window.isWindowModified()
    tree = window.exposure_panel
    box = tree.visualItemRect(tree.topLevelItem(1))
    qtbot.mouseClick(tree.viewport(), LEFT, pos=QPoint(box.left() + 10, box.center().y()))
    assert window.isWindowModified()
    settle(qtbot, window)
    press(qtbot, window, "save_session")  # it has a file: nothing is asked
    assert not window.isWindowModified()
    assert [e.included for e in load_session(path).exposures] == [True, False, True, True]


def test_views_are_back_as_they_were(saved, start, qtbot):
    path, first = saved
    qtbot.mouseClick(first.detector.layer_buttons.buttons()[3], LEFT)
    first.detector.stretch_box.setCurrentText("log")
    first.detector.view.setRange(xRange=(20, 60), yRange=(30, 50), padding=0)
    first.sky.share_box.setCurrentIndex(1)
    first.spectrum.flux_plot.setXRange(5.0, 5.2, padding=0)
    first.session.look.choose_sky(SkyChoice("swipe", planes=5))
    first.slice_browser.line.setText("peak>0")
    qtbot.mouseClick(first.slice_browser.quick["below"], LEFT)
    first.slice_table.sortByColumn(AT["peak"], Qt.SortOrder.DescendingOrder)
    qtbot.mouseClick(first.why_overlay.button, LEFT)
    low, high = first.profile.points.vb.viewRange()[1]
    mouse.drag(qtbot, first.profile.points, (1.6, (low + high) / 2), (1.2, (low + high) / 2))
    alpha = first.profile.slope.vb.viewRange()[0]
    press(qtbot, first, "save_session")
    second = start(path)
    assert second.detector.layer_buttons.checkedId() == 3
    assert second.detector.stretch_box.currentText() == "log"
    ranges = (w.detector.view.viewRange() for w in (first, second))
    assert next(ranges) == [pytest.approx(pair, abs=0.2) for pair in next(ranges)]
    assert second.sky.share_box.currentIndex() == 1
    assert "x" not in second.sky.state()  # the whole field, whatever the window's size
    assert second.spectrum.flux_plot.vb.viewRange()[0] == pytest.approx([5.0, 5.2])
    assert second.profile.slope.vb.viewRange()[0] == pytest.approx(alpha)
    qtbot.waitUntil(lambda: second.session.state.sky_choice == SkyChoice("swipe", planes=5))
    assert second.slice_browser.line.text() == "peak>0"
    assert second.slice_browser.quick["below"].isChecked()
    assert shown_slices(second) == shown_slices(first)
    assert 0 < len(shown_slices(second)) < 6
    assert second.why_overlay.button.isChecked()
    # A session that was not zoomed shows everything again.
    first.detector.fit()
    first.profile.fit()
    first.slice_browser.line.clear()
    first.slice_browser.quick["below"].setChecked(False)
    first.slice_table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    first.why_overlay.button.setChecked(False)
    first.session.look.choose_sky(SkyChoice())
    press(qtbot, first, "save_session")
    second.files.open_dropped([str(path)])
    settle(qtbot, second)
    assert "x" not in second.detector.state()
    assert [getattr(second, name).state() for name in ("profile", "slice_browser", "why_overlay")] == [{}, {}, {}]
    assert len(shown_slices(second)) == 6
    assert second.session.state.sky_choice == SkyChoice()


def test_what_a_view_does_not_understand_is_told_and_left(saved, start, qtbot):
    path, _ = saved
    text = path.read_text().replace('layer = "Data"', 'layer = "Fates"\ncolour = 3')
    path.write_text(text.replace("[views.sky]", "[views.radio]\nband = 3\n\n[views.sky]"))
    window = start(path)
    log = window.log.toPlainText()
    assert "which were ignored: views.detector.layer, views.detector.colour." in log
    assert "a view 'radio' that this version does not have" in log
    assert window.detector.layer_buttons.checkedId() == 0


def test_sessions_and_recipes_are_told_apart_when_dropped(path, start, qtbot, tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("version = 1\n[global]\nfit_threshold = 7.0\n")
    window = start()
    assert drop(window, [path])
    settle(qtbot, window)
    assert len(window.session.state.exposures) == 4
    assert drop(window, [recipe])
    settle(qtbot, window)
    assert window.session.state.recipe == Recipe(fit_threshold=7.0)
    assert len(window.session.state.exposures) == 4
    assert window.windowTitle() == "star.toml[*] — ATM Viewer"
    assert window.isWindowModified()


def test_a_damaged_session_is_told(path, start, qtbot):
    path.write_text(path.read_text().replace("slice = 203", "slice = true"))
    window = start()
    drop(window, [path])
    assert f"{path}: slice in [look] must be a whole number" in window.banner.label.text()
    assert window.session.state.exposures == ()


def test_recent_sessions(saved, start, qtbot):
    path, first = saved
    window = start()
    exposures = window.files.recent.paths
    window.files.recent_menu.aboutToShow.emit()
    (entry,) = (a for a in window.files.recent_menu.actions() if a.text() == "star.toml")
    assert "star.toml" in window.welcome.recent.text()
    entry.trigger()
    wait_for_files(window)
    settle(qtbot, window)
    assert window.session.state.recipe == first.session.state.recipe
    assert window.files.recent.paths == exposures  # exposures of a session do not push out others
    os.remove(path)
    window.files.open_recent_file(str(path))
    wait_for_files(window)
    assert "no longer exists" in window.banner.label.text()
    assert window.files.recent_sessions.paths == []


# Closing


def test_closing_asks_and_saves(saved, qtbot):
    path, window = saved
    window.session.recipes.set_override(102, "window", 30)
    settle(qtbot, window)
    press(qtbot, window, "quit")
    assert window.isVisible()
    answer(qtbot, window, "Save")
    assert not window.isVisible()
    assert load_session(path).variants.recipe.override(102).window == 30


def test_closing_a_session_without_a_file_asks_where(start, qtbot, data, tmp_path):
    window = start(data / NAMES[0])
    window.session.recipes.set_global("fit_threshold", 8.0)
    settle(qtbot, window)
    press(qtbot, window, "quit")
    answer(qtbot, window, "Save…")
    assert window.isVisible()
    choose(window, tmp_path / "new.toml")
    assert not window.isVisible()
    assert load_session(tmp_path / "new.toml").variants.recipe == Recipe(fit_threshold=8.0)


def test_closing_without_changes_asks_nothing(saved, qtbot):
    _, window = saved
    window.session.look.select(101, 30)
    press(qtbot, window, "quit")
    assert not window.isVisible()


def test_a_failure_to_save_keeps_the_window(saved, qtbot, tmp_path):
    path, window = saved
    window.session.recipes.set_global("fit_threshold", 8.0)
    settle(qtbot, window)
    shutil.move(path.parent / "data", tmp_path / "d2")
    window.sessions.keeper.path = str(tmp_path / "gone" / "star.toml")
    press(qtbot, window, "quit")
    answer(qtbot, window, "Save")
    assert window.isVisible()
    assert "cannot be saved as" in window.banner.label.text()


@pytest.mark.parametrize("text", ["Save", "Discard", "Cancel"])
def test_opening_another_session_asks_before_changes_are_lost(saved, qtbot, data, tmp_path, text):
    path, window = saved
    shutil.copy(path, tmp_path / "other.toml")
    window.session.recipes.set_override(101, "fit_threshold", 5.0)
    settle(qtbot, window)
    drop(window, [tmp_path / "other.toml"])
    assert window.session.state.recipe.override(101).fit_threshold == 5.0
    answer(qtbot, window, text)
    settle(qtbot, window)
    assert load_session(path).variants.recipe.override(101).fit_threshold == (5.0 if text == "Save" else 4.0)
    assert window.session.state.recipe.override(101).fit_threshold == (5.0 if text == "Cancel" else 4.0)
    assert window.windowTitle().startswith("star.toml" if text == "Cancel" else "other.toml")


# Exposures that were moved


def test_moved_exposures_are_located_by_mouse(path, start, qtbot, data, tmp_path):
    away = tmp_path / "away"
    away.mkdir()
    for name in NAMES[:3]:
        shutil.move(data / name, away / name)
    window = start()
    drop(window, [path])
    dialog = dialog_of(window, MissingDialog)
    assert rows(dialog) == 3 * ["not found"]
    assert not dialog.open_button.isEnabled()
    item = dialog.list.topLevelItem(1)
    qtbot.mouseClick(dialog.list.viewport(), LEFT, pos=dialog.list.visualItemRect(item).center())
    qtbot.mouseClick(dialog.locate_button, LEFT)
    choose(dialog, away / NAMES[1])
    assert rows(dialog) == 3 * [f"in {away}"]
    assert dialog.open_button.text() == "Open 4 Exposures"
    qtbot.mouseClick(dialog.open_button, LEFT)
    settle(qtbot, window)
    assert [Path(e.view.key).parent for e in window.session.state.exposures] == [away, away, away, data]
    assert window.isWindowModified()
    press(qtbot, window, "save_session")
    assert load_session(path).exposures[0].path == str(away / NAMES[0])


def test_missing_exposures_are_left_out_by_keys(path, start, qtbot, data):
    before = path.read_bytes()
    for name in NAMES[1:3]:
        os.remove(data / name)
    window = start()
    drop(window, [path])
    dialog = dialog_of(window, MissingDialog)
    qtbot.keyClick(dialog.list, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    press_with_alt(qtbot, dialog, Qt.Key.Key_O)
    qtbot.waitUntil(lambda: rows(dialog) == 2 * ["left out"])  # a button that is pressed by keys takes a moment
    assert dialog.open_button.text() == "Open 2 Exposures"
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    settle(qtbot, window)
    assert len(window.session.state.exposures) == 2
    assert path.read_bytes() == before


def test_a_missing_reference_is_located_or_left_out_as_exposures_are(path, start, qtbot, data, tmp_path):
    away = tmp_path / "away"
    away.mkdir()
    for name in ("one_s3d.fits", "two_s3d.fits"):
        (away / name).write_bytes(b"SIMPLE  = T")
    state = load_session(path)
    gone = tuple(SavedReference(k, (f"/gone/{name}_s3d.fits",)) for k, name in enumerate(("one", "two", "three"), 1))
    path.write_text(dump_session(replace(state, references=gone)))
    window = start()
    drop(window, [path])
    dialog = dialog_of(window, MissingDialog)
    assert rows(dialog) == 3 * ["not found"]
    assert dialog.list.topLevelItem(0).text(0) == "one_s3d.fits"
    assert not dialog.open_button.isEnabled()
    qtbot.mouseClick(dialog.locate_button, LEFT)
    choose(dialog, away / "one_s3d.fits")
    assert rows(dialog) == [*2 * [f"in {away}"], "not found"]
    item = dialog.list.topLevelItem(2)
    qtbot.mouseClick(dialog.list.viewport(), LEFT, pos=dialog.list.visualItemRect(item).center())
    qtbot.mouseClick(dialog.leave_button, LEFT)
    assert dialog.open_button.text() == "Open 4 Exposures"
    qtbot.mouseClick(dialog.open_button, LEFT)
    settle(qtbot, window)
    qtbot.waitUntil(lambda: len(window.session.state.references) == 2)
    assert [r.file.path for r in window.session.state.references] == [
        str(away / "one_s3d.fits"),
        str(away / "two_s3d.fits"),
    ]
    assert len(window.session.state.exposures) == 4


def test_without_a_user_missing_references_are_left_out(path, start, qtbot, data):
    state = load_session(path)
    path.write_text(dump_session(replace(state, references=(SavedReference(1, ("/gone/one_s3d.fits",)),))))
    window = start()
    window.sessions.keeper.asks = False
    drop(window, [path])
    settle(qtbot, window)
    assert len(window.session.state.exposures) == 4
    assert "References were not found and are left out: one_s3d.fits." in window.log.toPlainText()


def test_another_file_in_place_of_a_missing_one_is_told(path, start, qtbot, data, tmp_path):
    os.remove(data / NAMES[0])
    other = tmp_path / "other_cal.fits"
    other.write_bytes(b"SIMPLE  = T")
    window = start()
    drop(window, [path])
    dialog = dialog_of(window, MissingDialog)
    press_with_alt(qtbot, dialog, Qt.Key.Key_L)
    qtbot.waitUntil(lambda: dialog.findChildren(QFileDialog) != [])
    choose(dialog, other)
    assert rows(dialog) == [f"in {tmp_path}, with different content"]
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    settle(qtbot, window)
    assert "has changed since the session was saved" in window.banner.label.text()


def test_not_answering_leaves_everything(path, start, qtbot, data):
    window = start(data / NAMES[3])
    shutil.rmtree(data)
    drop(window, [path])
    dialog = dialog_of(window, MissingDialog)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert [e.view.key for e in window.session.state.exposures] == [str(data / NAMES[3])]
    assert window.windowTitle() == "jw09999-star_00004_mirifushort[*] — ATM Viewer"


# After a crash


def test_what_was_left_is_restored(saved, start, qtbot, tmp_path):
    path, first = saved
    crash(tmp_path / "left", path)
    window = start()
    bar = window.banner
    assert bar.isHidden()
    autosave_into(window, tmp_path / "left")
    assert bar.isVisible()
    assert bar.label.text().startswith("ATM Viewer did not close properly at ")
    assert bar.label.text().endswith("Restore 4 exposures and 1 override?")
    qtbot.mouseClick(bar.restore_button, LEFT)
    settle(qtbot, window)
    assert bar.isHidden()
    assert window.session.state.recipe == first.session.state.recipe
    assert window.choosers.slice_box.currentText() == "203"
    assert window.isWindowModified()
    press(qtbot, window, "quit")
    assert "unsaved" in dialog_of(window, QMessageBox).text()
    answer(qtbot, window, "Discard")
    assert not window.isVisible()


def test_what_was_left_is_discarded_by_keys(path, start, qtbot, tmp_path):
    crash(tmp_path / "left", path)
    window = start()
    autosave_into(window, tmp_path / "left")
    bar = window.banner
    bar.discard_button.setFocus()
    qtbot.keyClick(bar.discard_button, Qt.Key.Key_Space)
    assert bar.isHidden()
    qtbot.waitUntil(lambda: list((tmp_path / "left").glob("*.toml")) == [])


def test_the_offer_stays_while_exposures_are_missing(path, start, qtbot, data, tmp_path):
    crash(tmp_path / "left", path)
    shutil.rmtree(data)
    window = start()
    autosave_into(window, tmp_path / "left")
    qtbot.mouseClick(window.banner.restore_button, LEFT)
    wait_for_files(window)
    dialog_of(window, MissingDialog).reject()
    QApplication.processEvents()
    assert window.banner.isVisible()


def test_both_themes_and_the_sizes_of_the_dialog(path, start, qtbot, data):
    shutil.rmtree(data)
    window = start()
    window.banner.ask_to_restore("Restore it?")
    for choice in ("light", "dark"):
        window.actions_by_name[f"use_{choice}_theme"].trigger()
        qtbot.waitUntil(lambda: window.theme.highlight in window.banner.styleSheet())
    drop(window, [path])
    dialog = dialog_of(window, MissingDialog)
    assert dialog.width() <= 900
    controls = (dialog.list, dialog.locate_button, dialog.leave_button, dialog.open_button)
    assert all(control.toolTip() for control in controls)
    dialog.reject()
