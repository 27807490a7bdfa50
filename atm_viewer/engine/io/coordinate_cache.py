"""The coordinate cache: results that depend only on a file's WCS, stored on disk.

The WCS takes seconds to read and to evaluate, and never changes: so what was computed from it is kept under a key made
from the file's content, or from that part of the WCS which all exposures of a setting share. The cache is a
convenience: a part that is damaged, or cannot be read or written, is computed again, and nobody is told; what cannot be
written stays in memory as long as its exposure does.

A part is a file of numpy arrays one after the other, with a sum of each in place of the CRC of numpy's zip format
(``np.savez``), which takes two to five times as long to read.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from atm_viewer.engine.errors import one_line
from atm_viewer.engine.private_cache import cache_root, is_private, kernel_cache, make_private
from atm_viewer.engine.whole_file import whole_file

#: Version of the cached arrays: changes with their meaning or layout.
VERSION = 7

#: Environment variable: GiB that the cache may take; 0 keeps nothing.
LIMIT = "ATM_VIEWER_CACHE_GIB"
DEFAULT_GIB = 8.0

#: Seconds to wait for another thread that makes the same part; the largest take three.
_PATIENCE = 10.0

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class KeptGeometry:
    """Arrays of one file or one setting, by parts that are computed when they are first wanted.

    Parameters
    ----------
    key : str
        Identifies the file's content, or what is the same in all files of a setting, see `content_key`.
    """

    key: str
    _held: dict[str, Arrays] = field(default_factory=dict, init=False, repr=False, compare=False, kw_only=True)

    def get_or_make(self, part: str, make: Callable[[], Mapping[str, np.ndarray]]) -> Arrays:
        """Read a part, or compute and keep it.

        Parameters
        ----------
        part : str
            Its name, fit for a file.
        make : callable
            Computes its arrays, by name.

        Returns
        -------
        dict of str to ndarray
            Equal to what ``make`` returns, bit by bit.
        """
        found = self._find(part)
        if found is not None:
            return found
        with _in_turn(self._path(part)):  # another exposure of the setting may be about to keep it
            found = self._find(part)
            if found is None:
                # Laid out as when they are read: kernels are compiled for that.
                found = {name: np.asarray(array, order="C") for name, array in make().items()}
                if not self._write(part, found):
                    self._held[part] = found
        return found

    def has(self, part: str) -> bool:
        """Whether a part was computed before; it may still be damaged."""
        return part in self._held or self._path(part).is_file()

    @property
    def on_disk(self) -> bool:
        """Whether all that was computed is on disk, so that another program run finds it."""
        return not self._held

    def _find(self, part: str) -> Arrays | None:
        return self._held.get(part) or self._read(part)

    def _path(self, part: str) -> Path:
        return cache_folder() / self.key / f"{part}.arrays"

    def _read(self, part: str) -> Arrays | None:
        path = self._path(part)
        if not is_private(cache_folder()):
            return None  # what others may have written there is nothing to rely on
        try:
            with open(path, "rb") as file:
                names, checksums = (np.load(file, allow_pickle=False) for _ in range(2))
                arrays = {str(name): np.load(file, allow_pickle=False) for name in names}
            if not np.array_equal(_checksums(names, arrays), checksums):
                raise ValueError("wrong checksum")
        except FileNotFoundError:
            return None
        except Exception as error:  # numpy parses what may be anything
            logging.getLogger(__name__).warning("%s cannot be used and is made again: %s", path, one_line(error))
            return None
        with contextlib.suppress(OSError):
            os.utime(path.parent)
        return arrays

    def _write(self, part: str, arrays: Arrays) -> bool:
        path, names = self._path(part), np.array(list(arrays))
        needed = sum(array.nbytes for array in arrays.values())
        if needed > _limit():
            return False
        try:
            make_private(cache_folder())
            path.parent.mkdir(exist_ok=True)
            with whole_file(path, private=True) as file:
                for array in (names, _checksums(names, arrays), *arrays.values()):
                    np.save(file, array, allow_pickle=False)
        except OSError as error:
            logging.getLogger(__name__).warning("%s cannot be kept: %s", path, error)
            return False
        _make_room()
        return True


@lru_cache(maxsize=64)
def _lock(path: Path) -> threading.Lock:
    return threading.Lock()


@contextlib.contextmanager
def _in_turn(path: Path) -> Iterator[None]:
    """Wait while another thread makes the same part, but not for one that hangs: its disk may be gone."""
    lock = _lock(path)
    got = lock.acquire(timeout=_PATIENCE)
    try:
        yield
    finally:
        if got:
            lock.release()


def content_key(parts: Iterable[bytes | memoryview]) -> str:
    """Key of some content: its hash, together with the versions of what computes with it.

    Parameters
    ----------
    parts : iterable of bytes-like
        The content.

    Returns
    -------
    str
        Hexadecimal digits.
    """
    digest = hashlib.sha256(_versions())
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:40]


def cache_folder() -> Path:
    """Folder that holds everything kept; the user may delete it at any time."""
    return cache_root() / "coordinates"


def cache_size() -> int:
    """Size of the cached arrays [byte]."""
    return _size(cache_folder())


def clear_cache() -> int:
    """Delete all that is kept, and kernels of other versions; what cannot be deleted stays.

    Returns
    -------
    int
        Size of what was deleted [byte].
    """
    current = kernel_cache()
    folders = [cache_folder()]
    with contextlib.suppress(OSError):
        folders += [folder for folder in current.parent.iterdir() if folder != current]
    before = sum(map(_size, folders))
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return before - sum(map(_size, folders))


def _size(folder: Path) -> int:
    """Size of all files in a folder [byte]; 0 for one that is not there."""
    total = 0
    # Another program may be deleting files and folders of it; `os.walk` leaves out what is gone.
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.stat(os.path.join(place, name)).st_size
    return total


@cache
def _versions() -> bytes:
    from importlib.metadata import version

    packages = ("jwst", "gwcs", "stdatamodels", "astropy")
    return " ".join([f"atm-viewer-{VERSION}", *(f"{name}-{version(name)}" for name in packages), ""]).encode()


def _checksums(names: np.ndarray, arrays: Arrays) -> np.ndarray:
    """Add up all 64-bit words of each array: as fast as memory, and enough to notice damage."""
    return np.array([_sum(array) for array in (names, *arrays.values())], dtype=np.uint64)


def _sum(array: np.ndarray) -> int:
    # Type and shape too: of another type the same bytes are other numbers.
    kind = int.from_bytes(hashlib.sha256(f"{array.dtype.str} {array.shape}".encode()).digest()[:8])
    data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    whole = data.size // 8 * 8
    words = int(data[:whole].view(np.uint64).sum(dtype=np.uint64))
    return (kind + words + int(data[whole:].sum(dtype=np.uint64)) + data.size) % 2**64


def _limit() -> float:
    try:
        return float(os.environ.get(LIMIT, DEFAULT_GIB)) * 2**30
    except ValueError:
        return DEFAULT_GIB * 2**30


def _entries() -> list[tuple[float, Path, int]]:
    """Time of last use, folder and size [byte] of every file's geometry, the longest unused first."""
    entries = []
    try:
        folders = list(cache_folder().iterdir())
    except OSError:
        return []
    for folder in folders:
        # Another program may be deleting the same one.
        with contextlib.suppress(OSError):
            entries.append((folder.stat().st_mtime, folder, sum(f.stat().st_size for f in folder.iterdir())))
    return sorted(entries)


def _make_room() -> None:
    entries = _entries()
    total = sum(size for _, _, size in entries)
    for _, folder, size in entries:
        if total <= _limit():
            return
        shutil.rmtree(folder, ignore_errors=True)
        total -= size
