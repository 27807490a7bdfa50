"""Files that other programs use, too: one appears whole or not at all, and programs take turns."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows has no locks that end with whoever has them
    fcntl = None  # type: ignore[assignment]  # stands for a module that is not there

#: Whether programs can take turns on this system.
LOCKS = fcntl is not None

#: Seconds between two looks at whether somebody else's lock is gone.
_LOOK_EVERY = 0.02
#: Seconds after which a file that nobody has finished is left behind.
_ABANDONED = 60.0


@contextmanager
def whole_file(path: str | os.PathLike[str], private: bool = False, overwrite: bool = True) -> Iterator[BinaryIO]:
    """Open a file for writing; it is in its place when the body has ended well, and else everything is as before.

    The bytes go into a new file beside it, ``.<name>.<process>-<random>.part``, which is then moved into place. Nobody
    can put a link there beforehand that is followed. A process that is killed leaves this file; who writes to the same
    place a minute later, or after that, removes it.

    Parameters
    ----------
    path : path-like
        Where the file belongs. Of a link the file that it leads to is replaced, and the link stays.
    private : bool
        Whether nobody else may read the file. Others have the modes of the file that they replace, or those that the
        system gives to new files.
    overwrite : bool
        Whether a file may be there already, when the body ends.

    Yields
    ------
    BinaryIO
        The new file.

    Raises
    ------
    FileExistsError
        There is a file and ``overwrite`` is false; or there is something that is not a file, such as a device.
    OSError
        The file cannot be written.
    """
    place = Path(os.path.realpath(path))
    mode = _mode_there(place)
    new = place.with_name(f".{place.name}.{os.getpid()}-{secrets.token_hex(4)}.part")

    def create(name: str, flags: int) -> int:
        return os.open(name, flags, 0o600 if private else 0o666)

    try:
        with open(new, "xb", opener=create) as file:
            if mode is not None and not private and hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), mode)
            yield file
        if overwrite:
            os.replace(new, place)
        elif put_new(new, place):
            new.unlink()
        _remove_leftovers(place)
    except BaseException:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise


def write_whole(
    path: str | os.PathLike[str], content: str | bytes, private: bool = False, overwrite: bool = True
) -> None:
    """Write a file that appears whole or not at all; see `whole_file`.

    Text is written as UTF-8, as it is. The bytes are on the disk before the file is in its place, so that it is whole
    after a power cut too.
    """
    with whole_file(path, private, overwrite) as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())


def put_new(new: Path, place: Path) -> bool:
    """Put a file into a place in the same file system where there must be none.

    Returns
    -------
    bool
        Whether ``new`` is there still, as another name of the same file: not where the file system has no hard links.

    Raises
    ------
    FileExistsError
        Something is there. Whoever put it there first keeps it, even when two programs do this at once.
    """
    try:
        os.link(new, place)
        return True
    except FileExistsError:
        raise
    except OSError:
        # An empty file of our own keeps others from the place meanwhile.
        os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        os.replace(new, place)
    except BaseException:
        place.unlink()
        raise
    return False


def is_alive(pid: int) -> bool:
    """Whether there is a process of this number, here: files that are named after one that has ended are nobody's."""
    if os.name == "nt":
        return True  # asking would end it
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass
    return True


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
def locked(path: Path, patience: float) -> Iterator[None]:
    """Hold a lock, arguments and exceptions as for `take_lock`; none is held where that cannot be locked."""
    lock = take_lock(path, patience)
    try:
        yield
    finally:
        if lock is not None:
            os.close(lock)


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
    with ExitStack() as stack:
        with suppress(OSError):
            path.touch(mode=0o600)
            stack.enter_context(locked(path, patience))
        yield


def _remove_leftovers(place: Path) -> None:
    """Remove what processes that were killed have left of this file; another machine's may still be at work."""
    ours = re.compile(rf"\.{re.escape(place.name)}\.(\d+)-[0-9a-f]+\.part")
    with suppress(OSError), os.scandir(place.parent) as entries:
        for entry in entries:
            found = ours.fullmatch(entry.name)
            if found is not None and not is_alive(int(found[1])):
                there = entry.stat(follow_symlinks=False)
                mine = not hasattr(os, "geteuid") or there.st_uid == os.geteuid()
                if mine and stat.S_ISREG(there.st_mode) and time.time() - there.st_mtime > _ABANDONED:
                    os.unlink(entry.path)


def _mode_there(place: Path) -> int | None:
    """Permissions of the file that is to be replaced, None when there is none."""
    try:
        found = place.lstat().st_mode
    except OSError:
        return None
    if not stat.S_ISREG(found):
        raise FileExistsError(errno.EEXIST, "it is not an ordinary file", str(place))
    return stat.S_IMODE(found)
