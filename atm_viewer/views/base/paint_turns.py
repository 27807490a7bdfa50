"""Paints a window in several turns of the event loop, so that the window stays responsive.

Qt paints at once whatever has changed. Plots are slow to paint: they keep for a moment what they have shown, and are
painted one by one in the next turns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PyQt6 import sip
from PyQt6.QtCore import QCoreApplication, QEvent, QObject, QSize, Qt, QTimer
from PyQt6.QtGui import QBrush, QPainter, QPaintEvent, QRegion
from PyQt6.QtWidgets import QWidget

_updating = False
_waiting: dict[QWidget, QRegion] = {}
_due: QWidget | None = None


@contextmanager
def painting_in_turns(event: QEvent | None) -> Iterator[None]:
    """Let plots wait for one another while a window handles an event; pictures of it are still painted at once."""
    global _updating
    before, _updating = _updating, event is not None and event.type() == QEvent.Type.UpdateRequest
    try:
        yield
    finally:
        _updating = before  # laying out anew sends the window events while it is being painted


def must_wait(plot: QWidget, region: QRegion) -> bool:
    """Whether a plot waits for a later turn before a region of it is painted; the region is updated in that turn."""
    global _due
    if plot is _due:  # even if others are to be painted, or it might wait for ever
        _due = None
        return False
    if not _updating:
        return False
    if not _waiting:
        _go_on()
    _waiting[plot] = _waiting.get(plot, QRegion()) | region
    return True


def all_painted() -> bool:
    """Whether no plot waits for its turn."""
    return not _waiting and _due is None


class TakesTurns:
    """A scroll area that is slow to paint: it keeps its picture while it waits for its turn (mixed into one of Qt's).

    `take_turns` is to be called once.
    """

    _painted = QSize()

    def take_turns(self) -> None:
        """Begin to wait for others."""
        viewport = self.viewport()  # type: ignore[attr-defined]  # of the view it is mixed into
        # The background is painted with the rest: until then the last picture stays.
        viewport.setAutoFillBackground(False)
        viewport.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def background(self) -> QBrush:
        """Brush of the background."""
        brush: QBrush = self.palette().base()  # type: ignore[attr-defined]  # of the view it is mixed into
        return brush

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint, or wait."""
        viewport = self.viewport()  # type: ignore[attr-defined]  # of the view it is mixed into
        region = QRegion(viewport.rect()) if event is None else event.region()
        waits = must_wait(viewport, region)
        if not waits or self._painted != viewport.size():
            painter = QPainter(viewport)
            painter.fillRect(region.boundingRect(), self.background())
            painter.end()
        if not waits:
            self._painted = viewport.size()
            super().paintEvent(event)  # type: ignore[misc]  # of the view it is mixed into


def in_next_turn(owner: QObject, act: Callable[[], object]) -> None:
    """Call a function in the next turn of the event loop, unless its owner is deleted before.

    ``QTimer.singleShot(0, ...)`` would not do: Qt turns it into an event that may still be handled in this turn.
    """
    timer = QTimer(owner)
    timer.setSingleShot(True)
    timer.timeout.connect(act)
    timer.timeout.connect(timer.deleteLater)
    timer.start(0)


@contextmanager
def painted_afterwards(widget: QWidget) -> Iterator[None]:
    """Rearrange the contents of a widget; it is painted once, in the next turn, and keeps its picture until then."""
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
        plot = next(iter(_waiting))
        region = _waiting.pop(plot)
        if not sip.isdeleted(plot) and plot.isVisible():
            _due = plot
            plot.update(region)
            break
    if _waiting:
        _go_on()
