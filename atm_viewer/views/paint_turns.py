"""Painting a window in several turns of the event loop, so that painting never keeps people waiting.

Qt paints at once whatever has changed. Plots are slow to paint: once enough is painted, the others keep for a moment
what they have shown, and are painted one by one in the next turns.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PyQt6 import sip
from PyQt6.QtCore import QCoreApplication, QEvent, QObject, QTimer
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
        return False
    if _begun is None:
        return False
    if plot in _waiting:  # its turn comes: painting it now as well would be painting it twice
        return True
    if time.perf_counter() - _begun <= _ENOUGH:
        return False
    _waiting.append(plot)
    if len(_waiting) == 1:
        _go_on()
    return True


def in_next_turn(owner: QObject, act: Callable[[], object]) -> None:
    """Call something in the next turn of the event loop, unless its owner goes first.

    ``QTimer.singleShot(0, ...)`` would not do: Qt turns it into an event that may still be handled in this turn.
    """
    timer = QTimer(owner)
    timer.setSingleShot(True)
    timer.timeout.connect(act)
    timer.timeout.connect(timer.deleteLater)
    timer.start(0)


@contextmanager
def painted_afterwards(widget: QWidget) -> Iterator[None]:
    """Rearrange what is in a widget; it is painted once, in the next turn, and keeps its picture until then."""
    if not widget.isVisible() or not widget.updatesEnabled():
        yield
        return
    widget.setUpdatesEnabled(False)
    try:
        yield
    finally:
        in_next_turn(widget, lambda: widget.setUpdatesEnabled(True))


def _go_on() -> None:
    application = QCoreApplication.instance()
    assert application is not None
    in_next_turn(application, _update_next)


def _update_next() -> None:
    global _due
    while _waiting:
        plot = _waiting.popleft()
        if not sip.isdeleted(plot):
            _due = plot
            plot.update()
            break
    if _waiting:
        _go_on()
