"""Where tasks are carried out: a cluster on this machine, or a scheduler that runs already."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from atm_viewer.engine.errors import UserError, one_line

#: Seconds that a scheduler may take to answer.
PATIENCE = 10.0

#: Dask's own settings for a cluster of ours.
_SETTINGS = {
    "distributed.scheduler.allowed-failures": 3,
    # A worker has one task, whose arrays are its own: to pause it or to spill results frees nothing.
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.target": False,
    "distributed.admin.log-length": 100,
    # What Dask looks after ten to a hundred times a second in each process takes five percent of two processors.
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.monitor-interval": "1s",
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
}

#: Groups of tasks. Dask keeps the tasks of a large group that need no others until a worker is free, and gives it that
#: of the highest priority; those of small groups go to workers at once, and wait there for what these have begun.
SHORT, LONG = "short", "long"
#: Seconds that tasks of a group take about. Dask does not give a task of which it knows nothing to another worker that
#: has nothing to do.
EXPECTED = {SHORT: 0.5, LONG: 10.0}


class NoScheduler(UserError):
    """There is no scheduler, or there is none any more."""


@contextmanager
def local_cluster(workers: int, folder: str) -> Iterator[str]:
    """Run a cluster on this machine.

    Parameters
    ----------
    workers : int
        Processes; each carries out one task at a time, on one thread.
    folder : str
        For what Dask itself writes.

    Yields
    ------
    str
        The scheduler's address.
    """
    import dask
    from distributed import LocalCluster

    with dask.config.set(_SETTINGS):
        cluster: Any = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",
            local_directory=folder,
            silence_logs=logging.CRITICAL,
            # Who may connect to the scheduler has tasks carried out: not everybody on this machine may.
            security=True,
        )
        try:
            yield cluster
        finally:
            with suppress(Exception):  # what a worker says that dies in the end is no news
                cluster.close(timeout=20)


def connect(cluster: Any) -> Any:
    """Connect to a scheduler.

    Parameters
    ----------
    cluster : str or LocalCluster
        Address, or a cluster of ours.

    Returns
    -------
    distributed.Client

    Raises
    ------
    NoScheduler
        Nobody answers, or somebody else.
    """
    from distributed import Client

    for name in [name for name in logging.root.manager.loggerDict if name.split(".")[0] == "distributed"]:
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters of it is told in sentences
    try:
        client = Client(cluster, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise NoScheduler(
            f"No Dask scheduler answers at {one_line(cluster)}; check the address (such as tcp://host:8786) and that "
            f"it runs ({one_line(error)})."
        ) from error
    with suppress(Exception):  # a scheduler that is told nothing learns by itself
        client.run_on_scheduler(_expecting(EXPECTED))
    return client


def _expecting(seconds: Mapping[str, float]) -> Callable[[], None]:
    """Make a function for a scheduler, which need not have this program: it travels as its code."""

    def expect() -> None:
        import dask

        name = "distributed.scheduler.default-task-durations"
        dask.config.set({name: {**dask.config.get(name), **{task: f"{one}s" for task, one in seconds.items()}}})

    return expect


def dashboard(client: Any) -> str:
    """Sentence that names Dask's own dashboard; empty where there is none."""
    link = str(client.dashboard_link or "")
    if not link:
        return ""
    missing = "" if importlib.util.find_spec("bokeh") else " (once the package bokeh is installed)"
    return f"Dask's dashboard is at {link}{missing}."
