"""The interactive figure on resampling noise: a Gaussian on pixels, and its peak against phase and wavelength."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent, QShowEvent
from PyQt6.QtWidgets import QGraphicsSceneWheelEvent, QGridLayout, QVBoxLayout, QWidget
from pyqtgraph.GraphicsScene.mouseEvents import MouseClickEvent, MouseDragEvent

from atm_viewer.engine.psf import SIGMA_TO_FWHM
from atm_viewer.teaching.model import (
    Optics,
    amplitude,
    aperture_by_wavelength,
    flat,
    peak_by_phase,
    peak_by_wavelength,
    phase_points,
    sample,
)
from atm_viewer.teaching.presets import LearnSetup
from atm_viewer.views.base.paint_turns import in_next_turn
from atm_viewer.views.base.plotting import Canvas, FreeViewBox, Paragraph, PlainAxis, legend_html, make_brush, make_pen
from atm_viewer.views.base.theme import DARK, Theme

HALF = 4.0  #: pixels on both sides of the middle that are shown
STEP = 0.02  #: of an arrow key [pixel]
_FARTHEST = 3.0  #: of the Gaussian's peak [pixel]


class DragBox(FreeViewBox):
    """View box in which the left button takes something along, and nothing zooms.

    Signals
    -------
    dragged(float, float)
        Where the button was pressed and where the mouse is, along x.
    pressed(float)
        A click, along x.
    """

    dragged = pyqtSignal(float, float)
    pressed = pyqtSignal(float)

    def __init__(self) -> None:
        super().__init__()
        self.setMouseEnabled(x=False, y=False)

    def mouseDragEvent(self, event: MouseDragEvent, axis: int | None = None) -> None:
        """Announce where the drag began and where the mouse is."""
        if event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            self.dragged.emit(self.mapToView(event.buttonDownPos()).x(), self.mapToView(event.pos()).x())
        else:
            event.ignore()

    def mouseClickEvent(self, event: MouseClickEvent) -> None:
        """Announce where the click was."""
        if event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            self.pressed.emit(self.mapToView(event.pos()).x())

    def wheelEvent(self, event: QGraphicsSceneWheelEvent, axis: int | None = None) -> None:
        """Leave the wheel alone."""
        event.ignore()


class Chart(QWidget):
    """A plot with a few words on it above.

    Parameters
    ----------
    x, y : PlainAxis
        Axes.
    """

    def __init__(self, x: PlainAxis, y: PlainAxis):
        super().__init__()
        self.words = Paragraph(markup=True)
        self.words.setTextFormat(Qt.TextFormat.RichText)
        self.words.setContentsMargins(8, 2, 8, 2)
        self.canvas = Canvas()
        self.box = DragBox()
        self.plot = pg.PlotItem(viewBox=self.box, axisItems={"bottom": x, "left": y}, enableMenu=False)
        self.canvas.place(self.plot, 0, 0)
        self._axes = (x, y)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.words)
        layout.addWidget(self.canvas, 1)

    def curve(self, z: float = 0.0) -> pg.PlotCurveItem:
        """Add a curve."""
        item = pg.PlotCurveItem()
        item.setZValue(z)
        self.plot.addItem(item)
        return item

    def points(self, symbol: str, size: float, z: float = 10.0) -> pg.ScatterPlotItem:
        """Add points."""
        item = pg.ScatterPlotItem(symbol=symbol, size=size)
        item.setZValue(z)
        self.plot.addItem(item)
        return item

    def apply(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self.canvas.setBackground(theme.plot)
        for axis in self._axes:
            axis.apply(theme)


class LearnFigure(QWidget):
    """The three plots.

    Signals
    -------
    moved(float)
        The Gaussian is wanted at another phase.
    """

    moved = pyqtSignal(float)

    def __init__(self) -> None:
        super().__init__()
        self.theme = DARK
        self._setup: LearnSetup | None = None
        self._due = False  # something has changed since it was in sight
        self._held: tuple[float, float] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Model of resampling noise")
        self.top = Chart(
            PlainAxis("bottom", "Position along the slice", "pixel"), PlainAxis("left", "Flux", "of the peak")
        )
        self.by_phase = Chart(
            PlainAxis("bottom", "Pixel phase φ of the source", "pixel"), PlainAxis("left", "Spaxel", "of its mean")
        )
        self.by_wavelength = Chart(
            PlainAxis("bottom", "Wavelength", "µm"), PlainAxis("left", "Spaxel, aperture", "of the mean")
        )
        self._fill()
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.top, 0, 0, 1, 2)
        layout.addWidget(self.by_phase, 1, 0)
        layout.addWidget(self.by_wavelength, 1, 1)
        for row, share in ((0, 5), (1, 5)):
            layout.setRowStretch(row, share)
        layout.setColumnStretch(0, 4)
        layout.setColumnStretch(1, 6)
        self.top.canvas.setToolTip("Drag the star, or press ← and → (with Shift, five times as far)")
        self.by_phase.canvas.setToolTip("Click or drag to move the source to this phase")
        self.top.box.dragged.connect(self._drag)
        self.top.box.pressed.connect(lambda x: self._take_focus())
        for signal in (self.by_phase.box.pressed, self.by_phase.box.dragged):
            signal.connect(self._to_phase)

    def show_setup(self, setup: LearnSetup) -> None:
        """Show a source, its pixels and what becomes of them."""
        self._setup = setup
        self._due = not self.isVisible()
        if not self._due:
            self._draw()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Draw what was not drawn while it was hidden, after the rest of the window has appeared."""
        super().showEvent(event)
        if self._due:
            in_next_turn(self, self._draw)

    def _draw(self) -> None:
        self._due = False
        if self._setup is not None:
            self._draw_top(self._setup)
            self._draw_phase(self._setup)
            self._draw_wavelength(self._setup)

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self.theme = theme
        for chart in (self.top, self.by_phase, self.by_wavelength):
            chart.apply(theme)
        self._edges.setPen(make_pen(theme.grid))
        self._true.setPen(make_pen(theme.text, 1.0))
        self._between.setPen(make_pen(theme.after, 1.5))
        self._neighbours.setBrush(make_brush(theme.window_points, 0.7))
        self._neighbours.setPen(None)
        self._pixels.setBrush(make_brush(theme.accent))
        self._pixels.setPen(make_pen(theme.plot))
        self._spaxels.setBrush(make_brush(theme.after))
        self._spaxels.setPen(make_pen(theme.plot))
        self._source.setPen(make_pen(theme.cursor, 1.0, style=Qt.PenStyle.DashLine))
        for curves in (self._phase, self._wave):
            for name, colour in (("before", theme.before), ("now", theme.after), ("aperture", theme.aperture)):
                if name in curves:
                    curves[name].setPen(make_pen(colour, 1.5))
        for mark in (self._here, self._first):
            mark.setBrush(make_brush(theme.cursor))
            mark.setPen(make_pen(theme.plot))
        if self._setup is not None:
            self.show_setup(self._setup)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Move the Gaussian by arrow keys."""
        signs: dict[int, int] = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        sign = signs.get(event.key()) if event is not None else None
        if event is None or sign is None or self._setup is None:
            super().keyPressEvent(event)
            return
        far = 5 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        self._move(self._setup.phase + sign * far * STEP)

    # What is in the plots

    def _fill(self) -> None:
        top = self.top
        self._edges, self._true, self._between = top.curve(-10), top.curve(1), top.curve(2)
        self._neighbours = top.points("o", 3, 0)
        self._pixels, self._spaxels = top.points("o", 10), top.points("s", 8, 11)
        self._source = pg.InfiniteLine(angle=90)
        top.plot.addItem(self._source)
        top.plot.setXRange(-HALF, HALF, padding=0)
        top.plot.setYRange(-0.06, 1.08, padding=0)
        edges = np.repeat(np.arange(-HALF - 0.5, HALF + 1.0), 2)
        self._edges.setData(edges, np.tile([-1.0, 2.0], edges.size // 2), connect="pairs")
        self._phase = {"before": self.by_phase.curve(1), "now": self.by_phase.curve(2)}
        self._here = self.by_phase.points("o", 10)
        self.by_phase.plot.setXRange(-0.5, 0.5, padding=0.02)
        right = self.by_wavelength
        self._wave = {"before": right.curve(1), "now": right.curve(3), "aperture": right.curve(2)}
        self._first = right.points("o", 8)

    def _draw_top(self, setup: LearnSetup) -> None:
        shown, phase = sample(setup.phase, setup.optics, HALF), setup.phase
        sigma = setup.optics.fwhm / SIGMA_TO_FWHM
        self._true.setData(shown.between, np.exp(-0.5 * ((shown.between - phase) / sigma) ** 2))
        self._between.setData(shown.between, shown.curve)
        self._pixels.setData(shown.pixels, shown.values)
        self._spaxels.setData(shown.points, shown.resampled)
        self._source.setValue(phase)
        entries = [
            ("—", self.theme.text, "the source"),
            ("●", self.theme.accent, "its pixels"),
            ("—", self.theme.after, f"between the pixels: {words_of(setup.method)}"),
            ("■", self.theme.after, "spaxels"),
        ]
        if setup.model:
            x, y = phase_points(phase + setup.trace.drift[::6], setup.optics.fwhm)
            near = np.abs(x + phase) < HALF
            self._neighbours.setData(x[near] + phase, y[near])
            entries.insert(2, ("·", self.theme.window_points, "pixels of other columns, aligned on the source"))
        self._neighbours.setVisible(setup.model)
        pixels = setup.fwhm / setup.pixel
        if setup.model:
            look = (
                "<b>Other columns see the source at other phases.</b> Together they sample the profile finely. A "
                "spline fitted to them gives the values between the pixels."
            )
        else:
            look = (
                f"<b>{pixels:.2f} pixels per FWHM</b>: above about 2 pixels per FWHM the profile is well sampled. "
                "Drag the source between two pixels: neither pixel records the peak."
            )
        self.top.words.setText(f"{look}<br>{legend_html(entries)}")

    def _draw_phase(self, setup: LearnSetup) -> None:
        phase, values = _by_phase(setup.optics)
        before = _by_phase(setup.without_model)[1] if setup.model else values
        self._phase["now"].setData(phase, values / values.mean())
        self._phase["before"].setData(phase, before / before.mean())
        self._phase["before"].setVisible(setup.model)
        here = setup.phase - np.round(setup.phase)
        self._here.setData([here], [float(np.interp(here, phase, values / values.mean()))])
        _fit(self.by_phase, before / before.mean(), values / values.mean())
        what = "with trace model" if setup.model else words_of(setup.method)
        self.by_phase.words.setText(
            f"<b>±{100 * amplitude(values):.1f} %</b> {what}"
            + (f" (±{100 * amplitude(before):.1f} % without)" if setup.model else "")
            + ": spaxel on the source against pixel phase. The dot marks the current phase."
        )

    def _draw_wavelength(self, setup: LearnSetup) -> None:
        trace = setup.trace
        values = peak_by_wavelength(setup.phase, setup.optics, trace)
        radius = setup.radius * setup.fwhm / setup.pixel
        aperture = aperture_by_wavelength(setup.phase, setup.optics, trace, radius)
        before = peak_by_wavelength(setup.phase, setup.without_model, trace) if setup.model else values
        lines = {name: curve / curve.mean() for name, curve in (("now", values), ("before", before))}
        lines["aperture"] = aperture / aperture.mean()
        for name, line in lines.items():
            self._wave[name].setData(trace.wavelength, line)
        self._wave["before"].setVisible(setup.model)
        self._first.setData(trace.wavelength[:1], lines["now"][:1])
        self.by_wavelength.plot.setXRange(trace.start, trace.stop, padding=0.01)
        _fit(self.by_wavelength, *lines.values())
        entries = [("—", self.theme.after, f"spaxel ±{100 * amplitude(flat(values)):.1f} %")]
        if setup.model:
            entries.append(("—", self.theme.before, f"without trace model ±{100 * amplitude(flat(before)):.1f} %"))
        words = f"aperture of {setup.radius:g} FWHM ±{100 * amplitude(flat(aperture)):.1f} %"
        entries.append(("—", self.theme.aperture, words))
        self.by_wavelength.words.setText(
            "The source's phase changes along the trace: one period per pixel crossed, slow where the "
            f"trace turns. An aperture recovers the flux that a spaxel misses.<br>{legend_html(entries)}"
        )

    # The user's hand

    def _drag(self, start: float, now: float) -> None:
        if self._setup is None:
            return
        self._take_focus()
        if self._held is None or self._held[0] != start:
            self._held = start, self._setup.phase
        self._move(self._held[1] + now - start)

    def _to_phase(self, *places: float) -> None:
        self._take_focus()
        if self._setup is not None:
            self._move(float(np.round(self._setup.phase)) + min(max(places[-1], -0.5), 0.5))

    def _move(self, phase: float) -> None:
        self.moved.emit(min(max(phase, -_FARTHEST), _FARTHEST))

    def _take_focus(self) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)


@lru_cache(8)
def _by_phase(optics: Optics) -> tuple[np.ndarray, np.ndarray]:
    """Keep what does not depend on where the source is while it is dragged."""
    return peak_by_phase(optics)


def words_of(method: str) -> str:
    """Name a way to interpolate."""
    return {
        "nearest": "nearest pixel",
        "linear": "linear interpolation",
        "cubic": "cubic interpolation",
        "overlap": "drizzle (overlap)",
    }[method]


def _fit(chart: Chart, *curves: np.ndarray) -> None:
    """Show curves, on the same scale as long as they are not larger, so that flat looks flat."""
    low, high = min(c.min() for c in curves), max(c.max() for c in curves)
    chart.plot.setYRange(min(0.75, low - 0.02), max(1.2, high + 0.02), padding=0)
