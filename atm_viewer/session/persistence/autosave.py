"""Autosaves sessions, and finds the recovery files of crashed processes."""

from __future__ import annotations

import os
import queue
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PyQt6.QtCore import QLockFile

from atm_viewer.engine.errors import UserError
from atm_viewer.engine.whole_file import write_whole
from atm_viewer.session.persistence.session_file import dump_session, load_session
from atm_viewer.session.state.saved_session import SavedSession

#: A session's file, the lock beside it, and what is being written.
_OURS = re.compile(r"\.?(.+\.toml)(?:\.lock|\.\d+-\w+\.part)?$")

#: Seconds that closing waits for a disk.
_PATIENCE = 2.0


@dataclass(frozen=True, eq=False)
class Leftover:
    """A session that a process which did not end well has left.

    Parameters
    ----------
    path : Path
        Its file.
    lock : QLockFile
        Held by us, so that no other window offers the same.
    state : SavedSession
        The session.
    """

    path: Path
    lock: QLockFile
    state: SavedSession

    def discard(self) -> None:
        """Delete it."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
        self.lock.unlock()

    def keep(self) -> None:
        """Leave it for the next start."""
        self.lock.unlock()


class Autosave:
    """One file in a folder, of one running window; it is written by a thread, since disks can be slow.

    Who holds the lock beside a file owns it. A lock of a process that has ended is void: files without a living owner
    are leftovers.

    Parameters
    ----------
    folder : Path
        Where autosaved sessions are kept; made when first needed.
    complain : callable
        Takes a sentence, on any thread, when the session cannot be written.
    """

    def __init__(self, folder: Path, complain: Callable[[str], None]):
        self._folder = folder
        self._complain = complain
        # A process number may come back, the time with it hardly.
        self.path = folder / f"{datetime.now():%Y%m%d-%H%M%S-%f}-{os.getpid()}.toml"
        self._lock: QLockFile | None = None
        self._tasks: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._failed = False

    def write(self, state: SavedSession, then: Callable[[], None] | None = None) -> None:
        """Write a session soon; ``then`` is called on the thread that did, after it is on the disk."""
        self.do(lambda: self._write(state, then))

    def clear(self) -> None:
        """Take the file away: there is nothing to lose."""
        if self._thread is not None:
            self.do(self._remove)

    def do(self, task: Callable[[], object]) -> None:
        """Do something with files of this folder, after all that was to be done before."""
        if self._thread is None:
            # A daemon: a folder that does not answer any more must not keep the program from ending.
            self._thread = threading.Thread(target=self._work, name="autosave", daemon=True)
            self._thread.start()
        self._tasks.put(task)

    def close(self) -> None:
        """Finish writing and take the file away; nothing is left of a window that was closed."""
        if self._thread is not None:
            self.do(self._end)
            self._tasks.put(None)
            self._thread.join(_PATIENCE)
            self._thread = None

    def leftovers(self) -> tuple[list[Leftover], list[str]]:
        """Sessions of processes that have ended, the latest first, and a sentence on each that cannot be read."""
        found, problems = [], []
        names = {match[1] for path in self._folder.glob("*.toml*") if (match := _OURS.match(path.name))}
        names |= {match[1] for path in self._folder.glob(".*.part") if (match := _OURS.match(path.name))}
        for path in (self._folder / name for name in sorted(names - {self.path.name}, reverse=True)):
            lock = _lock_of(path)
            if not lock.tryLock(0):
                continue  # its window is alive, or another one is offering it
            for part in self._folder.glob(f".{path.name}.*.part"):  # killed while it was writing
                part.unlink(missing_ok=True)
            if not path.is_file():
                lock.unlock()
                continue
            try:
                found.append(Leftover(path, lock, load_session(path)))
            except UserError as error:
                aside = path.with_suffix(".damaged")
                with suppress(OSError):
                    os.replace(path, aside)
                lock.unlock()
                problems.append(f"An autosaved session cannot be restored: {error} It was renamed to {aside}.")
        return found, problems

    def _write(self, state: SavedSession, then: Callable[[], None] | None) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._lock is None:
                self._lock = _lock_of(self.path)
                self._lock.tryLock(0)
            write_whole(self.path, dump_session(state), private=True)
        except (OSError, ValueError) as error:
            if not self._failed:  # once is enough
                reason = getattr(error, "strerror", "") or error
                self._complain(f"The session cannot be autosaved in {self._folder}: {reason}.")
            self._failed = True
            return
        self._failed = False
        if then is not None:
            then()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()

    def _end(self) -> None:
        self._remove()
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None

    def _remove(self) -> None:
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


def _lock_of(path: Path) -> QLockFile:
    lock = QLockFile(f"{path}.lock")
    lock.setStaleLockTime(0)  # void when its process has ended, not by age
    return lock
