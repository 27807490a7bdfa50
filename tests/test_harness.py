"""The harness of these tests fails tests that it should fail: each one here passes but for what it leaves or says."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]

CULPRITS = """
import subprocess
import sys
import threading
import warnings

import pytest
from PyQt6.QtCore import qWarning
from PyQt6.QtWidgets import QMainWindow

kept = []
kept_windows = []


@pytest.fixture(scope="module", autouse=True)
def tidy():
    yield
    for child in kept:
        child.kill()
        child.wait()


def test_clean(qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    window.show()
    thread = threading.Thread(target=print)
    thread.start()
    subprocess.run([sys.executable, "-c", ""])


def test_python_warning():
    warnings.warn("an old way", DeprecationWarning)


def test_qt_warning(qapp):
    qWarning("something is wrong")


def test_thread():
    threading.Thread(target=threading.Event().wait, name="forgotten thread", daemon=True).start()


def test_child():
    kept.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]))


def test_window(qapp):
    window = QMainWindow()
    window.setWindowTitle("forgotten window")
    window.show()
    kept_windows.append(window)
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> str:
    """What pytest says of the culprits under this project's own configuration."""
    folder = tmp_path_factory.mktemp("culprits")
    shutil.copy(CHECKOUT / "pyproject.toml", folder)
    shutil.copy(CHECKOUT / "tests" / "conftest.py", folder)
    (folder / "test_culprits.py").write_text(CULPRITS)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", "test_culprits.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False).stdout


@pytest.mark.parametrize(
    ("culprit", "reason"),
    [
        ("FAILED test_culprits.py::test_python_warning", "DeprecationWarning: an old way"),
        ("FAILED test_culprits.py::test_qt_warning", "QtWarningMsg: something is wrong"),
        ("ERROR test_culprits.py::test_thread", "the test leaves the thread 'forgotten thread'"),
        pytest.param(
            "ERROR test_culprits.py::test_child",
            "the test leaves the child process",
            marks=pytest.mark.skipif(not Path("/proc").is_dir(), reason="children are found by /proc"),
        ),
        ("ERROR test_culprits.py::test_window", "the test leaves the window QMainWindow 'forgotten window'"),
    ],
)
def test_culprit_is_found_and_named(report, culprit, reason):
    assert culprit in report
    assert reason in report


def test_what_a_test_clears_away_is_no_fault(report):
    assert "PASSED test_culprits.py::test_clean" in report
    assert "ERROR test_culprits.py::test_clean" not in report
