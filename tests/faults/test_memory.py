"""The system refuses memory: one true sentence, nothing left, and the same numbers when there is memory again."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.io import exposure as exposures
from tests.faults.trial import good_exposure

CHECKOUT = Path(__file__).resolve().parents[2]


def memory_problems(what: str, instrument: str, folder: Path, limits: tuple[int, ...], seconds: int = 120) -> list[str]:
    """Do some work with little memory in a program of its own; what is wrong at each limit."""
    folder.mkdir()
    line = [sys.executable, "-m", "tests.faults.memory", what, str(folder), instrument, *map(str, limits)]
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    try:
        done = subprocess.run(line, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        return [f"{what} {instrument} {limits}: takes longer than {seconds} s: {(error.stderr or b'')[-200:]!r}"]
    trials = [json.loads(answer) for answer in done.stdout.splitlines()]
    found = [f"{what} {instrument}, {trial['megabytes']} MB: {trial['wrong']}" for trial in trials if trial["wrong"]]
    if done.returncode or len(trials) != len(limits):
        found.append(
            f"{what} {instrument}: ends with {done.returncode} after {len(trials)} limits: {done.stderr[-400:]}"
        )
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit the memory of a process")
@pytest.mark.parametrize(("what", "limits"), [("open", (0,)), ("preview", (16,)), ("correct", (40,))])
def test_no_memory(what, limits, tmp_path):
    assert memory_problems(what, "miri", tmp_path / "work", limits) == []


def test_a_file_that_there_is_no_memory_for_later_on_is_not_called_damaged(monkeypatch):
    """Libraries make an error of their own of what the system says."""

    def open_model(path):
        try:
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
        except OSError as error:
            raise ValueError("no header") from error

    opened = exposures.open_exposure(good_exposure("miri"))
    monkeypatch.setattr(exposures, "_open_datamodel", open_model)
    with pytest.raises(InputError, match="cannot be opened: there is not enough memory"):
        _ = opened.model
    opened.close()
