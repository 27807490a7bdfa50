"""Ticks under the spectrum where the source's trace is centred on a pixel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PyQt6.QtCore import QPointF
from PyQt6.QtGui import QPainter

from atm_viewer.engine.results.periods import Periods, crossings
from atm_viewer.session.spectrum.curves import Scale
from atm_viewer.views.base.plotting import FreeViewBox, make_pen
from atm_viewer.views.spectrum.axes import OnView

HEIGHT = 9.0  #: of a row of ticks [dots]
MOST_ROWS = 8  #: exposures that have a row


class CrossingTicks(OnView):
    """A row of ticks per exposure on the lower edge of a plot, in the order of opening from below."""

    def __init__(self, view: FreeViewBox):
        super().__init__(view)
        self.setZValue(30.0)
        self._wavelengths: list[np.ndarray] = []
        self._rows: list[np.ndarray] = []

    def show_periods(self, periods: Periods | None, scale: Scale | None, shown: bool) -> None:
        """Show the ticks of some periods on a horizontal axis, or none."""
        self._wavelengths = []
        if periods is not None and shown:
            traces = periods.by_exposure[:MOST_ROWS]
            self._wavelengths = [crossings(trace.position, periods.wavelength) for trace in traces]
        self.show_scale(scale)

    def show_scale(self, scale: Scale | None) -> None:
        """Show the same ticks on another axis."""
        self._rows = []
        if scale is not None and self._wavelengths:
            # All at once: changing units takes as long for few values as for many.
            places = np.asarray(scale.at(np.concatenate(self._wavelengths)))
            self._rows = np.split(places, np.cumsum([row.size for row in self._wavelengths])[:-1])
        self.update()

    @property
    def rows(self) -> Sequence[np.ndarray]:
        """Places of the ticks on the horizontal axis, a row per exposure."""
        return self._rows

    def paint(self, painter: QPainter, *_: object) -> None:
        """Draw the ticks that are in sight."""
        whole = self.boundingRect()
        painter.setPen(make_pen(self._theme.spline, 1.6))
        for row, places in enumerate(self._rows):
            base = whole.bottom() - 1.0 - row * HEIGHT
            for place in places:
                x = self._dot(float(place))
                if whole.left() <= x <= whole.right():
                    painter.drawLine(QPointF(x, base), QPointF(x, base - HEIGHT + 2.0))
