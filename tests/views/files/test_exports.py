"""File → Export, as a user does it."""

from __future__ import annotations

import re
from dataclasses import replace
from threading import current_thread, main_thread

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QImage
from PyQt6.QtPdf import QPdfDocument
from PyQt6.QtSvg import QSvgRenderer
from PyQt6.QtWidgets import QDialog

from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.results.written import Tool
from atm_viewer.jobs.requests.measures import SummariseBands
from atm_viewer.jobs.requests.previews import MakeSpectra
from atm_viewer.jobs.requests.products import WriteRecipe, WriteSpectra
from atm_viewer.jobs.requests.programs import FindTools, SendFile
from atm_viewer.views.base.theme import DARK
from atm_viewer.views.files import pictures
from tests.views.windows import FILES


@pytest.fixture
def window(start, qtbot):
    window = start(*FILES)
    yield window
    qtbot.waitUntil(lambda: window.session.complete)


def dialog_of(qtbot, window, action: str, folder) -> QDialog:
    """The dialog that the keys of an action open, with a folder to write to."""
    window.activateWindow()  # no window manager gives the keyboard back once a dialog is closed
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.waitUntil(window.actions_by_name[action].isEnabled)
    qtbot.keySequence(window, window.actions_by_name[action].shortcut())
    (dialog,) = (d for d in window.findChildren(QDialog) if d.isVisible())
    dialog.folder_edit.setText(str(folder))
    return dialog


def write(qtbot, dialog) -> None:
    assert dialog.write_button.isEnabled()
    qtbot.mouseClick(dialog.write_button, Qt.MouseButton.LeftButton)


def test_a_uniform_recipe_goes_to_the_pipeline(window, workers, qtbot, tmp_path):
    dialog = dialog_of(qtbot, window, "export_recipe", tmp_path)
    assert "all slices have the same values" in dialog.words.text()
    assert dialog.files.text().split("<br>")[0] == "jw09999-star-atm_spec3.sh"
    dialog.name_edit.setText("star")
    write(qtbot, dialog)
    assert workers.asked(WriteRecipe) == [WriteRecipe("pipeline", tuple(FILES), Recipe(), str(tmp_path), "star")]
    qtbot.waitUntil(lambda: f"Wrote x_pipeline to {tmp_path}." in window.log.toPlainText())


def test_slices_of_their_own_ask_for_a_script(window, workers, qtbot, tmp_path):
    window.session.recipes.set_override(101, "fit_threshold", 4.0)
    dialog = dialog_of(qtbot, window, "export_recipe", tmp_path)
    assert "because 1 slice has overrides" in dialog.words.text()
    assert dialog.names() == ["jw09999-star-atm.py"]
    dialog.kind_box.setCurrentIndex(dialog.kind_box.findData("pipeline"))
    assert not dialog.write_button.isEnabled()
    assert "choose the Python script" in dialog.problem.text()
    dialog.kind_box.setCurrentIndex(dialog.kind_box.findData("script"))
    write(qtbot, dialog)
    assert workers.asked(WriteRecipe)[0].kind == "script"


def test_spectra_of_all_variants_and_places(window, workers, qtbot, tmp_path):
    session = window.session
    session.recipes.new_variant()
    session.recipes.set_global("fit_threshold", 5.0)
    ra, dec = session.state.position
    session.look.add_place(ra + 0.3 / 3600, dec)
    qtbot.waitUntil(lambda: session.complete)
    dialog = dialog_of(qtbot, window, "export_spectra", tmp_path)
    dialog.name_edit.setText("star")
    dialog.format_box.setCurrentIndex(dialog.format_box.findData("fits"))
    dialog.unit_box.setCurrentIndex(1)
    names = [f"star_ch1-short_place{place}_{variant}.fits" for place in (1, 2) for variant in "AB"]
    assert dialog.files.text() == "<br>".join(names)
    write(qtbot, dialog)
    (request,) = workers.asked(WriteSpectra)
    assert request.names == tuple(names)
    assert [recipe.fit_threshold for _, recipe in request.spectra] == [10.0, 5.0, 10.0, 5.0]
    assert [one for (one,), _ in request.spectra] == [
        session.answers.spectra_of(variant, place) for place in (1, 2) for variant in "AB"
    ]
    assert (request.exposures, request.unit) == (tuple(FILES), "Jy")
    qtbot.waitUntil(lambda: names[-1] in window.log.toPlainText())


def test_spectra_of_an_older_recipe_are_not_written(window, workers, qtbot, tmp_path):
    dialog = dialog_of(qtbot, window, "export_spectra", tmp_path)
    workers.held = {MakeSpectra}
    window.session.recipes.set_global("fit_threshold", 5.0)
    assert "still being updated" in dialog.problem.text()
    assert not dialog.write_button.isEnabled()
    workers.release(MakeSpectra)
    qtbot.waitUntil(dialog.write_button.isEnabled)
    write(qtbot, dialog)
    assert workers.asked(WriteSpectra)[0].spectra[0][1].fit_threshold == 5.0


@pytest.mark.parametrize("panel", ["spectrum", "profile", "detector", "sky"])
def test_pictures_in_every_format(window, qtbot, tmp_path, panel):
    for kind in ("png", "svg", "pdf"):
        dialog = dialog_of(qtbot, window, "export_picture", tmp_path)
        dialog.name_edit.setText("star")
        dialog.panel_box.setCurrentIndex(dialog.panel_box.findData(panel))
        dialog.format_box.setCurrentIndex(dialog.format_box.findData(kind))
        dialog.colour_box.setCurrentIndex(int(kind == "png"))
        write(qtbot, dialog)
        path = tmp_path / f"star_{panel}.{kind}"
        told = f"Wrote {path.name} to {tmp_path}."
        qtbot.waitUntil(lambda told=told: told in window.log.toPlainText())
        if kind == "png":
            image = QImage(str(path))
            canvas = getattr(window, panel).canvas
            above = image.height() - 2 * canvas.height()
            assert image.width() == 2 * canvas.width()
            # The legend stands above the plots of those panels that have one.
            assert (above > 20) == (panel in ("spectrum", "profile"))
            assert image.text("Title") == f"star {panel}, ATM Viewer"
            seen = {image.pixel(x, y) for x in range(0, image.width(), 5) for y in range(0, image.height(), 5)}
            assert len(seen) > 5
            assert image.pixelColor(2, image.height() - 2).lightness() > 240  # on white
            corner = canvas.grab().toImage().pixelColor(2, canvas.height() - 2)
            assert corner.lightness() < 80  # and the window is dark again
        elif kind == "svg":
            text = path.read_text()
            assert "<title>star" in text
            assert text.count("<text") > 5  # letters stay letters
            assert QSvgRenderer(str(path)).isValid()
        else:
            assert path.read_bytes().startswith(b"%PDF")
            assert path.read_bytes().rstrip().endswith(b"%%EOF")
    dialog = dialog_of(qtbot, window, "export_picture", tmp_path)
    dialog.name_edit.setText("star")
    dialog.panel_box.setCurrentIndex(dialog.panel_box.findData(panel))
    assert "exists" in dialog.files.text()
    assert not dialog.write_button.isEnabled()
    dialog.reject()


def test_a_picture_is_painted_in_turns_while_the_screen_stays_and_compressed_on_a_thread(window, qtbot, monkeypatch):
    made, threads = [], []
    compressed = pictures.png_of
    monkeypatch.setattr(pictures, "png_of", lambda image: threads.append(current_thread()) or compressed(image))
    pictures.make_picture(window.spectrum, lambda: DARK, "png", "", True, made.append)
    assert made == []
    assert not window.spectrum.updatesEnabled()  # nobody sees it in other colours
    qtbot.waitUntil(lambda: bool(made))
    assert window.spectrum.updatesEnabled()
    assert threads == []  # the window does not wait for that
    assert made[0]().startswith(b"\x89PNG")
    done = []
    window.exports.make_report("pdf", done.append)
    qtbot.waitUntil(lambda: bool(done))
    assert len(threads) > 4
    assert main_thread() not in threads[1:]


def test_a_picture_that_cannot_be_written_is_told(window, qtbot, tmp_path):
    dialog = dialog_of(qtbot, window, "export_picture", tmp_path / "new")
    (tmp_path / "new").write_text("a file is there by now")
    qtbot.mouseClick(dialog.write_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "choose another folder" in window.banner.label.text())


def test_a_picture_does_not_replace_what_has_appeared_meanwhile(window, qtbot, tmp_path):
    dialog = dialog_of(qtbot, window, "export_picture", tmp_path)
    (name,) = dialog.names()
    (tmp_path / name).write_text("a file is there by now")
    qtbot.mouseClick(dialog.write_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: f"{name} cannot be written: File exists" in window.banner.label.text())
    assert (tmp_path / name).read_text() == "a file is there by now"
    assert not list(tmp_path.glob(".*.part"))


def test_a_report_holds_everything(window, qtbot, tmp_path):
    session = window.session
    session.recipes.set_override(101, "fit_threshold", 4.0)
    session.recipes.new_variant()
    session.recipes.set_global("reach", "slice")
    session.recipes.label_variant("B", "<far> sources")
    session.look.set_spectrum_settings(replace(session.state.spectrum_settings, families=("forbidden",)))
    qtbot.waitUntil(lambda: session.complete)
    for kind in ("html", "pdf"):
        dialog = dialog_of(qtbot, window, "export_report", tmp_path)
        dialog.name_edit.setText("star")
        dialog.format_box.setCurrentIndex(dialog.format_box.findData(kind))
        write(qtbot, dialog)
        qtbot.waitUntil(lambda kind=kind: f"Wrote star_report.{kind} to {tmp_path}." in window.log.toPlainText())
    text = (tmp_path / "star_report.html").read_text()
    assert text.count('src="data:image/png;base64,') == text.count("<img") == 6  # panels and bands
    assert "http" not in text
    for part in (
        *("B &lt;far&gt; sources (active)", "slice 101: threshold 4", "reach = &quot;slice&quot;", "goes beyond it"),
        *("noise before", "ch1-short", "jw09999-star_00002_mirifushort", FILES[0], "fit_threshold = 10.0"),
        *("<td>jwst</td>", "peak [MJy/sr]"),
        *("<td>[Fe II] 5.34</td>", "expected [W/m²]", "75 %"),
        "Variant B, ch1-short: 4 of 841 spaxels lose planes by the correction, 1 of them all",
    ):
        assert part in text, part
    noise = session.answers.spectra_of("A").noise_after
    assert f"{100 * noise:.2f} %" in text
    document = QPdfDocument(None)
    document.load(str(tmp_path / "star_report.pdf"))
    assert document.pageCount() >= 2
    assert "Adaptive trace model of jw09999-star" in document.getAllText(0).text()
    document.close()


def test_a_report_has_a_row_and_a_part_for_each_band_of_all_settings(start, workers, qtbot, tmp_path):
    medium = "/data/jw09999-medium_00001_mirifushort_cal.fits"
    window = start(*FILES, medium)
    workers = window.session.jobs._workers
    dialog = dialog_of(qtbot, window, "export_report", tmp_path)
    assert "3 included exposures" in dialog.from_box.currentText()
    dialog.name_edit.setText("all")
    write(qtbot, dialog)
    qtbot.waitUntil(lambda: "Wrote all_report.html" in window.log.toPlainText())
    text = (tmp_path / "all_report.html").read_text()
    rows = re.findall(r"<tr><td>(ch.-\w+)</td><td[^>]*>(\d)</td><td[^>]*>([^<]+) %</td>", text)
    bands = ["ch1-short", "ch2-short", "ch1-medium", "ch2-medium"]
    assert [row[:2] for row in rows] == list(zip(bands, "2211", strict=True))
    (asked,) = workers.asked(SummariseBands)
    assert len({(one.ra, one.dec, one.radius) for one in asked.extractions}) == 1
    assert [one.exposures for one in asked.extractions] == [tuple(FILES)] * 2 + [(medium,)] * 2
    for band in bands:
        assert f"<h3>{band}</h3>" in text
        assert f"{band} keeps its planes." in text
    assert text.count("<img") == 8
    assert "Adaptive trace model of jw09999" in text


def test_all_settings_go_into_one_script(start, workers, qtbot, tmp_path):
    nirspec = "/data/jw09999-nirspec_00001_nrs1_cal.fits"
    window = start(*FILES, nirspec)
    workers = window.session.jobs._workers
    dialog = dialog_of(qtbot, window, "export_recipe", tmp_path)
    assert dialog.keys == tuple(FILES)  # of the chosen setting, until all are chosen
    dialog.from_box.setCurrentIndex(1)
    assert "no common product of two instruments" in dialog.problem.text()
    assert not dialog.write_button.isEnabled()
    dialog.kind_box.setCurrentIndex(dialog.kind_box.findData("script"))
    write(qtbot, dialog)
    assert workers.asked(WriteRecipe)[0].paths == (*FILES, nirspec)
    qtbot.waitUntil(lambda: window.session.complete)


def send_dialog(qtbot, window) -> QDialog:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keySequence(window, window.actions_by_name["send_file"].shortcut())
    (dialog,) = (d for d in window.findChildren(QDialog) if d.isVisible())
    return dialog


def test_what_other_programs_are_sent(window, workers, qtbot, tmp_path):
    workers.tools = (Tool("c1", "DS9", ("image.load.fits",)), Tool("c2", "TOPCAT", ("table.load.fits",)))
    cube = tmp_path / "star_s3d.fits"
    cube.touch()
    wanted = {"spectra": ("TOPCAT", "c2"), "image": ("DS9", "c1"), "cube": ("DS9", "c1")}
    for what, (name, number) in wanted.items():
        dialog = send_dialog(qtbot, window)
        dialog.what_box.setCurrentIndex(dialog.what_box.findData(what))
        qtbot.waitUntil(lambda dialog=dialog: dialog.tool_box.count() == 1)
        assert dialog.tool_box.currentText() == name
        if what == "cube":
            assert "Choose an existing cube file." in dialog.note.text()
            assert not dialog.send_button.isEnabled()
            dialog.path_edit.setText(str(cube))
        qtbot.mouseClick(dialog.send_button, Qt.MouseButton.LeftButton)
        request = workers.asked(SendFile)[-1]
        assert request.tool == number
        if what == "spectra":
            assert request.what.names == ("jw09999-star_ch1-short.fits",)
            assert request.what.spectra[0][0][0] is window.session.answers.spectra
        elif what == "image":
            assert request.what is window.session.answers.sky
        else:
            assert request.what == str(cube)
    assert len(workers.asked(SendFile)) == 3


def test_no_program_to_send_to(window, workers, qtbot):
    dialog = send_dialog(qtbot, window)
    qtbot.waitUntil(lambda: "start TOPCAT for tables" in dialog.note.text())
    assert not dialog.send_button.isEnabled()
    workers.tools = (Tool("c2", "TOPCAT", ("table.load.fits",)), Tool("c3", "Splat", ("table.load.fits",)))
    qtbot.mouseClick(dialog.again_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(dialog.send_button.isEnabled)
    assert [dialog.tool_box.itemText(i) for i in range(3)] == ["TOPCAT", "Splat", "all programs"]
    workers.failing = {FindTools: "No SAMP hub is running; start TOPCAT."}
    qtbot.mouseClick(dialog.again_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "No SAMP hub is running" in dialog.note.text())
    assert window.banner.isHidden()
    dialog.reject()
