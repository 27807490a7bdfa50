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
from PyQt6.QtCore import QAbstractEventDispatcher, QCoreApplication, QEvent, QObject, QSize, Qt, QTimer
from PyQt6.QtGui import QBrush, QPainter, QPaintEvent
from PyQt6.QtWidgets import QWidget

#: Seconds of a turn after which the next plot waits.
_ENOUGH = 0.012

_turn = 0.0  # when the event loop's turn has begun
_dispatcher: QAbstractEventDispatcher | None = None
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
    # What else was done in this turn counts as well.
    _begun = _turn_begun()
    try:
        yield
    finally:
        _begun = None


def _turn_begun() -> float:
    global _dispatcher
    dispatcher = QAbstractEventDispatcher.instance()
    if dispatcher is None:
        return time.perf_counter()
    if dispatcher is not _dispatcher:
        _dispatcher = dispatcher
        dispatcher.awake.connect(_note_turn)
        _note_turn()
    return _turn


def _note_turn() -> None:
    global _turn
    _turn = time.perf_counter()


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


class TakesTurns:
    """A scroll area that is slow to paint: it keeps its picture while it waits for its turn (mixed into one of Qt's).

    `take_turns` is to be called once.
    """

    _painted = QSize()

    def take_turns(self) -> None:
        """Begin to wait for others."""
        viewport = self.viewport()  # type: ignore[attr-defined]
        # The background is painted with the rest: until then the last picture stays.
        viewport.setAutoFillBackground(False)
        viewport.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def background(self) -> QBrush:
        """Give what is behind all that is painted."""
        return self.palette().base()  # type: ignore[attr-defined]

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint, unless others that are painted now take long enough."""
        viewport = self.viewport()  # type: ignore[attr-defined]
        waits = must_wait(viewport)
        if not waits or self._painted != viewport.size():
            painter = QPainter(viewport)
            painter.fillRect(viewport.rect() if event is None else event.rect(), self.background())
            painter.end()
        if not waits:
            self._painted = viewport.size()
            super().paintEvent(event)  # type: ignore[misc]


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
