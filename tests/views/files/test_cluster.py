"""File → Run on a Cluster: the dialog, and the job that it starts."""

from __future__ import annotations

import os
import queue
import sys
import time
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QDialog

from atm_viewer.engine.errors import UserError
from atm_viewer.engine.recipe import CubeOptions, Recipe
from atm_viewer.jobs.messages import Outcome, Status
from atm_viewer.jobs.requests.batch import ProgrammeRun, RunProgramme
from atm_viewer.jobs.workers import Workers
from atm_viewer.views.files.cluster_dialog import ClusterDialog
from tests.engine.output.test_products import exposures
from tests.views.windows import FILES, dialog_of, press, settle

CHECKOUT = Path(__file__).resolve().parents[3]


def test_open_exposures_are_run_with_the_sessions_recipe(opened, workers, qtbot, tmp_path):
    workers.held = {RunProgramme}
    opened.session.recipes.set_global("fit_threshold", 4.0)
    settle(qtbot, opened)
    press(qtbot, opened, "run_on_cluster")
    dialog = dialog_of(opened, QDialog)
    dialog.folder_edit.setText(str(tmp_path))
    assert dialog.workers_box.isEnabled()
    dialog.scheduler_edit.setText("somewhere")
    assert not dialog.write_button.isEnabled()
    assert "has a port" in dialog.problem.text()
    dialog.scheduler_edit.setText("tcp://somewhere:8786")
    assert not dialog.workers_box.isEnabled()
    qtbot.mouseClick(dialog.write_button, Qt.MouseButton.LeftButton)
    (request,) = workers.asked(RunProgramme)
    assert (request.inputs, request.recipe.fit_threshold) == (tuple(FILES), 4.0)
    assert (request.folder, request.scheduler, request.tune) == (str(tmp_path), "tcp://somewhere:8786", False)
    (job,) = opened.session.jobs.all
    workers.progress(job.number, "1 of 3 targets", 0.42)
    qtbot.waitUntil(lambda: opened.status.bar.value() == 42)
    assert "Running on tcp://somewhere:8786: 1 of 3 targets" in opened.status.job_name.text()
    qtbot.mouseClick(opened.status.cancel_button, Qt.MouseButton.LeftButton)
    settle(qtbot, opened)
    assert "Cancelled: Running on tcp://somewhere:8786." in opened.log.toPlainText()
    opened.actions_by_name["run_on_cluster"].trigger()
    dialog = dialog_of(opened, QDialog)
    assert dialog.scheduler == "tcp://somewhere:8786"  # remembered
    dialog.reject()


def test_a_programme_needs_no_open_exposures(window, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr("atm_viewer.engine.threads._available", lambda: 64)
    sizes = {"SC_PAGE_SIZE": 1, "SC_PHYS_PAGES": 6_000_000_000}
    monkeypatch.setattr(os, "sysconf", sizes.__getitem__, raising=False)
    window.actions_by_name["run_on_cluster"].trigger()
    dialog = dialog_of(window, ClusterDialog)
    assert dialog.workers_box.value() == 2  # 64 processors, 6 GB
    dialog.folder_edit.setText(str(tmp_path))
    assert not dialog.write_button.isEnabled()
    dialog.programme_edit.setText(str(tmp_path / "programme.toml"))
    assert dialog.write_button.isEnabled()
    dialog.recipe_box.setCurrentIndex(1)
    assert (dialog.inputs, dialog.tunes) == ((str(tmp_path / "programme.toml"),), True)
    dialog.reject()


def test_what_it_has_come_to_is_told_and_its_index_can_be_opened():
    result = ProgrammeRun(("/out/index.html",), "2 targets made in 3 s.", ("a: done", "b: failed"))
    request = RunProgramme(("a_asn.json",), Recipe(), "/out")
    assert request.done(result) == "2 targets made in 3 s. The index is /out/index.html."
    assert request.details(result) == "a: done\nb: failed"


@pytest.mark.skipif(os.name != "posix", reason="the bundle's program is a shell script here")
def test_in_a_bundle_the_program_itself_is_started(tmp_path, monkeypatch):
    program = tmp_path / "atm-viewer"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" packaging/bundle_start.py "$@"\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.chdir(CHECKOUT)
    (tmp_path / "empty").mkdir()
    request = RunProgramme((str(tmp_path / "empty"),), Recipe(), str(tmp_path / "out"))
    with pytest.raises(UserError, match="has neither associations"):
        request.answer(None, lambda step, fraction: None)


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="processes are found in /proc")
def test_cancelling_ends_all_its_processes_and_leaves_nothing_half_written(tmp_path):
    news: queue.SimpleQueue = queue.SimpleQueue()
    workers = Workers(news.put, warm=False)
    recipe = Recipe(1.5, 1e9, cube=CubeOptions(scalew=0.016))
    try:
        job = workers.submit(RunProgramme((str(exposures("miri")[0]),), recipe, str(tmp_path), workers=1))
        until = time.monotonic() + 200
        while not list(tmp_path.glob("*/log.txt")):
            assert time.monotonic() < until
            time.sleep(0.1)
        assert len(mentioning("--batch-child")) == 1
        workers.cancel(job)
        while not isinstance(one := news.get(timeout=20), Outcome):
            pass
        assert one.status is Status.CANCELLED
        until = time.monotonic() + 60
        while mentioning("--batch-child"):
            assert time.monotonic() < until
            time.sleep(0.1)
    finally:
        workers.close()
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert "Stopped" in (tmp_path / "index.html").read_text()


def mentioning(words: str) -> list[str]:
    """Processes with some words on their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if words in line:
            found.append(line)
    return found
