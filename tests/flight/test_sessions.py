"""A session on a flight exposure comes back with the very same numbers."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from atm_viewer.jobs.workers import Workers
from atm_viewer.session.persistence.keeper import Keeper
from atm_viewer.session.session import Session
from tests.flight.pipeline_reference import exposures, why_absent

pytestmark = [
    pytest.mark.skipif(why_absent() is not None, reason=str(why_absent())),
    pytest.mark.timeout(1200),
]


@pytest.fixture
def session(qtbot):
    made = Session(Workers)
    yield made
    made.close()


def test_the_same_spectra_after_the_folder_was_moved(qtbot, session, tmp_path):
    def settle() -> None:
        qtbot.waitUntil(lambda: session.complete and session.state.exposures != (), timeout=300_000)

    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    for path in exposures("mrs34C-pair-1"):
        shutil.copy(path, old)
    keeper = Keeper(session)
    session.exposures.open(sorted(old.iterdir()))
    settle()
    session.recipes.edit_slice(308, "fit_threshold", 4.0)
    session.recipes.edit_slice(308, "use", ((-3.0, 0.5),))
    session.look.select(308, 300)
    ra, dec = session.state.position
    session.look.pick_sky(ra, dec + 0.2 / 3600)
    settle()
    before, profile, choice = session.answers.spectra, session.answers.profile, session.state.saved
    keeper.save(old / "pair.toml")
    settle()
    # Elsewhere, later, with something else in the window.
    shutil.move(old, new)
    session.recipes.reset_all()
    session.look.select(401, 10)
    keeper.open(new / "pair.toml")
    settle()
    assert (session.state.number, session.state.column) == (308, 300)
    assert (session.state.variants, session.state.places) == (choice.variants, choice.places)
    assert session.state.current.key == str(new / next(new.glob("*_cal.fits")).name)
    for name in ("wavelength", "before", "after", "aperture_after"):
        np.testing.assert_array_equal(getattr(session.answers.spectra, name), getattr(before, name))
    np.testing.assert_array_equal(session.answers.profile.spline_flux, profile.spline_flux)
    assert session.answers.spectra is not before
    assert session.messages.all[-1].level == "info"
