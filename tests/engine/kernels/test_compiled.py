"""What is compiled, how often, and by whom."""

from __future__ import annotations

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
