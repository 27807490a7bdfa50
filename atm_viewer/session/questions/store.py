"""The one state behind the window: whoever changes it puts another one in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PyQt6.QtCore import QObject

from atm_viewer.jobs.messages import Outcome, Progress, Status
from atm_viewer.jobs.requests.base import Request, Slot
from atm_viewer.jobs.requests.previews import Correct, MakeSkyImage, ShowProfile
from atm_viewer.session.questions.answers import Answers
from atm_viewer.session.questions.changes import Changes
from atm_viewer.session.questions.plan import make_plan
from atm_viewer.session.questions.slots import Slots
from atm_viewer.session.state.choosing import choose_brightest, choose_own_spline
from atm_viewer.session.state.selection import covers, lit
from atm_viewer.session.state.state import State


class Store(QObject):
    """Holds state and answers: a new state is asked for what it wants, and signals tell what has changed.

    Parameters
    ----------
    submit, cancel : callable
        Take a request and give its job's number; end a job.
    parent : QObject
        Owner.

    Attributes
    ----------
    answers : Answers
        State and answers.
    changed : Changes
        Signals.
    """

    def __init__(self, submit: Callable[[Request[Any]], int], cancel: Callable[[int], None], parent: QObject):
        super().__init__(parent)
        self.answers = Answers()
        self.changed = Changes(self)
        self._slots = Slots(submit, cancel)
        self._closed = False

    @property
    def state(self) -> State:
        """What is open, chosen and wanted."""
        return self.answers.state

    def put(self, state: State) -> None:
        """Put a state in the place of that which is there."""
        if self._closed:
            return
        plan = make_plan(Answers(state, self._slots.filled))
        self._slots.ask(plan, dragging=state.dragged is not None)
        known, self.answers = self.answers, Answers(state, self._slots.filled)
        self.changed.tell(known, self.answers)

    def close(self) -> None:
        """Change nothing any more: views that are being deleted say that they go out of sight."""
        self._closed = True

    def change(self, **values: Any) -> None:
        """Change parts of the state, by their names."""
        self.put(replace(self.state, **values))

    def take(self, outcome: Outcome[Any]) -> bool:
        """Take an answer, and a first look at it; says whether it is that to the latest question of its slot."""
        taken = self._slots.take(outcome)
        known = Answers(self.state, self._slots.filled)
        first = taken and outcome.status is Status.DONE
        self.put(_first_look(known, outcome.request) if first else self.state)
        return taken

    def take_partial(self, progress: Progress) -> None:
        """Take a part of an answer."""
        if self._slots.take_partial(progress):
            self.put(self.state)

    def refresh(self) -> None:
        """Compute everything in sight again, after a failure or a cancelled preview."""
        self._slots.forget(self.answers.slots)
        self.put(self.state)

    def forget(self, exposure: str) -> None:
        """Have everything asked again that an exposure takes part in, since it has been read again."""
        self._slots.forget(slot for slot in self.answers.slots if slot.kind is not Correct)
        self._slots.empty(Slot(Correct, exposure))


def _first_look(answers: Answers, request: Request[Any]) -> State:
    """Choose what to look at, from what has just been answered, as long as the user has not chosen."""
    state = answers.state
    if isinstance(request, Correct) and answers.report is not None:
        return choose_brightest(state, answers.report)
    if isinstance(request, ShowProfile) and answers.profile is not None:
        return choose_own_spline(state, answers.profile)
    if isinstance(request, MakeSkyImage) and request.slot == Slot(MakeSkyImage) and answers.sky is not None:
        return _look_at_peak(answers)
    return state


def _look_at_peak(answers: Answers) -> State:
    """Have a place on the brightest spaxel unless the active one has data; light, in another instrument's field."""
    state, sky = replace(answers.state, moved_on=False), answers.sky
    assert sky is not None
    place = state.places.current
    good = lit if answers.state.moved_on else covers
    if place is None:
        return replace(state, places=state.places.added(*sky.peak, round(5 * sky.spaxel, 3)))
    # While a session is coming back, the exposure that covers its place may not be open yet.
    if state.restoring or good(sky, place.ra, place.dec):
        return state
    return replace(state, places=state.places.moved(place.number, *sky.peak))
