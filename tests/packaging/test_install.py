"""The bundle's installer puts what the desktop looks for into the user's folders, and takes it away again."""

from __future__ import annotations

import configparser
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="of the Linux bundle")


@pytest.fixture(params=["atm-viewer-1.0", "my programs"])
def bundle(tmp_path, request) -> Path:
    """A bundle's folder, with a program that writes down what it was called with."""
    folder = tmp_path / request.param
    folder.mkdir()
    for name in ("install", "atm-viewer.desktop", "atm-viewer.xml"):
        shutil.copy(CHECKOUT / "packaging" / name, folder)
    shutil.copy(CHECKOUT / "resources" / "icons" / "atm-viewer.svg", folder)
    program = folder / "atm-viewer"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" >"$HOME/opened"\n')
    program.chmod(0o755)
    return folder


@pytest.fixture
def home(tmp_path) -> Path:
    """A user's folder, with settings and a cache."""
    folder = tmp_path / "home"
    for name in (".config/atm-viewer/settings.ini", ".cache/atm-viewer/kernels/a", ".cache/other/b"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("")
    return folder


def install(bundle: Path, home: Path, *arguments: str) -> str:
    environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
    return subprocess.run(
        [bundle / "install", *arguments], env=environment, check=True, capture_output=True, text=True
    ).stdout


def ours(home: Path) -> set[str]:
    return {str(p.relative_to(home)) for p in home.rglob("*") if p.name.startswith("atm-viewer")}


def test_a_file_that_is_opened_on_the_desktop_reaches_the_program(bundle, home):
    install(bundle, home)
    entry = configparser.ConfigParser(interpolation=None)
    entry.read(home / ".local/share/applications/atm-viewer.desktop")
    line = entry["Desktop Entry"]["Exec"]
    assert line.endswith(" %F")
    subprocess.run([*shlex.split(line)[:-1], "a cal.fits"], env={"HOME": str(home)}, check=True)
    assert (home / "opened").read_text() == "a cal.fits\n"
    assert (home / ".local/bin/atm-viewer").resolve() == bundle / "atm-viewer"


def test_removing_leaves_settings_alone(bundle, home):
    before = ours(home)
    install(bundle, home)
    assert len(ours(home)) == len(before) + 4
    assert "settings and sessions stay" in install(bundle, home, "--remove")
    assert ours(home) == {".config/atm-viewer"}
    assert (home / ".config/atm-viewer/settings.ini").is_file()
    assert (home / ".cache/other/b").is_file()
