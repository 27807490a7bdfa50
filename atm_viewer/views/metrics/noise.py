"""Noise map of every bright spaxel: before, after, or their ratio."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PyQt6.QtCore import QRectF, QSignalBlocker, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from atm_viewer.engine.results.noise import NoiseMap
from atm_viewer.engine.results.sky_image import SkyImage
from atm_viewer.session.edits.variants import ShownSpectra
from atm_viewer.session.spectrum.references import ShownReference
from atm_viewer.views.base.plain_text import Label
from atm_viewer.views.base.plotting import PlainAxis, plain, with_unit
from atm_viewer.views.base.style import MUTED
from atm_viewer.views.images.image_panel import ImagePanel, Pixels
from atm_viewer.views.sky.view import SkyView

#: What can be shown: words, unit, tooltip's part.
CHOICES = {
    "before": ("noise before", "%"),
    "after": ("noise after", "%"),
    "after / before": ("noise after / before", "%"),
    "flux change": ("change of aperture flux", "%"),
}


class NoiseView(ImagePanel):
    """Map over spaxels, in the offsets of the sky image.

    Signals
    -------
    picked(float, float)
        ICRS position [deg] that was clicked.
    """

    picked = pyqtSignal(float, float)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(
            PlainAxis("bottom", "east offset", "arcsec"), PlainAxis("left", "north offset", "arcsec"), parent
        )
        self._map: NoiseMap | None = None
        self._sky: SkyImage | None = None
        self._values: np.ndarray | None = None
        self.view.setAspectLocked(True)
        self.view.invertX(True)
        self.stretch_box.setCurrentText("linear")
        self.share_box.setCurrentIndex(0)
        self.choice_box = QComboBox()
        self.choice_box.setAccessibleName("Noise shown")
        self.choice_box.addItems(list(CHOICES))
        self.choice_box.setToolTip(
            "Resampling noise of each spaxel relative to the aperture around it (1.4826 × MAD from a cubic). "
            "Spaxels fainter than 1 % of the brightest are left out. Reference cubes (R1, …) are measured at the same "
            "places. Default: before"
        )
        self.value_label = Label()
        self.value_label.setForegroundRole(MUTED)
        self.place_label = Label()
        self.place_label.setWordWrap(True)
        self.place_label.setContentsMargins(6, 0, 6, 2)
        self.place_label.setToolTip("Resampling noise of the active spaxel, of all variants and reference cubes")
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.addWidget(self.place_label)
        self.header.insertWidget(0, self.choice_box)
        self.header.insertWidget(1, self.value_label)
        self.choice_box.currentIndexChanged.connect(self._draw)
        self.clicked.connect(self._pick)
        self.moved.connect(self._hover)
        self.left.connect(lambda: self.value_label.setText(self._summary()))
        self._draw()

    def show_map(self, noise: NoiseMap | None, sky: SkyImage | None) -> None:
        """Show a map on the grid of a sky image; None for either empties the view."""
        known = self._sky
        usable = noise is not None and sky is not None and sky.image.shape == noise.before.shape
        self._map, self._sky = (noise, sky) if usable else (None, None)
        self._offer(tuple(self._map.cubes) if self._map is not None else ())
        self._draw()
        if self._sky is not None and (known is None or SkyView.grid_rect(known) != SkyView.grid_rect(self._sky)):
            self._zoom()

    def show_place(self, shown: Sequence[ShownSpectra], references: Sequence[ShownReference]) -> None:
        """Say what noise the active place has: before, after by each variant, in each reference cube."""
        known = [s.spectra for s in shown if s.spectra is not None]
        told = [("before", known[0].noise_before)] if known else []
        several = len(shown) > 1
        told += [
            (s.variant.title if several else "after", s.spectra.noise_after) for s in shown if s.spectra is not None
        ]
        told += [(r.reference.title, r.spectrum.noise) for r in references if r.spectrum is not None]
        values = [f"{name} {plain(100.0 * noise, 3)} %" for name, noise in told if np.isfinite(noise)]
        self.place_label.setText(f"Active place: {' · '.join(values)}" if values else "")
        self.place_label.setVisible(bool(values))

    def _offer(self, cubes: tuple[str, ...]) -> None:
        """Offer cubes from elsewhere beside what there always is; what is chosen stays while it is there."""
        entries = [*CHOICES, *cubes]
        if entries != [self.choice_box.itemText(k) for k in range(self.choice_box.count())]:
            chosen = self.choice_box.currentText()
            with QSignalBlocker(self.choice_box):
                self.choice_box.clear()
                self.choice_box.addItems(entries)
                self.choice_box.setCurrentIndex(max(self.choice_box.findText(chosen), 0))

    def _draw(self) -> None:
        noise, sky = self._map, self._sky
        if noise is None or sky is None:
            self._values = None
            self.show_content(None, note="The noise map of all bright spaxels appears here")
            self.value_label.setText("")
            return
        choice = self.choice_box.currentText()
        with np.errstate(invalid="ignore", divide="ignore"):
            values = {
                "before": noise.before,
                "after": noise.after,
                "after / before": noise.after / noise.before,
                "flux change": noise.conserved - 1.0,
                **noise.cubes,
            }[choice]
        self._values = 100.0 * values
        label, unit = CHOICES.get(choice, (f"noise of {choice}", "%"))
        # Before, after and cubes on one scale, from zero.
        alike = choice in ("before", "after", *noise.cubes)
        sample = 100.0 * np.append(noise.before, 0.0) if alike else self._values
        shown = np.ascontiguousarray(self._values[:, ::-1].astype(np.float32))
        self.show_content(
            Pixels(shown, unit, label, sample.astype(np.float32), choice == "flux change"), SkyView.grid_rect(sky)
        )
        self.value_label.setText(self._summary())

    def _zoom(self) -> None:
        """Show the spaxels that have a value, with some of the field about them."""
        assert self._map is not None
        assert self._sky is not None
        sky, (y, x) = self._sky, np.nonzero(np.isfinite(self._map.before))
        if not y.size:
            self.fit()
            return
        size = sky.spaxel
        left, right = (sky.x0 - x.max() - 3.5) * size, (sky.x0 - x.min() + 3.5) * size
        low, high = (y.min() - 3.5 - sky.y0) * size, (y.max() + 3.5 - sky.y0) * size
        self.view.setRange(QRectF(left, low, right - left, high - low), padding=0)

    def _summary(self) -> str:
        if self._values is None or not np.isfinite(self._values).any():
            return ""
        return f"median {plain(float(np.nanmedian(self._values)), 3)} % of {np.isfinite(self._values).sum()} spaxels"

    def _pick(self, east: float, north: float) -> None:
        if self._sky is not None and self._rect.contains(east, north):
            self.picked.emit(*(float(v) for v in self._sky.position(east, north)))

    def _hover(self, east: float, north: float) -> None:
        if self._sky is None or self._values is None or not self._rect.contains(east, north):
            return
        x, y = SkyView.grid_pixel(self._sky, east, north)
        ny, nx = self._values.shape
        value = float(self._values[min(max(y, 0), ny - 1), min(max(x, 0), nx - 1)])
        self.value_label.setText(f"spaxel {x}, {y}: {with_unit(value, '%', 3)}")
