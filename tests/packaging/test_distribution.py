"""What is built holds what the application needs, and finds it there."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", str(folder)], cwd=CHECKOUT, check=True)
    return folder


def shipped() -> set[str]:
    folder = CHECKOUT / "resources"
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_installed_wheel_finds_its_files(built, tmp_path):
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = (
        "from atm_viewer.resources import resource\n"
        "print(*(p.relative_to(resource('.')) for p in resource('.').rglob('*') if p.is_file()), sep='\\n')\n"
        "print(resource('.'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    *files, folder = done.stdout.splitlines()
    assert set(files) == shipped()
    assert Path(folder) == tmp_path / "atm_viewer" / "_resources"


def test_wheel_has_command_and_licence(built):
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        info = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA")).rpartition("/")[0]
        assert "atm-viewer = atm_viewer.__main__:main" in archive.read(f"{info}/entry_points.txt").decode()
        assert "License-Expression: GPL-3.0-or-later" in archive.read(f"{info}/METADATA").decode()
        assert b"GNU GENERAL PUBLIC LICENSE" in archive.read(f"{info}/licenses/LICENSE")


def test_wheel_brings_a_desktop_entry_with_its_icon(built):
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name.partition(".data/data/")[2] for name in archive.namelist()}
    assert {"share/applications/atm-viewer.desktop", "share/icons/hicolor/scalable/apps/atm-viewer.svg"} <= names


def test_source_archive_can_build_and_test(built):
    (source,) = built.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"resources/{name}" for name in shipped()} <= names
    assert {"packaging/quickstart", "packaging/make_cubepar.py", ".ci/run", "tests/conftest.py"} <= names
