"""Garbage that belongs to Qt is collected on the window's thread, whatever other threads do."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest
from PyQt6.QtCore import QObject

from atm_viewer.views.base.garbage import GarbageCollector


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
    collector = GarbageCollector()
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
