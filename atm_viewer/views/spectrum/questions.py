"""What the Spectrum panel asks beside the spectra, as long as it is in sight.

A verdict, the predicted curve, filled pixels, and the spectrum of the spaxel under the mouse.
"""

from __future__ import annotations

from PyQt6.QtCore import QObject

from atm_viewer.session.questions.plan import filled_share, hovered_spectrum, predicted_curve, verdict
from atm_viewer.session.session import Session
from atm_viewer.views.spectrum.view import SpectrumView


class SpectrumQuestions(QObject):
    """Asks a session while a view is in sight, and shows the answers in it.

    Parameters
    ----------
    session : Session
        Is asked.
    view : SpectrumView
        Shows the answers; owner.
    """

    def __init__(self, session: Session, view: SpectrumView):
        super().__init__(view)
        self._session, self._view = session, view
        view.in_sight.connect(self._ask)
        session.changed.verdict.connect(self._show_verdict)
        session.changed.predicted_curve.connect(self._show_curve)
        session.changed.filled_share.connect(self._show_filled)
        session.changed.hovered_spectrum.connect(self._show_hovered)

    def _ask(self, seen: bool) -> None:
        for question in (verdict, predicted_curve, hovered_spectrum, filled_share):
            if seen:
                self._session.ask(question)
            else:
                self._session.forget(question)

    def _show_verdict(self) -> None:
        shown = self._session.answers.verdict
        self._view.verdict.show_verdict(shown.verdict, shown.stale)

    def _show_filled(self) -> None:
        self._view.show_filled(self._session.answers.filled_share)

    def _show_hovered(self) -> None:
        self._view.show_hovered(self._session.answers.hovered_spectrum)

    def _show_curve(self) -> None:
        self._view.show_predicted(self._session.answers.predicted_curve)
