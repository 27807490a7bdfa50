"""What geometry predicts is asked for while somebody looks at it, for the active place."""

from __future__ import annotations

import pytest

from atm_viewer.jobs.messages import PredictArtifact
from atm_viewer.session.session import Session
from tests.session.fake_workers import FakeWorkers

FILES = ["/data/jw09999-star_00001_mirifushort_cal.fits"]


@pytest.fixture
def session(qtbot):
    session = Session(FakeWorkers)
    session.open_files(FILES)
    qtbot.waitUntil(lambda: session.complete and session.exposures != ())
    yield session
    session.close()


def asked(session):
    return session._workers.asked(PredictArtifact)


def test_nobody_asks_before_somebody_looks(session, qtbot):
    assert asked(session) == []
    with qtbot.waitSignal(session.prediction_changed):
        session.predict(True)
    assert session.prediction.noise_before == 0.071
    assert not session.predicting
    session.predict(False)
    assert session.prediction is None


def test_it_follows_place_and_recipe(session, qtbot):
    session.predict(True, centred=False)
    qtbot.waitUntil(lambda: session.complete)
    ra, dec = session.position
    session.pick_sky(ra + 1e-5, dec)
    qtbot.waitUntil(lambda: session.complete and session.prediction.place == (ra + 1e-5, dec))
    assert asked(session)[-1].source == (ra + 1e-5, dec)
    session.set_global("slope_limit", 0.2)
    qtbot.waitUntil(lambda: session.complete)
    assert asked(session)[-1].extraction.recipe.slope_limit == 0.2
    assert len(asked(session)) == 3


def test_the_source_is_where_the_light_is(session, qtbot):
    session.pick_sky(session.sky.peak[0], session.sky.peak[1] + 0.05 / 3600)
    session.predict(True)
    qtbot.waitUntil(lambda: session.complete)
    request = asked(session)[-1]
    east, north = session.sky.offsets(*request.source)
    star = session.sky.offsets(*session.sky.peak)
    assert (east, north) == pytest.approx((float(star[0]), float(star[1])), abs=0.01)
    assert request.extraction.place == session.position
