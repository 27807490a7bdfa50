"""Warnings are ignored on several threads at once, and the filters come back."""

from __future__ import annotations

import threading
import time
import warnings

import pytest

from atm_viewer.demo import demo_exposures
from atm_viewer.engine import threads
from atm_viewer.engine.checks.asdf_check import load_tags
from atm_viewer.engine.errors import InputError
from atm_viewer.engine.io.exposure import DataFile, open_exposure
from atm_viewer.engine.kernels.compiled import load_numba
from atm_viewer.engine.threads import ahead, at_most, beside, in_threads, loading, one_by_one, without_warnings
from atm_viewer.engine.wcs.models import load_datamodels, load_libraries


def test_the_first_thread_to_leave_does_not_wake_the_warnings_of_the_other():
    inside, left = threading.Event(), threading.Event()
    raised = []

    def other() -> None:
        try:
            with without_warnings():
                inside.set()
                left.wait(10.0)
                warnings.warn("heard", UserWarning, stacklevel=1)
        except UserWarning as warning:
            raised.append(warning)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        thread = threading.Thread(target=other)
        with without_warnings():
            thread.start()
            assert inside.wait(10.0)
        left.set()
        thread.join(10.0)
        assert not raised
        with pytest.raises(UserWarning, match="again"):
            warnings.warn("again", UserWarning, stacklevel=1)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_results_come_in_the_order_of_the_items(most, monkeypatch):
    monkeypatch.setattr(threads, "_available", lambda: 3)
    begun = []
    with at_most(most):
        squares = in_threads(lambda k: k * k, range(9), lambda k, part: begun.append((k, part)))
        assert squares == [k * k for k in range(9)]
        assert in_threads(abs, []) == []
    # This thread tells of the items that it takes itself: alone, of all.
    assert begun == sorted(begun)
    assert set(begun) <= {(k, k / 9) for k in range(9)}
    assert most > 1 or len(begun) == 9


def test_this_thread_takes_items_while_another_is_busy(monkeypatch):
    monkeypatch.setattr(threads, "_available", lambda: 2)
    here, done, busy = threading.get_ident(), threading.Event(), []

    def work(k: int) -> None:
        if threading.get_ident() != here and not busy:
            busy.append(k)
            assert done.wait(10.0)
        elif k == 8:
            done.set()

    in_threads(work, range(9), lambda k, part: time.sleep(0.01))
    assert len(busy) == 1


@pytest.mark.parametrize("where", ["here", "there"])
def test_after_an_item_that_fails_nothing_more_begins(where, monkeypatch):
    monkeypatch.setattr(threads, "_available", lambda: 2)
    here, failed, called = threading.get_ident(), threading.Event(), []

    def work(k: int) -> None:
        called.append(k)
        if (threading.get_ident() == here) == (where == "here"):
            failed.set()
            raise InputError(f"item {k}")
        assert failed.wait(10.0)
        time.sleep(0.1)

    with pytest.raises(InputError, match="item"):
        in_threads(work, range(9))
    assert called in ([0], [0, 1], [1, 0])


def test_what_raises_before_an_item_keeps_the_others_from_beginning():
    def cancel(k: int, part: float) -> None:
        raise InputError("cancelled")

    called = []
    with at_most(1), pytest.raises(InputError, match="cancelled"):
        in_threads(called.append, range(9), cancel)
    assert not called


@pytest.mark.parametrize("most", [1, 2])
def test_work_beside_a_block_has_its_result(most):
    with at_most(most), beside("atm-viewer-test", divmod, 7, 2) as found:
        pass
    assert found.result(10.0) == (3, 1)


def test_nobody_waits_for_work_beside_a_block_that_raises(monkeypatch):
    monkeypatch.setattr(threads, "_available", lambda: 2)
    goes_on, begun = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        goes_on.wait(10.0)

    def block() -> None:
        with beside("atm-viewer-test", work):
            assert begun.wait(10.0)
            raise InputError("at once")

    with pytest.raises(InputError):
        block()
    [thread] = [thread for thread in threading.enumerate() if thread.name.startswith("atm-viewer-test")]
    goes_on.set()
    thread.join(10.0)
    assert not thread.is_alive()


@pytest.mark.parametrize("most", [1, 2])
def test_functions_are_called_one_by_one_and_all_of_them(most):
    called = []
    with at_most(most), one_by_one("atm-viewer-test") as call:
        results = [call(divmod, 7, 2), *(call(called.append, k) for k in range(5))]
    assert results[0].result(0.0) == (3, 1)
    assert called == [0, 1, 2, 3, 4]


def test_a_block_that_raises_waits_for_the_call_that_has_begun_and_drops_the_others(monkeypatch):
    """What is called writes files, whose folder is removed after the block."""
    monkeypatch.setattr(threads, "_available", lambda: 2)
    begun, goes_on, called = threading.Event(), threading.Event(), []

    def work() -> None:
        begun.set()
        goes_on.wait(10.0)
        called.append("first")

    def block() -> None:
        with one_by_one("atm-viewer-test") as call:
            call(work)
            call(called.append, "second")
            assert begun.wait(10.0)
            threading.Timer(0.2, goes_on.set).start()
            raise InputError("at once")

    with pytest.raises(InputError):
        block()
    assert called == ["first"]


@pytest.mark.parametrize("most", [1, 2])
def test_items_made_ahead_come_in_their_order(most):
    with at_most(most):
        assert list(ahead("atm-viewer-test", (k * k for k in range(5)))) == [0, 1, 4, 9, 16]
        assert list(ahead("atm-viewer-test", [])) == []


def test_an_item_is_made_while_the_one_before_it_is_used_and_no_other(monkeypatch):
    monkeypatch.setattr(threads, "_available", lambda: 2)
    begun = [threading.Event() for _ in range(3)]

    def make(k: int) -> int:
        begun[k].set()
        return k

    items = ahead("atm-viewer-test", map(make, range(3)))
    assert next(items) == 0
    assert begun[1].wait(10.0)
    assert not begun[2].wait(0.1)
    items.close()
    assert not begun[2].is_set()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("atm-viewer-test")]


def test_what_is_made_ahead_fails_where_it_is_asked_for():
    def broken():
        yield 1
        raise InputError("the second one")

    items = ahead("atm-viewer-test", broken())
    assert next(items) == 1
    with pytest.raises(InputError, match="second"):
        next(items)


@pytest.mark.parametrize("load", [load_libraries, load_datamodels, load_numba, load_tags])
def test_libraries_are_loaded_by_one_thread_at_a_time(load):
    load_tags.cache_clear()
    thread = threading.Thread(target=load)
    with loading():
        thread.start()
        thread.join(0.2)
        assert thread.is_alive()
    thread.join(60.0)
    assert not thread.is_alive()


def test_a_wcs_is_read_when_nobody_loads_libraries():
    opened = open_exposure(sorted(demo_exposures("miri").parent.glob("*_cal.fits"))[0])
    file = DataFile(opened.path, opened.file.state)
    opened.close()
    found = []
    thread = threading.Thread(target=lambda: found.append(file.wcs))
    with loading():
        thread.start()
        thread.join(0.5)
        assert not found
    thread.join(60.0)
    assert not found[0].by_gwcs
