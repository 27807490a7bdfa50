"""Strip of all columns of the slice: which have a spline, which is shown, and its window."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QObject, QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QColor

from atm_viewer.engine.recipe import PARAMETERS
from atm_viewer.engine.results.pixels import Fate
from atm_viewer.engine.results.profile import SliceProfile
from atm_viewer.views.base.cursor_marks import CursorLine
from atm_viewer.views.base.plotting import make_brush, make_pen
from atm_viewer.views.base.theme import Theme
from atm_viewer.views.profile.text import tell_column, tell_window

HEIGHT = 34  #: of the strip [dots]
HANDLE = 12.0  #: size of the handles of the window [dots]
FATES = 0.3  #: share of the height that shows the columns' fates


class ColumnStrip(QObject):
    """Strip over all columns of a slice.

    Its lower part has the colour of each column's fate. The band about the chosen column is the window, whose points
    enter the fit: drag an end to change its width, drag its middle or click elsewhere to go to another column.

    Parameters
    ----------
    plot : PlotItem
        Where it is drawn; x is the column.

    Signals
    -------
    width_moved(int)
        Columns on each side, while an end is dragged.
    column_moved(int)
        Column to go to.
    released()
        The hand has let go of an end.
    """

    width_moved = pyqtSignal(int)
    column_moved = pyqtSignal(int)
    released = pyqtSignal()

    def __init__(self, plot: pg.PlotItem):
        super().__init__()
        self.plot = plot
        self._profile: SliceProfile | None = None
        self._column, self._width = 0, 0
        self._span = (0, 0)
        self._image = pg.ImageItem(axisOrder="row-major", autoLevels=False)
        self._band = pg.LinearRegionItem(swapMode=None)
        self._band.sigRegionChanged.connect(self._follow)
        self._band.sigRegionChangeFinished.connect(self._let_go)
        self._line = pg.InfiniteLine(angle=90)
        self._words = pg.TextItem("", anchor=(0.5, 0.0))
        self._cursor = CursorLine(plot)
        font = self._words.textItem.font()
        font.setPointSizeF(0.9 * font.pointSizeF())
        self._words.setFont(font)
        self._image.setToolTip(
            "Columns with their own spline (blue), with a reused spline (orange), without spline (grey)"
        )
        self._band.setCursor(Qt.CursorShape.OpenHandCursor)
        for line, marker in zip(self._band.lines, ("<|", "|>"), strict=True):
            line.setCursor(Qt.CursorShape.SplitHCursor)
            line.setToolTip(PARAMETERS["window"].tooltip)
            line.addMarker(marker, 0.62, HANDLE)
        for item in (self._image, self._band, self._line, self._words):
            plot.addItem(item, ignoreBounds=True)
        plot.setMouseEnabled(x=False, y=False)
        plot.vb.disableAutoRange()
        plot.setYRange(0.0, 1.0, padding=0)
        plot.vb.sigTransformChanged.connect(lambda *_: self._place())  # words have their length in dots

    @property
    def held(self) -> bool:
        """Whether a hand holds an end or the middle."""
        return self._band.moving or any(line.moving for line in self._band.lines)

    def show(self, profile: SliceProfile | None, window: int | None, column: int, span: tuple[int, int]) -> None:
        """Show a slice's columns.

        Parameters
        ----------
        profile : SliceProfile or None
            Knows the fate and wavelength of each column.
        window : int or None
            Columns on each side as the recipe says; None takes what the profile's fit took.
        column : int
            The chosen column.
        span : (int, int)
            First and last column of the slice.
        """
        fresh = profile is None or self._profile is None or profile.fates is not self._profile.fates
        self._profile, self._column = profile, column
        for item in (self._image, self._band, self._line, self._words):
            item.setVisible(profile is not None)
        if profile is None:
            return
        if span != self._span:
            self._span = span
            self.plot.setXRange(span[0] - 0.5, span[1] + 0.5, padding=0.01)
        if fresh:
            self._image.setImage(profile.fates[None, :], levels=(0, 255))
            self._image.setRect(-0.5, 0.0, profile.fates.size, FATES)
        if not self.held:
            self._width = window or profile.window
            with QSignalBlocker(self._band):
                self._band.setRegion((column - self._width, column + self._width))
        self._place()

    def describe(self, x: float) -> str:
        """Describe the column under the mouse."""
        return tell_column(self._profile, round(x)) if self._profile is not None else ""

    def show_cursor(self, column: float) -> None:
        """Mark the column that the cursor is at; NaN for none."""
        self._cursor.show_at(column)

    def apply(self, theme: Theme) -> None:
        """Take a theme's colours."""
        colours = dict.fromkeys(Fate, theme.grid) | {Fate.FITTED: theme.after, Fate.REUSED: theme.warning}
        table = np.zeros((256, 3), np.uint8)
        for fate, colour in colours.items():
            table[fate] = QColor(colour).getRgb()[:3]
        self._image.setLookupTable(table)
        self._line.setPen(make_pen(theme.column_points, 1.6))
        self._words.setColor(theme.text)
        self._cursor.set_colour(theme.cursor)
        self._band.setBrush(make_brush(theme.window_points, 0.35))
        self._band.setHoverBrush(make_brush(theme.window_points, 0.55))
        for line in self._band.lines:
            line.setPen(make_pen(theme.window_points, 1.6))
            line.setHoverPen(make_pen(theme.column_points, 3.0))

    def click(self, x: float) -> None:
        """Go to the column that was clicked."""
        if self._profile is not None:
            self.column_moved.emit(self._inside(x))

    def _inside(self, x: float) -> int:
        return min(max(round(x), self._span[0]), self._span[1])

    def _follow(self) -> None:
        low, high = self._band.getRegion()
        for line, end, side in zip(self._band.lines, (low, high), (-1, 1), strict=True):
            if line.moving:
                limits = PARAMETERS["window"]
                width = int(min(max(round(side * (end - self._column)), limits.low), limits.high))
                with QSignalBlocker(self._band):
                    # The other end goes along; the one that is held stays with the hand.
                    self._band.lines[(1 - side) // 2].setValue(self._column - side * width)
                if width != self._width:
                    self._width = width
                    self._place()
                    self.width_moved.emit(width)
                return
        if self._band.moving:
            column = self._inside((low + high) / 2)
            if column != self._column:
                self._column = column
                self._place()
                self.column_moved.emit(column)

    def _let_go(self) -> None:
        if self.held:
            return
        with QSignalBlocker(self._band):
            self._band.setRegion((self._column - self._width, self._column + self._width))
        self.released.emit()

    def _place(self) -> None:
        """Put line and words where the column is, with the words within the strip."""
        if self._profile is None:
            return
        self._line.setValue(self._column)
        first, last = self._span
        after = self._column < (first + last) / 2  # beside the band, where there is more room
        self._words.setAnchor((0.0 if after else 1.0, 0.0))
        dot = self.plot.vb.viewPixelSize()[0]
        gap = max(0.02 * (last - first), 1.5 * HANDLE * dot)
        room = (last - self._column if after else self._column - first) - self._width - gap
        for text in tell_window(self._width, self._column, self._profile.wavelengths):
            self._words.setText(text)
            length = self._words.boundingRect().width() * dot
            if length <= room:
                break
        if after:
            x = max(min(self._column + self._width + gap, last - length), first)
        else:
            x = min(max(self._column - self._width - gap, first + length), last)
        self._words.setPos(x, 1.05)
