"""Curves that come and go over the spectra: that of the spaxel under the mouse, and the ghost of what was before."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyqtgraph as pg

from atm_viewer.views.base.plotting import make_pen, plain
from atm_viewer.views.base.theme import DARK, Theme

_NOTHING = np.empty(0)


class HoveredCurve:
    """Thin curve of the spaxel under the mouse, with a word on it in the upper left corner of the plot."""

    def __init__(self, plot: pg.PlotItem):
        self.curve = pg.PlotCurveItem(connect="finite")
        self.curve.setZValue(20.0)
        plot.addItem(self.curve, ignoreBounds=True)
        self.text = pg.TextItem()
        self.text.setParentItem(plot.vb)
        self.text.setPos(4.0, 2.0)
        self.set_theme(DARK)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self.curve.setPen(make_pen(theme.cursor))
        self.text.setColor(theme.cursor)

    def show(self, x: np.ndarray, y: np.ndarray, spaxel: tuple[int, int], factor: float) -> None:
        """Show the curve of a spaxel, which is multiplied by a number to have the level of the others."""
        self.curve.setData(x, y)
        self.text.setText(f"under the mouse: spaxel {spaxel[0]}, {spaxel[1]}, before × {plain(factor, 3)}")
        self.text.show()

    def hide(self) -> None:
        """Show nothing."""
        self.curve.setData(_NOTHING, _NOTHING)
        self.text.hide()


class Ghost:
    """Faint curves, one per plot, of how something was before it was edited."""

    def __init__(self, plots: Mapping[str, pg.PlotItem]):
        self.curves = {name: pg.PlotCurveItem(connect="finite") for name in plots}
        for name, curve in self.curves.items():
            curve.setZValue(-0.5)
            plots[name].addItem(curve, ignoreBounds=True)

    def show(self, curves: Mapping[str, tuple[np.ndarray, np.ndarray]], colour: str) -> None:
        """Show curves (x, y) by the names of their plots; the other plots have none."""
        for name, item in self.curves.items():
            item.setData(*curves.get(name, (_NOTHING, _NOTHING)))
            item.setPen(make_pen(colour, 2.0, 0.45))
