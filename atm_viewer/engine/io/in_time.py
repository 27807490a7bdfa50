"""Bounds the time that opening a file may take, where there is no worker process that could be ended instead."""

from __future__ import annotations

import ctypes
import mmap
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from functools import wraps
from pathlib import Path
from typing import TypeVar

from atm_viewer.engine.errors import InputError, shortage
from atm_viewer.engine.progress import OPENING, took_too_long

PathLike = TypeVar("PathLike", bound=str | os.PathLike[str])
Result = TypeVar("Result")

#: Seconds that this thread waits for a file; infinite where somebody else looks after it.
_PATIENCE: ContextVar[float] = ContextVar("_PATIENCE", default=float("inf"))

#: Memory that a thread needs to begin, with its stack [byte].
_OF_A_THREAD = 2**24


@contextmanager
def files_open_in_time() -> Iterator[None]:
    """Refuse files that do not open within `OPENING` seconds, in what this thread does."""
    before = _PATIENCE.set(OPENING)
    try:
        yield
    finally:
        _PATIENCE.reset(before)


def in_time(read: Callable[[PathLike], Result]) -> Callable[[PathLike], Result]:
    """Make a function that reads a file raise an `InputError` when that takes too long, see `files_open_in_time`."""

    @wraps(read)
    def bounded(path: PathLike) -> Result:
        seconds = _PATIENCE.get()
        if seconds == float("inf"):
            return read(path)
        return _done_within(seconds, read, path).result()

    return bounded


def _done_within(seconds: float, read: Callable[[PathLike], Result], path: PathLike) -> Future[Result]:
    """Read on a thread of its own: a disk that does not answer cannot be made to, but it can be left alone."""
    context, future = copy_context(), Future[Result]()
    context.run(_PATIENCE.set, float("inf"))  # what is read in turn is part of this
    thread = threading.Thread(
        target=_read_into, args=(future, context, read, path), daemon=True, name="atm-viewer-opening"
    )
    try:
        mmap.mmap(-1, _OF_A_THREAD).close()  # for a thread that has no memory to begin Python waits for ever
        thread.start()
    except (OSError, RuntimeError) as error:
        raise InputError(f"{Path(path).name} cannot be opened: {shortage(error)}") from error
    try:
        if not wait([future], seconds).done:
            raise InputError(took_too_long(Path(path).name, seconds))
    except BaseException:  # Ctrl-C as well
        # It ends as soon as it does anything but wait for the system.
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit))
        raise
    return future


def _read_into(future: Future[Result], context: Context, read: Callable[[PathLike], Result], path: PathLike) -> None:
    try:
        result = context.run(read, path)
    except BaseException as error:
        future.set_exception(error)
        del future  # which has the error, which has this frame
    else:
        future.set_result(result)
