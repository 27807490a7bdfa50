"""Work on files: results come on the window's thread, what takes a while is a job, and nothing is waited for."""

from __future__ import annotations

import threading
import time

import pytest

from atm_viewer.engine.errors import InputError
from atm_viewer.session.file_work import answer_soon


@pytest.fixture
def disk():
    """A disk that does not answer until it is set."""
    event = threading.Event()
    yield event
    event.set()


def test_a_result_comes_on_the_windows_thread_and_nothing_is_shown(session, qtbot):
    took, threads = [], []

    def work() -> int:
        threads.append(threading.current_thread())
        return 7

    session.file_work.run("Reading", work, lambda result: took.append((result, threading.current_thread())))
    assert took == []
    assert not session.complete
    qtbot.waitUntil(lambda: took != [])
    assert took == [(7, threading.main_thread())]
    assert threads[0] is not threading.main_thread()
    assert session.complete
    assert session.messages.all == []


def test_a_failure_is_told(session, qtbot):
    otherwise = []

    def work() -> None:
        raise InputError("No such recipe.")

    session.file_work.run("Reading", work, lambda _: pytest.fail("there is no result"), lambda: otherwise.append(True))
    qtbot.waitUntil(lambda: otherwise != [])
    assert [(m.level, m.text) for m in session.messages.all] == [("error", "No such recipe.")]


def test_a_bug_is_raised_where_it_is_seen(session, qtbot):
    with qtbot.captureExceptions() as raised:
        session.file_work.run("Reading", lambda: 1 / 0, lambda _: None)
        qtbot.waitUntil(lambda: not session.file_work.busy and raised != [])
    assert raised[0][0] is ZeroDivisionError


def test_what_takes_a_while_is_a_job_and_its_result_is_dropped_when_it_is_cancelled(session, qtbot, disk):
    took, otherwise = [], []
    session.file_work.run("Reading far.toml", disk.wait, took.append, lambda: otherwise.append(True))
    assert session.jobs.all == ()
    qtbot.waitUntil(lambda: [job.name for job in session.jobs.all] == ["Reading far.toml"])
    session.jobs.cancel(session.jobs.all[0].number)
    assert session.jobs.all == ()
    assert otherwise == [True]
    assert session.messages.all[-1].text == "Cancelled: Reading far.toml."
    disk.set()
    qtbot.wait(100)
    assert took == []
    assert otherwise == [True]


def test_what_is_dropped_is_not_told(session, qtbot, disk):
    task = session.file_work.run("Reading", disk.wait, lambda _: pytest.fail("dropped"))
    session.file_work.drop(task)
    disk.set()
    qtbot.wait(50)
    assert session.messages.all == []


def test_two_writers_of_one_place_do_not_meet_and_others_do_not_wait(session, qtbot, disk):
    order = []

    def write(name: str, wait: bool):
        def work() -> None:
            if wait:
                disk.wait()
            order.append(name)

        return work

    run = session.file_work.run
    run("Saving a", write("first", True), lambda _: None, place="/a")
    run("Saving a", write("second", False), lambda _: None, place="/a")
    run("Saving b", write("other", False), lambda _: None, place="/b")
    assert session.file_work.writing == "Saving a"
    qtbot.waitUntil(lambda: order == ["other"])
    disk.set()
    qtbot.waitUntil(lambda: order == ["other", "first", "second"])
    qtbot.waitUntil(lambda: session.file_work.writing == "")


def test_what_was_cancelled_before_its_turn_is_not_written(session, qtbot, disk):
    wrote = []
    session.file_work.run("Saving a", disk.wait, lambda _: None, place="/a")
    session.file_work.run("Saving a", lambda: wrote.append(True), lambda _: None, place="/a")
    qtbot.waitUntil(lambda: len(session.jobs.all) == 2)
    session.jobs.cancel_all()
    disk.set()
    qtbot.wait(100)
    assert wrote == []


def test_closing_forgets_what_is_under_way(session, qtbot, disk):
    session.file_work.run("Reading", disk.wait, lambda _: pytest.fail("closed"), lambda: pytest.fail("closed"))
    session.close()
    disk.set()
    qtbot.wait(50)


def test_quick_questions_have_a_default(disk):
    assert answer_soon(lambda: 7, 0) == 7
    begun = time.monotonic()
    assert answer_soon(disk.wait, default=False, seconds=0.05) is False
    assert time.monotonic() - begun < 1.0

    def fail() -> int:
        raise OSError

    assert answer_soon(fail, 3) == 3
