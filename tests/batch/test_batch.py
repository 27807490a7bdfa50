"""The command ``batch`` as people use it: real schedulers and workers, some of which die, and a disk that is full."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from atm_viewer import cli
from atm_viewer.batch.made import read_record
from atm_viewer.engine.recipe import CubeOptions, Recipe, dump_recipe
from tests.batch.equality import assert_same
from tests.engine.output.test_products import exposures

pytestmark = pytest.mark.skipif(not hasattr(os, "killpg"), reason="processes are ended by POSIX signals")

#: Fits next to nothing and has few planes: what is tested is who does it, and when.
RECIPE = Recipe(1.5, 1e9, cube=CubeOptions(scalew=0.016))
MOST = 240.0  # seconds, on a machine that is busy
#: What a worker is told first: the disk that some exposures are on does not answer it, and it does not wait for long.
_HANGS = """
import threading
from atm_viewer.engine.io import exposure, in_time
in_time.OPENING = 15.0
exposure._read = lambda path, read=exposure._read: threading.Event().wait() if path.name in {} else read(path)
"""


@pytest.fixture(scope="module")
def programme(tmp_path_factory) -> Path:
    """A target of two exposures and one that is cut off, and one of one exposure."""
    folder = tmp_path_factory.mktemp("programme")
    (folder / "recipe.toml").write_text(dump_recipe(RECIPE))
    first, second, third, fourth = exposures("miri")
    (folder / "cut").mkdir()
    corrupt = folder / "cut" / fourth.name
    corrupt.write_bytes(fourth.read_bytes()[:3_000_000])
    write_programme(folder, folder / "recipe.toml", {"spoilt": [first, second, corrupt], "alone": [third]})
    return folder


def write_programme(folder: Path, recipe: Path, targets: Mapping[str, Sequence[Path]]) -> Path:
    """Write a programme file that asks for no more than it takes to see that it is followed."""
    text = f'version = 1\nrecipe = {json.dumps(str(recipe))}\nspaxels = 1\nbands = ["ch1-short"]\nexposures = true\n'
    for name, paths in targets.items():
        text += f"[[target]]\nname = {json.dumps(name)}\ninputs = {json.dumps(list(map(str, paths)))}\n"
    path = folder / "programme.toml"
    path.write_text(text)
    return path


def ours() -> dict[str, str]:
    """Surroundings of processes: without CRDS, as most people have it; importing and asking it takes them seconds."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CRDS_")}


@contextlib.contextmanager
def batch(given: Path, *arguments: str, limit: int = 0) -> Iterator[subprocess.Popen]:
    """A run of the command; it is ended when the body fails."""

    def limited() -> None:
        if limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    command = [sys.executable, "-m", "atm_viewer", "batch", str(given), *arguments]
    how = {
        "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT,
        "text": True,
        "start_new_session": True,
        "env": ours(),
    }
    with subprocess.Popen(command, **how, preexec_fn=limited) as run:
        try:
            yield run
        finally:
            end(run)


class Cluster:
    """A scheduler and a process that keeps workers, as people start them, until ``stack`` is closed."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack, preload: str = "") -> None:
        self._folder, self._stack = folder, stack
        self._first = ("--preload", preload) if preload else ()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = str(free.getsockname()[1])
        self.address = f"tcp://127.0.0.1:{self._port}"
        self.start(1)

    def start(self, workers: int) -> None:
        """Start both, at the same address as before."""
        file = self._folder / "scheduler.json"
        file.unlink(missing_ok=True)
        where = ("--host", "127.0.0.1", "--port", self._port, "--scheduler-file", str(file))
        self.scheduler = self._process("distributed.cli.dask_scheduler", "--no-dashboard", *where)
        wait_for(file.is_file)
        how = ("--nworkers", str(workers), "--nthreads", "1", "--no-dashboard", "--local-directory", str(self._folder))
        self.workers = self._process("distributed.cli.dask_worker", self.address, *how, *self._first)

    def _process(self, *command: str) -> subprocess.Popen:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True, "env": ours()}
        process = subprocess.Popen([sys.executable, "-m", *command], **quiet)
        self._stack.callback(end, process)
        return process

    def kill_a_worker(self) -> None:
        """Kill one of the processes that compute."""
        for path in Path(f"/proc/{self.workers.pid}/task").glob("*/children"):
            for number in map(int, path.read_text().split()):
                if b"spawn_main" in Path(f"/proc/{number}/cmdline").read_bytes():
                    os.kill(number, signal.SIGKILL)
                    return
        raise AssertionError("there is no worker")


def end(process: subprocess.Popen) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(happens: Callable[[], object]) -> None:
    until = time.monotonic() + MOST
    while not happens():
        assert time.monotonic() < until
        time.sleep(0.1)


def logged(folder: Path, words: str) -> bool:
    return any(words in path.read_text() for path in folder.glob("*/log.txt"))


@pytest.fixture(scope="module")
def made(programme, tmp_path_factory) -> Path:
    """What a run has made that was stopped, and continued on a cluster that lost its scheduler, then a worker."""
    folder = tmp_path_factory.mktemp("made")
    with batch(programme / "programme.toml", "-o", str(folder), "--workers", "1") as run:
        wait_for(lambda: logged(folder, "planning") or run.poll() is not None)
        run.send_signal(signal.SIGTERM)
        said, _ = run.communicate(timeout=MOST)
    assert run.returncode == 128 + signal.SIGTERM, said
    assert "Interrupted" in said
    assert "Stopped" in (folder / "index.html").read_text()
    assert [path for path in folder.iterdir() if path.name.startswith(".")] == []
    for path in folder.glob("*/log.txt"):
        path.unlink()
    with contextlib.ExitStack() as stack:
        cluster = Cluster(tmp_path_factory.mktemp("cluster"), stack)
        run = stack.enter_context(
            batch(programme / "programme.toml", "-o", str(folder), "--scheduler", cluster.address)
        )
        wait_for(lambda: logged(folder, "planning") or run.poll() is not None)
        cluster.scheduler.kill()
        cluster.start(2)
        # Which of the two depends on whether both workers are there when it is decided.
        wait_for(lambda: logged(folder, "correcting") or logged(folder, "making") or run.poll() is not None)
        assert run.poll() is None, run.communicate()
        cluster.kill_a_worker()
        said, _ = run.communicate(timeout=MOST)
    assert "The connection to the scheduler was lost" in said
    assert run.returncode == 1, said
    assert "2 targets made, 1 with something that failed" in said
    assert "spoilt: failed in part" in said
    return folder


def test_what_was_lost_is_made_all_the_same_and_equal_to_that_of_one_process(made, programme, tmp_path):
    chosen = [str(exposures("miri")[2]), "-r", str(programme / "recipe.toml"), "-o", str(tmp_path)]
    assert cli.run(["correct", *chosen]) == 0
    assert cli.run(["cube", *chosen, "--band", "ch1-short", "--product", "alone"]) == 0
    names = [path.name for path in tmp_path.iterdir()]
    assert len(names) == 3
    for name in names:
        assert_same(made / "alone" / name, tmp_path / name)


def test_a_corrupt_exposure_is_left_out_and_told(made):
    record = read_record(made / "spoilt")
    assert len(record.problems) == 1
    assert "Left out: jw00000001001_02101_00004_mirifushort_cal.fits is truncated" in record.problems[0]
    assert (made / "spoilt" / "spoilt-atm_ch1-short_s3d.fits").is_file()
    index = (made / "index.html").read_text()
    assert "is truncated" in index
    for name in ("alone", "spoilt"):
        assert f'href="{name}/report.html"' in index
        assert f'src="{name}/thumbnail.png"' in index
        assert "verdict" in (made / name / f"{name}_metrics.ecsv").read_text()
    assert [path for path in made.iterdir() if path.name.startswith(".")] == []


def test_only_what_has_changed_is_made_again_and_by_one_worker_alone_it_is_the_same(made, programme, tmp_path):
    folder = tmp_path / "again"
    shutil.copytree(made, folder)
    missing = [*(folder / "spoilt").glob("*_s3d.fits"), next((folder / "spoilt").glob("*_atm.fits"))]
    for path in missing:
        path.unlink()
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.fits")}
    with batch(programme / "programme.toml", "-o", str(folder), "--workers", "1") as run:
        said, _ = run.communicate(timeout=MOST)
    assert run.returncode == 1, said
    assert "alone: unchanged" in said
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(missing) == 3
    for path in missing:
        assert_same(path, made / "spoilt" / path.name)
    assert logged(folder, "making ch1-short of 2 exposures")


def test_a_full_disk_is_told_and_leaves_nothing(programme, tmp_path):
    given = write_programme(tmp_path, programme / "recipe.toml", {"full": exposures("miri")[:1]})
    with batch(given, "-o", str(tmp_path / "full"), "--workers", "1", limit=1_000_000) as run:
        said, _ = run.communicate(timeout=MOST)
    assert run.returncode == 1, said
    assert "The disk is full" in said
    assert [path for path in (tmp_path / "full").rglob("*") if path.suffix in (".fits", ".npy", ".part")] == []


def test_an_exposure_that_does_not_open_is_given_up_and_the_same_worker_makes_all_others(programme, tmp_path):
    first, second = exposures("miri")[:2]
    given = write_programme(tmp_path, programme / "recipe.toml", {"stuck": [first], "alone": [second]})
    out = tmp_path / "out"
    with contextlib.ExitStack() as stack:
        cluster = Cluster(tmp_path, stack, _HANGS.format([first.name]))
        run = stack.enter_context(batch(given, "-o", str(out), "--scheduler", cluster.address))
        said, _ = run.communicate(timeout=MOST)
    assert run.returncode == 1, said
    sentence = f"Left out: {first.name} did not open within "
    assert [one.startswith(sentence) for one in read_record(out / "stuck").problems] == [True]
    assert sentence in (out / "index.html").read_text()
    assert read_record(out / "alone").problems == ()
    assert len(list((out / "alone").glob("*.fits"))) == 3


def test_a_scheduler_that_is_not_there_is_told(programme, tmp_path):
    where = ["-o", str(tmp_path / "out"), "--scheduler", "tcp://127.0.0.1:9"]
    with batch(programme / "programme.toml", *where) as run:
        said, _ = run.communicate(timeout=MOST)
    assert run.returncode == 1
    assert "No Dask scheduler answers at tcp://127.0.0.1:9" in said
