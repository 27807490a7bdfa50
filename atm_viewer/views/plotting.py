"""What the plots have in common: brightness scales, axes with plain numbers, image display, legends."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QGuiApplication, QKeyEvent, QPainter, QPen, QPolygonF
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from atm_viewer.views.kept import Kept, take_zoom, zoom_of
from atm_viewer.views.theme import DARK, Theme

NAN_INDEX = 255  #: display index of pixels without a value
COLOURS = 254  #: display indices 0 to 253 carry values
ASINH_SOFTENING = 0.005  #: share of the range below which the asinh scale is nearly linear
LOG_REACH = 1000.0  #: the log scale spreads this ratio over the range
AXIS_WIDTH = 66  #: numbers and label beside a plot [dots]
AXIS_HEIGHT = 38  #: numbers and label below a plot [dots]
BLANK = {"dark": "#2a2f37", "light": "#454c57"}  #: pixels without a value, dark enough for marks on top of them
STRETCHES = ("asinh", "log", "linear")
SHARES = (100.0, 99.9, 99.5, 99.0, 98.0, 95.0)  #: percent of the pixels between the display limits


@dataclass(frozen=True)
class Stretch:
    """Scale from values to a position between 0 and 1.

    Parameters
    ----------
    kind : str
        ``asinh``, ``log`` or ``linear``.
    low, high : float
        Values at 0 and 1.
    symmetric : bool
        ``low`` is ``-high``, and the scale mirrors about zero.
    """

    kind: str
    low: float
    high: float
    symmetric: bool = False

    def forward(self, values):
        """Positions of values; clipped to 0 and 1, NaN stays NaN."""
        share = np.clip((np.asarray(values, dtype=float) - self.low) / (self.high - self.low), 0.0, 1.0)
        if self.symmetric:
            side = 2.0 * share - 1.0
            return 0.5 + 0.5 * np.sign(side) * self._shape(np.abs(side))
        return self._shape(share)

    def _shape(self, share: np.ndarray) -> np.ndarray:
        if self.kind == "asinh":
            return np.arcsinh(share / ASINH_SOFTENING) / math.asinh(1.0 / ASINH_SOFTENING)
        if self.kind == "log":
            return np.log1p(share * LOG_REACH) / math.log1p(LOG_REACH)
        return share


def find_limits(values: np.ndarray, share: float, symmetric: bool = False) -> tuple[float, float]:
    """Limits that hold a share of the finite values, from a subsample of at most some 10^5 of them.

    Parameters
    ----------
    values : ndarray
        Any shape; NaN is left out.
    share : float
        Percent of the values between the limits.
    symmetric : bool
        Make the limits equal but for the sign.

    Returns
    -------
    (float, float)
        Low and high, low < high also when all values are equal or NaN.
    """
    flat = values.ravel()
    # a stride with no small factor does not fall in step with rows or columns
    flat = flat[:: max(1, flat.size // 100_003)]
    flat = flat[np.isfinite(flat)]
    if not flat.size:
        return (-1.0, 1.0) if symmetric else (0.0, 1.0)
    if symmetric:
        high = float(np.percentile(np.abs(flat), share)) or 1.0
        return -high, high
    low, high = (float(v) for v in np.percentile(flat, (50.0 - share / 2.0, 50.0 + share / 2.0)))
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def to_indices(values: np.ndarray, stretch: Stretch) -> np.ndarray:
    """Display indices of an image: 0 to 253 along the stretch, `NAN_INDEX` for NaN.

    The stretch is applied by a table, so that it costs the same whatever its function.
    """
    steps = 65534
    positions = stretch.forward(np.linspace(stretch.low, stretch.high, steps + 1))
    table = np.append(np.uint8(NAN_INDEX), np.rint(positions * (COLOURS - 1)).astype(np.uint8))
    scaled = (values - np.float32(stretch.low)) * np.float32(steps / (stretch.high - stretch.low))
    scaled += np.float32(1.0)
    np.clip(scaled, 1.0, steps + 1.0, out=scaled)
    np.fmax(scaled, 0.0, out=scaled)  # NaN becomes entry 0
    return table[scaled.astype(np.uint16)]


def bin_mean(values: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Mean of the finite values in blocks of a float image; factors are powers of two, blocks may overhang the edge."""
    if rows == columns == 1:
        return values
    parts = []
    # strips of the image stay in the processor's cache
    for start in range(0, values.shape[0], 64):
        strip = values[start : start + 64]
        finite = np.isfinite(strip)
        total = _fold(np.add, np.where(finite, strip, np.float32(0.0)), rows, columns)
        count = _fold(np.add, finite.view(np.uint8), rows, columns)
        with np.errstate(invalid="ignore"):
            parts.append(total / count)
    return np.concatenate(parts)


def bin_max(indices: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Largest value in blocks of an image; factors are powers of two, blocks may overhang the edge."""
    return _fold(np.maximum, indices, rows, columns)


def _fold(combine: Callable, image: np.ndarray, rows: int, columns: int) -> np.ndarray:
    image = np.pad(image, ((0, -image.shape[0] % rows), (0, -image.shape[1] % columns)))
    while rows > 1:
        image, rows = combine(image[0::2], image[1::2]), rows // 2
    while columns > 1:
        image, columns = combine(image[:, 0::2], image[:, 1::2]), columns // 2
    return image


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


def space_out(values: Iterable[float], position: Callable[[float], float], gap: float) -> list[tuple[float, str]]:
    """Ticks (position, label) for the values that keep a gap from those taken before them."""
    taken: dict[float, str] = {}
    for value in values:
        here = float(position(value))
        if all(abs(here - other) >= gap for other in taken):
            taken[here] = plain(value)
    return sorted(taken.items())


def scale_ticks(stretch: Stretch, gap: float = 0.07) -> list[tuple[float, str]]:
    """Ticks between 0 and 1 for the colour bar of a stretch."""
    even = even_values(stretch.low, stretch.high)
    values = even if stretch.kind == "linear" else round_values(stretch.low, stretch.high) + even
    return space_out(values, stretch.forward, gap)


def plain(value: float, digits: int = 4) -> str:
    """Write a number for people: about four significant digits, no exponent between 1e-4 and 1e7, a real minus sign."""
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
    """Write a number for people with its unit; ``no value`` for NaN."""
    return plain(value, digits) if math.isnan(value) else f"{plain(value, digits)} {unit}"


def legend_html(entries: Iterable[tuple[str, str, str]]) -> str:
    """Legend line of rich text from (symbol, colour, words)."""
    return "&nbsp; ".join(
        f'<span style="color:{colour}"><b>{glyph}</b></span>&nbsp;{escape(words)}' for glyph, colour, words in entries
    )


def make_pen(colour: str | QColor, width: float = 1.0, opacity: float = 1.0, style=Qt.PenStyle.SolidLine) -> QPen:
    """Pen of a theme colour; the width is that on an ordinary screen, as cosmetic pens count the screen's own dots."""
    shade = QColor(colour)
    shade.setAlphaF(opacity)
    app = QGuiApplication.instance()
    dots = app.devicePixelRatio() if isinstance(app, QGuiApplication) else 1.0
    return pg.mkPen(shade, width=width * dots, style=style)


def make_brush(colour: str, opacity: float = 1.0):
    """Brush of a theme colour."""
    shade = QColor(colour)
    shade.setAlphaF(opacity)
    return pg.mkBrush(shade)


class PlainAxis(pg.AxisItem):
    """Axis whose numbers mean what they say: no automatic factor in the label."""

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
        self.setLabel(f"{label} [{unit}]" if unit else label)

    def apply(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self.setPen(make_pen(theme.muted))
        self.setTextPen(make_pen(theme.muted))


class FreeViewBox(pg.ViewBox):
    """View box without pyqtgraph's menu; a right click is passed on."""

    menu_wanted = pyqtSignal(object)

    def __init__(self):
        super().__init__(enableMenu=False)

    def mouseClickEvent(self, event) -> None:
        """Announce a right click with its position on the screen."""
        if event.button() == Qt.MouseButton.RightButton:
            event.accept()
            self.menu_wanted.emit(event.screenPos().toPoint())


class Canvas(pg.GraphicsLayoutWidget):
    """Drawing area that lets arrow keys and dropped files through to the widgets around it."""

    left = pyqtSignal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setAcceptDrops(False)
        self.viewport().setAcceptDrops(False)
        self.setMinimumSize(120, 90)
        self.ci.layout.setContentsMargins(2, 4, 6, 2)
        self.ci.layout.setSpacing(2)

    def add_plot(self, row: int, column: int, x: PlainAxis, y: PlainAxis, columns: int = 1) -> pg.PlotItem:
        """Add a plot with these axes and none of pyqtgraph's buttons and menus."""
        plot = pg.PlotItem(viewBox=FreeViewBox(), axisItems={x.orientation: x, y.orientation: y}, enableMenu=False)
        self.place(plot, row, column, columns)
        return plot

    def place(self, plot: pg.PlotItem, row: int, column: int, columns: int = 1) -> None:
        """Put a plot into the layout."""
        plot.hideButtons()
        self.addItem(plot, row, column, colspan=columns)
        self.adopt(plot.ctrlMenu)

    def adopt(self, menu: QMenu) -> None:
        """Own a menu that pyqtgraph makes and nobody sees: left alone it outlives the canvas as a window of its own."""
        menu.setParent(self, menu.windowFlags())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave keys to the widget around."""
        event.ignore()

    def leaveEvent(self, event) -> None:
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


class Line(QLabel):
    """One line of rich text that is cut rather than making the widget wider."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(40)


class Paragraph(QLabel):
    """Text that takes as many lines as it needs at its width, and asks for one only."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def minimumSizeHint(self) -> QSize:
        """Ask for one line."""
        margins = self.contentsMargins()
        return QSize(40, self.fontMetrics().height() + margins.top() + margins.bottom())


class Elided(QLabel):
    """Plain text on one line that ends in an ellipsis when there is no room; the tooltip has all of it."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def setText(self, text: str | None) -> None:
        """Show a text."""
        super().setText(text)
        self.setToolTip(text or "")

    def paintEvent(self, event) -> None:
        """Draw what fits."""
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        QPainter(self).drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


@dataclass(frozen=True, eq=False)
class Pixels:
    """Image of values to display.

    Parameters
    ----------
    values : ndarray of float32, shape (ny, nx)
        NaN has no value.
    unit : str
        Unit of the values.
    label : str
        What they are, for the colour bar.
    sample : ndarray
        Values the display limits are taken from.
    symmetric : bool
        Diverging about zero.
    """

    values: np.ndarray
    unit: str
    label: str
    sample: np.ndarray
    symmetric: bool = False


@dataclass(frozen=True, eq=False)
class Classes:
    """Image of classes to display.

    Parameters
    ----------
    indices : ndarray of uint8, shape (ny, nx)
        Class of each pixel; where pixels share a dot of the screen, the highest is seen.
    names, colours : sequence of str
        By class; an empty name is left out of the legend, an empty colour shows as blank.
    """

    indices: np.ndarray
    names: Sequence[str]
    colours: Sequence[str]


class ColourBar(pg.PlotItem):
    """Strip of the colours in use with the values they stand for."""

    def __init__(self):
        self._axis = PlainAxis("right")
        super().__init__(viewBox=FreeViewBox(), axisItems={"right": self._axis}, enableMenu=False)
        self.setMouseEnabled(x=False, y=False)
        self.hideAxis("left")
        self.hideAxis("bottom")
        self.showAxis("right")
        self._strip = pg.ImageItem(np.arange(COLOURS, dtype=np.uint8)[:, None], axisOrder="row-major", autoLevels=False)
        self.addItem(self._strip)
        self._strip.setRect(0, 0, 1, 1)
        self.setRange(QRectF(0, 0, 1, 1), padding=0)
        self.layout.setColumnFixedWidth(1, 12)
        self.layout.setContentsMargins(0, 1, 0, AXIS_HEIGHT)

    def show_scale(self, stretch: Stretch, table: np.ndarray, label: str, unit: str) -> None:
        """Show a stretch with its colour table."""
        self._strip.setLookupTable(table)
        self._axis.setTicks([scale_ticks(stretch), []])
        self._axis.name(label, unit)

    def apply(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self._axis.apply(theme)


class ImagePanel(QWidget):
    """Image with scale and limit controls, colour bar and mouse read-out; the base of the detector and sky views.

    The image is kept in display indices and folded to the screen's resolution, so that narrow traces do not fall
    between the dots of the screen and redrawing is cheap. Limits follow the data and the chosen share alone: neither
    the mouse nor zooming changes them.
    """

    clicked = pyqtSignal(float, float)
    shift_clicked = pyqtSignal(float, float)
    double_clicked = pyqtSignal()  #: after a click at the same place
    moved = pyqtSignal(float, float)
    left = pyqtSignal()

    def __init__(self, x_axis: PlainAxis, y_axis: PlainAxis, parent: QWidget | None = None):
        super().__init__(parent)
        self.theme = DARK
        self._content: Pixels | Classes | None = None
        self._rect = QRectF()
        self._bins = (0, 0)
        self._part = QRect()
        self._binned: np.ndarray | None = None
        self._stretch = Stretch("linear", 0.0, 1.0)
        self._axes = (x_axis, y_axis)

        self.stretch_box = QComboBox()
        self.stretch_box.addItems(STRETCHES)
        self.stretch_box.setToolTip("Brightness scale of the image: asinh shows faint and bright parts together")
        self.share_box = QComboBox()
        for share in SHARES:
            self.share_box.addItem("min–max" if share == 100.0 else f"{share:g} %", share)
        self.share_box.setCurrentIndex(SHARES.index(99.5))
        self.share_box.setToolTip(
            "Share of the pixels between the display limits [%]; zoom and mouse do not change them"
        )
        self.fit_button = QToolButton()
        self.fit_button.setText("Fit")
        self.fit_button.setToolTip("Show the whole image again (wheel zooms, drag moves, right drag stretches)")
        self.header = QHBoxLayout()
        self.header.setContentsMargins(4, 2, 4, 2)
        self.header.setSpacing(4)
        self.header.addStretch(1)
        for widget in (self.stretch_box, self.share_box, self.fit_button):
            self.header.addWidget(widget)
        self.legend = Paragraph()
        self.legend.setContentsMargins(6, 0, 6, 2)
        self.legend.hide()

        self.canvas = Canvas()
        self.plot = self.canvas.add_plot(0, 0, x_axis, y_axis)
        self.view: pg.ViewBox = self.plot.vb
        self.view.disableAutoRange()
        self._image = pg.ImageItem(axisOrder="row-major")
        self.plot.addItem(self._image)
        self._note = QLabel()
        self._note.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        QVBoxLayout(self.canvas).addWidget(self._note, alignment=Qt.AlignmentFlag.AlignCenter)
        self._bar = ColourBar()
        self.canvas.place(self._bar, 0, 1)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self.header)
        layout.addWidget(self.legend)
        layout.addWidget(self.canvas, 1)

        self.stretch_box.currentIndexChanged.connect(self._rescale)
        self.share_box.currentIndexChanged.connect(self._rescale)
        self.fit_button.clicked.connect(self.fit)
        self.view.sigRangeChanged.connect(self._refresh)
        self.view.sigResized.connect(self._refresh)
        self.canvas.scene().sigMouseClicked.connect(self._mouse_clicked)
        self.canvas.scene().sigMouseMoved.connect(self._mouse_moved)
        self.canvas.left.connect(self.left)

    def show_content(self, content: Pixels | Classes | None, rect: QRectF | None = None, note: str = "") -> None:
        """Show an image.

        Parameters
        ----------
        content : Pixels, Classes or None
            The image; None clears it.
        rect : QRectF or None
            Where its edges are in the plot's coordinates; None keeps the present ones.
        note : str
            Words in the middle of the plot, for an empty one.
        """
        self._content = content
        if rect is not None:
            self._rect = rect
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self._bins, self._binned = (0, 0), None
        scaled = isinstance(content, Pixels)
        self._bar.setVisible(scaled)
        self.stretch_box.setEnabled(scaled)
        self.share_box.setEnabled(scaled)
        self._rescale()
        self._refresh()

    def fit(self) -> None:
        """Show the whole image."""
        if not self._rect.isEmpty():
            self.view.setRange(self._rect, padding=0.01)

    def state(self) -> dict[str, Any]:
        """Scale, limits and zoom, see `kept.Restorable`."""
        scale = {"stretch": self.stretch_box.currentText(), "share": self.share_box.currentData()}
        return {**scale, **zoom_of(self.view, self._rect)}

    def restore(self, state: Kept) -> None:
        """Show the image as `state` has told."""
        if stretch := state.choice("stretch", STRETCHES):
            self.stretch_box.setCurrentText(stretch)
        if state.get("share") in SHARES:
            self.share_box.setCurrentIndex(SHARES.index(state.pop("share")))
        if not take_zoom(self.view, state):
            self.fit()

    @property
    def limits(self) -> tuple[float, float]:
        """Values at the ends of the colour bar."""
        return self._stretch.low, self._stretch.high

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self.theme = theme
        self.canvas.setBackground(theme.plot)
        self.view.setBackgroundColor(BLANK[theme.name])
        for axis in self._axes:
            axis.apply(theme)
        self._bar.apply(theme)
        self._note.setStyleSheet(f"color: {theme.mark}")
        self._recolour()

    def _rescale(self) -> None:
        content = self._content
        if isinstance(content, Pixels):
            low, high = find_limits(content.sample, self.share_box.currentData(), content.symmetric)
            self._stretch = Stretch(self.stretch_box.currentText(), low, high, content.symmetric)
        self._recolour()
        self._paint_image()

    def _recolour(self) -> None:
        content = self._content
        table = np.zeros((256, 3), dtype=np.uint8)
        blank = QColor(BLANK[self.theme.name]).getRgb()[:3]
        table[:] = blank
        if isinstance(content, Pixels):
            colours = pg.colormap.get("CET-D4" if content.symmetric else "viridis")
            table[:COLOURS] = colours.getLookupTable(0.0, 1.0, COLOURS)[:, :3]
            self._bar.show_scale(self._stretch, table, content.label, content.unit)
        elif content is not None:
            for k, colour in enumerate(content.colours):
                table[k] = QColor(colour).getRgb()[:3] if colour else blank
        entries = zip(content.names, content.colours, strict=True) if isinstance(content, Classes) else ()
        self.legend.setText(legend_html([("■", colour, name) for name, colour in entries if name and colour]))
        self.legend.setVisible(isinstance(content, Classes))
        self._image.setLookupTable(table)

    def _refresh(self) -> None:
        """Give the image item what is in sight, at the resolution of the screen."""
        content = self._content
        if content is None:
            self._image.clear()
            return
        whole = content.values if isinstance(content, Pixels) else content.indices
        bins, seen = self._choose_bins(whole.shape), self._part_in_sight(whole.shape)
        if bins == self._bins and self._part.contains(seen):
            return
        # a margin saves work while the view is moved
        margin_x, margin_y = seen.width() // 4, seen.height() // 4
        part = seen.adjusted(-margin_x, -margin_y, margin_x, margin_y)
        left, top = max(0, part.left() // bins[1] * bins[1]), max(0, part.top() // bins[0] * bins[0])
        right, bottom = min(whole.shape[1], part.right() + 1), min(whole.shape[0], part.bottom() + 1)
        self._bins, self._part = bins, QRect(left, top, right - left, bottom - top)
        crop = whole[top:bottom, left:right]
        self._binned = bin_mean(crop, *bins) if isinstance(content, Pixels) else bin_max(crop, *bins)
        self._paint_image()

    def _paint_image(self) -> None:
        """Give the image item the part that was binned, in display indices."""
        content, binned = self._content, self._binned
        if content is None or binned is None or not binned.size:
            return
        whole = content.values if isinstance(content, Pixels) else content.indices
        self._image.setImage(
            to_indices(binned, self._stretch) if isinstance(content, Pixels) else binned, autoLevels=False
        )
        width, height = self._rect.width() / whole.shape[1], self._rect.height() / whole.shape[0]
        # blocks may overhang the right and upper edge, so their extent follows from their number
        self._image.setRect(
            self._rect.left() + self._part.left() * width,
            self._rect.top() + self._part.top() * height,
            binned.shape[1] * self._bins[1] * width,
            binned.shape[0] * self._bins[0] * height,
        )

    def _part_in_sight(self, shape: tuple[int, ...]) -> QRect:
        """Rows and columns of the image that are in view; at least one pixel."""
        seen = self.view.viewRect()
        x = [(edge - self._rect.left()) / self._rect.width() * shape[1] for edge in (seen.left(), seen.right())]
        y = [(edge - self._rect.top()) / self._rect.height() * shape[0] for edge in (seen.top(), seen.bottom())]
        (left, right), (top, bottom) = (
            (int(min(max(min(ends), 0), size - 1)), int(min(max(max(ends), 0), size - 1)))
            for ends, size in ((x, shape[1]), (y, shape[0]))
        )
        return QRect(left, top, right - left + 1, bottom - top + 1)

    def _choose_bins(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Pixels per dot of the screen along rows and columns, as the nearest powers of two up to 8."""
        dots = self.devicePixelRatioF()
        width, height = self.view.viewPixelSize()

        def factor(pixels: float) -> int:
            return 2 ** min(3, max(0, round(math.log2(max(pixels, 1e-6)))))

        return (
            factor(height * shape[0] / self._rect.height() / dots),
            factor(width * shape[1] / self._rect.width() / dots),
        )

    def _mouse_clicked(self, event) -> None:
        if event.button() != Qt.MouseButton.LeftButton or event.isAccepted():
            return
        if event.double():
            self.double_clicked.emit()
        elif self.view.sceneBoundingRect().contains(event.scenePos()):
            point = self.view.mapSceneToView(event.scenePos())
            with_shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            (self.shift_clicked if with_shift else self.clicked).emit(point.x(), point.y())

    def _mouse_moved(self, position) -> None:
        if self.view.sceneBoundingRect().contains(position):
            point = self.view.mapSceneToView(position)
            self.moved.emit(point.x(), point.y())
        else:
            self.left.emit()
