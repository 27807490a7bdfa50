"""Slots: under each the latest question of a kind, its job while it is under way, and the latest answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from atm_viewer.jobs.messages import Outcome, Progress, Status
from atm_viewer.jobs.requests.base import Request, Slot


@dataclass(frozen=True)
class Filled:
    """What a slot holds.

    Parameters
    ----------
    asked : Request
        The latest question.
    job : int or None
        Its job while it is under way.
    result : object
        The latest answer, of an older question while a job is under way; None before there is one.
    partial : object
        What a job has brought of its answer so far; stays until an answer, or a part of a newer one, takes its place.
    part_of : int or None
        That job, which may be an older one.
    outdated : bool
        The question is to be asked again, whatever was answered.
    """

    asked: Request[Any]
    job: int | None = None
    result: Any = None
    partial: Any = None
    part_of: int | None = None
    outdated: bool = False


@dataclass(frozen=True)
class Plan:
    """What is wanted.

    Parameters
    ----------
    requests : tuple of Request
        What is asked, in the order in which answers are wanted; each has a slot of its own.
    kept : frozenset of Slot
        Other slots that stay as they are: shown at once, and renewed, when they are wanted again.
    """

    requests: tuple[Request[Any], ...] = ()
    kept: frozenset[Slot] = frozenset()


class Slots:
    """Asks for what a plan wants and was not asked for, and takes the answers to the latest questions.

    Parameters
    ----------
    submit : callable
        Takes a request and returns its job's number.
    cancel : callable
        Ends a job.

    Attributes
    ----------
    filled : mapping of Slot to Filled
        What there is; replaced with every change, so that what was there before can be compared with it.
    """

    def __init__(self, submit: Callable[[Request[Any]], int], cancel: Callable[[int], None]):
        self._submit, self._cancel = submit, cancel
        self.filled: Mapping[Slot, Filled] = {}
        self._remembered: dict[Request[Any], Any] = {}

    def ask(self, plan: Plan, dragging: bool = False) -> None:
        """Ask for what is wanted and was not asked for, and empty the slots that are not wanted any more.

        Parameters
        ----------
        plan : Plan
            What is wanted.
        dragging : bool
            Whether a value is being dragged: only what follows drags is asked for then.
        """
        wanted = {request.slot: request for request in plan.requests if request.slot is not None}
        for slot, request in wanted.items():
            latest = self.filled.get(slot)
            asked = latest is not None and request == latest.asked and not latest.outdated
            if not asked and not _is_deferred(request, latest, dragging):
                self._ask(slot, request, latest)
        for slot in self.filled.keys() - wanted.keys() - plan.kept:
            self._drop_job(self.filled[slot])
            self.empty(slot)

    def take(self, outcome: Outcome[Any]) -> bool:
        """Take an answer; says whether it is that to the latest question of its slot."""
        slot = outcome.request.slot
        latest = self.filled.get(slot) if slot is not None else None
        if slot is None or latest is None or latest.job != outcome.job:
            return False
        if outcome.status is Status.CANCELLED:
            self._fill(slot, replace(latest, job=None))
        else:
            self._fill(slot, replace(latest, job=None, result=outcome.result, partial=None, part_of=None))
        if outcome.status is Status.DONE and outcome.request.remembered:
            known = {**self._remembered, outcome.request: outcome.result}
            same = [request for request in known if type(request) is type(outcome.request)]
            gone = same[: -outcome.request.remembered]
            self._remembered = {request: result for request, result in known.items() if request not in gone}
        return True

    def take_partial(self, progress: Progress) -> bool:
        """Take a part of an answer; says whether it is one to the latest question of a slot."""
        slot = next((slot for slot, filled in self.filled.items() if filled.job == progress.job), None)
        if slot is None or progress.result is None:
            return False
        self._fill(slot, replace(self.filled[slot], partial=progress.result, part_of=progress.job))
        return True

    def forget(self, slots: Iterable[Slot]) -> None:
        """Have everything asked again for some slots; what is there stays until it is answered."""
        self._remembered = {}
        for slot in slots:
            self._fill(slot, replace(self.filled[slot], outdated=True))

    def empty(self, slot: Slot) -> None:
        """Forget what a slot holds, and what is remembered for it."""
        self._remembered = {request: result for request, result in self._remembered.items() if request.slot != slot}
        self.filled = {other: filled for other, filled in self.filled.items() if other != slot}

    def _ask(self, slot: Slot, request: Request[Any], latest: Filled | None) -> None:
        known = self._known_answer(request)
        if known is not None:
            self._drop_job(latest)
            self._fill(slot, Filled(request, None, known))
            return
        seen = latest if latest is not None and request.keeps_in_sight(latest.asked) else Filled(request)
        self._fill(slot, replace(seen, asked=request, job=self._submit(request), outdated=False))

    def _known_answer(self, request: Request[Any]) -> Any:
        """Answer to the same question that was asked for another slot, or a moment ago.

        Variants may have the same recipe, and users switch between them.
        """
        if request in self._remembered:
            return self._remembered[request]
        answered = (f for f in self.filled.values() if f.job is None and not f.outdated and f.asked == request)
        return next((filled.result for filled in answered if filled.result is not None), None)

    def _fill(self, slot: Slot, filled: Filled) -> None:
        self.filled = {**self.filled, slot: filled}

    def _drop_job(self, filled: Filled | None) -> None:
        if filled is not None and filled.job is not None:
            self._cancel(filled.job)


def _is_deferred(request: Request[Any], latest: Filled | None, dragging: bool) -> bool:
    """Whether a question is put off, since on the way an answer that is nearly right is better than none."""
    if dragging and not request.follows_drags:
        return True
    if latest is None or latest.job is None:
        return False
    return dragging or request.continues(latest.asked)
