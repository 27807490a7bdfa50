"""Methods that are called in a fork of a process: what comes back, and that no fork is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from atm_viewer.engine.errors import OutputError
from atm_viewer.engine.threads import processors
from atm_viewer.engine.whole_file import is_alive
from atm_viewer.jobs.fork import methods_in_fork

CHECKOUT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or processors() < 2, reason="forks are on Linux, with several processors"
)


class Target:
    """What is called."""

    def __init__(self) -> None:
        self.calls = 0

    def where(self) -> int:
        return os.getpid()

    def doubled(self, arrays: dict[str, np.ndarray]) -> tuple[int, dict[str, np.ndarray]]:
        self.calls += 1
        for array in arrays.values():
            array *= 2  # they can be written to
        return self.calls, arrays

    def fail(self) -> None:
        raise OutputError("The disk is full.")

    def fail_oddly(self) -> None:
        class OddError(Exception):
            """Of a class that the other process does not find."""

        raise OddError("odd")

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def sleep(self) -> None:
        time.sleep(30.0)


def run(name: str, *arguments: str) -> str:
    """Run a function of this module in a process of its own, which has one thread; returns what it prints."""
    return subprocess.run(command(name, *arguments), check=True, capture_output=True, text=True, env=env()).stdout


def command(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", f"from {__name__} import {name}; {name}(*{arguments!r})"]


def env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(CHECKOUT), "OPENBLAS_NUM_THREADS": "1"}


def soon(what, seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while not what() and time.monotonic() < until:
        time.sleep(0.02)
    return bool(what())


def call_in_turn() -> None:
    target, sent = Target(), {"a": np.arange(3.0), "b": np.ones((700, 1000), dtype=np.float32)}
    with methods_in_fork("test", target) as call:
        pid = call("where").result()
        first, second = call("doubled", sent), call("doubled", {"c": np.zeros(0)})
        (one, back), (two, _) = first.result(), second.result()
        print(pid != os.getpid(), one, two, target.calls, sent, back["a"].tolist(), int(back["b"].sum()))
    print(is_alive(pid))


def test_state_and_arrays_are_the_forks():
    assert run("call_in_turn").splitlines() == ["True 1 2 0 {} [0.0, 2.0, 4.0] 1400000", "False"]


def fail() -> None:
    with methods_in_fork("test", Target()) as call:
        for method in ("fail", "fail_oddly", "die", "where"):
            error = call(method).exception()
            print(type(error).__name__, error, "in fail" in "".join(getattr(error, "__notes__", ())))


def test_what_a_method_raises_comes_back_with_its_place():
    lost = "OutputError The process that writes the files was ended, probably for lack of memory"
    told = run("fail").splitlines()
    assert told[:2] == ["OutputError The disk is full. True", "RuntimeError OddError: odd True"]
    assert [line.startswith(lost) for line in told[2:]] == [True, True]


def give_up() -> None:
    begun = time.monotonic()
    try:
        with methods_in_fork("test", Target()) as call:
            pid = call("where").result()
            call("sleep")
            raise KeyError
    except KeyError:
        print(is_alive(pid), time.monotonic() - begun < 5.0)


def test_a_block_that_raises_does_not_wait():
    assert run("give_up").split() == ["False", "True"]


def wait_long() -> None:
    with methods_in_fork("test", Target()) as call:
        print(call("where").result(), flush=True)
        call("sleep").result()


def test_a_fork_does_not_outlive_its_process():
    with subprocess.Popen(command("wait_long"), stdout=subprocess.PIPE, text=True, env=env()) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert pid != process.pid
        assert is_alive(pid)
        process.kill()
        assert soon(lambda: not is_alive(pid))


def call_beside_threads() -> None:
    ending = threading.Event()
    for _ in range(3):
        threading.Thread(target=ending.wait).start()
    target = Target()
    with methods_in_fork("test", target) as call:
        print(call("where").result() == os.getpid(), call("doubled", {}).result(), target.calls)
    ending.set()


def test_a_process_with_other_threads_is_not_forked():
    assert run("call_beside_threads").strip() == "True (1, {}) 1"
