from __future__ import annotations

import pytest

from atm_viewer.session.edits.scope import Scope
from atm_viewer.session.session import Session
from tests.session.fake_workers import FakeWorkers

FILES = [f"/data/jw09999-star_0000{i}_mirifushort_cal.fits" for i in (1, 2)]


@pytest.fixture
def session(qtbot):
    made = Session(FakeWorkers)
    made.recipes.set_scope(Scope.NUMBER)  # tests of the region of a place choose it
    yield made
    made.close()


@pytest.fixture
def workers(session) -> FakeWorkers:
    return session.jobs._workers


@pytest.fixture
def opened(session, qtbot):
    session.exposures.open(FILES)
    qtbot.waitUntil(lambda: session.complete and session.state.exposures != ())
    return session
