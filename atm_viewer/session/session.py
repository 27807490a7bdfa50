"""What is open, chosen and wanted: the one state behind the window.

What the window should show is a pure function of the state (`Session._wanted`). After every change the session asks the
workers for what it wants and has not asked for yet, and an answer is taken only when it answers the latest question.
"""

from __future__ import annotations

import math
import os
import queue
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QUndoStack

from atm_viewer.engine.errors import UserError
from atm_viewer.engine.psf import psf_fwhm
from atm_viewer.engine.recipe import FitParams, Recipe, dump_recipe, load_recipe
from atm_viewer.engine.reports import (
    CorrectionReport,
    ExposureView,
    PixelReport,
    PredictedArtifact,
    SkyImage,
    SliceProfile,
    SliceReport,
    SpaxelSpectra,
    WrittenProducts,
)
from atm_viewer.jobs.messages import (
    ClearCache,
    CloseExposures,
    Correct,
    ExplainPixel,
    FindTools,
    MakeSkyImage,
    MakeSpectra,
    Opened,
    OpenExposures,
    Outcome,
    PredictArtifact,
    Progress,
    Request,
    SendFile,
    ShowProfile,
    Status,
    WriteCubes,
    WriteExposures,
    Writing,
)
from atm_viewer.jobs.remedy_messages import RemedyRequest, SaveFigure
from atm_viewer.session import remedies, slice_edits
from atm_viewer.session.autosave import write_text
from atm_viewer.session.commands import ChooseVariant, DragRecipe, EditRecipe, StepValue, edit_name
from atm_viewer.session.cursor import map_slices
from atm_viewer.session.finding import mark_of
from atm_viewer.session.measures import KINDS, MeasureChoice, Measured, kind_of, slot, wanted_measures
from atm_viewer.session.names import count, job_name
from atm_viewer.session.places import MOST, Place, Places
from atm_viewer.session.pointer import Pointer
from atm_viewer.session.selection import (
    band_of,
    brightest_slice,
    columns_of,
    covers,
    holds,
    slices_across,
    slices_of,
)
from atm_viewer.session.session_state import KeptExposure, Look, SessionState
from atm_viewer.session.sky_choice import BEFORE, ShownSky, SkyChoice, wanted_images
from atm_viewer.session.source import light_centre
from atm_viewer.session.spectral import load as load_units
from atm_viewer.session.spectrum_settings import SpectrumSettings
from atm_viewer.session.state import Job, Message, OpenExposure, Workers
from atm_viewer.session.variants import ShownSpectra, Variant, Variants

#: Reports that are remembered, so that going back to another variant, or undoing an edit, shows its table at once; each
#: has an image of its exposure.
_MOST_REPORTS = 4


@dataclass
class _Shown:
    """One thing the window shows: the latest question, its job while it is under way, and the latest answer."""

    asked: Request | None = None
    job: int | None = None
    result: Any = None


def _name(request: Request) -> str:
    """Name of what a request is for, empty for what is not shown; a slot follows where there are several."""
    match request:
        case Correct():
            return "report"
        case ShowProfile():
            return "profile"
        case ExplainPixel():
            return "pixel"
        case PredictArtifact():
            return "prediction"
        case MakeSkyImage(slot=image):
            return f"sky {image}".rstrip()
        case MakeSpectra(slot=place):
            return f"spectra {place}"
    if kind := kind_of(request):
        return slot(kind)
    return remedies.slot_of(request)


def _spectra(variant: str, place: int) -> str:
    return f"spectra {variant}{place}"


class Session(QObject):
    """State of the window, its intents, and signals for what changed.

    Parameters
    ----------
    make_workers : callable
        Takes a function for `Progress` and `Outcome` (called on any thread) and returns `Workers`.
    parent : QObject or None
        Owner.
    """

    exposures_changed = pyqtSignal()  #: open exposures, or which of them are included
    chosen_changed = pyqtSignal()  #: exposure, band, slice or column
    recipe_changed = pyqtSignal()  #: recipe, or which exposures edits apply to
    spaxel_changed = pyqtSignal()  #: places: their positions and apertures, or which one is active
    spectrum_settings_changed = pyqtSignal()
    report_changed = pyqtSignal()
    profile_changed = pyqtSignal()
    pixel_changed = pyqtSignal()  #: what happened to the pixel that was asked for
    sky_changed = pyqtSignal()
    spectra_changed = pyqtSignal()
    remedies_changed = pyqtSignal()  #: remedies that are looked at, how, or what is known of them
    prediction_changed = pyqtSignal()  #: what geometry predicts for the active place
    measures_changed = pyqtSignal()  #: what is measured beside spectra, and how
    pending_changed = pyqtSignal()
    jobs_changed = pyqtSignal()
    told = pyqtSignal(object)  #: a new `Message`
    opened = pyqtSignal(tuple)  #: paths as the user gave them, after at least one of their exposures was opened
    tools_found = pyqtSignal(tuple, str)  #: programs that take files, or the sentence why there are none
    restored = pyqtSignal()  #: a session is back: all of its exposures that can be opened are open
    _arrived = pyqtSignal()

    def __init__(
        self, make_workers: Callable[[Callable[[Progress | Outcome], None]], Workers], parent: QObject | None = None
    ):
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self.pointer = Pointer(self)  #: what the mouse points at
        self.messages: list[Message] = []
        self._exposures: dict[str, OpenExposure] = {}
        self._exposure: str | None = None
        self._band = ""
        self._number = 0
        self._column = 0
        self._slice_by_hand = False
        self._pixel: tuple[str, int, int] | None = None
        self._variants = Variants()
        self._only_this = False
        self._places = Places()
        self._sky = SkyChoice()
        self._spectrum = SpectrumSettings()
        self._remedies = remedies.RemedyChoice()
        self._predicting, self._centring = False, True  # whether anybody looks at it; the source is where light is
        self._measures = MeasureChoice()
        self._dragged: Recipe | None = None  # the recipe before the drag under way
        self._drags = 0
        self._late = False  # whether something is to be asked once an answer is there
        self._shown: dict[str, _Shown] = {name: _Shown() for name in ("profile", "pixel", "sky")}
        self._reports: dict[str, _Shown] = {}
        self._known: dict[Request, CorrectionReport] = {}
        self._jobs: dict[int, Job] = {}
        self._stops: dict[int, Callable[[], None]] = {}
        self._opening: set[int] = set()
        self._restoring: dict[str, KeptExposure] = {}
        self._restoring_job: int | None = None
        self._look: Look | None = None
        self._pending: frozenset[str] = frozenset()
        self._mail: queue.SimpleQueue[tuple[Progress | Outcome, tuple[OpenExposure, ...]]] = queue.SimpleQueue()
        self._reading = QTimer(self)
        self._reading.timeout.connect(self._take_next)
        self._closed = False
        self._arrived.connect(self._read, Qt.ConnectionType.QueuedConnection)  # type: ignore[call-arg]
        self._workers = make_workers(self._receive)

    # What views read

    @property
    def exposures(self) -> tuple[OpenExposure, ...]:
        """Open exposures in the order of opening."""
        return tuple(self._exposures.values())

    @property
    def included(self) -> tuple[str, ...]:
        """Keys of the exposures that take part in products."""
        return tuple(key for key, e in self._exposures.items() if e.included)

    @property
    def together(self) -> tuple[OpenExposure, ...]:
        """Included exposures of the chosen band's setting: those that go into one product."""
        return tuple(e for e in self.exposures if e.included and self._band in e.view.bands)

    @property
    def bands(self) -> tuple[str, ...]:
        """Bands of the included exposures, in order of first appearance."""
        return tuple(dict.fromkeys(band for e in self.exposures if e.included for band in e.view.bands))

    @property
    def current(self) -> ExposureView | None:
        """The chosen exposure."""
        return self._exposures[self._exposure].view if self._exposure else None

    @property
    def slices(self) -> tuple[int, ...]:
        """Slice numbers of the chosen exposure, ascending."""
        return self._exposures[self._exposure].slices if self._exposure else ()

    @property
    def band(self) -> str:
        """Band of sky image and spectra."""
        return self._band

    @property
    def number(self) -> int:
        """Chosen slice, 0 without an exposure."""
        return self._number

    @property
    def column(self) -> int:
        """Chosen column."""
        return self._column

    @property
    def columns(self) -> tuple[int, int]:
        """First and last column of the chosen slice."""
        return columns_of(self.current, self._number) if self.current else (0, 0)

    @property
    def variants(self) -> Variants:
        """All recipes and which of them is in force."""
        return self._variants

    @property
    def recipe(self) -> Recipe:
        """Recipe in force: that of the active variant."""
        return self._variants.recipe

    @property
    def only_this(self) -> bool:
        """Whether edits of a slice apply to the chosen exposure alone."""
        return self._only_this

    @property
    def places(self) -> Places:
        """Places on the sky whose spectra are shown, and which of them is active."""
        return self._places

    @property
    def position(self) -> tuple[float, float] | None:
        """ICRS position of the active place [deg]."""
        place = self._places.current
        return (place.ra, place.dec) if place else None

    @property
    def radius(self) -> float | None:
        """Radius of the active place's aperture [arcsec]."""
        place = self._places.current
        return place.radius if place else None

    @property
    def spectrum_settings(self) -> SpectrumSettings:
        """How spectra are shown."""
        return self._spectrum

    @property
    def report(self) -> CorrectionReport | None:
        """Latest report on the chosen exposure; of an older recipe while a new one is pending."""
        shown = self._reports.get(self._exposure or "")
        return shown.result if shown else None

    @property
    def profile(self) -> SliceProfile | None:
        """Latest profile."""
        return self._shown["profile"].result

    @property
    def pixel(self) -> PixelReport | None:
        """What happened to the pixel that was asked for last; of an older recipe until the new answer is there."""
        return self._shown["pixel"].result

    @property
    def sky(self) -> SkyImage | None:
        """Latest sky image before correction in white light."""
        return self._shown["sky"].result

    @property
    def sky_choice(self) -> SkyChoice:
        """Which images of the field are shown, and how."""
        return self._sky

    @property
    def shown_sky(self) -> ShownSky:
        """Latest images of the field; of an older question while a new one is pending."""
        images = {BEFORE: self.sky} if not self._sky.planes else {}
        for name in (BEFORE, *self._variants.names):
            shown = self._shown.get(f"sky {name}")
            if shown is not None and name not in images:
                images[name] = shown.result
        there = {name: image for name, image in images.items() if image is not None}
        return ShownSky(self._sky, self._sky.sides(self._variants), self.sky, there.get(BEFORE), there)

    @property
    def measure_choice(self) -> MeasureChoice:
        """What is measured beside the spectra."""
        return self._measures

    @property
    def measured(self) -> Measured:
        """Latest answers on what is measured beside the spectra."""
        found = {kind: self._shown.get(slot(kind), _Shown()) for kind in KINDS}
        pending = frozenset(kind for kind, shown in found.items() if shown.job is not None)
        return Measured(**{kind: shown.result for kind, shown in found.items()}, pending=pending)

    @property
    def spectra(self) -> SpaxelSpectra | None:
        """Latest spectra of the active variant at the active place."""
        return self.spectra_of(self._variants.active)

    def spectra_of(self, variant: str, place: int | None = None) -> SpaxelSpectra | None:
        """Latest spectra of a variant at a place; at the active one unless told otherwise."""
        shown = self._shown.get(_spectra(variant, place or self._places.active))
        return shown.result if shown else None

    @property
    def prediction(self) -> PredictedArtifact | None:
        """What geometry predicts for a point source at the active place; of an older question while one is pending."""
        shown = self._shown.get("prediction")
        return shown.result if shown else None

    @property
    def predicting(self) -> bool:
        """Whether a prediction is under way."""
        return "prediction" in self._pending

    @property
    def remedy_choice(self) -> remedies.RemedyChoice:
        """Which remedy against resampling noise is looked at, and how."""
        return self._remedies

    def remedy(self, kind: str) -> remedies.ShownRemedy:
        """Latest answer on a remedy, by its kind."""
        shown = self._shown.get(remedies.slot(kind), _Shown())
        return remedies.ShownRemedy(shown.result, shown.job is not None)

    def remedy_request(self, kind: str) -> RemedyRequest | None:
        """Say what is asked about a remedy of the active variant at the active place; None where there is none."""
        keys, place = self._keys_together(), self._places.current
        return remedies.remedy_request(kind, self._remedies, keys, self.recipe, self._band, place)

    @property
    def shown_spectra(self) -> tuple[ShownSpectra, ...]:
        """Spectra of all variants at all places, in the order of places; those without an answer so far as well."""
        return tuple(
            ShownSpectra(v, p.number, self.spectra_of(v.name, p.number), _spectra(v.name, p.number) in self._pending)
            for p in self._places.all
            for v in self._variants.all
        )

    @property
    def pending(self) -> frozenset[str]:
        """Which of ``report``, ``profile``, ``sky`` and ``spectra`` (active variant and place) are being renewed."""
        spectra = _spectra(self._variants.active, self._places.active)
        names = {"report": "report", "profile": "profile", spectra: "spectra"}
        names |= {name: "sky" for name in self._pending if name.startswith("sky")}
        return frozenset(names[name] for name in self._pending if name in names)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Jobs under way, oldest first."""
        return tuple(self._jobs.values())

    @property
    def complete(self) -> bool:
        """Whether everything that can be shown is there and nothing is under way."""
        parts = (self.report, self.profile, self.sky, self.spectra)
        return not self._jobs and not self._pending and (not self._exposures or all(p is not None for p in parts))

    @property
    def restoring(self) -> bool:
        """Whether exposures of a session are still being opened."""
        return self._restoring_job is not None

    @property
    def state(self) -> SessionState:
        """What a session file keeps of this: exposures, choices and recipe."""
        exposures = tuple(
            KeptExposure((key,), e.mark, e.included, key == self._exposure) for key, e in self._exposures.items()
        )
        look = Look(self._band, self._number, self._column, self._only_this)
        return SessionState(exposures, look, self._variants, self._places, self._spectrum)

    def slice_report(self, number: int) -> SliceReport | None:
        """Report on a slice of the chosen exposure."""
        slices = self.report.slices if self.report else ()
        return next((s for s in slices if s.number == number), None)

    def params(self, number: int) -> FitParams:
        """Parameters in force in a slice of the chosen exposure."""
        return self.recipe.params(number, self.current.name if self.current else "")

    def slices_across(self, number: int) -> tuple[int, ...]:
        """Slices of the chosen exposure in a slice's band, in their order on the sky; see `slices_across`."""
        return slices_across(self.current, number) if self.current else ()

    def overridden(self, number: int) -> dict[str, str | None]:
        """Names of the parameters set for a slice; the exposure they are set for, or None for all."""
        return slice_edits.overridden(self.recipe, number, self.current.name if self.current else None)

    # Intents: files

    def open_files(self, paths: Sequence[str | os.PathLike[str]]) -> None:
        """Open cal/crf files and associations."""
        if paths:
            self._open(tuple(str(p) for p in paths))

    def restore(self, state: SessionState) -> None:
        """Put a session in place of what is there; what is open stays open when the session names no exposures.

        Parameters
        ----------
        state : SessionState
            The session, with the path where each exposure is. Slice, column and band are chosen again once the chosen
            exposure is open, unless the user chooses before.
        """
        if state.exposures:
            self._close_all()
        look = self._look = state.look
        self._only_this, self._dragged = look.only_this, None
        self.undo_stack.clear()
        if state.exposures:
            self._band, self._number, self._column = look.band, look.number, look.column
            self._slice_by_hand = look.number > 0
            self._restoring = {e.path: e for e in state.exposures}
            self._restoring_job = self._open(tuple(self._restoring))
            self._places = state.places
        self._spectrum = state.spectrum
        for changed in (
            *(self.exposures_changed, self.chosen_changed, self.report_changed),
            *(self.spaxel_changed, self.spectra_changed, self.spectrum_settings_changed),
        ):
            changed.emit()
        self._put_variants(state.variants)
        if not state.exposures:
            self.restored.emit()

    def _open(self, paths: tuple[str, ...]) -> int:
        job = self._submit(OpenExposures(paths), lasting=True)
        self._opening.add(job)
        return job

    def _close_all(self) -> None:
        """Close all exposures, and drop those that are being opened."""
        for job in self._opening:
            self._workers.cancel(job)
            self._jobs.pop(job, None)
        self._opening.clear()
        self._restoring, self._restoring_job = {}, None
        if self._exposures:
            self._submit(CloseExposures(tuple(self._exposures)))
        self._exposure = None
        for kept in (self._exposures, self._reports, self._known):
            kept.clear()

    def close_exposure(self, key: str) -> None:
        """Close an exposure; recipe and edits stay."""
        if key not in self._exposures:
            return
        keys = list(self._exposures)
        closed = self._exposures.pop(key)
        self._reports.pop(key, None)
        self._known.clear()
        if key == self._exposure:
            index = keys.index(key)
            neighbours = keys[index + 1 :] + keys[:index][::-1]
            self._exposure = None
            if neighbours:
                self._choose_exposure(neighbours[0])
        if not self._exposures:
            self._band, self._number, self._column = "", 0, 0
            self._places = Places()
            self._slice_by_hand = False
        elif closed.included and not self.included:
            self._include_other_instrument(closed.view.instrument)
        self._submit(CloseExposures((key,)))
        self.spaxel_changed.emit()
        self.exposures_changed.emit()
        self.chosen_changed.emit()
        self.report_changed.emit()
        self._renew()

    def _include_other_instrument(self, gone: str) -> None:
        """Include exposures that were left out for being of another instrument than those that are closed now."""
        view = self.current
        for key, exposure in self._exposures.items():
            if view is not None and gone != exposure.view.instrument == view.instrument:
                self._exposures[key] = replace(exposure, included=True)

    def include(self, key: str, included: bool) -> None:
        """Say whether an exposure takes part in sky image, spectra and products."""
        if key in self._exposures and self._exposures[key].included != included:
            self._exposures[key] = replace(self._exposures[key], included=included)
            self.exposures_changed.emit()
            self._renew()

    # Intents: what to look at

    def select_exposure(self, key: str) -> None:
        """Look at another exposure; slice and column stay where they exist."""
        if key in self._exposures and key != self._exposure:
            self._look = None
            self._choose_exposure(key)
            self.chosen_changed.emit()
            self.report_changed.emit()
            self._renew()

    def select_band(self, band: str) -> None:
        """Show sky and spectra of another band, and its brightest slice when the chosen one is of another."""
        view = self.current
        if band == self._band or band not in self.bands:
            return
        self._band, self._look = band, None
        if view is not None and band in view.bands and band_of(view, self._number) != band:
            self._choose_slice(brightest_slice(view, self._slices_in(band), self.report))
        self.chosen_changed.emit()
        self._renew()

    def select_slice(self, number: int) -> None:
        """Look at another slice; the band follows, the column stays where the slice has it."""
        self.select(number, self._column)

    def select_column(self, column: int) -> None:
        """Look at another column of the slice."""
        self.select(self._number, column)

    def select(self, number: int, column: int) -> None:
        """Look at a column of a slice."""
        view = self.current
        if view is None or number not in self.slices:
            return
        self._slice_by_hand = True
        chosen = (self._number, self._column)
        self._choose_slice(number, column)
        if chosen != (self._number, self._column):
            self._band, self._look = band_of(view, number), None
            self.chosen_changed.emit()
            self._renew()

    def ask_pixel(self, x: int, y: int) -> None:
        """Ask what happens to a pixel (zero-based) of the chosen exposure, now and after changes of the recipe."""
        if self.current is not None:
            self._pixel = (self.current.key, x, y)
            self._renew()

    def forget_pixel(self) -> None:
        """Ask for no pixel any more."""
        self._pixel = None
        self._renew()

    def step_slice(self, delta: int) -> None:
        """Look at the next (1) or previous (-1) slice, in the order of numbers."""
        if self.current is not None:
            index = self.slices.index(self._number) + delta
            self.select_slice(self.slices[max(0, min(index, len(self.slices) - 1))])

    def step_column(self, delta: int) -> None:
        """Look at a column further along the dispersion."""
        self.select_column(self._column + delta)

    def pick_sky(self, ra: float, dec: float) -> None:
        """Move the active place to another position [deg]."""
        self.set_places(self._places.moved(self._places.active, ra, dec))

    def add_place(self, ra: float, dec: float) -> None:
        """Show the spectra of one more position [deg]."""
        if len(self._places.all) == MOST:
            self.tell("warning", f"There are {MOST} places already; remove one first.")
        self.set_places(self._places.added(ra, dec))

    def set_radius(self, radius: float) -> None:
        """Change the radius of the active place's aperture [arcsec]."""
        self.set_places(self._places.resized(radius))

    def set_places(self, places: Places) -> None:
        """Show the spectra of other places, or make another one active."""
        if places == self._places:
            return
        known, self._places = self._places, places
        self.spaxel_changed.emit()
        self._renew()
        if (known.active, known.numbers) != (places.active, places.numbers):
            self.spectra_changed.emit()
            self.pending_changed.emit()

    def set_spectrum_settings(self, settings: SpectrumSettings) -> None:
        """Show spectra in another way."""
        if settings != self._spectrum:
            self._spectrum = settings
            self.spectrum_settings_changed.emit()
            self._renew()

    def choose_measures(self, choice: MeasureChoice) -> None:
        """Measure other things beside the spectra."""
        if choice != self._measures:
            self._measures = choice
            self.measures_changed.emit()
            self._renew()

    def predict(self, wanted: bool, centred: bool = True) -> None:
        """Predict from geometry what the active place shows of a point source, as long as it is looked at.

        Parameters
        ----------
        wanted : bool
            Whether it is.
        centred : bool
            The source is where the light near the place is centred, if there is any; else at the place.
        """
        if (wanted, centred) != (self._predicting, self._centring):
            self._predicting, self._centring = wanted, centred
            self._renew()

    def choose_remedies(self, choice: remedies.RemedyChoice) -> None:
        """Look at another remedy against resampling noise, or at the same in another way."""
        if choice != self._remedies:
            self._remedies = choice
            self.remedies_changed.emit()
            self._renew()

    def choose_sky(self, choice: SkyChoice) -> None:
        """Show other images of the field."""
        if choice != self._sky:
            self._sky = choice
            self.sky_changed.emit()
            self._renew()

    def refresh(self) -> None:
        """Compute everything in sight again, after a failure or a cancelled preview."""
        self._known.clear()
        for shown in (*self._shown.values(), *self._reports.values()):
            shown.asked = None
        self._renew()

    # Intents: recipe

    def set_global(self, name: str, value: Any, step: bool = False) -> None:
        """Change a value of all slices, by the name it has in `Recipe`; quick steps of a box are one undo step."""
        old = getattr(self.recipe, name)
        if value != old:
            kind = partial(StepValue, name=name) if step else EditRecipe
            self._edit(edit_name("All slices", name, old, value), replace(self.recipe, **{name: value}), kind)

    def set_override(self, number: int, name: str, value: Any, exposure: str | None = None) -> None:
        """Change a value of one slice.

        Parameters
        ----------
        number : int
            Slice.
        name : str
            Name of the parameter in `SliceOverride`.
        value : object
            New value; None, or the value that would be inherited, takes the override away.
        exposure : str or None
            Name of the one exposure it applies to; None for all.
        """
        self._make(slice_edits.set_one(self.recipe, number, name, value, exposure))

    def edit_slice(self, number: int, name: str, value: Any) -> None:
        """Change a value of a slice where it is seen: for the chosen exposure if only that is edited or has its own."""
        self.edit_slices((number,), name, value)

    def edit_slices(self, numbers: Sequence[int], name: str, value: Any) -> None:
        """Change a value of several slices in one step, each where it is seen; None inherits."""
        if self.current is not None and numbers:
            edit = slice_edits.set_values(self.recipe, numbers, name, value, self.current.name, self._only_this)
            self._make(edit)

    def drag_slice(self, number: int, name: str, value: Any) -> None:
        """Change a value as `edit_slice` does while the hand still moves: a single step to undo, until `end_drag`.

        Only profile and spectra follow at once, and as often as there is an answer; the rest when the drag has ended.
        """
        if self._dragged is None:
            self._dragged = self.recipe
            self._drags += 1
        if self.current is not None:
            edit = slice_edits.set_values(self._dragged, (number,), name, value, self.current.name, self._only_this)
            self._make(edit, partial(DragRecipe, drag=self._drags))

    def end_drag(self) -> None:
        """Let what was dragged be."""
        if self._dragged is not None:
            self._dragged = None
            self._renew()

    def set_only_this(self, only_this: bool) -> None:
        """Let edits of a slice apply to the chosen exposure alone, or to all."""
        if only_this != self._only_this:
            self._only_this = only_this
            self.recipe_changed.emit()

    def reset_slices(self, numbers: Sequence[int]) -> None:
        """Take all overrides of slices away; those of the chosen exposure alone when only that is edited."""
        if numbers:
            name = self.current.name if self.current else None
            self._make(slice_edits.reset(self.recipe, numbers, name, self._only_this))

    def copy_slice(self, source: int, targets: Sequence[int]) -> None:
        """Give slices the overrides of another one."""
        if self.current is not None and targets:
            self._make(slice_edits.copy(self.recipe, source, targets, self.current.name, self._only_this))

    def apply_to_all_exposures(self, numbers: Sequence[int]) -> None:
        """Let what is set in slices of the chosen exposure apply to all exposures."""
        if self.current is not None and numbers:
            self._make(slice_edits.for_all_exposures(self.recipe, numbers, self.current.name))

    def keep_to_this_exposure(self, numbers: Sequence[int]) -> None:
        """Let what is set in slices of all exposures apply to the chosen one alone."""
        if self.current is not None and numbers:
            self._make(slice_edits.for_one_exposure(self.recipe, numbers, self.current.name))

    def reset_all(self) -> None:
        """Go back to the pipeline's defaults for all slices and exposures."""
        if self.recipe != Recipe():
            self._edit("Reset all to defaults", Recipe())

    def load_recipe(self, path: str | os.PathLike[str]) -> bool:
        """Read a recipe from a file; a failure is told. Says whether it was read."""
        try:
            recipe = load_recipe(path)
        except UserError as error:
            self.tell("error", str(error))
            return False
        if recipe != self.recipe:
            self._edit(f"Load {Path(path).name}", recipe)
        self.undo_stack.setClean()
        self.tell("info", f"Recipe {path} loaded.")
        return True

    def save_recipe(self, path: str | os.PathLike[str]) -> bool:
        """Write the recipe to a file; a failure is told. Says whether it was written."""
        target = Path(path)
        try:
            write_text(target, dump_recipe(self.recipe))
        except OSError as error:
            self.tell("error", f"The recipe cannot be saved as {target}: {error.strerror or error}.")
            return False
        self.undo_stack.setClean()
        self.tell("info", f"Recipe saved as {target}.")
        return True

    # Intents: variants

    def new_variant(self) -> None:
        """Go on with a copy of the active variant; the old one stays to be compared with."""
        variants = self._variants.added()
        if variants == self._variants:
            self.tell("warning", f"There are {len(variants.all)} variants already; discard one first.")
        self._change(f"Variant {variants.active}: new", variants)

    def choose_variant(self, name: str) -> None:
        """Make another variant the active one."""
        if name in self._variants:
            self._change(f"Variant {name} chosen", self._variants.chosen(name), ChooseVariant)

    def step_variant(self, delta: int) -> None:
        """Make the next (1) or previous (-1) variant the active one, around the end."""
        names = self._variants.names
        self.choose_variant(names[(names.index(self._variants.active) + delta) % len(names)])

    def label_variant(self, name: str, label: str) -> None:
        """Give a variant a few words that tell what it tries."""
        variants = self._variants.renamed(name, label)
        self._change(f"Variant {name}: label {variants[name].label or 'none'}", variants)

    def adopt_variant(self, name: str) -> None:
        """Discard all variants but one."""
        if self._variants.several:
            self._change(f"Variant {name} adopted", self._variants.adopted(name))

    def discard_variant(self, name: str) -> None:
        """Do without a variant; the only one cannot be discarded."""
        self._change(f"Variant {name} discarded", self._variants.discarded(name))

    # Intents: products and jobs

    def write_cubes(self, folder: str, product: str, which: str = "both", overwrite: bool = False) -> None:
        """Write cubes of the included exposures of the chosen band's setting; see `WriteCubes`."""
        keys = self._keys_together()
        request = WriteCubes(keys, self.recipe, str(folder), product, which, overwrite=overwrite)
        self._submit(request, lasting=True)

    def write_exposures(self, folder: str, overwrite: bool = False) -> None:
        """Write the included exposures of the chosen band's setting, corrected; see `WriteExposures`."""
        self._submit(WriteExposures(self._keys_together(), self.recipe, str(folder), overwrite), lasting=True)

    def write(self, request: Writing) -> None:
        """Write files by a request of its own, see `atm_viewer.session.exports`."""
        self._submit(request, lasting=True)

    def save_figure(self, kind: str, path: str, overwrite: bool = False) -> None:
        """Draw a remedy as a figure for a publication, PDF, SVG or PNG by the path's ending; see `SaveFigure`."""
        request = self.remedy_request(kind)
        if request is not None:
            self._submit(SaveFigure(request, path, overwrite), lasting=True)

    def find_tools(self) -> None:
        """Look for programs that take files by SAMP."""
        self._submit(FindTools())

    def clear_cache(self) -> None:
        """Delete what is kept of files' coordinates between runs; open exposures stay open."""
        self._submit(ClearCache(), lasting=True)

    def cancel(self, job: int) -> None:
        """End a job."""
        if job in self._stops:
            self._stops[job]()
        elif job in self._jobs:
            self._workers.cancel(job)

    def cancel_all(self) -> None:
        """End all jobs."""
        for job in list(self._jobs):
            self.cancel(job)

    def start_activity(self, name: str, stop: Callable[[], None]) -> int:
        """Show work that is done outside of the workers as a job; ``stop`` is called when it is cancelled."""
        number = min([0, *self._jobs]) - 1
        self._jobs[number] = Job(number, name, lasting=True)
        self._stops[number] = stop
        self.jobs_changed.emit()
        return number

    def report_activity(self, number: int, step: str, fraction: float) -> None:
        """Say how far such work is."""
        if number in self._jobs:
            self._jobs[number] = replace(self._jobs[number], step=step, fraction=fraction)
            self.jobs_changed.emit()

    def finish_activity(self, number: int) -> None:
        """Take such work off the list of jobs."""
        self._stops.pop(number, None)
        if self._jobs.pop(number, None):
            self.jobs_changed.emit()

    def tell(self, level: str, text: str, detail: str = "") -> None:
        """Tell something: level (``info``, ``warning``, ``error``), one sentence, and a traceback for the log."""
        message = Message(level, text, detail, datetime.now().strftime("%H:%M:%S"))
        self.messages.append(message)
        self.told.emit(message)

    def close(self) -> None:
        """End the workers."""
        for stop in list(self._stops.values()):
            stop()
        self._closed = True
        self._reading.stop()
        self._workers.close()

    # Choices

    def _choose_exposure(self, key: str) -> None:
        self._exposure = key
        view = self._exposures[key].view
        if self._number in self.slices:
            self._choose_slice(self._number, self._column)
        else:
            brightest = self._exposures[key].brightest
            self._choose_slice(brightest_slice(view, self.slices, self.report) if self.report else brightest)
        if self._band not in view.bands:
            self._band = band_of(view, self._number)

    def _look_again(self, key: str, look: Look) -> None:
        """Look at what a session has looked at."""
        self._choose_exposure(key)
        if look.number in self.slices:
            self._choose_slice(look.number, look.column)
        if look.band in self.bands:
            self._band = look.band

    def _choose_slice(self, number: int, column: int | None = None) -> None:
        view = self.current
        assert view is not None
        first, last = columns_of(view, number)
        self._number = number
        self._column = (first + last) // 2 if column is None else max(first, min(column, last))

    def _slices_in(self, band: str) -> tuple[int, ...]:
        view = self.current
        return tuple(n for n in self.slices if view is not None and band_of(view, n) == band)

    def _keys_together(self) -> tuple[str, ...]:
        return tuple(e.view.key for e in self.together)

    # Recipe

    def _make(self, edit: slice_edits.Edit, kind: Callable[..., EditRecipe] = EditRecipe) -> None:
        if edit.recipe != self.recipe:
            self._edit(edit.name, edit.recipe, kind)

    def _edit(self, name: str, recipe: Recipe, kind: Callable[..., EditRecipe] = EditRecipe) -> None:
        """Change the active variant's recipe, as an undo step."""
        whose = f" (variant {self._variants.active})" if self._variants.several else ""
        self._change(name + whose, self._variants.with_recipe(recipe), kind)

    def _change(self, name: str, variants: Variants, kind: Callable[..., EditRecipe] = EditRecipe) -> None:
        if variants != self._variants:
            self.undo_stack.push(kind(name, self._variants, variants, self._put_variants))

    def _put_variants(self, variants: Variants) -> None:
        known, self._variants = self._variants, variants
        self.recipe_changed.emit()
        self._renew()
        if (known.active, known.names) != (variants.active, variants.names):
            self.spectra_changed.emit()
            self.sky_changed.emit()

    # Questions and answers

    def _wanted(self) -> dict[str, Request | None]:
        """List what the state asks for; None where there is nothing to show."""
        view, recipe = self.current, self.recipe
        keys = self._keys_together()
        asked = self._pixel[1:] if self._pixel and view and self._pixel[0] == view.key else None
        return {
            "report": Correct(view.key, recipe) if view else None,
            "profile": ShowProfile(view.key, recipe, self._number, self._column) if view else None,
            "pixel": ExplainPixel(view.key, recipe, *asked) if view and asked is not None else None,
            "sky": MakeSkyImage(keys, self._band) if keys else None,
            **self._wanted_sky(keys),
            **self._wanted_remedies(keys),
            "prediction": self._wanted_prediction(keys),
            **wanted_measures(self._measures, self._spectrum, keys, recipe, self._band, self._places.current),
            **{
                _spectra(v.name, p.number): self._wanted_spectra(keys, v, p)
                for p in self._places.active_first
                for v in self._variants.active_first
            },
        }

    def _wanted_sky(self, keys: tuple[str, ...]) -> dict[str, Request | None]:
        found = self._exposures.get(self._exposure or "")
        wavelength = found.slice_map.wavelength_at(self._number, self._column) if found else math.nan
        light = wavelength if math.isfinite(wavelength) else None
        wanted = wanted_images(self._sky, self._variants, keys, self._band, light)
        # What is not seen for the moment stays: it is shown at once, and renewed, when it is wanted again.
        kept = {f"sky {n}": s.asked for n in (BEFORE, *self._variants.names) if (s := self._shown.get(f"sky {n}"))}
        return {**kept, **{f"sky {n}": request for n, request in wanted.items()}} if keys else dict.fromkeys(kept)

    def _wanted_prediction(self, keys: tuple[str, ...]) -> PredictArtifact | None:
        place, view = self._places.current, self.current
        if not self._predicting or place is None or view is None or not keys:
            return None
        here, source = (place.ra, place.dec), None
        if self._centring and self.sky is not None and self.sky.band == self._band:
            light = self._exposures[view.key].slice_map.wavelength_at(self._number, self._column)
            wide = psf_fwhm(view.instrument, light) if math.isfinite(light) else 4.0 * self.sky.spaxel
            source = light_centre(self.sky, *here, float(wide))
        return PredictArtifact(keys, self.recipe, self._band, here, source or here, place.radius)

    def _wanted_remedies(self, keys: tuple[str, ...]) -> dict[str, Request | None]:
        wanted: dict[str, Request | None] = {}
        for kind in remedies.KINDS:
            name = remedies.slot(kind)
            if kind == self._remedies.seen:
                wanted[name] = self.remedy_request(kind)
            elif name in self._shown:  # what is not in sight stays, and is renewed when it is wanted again
                wanted[name] = self._shown[name].asked if keys else None
        return wanted

    def _wanted_spectra(self, keys: tuple[str, ...], variant: Variant, place: Place) -> MakeSpectra | None:
        active = place.number == self._places.active
        # the fields of bands differ: a place may be outside of this one, and be inside again in the next
        outside = self.sky is not None and self.sky.band == self._band and not holds(self.sky, place.ra, place.dec)
        if not keys or (outside and not active):
            return None
        slot, urgent = f"{variant.name}{place.number}", active and variant.name == self._variants.active
        return MakeSpectra(keys, variant.recipe, self._band, place.ra, place.dec, place.radius, slot, urgent)

    def _renew(self) -> None:
        """Ask for what is wanted and was not asked for."""
        wanted = self._wanted()
        self._late = False
        for name, request in wanted.items():
            if name == "report":
                if request is None:
                    continue
                shown = self._reports.setdefault(request.exposure, _Shown())  # type: ignore[union-attr]
            else:
                shown = self._shown.setdefault(name, _Shown())
            if request == shown.asked or self._waits(name, shown, request):
                continue
            same = self._same_answer(request)
            if shown.job is not None and (request is None or same is not None):
                self._workers.cancel(shown.job)
            shown.asked = request
            shown.job = self._submit(request) if request is not None and same is None else None
            stale_profile = name == "profile" and shown.result is not None and shown.result.exposure != self._exposure
            if same is not None or request is None or stale_profile:
                shown.result = same
                self._tell_changed(name)
        for name in self._shown.keys() - wanted.keys():
            gone = self._shown.pop(name)
            if gone.job is not None:
                self._workers.cancel(gone.job)
        self._update_pending()

    def _waits(self, name: str, shown: _Shown, request: Request | None) -> bool:
        """Tell whether a question is put off, since on the way an answer that is nearly right is better than none.

        Questions that follow one another faster than the answers would otherwise take one another's place for ever.
        """
        if self._dragged is not None and name not in ("profile", _spectra(self._variants.active, self._places.active)):
            return True
        stepping = isinstance(request, ShowProfile) and isinstance(shown.asked, ShowProfile)
        stepping = stepping and replace(shown.asked, column=request.column) == request  # type: ignore[type-var,union-attr]
        waits = shown.job is not None and (self._dragged is not None or stepping)
        self._late |= waits
        return waits

    def _same_answer(self, request: Request | None) -> Any:
        """Find the answer to a question that was asked for another slot, or a moment ago.

        Variants may have the same recipe, and people go to and fro between them.
        """
        if isinstance(request, Correct):
            return self._known.get(request)
        if not isinstance(request, MakeSpectra | MakeSkyImage):
            return None
        for shown in self._shown.values():
            asked = shown.asked
            if type(asked) is type(request) and shown.job is None and replace(asked, slot=request.slot) == request:
                return shown.result
        return None

    def _tell_changed(self, name: str) -> None:
        getattr(self, f"{name.partition(' ')[0]}_changed").emit()

    def _update_pending(self) -> None:
        current = self._reports.get(self._exposure or "", _Shown())
        pending = frozenset(n for n, s in {**self._shown, "report": current}.items() if s.job is not None)
        if pending != self._pending:
            self._pending = pending
            self.pending_changed.emit()

    def _submit(self, request: Request, lasting: bool = False) -> int:
        number = self._workers.submit(request)
        self._jobs[number] = Job(number, job_name(request), lasting=lasting)
        self.jobs_changed.emit()
        return number

    def _receive(self, item: Progress | Outcome) -> None:
        """Take what workers tell, on their thread: what needs all pixels is done here, not in the window's."""
        found: tuple[OpenExposure, ...] = ()
        if isinstance(item, Outcome) and isinstance(item.result, SpaxelSpectra):
            load_units()
        if isinstance(item, Progress) and isinstance(item.result, Opened):
            views = [(view, slices_of(view)) for view in item.result.exposures]
            found = tuple(
                OpenExposure(view, slices, brightest_slice(view, slices), map_slices(view), mark=mark_of(view.key))
                for view, slices in views
            )
        self._mail.put((item, found))
        self._arrived.emit()

    def _read(self) -> None:
        if not self._closed:  # what was told before closing may arrive after it
            self._reading.start()

    def _take_next(self) -> None:
        """Take one thing that workers told; what is painted after it comes before the next one is taken."""
        with suppress(queue.Empty):
            self._take(*self._mail.get_nowait())
        if self._mail.empty():
            self._reading.stop()

    def _take(self, item: Progress | Outcome, found: tuple[OpenExposure, ...]) -> None:
        if isinstance(item, Progress):
            if item.job in self._jobs:
                self._jobs[item.job] = replace(self._jobs[item.job], step=item.step, fraction=item.fraction)
                self._add_exposures(found)
                self.jobs_changed.emit()
            return
        job = self._jobs.pop(item.job, None)
        if job is None:
            return
        name = _name(item.request)
        if name:
            self._take_preview(name, job, item)
        elif isinstance(item.request, FindTools):
            self.tools_found.emit(item.result or (), "" if item.status is Status.DONE else item.sentence)
        elif item.status is Status.DONE:
            self._take_result(item)
        else:
            self._tell_failure(job, item)
        if self._late:
            self._renew()
        self.jobs_changed.emit()
        self._update_pending()
        if isinstance(item.request, OpenExposures):
            self._end_opening(item.job)

    def _end_opening(self, job: int) -> None:
        self._opening.discard(job)
        if job == self._restoring_job:
            self._restoring, self._restoring_job, self._look = {}, None, None
            self.restored.emit()

    def _take_preview(self, name: str, job: Job, outcome: Outcome) -> None:
        shown = self._reports.get(outcome.request.exposure) if name == "report" else self._shown.get(name)  # type: ignore[union-attr]
        if shown is None or shown.job != outcome.job or shown.asked != outcome.request:
            return  # the answer to an older question
        shown.job = None
        if outcome.status is Status.DONE:
            shown.result = outcome.result
            if name == "report":
                self._known = dict([*self._known.items(), (outcome.request, outcome.result)][-_MOST_REPORTS:])
        else:
            self._tell_failure(job, outcome)
            if outcome.status is not Status.CANCELLED:
                shown.result = None
        self._tell_changed(name)
        if outcome.status is Status.DONE:
            self._look_first(name)

    def _look_first(self, name: str) -> None:
        """Take a first look at what arrived, as long as the user has not chosen."""
        view = self.current
        if name == "report" and view is not None and self.report is not None and not self._slice_by_hand:
            self._slice_by_hand = True
            number = brightest_slice(view, self.slices, self.report)
            if number != self._number:
                self._choose_slice(number)
                self._band = band_of(view, number)
                self.chosen_changed.emit()
                self._renew()
        if name == "sky" and self.sky is not None:
            self._look_at_peak(self.sky)

    def _look_at_peak(self, sky: SkyImage) -> None:
        """Have a place on the brightest spaxel unless the active one has data."""
        place = self._places.current
        if place is None:
            self.set_places(self._places.added(*sky.peak, round(5 * sky.spaxel, 3)))
        elif not self.restoring and not covers(sky, place.ra, place.dec):
            # While a session is coming back, the exposure that covers its place may not be open yet.
            self.pick_sky(*sky.peak)
        else:
            self._renew()

    def _take_result(self, outcome: Outcome) -> None:
        match outcome.result:
            case Opened() as opened:
                self._tell_opened(len(opened.exposures), opened.problems)
                if opened.exposures and outcome.job != self._restoring_job:
                    self.opened.emit(outcome.request.paths)  # type: ignore[union-attr]
            case None if isinstance(outcome.request, ClearCache | SendFile):
                self.tell("info", outcome.sentence)
            case WrittenProducts(paths):
                names = ", ".join(Path(p).name for p in paths)
                self.tell("info", f"Written to {outcome.request.folder}: {names}.")  # type: ignore[union-attr]

    def _add_exposures(self, found: tuple[OpenExposure, ...]) -> None:
        for exposure in found:
            view = exposure.view
            if view.key in self._exposures:  # read again: nothing that was computed for it holds
                self._reports.pop(view.key, None)
                self._known.clear()
                for shown in self._shown.values():
                    shown.asked = None
            first = next(iter(self._exposures.values()), exposure)
            fits, kept = first.view.instrument == view.instrument, self._restoring.get(view.key)
            if not fits and kept is None:
                self.tell("warning", f"{view.name} is of another instrument, so it is not included in sky and spectra.")
            self._exposures[view.key] = replace(exposure, included=kept.included if kept else fits)
            if kept is not None and kept.chosen and self._look is not None:
                self._look_again(view.key, self._look)
        if not found:
            return
        if self._exposure is None:
            self._choose_exposure(found[0].view.key)
        self.exposures_changed.emit()
        self.chosen_changed.emit()
        self.report_changed.emit()
        self._renew()

    def _tell_opened(self, opened: int, problems: tuple[str, ...]) -> None:
        """Tell in one message how opening went; the log has all problems."""
        text = f"Opened {count(opened, 'exposure')}."
        if problems:
            more = f" ({count(len(problems) - 1, 'more problem')} in the log)" if problems[1:] else ""
            text = (f"{text[:-1]}, but: " if opened else "") + problems[0] + more
        level = "info" if not problems else "warning" if opened else "error"
        self.tell(level, text, "\n".join(problems[1:]))

    def _tell_failure(self, job: Job, outcome: Outcome) -> None:
        if outcome.status is Status.CANCELLED:
            self.tell("info", f"Cancelled: {job.name}.")
        elif not (self.messages and self.messages[-1].text == outcome.sentence):
            self.tell("error", outcome.sentence, outcome.detail)
