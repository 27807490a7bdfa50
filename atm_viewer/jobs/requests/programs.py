"""Requests that have to do with other programs, by SAMP."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from atm_viewer.engine.results.sky_image import SkyImage
from atm_viewer.engine.results.written import Tool
from atm_viewer.jobs.requests.base import Backends, Report, SeparateRequest
from atm_viewer.jobs.requests.products import WriteSpectra


@dataclass(frozen=True)
class FindTools(SeparateRequest[tuple[Tool, ...]]):
    """Find the programs that files can be sent to."""

    folder: str = ""

    @property
    def job_name(self) -> str:
        """The same for all."""
        return "Looking for SAMP programs"

    def answer(self, backends: Backends, report: Report) -> tuple[Tool, ...]:
        """Ask the hub."""
        from atm_viewer.engine.output.samp import find_tools

        return find_tools()


@dataclass(frozen=True, eq=False)
class SendFile(SeparateRequest[str]):
    """Send something to another program; gives a sentence on what became of it.

    ``what`` is spectra or an image of the field, which are written to ``folder`` first, or the path of a cube. An empty
    ``tool`` stands for all programs that take such files.
    """

    what: WriteSpectra | SkyImage | str
    tool: str
    folder: str

    lasting = True
    announced = True

    @property
    def job_name(self) -> str:
        """The same for all."""
        return "Sending through SAMP"

    def answer(self, backends: Backends, report: Report) -> str:
        """Write a file where there is none, and send it."""
        from atm_viewer.engine.output.samp import IMAGE, TABLE, clear_old, send_file, write_image

        folder, kind = Path(self.folder), IMAGE
        clear_old(folder)
        match self.what:
            case WriteSpectra() as spectra:
                paths, kind = [Path(path) for path in spectra.answer(backends, report).paths], TABLE
            case SkyImage() as image:
                paths = [write_image(image, folder, f"sky_{image.band}.fits")]
            case path:
                paths = [Path(path)]
        return " ".join(send_file(path, kind, self.tool) for path in paths)

    def done(self, result: str) -> str:
        """Say what became of it."""
        return result
