"""Garbage that belongs to Qt is collected on the window's thread, whatever other threads do."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import weakref

import pytest
from PyQt6.QtCore import QObject, pyqtSignal

from atm_viewer.views.base.garbage import GarbageCollector


class Works(QObject):
    """Does something now and then."""

    worked = pyqtSignal()


class Owned(QObject):
    """An object that only a cycle keeps alive."""

    def __init__(self):
        super().__init__()
        self.itself = self


@pytest.fixture
def enabled():
    was = gc.isenabled()
    gc.enable()
    yield
    if not was:
        gc.disable()


def allocate() -> list:
    """Make so much that Python would look for garbage, in all generations."""
    return [[] for _ in range(200_000)]


def test_a_thread_that_allocates_deletes_nothing_of_qt(qtbot, enabled):
    works = Works()
    collector = GarbageCollector(works.worked)
    deleted_on = []
    weakref.finalize(Owned(), lambda: deleted_on.append(threading.current_thread()))
    thread = threading.Thread(target=allocate)
    thread.start()
    thread.join()
    assert deleted_on == []
    made = allocate()
    qtbot.waitUntil(lambda: deleted_on == [threading.main_thread()])
    assert made
    collector.stop()
    assert gc.isenabled()


def test_without_it_the_thread_would_delete(qtbot, enabled):
    gc.collect()
    deleted_on = []
    # A plain object: Qt's would be deleted where it must not be.
    owned = threading.Event()
    owned.itself = owned
    weakref.finalize(owned, lambda: deleted_on.append(threading.current_thread()))
    del owned
    thread = threading.Thread(target=allocate)
    thread.start()
    thread.join()
    assert deleted_on == [thread]


#: Large arrays come and go among small ones that stay, as images do; prints the memory before, then, and after a pause.
PAUSE = """
import os
from pathlib import Path
import numpy as np
from PyQt6.QtCore import QCoreApplication, QObject, QTimer, pyqtSignal
from atm_viewer.views.base import garbage

class Works(QObject):
    worked = pyqtSignal()

def megabytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

garbage.PAUSE = 100
application, works = QCoreApplication([]), Works()
collector = garbage.GarbageCollector(works.worked)
np.ones(30 << 20, np.uint8)  # the C library keeps what is smaller than anything that was freed so far
large, small = zip(*((np.ones(1 << 20, np.uint8), np.ones(1 << 16, np.uint8)) for _ in range(100)), strict=True)
full = megabytes()
del large
kept = megabytes()
works.worked.emit()
QTimer.singleShot(1000, application.quit)
application.exec()
print(full, kept, megabytes())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell the memory of a process in this way")
def test_memory_is_given_back_when_the_user_pauses():
    done = subprocess.run([sys.executable, "-c", PAUSE], capture_output=True, text=True, check=True)
    full, kept, left = map(float, done.stdout.split())
    assert kept > full - 20  # without a pause
    assert left < full - 80
