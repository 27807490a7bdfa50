from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.whole_file import write_whole
from atm_viewer.jobs.requests.exposures import OpenExposures
from atm_viewer.jobs.requests.previews import MakeSpectra
from atm_viewer.session.edits.scope import Scope
from atm_viewer.session.persistence.keeper import Keeper
from atm_viewer.session.persistence.moved_exposures import Search, mark_of
from atm_viewer.session.persistence.session_file import load_session
from atm_viewer.session.session import Session
from atm_viewer.session.spectrum.settings import SpectrumSettings
from atm_viewer.session.state.saved_session import SavedExposure, SavedSession
from tests.session.fake_workers import FakeWorkers

NAMES = [f"jw09999-star_0000{i}_mirifushort_cal.fits" for i in (1, 2, 3)]


@pytest.fixture(autouse=True)
def _no_delay(monkeypatch):
    monkeypatch.setattr("atm_viewer.session.persistence.keeper.DELAY", 0)


@pytest.fixture
def data(tmp_path) -> Path:
    """A folder with exposures; the fake workers do not read them, but a session looks at them."""
    folder = tmp_path / "data"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        (folder / name).write_bytes(b"SIMPLE  =" + bytes(100 + number))
    return folder


class Desk:
    """Session and keeper as a window has them, with views of two values."""

    def __init__(self, qtbot):
        self.qtbot = qtbot
        self.session = Session(FakeWorkers)
        self.views = {"detector": {"layer": "DQ"}}
        self.found = []
        self.missing = []
        self.keeper = Keeper(self.session, lambda: self.views)
        self.keeper.views_found.connect(self.found.append)
        self.keeper.missing.connect(self.missing.append)

    @property
    def workers(self) -> FakeWorkers:
        return self.session.jobs._workers

    def open(self, paths) -> Desk:
        self.session.exposures.open([str(p) for p in paths])
        return self.settle()

    def settle(self) -> Desk:
        self.qtbot.waitUntil(lambda: self.session.complete and self.session.state.exposures != ())
        return self

    def open_session(self, path) -> bool:
        read = []
        self.keeper.open(path, lambda: read.append(True))
        self.wait()
        return read == [True]

    def save(self, path) -> bool:
        written = []
        self.keeper.save(path, lambda: written.append(True))
        self.wait()
        return written == [True]

    def start_autosave(self, folder) -> None:
        self.keeper.start_autosave(folder)
        self.wait()

    def take_offer(self) -> None:
        self.keeper.take_offer()
        self.wait()

    def wait(self) -> None:
        """Wait until the disk has answered."""
        self.qtbot.waitUntil(lambda: not self.session.file_work.busy)

    def told(self, level: str) -> list[str]:
        return [m.text for m in self.session.messages.all if m.level == level]

    def close(self) -> None:
        self.keeper.close()
        self.session.close()


@pytest.fixture
def desk(qtbot):
    """Make desks; all of them are closed in the end."""
    made = []

    def make() -> Desk:
        made.append(Desk(qtbot))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def saved(desk, data, tmp_path):
    """A session file of two exposures, with everything set to what it is not by itself."""
    path = tmp_path / "star.toml"
    first = desk().open([data / name for name in NAMES[:2]])
    session = first.session
    session.recipes.set_override(101, "fit_threshold", 4.0)
    session.recipes.new_variant()
    session.recipes.set_global("slope_limit", 0.05)
    session.recipes.choose_variant("A")
    session.look.select_exposure(str(data / NAMES[1]))
    session.look.select(203, 20)
    session.exposures.include(str(data / NAMES[0]), False)
    session.recipes.set_scope(Scope.SLICE)
    session.look.pick_sky(83.8, -5.4)
    session.look.set_radius(1.1)
    session.look.add_place(83.80005, -5.4)
    session.look.set_spectrum_settings(SpectrumSettings(unit="Jy", redshift=0.1))
    first.settle()
    assert first.save(path)
    return path, first


def same(a: SavedSession, b: SavedSession) -> bool:
    return replace(a, views={}, versions={}, saved=None) == replace(b, views={}, versions={}, saved=None)


def test_everything_is_back(desk, saved):
    path, first = saved
    second = desk()
    second.workers.held = {OpenExposures}
    assert second.open_session(path)
    assert second.session.exposures.restoring
    second.workers.release(OpenExposures)
    second.settle()
    assert same(second.session.state.saved, first.session.state.saved)
    assert second.session.state.number == 203
    assert second.session.answers.profile.column == 20
    assert second.session.answers.spectra.radius == 1.1
    assert second.found == [{"detector": {"layer": "DQ"}}]
    assert not second.session.recipes.undo_stack.canUndo()
    assert not second.keeper.modified
    assert second.keeper.path == str(path)
    # Nothing was asked for a place or a recipe that nobody wants.
    asked = [r.extraction for r in second.workers.asked(MakeSpectra)]
    assert {(*r.place, r.radius) for r in asked} == {(83.8, -5.4, 1.1), (83.80005, -5.4, 1.1)}
    assert {r.recipe for r in asked} == {v.recipe for v in first.session.state.variants.all}


def test_what_was_open_gives_way(desk, saved, data):
    path, first = saved
    second = desk().open([data / NAMES[2]])
    second.session.recipes.set_global("fit_threshold", 7.0)
    second.settle()
    second.open_session(path)
    second.settle()
    assert same(second.session.state.saved, first.session.state.saved)
    assert not second.session.recipes.undo_stack.canUndo()


def test_what_is_being_opened_gives_way(desk, saved, data):
    path, first = saved
    second = desk()
    second.workers.held = {OpenExposures}
    second.session.exposures.open([str(data / NAMES[2])])
    second.open_session(path)
    second.open_session(path)  # again, before the first is there
    second.workers.release(OpenExposures)
    second.settle()
    assert same(second.session.state.saved, first.session.state.saved)
    assert second.session.jobs.all == ()


def test_what_the_user_chooses_meanwhile_holds(desk, saved, data):
    path, _ = saved
    second = desk()
    second.session.changed.exposures.connect(lambda: chosen())

    def chosen():
        if [e.view.name for e in second.session.state.exposures] == [NAMES[0].removesuffix("_cal.fits")]:
            second.session.look.select(102, 30)

    second.open_session(path)
    second.settle()
    assert (second.session.state.number, second.session.state.column) == (102, 30)
    assert second.session.state.current.key == str(data / NAMES[0])


def test_modified_means_that_work_would_be_lost(desk, saved):
    _, first = saved
    keeper, session = first.keeper, first.session
    assert not keeper.modified
    session.look.select(101, 30)
    session.look.set_spectrum_settings(SpectrumSettings(errors=True))
    session.look.set_places(session.state.places.chosen(1))
    assert not keeper.modified  # looking around is no work
    session.look.pick_sky(83.8001, -5.4)
    assert keeper.modified  # one of two places that were laid out
    first.save(keeper.path)
    session.recipes.set_global("fit_threshold", 8.0)
    assert keeper.modified
    session.recipes.undo_stack.undo()
    assert not keeper.modified
    session.exposures.include(first.session.state.exposures[0].view.key, True)
    assert keeper.modified
    first.save(keeper.path)
    assert not keeper.modified
    session.recipes.label_variant("A", "default")
    assert keeper.modified
    first.settle()


def test_without_a_file_the_recipe_counts(desk, data, tmp_path):
    one = desk().open([data / NAMES[0]])
    one.session.look.pick_sky(83.8001, -5.4)
    assert not one.keeper.modified
    one.session.recipes.set_global("fit_threshold", 8.0)
    assert one.keeper.modified
    one.session.recipes.save_recipe(tmp_path / "recipe.toml")
    one.wait()
    assert not one.keeper.modified
    one.settle()


def test_a_recipe_opens_and_leaves_what_is_open(desk, data, tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("version = 1\n[global]\nfit_threshold = 7.0\n")
    one = desk().open([data / NAMES[0]])
    assert one.open_session(recipe)
    one.settle()
    assert one.session.state.recipe == Recipe(fit_threshold=7.0)
    assert len(one.session.state.exposures) == 1
    assert one.keeper.path == ""  # or Save would write a session over the recipe


def test_what_cannot_be_opened_changes_nothing(desk, data, tmp_path):
    one = desk().open([data / NAMES[0]])
    before = one.session.state.saved
    (tmp_path / "wrong.toml").write_text('kind = "atm-viewer session"\nversion = 1\ncolour = 3\n')
    assert not one.open_session(tmp_path / "wrong.toml")
    assert not one.open_session(tmp_path / "gone.toml")
    assert "unknown key 'colour'" in one.told("error")[0]
    assert "gone.toml cannot be read" in one.told("error")[1]
    assert same(one.session.state.saved, before)


def test_what_cannot_be_saved_is_told(desk, data, tmp_path):
    one = desk().open([data / NAMES[0]])
    assert not one.save(tmp_path / "missing" / "star.toml")
    assert "cannot be saved as" in one.told("error")[0]
    assert one.keeper.path == ""
    one.workers.held = {OpenExposures}
    one.save(tmp_path / "star.toml")
    one.open_session(tmp_path / "star.toml")
    before = (tmp_path / "star.toml").read_bytes()
    assert not one.save(tmp_path / "star.toml")  # half of it is open
    assert (tmp_path / "star.toml").read_bytes() == before
    one.workers.release(OpenExposures)
    one.settle()


def test_exposures_that_cannot_be_opened_are_told_and_the_rest_is_back(desk, data, tmp_path):
    bad = data / "bad_cal.fits"
    bad.touch()
    one = desk().open([data / NAMES[0]])
    one.save(tmp_path / "star.toml")
    text = (tmp_path / "star.toml").read_text()
    (tmp_path / "star.toml").write_text(text.replace("[look]", '[[exposure]]\npath = "data/bad_cal.fits"\n\n[look]'))
    two = desk()
    two.open_session(tmp_path / "star.toml")
    two.settle()
    assert "bad_cal.fits is not a FITS file" in two.told("warning")[0]
    assert len(two.session.state.exposures) == 1
    assert two.keeper.modified


def test_the_newest_wins_when_two_are_opened_at_once(desk, saved, data, tmp_path):
    path, first = saved
    other = desk().open([data / NAMES[2]])
    other.save(tmp_path / "other.toml")
    two = desk()
    two.keeper.open(tmp_path / "other.toml", lambda: pytest.fail("nobody wants it any more"))
    two.keeper.open(path)
    two.wait()
    two.settle()
    assert same(two.session.state.saved, first.session.state.saved)


def test_what_is_edited_while_a_session_is_read_is_not_lost(desk, saved, data):
    path, _ = saved
    two = desk().open([data / NAMES[2]])
    two.keeper.open(path)
    two.session.recipes.set_global("fit_threshold", 7.0)
    two.wait()
    two.settle()
    assert two.session.state.recipe.fit_threshold == 7.0
    assert two.told("warning") == ["star.toml was not opened: the recipe was changed meanwhile; open it again."]


def test_a_save_that_ends_after_another_session_was_opened_is_not_taken_for_it(desk, saved, tmp_path, monkeypatch):
    """Else the next Save would write over the wrong file."""
    path, _ = saved
    two = desk()
    two.open_session(path)
    two.settle()
    shutil.copy(path, path.parent / "other.toml")
    gate = threading.Event()

    def slowly(target: Path, text: str) -> None:
        gate.wait()
        write_whole(target, text)

    monkeypatch.setattr("atm_viewer.session.persistence.keeper.write_whole", slowly)
    two.keeper.save(path)
    two.keeper.open(path.parent / "other.toml")
    two.qtbot.waitUntil(lambda: two.keeper.path == str(path.parent / "other.toml"))
    gate.set()
    two.wait()
    two.settle()
    assert two.keeper.path == str(path.parent / "other.toml")


# Files that were moved


def test_a_folder_that_was_moved_with_its_session(desk, saved, tmp_path):
    path, _ = saved
    (tmp_path / "copy").mkdir()
    shutil.move(tmp_path / "data", tmp_path / "copy" / "data")
    shutil.move(path, tmp_path / "copy" / "star.toml")
    two = desk()
    two.open_session(tmp_path / "copy" / "star.toml")
    two.settle()
    assert [Path(e.view.key).parent for e in two.session.state.exposures] == 2 * [tmp_path / "copy" / "data"]
    assert not two.missing


def test_a_session_that_was_moved_alone(desk, saved, tmp_path):
    path, _ = saved
    (tmp_path / "a" / "b").mkdir(parents=True)
    moved = tmp_path / "a" / "b" / "star.toml"
    shutil.move(path, moved)
    two = desk()
    two.open_session(moved)
    two.settle()
    assert len(two.session.state.exposures) == 2


def test_an_exposure_that_was_moved_is_found_beside_the_session_or_others(desk, saved, data, tmp_path):
    path, _ = saved
    shutil.move(data / NAMES[0], tmp_path / NAMES[0])
    two = desk()
    two.open_session(path)
    two.settle()
    assert [e.view.key for e in two.session.state.exposures] == [str(tmp_path / NAMES[0]), str(data / NAMES[1])]
    assert two.told("warning") == []


def test_what_is_not_found_is_asked_for(desk, saved, data, tmp_path):
    path, _ = saved
    away = tmp_path / "away"
    away.mkdir()
    for name in NAMES[:2]:
        shutil.move(data / name, away / name)
    two = desk()
    two.open_session(path)
    (search,) = two.missing
    assert [f.name for f in search.missing] == NAMES[:2]
    assert two.session.state.exposures == ()
    assert search.locate(1, str(away / NAMES[1])) == 1  # the other one lies beside it
    two.keeper.go_on(search)
    two.settle()
    assert [e.view.key for e in two.session.state.exposures] == [str(away / name) for name in NAMES[:2]]
    assert [e.included for e in two.session.state.exposures] == [False, True]
    assert two.session.state.current.key == str(away / NAMES[1])
    assert two.keeper.modified  # where they are now is not saved yet


def test_nothing_found_and_nobody_to_ask(desk, saved, data):
    path, _ = saved
    shutil.rmtree(data)
    two = desk()
    two.keeper.asks = False
    two.open_session(path)
    assert two.told("error") == [f"{path} was not opened, because exposures were not found: {NAMES[0]}, {NAMES[1]}."]
    three = desk()
    three.open_session(path)
    (search,) = three.missing
    for index in (0, 1):
        search.leave_out(index)
    three.keeper.go_on(search)
    assert three.told("error") == ["star.toml was not opened, because none of its exposures was found."]


def test_another_file_of_the_same_name_is_told(desk, saved, data):
    path, _ = saved
    (data / NAMES[1]).write_bytes(b"SIMPLE  = again")
    two = desk()
    two.open_session(path)
    two.settle()
    (told,) = two.told("warning")
    assert told.startswith(f"The content of {NAMES[1]} has changed since the session was saved")


def test_the_same_content_wins_over_the_likelier_place(data, tmp_path):
    (tmp_path / "old").mkdir()
    shutil.copy(data / NAMES[0], tmp_path / "old")
    places = (str(data / NAMES[0]), str(tmp_path / "old" / NAMES[0]))
    kept = SavedExposure(places, mark_of(data / NAMES[0]))
    (data / NAMES[0]).write_bytes(b"another")
    (found,) = Search(SavedSession((kept,)), str(tmp_path / "s.toml")).found
    assert (found.path, found.other) == (places[1], False)


def test_pipes_and_folders_are_no_exposures(tmp_path):
    os.mkfifo(tmp_path / "pipe_cal.fits")
    kept = tuple(SavedExposure((p,)) for p in (str(tmp_path / "pipe_cal.fits"), str(tmp_path), "/dev/zero", "a\0b"))
    search = Search(SavedSession(kept), str(tmp_path / "s.toml"))
    assert len(search.missing) == len(kept)


# Autosave


def leftovers(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.toml")) if folder.is_dir() else []


def test_a_session_is_autosaved_and_gone_after_closing(desk, data, tmp_path, qtbot):
    folder = tmp_path / "state" / "sessions"
    one = desk()
    one.start_autosave(folder)
    one.open([data / NAMES[0]])
    qtbot.waitUntil(lambda: len(leftovers(folder)) == 1)
    (path,) = leftovers(folder)
    assert (folder.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o700, 0o600), "others may not read it"
    one.session.recipes.set_override(101, "window", 30)
    one.settle()
    qtbot.waitUntil(lambda: load_session(path).variants == one.session.state.variants)
    assert load_session(path).exposures == one.session.state.saved.exposures
    one.close()
    assert list(folder.iterdir()) == []


def test_an_empty_window_leaves_nothing(desk, data, tmp_path, qtbot):
    folder = tmp_path / "sessions"
    one = desk()
    one.start_autosave(folder)
    one.open([data / NAMES[0]])
    qtbot.waitUntil(lambda: leftovers(folder) != [])
    one.session.exposures.close(str(data / NAMES[0]))
    qtbot.waitUntil(lambda: leftovers(folder) == [])


def test_autosaving_that_fails_is_told_once(desk, data, tmp_path, qtbot):
    (tmp_path / "file").touch()
    one = desk()
    one.start_autosave(tmp_path / "file" / "sessions")
    one.open([data / NAMES[0]])
    qtbot.waitUntil(lambda: one.told("warning") != [])
    one.session.recipes.set_global("fit_threshold", 8.0)
    one.settle()
    one.keeper.close()
    qtbot.wait(10)
    assert len(one.told("warning")) == 1
    assert "cannot be autosaved" in one.told("warning")[0]


DIE = """
import os, sys
from pathlib import Path
from atm_viewer.session.persistence.autosave import Autosave
from atm_viewer.session.persistence.session_file import load_session
autosave = Autosave(Path(sys.argv[1]), print)
autosave.write(load_session(sys.argv[2]), lambda: os._exit(9))
autosave.close()
"""


def crash(folder: Path, session: Path) -> None:
    """Autosave a session in a process that dies."""
    done = subprocess.run([sys.executable, "-c", DIE, str(folder), str(session)], timeout=60)
    assert done.returncode == 9


def test_what_a_dead_process_left_is_offered_and_restored(desk, saved, tmp_path, qtbot):
    path, first = saved
    folder = tmp_path / "sessions"
    crash(folder, path)
    (left,) = leftovers(folder)
    two = desk()
    two.start_autosave(folder)
    assert two.keeper.offer.state.variants == first.session.state.variants
    two.take_offer()
    assert left.exists()  # until it has been saved again
    two.settle()
    assert same(two.session.state.saved, first.session.state.saved)
    assert two.keeper.offer is None
    assert two.keeper.modified
    qtbot.waitUntil(lambda: not left.exists())
    (own,) = leftovers(folder)
    assert load_session(own).variants == first.session.state.variants


def test_two_windows_do_not_offer_the_same(desk, saved, tmp_path):
    path, _ = saved
    folder = tmp_path / "sessions"
    crash(folder, path)
    one, two = desk(), desk()
    one.start_autosave(folder)
    two.start_autosave(folder)
    assert one.keeper.offer is not None
    assert two.keeper.offer is None
    one.close()  # without an answer
    three = desk()
    three.start_autosave(folder)
    assert three.keeper.offer is not None
    three.keeper.discard_offer()
    assert three.keeper.offer is None
    three.qtbot.waitUntil(lambda: leftovers(folder) == [])


def test_a_living_window_is_not_a_leftover(desk, saved, tmp_path, qtbot):
    _, first = saved
    folder = tmp_path / "sessions"
    first.start_autosave(folder)
    qtbot.waitUntil(lambda: leftovers(folder) != [])
    two = desk()
    two.start_autosave(folder)
    assert two.keeper.offer is None


def test_the_latest_is_offered_first_then_the_next(desk, saved, tmp_path):
    path, _ = saved
    folder = tmp_path / "sessions"
    crash(folder, path)
    crash(folder, path)
    older, newer = leftovers(folder)
    two = desk()
    two.start_autosave(folder)
    assert two.keeper.offer.path == newer
    two.keeper.discard_offer()
    assert two.keeper.offer.path == older
    two.qtbot.waitUntil(lambda: leftovers(folder) == [older])


def test_what_was_half_written_when_a_process_died_goes(desk, saved, tmp_path):
    path, _ = saved
    folder = tmp_path / "sessions"
    crash(folder, path)
    (left,) = leftovers(folder)
    (folder / f".{left.name}.77-0a1b.part").write_text("kind = ")
    (folder / ".20261124-130500-1-77.toml.77-0a1b.part").write_text("kind = ")  # killed at the first time it wrote
    shutil.copy(f"{left}.lock", folder / "20261124-130500-1-78.toml.lock")
    one = desk()
    one.start_autosave(folder)
    assert one.keeper.offer.path == left
    assert sorted(p.name for p in folder.iterdir()) == [left.name, f"{left.name}.lock"]
    one.keeper.discard_offer()
    one.qtbot.waitUntil(lambda: list(folder.iterdir()) == [])


def test_a_damaged_leftover_is_told_and_set_aside(desk, tmp_path):
    folder = tmp_path / "sessions"
    folder.mkdir()
    (folder / "20261124-130500-1-77.toml").write_text("kind = ")
    one = desk()
    one.start_autosave(folder)
    assert one.keeper.offer is None
    assert "not valid TOML" in one.told("warning")[0]
    assert [p.name for p in folder.iterdir()] == ["20261124-130500-1-77.damaged"]
