"""Opens files one ahead of whoever uses them, so that one is read while another is looked at."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from pathlib import Path

from atm_viewer.engine.cube.footprints import SkyMapper
from atm_viewer.engine.errors import UserError
from atm_viewer.engine.io.exposure import Exposure, open_exposure
from atm_viewer.engine.recipe import Recipe

#: Seconds between two looks at what else is wanted while a file is being opened.
_PATIENCE = 0.02


def open_ahead(paths: Sequence[Path], waiting: Callable[[Path], None]) -> Generator[Exposure | UserError, None, None]:
    """Open files in their order on a thread, each while the caller uses the one before.

    The caller uses the first at once. Of the others the thread also makes the geometry that previews need.

    Parameters
    ----------
    paths : sequence of Path
        The files.
    waiting : callable
        ``waiting(path)`` is called again and again while a file is being opened; may raise `Cancelled`. The thread ends
        with the file that it is at.

    Yields
    ------
    Exposure or UserError
        For each file, the exposure or why it cannot be opened.
    """
    opened: queue.SimpleQueue[Exposure | BaseException] = queue.SimpleQueue()
    wanted = threading.Semaphore(1)
    ended = threading.Event()
    context = contextvars.copy_context()

    def work() -> None:
        for k, path in enumerate(paths):
            wanted.acquire()
            if ended.is_set():
                return
            opened.put(context.run(_open, path, k > 0))

    # A daemon: a file that hangs must not keep the process from ending.
    threading.Thread(target=work, name="atm-viewer-opening", daemon=True).start()
    try:
        for path in paths:
            found: Exposure | BaseException | None = None
            while found is None:
                waiting(path)
                with suppress(queue.Empty):
                    found = opened.get(timeout=_PATIENCE)
            wanted.release()
            if not isinstance(found, Exposure | UserError):
                raise found
            yield found
    finally:
        ended.set()
        wanted.release()


def _open(path: Path, geometry: bool) -> Exposure | BaseException:
    try:
        exposure = open_exposure(path)
    except BaseException as error:  # libraries of the pipeline exit where others raise
        return error
    if geometry:
        with suppress(Exception):  # whoever asks for it meets the same failure
            _ = SkyMapper(exposure).maps
            exposure.make_oversampled_coordinates(Recipe().oversample)
    return exposure
