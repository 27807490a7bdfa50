"""The detector image with slices, trace model and the chosen column."""

from __future__ import annotations

from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QRectF, Qt, pyqtSignal
from PyQt6.QtWidgets import QButtonGroup, QToolButton, QWidget

from atm_viewer.engine.results.correction import CorrectionReport
from atm_viewer.engine.results.exposure_view import ExposureView
from atm_viewer.engine.results.pixels import PixelReport
from atm_viewer.session.state.cursor import Cursor
from atm_viewer.views.base.cursor_marks import Sight
from atm_viewer.views.base.kept import Kept
from atm_viewer.views.base.plotting import Paragraph, PlainAxis, make_brush, make_pen, with_unit
from atm_viewer.views.base.theme import DARK, Theme
from atm_viewer.views.detector.why_layer import COLOURS, names_with_counts, short_reason
from atm_viewer.views.images.image_panel import Classes, ImagePanel, Pixels

#: Classes of the DQ layer, from what matters least to what matters most; colours of the Okabe-Ito palette.
_DQ_CLASSES = (
    ("", ""),
    ("other flag", "#0072b2"),
    ("JUMP_DET", "#56b4e9"),
    ("SATURATED", "#e69f00"),
    ("DO_NOT_USE", "#d55e00"),
)

LAYERS = (
    ("Data", "SCI: the calibrated exposure"),
    ("Trace", "TRACEMODEL: the splines evaluated at the detector's pixels, shown where they are used"),
    ("Data − trace", "Residual: SCI minus TRACEMODEL, shown where the spline is used"),
    ("DQ", "Data-quality flags, grouped by their effect on the fit; point at a pixel to read all its flags"),
    ("Why", "How each pixel was treated: where the spline is used, and why not elsewhere; click a pixel for details"),
)

DATA, TRACE, REST, DQ, WHY = range(len(LAYERS))

CHECKED = "QToolButton:checked {{ background: {highlight}; color: {highlight_text}; border: 1px solid {border}; }}"

#: A line with more points than the screen has dots costs time and shows nothing.
OUTLINE_POINTS = 256


def classify_dq(dq: np.ndarray) -> np.ndarray:
    """Class (0 to 4, see the DQ layer's legend) of data-quality flags; ``NON_SCIENCE`` pixels are class 0."""
    # by the three lowest bits: DO_NOT_USE outranks SATURATED outranks JUMP_DET
    classes = np.array([0, 4, 3, 4, 2, 4, 3, 4], dtype=np.uint8)[(dq & np.uint32(7)).astype(np.uint8)]
    np.maximum(classes, dq != 0, out=classes)
    classes[(dq & np.uint32(1 << 9)) != 0] = 0
    return classes


def find_edges(regions: np.ndarray, dispersion_axis: int) -> tuple[tuple[int, ...], np.ndarray, np.ndarray]:
    """Edges of the slices across dispersion.

    Parameters
    ----------
    regions : ndarray of int, shape (ny, nx)
        Region map, 0 outside of slices.
    dispersion_axis : int
        Array axis along which wavelength runs.

    Returns
    -------
    numbers : tuple of int
        Slice numbers, ascending.
    low, high : ndarray of float32, shape (slices, columns)
        Lower and upper edge [pixel, centres at whole numbers]; NaN in columns without the slice.
    """
    cross = regions if dispersion_axis == 1 else regions.T
    rows, columns = cross.shape
    change = np.empty((rows + 1, columns), dtype=bool)
    change[0], change[-1] = cross[0] > 0, cross[-1] > 0
    np.not_equal(cross[1:], cross[:-1], out=change[1:-1])
    edge, column = np.divmod(np.flatnonzero(change), columns)
    before = np.where(edge > 0, cross[edge - 1, column], 0)
    after = np.where(edge < rows, cross[np.minimum(edge, rows - 1), column], 0)
    numbers = np.unique(after[after > 0])
    low, high = np.full((2, numbers.size, columns), np.nan, dtype=np.float32)
    # edges ascend, and the last value assigned stays: the first of `low`, taken backwards, and the last of `high`
    for bound, side, order in ((low, after, slice(None, None, -1)), (high, before, slice(None))):
        here = np.flatnonzero(side > 0)[order]
        bound[np.searchsorted(numbers, side[here]), column[here]] = edge[here] - np.float32(0.5)
    return tuple(int(n) for n in numbers), low, high


class DetectorView(ImagePanel):
    """Detector image in the detector's own frame, zero-based pixels, with slice outlines and the chosen column.

    Signals
    -------
    picked(int, int)
        Slice number and column of a clicked pixel that lies in a slice.
    asked(int, int)
        Zero-based x and y of a clicked pixel; asks how it was treated.
    unasked()
        The explanation is not wanted any more.
    pointed(int, int, str)
        Zero-based x and y of the pixel under the mouse, and its value in the layer that is shown.
    """

    picked = pyqtSignal(int, int)
    asked = pyqtSignal(int, int)
    unasked = pyqtSignal()
    pointed = pyqtSignal(int, int, str)

    def __init__(self, parent: QWidget | None = None):
        self._exposure: ExposureView | None = None
        self._report: CorrectionReport | None = None
        self._numbers: tuple[int, ...] = ()
        self._low = self._high = np.empty((0, 0), dtype=np.float32)
        #: Edges of the slices by exposure: users switch between exposures.
        self._edges: WeakKeyDictionary[ExposureView, tuple[tuple[int, ...], np.ndarray, np.ndarray]]
        self._edges = WeakKeyDictionary()
        self._choice: tuple[int, int] | None = None
        self._pixel_report: PixelReport | None = None
        super().__init__(PlainAxis("bottom", "x", "pixel"), PlainAxis("left", "y", "pixel"), parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Detector image")
        self.layer_buttons = QButtonGroup(self)
        for k, (name, tip) in enumerate(LAYERS):
            button = QToolButton()
            button.setText(name)
            button.setToolTip(tip)
            button.setCheckable(True)
            self.layer_buttons.addButton(button, k)
            self.header.insertWidget(k, button)
        self.layer_buttons.buttons()[0].setChecked(True)
        self.layer_buttons.idToggled.connect(self._layer_toggled)
        self.answer = Paragraph()
        self.answer.setContentsMargins(6, 2, 6, 3)
        self.answer.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.answer.hide()
        layout = self.layout()
        assert layout is not None
        layout.addWidget(self.answer)

        self._fitted, self._unfitted, self._halo, self._outline = (
            pg.PlotCurveItem(connect="finite", antialias=True) for _ in range(4)
        )
        self._label = pg.TextItem(anchor=(0.5, 0.5))
        for item in (self._unfitted, self._fitted, self._halo, self._outline, self._label):
            self.plot.addItem(item, ignoreBounds=True)
        self._asked = pg.ScatterPlotItem(symbol="s", size=9, brush=None)
        self.plot.addItem(self._asked, ignoreBounds=True)
        self._sight = Sight()
        self.plot.addItem(self._sight, ignoreBounds=True)
        self.clicked.connect(self._pick)
        self.moved.connect(self._hover)
        self.set_theme(DARK)
        self.show_exposure(None)

    def show_exposure(self, view: ExposureView | None) -> None:
        """Show an exposure's image; None empties the view. The report and the choice of another one are dropped."""
        known = self._exposure
        if view is not None and view is known:
            return
        self._exposure = view
        if view is None or known is None or view.key != known.key:
            self._report = None
            self._choice = None
            self._pixel_report = None
            self._show_answer()
        if view is not None:
            if view not in self._edges:
                self._edges[view] = find_edges(view.regions, view.dispersion_axis)
            self._numbers, self._low, self._high = self._edges[view]
        self._show_layer()
        self._draw_outlines()
        self._draw_choice()
        if view is not None and (known is None or view.sci.shape != known.sci.shape):
            self.fit()

    def show_report(self, report: CorrectionReport | None) -> None:
        """Show what a recipe does to the exposure: its trace model, and which slices are fitted."""
        if report is not None and (self._exposure is None or report.exposure != self._exposure.key):
            report = None
        self._report = report
        if self.layer in (TRACE, REST, WHY):
            self._show_layer()
        self._draw_outlines()

    def show_pixel(self, pixel: PixelReport | None) -> None:
        """Show how a pixel was treated."""
        view = self._exposure
        shown = pixel is not None and view is not None and pixel.exposure == view.key
        self._pixel_report = pixel if shown else None
        self._show_answer()

    @property
    def layer(self) -> int:
        """Which of `LAYERS` is shown."""
        return self.layer_buttons.checkedId()

    def show_layer(self, layer: int) -> None:
        """Show one of `LAYERS`."""
        button = self.layer_buttons.button(layer)
        assert button is not None
        button.setChecked(True)

    def select(self, number: int, column: int) -> None:
        """Mark a slice and a column."""
        self._choice = (number, column)
        self._draw_choice()

    def state(self) -> dict[str, Any]:
        """Layer as well, see `ImagePanel.state`."""
        return {"layer": LAYERS[self.layer][0], **super().state()}

    def restore(self, state: Kept) -> None:
        """Restore layer, scale, limits and zoom from an earlier `state`."""
        names = [name for name, _ in LAYERS]
        if layer := state.choice("layer", names):
            self.layer_buttons.buttons()[names.index(layer)].setChecked(True)
            self._show_layer()
        super().restore(state)

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        super().set_theme(theme)
        self._fitted.setPen(make_pen(theme.mark, opacity=0.5))
        self._unfitted.setPen(make_pen(theme.mark, opacity=0.2))
        self._halo.setPen(make_pen("#000000", 3.6, 0.7))
        self._outline.setPen(make_pen(theme.mark, 1.4))
        self._label.setColor(theme.mark)
        self._sight.set_colour(theme.cursor)
        self._asked.setPen(make_pen(theme.accent, 2.0))
        for button in self.layer_buttons.buttons():
            button.setStyleSheet(CHECKED.format(**vars(theme)))
        self._label.fill = make_brush("#000000", 0.7)

    def _layer_toggled(self, layer: int, on: bool) -> None:
        if on:
            self._show_layer()
            self._show_answer()
        elif layer == WHY:
            self.unasked.emit()

    def _show_answer(self) -> None:
        pixel = self._pixel_report if self.layer == WHY else None
        self.answer.setVisible(self.layer == WHY)
        self.answer.setText(pixel.sentence if pixel else "Click a pixel to read how it was treated, and why.")
        self._asked.setData([pixel.x] if pixel else [], [pixel.y] if pixel else [])

    def _show_layer(self, *_: object) -> None:
        view, layer = self._exposure, self.layer
        if view is None:
            self.show_content(None, note="Open exposures to see their detector images")
            return
        ny, nx = view.sci.shape
        rect = QRectF(-0.5, -0.5, nx, ny)
        if layer == DATA:
            inside = view.sci[::5, ::5][view.regions[::5, ::5] > 0]
            self.show_content(Pixels(view.sci, view.unit, "SCI", inside), rect)
        elif layer == DQ:
            names, colours = zip(*_DQ_CLASSES, strict=True)
            self.show_content(Classes(classify_dq(np.asarray(view.dq)), names, colours), rect)
        elif self._report is None:
            self.show_content(None, rect, note="No trace model yet")
        elif layer == WHY:
            why = self._report.why
            classes = Classes(why.classes, names_with_counts(why.counts), COLOURS) if why is not None else None
            self.show_content(classes, rect)
        elif layer == TRACE:
            self.show_content(Pixels(self._report.trace, view.unit, "trace model", self._report.trace), rect)
        else:
            rest = view.sci - self._report.trace
            self.show_content(Pixels(rest, view.unit, "SCI − trace model", rest, symmetric=True), rect)

    def _draw_outlines(self) -> None:
        view = self._exposure
        for item in (self._fitted, self._unfitted):
            item.setVisible(view is not None)
        if view is None:
            return
        fitted = np.ones(len(self._numbers), dtype=bool)
        if self._report is not None:
            state = {r.number: r.fitted + r.reused > 0 for r in self._report.slices}
            fitted = np.array([state.get(n, False) for n in self._numbers], dtype=bool)
        columns = self._low.shape[1]
        position = np.unique(np.append(np.arange(0, columns, max(1, columns // OUTLINE_POINTS)), columns - 1))
        for item, which in ((self._fitted, fitted), (self._unfitted, ~fitted)):
            edges = np.concatenate([self._low[which][:, position], self._high[which][:, position]])
            # a NaN after each edge lifts the pen
            across = np.pad(edges, ((0, 0), (0, 1)), constant_values=np.nan).ravel()
            along = np.tile(np.append(position, 0).astype(np.float32), len(edges))
            item.setData(*_as_xy(view, along, across))

    def _draw_choice(self) -> None:
        view, choice = self._exposure, self._choice
        shown = view is not None and choice is not None and choice[0] in self._numbers
        for item in (self._halo, self._outline, self._label):
            item.setVisible(shown)
        if view is None or choice is None or not shown:
            return
        number, column = choice
        low, high = (edge[self._numbers.index(number)] for edge in (self._low, self._high))
        here = np.flatnonzero(np.isfinite(low))
        end = view.sci.shape[1 - view.dispersion_axis] - 0.5
        along = np.concatenate([here, here[::-1], here[:1], [np.nan], [column, column]])
        across = np.concatenate([low[here], high[here][::-1], low[here[:1]], [np.nan], [-0.5, end]])
        for item in (self._halo, self._outline):
            item.setData(*_as_xy(view, along.astype(np.float32), across))
        # the number stands at the end of the slice away from the column, where it hides nothing of interest
        far = here[int(0.04 * here.size)] if column > here.mean() else here[int(0.96 * here.size)]
        self._label.setText(str(number))
        self._label.setPos(*_as_xy(view, float(far), 0.5 * float(low[far] + high[far])))

    def _pixel(self, view: ExposureView, x: float, y: float) -> tuple[int, int] | None:
        """Index (y, x) of the pixel at a position of the plot, None outside of the detector."""
        pixel = round(y), round(x)
        return pixel if all(0 <= p < n for p, n in zip(pixel, view.sci.shape, strict=True)) else None

    def _pick(self, x: float, y: float) -> None:
        view = self._exposure
        if view is None or (pixel := self._pixel(view, x, y)) is None:
            return
        if (number := int(view.regions[pixel])) > 0:
            self.picked.emit(number, pixel[view.dispersion_axis])
            if self.layer == WHY:
                self.asked.emit(pixel[1], pixel[0])

    def show_cursor(self, cursor: Cursor | None) -> None:
        """Mark the pixel that the cursor is at."""
        self._sight.show_at(cursor.pixel if cursor is not None else None)

    def _hover(self, x: float, y: float) -> None:
        view = self._exposure
        if view is None or (pixel := self._pixel(view, x, y)) is None:
            self.left.emit()
        else:
            self.pointed.emit(pixel[1], pixel[0], self._value(view, pixel))

    def _value(self, view: ExposureView, pixel: tuple[int, int]) -> str:
        value, what = float(view.sci[pixel]), "SCI"
        layer = self.layer
        if layer == WHY and self._report is not None and self._report.why is not None:
            reason = short_reason(self._report.why, view, pixel[1], pixel[0])
            return f"{reason or 'between slices'}; {what} {with_unit(value, view.unit)}"
        if self._report is not None and layer in (TRACE, REST):
            trace = float(self._report.trace[pixel])
            value, what = (trace, "trace") if layer == TRACE else (value - trace, "SCI − trace")
        return f"{what} {with_unit(value, view.unit)}"


_T = TypeVar("_T")


def _as_xy(view: ExposureView, along: _T, across: _T) -> tuple[_T, _T]:
    """Plot coordinates of positions along and across dispersion."""
    return (across, along) if view.dispersion_axis == 0 else (along, across)
