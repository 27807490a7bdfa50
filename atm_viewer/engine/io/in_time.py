"""Bounds the time that opening a file may take, where there is no worker process that could be ended instead."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from functools import partial, wraps
from pathlib import Path
from typing import TypeVar

from atm_viewer.engine.errors import InputError, shortage
from atm_viewer.engine.progress import OPENING, took_too_long
from atm_viewer.engine.threads import begin_thread

PathLike = TypeVar("PathLike", bound=str | os.PathLike[str])
Result = TypeVar("Result")

#: Seconds that this thread waits for a file; infinite in worker processes, which are ended instead.
_PATIENCE: ContextVar[float] = ContextVar("_PATIENCE", default=float("inf"))


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
    try:
        begin_thread(partial(_read_into, future, context, read, path), "atm-viewer-opening")
    except (OSError, RuntimeError) as error:
        raise InputError(f"{Path(path).name} cannot be opened: {shortage(error)}") from error
    if not wait([future], seconds).done:
        raise InputError(took_too_long(Path(path).name, seconds))
    return future


def _read_into(future: Future[Result], context: Context, read: Callable[[PathLike], Result], path: PathLike) -> None:
    try:
        result = context.run(read, path)
    except BaseException as error:
        future.set_exception(error)
        del future  # which has the error, which has this frame
    else:
        future.set_result(result)
