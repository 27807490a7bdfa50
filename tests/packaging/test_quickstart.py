"""The set-up script tells people what is missing; the set-up itself is what runs these tests."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
TOOLS = ("bash", "dirname", "cat", "cksum", "awk", "sort", "tr", "head")


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A copy of the script beside a folder ``bin`` of commands: those it needs, and stand-ins for the rest."""
    (tmp_path / "packaging").mkdir()
    shutil.copy(CHECKOUT / "packaging" / "quickstart", tmp_path / "packaging")
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    command(tmp_path, "uname", "echo Linux")
    command(tmp_path, "id", "echo 1000")
    return tmp_path


def command(checkout: Path, name: str, body: str) -> None:
    path = checkout / "bin" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/usr/bin/env bash\n{body}\n")
    path.chmod(0o755)


def quickstart(checkout: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [checkout / "packaging" / "quickstart", *arguments],
        env={"PATH": str(checkout / "bin"), "HOME": str(checkout), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("arguments", [(), ("dance",)])
def test_without_a_known_purpose_it_shows_its_usage(checkout, arguments):
    done = quickstart(checkout, *arguments)
    assert done.returncode == 2
    assert "quickstart demo" in done.stderr
    assert "quickstart test" in done.stderr


def test_help(checkout):
    done = quickstart(checkout, "--help")
    assert done.returncode == 0
    assert "quickstart demo" in done.stdout


def test_no_python_on_an_unknown_system(checkout):
    command(checkout, "python3", "exit 1  # as an older Python answers the question for its version")
    done = quickstart(checkout, "demo")
    assert done.returncode == 1
    assert "Python 3.11 or newer is missing; install it with your system's package manager" in done.stderr


def test_no_python_on_a_mac(checkout):
    command(checkout, "uname", "echo Darwin")
    done = quickstart(checkout, "demo")
    assert done.returncode == 1
    assert "https://www.python.org" in done.stderr


def test_named_python_that_is_too_old(checkout):
    command(checkout, "python3.9", "exit 1")
    done = quickstart(checkout, "demo", PYTHON="python3.9")
    assert done.returncode == 1
    assert "python3.9, which the variable PYTHON names, is not Python 3.11 or newer." in done.stderr


def test_missing_venv_module_without_the_right_to_install_it(checkout):
    command(checkout, "apt-get", "exit 1")
    command(
        checkout,
        "python3",
        'case "$2" in *ensurepip*) exit 1 ;; *print*) echo 3.11 ;; esac',
    )
    done = quickstart(checkout, "test")
    assert done.returncode == 1
    assert "sudo apt-get install -y python3.11-venv" in done.stderr


def test_no_network(checkout):
    environment(checkout, pip="exit 1")
    done = quickstart(checkout, "demo")
    assert done.returncode == 1
    assert "is there a network" in done.stderr
    assert not (checkout / ".venv" / "quickstart-demo").exists()


def test_missing_qt_libraries_without_the_right_to_install_them(checkout):
    environment(checkout, pip="exit 0")
    command(checkout, "apt-get", "exit 1")
    command(checkout, "ldd", "echo '	libEGL.so.1 => not found'")
    done = quickstart(checkout, "demo")
    assert done.returncode == 1
    assert "(libEGL.so.1)" in done.stderr
    assert "sudo apt-get install -y libglib2.0-0 libegl1 libgl1" in done.stderr


def test_qt_libraries_that_an_installation_does_not_bring(checkout):
    environment(checkout, pip="exit 0")
    command(checkout, "apt-get", "exit 0")
    command(checkout, "id", "echo 0")
    command(checkout, "ldd", "echo '	libOdd.so.1 => not found'")
    done = quickstart(checkout, "demo")
    assert done.returncode == 1
    assert "Qt still needs libOdd.so.1;" in done.stderr


def test_a_failing_check_fails_the_whole_but_the_tests_still_run(checkout):
    environment(checkout, pip="exit 0", mypy="exit 1", pytest='echo "pytest got $*"')
    done = quickstart(checkout, "test", "-x", "-k", "two words")
    assert done.returncode == 1
    assert "pytest got -n auto --dist loadfile -x -k two words" in done.stdout
    assert done.stderr.endswith("quickstart: failed: mypy\n")


def test_second_start_installs_nothing_and_passes_arguments_on(checkout):
    environment(checkout, pip="echo installed >>pip.log")
    for _ in range(2):
        done = quickstart(checkout, "demo", "--instrument", "nirspec")
        assert done.returncode == 0, done.stderr
        assert done.stdout == "viewer got demo --instrument nirspec\n"
    assert (checkout / "pip.log").read_text() == "installed\n"


def environment(checkout: Path, **modules: str) -> None:
    """Stand-in for a virtual environment: what ``python -m MODULE ...`` does, by module."""
    cases = "\n".join(f"    {name}) shift 2; {body} ;;" for name, body in modules.items())
    command(checkout, "../.venv/bin/python", f'case "$1:$2" in\n-c:*) ;;\n*) case "$2" in\n{cases}\nesac ;;\nesac')
    command(checkout, "../.venv/bin/atm-viewer", 'echo "viewer got $*"')
    command(checkout, "ldd", "exit 0")
    command(checkout, "find", "echo /usr/share/fonts/some.ttf")
