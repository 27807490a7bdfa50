"""Compiled loops (numba): plain arrays in, plain arrays out; units and masks are settled by the callers.

numba keeps compiled functions per source file and does not see when a function they call from another file changes.
So the cache lies in a folder of the user's cache that is named after the content of all kernels together.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numba
import platformdirs


def kernel_cache() -> Path:
    """Folder of these kernels' compiled code, unless NUMBA_CACHE_DIR names another."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return platformdirs.user_cache_path("atm-viewer") / "kernels" / digest.hexdigest()[:16]


if "NUMBA_CACHE_DIR" not in os.environ:
    numba.config.CACHE_DIR = str(kernel_cache())  # type: ignore[attr-defined]  # made at run time
