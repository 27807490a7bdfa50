"""One measurement in a process of its own, so that its peak memory is its own."""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    "STPIPE_DISABLE_CRDS_STEPPARS": "true",
    "CRDS_SERVER_URL": "https://jwst-serverless-mode.stsci.edu",
    "CRDS_PATH": "/tmp/crds_none",
    "QT_QPA_PLATFORM": "offscreen",
    "QT_LOGGING_RULES": "default.warning=false",
    "PYTHONWARNINGS": "ignore",
}


def measure(task: Callable[..., dict], cache: Path, nice: int = 0, **arguments: Any) -> dict[str, Any]:
    """Call a function of a module in a new process and return what it returns, with the process's peak memory.

    Parameters
    ----------
    task : callable
        Function at the top of its module; takes ``arguments`` and returns a dict, both as JSON has them.
    cache : Path
        XDG_CACHE_HOME of the process: ATM Viewer's kernels and coordinates are kept in it.
    nice : int
        How much to stand back for others.
    **arguments
        For the task.

    Returns
    -------
    dict
        The task's, with ``megabytes``: peak memory of the process, or of its children when one had more.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        command = [sys.executable, "-m", __name__, f"{task.__module__}:{task.__name__}", json.dumps(arguments)]
        environment = os.environ | ENVIRONMENT | {"XDG_CACHE_HOME": str(cache), "XDG_CONFIG_HOME": folder}
        # Installed programs have their modules compiled; where this is set, ours would be compiled at each start.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        begun = time.monotonic()
        subprocess.run(
            [*command, str(answer)],
            check=True,
            cwd=CHECKOUT,
            env=environment,
            stdout=subprocess.DEVNULL,
            preexec_fn=lambda: os.nice(nice),
        )
        found = json.loads(answer.read_text())
        print(f"  {task.__name__} {arguments}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
        return found


def times(work: Callable[[], Any], repeats: int) -> list[float]:
    """Seconds of each of several calls."""
    seconds = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return seconds


def descendants(process: int) -> list[int]:
    """Process and all that it and its descendants have begun, on Linux."""
    found = [process]
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            found += [one for child in task.read_text().split() for one in descendants(int(child))]
    return found


def proportional(process: int) -> int:
    """Memory of a process [byte], of pages that several share its part (PSS of Linux); 0 when it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _main() -> None:
    module, _, name = sys.argv[1].partition(":")
    found = getattr(importlib.import_module(module), name)(**json.loads(sys.argv[2]))
    peaks = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    Path(sys.argv[3]).write_text(json.dumps(found | {"megabytes": max(peaks) / 1024}))


if __name__ == "__main__":
    _main()
