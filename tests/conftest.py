"""What every test runs in: no network, no display, folders of its own, and nothing left behind.

A test fails on a Python warning and on a Qt warning (both configured in pyproject.toml), and when it leaves a thread, a
child process or a window.
"""

from __future__ import annotations

import gc
import itertools
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

import platformdirs
import pytest

# Before anything imports Qt or jwst. What the caller has set wins, so that a test can be watched on a display.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("STPIPE_DISABLE_CRDS_STEPPARS", "true")
os.environ.setdefault("CRDS_SERVER_URL", "https://jwst-serverless-mode.stsci.edu")
os.environ.setdefault("CRDS_PATH", str(Path(tempfile.gettempdir()) / "atm-viewer-no-crds"))
# Flight-geometry exposures and the pipeline's answers take minutes to make: they stay in the user's own cache.
os.environ.setdefault("ATM_VIEWER_TEST_CACHE", str(platformdirs.user_cache_path("atm-viewer-tests")))

GRACE = 1.0  # seconds in which what a test has told to stop may stop
# Threads that allocate must not delete widgets, as in the application (`atm_viewer.views.base.garbage`).
gc.disable()
FULL_COLLECTION = 20  # tests

_tests_run = itertools.count(1)


@pytest.fixture(autouse=True)
def garbage_collected():
    """Look for garbage after a test, on the main thread."""
    yield
    gc.collect(2 if next(_tests_run) % FULL_COLLECTION == 0 else 1)


@pytest.fixture(scope="session", autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory):
    """Keep the application away from the user's cache, settings and data.

    ``ATM_VIEWER_TEST_APP_CACHE`` names a cache folder that is kept between runs (demo exposures, coordinates).
    """
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for kind in ("CACHE", "CONFIG", "DATA", "STATE"):
            (home / kind.lower()).mkdir()
            patch.setenv(f"XDG_{kind}_HOME", str(home / kind.lower()))
        if kept := os.environ.get("ATM_VIEWER_TEST_APP_CACHE"):
            patch.setenv("XDG_CACHE_HOME", kept)
        yield home


@pytest.fixture(autouse=True)
def qt_warnings_heard():
    """Let Qt warn again after a test that ran a command without a display, which silences Qt for its process."""
    yield
    if core := sys.modules.get("PyQt6.QtCore"):
        core.QLoggingCategory.setFilterRules("")


@pytest.fixture(autouse=True)
def nothing_left():
    """Fail a test that leaves a thread, a child process or a window, and name it."""
    before = set(_threads()), set(_children()), set(_windows())
    yield
    deadline = time.monotonic() + GRACE
    while left := _left(*before):
        if time.monotonic() > deadline:
            pytest.fail("the test leaves " + "; ".join(left), pytrace=False)
        time.sleep(0.02)
        # Windows that only a reference cycle keeps alive are not left: Python just has not looked yet.
        gc.collect()


def _left(threads: set, children: set, windows: set) -> list[str]:
    """Sentences on what is there now and was not before."""
    return [
        *(f"the thread {thread.name!r}" for thread in _threads() if thread not in threads),
        *(f"the child process {pid} ({line})" for pid, line in _children().items() if pid not in children),
        *(f"the window {name}" for window, name in _windows().items() if window not in windows),
    ]


def _threads() -> list[threading.Thread]:
    return threading.enumerate()


def _children() -> dict[int, str]:
    """Command lines of the processes whose parent is this one, by process number; none where there is no /proc."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # The name, in parentheses, may hold anything; state and parent follow it.
            _, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            line = (folder / "cmdline").read_text().replace("\0", " ").strip()
        except (FileNotFoundError, ProcessLookupError):
            continue
        # multiprocessing's resource tracker is one per process and ends with it.
        if int(parent) == os.getpid() and "multiprocessing.resource_tracker" not in line:
            found[int(folder.name)] = line or "ended, but nobody waited for it"
    return found


def _windows() -> dict[int, str]:
    """Descriptions of top-level windows by their address; none as long as no test has made an application."""
    widgets = sys.modules.get("PyQt6.QtWidgets")
    application = widgets and widgets.QApplication.instance()
    if not application:
        return {}
    core = sys.modules["PyQt6.QtCore"]
    application.sendPostedEvents(None, core.QEvent.Type.DeferredDelete.value)
    sip = sys.modules["PyQt6.sip"]
    return {
        sip.unwrapinstance(w): f"{type(w).__name__} {w.windowTitle() or w.objectName()!r}"
        for w in widgets.QApplication.topLevelWidgets()
    }
