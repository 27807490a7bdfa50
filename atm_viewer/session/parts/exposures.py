"""Intents: exposures that are opened, closed and included, and sessions that come back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from atm_viewer.jobs.messages import Outcome, Progress
from atm_viewer.jobs.requests.base import count
from atm_viewer.jobs.requests.demo import MakeDemo
from atm_viewer.jobs.requests.exposures import CloseExposures, Opened, OpenExposures
from atm_viewer.session.parts.job_list import Job, JobList
from atm_viewer.session.parts.message_log import MessageLog
from atm_viewer.session.parts.recipe_edits import RecipeEdits
from atm_viewer.session.questions.store import Store
from atm_viewer.session.state import opening
from atm_viewer.session.state.choosing import choose_exposure
from atm_viewer.session.state.open_exposure import OpenExposure
from atm_viewer.session.state.saved_session import SavedSession


class Exposures(QObject):
    """Opens and closes exposures.

    Parameters
    ----------
    store : Store
        Has the state.
    jobs : JobList
        Takes requests.
    recipes : RecipeEdits
        Has the edits that end with the session they were made in.
    messages : MessageLog
        Gets the messages on how opening went.
    """

    members_missing = pyqtSignal(str, tuple)  #: association, and names of its members that were not found
    opened = pyqtSignal(tuple)  #: paths as the user gave them, after at least one of their exposures was opened
    restored = pyqtSignal()  #: a session is back: all of its exposures that can be opened are open

    def __init__(self, store: Store, jobs: JobList, recipes: RecipeEdits, messages: MessageLog):
        super().__init__(store)
        self._store, self._jobs, self._recipes, self._messages = store, jobs, recipes, messages
        self._opening: set[int] = set()
        self._waiting: dict[int, list[OpenExposure]] = {}  # by job, exposures that are opened and not yet shown
        self._closed: dict[int, set[str]] = {}  # by job, what was closed since it began to open files
        self._folders: tuple[str, ...] = ()
        self._restoring_job: int | None = None
        self._shown_job: int | None = None
        self._shown_key, self._left_out = "", 0
        self._demo_job: int | None = None
        jobs.progressed.connect(self._take_found)
        jobs.ended.connect(self._end_opening)
        jobs.ended.connect(self._end_demo)

    @property
    def restoring(self) -> bool:
        """Whether exposures of a session are still being opened."""
        return self._restoring_job is not None

    @property
    def pixels(self) -> int:
        """Pixels of all that are open."""
        waiting = (one for found in list(self._waiting.values()) for one in list(found))
        return sum(one.view.sci.size for one in (*self._store.state.exposures, *waiting))

    def open(self, paths: Sequence[str | os.PathLike[str]]) -> None:
        """Open cal/crf files and associations."""
        if paths:
            self._open(tuple(str(p) for p in paths))

    def look_below(self, folder: str | os.PathLike[str]) -> None:
        """Look for members of associations in this folder and below it, too."""
        self._folders = tuple(dict.fromkeys((str(folder), *self._folders)))

    def make_demo(self, instrument: str, folder: str) -> None:
        """Make the demo's exposures, or find them in a folder, and open them; one set at a time."""
        if self._demo_job is None:
            self._demo_job = self._jobs.submit(MakeDemo(instrument, folder))

    def close(self, *keys: str) -> None:
        """Close exposures; recipe and edits stay."""
        state = self._store.state
        closed = tuple(key for key in keys if state.exposure(key) is not None)
        if closed:
            self._jobs.submit(CloseExposures(closed))
            # The worker closes them after these jobs have opened them; news of that opening may still be on its way.
            for job in self._opening:
                self._closed.setdefault(job, set()).update(closed)
            for key in closed:
                state = opening.close_exposure(state, key, self._store.answers.reports)
            self._store.put(state)

    def include(self, key: str, included: bool) -> None:
        """Say whether an exposure takes part in sky image, spectra and products."""
        self.include_all((key,), included)

    def include_all(self, keys: Sequence[str], included: bool) -> None:
        """Say whether exposures take part."""
        state = self._store.state
        for key in keys:
            state = opening.include(state, key, included)
        self._store.put(state)

    def include_only(self, *keys: str) -> None:
        """Have these exposures take part, and no others."""
        state = self._store.state
        for exposure in state.exposures:
            state = opening.include(state, exposure.view.key, exposure.view.key in keys)
        self._store.put(state)

    def restore(self, saved: SavedSession) -> None:
        """Put a session in place of what is there; what is open stays open when the session names no exposures.

        Parameters
        ----------
        saved : SavedSession
            The session, with the path where each exposure is. Slice, column and band are chosen again once the chosen
            exposure is open, unless the user chooses before.
        """
        state = self._store.state
        if saved.exposures:
            for job in self._opening:
                self._jobs.drop(job)
                self._waiting.pop(job, None)
            self._opening.clear()
            self._closed.clear()
            if state.exposures:
                self._jobs.submit(CloseExposures(tuple(e.view.key for e in state.exposures)))
            self._restoring_job = self._open(tuple(e.path for e in saved.exposures))
        self._recipes.undo_stack.clear()
        self._store.put(opening.begin_restoring(state, saved))
        if not saved.exposures:
            self.restored.emit()

    def _take_found(self, progress: Progress) -> None:
        """Take exposures that were opened, when they are three times as many as are there already.

        With every exposure that is there, all that is shown of their field is made again: one by one, the time for many
        would grow with the square of their number. The first of four dithers is shown at once, then all.
        """
        if progress.job in self._opening and progress.result is not None:
            waiting = self._waiting.setdefault(progress.job, [])
            waiting += progress.result
            if len(waiting) >= 3 * len(self._store.state.exposures):
                self._show_found(progress.job)

    def _show_found(self, job: int) -> None:
        closed = self._closed.get(job, set())
        found = [exposure for exposure in self._waiting.pop(job, []) if exposure.view.key not in closed]
        if not found:
            return
        state = self._store.state
        for exposure in found:
            key = exposure.view.key
            if state.exposure(key) is not None:  # read again: nothing that was computed for it holds
                self._store.forget(key)
            state = opening.add_exposure(state, exposure, self._store.answers.reports)
            if job in self._opening - {self._restoring_job, self._shown_job}:
                self._shown_job = job  # the first one that was opened is what the user wants to see
                state = choose_exposure(state, key, self._store.answers.reports)
                self._shown_key = key
            if job == self._shown_job:
                state, left_out = opening.leave_out(state, self._shown_key, (key,))
                self._left_out += left_out
        self._store.put(state)

    def _end_opening(self, job: Job, outcome: Outcome[Any]) -> None:
        """Report how opening went."""
        request, opened = outcome.request, outcome.result
        if not isinstance(request, OpenExposures):
            return
        self._show_found(job.number)
        if isinstance(opened, Opened):
            self._tell_opened(len(opened.exposures), opened.problems, opened.notes)
            if self._left_out:
                left_out = count(self._left_out, "exposure")
                self._messages.tell(
                    "warning", f"{left_out} of another field: no longer ticked, as one cube cannot hold both."
                )
                self._left_out = 0
            for association, names in opened.missing:
                self.members_missing.emit(association, names)
            if opened.exposures and job.number != self._restoring_job:
                self.opened.emit(request.paths)
        self._opening.discard(job.number)
        self._closed.pop(job.number, None)
        if job.number == self._restoring_job:
            self._restoring_job = None
            self._store.put(opening.end_restoring(self._store.state))
            self.restored.emit()

    def _end_demo(self, job: Job, outcome: Outcome[Any]) -> None:
        if job.number == self._demo_job:
            self._demo_job = None
            if outcome.result is not None:
                self.open([outcome.result])

    def _open(self, paths: tuple[str, ...]) -> int:
        job = self._jobs.submit(OpenExposures(paths, self._folders))
        self._opening.add(job)
        return job

    def _tell_opened(self, opened: int, problems: tuple[str, ...], notes: tuple[str, ...]) -> None:
        """Report in one message how opening went; the log has all problems."""
        text = " ".join([f"Opened {count(opened, 'exposure')}.", *notes])
        if problems:
            more = f" ({count(len(problems) - 1, 'more problem')} in the log)" if problems[1:] else ""
            text = (f"Opened {count(opened, 'exposure')}, but: " if opened else "") + problems[0] + more
        level = "info" if not problems else "warning" if opened else "error"
        self._messages.tell(level, text, "\n".join([*problems[1:], *(notes if problems else ())]))
