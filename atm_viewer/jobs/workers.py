"""The window's side: manages worker processes and running jobs, and delivers one outcome per job."""

from __future__ import annotations

import itertools
import logging
import multiprocessing
import os
import queue
import re
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import Context
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from atm_viewer.engine.output.staging import remove_partial
from atm_viewer.engine.private_cache import ALL, FITS, is_complete
from atm_viewer.engine.progress import OPENING, opened_in, took_too_long
from atm_viewer.engine.results.exposure_view import ExposureView, FileState, without_pixels
from atm_viewer.engine.threads import processors, use_one_thread_each
from atm_viewer.engine.whole_file import LOCKS, is_alive
from atm_viewer.jobs.messages import Outcome, Progress, Status
from atm_viewer.jobs.pipe import receive, send
from atm_viewer.jobs.requests.base import Request, SeparateRequest
from atm_viewer.jobs.requests.exposures import CloseExposures, GiveBackMemory, Opened, OpenExposures
from atm_viewer.jobs.serve import REOPEN, End, Ping, Pong, Run, Step, Stop, Stopped, WorkerBackends, help_warm, serve

Notify = Callable[[Progress | Outcome[Any]], None]

_LOG_TAIL = 8000

#: Seconds between looks at whether workers listen.
LOOK_EVERY = 0.2
#: Seconds that a worker may take to stop what was cancelled, and that a process which was killed may take to end.
STOPPING = 1.0
#: Seconds without a sign of life after which a worker that has something to do is given up.
SILENCE = 10.0
#: The same before the first sign of life: where programs are on a slow disk, starting takes long.
STARTING = 60.0


class Workers:
    """Runs requests in processes of their own.

    Products are written by a fresh process per job, which cancelling kills; everything else is answered one after
    the other by one process, which holds the open exposures. When that one dies, the next request starts another,
    which opens the exposures again. When it does not stop what the user cancels, or gives no sign of life, it is
    replaced: another one opens the exposures again and is asked what the first one owes. So is one that takes too long
    to open a file, but that job ends, or, where the file was opened again, the file stays closed.

    Parameters
    ----------
    notify : callable
        Takes `Progress` and exactly one `Outcome` for every job; called on a thread of its own, one at a time.
    backends : WorkerBackends
        What answers the requests.
    warm : bool
        For a window: have the first process get all ready that is imported and compiled by the time it is needed, and
        let processes stand back when the window itself has something to do.
    """

    def __init__(self, notify: Notify, backends: WorkerBackends | None = None, warm: bool = True):
        self._notify = notify
        self._backends = backends or WorkerBackends()
        self._warm = warm
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._jobs: dict[int, _Job] = {}
        self._processes: set[_Process] = set()
        self._preview: _Process | None = None
        self._spare: _Process | None = None
        self._open: dict[str, FileState | None] = {}
        self._closed = False
        self._news: queue.SimpleQueue[Progress | Outcome[Any] | None] = queue.SimpleQueue()
        if not warm:
            self._spare = self._start()  # before there are threads, see `_is_alone`
        self._notifier = threading.Thread(target=self._tell, name="atm-viewer-notify", daemon=True)
        self._notifier.start()
        self._ending = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="atm-viewer-watch", daemon=True)
        self._watcher.start()
        with self._lock:
            if warm:
                self._preview_process()
            self._start_helper()

    def submit(self, request: Request[Any]) -> int:
        """Take a request; returns at once.

        A newer request for the same slot takes the place of an older one, whose outcome is CANCELLED.

        Parameters
        ----------
        request : Request
            What is wanted.

        Returns
        -------
        int
            The job's number, by which progress and outcome refer to it.
        """
        with self._lock:
            number = next(self._numbers)
            if self._closed:
                self._news.put(Outcome(number, request, Status.CANCELLED, "Cancelled, because the program is closing."))
                return number
            if isinstance(request, SeparateRequest):
                process = self._start()
                if request.corrects and self._preview is not None:
                    self._preview.send(Run(REOPEN, GiveBackMemory()))
            else:
                for older, job in list(self._jobs.items()):
                    if request.slot is not None and job.request.slot == request.slot:
                        self._drop(older, job, by_user=False)
                if isinstance(request, CloseExposures):
                    for key in request.exposures:
                        self._open.pop(key, None)
                    if self._preview is not None and self._preview.reopening:
                        self._replace(self._preview)  # perhaps it hangs in one of those
                process = self._preview_process()
            self._jobs[number] = _Job(request, process)
            process.send(Run(number, request))
            return number

    def cancel(self, job: int) -> None:
        """End a job; its outcome is CANCELLED unless it has ended already. A worker that goes on with it is replaced.

        Parameters
        ----------
        job : int
            Number that `submit` returned.
        """
        with self._lock:
            found = self._jobs.get(job)
            if found is None:
                return
            if isinstance(found.request, SeparateRequest):
                found.end = _CANCELLED
                found.process.kill()  # `_ended` removes what is half-written and tells
                return
            self._drop(job, found, by_user=True)

    def _drop(self, number: int, job: _Job, by_user: bool) -> None:
        del self._jobs[number]
        self._news.put(Outcome(number, job.request, *_CANCELLED))
        job.process.send(Stop(number, answer=by_user))
        if by_user:
            job.process.stopping.setdefault(number, 0.0)

    def close(self) -> None:
        """End all processes; jobs under way are cancelled. Returns when nothing is left."""
        with self._lock:
            self._closed = True
            self._ending.set()
            for job in self._jobs.values():
                job.end = _CANCELLED
            processes = list(self._processes)
            for process in processes:
                process.kill()
        deadline = time.monotonic() + 2 * STOPPING
        for process in processes:
            process.wait(deadline - time.monotonic())
        with self._lock:  # what a system that does not let go of a process leaves
            for number, job in self._jobs.items():
                self._news.put(Outcome(number, job.request, *_CANCELLED))
            self._jobs.clear()
        self._news.put(None)
        if threading.current_thread() is not self._notifier:
            self._notifier.join(timeout=1.0)
        if threading.current_thread() is not self._watcher:
            self._watcher.join(timeout=1.0)

    def _preview_process(self) -> _Process:
        if self._preview is None:
            self._preview = self._start(warm=self._warm)
            if self._open:
                self._preview.reopening = list(self._open)
                as_shown = tuple((key, state) for key, state in self._open.items() if state is not None)
                self._preview.send(Run(REOPEN, OpenExposures(tuple(self._open), as_shown=as_shown)))
        return self._preview

    def _watch(self) -> None:
        """Replace workers that do not listen."""
        last = time.monotonic()
        while not self._ending.wait(LOOK_EVERY):
            now = time.monotonic()
            # If we did not run either (suspended, or a machine with no time for us), the silence says nothing.
            passed, last = min(now - last, 2 * LOOK_EVERY), now
            with self._lock:
                if not self._closed:
                    self._look(passed)

    def _look(self, passed: float) -> None:
        for number, job in list(self._jobs.items()):
            if job.end is not None:  # its process is killed, but the system does not let it end
                job.waited += passed
                if job.waited > STOPPING:
                    del self._jobs[number]
                    self._news.put(Outcome(number, job.request, *job.end))
            else:
                job.opening.look(passed)
                if job.opening.too_long:
                    self._give_up(number, job)
        process = self._preview
        if process is None:
            return
        owing = {number: job for number, job in self._jobs.items() if job.process is process}
        process.look(passed, bool(owing))
        if process.hanging_in is not None:
            self._open.pop(process.hanging_in, None)  # requests for it are told that it is not open
            self._replace(process)
        elif process.deaf:
            self._replace(process)
        elif process.silent:
            for number, job in owing.items():
                if job.again:  # twice is no accident
                    del self._jobs[number]
                    self._news.put(Outcome(number, job.request, Status.CRASHED, _SILENT))
                job.again = True
            self._replace(process)

    def _give_up(self, number: int, job: _Job) -> None:
        """End a job that hangs in a file, and the process that does."""
        job.end = Status.FAILED, took_too_long(job.opening.name, OPENING)
        if job.process is self._preview:
            del self._jobs[number]
            self._news.put(Outcome(number, job.request, *job.end))
            self._replace(job.process)
        else:
            job.process.kill()

    def _replace(self, process: _Process) -> None:
        """Give up the process that holds the exposures; ask another one for what it owes."""
        process.kill()
        self._preview = None
        owed = {number: job for number, job in self._jobs.items() if job.process is process}
        fresh = self._preview_process()
        for number, job in owed.items():
            job.process, job.opening = fresh, _Opening()
            fresh.send(Run(number, job.request))

    def _start(self, warm: bool = False) -> _Process:
        spare, self._spare = self._spare, None
        return spare or self._run(partial(serve, backends=self._backends, warm=warm, polite=self._warm))

    def _start_helper(self) -> None:
        """Start a process that compiles what the first worker would have to compile alone; it ends by itself."""
        compiled = is_complete(FITS if self._warm else ALL)
        if processors() > 1 and LOCKS and self._backends.warm_up_beside and not compiled:
            with suppress(OSError):  # no more processes
                self._run(partial(help_warm, backends=self._backends, polite=self._warm, alone=not self._warm))

    def _run(self, main: Callable[..., None]) -> _Process:
        process = _Process(main, self._received, self._ended)
        self._processes.add(process)
        return process

    def _received(self, process: _Process, message: Step | End | Stopped | Pong) -> None:
        with self._lock:
            process.hear(message)
            if isinstance(message, Stopped | Pong):
                return
            for other in self._jobs.values():
                if other.process is process:  # which answers what is more urgent in between
                    other.opening.seconds = 0.0
            job = self._jobs.get(message.job)
            if job is not None and job.process is not process:
                return  # it was given up, and another one is asked the same
            if isinstance(message, Step):
                self._take_step(process, job, message)
                return
            if job is None:
                return
            del self._jobs[message.job]
            result = message.result
            if isinstance(result, Opened):
                result = replace(result, exposures=tuple(job.opened))
            if process is not self._preview:
                process.finish()
            sentence = job.request.done(result) if message.status is Status.DONE else message.sentence
            self._news.put(Outcome(message.job, job.request, message.status, sentence, result, message.detail))

    def _take_step(self, process: _Process, job: _Job | None, step: Step) -> None:
        if job is not None:
            job.opening = _Opening(opened_in(step.step))
            result = step.result
            if isinstance(result, Opened):
                known = {e.key for e in job.opened}  # told by a process that was given up since
                # Opened twice and closed after the first time: the process comes to the closing only after this.
                closing = (j.request.exposures for j in self._jobs.values() if isinstance(j.request, CloseExposures))
                known.update(*closing)
                result = replace(result, exposures=tuple(e for e in result.exposures if e.key not in known))
                job.opened += map(without_pixels, result.exposures)  # whoever wants them takes them now
                self._open.update({e.key: e.file for e in result.exposures})
            self._news.put(Progress(step.job, step.step, step.fraction, result))
        elif step.job != REOPEN and isinstance(step.result, Opened) and process is self._preview:
            # Nobody waits any more for what was opened; another job may open the same file, and does it after this.
            opening = any(isinstance(other.request, OpenExposures) for other in self._jobs.values())
            keys = tuple(e.key for e in step.result.exposures if e.key not in self._open)
            if not opening:
                process.send(Run(REOPEN, CloseExposures(keys)))

    def _ended(self, process: _Process, detail: str) -> None:
        with self._lock:
            folders = [
                j.request.folder
                for j in self._jobs.values()
                if j.process is process and isinstance(j.request, SeparateRequest)
            ]
        for folder in folders:  # not under the lock: this takes as long as the disk does
            remove_partial(folder, process.pid)
        with self._lock:
            self._processes.discard(process)
            if self._preview is process:
                self._preview = None
            if self._spare is process:
                self._spare = None
            left = {number: job for number, job in self._jobs.items() if job.process is process}
            for number, job in left.items():
                del self._jobs[number]
                if job.end is not None:
                    outcome = Outcome(number, job.request, *job.end)
                else:
                    sentence = _why_ended(process.exitcode)
                    outcome = Outcome(number, job.request, Status.CRASHED, sentence, detail=detail)
                self._news.put(outcome)

    def _tell(self) -> None:
        while (news := self._news.get()) is not None:
            try:
                self._notify(news)
            except Exception:
                logging.getLogger(__name__).exception("notify failed on %r", news)


@dataclass(eq=False)
class _Opening:
    """How long the opening of a file takes."""

    name: str = ""  #: of the file; empty while none is being opened
    seconds: float = 0.0

    def look(self, passed: float) -> None:
        if self.name:
            self.seconds += passed

    @property
    def too_long(self) -> bool:
        return self.seconds > OPENING


@dataclass(eq=False)
class _Job:
    request: Request[Any]
    process: _Process
    end: tuple[Status, str] | None = None  #: how it ends, for one whose process is killed
    waited: float = 0.0  #: seconds since then
    opening: _Opening = field(default_factory=_Opening)  #: the file that is being opened
    again: bool = False  #: asked again, since the process that was asked first gave no sign of life
    opened: list[ExposureView] = field(default_factory=list)


class _Process:
    """One worker process, with a thread that reads from it and one that sends to it: neither may hold up the window.

    Parameters
    ----------
    main : callable
        What it runs, given its ``connection`` and ``log``.
    received, ended : callable
        Take what it says, and its last words.

    Attributes
    ----------
    reopening : list of str
        Exposures that its predecessor had and that it has not opened again yet.
    stopping : dict
        Seconds since jobs were cancelled that it may still be working on.
    """

    def __init__(
        self,
        main: Callable[..., None],
        received: Callable[[_Process, Any], None],
        ended: Callable[[_Process, str], None],
    ):
        _remove_old_logs()
        handle, self._log = tempfile.mkstemp(prefix=f"atm-viewer-{os.getpid()}-", suffix=".log")
        os.close(handle)
        context: Any = multiprocessing.get_context("fork" if _is_alone() else "spawn")
        self._connection, theirs = context.Pipe()
        ours = self._connection if context.get_start_method() == "fork" else None
        self._process: BaseProcess = context.Process(
            target=_run_in_child, args=(main, ours, theirs, self._log), name="atm-viewer-worker", daemon=True
        )
        use_one_thread_each()
        with _without_interrupts():
            self._process.start()
        theirs.close()
        self.pid: int = self._process.pid or 0
        self._received, self._ended = received, ended
        self._finished = False
        self.reopening: list[str] = []
        self._opening = _Opening()  # of the one of them that it is at
        self.stopping: dict[int, float] = {}
        self._heard = False
        self._asked = False
        self._silence = 0.0
        self._outbox: queue.SimpleQueue[Run | Stop | Ping | None] = queue.SimpleQueue()
        self._sender = threading.Thread(target=self._send, name=f"atm-viewer-to-worker-{self.pid}", daemon=True)
        self._sender.start()
        self._reader = threading.Thread(target=self._read, name=f"atm-viewer-worker-{self.pid}", daemon=True)
        self._reader.start()

    @property
    def exitcode(self) -> int | None:
        return self._process.exitcode

    @property
    def deaf(self) -> bool:
        """Whether it goes on with what was cancelled."""
        return any(seconds > STOPPING for seconds in self.stopping.values())

    @property
    def silent(self) -> bool:
        """Whether it gives no sign of life."""
        return self._silence > (SILENCE if self._heard else STARTING)

    @property
    def hanging_in(self) -> str | None:
        """The exposure that it takes too long to open again, if there is one."""
        if not self._opening.too_long:
            return None
        return next((key for key in self.reopening if Path(key).name == self._opening.name), None)

    def look(self, passed: float, owing: bool) -> None:
        """Count the seconds that it has not answered; ask for a sign of life when it owes something."""
        if self._heard:  # until then it works on nothing
            self.stopping = {job: seconds + passed for job, seconds in self.stopping.items()}
        self._opening.look(passed)
        if self._asked:
            self._silence += passed
        elif owing:
            self._asked = True
            self.send(Ping())

    def hear(self, message: Step | End | Stopped | Pong) -> None:
        """Note a sign of life."""
        self._heard = True
        self._silence = 0.0
        if isinstance(message, Pong):
            self._asked = False
        elif isinstance(message, Stopped):
            self.stopping.pop(message.job, None)
        elif isinstance(message, Step | End) and message.job == REOPEN:
            self._hear_of_reopening(message)

    def _hear_of_reopening(self, message: Step | End) -> None:
        if isinstance(message, End):
            self.reopening, self._opening = [], _Opening()
            return
        if isinstance(message.result, Opened):
            done = {exposure.key for exposure in message.result.exposures}
            self.reopening = [key for key in self.reopening if key not in done]
        self._opening = _Opening(opened_in(message.step))

    def send(self, message: Run | Stop | Ping) -> None:
        """Send soon; when the process has died, its reader finds out and ends its jobs."""
        self._outbox.put(message)

    def finish(self) -> None:
        """Let the process end, since no more answers are wanted; for `received` to call."""
        self._finished = True

    def kill(self) -> None:
        """End the process at once, whatever it is doing."""
        self._process.kill()

    def wait(self, seconds: float) -> None:
        """Wait until the process and its threads have ended, as long as that makes sense."""
        deadline = time.monotonic() + seconds
        for thread in (self._reader, self._sender):
            if threading.current_thread() is not thread:
                thread.join(timeout=max(deadline - time.monotonic(), 0.0))

    def _send(self) -> None:
        with suppress(OSError):  # it has died
            while (message := self._outbox.get()) is not None:
                send(self._connection, message)

    def _read(self) -> None:
        try:
            while not self._finished:
                self._received(self, receive(self._connection))
        except (EOFError, OSError):
            pass
        except Exception:
            # Nothing sensible can come from a pipe whose message cannot be read.
            logging.getLogger(__name__).exception("unreadable answer of worker %d", self.pid)
            self.kill()
        self._outbox.put(None)
        self._sender.join(timeout=STOPPING)
        if self._sender.is_alive():  # in the middle of something that the process does not take
            self.kill()
            self._sender.join()
        self._connection.close()  # the process ends when its pipe does
        self._process.join(timeout=STOPPING)
        if self._process.is_alive():
            self.kill()
            self._process.join()
        detail = self._last_words()
        self._ended(self, detail)
        self._process.close()

    def _last_words(self) -> str:
        path = Path(self._log)
        try:
            words = path.read_bytes()[-_LOG_TAIL:].decode("utf-8", "replace")
            path.unlink()
        except OSError:
            return ""
        return f"Exit code {self._process.exitcode}\n{words}".strip()


def _is_alone() -> bool:
    """Whether the calling thread is the only one of this process, Qt's and other libraries' included.

    A fork, which saves a third of a second, does no harm then; other threads may hold locks, for ever in the child.
    """
    try:
        return sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1
    except OSError:
        return False


def _run_in_child(main: Callable[..., None], ours: Connection | None, theirs: Connection, log: str) -> None:
    """Run the main function of a worker process: in a fork without what it has of this process's state."""
    if ours is not None:
        ours.close()  # or the pipe would stay open when this process ends, and the worker would not learn of it
    Context().run(main, connection=theirs, log=log)


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Start processes that Ctrl-C and a closed terminal never reach, not even while they are starting.

    What is under way ends with this process, which cleans up.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _remove_old_logs() -> None:
    """Remove logs of workers whose window or command was killed before it could."""
    for path in Path(tempfile.gettempdir()).glob("atm-viewer-*-*.log"):
        found = re.match(r"atm-viewer-(\d+)-", path.name)
        with suppress(OSError):
            ours = not hasattr(os, "geteuid") or path.lstat().st_uid == os.geteuid()
            if found is not None and ours and not is_alive(int(found[1])):
                path.unlink()


_CANCELLED = Status.CANCELLED, "Cancelled."
_SILENT = (
    "The worker process gave no sign of life twice and was ended; try again, and report it with the log when it "
    "happens again."
)


def _why_ended(exitcode: int | None) -> str:
    if exitcode == -9:  # SIGKILL, which Windows does not know
        return (
            "The worker process was killed, probably for lack of memory; close some exposures or other programs and "
            "try again."
        )
    name = f"exit code {exitcode}"
    if exitcode is not None and exitcode < 0:
        with suppress(ValueError):
            name = signal.Signals(-exitcode).name
    return f"The worker process crashed ({name}); try again, and report the crash with the log if it happens again."
