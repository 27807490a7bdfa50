"""What the window has of many exposures lies on disk; of few, in memory."""

from __future__ import annotations

import mmap
from dataclasses import replace

import numpy as np
import platformdirs
import pytest

from atm_viewer.engine.arrays import PackedFrame
from atm_viewer.session import session as session_module
from atm_viewer.session.on_disk import on_disk
from tests.session.conftest import FILES
from tests.session.fake_workers import exposure_view

ARRAYS = ("sci", "regions", "alpha", "wavelength", "ra", "dec")


def is_mapped(array: np.ndarray) -> bool:
    while isinstance(array, np.ndarray):
        array = array.base
    return isinstance(array.obj if isinstance(array, memoryview) else array, mmap.mmap)


def packed(view):
    return replace(view, ra=PackedFrame.of(view.ra).single(), alpha=PackedFrame.of(view.alpha))


def test_a_view_on_disk_has_what_it_had():
    view = packed(exposure_view(FILES[0]))
    found = on_disk(view)
    for name in ARRAYS:
        np.testing.assert_array_equal(np.asarray(getattr(found, name)), np.asarray(getattr(view, name)), err_msg=name)
    assert is_mapped(found.sci)
    assert is_mapped(found.ra.values)
    assert found.key == view.key
    folder = platformdirs.user_cache_path("atm-viewer", appauthor=False)
    assert not [path for path in folder.iterdir() if path.is_file()]  # it has no name


def test_where_nothing_can_be_written_it_stays_in_memory(monkeypatch):
    def full(*_, **__):
        raise OSError("No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    view = exposure_view(FILES[0])
    assert on_disk(view) is view


@pytest.mark.parametrize(("most", "mapped"), [(10**9, [False, False]), (0, [True, True])])
def test_exposures_beyond_the_limit_are_on_disk(session, qtbot, monkeypatch, most, mapped):
    monkeypatch.setattr(session_module, "MOST_PIXELS", most)
    session.exposures.open(FILES)
    qtbot.waitUntil(lambda: session.complete and len(session.state.exposures) == 2)
    assert [is_mapped(one.view.sci) for one in session.state.exposures] == mapped
    assert session.answers.profile is not None


def test_many_exposures_are_shown_when_they_are_three_times_as_many_as_there_are(session, qtbot):
    files = [f"/data/jw09999-star_0000{k}_mirifushort_cal.fits" for k in range(1, 8)]
    shown: list[int] = []
    session.changed.exposures.connect(lambda: shown.append(len(session.state.exposures)))
    session.exposures.open(files)
    qtbot.waitUntil(lambda: session.complete and len(session.state.exposures) == 7)
    assert [count for k, count in enumerate(shown) if count not in shown[:k]] == [1, 4, 7]
    assert [one.view.key for one in session.state.exposures] == files
