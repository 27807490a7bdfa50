"""Colours and display limits of an image, in a popup."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QPoint, QSignalBlocker, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QIcon, QImage, QPixmap
from PyQt6.QtWidgets import QComboBox, QFormLayout, QFrame, QPushButton, QWidget

from atm_viewer.views.base.scale import pop_up_on_screen
from atm_viewer.views.fields.number_box import NumberBox

#: Colour maps by the names that are shown; all but grey are ordered for people who see fewer colours as well.
MAPS = {
    **{name: name for name in ("viridis", "cividis", "plasma", "inferno", "magma")},
    "grey": "CET-L1",
}
DIVERGING = "CET-D4"  #: of images that are symmetric about zero
_MOST = 1e12


class ScaleForm(QFrame):
    """Form with both limits and the colour map; a popup that closes with Escape or a click elsewhere.

    Signals
    -------
    limits_edited(float, float)
        Limits that were typed.
    limits_dropped()
        Limits are to be taken from the data again.
    map_chosen(str)
        Name in `MAPS`.
    """

    limits_edited = pyqtSignal(float, float)
    limits_dropped = pyqtSignal()
    map_chosen = pyqtSignal(str)

    def __init__(self, parent: QWidget):
        super().__init__(parent, Qt.WindowType.Popup)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.low_box, self.high_box = NumberBox(), NumberBox()
        for box, words in ((self.low_box, "darkest"), (self.high_box, "brightest")):
            box.setRange(-_MOST, _MOST)
            box.setToolTip(f"Value of the {words} colour (also: drag the end of the colour bar)")
            box.valueChanged.connect(self._edit)
        self.auto_button = QPushButton("From the Data")
        self.auto_button.setToolTip("Take the limits from the data again, by the share chosen above the image")
        self.auto_button.clicked.connect(self.limits_dropped)
        self.map_box = QComboBox()
        self.map_box.setToolTip("Colour map; differences and ratios have one of their own. Default: viridis")
        self.map_box.setIconSize(QSize(64, 12))
        for name, source in MAPS.items():
            self.map_box.addItem(_icon(source), name)
        self.map_box.currentTextChanged.connect(self.map_chosen)
        form = QFormLayout(self)
        form.addRow("High", self.high_box)
        form.addRow("Low", self.low_box)
        form.addRow("", self.auto_button)
        form.addRow("Colours", self.map_box)

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

    def pop_up(self, corner: QPoint) -> None:
        """Appear with the upper right corner at a place on the screen, and within the screen."""
        pop_up_on_screen(self, corner)
        self.high_box.setFocus()
        self.high_box.selectAll()

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
