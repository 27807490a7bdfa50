"""Gives memory that is not used any more back to the system, which the C library does not do by itself."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

#: Numbers of glibc's settings: for how many arenas there may be, for how much free memory is kept, and from which
#: size on memory is the system's own and goes back to it at once [byte].
_M_ARENA_MAX, _M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -8, -1, -3
#: What glibc comes to by itself while large arrays come and go, unless something sets either of them.
_TRIM, _MMAP = 64 << 20, 32 << 20


def use_few_arenas() -> None:
    """Have all threads take memory from two places (glibc): each of many would keep some that is free."""
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def reuse_memory() -> None:
    """Have arrays of up to 32 MB take memory that earlier ones have left (glibc), as in processes of our own.

    Dask's workers begin with a setting of glibc's for which each array is memory that is new to the process, which the
    system clears page by page: four times as much of its time goes to measuring spaxels then.
    """
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):
            library = ctypes.CDLL(None)
            library.mallopt(_M_MMAP_THRESHOLD, _MMAP)
            library.mallopt(_M_TRIM_THRESHOLD, _TRIM)


@contextmanager
def without_garbage_search() -> Iterator[None]:
    """Keep Python from looking for garbage.

    Where many small objects are made and none is thrown away, the search takes half of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def give_back_memory() -> None:
    """Free what only circles keep alive, and give free memory back where the C library can (glibc)."""
    if multiprocessing.parent_process() is not None:  # in a window's process, only its own thread may look for circles
        gc.collect()
    trim_memory()


def trim_memory() -> None:
    """Give free memory back where the C library can (glibc), which takes no time; circles stay."""
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
