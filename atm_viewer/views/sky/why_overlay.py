"""The why map over the sky image: the most frequent class of the pixels on each spaxel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QObject
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QToolButton, QVBoxLayout

from atm_viewer.engine.errors import MOST_OF_SENTENCE
from atm_viewer.session.session import Session
from atm_viewer.views.base.kept import Kept
from atm_viewer.views.base.plain_text import escaped
from atm_viewer.views.base.plotting import Paragraph, legend_html
from atm_viewer.views.base.style import make_narrow
from atm_viewer.views.base.theme import Theme
from atm_viewer.views.detector.view import CHECKED
from atm_viewer.views.detector.why_layer import COLOURS, SpaxelPixels, names_with_counts, shares_text
from atm_viewer.views.sky.view import SkyView

#: How much of the image below is covered.
OPACITY = 0.75


class WhyOverlay(QObject):
    """A button, and over the sky view the why map of the chosen exposure while it is pressed.

    Parameters
    ----------
    session : Session
        Gives exposure, report and sky image.
    sky : SkyView
        The view.
    """

    def __init__(self, session: Session, sky: SkyView):
        super().__init__(sky)
        self._session, self._sky = session, sky
        self._spaxels: SpaxelPixels | None = None
        self._counts: np.ndarray | None = None
        self.button = QToolButton()
        self.button.setText("Why")
        make_narrow(self.button)
        self.button.setCheckable(True)
        self.button.setToolTip(
            "Overlay the why map of the chosen exposure: each spaxel has the colour of most of its pixels; point "
            "at a spaxel to read the shares"
        )
        self.legend = Paragraph(markup=True)
        self.legend.setContentsMargins(6, 0, 6, 2)
        layout = sky.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.insertWidget(1, self.legend)
        self._item = pg.ImageItem(axisOrder="row-major")
        self._item.setZValue(5)
        sky.plot.addItem(self._item, ignoreBounds=True)
        self.button.toggled.connect(self._show)
        for changed in (session.changed.report, session.changed.sky, session.changed.chosen):
            changed.connect(self._show)
        sky.moved.connect(self._hover)
        sky.left.connect(lambda: sky.canvas.setToolTip(""))
        self._show()

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self.button.setStyleSheet(CHECKED.format(**vars(theme)))

    def state(self) -> dict[str, Any]:
        """Whether the map is shown, see `kept.Restorable`."""
        return {"shown": True} if self.button.isChecked() else {}

    def restore(self, state: Kept) -> None:
        """Show or hide the map as an earlier `state` says."""
        self.button.setChecked(bool(state.flag("shown")))

    @property
    def classes(self) -> np.ndarray | None:
        """Most frequent class of each spaxel, shape (ny, nx), 0 for none; None while nothing is shown."""
        return None if self._counts is None else self._counts.argmax(axis=2)

    def _show(self, *_: object) -> None:
        view, report, image = self._session.state.current, self._session.answers.report, self._session.answers.sky
        self._counts = None
        if self.button.isChecked() and view is not None and image is not None and report is not None:
            known = self._spaxels
            if known is None or known.view is not view or known.image is not image:
                self._spaxels = known = SpaxelPixels(view, image)
            if report.why is not None:
                self._counts = known.count(report.why)
        shown = self._counts is not None
        self._item.setVisible(shown)
        self.legend.setVisible(shown)
        if image is not None and (classes := self.classes) is not None:
            table = np.zeros((len(COLOURS), 4), dtype=np.uint8)
            for k, colour in enumerate(COLOURS):
                if colour:
                    table[k] = (*QColor(colour).getRgb()[:3], round(255 * OPACITY))
            # x of the grid grows to the west, east offsets the other way
            self._item.setImage(table[np.ascontiguousarray(classes[:, ::-1])], autoLevels=False, levels=None)
            self._item.setRect(SkyView.grid_rect(image))
        self._show_legend()

    def _show_legend(self) -> None:
        classes = self.classes
        if classes is not None:
            counts = np.bincount(classes.ravel(), minlength=len(COLOURS))
            counts[0] = 0
            names = names_with_counts(counts.tolist())
            self.legend.setText(legend_html([("■", c, n) for n, c in zip(names, COLOURS, strict=True) if n]))

    def _hover(self, east: float, north: float) -> None:
        counts, image = self._counts, self._session.answers.sky
        if counts is None or image is None:
            return
        x, y = self._sky.grid_pixel(image, east, north)
        inside = 0 <= y < counts.shape[0] and 0 <= x < counts.shape[1]
        if inside and counts[y, x].any():
            words = f"spaxel x {x}, y {y}: {shares_text(counts[y, x])}"
            self._sky.canvas.setToolTip(escaped(words, MOST_OF_SENTENCE))  # words in the legend would move the image
        else:
            self._sky.canvas.setToolTip("")
