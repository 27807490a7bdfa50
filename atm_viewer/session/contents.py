"""The session's state as views read it."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal

from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.recipe import FitParams, Recipe
from atm_viewer.engine.results.correction import CorrectionReport, SliceReport
from atm_viewer.engine.results.exposure_view import ExposureView
from atm_viewer.engine.results.pixels import PixelReport
from atm_viewer.engine.results.profile import SliceProfile
from atm_viewer.engine.results.sky_image import SkyImage
from atm_viewer.engine.results.spectra import PredictedArtifact, SpaxelSpectra
from atm_viewer.jobs.remedy_messages import RemedyRequest
from atm_viewer.session.edits import slice_edits
from atm_viewer.session.edits.variants import ShownSpectra, Variants
from atm_viewer.session.job_list import JobList, MakeWorkers
from atm_viewer.session.spectrum.settings import SpectrumSettings
from atm_viewer.session.state.measures import KINDS, MeasureChoice, Measured, slot
from atm_viewer.session.state.open_exposure import OpenExposure
from atm_viewer.session.state.places import Places
from atm_viewer.session.state.remedy_choice import RemedyChoice, ShownRemedy, remedy_request
from atm_viewer.session.state.remedy_choice import slot as remedy_slot
from atm_viewer.session.state.selection import columns_of, slices_across
from atm_viewer.session.state.sky_choice import BEFORE, ShownSky, SkyChoice
from atm_viewer.session.state.slots import Shown, spectra_name


class Contents(JobList):
    """The session's state and the signals for what changed in it; layers above change it.

    Parameters
    ----------
    make_workers, parent
        As in `JobList`.
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

    def __init__(self, make_workers: MakeWorkers, parent: QObject | None = None):
        super().__init__(make_workers, parent)
        self._exposures: dict[str, OpenExposure] = {}
        self._exposure: str | None = None
        self._band = ""
        self._number = 0
        self._column = 0
        self._pixel: tuple[str, int, int] | None = None
        self._variants = Variants()
        self._only_this = False
        self._places = Places()
        self._sky = SkyChoice()
        self._spectrum = SpectrumSettings()
        self._remedies = RemedyChoice()
        self._predicting, self._centring = False, True  # whether anybody looks at it; the source is where light is
        self._measures = MeasureChoice()
        self._shown: dict[str, Shown] = {name: Shown() for name in ("profile", "pixel", "sky")}
        self._reports: dict[str, Shown] = {}
        self._pending: frozenset[str] = frozenset()

    # What is open and chosen

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
    def sky_choice(self) -> SkyChoice:
        """Which images of the field are shown, and how."""
        return self._sky

    @property
    def measure_choice(self) -> MeasureChoice:
        """What is measured beside the spectra."""
        return self._measures

    @property
    def remedy_choice(self) -> RemedyChoice:
        """Which remedy against resampling noise is looked at, and how."""
        return self._remedies

    def params(self, number: int) -> FitParams:
        """Parameters in force in a slice of the chosen exposure."""
        return self.recipe.params(number, self.current.name if self.current else "")

    def slices_across(self, number: int) -> tuple[int, ...]:
        """Slices of the chosen exposure in a slice's band, in their order on the sky; see `slices_across`."""
        return slices_across(self.current, number) if self.current else ()

    def overridden(self, number: int) -> dict[str, str | None]:
        """Names of the parameters set for a slice; the exposure they are set for, or None for all."""
        return slice_edits.overridden(self.recipe, number, self.current.name if self.current else None)

    # What is known

    @property
    def report(self) -> CorrectionReport | None:
        """Latest report on the chosen exposure; of an older recipe while a new one is pending."""
        shown = self._reports.get(self._exposure or "")
        return shown.result if shown else None

    def slice_report(self, number: int) -> SliceReport | None:
        """Report on a slice of the chosen exposure."""
        slices = self.report.slices if self.report else ()
        return next((s for s in slices if s.number == number), None)

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
    def measured(self) -> Measured:
        """Latest answers on what is measured beside the spectra."""
        found = {kind: self._shown.get(slot(kind), Shown()) for kind in KINDS}
        pending = frozenset(kind for kind, shown in found.items() if shown.job is not None)
        return Measured(**{kind: shown.result for kind, shown in found.items()}, pending=pending)

    @property
    def spectra(self) -> SpaxelSpectra | None:
        """Latest spectra of the active variant at the active place."""
        return self.spectra_of(self._variants.active)

    def spectra_of(self, variant: str, place: int | None = None) -> SpaxelSpectra | None:
        """Latest spectra of a variant at a place; at the active one unless told otherwise."""
        shown = self._shown.get(spectra_name(variant, place or self._places.active))
        return shown.result if shown else None

    @property
    def shown_spectra(self) -> tuple[ShownSpectra, ...]:
        """Spectra of all variants at all places, in the order of places; those without an answer so far as well."""
        pairs = [(v, p.number, spectra_name(v.name, p.number)) for p in self._places.all for v in self._variants.all]
        return tuple(ShownSpectra(v, n, self.spectra_of(v.name, n), name in self._pending) for v, n, name in pairs)

    @property
    def prediction(self) -> PredictedArtifact | None:
        """What geometry predicts for a point source at the active place; of an older question while one is pending."""
        shown = self._shown.get("prediction")
        return shown.result if shown else None

    @property
    def predicting(self) -> bool:
        """Whether a prediction is under way."""
        return "prediction" in self._pending

    def remedy(self, kind: str) -> ShownRemedy:
        """Latest answer on a remedy, by its kind."""
        shown = self._shown.get(remedy_slot(kind), Shown())
        return ShownRemedy(shown.result, shown.job is not None)

    def remedy_request(self, kind: str) -> RemedyRequest | None:
        """Say what is asked about a remedy of the active variant at the active place; None where there is none."""
        return remedy_request(kind, self._remedies, self._extraction())

    @property
    def pending(self) -> frozenset[str]:
        """Which of ``report``, ``profile``, ``sky`` and ``spectra`` (active variant and place) are being renewed."""
        spectra = spectra_name(self._variants.active, self._places.active)
        names = {"report": "report", "profile": "profile", spectra: "spectra"}
        names |= {name: "sky" for name in self._pending if name.startswith("sky")}
        return frozenset(names[name] for name in self._pending if name in names)

    @property
    def complete(self) -> bool:
        """Whether everything that can be shown is there and nothing is under way."""
        parts = (self.report, self.profile, self.sky, self.spectra)
        idle = not self._jobs and not self._pending and not self.file_work.busy
        return idle and (not self._exposures or all(p is not None for p in parts))

    def _extraction(self) -> Extraction | None:
        """Say which spectra the active variant has at the active place; None where there is nothing to look at."""
        keys, place = self._keys_together(), self._places.current
        return place.extraction(keys, self.recipe, self._band) if keys and place is not None else None

    def _keys_together(self) -> tuple[str, ...]:
        return tuple(e.view.key for e in self.together)
