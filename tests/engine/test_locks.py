"""Locks between programs."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest

from atm_viewer.engine.whole_file import LOCKS, in_turn, take_lock

pytestmark = pytest.mark.skipif(not LOCKS, reason="this system has no locks")


def test_a_lock_is_somebody_s_until_it_is_closed(tmp_path):
    ours = take_lock(tmp_path)
    with pytest.raises(BlockingIOError):
        take_lock(tmp_path)
    os.close(ours)
    os.close(take_lock(tmp_path))


def test_one_after_the_other(tmp_path):
    path, order = tmp_path / "turn", []

    def second():
        with in_turn(path, 10.0):
            order.append("second")

    thread = threading.Thread(target=second)
    with in_turn(path, 10.0):
        thread.start()
        time.sleep(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_a_lock_ends_with_its_program(tmp_path):
    path = tmp_path / "turn"
    code = (
        "import os\nfrom pathlib import Path\nfrom atm_viewer.engine.whole_file import in_turn\n"
        f"with in_turn(Path({str(path)!r}), 0.0):\n    os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    os.close(take_lock(path))


def test_what_somebody_else_keeps_too_long_is_done_all_the_same(tmp_path):
    path = tmp_path / "turn"
    with in_turn(path, 0.0):
        begun = time.monotonic()
        with in_turn(path, 0.1):
            assert time.monotonic() - begun >= 0.1


def test_without_a_place_for_a_lock_nobody_waits(tmp_path):
    done = []
    with in_turn(tmp_path / "no folder" / "turn", 10.0):
        done.append(True)
    assert done
    assert not (tmp_path / "no folder").exists()
