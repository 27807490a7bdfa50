"""The documentation site is built without a warning, and what it says of the project is true."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import atm_viewer
from atm_viewer import cli

CHECKOUT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]


def names_of(requirements: list[str]) -> list[str]:
    return [re.match(r"[\w-]+", line)[0] for line in requirements]


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("site")
    line = [sys.executable, "packaging/make_docs.py", str(out)]
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(line, cwd=CHECKOUT, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return out


def test_site_has_the_help_pages_with_their_fields_filled_in(site):
    for page in (CHECKOUT / "resources" / "help").glob("*.md"):
        text = (site / "help" / f"{page.stem}.html").read_text()
        assert "{{" not in text
        assert "action:" not in text


def test_site_has_every_public_name_and_command(site):
    python, commands = (site / "python.html").read_text(), (site / "commands.html").read_text()
    for name in atm_viewer.__all__:
        assert f'id="{name.lower().replace("_", "-")}"' in python
    assert "Raises" in python
    for name in cli._COMMANDS:
        assert f"usage: atm-viewer {name} " in re.sub(r"<[^>]+>", "", commands)


def test_dependencies_are_explained():
    text = (CHECKOUT / "packaging" / "docs" / "dependencies.md").read_text()
    assert re.findall(r"^\| ([\w-]+) \| (?!What)", text, re.M) == names_of(PROJECT["dependencies"])


def test_conda_recipe_has_the_dependencies():
    text = (CHECKOUT / "packaging" / "conda" / "recipe.yaml").read_text()
    run = re.findall(r"^    - ([\w-]+) >=([\d.]+)$", text.partition("  run:\n")[2], re.M)
    conda = {"PyQt6": "pyqt", "matplotlib": "matplotlib-base"}
    wanted = [re.match(r"([\w-]+)>=([\d.]+)$", line).groups() for line in PROJECT["dependencies"]]
    assert run == [("python", "3.11"), *((conda.get(name, name), oldest) for name, oldest in wanted)]


def test_oldest_versions_are_constraints():
    done = subprocess.run(
        [sys.executable, "packaging/oldest.py"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert "jwst==3.0" in lines
    assert len(lines) == len(PROJECT["dependencies"]) + 1
    assert [line.partition("==")[0] for line in lines[:-1]] == names_of(PROJECT["dependencies"])
