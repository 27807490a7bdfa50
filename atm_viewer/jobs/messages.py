"""Messages between the window and its worker processes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic

from atm_viewer.jobs.requests.base import R_co, Request


class Status(Enum):
    """How a job ended."""

    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    CRASHED = "crashed"


@dataclass(frozen=True, eq=False)
class Progress:
    """A running job's step, as people name it, and the fraction of the whole job that is done (0 to 1).

    ``result`` is what this step has brought, where the request's docstring speaks of it; else None.
    """

    job: int
    step: str
    fraction: float
    result: Any = None


@dataclass(frozen=True, eq=False)
class Outcome(Generic[R_co]):
    """The end of a job: exactly one for every submitted request.

    Parameters
    ----------
    job : int
        Number that `submit` returned.
    request : Request
        What was asked.
    status : Status
        How it ended.
    sentence : str
        For people; says what to do unless the job is done.
    result : object
        The answer when ``DONE``, else None.
    detail : str
        Traceback of an unexpected failure, for the log; empty otherwise.
    """

    job: int
    request: Request[R_co]
    status: Status
    sentence: str
    result: R_co | None = None
    detail: str = ""
