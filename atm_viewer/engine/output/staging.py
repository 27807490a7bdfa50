"""Writes files completely or not at all: first to a temporary folder, then moved into place."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from atm_viewer.engine.errors import OutputError, shortage
from atm_viewer.engine.whole_file import locked, put_new, take_lock

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_SHORT_WRITE = re.compile(r"\d+ requested and \d+ written|problem writing element \d+ to file")

#: Within a temporary folder: files that are being replaced, and a file on its way into place.
_OLD, _ON_THE_WAY = ".old", ".new"
#: Seconds that a program waits for another one to finish moving its files, which takes milliseconds.
_PATIENCE = 10.0


@contextmanager
def staged(folder: Path, names: Sequence[str], overwrite: bool = False) -> Iterator[Path]:
    """Make files in a temporary folder and move them into place when all of them are complete.

    All of them are moved or, when one cannot be, none: what was there before is put back. Two programs that write to
    one folder move their files one after the other, so that the files there are all of one program. A link in the
    place of a file is replaced; what it leads to stays as it is.

    A process that is killed while it makes files leaves the temporary folder. One that is killed while it moves them,
    which takes milliseconds, leaves some new and some old files in place, and all that were replaced in the temporary
    folder, in ``.old``. Whoever writes to the folder next, or calls `remove_partial`, puts them back: then all files
    are as before, unless the new ones were all in place. Without hard links (FAT) a new file that replaced none stays.

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
        The temporary folder, in ``folder``; it is gone afterwards, however the body ends. It is absolute: libraries
        take a relative path that begins with ``~`` or ``file:`` for something else.

    Raises
    ------
    OutputError
        ``folder`` cannot be written, a file is there already (before the body starts, or since), or the disk is full.
    """
    shown, folder = folder, folder.absolute()
    _check(shown, names, overwrite)
    made: list[Path] = []
    part = lock = None
    try:
        with _as_output_error(shown):
            part, lock = _begin(folder, made)
        try:
            yield part
        except OSError as error:
            if is_full(error):
                raise OutputError(full_sentence(shown)) from error
            raise
        with _as_output_error(shown), _turn(folder):
            _move_all(part, folder, names, overwrite)
        made.clear()
    finally:
        # What could not be put back stays where it is.
        if part is not None and not os.path.exists(part / _OLD):
            shutil.rmtree(part, ignore_errors=True)
        if lock is not None:
            os.close(lock)
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir()


@contextmanager
def temporary_folder(folder: Path) -> Iterator[Path]:
    """Make a temporary folder in another one, which is made when absent.

    Yields
    ------
    Path
        It is gone afterwards, however the body ends; where the process is killed, `remove_partial` removes it.
    """
    part, lock = _begin(folder, [])
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def partial_folders(folder: str | os.PathLike[str], pid: int | None = None) -> list[Path]:
    """Temporary folders of ours in a folder: those that a process has made, or all."""
    wanted = re.compile(rf"\.atm-viewer-{'[0-9]+' if pid is None else pid}-[^.]*\.part")
    found = []
    with suppress(OSError), os.scandir(os.fspath(folder)) as entries:
        for entry in entries:
            if wanted.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                owner = entry.stat(follow_symlinks=False).st_uid
                # Nobody else's: what somebody put into a shared folder must not be moved about by us.
                if not hasattr(os, "geteuid") or owner == os.geteuid():
                    found.append(Path(entry.path))
    return found


def remove_partial(folder: str | os.PathLike[str], pid: int) -> None:
    """Put back what a process that was terminated was replacing in a folder, and remove what it has left half-written.

    Parameters
    ----------
    folder : path-like
        Where it was writing to.
    pid : int
        Number of the process.
    """
    if partial_folders(folder, pid):
        with suppress(OSError, OutputError), _turn(Path(folder)):
            for part in partial_folders(folder, pid):
                _clear(part)


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
    return f"The disk is full, so {folder} cannot be written to; free some space or choose another folder."


def exists_sentence(path: str | os.PathLike[str]) -> str:
    """Return what to tell when a file is there already."""
    return f"{path} already exists; choose another folder or allow overwriting (--overwrite)."


@contextmanager
def saving(path: Path) -> Iterator[None]:
    """Turn a failure to write a staged file into a sentence that names its place."""
    with _as_output_error(path.parent.parent):
        yield


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait for other programs to leave a folder alone, and keep them from it; for what takes milliseconds.

    Raises
    ------
    BlockingIOError
        Another program does not leave it.
    FileNotFoundError
        There is no such folder.
    """
    with locked(folder, _PATIENCE):
        yield


@contextmanager
def _as_output_error(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise OutputError(full_sentence(folder)) from error
        if lacking := shortage(error):
            raise OutputError(f"{folder} cannot be written to: {lacking}") from error
        reason = error.strerror or error
        raise OutputError(f"{folder} cannot be written to: {reason}; choose another folder.") from error


def _check(folder: Path, names: Sequence[str], overwrite: bool) -> None:
    """Refuse a place where the files cannot be before any work is done."""
    existing = next((p for p in (folder, *folder.parents) if os.path.exists(p)), folder)
    if not os.path.isdir(existing):
        raise OutputError(f"{existing} is a file, not a folder; choose another folder.")
    for name in names:
        path = folder / name
        if os.path.isdir(path):
            raise OutputError(f"{path} is a folder, so no file with this name can be written; choose another folder.")
        if os.path.exists(path) and not overwrite:
            raise OutputError(exists_sentence(path))


def _begin(folder: Path, made: list[Path]) -> tuple[Path, int | None]:
    """Make a temporary folder, and note in ``made`` which folders had to be made for it.

    Returns
    -------
    Path, int or None
        The temporary folder, and the descriptor that keeps it locked as long as we live.
    """
    for attempts_left in (2, 1, 0):
        try:
            for path in reversed([p for p in (folder, *folder.parents) if not os.path.exists(p)]):
                try:
                    path.mkdir()
                except FileExistsError:
                    if not path.is_dir():
                        raise
                else:
                    made.append(path)
            with _turn(folder):
                part = Path(tempfile.mkdtemp(prefix=f".atm-viewer-{os.getpid()}-", suffix=".part", dir=folder))
                try:
                    return part, take_lock(part)
                except BaseException:
                    part.rmdir()
                    raise
        except FileNotFoundError:
            # Another program had made the folder, and has taken it away again since it failed.
            if not attempts_left:
                raise
    raise AssertionError


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """Be alone in a folder, after putting in order what terminated processes have left there."""
    with ExitStack() as stack:
        try:
            stack.enter_context(alone(folder))
        except BlockingIOError as error:
            raise OutputError(f"Another program is writing to {folder}; try again when it has finished.") from error
        for part in partial_folders(folder):
            with suppress(OSError):  # among them: its process is alive
                lock = take_lock(part)
                if lock is not None:
                    _clear(part)
                    os.close(lock)
        yield


def _move_all(part: Path, folder: Path, names: Sequence[str], overwrite: bool) -> None:
    """Move files into place, or leave all as it was."""
    moved: list[str] = []
    (part / _OLD).mkdir()
    try:
        for name in names:
            _move(part / name, folder / name, overwrite, moved)
    except BaseException as error:
        try:
            _put_back(part, moved)
        except OSError as stuck:
            raise OutputError(
                f"{folder} cannot be written to any more: {stuck.strerror or stuck}; the files that were there are in "
                f"{part / _OLD}, put them back yourself."
            ) from error
        if isinstance(error, FileExistsError):
            raise OutputError(exists_sentence(folder / name)) from error
        raise
    # Before another program has its turn: it would take what is here for a process that was terminated.
    shutil.rmtree(part, ignore_errors=True)


def _move(new: Path, place: Path, overwrite: bool, moved: list[str]) -> None:
    """Move a file into place; the old one goes to ``.old``.

    The new one stays in the temporary folder too, by which it can be told what in place is ours. Where the file system
    has no hard links, ``moved`` tells.
    """
    if overwrite:
        _keep(place, new.parent / _OLD / place.name)
        try:
            os.link(new, new.parent / _ON_THE_WAY)
        except OSError:
            moved.append(place.name)
            os.replace(new, place)
        else:
            os.replace(new.parent / _ON_THE_WAY, place)
    elif not put_new(new, place):
        moved.append(place.name)


def _keep(place: Path, old: Path) -> None:
    """Keep the file that is to be replaced."""
    try:
        kind = place.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(kind):
        raise IsADirectoryError(errno.EISDIR, f"{place.name} is a folder by now", str(place))
    if stat.S_ISREG(kind):
        with suppress(OSError):  # no hard links, or not of other people's files
            os.link(place, old)
            return
    os.rename(place, old)


def _put_back(part: Path, moved: Collection[str] = ()) -> None:
    """Undo moves: put back old files where there is nothing or a file of ours, and take ours away elsewhere."""
    names = {name for name in (*os.listdir(part), *moved) if name not in (_OLD, _ON_THE_WAY)}
    old = part / _OLD
    names.update(os.listdir(old) if old.is_dir() else [])
    for name in names:
        place = part.parent / name
        kept = os.path.lexists(old / name)
        ours = name in moved or _same(part / name, place) or (kept and not os.path.lexists(part / name))
        if kept and (ours or not os.path.lexists(place)):
            os.replace(old / name, place)
        elif ours:
            place.unlink(missing_ok=True)
    shutil.rmtree(old, ignore_errors=True)


def _clear(part: Path) -> None:
    """Put back what a terminated process was replacing, unless it had replaced all, and remove what it has left."""
    with suppress(OSError):
        new = [name for name in os.listdir(part) if name not in (_OLD, _ON_THE_WAY)]
        if not all(_same(part / name, part.parent / name) for name in new):
            _put_back(part)
        shutil.rmtree(part, ignore_errors=True)


def _same(one: Path, other: Path) -> bool:
    try:
        return os.path.samestat(one.lstat(), other.lstat())
    except OSError:
        return False
