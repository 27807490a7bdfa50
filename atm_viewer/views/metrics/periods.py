"""Periodogram of the spaxel's oscillations, with the periods predicted from geometry."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from atm_viewer.engine.results.periods import LocalPower, PeriodReport
from atm_viewer.views.base.plotting import Paragraph, PlainAxis, legend_html, make_pen, plain
from atm_viewer.views.base.theme import DARK, Theme
from atm_viewer.views.images.image_panel import ImagePanel, Pixels

BEFORE, AFTER = SIDES = ("before", "after")
_DASHES = {"period": Qt.PenStyle.SolidLine, "half": Qt.PenStyle.DashLine, "fringe": Qt.PenStyle.DotLine}
_STEPS = (1.0, 2.0, 5.0)


class PeriodAxis(PlainAxis):
    """Vertical axis of decimal logarithms that shows the numbers themselves."""

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        """Place ticks at 1, 2 and 5 of each decade in sight; of fewer decades at all whole numbers."""
        if not (math.isfinite(minVal) and math.isfinite(maxVal)) or maxVal - minVal > 20:
            return []
        steps = _STEPS if maxVal - minVal > 0.6 else tuple(float(k) for k in range(1, 10))
        decades = range(math.floor(minVal), math.ceil(maxVal) + 1)
        values = [k + math.log10(step) for k in decades for step in steps]
        return [(0.3, [v for v in values if minVal <= v <= maxVal])]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        """Write the numbers."""
        return [plain(10.0**value, 3) for value in values]


class PeriodView(ImagePanel):
    """Amplitude of the sine that fits best, by wavelength and period, and the periods that geometry predicts."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(PlainAxis("bottom", "wavelength", "µm"), PeriodAxis("left", "period", "µm"), parent)
        self._report: PeriodReport | None = None
        self._curves: list[pg.PlotCurveItem] = []
        self.side_box = QComboBox()
        self.side_box.setAccessibleName("Periodogram shown")
        self.side_box.addItems(SIDES)
        self.side_box.setToolTip(
            "Show the periodogram of spaxel / aperture before or after correction by the active variant. Default: "
            "before"
        )
        self.stretch_box.setCurrentText("linear")
        self.header.insertWidget(0, self.side_box)
        self.words = Paragraph(markup=True)
        self.words.setContentsMargins(6, 0, 6, 2)
        box = self.layout()
        assert isinstance(box, QVBoxLayout)
        box.insertWidget(1, self.words)
        self.peaks = pg.ScatterPlotItem(size=6, brush=None)
        self.peaks.setZValue(20)
        self.plot.addItem(self.peaks, ignoreBounds=True)
        self.side_box.currentIndexChanged.connect(self._draw)
        self.set_theme(DARK)
        self.show_report(None)

    def show_report(self, report: PeriodReport | None, stale: bool = False) -> None:
        """Show periods at a place; None empties the view; curves that are being renewed are dimmed."""
        known, self._report = self._report, report
        self.canvas.setEnabled(not stale)
        self._draw()
        if report is not None and (known is None or known.band != report.band):
            self.fit()

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        super().set_theme(theme)
        self._draw()

    @property
    def power(self) -> LocalPower | None:
        """Periodogram of the chosen side: before or after correction."""
        report = self._report
        return None if report is None else report.before if self.side_box.currentText() == BEFORE else report.after

    def _draw(self) -> None:
        for curve in self._curves:
            self.plot.removeItem(curve)
        self._curves = []
        report, power = self._report, self.power
        if report is None or power is None:
            self.peaks.clear()
            self.words.setText("")
            self.show_content(None, note="The periods of the spaxel's oscillations appear here")
            return
        both = 100.0 * np.stack([report.before.amplitude, report.after.amplitude]).astype(np.float32)
        values = np.ascontiguousarray(both[0 if power is report.before else 1])
        # The same limits before and after, so that they can be compared.
        self.show_content(Pixels(values, "%", "amplitude", both), _rect(power))
        self._draw_predictions(report)
        found = power.peak()
        shown = np.isfinite(found)
        self.peaks.setPen(make_pen(self.theme.cursor, 1.4))
        self.peaks.setData(power.wavelength[shown], np.log10(found[shown]))
        self._write(report)

    def _draw_predictions(self, report: PeriodReport) -> None:
        periods, top = report.periods, 2.0 * report.before.period[-1]
        for trace in periods.by_exposure:
            with np.errstate(divide="ignore", invalid="ignore"):
                period = 1.0 / np.abs(np.gradient(trace.position, periods.wavelength))
            self._add(periods.wavelength, period, top, self.theme.mark, "period")
        self._add(periods.wavelength, periods.period / 2, top, self.theme.mark, "half")
        for typical, _, _ in periods.fringe:
            self._add(periods.wavelength, periods.fringe_period(typical), top, self.theme.accent, "fringe")

    def _add(self, wavelength: np.ndarray, period: np.ndarray, top: float, colour: str, dash: str) -> None:
        with np.errstate(invalid="ignore", divide="ignore"):
            values = np.log10(np.where(period < top, period, np.nan))
        curve = pg.PlotCurveItem(wavelength, values, connect="finite", pen=make_pen(colour, 1.6, style=_DASHES[dash]))
        curve.setZValue(10)
        self.plot.addItem(curve, ignoreBounds=True)
        self._curves.append(curve)

    def _write(self, report: PeriodReport) -> None:
        found, before, after = report.agreement, report.modulation_before, report.modulation_after
        entries = [
            ("━", self.theme.text, "predicted period (one pixel)"),
            ("╌", self.theme.text, "half the predicted period"),
        ]
        entries += [("┈", self.theme.accent, f"fringes of {plain(f[0])} cm⁻¹") for f in report.periods.fringe]
        entries.append(("○", self.theme.cursor, "strongest measured period"))
        ratio = f"Measured / predicted period {plain(found.ratio, 3)} ± {plain(found.scatter, 2)}. "
        words = (
            (ratio if found.windows else "No measurable period. ")
            + f"In phase with the pixels: amplitude {_percent(before.amplitude)} → {_percent(after.amplitude)}, "
            + f"{_percent(before.explained, 2)} of the variance before, {_percent(after.explained, 2)} after."
        )
        self.words.setText(f"{legend_html(entries)}<br>{words}")
        self.words.setToolTip(
            "Oscillations of spaxel / aperture, compared with the path of the source's trace over the pixels (from "
            "the WCS). Press Shift+F1 for formulas and limits."
        )


def _percent(part: float, digits: int = 3) -> str:
    return "unknown" if math.isnan(part) else f"{plain(100 * part, digits)} %"


def _rect(power: LocalPower) -> QRectF:
    """Edges of the image: wavelength, and logarithm of the period."""
    step = (power.wavelength[-1] - power.wavelength[0]) / (power.wavelength.size - 1)
    low, high = np.log10(power.period[[0, -1]])
    rise = (high - low) / (power.period.size - 1)
    return QRectF(
        power.wavelength[0] - step / 2, low - rise / 2, step * power.wavelength.size, rise * power.period.size
    )
