"""Pipes, devices and disks that do not answer: the window goes on, says what it is, and can be closed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtWidgets import QMessageBox

from atm_viewer.session.persistence.session_file import load_session
from atm_viewer.views.base.dialogs import WriteExposuresDialog
from tests.views.windows import dialog_of, drop, press, settle, wait_for_files

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def disk(monkeypatch):
    """A disk that does not answer until it is set, neither to readers nor to writers of recipes and sessions."""
    event = threading.Event()

    def wait(*_: object) -> None:
        event.wait()

    for place in ("parts.recipe_edits.load_recipe", "parts.recipe_edits.write_whole", "persistence.keeper.write_whole"):
        monkeypatch.setattr(f"atm_viewer.session.{place}", wait)
    yield event
    event.set()


@pytest.fixture
def beats():
    """Counts turns of the event loop."""
    counted = []
    timer = QTimer()
    timer.timeout.connect(lambda: counted.append(True))
    timer.start(10)
    yield counted
    timer.stop()


@pytest.mark.parametrize("name", ["pipe.toml", "pipe_cal.fits"])
def test_a_pipe_is_told(window, qtbot, tmp_path, name):
    os.mkfifo(tmp_path / name)
    begun = time.monotonic()
    drop(window, [tmp_path / name])
    assert time.monotonic() - begun < 2.0
    if name.endswith(".toml"):
        assert f"{tmp_path / name} is a pipe, not a file; give a recipe (.toml)." in window.banner.label.text()
    qtbot.waitUntil(lambda: window.session.jobs.all == ())


def test_a_pipe_as_a_session(window, qtbot, tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    window.sessions.open(str(tmp_path / "pipe.toml"))
    wait_for_files(window)
    assert f"{tmp_path / 'pipe.toml'} is a pipe, not a file; give a session (.toml)." in window.banner.label.text()


def test_a_recipe_that_never_comes_is_cancelled_and_the_window_lives(opened, qtbot, disk, beats, tmp_path):
    window, recipe = opened, opened.session.state.recipe
    window.files.load_recipe_file("far.toml")
    qtbot.waitUntil(lambda: [job.name for job in window.session.jobs.all] == ["Reading far.toml"])
    assert len(beats) > 10
    window.session.recipes.set_global("fit_threshold", 8.0)  # answered all the same
    qtbot.waitUntil(lambda: window.session.answers.report is not None and not window.session.answers.pending)
    window.session.jobs.cancel_all()
    assert "Cancelled: Reading far.toml." in window.log.toPlainText()
    assert window.session.state.recipe != recipe
    assert window.files.recipe_path == ""
    settle(qtbot, window)


def test_edits_during_a_slow_save_are_not_taken_for_saved(opened, qtbot, disk, tmp_path):
    window = opened
    window.session.recipes.set_global("fit_threshold", 8.0)
    window.session.recipes.save_recipe(tmp_path / "mine.toml")
    window.session.recipes.set_global("fit_threshold", 7.0)
    disk.set()
    wait_for_files(window)
    assert window.isWindowModified()
    window.session.recipes.save_recipe(tmp_path / "mine.toml")
    wait_for_files(window)
    assert not window.isWindowModified()
    settle(qtbot, window)


def test_quitting_saves_first_even_when_that_takes_long(opened, qtbot, tmp_path, monkeypatch):
    from atm_viewer.engine.whole_file import write_whole

    def slowly(path: Path, text: str) -> None:
        time.sleep(1.0)
        write_whole(path, text)

    monkeypatch.setattr("atm_viewer.session.persistence.keeper.write_whole", slowly)
    window, path = opened, tmp_path / "star.toml"
    window.sessions.keeper.path = str(path)
    window.session.recipes.set_global("fit_threshold", 8.0)
    settle(qtbot, window)
    press(qtbot, window, "quit")
    box = dialog_of(window, QMessageBox)
    qtbot.mouseClick(next(b for b in box.buttons() if b.text() == "Save"), LEFT)
    assert window.isVisible()
    qtbot.waitUntil(lambda: [job.name for job in window.session.jobs.all] == ["Saving star.toml"])
    qtbot.waitUntil(lambda: not window.isVisible())
    assert load_session(path).variants.recipe.fit_threshold == 8.0


def test_quitting_while_a_save_hangs_asks_and_goes(opened, qtbot, disk, tmp_path):
    window = opened
    window.session.recipes.set_global("fit_threshold", 8.0)
    settle(qtbot, window)
    window.session.recipes.save_recipe(tmp_path / "mine.toml")
    window.close()
    box = dialog_of(window, QMessageBox)
    assert box.text() == "Saving mine.toml is not finished. Quit and discard it?"
    qtbot.mouseClick(next(b for b in box.buttons() if b.text() == "Quit"), LEFT)
    assert not window.isVisible()


def test_a_folder_that_does_not_answer_is_told_in_the_dialog(opened, qtbot, disk, monkeypatch, tmp_path):
    dialog = WriteExposuresDialog(opened.session.state.sources, 2.0, opened.theme, str(tmp_path), opened)
    assert dialog.problem.text() == ""
    monkeypatch.setattr("atm_viewer.views.base.dialogs._complaint_about", lambda folder: disk.wait())
    begun = time.monotonic()
    dialog.folder_edit.setText("/far")
    assert time.monotonic() - begun < 2.0
    assert dialog.problem.text() == "/far does not answer; choose another folder."
    assert not dialog.write_button.isEnabled()
    dialog.close()


def test_the_program_ends_though_a_disk_never_answers(tmp_path):
    """The real application in a process of its own: threads that wait for ever do not keep it."""
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.views.crash_app", "stuck"],
        env=environment,
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "Saving far.toml is not finished. Quit and discard it?" in done.stdout
