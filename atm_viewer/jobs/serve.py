"""The worker's side: receives requests, sends progress, and answers each request with one outcome."""

from __future__ import annotations

import faulthandler
import importlib
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from atm_viewer.engine.errors import Cancelled, UserError
from atm_viewer.engine.io.association import expand_inputs
from atm_viewer.engine.output.staging import is_full, remove_partial
from atm_viewer.engine.results.sky_image import SkyImage
from atm_viewer.engine.results.written import WrittenProducts
from atm_viewer.jobs.messages import (
    ClearCache,
    CloseExposures,
    Correct,
    ExplainPixel,
    FindTools,
    MakeNoiseMap,
    MakePeriods,
    MakeSkyImage,
    MakeSpectra,
    MeasureLines,
    MeasureSpaxels,
    Opened,
    OpenExposures,
    PredictArtifact,
    Request,
    SendFile,
    ShowProfile,
    Status,
    TuneRecipe,
    WriteCubes,
    WriteExposures,
    WriteRecipe,
    WriteSpectra,
    Writing,
)
from atm_viewer.jobs.pipe import receive, send
from atm_viewer.jobs.remedies import answer_remedy
from atm_viewer.jobs.remedy_messages import CompareApertures, CompareDithers, RankSpaxels, RemoveFringes, SaveFigure

#: Seconds between two progress messages of a job.
PROGRESS_EVERY = 0.05

#: What a worker adds to its niceness, so that a window which has something to paint does it at once.
POLITENESS = 5

#: Number of requests that nobody has submitted.
REOPEN = 0


@dataclass(frozen=True)
class Staff:
    """Import paths of what does the work, so that the worker alone imports it.

    Parameters
    ----------
    bench : str
        ``module:Class`` of the worker side state, see `atm_viewer.engine.service.bench.Bench`.
    products : str
        Module with ``write_cubes`` and ``write_exposures``.
    pipeline : tuple of str
        Modules that take seconds to import and are needed sooner or later.
    rehearsal : str
        ``module:function`` that gets everything ready that is made ready by use; empty for none.
    """

    bench: str = "atm_viewer.engine.service.bench:Bench"
    products: str = "atm_viewer.engine.output.products"
    pipeline: tuple[str, ...] = (
        "stdatamodels.jwst.datamodels",
        "jwst.assign_wcs.nirspec",
        "jwst.cube_build.cube_match_sky_driz",
    )
    rehearsal: str = "atm_viewer.engine.service.warm_up:rehearse"


@dataclass(frozen=True)
class Run:
    """Message to the worker: answer a request under a job's number."""

    job: int
    request: Request


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
    """Message from the worker: how a job ended; fields as in `atm_viewer.jobs.messages.Outcome`."""

    job: int
    status: Status
    sentence: str
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

    def take(self) -> Run:
        """Wait for a request, which is under way then: the most urgent one, of equally urgent ones the oldest."""
        with self._changed:
            self._changed.wait_for(lambda: self._runs)
            run = min(self._runs, key=_rank)
            self._runs.remove(run)
            self._running.append(run.job)
            return run

    def take_before(self, other: Run) -> Run | None:
        """Take a request that is more urgent than another one, if there is any."""
        with self._changed:
            return self.take() if any(_rank(run) < _rank(other) for run in self._runs) else None

    def stop(self, stop: Stop) -> None:
        """Drop a request that is still waiting; one that is under way finds out when it asks `is_stopped`."""
        with self._changed:
            self._runs = [run for run in self._runs if run.job != stop.job]
            if stop.job in self._running:
                self._stopped.add(stop.job)
            if stop.answer:
                self._unanswered.append(stop.job)
            idle = not self._stopped
        if idle:
            self._answer_stops()

    def is_stopped(self, run: Run) -> bool:
        """Whether nobody waits for this any more; to be asked often, on the thread that computes."""
        if self._unanswered:
            self._answer_stops()
        return run.job in self._stopped

    def end(self, run: Run) -> None:
        """Note that a request has been answered."""
        with self._changed:
            self._running.remove(run.job)
            self._stopped.discard(run.job)
        self._answer_stops()

    def _answer_stops(self) -> None:
        with self._changed:
            jobs, self._unanswered = self._unanswered, []
        for job in jobs:
            self._line.send(Stopped(job))


def _rank(run: Run) -> int:
    """Tell how long a request may wait: what people look at first and is made quickly comes first."""
    match run.request:
        case OpenExposures() if run.job == REOPEN:
            return 0  # all others rely on it
        case ShowProfile() | ExplainPixel():
            return 1
        case MakeSkyImage(recipe=None):
            return 2
        case MakeSpectra(urgent=True):
            return 3
        case Correct() | MakeSkyImage():
            return 4
    return 5  # opening takes longest; closing must not overtake it, nor spectra that are not urgent


def serve(connection: Connection, staff: Staff, log: str, warm: bool, polite: bool) -> None:
    """Answer requests until the other end of the pipe is closed: main function of a worker process.

    Parameters
    ----------
    connection : Connection
        Pipe to the window's process: takes `Run`, `Stop` and `Ping`, gives `Step`, `End`, `Stopped` and `Pong`.
    staff : Staff
        Who does the work.
    log : str
        File that takes what the worker and the pipeline print.
    warm : bool
        Whether to get ready, while nothing is asked, for what may be asked.
    polite : bool
        Whether the processors are the window's first, where the system can arrange that.
    """
    _keep_quiet(log)
    if polite:
        with suppress(AttributeError, OSError):
            os.nice(POLITENESS)
    # Ctrl-C in a terminal reaches all processes, but what follows is for the window's process to decide.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if "fork" in multiprocessing.get_all_start_methods():
        # Semaphores that libraries make have no names then, and none is reported as leaked when this process is killed.
        multiprocessing.set_start_method("fork", force=True)
    os.environ.setdefault("STPIPE_DISABLE_CRDS_STEPPARS", "true")
    line = _Line(connection)
    inbox = _Inbox(line)
    threading.Thread(target=_listen, args=(line, inbox), daemon=True).start()
    desk = _Desk(staff)
    if warm:
        threading.Thread(target=desk.warm, daemon=True).start()
    while True:
        run = inbox.take()
        inbox.writing = run.request.folder if isinstance(run.request, Writing) else ""
        _reply(line, run, _answer(desk, run, line, inbox))
        inbox.writing = ""


def explain(error: BaseException) -> str:
    """One sentence for people on whatever went wrong."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, Cancelled):
        return "Cancelled."
    if isinstance(error, MemoryError):
        return "There is not enough memory for this; close some exposures or other programs and try again."
    if is_full(error):
        return "The disk is full; free some space and try again."
    what = str(error).strip().splitlines()
    named = f"{type(error).__name__}: {what[0]}" if what else type(error).__name__
    return f"Unexpected error ({named.rstrip('.')}); see the log for details."


class _Desk:
    """Hands requests to bench and products; both are imported when first needed."""

    def __init__(self, staff: Staff):
        self._staff = staff
        self._bench: Any = None
        self._making = threading.Lock()

    @property
    def bench(self) -> Any:
        with self._making:
            if self._bench is None:
                self._bench = _named(self._staff.bench)()
            return self._bench

    def warm(self) -> None:
        """Get ready, before anybody waits for it, what the first requests need; on a thread of its own."""
        with suppress(Exception):  # the first request meets the same failure and reports it
            _ = self.bench
            for name in self._staff.pipeline:
                importlib.import_module(name)
            if self._staff.rehearsal:
                _named(self._staff.rehearsal)()

    def answer(self, request: Request, progress: Any) -> tuple[str, Any]:
        """Return a sentence and the result that the request's docstring names."""
        match request:
            case OpenExposures(paths):
                return self._open(paths, progress)
            case CloseExposures(keys):
                return "Closed.", self.bench.close(keys)
            case Correct(key, recipe):
                return "Corrected.", self.bench.correct(key, recipe, progress)
            case ShowProfile(key, recipe, number, column):
                return "Profile made.", self.bench.profile(key, recipe, number, column)
            case ExplainPixel(key, recipe, x, y):
                return "Pixel explained.", self.bench.explain(key, recipe, x, y)
            case MakeSkyImage(keys, band, recipe, wavelength, planes):
                image = self.bench.sky_image(keys, band, progress, recipe, wavelength, planes)
                return "Sky image made.", image
            case MakeSpectra(extraction):
                return "Spectra made.", self.bench.spectra(extraction, progress)
            case MakePeriods() | MeasureLines() | MakeNoiseMap() | MeasureSpaxels():
                return "Measured.", self._measure(request, progress)
            case PredictArtifact(extraction, source):
                from atm_viewer.engine.service.prediction import predict

                return "Predicted.", predict(self.bench, extraction, source, progress)
            case TuneRecipe(keys, recipe, slices):
                from atm_viewer.engine.service.tuning import tune

                tuning = tune(self.bench, keys, recipe, slices, progress)
                return tuning.summary, tuning
            case RankSpaxels() | CompareApertures() | CompareDithers() | RemoveFringes() | SaveFigure():
                return answer_remedy(self.bench, request, progress)
            case WriteCubes(paths, recipe, folder, product, which, channel, cubepar, overwrite, engine):
                products = importlib.import_module(self._staff.products)
                options = {"which": which, "channel": channel, "cubepar": cubepar, "overwrite": overwrite}
                options["engine"] = engine
                return _written(products.write_cubes(paths, recipe, folder, product, progress=progress, **options))
            case ClearCache():
                from atm_viewer.engine.io.coordinate_cache import clear_cache

                return f"Cleared the coordinate cache ({clear_cache() / 1e6:.0f} MB).", None
            case WriteExposures(paths, recipe, folder, overwrite):
                products = importlib.import_module(self._staff.products)
                return _written(products.write_exposures(paths, recipe, folder, overwrite, progress))
            case WriteRecipe(kind, paths, recipe, folder, product, overwrite):
                from atm_viewer.engine.output import pipeline_export

                write = {"pipeline": pipeline_export.write_pipeline_call, "script": pipeline_export.write_script}[kind]
                return _written(write(paths, recipe, folder, product, overwrite))
            case WriteSpectra():
                return _written(_write_spectra(request))
            case FindTools():
                from atm_viewer.engine.output.samp import find_tools

                return "Programs found.", find_tools()
            case SendFile():
                return _send(request), None
        raise TypeError(f"unknown request {request!r}")

    def _measure(self, request: Request, progress: Any) -> Any:
        from atm_viewer.engine.service import measuring

        match request:
            case MakePeriods(extraction):
                return measuring.measure_periods(self.bench, extraction, progress)
            case MeasureLines(extraction, lines, speed):
                return measuring.measure_lines(self.bench, extraction, lines, speed, progress)
            case MakeNoiseMap(keys, recipe, band, radius, faintest):
                return measuring.measure_field(self.bench, keys, recipe, band, radius, progress, faintest)
            case MeasureSpaxels(keys, recipe, band, radius, number, lines, speed):
                return measuring.measure_spaxels(self.bench, keys, recipe, band, radius, number, lines, speed, progress)

    def _open(self, paths: Sequence[str], progress: Any) -> tuple[str, Opened]:
        """Open files one by one, each sent off as soon as it is open; return what could not be opened."""
        files: list[Path] = []
        problems: list[str] = []
        for path in paths:
            try:
                files += [file for file in expand_inputs([path]) if file not in files]
            except UserError as error:
                problems.append(str(error))
        count = 0
        for k, file in enumerate(files):
            begin, share = k / len(files), 1 / len(files)
            opened = self.bench.open([str(file)], lambda step, part, b=begin, s=share: progress(step, b + s * part))
            problems += opened.problems
            if opened.exposures:
                count += 1
                progress(f"Opened {file.name}", begin + share, Opened(tuple(opened.exposures), ()))
        return f"{count} exposure{'' if count == 1 else 's'} opened.", Opened((), tuple(problems))


def _named(path: str) -> Any:
    """Import what ``module:name`` names."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def _write_spectra(request: WriteSpectra) -> tuple[Path, ...]:
    from atm_viewer.engine.output.spectrum_files import write_spectra

    folder, names = Path(request.folder), request.names
    return write_spectra(request.spectra, request.exposures, folder, names, request.unit, request.overwrite)


def _send(request: SendFile) -> str:
    from atm_viewer.engine.output.samp import IMAGE, TABLE, clear_old, send_file, write_image

    folder, kind = Path(request.folder), IMAGE
    clear_old(folder)
    match request.what:
        case WriteSpectra() as spectra:
            paths, kind = _write_spectra(spectra), TABLE
        case SkyImage() as image:
            paths = (write_image(image, folder, f"sky_{image.band}.fits"),)
        case path:
            paths = (Path(path),)
    return " ".join(send_file(path, kind, request.tool) for path in paths)


def _written(paths: tuple[Path, ...]) -> tuple[str, WrittenProducts]:
    names = " and ".join([", ".join(p.name for p in paths[:-1]), paths[-1].name] if paths[1:] else [paths[0].name])
    return f"{names} written to {paths[0].parent}.", WrittenProducts(tuple(map(str, paths)))


def _answer(desk: _Desk, run: Run, line: _Line, inbox: _Inbox) -> End:
    told = -PROGRESS_EVERY

    def progress(step: str, fraction: float, result: Any = None) -> None:
        nonlocal told
        if result is not None or (now := time.monotonic()) - told >= PROGRESS_EVERY:
            told = time.monotonic() if result is not None else now
            line.send(Step(run.job, step, min(max(float(fraction), 0.0), 1.0), result))
        while (urgent := inbox.take_before(run)) is not None:
            _reply(line, urgent, _answer(desk, urgent, line, inbox))
        if inbox.is_stopped(run):
            raise Cancelled

    try:
        if inbox.is_stopped(run):
            raise Cancelled
        sentence, result = desk.answer(run.request, progress)
        return End(run.job, Status.DONE, sentence, result)
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
