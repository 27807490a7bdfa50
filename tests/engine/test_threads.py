"""Warnings are ignored on several threads at once, and the filters come back."""

from __future__ import annotations

import threading
import warnings

import pytest

from atm_viewer.engine.threads import without_warnings


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
