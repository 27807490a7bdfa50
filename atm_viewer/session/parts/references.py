"""Intents: cubes and extracted spectra from elsewhere that are opened, closed and shown, with undo."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QUndoStack

from atm_viewer.engine.errors import one_line
from atm_viewer.engine.results.references import MOST_REFERENCES
from atm_viewer.jobs.messages import Outcome
from atm_viewer.jobs.requests.base import count
from atm_viewer.jobs.requests.references import OpenedReferences, OpenReferences
from atm_viewer.session.edits.undo_commands import Change
from atm_viewer.session.parts.job_list import Job, JobList
from atm_viewer.session.parts.message_log import MessageLog
from atm_viewer.session.questions.store import Store
from atm_viewer.session.spectrum.references import Reference, opened
from atm_viewer.session.state.saved_session import SavedReference


class References(QObject):
    """Opens and closes references.

    Parameters
    ----------
    store : Store
        Has the state.
    jobs : JobList
        Takes requests.
    undo_stack : QUndoStack
        Takes changes that can be undone.
    messages : MessageLog
        Gets the messages on how opening went.
    """

    opened = pyqtSignal(tuple)  #: paths that were opened at the user's wish

    def __init__(self, store: Store, jobs: JobList, undo_stack: QUndoStack, messages: MessageLog):
        super().__init__(store)
        self._store, self._jobs, self._undo_stack, self._messages = store, jobs, undo_stack, messages
        self._restoring: dict[int, SavedReference] = {}
        jobs.ended.connect(self._end_opening)

    @property
    def restoring(self) -> bool:
        """Whether references of a session are still being read."""
        return bool(self._restoring)

    def open(self, paths: Sequence[str | os.PathLike[str]]) -> None:
        """Open cubes (``s3d``) and extracted spectra (``x1d``) of any origin."""
        if paths:
            self._jobs.submit(OpenReferences(tuple(os.path.abspath(path) for path in paths)))

    def close(self, *numbers: int) -> None:
        """Close references."""
        state = self._store.state
        closed = [r for r in state.references if r.number in numbers]
        if closed:
            name = closed[0].title if len(closed) == 1 else count(len(closed), "reference")
            self._change(f"Close {name}", tuple(r for r in state.references if r not in closed))

    def show(self, number: int, shown: bool) -> None:
        """Draw the spectrum of a reference, or do not."""
        changed = (replace(r, shown=shown) if r.number == number else r for r in self._store.state.references)
        self._store.change(references=tuple(changed))

    def restore(self, saved: Sequence[SavedReference]) -> None:
        """Open the references of a session in place of those that are open."""
        for job in self._restoring:
            self._jobs.drop(job)
        self._restoring = {}
        self._store.change(references=())
        for reference in saved:
            path, *instead = reference.places
            self._restoring[self._jobs.submit(OpenReferences((path,), tuple(instead)))] = reference

    def _end_opening(self, job: Job, outcome: Outcome[Any]) -> None:
        found = outcome.result
        if not isinstance(outcome.request, OpenReferences):
            return
        saved = self._restoring.pop(job.number, None)
        if not isinstance(found, OpenedReferences):
            return
        references = self._store.state.references
        for problem in found.problems:
            self._messages.tell("error" if not found.files else "warning", problem)
        if saved is not None:
            back = tuple(Reference(saved.number, file, saved.shown) for file in found.files)
            self._store.change(references=tuple(sorted((*references, *back), key=lambda r: r.number)))
            return
        now = opened(references, found.files)
        left_out = [file for file in found.files if file.path not in [r.file.path for r in now]]
        if left_out:
            self._messages.tell("warning", f"{MOST_REFERENCES} references is the maximum; close one first.")
        if found.files:
            new = [r for r in now if r not in references]
            name = new[0].title if len(new) == 1 else count(len(new), "reference")
            self._change(f"Open {name}", now)
            self._tell(new)
            self.opened.emit(tuple(r.file.path for r in new))

    def _tell(self, new: Sequence[Reference]) -> None:
        """Say what was opened, and why nothing is seen of it where that is so."""
        for reference in new:
            file = reference.file
            where = ", ".join(f"{low:.4g}–{high:.4g} µm" for low, high in file.ranges)
            bands = f"{len(file.ranges)} bands: " if len(file.ranges) > 1 else ""
            said = f"Opened {one_line(Path(file.path).name)} as {reference.name} ({bands}{where})."
            spectra = self._store.answers.spectra
            if spectra is None:
                said += " Its spectrum appears when exposures are open."
            elif not file.overlaps(float(spectra.wavelength[0]), float(spectra.wavelength[-1])):
                said += f" It has no wavelengths of {spectra.band}; choose another band to see it."
            elif file.unit != spectra.unit:
                said += f" Its unit, {file.unit or 'which is missing'}, cannot be converted to {spectra.unit}."
            self._messages.tell("info", said)

    def _change(self, name: str, references: tuple[Reference, ...]) -> None:
        known = self._store.state.references
        if references != known:
            clean = self._undo_stack.isClean()
            self._undo_stack.push(Change(name, known, references, self._put))
            if clean:  # the recipe is as it was saved
                self._undo_stack.setClean()

    def _put(self, references: tuple[Reference, ...]) -> None:
        self._store.change(references=references)
