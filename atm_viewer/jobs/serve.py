"""The worker's side: receives requests, sends progress, and answers each request with one outcome."""

from __future__ import annotations

import faulthandler
import importlib
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from atm_viewer.engine.errors import MOST_OF_WORD, Cancelled, UserError, one_line, shortage
from atm_viewer.engine.give_back import use_few_arenas
from atm_viewer.engine.output.staging import is_full, remove_partial
from atm_viewer.engine.progress import opened_in
from atm_viewer.engine.threads import loading
from atm_viewer.jobs.messages import Status
from atm_viewer.jobs.pipe import receive, send
from atm_viewer.jobs.requests.base import Report, Request, SeparateRequest, Urgency
from atm_viewer.jobs.requests.exposures import OpenExposures

if TYPE_CHECKING:
    from atm_viewer.engine.service.bench import Bench

_LOG = logging.getLogger(__name__)

#: Seconds between two progress messages of a job.
PROGRESS_EVERY = 0.05

#: What a worker adds to its niceness, so that a window which has something to paint does it at once.
NICENESS = 5

#: What a process that gets ready what is not urgent adds to that.
MORE_NICENESS = 10

#: Seconds without a request after which there is time for what is not urgent.
REST = 0.5

#: How sentences begin that tell a fault of our own.
UNEXPECTED = "Unexpected error"

#: Number of requests that nobody has submitted.
REOPEN = 0


@dataclass(frozen=True)
class WorkerBackends:
    """Import paths of what answers requests, so that the worker alone imports it.

    Parameters
    ----------
    bench : str
        ``module:Class`` of the worker side state, see `atm_viewer.engine.service.bench.Bench`.
    products : str
        Module with ``write_cubes`` and ``write_exposures``.
    warm_up : str
        ``module:function`` that gets everything ready that is made ready by use; it takes a function that returns when
        there is time for what is not urgent. Empty for none.
    warm_up_beside : str
        The same, for a process that does its part of that at the same time; empty for none.
    demo : str
        ``module:function`` that takes an instrument, a folder and a function for progress, and makes the exposures that
        the program can be tried on.
    """

    bench: str = "atm_viewer.engine.service.bench:Bench"
    products: str = "atm_viewer.engine.output.products"
    warm_up: str = "atm_viewer.engine.service.warm_up:warm_up"
    warm_up_beside: str = "atm_viewer.engine.service.warm_up:warm_up_fits"
    demo: str = "atm_viewer.demo:demo_exposures"


@dataclass(frozen=True)
class Run:
    """Message to the worker: answer a request under a job's number."""

    job: int
    request: Request[Any]

    @property
    def urgency(self) -> Urgency:
        """How long it may wait: all others rely on what is opened again in another process's place."""
        opens_again = self.job == REOPEN and isinstance(self.request, OpenExposures)
        return Urgency.BEFORE_ALL if opens_again else self.request.urgency


@dataclass(frozen=True)
class Stop:
    """Message to the worker: nobody waits for this job's answer any more.

    ``answer``: the worker has to say by `Stopped` that it does not work on it any more.
    """

    job: int
    answer: bool = False


@dataclass(frozen=True)
class Ping:
    """Message to the worker: say by `Pong` that you are there."""


@dataclass(frozen=True)
class Pong:
    """Message from the worker: it is there, whatever it is computing."""


@dataclass(frozen=True)
class Stopped:
    """Message from the worker: it works on nothing that nobody waits for; answers a `Stop`."""

    job: int


@dataclass(frozen=True, eq=False)
class Step:
    """Message from the worker: where a job is, and what it has brought so far."""

    job: int
    step: str
    fraction: float
    result: Any = None


@dataclass(frozen=True, eq=False)
class End:
    """Message from the worker: how a job ended; fields as in `Outcome`, without a sentence when it was answered."""

    job: int
    status: Status
    sentence: str = ""
    result: Any = None
    detail: str = ""


class _Line:
    """The worker's end of the pipe, which several threads send to."""

    def __init__(self, connection: Connection):
        self._connection = connection
        self._sending = threading.Lock()

    def send(self, message: Any) -> None:
        """Send a message, whole."""
        with self._sending:
            send(self._connection, message)

    def receive(self) -> Any:
        """Wait for a message."""
        return receive(self._connection)


class _Inbox:
    """What the pipe has brought and nobody has taken yet, and what is under way."""

    def __init__(self, line: _Line) -> None:
        self.writing = ""  # folder that a product is being written to
        self._line = line
        self._runs: list[Run] = []
        self._running: list[int] = []
        self._stopped: set[int] = set()
        self._unanswered: list[int] = []
        self._changed = threading.Condition()

    def put(self, run: Run) -> None:
        with self._changed:
            self._runs.append(run)
            self._changed.notify_all()

    def is_asked(self) -> bool:
        """Whether a request is waiting."""
        return bool(self._runs)

    def stays_quiet(self) -> bool:
        """Wait for a request, no longer than `REST`; says whether there is none."""
        with self._changed:
            return not self._changed.wait_for(lambda: self._runs, REST)

    def take(self) -> Run:
        """Wait for a request, which is under way then: the most urgent one, of equally urgent ones the oldest."""
        with self._changed:
            self._changed.wait_for(lambda: self._runs)
            run = min(self._runs, key=lambda run: run.urgency)
            self._runs.remove(run)
            self._running.append(run.job)
            return run

    def take_before(self, other: Run) -> Run | None:
        """Take a request that is more urgent than another one, if there is any."""
        with self._changed:
            return self.take() if any(run.urgency < other.urgency for run in self._runs) else None

    def stop(self, stop: Stop) -> None:
        """Drop a request that is still waiting; one that is under way finds out when it asks `is_stopped`."""
        with self._changed:
            self._runs = [run for run in self._runs if run.job != stop.job]
            if stop.job in self._running:
                self._stopped.add(stop.job)
            if stop.answer:
                self._unanswered.append(stop.job)
            self._changed.notify_all()
            idle = not self._stopped
        if idle:
            self._answer_stops()

    def is_stopped(self, run: Run) -> bool:
        """Whether nobody waits for this any more; to be asked often, on the thread that computes."""
        if self._unanswered:
            self._answer_stops()
        return run.job in self._stopped

    def wait_for_rest(self) -> None:
        """Wait until nothing has been asked for a while."""
        with self._changed:
            while self._changed.wait_for(lambda: self._busy, REST):
                self._changed.wait_for(lambda: not self._busy)

    @property
    def _busy(self) -> bool:
        return bool(self._runs or self._running)

    def end(self, run: Run) -> None:
        """Note that a request has been answered."""
        with self._changed:
            self._running.remove(run.job)
            self._stopped.discard(run.job)
            self._changed.notify_all()
        self._answer_stops()

    def _answer_stops(self) -> None:
        with self._changed:
            jobs, self._unanswered = self._unanswered, []
        for job in jobs:
            self._line.send(Stopped(job))


def serve(connection: Connection, backends: WorkerBackends, log: str, warm: bool, polite: bool) -> None:
    """Answer requests until the other end of the pipe is closed: main function of a worker process.

    Parameters
    ----------
    connection : Connection
        Pipe to the window's process: takes `Run`, `Stop` and `Ping`, gives `Step`, `End`, `Stopped` and `Pong`.
    backends : WorkerBackends
        What answers the requests.
    log : str
        File that takes what the worker and the pipeline print.
    warm : bool
        Whether to get ready, while nothing is asked, for what may be asked next.
    polite : bool
        Whether the processors are the window's first, where the system can arrange that.
    """
    line, inbox = _begin(connection, log, polite)
    dispatcher = Dispatcher(backends)
    if warm:
        threading.Thread(target=dispatcher.warm, args=(inbox.wait_for_rest,), daemon=True).start()
    while True:
        while warm and inbox.stays_quiet() and not dispatcher.get_ahead(inbox.is_asked):
            pass  # what was asked meanwhile may have been cancelled
        run = inbox.take()
        inbox.writing = run.request.folder if isinstance(run.request, SeparateRequest) else ""
        _reply(line, run, _answer(dispatcher, run, line, inbox))
        inbox.writing = ""


def help_warm(connection: Connection, backends: WorkerBackends, log: str, polite: bool, alone: bool) -> None:
    """Get a part ready of what a worker needs, and end: main function of a process beside it.

    Parameters
    ----------
    connection, backends, log, polite
        See `serve`; there are no requests.
    alone : bool
        Whether the worker gets nothing ready itself: the rest then follows.
    """
    _begin(connection, log, polite)
    with suppress(Exception):  # the worker meets the same failure
        _named(backends.warm_up_beside)(lambda: _stand_back(MORE_NICENESS))
        if alone:
            _named(backends.warm_up)(lambda: None)


def _begin(connection: Connection, log: str, polite: bool) -> tuple[_Line, _Inbox]:
    """Make this a worker process, which ends when the window does."""
    _keep_quiet(log)
    if polite:
        _stand_back(NICENESS)
    # Ctrl-C in a terminal reaches all processes, but what follows is for the window's process to decide.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if "fork" in multiprocessing.get_all_start_methods():
        # Semaphores that libraries make have no names then, and none is reported as leaked when this process is killed.
        multiprocessing.set_start_method("fork", force=True)
    os.environ.setdefault("STPIPE_DISABLE_CRDS_STEPPARS", "true")
    use_few_arenas()
    line = _Line(connection)
    inbox = _Inbox(line)
    threading.Thread(target=_listen, args=(line, inbox), daemon=True).start()
    return line, inbox


def _stand_back(niceness: int) -> None:
    with suppress(AttributeError, OSError):
        os.nice(niceness)


def explain(error: BaseException) -> str:
    """Explain any failure to the user in one sentence."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, Cancelled):
        return "Cancelled."
    if lacking := shortage(error):
        return f"{lacking[0].upper()}{lacking[1:]}"
    if is_full(error):
        return "The disk is full; free some space and try again."
    if isinstance(error, OSError) and error.strerror and error.filename:
        path = one_line(os.fsdecode(error.filename), MOST_OF_WORD)
        return f"{path} cannot be read or written: {error.strerror}; check the disk and the permissions."
    what = str(error).strip().splitlines()
    named = f"{type(error).__name__}: {one_line(what[0])}" if what else type(error).__name__
    return f"{UNEXPECTED} ({named.rstrip('.')}); please report it with the message log."


class Dispatcher:
    """Has requests answered by bench and products; both are imported when first needed."""

    def __init__(self, backends: WorkerBackends):
        self._backends = backends
        self._bench: Bench | None = None
        self._making = threading.Lock()

    @property
    def bench(self) -> Bench:
        """The open exposures and what was computed for them."""
        with self._making:
            if self._bench is None:
                self._bench = _named(self._backends.bench)()
            return self._bench

    @property
    def products(self) -> ModuleType:
        """Module with ``write_cubes`` and ``write_exposures``."""
        return importlib.import_module(self._backends.products)

    def make_demo(self, instrument: str, folder: Path, report: Report) -> Path:
        """Make the exposures that the program can be tried on."""
        made: Path = _named(self._backends.demo)(instrument, folder, report)
        return made

    def get_ahead(self, is_asked: Callable[[], bool]) -> bool:
        """Compute what may be asked next, until ``is_asked`` says that something is; says whether all is done."""
        try:
            return self._bench is None or self._bench.fit_ahead(is_asked)
        except Exception:  # whoever asks for it meets the same failure and is told
            _LOG.debug("getting ahead failed", exc_info=True)
            return True

    def warm(self, pause: Callable[[], object]) -> None:
        """Get ready, before anybody waits for it, what requests need; on a thread of its own.

        Parameters
        ----------
        pause : callable
            Returns when there is time for what the first requests do not need.
        """
        with suppress(Exception):  # the first request meets the same failure and reports it
            _ = self.bench
            if self._backends.warm_up:
                _named(self._backends.warm_up)(pause)


def _named(path: str) -> Any:
    """Import what ``module:name`` names."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def _answer(dispatcher: Dispatcher, run: Run, line: _Line, inbox: _Inbox) -> End:
    last_report, reported = -PROGRESS_EVERY, ("", 0.0)

    def progress(step: str, fraction: float, result: Any = None) -> None:
        nonlocal last_report, reported
        now = time.monotonic()
        # Results are wanted, and whoever watches over openings has to know of each, once.
        new = (step, fraction) != reported and (bool(opened_in(step)) or now - last_report >= PROGRESS_EVERY)
        if result is not None or new:
            last_report, reported = now, (step, fraction)
            line.send(Step(run.job, step, min(max(float(fraction), 0.0), 1.0), result))
        while (urgent := inbox.take_before(run)) is not None:
            _reply(line, urgent, _answer(dispatcher, urgent, line, inbox))
        if inbox.is_stopped(run):
            raise Cancelled

    try:
        if inbox.is_stopped(run):
            raise Cancelled
        with loading():
            pass  # what is being loaded on another thread: requests import in many places
        return End(run.job, Status.DONE, result=run.request.answer(dispatcher, progress))
    except Cancelled as error:
        return End(run.job, Status.CANCELLED, explain(error))
    except UserError as error:
        return End(run.job, Status.FAILED, explain(error))
    except (Exception, SystemExit) as error:  # libraries of the pipeline exit where others raise
        return End(run.job, Status.FAILED, explain(error), detail=traceback.format_exc())
    finally:
        inbox.end(run)


def _reply(line: _Line, run: Run, end: End) -> None:
    try:
        line.send(end)
    except (BrokenPipeError, ConnectionError):
        pass  # nobody is there any more; the listener ends this process
    except Exception as error:  # a result that cannot be pickled, or no memory to do so
        line.send(End(run.job, Status.FAILED, explain(error), detail=traceback.format_exc()))


def _listen(line: _Line, inbox: _Inbox) -> None:
    while True:
        try:
            message = line.receive()
            if isinstance(message, Ping):
                line.send(Pong())
            elif isinstance(message, Stop):
                inbox.stop(message)
            else:
                inbox.put(message)
        except (EOFError, OSError):
            # The window is gone: nothing that is under way is wanted, and nothing half-written may stay.
            if inbox.writing:
                remove_partial(inbox.writing, os.getpid())
            os._exit(0)


def _keep_quiet(log: str) -> None:
    """Send everything that is printed, by whomever, to a file, with the reason of a crash as its last lines."""
    warnings.simplefilter("ignore")
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    # In a program without console both are None.
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    faulthandler.enable(file=2)
