"""Questions that a view brings along, and signals that tell what has changed."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from PyQt6.QtCore import QMetaMethod

from atm_viewer.jobs.requests.base import Request, Slot
from atm_viewer.jobs.requests.measures import MeasureShifts
from atm_viewer.jobs.requests.previews import Correct, MakeSkyImage, MakeSpectra, ShowProfile
from atm_viewer.session.edits.scope import Scope
from atm_viewer.session.questions.answers import Answers
from atm_viewer.session.questions.changes import PARTS, Changes
from atm_viewer.session.questions.plan import make_plan
from atm_viewer.session.state.state import State
from tests.session.test_session import settle


@dataclass(frozen=True)
class CountSlices(Request[int]):
    """A question that nobody but its view knows."""

    exposure: str

    @property
    def job_name(self):
        return "Counting slices"

    @property
    def slot(self):
        return Slot(CountSlices)


def count_slices(answers):
    return CountSlices(answers.state.chosen) if answers.state.chosen else None


def test_a_view_asks_what_nobody_else_knows(opened, workers, qtbot, monkeypatch):
    known = workers._result
    monkeypatch.setattr(workers, "_result", lambda r: 21 if isinstance(r, CountSlices) else known(r))
    with qtbot.waitSignal(opened.changed.answers, check_params_cb=lambda: True):
        opened.ask(count_slices)
    settle(qtbot, opened)
    assert opened.answers.latest(CountSlices) == 21
    opened.ask(count_slices)
    assert len(workers.asked(CountSlices)) == 1
    opened.look.select_exposure(opened.state.exposures[1].view.key)
    settle(qtbot, opened)
    assert [r.exposure for r in workers.asked(CountSlices)] == [e.view.key for e in opened.state.exposures]
    opened.forget(count_slices)
    assert opened.answers.latest(CountSlices) is None


def test_nothing_is_planned_for_nothing():
    plan = make_plan(Answers(State()))
    assert (plan.requests, plan.kept) == ((), frozenset())


def test_what_needs_no_fit_and_then_what_is_quick_is_asked_first(opened):
    opened.recipes.new_variant()
    requests = make_plan(opened.answers).requests
    kinds = [MakeSkyImage, ShowProfile, MakeSpectra, MakeSpectra, Correct, MeasureShifts]
    assert [type(request) for request in requests] == kinds
    assert [request.shown_as for request in requests[2:4]] == ["B1", "A1"]
    assert len({request.slot for request in requests}) == len(requests)


def test_every_signal_is_sent_by_comparing():
    meta = Changes.staticMetaObject
    methods = [meta.method(k) for k in range(meta.methodOffset(), meta.methodCount())]
    signals = {bytes(m.name()).decode() for m in methods if m.methodType() == QMetaMethod.MethodType.Signal}
    assert signals == set(PARTS)


def test_a_state_that_is_the_same_is_not_told(opened, qtbot):
    told = []
    for name in PARTS:
        getattr(opened.changed, name).connect(lambda name=name: told.append(name))
    opened._store.put(replace(opened.state, **{f.name: getattr(opened.state, f.name) for f in fields(State)}))
    opened.look.select(opened.state.number, opened.state.column)
    opened.exposures.include(opened.state.exposures[0].view.key, True)
    assert told == []
    opened.recipes.set_scope(Scope.SLICE)
    assert told == ["recipe"]
