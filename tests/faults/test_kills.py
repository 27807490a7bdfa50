"""Programs that are killed at any step of a write, or write the same at the same time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import writer
from tests.faults.writer import NAMES

CHECKOUT = Path(__file__).resolve().parents[2]
#: Every so-manieth step kills here; `python -m tests.faults` kills at every step.
EVERY = 6


def start(what: str, folder: Path, text: str, killed_at: int = 0) -> subprocess.Popen:
    """Start a program that writes."""
    line = [sys.executable, "-m", "tests.faults.writer", what, str(folder), text, str(killed_at)]
    environment = os.environ | {"XDG_CACHE_HOME": str(folder / "cache"), "PYTHONPATH": str(CHECKOUT)}
    pipe = subprocess.PIPE
    return subprocess.Popen(line, cwd=CHECKOUT, env=environment, stdout=pipe, stderr=pipe, text=True)


def problem(what: str, folder: Path, at: int) -> str:
    """Kill a program at a step; what is wrong with what is there then, and after the next one has written."""
    folder.mkdir()
    getattr(writer, what)(folder, "old") if what != "cache" else None
    killed = start(what, folder, "new", at)
    killed.communicate(timeout=60)
    contents = {path.read_text() for path in folder.glob("*.*") if path.is_file() and not path.name.startswith(".")}
    # Of two products one may be new for the milliseconds until somebody writes again; neither is ever half a file.
    if not contents <= {"old", "new"}:
        return f"step {at}: {contents}"
    for path in folder.rglob("*.part"):
        os.utime(path, (0, 0))  # as if a while had passed
    done = start(what, folder, "third")
    _, errors = done.communicate(timeout=60)
    if done.returncode:
        return f"step {at}: the next program fails: {errors}"
    left = [path.name for path in folder.rglob("*.part")]
    contents = {path.read_text() for path in folder.glob("*.*") if path.is_file() and not path.name.startswith(".")}
    if left or not contents <= {"third"}:
        return f"step {at}: {left} {contents}"
    return ""


def steps_of(what: str, folder: Path) -> int:
    """Number of steps that writing takes."""
    folder.mkdir()
    getattr(writer, what)(folder, "old") if what != "cache" else None
    out, errors = start(what, folder, "new").communicate(timeout=60)
    assert out, errors
    return int(out)


@pytest.mark.parametrize("what", ["products", "session", "cache"])
def test_killed_at_a_step(what, tmp_path):
    count = steps_of(what, tmp_path / "count")
    steps = range(1, count + 1, EVERY)
    assert [found for at in steps if (found := problem(what, tmp_path / str(at), at))] == []


@pytest.mark.parametrize("what", ["products", "session", "cache"])
def test_two_programs_write_the_same(what, tmp_path):
    both = [start(what, tmp_path, text) for text in ("one", "two")]
    ends = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    contents = [path.read_text() for path in tmp_path.glob("*.*") if path.is_file()]
    assert len(set(contents)) == (0 if what == "cache" else 1)
    assert len(contents) == {"products": len(NAMES), "session": 1, "cache": 0}[what]
    assert not [path for path in tmp_path.rglob("*") if path.name.endswith(".part")]
