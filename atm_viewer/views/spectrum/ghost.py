"""The ghost of an edit: the spectrum as it was, faint, while a value is dragged and a moment longer."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Protocol

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QObject, QTimer

from atm_viewer.engine.recipe import Recipe
from atm_viewer.session.session import Session
from atm_viewer.views.base.plotting import make_pen
from atm_viewer.views.base.theme import DARK, Theme
from atm_viewer.views.spectrum.hovered import NOTHING, CornerWord

LINGER = 2000  #: a ghost stays so long after the last edit and its answer [ms]


class Ghost:
    """Faint curves, one in each of some plots."""

    def __init__(self, plots: Mapping[str, pg.PlotItem]):
        self.curves = {name: pg.PlotCurveItem(connect="finite") for name in plots}
        for name, curve in self.curves.items():
            curve.setZValue(-0.5)
            plots[name].addItem(curve, ignoreBounds=True)
        self.word = CornerWord(next(iter(plots.values())), line=1)
        self._of: Hashable = None
        self._kept: tuple[Mapping[str, tuple[np.ndarray, np.ndarray]], str] | None = None
        self.set_theme(DARK)

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self.word.set_theme(theme, theme.text)

    def keep(self, curves: Mapping[str, tuple[np.ndarray, np.ndarray]], colour: str, of: Hashable) -> None:
        """Keep curves (x, y) by their plots' names, to be drawn as long as what is shown is ``of`` the same.

        They are drawn with what takes their place: until then they would lie beneath themselves.
        """
        self._of, self._kept = of, (curves, colour)

    def draw(self, of: Hashable) -> None:
        """Draw what is kept; vanish when what is shown is of something else by now: another place, unit or axis."""
        if of != self._of:
            self.vanish()
        elif self._kept is not None:
            self._show(*self._kept)

    def vanish(self) -> None:
        """Show nothing."""
        self._of = None
        self._show({}, "#000000")

    def _show(self, curves: Mapping[str, tuple[np.ndarray, np.ndarray]], colour: str) -> None:
        self._kept = None
        for name, item in self.curves.items():
            item.setData(*curves.get(name, (NOTHING, NOTHING)))
            item.setPen(make_pen(colour, 2.5, 0.4))
        self.word.say("faint: before the edit" if curves else "")


class HasGhost(Protocol):
    """A view that can keep in sight what it shows."""

    def keep_ghost(self) -> None:
        """Keep what is shown in sight, faintly."""

    def drop_ghost(self) -> None:
        """Keep it no more."""


class GhostKeeper(QObject):
    """Has a view keep in sight what it shows when the active recipe is edited.

    Parameters
    ----------
    session : Session
        Is watched; this has to be connected before what shows new spectra in the view.
    view : HasGhost
        Shows the ghost.
    parent : QObject
        Owner.
    """

    def __init__(self, session: Session, view: HasGhost, parent: QObject):
        super().__init__(parent)
        self._session, self._view = session, view
        self._known = self._active()
        self._begun: Recipe | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(LINGER)
        self._timer.timeout.connect(self._end)
        session.changed.recipe.connect(self._see)

    def _active(self) -> tuple[str, Recipe]:
        variants = self._session.state.variants
        return variants.active, variants.recipe

    def _see(self) -> None:
        """Keep what was before an edit; before the whole of a drag, not before its last step."""
        known, self._known = self._known, self._active()
        if known[0] != self._known[0]:
            self._view.drop_ghost()
        elif known[1] != self._known[1]:
            dragged = self._session.state.dragged
            if dragged is None or dragged is not self._begun:
                self._view.keep_ghost()
            self._begun = dragged
            self._timer.start()

    def _end(self) -> None:
        if self._session.state.dragged is not None or "spectra" in self._session.answers.pending:
            self._timer.start()
        else:
            self._view.drop_ghost()
