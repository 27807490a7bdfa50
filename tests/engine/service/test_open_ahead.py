"""Files are opened one ahead: who waits for one can cancel, and the next one is read while one is used."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import pytest

from atm_viewer.engine.errors import Cancelled, InputError
from atm_viewer.engine.io.exposure import open_exposure
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.service import open_ahead as module
from atm_viewer.engine.service.open_ahead import open_ahead


def nothing(path: Path) -> None:
    """Be in no hurry."""


def threads_named(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == name]


@pytest.fixture
def begun(demo_files, monkeypatch) -> dict[Path, threading.Event]:
    """Three files, and whether the opening of each has begun."""
    begun = {path: threading.Event() for path in demo_files("miri")[:3]}

    def opened(path: Path):
        begun[path].set()
        return open_exposure(path)

    monkeypatch.setattr(module, "open_exposure", opened)
    return begun


def test_files_come_in_their_order_and_a_bad_one_does_not_stop_the_others(demo_files, tmp_path):
    bad = tmp_path / "bad_cal.fits"
    bad.write_bytes(b"nothing")
    first, second = demo_files("miri")[:2]
    one, problem, other = open_ahead([first, bad, second], nothing)
    assert [one.path, other.path] == [first, second]
    assert isinstance(problem, InputError)
    assert "bad_cal.fits" in str(problem)


def test_the_next_file_is_opened_while_one_is_used(begun):
    first, second, third = begun
    with closing(open_ahead(list(begun), nothing)) as exposures:
        assert next(exposures).path == first
        assert begun[second].wait(10.0)
        assert not begun[third].wait(0.5)  # one ahead, no more: each takes memory


def test_without_room_a_file_is_opened_when_it_is_asked_for(begun):
    room = iter([False, True, True])
    with closing(open_ahead(list(begun), nothing, lambda: next(room))) as exposures:
        for k, path in enumerate(begun):
            assert next(exposures).path == path
            following = list(begun.values())[k + 1 : k + 2]
            assert [event.wait(0.5 if k == 0 else 10.0) for event in following] == [k > 0] * len(following)


def test_geometry_is_there_for_all_but_the_first(demo_files, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (alone,) = open_ahead(demo_files("miri")[:1], nothing)
    knew = alone.setting_kept.has(f"oversampled-{Recipe().oversample:g}")
    first, second = open_ahead(demo_files("miri")[:2], nothing)
    # Oversampled coordinates are those of both; alone, the first file has none.
    part = f"oversampled-{Recipe().oversample:g}"
    assert [alone.kept.has("sky-maps"), knew] == [False, False]
    assert [exposure.kept.has("sky-maps") for exposure in (first, second)] == [False, True]
    assert second.setting_kept.has(part)


def test_waiting_for_a_file_that_hangs_can_be_cancelled_at_once(demo_files, monkeypatch):
    hanging, looks = threading.Event(), []

    def hang(path: Path):
        hanging.wait(30.0)
        raise InputError("it was let go")

    def waiting(path: Path) -> None:
        looks.append(path)
        if len(looks) == 3:
            raise Cancelled

    monkeypatch.setattr(module, "open_exposure", hang)
    with pytest.raises(Cancelled):
        next(open_ahead(demo_files("miri")[:2], waiting))
    [thread] = threads_named("atm-viewer-opening")
    hanging.set()
    thread.join(10.0)
    assert not thread.is_alive(), "the thread went on to the next file"
