"""Draggable handles of the slice profile: limits as lines, `use` ranges as bands."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PyQt6.QtCore import QObject, QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QFontMetricsF

from atm_viewer.engine.recipe import PARAMETERS
from atm_viewer.views.base.plotting import first_fitting, make_brush, make_pen
from atm_viewer.views.base.theme import Theme

Ranges = tuple[tuple[float, float], ...]

GRIP = 12.0  #: size of the arrows that show what can be dragged [dots of the screen]


def merge_ranges(ranges: Sequence[tuple[float, float]]) -> Ranges:
    """Alpha ranges in order, rounded to 0.001 arcsec, overlapping ones joined and empty ones left out."""
    merged: list[tuple[float, float]] = []
    for low, high in sorted((round(min(r), 3), round(max(r), 3)) for r in ranges):
        if low == high:
            continue
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


class LimitWords(pg.InfLineLabel):
    """Words at the right end of a horizontal line: above it, or below it near the panel's name at the upper edge."""

    _choices: tuple[str, ...] = ("",)

    def say(self, *texts: str) -> None:
        """Say the first of some texts, the longest first, that is not longer than the line, or else the last one."""
        self._choices = texts
        self.updatePosition()

    def updatePosition(self) -> None:
        """Follow the line."""
        around, view = self.line.viewRect(), self.line.getViewBox()  # the line's own height is 0
        if around is not None and isinstance(view, pg.ViewBox):
            metrics = QFontMetricsF(self.textItem.font())
            room = 0.9 * view.width()
            text = first_fitting(self._choices, lambda text: metrics.horizontalAdvance(text) < room)
            if text != self.toPlainText():
                self.setText(text)
            height = self.boundingRect().height() * view.viewPixelSize()[1]
            if height > 0:  # a plot that was not laid out yet has no extent
                above, below = around.bottom() / height, -around.top() / height
                up = above >= 1.6 or (below < 0.8 and above >= below)
                self.anchors = [(1, int(up))] * 2
        super().updatePosition()


class LimitLine(pg.InfiniteLine):
    """Horizontal limit with words beside it; with a grip when it can be dragged.

    Parameters
    ----------
    parameter : str
        Name of the parameter it stands for.
    """

    def __init__(self, parameter: str):
        super().__init__(0.0, angle=0, movable=True)
        self.setToolTip(PARAMETERS[parameter].tooltip)
        self.label = LimitWords(self, position=0.955)
        self.setZValue(20)
        self._draggable = False
        self.set_draggable(True)

    def set_draggable(self, draggable: bool) -> None:
        """Say whether the line can be dragged, and show it."""
        if draggable == self._draggable:
            return
        self._draggable = draggable
        self.setMovable(draggable)
        self.clearMarkers()
        if draggable:
            self.addMarker("<|>", 0.98, GRIP)
            self.setCursor(Qt.CursorShape.SplitVCursor)
        else:
            self.unsetCursor()

    def put(self, value: float) -> None:
        """Move the line, unless a hand holds it."""
        if not self.moving:
            with QSignalBlocker(self):
                self.setValue(value)

    def apply(self, colour: str, theme: Theme) -> None:
        """Take a colour."""
        self.setPen(make_pen(colour, 1.6, style=Qt.PenStyle.DashLine))
        self.setHoverPen(make_pen(colour, 3.0))
        self.label.setColor(colour)
        self.label.fill = make_brush(theme.plot, 0.6)


class UseRanges(QObject):
    """Alpha ranges where the spline is used, as bands over several plots that move together.

    Parameters
    ----------
    plots : sequence of PlotItem
        Plots that share alpha.

    Signals
    -------
    moved(object)
        All ranges as a tuple of pairs [arcsec], while one of them is dragged.
    released()
        The hand has let go.
    """

    moved = pyqtSignal(object)
    released = pyqtSignal()

    def __init__(self, plots: Sequence[pg.PlotItem]):
        super().__init__()
        self._plots = plots
        self._rows: list[list[pg.LinearRegionItem]] = []
        self._known: set[float] = set()

    @property
    def held(self) -> bool:
        """Whether a hand holds one of them."""
        return any(_held(region) for row in self._rows for region in row)

    def show(self, ranges: Ranges, colour: str, whole: bool) -> None:
        """Show ranges; while a hand holds one of them only their colour.

        Parameters
        ----------
        ranges : tuple of (float, float)
            Alpha ranges [arcsec].
        colour : str
            Of the theme.
        whole : bool
            Ranges are dragged by their middle as well, not by their ends alone.
        """
        if self.held:
            for region in (region for row in self._rows for region in row):
                _paint(region, colour, whole)
            return
        self._known = {end for pair in ranges for end in pair}
        while len(self._rows) > len(ranges):
            for plot, region in zip(self._plots, self._rows.pop(), strict=True):
                plot.removeItem(region)
        while len(self._rows) < len(ranges):
            self._rows.append([self._add(plot) for plot in self._plots])
        for row, ends in zip(self._rows, ranges, strict=True):
            for region in row:
                with QSignalBlocker(region):
                    region.setRegion(ends)
                _paint(region, colour, whole)

    def _add(self, plot: pg.PlotItem) -> pg.LinearRegionItem:
        region = pg.LinearRegionItem()
        region.setZValue(-10)
        for line in region.lines:
            line.setToolTip(PARAMETERS["use"].tooltip)
            line.addMarker("<|>", 0.9, GRIP)
            line.setCursor(Qt.CursorShape.SplitHCursor)
        region.sigRegionChanged.connect(self._follow)
        region.sigRegionChangeFinished.connect(self._let_go)
        plot.addItem(region, ignoreBounds=True)
        return region

    def _follow(self, leader: pg.LinearRegionItem) -> None:
        """Move a range in the other plots too, and announce all ranges."""
        if not _held(leader):
            return
        row = next(row for row in self._rows if leader in row)
        for region in row:
            if region is not leader:
                with QSignalBlocker(region):
                    region.setRegion(leader.getRegion())
        self.moved.emit(merge_ranges([self._tidy(row[0].getRegion()) for row in self._rows]))

    def _tidy(self, ends: tuple[float, float]) -> tuple[float, float]:
        """Round ends that were dragged to 0.01 arcsec; ends that were typed stay exact."""
        low, high = (end if end in self._known else round(end, 2) for end in ends)
        return low, high

    def _let_go(self, leader: pg.LinearRegionItem) -> None:
        if not _held(leader):
            self.released.emit()


def _held(region: pg.LinearRegionItem) -> bool:
    return region.moving or any(line.moving for line in region.lines)


def _paint(region: pg.LinearRegionItem, colour: str, whole: bool) -> None:
    region.setMovable(whole)
    region.setBrush(make_brush(colour, 0.16))
    region.setHoverBrush(make_brush(colour, 0.26))
    region.update()  # pyqtgraph takes a brush without painting with it
    if whole:
        region.setCursor(Qt.CursorShape.SizeHorCursor)
    else:
        region.unsetCursor()
    for line in region.lines:
        line.setMovable(True)
        line.setPen(make_pen(colour, 2.0 if whole else 1.0))
        line.setHoverPen(make_pen(colour, 4.0))
