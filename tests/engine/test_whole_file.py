"""A single file appears whole or not at all, and nothing but its own place is touched."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from atm_viewer.engine.whole_file import whole_file, write_whole

CHECKOUT = Path(__file__).resolve().parents[2]


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def umask():
    """Set the umask for a test."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


@pytest.mark.parametrize("content", ["né\n\r\n", b"\x00\xff"])
def test_content_is_written_as_it_is(tmp_path, content):
    write_whole(tmp_path / "a#b?c%20d", content)
    assert (tmp_path / "a#b?c%20d").read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert os.listdir(tmp_path) == ["a#b?c%20d"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("overwrite", [True, False])
def test_after_a_failure_everything_is_as_before(tmp_path, error, overwrite):
    (tmp_path / "x").write_text("old")

    def fail() -> None:
        with whole_file(tmp_path / ("x" if overwrite else "y"), overwrite=overwrite) as file:
            file.write(b"half")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert os.listdir(tmp_path) == ["x"]
    assert (tmp_path / "x").read_text() == "old"


def test_a_failure_to_move_leaves_the_old_file(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    (tmp_path / "x").write_text("old")
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError):
        write_whole(tmp_path / "x", "new")
    assert os.listdir(tmp_path) == ["x"]
    assert (tmp_path / "x").read_text() == "old"


def test_a_link_stays_and_leads_to_the_new_content(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "x").write_text("old")
    (tmp_path / "link").symlink_to("kept/x")
    write_whole(tmp_path / "link", "new")
    assert os.readlink(tmp_path / "link") == "kept/x"
    assert (tmp_path / "kept" / "x").read_text() == "new"
    assert os.listdir(tmp_path / "kept") == ["x"]


def test_a_link_that_somebody_puts_in_the_way_is_not_followed(tmp_path, monkeypatch):
    """Whoever guesses even the random part of the temporary name gains nothing."""
    monkeypatch.setattr("secrets.token_hex", lambda size: "guessed")
    (tmp_path / "precious").write_text("precious")
    (tmp_path / f".x.{os.getpid()}-guessed.part").symlink_to(tmp_path / "precious")
    with pytest.raises(FileExistsError):
        write_whole(tmp_path / "x", "new")
    assert (tmp_path / "precious").read_text() == "precious"
    assert not (tmp_path / "x").exists()


def test_temporary_names_cannot_be_foreseen(tmp_path):
    names = set()
    for _ in range(2):
        with whole_file(tmp_path / "x"):
            names.update(name for name in os.listdir(tmp_path) if name != "x")
    assert len(names) == 2
    assert all(re.fullmatch(rf"\.x\.{os.getpid()}-[0-9a-f]{{8}}\.part", name) for name in names)


def test_modes(tmp_path, umask):
    umask(0o002)
    write_whole(tmp_path / "new", "x")
    write_whole(tmp_path / "private", "x", private=True)
    (tmp_path / "closed").write_text("old")
    (tmp_path / "closed").chmod(0o600)
    write_whole(tmp_path / "closed", "x")
    (tmp_path / "open").write_text("old")
    (tmp_path / "open").chmod(0o666)
    write_whole(tmp_path / "open", "x", private=True)
    found = {path.name: mode(path) for path in tmp_path.iterdir()}
    assert found == {"new": 0o664, "private": 0o600, "closed": 0o600, "open": 0o600}


@pytest.mark.parametrize("linked", [True, False])
def test_what_is_there_may_be_kept(tmp_path, monkeypatch, linked):
    def refuse(*_, **__):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    if not linked:
        monkeypatch.setattr(os, "link", refuse)
    write_whole(tmp_path / "x", "first", overwrite=False)
    with pytest.raises(FileExistsError):
        write_whole(tmp_path / "x", "second", overwrite=False)
    assert (tmp_path / "x").read_text() == "first"
    assert os.listdir(tmp_path) == ["x"]


@pytest.mark.parametrize("overwrite", [True, False])
def test_only_files_are_replaced(tmp_path, overwrite):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(FileExistsError):
            write_whole(tmp_path / name, "x", overwrite=overwrite)
    assert sorted(os.listdir(tmp_path)) == ["folder", "pipe"]


def test_of_two_programs_the_first_keeps_its_file(tmp_path):
    code = (
        "import pathlib, sys, time\n"
        "from atm_viewer.engine.whole_file import write_whole\n"
        "won = 0\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "while not (folder / 'go').exists():\n"
        "    time.sleep(0.001)\n"
        "for k in range(300):\n"
        "    try:\n"
        "        write_whole(folder / f'f{k}', sys.argv[2], overwrite=False)\n"
        "        won += 1\n"
        "    except FileExistsError:\n"
        "        pass\n"
        "print(won)\n"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path), me], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
        )
        for me in "ab"
    ]
    (tmp_path / "go").touch()
    won = {me: int(racer.communicate(timeout=60)[0]) for me, racer in zip("ab", racers, strict=True)}
    texts = [path.read_text() for path in tmp_path.glob("f*")]
    assert {me: texts.count(me) for me in "ab"} == won
    assert sum(won.values()) == len(texts) == 300
    assert not list(tmp_path.glob(".*"))
