"""Files from outside that are no files: refused at once, with a sentence that says what they are."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.regular_file import MOST_BYTES, open_regular, read_text
from atm_viewer.engine.service.bench import Bench


@pytest.fixture
def pipe(tmp_path) -> Path:
    """A pipe to which nobody writes."""
    os.mkfifo(tmp_path / "pipe.toml")
    return tmp_path / "pipe.toml"


def test_text_is_read(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text("é = 1\n", encoding="utf-8")
    assert read_text(path, "recipe") == "é = 1\n"
    (tmp_path / "link.toml").symlink_to(path)
    assert read_text(tmp_path / "link.toml", "recipe") == "é = 1\n"


def test_what_is_no_file_is_named(pipe, tmp_path):
    with pytest.raises(InputError) as refused:
        read_text(pipe, "recipe")
    assert str(refused.value) == f"{pipe} is a pipe, not a file; give a recipe (.toml)."
    with pytest.raises(InputError, match=r"/dev/zero is a device, not a file; give a session \(\.toml\)\."):
        read_text("/dev/zero", "session")
    with pytest.raises(InputError, match="is a folder, not a file; give an association"):
        read_text(tmp_path, "association", "*_asn.json")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "s"))
        with pytest.raises(InputError, match="is a socket"):
            open_regular(tmp_path / "s")


def test_a_file_that_turns_into_a_pipe_is_not_waited_for(pipe, tmp_path, monkeypatch):
    """Between looking at it and opening it."""
    found = os.stat(__file__)
    monkeypatch.setattr("atm_viewer.engine.regular_file.os.stat", lambda path: found)
    with pytest.raises(InputError, match="is a pipe"):
        open_regular(pipe)


def test_what_is_too_large_or_cannot_be_read_is_told(tmp_path):
    path = tmp_path / "large.toml"
    with open(path, "wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(InputError, match="too large for a recipe"):
        read_text(path, "recipe")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="is not text"):
        read_text(path, "recipe")
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_text(tmp_path / "none.toml", "recipe")
    with pytest.raises(InputError, match=r"cannot be read: .*embedded null"):
        read_text("a\0b", "recipe")


@pytest.mark.parametrize("name", ["pipe_cal.fits", "pipe_asn.json"])
def test_pipes_and_devices_as_exposures_and_associations(tmp_path, name):
    os.mkfifo(tmp_path / name)
    opened = Bench().open([str(tmp_path / name), "/dev/zero"], lambda step, fraction: None)
    pipe, device = opened.problems
    assert pipe.startswith(f"{tmp_path / name} is a pipe, not a file; give ")
    assert device.startswith("/dev/zero is a device, not a file; give _cal.fits")
