"""Folders of the user's cache that nobody else may read or write: what is in them is trusted.

That of compiled kernels is here, so that who does not load the kernels knows whether all are compiled.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

import platformdirs

#: Parts of the kernels whose compilation is noted: all of them, and what a second process compiles at the first start.
ALL, FITS = "all", "fits"


def cache_root() -> Path:
    """Folder of all caches."""
    return platformdirs.user_cache_path("atm-viewer")


def make_private(folder: Path) -> None:
    """Make a folder of the cache, closed to others whatever the umask is.

    Where others could write to it so far, what it holds may be theirs: it is deleted.

    Parameters
    ----------
    folder : Path
        Below `cache_root`, which becomes private too.

    Raises
    ------
    PermissionError
        One of the folders belongs to somebody else.
    OSError
        A folder cannot be made or closed.
    """
    root = cache_root()
    root.parent.mkdir(parents=True, exist_ok=True)
    for path in reversed([folder, *(p for p in folder.parents if p.is_relative_to(root))]):
        path.mkdir(mode=0o700, exist_ok=True)
        if not hasattr(os, "geteuid"):
            continue  # Windows gives what is in a user's profile to that user alone
        found = path.stat()
        if found.st_uid != os.geteuid():
            raise PermissionError(errno.EPERM, "it belongs to somebody else", str(path))
        if found.st_mode & 0o077:
            path.chmod(0o700)
        if path == folder and found.st_mode & 0o022:
            shutil.rmtree(path)
            path.mkdir(mode=0o700)


def is_private(folder: Path) -> bool:
    """Whether a folder is there that is ours and that others cannot write to."""
    try:
        found = folder.stat()
    except OSError:
        return False
    return not hasattr(os, "geteuid") or (found.st_uid == os.geteuid() and not found.st_mode & 0o022)


def kernel_cache() -> Path:
    """Folder of these kernels' compiled code, unless NUMBA_CACHE_DIR names another."""
    return cache_root() / "kernels" / _digest()


def is_complete(part: str = ALL) -> bool:
    """Whether nothing of a part is left to compile, as far as is known; else it is compiled when it is needed."""
    return any(_mark(noted).exists() for noted in {part, ALL})


def note_complete(part: str = ALL) -> None:
    """Note that all kernels of a part have been compiled: `ALL` or `FITS`."""
    with suppress(OSError):  # they are not kept, or it is found out again
        _mark(part).touch(mode=0o600)


def _mark(part: str) -> Path:
    folder = Path(os.environ.get("NUMBA_CACHE_DIR") or kernel_cache())
    return folder / f"{_digest()}-{sys.implementation.cache_tag}-{part}-complete"


@cache
def _digest() -> str:
    digest = hashlib.sha256()
    for path in sorted((Path(__file__).parent / "kernels").glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
