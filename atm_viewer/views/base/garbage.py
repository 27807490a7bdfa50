"""Looks for reference cycles on the window's thread alone: Qt's objects must be deleted on the thread they live on.

Left alone, Python looks for garbage on whichever thread happens to allocate. Widgets whose wrappers are part of a cycle
would be deleted by a thread that reads a file, in the middle of the window's event loop.
"""

from __future__ import annotations

import gc

from PyQt6.QtCore import QObject, QTimer

#: Milliseconds between two looks at how much there is to look through.
EVERY = 200


class GarbageCollector(QObject):
    """Takes over from Python's automatic collection until it is stopped.

    Parameters
    ----------
    parent : QObject or None
        Owner, on the window's thread.
    """

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.collect)
        self._timer.start(EVERY)

    def collect(self) -> None:
        """Collect as much as Python would have by now: the oldest generation that is over its threshold."""
        counts = zip(gc.get_count(), gc.get_threshold(), strict=True)
        due = [n for n, (count, most) in enumerate(counts) if count > most]
        if due:
            gc.collect(due[-1])

    def stop(self) -> None:
        """Leave it to Python again, unless it was off before."""
        self._timer.stop()
        if self._was_enabled:
            gc.enable()
