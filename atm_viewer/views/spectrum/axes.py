"""Parts of the spectrum plots besides curves: axes with a power of ten, masks, lines and labels."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter

from atm_viewer.session.spectrum.lines import SpectralLine
from atm_viewer.views.base.plain_text import escaped
from atm_viewer.views.base.plotting import (
    AXIS_WIDTH,
    FreeViewBox,
    PlainAxis,
    even_values,
    make_brush,
    make_pen,
    plain,
    round_values,
    space_out,
)
from atm_viewer.views.base.theme import DARK, Theme

LEFT_WIDTH = AXIS_WIDTH + 6  #: numbers and label of two lines beside a plot [dots]
ROWS = 2  #: rows of labels in the strip of lines
_TICK = 6.0  #: height of a tick [dots]
_GAP = 5.0  #: between labels [dots]
_OUT_OF_SIGHT = 12.0  #: below the upper edge of an error band [decades]
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class PowerAxis(PlainAxis):
    """Vertical axis that takes a power of ten out of very small and very large numbers and puts it into the unit.

    A label that is too long for the axis goes on two lines; where these are too long, the unit alone stays, or nothing.
    """

    def __init__(self) -> None:
        self._power = 0
        super().__init__("left")
        self.setWidth(LEFT_WIDTH)

    def name_for(self, label: str, unit: str, size: float, log: bool = False) -> None:
        """Set the label, our own markup, and its unit; the largest number on the axis decides on the power of ten.

        A logarithmic axis is one of logarithms, and has the numbers themselves written on it.
        """
        power = math.floor(math.log10(size)) if size > 0 and math.isfinite(size) else 0
        self._power = power = 0 if -3 <= power < 5 else power
        if log != self.logMode:  # pyqtgraph makes all ticks anew
            self.setLogMode(log)
        self.setScale(1.0 if log else 10.0**-power)
        shown = escaped(unit)
        in_brackets = f"[10{str(power).translate(_SUPERSCRIPT)} {shown}]" if power else f"[{shown}]" * bool(unit)
        start, space, end = label.partition(" ")
        two_lines = f"{label}<br>{in_brackets}" if unit else f"{start}{space and '<br>'}{end}"
        self._choices = f"{label} {in_brackets}".strip(), two_lines, in_brackets
        self._fit_label()

    def logTickValues(self, low: float, high: float, size: float, _: object) -> list[tuple[None, list[float]]]:
        """Round numbers between two logarithms, as far apart as they can be read."""
        ends = 10.0 ** (low - self._power), 10.0 ** (high - self._power)
        values = [v for v in (*round_values(*ends), *even_values(*ends)) if v > 0.0]
        ticks = space_out(values, math.log10, 24.0 * (high - low) / max(size, 1.0))
        return [(None, [at + self._power for at, _ in ticks])]

    def logTickStrings(self, values: Sequence[float], *_: object) -> list[str]:
        """Write the numbers whose logarithms are given."""
        return [plain(10.0 ** (value - self._power)) for value in values]


class ErrorBand(pg.FillBetweenItem):
    """Filled band between two curves with gaps at NaN.

    On a logarithmic axis the band goes out of sight where its lower edge has no light, which has no logarithm.
    """

    def __init__(self, x: np.ndarray, low: np.ndarray, high: np.ndarray, colour: str, log: bool = False):
        if log:
            with np.errstate(divide="ignore", invalid="ignore"):
                high = np.log10(np.where(high > 0.0, high, np.nan))
                low = np.where(low > 0.0, np.log10(low), np.where(np.isnan(low), np.nan, high - _OUT_OF_SIGHT))
        self._edges = (pg.PlotCurveItem(connect="finite"), pg.PlotCurveItem(connect="finite"))
        super().__init__(*self._edges)
        gap = np.isnan(low) | np.isnan(high)
        for edge, values in zip(self._edges, (low, high), strict=True):
            edge.setData(x, np.where(gap, np.nan, values))
        self.setBrush(make_brush(colour, 0.25))


@dataclass(frozen=True)
class Hatch:
    """How a kind of mask is drawn: pattern, glyph of the legend that looks alike."""

    pattern: Qt.BrushStyle
    glyph: str


HATCHES = {
    "nothing": Hatch(Qt.BrushStyle.BDiagPattern, "▨"),
    "filled": Hatch(Qt.BrushStyle.FDiagPattern, "▧"),
    "lost": Hatch(Qt.BrushStyle.HorPattern, "▤"),
}


class OnView(pg.GraphicsObject):
    """Something drawn in dots of the screen over the width and height of a view box."""

    def __init__(self, view: FreeViewBox):
        super().__init__()
        self._view, self._theme = view, DARK
        self.setParentItem(view)
        view.sigRangeChanged.connect(self._changed)
        view.sigResized.connect(self._changed)

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self._theme = theme
        self.update()

    def boundingRect(self) -> QRectF:
        """Extent of the view box."""
        rect: QRectF = self._view.rect()
        return rect

    def _changed(self, *_: object) -> None:
        self.prepareGeometryChange()
        self.update()

    def _dot(self, x: float) -> float:
        """Place on the screen of a position on the horizontal axis."""
        return float(self._view.mapFromView(QPointF(x, 0.0)).x())


class Backdrop(OnView):
    """Behind the curves: hatched spans of what has no value, and faint guides of the lines above."""

    def __init__(self, view: FreeViewBox):
        super().__init__(view)
        self.setZValue(-1.0)
        self._masks: dict[str, list[tuple[float, float]]] = {}
        self._guides: tuple[float, ...] = ()

    def show_masks(self, masks: dict[str, list[tuple[float, float]]]) -> None:
        """Show ranges of the horizontal axis, by kind."""
        self._masks = masks
        self.update()

    def show_guides(self, positions: Iterable[float]) -> None:
        """Show guides at positions of the horizontal axis."""
        self._guides = tuple(positions)
        self.update()

    def paint(self, painter: QPainter, *_: object) -> None:
        """Draw spans at least a dot wide, and guides."""
        whole, theme = self.boundingRect(), self._theme
        for kind, ranges in self._masks.items():
            colour = QColor(theme.after if kind == "filled" else theme.muted)
            colour.setAlphaF(0.55)
            painter.setPen(Qt.PenStyle.NoPen)
            for low, high in ranges:
                left, right = sorted((self._dot(low), self._dot(high)))
                span = QRectF(left, whole.top(), max(right - left, 1.0), whole.height())
                if span.intersects(whole):
                    span = span.intersected(whole)
                    painter.fillRect(span, make_brush(theme.muted, 0.10))
                    painter.fillRect(span, QBrush(colour, HATCHES[kind].pattern))
        painter.setPen(make_pen(theme.grid, 1.0, style=Qt.PenStyle.DotLine))
        for position in self._guides:
            x = self._dot(position)
            if whole.left() <= x <= whole.right():
                painter.drawLine(QPointF(x, whole.top()), QPointF(x, whole.bottom()))


@dataclass(frozen=True)
class Label:
    """A label in its place: the line, left end and row from below [dots]."""

    line: SpectralLine
    left: float
    row: int


def place_labels(
    ticks: Sequence[tuple[SpectralLine, float]], width: Callable[[str], float], left: float, right: float, rows: int
) -> list[Label]:
    """Find room for the labels of ticks.

    Parameters
    ----------
    ticks : sequence of (SpectralLine, float)
        Lines and where their ticks are [dots]; the first ones get room first.
    width : callable
        Gives the width of a text [dots].
    left, right : float
        Ends of the strip.
    rows : int
        Number of rows.

    Returns
    -------
    list of Label
        Labels that neither overlap nor are crossed by another label's leader; what finds no room is left out.
    """
    taken: list[list[tuple[float, float]]] = [[] for _ in range(rows)]
    placed = []
    for line, x in ticks:
        size = width(line.name)
        start = min(max(x - size / 2.0, left), right - size)
        if start < left:
            continue
        for row in range(rows):
            leads = range(row) if not line.width else range(0)  # a band's bar is too wide for a leader to help
            free = all(not _meets(taken[lower], x - 1.0, x + 1.0) for lower in leads)
            if free and not _meets(taken[row], start - _GAP, start + size + _GAP):
                taken[row].append((start, start + size))
                for lower in leads:
                    taken[lower].append((x - 1.0, x + 1.0))
                placed.append(Label(line, start, row))
                break
    return placed


def _meets(taken: Iterable[tuple[float, float]], low: float, high: float) -> bool:
    return any(low < other_high and other_low < high for other_low, other_high in taken)


class LineStrip(OnView):
    """Ticks of lines and bars of bands with their names, in a separate plot so that no curve is under them."""

    def __init__(self, view: FreeViewBox):
        super().__init__(view)
        self._lines: list[tuple[SpectralLine, float, float, float]] = []

    @staticmethod
    def height(font_height: float) -> float:
        """Height of the strip [dots]."""
        return ROWS * font_height + _TICK + 2.0

    def show_lines(self, lines: Iterable[tuple[SpectralLine, float, float, float]]) -> None:
        """Show lines, given with centre and ends on the horizontal axis."""
        self._lines = list(lines)
        self.update()

    def line_at(self, x: float, reach: float = 6.0) -> SpectralLine | None:
        """Line whose tick or label is nearest to a place on the screen; a band's bar when there is none."""
        ticks = [(abs(self._dot(at) - x), line) for line, at, _, _ in self._lines if not line.width]
        distance, line = min(ticks, key=lambda t: t[0], default=(math.inf, None))
        if distance <= reach:
            return line
        bands = [line for line, _, low, high in self._lines if line.width and self._within(x, low, high)]
        return bands[0] if bands else None

    def labels(self) -> list[Label]:
        """Labels as they are drawn now."""
        whole = self.boundingRect()
        metrics = QFontMetricsF(self._font())
        ticks = []
        for line, at, low, high in self._lines:
            x = self._dot(at)
            if line.width:  # the label of a band that reaches into sight stands on its visible part
                ends = sorted((self._dot(low), self._dot(high)))
                x = (max(ends[0], whole.left()) + min(ends[1], whole.right())) / 2.0
            if whole.left() <= x <= whole.right():
                ticks.append((line, x))
        return place_labels(ticks, metrics.horizontalAdvance, whole.left(), whole.right(), ROWS)

    def paint(self, painter: QPainter, *_: object) -> None:
        """Draw bars, ticks, leaders and names."""
        whole, theme = self.boundingRect(), self._theme
        font = self._font()
        height = QFontMetricsF(font).height()
        base = whole.bottom()
        for line, at, low, high in self._lines:
            if line.width:
                ends = sorted((self._dot(low), self._dot(high)))
                left, right = max(ends[0], whole.left()), min(ends[1], whole.right())
                if left < right:
                    painter.fillRect(QRectF(left, base - 4.0, right - left, 3.0), make_brush(theme.aperture, 0.55))
            else:
                x = self._dot(at)
                if whole.left() <= x <= whole.right():
                    painter.setPen(make_pen(theme.muted))
                    painter.drawLine(QPointF(x, base - _TICK), QPointF(x, base))
        painter.setFont(font)
        for label in self.labels():
            width = QFontMetricsF(font).horizontalAdvance(label.line.name)
            top = base - _TICK - (label.row + 1) * height
            x = next(self._dot(at) for line, at, _, _ in self._lines if line is label.line)
            painter.setPen(make_pen(theme.grid))
            if label.row and not label.line.width:
                painter.drawLine(QPointF(x, top + height), QPointF(x, base - _TICK))
            painter.setPen(QColor(theme.aperture if label.line.width else theme.text))
            painter.drawText(
                QRectF(label.left, top, width + 1.0, height), Qt.AlignmentFlag.AlignCenter, label.line.name
            )

    def _within(self, x: float, low: float, high: float) -> bool:
        ends = sorted((self._dot(low), self._dot(high)))
        return ends[0] <= x <= ends[1]

    def _font(self) -> QFont:
        font: QFont = self._view.getViewWidget().font()
        font.setPointSizeF(font.pointSizeF() * 0.85)
        return font
