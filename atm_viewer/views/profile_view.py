"""How one column of a slice was fitted: the points of its window, the spline, and what decided over it."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QPoint, QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QAction, QKeyEvent, QPainterPath
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QVBoxLayout, QWidget

from atm_viewer.engine.recipe import FitParams
from atm_viewer.engine.reports import Fate, SliceProfile, SliceReport
from atm_viewer.session.cursor import Cursor
from atm_viewer.views.cursor_marks import CursorLine
from atm_viewer.views.plotting import (
    Canvas,
    Dots,
    Elided,
    Line,
    PlainAxis,
    legend_html,
    make_brush,
    make_pen,
    plain,
    round_values,
    space_out,
    with_unit,
)
from atm_viewer.views.theme import DARK, Theme

Ranges = tuple[tuple[float, float], ...]

SHADES = 8  #: groups of distance from the column that get a colour of their own
NEW_RANGE = 0.3  #: half width of a `use` range where there is none to start from [arcsec]
NEAR = 8.0  #: a point this close to the mouse is told [dots of the screen]
HINT = "Drag the threshold or a use range · ←/→ step the column, Shift by 10"

_FATES = {
    Fate.EMPTY: "no finite pixel in this column: no spline",
    Fate.TOO_FEW_POINTS: "too few finite pixels in this column: no spline",
    Fate.TOO_SPARSE: "points of the window too sparse for its breakpoints, no earlier spline to reuse: no spline",
    Fate.FITTED: "own spline",
}


def tell_fate(profile: SliceProfile | None, report: SliceReport | None, unit: str) -> str:
    """Say in words why a column has a spline or none."""
    if profile is None:
        return "" if report is None else report.reason
    if profile.fate is Fate.REUSED:
        return f"own fit failed: spline reused from column {profile.reused_from}"
    if profile.fate is Fate.BELOW_THRESHOLD:
        if report is None:
            return "below threshold: no spline"
        return f"below threshold: peak {plain(report.peak, 3)} < {plain(report.threshold, 3)} {unit}, no spline"
    return _FATES[profile.fate]


def merge_ranges(ranges: list[tuple[float, float]]) -> Ranges:
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


class ProfileView(QWidget):
    """Collapsed profile with the threshold, the window's normalised points with the spline, and their residual.

    The three plots share alpha [arcsec]. The threshold belongs to the collapsed profile, in the unit of the
    exposure; points and spline are normalised by the sum of each column, as in the fit.

    Signals
    -------
    threshold_edited(float)
        Threshold in flux [unit of the exposure] after its line was dragged.
    use_edited(object)
        Alpha ranges [arcsec] as a tuple of pairs, or None when the slope is to decide again.
    column_stepped(int)
        Columns to go on (or back) by.
    pointed(int, int, float, str)
        Slice, column and alpha [arcsec] under the mouse, and the value there.
    left()
        The mouse is elsewhere.
    """

    threshold_edited = pyqtSignal(float)
    use_edited = pyqtSignal(object)
    column_stepped = pyqtSignal(int)
    pointed = pyqtSignal(int, int, float, str)
    left = pyqtSignal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.unit = "MJy/sr"
        self._theme = DARK
        self._profile: SliceProfile | None = None
        self._report: SliceReport | None = None
        self._params: FitParams | None = None
        self._place: tuple | None = None
        self._zoomed = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

        self.title = QLabel()
        self.title.setToolTip("Slice, column (element along dispersion) and its median wavelength")
        self.fate = Elided()
        self.legend = Line()
        self.legend.setToolTip(
            "Points of all columns in the window, from near (first colour) to far, those the fit rejected, the points "
            "of this column, the spline with its breakpoints, and the alpha range where it replaces interpolation"
        )
        self.hint = Line()
        self.use_button = QToolButton()
        self.use_button.setText("Use range")
        self.use_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.use_button.setToolTip(
            "`use`: alpha ranges [arcsec] in which the spline replaces interpolation in this slice; "
            "without them the slope of the spline (slope_limit) decides"
        )
        self.start_action = QAction("Start from the compact ranges", self)
        self.start_action.setToolTip("Take over the ranges that the slope chose, to drag their ends")
        self.add_action = QAction("Add a range", self)
        self.add_action.setToolTip("A further range, to drag to where the spline is to be used")
        self.clear_action = QAction("Clear: the slope decides", self)
        self.clear_action.setToolTip("Remove `use` from this slice; slope_limit decides where the spline is used")
        self.menu = QMenu(self)
        self.menu.setToolTipsVisible(True)
        self.menu.addActions([self.start_action, self.add_action, self.clear_action])
        self.use_button.setMenu(self.menu)
        self.fit_button = QToolButton()
        self.fit_button.setText("Fit")
        self.fit_button.setToolTip("Show the whole profile again (wheel zooms, drag moves, right drag stretches)")
        header = QHBoxLayout()
        header.setContentsMargins(6, 2, 4, 0)
        header.addWidget(self.title)
        header.addWidget(self.fate, 1)
        header.addWidget(self.use_button)
        header.addWidget(self.fit_button)

        self.canvas = Canvas()
        self._axes = (
            PlainAxis("bottom"),
            _FluxAxis(),
            PlainAxis("bottom"),
            PlainAxis("left", "normalised flux"),
            PlainAxis("bottom", "α along the slice", "arcsec"),
            PlainAxis("left", "residual"),
        )
        self._flux_axis: _FluxAxis = self._axes[1]
        self.collapsed, self.points, self.residual = (
            self.canvas.add_plot(k, 0, self._axes[2 * k], self._axes[2 * k + 1]) for k in range(3)
        )
        for k, (plot, share) in enumerate(zip((self.collapsed, self.points, self.residual), (5, 7, 5), strict=True)):
            self.canvas.ci.layout.setRowStretchFactor(k, share)
            self.canvas.ci.layout.setRowPreferredHeight(k, 10.0 * share)
            plot.vb.disableAutoRange()
            if plot is not self.residual:
                plot.setXLink(self.residual)
                plot.getAxis("bottom").setStyle(showValues=False)
                plot.getAxis("bottom").showLabel(False)
                plot.getAxis("bottom").setHeight(6)
            plot.vb.sigRangeChangedManually.connect(self._remember_zoom)
            plot.vb.menu_wanted.connect(self._show_menu)
        self._make_items()

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(header)
        for line in (self.legend, self.canvas, self.hint):
            layout.addWidget(line, 1 if line is self.canvas else 0)
        for line in (self.legend, self.hint):
            line.setContentsMargins(6, 0, 6, 2)

        self.start_action.triggered.connect(self._start_use)
        self.add_action.triggered.connect(self._add_use)
        self.clear_action.triggered.connect(lambda: self.use_edited.emit(None))
        self.fit_button.clicked.connect(self.fit)
        self.canvas.scene().sigMouseMoved.connect(self._hover)
        self.canvas.left.connect(self.left)
        self.set_theme(DARK)
        self.show_profile(None, None, None)

    def _make_items(self) -> None:
        self._regions: list[pg.LinearRegionItem] = []
        self._shades: list[pg.LinearRegionItem] = []
        self._collapsed_curve = pg.PlotCurveItem(connect="finite")
        self._collapsed_zero = pg.InfiniteLine(0.0, angle=0)
        self._threshold = pg.InfiniteLine(0.0, angle=0, movable=True)
        self._threshold.sigPositionChanged.connect(self._label_threshold)
        self._threshold.sigPositionChangeFinished.connect(self._threshold_dragged)
        self._threshold_label = pg.InfLineLabel(self._threshold, position=0.99, anchors=[(1, 1), (1, 1)])
        self._no_spline = pg.TextItem("no spline", anchor=(0.5, 0.5))
        for item in (self._collapsed_zero, self._collapsed_curve, self._threshold):
            self.collapsed.addItem(item, ignoreBounds=True)

        self._cursor_lines = [CursorLine(plot) for plot in (self.collapsed, self.points, self.residual)]
        self._spline = pg.PlotCurveItem()
        self._ticks = pg.VTickGroup(yrange=[0.0, 0.06])
        self._bounds = [pg.InfiniteLine(angle=90) for _ in range(2)]
        self._residual_zero = pg.InfiniteLine(0.0, angle=0)
        self._windows = tuple(Dots(3.0) for _ in range(2))
        self._own = tuple(_scatter(8.0, "s") for _ in range(2))
        self._rejected = tuple(_scatter(7.0, _cross()) for _ in range(2))
        for item in (self._residual_zero, self._no_spline):
            self.residual.addItem(item, ignoreBounds=True)
        for plot, windows, rejected, own in zip(
            (self.points, self.residual), self._windows, self._rejected, self._own, strict=True
        ):
            for item in (windows, rejected):
                plot.addItem(item, ignoreBounds=True)
            if plot is self.points:
                for item in (self._ticks, *self._bounds, self._spline):
                    plot.addItem(item, ignoreBounds=True)
            plot.addItem(own, ignoreBounds=True)

    def show_profile(self, profile: SliceProfile | None, report: SliceReport | None, params: FitParams | None) -> None:
        """Show the fit of a column.

        Parameters
        ----------
        profile : SliceProfile or None
            Points and spline of the column; None while they are not known.
        report : SliceReport or None
            How its slice was fitted: collapsed profile, threshold, compact ranges.
        params : FitParams or None
            What applies to the slice; `use` ranges can be dragged.
        """
        fresh = report is not self._report
        self._profile, self._report, self._params = profile, report, params
        known = profile or report
        place = None if known is None else (profile.exposure if profile else "", known.number)
        refit = place != self._place or not self._zoomed
        self._place = place
        self._write()
        if fresh:
            # the line stays where the user left it until a report tells the new threshold
            self._draw_collapsed(refit)
        self._draw_points()
        self._draw_ranges()
        if refit:
            self.fit()

    def fit(self) -> None:
        """Show the whole profile; outlying rejected points may stay outside."""
        self._zoomed = False
        profile, report = self._profile, self._report
        if report is not None and report.alpha.size:
            self._fit_collapsed(report)
        if profile is not None and profile.alpha.size:
            low, high = float(np.nanmin(profile.alpha)), float(np.nanmax(profile.alpha))
        elif report is not None and report.alpha.size:
            low, high = float(np.nanmin(report.alpha)), float(np.nanmax(report.alpha))
        else:
            return
        self.residual.setXRange(low, high, padding=0.02)
        self._no_spline.setPos(0.5 * (low + high), 0.0)
        if profile is None:
            return
        kept = ~_rejected(profile)
        flux, rest = profile.flux[kept], self._rest(profile)[kept]
        if profile.fate is not Fate.FITTED:
            # there are wild points that no fit rejected
            flux, rest = _core(flux), _core(rest)
        low, high = _span(flux, profile.spline_flux, pad=0.08)
        # room for the ticks of the breakpoints below the points
        self.points.setYRange(low - 0.05 * (high - low), high, padding=0)
        reach = max(abs(v) for v in _span(rest, pad=0.1))
        self.residual.setYRange(-reach, reach, padding=0)

    def set_unit(self, unit: str) -> None:
        """Set the unit of the exposure, of threshold and collapsed profile."""
        self.unit = unit
        self._flux_axis.name("median", unit)
        self._label_threshold()
        self._write()

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self._theme = theme
        self.canvas.setBackground(theme.plot)
        for axis in self._axes:
            axis.apply(theme)
        self.hint.setStyleSheet(f"color: {theme.muted}")
        self._collapsed_curve.setPen(make_pen(theme.text, 1.4))
        self._threshold.setPen(make_pen(theme.threshold, 1.6, style=Qt.PenStyle.DashLine))
        self._threshold.setHoverPen(make_pen(theme.threshold, 3.0))
        self._threshold_label.setColor(theme.threshold)
        self._threshold_label.fill = make_brush(theme.plot, 0.6)
        self._no_spline.setColor(theme.muted)
        for line in self._cursor_lines:
            line.set_colour(theme.cursor)
        self._spline.setPen(make_pen(theme.spline, 1.8))
        self._ticks.setPen(make_pen(theme.muted))
        for line in self._bounds:
            line.setPen(make_pen(theme.muted, style=Qt.PenStyle.DotLine))
        for line in (self._collapsed_zero, self._residual_zero):
            line.setPen(make_pen(theme.grid))
        for rejected, own in zip(self._rejected, self._own, strict=True):
            rejected.setPen(pg.mkPen(theme.rejected, width=1.2))
            own.setPen(pg.mkPen(theme.column_points, width=1.6))
        self._draw_points()
        self._draw_ranges()
        self._write()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Step through the columns with the arrow keys."""
        step = None if event is None else {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if event is None or step is None:
            super().keyPressEvent(event)
            return
        self.column_stepped.emit(step * (10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1))

    def _shade_colours(self) -> list:
        """Colours of the window's points, from far to near: cividis towards the end that stands out."""
        colours = pg.colormap.get("cividis")
        ends = (0.25, 1.0) if self._theme.name == "dark" else (0.95, 0.1)
        return list(colours.map(np.linspace(*ends, SHADES), mode="qcolor"))

    def _write(self) -> None:
        """Write title, legend and hint."""
        profile, report, theme = self._profile, self._report, self._theme
        shown = profile or report
        self.use_button.setEnabled(shown is not None)
        use = self._params.use if self._params else None
        self.start_action.setEnabled(use is None)
        self.clear_action.setEnabled(use is not None)
        if shown is None:
            self.title.setText("")
            self.fate.setText("Choose a slice to see how it was fitted")
            self.legend.setText("")
            self.hint.setText("")
            return
        parts = [f"<b>Slice {shown.number}</b>"]
        if profile is not None:
            parts.append(f"<b>column {profile.column}</b>")
            if math.isfinite(profile.wavelength):
                parts.append(f"{profile.wavelength:.4f} µm")
        self.title.setText(" · ".join(parts) + " ·&nbsp;")
        self.fate.setText(tell_fate(profile, report, self.unit))
        entries = []
        if profile is not None:
            reach = int(np.abs(profile.distance).max()) if profile.distance.size else 0
            far, near = (c.name() for c in (self._shade_colours()[0], self._shade_colours()[-1]))
            entries.append(("□", theme.column_points, "column"))
            entries.append((f'●</b></span><span style="color:{far}"><b>●', near, f"window ±{reach}"))
            rejected = int(_rejected(profile).sum())
            if rejected:
                entries.append(("×", theme.rejected, f"{rejected} rejected"))
            if profile.spline_alpha.size:
                entries.append(("—", theme.spline, "spline"))
                entries.append(("|", theme.muted, "breakpoints"))
        if use is not None:
            entries.append(("■", theme.accent, "use (set)"))
        elif report is not None and report.compact:
            entries.append(("■", theme.use, "used"))
        self.legend.setText(legend_html(entries))
        self.hint.setText(HINT)

    def _draw_collapsed(self, rescale: bool) -> None:
        report, held = self._report, self._threshold.moving
        self._threshold.setVisible(report is not None)
        if report is None:
            self._collapsed_curve.clear()
            return
        if rescale and not held:
            levels = [abs(v) for v in (report.threshold, report.peak) if math.isfinite(v) and v]
            self._flux_axis.softening = max(min(levels, default=1.0) / 4.0, 1e-12)
        self._collapsed_curve.setData(report.alpha, self._flux_axis.forward(report.flux))
        if held:
            return
        flux = report.threshold if math.isfinite(report.threshold) else 0.0
        with QSignalBlocker(self._threshold):
            self._threshold.setValue(float(self._flux_axis.forward(flux)))
        self._label_threshold()

    def _fit_collapsed(self, report: SliceReport) -> None:
        shown = [*report.flux[np.isfinite(report.flux)], 0.0]
        if math.isfinite(report.threshold):
            shown.append(report.threshold)
        low, high = (float(self._flux_axis.forward(v)) for v in (min(shown), max(shown)))
        # room for the label above the line
        self.collapsed.setYRange(low - 0.05 * (high - low), high + 0.3 * (high - low), padding=0)

    def _label_threshold(self) -> None:
        report = self._report
        if report is None:
            return
        if not math.isfinite(report.threshold):
            self._threshold_label.setText("no threshold (drag up to set one)")
            return
        dragged = self._flux_axis.inverse(self._threshold.value())
        known = math.isclose(dragged, report.threshold, rel_tol=1e-6)
        sigma = f" ({plain(self._params.fit_threshold, 3)} σ)" if known and self._params is not None else ""
        self._threshold_label.setText(f"threshold {plain(dragged, 3)} {self.unit}{sigma}")

    def _threshold_dragged(self) -> None:
        self.threshold_edited.emit(float(self._flux_axis.inverse(self._threshold.value())))

    def _rest(self, profile: SliceProfile) -> np.ndarray:
        """Normalised flux minus spline, NaN outside of the spline's bounds."""
        if not profile.spline_alpha.size:
            return np.full(profile.flux.shape, np.nan)
        spline = np.interp(profile.alpha, profile.spline_alpha, profile.spline_flux, left=np.nan, right=np.nan)
        return profile.flux - spline

    def _draw_points(self) -> None:
        profile = self._profile
        self._no_spline.setVisible(profile is not None and not profile.spline_alpha.size)
        if profile is None:
            for windows in self._windows:
                windows.show_groups([])
            for item in (*self._own, *self._rejected, self._spline):
                item.clear()
            self._ticks.setXVals([])
            for line in self._bounds:
                line.setVisible(False)
            return
        reach = max(int(np.abs(profile.distance).max(initial=0)), 1)
        shade = SHADES - 1 - np.minimum((np.abs(profile.distance) * SHADES) // (reach + 1), SHADES - 1)
        own = profile.distance == 0
        kept = ~_rejected(profile) & ~own
        for values, windows, mine, rejected in zip(
            (profile.flux, self._rest(profile)), self._windows, self._own, self._rejected, strict=True
        ):
            shown = np.isfinite(values)
            near = kept & shown
            windows.show_groups(
                (profile.alpha[here], values[here], colour)
                for k, colour in enumerate(self._shade_colours())
                if (here := near & (shade == k)).any()
            )
            mine.setData(profile.alpha[own & shown], values[own & shown])
            crossed = _rejected(profile) & shown
            rejected.setData(profile.alpha[crossed], values[crossed])
        self._spline.setData(profile.spline_alpha, profile.spline_flux)
        self._ticks.setXVals(list(profile.breakpoints))
        for line, bound in zip(self._bounds, profile.bounds, strict=True):
            line.setVisible(math.isfinite(bound))
            if math.isfinite(bound):
                line.setValue(bound)

    def _draw_ranges(self) -> None:
        """Shade where the spline is used: `use` ranges to drag, or the compact ones the slope chose."""
        use = self._params.use if self._params is not None else None
        compact = self._report.compact if self._report is not None else ()
        # ranges of single columns overlap
        ranges = merge_ranges(list(compact)) if use is None else tuple(use)
        if any(region.moving or any(line.moving for line in region.lines) for region in self._regions):
            return
        while len(self._regions) > len(ranges):
            self.points.removeItem(self._regions.pop())
            self.collapsed.removeItem(self._shades.pop())
        while len(self._regions) < len(ranges):
            region, shade = self._add_region(self.points), self._add_region(self.collapsed)
            shade.setMovable(False)
            region.sigRegionChanged.connect(lambda moved, shade=shade: shade.setRegion(moved.getRegion()))
            region.sigRegionChangeFinished.connect(self._use_dragged)
            self._regions.append(region)
            self._shades.append(shade)
        colour = self._theme.use if use is None else self._theme.accent
        for region, shade, ends in zip(self._regions, self._shades, ranges, strict=True):
            for item in (region, shade):
                with QSignalBlocker(item):
                    item.setRegion(ends)
                item.setBrush(make_brush(colour, 0.16))
                item.setHoverBrush(make_brush(colour, 0.26))
                for line in item.lines:
                    line.setPen(make_pen(colour, 1.0 if use is None else 2.0))
                    line.setHoverPen(make_pen(colour, 4.0))
            region.setMovable(use is not None)

    def _add_region(self, plot: pg.PlotItem) -> pg.LinearRegionItem:
        region = pg.LinearRegionItem()
        region.setZValue(-10)
        plot.addItem(region, ignoreBounds=True)
        return region

    def _use_dragged(self) -> None:
        ranges = merge_ranges([region.getRegion() for region in self._regions])
        self.use_edited.emit(ranges or None)

    def _start_use(self) -> None:
        report = self._report
        compact = merge_ranges(list(report.compact)) if report is not None else ()
        self.use_edited.emit(compact or (self._new_range(()),))

    def _add_use(self) -> None:
        use = (self._params.use if self._params is not None else None) or ()
        self.use_edited.emit(merge_ranges([*use, self._new_range(use)]))

    def _new_range(self, taken: Ranges) -> tuple[float, float]:
        """Range about the brightest alpha that no range covers yet."""
        alpha, flux = np.zeros(1), np.zeros(1)
        if self._report is not None and self._report.alpha.size:
            alpha, flux = self._report.alpha, self._report.flux
        free = np.isfinite(flux)
        for low, high in taken:
            free &= (alpha < low - NEW_RANGE) | (alpha > high + NEW_RANGE)
        if not free.any():
            return taken[0] if taken else (-NEW_RANGE, NEW_RANGE)
        middle = float(alpha[np.where(free, flux, -np.inf).argmax()])
        return round(middle - NEW_RANGE, 3), round(middle + NEW_RANGE, 3)

    def _show_menu(self, position: QPoint) -> None:
        if self._profile is not None or self._report is not None:
            self.menu.popup(position)

    def _remember_zoom(self, *_: object) -> None:
        self._zoomed = True

    def show_cursor(self, cursor: Cursor | None) -> None:
        """Mark the alpha that the cursor is at; dashed when it is in another slice than the one shown."""
        shown = self._profile or self._report
        alpha = cursor.alpha if cursor is not None and shown is not None else math.nan
        for line in self._cursor_lines:
            line.show_at(alpha, elsewhere=shown is not None and cursor is not None and cursor.number != shown.number)

    def _hover(self, position) -> None:
        plots = (self.collapsed, self.points, self.residual)
        plot = next((p for p in plots if p.vb.sceneBoundingRect().contains(position)), None)
        if plot is None or self._profile is None:
            self.left.emit()
            return
        point = plot.vb.mapSceneToView(position)
        if plot is self.collapsed:
            parts = [f"median over wavelength {with_unit(float(self._flux_axis.inverse(point.y())), self.unit)}"]
        else:
            what = "normalised flux" if plot is self.points else "normalised flux − spline"
            parts = [f"{what} {plain(point.y(), 3)} (share of the column's sum)"]
            parts += self._describe_nearest(plot, point)
        self.pointed.emit(self._profile.number, self._profile.column, point.x(), "   ".join(parts))

    def _describe_nearest(self, plot: pg.PlotItem, point) -> list[str]:
        """Say which point of the window is under the mouse, if any."""
        profile = self._profile
        if profile is None or not profile.alpha.size:
            return []
        values = profile.flux if plot is self.points else self._rest(profile)
        width, height = plot.vb.viewPixelSize()
        away = np.hypot((profile.alpha - point.x()) / width, (values - point.y()) / height)
        if not np.nanmin(away, initial=np.inf) <= NEAR:
            return []
        k = int(np.nanargmin(away))
        flux = with_unit(float(profile.flux[k] * profile.norm), self.unit)
        fate = ", rejected" if _rejected(profile)[k] else ""
        own = f" = {flux}" if profile.distance[k] == 0 else ""
        return [
            f"point of column {profile.column + profile.distance[k]}: {plain(float(profile.flux[k]), 3)}{own}{fate}"
        ]


class _FluxAxis(PlainAxis):
    """Axis of the collapsed profile: asinh, so that peak and threshold show however far apart they are.

    The plot's coordinate is ``asinh(flux / softening)``; the numbers beside it are fluxes.
    """

    def __init__(self):
        self.softening = 1.0
        super().__init__("left", "median", "MJy/sr")

    def forward(self, flux):
        """Plot coordinate of a flux."""
        return np.arcsinh(np.asarray(flux) / self.softening)

    def inverse(self, coordinate):
        """Flux at a plot coordinate."""
        return self.softening * np.sinh(coordinate)

    def tickValues(self, low: float, high: float, size: float) -> list:
        """Coordinates of round fluxes, far enough apart to read."""
        values = round_values(float(self.inverse(low)), float(self.inverse(high)))
        gap = 18.0 * (high - low) / max(size, 1.0)
        return [(1.0, [position for position, _ in space_out(values, self.forward, gap)])]

    def tickStrings(self, values, scale: float, spacing: float) -> list[str]:
        """Fluxes at the ticks."""
        return [plain(float(self.inverse(v)), 3) for v in values]


def _rejected(profile: SliceProfile) -> np.ndarray:
    """Points the column's own fit rejected; where there is no such fit, none was rejected."""
    return profile.rejected & (profile.fate is Fate.FITTED)


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
