"""Simulates a programme on a cluster: with Dask's own scheduler and workers, which wait instead of computing.

They wait on a clock that goes on by the processor time of this process, in which scheduler, workers and client take
turns, and that jumps to whatever comes next when all of them wait. So tasks take exactly as long as they are told to,
what Dask and this program take of a processor is counted as it is, and nobody has to wait, nor does it matter what
else this machine does. Nothing is known of networks and disks, nor of the seconds that a worker takes to import what
its first task needs: messages arrive at once, as they are, and workers are ready when the run begins.
"""

from __future__ import annotations

import asyncio
import re
import selectors
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from atm_viewer.batch import run, tasks
from atm_viewer.batch.cluster import connect
from atm_viewer.batch.made import LOG, Record
from atm_viewer.batch.programme import Options, Target
from atm_viewer.batch.tasks import Done, JobPlan, Looked, Plan

EXPOSURES, TARGETS = 500, 60
WORKERS = (1, 2, 4, 8, 16, 32, 64)
#: Processor seconds of tasks, of four dithers of flight-size MIRI exposures each; logs replace them.
TIMES = {
    "look": 0.1,
    "plan": 0.2,
    "correct": 3.5,
    "add_up": 0.7,
    "write_cubes": 2.5,
    "measure": 6.5,
    "finish": 0.7,
}
_WORDS = {
    "opening": "look",
    "planning": "plan",
    "correcting": "correct",
    "adding": "add_up",
    "writing the report": "finish",
    "writing": "write_cubes",
    "measuring": "measure",
}
_LINE = re.compile(r"^\S+ \S+  (?P<words>.+?)  (?P<seconds>[0-9.]+) s  ")
#: Tasks that need no other's outcome, so that any worker can begin them.
_INDEPENDENT = ("look", "plan", "correct", "make_setting", "measure")
_BANDS, _BLOCKS = ("ch1-short", "ch2-short"), 3
#: What the processes of a cluster look after many times a second each, at the same time, is too much for one of all.
_QUIET = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.interval": "30s",
    "distributed.admin.tick.interval": "10s",
    "distributed.worker.memory.monitor-interval": "10s",
}
#: Seconds that somebody is really waited for before the clock is asked again.
_TURN = 0.002


def read_times(logs: Sequence[Path]) -> dict[str, float]:
    """Median seconds of each kind of task; those of `TIMES` where logs have none."""
    found: dict[str, list[float]] = defaultdict(list)
    for path in logs:
        for line in path.read_text().splitlines():
            match = _LINE.match(line)
            kind = match and next((k for words, k in _WORDS.items() if match["words"].startswith(words)), None)
            if match and kind:
                found[kind].append(float(match["seconds"]))
    return TIMES | {kind: statistics.median(seconds) for kind, seconds in found.items()}


@dataclass(frozen=True)
class Simulated:
    """What a simulated run took.

    Parameters
    ----------
    workers : int
        How many.
    seconds : float
        How long the run took.
    work : float
        Seconds of all tasks.
    processor : float
        Seconds of a processor that scheduler, client and workers took beside the tasks.
    tasks : tuple of (str, float, float, str)
        Worker, begin and end [s, since the run began], and kind of each task.
    """

    workers: int
    seconds: float
    work: float
    processor: float
    tasks: tuple[tuple[str, float, float, str], ...]

    @property
    def efficiency(self) -> float:
        """Part of the workers' time in which they worked."""
        return self.work / self.workers / self.seconds

    @property
    def lost(self) -> dict[str, float]:
        """Parts of the workers' time in which they had nothing to do, by when that was."""
        by_worker = defaultdict(list)
        for worker, begin, end, _ in sorted(self.tasks):
            by_worker[worker].append((begin, end))
        first = min(begin for _, begin, _, kind in self.tasks if kind not in ("look", "plan"))
        last = max(begin for _, begin, _, kind in self.tasks if kind in _INDEPENDENT)
        start = between = tail = 0.0
        for spans in [*by_worker.values(), *[[]] * (self.workers - len(by_worker))]:
            edges = [0.0, *(edge for span in spans for edge in span), self.seconds]
            for a, b in zip(edges[::2], edges[1::2], strict=True):
                start += max(min(b, first) - a, 0.0)
                between += max(min(b, last) - max(a, first), 0.0)
                tail += max(b - max(a, last), 0.0)
        lost = {
            "before the first corrections": start,
            "between tasks": between,
            "after the last one that waits for nothing has begun": tail,
        }
        return {why: seconds / self.workers / self.seconds for why, seconds in lost.items()}

    @property
    def words(self) -> str:
        """Line for the terminal."""
        lost = ", ".join(f"{100 * part:.1f} % {why}" for why, part in self.lost.items())
        return (
            f"{self.workers:3} workers: {self.seconds:8.1f} s, {100 * self.efficiency:.1f} % of linear; idle: {lost}; "
            f"Dask and the run itself took {self.processor:.1f} s of a processor"
        )


class _Clock:
    """Time of a simulation, whose client is in one thread, and scheduler and workers in the loop of another."""

    def __init__(self) -> None:
        self._jumped, self._changed = 0.0, threading.Condition()
        self._until: float | None = None  # the client sleeps
        self._asks = False  # the client waits for the loop
        self.elsewhere = 0  # the loop waits for as many other threads
        self._simulated = False

    @contextmanager
    def running(self) -> Iterator[None]:
        """Have the clock jump in place of waiting."""
        self._simulated = True
        try:
            yield
        finally:
            self._simulated = False

    def now(self) -> float:
        """Seconds since some time."""
        return time.process_time() + self._jumped

    def sleep(self, seconds: float) -> None:
        """Have the client sleep."""
        with self._changed:
            self._until = self.now() + seconds
            self._changed.wait_for(lambda: self._until is None)

    def sync(self, loop: Any, function: Callable[..., Any], *args: Any, **how: Any) -> Any:
        """Have the client wait for what the loop does, in place of ``Client.sync``."""
        how.pop("asynchronous", None), how.pop("callback_timeout", None)
        future = asyncio.run_coroutine_threadsafe(function(*args, **how), loop)

        def answered(_: Any) -> None:
            with self._changed:
                self._asks = False

        with self._changed:
            self._asks = not future.done()
        future.add_done_callback(answered)
        return future.result()

    @property
    def _waiting(self) -> bool:
        """Whether nobody but the loop does anything."""
        return not self.elsewhere and (self._asks or self._until is not None)

    def wait(self, select: Callable[[float | None], Any], timeout: float | None) -> Any:
        """Wait in the loop for something to be read, or until a time has come."""
        begun, computed = time.monotonic(), time.process_time()
        ready = select(0)
        if not ready and timeout != 0 and not (self._simulated and self._waiting):
            ready = select(_TURN if timeout is None else min(timeout, _TURN))
        with self._changed:
            if not self._simulated:
                self._jumped += time.monotonic() - begun - (time.process_time() - computed)
            elif not ready and self._waiting:
                now = self.now()
                coming = [when for when in (self._until, timeout and now + timeout) if when is not None]
                self._jumped += max(min(coming, default=now) - now, 0.0)
            if self._until is not None and self.now() >= self._until:
                self._until = None
                self._changed.notify()
        return ready


class _Loop(asyncio.SelectorEventLoop):
    """Loop that goes by another clock."""

    def __init__(self, clock: _Clock) -> None:
        class Selector(selectors.DefaultSelector):
            def select(self, timeout: float | None = None) -> Any:
                return clock.wait(super().select, timeout)

        super().__init__(Selector())
        self._clock = clock
        self.time = clock.now  # type: ignore[method-assign]

    def run_in_executor(self, *args: Any) -> Any:
        """Have another thread do something, which the clock waits for."""

        def ended(_: Any) -> None:
            self._clock.elsewhere -= 1

        future = super().run_in_executor(*args)
        self._clock.elsewhere += 1
        future.add_done_callback(ended)
        return future


@contextmanager
def _simulated(workers: int) -> Iterator[tuple[str, _Clock]]:
    """Start a scheduler and workers on a clock that clients take too; yield the scheduler's address and the clock."""
    import dask
    import distributed
    from distributed import metrics
    from tornado.ioloop import IOLoop

    clock, stop = _Clock(), asyncio.Event()
    loop = _Loop(clock)
    started: Future[tuple[str, Any]] = Future()

    async def serve() -> None:
        async with AsyncExitStack() as stack:
            how: dict[str, Any] = {"protocol": "inproc://", "dashboard": False, "dashboard_address": ":0"}
            scheduler = await stack.enter_async_context(distributed.Scheduler(**how))
            for k in range(workers):
                worker = distributed.Worker(scheduler.address, name=str(k), nthreads=1, memory_limit=0, **how)
                await stack.enter_async_context(worker)
            started.set_result((scheduler.address, IOLoop.current()))
            await stop.wait()

    async def told() -> None:
        try:
            await serve()
        except BaseException as error:
            if not started.done():
                started.set_exception(error)
            raise

    def sync(client: Any, function: Callable[..., Any], *args: Any, **how: Any) -> Any:
        how.pop("asynchronous", None), how.pop("callback_timeout", None)
        return function(*args, **how) if client.asynchronous else clock.sync(loop, function, *args, **how)

    with ExitStack() as stack:
        stack.enter_context(dask.config.set(_QUIET))
        for name, module in list(sys.modules.items()):
            for kind in ("time", "monotonic"):
                if name.startswith("distributed.") and getattr(module, kind, None) is getattr(metrics, kind):
                    stack.enter_context(mock.patch.object(module, kind, clock.now))
        ours = SimpleNamespace(monotonic=clock.now, sleep=clock.sleep, monotonic_ns=lambda: int(1e9 * clock.now()))
        stack.enter_context(mock.patch.object(run, "time", ours))
        stack.enter_context(mock.patch.object(distributed.Client, "sync", sync))
        thread = threading.Thread(target=lambda: loop.run_until_complete(told()))
        thread.start()
        stack.callback(loop.close)
        stack.callback(thread.join)
        stack.callback(loop.call_soon_threadsafe, stop.set)
        address, io_loop = started.result()
        stack.enter_context(mock.patch.object(distributed, "Client", partial(distributed.Client, loop=io_loop)))
        yield address, clock


def _seconds(name: str, args: Sequence[Any], times: Mapping[str, float]) -> float:
    """How long a task takes; those that do the work of several take as long as these would together."""
    if name == "make_setting":
        kinds, blocks = len(args[0].job.kinds), len(args[0].blocks)
        alone = len(args[0].job.group.exposures) * times["correct"]
        return alone + blocks * times["add_up"] + kinds * times["write_cubes"]
    return times[name] * (len(args[3]) if name == "measure" else 1)  # bands


async def wait_instead(times: Mapping[str, float], function: Any, versions: Any, args: Sequence[Any]) -> Done:
    """Take the place of `run_task`: wait as long as the task takes, and bring what the next ones need."""
    from distributed import get_worker

    name, loop = function.__name__, asyncio.get_running_loop()
    seconds, begun = _seconds(name, args, times), loop.time()
    await asyncio.sleep(seconds)
    value: Any = ()
    if name == "look":
        value = Looked(args[0], _BANDS)
    elif name == "plan":
        target = args[0]
        job = SimpleNamespace(
            kinds=[False, True], group=SimpleNamespace(exposures=target.exposures, bands=_BANDS), name=str
        )
        blocks = tuple(
            SimpleNamespace(after=after, band=band)
            for after in (False, True)
            for band in _BANDS
            for _ in range(_BLOCKS)
        )
        value = Plan(Options().recipe, (JobPlan(job, "", blocks, (), False),), _BANDS, (), ())
    elif name == "finish":
        value = Record("made", len(args[0].exposures), {"x": (1, 1)})
    # The log says by whom; here also when, for `_read_tasks`.
    return Done(value, "", f"{get_worker().name} {begun} {loop.time()} {name}", seconds, 0)


def _read_tasks(folder: Path, begun: float) -> Iterator[tuple[str, float, float, str]]:
    """Read from the logs of a simulated run when each worker did what."""
    for path in folder.glob(f"*/{LOG}"):
        for line in path.read_text().splitlines():
            worker, begin, end, kind = line.split()[-4:]
            yield worker, float(begin) - begun, float(end) - begun, kind


def simulate(workers: int, times: dict[str, float]) -> Simulated:
    """Run 500 exposures of 60 targets on workers that wait."""
    counts = [EXPOSURES // TARGETS + (k < EXPOSURES % TARGETS) for k in range(TARGETS)]
    per_target = times["plan"] + 4 * _BLOCKS * times["add_up"] + 2 * times["write_cubes"] + 2 * times["measure"]
    work = EXPOSURES * (times["look"] + times["correct"]) + TARGETS * (per_target + times["finish"])
    with tempfile.TemporaryDirectory() as folder, _simulated(workers) as (address, clock):
        targets, out = [], Path(folder) / "out"
        for k, count in enumerate(counts):
            paths = [Path(folder) / f"{k}_{n}_cal.fits" for n in range(count)]
            for path in paths:
                path.touch()
            # As the names of most targets, these have parts that are letters alone, by which Dask might group tasks.
            name = f"star-{chr(ord('a') + k // 26)}{chr(ord('a') + k % 26)}"
            targets.append(Target(name, tuple(paths), Options()))
        with mock.patch.object(tasks, "run_task", partial(wait_instead, times)), clock.running():
            begun, computed = clock.now(), time.process_time()
            summary = run.run_programme(targets, out, lambda: connect(address), lambda news: None)
            seconds, computed = clock.now() - begun, time.process_time() - computed
        assert summary.problems == 0
        return Simulated(workers, seconds, work, computed, tuple(_read_tasks(out, begun)))


def draw(found: Sequence[Simulated], path: Path) -> None:
    """Draw the curve."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot([f.workers for f in found], [f.work / f.seconds for f in found], "o-", label="simulated")
    axes.plot([1, found[-1].workers], [1, found[-1].workers], "--", color="0.6", label="linear")
    axes.set(xlabel="workers", ylabel="times as fast as one worker", xscale="log", yscale="log")
    axes.set_xticks([f.workers for f in found], [str(f.workers) for f in found])
    axes.set_yticks(WORKERS, [str(k) for k in WORKERS])
    axes.minorticks_off()
    axes.legend()
    figure.savefig(path, dpi=120)
