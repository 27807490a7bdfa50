"""Colours and display limits of an image."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QSignalBlocker, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QIcon, QImage, QKeyEvent, QPixmap
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from atm_viewer.views.base.plain_text import Label
from atm_viewer.views.fields.number_box import NumberBox

#: Colour maps by the names that are shown; all but grey are ordered for people who see fewer colours as well.
MAPS = {
    **{name: name for name in ("viridis", "cividis", "plasma", "inferno", "magma")},
    "grey": "CET-L1",
}
DIVERGING = "CET-D4"  #: of images that are symmetric about zero
_MOST = 1e12


class ScaleForm(QWidget):
    """Form with both limits and the colour map above an image, which stays in sight.

    Signals
    -------
    limits_edited(float, float)
        Limits that were typed.
    limits_dropped()
        Limits are to be taken from the data again.
    map_chosen(str)
        Name in `MAPS`.
    left()
        The user is done.
    """

    limits_edited = pyqtSignal(float, float)
    limits_dropped = pyqtSignal()
    map_chosen = pyqtSignal(str)
    left = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Limits and colours")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # numbers give the keyboard back to it, and Escape closes it
        self.low_box, self.high_box = NumberBox(), NumberBox()
        for box, end, words in ((self.low_box, "Low", "darkest"), (self.high_box, "High", "brightest")):
            box.setAccessibleName(f"{end} limit")
            box.setRange(-_MOST, _MOST)
            box.setMinimumWidth(60)  # usual values; the limits would need twice as much
            box.setToolTip(f"Value of the {words} colour (also: drag the end of the colour bar)")
            box.valueChanged.connect(self._edit)
        self.auto_button = QPushButton("From the Data")
        self.auto_button.setToolTip("Take the limits from the data again, by the share chosen above the image")
        self.auto_button.clicked.connect(self.limits_dropped)
        self.map_box = QComboBox()
        self.map_box.setAccessibleName("Colours")
        self.map_box.setToolTip("Colour map; differences and ratios have one of their own. Default: viridis")
        self.map_box.setIconSize(QSize(48, 12))
        for name, source in MAPS.items():
            self.map_box.addItem(_icon(source), name)
        self.map_box.currentTextChanged.connect(self.map_chosen)
        self.close_button = QToolButton()
        self.close_button.setText("✕")
        self.close_button.setAccessibleName("Close limits and colours")
        self.close_button.setAutoRaise(True)
        self.close_button.setToolTip("Close limits and colours (Escape)")
        self.close_button.clicked.connect(self.left)
        limits, colours = QHBoxLayout(), QHBoxLayout()
        for words, box in (("Low", self.low_box), ("High", self.high_box)):
            limits.addWidget(Label(words))
            limits.addWidget(box, 1)
        limits.addWidget(self.close_button)
        colours.addWidget(self.auto_button)
        colours.addWidget(self.map_box, 1)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(6, 0, 4, 3)
        lines.setSpacing(2)
        for line in (limits, colours):
            line.setSpacing(4)
            lines.addLayout(line)
        self.hide()

    def show_scale(self, low: float, high: float, colours: str, symmetric: bool) -> None:
        """Show limits and colour map."""
        decimals = max(0, 3 - math.floor(math.log10(high - low)))
        for box, value in ((self.low_box, low), (self.high_box, high)):
            if not box.hasFocus():  # what is being typed stays
                with QSignalBlocker(box):
                    box.setDecimals(min(decimals, 30))
                    box.setSingleStep((high - low) / 20.0)
                    box.setValue(value)
        with QSignalBlocker(self.map_box):
            self.map_box.setCurrentText(colours)
        self.map_box.setEnabled(not symmetric)
        self.low_box.setEnabled(not symmetric)

    def take_keyboard(self) -> None:
        """Appear, ready for a number to be typed."""
        self.show()
        self.high_box.setFocus()
        self.high_box.selectAll()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Leave with Escape."""
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _edit(self) -> None:
        low, high = self.low_box.value(), self.high_box.value()
        if not self.low_box.isEnabled():
            low = -abs(high)
        if low < high:
            self.limits_edited.emit(low, high)


def _icon(source: str) -> QIcon:
    """Strip of a colour map."""
    row = pg.colormap.get(source).getLookupTable(0.0, 1.0, 64)[None, :, :3]
    pixels = np.ascontiguousarray(np.repeat(row, 12, axis=0), dtype=np.uint8)
    image = QImage(pixels.tobytes(), 64, 12, 3 * 64, QImage.Format.Format_RGB888)
    return QIcon(QPixmap.fromImage(image.copy()))
