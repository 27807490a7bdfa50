"""Files from outside are read only if they are files: a pipe or a device may never answer, or never end."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from atm_viewer.engine.errors import InputError

#: Bytes that a recipe, a session or an association has at most; those of thousands of slices have a tenth of it.
MOST_BYTES = 4 * 2**20

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def open_regular(path: str | os.PathLike[str], wanted: str = "a file") -> BinaryIO:
    """Open a regular file to read it, without waiting for a pipe's other end.

    Parameters
    ----------
    path : path-like
        The file.
    wanted : str
        What the sentence tells to give instead.

    Returns
    -------
    file
        Open for reading bytes.

    Raises
    ------
    InputError
        The path leads to a folder, a pipe, a socket or a device.
    OSError
        It cannot be opened.
    """
    # Not even opened: with some devices that alone does something.
    _check(path, os.stat(path), wanted)
    file = open(path, "rb", opener=_open_at_once)  # noqa: SIM115
    try:
        _check(path, os.fstat(file.fileno()), wanted)  # it may be another one by now
    except BaseException:
        file.close()
        raise
    return file


def check_regular(path: str | os.PathLike[str], wanted: str = "a file") -> None:
    """Refuse what `open_regular` refuses, for a library that opens the file itself."""
    with open_regular(path, wanted):
        pass


def read_bytes(path: str | os.PathLike[str], what: str, ending: str, limit: int = MOST_BYTES) -> bytes:
    """Read a small file of the user's.

    Parameters
    ----------
    path : path-like
        The file.
    what : str
        What it is to be: ``recipe``, ``session``, ``association``.
    ending : str
        How such files end.
    limit : int
        Bytes that it may have.

    Returns
    -------
    bytes

    Raises
    ------
    InputError
        It is not a regular file, or is too large.
    OSError
        It cannot be read.
    """
    kind = _named(what)
    with open_regular(path, f"{kind} ({ending})") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise InputError(f"{path} is too large for {kind}; give {kind} ({ending}).")
    return content


def read_text(path: str | os.PathLike[str], what: str, ending: str = ".toml", limit: int = MOST_BYTES) -> str:
    """Read a small text file of the user's; as `read_bytes`, but an `InputError` tells all that may go wrong."""
    try:
        return read_bytes(path, what, ending, limit).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"The {what} {path} is not text; give {_named(what)} ({ending}).") from error
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
        reason = getattr(error, "strerror", "") or error
        raise InputError(f"The {what} {path} cannot be read: {reason}.") from error


def _named(what: str) -> str:
    return f"{'an' if what[0] in 'aeiou' else 'a'} {what}"


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))


def _check(path: str | os.PathLike[str], found: os.stat_result, wanted: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "something else")
        raise InputError(f"{Path(path)} is {kind}, not a file; give {wanted}.")
