"""What is under way in the workers, and what they and others tell; the lowest layer of the session."""

from __future__ import annotations

import queue
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal

from atm_viewer.engine.results.spectra import SpaxelSpectra
from atm_viewer.jobs.messages import Opened, Outcome, Progress, Request, Status
from atm_viewer.session.names import job_name
from atm_viewer.session.persistence.moved_exposures import mark_of
from atm_viewer.session.spectrum.units import load as load_units
from atm_viewer.session.state.cursor import map_slices
from atm_viewer.session.state.open_exposure import Job, Message, OpenExposure, Workers
from atm_viewer.session.state.selection import brightest_slice, slices_of

#: Takes a function for what workers tell, called on any thread, and makes them.
MakeWorkers = Callable[[Callable[[Progress | Outcome], None]], Workers]


class JobList(QObject):
    """Jobs under way and messages; what workers tell comes here on their threads, and is taken on the window's.

    Parameters
    ----------
    make_workers : callable
        Takes a function for `Progress` and `Outcome` (called on any thread) and returns `Workers`.
    parent : QObject or None
        Owner.
    """

    jobs_changed = pyqtSignal()
    told = pyqtSignal(object)  #: a new `Message`
    _arrived = pyqtSignal()

    def __init__(self, make_workers: MakeWorkers, parent: QObject | None = None):
        super().__init__(parent)
        self.messages: list[Message] = []
        self._jobs: dict[int, Job] = {}
        self._mail: queue.SimpleQueue[tuple[Progress | Outcome, tuple[OpenExposure, ...]]] = queue.SimpleQueue()
        self._reading = QTimer(self)
        self._reading.timeout.connect(self._take_next)
        self._closed = False
        self._arrived.connect(self._read, Qt.ConnectionType.QueuedConnection)  # type: ignore[call-arg]
        self._workers = make_workers(self._receive)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Jobs under way, oldest first."""
        return tuple(self._jobs.values())

    def cancel(self, job: int) -> None:
        """End a job."""
        if job in self._jobs:
            self._workers.cancel(job)

    def cancel_all(self) -> None:
        """End all jobs."""
        for job in list(self._jobs):
            self.cancel(job)

    def tell(self, level: str, text: str, detail: str = "") -> None:
        """Tell something: level (``info``, ``warning``, ``error``), one sentence, and a traceback for the log."""
        message = Message(level, text, detail, datetime.now().strftime("%H:%M:%S"))
        self.messages.append(message)
        self.told.emit(message)

    def close(self) -> None:
        """End the workers."""
        self._closed = True
        self._reading.stop()
        self._workers.close()

    def _submit(self, request: Request, lasting: bool = False) -> int:
        number = self._workers.submit(request)
        self._jobs[number] = Job(number, job_name(request), lasting=lasting)
        self.jobs_changed.emit()
        return number

    def _receive(self, item: Progress | Outcome) -> None:
        """Take what workers tell, on their thread: what needs all pixels is done here, not in the window's."""
        found: tuple[OpenExposure, ...] = ()
        if isinstance(item, Outcome) and isinstance(item.result, SpaxelSpectra):
            load_units()
        if isinstance(item, Progress) and isinstance(item.result, Opened):
            views = [(view, slices_of(view)) for view in item.result.exposures]
            found = tuple(
                OpenExposure(view, slices, brightest_slice(view, slices), map_slices(view), mark=mark_of(view.key))
                for view, slices in views
            )
        self._mail.put((item, found))
        self._arrived.emit()

    def _read(self) -> None:
        if not self._closed:  # what was told before closing may arrive after it
            self._reading.start()

    def _take_next(self) -> None:
        """Take one thing that workers told; what is painted after it comes before the next one is taken."""
        with suppress(queue.Empty):
            self._take(*self._mail.get_nowait())
        if self._mail.empty():
            self._reading.stop()

    def _take(self, item: Progress | Outcome, found: tuple[OpenExposure, ...]) -> None:
        """Take what workers told, with the exposures that were opened; only the whole session knows what it means."""
        raise NotImplementedError

    def _tell_failure(self, job: Job, outcome: Outcome) -> None:
        if outcome.status is Status.CANCELLED:
            self.tell("info", f"Cancelled: {job.name}.")
        elif not (self.messages and self.messages[-1].text == outcome.sentence):
            self.tell("error", outcome.sentence, outcome.detail)
