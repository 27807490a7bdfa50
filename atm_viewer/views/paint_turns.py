"""Painting a window in several turns of the event loop, so that painting never keeps people waiting.

Qt paints at once whatever has changed. Plots are slow to paint: once enough is painted, the others keep for a moment
what they have shown, and are painted one by one in the next turns.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from PyQt6 import sip
from PyQt6.QtCore import QEvent, QTimer
from PyQt6.QtWidgets import QWidget

#: Seconds of painting after which the next plot waits.
_ENOUGH = 0.012

_begun: float | None = None
_waiting: deque[QWidget] = deque()
_due: QWidget | None = None


@contextmanager
def painting_in_turns(event: QEvent | None) -> Iterator[None]:
    """Let plots wait for one another while a window handles an event; pictures of it are still painted at once."""
    global _begun
    if event is None or event.type() != QEvent.Type.UpdateRequest:
        yield
        return
    _begun = time.perf_counter()
    try:
        yield
    finally:
        _begun = None


def must_wait(plot: QWidget) -> bool:
    """Tell whether a plot that is to be painted waits for a later turn, in which it is updated."""
    global _due
    if plot is _due:  # whatever else there is to paint: nobody waits for ever
        _due = None
    elif _begun is not None and time.perf_counter() - _begun > _ENOUGH:
        if plot not in _waiting:
            _waiting.append(plot)
            if len(_waiting) == 1:
                QTimer.singleShot(0, _update_next)
        return True
    return False  # one that waits goes on waiting: this may be a part of it only


def _update_next() -> None:
    global _due
    while _waiting:
        plot = _waiting.popleft()
        if not sip.isdeleted(plot):
            _due = plot
            plot.update()
            break
    if _waiting:
        QTimer.singleShot(0, _update_next)
