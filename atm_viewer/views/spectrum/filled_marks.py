"""Marks over the planes of a spectrum that come from pixels which the spline fills."""

from __future__ import annotations

import math

import numpy as np
from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QPainter

from atm_viewer.engine.results.spectra import FilledShare
from atm_viewer.session.spectrum.curves import Scale
from atm_viewer.views.base.plotting import FreeViewBox, make_brush
from atm_viewer.views.spectrum.axes import OnView

HEIGHT = 8.0  #: of the mark of a plane that comes from filled pixels alone [dots]
LEAST = 0.05  #: share below which a plane is not marked


class FilledMarks(OnView):
    """Bars from the upper edge of a plot down, as long as the share of filled pixels in a plane."""

    def __init__(self, view: FreeViewBox):
        super().__init__(view)
        self.setZValue(30.0)
        self._known: FilledShare | None = None
        self._bars: list[tuple[float, float, float]] = []

    def show_filled(self, filled: FilledShare | None, scale: Scale) -> None:
        """Show the shares of planes on a horizontal axis."""
        if filled is None and self._known is None:
            return  # no update: painting the spectra takes a while
        self._known, self._bars = filled, []
        if filled is not None and filled.wavelength.size > 1:
            half = (filled.wavelength[1] - filled.wavelength[0]) / 2.0
            marked = np.flatnonzero(filled.share >= LEAST)
            ends = (np.asarray(scale.at(filled.wavelength[marked] + side * half)) for side in (-1, 1))
            self._bars = [(float(a), float(b), float(s)) for a, b, s in zip(*ends, filled.share[marked], strict=True)]
        self.update()

    def share_at(self, wavelength: float) -> float:
        """Share in the plane that is nearest to a wavelength [um]; 0 where nothing is marked."""
        known = self._known
        if known is None or not known.wavelength.size:
            return 0.0
        share = float(known.share[np.abs(known.wavelength - wavelength).argmin()])
        return share if math.isfinite(share) and share >= LEAST else 0.0

    def paint(self, painter: QPainter, *_: object) -> None:
        """Draw the bars that are in sight, wide enough to leave no gap between neighbours."""
        whole, brush = self.boundingRect(), make_brush(self._theme.after)
        for start, end, share in self._bars:
            left, right = sorted((self._dot(start), self._dot(end)))
            if whole.left() <= right and left <= whole.right():
                painter.fillRect(QRectF(left, whole.top(), right - left + 1.0, share * HEIGHT), brush)
