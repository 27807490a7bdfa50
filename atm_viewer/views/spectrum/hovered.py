"""The curve of the spaxel under the mouse, and words in the corner of a plot."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg

from atm_viewer.views.base.plotting import make_brush, make_pen, plain
from atm_viewer.views.base.theme import DARK, Theme

NOTHING = np.empty(0)


class CornerWord(pg.TextItem):
    """Words in the upper left corner of a plot, over what is drawn there, in one of several lines."""

    def __init__(self, plot: pg.PlotItem, line: int = 0):
        super().__init__()
        self.setParentItem(plot.vb)
        self.setPos(4.0, 2.0 + line * self.boundingRect().height())
        self.setZValue(40.0)
        self.hide()

    def set_theme(self, theme: Theme, colour: str) -> None:
        """Take a theme's colours."""
        self.setColor(colour)
        self.fill = make_brush(theme.plot, 0.8)

    def say(self, words: str) -> None:
        """Show words, or none."""
        self.setText(words)
        self.setVisible(bool(words))


class HoveredCurve:
    """Thin curve of the spaxel under the mouse."""

    def __init__(self, plot: pg.PlotItem):
        self.curve = pg.PlotCurveItem(connect="finite")
        self.curve.setZValue(20.0)
        plot.addItem(self.curve, ignoreBounds=True)
        self.word = CornerWord(plot)
        self.set_theme(DARK)

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self.curve.setPen(make_pen(theme.cursor, opacity=0.75))
        self.word.set_theme(theme, theme.cursor)

    def show(self, x: np.ndarray, y: np.ndarray, spaxel: tuple[int, int], factor: float) -> None:
        """Show the curve of a spaxel, which is multiplied by a number to have the level of the others."""
        self.curve.setData(x, y)
        self.word.say(f"under the mouse: spaxel {spaxel[0]}, {spaxel[1]}, before × {plain(factor, 3)}")

    def hide(self) -> None:
        """Show nothing."""
        self.curve.setData(NOTHING, NOTHING)
        self.word.say("")
