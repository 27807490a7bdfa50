"""Slots: what is asked, what is put off, and which answers are taken."""

from __future__ import annotations

import pytest

from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.recipe import Recipe
from atm_viewer.jobs.messages import Outcome, Progress, Status
from atm_viewer.jobs.requests.base import Slot
from atm_viewer.jobs.requests.measures import MakePeriods
from atm_viewer.jobs.requests.previews import Correct, MakeSpectra, ShowProfile
from atm_viewer.session.questions.slots import Plan, Slots

PLACE = Extraction(("a",), Recipe(), "ch1-short", 1.0, 2.0, 0.5)


class Desk:
    """Slots with a list of what is submitted; jobs are numbered from 1."""

    def __init__(self):
        self.submitted, self.cancelled = [], []
        self.slots = Slots(self._submit, self.cancelled.append)

    def _submit(self, request):
        self.submitted.append(request)
        return len(self.submitted)

    def ask(self, *requests, kept=(), dragging=False):
        self.slots.ask(Plan(requests, frozenset(kept)), dragging)

    def answer(self, job, result, status=Status.DONE):
        return self.slots.take(Outcome(job, self.submitted[job - 1], status, "Done.", result))

    def partial(self, slot):
        filled = self.slots.filled[slot]
        return filled.partial, filled.part_of, filled.result

    def result(self, slot):
        return self.slots.filled[slot].result


@pytest.fixture
def desk():
    return Desk()


def profile(column, fit_threshold=10.0, exposure="a"):
    return ShowProfile(exposure, Recipe(fit_threshold=fit_threshold), 101, column)


def test_nothing_is_asked_twice(desk):
    desk.ask(profile(1))
    desk.ask(profile(1))
    assert desk.submitted == [profile(1)]
    assert desk.answer(1, "first")
    desk.ask(profile(1))
    assert desk.submitted == [profile(1)]
    desk.slots.forget([profile(1).slot])
    desk.ask(profile(1))
    assert desk.submitted == [profile(1)] * 2
    assert desk.result(Slot(ShowProfile)) == "first"  # until it is answered again


def test_only_the_answer_to_the_latest_question_is_taken(desk):
    desk.ask(profile(1))
    desk.ask(profile(1, fit_threshold=4.0))
    assert not desk.answer(1, "old")
    assert desk.answer(2, "new")
    assert not desk.answer(2, "again")
    assert desk.result(Slot(ShowProfile)) == "new"


def test_a_part_of_an_answer_stays_until_something_newer_is_there(desk):
    desk.ask(profile(1))
    desk.answer(1, "whole")
    desk.ask(profile(2))
    desk.ask(profile(3, fit_threshold=9.0))
    assert not desk.slots.take_partial(Progress(2, "Half", 0.5, "half of an older one"))
    assert not desk.slots.take_partial(Progress(3, "Half", 0.5))
    assert desk.partial(Slot(ShowProfile)) == (None, None, "whole")
    assert desk.slots.take_partial(Progress(3, "Half", 0.5, "half"))
    assert desk.partial(Slot(ShowProfile)) == ("half", 3, "whole")
    # The part of an older answer stays in sight until there is something newer: nothing jumps back.
    desk.ask(profile(4))
    assert desk.partial(Slot(ShowProfile)) == ("half", 3, "whole")
    desk.answer(4, None, Status.CANCELLED)
    assert desk.partial(Slot(ShowProfile)) == ("half", 3, "whole")
    desk.ask(profile(5))
    assert desk.slots.take_partial(Progress(5, "Half", 0.5, "newer half"))
    assert desk.partial(Slot(ShowProfile)) == ("newer half", 5, "whole")
    desk.answer(5, "newer")
    assert desk.partial(Slot(ShowProfile)) == (None, None, "newer")
    desk.ask(profile(6))
    desk.slots.take_partial(Progress(6, "Half", 0.5, "half"))
    desk.ask(profile(6, exposure="b"))
    assert desk.partial(Slot(ShowProfile)) == (None, None, None)  # of another exposure


@pytest.mark.parametrize(("status", "left"), [(Status.FAILED, None), (Status.CANCELLED, "known")])
def test_a_failure_leaves_nothing_and_cancelling_what_there_was(desk, status, left):
    desk.ask(profile(1))
    desk.answer(1, "known")
    desk.ask(profile(2))
    assert desk.answer(2, None, status)
    assert desk.result(Slot(ShowProfile)) == left
    desk.ask(profile(2))
    assert len(desk.submitted) == 2  # it would fail again


def test_steps_wait_for_the_answer_that_is_under_way(desk):
    desk.ask(profile(1))
    desk.ask(profile(2))
    desk.ask(profile(3))
    assert desk.submitted == [profile(1)]
    desk.answer(1, "first")
    desk.ask(profile(3))
    assert desk.submitted == [profile(1), profile(3)]


def test_a_drag_asks_for_what_follows_it_alone(desk):
    first, others = MakeSpectra(PLACE, "A1"), MakeSpectra(PLACE, "B1", urgent=False)
    desk.ask(profile(1, 9.0), Correct("a", Recipe(fit_threshold=9.0)), first, dragging=True)
    assert desk.submitted == [profile(1, 9.0), first]
    desk.ask(profile(1, 8.0), others, dragging=True)
    assert len(desk.submitted) == 2  # one is under way, the other can wait
    desk.ask(profile(1, 8.0), Correct("a", Recipe(fit_threshold=8.0)))
    assert desk.submitted[2:] == [profile(1, 8.0), Correct("a", Recipe(fit_threshold=8.0))]


def test_a_profile_of_another_exposure_is_not_left_in_sight(desk):
    desk.ask(profile(1))
    desk.answer(1, "of a")
    desk.ask(profile(2))
    assert desk.result(Slot(ShowProfile)) == "of a"
    desk.ask(profile(2, exposure="b"))
    assert desk.result(Slot(ShowProfile)) is None


def test_an_answer_serves_all_slots_that_ask_the_same(desk):
    desk.ask(MakeSpectra(PLACE, "A1"))
    desk.answer(1, "spectra")
    desk.ask(MakeSpectra(PLACE, "A1"), MakeSpectra(PLACE, "B1"))
    assert len(desk.submitted) == 1
    assert desk.result(Slot(MakeSpectra, "B1")) == "spectra"


def test_reports_of_a_moment_ago_are_remembered_but_not_all(desk):
    recipes = [Recipe(fit_threshold=float(k)) for k in range(1 + Correct.remembered)]
    for job, recipe in enumerate(recipes, 1):
        desk.ask(Correct("a", recipe))
        desk.answer(job, f"report {job}")
    desk.ask(Correct("a", recipes[1]))
    assert desk.result(Slot(Correct, "a")) == "report 2"
    assert len(desk.submitted) == len(recipes)
    desk.ask(Correct("a", recipes[0]))
    assert len(desk.submitted) == 1 + len(recipes)
    desk.ask()  # the exposure is closed: when it is opened again, it may be another one
    desk.ask(Correct("a", recipes[1]))
    assert len(desk.submitted) == 2 + len(recipes)


def test_what_is_not_wanted_any_more_is_cancelled_unless_it_is_kept(desk):
    desk.ask(MakePeriods(PLACE), Correct("a", Recipe()))
    desk.ask(kept=[Slot(Correct, "a")])
    assert desk.cancelled == [1]
    assert set(desk.slots.filled) == {Slot(Correct, "a")}
    assert desk.answer(2, "report")
