"""An open exposure as part of the session's state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from atm_viewer.engine.results.exposure_view import ExposureView
from atm_viewer.jobs.messages import Request
from atm_viewer.session.persistence.session_state import Mark
from atm_viewer.session.state.cursor import SliceMap


class Workers(Protocol):
    """What the session needs of `atm_viewer.jobs.workers.Workers`."""

    def submit(self, request: Request) -> int:
        """Take a request and return the job's number."""

    def cancel(self, job: int) -> None:
        """End a job; its outcome is CANCELLED."""

    def close(self) -> None:
        """End all processes."""


@dataclass(frozen=True)
class Message:
    """Something that was told.

    Parameters
    ----------
    level : str
        ``info``, ``warning`` or ``error``.
    text : str
        One sentence for people.
    detail : str
        Traceback for the log, or empty.
    time : str
        When it was told, ``HH:MM:SS``.
    """

    level: str
    text: str
    detail: str
    time: str


@dataclass(frozen=True)
class Job:
    """A job under way.

    Parameters
    ----------
    number : int
        Number of the job; negative for work outside of the workers.
    name : str
        What it does.
    step : str
        Where it is, empty before it says so.
    fraction : float or None
        Part that is done, 0 to 1; None before it is known.
    lasting : bool
        The user asked for it and waits for it, unlike the previews that come and go.
    """

    number: int
    name: str
    step: str = ""
    fraction: float | None = None
    lasting: bool = False


@dataclass(frozen=True)
class OpenExposure:
    """An exposure in the session.

    Parameters
    ----------
    view : ExposureView
        The exposure.
    slices : tuple of int
        Its slice numbers, ascending.
    brightest : int
        The slice that seems brightest, as long as there is no report.
    slice_map : SliceMap
        Where its slices lie, for the cursor.
    included : bool
        Whether it takes part in sky image, spectra and products.
    mark : Mark or None
        By what a session knows the file again; None when it could not be read.
    """

    view: ExposureView
    slices: tuple[int, ...]
    brightest: int
    slice_map: SliceMap
    included: bool = True
    mark: Mark | None = None
