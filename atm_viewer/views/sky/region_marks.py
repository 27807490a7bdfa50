"""Regions of the recipe on the sky image: outlines with names, handles of the selected one, and drawing of new ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QObject, QPointF, QRectF, QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QPainter, QPainterPath, QPainterPathStroker, QPolygonF
from pyqtgraph.GraphicsScene.mouseEvents import HoverEvent, MouseClickEvent, MouseDragEvent

from atm_viewer.engine.recipe import Circle, Ellipse, Polygon, Region, Shape
from atm_viewer.engine.results.sky_image import SkyImage
from atm_viewer.engine.sky_shapes import centre, handles, moved, outline, reshaped, tidy
from atm_viewer.views.base.plotting import Canvas, make_brush, make_pen

#: Bright on every image of both themes; the dark rim keeps it apart from bright pixels.
COLOUR = "#ffa3e4"
_RIM = "#000000"
#: What a region does shows in its line, for eyes that do not tell colours apart as well.
_STYLES = {"spline": Qt.PenStyle.SolidLine, "interpolate": Qt.PenStyle.DashLine, None: Qt.PenStyle.DotLine}
_GRAB = 12.0  #: width of the line for the mouse [dots]
_HANDLE = 10  #: size of a handle [dots]
_LEAST = 0.02  #: smallest radius that is drawn [arcsec]

HINTS = {
    "circle": "Drag from the centre; click: as large as the aperture · Esc: cancel",
    "ellipse": "Drag from the centre to a corner · Esc: cancel",
    "polygon": "Click the corners; double-click or Return: close · Backspace: back · Esc: cancel",
}


class RegionMarks(QObject):
    """Regions on a plot whose axes are offsets east and north [arcsec].

    Signals
    -------
    chosen(str)
        Name of the region whose outline was clicked or is dragged.
    dragged(str, object)
        Name of a region, and the `Shape` that it is dragged to.
    drag_ended()
        The hand has let go.
    corner_clicked(int)
        Corner of the selected polygon, from 0.
    corner_added(float, float), corner_removed(int)
        Position [deg] of a new corner of the selected polygon; one that is not wanted any more.
    drawn(object)
        `Shape` of a new region.
    drawing(str)
        Kind of shape that is being drawn; empty when drawing has ended.
    """

    chosen = pyqtSignal(str)
    dragged = pyqtSignal(str, object)
    drag_ended = pyqtSignal()
    corner_clicked = pyqtSignal(int)
    corner_added = pyqtSignal(float, float)
    corner_removed = pyqtSignal(int)
    drawn = pyqtSignal(object)
    drawing = pyqtSignal(str)

    def __init__(self, plot: pg.PlotItem, canvas: Canvas, parent: QObject):
        super().__init__(parent)
        self._plot = plot
        self._image: SkyImage | None = None
        self._regions: tuple[Region, ...] = ()
        self._selected = ""
        self._outlines: list[_Outline] = []
        self._handles: list[_Handle] = []
        self._corner = -1
        self._sketch = _Outline(self)
        self._sketch.setZValue(60)
        self._pad = _Pad(self)
        self.kind = ""
        self.radius = 0.5  #: of a circle that is clicked [arcsec]
        self._corners: list[QPointF] = []
        for item in (self._sketch, self._pad):
            plot.addItem(item, ignoreBounds=True)
            item.hide()
        plot.vb.sigRangeChanged.connect(self._fit_pad)

    # What is shown

    def show_regions(self, image: SkyImage | None, regions: Sequence[Region], selected: str) -> None:
        """Show regions on the grid of an image; None hides them."""
        self._image, self._regions, self._selected = image, tuple(regions) if image is not None else (), selected
        while len(self._outlines) > len(self._regions):
            self._outlines.pop().remove(self._plot)
        while len(self._outlines) < len(self._regions):
            self._outlines.append(_Outline(self))
            self._outlines[-1].add_to(self._plot)
        for item, region in zip(self._outlines, self._regions, strict=True):
            item.show_region(region, self._path(region.shape), region.name == selected)
        self._show_handles()

    def _show_handles(self) -> None:
        region = next((r for r in self._regions if r.name == self._selected), None)
        places = handles(region.shape) if region is not None else []
        while len(self._handles) > len(places):
            self._plot.removeItem(self._handles.pop())
        while len(self._handles) < len(places):
            self._handles.append(self._make_handle(len(self._handles)))
        for item, place in zip(self._handles, places, strict=True):
            if not item.moving:
                with QSignalBlocker(item):
                    item.setPos(self._offset(*place))
        tip = "Drag to reshape the region"
        if region is not None and isinstance(region.shape, Polygon):
            tip += " · Alt+click: remove the corner"
        for item in self._handles:
            item.setToolTip(tip)
        self.mark_corner(self._corner)

    def mark_corner(self, corner: int) -> None:
        """Mark a corner of the selected polygon, from 0; -1 for none."""
        self._corner = corner
        for k, item in enumerate(self._handles):
            item.setBrush(make_brush("#ffffff" if k == corner else COLOUR))

    def corner_at(self, ra: float, dec: float) -> int | None:
        """Find the corner of the selected polygon at a position [deg]; None where there is none."""
        region = next((r for r in self._regions if r.name == self._selected), None)
        if region is None or not isinstance(region.shape, Polygon):
            return None
        near, place = _GRAB * max(self._plot.vb.viewPixelSize()), self._offset(ra, dec)
        away = [np.hypot(way.x(), way.y()) for way in (item.pos() - place for item in self._handles)]
        return int(np.argmin(away)) if min(away) <= near else None

    def click_handle(self, k: int, event: MouseClickEvent) -> None:
        """Choose a corner of a polygon; with Alt, take it away."""
        event.accept()
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.corner_removed.emit(k)
        else:
            self.corner_clicked.emit(k)

    def click_outline(self, item: _Outline, event: MouseClickEvent) -> None:
        """Select a region; one more corner for a polygon that is selected."""
        if item.region is None or event.button() != Qt.MouseButton.LeftButton:
            return
        event.accept()
        if item.region.name != self._selected:
            self.chosen.emit(item.region.name)
        elif isinstance(item.region.shape, Polygon):
            self.corner_added.emit(*self._position(item.mapFromScene(event.scenePos())))

    def _make_handle(self, k: int) -> _Handle:
        item = _Handle(self, k)
        item.sigPositionChanged.connect(lambda item: self._drag_handle(k, item))
        item.sigPositionChangeFinished.connect(lambda _: self.drag_ended.emit())
        self._plot.addItem(item, ignoreBounds=True)
        return item

    def _drag_handle(self, k: int, item: pg.TargetItem) -> None:
        region = next((r for r in self._regions if r.name == self._selected), None)
        if region is not None and item.moving:
            self.dragged.emit(region.name, tidy(reshaped(region.shape, k, *self._position(item.pos()))))

    def _offset(self, ra: float, dec: float) -> QPointF:
        assert self._image is not None
        return QPointF(*(float(value) for value in self._image.offsets(ra, dec)))

    def _position(self, point: QPointF) -> tuple[float, float]:
        assert self._image is not None
        ra, dec = self._image.position(point.x(), point.y())
        return float(ra), float(dec)

    def _path(self, shape: Shape) -> QPainterPath:
        assert self._image is not None
        east, north = self._image.offsets(*outline(shape))
        path = QPainterPath()
        path.addPolygon(QPolygonF([QPointF(x, y) for x, y in zip(east.tolist(), north.tolist(), strict=True)]))
        path.closeSubpath()
        return path

    # Dragging an outline

    def drag_outline(self, item: _Outline, event: MouseDragEvent) -> None:
        """Move a region with its line."""
        region = item.region
        if region is None or event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        event.accept()
        if event.isStart():
            item.held = region.shape
            self.chosen.emit(region.name)
        if item.held is not None:
            way = item.mapFromScene(event.scenePos()) - item.mapFromScene(event.buttonDownScenePos())
            middle = self._offset(*centre(item.held)) + way
            self.dragged.emit(region.name, tidy(moved(item.held, *self._position(middle))))
        if event.isFinish():
            item.held = None
            self.drag_ended.emit()

    # Drawing

    def draw(self, kind: str) -> None:
        """Begin to draw a circle, an ellipse or a polygon."""
        if self._image is None:
            return
        self.kind, self._corners = kind, []
        self._fit_pad()
        self._pad.show()
        self._sketch.hide()
        self.drawing.emit(kind)

    def cancel(self) -> None:
        """Draw no more."""
        if self.kind:
            self.kind, self._corners = "", []
            self._pad.hide()
            self._sketch.hide()
            self.drawing.emit("")

    def close_polygon(self) -> None:
        """End a polygon, if it has three corners."""
        if self.kind == "polygon" and len(self._corners) >= 3:
            self._finish(Polygon(tuple(self._position(corner) for corner in self._corners)))

    def take_back(self) -> None:
        """Take the last corner of a polygon back."""
        if self._corners:
            self._corners.pop()
            self._show_corners(None)

    def drag_pad(self, event: MouseDragEvent) -> None:
        """Draw a circle or an ellipse from its centre outwards."""
        event.accept()
        if event.button() != Qt.MouseButton.LeftButton or self.kind == "polygon":
            return
        start, end = (self._pad.mapFromScene(p) for p in (event.buttonDownScenePos(), event.scenePos()))
        ra, dec = self._position(start)
        east, north = abs(end.x() - start.x()), abs(end.y() - start.y())
        shape: Shape
        if self.kind == "circle":
            shape = Circle(ra, dec, max(float(np.hypot(east, north)), _LEAST))
        else:
            shape = Ellipse(ra, dec, (max(north, _LEAST), max(east, _LEAST)), 0.0)
        if event.isFinish():
            self._finish(shape)
        else:
            self._sketch.show_path(self._path(shape))

    def click_pad(self, event: MouseClickEvent) -> None:
        """Add a corner of a polygon, or close it; make a circle."""
        event.accept()
        if event.button() != Qt.MouseButton.LeftButton:
            return
        point = self._pad.mapFromScene(event.scenePos())
        if self.kind == "circle":
            self._finish(Circle(*self._position(point), self.radius))
        elif self.kind == "polygon":
            near = _GRAB * self._plot.vb.viewPixelSize()[0]
            first = self._corners[0] - point if self._corners else QPointF(np.inf, np.inf)
            if event.double() or np.hypot(first.x(), first.y()) <= near:
                self.close_polygon()
            else:
                self._corners.append(point)
                self._show_corners(None)

    def hover_pad(self, event: HoverEvent) -> None:
        """Show the side of a polygon that the next click makes."""
        event.acceptDrags(Qt.MouseButton.LeftButton)
        event.acceptClicks(Qt.MouseButton.LeftButton)
        if self._corners and not event.isExit():
            self._show_corners(self._pad.mapFromScene(event.scenePos()))

    def _show_corners(self, end: QPointF | None) -> None:
        path = QPainterPath()
        path.addPolygon(QPolygonF([*self._corners, *([end] if end is not None else [])]))
        self._sketch.show_path(path)

    def _finish(self, shape: Shape) -> None:
        self.cancel()
        self.drawn.emit(tidy(shape))

    def _fit_pad(self, *_: object) -> None:
        self._pad.cover(self._plot.vb.viewRect())


class _Outline(pg.GraphicsObject):
    """Line around a region with its name; the mouse takes it by the line."""

    def __init__(self, marks: RegionMarks):
        super().__init__()
        self._marks = marks
        self.region: Region | None = None
        self.held: Shape | None = None
        self._path = QPainterPath()
        self._selected = self._hovered = False
        self._name = pg.TextItem(color=COLOUR, anchor=(0.5, 1.0), fill=make_brush(_RIM, 0.6))
        self.setZValue(15)
        self._name.setZValue(16)

    def add_to(self, plot: pg.PlotItem) -> None:
        """Put line and name on a plot."""
        for item in (self, self._name):
            plot.addItem(item, ignoreBounds=True)

    def remove(self, plot: pg.PlotItem) -> None:
        """Take line and name off a plot."""
        for item in (self, self._name):
            plot.removeItem(item)

    def show_region(self, region: Region, path: QPainterPath, selected: bool) -> None:
        """Show a region."""
        self.region, self._selected = region, selected
        adds = selected and isinstance(region.shape, Polygon)
        self.setToolTip(f"Click: {'add a corner' if adds else 'select the region'} · Drag: move it")
        self.setZValue(17 if selected else 15)
        self._name.setText(region.name, COLOUR)
        top = path.boundingRect()
        self._name.setPos(top.center().x(), top.bottom())  # north is up
        self.show_path(path)

    def show_path(self, path: QPainterPath) -> None:
        """Show a line."""
        self.prepareGeometryChange()
        self._path = path
        self.show()
        self.update()

    def _dot(self) -> float:
        view = self.getViewBox()
        return float(max(view.viewPixelSize())) if view is not None else 0.0

    def boundingRect(self) -> QRectF:
        """Extent of line and grab."""
        margin = _GRAB * self._dot()
        return self._path.boundingRect().adjusted(-margin, -margin, margin, margin)

    def shape(self) -> QPainterPath:
        """Where the mouse takes it."""
        stroker = QPainterPathStroker()
        stroker.setWidth(max(_GRAB * self._dot(), 1e-6))
        return stroker.createStroke(self._path)

    def paint(self, painter: QPainter, *_: object) -> None:
        """Draw the rim, then the line."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        strong = self._selected or self._hovered
        style = _STYLES[self.region.use] if self.region is not None else Qt.PenStyle.SolidLine
        painter.setPen(make_pen(_RIM, 6.0 if strong else 4.0, 0.75))
        painter.drawPath(self._path)
        painter.setPen(make_pen(COLOUR, 3.2 if strong else 1.8, style=style))
        painter.drawPath(self._path)

    def hoverEvent(self, event: HoverEvent) -> None:
        """Stand out while the mouse can take it."""
        hovered = not event.isExit() and event.acceptDrags(Qt.MouseButton.LeftButton)
        hovered = hovered and event.acceptClicks(Qt.MouseButton.LeftButton)
        if hovered != self._hovered:
            self._hovered = hovered
            self.setCursor(Qt.CursorShape.SizeAllCursor) if hovered else self.unsetCursor()
            self.update()

    def mouseDragEvent(self, event: MouseDragEvent) -> None:
        """Move the region."""
        self._marks.drag_outline(self, event)

    def mouseClickEvent(self, event: MouseClickEvent) -> None:
        """Select the region, or add a corner."""
        self._marks.click_outline(self, event)


class _Handle(pg.TargetItem):
    """Square at a corner of a polygon, or at the end of a radius."""

    def __init__(self, marks: RegionMarks, number: int):
        super().__init__(
            size=_HANDLE,
            symbol="s",
            pen=make_pen(_RIM, 1.0),
            hoverPen=make_pen("#ffffff", 2.0),
            brush=make_brush(COLOUR),
            hoverBrush=make_brush("#ffffff"),
        )
        self._marks, self._number = marks, number
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setZValue(40)

    def hoverEvent(self, event: HoverEvent) -> None:
        """Take clicks, which the line below it would get."""
        super().hoverEvent(event)
        if not event.isExit():
            event.acceptClicks(Qt.MouseButton.LeftButton)

    def mouseClickEvent(self, event: MouseClickEvent) -> None:
        """Choose or remove the corner; a right click in a drag ends it."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._marks.click_handle(self._number, event)
        else:
            super().mouseClickEvent(event)


class _Pad(pg.GraphicsObject):
    """Lies over the plot while a region is drawn, and takes the mouse."""

    def __init__(self, marks: RegionMarks):
        super().__init__()
        self._marks = marks
        self._rect = QRectF()
        self.setZValue(1000)
        self.setCursor(Qt.CursorShape.CrossCursor)

    def cover(self, rect: QRectF) -> None:
        """Lie over a part of the plot."""
        self.prepareGeometryChange()
        self._rect = QRectF(rect)

    def boundingRect(self) -> QRectF:
        """Extent in the plot's coordinates."""
        return self._rect

    def paint(self, *_: object) -> None:
        """Draw nothing."""

    def hoverEvent(self, event: HoverEvent) -> None:
        """Follow the mouse."""
        self._marks.hover_pad(event)

    def mouseDragEvent(self, event: MouseDragEvent) -> None:
        """Draw."""
        self._marks.drag_pad(event)

    def mouseClickEvent(self, event: MouseClickEvent) -> None:
        """Draw."""
        self._marks.click_pad(event)
