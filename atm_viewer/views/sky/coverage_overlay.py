"""Hatching over the sky image where correction takes planes away."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QObject
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QToolButton, QVBoxLayout

from atm_viewer.engine.arrays import Bytes, Floats
from atm_viewer.engine.errors import MOST_OF_SENTENCE
from atm_viewer.session.questions.plan import coverage
from atm_viewer.session.session import Session
from atm_viewer.views.base.kept import Kept
from atm_viewer.views.base.plain_text import escaped
from atm_viewer.views.base.plotting import Paragraph, legend_html
from atm_viewer.views.base.style import make_narrow
from atm_viewer.views.base.theme import Theme
from atm_viewer.views.detector.view import CHECKED
from atm_viewer.views.sky.view import SkyView

#: Colour of the hatching, which the image's colours lack; its pattern tells it apart for all eyes.
COLOUR = "#ff5ad2"
#: Dots of the hatching on the side of a spaxel: a stripe is one of them where few planes are lost, half where all are.
DOTS = 8


class CoverageOverlay(QObject):
    """A button, and over the sky view the spaxels that lose planes by the active variant while it is pressed.

    Parameters
    ----------
    session : Session
        Is asked while the button is pressed.
    sky : SkyView
        The view.
    """

    def __init__(self, session: Session, sky: SkyView):
        super().__init__(sky)
        self._session, self._sky = session, sky
        self.button = QToolButton()
        self.button.setText("Lost")
        make_narrow(self.button)
        self.button.setCheckable(True)
        self.button.setToolTip(
            "Hatch the spaxels that lose planes by the correction, the more the thicker; point at a spaxel to read how "
            "many (Shift+L)"
        )
        self.legend = Paragraph(markup=True)
        self.legend.setContentsMargins(6, 0, 6, 2)
        layout = sky.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.insertWidget(1, self.legend)
        self._item = pg.ImageItem(axisOrder="row-major")
        self._item.setZValue(6)
        sky.plot.addItem(self._item, ignoreBounds=True)
        self.button.toggled.connect(self._ask)
        session.changed.coverage.connect(self._show)
        session.changed.sky.connect(self._show)
        sky.moved.connect(self._hover)
        sky.left.connect(self._show_legend)
        self._show()

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self.button.setStyleSheet(CHECKED.format(**vars(theme)))

    def state(self) -> dict[str, Any]:
        """Whether the spaxels are hatched, see `kept.Restorable`."""
        return {"shown": True} if self.button.isChecked() else {}

    def restore(self, state: Kept) -> None:
        """Hatch the spaxels, or not, as an earlier `state` says."""
        self.button.setChecked(bool(state.flag("shown")))

    @property
    def hatched(self) -> Floats | None:
        """Part of its planes that each spaxel loses, shape (ny, nx); None while nothing is shown."""
        found, image = self._session.answers.coverage, self._session.answers.sky
        if not self.button.isChecked() or found is None or image is None or found.before.shape != image.image.shape:
            return None
        part: Floats = found.lost / np.maximum(found.before, 1)
        return part

    def _ask(self, wanted: bool) -> None:
        if wanted:
            self._session.ask(coverage)
        else:
            self._session.forget(coverage)
        self._show()

    def _show(self) -> None:
        part, image = self.hatched, self._session.answers.sky
        self._item.setVisible(part is not None)
        if part is not None and image is not None:
            # x of the grid grows to the west, east offsets the other way
            self._item.setImage(hatching(part[:, ::-1]), autoLevels=False, levels=None)
            self._item.setRect(SkyView.grid_rect(image))
        self._show_legend()

    def _show_legend(self) -> None:
        found = self._session.answers.coverage
        self.legend.setVisible(self.button.isChecked())
        if found is not None and self.hatched is not None:
            self.legend.setText(legend_html([("▨", COLOUR, "")]) + escaped(found.summary, MOST_OF_SENTENCE))
        else:
            self.legend.setText("Counting the planes that correction takes away…")

    def _hover(self, east: float, north: float) -> None:
        found, image = self._session.answers.coverage, self._session.answers.sky
        if found is None or image is None or self.hatched is None:
            return
        if words := found.at(*self._sky.grid_pixel(image, east, north)):
            self.legend.setText(escaped(words))
        else:
            self._show_legend()


def hatching(part: Floats) -> Bytes:
    """Draw stripes in spaxels.

    Parameters
    ----------
    part : ndarray, shape (ny, nx)
        From 0 for no stripes to 1 for the thickest ones.

    Returns
    -------
    ndarray of uint8, shape (ny * DOTS, nx * DOTS, 4)
        Colours and opacity.
    """
    fine = np.repeat(np.repeat(part, DOTS, axis=0), DOTS, axis=1)
    rows, columns = np.indices(fine.shape)
    thick = np.where(fine > 0, np.ceil(fine * DOTS / 2), 0)
    dots = np.zeros((*fine.shape, 4), dtype=np.uint8)
    dots[(rows + columns) % DOTS < thick] = QColor(COLOUR).getRgb()
    return dots
