"""Requests that open and close exposures, and that clear the coordinate cache."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from atm_viewer.engine.errors import UserError, one_line
from atm_viewer.engine.results.exposure_view import ExposureView, FileState
from atm_viewer.jobs.requests.base import Backends, Report, Request, Urgency, count


@dataclass(frozen=True, eq=False)
class Opened:
    """Exposures that could be opened, and a sentence for every file that could not.

    ``notes`` say what associations left out; ``missing`` has associations whose members were not found, and their
    names.
    """

    exposures: tuple[ExposureView, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()
    missing: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class OpenExposures(Request[Opened]):
    """Open cal/crf files and associations; progress brings what is open so far, file by file, as `Opened` too.

    Members of associations are looked for in ``folders`` as well, see `atm_viewer.engine.io.association.read_inputs`.
    A file that is not the one any more that ``as_shown`` says, by path, is left out.
    """

    paths: tuple[str, ...]
    folders: tuple[str, ...] = ()
    as_shown: tuple[tuple[str, FileState], ...] = ()

    lasting = True
    opens = True

    @property
    def job_name(self) -> str:
        """Name of the file, or how many there are."""
        return (
            f"Opening {one_line(Path(self.paths[0]).name) if len(self.paths) == 1 else count(len(self.paths), 'file')}"
        )

    def answer(self, backends: Backends, report: Report) -> Opened:
        """Open files one by one, each sent off as soon as it is open; return what could not be opened."""
        from atm_viewer.engine.io.association import MissingMembers, read_inputs

        files: list[Path] = []
        problems: list[str] = []
        notes: list[str] = []
        missing: list[tuple[str, tuple[str, ...]]] = []
        changed = {path for path, state in self.as_shown if state.differs(path)}
        for path in self.paths:
            if path in changed:
                continue
            try:
                inputs = read_inputs([path], self.folders)
            except UserError as error:
                problems.append(str(error))
                if isinstance(error, MissingMembers):
                    missing.append((path, error.names))
            else:
                files += [file for file in inputs.exposures if file not in files]
                notes += inputs.notes

        def found(view: ExposureView, fraction: float) -> None:
            report(f"Opened {Path(view.key).name}", fraction, Opened((view,), ()))

        opened = backends.bench.open(list(map(str, files)), report, found)
        return Opened((), (*problems, *opened.problems), (*notes, *opened.notes), tuple(missing))

    def done(self, result: Opened) -> str:
        """Say how many were opened."""
        return f"{count(len(result.exposures), 'exposure')} opened."


@dataclass(frozen=True)
class CloseExposures(Request[None]):
    """Forget exposures (by key) and what was computed for them."""

    exposures: tuple[str, ...]

    @property
    def job_name(self) -> str:
        """The same for all."""
        return "Closing exposures"

    def answer(self, backends: Backends, report: Report) -> None:
        """Have the bench forget them."""
        backends.bench.close(self.exposures)


@dataclass(frozen=True)
class GiveBackMemory(Request[None]):
    """Give back what is made again in a moment, since another process is about to need memory."""

    @property
    def job_name(self) -> str:
        """The same for all."""
        return "Giving back memory"

    @property
    def urgency(self) -> Urgency:
        """Before anything else is computed: that process has begun."""
        return Urgency.AT_ONCE

    def answer(self, backends: Backends, report: Report) -> None:
        """Have the bench give it back."""
        backends.bench.give_back()


@dataclass(frozen=True)
class ClearCache(Request[int]):
    """Clear the coordinate cache, and old kernels; gives how much that was [byte]."""

    lasting = True
    announced = True

    @property
    def job_name(self) -> str:
        """The same for all."""
        return "Clearing the coordinate cache"

    def answer(self, backends: Backends, report: Report) -> int:
        """Delete it."""
        from atm_viewer.engine.io.coordinate_cache import clear_cache

        return clear_cache()

    def done(self, result: int) -> str:
        """Say how much was deleted."""
        return f"Cleared the coordinate cache ({result / 1e6:.0f} MB)."
