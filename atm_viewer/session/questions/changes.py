"""Signals for changes: sent in one place, by comparing the new state and answers with the old ones."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject, pyqtSignal

from atm_viewer.session.questions.answers import Answers
from atm_viewer.session.state.remedy_choice import REMEDIES


class Changes(QObject):
    """A signal for each part of a session that views show."""

    exposures = pyqtSignal()  #: open exposures, or which of them are included
    chosen = pyqtSignal()  #: exposure, band, slice or column
    recipe = pyqtSignal()  #: recipes, which slices edits apply to, or which region is selected
    references = pyqtSignal()  #: cubes and extracted spectra from elsewhere, or which of them are shown
    reference_spectra = pyqtSignal()
    places = pyqtSignal()  #: positions and apertures, or which place is active
    spectrum_settings = pyqtSignal()
    pending = pyqtSignal()  #: what is being renewed
    report = pyqtSignal()
    profile = pyqtSignal()
    pixel = pyqtSignal()  #: what happened to the pixel that was asked for
    sky = pyqtSignal()
    spectra = pyqtSignal()
    remedies = pyqtSignal()  #: remedies that are looked at, how, or what is known of them
    prediction = pyqtSignal()  #: what geometry predicts for the active place
    predicted_curve = pyqtSignal()  #: what geometry predicts before correction, in the ratio panel of the spectra
    hovered_spectrum = pyqtSignal()  #: spectrum of the spaxel under the mouse
    filled_share = pyqtSignal()  #: which planes of the active spectrum come from filled pixels
    verdict = pyqtSignal()  #: whether the active spectrum shows resampling noise
    shifts = pyqtSignal()  #: how the exposures lie against each other on the sky
    coverage = pyqtSignal()  #: which planes correction takes away
    measures = pyqtSignal()  #: what is measured beside spectra, and how
    answers = pyqtSignal()  #: any answer

    def tell(self, old: Answers, new: Answers) -> None:
        """Send the signals of everything that is not as it was."""
        for name, part in PARTS.items():
            if part(old) != part(new):
                getattr(self, name).emit()


def _spectra(answers: Answers) -> object:
    places, variants = answers.state.places, answers.state.variants
    bands = (one for _, one in answers.band_spectra)
    shown = tuple(one.spectra for one in (*answers.shown_spectra, *answers.drawn_spectra, *bands))
    return places.active, places.numbers, variants.active, variants.names, shown


def _sky(answers: Answers) -> object:
    shown = answers.shown_sky
    return shown.choice, shown.sides, shown.white, shown.images, shown.cubes


def _measures(answers: Answers) -> object:
    measured = answers.measured
    return answers.state.measure_choice, measured.periods, measured.noise, measured.lines


#: What each signal tells of, in the order in which they are sent: what is pending before the answers, or what has
#: arrived would be drawn as stale and then once more.
PARTS: dict[str, Callable[[Answers], object]] = {
    "exposures": lambda a: a.state.exposures,
    "chosen": lambda a: (a.state.current, a.state.band, a.state.number, a.state.column),
    "recipe": lambda a: (a.state.variants, a.state.scope, a.state.region),
    "references": lambda a: a.state.references,
    "places": lambda a: a.state.places,
    "spectrum_settings": lambda a: a.state.spectrum_settings,
    "pending": lambda a: (a.pending_slots, a.pending),
    "report": lambda a: (a.state.current, a.report),
    "profile": lambda a: a.profile,
    "pixel": lambda a: a.pixel,
    "sky": _sky,
    "spectra": _spectra,
    "reference_spectra": lambda a: [(one.reference, one.spectrum) for one in a.shown_references],
    "remedies": lambda a: (a.state.remedy_choice, [a.remedy(kind).remedy for kind in REMEDIES]),
    "prediction": lambda a: a.prediction,
    "predicted_curve": lambda a: a.predicted_curve,
    "hovered_spectrum": lambda a: a.hovered_spectrum,
    "filled_share": lambda a: a.filled_share,
    "verdict": lambda a: a.verdict,
    "shifts": lambda a: a.shifts,
    "coverage": lambda a: a.coverage,
    "measures": _measures,
    "answers": lambda a: {slot: filled.result for slot, filled in a.slots.items()},
}
