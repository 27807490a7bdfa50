"""How much faster a programme is on more workers: measured on this machine, simulated for a cluster.

    python -m tests.benchmarks.batch throughput INPUT...    one process against two workers, with processor time
    python -m tests.benchmarks.batch one INPUT...           the one process alone
    python -m tests.benchmarks.batch simulate [LOG...]      1 to 64 workers, with the task times of these logs (log.txt)

The one process makes what ``batch`` makes, cubes, table and report, target after target on one thread, with nothing of
Dask. Both begin with compiled kernels and known coordinates: run it twice.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from atm_viewer.batch import pages, tasks
from atm_viewer.batch.made import fingerprint
from atm_viewer.batch.programme import Options, read_programme
from atm_viewer.engine.output.provenance import current_versions
from atm_viewer.engine.threads import at_most, use_one_thread_each
from tests.benchmarks.simulated_cluster import WORKERS, draw, read_times, simulate


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
    parser.add_argument("--workers", type=int, nargs="*", default=WORKERS, help="how many workers to simulate")
    parser.add_argument("--curve", type=Path, help="picture of the simulated curve")
    args = parser.parse_args()
    if args.what != "simulate":
        _ = throughput(args.paths) if args.what == "throughput" else make_alone(args.paths, args.output)
        return
    times = read_times([Path(path) for path in args.paths])
    print("seconds per task:", ", ".join(f"{name} {value:.1f}" for name, value in times.items()))
    found = []
    for workers in args.workers:
        found.append(simulate(workers, times))
        print(found[-1].words, flush=True)
    if args.curve:
        draw(found, args.curve)


if __name__ == "__main__":
    main()
