"""A state, and the latest answers to its questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from atm_viewer.engine.results.correction import CorrectionReport, SliceReport
from atm_viewer.engine.results.exposure_view import ExposureShifts
from atm_viewer.engine.results.noise import BandSummary
from atm_viewer.engine.results.pixels import PixelReport
from atm_viewer.engine.results.profile import SliceProfile
from atm_viewer.engine.results.sky_image import Coverage, SkyImage
from atm_viewer.engine.results.spectra import FilledShare, HoveredSpectrum, PredictedArtifact, SpaxelSpectra
from atm_viewer.engine.results.verdict import Verdict
from atm_viewer.jobs.requests.base import R_co, Request, Slot
from atm_viewer.jobs.requests.measures import (
    CountPlanes,
    GiveVerdict,
    MakeNoiseMap,
    MakePeriods,
    MeasureLines,
    MeasureShifts,
    SummariseBands,
)
from atm_viewer.jobs.requests.previews import (
    Correct,
    ExplainPixel,
    MakeFringeFree,
    MakeHoveredSpectrum,
    MakeSkyImage,
    MakeSpectra,
    MeasureFilled,
    PredictArtifact,
    ShowProfile,
)
from atm_viewer.jobs.requests.references import MakeReferenceSpectrum
from atm_viewer.session.edits.variants import ShownSpectra
from atm_viewer.session.questions.slots import Filled
from atm_viewer.session.spectrum.references import ShownReference
from atm_viewer.session.state.measures import MEASURES, Measured
from atm_viewer.session.state.open_exposure import OpenExposure
from atm_viewer.session.state.places import spectra_name
from atm_viewer.session.state.remedy_choice import REMEDIES, ShownRemedy
from atm_viewer.session.state.selection import band_of, spaxel_outline
from atm_viewer.session.state.sky_choice import BEFORE, ShownSky
from atm_viewer.session.state.state import State

#: Name of the prediction that the spectra's ratio panel shows.
CURVE = "curve"


@dataclass(frozen=True)
class ShownVerdict:
    """Latest verdict, and whether it is on other spectra than those that are active now."""

    verdict: Verdict | None = None
    stale: bool = False


@dataclass(frozen=True, eq=False)
class Answers:
    """Latest answers, each of an older question while a new one is pending.

    Parameters
    ----------
    state : State
        What is open, chosen and wanted.
    slots : mapping of Slot to Filled
        Questions and answers.
    """

    state: State = field(default_factory=State)
    slots: Mapping[Slot, Filled] = field(default_factory=dict)

    def latest(self, kind: type[Request[R_co]], name: str = "") -> R_co | None:
        """Latest answer to a kind of request; ``name`` is that of the slot where there are several."""
        filled = self.slots.get(Slot(kind, name))
        return filled.result if filled is not None else None

    def is_pending(self, kind: type[Request[Any]], name: str = "") -> bool:
        """Whether the answer to a kind of request is being renewed."""
        filled = self.slots.get(Slot(kind, name))
        return filled is not None and filled.job is not None

    # Of the chosen exposure

    @property
    def reports(self) -> Mapping[str, CorrectionReport]:
        """Reports by the exposures' keys."""
        return {slot.name: f.result for slot, f in self.slots.items() if slot.kind is Correct and f.result is not None}

    @property
    def report(self) -> CorrectionReport | None:
        """Report on the chosen exposure."""
        return self.latest(Correct, self.state.chosen or "")

    def slice_report(self, number: int) -> SliceReport | None:
        """Report on a slice of the chosen exposure."""
        slices = self.report.slices if self.report else ()
        return next((s for s in slices if s.number == number), None)

    @property
    def profile(self) -> SliceProfile | None:
        """Fit of the chosen column of the chosen slice."""
        return self.latest(ShowProfile)

    @property
    def pixel(self) -> PixelReport | None:
        """What happened to the pixel that was asked for."""
        return self.latest(ExplainPixel)

    # Of the exposures together

    def feeding(self, exposure: OpenExposure) -> tuple[int, ...]:
        """Slices of an exposure that feed the active spaxel, ascending: those of the band that see any part of it."""
        state, sky = self.state, self.sky
        place = state.places.current
        if sky is None or place is None or sky.band != state.band or exposure not in state.together:
            return ()
        seen = state.strips(exposure.view).overlapping(spaxel_outline(sky, place.ra, place.dec))
        return tuple(number for number in seen if band_of(exposure.view, number) == state.band)

    @property
    def sky(self) -> SkyImage | None:
        """The field before correction in white light."""
        return self.latest(MakeSkyImage)

    @property
    def shown_sky(self) -> ShownSky:
        """Images of the field."""
        choice, variants = self.state.sky_choice, self.state.variants
        images = {BEFORE: self.sky} if not choice.planes else {}
        cubes = {cube.name: cube.title for cube in self.state.cubes}
        for name in (BEFORE, *variants.names, *cubes):
            if name not in images:
                images[name] = self.latest(MakeSkyImage, name)
        there = {name: image for name, image in images.items() if image is not None}
        return ShownSky(choice, choice.sides(variants, cubes), self.sky, there.get(BEFORE), there, cubes)

    @property
    def spectra(self) -> SpaxelSpectra | None:
        """Spectra of the active variant at the active place."""
        return self.spectra_of(self.state.variants.active)

    def spectra_of(self, variant: str, place: int | None = None) -> SpaxelSpectra | None:
        """Spectra of a variant at a place; at the active one unless another is named."""
        return self.latest(MakeSpectra, spectra_name(variant, place or self.state.places.active))

    @property
    def shown_spectra(self) -> tuple[ShownSpectra, ...]:
        """Spectra of all variants at all places, in the order of places; those without an answer so far as well."""
        pairs = [
            (variant, place.number, spectra_name(variant.name, place.number))
            for place in self.state.places.all
            for variant in self.state.variants.all
        ]
        return tuple(
            ShownSpectra(variant, number, self.latest(MakeSpectra, name), self.is_pending(MakeSpectra, name))
            for variant, number, name in pairs
        )

    @property
    def band_spectra(self) -> tuple[tuple[str, ShownSpectra], ...]:
        """Bands and spectra of the active variant at the active place, where all bands are shown; else nothing."""
        state = self.state
        if not state.shows_all_bands or state.places.current is None:
            return ()
        variant, place = state.variants[state.variants.active], state.places.active
        found = []
        for band in state.bands:
            name = spectra_name(variant.name, place, "" if band == state.band else band)
            latest = self.latest(MakeSpectra, name)
            known = latest if latest is not None and latest.band == band else None
            found.append((band, ShownSpectra(variant, place, known, self.is_pending(MakeSpectra, name))))
        return tuple(found)

    @property
    def shown_references(self) -> tuple[ShownReference, ...]:
        """References whose spectra are drawn at the active place, in the order of their numbers."""
        return tuple(
            ShownReference(
                reference,
                self.latest(MakeReferenceSpectrum, reference.name),
                self.is_pending(MakeReferenceSpectrum, reference.name),
            )
            for reference in self.state.references
            if reference.shown and Slot(MakeReferenceSpectrum, reference.name) in self.slots
        )

    @property
    def drawn_spectra(self) -> tuple[ShownSpectra, ...]:
        """As `shown_spectra`, but the spaxel's as soon as they are known. Where wanted, without residual fringes."""
        if self.state.removes_fringes:
            return tuple(self._without_fringes(shown) for shown in self.shown_spectra)
        if self.state.shows_all_bands:
            return self.shown_spectra
        return tuple(self._with_partial(shown) for shown in self.shown_spectra)

    def _with_partial(self, shown: ShownSpectra) -> ShownSpectra:
        """Take the spectra of the spaxel alone where they are newer than the whole ones."""
        filled = self.slots.get(Slot(MakeSpectra, spectra_name(shown.variant.name, shown.place)))
        if filled is None or filled.partial is None:
            return shown
        return replace(shown, spectra=filled.partial, stale=filled.job != filled.part_of)

    def _without_fringes(self, shown: ShownSpectra) -> ShownSpectra:
        name = spectra_name(shown.variant.name, shown.place)
        freed = self.latest(MakeFringeFree, name)
        current = freed is not None and not self.is_pending(MakeFringeFree, name)
        return replace(shown, spectra=freed or shown.spectra, stale=shown.stale or not current)

    @property
    def hovered_spectrum(self) -> HoveredSpectrum | None:
        """Spectrum of the spaxel under the mouse; that of a spaxel passed a moment ago until it is there."""
        return self.latest(MakeHoveredSpectrum)

    @property
    def filled_share(self) -> FilledShare | None:
        """Which planes of the active spectrum come from filled pixels; after an edit those before it until renewed."""
        return self.latest(MeasureFilled)

    @property
    def prediction(self) -> PredictedArtifact | None:
        """What geometry predicts for a point source at the active place."""
        return self.latest(PredictArtifact)

    @property
    def predicting(self) -> bool:
        """Whether a prediction is under way."""
        return self.is_pending(PredictArtifact)

    @property
    def predicted_curve(self) -> PredictedArtifact | None:
        """What geometry predicts before correction at the active place; None while another place's is all there is."""
        filled, extraction = self.slots.get(Slot(PredictArtifact, CURVE)), self.state.extraction
        if filled is None or filled.job is not None or extraction is None:
            return None
        asked = filled.asked
        assert isinstance(asked, PredictArtifact)
        return filled.result if replace(asked.extraction, recipe=extraction.recipe) == extraction else None

    @property
    def verdict(self) -> ShownVerdict:
        """Verdict on the active variant at the active place."""
        filled = self.slots.get(Slot(GiveVerdict))
        if filled is None:
            return ShownVerdict()
        assert isinstance(filled.asked, GiveVerdict)
        return ShownVerdict(filled.result, filled.job is not None or filled.asked.extraction != self.state.extraction)

    @property
    def shifts(self) -> ExposureShifts | None:
        """How the exposures lie against each other; None while that is known of others only, or with other offsets."""
        return None if self.is_pending(MeasureShifts) else self.latest(MeasureShifts)

    @property
    def coverage(self) -> Coverage | None:
        """Planes that the active variant takes away; None while only another variant's are known."""
        return None if self.is_pending(CountPlanes) else self.latest(CountPlanes)

    @property
    def band_summaries(self) -> tuple[BandSummary, ...]:
        """What a report says about each band; nothing while only another place's or variant's is known."""
        return () if self.is_pending(SummariseBands) else self.latest(SummariseBands) or ()

    @property
    def measured(self) -> Measured:
        """What is measured beside the spectra."""
        pending = frozenset(kind for kind, request in MEASURES.items() if self.is_pending(request))
        return Measured(self.latest(MakePeriods), self.latest(MakeNoiseMap), self.latest(MeasureLines), pending)

    def remedy(self, kind: str) -> ShownRemedy:
        """Latest answer on a kind of remedy."""
        request = REMEDIES[kind]
        return ShownRemedy(self.latest(request), self.is_pending(request))

    # What is on its way

    @property
    def pending_slots(self) -> frozenset[Slot]:
        """Slots that are being renewed; of reports only that on the chosen exposure."""
        return frozenset(
            slot
            for slot, filled in self.slots.items()
            if filled.job is not None and (slot.kind is not Correct or slot.name == self.state.chosen)
        )

    @property
    def pending(self) -> frozenset[str]:
        """Which of ``report``, ``profile``, ``sky`` and ``spectra`` (active variant and place) are being renewed."""
        state = self.state
        found = {
            "report": self.is_pending(Correct, state.chosen or ""),
            "profile": self.is_pending(ShowProfile),
            "sky": any(slot.kind is MakeSkyImage for slot in self.pending_slots),
            "spectra": any(
                self.is_pending(kind, spectra_name(state.variants.active, state.places.active))
                for kind in (MakeSpectra, MakeFringeFree)
            ),
        }
        return frozenset(name for name, pending in found.items() if pending)

    @property
    def all_there(self) -> bool:
        """Whether everything that can be shown is there, and of the latest question."""
        parts: tuple[object, ...] = (self.report, self.profile)
        if self.state.together:  # without any that is included there is nothing to show on the sky
            parts += (self.sky, self.spectra)
        return not self.pending_slots and (not self.state.exposures or all(part is not None for part in parts))
