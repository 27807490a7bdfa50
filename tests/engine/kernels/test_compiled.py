"""What is compiled, how often, and by whom."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import numba
import pytest

from atm_viewer.engine.kernels import compiled
from atm_viewer.engine.kernels.compiled import njit
from atm_viewer.engine.whole_file import LOCKS, in_turn

pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="numba was told to compile nothing")


def add_one(x):
    return x + 1


def test_numbers_that_are_written_out_compile_nothing_more():
    inner = njit(cache=False)(add_one)

    @njit(cache=False)
    def outer(x):
        return inner(x) + inner(1) + inner(2)

    assert outer(3) == 9
    assert len(inner.signatures) == 1


@pytest.mark.skipif(not LOCKS, reason="this system has no locks")
def test_what_another_process_is_compiling_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(compiled, "_COMPLETE", False)
    theirs, ours = njit(cache=True)(add_one), njit(cache=True)(add_one)
    thread = threading.Thread(target=ours, args=(1,))
    (index,) = {kernel._cache._cache_file._index_path for kernel in (theirs, ours)}
    with in_turn(tmp_path / f"{index}.turn", 0.0):
        thread.start()
        time.sleep(0.2)
        # While it waits, all other functions can be compiled on other threads.
        theirs.compile((numba.int64,))
        assert not ours.signatures
    thread.join()
    assert sum(ours.stats.cache_hits.values()) == 1
    assert not ours.stats.cache_misses


def test_nobody_waits_where_all_is_compiled(tmp_path, monkeypatch):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(compiled, "_COMPLETE", True)
    kernel = njit(cache=True)(add_one)
    with in_turn(tmp_path / f"{kernel._cache._cache_file._index_path}.turn", 0.0):
        assert kernel(1) == 2


_CALL = """
import sys
import numpy as np
from atm_viewer.engine.kernels.order import bin_medians
medians = np.empty((3, 1))
bin_medians(np.arange(5.0), np.arange(5.0), np.ones(5), np.zeros(1), np.full(1, 9.0), 9.0, medians)
assert medians[0, 0] == 2.0
print("numba.typed.typeddict" in sys.modules)
"""


def test_what_is_compiled_is_called_without_loading_what_compiling_takes():
    """That takes 0.3 s in each new process, of which products have one each."""
    calls = [
        subprocess.run([sys.executable, "-c", _CALL], check=True, capture_output=True, text=True) for _ in range(2)
    ]
    assert calls[-1].stdout == "False\n"
