"""Runs a programme: hands tasks to Dask, target by target, and follows what becomes of them."""

from __future__ import annotations

import itertools
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from atm_viewer.batch import pages, tasks
from atm_viewer.batch.cluster import LONG, SHORT, NoScheduler, connect, dashboard, local_cluster
from atm_viewer.batch.made import LOG, Record, complete, fingerprint, has_recipe
from atm_viewer.batch.programme import Target
from atm_viewer.batch.tasks import Done, JobPlan, Looked, Plan
from atm_viewer.engine.errors import one_sentence
from atm_viewer.engine.output.provenance import current_versions
from atm_viewer.engine.output.staging import temporary_folder
from atm_viewer.engine.service.tuning import is_single
from atm_viewer.engine.threads import default_workers
from atm_viewer.jobs.serve import explain

#: Times that Dask tries a task again which failed for no reason that the user can mend.
RETRIES = 2
#: Seconds between looks at what is done.
_LOOK = 0.05
#: Tasks that run ahead of their target's turn: by one target for every two threads of workers. Corrections do not: what
#: follows from them is shared out among all workers, and a measurement is not.
_SOONER, _THREADS = (tasks.look, tasks.plan, tasks.measure), 2
#: Tasks that take about a second or less.
_SHORT = (tasks.look, tasks.plan, tasks.add_up, pages.finish)
#: Exposures of the largest settings that one worker makes in one go: what is lost with a worker takes minutes again.
_LARGEST = 16
#: Seconds between two versions of the index.
_INDEX_EVERY = 5.0
#: Times that a target is begun again when the scheduler has lost it, and seconds that a scheduler may take to return.
_AGAIN, _RETURN = 3, 300.0


@dataclass(frozen=True)
class Status:
    """How far a run is.

    Parameters
    ----------
    targets, targets_done : int
        Targets, and those that have a report.
    exposures, exposures_done : int
        Exposures, and those that were corrected, or kept, or have failed.
    rate : float
        Exposures per minute so far.
    left : float
        Seconds that are left; NaN as long as nobody knows.
    step : str
        What was done last.
    fraction : float
        Part of all that is done.
    """

    targets: int
    targets_done: int
    exposures: int
    exposures_done: int
    rate: float
    left: float
    step: str
    fraction: float

    @property
    def words(self) -> str:
        """In a few words, for a line of a terminal."""
        left = f", {_duration(self.left)} left" if self.left == self.left else ""
        rate = f", {self.rate:.1f} exposures/min" if self.rate else ""
        return (
            f"{self.targets_done} of {self.targets} targets, {self.exposures_done} of {self.exposures} exposures"
            f"{rate}{left}: {self.step}"
        )


@dataclass(frozen=True)
class Finished:
    """What a target has come to: made now or ``kept`` from an earlier run."""

    target: Target
    record: Record
    kept: bool = False

    @property
    def state(self) -> str:
        """In a word or two."""
        if self.record.problems:
            return "failed in part" if self.record.files else "failed"
        return "unchanged" if self.kept else "done"

    @property
    def words(self) -> str:
        """A line for the terminal."""
        problems = [one.rstrip(".") for one in self.record.problems]
        noise = "; ".join(f"{n.band} {100 * n.before:.2f} % → {100 * n.after:.2f} %" for n in self.record.noise)
        return ". ".join([f"{self.target.name}: {self.state}{f', noise {noise}' if noise else ''}", *problems])


@dataclass(frozen=True)
class Summary:
    """What a run has come to: finished targets, seconds, and the most memory of a worker [byte]."""

    finished: tuple[Finished, ...]
    seconds: float
    memory: int

    @property
    def words(self) -> str:
        """Sentence about the run."""
        made = sum(not one.kept for one in self.finished)
        kept, failed = len(self.finished) - made, self.problems
        parts = [f"{made} target{'s' if made != 1 else ''} made"]
        parts += [f"{kept} unchanged"] if kept else []
        parts += [f"{failed} with something that failed"] if failed else []
        memory = f"; a worker took {self.memory / 1e9:.1f} GB at most" if self.memory else ""
        return f"{', '.join(parts)} in {_duration(self.seconds)}{memory}."

    @property
    def problems(self) -> int:
        """How many targets have failed, at least in part."""
        return sum(bool(one.record.problems) for one in self.finished)


class _Lost(Exception):
    """The scheduler does not know our tasks any more."""


@dataclass(frozen=True)
class _Asked:
    """What a task does, in words, and the number of its exposure, or of how many exposures it makes all."""

    function: Callable[..., Any]
    words: str
    about: Any = None


@dataclass(eq=False)
class _Next:
    """What is begun, with what these tasks have brought, when all of them are done."""

    futures: Sequence[Any]
    begin: Callable[[Sequence[Any]], None]
    brought: dict[Any, Any] = field(default_factory=dict)


@dataclass(eq=False)
class _State:
    """What is known of a target while it is made."""

    given: Target
    target: Target  # without the exposures that cannot be used
    folder: Path
    number: int
    waiting: dict[Any, _Asked] = field(default_factory=dict)  # by futures
    next: list[_Next] = field(default_factory=list)
    looked: dict[Path, Looked] = field(default_factory=dict)
    tunings: dict[int, Any] = field(default_factory=dict)
    measured: dict[str, Any] = field(default_factory=dict)
    plan: Plan | None = None
    record: Record | None = None
    kept: bool = False
    stage: str = "waiting"
    mark: str = ""
    problems: list[str] = field(default_factory=list)
    exposures_done: int = 0
    seconds: float = 0.0
    begun_again: int = 0


def run_programme(
    targets: Sequence[Target],
    folder: Path,
    connect: Callable[[], Any],
    tell: Callable[[Status | Finished | str], None],
) -> Summary:
    """Make the products of all targets.

    Parameters
    ----------
    targets : sequence of Target
        The programme.
    folder : Path
        Where to: a folder per target, and ``index.html``. What is there and would be the same is kept.
    connect : callable
        Returns a client of Dask's scheduler, also when it has been lost.
    tell : callable
        Takes what there is to say: how far the run is, each finished target, and sentences.

    Returns
    -------
    Summary

    Raises
    ------
    OutputError
        The folder cannot be written.
    NoScheduler
        There is none, or it does not return.
    """
    with temporary_folder(folder) as scratch:
        return _Run(targets, folder.absolute(), scratch.absolute(), connect, tell).go()


def run_on(
    targets: Sequence[Target],
    folder: Path,
    scheduler: str,
    workers: int,
    tell: Callable[[Status | Finished | str], None],
) -> Summary:
    """Run a programme on a scheduler, or without an address on a cluster on this machine; else as `run_programme`."""
    with TemporaryDirectory(prefix="atm-viewer-") as own, ExitStack() as stack:
        cluster: Any = scheduler
        if not scheduler:
            count = workers or default_workers()
            tell(f"Starting {count} worker{'s' if count > 1 else ''} on this machine.")
            cluster = stack.enter_context(local_cluster(count, own))
        told = False

        def connected() -> Any:
            nonlocal told
            client = connect(cluster)
            if not told and (sentence := dashboard(client)):
                tell(sentence)
            told = True
            return client

        return run_programme(targets, folder, connected, tell)


class _Run:
    """One run; lives as long as `run_programme`."""

    def __init__(
        self,
        targets: Sequence[Target],
        folder: Path,
        scratch: Path,
        connect: Callable[[], Any],
        tell: Callable[[Status | Finished | str], None],
    ) -> None:
        self._folder, self._scratch, self._connect, self._tell = folder, scratch, connect, tell
        self._versions = current_versions()
        self._states = [_State(t, t, folder / t.name, k) for k, t in enumerate(targets)]
        self._begun, self._memory, self._step = time.monotonic(), 0, "starting"
        self._indexed = 0.0
        self._client: Any = None
        self._sooner = 0
        self._name, self._numbers = uuid.uuid4().hex[:8], itertools.count()  # keys of a scheduler's other runs differ

    def go(self) -> Summary:
        """Run to the end."""
        for state in self._states:
            self._begin(state)
        try:
            while any(state.record is None for state in self._states):
                try:
                    if self._client is None:
                        self._client = self._reconnected()
                    self._follow()
                except _Lost:
                    self._forget()
            words = f"Finished at {_now()} after {_duration(time.monotonic() - self._begun)}."
        except BaseException:
            words = f"Stopped at {_now()}; the same command continues."
            raise
        finally:
            self._close()
            self._write_index(words)
        return Summary(
            tuple(Finished(s.target, s.record, s.kept) for s in self._states if s.record is not None),
            time.monotonic() - self._begun,
            self._memory,
        )

    def _begin(self, state: _State) -> None:
        """Take what is there from an earlier run, or note what is wrong from the beginning."""
        target = state.target
        record = None if target.problem else complete(state.folder, target, self._versions)
        if record is not None:
            state.kept, state.exposures_done = True, len(target.exposures)
            self._finished(state, record)
        elif target.problem:
            state.problems.append(target.problem)
            self._finished(state, Record("", 0, problems=(target.problem,)))

    def _reconnected(self) -> Any:
        """Connect; a scheduler that was there may take a while to return."""
        deadline = time.monotonic() + _RETURN
        while True:
            try:
                return self._connect()
            except NoScheduler:
                if not any(state.begun_again for state in self._states) or time.monotonic() > deadline:
                    raise
                time.sleep(2.0)

    def _forget(self) -> None:
        """Begin the targets that are under way again, with another connection."""
        self._tell("The connection to the scheduler was lost; what is not finished is begun again.")
        self._close()
        for state in self._states:
            if state.record is None:
                self._clear(state)
                state.begun_again += 1
                if state.begun_again > _AGAIN:
                    state.problems.append("The scheduler was lost again and again; look at its log.")
                    self._finished(state, Record("", len(state.target.exposures), problems=tuple(state.problems)))
                    continue
                state.target = state.given
                state.looked, state.tunings, state.measured, state.waiting, state.next = {}, {}, {}, {}, []
                state.plan, state.stage, state.problems, state.exposures_done = None, "waiting", [], 0

    def _follow(self) -> None:
        """Hand out tasks and take what they bring until all targets are finished."""
        # Exposures are opened well before they are corrected, so that there are always some to correct.
        with _lost_with_scheduler():
            self._sooner = sum(self._client.nthreads().values()) // _THREADS
        for state in self._states:
            if state.record is None and state.stage == "waiting":
                self._look(state)
        while any(state.record is None for state in self._states):
            done = [(state, future) for state in self._states for future in list(state.waiting) if future.done()]
            # All in one go: to ask for each by itself takes seconds where there are hundreds.
            brought = self._brought([future for _, future in done])
            for state, future in done:
                self._take(state, future, brought.get(future))
            for state in self._states:
                if not state.waiting and state.record is None:
                    self._advance(state)
            if self._client.status not in ("running", "connecting"):
                raise _Lost
            self._report()
            if not done:
                time.sleep(_LOOK)

    # What a target goes through: each stage hands out tasks, and the next one begins when all of them are done.

    def _look(self, state: _State) -> None:
        state.stage = "opening exposures"
        for path in state.target.exposures:
            self._submit(state, _Asked(tasks.look, f"opening {path.name}"), path)

    def _advance(self, state: _State) -> None:
        if state.stage == "opening exposures":
            good = tuple(path for path in state.target.exposures if path in state.looked)
            state.exposures_done = len(state.target.exposures) - len(good)
            state.target = replace(state.target, exposures=good)
            if not good:
                self._finish(state)
                return
            state.mark = fingerprint(state.target, self._versions)
            if state.target.options.tune and not has_recipe(state.folder, state.mark):
                state.stage = "tuning"
                bands = [state.looked[path].bands for path in good]
                recipe = state.target.options.recipe
                for k, path in enumerate(good):
                    asked = _Asked(tasks.tune_one, f"tuning {path.name}", k)
                    self._submit(state, asked, list(good), k, recipe, is_single(k, bands))
            else:
                self._plan(state)
        elif state.stage == "tuning":
            if len(state.tunings) < len(state.target.exposures):
                self._finish(state)
            else:
                self._plan(state)
        elif state.stage == "planning":
            if state.plan is None:
                self._finish(state)
            else:
                self._make(state, state.plan)
        elif state.stage == "making":
            self._finish(state)

    def _plan(self, state: _State) -> None:
        state.stage = "planning"
        found = [state.tunings[k] for k in sorted(state.tunings)]
        self._submit(state, _Asked(tasks.plan, "planning"), state.target, state.folder, found, state.mark)

    def _make(self, state: _State, plan: Plan) -> None:
        state.stage = "making"
        left = sum(
            len(one.target.exposures) for one in self._states if one.record is None and one.number > state.number
        )
        left += sum(len(planned.job.group.exposures) for planned in plan.jobs)
        workers = self._workers()
        measured: list[Sequence[str]] = []
        for k, planned in enumerate(plan.jobs):
            left -= len(planned.job.group.exposures)
            if _in_one_go(planned, left, workers):
                self._make_setting(state, planned)
                measured.append(planned.job.group.bands)
            else:
                # Of each attempt: tasks that a lost scheduler handed out may still be writing.
                self._make_job(state, planned, self._scratch / f"{state.number}-{state.begun_again}-{k}")
                measured += [[band] for band in planned.job.group.bands]
        if not plan.measured:
            paths, count = list(state.target.exposures), state.target.options.spaxels
            for bands in measured:
                chosen = [k for k, path in enumerate(paths) if set(bands) & set(state.looked[path].bands)]
                asked = _Asked(tasks.measure, f"measuring {' and '.join(bands)}")
                self._submit(state, asked, paths, chosen, plan.recipe, bands, count)

    def _make_setting(self, state: _State, planned: JobPlan) -> None:
        bands, count = planned.job.group.bands, len(planned.job.group.exposures)
        asked = _Asked(tasks.make_setting, f"making {' and '.join(bands)} of {count} exposures", count)
        self._submit(state, asked, planned, state.folder)

    def _workers(self) -> int:
        try:
            return max(len(self._client.nthreads()), 1)
        except OSError as error:
            raise _Lost from error

    def _make_job(self, state: _State, planned: JobPlan, scratch: Path) -> None:
        job, names = planned.job, planned.job.group.exposures
        in_parts = bool(job.kinds) and not planned.whole
        corrected = []
        for number, path in enumerate(names):
            if in_parts or (planned.corrected and planned.corrected[number]):
                asked = _Asked(tasks.correct, f"correcting {path.name}")
                corrected.append(self._submit(state, asked, planned, number, scratch, state.folder))
            else:
                state.exposures_done += 1
        for after in job.kinds:
            kind = "after" if after else "before"
            if planned.whole:
                if after == job.kinds[0]:
                    asked = _Asked(tasks.write_whole_cubes, f"writing cubes {kind} correction")
                    self._submit(state, asked, planned, state.target.name, state.folder)
                continue
            self._when(state, corrected, partial(self._add_up, state, planned, scratch, after))

    def _add_up(self, state: _State, planned: JobPlan, scratch: Path, after: bool, outlines: Sequence[Any]) -> None:
        kind, bands = "after" if after else "before", " and ".join(planned.job.group.bands)
        added = [
            self._submit(
                state,
                _Asked(tasks.add_up, f"adding up {block.band} {kind} correction"),
                planned,
                outlines,
                block,
                scratch,
            )
            for block in planned.blocks
            if block.after == after
        ]
        asked = _Asked(tasks.write_cubes, f"writing {bands} {kind} correction")
        write = partial(self._submit, state, asked, planned, outlines, after, scratch, state.folder)
        self._when(state, added, lambda _: write())

    def _when(self, state: _State, futures: Sequence[Any], begin: Callable[[Sequence[Any]], Any]) -> None:
        """Begin something with what tasks will have brought.

        Dask sees a task without dependencies and gives it to the first free worker. With dependencies it would queue at
        the worker that holds them, although they are tiny.
        """
        if futures:
            state.next.append(_Next(futures, begin))
        else:
            begin(())

    def _finish(self, state: _State) -> None:
        state.stage = "writing the report"
        measured = [state.measured.get(band) for band in state.plan.bands] if state.plan else []
        self._submit(
            state,
            _Asked(pages.finish, state.stage),
            *(state.target, state.folder, state.plan, measured, list(state.problems), state.mark, self._versions),
            state.seconds,
        )

    def _submit(self, state: _State, asked: _Asked, *args: Any) -> Any:
        # Targets that have begun are finished first: what they have in the scratch folder is needed no more then.
        future = self._client.submit(
            tasks.run_task,
            *(asked.function, self._versions, list(args)),
            pure=False,
            retries=RETRIES,
            priority=self._sooner * (asked.function in _SOONER) - state.number,
            key=(
                SHORT if asked.function in _SHORT else LONG,
                f"{asked.function.__name__}-{state.target.name}-{self._name}-{next(self._numbers)}",
            ),
        )
        state.waiting[future] = asked
        return future

    def _brought(self, futures: Sequence[Any]) -> dict[Any, Done]:
        """Return what tasks have brought, but for those that have failed."""
        if any(future.cancelled() for future in futures):
            raise _Lost
        finished = [future for future in futures if future.status == "finished"]
        with _lost_with_scheduler():
            return dict(zip(finished, self._client.gather(finished), strict=True))

    def _take(self, state: _State, future: Any, done: Done | None) -> None:
        """Take what a task has brought, None if it has failed."""
        asked = state.waiting.pop(future)
        done = done or Done(None, _failure(future.exception()), "", 0.0, 0)
        state.seconds += done.seconds
        self._memory = max(self._memory, done.memory)
        self._step = f"{state.target.name}, {asked.words}"
        if done.refused not in state.problems:  # once, however many tasks are refused with it
            self._log(state, asked.words, done)
        if asked.function is tasks.correct:
            state.exposures_done += 1
        elif asked.function is tasks.make_setting:
            state.exposures_done += asked.about
        for one in [one for one in state.next if future in one.futures]:
            one.brought[future] = done.value
            if done.refused or len(one.brought) == len(one.futures):
                state.next.remove(one)
                if not done.refused:
                    one.begin([one.brought[future] for future in one.futures])
        if done.refused:
            sentence = done.refused if state.stage != "opening exposures" else f"Left out: {done.refused}"
            if sentence not in state.problems:
                state.problems.append(sentence)
            if state.stage == "writing the report":
                self._finished(state, Record("", len(state.target.exposures), problems=tuple(state.problems)))
            return
        value = done.value
        if isinstance(value, Looked):
            state.looked[value.path] = value
        elif isinstance(value, Plan):
            state.plan = value
        elif isinstance(value, Record):
            self._finished(state, value)
        elif asked.function is tasks.tune_one:
            state.tunings[asked.about] = value
        elif asked.function is tasks.measure:
            state.measured.update(value)

    def _finished(self, state: _State, record: Record) -> None:
        state.record, state.stage = record, "finished"
        self._clear(state)
        self._tell(Finished(state.target, record, state.kept))

    def _clear(self, state: _State) -> None:
        """Remove what a target has in the scratch folder."""
        for path in self._scratch.glob(f"{state.number}-*"):
            shutil.rmtree(path, ignore_errors=True)

    # What is told.

    def _report(self) -> None:
        states = self._states
        exposures = sum(len(s.target.exposures) for s in states)
        done = sum(min(s.exposures_done, len(s.target.exposures)) for s in states if not s.kept)
        kept = sum(len(s.target.exposures) for s in states if s.kept)
        minutes = (time.monotonic() - self._begun) / 60
        rate = done / minutes if done else 0.0
        left = 60 * (exposures - kept - done) / rate if rate else float("nan")
        finished = sum(s.record is not None for s in states)
        fraction = (finished + sum(_part(s) for s in states if s.record is None)) / max(len(states), 1)
        self._tell(Status(len(states), finished, exposures, done + kept, rate, left, self._step, fraction))
        if time.monotonic() > self._indexed + _INDEX_EVERY:
            self._write_index(f"Under way, as of {_now()}.")

    def _write_index(self, words: str) -> None:
        self._indexed = time.monotonic()
        rows = []
        for state in self._states:
            record = state.record
            label = state.stage if record is None else Finished(state.target, record, state.kept).state
            rows.append((state.target.name, label, record, state.problems))
        try:
            pages.write_index(self._folder, rows, words)
        except OSError as error:
            self._tell(f"The index cannot be written: {error.strerror or error}.")

    def _log(self, state: _State, words: str, done: Done) -> None:
        line = f"{_now()}  {words}  {done.seconds:.1f} s  {done.worker}"
        try:
            state.folder.mkdir(parents=True, exist_ok=True)
            with open(state.folder / LOG, "a", encoding="utf-8") as file:
                file.write(f"{line}{'  ' if done.refused else ''}{one_sentence(done.refused)}\n")
        except OSError:
            pass  # a full disk is told by what was to be written

    def _close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            for state in self._states:
                state.waiting = {}
            try:
                client.close(timeout=5)
            except Exception as error:
                self._tell(f"The connection to the scheduler could not be closed: {explain(error)}")


@contextmanager
def _lost_with_scheduler() -> Iterator[None]:
    """Raise `_Lost` where the scheduler ends while it is asked something."""
    try:
        yield
    except (CancelledError, OSError) as error:  # the latter by distributed, for a connection that was closed
        raise _Lost from error


def _in_one_go(planned: JobPlan, left: int, workers: int) -> bool:
    """Whether one worker makes all of a setting, since the others have as much to do meanwhile with what is ``left``.

    Otherwise its exposures, and then the blocks of its cubes, are shared out among workers.
    """
    kinds, count = planned.job.kinds, len(planned.job.group.exposures)
    cubes = bool(kinds) and not planned.whole and (True in kinds or not any(planned.corrected))
    return cubes and count <= _LARGEST and count * (workers - 1) <= left


def _failure(error: BaseException) -> str:
    """Sentence for a task that failed for good."""
    if type(error).__name__ == "KilledWorker":
        return (
            "The workers that began this died one after the other; give them more memory (about 3 GB each), and look "
            "at their logs."
        )
    return explain(error)


def _part(state: _State) -> float:
    count = max(len(state.target.exposures), 1)
    return 0.9 * min(state.exposures_done / count, 1.0)


def _now() -> str:
    return datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
