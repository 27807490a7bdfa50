"""Requests for regions as DS9 has them: reading and writing them takes a library that the window does without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from atm_viewer.engine.recipe import Region
from atm_viewer.jobs.requests.base import Backends, Report, Request, Urgency, count


@dataclass(frozen=True)
class ReadRegions(Request[tuple[Region, ...]]):
    """Regions of the text of a DS9 region file, which ``name`` stands for in messages."""

    text: str
    name: str

    lasting = True
    announced = True

    @property
    def job_name(self) -> str:
        """The same for all."""
        return "Importing regions"

    @property
    def urgency(self) -> Urgency:
        """The user waits for it, and it is done in a moment."""
        return Urgency.AT_ONCE

    def answer(self, backends: Backends, report: Report) -> tuple[Region, ...]:
        """Read the text; regions without a tag that says otherwise use the spline."""
        from atm_viewer.engine.io.region_files import read_ds9

        return read_ds9(self.text, self.name, "spline")

    def done(self, result: Any) -> str:
        """Say how many there were."""
        return f"Imported {count(len(result), 'region')}."


@dataclass(frozen=True)
class FormatRegions(Request[str]):
    """Text of a DS9 region file with some regions, which goes to a path."""

    regions: tuple[Region, ...]
    path: str

    lasting = True

    @property
    def job_name(self) -> str:
        """The same for all."""
        return "Exporting regions"

    @property
    def urgency(self) -> Urgency:
        """The user waits for it, and it is done in a moment."""
        return Urgency.AT_ONCE

    def answer(self, backends: Backends, report: Report) -> str:
        """Write the text."""
        from atm_viewer.engine.io.region_files import write_ds9

        return write_ds9(self.regions)
