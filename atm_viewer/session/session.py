"""The session: the one state behind the window.

The session is made in layers, a class and a module each, of which each knows only those below: `JobList` (what is
under way), `Contents` (what views read), `Questions` (what is asked for), `Choices` and `RecipeEdits` (intents). Here,
on top, are files, products, and what becomes of answers: one is taken only when it answers the latest question.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from atm_viewer.engine.results.sky_image import SkyImage
from atm_viewer.engine.results.written import WrittenProducts
from atm_viewer.jobs.messages import (
    ClearCache,
    CloseExposures,
    FindTools,
    MakeDemo,
    Opened,
    OpenExposures,
    Outcome,
    Progress,
    SendFile,
    Status,
    WriteCubes,
    WriteExposures,
    Writing,
)
from atm_viewer.jobs.remedy_messages import SaveFigure
from atm_viewer.session.job_list import MakeWorkers
from atm_viewer.session.names import count, job_name
from atm_viewer.session.persistence.session_state import KeptExposure, Look, SessionState
from atm_viewer.session.pointer import Pointer
from atm_viewer.session.recipe_edits import RecipeEdits
from atm_viewer.session.state.open_exposure import Job, OpenExposure
from atm_viewer.session.state.places import Places
from atm_viewer.session.state.selection import band_of, brightest_slice, covers
from atm_viewer.session.state.slots import name_of

#: Reports that are remembered, so that going back to another variant, or undoing an edit, shows its table at once; each
#: has an image of its exposure.
_MOST_REPORTS = 4


class Session(RecipeEdits):
    """State of the window, its intents, and signals for what changed.

    Parameters
    ----------
    make_workers : callable
        Takes a function for `Progress` and `Outcome` (called on any thread) and returns `Workers`.
    parent : QObject or None
        Owner.
    """

    opened = pyqtSignal(tuple)  #: paths as the user gave them, after at least one of their exposures was opened
    tools_found = pyqtSignal(tuple, str)  #: programs that take files, or the sentence why there are none
    restored = pyqtSignal()  #: a session is back: all of its exposures that can be opened are open

    def __init__(self, make_workers: MakeWorkers, parent: QObject | None = None):
        super().__init__(make_workers, parent)
        self.pointer = Pointer(self)  #: what the mouse points at
        self._opening: set[int] = set()
        self._restoring: dict[str, KeptExposure] = {}
        self._restoring_job: int | None = None

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

    # Intents: files

    def open_files(self, paths: Sequence[str | os.PathLike[str]]) -> None:
        """Open cal/crf files and associations."""
        if paths:
            self._open(tuple(str(p) for p in paths))

    def make_demo(self, instrument: str, folder: str) -> None:
        """Make the demo's exposures, or find them in a folder, and open them; one set at a time."""
        request = MakeDemo(instrument, folder)
        if job_name(request) not in {job.name for job in self.jobs}:
            self._submit(request, lasting=True)

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

    # Intents: products and programs

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

    # Answers

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
        name = name_of(item.request)
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
        self._update_pending()  # first, or what has arrived is drawn as stale and then once more
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
            case str() as association if isinstance(outcome.request, MakeDemo):
                self.open_files([association])
            case None if isinstance(outcome.request, ClearCache | SendFile):
                self.tell("info", outcome.sentence)
            case WrittenProducts(paths):
                names = ", ".join(Path(p).name for p in paths)
                self.tell("info", f"Wrote {names} to {outcome.request.folder}.")  # type: ignore[union-attr]

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
                self.tell(
                    "warning",
                    f"{view.name} is from another instrument and is not included in sky image, spectra and cubes.",
                )
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
