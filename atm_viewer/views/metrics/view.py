"""The Metrics tabs: periods, noise map, lines; only the visible tab is computed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PyQt6.QtGui import QHideEvent, QShowEvent
from PyQt6.QtWidgets import QTabWidget, QWidget

from atm_viewer.session.session import Session
from atm_viewer.session.state.measures import KINDS, LINES, NOISE, PERIODS
from atm_viewer.views.base.theme import Theme
from atm_viewer.views.metrics.lines import LinesView
from atm_viewer.views.metrics.noise import NoiseView
from atm_viewer.views.metrics.periods import PeriodView

_TABS = {
    PERIODS: ("Periods", "Is it resampling noise? Compare measured periods with those predicted by the traces"),
    NOISE: ("Noise map", "Resampling noise of every bright spaxel, before and after correction"),
    LINES: ("Lines", "Flux and equivalent width of the marked lines, before and after correction"),
}


class MetricsView(QTabWidget):
    """Tabs with noise, periods and line fluxes.

    Parameters
    ----------
    session : Session
        Learns which tab is visible, and has its results.
    """

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self.periods, self.noise, self.lines = PeriodView(), NoiseView(), LinesView()
        for kind, view in zip(KINDS, (self.periods, self.noise, self.lines), strict=True):
            title, tip = _TABS[kind]
            self.setTabToolTip(self.addTab(view, title), tip)
        self.setAccessibleName("Metrics")
        self.setDocumentMode(True)
        self.currentChanged.connect(self._tell)
        self.noise.picked.connect(session.look.pick_sky)
        self.lines.speed_edited.connect(lambda speed: self._choose(speed=speed))
        session.changed.measures.connect(self._show)
        session.changed.sky.connect(self._show)
        session.changed.pending.connect(self._show)
        session.changed.reference_spectra.connect(self._show)

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self.periods.set_theme(theme)
        self.noise.set_theme(theme)

    def look_at(self, kind: str) -> None:
        """Bring the tab of a kind, one of `session.measures.KINDS`, to the front."""
        self.setCurrentIndex(KINDS.index(kind))

    def showEvent(self, event: QShowEvent | None) -> None:
        """Ask for what comes into sight."""
        super().showEvent(event)
        self._tell()

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Stop asking for results."""
        super().hideEvent(event)
        self._tell()

    def _tell(self) -> None:
        seen = {KINDS[self.currentIndex()]} if self.isVisible() and self.currentIndex() >= 0 else set()
        self._choose(seen=frozenset(seen))

    def _choose(self, **values: Any) -> None:
        self._session.look.choose_measures(replace(self._session.state.measure_choice, **values))

    def _show(self) -> None:
        session, measured = self._session, self._session.answers.measured
        if self.isVisible():
            current = KINDS[self.currentIndex()]
            if current == PERIODS:
                self.periods.show_report(measured.periods)
            elif current == NOISE:
                self.noise.show_map(measured.noise, session.answers.sky)
                place = session.state.places.active
                here = [shown for shown in session.answers.shown_spectra if shown.place == place]
                self.noise.show_place(here, session.answers.shown_references)
            else:
                self.lines.show_report(measured.lines)
