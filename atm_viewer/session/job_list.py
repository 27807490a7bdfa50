"""Running jobs and messages; the lowest layer of the session."""

from __future__ import annotations

import queue
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal

from atm_viewer.engine.errors import MOST_OF_SENTENCE, one_line
from atm_viewer.engine.results.spectra import SpaxelSpectra
from atm_viewer.jobs.messages import Opened, Outcome, Progress, Request, Status
from atm_viewer.session.file_work import FileWork, answer_soon
from atm_viewer.session.names import job_name
from atm_viewer.session.persistence.moved_exposures import mark_of
from atm_viewer.session.persistence.session_state import Mark
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
        self._stops: dict[int, Callable[[], None]] = {}
        self._mail: queue.SimpleQueue[tuple[Progress | Outcome, tuple[OpenExposure, ...]]] = queue.SimpleQueue()
        self._reading = QTimer(self)
        self._reading.timeout.connect(self._take_next)
        self._closed = False
        self.file_work = FileWork(self)  #: reads and writes files off the window's thread
        self._arrived.connect(self._read, Qt.ConnectionType.QueuedConnection)  # type: ignore[call-arg]
        self._workers = make_workers(self._receive)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Jobs under way, oldest first."""
        return tuple(self._jobs.values())

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

    def start_activity(self, name: str, stop: Callable[[], None]) -> int:
        """Show work that is done outside of the workers as a job; ``stop`` is called when it is cancelled."""
        number = min([0, *self._jobs]) - 1
        self._jobs[number] = Job(number, name, lasting=True)
        self._stops[number] = stop
        self.jobs_changed.emit()
        return number

    def report_activity(self, number: int, step: str, fraction: float) -> None:
        """Say how far such work is."""
        if number in self._jobs:
            self._jobs[number] = replace(self._jobs[number], step=step, fraction=fraction)
            self.jobs_changed.emit()

    def finish_activity(self, number: int) -> None:
        """Take such work off the list of jobs."""
        self._stops.pop(number, None)
        if self._jobs.pop(number, None):
            self.jobs_changed.emit()

    def tell(self, level: str, text: str, detail: str = "") -> None:
        """Tell something: level (``info``, ``warning``, ``error``), one sentence, and a traceback for the log."""
        message = Message(level, one_line(text, MOST_OF_SENTENCE), detail, datetime.now().strftime("%H:%M:%S"))
        self.messages.append(message)
        self.told.emit(message)

    def close(self) -> None:
        """End the workers."""
        self.file_work.close()
        for stop in list(self._stops.values()):
            stop()
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
                OpenExposure(view, slices, brightest_slice(view, slices), map_slices(view), mark=_mark(view.key))
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
        elif not (self.messages and self.messages[-1].text == one_line(outcome.sentence, MOST_OF_SENTENCE)):
            failed = f"{job.name} failed. " if job.lasting and outcome.status is Status.CRASHED else ""
            self.tell("error", failed + outcome.sentence, outcome.detail)


def _mark(path: str) -> Mark | None:
    """Mark of a file that was read a moment ago; a disk that has gone since must not keep all else waiting."""
    return answer_soon(lambda: mark_of(path), None, seconds=2.0)
