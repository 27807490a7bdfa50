"""The protocol with real processes: outcomes, cancelling, superseding, crashes, closing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.private_cache import ALL, FITS, kernel_cache, make_private, note_complete
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.threads import processors
from atm_viewer.engine.whole_file import LOCKS, is_alive
from atm_viewer.jobs.messages import Outcome, Progress, Status
from atm_viewer.jobs.requests.demo import MakeDemo
from atm_viewer.jobs.requests.exposures import ClearCache, CloseExposures, OpenExposures
from atm_viewer.jobs.requests.previews import Correct, MakeSkyImage, MakeSpectra, ShowProfile
from atm_viewer.jobs.requests.products import WriteCubes, WriteExposures
from atm_viewer.jobs.serve import REST, WorkerBackends
from atm_viewer.jobs.workers import Workers

#: Seconds in which a new worker answers: one on an idle machine, more when tests run side by side.
NEW_WORKER = 20.0
CHECKOUT = Path(__file__).resolve().parents[2]
PLACE = Extraction(("a",), Recipe(), "ch1-short", 1.0, 2.0, 0.5)
BACKENDS = WorkerBackends(
    bench="tests.jobs.fake_bench:FakeBench",
    products="tests.jobs.fake_bench",
    warm_up="",
    warm_up_beside="",
    demo="tests.jobs.fake_bench:make_demo",
)


class Listener:
    """Collects what the workers tell."""

    def __init__(self):
        self.outcomes: dict[int, Outcome] = {}
        self.progress: list[Progress] = []
        self.threads: set[str] = set()
        self._changed = threading.Condition()

    def __call__(self, news):
        with self._changed:
            self.threads.add(threading.current_thread().name)
            if isinstance(news, Outcome):
                assert news.job not in self.outcomes, "a job ended twice"
                self.outcomes[news.job] = news
            else:
                assert news.job not in self.outcomes, "progress after the end"
                self.progress.append(news)
            self._changed.notify_all()

    def wait(self, job: int, timeout: float = 10.0) -> Outcome:
        with self._changed:
            assert self._changed.wait_for(lambda: job in self.outcomes, timeout), f"no outcome within {timeout} s"
            return self.outcomes[job]

    def wait_for_progress(self, job: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: any(p.job == job for p in self.progress), 10.0)


@pytest.fixture
def told():
    return Listener()


@pytest.fixture
def workers(told):
    made = Workers(told, BACKENDS)
    yield made
    made.close()


@pytest.fixture
def ask(workers, told):
    return lambda request: told.wait(workers.submit(request))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Caches of a program that was never started."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    return tmp_path


def soon(what, seconds: float = NEW_WORKER) -> bool:
    until = time.monotonic() + seconds
    while not what() and time.monotonic() < until:
        time.sleep(0.02)
    return bool(what())


HELPED = replace(BACKENDS, warm_up_beside="tests.jobs.fake_bench:warm_up_beside")
needs_two = pytest.mark.skipif(
    processors() < 2 or not LOCKS, reason="a second process needs a second processor, and locks"
)


#: A window's processes are made anew, a command's first one is a fork where there are no other threads.
window_or_command = pytest.mark.parametrize("warm", [True, False])


@needs_two
@window_or_command
@pytest.mark.parametrize("closed", [True, False])
def test_a_second_process_compiles_at_the_first_start_and_ends(closed, warm, cache, told):
    (cache / "go on").touch()
    workers = Workers(told, HELPED, warm=warm)
    try:
        assert soon(lambda: (cache / "helper").exists() and (cache / "helper").read_text())
        helper = int((cache / "helper").read_text())
        assert told.wait(workers.submit(correct("quick"))).status is Status.DONE
        assert is_alive(helper)
        if not closed:
            (cache / "go on").unlink()
            assert soon(lambda: not is_alive(helper))
            assert told.wait(workers.submit(correct("quick"))).status is Status.DONE
    finally:
        workers.close()
    assert not is_alive(helper)


@needs_two
@window_or_command
def test_beside_a_command_the_second_process_compiles_the_rest_as_well(warm, cache, told):
    """A window's worker compiles the rest itself, while nothing is asked."""
    backends = replace(HELPED, warm_up="tests.jobs.fake_bench:warm_up")
    workers = Workers(told, backends, warm=warm)
    try:
        assert soon(lambda: (cache / "warm").exists() and (cache / "warm").read_text())
        assert soon(lambda: (cache / "helper").exists() and (cache / "helper").read_text())
        assert ((cache / "warm").read_text() == (cache / "helper").read_text()) is not warm
    finally:
        workers.close()


@pytest.mark.parametrize(("warm", "part"), [(True, ALL), (False, ALL), (True, FITS)])
def test_with_its_part_compiled_there_is_no_second_process(warm, part, cache, told):
    make_private(kernel_cache())
    note_complete(part)
    workers = Workers(told, HELPED, warm=warm)
    assert told.wait(workers.submit(correct("quick"))).status is Status.DONE
    assert len(workers._processes) == 1
    workers.close()
    assert not (cache / "helper").exists()


def correct(key: str, oversample: int = 3) -> Correct:
    return Correct(key, Recipe(oversample=oversample))


def test_results_come_back(workers, ask, told, tmp_path):
    done = ask(correct("quick", 4))
    assert (done.status, done.result) == (Status.DONE, "corrected with 4")
    assert done.request == correct("quick", 4)
    opened = ask(OpenExposures(("a", "bad b", "c")))
    assert [e.key for e in opened.result.exposures] == ["a", "c"]
    assert opened.result.problems == ("bad b is bad.",)
    assert opened.sentence == "2 exposures opened."
    assert ask(ShowProfile("a", Recipe(), 101, 7)).result == ("a", 101, 7)
    assert ask(MakeSpectra(PLACE)).result == PLACE
    cubes = ask(WriteCubes(("a",), Recipe(), str(tmp_path), "star", "after", "2"))
    assert cubes.result.paths == (str(tmp_path / "star-after-2_s3d.fits"),)
    assert told.threads == {"atm-viewer-notify"}


def test_memory_is_given_back_for_what_corrects_exposures(workers, told, ask, tmp_path):
    assert ask(correct("given back")).result == 0
    ask(MakeDemo("miri", str(tmp_path)))
    assert ask(correct("given back")).result == 0
    for k, request in enumerate((WriteCubes, WriteExposures)):
        extra = ("star",) if request is WriteCubes else ()
        writing = workers.submit(request(("a",), Recipe(), str(tmp_path), *extra))
        assert ask(correct("given back")).result == k + 1
        assert told.wait(writing).status is Status.DONE


def test_arrays_come_back_as_they_were_sent(ask):
    square = np.arange(1_000_000.0).reshape(1000, 1000)
    sent = [square, square.T, square[::2, ::3], np.zeros((0, 3)), np.array(7.0), square > 5]
    for array, original in zip(ask(correct("arrays")).result, sent, strict=True):
        np.testing.assert_array_equal(array, original)
        assert array.dtype == original.dtype
        assert array.flags.writeable


def test_previews_go_on_while_products_are_written(workers, told, ask, tmp_path):
    writing = workers.submit(WriteExposures(("work",), Recipe(), str(tmp_path)))
    told.wait_for_progress(writing)
    assert ask(correct("quick")).status is Status.DONE
    workers.cancel(writing)


@pytest.mark.parametrize(
    ("key", "part"),
    [
        ("input", "That file is no good; take another."),
        ("bug", "ZeroDivisionError: a bug"),
        ("memory", "not enough memory"),
        ("full", "The disk is full"),
        ("exit", "SystemExit"),
        ("unpicklable", "local object"),
    ],
)
def test_failures_are_sentences(ask, key, part):
    failed = ask(correct(key))
    assert failed.status is Status.FAILED
    assert part in failed.sentence
    assert failed.sentence.endswith(".")
    assert "\n" not in failed.sentence
    assert ("Traceback" in failed.detail) == (key != "input")
    assert ask(correct("quick")).status is Status.DONE


@pytest.mark.parametrize("key", ["work", "deaf"])
def test_cancelling_takes_less_than_a_second(workers, told, key):
    job = workers.submit(correct(key))
    time.sleep(0.5)
    begun = time.monotonic()
    workers.cancel(job)
    assert told.wait(job, 1.0).status is Status.CANCELLED
    assert time.monotonic() - begun < 1.0
    workers.cancel(job)
    workers.cancel(12345)


def test_a_cancelled_job_stops_working(workers, told, ask):
    job = workers.submit(correct("work"))
    told.wait_for_progress(job)
    workers.cancel(job)
    begun = time.monotonic()
    assert ask(correct("quick")).status is Status.DONE
    assert time.monotonic() - begun < 1.0


@pytest.mark.parametrize("path", ["work", "deaf"])
def test_cancelling_a_product_leaves_nothing(workers, told, tmp_path, path):
    """Also where the process holds Python's lock, as jwst's compiled drizzle does."""
    job = workers.submit(WriteExposures((path,), Recipe(), str(tmp_path)))
    told.wait_for_progress(job)
    assert list(tmp_path.iterdir())
    begun = time.monotonic()
    workers.cancel(job)
    assert told.wait(job, 1.0).status is Status.CANCELLED
    assert time.monotonic() - begun < 1.0
    assert list(tmp_path.iterdir()) == []


def test_a_newer_request_takes_the_place_of_older_ones(workers, told):
    running = workers.submit(correct("work", 2))
    told.wait_for_progress(running)
    other = workers.submit(correct("quick"))
    first = workers.submit(MakeSkyImage(("a",), "work"))
    second = workers.submit(MakeSkyImage(("b",), "quick2"))
    again = workers.submit(correct("work", 3))
    assert told.wait(running).status is Status.CANCELLED
    assert told.wait(first).status is Status.CANCELLED
    assert told.wait(other).status is Status.DONE
    assert told.wait(second).status is Status.FAILED
    assert again not in told.outcomes
    workers.cancel(again)


def test_exposures_are_told_as_soon_as_they_are_open(workers, told):
    job = workers.submit(OpenExposures(("a", "bad b", "short c")))
    told.wait_for_progress(job)
    with told._changed:
        assert told._changed.wait_for(lambda: any(p.result for p in told.progress), 2.0)
        assert job not in told.outcomes
    done = told.wait(job)
    assert [[e.key for e in p.result.exposures] for p in told.progress if p.result] == [["a"], ["short c"]]
    assert [e.key for e in done.result.exposures] == ["a", "short c"]
    assert done.result.problems == ("bad b is bad.",)


def test_what_is_looked_at_first_is_answered_first(workers, told):
    """Profile, spectra, report, files: whatever came first, and in the middle of what is under way."""
    slow = [workers.submit(OpenExposures(("slow a",))), workers.submit(correct("work"))]
    told.wait_for_progress(slow[1])
    spectra = workers.submit(MakeSpectra(PLACE))
    profile = workers.submit(ShowProfile("a", Recipe(), 101, 7))
    assert told.wait(profile, 2.0).status is Status.DONE
    assert told.wait(spectra, 2.0).status is Status.DONE
    assert not set(slow) & set(told.outcomes)
    workers.cancel(slow[1])
    assert told.wait(slow[0]).status is Status.DONE


def test_spectra_of_several_slots_do_not_disturb_each_other(workers, told):
    """Each slot has its own latest question, and those that are only compared with wait for the report."""

    def spectra(slot: str, radius: float, urgent: bool = False) -> int:
        return workers.submit(MakeSpectra(replace(PLACE, radius=radius), slot, urgent))

    slow = workers.submit(correct("work"))
    told.wait_for_progress(slow)
    old, other, new = spectra("B1", 0.5), spectra("C1", 0.6), spectra("B1", 0.7)
    assert told.wait(spectra("A1", 0.8, urgent=True), 2.0).status is Status.DONE
    assert told.wait(old).status is Status.CANCELLED
    assert not {slow, other, new} & set(told.outcomes)
    workers.cancel(slow)
    assert [told.wait(job).result.radius for job in (other, new)] == [0.6, 0.7]


def test_urgent_spectra_bring_those_of_the_spaxel_on_the_way(workers, told):
    jobs = [workers.submit(MakeSpectra(PLACE, slot, urgent)) for slot, urgent in (("A1", True), ("B1", False))]
    for job in jobs:
        assert told.wait(job).status is Status.DONE
    brought = [[p.result for p in told.progress if p.job == job and p.result is not None] for job in jobs]
    assert brought == [[("first", PLACE.radius)], []]


def test_a_worker_gets_ahead_while_nothing_is_asked(ask):
    assert ask(correct("quick")).status is Status.DONE
    known = ask(correct("ahead")).result
    assert ask(correct("ahead")).result == known  # there was no time between
    time.sleep(2 * REST)
    assert ask(correct("ahead")).result == known + 1


def test_kept_coordinates_are_deleted(told, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # for the worker that is about to start
    kept = tmp_path / "atm-viewer" / "coordinates" / "k" / "part.arrays"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(bytes(3_000_000))
    workers = Workers(told, BACKENDS)
    done = told.wait(workers.submit(ClearCache()))
    workers.close()
    assert (done.status, done.sentence) == (Status.DONE, "Cleared the coordinate cache (3 MB).")
    assert not kept.exists()


def test_opening_is_never_superseded(workers, told):
    jobs = [workers.submit(OpenExposures((name,))) for name in "abc"]
    assert [told.wait(job).status for job in jobs] == [Status.DONE] * 3


@pytest.mark.parametrize(("key", "part"), [("kill", "memory"), ("segfault", "SIGSEGV")])
def test_a_crash_is_an_outcome_and_the_next_request_finds_everything_open(workers, told, ask, key, part):
    ask(OpenExposures(("a", "b", "c")))
    ask(CloseExposures(("b",)))
    first = ask(correct("where")).result
    crashing, queued = workers.submit(correct(key)), workers.submit(correct("quick"))
    for job in (crashing, queued):
        crashed = told.wait(job)
        assert crashed.status is Status.CRASHED
        assert part in crashed.sentence
    if key == "segfault":
        assert "Segmentation fault" in told.outcomes[crashing].detail
    assert ask(correct("open")).result == ("a", "c")
    assert ask(correct("where")).result != first


def test_a_process_that_dies_idle_is_replaced(workers, told, ask):
    pid = ask(correct("where")).result
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 5.0
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert ask(correct("where")).result != pid


# Workers that do not listen


@contextmanager
def stopped(pid: int):
    """A process that is stopped, as by a debugger, for a while."""
    os.kill(pid, signal.SIGSTOP)
    yield
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


def test_a_stopped_worker_is_replaced_when_something_is_cancelled(workers, told, ask):
    ask(OpenExposures(("a", "b")))
    pid = ask(correct("where")).result
    with stopped(pid):
        cancelled, kept = workers.submit(correct("quick")), workers.submit(ShowProfile("a", Recipe(), 101, 7))
        begun = time.monotonic()
        workers.cancel(cancelled)
        assert told.wait(cancelled, 1.0).status is Status.CANCELLED
        assert told.wait(kept, NEW_WORKER).result == ("a", 101, 7)  # by another process, which takes a second to start
        assert ask(correct("open")).result == ("a", "b")
        assert ask(correct("where")).result != pid
        assert time.monotonic() - begun < NEW_WORKER
    assert not _runs(pid)


def test_a_stopped_worker_is_replaced_in_the_end_without_being_asked(told, ask, workers, monkeypatch):
    monkeypatch.setattr("atm_viewer.jobs.workers.SILENCE", 1.0)
    pid = ask(correct("where")).result
    with stopped(pid):
        assert told.wait(workers.submit(correct("where")), 10.0).result != pid


def test_a_worker_that_is_stopped_again_and_again_ends_the_job(told, workers, monkeypatch, ask):
    monkeypatch.setattr("atm_viewer.jobs.workers.SILENCE", 1.0)
    # The second worker may be stopped before its first sign of life.
    monkeypatch.setattr("atm_viewer.jobs.workers.STARTING", 8.0)
    ask(correct("quick"))
    job = workers.submit(correct("stop"))
    ended = told.wait(job, 30.0)
    assert ended.status is Status.CRASHED
    assert "gave no sign of life twice" in ended.sentence
    assert ask(correct("quick")).status is Status.DONE


def test_a_worker_that_answers_slowly_is_left_alone(told, workers, monkeypatch, ask):
    monkeypatch.setattr("atm_viewer.jobs.workers.SILENCE", 1.0)
    pid = ask(correct("where")).result
    assert told.wait(workers.submit(correct("deaf"))).status is Status.FAILED  # five seconds without progress
    assert ask(correct("where")).result == pid


def test_newer_parameters_never_cost_the_worker(told, workers, ask):
    pid = ask(correct("where")).result
    first = workers.submit(MakeSkyImage(("a",), "deaf"))
    time.sleep(0.3)
    second = workers.submit(MakeSkyImage(("a",), "where"))
    assert told.wait(first).status is Status.CANCELLED
    assert told.wait(second).result == pid


def test_cancelling_works_when_what_hangs_was_replaced_by_newer_parameters(told, workers, ask):
    pid = ask(correct("where")).result
    workers.submit(MakeSkyImage(("a",), "hang"))
    time.sleep(0.3)
    second = workers.submit(MakeSkyImage(("a",), "where"))
    workers.cancel(second)
    assert told.wait(second, 1.0).status is Status.CANCELLED
    assert told.wait(workers.submit(correct("where")), NEW_WORKER).result != pid


def test_an_opening_that_hangs_is_cancelled_and_the_rest_stays_open(told, workers, ask, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    ask(OpenExposures(("a",)))
    job = workers.submit(OpenExposures(("b", f"stuck {pipe}")))
    with told._changed:
        assert told._changed.wait_for(lambda: any(p.job == job and p.result for p in told.progress), 5.0)
    profile = workers.submit(ShowProfile("a", Recipe(), 101, 7))
    workers.cancel(job)
    assert told.wait(job, 1.0).status is Status.CANCELLED
    assert told.wait(profile, NEW_WORKER).status is Status.DONE
    assert ask(correct("open")).result == ("a", "b")


def test_an_opening_that_takes_too_long_is_given_up_and_the_rest_stays_open(told, workers, ask, tmp_path, monkeypatch):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    monkeypatch.setattr("atm_viewer.jobs.workers.OPENING", 0.5)
    slow = workers.submit(OpenExposures(("a", "short c")))  # it tells every moment that it goes on
    failed = ask(OpenExposures(("b", f"stuck {pipe}")))
    assert failed.status is Status.FAILED
    assert failed.sentence.startswith("pipe did not open within ")
    assert told.outcomes[slow].status is Status.DONE
    assert ask(correct("open")).result == ("a", "short c", "b")


def test_a_file_that_takes_too_long_to_open_again_stays_closed_and_the_rest_is_open(
    told, workers, ask, tmp_path, monkeypatch
):
    pipe = tmp_path / "pipe"
    pipe.write_text("")
    ask(OpenExposures(("a", f"stuck {pipe}", "c")))
    pipe.unlink()
    os.mkfifo(pipe)
    monkeypatch.setattr("atm_viewer.jobs.workers.OPENING", 0.5)
    assert ask(correct("kill")).status is Status.CRASHED
    assert told.wait(workers.submit(correct("open")), 2 * NEW_WORKER).result == ("a", "c")


@pytest.mark.parametrize("ends", [True, False], ids=["it ends", "the system does not let it end"])
def test_a_product_whose_input_takes_too_long_to_open_is_given_up(told, ask, tmp_path, monkeypatch, ends):
    monkeypatch.setattr("atm_viewer.jobs.workers.OPENING", 0.5)
    if not ends:
        monkeypatch.setattr("atm_viewer.jobs.workers._Process.kill", lambda self: None)
    failed = ask(WriteExposures(("opening",), Recipe(), str(tmp_path)))
    assert (failed.status, failed.sentence[:16]) == (Status.FAILED, "opening did not ")
    assert ends == (list(tmp_path.iterdir()) == [])


def test_an_opening_goes_on_in_another_process_and_tells_nothing_twice(told, workers, ask):
    pid = ask(correct("where")).result
    job = workers.submit(OpenExposures(("a", "slow b")))
    with told._changed:
        assert told._changed.wait_for(lambda: any(p.job == job and p.result for p in told.progress), 5.0)
    with stopped(pid):
        other = workers.submit(ShowProfile("a", Recipe(), 101, 7))
        workers.cancel(other)
        done = told.wait(job, 15.0)
    assert [e.key for e in done.result.exposures] == ["a", "slow b"]
    assert [e.key for p in told.progress if p.result for e in p.result.exposures] == ["a", "slow b"]


def test_what_is_opened_twice_and_closed_stays_closed(told, workers, ask):
    """The second opening was asked for before the closing, and the process comes to it before that."""
    first = workers.submit(OpenExposures(("a", "slow b")))
    with told._changed:
        assert told._changed.wait_for(lambda: any(p.job == first and p.result for p in told.progress), NEW_WORKER)
    second = workers.submit(OpenExposures(("a",)))
    told.wait(workers.submit(CloseExposures(("a",))))
    assert [e.key for e in told.outcomes[first].result.exposures] == ["a", "slow b"]
    assert told.outcomes[second].result.exposures == ()
    assert ask(correct("open")).result == ("slow b",)


def test_closing_what_cannot_be_opened_again(told, workers, ask, tmp_path):
    """The other exposures are there again, though the new process hangs in one of them."""
    pipe = tmp_path / "pipe"
    pipe.write_text("")
    ask(OpenExposures(("a", f"stuck {pipe}")))
    pipe.unlink()
    os.mkfifo(pipe)
    assert ask(correct("kill")).status is Status.CRASHED
    waiting = workers.submit(correct("open"))
    time.sleep(2.0)
    assert waiting not in told.outcomes
    workers.submit(CloseExposures((f"stuck {pipe}",)))
    assert told.wait(waiting, NEW_WORKER).result == ("a",)


def test_sending_to_a_worker_that_does_not_read_takes_no_time(told, workers, ask):
    pid = ask(correct("where")).result
    with stopped(pid):
        begun = time.monotonic()
        jobs = [workers.submit(OpenExposures((f"{number:01000}",))) for number in range(500)]
        assert time.monotonic() - begun < 1.0  # half a megabyte, more than a pipe takes
        for job in jobs:
            workers.cancel(job)
        assert time.monotonic() - begun < 2.0
        assert told.wait(workers.submit(correct("where")), NEW_WORKER).result != pid


def test_closing_with_stopped_workers(told, tmp_path):
    workers = Workers(told, BACKENDS)
    pid = told.wait(workers.submit(correct("where"))).result
    writing = workers.submit(WriteExposures(("work",), Recipe(), str(tmp_path)))
    told.wait_for_progress(writing)
    with stopped(pid):
        waiting = workers.submit(correct("quick"))
        begun = time.monotonic()
        workers.close()
        assert time.monotonic() - begun < 2.0
    assert told.outcomes[waiting].status is Status.CANCELLED
    assert not _runs(pid)


def test_a_program_that_is_suspended_as_a_whole_goes_on_with_its_worker(tmp_path):
    """Ctrl-Z and fg, or a laptop's lid: nothing was heard for a while, but nobody has listened either."""
    code = (
        "import queue, time\n"
        "import atm_viewer.jobs.workers as module\n"
        "from tests.jobs.test_workers import BACKENDS, correct\n"
        "if __name__ == '__main__':\n"
        "    module.SILENCE = 1.0\n"
        "    news = queue.Queue()\n"
        "    workers = module.Workers(news.put, BACKENDS)\n"
        "    workers.submit(correct('where'))\n"
        "    print(news.get(timeout=20).result, flush=True)\n"
        "    workers.submit(correct('deaf'))\n"
        "    print(news.get(timeout=20).status, flush=True)\n"
        "    workers.submit(correct('where'))\n"
        "    print(news.get(timeout=20).result, flush=True)\n"
        "    workers.close()\n"
    )
    (tmp_path / "main.py").write_text(code)
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    with subprocess.Popen(
        [sys.executable, tmp_path / "main.py"], stdout=subprocess.PIPE, text=True, env=environment
    ) as window:
        pid = window.stdout.readline()
        time.sleep(0.3)
        with stopped(int(pid)):
            time.sleep(0.5)  # by now it owes an answer
            with stopped(window.pid):
                time.sleep(3.0)
        rest = window.stdout.read()
    assert rest == f"Status.FAILED\n{pid}"


def test_a_crash_while_writing_leaves_nothing(ask, tmp_path):
    crashed = ask(WriteExposures(("fine", "kill"), Recipe(), str(tmp_path)))
    assert crashed.status is Status.CRASHED
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_with_its_folder(ask, tmp_path):
    failed = ask(WriteExposures(("full",), Recipe(), str(tmp_path)))
    assert failed.status is Status.FAILED
    assert str(tmp_path) in failed.sentence
    assert list(tmp_path.iterdir()) == []


def test_an_opening_nobody_waits_for_is_undone(workers, told, ask):
    job = workers.submit(OpenExposures(("slow a",)))
    told.wait_for_progress(job)
    workers.cancel(job)
    assert ask(correct("open")).result == ()


@window_or_command
def test_the_worker_prints_nothing_and_reads_nothing(warm, tmp_path):
    code = (
        "import queue, sys\n"
        "from tests.jobs.test_workers import BACKENDS, correct\n"
        "from atm_viewer.jobs.workers import Workers\n"
        "if __name__ == '__main__':\n"
        "    news = queue.Queue()\n"
        f"    workers = Workers(news.put, BACKENDS, warm={warm})\n"
        "    for key in ('noise', 'stdin'):\n"
        "        workers.submit(correct(key))\n"
        "        print(repr(news.get(timeout=20).result))\n"
        "    workers.close()\n"
    )
    (tmp_path / "main.py").write_text(code)
    done = subprocess.run(
        [sys.executable, tmp_path / "main.py"],
        input="typed",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )
    assert done.stdout == "'silent'\n''\n"
    assert done.stderr == ""


def test_closing_ends_everything_within_two_seconds(told, tmp_path):
    workers = Workers(told, BACKENDS)
    preview = workers.submit(correct("deaf"))
    writing = [workers.submit(WriteExposures((path,), Recipe(), str(tmp_path / path))) for path in ("work", "deaf")]
    for job in writing:
        told.wait_for_progress(job)
    begun = time.monotonic()
    workers.close()
    assert time.monotonic() - begun < 2.0
    assert {told.outcomes[job].status for job in (preview, *writing)} == {Status.CANCELLED}
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
    workers.close()
    assert told.outcomes.get(workers.submit(correct("quick"))) is None


@window_or_command
def test_a_killed_window_takes_its_workers_along(warm, tmp_path):
    """Nothing goes on working, and nothing half-written stays, when the window's process is killed."""
    code = (
        "import queue, time\n"
        "from tests.jobs.test_workers import BACKENDS, correct\n"
        "from atm_viewer.engine.recipe import Recipe\n"
        "from atm_viewer.jobs.requests.products import WriteExposures\n"
        "from atm_viewer.jobs.workers import Workers\n"
        "if __name__ == '__main__':\n"
        "    news = queue.Queue()\n"
        f"    workers = Workers(news.put, BACKENDS, warm={warm})\n"
        "    workers.submit(correct('where'))\n"
        "    pid = news.get(timeout=20).result\n"
        f"    workers.submit(WriteExposures(('work',), Recipe(), {str(tmp_path / 'out')!r}))\n"
        "    news.get(timeout=20)\n"
        "    print(pid, flush=True)\n"
        "    time.sleep(30)\n"
    )
    (tmp_path / "main.py").write_text(code)
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    with subprocess.Popen(
        [sys.executable, tmp_path / "main.py"], stdout=subprocess.PIPE, text=True, env=environment
    ) as window:
        pid = int(window.stdout.readline())
        part = next((tmp_path / "out").iterdir())
        writer = int(part.name.split("-")[2])
        window.kill()
    deadline = time.monotonic() + 5.0
    while (alive := [p for p in (pid, writer) if _runs(p)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert alive == []
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="processes are made anew elsewhere")
@pytest.mark.parametrize("alone", [True, False])
def test_a_command_forks_its_worker_unless_there_are_other_threads(alone, tmp_path):
    code = (
        "import os, queue, threading\n"
        "from pathlib import Path\n"
        "from tests.jobs.test_workers import BACKENDS, correct\n"
        "from atm_viewer.jobs.workers import Workers\n"
        "def command_line(pid):\n"
        "    return Path(f'/proc/{pid}/cmdline').read_bytes()\n"
        "if __name__ == '__main__':\n"
        "    stop = threading.Event()\n"
        "    other = threading.Thread(target=stop.wait)\n"
        f"    {'' if alone else 'other.start()'}\n"
        "    news = queue.Queue()\n"
        "    workers = Workers(news.put, BACKENDS, warm=False)\n"
        "    workers.submit(correct('where'))\n"
        "    pid = news.get(timeout=20).result\n"
        "    print(pid != os.getpid(), command_line(pid) == command_line(os.getpid()))\n"
        "    workers.close()\n"
        "    stop.set()\n"
    )
    (tmp_path / "main.py").write_text(code)
    run = [sys.executable, tmp_path / "main.py"]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(run, capture_output=True, text=True, timeout=60, check=True, env=environment)
    assert done.stdout == f"True {alone}\n"


def test_a_worker_that_dies_before_it_is_asked_is_replaced(told):
    workers = Workers(told, BACKENDS, warm=False)
    try:
        os.kill(workers._spare.pid, signal.SIGKILL)
        assert soon(lambda: workers._spare is None)
        assert told.wait(workers.submit(correct("quick")), NEW_WORKER).status is Status.DONE
    finally:
        workers.close()


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_demo_is_made_in_a_process_that_ends_with_the_job(workers, ask, told, tmp_path):
    made = ask(MakeDemo("quick", str(tmp_path)))
    assert (made.status, made.result) == (Status.DONE, str(tmp_path / "quick_asn.json"))
    refused = ask(MakeDemo("unheard-of", str(tmp_path)))
    assert (refused.status, refused.sentence) == (Status.FAILED, "There is no demo for 'unheard-of'.")
    slow = workers.submit(MakeDemo("slow", str(tmp_path)))
    told.wait_for_progress(slow)
    workers.cancel(slow)
    assert told.wait(slow).status is Status.CANCELLED
    assert [path.name for path in tmp_path.iterdir()] == [], "what is half made is gone"
