"""Spectra of spaxels before and after, of variants and places, against the aperture or each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QPointF, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QHideEvent, QPen, QShowEvent
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from pyqtgraph.GraphicsScene.mouseEvents import MouseClickEvent

from atm_viewer.engine.results.periods import Periods
from atm_viewer.engine.results.spectra import FilledShare, HoveredSpectrum, PredictedArtifact
from atm_viewer.session.edits.variants import ShownSpectra
from atm_viewer.session.spectrum.curves import Curve, Picture, Scale, hovered_curve, make_picture
from atm_viewer.session.spectrum.lines import LineList
from atm_viewer.session.spectrum.references import ShownReference
from atm_viewer.session.spectrum.settings import SpectrumSettings
from atm_viewer.session.state.cursor import Cursor
from atm_viewer.views.base.cursor_marks import CursorLine
from atm_viewer.views.base.kept import Kept, round_range
from atm_viewer.views.base.plain_text import Label
from atm_viewer.views.base.plotting import AXIS_HEIGHT, Canvas, PlainAxis, make_brush, make_pen, show_range
from atm_viewer.views.base.theme import DARK, Theme
from atm_viewer.views.spectrum.axes import LEFT_WIDTH, Backdrop, ErrorBand, LineStrip, PowerAxis
from atm_viewer.views.spectrum.controls import SpectrumControls
from atm_viewer.views.spectrum.crossing_ticks import CrossingTicks
from atm_viewer.views.spectrum.filled_marks import FilledMarks
from atm_viewer.views.spectrum.ghost import Ghost
from atm_viewer.views.spectrum.header import SpectrumHeader, Styles, ratio_name, values_at
from atm_viewer.views.spectrum.hovered import HoveredCurve
from atm_viewer.views.spectrum.verdict import VerdictLine
from atm_viewer.views.spectrum.zoom import ZoomBox

PENDING_OPACITY = 0.45
PATIENCE = 200  #: until spectra are dimmed that are being renewed [ms]
MANY = 12  #: spectra of variants and places that are drawn in a turn of their own, once for answers that come together
VELOCITIES = 3000.0  #: half of the range that a velocity axis shows at first [km/s]
_PANELS = ("flux", "ratio", "difference")
#: What decides whether ranges are kept: band and scale, the spectra before correction, and how they are shown.
_Content = tuple[tuple[str, Scale], tuple[tuple[str, int, bytes], ...], tuple[object, ...]]
_KEYS = {"flux": "y"}  #: of the panels' vertical ranges in sessions, where they are not the panel's name
_STRETCH = {"flux": 3, "ratio": 2, "difference": 2}


class SpectrumView(QWidget):
    """Spectra (upper plot), ratio and difference against a reference (lower plots), lines in a strip on top.

    Signals
    -------
    pointed(float, str)
        Wavelength [um] of the plane under the mouse, and the values there.
    picked(float)
        Wavelength [um] that was clicked.
    band_picked(str, float)
        Another band than the chosen one was clicked, at a wavelength [um].
    left()
        The mouse is elsewhere.
    settings_edited(SpectrumSettings)
        The user wants spectra shown in another way.
    in_sight(bool)
        The view has come into sight, or is hidden.

    Parameters
    ----------
    lines : LineList
        Lines that spectra can be marked with.
    parent : QWidget or None
        Owner.
    """

    pointed = pyqtSignal(float, str)
    picked = pyqtSignal(float)
    band_picked = pyqtSignal(str, float)
    left = pyqtSignal()
    settings_edited = pyqtSignal(object)
    in_sight = pyqtSignal(bool)

    def __init__(self, lines: LineList, parent: QWidget | None = None):
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Spectra")
        self._lines = lines
        self._shown: tuple[ShownSpectra, ...] = ()
        self._references: tuple[ShownReference, ...] = ()
        self._bands: tuple[tuple[str, ShownSpectra], ...] = ()
        self._drawn: tuple[tuple[object, ...], tuple[bool, ...]] = ((), ())
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE)
        self._patience.timeout.connect(self._draw)
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.timeout.connect(self._draw)
        self._active = ("", 0)
        self._settings = self._drawn_settings = SpectrumSettings()
        self._theme = DARK
        self._picture = make_picture((), "", 0, self._settings, self._lines)
        self._periods: Periods | None = None
        self._predicted: PredictedArtifact | None = None
        self._hovered: HoveredSpectrum | None = None
        self._filled: FilledShare | None = None
        self._zoomed = False
        self._content: _Content | None = None
        self.header = SpectrumHeader()
        self.verdict = VerdictLine()
        self.options_button, self.fit_button = self.header.options_button, self.header.fit_button
        self.zoom_button = self.header.zoom_button
        self._make_plots()
        self.controls = SpectrumControls(self._lines)
        self._lay_out()

        self.options_button.toggled.connect(self.controls.setVisible)
        self.controls.left.connect(self.show_options)
        self.controls.edited.connect(self.settings_edited)
        self.controls.region_wanted.connect(self._want_region)
        self.fit_button.clicked.connect(self.fit)
        self.zoom_button.toggled.connect(self._draw_boxes)
        self.canvas.scene().sigMouseMoved.connect(self._hover)
        self.canvas.scene().sigMouseClicked.connect(self._click)
        self.canvas.left.connect(self.left)
        self._region.sigRegionChangeFinished.connect(self._take_region)
        for plot in self.plots.values():
            plot.vb.sigRangeChangedManually.connect(self._note_zoom)
            plot.vb.range_drawn.connect(self._fit_heights)
        self.set_theme(DARK)
        self._draw()

    # What is shown

    def show_spectra(
        self,
        shown: Sequence[ShownSpectra],
        variant: str = "",
        place: int = 0,
        references: Sequence[ShownReference] = (),
        bands: Sequence[tuple[str, ShownSpectra]] = (),
    ) -> None:
        """Show spectra of variants at places; none empties the plots.

        The zoom stays while band and position stay; along the axis it stays at other positions as well. Spectra that
        are being renewed are dimmed after a moment.

        Parameters
        ----------
        shown : sequence of ShownSpectra
            The spectra.
        variant, place : str, int
            Which of them are of the active variant and place.
        references : sequence of ShownReference
            Spectra of files from elsewhere at the active place.
        bands : sequence of (str, ShownSpectra)
            Spectra of all bands, where these are shown, see `make_picture`.
        """
        self._shown, self._active, self._references = tuple(shown), (variant, place), tuple(references)
        self._bands = tuple(bands)
        content, stale = self._told()
        if content == self._drawn[0] and stale != self._drawn[1] and any(stale):
            if not self._patience.isActive():  # most answers come sooner, and nothing flickers
                self._patience.start()
            return
        self._patience.stop()
        if (content, stale) == self._drawn:
            return
        files = [(r.reference.name, r.reference.title) for r in references]
        self.controls.set_variants(list(dict.fromkeys((s.variant.name, s.variant.title) for s in shown)), files)
        if len(shown) > MANY:
            self._turn.start()
        else:
            self._draw()

    def show_settings(self, settings: SpectrumSettings) -> None:
        """Show spectra in a certain way."""
        self._settings = settings
        self.controls.show_settings(settings)
        self._draw()

    def show_periods(self, periods: Periods | None) -> None:
        """Tick where the trace of the active place is centred on a pixel, where that is wanted."""
        self._periods = periods
        self.crossings.show_periods(periods, self._picture.scale, self._settings.crossings)

    def show_predicted(self, predicted: PredictedArtifact | None) -> None:
        """Show faintly in the ratio panel what geometry predicts before correction."""
        self._predicted = predicted
        self._draw_predicted()

    def show_filled(self, filled: FilledShare | None) -> None:
        """Mark the planes that come from pixels which the spline fills, where masks are wanted."""
        self._filled = filled
        self.filled_marks.show_filled(filled if self._settings.masks else None, self._picture.scale)

    def show_hovered(self, hovered: HoveredSpectrum | None) -> None:
        """Show thinly the spectrum of the spaxel under the mouse, at the level of the active one; None for none."""
        self._hovered = hovered
        found = None if hovered is None else hovered_curve(hovered, self._picture, *self._active)
        if hovered is None or found is None:
            self.hovered_curve.hide()
        else:
            x, values, factor = found
            self.hovered_curve.show(x, self._level("flux", values), hovered.spaxel, factor)

    def keep_ghost(self) -> None:
        """Keep the active spectrum after correction in sight, faintly, when a newer one takes its place."""
        curve = self._picture.after(*self._active)
        if curve is not None:
            panels = {"flux": curve.flux, "ratio": curve.ratio}
            drawn = {name: (curve.x, self._level(name, v)) for name, v in panels.items() if v is not None}
            self.ghost.keep(drawn, self._styles.colour(curve), self._what)

    def drop_ghost(self) -> None:
        """Keep it in sight no more."""
        self.ghost.vanish()

    @property
    def _what(self) -> tuple[object, ...]:
        """What the active curve is of, and how it is shown: curves that differ in this cannot be compared."""
        main = self._picture.main
        return (main and (main.band, main.ra, main.dec), self._active, self._settings)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Tell that it is looked at."""
        super().showEvent(event)
        self.in_sight.emit(True)

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Tell that it is looked at no more."""
        super().hideEvent(event)
        self.in_sight.emit(False)

    def show_cursor(self, cursor: Cursor | None) -> None:
        """Mark the wavelength that the cursor is at."""
        wavelength = cursor.wavelength if cursor is not None else math.nan
        at = self._picture.scale.at(wavelength) if math.isfinite(wavelength) else math.nan
        for line in self._cursor_lines:
            line.show_at(float(at))

    def show_options(self) -> None:
        """Show the strip with all choices and give it the keyboard; hide it when it is shown."""
        self.options_button.toggle()
        if self.options_button.isChecked():
            self.controls.take_keyboard()
        else:
            self.setFocus()

    def fit(self) -> None:
        """Show the whole spectra."""
        self._zoomed = False
        first, last = self._extent()
        if first < last:
            self.flux_plot.setXRange(first, last, padding=0.03)
        self._fit_heights()

    def state(self) -> dict[str, Any]:
        """Zoom of the plots, see `kept.Restorable`."""
        low, high = self.flux_plot.vb.viewRange()[0]
        first, last = self._extent()
        if not self._zoomed and low <= first and high >= last:
            return {}
        ranges = {name: plot.vb.viewRange()[1] for name, plot in self.plots.items() if self._in_layout[name]}
        ranges |= {"x": self.flux_plot.vb.viewRange()[0]}
        return {_KEYS.get(name, name): round_range(ends) for name, ends in ranges.items()}

    def restore(self, state: Kept) -> None:
        """Restore zoom from an earlier `state`."""
        if self._turn.isActive():  # what is drawn for the first time is shown whole
            self._draw()
        x = state.range("x")
        for name, plot in self.plots.items():
            rows = state.range(_KEYS.get(name, name))
            if x is not None and rows is not None:
                plot.setRange(xRange=x, yRange=rows, padding=0)
                self._zoomed = True

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self._theme = theme
        self.canvas.setBackground(theme.plot)
        self._note.setStyleSheet(f"color: {theme.muted}")
        for axis in (*self._x_axes.values(), *self._y_axes.values()):
            axis.apply(theme)
        for name, line in self._levels.items():
            line.setPen(make_pen(theme.grid if name != "flux" else theme.plot))
        for mark in self._cursor_lines:
            mark.set_colour(theme.cursor)
        boxes = [plot.vb for plot in self.plots.values()]
        parts = self.crossings, self.filled_marks, self.hovered_curve, self.ghost
        for item in (self._backdrop, self._strip, *parts, *boxes):
            item.set_theme(theme)
        self._region.setBrush(make_brush(theme.highlight, 0.15))
        self._region.setHoverBrush(make_brush(theme.highlight, 0.25))
        for edge in self._region.lines:
            edge.setPen(make_pen(theme.highlight, 1.5))
            edge.setHoverPen(make_pen(theme.accent, 2.0))
        self._draw()

    # What it is made of

    def _make_plots(self) -> None:
        self.canvas = Canvas()
        self._x_axes = {name: PlainAxis("bottom") for name in ("strip", *_PANELS)}
        self._y_axes: dict[str, PlainAxis] = {"strip": PowerAxis()}
        self._y_axes |= {name: PowerAxis() for name in _PANELS}
        self.strip_plot = self.canvas.add_plot(0, 0, self._x_axes["strip"], self._y_axes["strip"])
        self.plots = {
            name: self.canvas.add_plot(row, 0, self._x_axes[name], self._y_axes[name], box=ZoomBox())
            for row, name in enumerate(_PANELS, start=1)
        }
        self.flux_plot, self.ratio_plot, self.difference_plot = self.plots.values()
        self._in_layout: dict[str, bool] = {}
        for plot in (self.strip_plot, self.ratio_plot, self.difference_plot):
            plot.setXLink(self.flux_plot)
        self.strip_plot.setMouseEnabled(x=False, y=False)
        self.strip_plot.setYRange(0, 1, padding=0)
        self.strip_plot.hideAxis("bottom")
        self._y_axes["strip"].setStyle(showValues=False, tickLength=0)
        self._y_axes["strip"].setOpacity(0.0)
        self._strip_height = LineStrip.height(self.fontMetrics().height())
        self._strip = LineStrip(self.strip_plot.vb)
        self._backdrop = Backdrop(self.flux_plot.vb)
        self.crossings = CrossingTicks(self.flux_plot.vb)
        self.filled_marks = FilledMarks(self.flux_plot.vb)
        self._levels = {name: pg.InfiniteLine(1.0 if name == "ratio" else 0.0, angle=0) for name in _PANELS[1:]}
        for name, line in self._levels.items():
            self.plots[name].addItem(line, ignoreBounds=True)
        self._items: dict[tuple[str, str, str, int, str], pg.PlotCurveItem] = {}
        self._error_bands: list[ErrorBand] = []
        self.predicted_curve = pg.PlotCurveItem(connect="finite")
        self.predicted_curve.setZValue(-1.0)
        self.ratio_plot.addItem(self.predicted_curve, ignoreBounds=True)
        self.hovered_curve = HoveredCurve(self.flux_plot)
        self.ghost = Ghost({"flux": self.flux_plot, "ratio": self.ratio_plot})
        self._region = pg.LinearRegionItem((0.0, 1.0))
        self._region.setZValue(-5)
        self._region.hide()
        self.flux_plot.addItem(self._region, ignoreBounds=True)
        self._cursor_lines = [CursorLine(plot) for plot in self.plots.values()]
        self._note = Label("The spectra of the clicked spaxel appear here")
        self._note.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        QVBoxLayout(self.canvas).addWidget(self._note, alignment=Qt.AlignmentFlag.AlignCenter)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.verdict)
        beside = QHBoxLayout()
        beside.setSpacing(0)
        beside.addWidget(self.canvas, 1)
        beside.addWidget(self.controls)
        layout.addLayout(beside, 1)
        self.controls.hide()

    def _extent(self) -> tuple[float, float]:
        """Find the first and the last position on the horizontal axis that a curve has; in wrong order without one."""
        ends = [(float(c.x.min()), float(c.x.max())) for c in self._picture.curves if c.x.size]
        return min((e[0] for e in ends), default=math.inf), max((e[1] for e in ends), default=-math.inf)

    # Drawing

    def _told(self) -> tuple[tuple[object, ...], tuple[bool, ...]]:
        """Identity of the spectra, and which are stale: while both stay the same, nothing is drawn again."""
        content = tuple((s.variant.name, s.variant.title, s.place, id(s.spectra)) for s in self._shown)
        references = tuple((r.reference, id(r.spectrum)) for r in self._references)
        bands = tuple((band, id(s.spectra)) for band, s in self._bands)
        return (content, references, bands, self._active), (
            *(s.stale for s in self._shown),
            *(s.stale for _, s in self._bands),
            *(r.stale for r in self._references),
        )

    @property
    def _styles(self) -> Styles:
        """How curves look."""
        bands = tuple(band for band, _ in self._bands)
        return Styles(self._theme, len({s.place for s in self._shown}) > 1, bands)

    def _draw(self) -> None:
        """Draw everything anew from spectra and settings."""
        self._turn.stop()
        self._drawn = self._told()
        picture = self._picture = make_picture(
            self._shown, *self._active, self._settings, self._lines, self._references, self._bands
        )
        self._note.setVisible(picture.main is None)
        if picture.main is not None:
            self.controls.set_band(picture.main.band)
        self._draw_curves(picture)
        self._draw_error_bands(picture)
        self._draw_predicted()
        self.show_hovered(self._hovered)
        self.show_filled(self._filled)
        self.ghost.draw(self._what)
        self._draw_lines(picture)
        self._draw_region()
        self._backdrop.show_masks(picture.masks)
        self.crossings.show_periods(self._periods, picture.scale, self._settings.crossings)
        self._arrange_plots(picture)
        self._name_axes(picture)
        self.header.write(picture, self._styles, self._active)
        self._keep_zoom(picture)
        self.canvas.settle()

    def _draw_curves(self, picture: Picture) -> None:
        kept = set()
        comparable = picture.awaits_aperture and self._settings == self._drawn_settings
        self._drawn_settings = self._settings
        for order, curve in enumerate(picture.curves):
            for panel, values in (("flux", curve.flux), ("ratio", curve.ratio), ("difference", curve.difference)):
                if values is None:
                    continue
                key = (panel, curve.role, curve.variant, curve.place, curve.band)
                item = self._items.get(key)
                if item is None:
                    item = self._items[key] = pg.PlotCurveItem(connect="finite")
                    self.plots[panel].addItem(item, ignoreBounds=True)  # ranges are set by `fit`
                kept.add(key)
                if comparable and not np.isfinite(values).any() and np.array_equal(item.xData, curve.x):
                    item.setOpacity(PENDING_OPACITY)  # what is there stays for the moment: nothing flickers
                    continue
                pen = make_pen(self._styles.colour(curve), style=self._styles.dash(curve))
                _show_curve(item, curve.x, self._level(panel, values), pen)
                # the noise of faint places must not hide the ratio of the active one
                aside = (panel != "flux" and curve.place != self._active[1]) or (curve.band and curve.role == "before")
                item.setOpacity(PENDING_OPACITY if curve.stale or aside else 1.0)
                item.setZValue(order)
        for key in self._items.keys() - kept:
            self.plots[key[0]].removeItem(self._items.pop(key))

    def _draw_error_bands(self, picture: Picture) -> None:
        for band in self._error_bands:
            self.flux_plot.removeItem(band)
        self._error_bands = [
            ErrorBand(c.x, c.flux - c.error, c.flux + c.error, self._styles.colour(c), self._settings.log)
            for c in picture.curves
            if c.error is not None and c.role != "aperture"
        ]
        for band in self._error_bands:
            self.flux_plot.addItem(band, ignoreBounds=True)

    def _draw_predicted(self) -> None:
        """Draw the prediction over its median, as a broad band below the curves: both are seen where they agree."""
        known, main = self._predicted, self._picture.main
        wanted = self._settings.predicted and self._picture.reference == "aperture"
        if known is None or main is None or known.band != main.band or not wanted:
            self.predicted_curve.setData(np.empty(0), np.empty(0))
            return
        finite = known.before[np.isfinite(known.before)]
        level = float(np.median(finite)) if finite.size else math.nan
        self.predicted_curve.setData(np.asarray(self._picture.scale.at(known.wavelength)), known.before / level)
        self.predicted_curve.setPen(make_pen(self._theme.before, 3.0, 0.3))

    def _draw_lines(self, picture: Picture) -> None:
        scale, redshift = picture.scale, self._settings.redshift
        found = []
        if picture.main is not None and picture.main.wavelength.size:
            ends = [float(part.wavelength[k]) for part in picture.parts for k in (0, -1)]
            found = self._lines.between(min(ends), max(ends), redshift, self._settings.families)
        # All at once: a change of units takes as long for one wavelength as for many.
        places = np.array([(line.observed(redshift), *line.ends(redshift)) for line in found]).reshape(-1, 3)
        shown = [(line, *at) for line, at in zip(found, scale.at(places).tolist(), strict=True)]
        self._strip.show_lines(shown)
        self._backdrop.show_guides(at for line, at, _, _ in shown if not line.width)

    def _draw_region(self) -> None:
        region = self._settings.region if self._settings.kernel != "none" else None
        self._region.setVisible(region is not None)
        if region is not None and not any(edge.moving for edge in self._region.lines) and not self._region.moving:
            ends = sorted(float(v) for v in self._picture.scale.at(np.array(region)))
            blocked = self._region.blockSignals(True)
            self._region.setRegion(ends)
            self._region.blockSignals(blocked)

    def _arrange_plots(self, picture: Picture) -> None:
        """Put the wanted panels into the layout; the lowest one has the numbers of the horizontal axis."""
        wanted = {
            "strip": bool(self._settings.families) and picture.main is not None,
            "flux": True,
            "ratio": self._settings.ratio,
            "difference": self._settings.difference,
        }
        if wanted == self._in_layout:
            return
        self._in_layout = wanted
        plots = {"strip": self.strip_plot, **self.plots}
        for row, (name, plot) in enumerate(plots.items()):
            _give_room(plot, wanted[name], self._strip_height if name == "strip" else -1.0)
            stretch = _STRETCH.get(name, 0) if wanted[name] else 0
            self.canvas.ci.layout.setRowStretchFactor(row, stretch)
        lowest = [name for name in _PANELS if wanted[name]][-1]
        for name in _PANELS:
            axis = self._x_axes[name]
            axis.setStyle(showValues=name == lowest)
            axis.showLabel(name == lowest)
            axis.setHeight(AXIS_HEIGHT if name == lowest else 8)

    def _name_axes(self, picture: Picture) -> None:
        lowest = [name for name in _PANELS if self._in_layout[name]][-1]
        self._x_axes[lowest].name(picture.scale.label, picture.scale.unit)
        self._name_axis("flux", picture.label, picture.unit, [c.flux for c in picture.curves])
        self._name_axis("ratio", ratio_name(picture.reference), "", [])
        values = [c.difference for c in picture.curves if c.difference is not None]
        unit = picture.main.unit if picture.main is not None and not picture.unit else picture.unit
        self._name_axis("difference", f"− {picture.reference.removeprefix('variant ')}", unit, values)

    def _name_axis(self, name: str, label: str, unit: str, values: Sequence[np.ndarray]) -> None:
        axis = self._y_axes[name]
        assert isinstance(axis, PowerAxis)
        log = name == "flux" and self._settings.log
        axis.name_for(label, unit, max((_largest(v) for v in values), default=0.0), log)

    def _keep_zoom(self, picture: Picture) -> None:
        """Keep the zoom as long as it makes sense."""
        main, scale, settings = picture.main, picture.scale, self._settings
        if main is None:
            self._content = None
            return
        axis = (" ".join(picture.bands) or main.band, scale)
        # The recipe does not change what is before correction: with it the place or the exposures have changed.
        shown = (s for s in self._shown if s.spectra is not None and s.spectra.band == main.band)
        sources = tuple((s.variant.name, s.place, s.spectra.before.tobytes()) for s in shown if s.spectra is not None)
        if picture.bands:
            sources = tuple((part.band, self._active[1], part.before.tobytes()) for part in picture.parts)
        how = (
            *(self._active[1], picture.unit, settings.log, settings.arrangement),
            *(settings.before, settings.aperture, settings.scaled, picture.awaits_aperture),
        )
        content = (axis, sources, how)
        known, self._content = self._content, content
        if content == known:
            if not self._zoomed:
                self._fit_heights(growing=("flux",))
        elif known and known[0] == axis and self._zoomed:
            self._fit_heights()
        elif (not known or known[0][1].kind != "velocity") and scale.kind == "velocity":
            self.fit()
            if np.abs(np.concatenate([c.x for c in picture.curves])).min() < VELOCITIES:
                self.flux_plot.setXRange(-VELOCITIES, VELOCITIES, padding=0)
                self._zoomed = True
                self._fit_heights()
        else:
            self.fit()

    def _level(self, panel: str, values: np.ndarray) -> np.ndarray:
        """Positions of values on a vertical axis: their logarithms where it is logarithmic, which only light has."""
        if panel != "flux" or not self._settings.log:
            return values
        return np.log10(np.where(values > 0.0, values, np.nan))

    def _fit_heights(self, growing: Sequence[str] = ()) -> None:
        """Fit the vertical ranges to the visible part of the curves; those that only grow stay where curves fit in."""
        low, high = self.flux_plot.vb.viewRange()[0]
        for name in _PANELS:
            curves = [c for c in self._picture.curves if _has(c, name)]
            values = [self._level(name, getattr(c, name)[(c.x >= low) & (c.x <= high)]) for c in curves]
            if name == "flux" and not self._settings.log:
                found = np.concatenate(values) if values else np.empty(0)
            else:  # noise about nothing does not count: that of the band's edges divided, or its logarithm
                found = np.concatenate([_bulk(v) for v in values]) if values else np.empty(0)
            found = found[np.isfinite(found)]
            if found.size:
                bottom, top = float(found.min()), float(found.max())
                seen = self.plots[name].vb.viewRange()[1]
                if name in growing and seen[0] <= bottom and top <= seen[1]:
                    continue
                margin = 0.04 * (top - bottom) or 0.05 * abs(top) or 1.0
                show_range(self.plots[name], bottom - margin, top + margin)

    # Mouse

    def _wavelength(self, position: QPointF) -> float | None:
        """Observed wavelength at a position of the scene, None outside of the plots."""
        plots = (self.plots[name] for name in _PANELS if self._in_layout[name])
        plot = next((p for p in plots if p.vb.sceneBoundingRect().contains(position)), None)
        if self._picture.main is None or plot is None or not self._picture.main.wavelength.size:
            return None
        wave = float(self._picture.scale.wavelength(plot.vb.mapSceneToView(position).x()))
        return wave if math.isfinite(wave) else None

    def _click(self, event: MouseClickEvent) -> None:
        wave = self._wavelength(event.scenePos())
        if wave is None or event.button() != Qt.MouseButton.LeftButton or event.isAccepted():
            return
        part = self._picture.part_at(wave)
        if event.double():
            self.fit()
        elif part is not None and part is not self._picture.main:
            self.band_picked.emit(part.band, wave)
        else:
            self.picked.emit(wave)

    def _hover(self, position: QPointF) -> None:
        main, wave = self._picture.main, self._wavelength(position)
        self.canvas.setToolTip(self._line_tip(position))
        if main is None or wave is None:
            self.left.emit()
            return
        part = self._picture.part_at(wave) or main
        k = int(np.abs(part.wavelength - wave).argmin())
        share = self.filled_marks.share_at(float(part.wavelength[k]))
        filled = f"   {100.0 * share:.0f} % from filled pixels" if share else ""
        self.pointed.emit(float(part.wavelength[k]), values_at(self._picture, self._active, part, k) + filled)

    def _line_tip(self, position: QPointF) -> str:
        """Name and wavelengths of the line under the mouse in the strip."""
        if not self._in_layout["strip"] or not self.strip_plot.vb.sceneBoundingRect().contains(position):
            return ""
        line = self._strip.line_at(self._strip.mapFromScene(position).x())
        if line is None:
            return ""
        observed = line.observed(self._settings.redshift)
        return f"{line.name}: {line.wavelength:g} µm at rest, {observed:.5g} µm observed ({line.family})"

    def _note_zoom(self, *_: object) -> None:
        self._zoomed = True

    def _draw_boxes(self, wanted: bool) -> None:
        """Have drags draw boxes to zoom into, or move what is shown."""
        for plot in self.plots.values():
            plot.vb.draws_boxes = wanted

    def _want_region(self, wanted: bool) -> None:
        """Smooth within the middle third of the visible range, which can then be dragged; or everywhere."""
        low, high = self.flux_plot.vb.viewRange()[0]
        ends = self._picture.scale.wavelength(np.array([low + (high - low) / 3, high - (high - low) / 3]))
        region = (round(float(min(ends)), 5), round(float(max(ends)), 5)) if wanted else None
        self.settings_edited.emit(replace(self._settings, region=region))

    def _take_region(self) -> None:
        ends = self._picture.scale.wavelength(np.array(self._region.getRegion()))
        region = (round(float(min(ends)), 5), round(float(max(ends)), 5))
        if self._settings.region is not None and region[0] < region[1]:
            self.settings_edited.emit(replace(self._settings, region=region))


def _give_room(plot: pg.PlotItem, shown: bool, height: float) -> None:
    """Show a plot, of a fixed height unless that is negative, or hide it: the layout keeps room for hidden ones too."""
    plot.setVisible(shown)
    if shown:  # an axis that is hidden forgets its width when anything about it changes
        plot.getAxis("left").setWidth(LEFT_WIDTH)
    least = height if shown else 0.0
    plot.setMinimumHeight(least)
    plot.setPreferredHeight(least)
    plot.setMaximumHeight(least)


def _show_curve(item: pg.PlotCurveItem, x: np.ndarray, y: np.ndarray, pen: QPen) -> None:
    """Give a curve values and pen, unless it has them: of many curves an answer changes few."""
    known = item.getData()
    if known[0] is None or not (np.array_equal(known[0], x) and np.array_equal(known[1], y, equal_nan=True)):
        item.setData(x, y)
    if item.opts["pen"] != pen:
        item.setPen(pen)


def _largest(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(np.abs(finite).max()) if finite.size else 0.0


def _has(curve: Curve, name: str) -> bool:
    return getattr(curve, name) is not None


def _bulk(values: np.ndarray) -> np.ndarray:
    """Range of nearly all finite values, widened a little."""
    finite: np.ndarray = values[np.isfinite(values)]
    if not finite.size:
        return finite
    aside = finite.size // 200
    low, high = np.sort(finite)[[aside, -1 - aside]]
    return np.array([low - 0.1 * (high - low), high + 0.1 * (high - low)])
