"""Runs work on slices in parallel, and ignores warnings of libraries on all threads.

Plain Python threads: the kernels release Python's lock, and none of them is parallel itself, so that numba's threading
layers are never started and cannot get in the way of Qt's threads or of a fork.
"""

from __future__ import annotations

import mmap
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar, copy_context
from itertools import islice
from typing import Any, TypeVar

from atm_viewer.engine.give_back import without_garbage_search

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Takes the name of a method and its arguments; gives its result as a future.
CallMethod = Callable[..., Future[Any]]

#: Takes a name and an object, whose methods are called elsewhere in the block of a with statement: `methods_on_thread`.
Elsewhere = Callable[[str, object], AbstractContextManager[CallMethod]]

#: Processors that were left to a thread by `at_most`; 0 for all.
_MOST: ContextVar[int] = ContextVar("_MOST", default=0)

#: Memory that a process needs for one exposure of NIRSpec with its correction and what is written of it [byte].
_NEEDED = 2_500_000_000

#: Memory that a thread needs to begin, with its stack [byte].
_STACK = 2**24


def use_one_thread_each() -> None:
    """Have linear algebra libraries, in processes that begin from here on, compute on the thread that calls them.

    Their own threads go on spinning for a while after each product, on the processors that `in_threads` counts on.
    """
    for library in ("OPENBLAS", "MKL", "BLIS"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    # numba fails on a number that is none; it starts no threads of its own here, so any will do.
    number = os.environ.get("NUMBA_NUM_THREADS", "1")
    if not (number.isascii() and number.isdecimal() and int(number) > 0):
        del os.environ["NUMBA_NUM_THREADS"]


@contextmanager
def at_most(threads: int) -> Iterator[None]:
    """Have what this thread does use so many processors at most: others of the machine are somebody else's."""
    before = _MOST.set(threads)
    try:
        yield
    finally:
        _MOST.reset(before)


def processors() -> int:
    """Count the processors that this thread may use."""
    return min(_available(), _MOST.get() or sys.maxsize)


def default_workers() -> int:
    """Count the processes that this machine can correct exposures in at once: processors, as far as memory goes."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows
        return processors()
    return max(min(processors(), int(memory // _NEEDED)), 1)


def _available() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_threads(
    work: Callable[[Item], Result], items: Iterable[Item], begun: Callable[[Item, float], None] | None = None
) -> list[Result]:
    """Call a function for every item, on as many threads as there are processors.

    Parameters
    ----------
    work : callable
        Takes an item; most of its time must be spent without Python's lock.
    items : iterable
        What it is called with.
    begun : callable, optional
        ``begun(item, fraction)`` is called on this thread when it is about to begin an item, with the part of the items
        that has begun on all of them; when it raises, nothing more begins and the exception goes on.

    Returns
    -------
    list
        Results in the order of the items.

    Raises
    ------
    Exception
        One that ``work`` raised, after which nothing more began.
    """
    todo: Sequence[Item] = list(items)
    results: dict[int, Result] = {}
    left = iter(range(len(todo)))  # from which Python's lock lets one thread take at a time

    def take(begun: Callable[[Item, float], None] | None) -> None:
        try:
            for k in left:
                if begun is not None:
                    begun(todo[k], k / len(todo))
                results[k] = work(todo[k])
        except BaseException:
            for _ in left:  # nothing more begins
                pass
            raise

    others = min(processors(), len(todo)) - 1
    if others < 1:
        take(begun)
    else:
        # This thread works like the others: handing out items, it would have to be woken for each.
        with ThreadPoolExecutor(others, "atm-viewer-slices") as pool:
            futures = [pool.submit(take, None) for _ in range(others)]
            take(begun)
        for future in futures:
            future.result()
    return [results[k] for k in range(len(todo))]


@contextmanager
def beside(name: str, work: Callable[..., Result], *args: Any) -> Iterator[Future[Result]]:
    """Call a function on a thread while the block of a with statement runs; where there is one processor, before it.

    Parameters
    ----------
    name : str
        Of the thread.
    work : callable
        The function.
    *args
        What it takes.

    Yields
    ------
    Future
        Its result. When the block raises, nobody waits for it.
    """
    if processors() == 1:
        yield _called(work, *args)
        return
    pool = ThreadPoolExecutor(1, name)
    try:
        yield pool.submit(copy_context().run, work, *args)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def one_by_one(name: str) -> Iterator[Callable[..., Future[Any]]]:
    """Call functions on a thread, one after the other, while the block of a with statement runs.

    Parameters
    ----------
    name : str
        Of the thread.

    Yields
    ------
    callable
        Takes a function and its arguments, and gives its result as a future; where there is one processor, calls it at
        once. At the end of the block all calls are waited for; when the block raises, only the one that has begun, and
        the others never begin.
    """
    if processors() == 1:
        yield _called
        return
    with ThreadPoolExecutor(1, name) as pool:
        try:
            yield lambda work, *args: pool.submit(copy_context().run, work, *args)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def methods_on_thread(name: str, target: object) -> Iterator[CallMethod]:
    """Call the methods of an object on a thread, one after the other, while the block of a with statement runs.

    Parameters
    ----------
    name : str
        Of the thread.
    target : object
        Whose methods are called.

    Yields
    ------
    callable
        Takes the name of a method and its arguments, and gives its result as a future; see `one_by_one`.
    """
    with one_by_one(name) as submit:
        yield lambda method, *args: submit(getattr(target, method), *args)


def _called(work: Callable[..., Result], *args: Any) -> Future[Result]:
    done: Future[Result] = Future()
    done.set_result(work(*args))
    return done


def ahead(name: str, items: Iterable[Item]) -> Iterator[Item]:
    """Make each item of an iterable on a thread while the one before it is used, where there are several processors.

    Parameters
    ----------
    name : str
        Of the thread.
    items : iterable
        A generator, say; most of its time must be spent without Python's lock.

    Yields
    ------
    object
        The items. Whoever stops asking waits for the one that is being made.
    """
    if processors() == 1:
        yield from items
        return
    iterator, context = iter(items), copy_context()

    def following() -> list[Item]:
        return list(islice(iterator, 1))

    with ThreadPoolExecutor(1, name) as pool:
        coming = pool.submit(context.run, following)
        while item := coming.result():
            coming = pool.submit(context.run, following)
            yield item.pop()


def begin_thread(work: Callable[[], object], name: str) -> None:
    """Begin a thread that does not keep the process from ending.

    Raises
    ------
    OSError, RuntimeError
        There is no memory for it. Python would wait for ever for a thread that cannot begin.
    """
    mmap.mmap(-1, _STACK).close()
    threading.Thread(target=work, name=name, daemon=True).start()


#: See `loading`.
_LOADING = threading.RLock()


@contextmanager
def loading() -> Iterator[None]:
    """Import libraries while no other thread does: their modules import each other in circles.

    Where two threads meet in a circle, Python gives one of them a module that the other has only begun. Nor does Python
    look for garbage meanwhile: what libraries make stays.
    """
    with _LOADING, without_garbage_search():
        yield


class _Filters:
    """Python's warning filters, which all threads of a process share: the last thread to leave restores them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._saved = warnings.catch_warnings()

    def enter(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._saved = warnings.catch_warnings()
                self._saved.__enter__()
                warnings.simplefilter("ignore")
            self._inside += 1

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._saved.__exit__(None, None, None)


_FILTERS = _Filters()


@contextmanager
def without_warnings() -> Iterator[None]:
    """Ignore warnings, on this thread and the others of the process.

    ``warnings.catch_warnings`` on two threads can restore the filters of one while the other still relies on them.
    As long as a thread hangs in here, the process shows no warnings.
    """
    _FILTERS.enter()
    try:
        yield
    finally:
        _FILTERS.leave()
