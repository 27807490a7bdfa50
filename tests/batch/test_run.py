"""What a run remembers of a target: with a stand-in for Dask's client, which loses what it was given when told to."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from atm_viewer.batch import pages, tasks
from atm_viewer.batch.cluster import EXPECTED
from atm_viewer.batch.programme import Options, Target
from atm_viewer.batch.run import Finished, run_programme
from atm_viewer.batch.tasks import Done, JobPlan, Looked, Plan
from atm_viewer.engine.errors import UserError
from atm_viewer.engine.recipe import Recipe


class Client:
    """Carries out a task as soon as it is submitted, as ``doing`` says; the connection is lost after some tasks."""

    def __init__(self, doing: dict[Any, Callable[..., Any]], lasts: int = 1000) -> None:
        self.doing, self.lasts = doing, lasts
        self.did: list[Any] = []
        self.keys: list[Any] = []

    @property
    def status(self) -> str:
        return "running" if self.lasts > 0 else "closed"

    def nthreads(self) -> dict[str, int]:
        return {"a worker": 1, "another one": 1}

    def submit(self, run_task, function, versions, args, **how) -> Any:
        self.lasts -= 1
        self.did.append(function)
        self.keys.append(how["key"])
        try:
            done = Done(self.doing.get(function, function)(*args), "", "a worker", 0.0, 0)
        except UserError as error:
            done = Done(None, str(error), "a worker", 0.0, 0)
        future: Future[Done] = Future()
        future.set_result(done)
        future.status = "finished"  # type: ignore[attr-defined]  # as Dask's have
        return future

    def gather(self, futures) -> list[Any]:
        return [future.result() for future in futures]

    def close(self, timeout: float) -> None:
        pass


@pytest.fixture
def broken(tmp_path) -> Target:
    """A target that has no exposure that can be opened."""
    paths = tmp_path / "a_cal.fits", tmp_path / "b_cal.fits"
    for path in paths:
        path.write_bytes(b"nothing")
    return Target("broken", paths, Options())


def test_exposures_that_were_left_out_are_looked_at_again_when_the_scheduler_was_lost(broken, tmp_path):
    clients = [Client({}, lasts=3), Client({})]  # lost while the report is written
    summary = run_programme([broken], tmp_path / "out", lambda: clients.pop(0), lambda news: None)
    record = summary.finished[0].record
    assert [problem.count("Left out: ") for problem in record.problems] == [1, 1]
    assert clients == []


def test_a_target_that_was_given_up_says_why(broken, tmp_path):
    summary = run_programme([broken], tmp_path / "out", lambda: Client({}, lasts=1), lambda news: None)
    assert "lost again and again" in summary.finished[0].record.problems[-1]
    assert "lost again and again" in (tmp_path / "out" / "index.html").read_text()


def test_what_a_target_has_in_the_scratch_folder_goes_when_it_is_finished(tmp_path):
    out = tmp_path / "out"
    group = SimpleNamespace(exposures=(tmp_path / "a_cal.fits",), bands=("ch1-short",))
    planned = JobPlan(SimpleNamespace(kinds=[True], group=group), "", (), (), False)

    def correct(planned: JobPlan, number: int, scratch: Path, folder: Path) -> None:
        scratch.mkdir()
        (scratch / "pixels.npy").write_bytes(b"much")

    client = Client(
        {
            tasks.look: lambda path: Looked(path, ("ch1-short",)),
            tasks.plan: lambda *args: Plan(Recipe(), (planned,), (), (), (), measured=True),
            tasks.correct: correct,
            tasks.write_cubes: lambda *args: (),
            pages.finish: lambda *args: _record(*args),
        }
    )
    left = []

    def _record(*args: Any) -> Any:
        assert list(out.glob(".*/*/pixels.npy"))
        return pages.Record("", 1)

    def tell(news: Any) -> None:
        if isinstance(news, Finished):
            left.extend(out.glob(".*/*"))

    (tmp_path / "a_cal.fits").write_bytes(b"exposure")
    run_programme([Target("a", group.exposures, Options())], out, lambda: client, tell)
    assert left == []


@pytest.mark.parametrize(("targets", "whole"), [(1, 0), (2, 1), (3, 2), (5, 4)])
def test_settings_are_made_in_one_go_as_long_as_others_have_as_much_to_do(targets, whole, tmp_path):
    paths = [tmp_path / f"{k}_cal.fits" for k in range(targets)]
    for path in paths:
        path.write_bytes(b"exposure")

    def planned(target: Target, *args: Any) -> Plan:
        group = SimpleNamespace(exposures=target.exposures, bands=("ch1-short", "ch2-short"))
        job = JobPlan(SimpleNamespace(kinds=[False, True], group=group), "", (), (), False)
        return Plan(Recipe(), (job,), group.bands, (), ())

    measured = []

    def measure(paths: Any, chosen: Any, recipe: Any, bands: Any, count: int) -> dict[str, Any]:
        measured.extend(bands)
        return dict.fromkeys(bands, ())

    client = Client(
        {
            tasks.look: lambda path: Looked(path, ("ch1-short", "ch2-short")),
            tasks.plan: planned,
            tasks.make_setting: lambda *args: (),
            tasks.correct: lambda *args: None,
            tasks.write_cubes: lambda *args: (),
            tasks.measure: measure,
            pages.finish: lambda *args: pages.Record("", 1),
        }
    )
    given = [Target(path.name, (path,), Options()) for path in paths]
    told: list[Any] = []
    run_programme(given, tmp_path / "out", lambda: client, told.append)
    assert client.did.count(tasks.make_setting) == whole
    assert client.did.count(tasks.correct) == targets - whole
    assert sorted(measured) == ["ch1-short"] * targets + ["ch2-short"] * targets
    assert max(one.exposures_done for one in told if not isinstance(one, (str, Finished))) == targets


@pytest.mark.parametrize("fails", [False, True])
def test_sums_wait_for_all_exposures_of_their_setting_and_take_what_these_brought(fails, tmp_path):
    paths = tuple(tmp_path / f"{k}_cal.fits" for k in range(3))
    for path in paths:
        path.write_bytes(b"exposure")
    bands = ("ch1-short",)
    blocks = tuple(SimpleNamespace(after=after, band=bands[0]) for after in (False, True, True))
    job = SimpleNamespace(kinds=[False, True], group=SimpleNamespace(exposures=paths, bands=bands))
    planned = JobPlan(job, "", blocks, (), False)
    given = []

    def correct(planned: JobPlan, number: int, scratch: Path, folder: Path) -> str:
        if fails and number == 1:
            raise UserError("The disk is full.")
        return f"outline {number}"

    client = Client(
        {
            tasks.look: lambda path: Looked(path, bands),
            tasks.plan: lambda *args: Plan(Recipe(), (planned,), bands, (), (), measured=True),
            tasks.correct: correct,
            tasks.add_up: lambda planned, outlines, block, scratch: given.append((outlines, block)),
            tasks.write_cubes: lambda planned, outlines, after, scratch, folder: given.append((outlines, after)),
            pages.finish: lambda target, folder, plan, measured, problems, *rest: pages.Record(
                "", 3, problems=problems
            ),
        }
    )
    summary = run_programme([Target("a", paths, Options())], tmp_path / "out", lambda: client, lambda news: None)
    assert client.did.count(tasks.correct) == 3
    assert client.did[-1] is pages.finish
    problems = list(summary.finished[0].record.problems)
    if fails:
        assert problems == ["The disk is full."]
        assert given == []
    else:
        assert problems == []
        outlines = ["outline 0", "outline 1", "outline 2"]
        assert sorted((o, str(b)) for o, b in given) == sorted((outlines, str(b)) for b in (*blocks, False, True))
        assert {str(b) for _, b in given[-1:]} <= {"False", "True"}


def test_tasks_are_in_few_groups_whose_duration_dask_knows_whatever_the_names_of_targets(tmp_path):
    from distributed.utils import key_split_group

    client = Client({tasks.look: lambda path: Looked(path, ()), pages.finish: lambda *args: pages.Record("", 1)})
    targets = []
    for name in ("Orion", "NGC-7027", "M 82", "target0"):
        path = tmp_path / f"{name}_cal.fits"
        path.write_bytes(b"exposure")
        targets.append(Target(name, (path,), Options()))
    client.doing[tasks.plan] = lambda *args: Plan(Recipe(), (), (), (), (), measured=True)
    run_programme(targets, tmp_path / "out", lambda: client, lambda news: None)
    assert len(set(client.keys)) == 12
    assert {key_split_group(key) for key in client.keys} <= set(EXPECTED)
