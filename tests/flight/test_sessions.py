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
        qtbot.waitUntil(lambda: session.complete and session.exposures != (), timeout=300_000)

    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    for path in exposures("mrs34C-pair-1"):
        shutil.copy(path, old)
    keeper = Keeper(session)
    session.open_files(sorted(old.iterdir()))
    settle()
    session.edit_slice(308, "fit_threshold", 4.0)
    session.edit_slice(308, "use", ((-3.0, 0.5),))
    session.select(308, 300)
    ra, dec = session.position
    session.pick_sky(ra, dec + 0.2 / 3600)
    settle()
    before, profile, choice = session.spectra, session.profile, session.state
    keeper.save(old / "pair.toml")
    settle()
    # Elsewhere, later, with something else in the window.
    shutil.move(old, new)
    session.reset_all()
    session.select(401, 10)
    keeper.open(new / "pair.toml")
    settle()
    assert (session.number, session.column) == (308, 300)
    assert (session.variants, session.places) == (choice.variants, choice.places)
    assert session.current.key == str(new / next(new.glob("*_cal.fits")).name)
    for name in ("wavelength", "before", "after", "aperture_after"):
        np.testing.assert_array_equal(getattr(session.spectra, name), getattr(before, name))
    np.testing.assert_array_equal(session.profile.spline_flux, profile.spline_flux)
    assert session.spectra is not before
    assert session.messages[-1].level == "info"
