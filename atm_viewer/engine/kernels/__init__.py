"""Compiled loops (numba): plain arrays in, plain arrays out; units and masks are settled by the callers.

numba keeps compiled functions per source file and does not see when a function they call from another file changes.
So the cache lies in a folder of the user's cache that is named after the content of all kernels together.
"""

from __future__ import annotations

import logging
import os

# numba tries operations with many types, by way of errors, and putting colours into these takes time.
os.environ.setdefault("NUMBA_DISABLE_ERROR_MESSAGE_HIGHLIGHTING", "1")

import numba

from atm_viewer.engine.private_cache import kernel_cache, make_private


def _keep_compiled() -> bool:
    """Tell numba where to keep compiled code; say whether it may keep any."""
    if "NUMBA_CACHE_DIR" in os.environ:
        return True
    try:
        # What is in the cache is run: it must be ours alone.
        make_private(kernel_cache())
    except OSError as error:
        logging.getLogger(__name__).warning("compiled code is not kept in %s: %s", kernel_cache(), error)
        return False
    numba.config.CACHE_DIR = str(kernel_cache())  # type: ignore[attr-defined]  # made at run time
    return True


#: Whether compiled code is kept between runs.
KEPT = _keep_compiled()
