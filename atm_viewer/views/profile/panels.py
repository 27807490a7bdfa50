"""The panels of the slice profile: collapsed profile, points with the spline, residual, slope."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import ArrayLike
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QColor, QPainterPath

from atm_viewer.engine.arrays import Floats
from atm_viewer.engine.recipe import FitParams
from atm_viewer.engine.results.correction import SliceReport
from atm_viewer.engine.results.pixels import Fate
from atm_viewer.engine.results.profile import SliceProfile
from atm_viewer.session.state.selection import threshold_for
from atm_viewer.views.base.plotting import Dots, PlainAxis, make_pen, plain, round_values, space_out
from atm_viewer.views.base.theme import Theme
from atm_viewer.views.profile.handles import LimitLine, Ranges
from atm_viewer.views.profile.text import rejected_points, tell_slope_limit, tell_threshold

SHADES = 8  #: groups of distance from the column that each get a colour
NEW_RANGE = 0.3  #: half width of a `use` range where there is none to start from [arcsec]
MOST_SIGMA = 1e6  #: a hand that drags the threshold out of the panel, where decades are short, gets no further
MARGIN = 108  #: beside the panels, for their names and numbers [dots]
NEAR = 8.0  #: a point this close to the mouse is described [dots of the screen]


def shade_colours(theme: Theme) -> list[QColor]:
    """Colours of the window's points, from far to near: cividis towards the end that stands out."""
    colours = pg.colormap.get("cividis")
    ends = (0.25, 1.0) if theme.name == "dark" else (0.95, 0.1)
    return list(colours.map(np.linspace(*ends, SHADES), mode="qcolor"))


def residual_of(profile: SliceProfile) -> np.ndarray:
    """Normalised flux minus spline, NaN outside of the spline's bounds."""
    if not profile.spline_alpha.size:
        return np.full(profile.flux.shape, np.nan)
    spline = np.interp(profile.alpha, profile.spline_alpha, profile.spline_flux, left=np.nan, right=np.nan)
    return profile.flux - spline


def new_range(report: SliceReport | None, taken: Ranges) -> tuple[float, float]:
    """Range about the brightest alpha that no range covers yet [arcsec]."""
    alpha, flux = np.zeros(1), np.zeros(1)
    if report is not None and report.alpha.size:
        alpha, flux = report.alpha, report.flux
    free = np.isfinite(flux)
    for low, high in taken:
        free &= (alpha < low - NEW_RANGE) | (alpha > high + NEW_RANGE)
    if not free.any():
        return taken[0] if taken else (-NEW_RANGE, NEW_RANGE)
    middle = float(alpha[np.where(free, flux, -np.inf).argmax()])
    return round(middle - NEW_RANGE, 2), round(middle + NEW_RANGE, 2)


class PanelName(pg.TextItem):
    """What a panel shows, in the margin beside its numbers."""

    def __init__(self, plot: pg.PlotItem, text: str):
        super().__init__(text, anchor=(0, 0))
        self._view: pg.ViewBox = plot.vb
        font = self.textItem.font()
        font.setPointSizeF(0.88 * font.pointSizeF())
        self.setFont(font)
        self.setParentItem(plot)
        plot.getAxis("left").setWidth(MARGIN)
        self._view.sigResized.connect(self._place)
        self._place()

    def apply(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self.setColor(theme.muted)

    def _place(self) -> None:
        self.setPos(self._view.pos().x() - MARGIN, self._view.pos().y() - 4)


class CollapsedPanel:
    """Collapsed profile of the slice with the threshold that its peak must exceed.

    Parameters
    ----------
    plot : PlotItem
        Its left axis is a `FluxAxis`.
    axis : FluxAxis
        That axis.
    """

    def __init__(self, plot: pg.PlotItem, axis: FluxAxis):
        self.plot, self.axis = plot, axis
        self.unit = "MJy/sr"
        self._curve = pg.PlotCurveItem(connect="finite")
        self._zero = pg.InfiniteLine(0.0, angle=0)
        self.threshold = LimitLine("fit_threshold")
        self.threshold.sigPositionChanged.connect(self._label)
        self._level: tuple[float, float] | None = None
        self._sigma = 0.0
        self._report: SliceReport | None = None
        for item in (self._zero, self._curve, self.threshold):
            plot.addItem(item, ignoreBounds=True)

    @property
    def sigma(self) -> float | None:
        """Threshold that the line stands for [sigma], at most `MOST_SIGMA`; None while that cannot be said."""
        sigma = None if self._level is None else threshold_for(self.flux, self._level)
        return None if sigma is None else min(sigma, MOST_SIGMA)

    @property
    def flux(self) -> float:
        """Flux at which the line is [unit of the exposure]."""
        return float(self.axis.inverse(self.threshold.value()))

    def show(
        self, profile: SliceProfile | None, report: SliceReport | None, params: FitParams | None, rescale: bool
    ) -> None:
        """Show a slice; the line is where the parameters say, even before a report does."""
        fresh = report is not self._report
        self._report = report
        self._level = profile.level if profile is not None else None
        self.threshold.setVisible(report is not None)
        if report is None:
            self._curve.clear()
            return
        flux = self._threshold_flux(report, params)
        if rescale and fresh and not self.threshold.moving:
            levels = [abs(v) for v in (report.threshold, report.peak) if math.isfinite(v) and v]
            self.axis.softening = max(min(levels, default=1.0) / 4.0, 1e-12)
        if fresh:
            self._curve.setData(report.alpha, self.axis.forward(report.flux))
        self.threshold.put(float(self.axis.forward(flux)))
        self._label()

    def _threshold_flux(self, report: SliceReport, params: FitParams | None) -> float:
        if params is not None:
            self._sigma = params.fit_threshold
            if self._level is not None:
                return self._level[0] + max(params.fit_threshold, 0.0) * self._level[1]
        return report.threshold if math.isfinite(report.threshold) else 0.0

    def fit(self) -> None:
        """Show peak and threshold."""
        report = self._report
        if report is None or not report.alpha.size:
            return
        shown = [*report.flux[np.isfinite(report.flux)], 0.0, self.flux]
        low, high = (float(self.axis.forward(v)) for v in (min(shown), max(shown)))
        # room for the label above the line
        self.plot.setYRange(low - 0.05 * (high - low), high + 0.3 * (high - low), padding=0)

    def set_unit(self, unit: str) -> None:
        """Set the unit of the exposure."""
        self.unit = unit
        self._label()

    def apply(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self._curve.setPen(make_pen(theme.text, 1.4))
        self._zero.setPen(make_pen(theme.grid))
        self.threshold.apply(theme.threshold, theme)

    def _label(self) -> None:
        sigma = self.sigma if self.threshold.moving else self._sigma
        self.threshold.label.say(*tell_threshold(self.flux, sigma if sigma is not None else self._sigma, self.unit))


class WindowPanel:
    """A value of every point of the fitting window over alpha: points by distance, rejected ones, the column's own."""

    def __init__(self, plot: pg.PlotItem, extra: Sequence[pg.GraphicsObject] = ()):
        self.plot = plot
        self._window = Dots(3.0)
        self._rejected = _scatter(7.0, _cross())
        self._own = _scatter(8.0, "s")
        for item in (self._window, self._rejected, *extra, self._own):
            plot.addItem(item, ignoreBounds=True)

    def show(self, profile: SliceProfile | None, values: np.ndarray, colours: list[QColor]) -> None:
        """Show the values of a profile's points."""
        if profile is None:
            self._window.show_groups([])
            self._own.clear()
            self._rejected.clear()
            return
        reach = max(int(np.abs(profile.distance).max(initial=0)), 1)
        shade = SHADES - 1 - np.minimum((np.abs(profile.distance) * SHADES) // (reach + 1), SHADES - 1)
        own, crossed, shown = profile.distance == 0, rejected_points(profile), np.isfinite(values)
        near = shown & ~crossed & ~own
        self._window.show_groups(
            (profile.alpha[here], values[here], colour)
            for k, colour in enumerate(colours)
            if (here := near & (shade == k)).any()
        )
        self._own.setData(profile.alpha[own & shown], values[own & shown])
        self._rejected.setData(profile.alpha[crossed & shown], values[crossed & shown])

    def apply(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self._rejected.setPen(pg.mkPen(theme.rejected, width=1.2))
        self._own.setPen(pg.mkPen(theme.column_points, width=1.6))


class PointsPanel(WindowPanel):
    """Normalised flux of the window's points with the spline, its breakpoints and bounds."""

    def __init__(self, plot: pg.PlotItem):
        self._spline = pg.PlotCurveItem()
        self._ticks = pg.VTickGroup(yrange=[0.0, 0.06])
        self._bounds = [pg.InfiniteLine(angle=90) for _ in range(2)]
        super().__init__(plot, (self._ticks, *self._bounds, self._spline))

    def show_fit(self, profile: SliceProfile | None, colours: list[QColor]) -> None:
        """Show points and spline."""
        self.show(profile, profile.flux if profile is not None else np.empty(0), colours)
        bounds = profile.bounds if profile is not None else (math.nan, math.nan)
        for line, bound in zip(self._bounds, bounds, strict=True):
            line.setVisible(math.isfinite(bound))
            if math.isfinite(bound):
                line.setValue(bound)
        if profile is None:
            self._spline.clear()
            self._ticks.setXVals([])
        else:
            self._spline.setData(profile.spline_alpha, profile.spline_flux)
            self._ticks.setXVals(list(profile.breakpoints))

    def fit(self, profile: SliceProfile) -> None:
        """Show all points but outlying rejected ones."""
        flux = profile.flux[~rejected_points(profile)]
        if profile.fate is not Fate.FITTED:
            flux = _core(flux)  # there are wild points that no fit rejected
        low, high = _span(flux, profile.spline_flux, pad=0.08)
        # room for the ticks of the breakpoints below the points
        self.plot.setYRange(low - 0.05 * (high - low), high, padding=0)

    def apply(self, theme: Theme) -> None:
        """Take a theme's colours."""
        super().apply(theme)
        self._spline.setPen(make_pen(theme.spline, 1.8))
        self._ticks.setPen(make_pen(theme.muted))
        for line in self._bounds:
            line.setPen(make_pen(theme.muted, style=Qt.PenStyle.DotLine))


class ResidualPanel(WindowPanel):
    """Normalised flux minus spline."""

    def __init__(self, plot: pg.PlotItem):
        self._zero = pg.InfiniteLine(0.0, angle=0)
        self._nothing = pg.TextItem("no spline", anchor=(0.5, 0.5))
        for item in (self._zero, self._nothing):
            plot.addItem(item, ignoreBounds=True)
        super().__init__(plot)

    def show_fit(self, profile: SliceProfile | None, colours: list[QColor]) -> None:
        """Show the residual of a profile."""
        self._nothing.setVisible(profile is not None and not profile.spline_alpha.size)
        self.show(profile, residual_of(profile) if profile is not None else np.empty(0), colours)

    def fit(self, profile: SliceProfile) -> None:
        """Show all points but outlying rejected ones."""
        rest = residual_of(profile)[~rejected_points(profile)]
        reach = max(abs(v) for v in _span(rest if profile.fate is Fate.FITTED else _core(rest), pad=0.1))
        self.plot.setYRange(-reach, reach, padding=0)
        low, high = self.plot.vb.viewRange()[0]
        self._nothing.setPos(0.5 * (low + high), 0.0)

    def apply(self, theme: Theme) -> None:
        """Take a theme's colours."""
        super().apply(theme)
        self._zero.setPen(make_pen(theme.grid))
        self._nothing.setColor(theme.muted)


class SlopePanel:
    """Slope of the column's normalised spline from pixel to pixel, and the limit above which it counts as compact."""

    def __init__(self, plot: pg.PlotItem):
        self.plot = plot
        self.limit = LimitLine("slope_limit")
        self.limit.sigPositionChanged.connect(self._mark)
        self._curve = pg.PlotCurveItem()
        self._flat, self._steep = (pg.ScatterPlotItem(size=7.0, symbol="s", pen=None) for _ in range(2))
        self._uncounted = _scatter(7.0, _cross())
        self._reach = [pg.InfiniteLine(angle=90) for _ in range(2)]
        for line in self._reach:
            line.setToolTip("Reach: the pipeline looks for compact sources only between the two dotted lines")
        self._profile: SliceProfile | None = None
        for item in (*self._reach, self._curve, self._uncounted, self._flat, self._steep, self.limit):
            plot.addItem(item, ignoreBounds=True)

    @property
    def value(self) -> float:
        """Slope limit that the line stands for, to two digits, as many as the table has room for."""
        return float(f"{max(float(self.limit.value()), 0.0):.2g}")

    def show(self, profile: SliceProfile | None, params: FitParams | None) -> None:
        """Show the slope of a column with the limit."""
        self._profile = profile
        self.limit.setVisible(params is not None)
        if params is not None:
            self.limit.put(params.slope_limit)
        reach = profile.reach if profile is not None else math.nan
        for line, at in zip(self._reach, (-reach, reach), strict=True):
            line.setVisible(math.isfinite(at))
            if math.isfinite(at):
                line.setValue(at)
        if profile is None:
            self._curve.clear()
        else:
            self._curve.setData(profile.pixels, profile.slope)
        self._mark()

    def fit(self) -> None:
        """Show the limit and all slopes."""
        slope = self._profile.slope if self._profile is not None else np.empty(0)
        high = max(1.3 * float(self.limit.value()), 1.1 * float(slope.max(initial=0.0)), 1e-3)
        self.plot.setYRange(-0.06 * high, high + 0.22 * high, padding=0)

    def apply(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self.limit.apply(theme.threshold, theme)
        self._curve.setPen(make_pen(theme.muted, 1.0))
        self._uncounted.setPen(pg.mkPen(theme.muted, width=1.2))
        self._flat.setBrush(None)
        self._flat.setPen(pg.mkPen(theme.column_points, width=1.2))
        self._steep.setBrush(pg.mkBrush(theme.use))
        self._steep.setPen(pg.mkPen(theme.column_points, width=1.2))
        for line in self._reach:
            line.setPen(make_pen(theme.muted, style=Qt.PenStyle.DotLine))

    def _mark(self) -> None:
        """Fill the pixels that count as steep, and label the limit."""
        limit = self.value if self.limit.moving else float(self.limit.value())
        self.limit.label.say(tell_slope_limit(limit))
        profile = self._profile
        if profile is None:
            for item in (self._steep, self._flat, self._uncounted):
                item.clear()
            return
        steep = profile.counted & (profile.slope > limit)
        flat = profile.counted & ~steep
        for item, shown in ((self._steep, steep), (self._flat, flat), (self._uncounted, ~profile.counted)):
            item.setData(profile.pixels[shown], profile.slope[shown])

    def describe(self, point: QPointF) -> list[str]:
        """Describe the point under the mouse."""
        parts, profile = [f"slope of the normalised spline {plain(point.y(), 3)} per pixel"], self._profile
        if profile is None:
            return parts
        k = nearest(self.plot, profile.pixels, profile.slope, point)
        if k is not None:
            steep = profile.slope[k] > self.limit.value()
            parts = [f"pixel of column {profile.column}: slope {plain(float(profile.slope[k]), 3)}"]
            if not profile.counted[k]:
                parts[0] += ", at the end of the spline: never counts as compact"
            else:
                parts[0] += ", above the limit: counts as compact" if steep else ", below the limit"
        if abs(point.x()) > profile.reach:
            parts.append(f"beyond the reach of ±{profile.reach:.2f}″: no compact source is looked for here")
        return parts


def nearest(plot: pg.PlotItem, alpha: np.ndarray, values: np.ndarray, point: QPointF) -> int | None:
    """Find the point under the mouse."""
    if not alpha.size:
        return None
    width, height = plot.vb.viewPixelSize()
    away = np.hypot((alpha - point.x()) / width, (values - point.y()) / height)
    return int(np.nanargmin(away)) if np.nanmin(away, initial=np.inf) <= NEAR else None


class FluxAxis(PlainAxis):
    """Axis of the collapsed profile: asinh, so that peak and threshold show however far apart they are.

    The plot's coordinate is ``asinh(flux / softening)``; the numbers beside it are fluxes.
    """

    def __init__(self) -> None:
        self.softening = 1.0
        super().__init__("left")

    def forward(self, flux: ArrayLike) -> Floats:
        """Plot coordinate of a flux."""
        return np.arcsinh(np.asarray(flux) / self.softening)

    def inverse(self, coordinate: ArrayLike) -> Floats:
        """Flux at a plot coordinate."""
        return self.softening * np.sinh(coordinate)

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        """Coordinates of round fluxes, far enough apart to read."""
        values = round_values(float(self.inverse(low)), float(self.inverse(high)))
        gap = 18.0 * (high - low) / max(size, 1.0)
        return [(1.0, [position for position, _ in space_out(values, self.forward, gap)])]

    def tickStrings(self, values: Iterable[float], scale: float, spacing: float) -> list[str]:
        """Fluxes at the ticks."""
        return [plain(float(self.inverse(v)), 3) for v in values]


def _scatter(size: float, symbol: str | QPainterPath) -> pg.ScatterPlotItem:
    """Open signs of one kind."""
    return pg.ScatterPlotItem(size=size, symbol=symbol, pen=None, brush=None, pxMode=True)


def _cross() -> QPainterPath:
    """Cross of two strokes, as there may be hundreds on a curve."""
    path = QPainterPath()
    for start, end in (((-0.5, -0.5), (0.5, 0.5)), ((-0.5, 0.5), (0.5, -0.5))):
        path.moveTo(*start)
        path.lineTo(*end)
    return path


def _core(values: np.ndarray) -> np.ndarray:
    """Smallest and largest finite value but for half a percent on either side; empty without one."""
    values = values[np.isfinite(values)]
    return np.percentile(values, (0.5, 99.5)) if values.size else values


def _span(*values: np.ndarray, pad: float) -> tuple[float, float]:
    """Range of the finite values with a margin; (-1, 1) when there is none."""
    joined = np.concatenate(values)
    joined = joined[np.isfinite(joined)]
    if not joined.size:
        return -1.0, 1.0
    low, high = float(joined.min()), float(joined.max())
    margin = pad * (high - low) or 0.1
    return low - margin, high + margin
