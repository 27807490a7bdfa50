"""The spectrum of one spaxel before and after, against the aperture around it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from atm_viewer.engine.reports import SpaxelSpectra
from atm_viewer.session.cursor import Cursor
from atm_viewer.views.cursor_marks import CursorLine
from atm_viewer.views.kept import Kept, content_of, zoom_of
from atm_viewer.views.plotting import Canvas, Line, PlainAxis, legend_html, make_brush, make_pen, plain, with_unit
from atm_viewer.views.theme import DARK, Theme

PENDING_OPACITY = 0.45


class SpectrumView(QWidget):
    """Spaxel before and after with the scaled aperture (upper plot), and spaxel over aperture (lower plot).

    Signals
    -------
    pointed(float, str)
        Wavelength [um] of the plane under the mouse, and the values there.
    picked(float)
        Wavelength [um] that was clicked.
    left()
        The mouse is elsewhere.
    """

    pointed = pyqtSignal(float, str)
    picked = pyqtSignal(float)
    left = pyqtSignal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._spectra: SpaxelSpectra | None = None
        self._theme = DARK
        self._scale = math.nan
        self._ratios: tuple[np.ndarray, np.ndarray] = (np.empty(0), np.empty(0))
        self._pending = False

        self.legend = Line()
        self.legend.setToolTip(
            "The aperture's spectrum [Jy] times one number, so that its median ratio to the spaxel after is 1: "
            "what the spaxel would look like without resampling noise, if the aperture has the same spectrum"
        )
        self.noise = QLabel()
        self.noise.setToolTip(
            "Resampling noise before → after: 1.4826 times the median absolute deviation of spaxel over aperture "
            "about a cubic in wavelength [%]"
        )
        self.errors_box = QCheckBox("errors")
        self.errors_box.setToolTip("Show the ± 1 σ bands of the spaxel's spectra, from the cube's ERR")
        self.fit_button = QToolButton()
        self.fit_button.setText("Fit")
        self.fit_button.setToolTip("Show the whole spectrum again (wheel zooms, drag moves, right drag stretches)")
        header = QHBoxLayout()
        header.setContentsMargins(6, 2, 4, 2)
        header.addWidget(self.legend, 1)
        header.addWidget(self.fit_button)
        below = QHBoxLayout()
        below.setContentsMargins(6, 0, 4, 2)
        self.place = Line()
        self.place.setToolTip("Band, spaxel of the cube (zero-based) and its position on the sky (ICRS)")
        below.addWidget(self.noise)
        below.addSpacing(12)
        below.addWidget(self.place, 1)
        below.addWidget(self.errors_box)

        self.canvas = Canvas()
        self._axes = (
            PlainAxis("bottom"),
            PlainAxis("left", "brightness"),
            PlainAxis("bottom", "wavelength", "µm"),
            PlainAxis("left", "spaxel / aperture"),
        )
        self.flux_plot = self.canvas.add_plot(0, 0, self._axes[0], self._axes[1])
        self.ratio_plot = self.canvas.add_plot(1, 0, self._axes[2], self._axes[3])
        self.ratio_plot.setXLink(self.flux_plot)
        self._axes[0].setStyle(showValues=False)
        self._axes[0].showLabel(False)
        self._axes[0].setHeight(8)
        self.canvas.ci.layout.setRowStretchFactor(0, 3)
        self.canvas.ci.layout.setRowStretchFactor(1, 2)

        self._bands = {name: _Band() for name in ("before", "after")}
        self._curves = {name: pg.PlotCurveItem(connect="finite") for name in ("before", "aperture", "after")}
        self._ratio_curves = {name: pg.PlotCurveItem(connect="finite") for name in ("before", "after")}
        self._unity = pg.InfiniteLine(1.0, angle=0)
        for item in self._bands.values():
            self.flux_plot.addItem(item, ignoreBounds=True)
        for item in self._curves.values():
            self.flux_plot.addItem(item)
        self.ratio_plot.addItem(self._unity, ignoreBounds=True)
        for item in self._ratio_curves.values():
            self.ratio_plot.addItem(item)
        self._cursor_lines = [CursorLine(plot) for plot in (self.flux_plot, self.ratio_plot)]
        self._note = QLabel("Click a spaxel on the sky to see its spectrum")
        QVBoxLayout(self.canvas).addWidget(self._note, alignment=Qt.AlignmentFlag.AlignCenter)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(header)
        layout.addLayout(below)
        layout.addWidget(self.canvas, 1)

        self.errors_box.toggled.connect(self._draw_bands)
        self.fit_button.clicked.connect(self.fit)
        self.canvas.scene().sigMouseMoved.connect(self._hover)
        self.canvas.scene().sigMouseClicked.connect(self._click)
        self.canvas.left.connect(self.left)
        self.set_theme(DARK)
        self.show_spectra(None)

    def show_spectra(self, spectra: SpaxelSpectra | None) -> None:
        """Show spectra; None empties the plots. The zoom stays while position and band stay."""
        known, self._spectra = self._spectra, spectra
        self._note.setVisible(spectra is None)
        self.errors_box.setEnabled(spectra is not None)
        if spectra is None:
            for item in (*self._curves.values(), *self._ratio_curves.values(), *self._bands.values()):
                item.clear()
            self._write()
            return
        self._scale = _median_ratio(spectra.after, spectra.aperture_after)
        self._ratios = (
            _over_median(spectra.before, spectra.aperture_before),
            _over_median(spectra.after, spectra.aperture_after),
        )
        wave = spectra.wavelength
        self._axes[1].name("brightness", spectra.unit)
        self._curves["before"].setData(wave, spectra.before)
        self._curves["after"].setData(wave, spectra.after)
        self._curves["aperture"].setData(wave, spectra.aperture_after * self._scale)
        for name, ratio in zip(("before", "after"), self._ratios, strict=True):
            self._ratio_curves[name].setData(wave, ratio)
        self._draw_bands()
        self._write()
        if known is None or (known.band, known.spaxel) != (spectra.band, spectra.spaxel):
            self.fit()

    def set_pending(self, pending: bool) -> None:
        """Say that newer spectra are on their way: what is shown is dimmed, never blank."""
        self._pending = pending
        opacity = PENDING_OPACITY if pending else 1.0
        for item in (*self._curves.values(), *self._ratio_curves.values(), *self._bands.values()):
            item.setOpacity(opacity)
        self._write()

    def fit(self) -> None:
        """Show the whole spectrum."""
        self.flux_plot.autoRange(padding=0.03)
        self.ratio_plot.autoRange(padding=0.03)

    def state(self) -> dict[str, Any]:
        """Zoom of the plots, see `kept.Restorable`."""
        flux, ratio = self.flux_plot.vb, self.ratio_plot.vb
        return {**zoom_of(flux, content_of(flux)), **zoom_of(ratio, content_of(ratio), y="ratio")}

    def restore(self, state: Kept) -> None:
        """Zoom as `state` has told."""
        x, y, ratio = (state.range(key) for key in ("x", "y", "ratio"))
        for plot, rows in ((self.flux_plot, y), (self.ratio_plot, ratio)):
            if x is not None and rows is not None:
                plot.setRange(xRange=x, yRange=rows, padding=0)

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self._theme = theme
        self.canvas.setBackground(theme.plot)
        self._note.setStyleSheet(f"color: {theme.muted}")
        for axis in self._axes:
            axis.apply(theme)
        for name, colour in (("before", theme.before), ("after", theme.after), ("aperture", theme.aperture)):
            self._curves[name].setPen(make_pen(colour))
        for name, colour in (("before", theme.before), ("after", theme.after)):
            self._ratio_curves[name].setPen(make_pen(colour))
            self._bands[name].setBrush(make_brush(colour, 0.25))
        self._unity.setPen(make_pen(theme.grid))
        for line in self._cursor_lines:
            line.set_colour(theme.cursor)
        self._write()

    def _write(self) -> None:
        """Write the header: legend, noise, place."""
        spectra, theme = self._spectra, self._theme
        if spectra is None:
            for label in (self.legend, self.noise, self.place):
                label.setText("")
            return
        self.legend.setText(
            legend_html(
                [
                    ("—", theme.before, "before"),
                    ("—", theme.after, "after"),
                    ("—", theme.aperture, f"aperture {spectra.radius:.2f}″, scaled"),
                ]
            )
        )
        noise = f"noise {_percent(spectra.noise_before)} → {_percent(spectra.noise_after)}"
        self.noise.setText(f"<b>{noise}</b>")
        place = "updating…" if self._pending else f"spaxel {spectra.spaxel[0]}, {spectra.spaxel[1]}"
        self.place.setText(f'<span style="color:{theme.warning if self._pending else theme.muted}">{place}</span>')

    def _draw_bands(self) -> None:
        spectra = self._spectra
        for name, band in self._bands.items():
            if spectra is None or not self.errors_box.isChecked():
                band.clear()
            else:
                value, error = (
                    (spectra.before, spectra.before_err) if name == "before" else (spectra.after, spectra.after_err)
                )
                band.show(spectra.wavelength, value - error, value + error)

    def show_cursor(self, cursor: Cursor | None) -> None:
        """Mark the wavelength that the cursor is at."""
        for line in self._cursor_lines:
            line.show_at(cursor.wavelength if cursor is not None else math.nan)

    def _wavelength(self, position) -> float | None:
        """Wavelength at a position of the scene, None outside of the plots."""
        plot = next((p for p in (self.flux_plot, self.ratio_plot) if p.vb.sceneBoundingRect().contains(position)), None)
        if self._spectra is None or plot is None or not self._spectra.wavelength.size:
            return None
        return float(plot.vb.mapSceneToView(position).x())

    def _click(self, event) -> None:
        wave = self._wavelength(event.scenePos())
        if wave is not None and event.button() == Qt.MouseButton.LeftButton and not event.isAccepted():
            self.picked.emit(wave)

    def _hover(self, position) -> None:
        spectra, wave = self._spectra, self._wavelength(position)
        if spectra is None or wave is None:
            self.left.emit()
            return
        k = int(np.abs(spectra.wavelength - wave).argmin())
        scaled = float(spectra.aperture_after[k]) * self._scale
        ratios = " → ".join(plain(float(r[k]), 4) for r in self._ratios)
        self.pointed.emit(
            float(spectra.wavelength[k]),
            f"before {with_unit(float(spectra.before[k]), spectra.unit)}   "
            f"after {with_unit(float(spectra.after[k]), spectra.unit)}   "
            f"aperture {with_unit(float(spectra.aperture_after[k]), 'Jy')}, scaled {with_unit(scaled, spectra.unit)}   "
            f"spaxel / aperture {ratios}",
        )


class _Band(pg.FillBetweenItem):
    """Filled band between two curves with gaps at NaN."""

    def __init__(self):
        self._edges = (pg.PlotCurveItem(connect="finite"), pg.PlotCurveItem(connect="finite"))
        super().__init__(*self._edges)

    def show(self, x: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        """Show the band; NaN in either edge makes a gap."""
        gap = np.isnan(low) | np.isnan(high)
        for edge, values in zip(self._edges, (low, high), strict=True):
            edge.setData(x, np.where(gap, np.nan, values))

    def clear(self) -> None:
        """Show nothing."""
        for edge in self._edges:
            edge.setData([], [])


def _median_ratio(spaxel: np.ndarray, aperture: np.ndarray) -> float:
    """Median of spaxel over aperture, NaN when they have no wavelength in common."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = spaxel / aperture
    ratio = ratio[np.isfinite(ratio)]
    return float(np.median(ratio)) if ratio.size else math.nan


def _over_median(spaxel: np.ndarray, aperture: np.ndarray) -> np.ndarray:
    """Spaxel over aperture, divided by its median; NaN where undefined."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = spaxel / aperture / _median_ratio(spaxel, aperture)
    return np.where(np.isfinite(ratio), ratio, np.nan)


def _percent(share: float) -> str:
    """Noise as people read it."""
    return "not defined" if math.isnan(share) else f"{100.0 * share:.1f} %"
