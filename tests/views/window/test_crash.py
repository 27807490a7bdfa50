"""A window that is killed loses nothing: real processes, the application as it is started, light data."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from atm_viewer.engine.errors import UserError
from atm_viewer.session.persistence.session_file import load_session

PATIENCE = 60.0  # seconds; it takes two


@pytest.fixture
def start(tmp_path):
    """Start the application in a process of its own, with a state folder that lasts."""
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    processes = []

    def run(*arguments: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "tests.views.crash_app", *arguments]
        process = subprocess.Popen(
            command, env=environment, cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, text=True
        )
        processes.append(process)
        return process

    yield run
    for process in processes:
        process.kill()
        process.communicate()


def autosaved(folder: Path, *others: Path) -> Path | None:
    """The autosaved session that has the override, other than these."""
    for path in set(folder.rglob("*.toml")) - set(others):
        try:
            if load_session(path).variants.recipe.overrides and load_session(path).look.number == 203:
                return path
        except UserError:  # replaced meanwhile
            continue
    return None


def wait_for(condition):
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)
    return found


def test_after_a_kill_the_next_start_restores(start, tmp_path):
    files = [tmp_path / f"jw09999-star_0000{i}_mirifushort_cal.fits" for i in (1, 2)]
    for number, file in enumerate(files):
        file.write_bytes(bytes(number))
    state = tmp_path / "state"
    working = start("work", *map(str, files))
    left = wait_for(lambda: autosaved(state))
    # A second window, open at the same time, must neither be offered as lost nor offer what is alive.
    other = start("work", *map(str, files))
    living = wait_for(lambda: autosaved(state, left))
    working.kill()
    assert working.wait(PATIENCE) != 0
    again = start("restore")
    told, _ = again.communicate(timeout=PATIENCE)
    assert again.returncode == 0
    offer, *keys, choice = told.splitlines()
    assert offer.startswith("ATM Viewer did not close properly at ")
    assert offer.endswith("Restore 2 exposures and 1 override?")
    assert keys == [str(file) for file in files]
    assert choice == "203 20 4.0"
    # The one that was closed properly has left nothing, and the living one's is untouched.
    assert list(state.rglob("*.toml")) == [living]
    assert other.poll() is None
