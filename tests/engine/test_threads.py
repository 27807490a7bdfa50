"""Warnings are ignored on several threads at once, and the filters come back."""

from __future__ import annotations

import threading
import warnings

import pytest

from atm_viewer.engine import threads
from atm_viewer.engine.errors import InputError
from atm_viewer.engine.threads import at_most, beside, without_warnings


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
