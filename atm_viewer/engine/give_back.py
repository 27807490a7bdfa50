"""Gives memory that is not used any more back to the system, which the C library does not do by itself."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import sys
from contextlib import suppress

#: Number of glibc's setting for how many arenas there may be.
_M_ARENA_MAX = -8


def use_few_arenas() -> None:
    """Have all threads take memory from two places (glibc): each of many would keep some that is free."""
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def give_back_memory() -> None:
    """Free what only circles keep alive, and give free memory back where the C library can (glibc)."""
    if multiprocessing.parent_process() is not None:  # in a window's process, only its own thread may look for circles
        gc.collect()
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
