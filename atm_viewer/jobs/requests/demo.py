"""Request for exposures that the program can be tried on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from atm_viewer.jobs.requests.base import Backends, Report, SeparateRequest


@dataclass(frozen=True)
class MakeDemo(SeparateRequest[str]):
    """Make the demo's exposures in a folder unless they are there; gives the path of their association.

    ``instrument`` is ``miri`` or ``nirspec``.
    """

    instrument: str
    folder: str

    lasting = True

    @property
    def job_name(self) -> str:
        """The same for all."""
        return "Making the demo's exposures"

    def answer(self, backends: Backends, report: Report) -> str:
        """Make them."""
        return str(backends.make_demo(self.instrument, Path(self.folder), report))
