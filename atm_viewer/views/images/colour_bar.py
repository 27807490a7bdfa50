"""The strip of colours beside an image, whose handles move the display limits."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QObject, QRectF, Qt, pyqtSignal
from pyqtgraph.GraphicsScene.mouseEvents import MouseClickEvent

from atm_viewer.views.base.plotting import AXIS_HEIGHT, FreeViewBox, PlainAxis, make_pen
from atm_viewer.views.base.theme import Theme
from atm_viewer.views.images.brightness import COLOURS, Stretch, scale_ticks

_CLOSEST = 0.05  #: to the other end of the strip that a handle can be dragged


class ColourBar(pg.PlotItem):
    """Strip of the colours in use with the values they stand for.

    A handle at either end moves that limit while it is dragged, beyond the end as well, and goes back when it is let
    go: the strip then stands for the new limits.

    Signals
    -------
    limits_dragged(float, float)
        Values at the lower and the upper end.
    clicked()
        The user wants to say more about colours and limits.
    """

    limits_dragged = pyqtSignal(float, float)
    clicked = pyqtSignal()

    def __init__(self) -> None:
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
        self._stretch = Stretch("linear", 0.0, 1.0)
        self._begun: Stretch | None = None
        self.handles = tuple(pg.InfiniteLine(float(end), angle=0, movable=True) for end in (0, 1))
        for handle in self.handles:
            handle.setCursor(Qt.CursorShape.SizeVerCursor)
            handle.setToolTip("Drag to move this limit; click the colour bar for numbers and colours")
            self.addItem(handle, ignoreBounds=True)
            handle.sigDragged.connect(self._drag)
            handle.sigPositionChangeFinished.connect(self._let_go)
        self._strip.mouseClickEvent = self._click

    def show_scale(self, stretch: Stretch, table: np.ndarray, label: str, unit: str) -> None:
        """Show a stretch with its colour table."""
        self._stretch = stretch
        self._strip.setLookupTable(table)
        self._axis.setTicks([scale_ticks(stretch), []])
        self._axis.name(label, unit)

    def apply(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self._axis.apply(theme)
        for handle in self.handles:
            handle.setPen(make_pen(theme.text, 5.0))
            handle.setHoverPen(make_pen(theme.accent, 7.0))

    def _drag(self, handle: pg.InfiniteLine) -> None:
        """Move the limit to the value that was at the handle's place when the drag began."""
        begun = self._begun = self._begun or self._stretch
        upper = handle is self.handles[1]
        place = max(handle.value(), _CLOSEST) if upper else min(handle.value(), 1.0 - _CLOSEST)
        value = begun.backward(place)
        if begun.symmetric:
            self.limits_dragged.emit(-abs(value), abs(value))
        else:
            self.limits_dragged.emit(*((begun.low, value) if upper else (value, begun.high)))

    def _let_go(self, _: QObject) -> None:
        self._begun = None
        for end, handle in enumerate(self.handles):
            handle.setValue(float(end))

    def _click(self, event: MouseClickEvent) -> None:
        event.accept()
        self.clicked.emit()
