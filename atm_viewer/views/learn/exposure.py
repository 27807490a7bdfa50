"""Predicted resampling noise of the user's exposures, compared with the measurement."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pyqtgraph as pg
from PyQt6.QtGui import QHideEvent, QShowEvent
from PyQt6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from atm_viewer.engine.psf import SOURCES
from atm_viewer.engine.results.spectra import PredictedArtifact, SpaxelSpectra
from atm_viewer.session.questions.plan import prediction
from atm_viewer.session.session import Question, Session
from atm_viewer.views.base.plain_text import Label, escaped
from atm_viewer.views.base.plotting import Canvas, Paragraph, PlainAxis, legend_html, make_pen
from atm_viewer.views.base.style import MUTED
from atm_viewer.views.base.theme import DARK, Theme

_FAR = 1.6  #: of the predicted and measured range, how much is shown
_FEWEST = 20  #: planes that a trend is taken from


class ExposurePage(QWidget):
    """Predicted and measured ratio of spaxel and aperture, before and after correction.

    Parameters
    ----------
    session : Session
        The state.
    """

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        self._question: Question = prediction
        self.theme = DARK
        self.words = Paragraph(markup=True)
        self.words.setContentsMargins(8, 6, 8, 2)
        self.numbers = Label(markup=True)
        self.numbers.setToolTip(
            "1.4826 × median absolute deviation of spaxel / aperture from a cubic in wavelength [%]"
        )
        self.centred_box = QCheckBox("Centre source on the light")
        self.centred_box.setChecked(True)
        self.centred_box.setToolTip(
            "Put the model star at the measured centroid near the active place (default); otherwise exactly at the "
            "place"
        )
        self.legend = Label(markup=True)
        self.canvas = Canvas()
        self._axes: list[PlainAxis] = []
        self.plots = [self._add_plot(row, name) for row, name in enumerate(("Before", "After"))]
        self.plots[1].setXLink(self.plots[0])
        self.curves = [{name: self._add_curve(plot) for name in ("predicted", "measured")} for plot in self.plots]
        self.foot = Paragraph()
        self.foot.setContentsMargins(8, 2, 8, 6)
        self.foot.setForegroundRole(MUTED)
        self._arrange()
        self.centred_box.toggled.connect(self._ask)
        for changed in (
            *(session.changed.prediction, session.changed.spectra, session.changed.pending),
            *(session.changed.exposures, session.changed.places, session.changed.recipe),
        ):
            changed.connect(self._show)
        self._show()

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self.theme = theme
        self.canvas.setBackground(theme.plot)
        for axis in self._axes:
            axis.apply(theme)
        self._show()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Keep the prediction up to date while the page is visible."""
        super().showEvent(event)
        self._ask()
        self._show()

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Stop predicting."""
        super().hideEvent(event)
        self._session.forget(self._question)

    def _ask(self) -> None:
        if self.isVisible():
            known, self._question = self._question, partial(prediction, centred=self.centred_box.isChecked())
            self._session.ask(self._question, instead_of=known)

    # What it is made of

    def _add_plot(self, row: int, name: str) -> pg.PlotItem:
        x, y = PlainAxis("bottom", "Wavelength", "µm"), PlainAxis("left", f"{name}: spaxel / aperture", "%")
        self._axes += [x, y]
        plot = self.canvas.add_plot(row, 0, x, y)
        plot.vb.setMouseEnabled(x=True, y=False)
        return plot

    def _add_curve(self, plot: pg.PlotItem) -> pg.PlotCurveItem:
        curve = pg.PlotCurveItem()
        plot.addItem(curve)
        return curve

    def _arrange(self) -> None:
        line = QHBoxLayout()
        line.setContentsMargins(8, 0, 8, 2)
        line.addWidget(self.legend)
        line.addStretch(1)
        line.addWidget(self.numbers)
        line.addStretch(1)
        line.addWidget(self.centred_box)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.words)
        layout.addLayout(line)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self.foot)

    # What is shown

    def _show(self) -> None:
        if not self.isVisible():
            return
        session, found = self._session, self._session.answers.prediction
        spectra = session.answers.spectra
        if spectra is not None and spectra.band != session.state.band:
            spectra = None
        self.canvas.setVisible(found is not None)
        self.centred_box.setVisible(session.state.current is not None)
        self.legend.setVisible(found is not None)
        self.words.setText(self._what(found))
        self.numbers.setText(_table(found, spectra) if found is not None else "")
        self.foot.setText("" if found is None else self._how(found))
        if found is not None:
            self._draw(found, spectra)

    def _what(self, found: PredictedArtifact | None) -> str:
        session = self._session
        if session.state.current is None:
            return "Open an exposure to compare its spectra with the resampling noise predicted from its geometry."
        if found is None:
            return "Predicting resampling noise…" if session.answers.predicting else "No prediction for this place."
        busy = " <i>updating…</i>" if session.answers.predicting else ""
        place = f"place {session.state.places.active}, variant {session.state.variants.active}, {escaped(found.band)}"
        return (
            f"<b>Noise-free star in these exposures</b> ({place}), drizzled like the cube. "
            f"Whatever measurement and prediction share is resampling noise; the rest is something else.{busy}"
        )

    def _how(self, found: PredictedArtifact) -> str:
        view = self._session.state.current
        formula = SOURCES[view.instrument] if view is not None else ""
        used = (
            f"The prediction uses the spline in slices {', '.join(map(str, found.fitted))}."
            if found.fitted
            else ("No slice that contains the source uses a spline, so nothing is corrected.")
        )
        return f"Gaussian with {formula}; FWHM {found.fwhm:.3f}″ at mid-band. {used} Computed in {found.seconds:.1f} s."

    def _draw(self, found: PredictedArtifact, spectra: SpaxelSpectra | None) -> None:
        theme, variant = self.theme, self._session.state.variants.active
        self.legend.setText(legend_html([("—", theme.text, "measured"), ("▬", theme.variant(variant), "predicted")]))
        sides = ((found.before, "before"), (found.after, "after"))
        for plot, curves, (predicted, name) in zip(self.plots, self.curves, sides, strict=True):
            lines = {"predicted": (found.wavelength, deviation(predicted))}
            if spectra is not None:
                with np.errstate(invalid="ignore", divide="ignore"):
                    ratio = getattr(spectra, name) / getattr(spectra, f"aperture_{name}")
                lines["measured"] = spectra.wavelength, deviation(ratio)
            for key, curve in curves.items():
                x, y = lines.get(key, (np.zeros(0), np.zeros(0)))
                curve.setData(x, y, connect="finite")
            # A broad band below a fine line: both are seen where they agree.
            curves["predicted"].setPen(make_pen(theme.variant(variant), 4.0, 0.6))
            curves["measured"].setPen(make_pen(theme.text, 1.0))
            plot.setXRange(float(found.wavelength[0]), float(found.wavelength[-1]), padding=0.01)
        reach = max([_FAR * _spread(deviation(side)) for side, _ in sides] + [1.0])
        for plot in self.plots:  # on one scale, so that what correction does is seen
            plot.setYRange(-reach, reach, padding=0)


def deviation(ratio: np.ndarray) -> np.ndarray:
    """How far a ratio is from its smooth trend, a cubic [%]; NaN where there is none."""
    valid = np.isfinite(ratio)
    if valid.sum() < _FEWEST:
        return np.full(ratio.shape, np.nan)
    x = np.linspace(-1.0, 1.0, ratio.size)
    trend = np.polynomial.Polynomial.fit(x[valid], ratio[valid], 3)(x)
    percent: np.ndarray = 100.0 * (ratio / trend - 1.0)
    return percent


def _spread(values: np.ndarray) -> float:
    """Most of the range of values about 0; 0 without any."""
    finite = np.abs(values[np.isfinite(values)])
    return float(np.percentile(finite, 99)) if finite.size else 0.0


def _table(found: PredictedArtifact, spectra: SpaxelSpectra | None) -> str:
    def percent(value: float) -> str:
        return f"{100 * value:.1f} %" if math.isfinite(value) else "–"

    before, after = (spectra.noise_before, spectra.noise_after) if spectra is not None else (math.nan, math.nan)
    return (
        f"Noise predicted <b>{percent(found.noise_before)} → {percent(found.noise_after)}</b>, "
        f"measured <b>{percent(before)} → {percent(after)}</b>"
    )
