"""Request for a programme of targets on a cluster."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

from atm_viewer.engine.errors import UserError, one_line
from atm_viewer.engine.recipe import Recipe, dump_recipe
from atm_viewer.engine.results.written import WrittenProducts
from atm_viewer.jobs.requests.base import Backends, Report, SeparateRequest


@dataclass(frozen=True)
class ProgrammeRun(WrittenProducts):
    """What a run of a programme has come to: the index of its reports, a sentence, and a line per target."""

    sentence: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class RunProgramme(SeparateRequest[ProgrammeRun]):
    """Correct targets on a cluster, see `atm_viewer.batch.run`.

    It runs in a program of its own, which stops, and removes what is half-written, when this process is killed.

    Parameters
    ----------
    inputs : tuple of str
        Associations, folders, exposures, or a programme file.
    recipe : Recipe
        Parameters, or what tuning begins with.
    folder : str
        Where to.
    tune : bool
        Whether each target has a recipe of its own made.
    exposures : bool
        Whether corrected exposures are written as well.
    scheduler : str
        Address of Dask's scheduler; empty for a cluster on this machine.
    workers : int
        Its processes.
    """

    inputs: tuple[str, ...]
    recipe: Recipe
    folder: str
    tune: bool = False
    exposures: bool = False
    scheduler: str = ""
    workers: int = 0

    lasting = True
    announced = True
    writes = True

    @property
    def job_name(self) -> str:
        """Where it runs."""
        return f"Running on {one_line(self.scheduler) if self.scheduler else 'this machine'}"

    def answer(self, backends: Backends, report: Report) -> ProgrammeRun:
        """Run it."""
        wanted = {**vars(self), "recipe": dump_recipe(self.recipe)}
        # In a bundle the interpreter is the program itself.
        begin = [] if getattr(sys, "frozen", False) else ["-m", "atm_viewer"]
        command = [sys.executable, *begin, "--batch-child"]
        lines: list[str] = []
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(json.dumps(wanted) + "\n")
            child.stdin.flush()
            for line in child.stdout:
                said = json.loads(line)
                if "step" in said:
                    report(said["step"], said["fraction"])
                elif "line" in said:
                    lines.append(said["line"])
                elif "failed" in said:
                    raise UserError(said["failed"])
                else:
                    return ProgrammeRun((said["index"],), said["done"], tuple(lines))
        raise UserError("The program that runs the targets has ended; the message log says more.")

    def done(self, result: ProgrammeRun) -> str:
        """Say what it has come to, and where the reports are."""
        return f"{result.sentence.rstrip('.')}. The index is {result.paths[0]}."

    def details(self, result: ProgrammeRun) -> str:
        """Return a line per target."""
        return "\n".join(result.lines)
