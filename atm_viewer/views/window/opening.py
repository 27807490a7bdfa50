"""How far opening is, large in the middle of the window as long as there is nothing else to look at."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtWidgets import QProgressBar, QPushButton, QVBoxLayout, QWidget

from atm_viewer.engine.errors import one_line
from atm_viewer.session.parts.job_list import Job
from atm_viewer.session.session import Session
from atm_viewer.views.base.plain_text import Label
from atm_viewer.views.base.style import MUTED, Card, make_heading

_LETTERS = 46  #: width of the card
_HEIGHT = 0.72  #: of its middle in the window: below the buttons of the welcome page


class OpeningCard(Card):
    """Name, step and fraction of the job that the first exposures come from, and a button that cancels it.

    Parameters
    ----------
    session : Session
        Gives the jobs and takes the cancel.
    over : QWidget
        The card stands over it, and moves nothing; owner.
    """

    def __init__(self, session: Session, over: QWidget):
        super().__init__(over)
        self._session, self._over = session, over
        self._job: Job | None = None
        self.setFixedWidth(_LETTERS * self.fontMetrics().averageCharWidth() + 80)
        self.name = Label()
        make_heading(self.name)
        self.step = Label()
        self.step.setForegroundRole(MUTED)
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Progress")
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("Cancel this job (Ctrl+. cancels all jobs)")
        self.cancel_button.clicked.connect(self._cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 18, 24, 18)
        column.setSpacing(10)
        for label in (self.name, self.step):
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        column.addWidget(self.bar)
        column.addWidget(self.cancel_button, alignment=Qt.AlignmentFlag.AlignCenter)
        over.installEventFilter(self)
        session.jobs.changed.connect(self._show)
        session.changed.exposures.connect(self._show)
        self._show()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Stay in the middle."""
        if event is not None and event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _show(self) -> None:
        jobs = [job for job in self._session.jobs.all if job.lasting]
        self._job = job = jobs[-1] if jobs and not self._session.state.exposures else None
        if job is not None:
            self.name.setText(one_line(f"{job.name}…", 2 * _LETTERS))
            self.step.setText(one_line(job.step, 2 * _LETTERS) or " ")
            self.bar.setUpdatesEnabled(False)  # it would paint itself at once, with all that waits for painting
            self.bar.setRange(0, 0 if job.fraction is None else 100)
            if job.fraction is not None:
                self.bar.setValue(round(100 * job.fraction))
            self.bar.setUpdatesEnabled(True)
            self._place()
        self.setVisible(job is not None)

    def _place(self) -> None:
        if self._job is None:
            return
        room = self._over.size()
        self.setFixedHeight(self.heightForWidth(self.width()))
        middle = _HEIGHT if not self._job.opens else 0.5
        top = int(middle * room.height() - self.height() / 2)
        self.move((room.width() - self.width()) // 2, max(0, min(top, room.height() - self.height())))
        self.raise_()

    def _cancel(self) -> None:
        if self._job is not None:
            self._session.jobs.cancel(self._job.number)
