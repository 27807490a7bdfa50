"""What all requests have in common: their policy, and the function that answers them in the worker."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from atm_viewer.engine.service.bench import Bench

R_co = TypeVar("R_co", covariant=True)

#: Takes the step of a job, the fraction of the whole that is done, and what the step has brought, if anything.
Report = Callable[..., None]


class Urgency(IntEnum):
    """How long a request may wait for others: the smaller, the sooner it is answered."""

    BEFORE_ALL = 0  #: all others rely on it
    AT_ONCE = 1  #: looked at first, and made in a moment
    FIELD = 2
    SPECTRA = 3
    EXPOSURE = 4
    LAST = 5  #: takes long, or nobody waits for it


class Slot(NamedTuple):
    """A place for the answer to one kind of request; ``name`` tells several of a kind apart."""

    kind: type[Request[Any]]
    name: str = ""


class Backends(Protocol):
    """What a request finds in the worker, imported when first needed."""

    @property
    def bench(self) -> Bench:
        """The open exposures and what was computed for them."""

    @property
    def products(self) -> ModuleType:
        """Module with ``write_cubes`` and ``write_exposures``."""

    def make_demo(self, instrument: str, folder: Path, report: Report) -> Path:
        """Make the exposures that the program can be tried on."""


class Request(Generic[R_co]):
    """A question to a worker, whose answer is an ``R_co``.

    Two requests that are equal have the same answer. A class says with its attributes how its requests are treated, so
    that a new kind of request needs no entry anywhere else; it must not import what is slow before `answer` is called.
    """

    #: The user asks for it and waits for it, unlike what is renewed by itself.
    lasting: ClassVar[bool] = False
    #: The user is told by the sentence of `done` that it has been answered.
    announced: ClassVar[bool] = False
    #: It writes files that would be lost if the program ended now.
    writes: ClassVar[bool] = False
    #: Its answer is exposures, which the window shows.
    opens: ClassVar[bool] = False
    #: So many of the latest answers are remembered, to be shown at once when the same is asked again.
    remembered: ClassVar[int] = 0

    @property
    def job_name(self) -> str:
        """What the job does, as in the status bar."""
        raise NotImplementedError

    @property
    def urgency(self) -> Urgency:
        """How long it may wait."""
        return Urgency.LAST

    @property
    def slot(self) -> Slot | None:
        """Slot that the answer fills: a newer request for it replaces an older one. None: all are answered."""
        return None

    @property
    def follows_drags(self) -> bool:
        """Whether it is asked while a value is still being dragged, rather than when the drag has ended."""
        return False

    @property
    def quiet(self) -> bool:
        """Whether the user is not told when there is no answer: the place where it is missing says so."""
        return False

    def continues(self, earlier: Request[Any]) -> bool:
        """Whether it is a step further than an earlier request, whose answer is better awaited than cancelled.

        Steps that follow one another faster than their answers would otherwise cancel each other for ever.
        """
        return False

    def keeps_in_sight(self, earlier: Request[Any]) -> bool:
        """Whether the answer to an earlier request for the same slot may be shown until this one is answered."""
        return True

    def answer(self, backends: Backends, report: Report) -> R_co:
        """Answer, in the worker.

        Parameters
        ----------
        backends : Backends
            Bench and products.
        report : callable
            ``report(step, fraction)``, to be called often: it raises `Cancelled` when nobody waits any more.
        """
        raise NotImplementedError

    def done(self, result: Any) -> str:
        """Sentence for the user when it is answered."""
        return "Done."

    def details(self, result: Any) -> str:
        """Lines that the log has besides."""
        return ""


class SeparateRequest(Request[R_co]):
    """A request with a process of its own, side by side with others; to cancel it is to kill that process."""

    #: Its process corrects exposures, which takes memory; the worker with the open exposures gives some back.
    corrects: ClassVar[bool] = False

    folder: str  #: where the process may leave something half-written; empty for nowhere


def count(number: int, noun: str) -> str:
    """Put a number and a noun together, ``1 file`` or ``3 files``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
