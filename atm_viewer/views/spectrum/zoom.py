"""Zooming into spectra with the mouse: wheel along the axis, boxes, ranges."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtWidgets import QGraphicsSceneWheelEvent
from pyqtgraph.GraphicsScene.mouseEvents import MouseDragEvent

from atm_viewer.views.base.plotting import FreeViewBox, make_brush, make_pen
from atm_viewer.views.base.theme import Theme

FLAT = 16.0  #: a box that is lower than this means a range of the horizontal axis [dots]


class ZoomBox(FreeViewBox):
    """View box whose wheel zooms along the horizontal axis, and in which a box can be drawn to zoom into it.

    Signals
    -------
    range_drawn()
        The box was flat, and its ends are those of the horizontal axis now.
    """

    range_drawn = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.draws_boxes = False  #: dragging draws a box, and Shift+drag moves; else the other way round

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self.rbScaleBox.setPen(make_pen(theme.accent))
        self.rbScaleBox.setBrush(make_brush(theme.accent, 0.15))

    def wheelEvent(self, event: QGraphicsSceneWheelEvent, axis: int | None = None) -> None:
        """Zoom along the horizontal axis; along the vertical one with Ctrl, or over its numbers."""
        upright = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        super().wheelEvent(event, int(upright) if axis is None else axis)

    def mouseDragEvent(self, event: MouseDragEvent, axis: int | None = None) -> None:
        """Move what is shown, or draw a box."""
        if event.isStart():
            with_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.setMouseMode(self.RectMode if with_shift != self.draws_boxes else self.PanMode)
        super().mouseDragEvent(event, axis)

    def updateScaleBox(self, start: QPointF, end: QPointF) -> None:
        """Draw the box; one that is flat has the height of the plot."""
        if abs(end.y() - start.y()) < FLAT:
            start, end = QPointF(start.x(), 0.0), QPointF(end.x(), self.rect().height())
        super().updateScaleBox(start, end)

    def showAxRect(self, box: QRectF, **_: object) -> None:
        """Zoom into a box, or along the horizontal axis when it is flat; a click that slipped is no box."""
        dot = self.viewPixelSize()
        flat = abs(box.height()) / dot[1] < FLAT
        if abs(box.width()) / dot[0] < FLAT:
            return
        if flat:
            box.setTop(self.viewRange()[1][0])
            box.setBottom(self.viewRange()[1][1])
        super().showAxRect(box, padding=0)
        if flat:
            self.range_drawn.emit()
