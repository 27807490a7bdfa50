"""Jobs under way in the workers; their messages arrive on the workers' threads, and are handled on the window's."""

from __future__ import annotations

import queue
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal

from atm_viewer.jobs.messages import Outcome, Progress
from atm_viewer.jobs.requests.base import Request

News = Progress | Outcome[Any]


class Workers(Protocol):
    """What the session needs of `atm_viewer.jobs.workers.Workers`."""

    def submit(self, request: Request[Any]) -> int:
        """Take a request and return the job's number."""

    def cancel(self, job: int) -> None:
        """End a job; its outcome is CANCELLED."""

    def close(self) -> None:
        """End all processes."""


#: Makes the workers; takes the function that gets their messages, which is called on any thread.
MakeWorkers = Callable[[Callable[[News], None]], Workers]


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
    writes : bool
        It writes files that would be lost if the program ended now.
    opens : bool
        It opens exposures.
    """

    number: int
    name: str
    step: str = ""
    fraction: float | None = None
    lasting: bool = False
    writes: bool = False
    opens: bool = False


class JobList(QObject):
    """Jobs under way.

    Parameters
    ----------
    make_workers : callable
        Takes a function for `Progress` and `Outcome` (called on any thread) and returns `Workers`.
    prepare : callable
        Called with each of these on the workers' thread: does what would hold up the window, and returns what is to be
        taken in its place.
    parent : QObject or None
        Owner.
    """

    changed = pyqtSignal()
    progressed = pyqtSignal(object)  #: `Progress` of a job on the list
    ended = pyqtSignal(object, object)  #: `Job` that was on the list, and its `Outcome`
    _arrived = pyqtSignal()

    def __init__(self, make_workers: MakeWorkers, prepare: Callable[[News], News], parent: QObject | None = None):
        super().__init__(parent)
        self._jobs: dict[int, Job] = {}
        self._stops: dict[int, Callable[[], None]] = {}
        self._mail: queue.SimpleQueue[News] = queue.SimpleQueue()
        self._prepare = prepare
        self._reading = QTimer(self)
        self._reading.timeout.connect(self._take_next)
        self._closed = False
        self._arrived.connect(self._read, Qt.ConnectionType.QueuedConnection)  # type: ignore[call-arg]  # the stubs lack it
        self._workers = make_workers(self._receive)

    @property
    def all(self) -> tuple[Job, ...]:
        """Jobs under way, oldest first."""
        return tuple(self._jobs.values())

    def submit(self, request: Request[Any]) -> int:
        """Have a request answered; returns its job's number."""
        number = self._workers.submit(request)
        self._jobs[number] = Job(
            number, request.job_name, lasting=request.lasting, writes=request.writes, opens=request.opens
        )
        self.changed.emit()
        return number

    def cancel(self, job: int) -> None:
        """End a job."""
        if job in self._stops:
            self._stops[job]()
        elif job in self._jobs:
            self._workers.cancel(job)

    def cancel_all(self) -> None:
        """End all jobs."""
        for job in reversed(list(self._jobs)):  # so that what waits for an older one does not begin
            self.cancel(job)

    def drop(self, job: int) -> None:
        """End a job without a word."""
        self._workers.cancel(job)
        self._jobs.pop(job, None)

    def start_activity(self, name: str, stop: Callable[[], None]) -> int:
        """Show work that is done outside of the workers as a job; ``stop`` is called when it is cancelled."""
        number = min([0, *self._jobs]) - 1
        self._jobs[number] = Job(number, name, lasting=True)
        self._stops[number] = stop
        self.changed.emit()
        return number

    def report_activity(self, number: int, step: str, fraction: float) -> None:
        """Say how far such work is."""
        if number in self._jobs:
            self._jobs[number] = replace(self._jobs[number], step=step, fraction=fraction)
            self.changed.emit()

    def finish_activity(self, number: int) -> None:
        """Take such work off the list of jobs."""
        self._stops.pop(number, None)
        if self._jobs.pop(number, None):
            self.changed.emit()

    def close(self) -> None:
        """End the workers."""
        for stop in list(self._stops.values()):
            stop()
        self._closed = True
        self._reading.stop()
        self._workers.close()

    def _receive(self, item: News) -> None:
        """Take a message from the workers, on their thread."""
        self._mail.put(self._prepare(item))
        self._arrived.emit()

    def _read(self) -> None:
        if not self._closed:  # a message from before closing may arrive after it
            self._reading.start()

    def _take_next(self) -> None:
        """Handle one message from the workers; painting that follows from it is done before the next one is handled."""
        with suppress(queue.Empty):
            self._take(self._mail.get_nowait())
        if self._mail.empty():
            self._reading.stop()

    def _take(self, item: News) -> None:
        if item.job not in self._jobs:
            return
        if isinstance(item, Progress):
            self._jobs[item.job] = replace(self._jobs[item.job], step=item.step, fraction=item.fraction)
            self.progressed.emit(item)
        else:
            self.ended.emit(self._jobs.pop(item.job), item)
        self.changed.emit()
