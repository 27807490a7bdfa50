from __future__ import annotations

import sys

import pytest
from PyQt6.QtCore import QLibraryInfo, Qt, QTimer, QTranslator
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QApplication

from atm_viewer import app, cli
from atm_viewer.jobs.requests.previews import Correct
from atm_viewer.session.persistence.keeper import Keeper
from atm_viewer.session.session import Session
from atm_viewer.views.window.main_window import MainWindow
from tests.session.fake_workers import FakeWorkers

FILES = ["/data/jw09999-star_00001_mirifushort_cal.fits"]


@pytest.fixture(autouse=True)
def _fake_workers(monkeypatch, qapp):
    monkeypatch.setattr(app, "Workers", FakeWorkers)


def test_a_screenshot_of_the_first_complete_preview(tmp_path):
    path = tmp_path / "window.png"
    assert app.run(FILES, screenshot=path, size=(1280, 800)) == 0
    image = QImage(str(path))
    assert (image.width(), image.height()) == (1280, 800)
    assert [p.name for p in tmp_path.iterdir()] == ["window.png"]
    # The sky image is in the picture: it has the bright colours of its map.
    colours = {image.pixelColor(x, y).getRgb()[:3] for x in range(900, 1180) for y in range(400)}
    assert any(red > 200 and green > 200 and blue < 60 for red, green, blue in colours)


def test_english_is_written_from_left_to_right_on_any_system(tmp_path, qapp):
    """Else minus signs change sides, and "14 → 1.1" is read backwards."""
    translator = QTranslator()
    assert translator.load("qtbase_ar", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
    qapp.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto)
    qapp.installTranslator(translator)
    try:
        assert qapp.layoutDirection() == Qt.LayoutDirection.RightToLeft
        assert app.run(screenshot=tmp_path / "window.png") == 0
        assert qapp.layoutDirection() == Qt.LayoutDirection.LeftToRight
    finally:
        qapp.removeTranslator(translator)


def test_a_screenshot_without_files_is_the_invitation(tmp_path):
    assert app.run(screenshot=tmp_path / "window.png") == 0
    assert QImage(str(tmp_path / "window.png")).width() == 1440


@pytest.mark.parametrize(
    ("files", "recipe", "sentence"),
    [
        (["/data/bad.fits", "/data/bad2.fits"], None, "/data/bad.fits is not a FITS file"),
        (FILES, "wrong.toml", "unknown key 'treshold'"),
        (FILES, "missing.toml", "cannot be read"),
    ],
)
def test_a_screenshot_that_cannot_be_made_says_why(tmp_path, capsys, files, recipe, sentence):
    (tmp_path / "wrong.toml").write_text("version = 1\n[global]\ntreshold = 3\n")
    code = app.run(files, recipe=recipe and tmp_path / recipe, screenshot=tmp_path / "window.png")
    assert code == 1
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1
    assert not (tmp_path / "window.png").exists()


def test_a_preview_that_fails_is_no_screenshot(tmp_path, capsys, monkeypatch):
    class Failing(FakeWorkers):
        def __init__(self, notify):
            super().__init__(notify)
            self.failing[Correct] = "The exposure is all NaN."

    monkeypatch.setattr(app, "Workers", Failing)
    assert app.run(FILES, screenshot=tmp_path / "window.png") == 1
    assert capsys.readouterr().err == "The exposure is all NaN.\n"


@pytest.mark.parametrize(("path", "word"), [("missing/window.png", "does not exist"), (".", "is a folder")])
def test_a_screenshot_that_cannot_be_saved_says_why(tmp_path, capsys, path, word):
    assert app.run(FILES, screenshot=tmp_path / path) == 1
    assert word in capsys.readouterr().err


def test_a_failure_inside_of_the_window_is_told_and_survived(tmp_path, capsys, monkeypatch):
    seen = []

    def act():
        window = next(w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow))
        QTimer.singleShot(0, lambda: 1 / 0)
        QTimer.singleShot(50, lambda: seen.append((window.banner.label.text(), window.log.toPlainText())))
        QTimer.singleShot(100, window.close)

    QTimer.singleShot(200, act)
    hook = sys.excepthook
    assert app.run() == 0
    assert sys.excepthook is hook
    ((banner, log),) = seen
    assert banner == "Unexpected error in the window (ZeroDivisionError); please report it with the log (Ctrl+L)."
    assert "division by zero" in log


def test_a_recipe_to_begin_with(tmp_path):
    (tmp_path / "mine.toml").write_text("version = 1\n[global]\nfit_threshold = 7.0\n")
    seen = []

    def act():
        window = next(w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow))
        if window.session.recipes.undo_stack.canUndo():
            seen.append(window.session.state.recipe.fit_threshold)
            window.close()
        else:
            QTimer.singleShot(20, act)

    QTimer.singleShot(0, act)
    assert app.run(recipe=tmp_path / "mine.toml") == 0
    assert seen == [7.0]


@pytest.fixture
def session_file(tmp_path, qtbot):
    exposure = tmp_path / "jw09999-star_00001_mirifushort_cal.fits"
    exposure.write_bytes(b"SIMPLE  =")
    session = Session(FakeWorkers)
    session.exposures.open([str(exposure)])
    qtbot.waitUntil(lambda: session.complete and session.state.exposures != ())
    session.recipes.set_override(101, "window", 30)
    Keeper(session).save(tmp_path / "star.toml")
    qtbot.waitUntil(lambda: session.complete)
    session.close()
    return tmp_path / "star.toml"


def test_a_session_on_the_command_line(session_file, tmp_path):
    assert cli.run([str(session_file), "--screenshot", str(tmp_path / "window.png")]) == 0
    assert QImage(str(tmp_path / "window.png")).width() == 1440


def test_a_session_with_missing_exposures_is_no_screenshot(session_file, tmp_path, capsys):
    (tmp_path / "jw09999-star_00001_mirifushort_cal.fits").unlink()
    assert app.run([session_file], screenshot=tmp_path / "window.png") == 1
    told = capsys.readouterr().err
    missing = "jw09999-star_00001_mirifushort_cal.fits"
    assert told == f"{session_file} was not opened, because exposures were not found: {missing}.\n"
