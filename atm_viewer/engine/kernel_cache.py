"""Where compiled code of the kernels is kept, and whether all of it is; without loading them."""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import suppress
from pathlib import Path

from atm_viewer.engine.private_cache import cache_root


def kernel_cache() -> Path:
    """Folder of these kernels' compiled code, unless NUMBA_CACHE_DIR names another."""
    return cache_root() / "kernels" / _digest()


def is_complete() -> bool:
    """Whether nothing is left to compile, as far as is known; what is missing all the same is compiled when needed."""
    return _mark().exists()


def note_complete() -> None:
    """Note that all kernels have been compiled."""
    with suppress(OSError):  # they are not kept, or it is found out again
        _mark().touch(mode=0o600)


def _mark() -> Path:
    folder = Path(os.environ.get("NUMBA_CACHE_DIR") or kernel_cache())
    return folder / f"{_digest()}-{sys.implementation.cache_tag}-complete"


def _digest() -> str:
    digest = hashlib.sha256()
    for path in sorted((Path(__file__).parent / "kernels").glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
