"""The status line: cursor, running jobs, and versions."""

from __future__ import annotations

import math
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version

from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QStatusBar,
    QToolButton,
    QWidget,
)

from atm_viewer.engine.errors import one_line
from atm_viewer.session.parts.job_list import Job
from atm_viewer.session.session import Session
from atm_viewer.session.state.cursor import Cursor
from atm_viewer.session.state.data_quality import dq_names
from atm_viewer.views.base.plain_text import Label, plain_tip
from atm_viewer.views.base.plotting import Elided, with_unit
from atm_viewer.views.base.style import MUTED

#: Milliseconds after which a preview is shown as a job; most are over before.
_PATIENCE = 400


class StatusBar(QStatusBar):
    """Hover text, the job that the user waits for, with Cancel, time of the last preview, version of the pipeline.

    Parameters
    ----------
    session : Session
        Gives the jobs and takes cancels.
    """

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        self._shown: int | None = None
        self.setSizeGripEnabled(False)
        #: Description of the place under the mouse; see `tell_cursor`.
        self.hover = Elided()
        self.addWidget(self.hover, 1)

        self.job_name = Label()
        self.bar = QProgressBar()
        self.bar.setFixedWidth(130)
        self.bar.setMaximumHeight(16)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("Cancel this job and remove incomplete files (Ctrl+. cancels all jobs)")
        self.cancel_button.clicked.connect(self._cancel)
        self.job = QWidget()
        line = QHBoxLayout(self.job)
        line.setContentsMargins(0, 1, 8, 1)
        for widget in (self.job_name, self.bar, self.cancel_button):
            line.addWidget(widget)
        # Tall enough for a job at any time: the window must not be laid out anew whenever one comes or goes.
        self.setMinimumHeight(self.job.sizeHint().height() + 4)
        self.job.hide()
        self.addPermanentWidget(self.job)
        self.preview = Label()
        self.preview.setForegroundRole(MUTED)
        self.preview.setToolTip("Time to fit all slices of the exposure [s]")
        self.addPermanentWidget(self.preview)
        self.versions = Label(f"jwst {_version('jwst')} ")
        self.versions.setForegroundRole(MUTED)
        self.versions.setToolTip("Version of the JWST pipeline in use")
        self.addPermanentWidget(self.versions)
        self.log_button = QToolButton()
        self.log_button.setText("Log")
        self.log_button.setCheckable(True)
        self.log_button.setToolTip("Show or hide the message log (Ctrl+L)")
        self.addPermanentWidget(self.log_button)

        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PATIENCE)
        self._timer.timeout.connect(self._show_job)
        session.jobs.changed.connect(self._renew)
        session.changed.report.connect(self._show_time)
        session.pointer.cursor_changed.connect(self._show_cursor)

    def show_hover(self, text: str) -> None:
        """Show a text on the place under the mouse."""
        self.hover.setText(text)

    def _show_cursor(self) -> None:
        cursor, view = self._session.pointer.cursor, self._session.state.current
        if cursor is not None and cursor.pixel is not None and view is not None and not cursor.value:
            # another exposure was chosen, and no view has given its value there yet
            x, y = cursor.pixel
            cursor = replace(cursor, value=f"SCI {with_unit(float(view.sci[y, x]), view.unit)}")
        self.show_hover(tell_cursor(cursor))

    def _renew(self) -> None:
        job = self._foremost()
        if job is None:
            self._timer.stop()
            self._shown = None
            self.job.hide()
        elif job.lasting or self._shown is not None:
            self._show_job()
        elif not self._timer.isActive():
            self._timer.start()

    def _foremost(self) -> Job | None:
        """Choose the job to show: the latest the user asked for, else the oldest preview, which is being computed."""
        jobs = self._session.jobs.all
        lasting = [job for job in jobs if job.lasting]
        return lasting[-1] if lasting else next(iter(jobs), None)

    def _show_job(self) -> None:
        job = self._foremost()
        if job is None:
            return
        self._shown = job.number
        others = len(self._session.jobs.all) - 1
        step = f": {job.step}" if job.step else "…"
        self.job_name.setText(one_line(f"{job.name}{step}", 70) + (f"  (+{others})" if others else ""))
        lines = [f"{j.name}{': ' + j.step if j.step else ''}" for j in self._session.jobs.all]
        self.job_name.setToolTip(plain_tip("\n".join(lines)))
        # A bar whose value is set paints itself at once, with everything else in the window that waits for painting.
        self.bar.setUpdatesEnabled(False)
        self.bar.setRange(0, 0 if job.fraction is None else 100)
        if job.fraction is not None:
            self.bar.setValue(round(100 * job.fraction))
        self.bar.setUpdatesEnabled(True)
        self.job.show()

    def _cancel(self) -> None:
        if self._shown is not None:
            self._session.jobs.cancel(self._shown)

    def _show_time(self) -> None:
        report = self._session.answers.report
        self.preview.setText(f"fit {report.seconds:.2g} s  ·" if report else "")


def tell_cursor(cursor: Cursor | None) -> str:
    """Write the status line on the place pointed at; values that are not known are left out."""
    if cursor is None:
        return ""
    parts = []
    if cursor.pixel is not None:
        parts.append(f"x {cursor.pixel[0]}, y {cursor.pixel[1]} pixel")
    if cursor.number:
        parts.append(f"slice {cursor.number}")
        if cursor.pixel is None and cursor.column is not None:
            parts.append(f"column {cursor.column}")
    elif cursor.pixel is not None:
        parts.append("between slices")
    else:
        parts.append("not in this exposure")
    if math.isfinite(cursor.alpha):
        parts.append(f"α {cursor.alpha:z.2f}″")
    if math.isfinite(cursor.wavelength):
        parts.append(f"λ {cursor.wavelength:.4f} µm")
    if math.isfinite(cursor.ra):
        parts.append(f"RA {cursor.ra:.6f}° Dec {cursor.dec:+.6f}°")
    if cursor.value:
        parts.append(cursor.value)
    if cursor.dq is not None:
        parts.append(f"DQ {dq_names(cursor.dq)}")
    if cursor.spaxel is not None:
        parts.append(f"spaxel {cursor.spaxel[0]}, {cursor.spaxel[1]}")
    return "   ".join(parts).replace("-", "−")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "is missing"
