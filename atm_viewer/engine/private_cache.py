"""Folders of the user's cache that nobody else may read or write: what is in them is trusted."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import platformdirs


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
