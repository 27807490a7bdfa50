"""The session behind the window: one state, and the parts that change it.

Views read `Session.state` (what is open and chosen) and `Session.answers` (what is known of it), follow the signals of
`Session.changed`, and call the intents of the parts. A part makes a new state, of which nothing is changed in place;
the store asks the workers for what the new state wants and sends the signals for what has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PyQt6.QtCore import QObject

from atm_viewer.engine.give_back import give_back_memory
from atm_viewer.engine.results.exposure_view import MOST_PIXELS, ExposureView
from atm_viewer.engine.results.spectra import SpaxelSpectra
from atm_viewer.engine.results.written import WrittenProducts
from atm_viewer.jobs.messages import Outcome, Progress, Status
from atm_viewer.jobs.requests.base import Request
from atm_viewer.jobs.requests.exposures import Opened
from atm_viewer.jobs.requests.programs import FindTools
from atm_viewer.session.file_work import FileWork, answer_soon
from atm_viewer.session.on_disk import on_disk
from atm_viewer.session.parts.exposures import Exposures
from atm_viewer.session.parts.job_list import Job, JobList, MakeWorkers, News
from atm_viewer.session.parts.look import Look
from atm_viewer.session.parts.message_log import MessageLog
from atm_viewer.session.parts.pointer import Pointer
from atm_viewer.session.parts.products import Products
from atm_viewer.session.parts.recipe_edits import RecipeEdits
from atm_viewer.session.parts.references import References
from atm_viewer.session.parts.region_edits import RegionEdits
from atm_viewer.session.parts.tuner import Tuner
from atm_viewer.session.persistence.moved_exposures import mark_of
from atm_viewer.session.questions.answers import Answers
from atm_viewer.session.questions.changes import Changes
from atm_viewer.session.questions.store import Store
from atm_viewer.session.spectrum.units import load as load_units
from atm_viewer.session.state.open_exposure import Mark, OpenExposure, examine
from atm_viewer.session.state.state import State

#: What a view asks of the workers, as long as it is looked at; None when there is nothing to ask.
Question = Callable[[Answers], Request[Any] | None]


class Session(QObject):
    """State of the window, and the parts that change it.

    Parameters
    ----------
    make_workers : callable
        Takes a function for `Progress` and `Outcome` (called on any thread) and returns `Workers`.
    parent : QObject or None
        Owner.

    Attributes
    ----------
    jobs : JobList
        What is under way.
    messages : MessageLog
        What was told to the user.
    file_work : FileWork
        Reads and writes files beside the window's thread.
    exposures : Exposures
        Opens, closes and includes exposures.
    look : Look
        Chooses what is looked at.
    recipes : RecipeEdits
        Edits recipes and variants, with undo.
    regions : RegionEdits
        Edits the regions of recipes, with undo.
    references : References
        Opens cubes and extracted spectra from elsewhere.
    products : Products
        Writes files.
    tuner : Tuner
        Makes automatic recipes.
    pointer : Pointer
        What the mouse points at.
    changed : Changes
        Signals for what has changed.
    """

    def __init__(self, make_workers: MakeWorkers, parent: QObject | None = None):
        super().__init__(parent)
        self.messages = MessageLog(self)
        self.jobs = JobList(make_workers, self._prepare, self)
        self.file_work = FileWork(self.jobs, self.messages.tell, self)
        self._store = Store(self.jobs.submit, self.jobs.cancel, self)
        self.changed: Changes = self._store.changed
        self.jobs.progressed.connect(self._store.take_partial)
        self.jobs.ended.connect(self._take_outcome)  # before the parts, which go on from there
        self.look = Look(self._store, self.messages)
        self.recipes = RecipeEdits(self._store, self.messages, self.file_work)
        self.regions = RegionEdits(self._store, self.jobs, self.recipes, self.messages, self.file_work)
        self.exposures = Exposures(self._store, self.jobs, self.recipes, self.messages)
        self.references = References(self._store, self.jobs, self.recipes.undo_stack, self.messages)
        self.products = Products(self._store, self.jobs)
        self.tuner = Tuner(self._store, self.jobs, self.recipes, self.messages)
        self.pointer = Pointer(self._store, self.look, self.messages)

    @property
    def state(self) -> State:
        """What is open, chosen and wanted."""
        return self._store.state

    @property
    def answers(self) -> Answers:
        """What is known: the latest answers to what the state asks."""
        return self._store.answers

    @property
    def complete(self) -> bool:
        """Whether everything that can be shown is there and nothing is under way."""
        return not self.jobs.all and not self.file_work.busy and self.answers.all_there

    def ask(self, question: Question, instead_of: Question | None = None) -> None:
        """Ask the workers what a view wants to know, now and after every change, until `forget`.

        Parameters
        ----------
        question : callable
            Makes a request of state and answers; `Answers.latest` has what was answered.
        instead_of : callable or None
            An earlier question for the same slot, whose answer is shown until there is a newer one.
        """
        others = tuple(other for other in self.state.questions if other not in (question, instead_of))
        self._store.change(questions=(*others, question))

    def forget(self, question: Question) -> None:
        """Ask a question no more."""
        self._store.change(questions=tuple(other for other in self.state.questions if other != question))

    def refresh(self) -> None:
        """Compute everything in sight again, after a failure or a cancelled preview."""
        self._store.refresh()

    def close(self) -> None:
        """End the workers."""
        self._store.close()
        self.file_work.close()
        self.jobs.close()

    def _prepare(self, news: News) -> News:
        """Do what needs all pixels, or takes long at first, on the workers' thread: it would hold up the window."""
        if isinstance(news.result, SpaxelSpectra):
            load_units()
        if isinstance(news, Progress) and isinstance(news.result, Opened):
            give_back_memory()  # of the exposure before: what arrives takes twice as much as what stays
            return replace(news, result=tuple(map(self._examined, news.result.exposures)))
        if isinstance(news, Outcome) and isinstance(news.result, Opened):
            give_back_memory()
        return news

    def _examined(self, view: ExposureView) -> OpenExposure:
        found = examine(view, _mark(view.key))
        many = self.exposures.pixels + view.sci.size > MOST_PIXELS
        return replace(found, view=on_disk(view)) if many else found

    def _take_outcome(self, job: Job, outcome: Outcome[Any]) -> None:
        request, done = outcome.request, outcome.status is Status.DONE
        about = type(request).__name__
        # The answer to an older question than the slot's latest is dropped without a word.
        latest = request.slot is None or self._store.take(outcome)
        if isinstance(request, FindTools):
            return  # whoever looks for programs says why there are none
        if outcome.status is Status.CANCELLED and latest:
            self.messages.tell("info", f"Cancelled: {job.name}.")
        elif not done and latest and not (request.quiet and outcome.status is Status.FAILED):
            failed = f"{job.name} failed. " if job.lasting and outcome.status is Status.CRASHED else ""
            self.messages.tell_once("error", failed + outcome.sentence, outcome.detail, about)
        elif done and latest:
            self.messages.settle(about)
            if request.announced:
                written = outcome.result.paths if isinstance(outcome.result, WrittenProducts) else ()
                self.messages.tell("info", outcome.sentence, request.details(outcome.result), files=tuple(written))


def _mark(path: str) -> Mark | None:
    """Mark of a file that was read a moment ago; a disk that has gone since must not keep all else waiting."""
    return answer_soon(lambda: mark_of(path), None, seconds=2.0)
