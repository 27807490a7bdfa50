"""Calls methods of an object in a fork of this process, where they do not compete with this one for Python's lock."""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from socket import SO_RCVBUF, SO_SNDBUF, SOL_SOCKET, socket, socketpair
from typing import Any, NoReturn

import numpy as np

from atm_viewer.engine.errors import OutputError
from atm_viewer.engine.threads import CallMethod, methods_on_thread, one_by_one, processors, without_warnings
from atm_viewer.jobs.pipe import take_apart

#: Threads that a process may have when it is forked: the one that forks and, in a worker, the one that listens to the
#: window. Others may hold locks, for ever in the fork.
_THREADS = 2

_PR_SET_PDEATHSIG = 1  # linux/prctl.h

_BUFFER = 2**20  # of the system, for each end of the line [byte]


@contextmanager
def methods_in_fork(name: str, target: object) -> Iterator[CallMethod]:
    """Do as `methods_on_thread` in a fork, where that is possible: on Linux, with several processors.

    The fork has the object as it is when the block begins, and ends with the block, or with this process. Dictionaries
    among the arguments are handed over: here they are empty afterwards.

    Parameters
    ----------
    name : str
        Of the thread that talks with the fork.
    target : object
        Whose methods are called.

    Yields
    ------
    callable
        Takes the name of a method and its arguments, and gives its result as a future.
    """
    if not _can_fork():
        with methods_on_thread(name, target) as call:
            yield call
        return
    ours, theirs = map(_Line, socketpair())
    parent = os.getpid()
    with without_warnings():  # that there is another thread, see above
        child = os.fork()
    if not child:
        _answer(target, theirs, parent)
    theirs.close()

    def ask(method: str, args: tuple[Any, ...]) -> Any:
        try:
            ours.send((method, args))
            for one in args:
                if isinstance(one, dict):
                    one.clear()
            error, result = ours.receive()
        except (EOFError, OSError) as lost:
            raise OutputError(
                "The process that writes the files was ended, probably for lack of memory; close some exposures or "
                "other programs and try again."
            ) from lost
        if error is not None:
            raise error
        return result

    try:
        with one_by_one(name) as submit:
            try:
                yield lambda method, *args: submit(ask, method, args)
            except BaseException:
                os.kill(child, signal.SIGKILL)  # nobody waits for what it is doing
                raise
    finally:
        ours.close()  # by which it ends
        os.waitpid(child, 0)


def _can_fork() -> bool:
    try:
        return sys.platform == "linux" and processors() > 1 and len(os.listdir("/proc/self/task")) <= _THREADS
    except OSError:
        return False


class _Line:
    """An end of the line between both processes, along which large arrays go without being copied in between."""

    def __init__(self, end: socket) -> None:
        for direction in (SO_SNDBUF, SO_RCVBUF):
            end.setsockopt(SOL_SOCKET, direction, _BUFFER)
        self._end, self._coming = end, end.makefile("rb")

    def fileno(self) -> int:
        return self._end.fileno()

    def send(self, message: Any) -> None:
        """Send a message; raises before anything is sent when it cannot be pickled."""
        body, raw = take_apart(message)
        self._end.sendall(pickle.dumps((body, [one.nbytes for one in raw])))
        for one in raw:
            self._end.sendall(one)

    def receive(self) -> Any:
        """Receive a message; arrays are writable. Raises EOFError when the other end is gone."""
        body, sizes = pickle.load(self._coming)
        buffers = [np.empty(size, dtype=np.uint8) for size in sizes]  # in large pages of memory, unlike a bytearray
        if any(self._coming.readinto(buffer.data) < buffer.size for buffer in buffers):
            raise EOFError
        return pickle.loads(body, buffers=buffers)

    def close(self) -> None:
        """Close this end."""
        self._coming.close()
        self._end.close()


def _answer(target: object, line: _Line, parent: int) -> NoReturn:
    """Call methods until the other end of the line is closed, in the fork."""
    try:
        # The other ends of this process's pipes have to see when it ends.
        os.closerange(3, line.fileno())
        os.closerange(line.fileno() + 1, os.sysconf("SC_OPEN_MAX"))
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == parent:
            while True:
                line.send(_called(target, *line.receive()))
    except BaseException:  # nobody is there any more
        pass
    finally:
        os._exit(0)


def _called(target: object, method: str, args: tuple[Any, ...]) -> tuple[BaseException | None, Any]:
    """Call a method; returns what it raises, with where it was raised in its notes, and what it returns."""
    try:
        return None, getattr(target, method)(*args)
    except (Exception, SystemExit) as error:  # libraries of the pipeline exit where others raise
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            error = RuntimeError(f"{type(error).__name__}: {error}")
        error.add_note(traceback.format_exc())
        return error, None
