"""An image with scale, limits, colour bar and mouse read-out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QPointF, QRect, QRectF, QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QToolButton, QVBoxLayout, QWidget
from pyqtgraph.GraphicsScene.mouseEvents import MouseClickEvent

from atm_viewer.views.base.kept import Kept, round_range, take_zoom, zoom_of
from atm_viewer.views.base.plain_text import Label
from atm_viewer.views.base.plotting import Canvas, Paragraph, PlainAxis, legend_html
from atm_viewer.views.base.theme import DARK, Theme
from atm_viewer.views.fields.number_box import give_keyboard_back
from atm_viewer.views.images.brightness import (
    COLOURS,
    SHARES,
    STRETCHES,
    Stretch,
    bin_max,
    bin_mean,
    find_limits,
    to_indices,
)
from atm_viewer.views.images.colour_bar import ColourBar
from atm_viewer.views.images.scale_form import DIVERGING, MAPS, ScaleForm

_AROUND = 28  #: the words in a box to choose from [pixel]
BLANK = {"dark": "#2a2f37", "light": "#454c57"}  #: pixels without a value, dark enough for marks on top of them


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


class ImagePanel(QWidget):
    """Image with scale and limit controls, colour bar and mouse read-out; the base of the detector and sky views.

    The image is kept in display indices and folded to the screen's resolution, so that narrow traces do not fall
    between the dots of the screen and redrawing is cheap. Limits follow the data and the chosen share, unless the user
    sets them, by numbers or by the handles of the colour bar; zooming does not change them.
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
        self._limits: dict[bool, tuple[float, float]] = {}  #: set by the user, for images that are symmetric or not
        self._colours = next(iter(MAPS))
        self._axes = (x_axis, y_axis)

        self.stretch_box = QComboBox()
        self.stretch_box.setAccessibleName("Brightness scale")
        self.stretch_box.addItems(STRETCHES)
        self.stretch_box.setToolTip("Brightness scale: asinh shows faint and bright structure together")
        self.share_box = QComboBox()
        self.share_box.setAccessibleName("Display limits")
        for share in SHARES:
            self.share_box.addItem("min–max" if share == 100.0 else f"{share:g} %", share)
        self.share_box.addItem("set…", None)
        self.share_box.setCurrentIndex(SHARES.index(99.5))
        self.share_box.setToolTip(
            "Share of pixels within the display limits [%], or limits and colours of your own (also: click the colour "
            "bar, or drag its ends). Zooming does not change the limits"
        )
        self._share = self.share_box.currentIndex()
        self.fit_button = QToolButton()
        self.fit_button.setText("Fit")
        self.fit_button.setToolTip("Show the whole image (wheel: zoom, drag: move, right drag: stretch)")
        self.header = QHBoxLayout()
        self.header.setContentsMargins(4, 2, 4, 2)
        self.header.setSpacing(4)
        self.header.addStretch(1)
        for box, words in ((self.stretch_box, "asinh"), (self.share_box, "99.5 %")):  # where there is no room for all
            box.setMinimumWidth(_AROUND + self.fontMetrics().horizontalAdvance(words))
        for widget in (self.stretch_box, self.share_box, self.fit_button):
            self.header.addWidget(widget)
        self.legend = Paragraph(markup=True)
        self.legend.setContentsMargins(6, 0, 6, 2)
        self.legend.hide()

        self.canvas = Canvas()
        self.plot = self.canvas.add_plot(0, 0, x_axis, y_axis)
        self.view: pg.ViewBox = self.plot.vb
        self.view.disableAutoRange()
        self._image = pg.ImageItem(axisOrder="row-major")
        self.plot.addItem(self._image)
        self._note = Label()
        self._note.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        QVBoxLayout(self.canvas).addWidget(self._note, alignment=Qt.AlignmentFlag.AlignCenter)
        self._bar = ColourBar()
        self.scale_form = ScaleForm()
        self.canvas.place(self._bar, 0, 1)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self.header)
        layout.addWidget(self.legend)
        layout.addWidget(self.scale_form)
        layout.addWidget(self.canvas, 1)

        self.stretch_box.currentIndexChanged.connect(self._rescale)
        self.share_box.currentIndexChanged.connect(self._choose_share)
        self.share_box.activated.connect(self._open_form)
        self._bar.limits_dragged.connect(self.set_limits)
        self._bar.clicked.connect(self.toggle_scale_form)
        self.scale_form.left.connect(self.toggle_scale_form)
        self.scale_form.limits_edited.connect(self.set_limits)
        self.scale_form.limits_dropped.connect(self._drop_limits)
        self.scale_form.map_chosen.connect(self._choose_colours)
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
        self.canvas.viewport().update()  # a colour bar that moves leaves a part of itself behind

    def fit(self) -> None:
        """Show the whole image."""
        if not self._rect.isEmpty():
            self.view.setRange(self._rect, padding=0.01)

    def set_limits(self, low: float, high: float) -> None:
        """Set the display limits of images like the one that is shown: symmetric about zero, or not."""
        self._limits[self._symmetric] = low, high
        self._rescale()

    def toggle_scale_form(self) -> None:
        """Open the form with limits and colours, or close it."""
        if self.scale_form.isHidden():
            self.scale_form.take_keyboard()
        else:
            give_keyboard_back(self.scale_form)
            self.scale_form.hide()

    @property
    def _symmetric(self) -> bool:
        return isinstance(self._content, Pixels) and self._content.symmetric

    def _choose_share(self, row: int) -> None:
        """Take the limits from the data by a share, or from the user."""
        if self.share_box.itemData(row) is None:
            self.set_limits(*self.limits)
        else:
            self._share = row
            self._drop_limits()

    def _open_form(self, row: int) -> None:
        """Ask for limits where the user wants to set them."""
        if self.share_box.itemData(row) is None:
            self.scale_form.take_keyboard()

    def _drop_limits(self) -> None:
        self._limits.pop(self._symmetric, None)
        self._rescale()

    def _choose_colours(self, name: str) -> None:
        self._colours = name
        self._rescale()

    def state(self) -> dict[str, Any]:
        """Scale, limits and zoom, see `kept.Restorable`."""
        scale: dict[str, Any] = {
            "stretch": self.stretch_box.currentText(),
            "share": self.share_box.itemData(self._share),
        }
        if False in self._limits:
            scale["limits"] = round_range(self._limits[False])
        if self._colours != next(iter(MAPS)):
            scale["colours"] = self._colours
        return {**scale, **zoom_of(self.view, self._rect)}

    def restore(self, state: Kept) -> None:
        """Restore scale, limits and zoom from an earlier `state`."""
        if stretch := state.choice("stretch", STRETCHES):
            self.stretch_box.setCurrentText(stretch)
        if state.get("share") in SHARES:
            self._share = SHARES.index(state.pop("share"))
        self._colours = state.choice("colours", MAPS) or self._colours
        limits = state.range("limits")
        if limits is not None:
            self._limits[False] = limits
        self._rescale()
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
            own = self._limits.get(content.symmetric)
            low, high = own or find_limits(content.sample, self.share_box.itemData(self._share), content.symmetric)
            self._stretch = Stretch(self.stretch_box.currentText(), low, high, content.symmetric)
            with QSignalBlocker(self.share_box):
                self.share_box.setCurrentIndex(self._share if own is None else self.share_box.count() - 1)
            self.scale_form.show_scale(low, high, self._colours, content.symmetric)
        self._recolour()
        self._paint_image()

    def _recolour(self) -> None:
        content = self._content
        table = np.zeros((256, 3), dtype=np.uint8)
        blank = QColor(BLANK[self.theme.name]).getRgb()[:3]
        table[:] = blank
        if isinstance(content, Pixels):
            colours = pg.colormap.get(DIVERGING if content.symmetric else MAPS[self._colours])
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
        """Give the image item the visible part, at the resolution of the screen."""
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
            return 1 << min(3, max(0, round(math.log2(max(pixels, 1e-6)))))

        return (
            factor(height * shape[0] / self._rect.height() / dots),
            factor(width * shape[1] / self._rect.width() / dots),
        )

    def _mouse_clicked(self, event: MouseClickEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or event.isAccepted():
            return
        if event.double():
            self.double_clicked.emit()
        elif self.view.sceneBoundingRect().contains(event.scenePos()):
            point = self.view.mapSceneToView(event.scenePos())
            with_shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            (self.shift_clicked if with_shift else self.clicked).emit(point.x(), point.y())

    def _mouse_moved(self, position: QPointF) -> None:
        if self.view.sceneBoundingRect().contains(position):
            point = self.view.mapSceneToView(position)
            self.moved.emit(point.x(), point.y())
        else:
            self.left.emit()
