"""Cursor marks in the views, and the link between the views."""

from __future__ import annotations

import math
from typing import Protocol

import pyqtgraph as pg
from PyQt6.QtCore import QObject, QPointF, QRectF, Qt, pyqtBoundSignal
from PyQt6.QtGui import QPainter, QPainterPath
from PyQt6.QtWidgets import QGraphicsItem

from atm_viewer.session.session import Session
from atm_viewer.session.state.cursor import Cursor
from atm_viewer.views.base.plotting import make_pen
from atm_viewer.views.base.theme import DARK

_TOP = 60.0  #: above curves and outlines, below the compass


class Sight(pg.GraphicsObject):
    """Ring with four strokes around a place of an image: the same size on the screen at any zoom, nothing on it."""

    RING, REACH = 6.0, 14.0

    def __init__(self) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIgnoresTransformations)
        self.setZValue(_TOP)
        self._path = QPainterPath()
        self._path.addEllipse(QPointF(0.0, 0.0), self.RING, self.RING)
        for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            self._path.moveTo(self.RING * x, self.RING * y)
            self._path.lineTo(self.REACH * x, self.REACH * y)
        self._pens = [make_pen("#000000", 4.0, 0.65), make_pen(DARK.cursor, 1.8)]
        self.hide()

    def set_colour(self, colour: str) -> None:
        """Draw in a theme colour."""
        self._pens[1] = make_pen(colour, 1.8)
        self.update()

    def show_at(self, place: tuple[float, float] | None) -> None:
        """Show the mark at a position of the plot; None hides it."""
        self.setVisible(place is not None)
        if place is not None:
            self.setPos(*place)

    def boundingRect(self) -> QRectF:
        """Extent in dots of the screen."""
        reach = self.REACH + 3.0
        return QRectF(-reach, -reach, 2.0 * reach, 2.0 * reach)

    def paint(self, painter: QPainter, *_: object) -> None:
        """Draw a dark halo, then the mark."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for pen in self._pens:
            painter.setPen(pen)
            painter.drawPath(self._path)


class CursorLine:
    """Line across a plot of curves at the cursor's wavelength or alpha."""

    def __init__(self, plot: pg.PlotItem):
        self._line = pg.InfiniteLine(angle=90)
        self._line.setZValue(_TOP)
        self._line.setAcceptHoverEvents(False)
        self._line.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._line.hide()
        plot.addItem(self._line, ignoreBounds=True)
        self._colour, self._elsewhere = DARK.cursor, False

    def set_colour(self, colour: str) -> None:
        """Draw in a theme colour."""
        self._colour = colour
        self._take_pen()

    def show_at(self, value: float, elsewhere: bool = False) -> None:
        """Show the line; NaN hides it. It is dashed where the cursor is outside of the plotted slice."""
        self._line.setVisible(math.isfinite(value))
        if elsewhere != self._elsewhere:
            self._elsewhere = elsewhere
            self._take_pen()
        if math.isfinite(value):
            self._line.setValue(value)

    @property
    def value(self) -> float:
        """Where the line is; NaN while it is hidden."""
        return float(self._line.value()) if self._line.isVisible() else math.nan

    def _take_pen(self) -> None:
        pen = make_pen(self._colour, 1.2)
        if self._elsewhere:
            pen.setDashPattern([5.0, 5.0])
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        self._line.setPen(pen)


class _Marked(Protocol):
    left: pyqtBoundSignal

    def show_cursor(self, cursor: Cursor | None) -> None: ...


class CursorMarks(QObject):
    """Shows the cursor in all views, and takes it away when the mouse leaves one."""

    def __init__(self, session: Session, views: tuple[_Marked, ...], parent: QObject):
        super().__init__(parent)
        self._pointer, self._views = session.pointer, views
        for view in views:
            view.left.connect(session.pointer.leave)
        # what a view shows says how it marks the cursor
        for changed in (session.pointer.cursor_changed, session.changed.profile, session.changed.sky):
            changed.connect(self._show)

    def _show(self) -> None:
        for view in self._views:
            view.show_cursor(self._pointer.cursor)
