"""What geometry predicts is asked for while somebody looks at it, for the active place."""

from __future__ import annotations

from functools import partial

import pytest

from atm_viewer.jobs.requests.previews import PredictArtifact
from atm_viewer.session.questions.plan import prediction
from atm_viewer.session.session import Session
from tests.session.fake_workers import FakeWorkers

FILES = ["/data/jw09999-star_00001_mirifushort_cal.fits"]


@pytest.fixture
def session(qtbot):
    session = Session(FakeWorkers)
    session.exposures.open(FILES)
    qtbot.waitUntil(lambda: session.complete and session.state.exposures != ())
    yield session
    session.close()


def predict(session, wanted, centred=True):
    for question in session.state.questions:
        session.forget(question)
    if wanted:
        session.ask(partial(prediction, centred=centred))


def asked(session):
    return session.jobs._workers.asked(PredictArtifact)


def test_nobody_asks_before_somebody_looks(session, qtbot):
    assert asked(session) == []
    with qtbot.waitSignal(session.changed.prediction):
        predict(session, True)
    assert session.answers.prediction.noise_before == 0.071
    assert not session.answers.predicting
    predict(session, False)
    assert session.answers.prediction is None


def test_it_follows_place_and_recipe(session, qtbot):
    predict(session, True, centred=False)
    qtbot.waitUntil(lambda: session.complete)
    ra, dec = session.state.position
    session.look.pick_sky(ra + 1e-5, dec)
    qtbot.waitUntil(lambda: session.complete and session.answers.prediction.place == (ra + 1e-5, dec))
    assert asked(session)[-1].source == (ra + 1e-5, dec)
    session.recipes.set_global("slope_limit", 0.2)
    qtbot.waitUntil(lambda: session.complete)
    assert asked(session)[-1].extraction.recipe.slope_limit == 0.2
    assert len(asked(session)) == 3


def test_the_source_is_where_the_light_is(session, qtbot):
    session.look.pick_sky(session.answers.sky.peak[0], session.answers.sky.peak[1] + 0.05 / 3600)
    predict(session, True)
    qtbot.waitUntil(lambda: session.complete)
    request = asked(session)[-1]
    east, north = session.answers.sky.offsets(*request.source)
    star = session.answers.sky.offsets(*session.answers.sky.peak)
    assert (east, north) == pytest.approx((float(star[0]), float(star[1])), abs=0.01)
    assert request.extraction.place == session.state.position
