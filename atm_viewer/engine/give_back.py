"""Gives memory that is not used any more back to the system, which the C library does not do by itself."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import sys
from contextlib import suppress


def give_back_memory() -> None:
    """Free what only circles keep alive, and give free memory back where the C library can (glibc)."""
    if multiprocessing.parent_process() is not None:  # in a window's process, only its own thread may look for circles
        gc.collect()
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
