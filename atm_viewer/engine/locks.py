"""Locks on files and folders that hold between programs, and end with whoever has them; where the system has them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no locks like that
    fcntl = None  # type: ignore[assignment]  # stands for a module that is not there

#: Whether this system has locks.
AVAILABLE = fcntl is not None

#: Seconds between two looks at whether somebody else's lock is gone.
_LOOK_EVERY = 0.02


def take_lock(path: Path, patience: float = 0.0) -> int | None:
    """Lock a file or a folder until the descriptor returned is closed; None where that cannot be locked.

    Parameters
    ----------
    path : Path
        What is there.
    patience : float
        Seconds to wait for somebody else.

    Raises
    ------
    BlockingIOError
        Somebody else has kept it locked for so many seconds.
    """
    if fcntl is None:
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except PermissionError:
        return None
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() >= until:
                os.close(descriptor)
                raise
        except OSError:
            os.close(descriptor)
            return None
        time.sleep(_LOOK_EVERY)


@contextmanager
def in_turn(path: Path, patience: float) -> Iterator[None]:
    """Do something while nobody else does it who asks for the same lock; at once, where that cannot be arranged.

    Parameters
    ----------
    path : Path
        File that stands for what is done; made when it is not there.
    patience : float
        Seconds after which it is done all the same.
    """
    descriptor = None
    with suppress(OSError):
        path.touch(mode=0o600)
        descriptor = take_lock(path, patience)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)
