"""Looks for reference cycles on the window's thread alone: Qt's objects must be deleted on the thread they live on.

Left alone, Python looks for garbage on whichever thread happens to allocate. Widgets whose wrappers are part of a cycle
would be deleted by a thread that reads a file, in the middle of the window's event loop.

Besides, memory goes back to the system while the user pauses: images and spectra come and go among small things that
stay, and the C library would keep the room of all that there ever were at a time.
"""

from __future__ import annotations

import gc
import threading

from PyQt6.QtCore import QObject, QTimer, pyqtBoundSignal

from atm_viewer.engine.give_back import give_back_memory

#: Milliseconds between two looks at how much there is to look through.
EVERY = 200
#: Milliseconds without work after which memory is given back: what is needed again has to be fetched, which takes time.
PAUSE = 3000


class GarbageCollector(QObject):
    """Takes over from Python's automatic collection until it is stopped.

    Parameters
    ----------
    worked : signal
        Tells of work that begins or ends.
    parent : QObject or None
        Owner, on the window's thread.
    """

    def __init__(self, worked: pyqtBoundSignal, parent: QObject | None = None):
        super().__init__(parent)
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.collect)
        self._timer.start(EVERY)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE)
        self._pause.timeout.connect(_give_back)
        worked.connect(self._pause.start)

    def collect(self) -> None:
        """Collect as much as Python would have by now: the oldest generation that is over its threshold."""
        counts = zip(gc.get_count(), gc.get_threshold(), strict=True)
        due = [n for n, (count, most) in enumerate(counts) if count > most]
        if due:
            gc.collect(due[-1])

    def stop(self) -> None:
        """Leave it to Python again, unless it was off before."""
        self._timer.stop()
        self._pause.stop()
        if self._was_enabled:
            gc.enable()


def _give_back() -> None:
    """Give memory back on a thread of its own, which may take as long as a frame."""
    threading.Thread(target=give_back_memory, name="atm-viewer-memory", daemon=True).start()
