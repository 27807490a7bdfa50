"""Reading and writing of the user's files: never on the window's thread, since a disk may be slow or gone for good."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal

from atm_viewer.engine.errors import UserError

#: Milliseconds after which work on a file is shown as a job, which can be cancelled.
SHOWN_AFTER = 300
#: Seconds that a question which the window cannot do without may take.
SOON = 0.25

T = TypeVar("T")
#: What follows work on a file.
Done = Callable[[], object]


def nothing_more() -> None:
    """Follow work on a file by nothing."""


class Activities(Protocol):
    """Where such work is shown; see `atm_viewer.session.parts.job_list.JobList`."""

    def start_activity(self, name: str, stop: Callable[[], None]) -> int:
        """Show it."""

    def finish_activity(self, number: int) -> None:
        """Take it away."""


@dataclass(eq=False)
class Task:
    """Work on a file that is under way.

    Parameters
    ----------
    name : str
        Name shown to the user, as in "Saving star.toml".
    then, otherwise : callable
        Take the result on the window's thread; are told that there is none.
    place : str
        What is written; of two with the same place the second one waits for the first.
    """

    name: str
    then: Callable[[Any], object]
    otherwise: Done
    place: str = ""
    result: Any = None
    error: Exception | None = None
    activity: int | None = None
    ended: threading.Event = field(default_factory=threading.Event)


class FileWork(QObject):
    """Runs functions on threads of their own and takes their results on the window's.

    A thread that never comes back is forgotten when its task is cancelled, and does not keep the program from ending.

    Parameters
    ----------
    activities : Activities
        Shows what takes a while.
    tell : callable
        Reports how it went: level and sentence.
    parent : QObject
        Owner.
    """

    _ended = pyqtSignal(object)

    def __init__(self, activities: Activities, tell: Callable[[str, str], None], parent: QObject):
        super().__init__(parent)
        self._activities, self._tell = activities, tell
        self._tasks: list[Task] = []
        self._ended.connect(self._take, Qt.ConnectionType.QueuedConnection)  # type: ignore[call-arg]  # the stubs lack it

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self._tasks)

    @property
    def writing(self) -> str:
        """What is being written, empty when nothing is."""
        return next((task.name for task in self._tasks if task.place), "")

    def run(
        self,
        name: str,
        work: Callable[[], T],
        then: Callable[[T], object],
        otherwise: Done = nothing_more,
        place: str = "",
    ) -> Task:
        """Start to work on a file; returns at once.

        Parameters
        ----------
        name : str
            Name shown to the user, as in "Saving star.toml".
        work : callable
            Does it, on its own thread; the sentence of a `UserError` becomes a message.
        then : callable
            Takes its result, on the window's thread.
        otherwise : callable
            Called when there is none: it failed or was cancelled.
        place : str
            What is written: two writers of one place do not meet.

        Returns
        -------
        Task
            For `drop`.
        """
        task = Task(name, then, otherwise, place)
        before = [other.ended for other in self._tasks if place and other.place == place]
        self._tasks.append(task)
        threading.Thread(target=self._work, args=(task, work, before), name=name, daemon=True).start()
        QTimer.singleShot(SHOWN_AFTER, lambda: self._show(task))
        return task

    def drop(self, task: Task) -> None:
        """Forget a task, whose result is not wanted any more; no message is sent."""
        if task in self._tasks:
            self._remove(task)

    def close(self) -> None:
        """Forget all tasks."""
        for task in list(self._tasks):
            self._remove(task)

    def _work(self, task: Task, work: Callable[[], Any], before: list[threading.Event]) -> None:
        for event in before:
            event.wait()
        if task.ended.is_set():
            return
        try:
            task.result = work()
        except Exception as error:
            task.error = error
        with suppress(RuntimeError):  # the window is gone
            self._ended.emit(task)

    def _show(self, task: Task) -> None:
        if task in self._tasks:
            task.activity = self._activities.start_activity(task.name, lambda: self._cancel(task))

    def _cancel(self, task: Task) -> None:
        if task in self._tasks:
            self._remove(task)
            self._tell("info", f"Cancelled: {task.name}.")
            task.otherwise()

    def _take(self, task: Task) -> None:
        if task not in self._tasks:
            return
        self._remove(task)
        if task.error is None:
            task.then(task.result)
            return
        if isinstance(task.error, UserError):
            self._tell("error", str(task.error))
        task.otherwise()
        if not isinstance(task.error, UserError):
            raise task.error  # as if it had happened here: the log gets it

    def _remove(self, task: Task) -> None:
        self._tasks.remove(task)
        task.ended.set()
        if task.activity is not None:
            self._activities.finish_activity(task.activity)


def answer_soon(question: Callable[[], T], default: T, seconds: float = SOON) -> T:
    """Ask the disk something quick on the window's thread, such as whether a folder is there.

    Parameters
    ----------
    question : callable
        Asks; runs on a thread of its own. An `OSError` gives the default too.
    default : object
        Is taken for the answer when none comes.
    seconds : float
        How long to wait.

    Returns
    -------
    object
        The answer.
    """
    answers: list[T] = []

    def ask() -> None:
        with suppress(OSError, ValueError):
            answers.append(question())

    thread = threading.Thread(target=ask, name="atm-viewer-question", daemon=True)
    thread.start()
    thread.join(seconds)
    return answers[0] if answers else default
