"""Marks of the places on the sky: spaxel, aperture, and handles to move and resize them."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QObject, QPointF, QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QColor

from atm_viewer.engine.results.sky_image import SkyImage
from atm_viewer.session.state.places import Place, Places
from atm_viewer.session.state.selection import spaxel_of
from atm_viewer.views.base.plotting import Canvas, make_brush, make_pen
from atm_viewer.views.base.theme import DARK, Theme

_HANDLE = 13  #: size of a place's handle [dots]
_CIRCLE = np.linspace(0.0, 2.0 * np.pi, 73)
_SQUARE = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) / 2.0


class PlaceMarks(QObject):
    """Marks on a plot whose axes are offsets east and north [arcsec].

    Signals
    -------
    moved(int, float, float)
        Number of a place, and the offset that its handle was dragged to.
    radius_changed(float)
        Radius of the active aperture [arcsec] while the circle is dragged.
    radius_edited()
        The circle was let go.
    """

    moved = pyqtSignal(int, float, float)
    radius_changed = pyqtSignal(float)
    radius_edited = pyqtSignal()

    def __init__(self, plot: pg.PlotItem, canvas: Canvas, parent: QObject):
        super().__init__(parent)
        self._plot, self._theme = plot, DARK
        self._image: SkyImage | None = None
        self._places = Places()
        self._marks: dict[int, _Mark] = {}
        self._circle = pg.CircleROI((0, 0), radius=1.0, movable=False, rotatable=False, resizable=False)
        self._handle = self._circle.handles[0]["item"]
        self._handle.setToolTip("Drag to change the radius of the aperture")
        canvas.adopt(self._handle.menu)
        plot.addItem(self._circle, ignoreBounds=True)
        self._circle.sigRegionChanged.connect(lambda: self.radius_changed.emit(self._circle.size().x() / 2.0))
        self._circle.sigRegionChangeFinished.connect(self.radius_edited)

    def show_places(self, image: SkyImage | None, places: Places) -> None:
        """Show places on the grid of an image; None hides them. A mark that is being dragged stays where it is."""
        self._image, self._places = image, places
        for number in self._marks.keys() - set(places.numbers):
            self._marks.pop(number).remove(self._plot)
        active = places.current
        self._circle.setVisible(image is not None and active is not None)
        for place in places.all:
            if place.number not in self._marks:
                mark = self._marks[place.number] = _Mark(self._plot, place.number)
                mark.handle.sigPositionChanged.connect(lambda _, mark=mark: self._drag(mark))
                mark.handle.sigPositionChangeFinished.connect(self._draw)
        self._draw()

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self._theme = theme
        self._circle.setPen(make_pen(theme.mark, 1.6))
        self._circle.hoverPen = make_pen(theme.accent, 2.0)
        self._handle.pen = self._handle.currentPen = make_pen(theme.mark, 2.0)
        self._handle.hoverPen = make_pen(theme.accent, 2.5)
        self._draw()

    @property
    def resizing(self) -> bool:
        """Whether the circle is held by the mouse."""
        return bool(self._handle.isMoving)

    def place_at(self, east: float, north: float) -> int | None:
        """Find the number of the place whose handle is at an offset; None when there is none."""
        width, height = self._plot.vb.viewPixelSize()
        for number, mark in self._marks.items():
            distance = mark.handle.pos() - QPointF(east, north)
            if np.hypot(distance.x() / width, distance.y() / height) <= _HANDLE / 2 + 2:
                return number
        return None

    def _draw(self) -> None:
        image, places = self._image, self._places
        for place in places.all:
            mark, active = self._marks[place.number], place.number == places.active
            mark.show(image is not None, active, places.several)
            mark.set_theme(self._theme, active)
            if image is None:
                continue
            east, north = _centre(image, *spaxel_of(image, place.ra, place.dec))
            mark.put(east, north, image.spaxel, place.radius)
            if active and not self.resizing:
                self._put_circle(east, north, place)

    def _put_circle(self, east: float, north: float, place: Place) -> None:
        with QSignalBlocker(self._circle):
            self._circle.setPos((east - place.radius, north - place.radius), update=False)
            self._circle.setSize((2.0 * place.radius, 2.0 * place.radius))

    def _drag(self, mark: _Mark) -> None:
        """Announce where a handle is dragged to, once for every spaxel it reaches."""
        image = self._image
        if image is None or not mark.handle.moving:
            return
        at = mark.handle.pos()
        ra, dec = image.position(at.x(), at.y())
        east, north = _centre(image, *spaxel_of(image, float(ra), float(dec)))
        if (east, north) != mark.centre:
            self.moved.emit(mark.number, east, north)


class _Mark:
    """Marks of one place."""

    def __init__(self, plot: pg.PlotItem, number: int):
        self.number = number
        self.centre = (np.nan, np.nan)
        self._halo, self._spaxel, self._ring = pg.PlotCurveItem(), pg.PlotCurveItem(), pg.PlotCurveItem()
        self.handle = pg.TargetItem(size=_HANDLE, symbol="o", brush=None, hoverBrush=None)
        self.handle.setToolTip("Drag to move the place; click to activate it")
        self.handle.setCursor(Qt.CursorShape.OpenHandCursor)
        self._badge = pg.TextItem(str(number), anchor=(-0.5, 1.3))  # away from the circle's handle
        self._items = (self._halo, self._ring, self._spaxel, self.handle, self._badge)
        for item in self._items:
            plot.addItem(item, ignoreBounds=True)
        self.handle.setZValue(20)

    def remove(self, plot: pg.PlotItem) -> None:
        """Take the marks off the plot."""
        for item in self._items:
            plot.removeItem(item)

    def show(self, shown: bool, active: bool, several: bool) -> None:
        """Show or hide; the active place's ring is the circle that can be dragged, and a single place has no number."""
        for item in self._items:
            item.setVisible(shown)
        self._ring.setVisible(shown and not active)
        self._badge.setVisible(shown and several)

    def set_theme(self, theme: Theme, active: bool) -> None:
        """Take a theme's colours: the number stands on the colour that the place's spectra have."""
        self._halo.setPen(make_pen("#000000", 3.0, 0.8))
        self._spaxel.setPen(make_pen(theme.mark, 1.4))
        self._ring.setPen(make_pen(theme.mark, 1.0, 0.75, Qt.PenStyle.DashLine))
        self.handle.setPen(make_pen(theme.mark, 1.4 if active else 1.0, 0.9 if active else 0.6))
        self.handle.setHoverPen(make_pen(theme.accent, 2.5))
        colour = QColor(theme.variants[self.number - 1])
        self._badge.fill = make_brush(colour.name())
        self._badge.border = make_pen(theme.mark if active else "#000000", 1.5 if active else 1.0)
        self._badge.setColor("#000000" if colour.lightnessF() > 0.45 else "#ffffff")

    def put(self, east: float, north: float, spaxel: float, radius: float) -> None:
        """Put the marks at the centre of a spaxel; sizes in arcsec."""
        self.centre = (east, north)
        corners = _SQUARE * spaxel + (east, north)
        for item in (self._halo, self._spaxel):
            item.setData(corners[:, 0], corners[:, 1])
        self._ring.setData(east + radius * np.cos(_CIRCLE), north + radius * np.sin(_CIRCLE))
        self._badge.setPos(east, north)
        if not self.handle.moving:
            with QSignalBlocker(self.handle):
                self.handle.setPos(east, north)


def _centre(image: SkyImage, x: int, y: int) -> tuple[float, float]:
    """Offset of the centre of a spaxel: spectra are taken there."""
    return (image.x0 - x) * image.spaxel, (y - image.y0) * image.spaxel
