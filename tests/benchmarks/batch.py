"""How much faster a programme is on more workers: measured on this machine, simulated for a cluster.

    python -m tests.benchmarks.batch throughput INPUT...    one process against two workers, with processor time
    python -m tests.benchmarks.batch one INPUT...           the one process alone
    python -m tests.benchmarks.batch simulate [LOG...]      1 to 64 workers, with the task times of these logs (log.txt)

The one process makes what ``batch`` makes, cubes, table and report, target after target on one thread, with nothing of
Dask. Both begin with compiled kernels and known coordinates: run it twice. The simulation runs the real
`run_programme` with Dask's own scheduler and workers; they wait instead of computing.
"""

from __future__ import annotations

import argparse
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from atm_viewer.batch import pages, run, tasks
from atm_viewer.batch.made import Record, fingerprint
from atm_viewer.batch.programme import Options, Target, read_programme
from atm_viewer.batch.tasks import Done, JobPlan, Looked, Plan
from atm_viewer.engine.output.provenance import current_versions
from atm_viewer.engine.threads import at_most, use_one_thread_each

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
_BANDS, _BLOCKS = ("ch1-short", "ch2-short"), 3


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
    """What a simulated run took, in the time of the real tasks [s]."""

    workers: int
    seconds: float
    work: float

    @property
    def efficiency(self) -> float:
        """Part of the workers' time in which they worked."""
        return self.work / self.workers / self.seconds


_TIMES: dict[str, float] = {}
#: All workers are threads of one process: what each would look after in its own would take this one's time 64 times.
_SETTINGS = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.interval": "30s",
}


def _seconds(name: str, args: Sequence[Any]) -> float:
    """How long a task takes; those that do the work of several take as long as these would together."""
    if name == "make_setting":
        kinds, blocks = len(args[0].job.kinds), len(args[0].blocks)
        alone = len(args[0].job.group.exposures) * _TIMES["correct"]
        return alone + blocks * _TIMES["add_up"] + kinds * _TIMES["write_cubes"]
    return _TIMES[name] * (len(args[3]) if name == "measure" else 1)  # bands


def wait_instead(function: Any, versions: Any, args: Sequence[Any]) -> Done:
    """Take the place of `run_task`: wait as long as the task takes, and bring what the next ones need."""
    name = function.__name__
    seconds = _seconds(name, args)
    time.sleep(seconds * _TIMES["scale"])
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
    return Done(value, "", "", seconds, 0)


def simulate(workers: int, times: dict[str, float], wall: float = 40.0) -> Simulated:
    """Run 500 exposures of 60 targets on workers that wait; it takes ``wall`` seconds at least.

    The less time it takes, the more it counts what Dask and this program take of this machine's time: most with few
    workers, whose tasks are made the shortest.
    """
    import dask
    from distributed import LocalCluster

    dask.config.set(_SETTINGS)
    counts = [EXPOSURES // TARGETS + (k < EXPOSURES % TARGETS) for k in range(TARGETS)]
    with tempfile.TemporaryDirectory() as folder:
        targets = []
        for k, count in enumerate(counts):
            paths = [Path(folder) / f"{k}_{n}_cal.fits" for n in range(count)]
            for path in paths:
                path.touch()
            targets.append(Target(f"target{k}", tuple(paths), Options()))
        per_target = times["plan"] + 4 * _BLOCKS * times["add_up"] + 2 * times["write_cubes"] + 2 * times["measure"]
        work = EXPOSURES * (times["look"] + times["correct"]) + TARGETS * (per_target + times["finish"])
        _TIMES.update(times, scale=workers * wall / work)
        cluster: Any = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=False,
            memory_limit=0,  # nobody looks at it ten times a second for each worker
            dashboard_address=None,
            silence_logs=50,
        )
        try:
            with mock.patch.object(tasks, "run_task", wait_instead):
                from atm_viewer.batch.cluster import connect

                begun = time.monotonic()
                summary = run.run_programme(targets, Path(folder) / "out", lambda: connect(cluster), lambda news: None)
                seconds = (time.monotonic() - begun) / _TIMES["scale"]
        finally:
            cluster.close()
        assert summary.problems == 0
        return Simulated(workers, seconds, work)


def draw(found: Sequence[Simulated], path: Path) -> None:
    """Draw the curve."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    one = found[0].work
    axes.plot([f.workers for f in found], [one / f.seconds for f in found], "o-", label="simulated")
    axes.plot([1, found[-1].workers], [1, found[-1].workers], "--", color="0.6", label="linear")
    axes.set(xlabel="workers", ylabel="times as fast as one worker", xscale="log", yscale="log")
    axes.set_xticks([f.workers for f in found], [str(f.workers) for f in found])
    axes.set_yticks(WORKERS, [str(k) for k in WORKERS])
    axes.minorticks_off()
    axes.legend()
    figure.savefig(path, dpi=120)


def make_alone(inputs: Sequence[str], folder: Path) -> None:
    """Make in this process what ``batch`` makes, on one thread."""
    versions = current_versions()
    with at_most(1):
        for target in read_programme(inputs, Options()):
            out, begun, mark = folder / target.name, time.monotonic(), fingerprint(target, versions)
            planned = tasks.plan(target, out, (), mark)
            measured = {}
            for one in planned.jobs:
                tasks.make_setting(one, out)
                chosen = [target.exposures.index(path) for path in one.job.group.exposures]
                bands, count = one.job.group.bands, target.options.spaxels
                measured.update(tasks.measure(target.exposures, chosen, planned.recipe, bands, count))
            found = [measured[band] for band in planned.bands]
            pages.finish(target, out, planned, found, (), mark, versions, time.monotonic() - begun)


def throughput(inputs: Sequence[str]) -> None:
    """Time the command with two workers, and one process that makes the same."""
    own = [sys.executable, "-m", "tests.benchmarks.batch", "one", *inputs, "-o"]
    command = [sys.executable, "-m", "atm_viewer", "batch", *inputs, "--workers", "2", "-o"]
    use_one_thread_each()
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name, words in (("one process", own), ("two workers", command)):
            before, begun = _processor_time(), time.monotonic()
            subprocess.run([*words, str(Path(folder) / name)], check=True)
            found.append(time.monotonic() - begun)
            spent = _processor_time() - before
            print(f"{name}: {found[-1]:.1f} s, {spent:.1f} s of processor time", flush=True)
    print(f"two workers are {found[0] / found[1]:.2f} times as fast as one process")


def _processor_time() -> float:
    """Seconds that processes which this one has started, and those that they started, have computed."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("throughput", "one", "simulate"))
    parser.add_argument("paths", nargs="*")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("one-process"), help="folder of what one process makes"
    )
    parser.add_argument("--wall", type=float, default=60.0, help="seconds that each simulated run takes at least")
    parser.add_argument("--curve", type=Path, help="picture of the simulated curve")
    args = parser.parse_args()
    if args.what != "simulate":
        _ = throughput(args.paths) if args.what == "throughput" else make_alone(args.paths, args.output)
        return
    times = read_times([Path(path) for path in args.paths])
    print("seconds per task:", ", ".join(f"{name} {value:.1f}" for name, value in times.items()))
    found = []
    for workers in WORKERS:
        found.append(simulate(workers, times, args.wall))
        one = found[-1]
        print(f"{workers:3} workers: {one.seconds:8.0f} s, {100 * one.efficiency:.1f} % of linear", flush=True)
    if args.curve:
        draw(found, args.curve)


if __name__ == "__main__":
    main()
