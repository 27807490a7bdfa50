"""How one column of a slice was fitted: the points of its window, the spline, and what determined it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QPoint, QPointF, Qt, pyqtSignal
from PyQt6.QtGui import QAction, QKeyEvent, QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget
from pyqtgraph.GraphicsScene.mouseEvents import MouseClickEvent

from atm_viewer.engine.recipe import FitParams
from atm_viewer.engine.results.correction import SliceReport
from atm_viewer.engine.results.profile import SliceProfile
from atm_viewer.session.state.cursor import Cursor
from atm_viewer.views.base.cursor_marks import CursorLine
from atm_viewer.views.base.kept import Kept, round_range
from atm_viewer.views.base.plain_text import Label
from atm_viewer.views.base.plotting import (
    Canvas,
    Elided,
    Line,
    PlainAxis,
    legend_html,
    plain,
    rich_width,
    show_range,
    with_unit,
)
from atm_viewer.views.base.style import MUTED
from atm_viewer.views.base.theme import DARK, Theme
from atm_viewer.views.profile.columns import HEIGHT, ColumnStrip
from atm_viewer.views.profile.handles import Ranges, UseRanges, merge_ranges
from atm_viewer.views.profile.panels import (
    MARGIN,
    CollapsedPanel,
    FluxAxis,
    PanelName,
    PointsPanel,
    ResidualPanel,
    SlopePanel,
    nearest,
    new_range,
    residual_of,
    shade_colours,
)
from atm_viewer.views.profile.play import Player
from atm_viewer.views.profile.text import HINT, legend_entries, tell_fate, tell_point, tell_title

SHARES = (5, 6, 6, 6)  #: of the height, by panel
_FATE = 60  #: least width of the words beside the title [pixel]


class ProfileView(QWidget):
    """The fit of a column: collapsed profile with the threshold, the window's points with the spline, residual, slope.

    The four plots share alpha [arcsec]. The threshold belongs to the collapsed profile, in the unit of the exposure;
    points, spline, residual and slope are normalised by the sum of each column, as in the fit. A strip above them
    stands for all columns of the slice.

    Signals
    -------
    dragged(int, str, object)
        Slice, parameter and value, while the hand moves.
    drag_ended()
        The hand has let go.
    edited(int, str, object)
        Slice, parameter and value, chosen from the menu.
    column_stepped(int)
        Columns to go on (or back) by.
    column_picked(int)
        Column to go to.
    pointed(int, int, float, str)
        Slice, column and alpha [arcsec] under the mouse, and the value there.
    left()
        The mouse is elsewhere.
    """

    dragged = pyqtSignal(int, str, object)
    drag_ended = pyqtSignal()
    edited = pyqtSignal(int, str, object)
    column_stepped = pyqtSignal(int)
    column_picked = pyqtSignal(int)
    pointed = pyqtSignal(int, int, float, str)
    left = pyqtSignal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.unit = "MJy/sr"
        self._theme = DARK
        self._profile: SliceProfile | None = None
        self._report: SliceReport | None = None
        self._params: FitParams | None = None
        self._place: tuple[str, int] | None = None
        self._column, self._span = 0, (0, 0)
        self._zoomed = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Profile")
        self._make_controls()
        self._make_plots()
        self._lay_out()
        self._connect()
        self.set_theme(DARK)
        self.show_profile(None, None, None)

    def _make_controls(self) -> None:
        self.title = Label(markup=True)
        self.title.setMinimumWidth(60)  # where there is no room for all
        self.title.setToolTip("Slice, column and median wavelength of the column")
        self.fate = Elided()
        self.legend = Line()
        self.legend.setToolTip(
            "Points of all columns in the window, coloured from near to far; points rejected by the fit; points of "
            "this column; the spline with its breakpoints; the alpha range where the spline is used"
        )
        self.hint = Elided()
        self.hint.setForegroundRole(MUTED)
        self.use_button = QToolButton()
        self.use_button.setText("Use range")
        self.use_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.use_button.setToolTip(
            "Override the alpha ranges [arcsec] where this slice uses the spline (`use`). Without an override, "
            "slope_limit decides."
        )
        self.start_action = QAction("Edit automatic ranges", self)
        self.start_action.setToolTip("Copy the automatic ranges to an override, then drag their ends")
        self.add_action = QAction("Add range", self)
        self.add_action.setToolTip("Add a range, then drag it to where the spline should be used")
        self.clear_action = QAction("Clear (use slope limit)", self)
        self.clear_action.setToolTip("Remove the override of `use`; slope_limit then decides where the spline is used")
        self.menu = QMenu(self)
        self.menu.setToolTipsVisible(True)
        self.menu.addActions([self.start_action, self.add_action, self.clear_action])
        self.use_button.setMenu(self.menu)
        self.fit_button = QToolButton()
        self.fit_button.setText("Fit")
        self.fit_button.setToolTip("Show the whole profile (wheel: zoom, drag: move, right drag: stretch)")
        self.player = Player(self)
        self.play_button, self.speed_box = self.player.button, self.player.speed_box

    def _make_plots(self) -> None:
        self.canvas = Canvas()
        flux = FluxAxis()
        self._axes = (
            *(PlainAxis("bottom"), PlainAxis("left")),
            *(PlainAxis("bottom"), flux),
            *(PlainAxis("bottom"), PlainAxis("left")),
            *(PlainAxis("bottom"), PlainAxis("left")),
            *(PlainAxis("bottom", "α along the slice", "arcsec"), PlainAxis("left")),
        )
        plots = [self.canvas.add_plot(k, 0, self._axes[2 * k], self._axes[2 * k + 1]) for k in range(5)]
        strip, self.collapsed, self.points, self.residual, self.slope = plots
        self._plots = tuple(plots[1:])
        grid = self.canvas.ci.layout
        strip.getAxis("left").setStyle(showValues=False, tickLength=0)
        strip.getAxis("left").setWidth(MARGIN)
        grid.setRowFixedHeight(0, HEIGHT)
        for k, (plot, share) in enumerate(zip(self._plots, SHARES, strict=True), start=1):
            grid.setRowStretchFactor(k, share)
            grid.setRowPreferredHeight(k, 10.0 * share)
            plot.vb.disableAutoRange()
        for plot in plots:
            if plot is not self.slope:
                plot.getAxis("bottom").setStyle(showValues=False)
                plot.getAxis("bottom").showLabel(False)
                plot.getAxis("bottom").setHeight(6)
        for plot in self._plots[:-1]:
            plot.setXLink(self.slope)
        self.columns = ColumnStrip(strip)
        self._collapsed = CollapsedPanel(self.collapsed, flux)
        self._points = PointsPanel(self.points)
        self._residual = ResidualPanel(self.residual)
        self._slope = SlopePanel(self.slope)
        self._use = UseRanges(self._plots)
        self._cursor_lines = [CursorLine(plot) for plot in self._plots]
        words = ("", "normalised\nflux", "residual", "slope\nper pixel")
        self._names = tuple(PanelName(plot, name) for plot, name in zip(self._plots, words, strict=True))

    def _lay_out(self) -> None:
        header, footer = QHBoxLayout(), QHBoxLayout()
        header.setContentsMargins(6, 2, 4, 0)
        for part in (self.title, self.fate, self.use_button, self.fit_button):
            header.addWidget(part, 1 if part is self.fate else 0)
        footer.setContentsMargins(4, 0, 6, 2)
        footer.setSpacing(6)
        for widget in (self.play_button, self.speed_box, self.hint):
            footer.addWidget(widget, 1 if widget is self.hint else 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(header)
        layout.addWidget(self.legend)
        layout.addWidget(self.canvas, 1)
        layout.addLayout(footer)
        self.legend.setContentsMargins(6, 0, 6, 2)

    def _connect(self) -> None:
        for plot in self._plots:
            plot.vb.sigRangeChangedManually.connect(self._remember_zoom)
            plot.vb.menu_wanted.connect(self._show_menu)
        threshold, limit = self._collapsed.threshold, self._slope.limit
        threshold.sigDragged.connect(self._drag_threshold)
        limit.sigDragged.connect(lambda: self._drag("slope_limit", self._slope.value))
        self._use.moved.connect(lambda ranges: self._drag("use", ranges or None))
        self.columns.width_moved.connect(lambda width: self._drag("window", width))
        for line in (threshold, limit):
            line.sigPositionChangeFinished.connect(self._let_go)
        for handles in (self._use, self.columns):
            handles.released.connect(self._let_go)
        self.columns.column_moved.connect(self.column_picked)
        self.start_action.triggered.connect(self._start_use)
        self.add_action.triggered.connect(self._add_use)
        self.clear_action.triggered.connect(lambda: self._edit_use(None))
        self.fit_button.clicked.connect(self.fit)
        self.player.stepped.connect(self.column_stepped)
        self.player.rewound.connect(lambda: self.column_picked.emit(self._span[0]))
        scene = self.canvas.scene()
        scene.sigMouseMoved.connect(self._hover)
        scene.sigMouseClicked.connect(self._click)
        self.canvas.left.connect(self.left)

    # What is shown

    def choose(self, column: int, span: tuple[int, int]) -> None:
        """Mark the chosen column, of those from the first to the last of ``span``, before its profile is known."""
        if span != self._span:
            self.player.stop()
        self._column, self._span = column, span
        self._show_columns()

    def show_profile(
        self,
        profile: SliceProfile | None,
        report: SliceReport | None,
        params: FitParams | None,
        fixed: bool = False,
    ) -> None:
        """Show the fit of a column.

        Parameters
        ----------
        profile : SliceProfile or None
            Points and spline of the column; None while they are not known.
        report : SliceReport or None
            How its slice was fitted: collapsed profile, threshold.
        params : FitParams or None
            What applies to the slice now; profile and report may be of values before.
        fixed : bool
            Threshold and slope limit do not count and cannot be dragged (``psf_optimal``).
        """
        fresh = profile is not self._profile
        self._profile, self._report, self._params = profile, report, params
        known = profile or report
        place = None if known is None else (profile.exposure if profile else "", known.number)
        refit = place != self._place or not self._zoomed
        self._place = place
        self._collapsed.threshold.set_draggable(profile is not None and not fixed)
        self._slope.limit.set_draggable(profile is not None and not fixed)
        self._write()
        self._collapsed.show(profile, report, params, refit)
        self._slope.show(profile, params)
        if fresh:
            self._draw_points()
        self._show_columns()
        self._show_use()
        if refit and not self.held:
            self.fit()
        self.canvas.settle()

    @property
    def held(self) -> bool:
        """Whether a hand holds something that it drags."""
        lines = (self._collapsed.threshold, self._slope.limit)
        return self._use.held or self.columns.held or any(line.moving for line in lines)

    def fit(self) -> None:
        """Show the whole profile; outlying rejected points may stay outside."""
        self._zoomed = False
        self._collapsed.fit()
        self._slope.fit()
        profile = self._profile
        known = profile if profile is not None and profile.alpha.size else self._report
        if known is None or not known.alpha.size:
            return
        low, high = float(np.nanmin(known.alpha)), float(np.nanmax(known.alpha))
        margin = 0.02 * (high - low)
        show_range(self.slope, low - margin, high + margin, upright=False)
        if profile is not None and profile.alpha.size:
            self._points.fit(profile)
            self._residual.fit(profile)

    def state(self) -> dict[str, Any]:
        """Zoom of the panels, if they are zoomed; see `kept.Restorable`."""
        if not self._zoomed:
            return {}
        heights = {name: plot.vb.viewRange()[1] for name, plot in self._zoomable().items()}
        return {name: round_range(edges) for name, edges in (("alpha", self.slope.vb.viewRange()[0]), *heights.items())}

    def restore(self, state: Kept) -> None:
        """Restore zoom from an earlier `state`."""
        alpha = state.range("alpha")
        if alpha is None:
            self.fit()
            return
        self.slope.setXRange(*alpha, padding=0)
        for name, plot in self._zoomable().items():
            if heights := state.range(name):
                plot.setYRange(*heights, padding=0)
        self._zoomed = True

    def _zoomable(self) -> dict[str, Any]:
        return {"points": self.points, "residual": self.residual, "slope": self.slope}

    def set_unit(self, unit: str) -> None:
        """Set the unit of the exposure, of threshold and collapsed profile."""
        self.unit = unit
        self._collapsed.set_unit(unit)
        self._names[0].setText(f"median\n[{unit}]")
        self._write()

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self._theme = theme
        self.canvas.setBackground(theme.plot)
        for axis in self._axes:
            axis.apply(theme)
        for part in (self.columns, self._collapsed, self._points, self._residual, self._slope):
            part.apply(theme)
        for name in self._names:
            name.apply(theme)
        for line in self._cursor_lines:
            line.set_colour(theme.cursor)
        self._draw_points()
        self._show_use()
        self._write()

    def _write(self) -> None:
        """Write title, legend and hint."""
        profile, report = self._profile, self._report
        shown = profile or report
        use = self._params.use if self._params else None
        self.use_button.setEnabled(shown is not None)
        self.play_button.setEnabled(shown is not None)
        self.start_action.setEnabled(use is None)
        self.clear_action.setEnabled(use is not None)
        if shown is None:
            self.title.setText("")
            self.fate.setText("The fit of the chosen slice appears here")
            self.legend.choose("")
            self.hint.setText("")
            return
        self._write_title()
        self.fate.setText(tell_fate(profile, report, self.unit))
        shades = shade_colours(self._theme)
        entries = legend_entries(
            profile, self._params, bool(self._compact()), (shades[0].name(), shades[-1].name()), self._theme
        )
        # Where there is no room for all, those are left out that anybody would guess.
        without = (), ("breakpoints",), ("breakpoints", "column")
        self.legend.choose(*(legend_html([e for e in entries if e[2] not in left_out]) for left_out in without))
        self.hint.setText(HINT)

    def _write_title(self) -> None:
        """Write the title, which is brief where it would take all the room."""
        profile, shown = self._profile, self._profile or self._report
        if shown is not None:
            room = self.fate.geometry().right() - self.title.x() - _FATE
            texts = [tell_title(profile, shown.number, brief) for brief in (False, True)]
            self.title.setText(texts[rich_width(texts[0], self.title.font()) > room])

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Write the title anew where there is more or less room."""
        super().resizeEvent(event)
        self._write_title()

    def _draw_points(self) -> None:
        colours = shade_colours(self._theme)
        self._points.show_fit(self._profile, colours)
        self._residual.show_fit(self._profile, colours)

    def _show_columns(self) -> None:
        window = self._params.window if self._params is not None else None
        self.columns.show(self._profile, window, self._column, self._span)
        shown = self._profile is not None and self._profile.column == self._column
        self.player.tell(self._span[1] - self._column, shown)

    def _compact(self) -> Ranges:
        """Ranges that the slope chose; those of a report may be of single columns and overlap."""
        if self._profile is not None:
            return merge_ranges(list(self._profile.use))
        return merge_ranges(list(self._report.compact)) if self._report is not None else ()

    def _show_use(self) -> None:
        """Shade where the spline is used: by `use`, or as the slope chose; dragging an end of that makes it `use`."""
        use = self._params.use if self._params is not None else None
        if use is None:
            self._use.show(self._compact(), self._theme.use, whole=False)
        else:
            self._use.show(use, self._theme.accent, whole=True)

    # What the user does

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Step through the columns with the arrow keys, go to the ends, play and stop."""
        if event is None:
            return
        far = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        match event.key():
            case Qt.Key.Key_Left | Qt.Key.Key_Right as key:
                self.column_stepped.emit((1 if key == Qt.Key.Key_Right else -1) * (10 if far else 1))
            case Qt.Key.Key_Home | Qt.Key.Key_End as key:
                self.column_picked.emit(self._span[key == Qt.Key.Key_End])
            case Qt.Key.Key_Space:
                self.play_button.toggle()
            case Qt.Key.Key_Escape if self.play_button.isChecked():
                self.player.stop()
            case _:
                super().keyPressEvent(event)

    def _drag(self, name: str, value: object) -> None:
        shown = self._profile or self._report
        if shown is not None:
            self.dragged.emit(shown.number, name, value)

    def _drag_threshold(self) -> None:
        sigma = self._collapsed.sigma
        if sigma is not None:
            self._drag("fit_threshold", sigma)

    def _let_go(self) -> None:
        if self.held:
            return
        self.drag_ended.emit()
        # The lines go to where the values are that came of it.
        self.show_profile(self._profile, self._report, self._params, not self._slope.limit.movable)

    def _edit_use(self, ranges: Ranges | None) -> None:
        shown = self._profile or self._report
        if shown is not None:
            self.edited.emit(shown.number, "use", ranges)

    def _start_use(self) -> None:
        self._edit_use(self._compact() or (new_range(self._report, ()),))

    def _add_use(self) -> None:
        use = (self._params.use if self._params is not None else None) or ()
        self._edit_use(merge_ranges([*use, new_range(self._report, use)]))

    def _show_menu(self, position: QPoint) -> None:
        if self._profile is not None or self._report is not None:
            self.menu.popup(position)

    def _remember_zoom(self, *_: object) -> None:
        self._zoomed = True

    def _click(self, event: MouseClickEvent) -> None:
        view = self.columns.plot.vb
        inside = view.sceneBoundingRect().contains(event.scenePos())
        if inside and event.button() == Qt.MouseButton.LeftButton and not event.isAccepted():
            self.columns.click(view.mapSceneToView(event.scenePos()).x())

    def show_cursor(self, cursor: Cursor | None) -> None:
        """Mark the alpha that the cursor is at; dashed when it is in another slice than the one shown."""
        shown = self._profile or self._report
        here = shown is not None and cursor is not None and cursor.number == shown.number
        alpha = cursor.alpha if cursor is not None and shown is not None else math.nan
        for line in self._cursor_lines:
            line.show_at(alpha, elsewhere=not here)
        column = cursor.column if cursor is not None and here else None
        self.columns.show_cursor(math.nan if column is None else column)

    def _hover(self, position: QPointF) -> None:
        if self.held:
            return  # the cursor in all the other views would only slow the hand down
        plots = (self.columns.plot, *self._plots)
        plot = next((p for p in plots if p.vb.sceneBoundingRect().contains(position)), None)
        profile = self._profile
        if plot is None or profile is None:
            self.left.emit()
            return
        point = plot.vb.mapSceneToView(position)
        if plot is self.columns.plot:
            alpha = profile.alpha[np.argmax(profile.flux)] if profile.alpha.size else 0.0
            self.pointed.emit(profile.number, round(point.x()), float(alpha), self.columns.describe(point.x()))
        else:
            self.pointed.emit(profile.number, profile.column, point.x(), "   ".join(self._describe(plot, point)))

    def _describe(self, plot: pg.PlotItem, point: QPointF) -> list[str]:
        """Describe the point under the mouse, without its alpha."""
        profile = self._profile
        if plot is self.collapsed:
            flux = float(self._collapsed.axis.inverse(point.y()))
            return [f"median over wavelength {with_unit(flux, self.unit)}"]
        if plot is self.slope:
            return self._slope.describe(point)
        what = "normalised flux" if plot is self.points else "normalised flux − spline"
        parts = [f"{what} {plain(point.y(), 3)} (share of the column's sum)"]
        if profile is not None:
            values = profile.flux if plot is self.points else residual_of(profile)
            k = nearest(plot, profile.alpha, values, point)
            parts += [tell_point(profile, k, self.unit)] if k is not None else []
        return parts
