"""What the session asks the workers for, and when.

What the window should show is a pure function of the state (`Questions._wanted`). After every change the session asks
the workers for what it wants and has not asked for yet.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from PyQt6.QtCore import QObject

from atm_viewer.engine.psf import psf_fwhm
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.results.correction import CorrectionReport
from atm_viewer.jobs.messages import (
    Correct,
    ExplainPixel,
    MakeSkyImage,
    MakeSpectra,
    PredictArtifact,
    Request,
    ShowProfile,
)
from atm_viewer.session.contents import Contents
from atm_viewer.session.edits.variants import Variant
from atm_viewer.session.job_list import MakeWorkers
from atm_viewer.session.state import remedy_choice
from atm_viewer.session.state.measures import wanted_measures
from atm_viewer.session.state.places import Place
from atm_viewer.session.state.selection import holds
from atm_viewer.session.state.sky_choice import BEFORE, wanted_images
from atm_viewer.session.state.slots import Shown, spectra_name
from atm_viewer.session.state.source import light_centre


class Questions(Contents):
    """Asks for what is wanted.

    Parameters
    ----------
    make_workers, parent
        As in `JobList`.
    """

    def __init__(self, make_workers: MakeWorkers, parent: QObject | None = None):
        super().__init__(make_workers, parent)
        self._known: dict[Request, CorrectionReport] = {}  # reports of a moment ago
        self._dragged: Recipe | None = None  # the recipe before the drag under way
        self._late = False  # whether something is to be asked once an answer is there

    def refresh(self) -> None:
        """Compute everything in sight again, after a failure or a cancelled preview."""
        self._known.clear()
        for shown in (*self._shown.values(), *self._reports.values()):
            shown.asked = None
        self._renew()

    def _wanted(self) -> dict[str, Request | None]:
        """List what the state asks for; None where there is nothing to show."""
        view, recipe = self.current, self.recipe
        keys = self._keys_together()
        asked = self._pixel[1:] if self._pixel and view and self._pixel[0] == view.key else None
        return {
            # First what is quick and looked at; the report would begin to fit what that fits as well.
            "profile": ShowProfile(view.key, recipe, self._number, self._column) if view else None,
            "pixel": ExplainPixel(view.key, recipe, *asked) if view and asked is not None else None,
            "sky": MakeSkyImage(keys, self._band) if keys else None,
            **self._wanted_sky(keys),
            **self._wanted_remedies(keys),
            "prediction": self._wanted_prediction(),
            **wanted_measures(self._measures, self._spectrum, self._extraction()),
            **{
                spectra_name(v.name, p.number): self._wanted_spectra(keys, v, p)
                for p in self._places.active_first
                for v in self._variants.active_first
            },
            "report": Correct(view.key, recipe) if view else None,
        }

    def _wanted_sky(self, keys: tuple[str, ...]) -> dict[str, Request | None]:
        found = self._exposures.get(self._exposure or "")
        wavelength = found.slice_map.wavelength_at(self._number, self._column) if found else math.nan
        light = wavelength if math.isfinite(wavelength) else None
        wanted = wanted_images(self._sky, self._variants, keys, self._band, light)
        # What is not seen for the moment stays: it is shown at once, and renewed, when it is wanted again.
        kept = {f"sky {n}": s.asked for n in (BEFORE, *self._variants.names) if (s := self._shown.get(f"sky {n}"))}
        return {**kept, **{f"sky {n}": request for n, request in wanted.items()}} if keys else dict.fromkeys(kept)

    def _wanted_prediction(self) -> PredictArtifact | None:
        extraction, view = self._extraction(), self.current
        if not self._predicting or extraction is None or view is None:
            return None
        source = None
        if self._centring and self.sky is not None and self.sky.band == self._band:
            light = self._exposures[view.key].slice_map.wavelength_at(self._number, self._column)
            wide = psf_fwhm(view.instrument, light) if math.isfinite(light) else 4.0 * self.sky.spaxel
            source = light_centre(self.sky, *extraction.place, float(wide))
        return PredictArtifact(extraction, source or extraction.place)

    def _wanted_remedies(self, keys: tuple[str, ...]) -> dict[str, Request | None]:
        wanted: dict[str, Request | None] = {}
        for kind in remedy_choice.KINDS:
            name = remedy_choice.slot(kind)
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
        return MakeSpectra(place.extraction(keys, variant.recipe, self._band), slot, urgent)

    def _renew(self) -> None:
        """Ask for what is wanted and was not asked for."""
        wanted = self._wanted()
        self._late = False
        for name, request in wanted.items():
            if name == "report":
                if request is None:
                    continue
                shown = self._reports.setdefault(request.exposure, Shown())  # type: ignore[union-attr]
            else:
                shown = self._shown.setdefault(name, Shown())
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

    def _waits(self, name: str, shown: Shown, request: Request | None) -> bool:
        """Tell whether a question is put off, since on the way an answer that is nearly right is better than none.

        Questions that follow one another faster than the answers would otherwise take one another's place for ever.
        """
        followed = ("profile", spectra_name(self._variants.active, self._places.active))
        if self._dragged is not None and name not in followed:
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
        current = self._reports.get(self._exposure or "", Shown())
        pending = frozenset(n for n, s in {**self._shown, "report": current}.items() if s.job is not None)
        if pending != self._pending:
            self._pending = pending
            self.pending_changed.emit()
