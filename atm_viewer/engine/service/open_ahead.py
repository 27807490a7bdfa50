"""Opens files one ahead of whoever uses them, so that one is read while another is looked at."""

from __future__ import annotations

import contextvars
import os
import queue
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from pathlib import Path

from atm_viewer.engine.cube.footprints import SkyMapper
from atm_viewer.engine.errors import UserError
from atm_viewer.engine.io.exposure import Exposure, open_exposure
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.threads import begin_thread

#: Seconds between two looks at what else is wanted while a file is being opened.
_PATIENCE = 0.02
#: Niceness of the thread while it is ahead of the caller.
_NICENESS = 8


def open_ahead(
    paths: Sequence[Path], waiting: Callable[[Path], None], has_room: Callable[[], bool] = lambda: True
) -> Generator[Exposure | UserError, None, None]:
    """Open files in their order on a thread, each while the caller uses the one before.

    The thread also makes the geometry that previews need, for the files that are opened ahead. Where the system can
    arrange that, the processors are the caller's first.

    Parameters
    ----------
    paths : sequence of Path
        The files.
    waiting : callable
        ``waiting(path)`` is called again and again while a file is being opened; may raise `Cancelled`. The thread then
        ends as soon as the file is open.
    has_room : callable, optional
        Whether there is memory to open a file while the one before is used; else it waits until it is asked for.

    Yields
    ------
    Exposure or UserError
        For each file, the exposure or why it cannot be opened.
    """
    opened: queue.SimpleQueue[Exposure | BaseException] = queue.SimpleQueue()
    wanted = threading.Semaphore(0)
    ended = threading.Event()
    context = contextvars.copy_context()
    ahead = False

    def work() -> None:
        for path in paths:
            wanted.acquire()
            if ended.is_set():
                return
            if ahead:
                _stand_back()
            exposure = context.run(_open, path)
            if ahead and isinstance(exposure, Exposure) and not ended.is_set():
                context.run(_make_geometry, exposure)
            opened.put(exposure)
            del exposure  # the caller may be done with it before the next one is open

    begin_thread(work, "atm-viewer-opening")
    try:
        for path in paths:
            if not ahead:
                wanted.release()
            while opened.empty():
                waiting(path)
                ended.wait(_PATIENCE)
            ahead = has_room()
            if ahead:
                wanted.release()
            # Not in a variable, which would keep it while the caller uses it.
            yield _exposure_or_reason(opened.get())
    finally:
        ended.set()
        wanted.release()


def _stand_back() -> None:
    """Have this thread, and those that it begins, use the processors after others of the process (Linux only)."""
    if sys.platform.startswith("linux"):
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def _open(path: Path) -> Exposure | BaseException:
    try:
        return open_exposure(path)
    except BaseException as error:  # libraries of the pipeline exit where others raise
        return error


def _make_geometry(exposure: Exposure) -> None:
    if exposure.geometry_on_disk:  # else it would take memory as long as the exposure is open
        with suppress(Exception, SystemExit):  # whoever asks for it meets the same failure
            _ = SkyMapper(exposure).maps
            exposure.make_oversampled_coordinates(Recipe().oversample)


def _exposure_or_reason(found: Exposure | BaseException) -> Exposure | UserError:
    if isinstance(found, Exposure | UserError):
        return found
    raise found
