"""Files that appear together or not at all: failures at every step, processes that are killed, programs that race."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from atm_viewer.engine.errors import Cancelled, InputError, OutputError
from atm_viewer.engine.output import staging
from atm_viewer.engine.output.staging import partial_folders, remove_partial, staged

CHECKOUT = Path(__file__).resolve().parents[3]
NAMES = ["x", "y", "z"]


def files(folder: Path) -> dict[str, str]:
    return {p.name: p.read_text() for p in folder.rglob("*") if p.is_file()}


def write(folder: Path, text: str, names=NAMES, overwrite: bool = False, before=None) -> None:
    """Write the same text into several files."""
    with staged(folder, names, overwrite) as part:
        for name in names:
            (part / name).write_text(text)
        if before is not None:
            before()


def python(code: str, *arguments: object) -> subprocess.Popen:
    """Start a program of its own."""
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], cwd=CHECKOUT)


@pytest.fixture(params=[True, False], ids=["links", "no links"])
def links(request, monkeypatch) -> bool:
    """File systems with hard links and without, such as FAT."""
    if not request.param:

        def refuse(*_, **__):
            raise PermissionError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
    return request.param


def failing(monkeypatch, name: str, at: int, error: BaseException) -> None:
    """Let a function of the system fail at its so-manieth call."""
    calls, does = [], getattr(os, name)

    def sometimes(*args, **kwargs):
        calls.append(args)
        if len(calls) == at:
            raise error
        return does(*args, **kwargs)

    monkeypatch.setattr(os, name, sometimes)


# Whole or not there at all


def test_staged_files_appear_together(tmp_path):
    folder = tmp_path / "a" / "b"
    with staged(folder, ["x", "y"]) as part:
        (part / "x").write_text("1")
        (part / "y").write_text("2")
        assert [p for p in folder.iterdir() if p != part] == []
    assert files(tmp_path) == {"x": "1", "y": "2"}
    assert sorted(p.name for p in folder.iterdir()) == ["x", "y"]


@pytest.mark.parametrize("error", [Cancelled(), KeyboardInterrupt(), InputError("Bad."), MemoryError()])
def test_after_a_failure_everything_is_as_before(tmp_path, error):
    (tmp_path / "x").write_text("old")

    def fail(folder: Path) -> None:
        with staged(folder, ["x", "y"], overwrite=True) as part:
            (part / "x").write_text("new")
            raise error

    for folder in (tmp_path, tmp_path / "a" / "b"):
        with pytest.raises(type(error)):
            fail(folder)
    assert files(tmp_path) == {"x": "old"}
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_existing_files_are_refused_before_any_work(tmp_path):
    (tmp_path / "y").write_text("old")
    with pytest.raises(OutputError, match=r"y already exists.*--overwrite"), staged(tmp_path, ["x", "y"]):
        pytest.fail("work has begun")
    assert files(tmp_path) == {"y": "old"}


@pytest.mark.parametrize(("place", "part"), [("file", "is a file, not a folder"), ("file/below", "is a file")])
def test_a_folder_that_is_a_file_is_told(tmp_path, place, part):
    (tmp_path / "file").write_text("here")
    with pytest.raises(OutputError, match=part), staged(tmp_path / place, ["x"]):
        pytest.fail("work has begun")
    assert files(tmp_path) == {"file": "here"}


def test_a_file_that_is_a_folder_is_told(tmp_path):
    (tmp_path / "x").mkdir()
    with pytest.raises(OutputError, match="is a folder"), staged(tmp_path, ["x"], overwrite=True):
        pytest.fail("work has begun")


def test_a_folder_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    # Tests may run as root, who may write everywhere.
    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(OutputError, match="cannot be written to: Permission denied"), staged(tmp_path, ["x"]):
        pytest.fail("work has begun")


@pytest.mark.skipif(
    not Path("/proc").is_dir(), reason="needs a folder in which nobody can write, such as Linux's /proc"
)
def test_a_real_folder_that_cannot_be_written_is_told():
    with pytest.raises(OutputError, match="cannot be written"), staged(Path("/proc/self"), ["x"]):
        pytest.fail("work has begun")


def test_a_terminated_process_leaves_what_can_be_removed(tmp_path):
    code = (
        "import os, pathlib, sys\n"
        "from atm_viewer.engine.output.staging import staged\n"
        "with staged(pathlib.Path(sys.argv[1]), ['x']) as part:\n"
        "    (part / 'x').write_text('half')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=CHECKOUT)
    assert process.wait(30) == -signal.SIGKILL
    assert len(partial_folders(tmp_path, process.pid)) == 1
    remove_partial(tmp_path, process.pid)
    assert list(tmp_path.iterdir()) == []


# Moving several files


@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("error", [PermissionError(errno.EPERM, "Operation not permitted"), KeyboardInterrupt()])
@pytest.mark.usefixtures("links")
def test_when_one_cannot_be_replaced_all_stay(tmp_path, monkeypatch, at, error):
    (tmp_path / "x").write_text("old x")
    (tmp_path / "z").write_text("old z")
    failing(monkeypatch, "replace", at, error)
    with pytest.raises((OutputError, KeyboardInterrupt)) as told:
        write(tmp_path, "new", overwrite=True)
    assert isinstance(told.value, KeyboardInterrupt) or "cannot be written to: Operation not permitted" in str(
        told.value
    )
    assert files(tmp_path) == {"x": "old x", "z": "old z"}
    assert sorted(os.listdir(tmp_path)) == ["x", "z"]


@pytest.mark.parametrize("at", [1, 2, 3, 4, 5, 6])
def test_when_one_cannot_be_moved_none_is(tmp_path, monkeypatch, links, at):
    """Without links a place is taken by opening it, and locks are opened before: twice to begin with, once to move."""
    if links and at > len(NAMES):
        pytest.skip("there is a link for each file")
    failing(monkeypatch, "link" if links else "open", at, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "new", "new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("links")
def test_a_file_that_appeared_meanwhile_is_not_replaced(tmp_path):
    with pytest.raises(OutputError, match=r"z already exists; .*--overwrite"):
        write(tmp_path, "ours", before=lambda: (tmp_path / "z").write_text("theirs"))
    assert files(tmp_path) == {"z": "theirs"}
    assert os.listdir(tmp_path) == ["z"]


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.usefixtures("links")
def test_a_folder_that_appeared_meanwhile_stays(tmp_path, overwrite):
    with pytest.raises(OutputError):
        write(tmp_path, "ours", overwrite=overwrite, before=lambda: (tmp_path / "z" / "deep").mkdir(parents=True))
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")) == ["z", "z/deep"]


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.usefixtures("links")
def test_files_are_moved_where_there_are_no_links_too(tmp_path, overwrite):
    if overwrite:
        (tmp_path / "y").write_text("old")
    write(tmp_path, "new", overwrite=overwrite)
    assert files(tmp_path) == dict.fromkeys(NAMES, "new")
    assert sorted(os.listdir(tmp_path)) == NAMES


@pytest.mark.usefixtures("links")
def test_a_link_is_replaced_and_what_it_leads_to_stays(tmp_path):
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "x").symlink_to(tmp_path / "precious")
    write(tmp_path / "out", "new", ["x"], overwrite=True)
    assert files(tmp_path) == {"precious": "precious", "x": "new"}
    assert not (tmp_path / "out" / "x").is_symlink()


def test_what_cannot_be_put_back_is_kept_and_told(tmp_path, monkeypatch):
    for name in NAMES:
        (tmp_path / name).write_text(f"old {name}")
    calls, does = [], os.replace

    def broken(*args):
        calls.append(args)
        if len(calls) > 1:
            raise OSError(errno.EIO, "Input/output error")
        does(*args)

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(OutputError, match=r"Input/output error; the files that were there are in .*\.old") as told:
        write(tmp_path, "new", overwrite=True)
    monkeypatch.undo()
    (part,) = partial_folders(tmp_path)
    assert str(part / ".old") in str(told.value)
    assert (part / ".old" / "x").read_text() == "old x"
    # Whoever writes next mends it.
    write(tmp_path, "next", ["w"])
    assert files(tmp_path) == {"w": "next", **{name: f"old {name}" for name in NAMES}}


def test_modes_are_those_of_new_files(tmp_path):
    before = os.umask(0o027)
    try:
        write(tmp_path, "new", ["x"])
    finally:
        os.umask(before)
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o640


def test_nobody_else_can_look_or_put_links_into_the_temporary_folder(tmp_path):
    (tmp_path / f".atm-viewer-{os.getpid()}.part").symlink_to(tmp_path / "elsewhere")
    with staged(tmp_path, ["x"]) as part:
        (part / "x").write_text("new")
        assert part.stat().st_mode & 0o777 == 0o700
        assert part.is_absolute()
    assert files(tmp_path) == {"x": "new"}


def test_a_relative_folder_with_a_tilde_is_a_folder(tmp_path, monkeypatch):
    from astropy.io import fits

    monkeypatch.chdir(tmp_path)
    with staged(Path("~"), ["x.fits"]) as part:
        fits.PrimaryHDU().writeto(part / "x.fits")
    assert os.listdir(tmp_path / "~") == ["x.fits"]


# Killed

#: Ends itself, without a chance to clean up, when a function of the system is called for the so-manieth time.
KILLED = """
import os, sys
from pathlib import Path
from atm_viewer.engine.output.staging import staged
folder, name, at, overwrite = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4] == "True"
does, calls = getattr(os, name), []
def last(*args, **kwargs):
    calls.append(args)
    if len(calls) == at:
        os.kill(os.getpid(), 9)
    return does(*args, **kwargs)
with staged(folder, ["x", "y", "z"], overwrite) as part:
    for n in "xyz":
        (part / n).write_text("new")
    setattr(os, name, last)
"""


@pytest.mark.parametrize("mend", ["remove_partial", "next writer"])
@pytest.mark.parametrize(("name", "at"), [("replace", 1), ("replace", 2), ("replace", 3), ("link", 1), ("link", 4)])
def test_after_a_kill_between_two_moves_all_is_as_before(tmp_path, name, at, mend):
    old = {"x": "old x", "z": "old z"}
    for key, text in old.items():
        (tmp_path / key).write_text(text)
    process = python(KILLED, tmp_path, name, at, True)
    assert process.wait(30) == -signal.SIGKILL
    (part,) = partial_folders(tmp_path, process.pid)
    everything = {p.read_text() for p in tmp_path.rglob("*") if p.is_file()}
    assert everything >= set(old.values()), "nothing is lost"
    if mend == "remove_partial":
        remove_partial(tmp_path, process.pid)
        assert files(tmp_path) == old
    else:
        write(tmp_path, "other", ["w"])
        assert files(tmp_path) == {**old, "w": "other"}
    assert not part.exists()


@pytest.mark.parametrize("at", [1, 2, 3])
def test_after_a_kill_between_two_new_files_none_is_there(tmp_path, at):
    process = python(KILLED, tmp_path, "link", at, False)
    assert process.wait(30) == -signal.SIGKILL
    remove_partial(tmp_path, process.pid)
    assert list(tmp_path.iterdir()) == []


def test_after_a_kill_with_all_files_in_place_they_stay(tmp_path):
    for name in NAMES:
        (tmp_path / name).write_text("old")
    process = python(
        KILLED.replace("setattr(os, name, last)", "import shutil; shutil.rmtree = last"), tmp_path, "kill", 1, True
    )
    assert process.wait(30) == -signal.SIGKILL
    remove_partial(tmp_path, process.pid)
    assert files(tmp_path) == dict.fromkeys(NAMES, "new")
    assert sorted(os.listdir(tmp_path)) == NAMES


def test_a_living_process_keeps_its_temporary_folder(tmp_path):
    code = (
        "import sys, pathlib\n"
        "from atm_viewer.engine.output.staging import staged\n"
        "with staged(pathlib.Path(sys.argv[1]), ['x']) as part:\n"
        "    (part / 'x').write_text('slow')\n"
        "    print('here', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        write(tmp_path, "quick", ["y"])
        assert len(partial_folders(tmp_path)) == 1
        process.stdin.close()
    assert files(tmp_path) == {"x": "slow", "y": "quick"}


def test_what_somebody_else_calls_by_our_names_stays(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "p").write_text("photo")
    (tmp_path / ".atm-viewer-77-aaaa.part").symlink_to(tmp_path / "photos")
    (tmp_path / ".atm-viewer-78-aaaa.part").write_text("a file")
    remove_partial(tmp_path, 77)
    remove_partial(tmp_path, 78)
    write(tmp_path, "new", ["x"])
    assert files(tmp_path) == {"p": "photo", ".atm-viewer-78-aaaa.part": "a file", "x": "new"}


# Several programs at once

RACER = """
import pathlib, sys, time
from atm_viewer.engine.errors import OutputError
from atm_viewer.engine.output.staging import staged
folder, me, overwrite, rounds = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "True", int(sys.argv[4])
names = [f"f{k}" for k in range(20)]
refused = 0
for turn in range(rounds):
    place = folder / str(turn) / "deep"
    while not (folder / f"go{turn}").exists():
        time.sleep(0.0005)
    try:
        with staged(place, names, overwrite) as part:
            for name in names:
                (part / name).write_text(me)
    except OutputError as error:
        assert "already exists" in str(error), error
        refused += 1
print(refused)
"""


@pytest.mark.parametrize("overwrite", [False, True])
def test_of_two_programs_one_has_all_files(tmp_path, overwrite):
    """Both make the folder, and write the same files into it."""
    rounds = 30
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(tmp_path), me, str(overwrite), str(rounds)],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for me in ("a", "b")
    ]
    time.sleep(0.5)
    for turn in range(rounds):
        (tmp_path / f"go{turn}").touch()
        time.sleep(0.02)
    refused = [int(racer.communicate(timeout=60)[0]) for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0]
    assert sum(refused) == (0 if overwrite else rounds)
    for turn in range(rounds):
        found = files(tmp_path / str(turn))
        assert len(found) == 20
        assert len(set(found.values())) == 1, "no mixture"


def test_two_writers_of_one_new_folder(tmp_path, monkeypatch):
    """One finds that the folder is missing, and the other one makes it."""
    does = os.path.exists
    monkeypatch.setattr(staging.os.path, "exists", lambda path: False if str(path).endswith("new") else does(path))
    (tmp_path / "new").mkdir()
    write(tmp_path / "new", "text", ["x"])
    assert files(tmp_path) == {"x": "text"}


def test_a_folder_that_another_program_takes_away_is_made_again(tmp_path, monkeypatch):
    folder, does, calls = tmp_path / "new", staging.tempfile.mkdtemp, []

    def after_a_failure_elsewhere(**options):
        calls.append(options)
        if len(calls) == 1:
            folder.rmdir()
        return does(**options)

    monkeypatch.setattr(staging.tempfile, "mkdtemp", after_a_failure_elsewhere)
    write(folder, "text", ["x"])
    assert files(tmp_path) == {"x": "text"}


def test_a_folder_that_another_program_uses_is_not_taken_away(tmp_path):
    folder = tmp_path / "new"
    with suppress(Cancelled), staged(folder, ["x"]):
        (folder / "theirs").write_text("theirs")
        raise Cancelled
    assert files(tmp_path) == {"theirs": "theirs"}


def test_a_program_that_does_not_finish_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(staging, "_PATIENCE", 0.1)
    with staging.alone(tmp_path), pytest.raises(OutputError, match="Another program is writing to"):
        write(tmp_path, "new", ["x"])
    assert list(tmp_path.iterdir()) == []


def test_a_turn_is_waited_for(tmp_path):
    begun = threading.Event()

    def hold():
        with staging.alone(tmp_path):
            begun.set()
            time.sleep(0.3)

    holder = threading.Thread(target=hold)
    holder.start()
    begun.wait()
    write(tmp_path, "new", ["x"])
    holder.join()
    assert files(tmp_path) == {"x": "new"}
