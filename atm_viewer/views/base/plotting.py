"""Shared by all plots: number formats, pens, axes, canvas, points, text lines."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, SupportsFloat

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QEvent, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QTextDocument,
)
from PyQt6.QtWidgets import QGraphicsSceneResizeEvent, QMenu, QSizePolicy, QWidget
from pyqtgraph.GraphicsScene.mouseEvents import MouseClickEvent

from atm_viewer.views.base.paint_turns import TakesTurns
from atm_viewer.views.base.plain_text import Label, escaped, plain_tip
from atm_viewer.views.base.theme import Theme

AXIS_WIDTH = 66  #: numbers and label beside a plot [dots]
AXIS_HEIGHT = 38  #: numbers and label below a plot [dots]
LINE_HEIGHT = 10  #: numbers that are nearer to each other cover each other [dots]


def round_values(low: float, high: float) -> list[float]:
    """Round numbers within a range, those that make the best ticks first: 0, then 1, 5 and 2 of each decade."""
    top = math.ceil(math.log10(max(abs(low), abs(high), 1e-30)))
    decades = [10.0**k for k in range(top, top - 7, -1)]
    values = [0.0] + [sign * m * d for m in (1.0, 5.0, 2.0) for d in decades for sign in (1.0, -1.0)]
    return [v for v in values if low <= v <= high]


def even_values(low: float, high: float) -> list[float]:
    """Three to eight evenly spaced round numbers within a range."""
    unit = 10.0 ** math.floor(math.log10(high - low))
    step = next(m * unit for m in (0.1, 0.2, 0.5, 1.0, 2.0) if (high - low) / (m * unit) <= 8)
    return [step * k for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def space_out(
    values: Iterable[float], position: Callable[[float], SupportsFloat], gap: float
) -> list[tuple[float, str]]:
    """Ticks (position, label) for the values that keep a gap from those taken before them."""
    taken: dict[float, str] = {}
    for value in values:
        here = float(position(value))
        if all(abs(here - other) >= gap for other in taken):
            taken[here] = plain(value)
    return sorted(taken.items())


def plain(value: float, digits: int = 4) -> str:
    """Write a number to be read: about four significant digits, no exponent between 1e-4 and 1e7, a real minus sign."""
    if not math.isfinite(value):
        return "no value" if math.isnan(value) else ("−∞" if value < 0 else "∞")
    size = abs(value)
    if size and not 1e-4 <= size < 1e7:
        text = f"{value:.{digits - 1}e}"
    else:
        decimals = 0 if not size else max(0, digits - 1 - math.floor(math.log10(size)))
        text = f"{value:.{decimals}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−")


def with_unit(value: float, unit: str, digits: int = 4) -> str:
    """Write a number to be read with its unit; ``no value`` for NaN."""
    return plain(value, digits) if math.isnan(value) else f"{plain(value, digits)} {unit}"


def legend_html(entries: Iterable[tuple[str, str, str]]) -> str:
    """Legend line of rich text from (symbol, colour, words)."""
    return "&nbsp; ".join(
        f'<span style="color:{colour}"><b>{glyph}</b></span>&nbsp;{escaped(words)}' for glyph, colour, words in entries
    )


def make_pen(
    colour: str | QColor, width: float = 1.0, opacity: float = 1.0, style: Qt.PenStyle = Qt.PenStyle.SolidLine
) -> QPen:
    """Pen of a theme colour; the width is that on an ordinary screen, as cosmetic pens count the screen's own dots."""
    shade = QColor(colour)
    shade.setAlphaF(opacity)
    pen: QPen = pg.mkPen(shade, width=width * _dots(), style=style)
    return pen


def _dots() -> float:
    """Dots per pixel where the windows are: of screens of several kinds, Qt itself tells the finest one's."""
    app = QGuiApplication.instance()
    if not isinstance(app, QGuiApplication):
        return 1.0
    if len(app.screens()) < 2:
        return app.devicePixelRatio()
    shown = [window.devicePixelRatio() for window in app.topLevelWindows() if window.isVisible()]
    screen = app.primaryScreen()
    return max(shown, default=1.0 if screen is None else screen.devicePixelRatio())


def make_brush(colour: str, opacity: float = 1.0) -> QBrush:
    """Brush of a theme colour."""
    shade = QColor(colour)
    shade.setAlphaF(opacity)
    brush: QBrush = pg.mkBrush(shade)
    return brush


class PlainAxis(pg.AxisItem):
    """Axis whose numbers mean what they say: no automatic factor in the label."""

    _choices: tuple[str, ...] = ("",)  #: labels, the longest first

    def __init__(self, orientation: str, label: str = "", unit: str = ""):
        super().__init__(orientation)
        self.enableAutoSIPrefix(False)
        self.setStyle(tickLength=-5, autoExpandTextSpace=False, hideOverlappingLabels=True)
        if orientation in ("left", "right"):
            self.setWidth(AXIS_WIDTH)
        else:
            self.setHeight(AXIS_HEIGHT)
        self.name(label, unit)

    def name(self, label: str, unit: str) -> None:
        """Set the label; the unit goes in brackets."""
        self.write(f"{label} [{unit}]" if unit else label)

    def write(self, label: str) -> None:
        """Set the whole label, on one line or several; pyqtgraph takes it for HTML."""
        self._choices = ("<br>".join(escaped(line) for line in label.split("\n")),)
        self._fit_label()

    def resizeEvent(self, ev: QGraphicsSceneResizeEvent | None = None) -> None:
        """Write the label anew where there is less or more room."""
        super().resizeEvent(ev)
        if self.orientation in ("left", "right") and self._choices[0]:
            self._fit_label()

    def _fit_label(self) -> None:
        """Show the first label that is not longer than the axis; upright ones would lie over those of the next plot."""
        room = self.size().height() - 4.0 if self.orientation in ("left", "right") else math.inf
        shown = next((text for text in self._choices if self._length(text) <= room), "")
        if shown != self.labelText:
            self.setLabel(shown)

    def _length(self, label: str) -> float:
        metrics = QFontMetricsF(self.label.font())
        return max(metrics.horizontalAdvance(re.sub("<.*?>", "", line)) for line in label.split("<br>"))

    def setLabel(self, *args: Any, **kwargs: Any) -> None:
        """Set the label, and put it in the middle: pyqtgraph leaves it where the one before was."""
        super().setLabel(*args, **kwargs)
        super().resizeEvent(None)

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        """Space ticks as pyqtgraph does; numbers above each other are so far apart that they can be read."""
        levels: list[tuple[float, float]] = super().tickSpacing(low, high, size)
        if self.orientation in ("left", "right") and levels and size > 0:
            (interval, offset), *finer = levels
            while interval * size < LINE_HEIGHT * abs(high - low):
                interval *= 2.0
            levels = [(interval, offset), *finer]
        return levels

    def apply(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self.setPen(make_pen(theme.muted))
        self.setTextPen(make_pen(theme.muted))


class FreeViewBox(pg.ViewBox):
    """View box without pyqtgraph's menu; a right click is passed on."""

    menu_wanted = pyqtSignal(object)

    def __init__(self) -> None:
        super().__init__(enableMenu=False)

    def mouseClickEvent(self, event: MouseClickEvent) -> None:
        """Announce a right click with its position on the screen."""
        if event.button() == Qt.MouseButton.RightButton:
            event.accept()
            self.menu_wanted.emit(event.screenPos().toPoint())


class Canvas(TakesTurns, pg.GraphicsLayoutWidget):
    """Drawing area that lets arrow keys and dropped files through to the widgets around it."""

    left = pyqtSignal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        # Keys belong to the widget around, and so does the keyboard.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAcceptDrops(False)
        self.viewport().setAcceptDrops(False)
        self.take_turns()
        self.setMinimumSize(120, 90)
        self.ci.layout.setContentsMargins(2, 4, 6, 2)
        self.ci.layout.setSpacing(2)

    def add_plot(
        self, row: int, column: int, x: PlainAxis, y: PlainAxis, columns: int = 1, box: FreeViewBox | None = None
    ) -> pg.PlotItem:
        """Add a plot with these axes, in a view box of a certain kind, and none of pyqtgraph's buttons and menus."""
        axes = {x.orientation: x, y.orientation: y}
        plot = pg.PlotItem(viewBox=box or FreeViewBox(), axisItems=axes, enableMenu=False)
        self.place(plot, row, column, columns)
        return plot

    def place(self, plot: pg.PlotItem, row: int, column: int, columns: int = 1) -> None:
        """Put a plot into the layout."""
        plot.hideButtons()
        self.addItem(plot, row, column, colspan=columns)
        self.adopt(plot.ctrlMenu)

    def adopt(self, menu: QMenu) -> None:
        """Own a menu of pyqtgraph's that is never shown: without an owner it would outlive the canvas as a window."""
        menu.setParent(self, menu.windowFlags())

    def settle(self) -> None:
        """Let items follow ranges that have changed, as painting does first: done by it, all would be painted twice."""
        self.scene().prepareForPaint()

    def background(self) -> QBrush:
        """Brush behind the plots."""
        brush: QBrush = self.backgroundBrush()
        return brush

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave keys to the widget around."""
        event.ignore()

    def leaveEvent(self, event: QEvent) -> None:
        """Announce that the mouse is gone."""
        super().leaveEvent(event)
        self.left.emit()


class Dots(pg.GraphicsObject):
    """Many points in a few colours; a tenth of the cost of a scatter plot, whose every point has its own style."""

    def __init__(self, size: float):
        super().__init__()
        self._size = size
        self._groups: list[tuple[QPolygonF, QPen]] = []
        self._bounds = QRectF()

    def show_groups(self, groups: Iterable[tuple[np.ndarray, np.ndarray, QColor]]) -> None:
        """Show groups of points (x, y, colour), the first below the others; all values finite."""
        self.prepareGeometryChange()
        self._groups = []
        for x, y, colour in groups:
            pen = make_pen(colour, self._size)
            pen.setCapStyle(Qt.PenCapStyle.SquareCap)
            self._groups.append((pg.functions.arrayToQPolygonF(x, y), pen))
        self._bounds = QRectF()
        for polygon, _ in self._groups:
            self._bounds = self._bounds.united(polygon.boundingRect())
        self.update()

    def boundingRect(self) -> QRectF:
        """Extent of the points in the plot's coordinates."""
        return self._bounds

    def paint(self, painter: QPainter, *_: object) -> None:
        """Draw the points; in dots of the screen, or the plot's scale would stretch them."""
        transform = painter.transform()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for polygon, pen in self._groups:
            painter.setPen(pen)
            painter.drawPoints(transform.map(polygon))


def show_range(plot: pg.PlotItem, low: float, high: float, *, upright: bool = True) -> None:
    """Show a vertical or horizontal range, unless what is shown is nearly the same.

    Axes that move with each edit are hard to compare, and their ticks take as long to draw as the curves. What has to
    be in sight needs a margin wider than the 1.5 % that count as nearly the same.
    """
    shown = plot.vb.viewRange()[int(upright)]
    near = 0.015 * (high - low)
    if not (abs(shown[0] - low) <= near and abs(shown[1] - high) <= near):
        (plot.setYRange if upright else plot.setXRange)(low, high, padding=0)


def first_fitting(texts: Sequence[str], fits: Callable[[str], bool]) -> str:
    """Choose the first of some texts, the longest first, that fits, or else the last one."""
    return next((text for text in texts[:-1] if fits(text)), texts[-1])


def rich_width(text: str, font: QFont) -> float:
    """Width of rich text on one line [pixel]."""
    document = QTextDocument()
    document.setDefaultFont(font)
    document.setDocumentMargin(0.0)
    document.setHtml(text)
    return document.idealWidth()


class Line(Label):
    """One line of rich text that is cut rather than making the widget wider, or says less where there is less room."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent=parent, markup=True)
        self._choices: tuple[str, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(40)

    def choose(self, *texts: str) -> None:
        """Show the first of some texts, the longest first, that there is room for, or else the last one."""
        if texts != self._choices:
            self._choices = texts
            self._fit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Say more or less."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.contentsRect().width()
        if self._choices:
            self.setText(first_fitting(self._choices, lambda text: rich_width(text, self.font()) <= room))


class Paragraph(Label):
    """Text that takes as many lines as it needs at its width, and asks for one only."""

    def __init__(self, parent: QWidget | None = None, *, markup: bool = False):
        super().__init__(parent=parent, markup=markup)
        self.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def minimumSizeHint(self) -> QSize:
        """Ask for one line."""
        margins = self.contentsMargins()
        return QSize(40, self.fontMetrics().height() + margins.top() + margins.bottom())


class Elided(Label):
    """Plain text on one line that ends in an ellipsis when there is no room; the tooltip has all of it."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent=parent)
        self.added = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def setText(self, text: str | None) -> None:
        """Show a text."""
        super().setText(text)
        self.setToolTip(plain_tip(text or ""))

    def add(self, words: str) -> None:
        """Show words after the text, for a while."""
        self.added = words
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw what fits."""
        shown = " · ".join(words for words in (self.text(), self.added) if words)
        text = self.fontMetrics().elidedText(shown, Qt.TextElideMode.ElideRight, self.width())
        QPainter(self).drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
