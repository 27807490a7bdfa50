"""Files that appear whole or not at all: made in a temporary folder beside their place, then moved."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from atm_viewer.engine.errors import OutputError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_SHORT_WRITE = re.compile(r"\d+ requested and \d+ written")


@contextmanager
def staged(folder: Path, names: Sequence[str], overwrite: bool = False) -> Iterator[Path]:
    """Make files in a temporary folder and move them into place when all of them are complete.

    Parameters
    ----------
    folder : Path
        Where the files belong; made when absent.
    names : sequence of str
        Names of the files that the body makes in the temporary folder.
    overwrite : bool
        Whether files of these names may be there already.

    Yields
    ------
    Path
        The temporary folder, in ``folder``; it is gone afterwards, however the body ends.

    Raises
    ------
    OutputError
        ``folder`` cannot be written, a file is there already (both before the body starts), or the disk is full.
    """
    made = _make_ready(folder, names, overwrite)
    part = partial_folder(folder, os.getpid())
    try:
        with _told(folder):
            remove_partial(folder, os.getpid())
            part.mkdir()
        try:
            yield part
        except OSError as error:
            if is_full(error):
                raise OutputError(full_sentence(folder)) from error
            raise
        with _told(folder):
            for name in names:
                os.replace(part / name, folder / name)
        made = []
    finally:
        remove_partial(folder, os.getpid())
        for path in made:
            with suppress(OSError):
                path.rmdir()


def partial_folder(folder: str | os.PathLike[str], pid: int) -> Path:
    """Temporary folder in which a process makes the files of a folder."""
    return Path(folder) / f".atm-viewer-{pid}.part"


def remove_partial(folder: str | os.PathLike[str], pid: int) -> None:
    """Remove what a process that was terminated has left half-written in a folder."""
    shutil.rmtree(partial_folder(folder, pid), ignore_errors=True)


def is_full(error: BaseException | None) -> bool:
    """Whether an error, or one that led to it, says that there is no space left."""
    while error is not None:
        # numpy's errors have no number, and astropy raises its own in place of the system's.
        if isinstance(error, OSError) and (error.errno in _FULL or _SHORT_WRITE.search(str(error))):
            return True
        error = error.__cause__ or error.__context__
    return False


def full_sentence(folder: str | os.PathLike[str]) -> str:
    """Return what to tell when a disk is full."""
    return f"The disk is full: {folder} cannot be written; free some space there or choose another folder."


@contextmanager
def saving(path: Path) -> Iterator[None]:
    """Turn a failure to write a staged file into a sentence that names its place."""
    with _told(path.parent.parent):
        yield


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise OutputError(full_sentence(folder)) from error
        reason = error.strerror or error
        raise OutputError(f"{folder} cannot be written: {reason}; choose another folder.") from error


def _make_ready(folder: Path, names: Sequence[str], overwrite: bool) -> list[Path]:
    """Check the place of the files; return the folders that had to be made, innermost first."""
    existing = next((p for p in (folder, *folder.parents) if os.path.exists(p)), folder)
    if not os.path.isdir(existing):
        raise OutputError(f"{existing} is a file, not a folder; choose another folder.")
    for name in names:
        path = folder / name
        if os.path.isdir(path):
            raise OutputError(f"{path} is a folder, so no file of this name can be written; choose another folder.")
        if os.path.exists(path) and not overwrite:
            raise OutputError(f"{path} exists already; choose another folder or allow overwriting (--overwrite).")
    made: list[Path] = []
    with _told(folder):
        missing = [p for p in (folder, *folder.parents) if not os.path.exists(p)]
        for path in reversed(missing):
            path.mkdir()
            made.insert(0, path)
    return made
