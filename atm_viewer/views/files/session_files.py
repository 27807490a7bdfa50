"""The window's side of session files: dialogs, recovery after a crash, and states of the views."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtWidgets import QAbstractButton, QMessageBox, QWidget

from atm_viewer.engine.errors import one_line
from atm_viewer.session.file_work import Done, nothing_more
from atm_viewer.session.names import count
from atm_viewer.session.persistence.keeper import Keeper
from atm_viewer.session.persistence.moved_exposures import Search
from atm_viewer.session.session import Session
from atm_viewer.session.state.saved_session import SavedSession
from atm_viewer.views.base.dialogs import ask
from atm_viewer.views.base.file_dialog import FileDialog
from atm_viewer.views.base.kept import Kept, Restorable
from atm_viewer.views.files.files import Files
from atm_viewer.views.files.missing_dialog import MissingDialog

_SESSIONS = "Sessions (*.toml);;All files (*)"

#: Views whose state can be restored only when this part of the session is there: it decides what can be shown.
_NEEDS = {"profile": "profile", "sky": "sky", "spectrum": "spectra"}


class SessionFiles(QObject):
    """Opens and saves sessions for a window.

    Parameters
    ----------
    session : Session
        The session.
    files : Files
        Keeps recent sessions, knows the folder that dialogs begin with, and announces dropped sessions.
    views : mapping of str to object
        Views by name; those with a state are kept.
    window : QWidget
        Owner of dialogs.

    Signals
    -------
    restore_question(str)
        Asks whether a session that was not closed properly is to be restored; empty when there is none any more.
    """

    restore_question = pyqtSignal(str)

    def __init__(
        self,
        session: Session,
        files: Files,
        views: Mapping[str, object],
        window: QWidget,
    ):
        super().__init__(window)
        self._session, self._files, self._window = session, files, window
        self._views = {name: view for name, view in views.items() if isinstance(view, Restorable)}
        self._waiting: dict[str, Any] = {}
        self.keeper = Keeper(session, self._collect)
        self.keeper.offered.connect(self._ask_to_restore)
        self.keeper.missing.connect(self._ask)
        self.keeper.views_found.connect(self._await)
        files.session_wanted.connect(self.open)
        session.exposures.restored.connect(self._restore)
        # In the turn after it: by then what has arrived is drawn, and does not undo a zoom that is restored.
        session.changed.pending.connect(self._restore, Qt.ConnectionType.QueuedConnection)  # type: ignore[call-arg]  # the stubs lack it

    def restore_offer(self) -> None:
        """Restore the session that was not closed properly, after asking when that would lose changes."""
        self._ask_before(self.keeper.take_offer)

    def open_session(self) -> None:
        """Ask for a session to open."""
        dialog = self._dialog("Open session", FileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self.open(path))

    def open(self, path: str, then: Done = nothing_more) -> None:
        """Open a session, after asking when that would lose changes. ``then`` is called when it was read or was not."""

        def read() -> None:
            self._files.remember_session(path)
            then()

        def open_it() -> None:
            self.keeper.open(path, read, then)

        self._ask_before(open_it)

    def save_session(self) -> None:
        """Save the session where it is; ask where when it has no file."""
        self.save()

    def save_session_as(self) -> None:
        """Ask where to save the session."""
        self.save_as()

    def save(self, then: Callable[[], object] | None = None) -> None:
        """Save the session where it is; ask where when it has no file. ``then`` is called when it is saved."""
        if self.keeper.path:
            self._save(self.keeper.path, then)
        else:
            self.save_as(then)

    def save_as(self, then: Callable[[], object] | None = None) -> None:
        """Ask where to save the session."""
        dialog = self._dialog("Save session", FileDialog.FileMode.AnyFile)
        dialog.setAcceptMode(FileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("toml")
        dialog.selectFile(self.keeper.path or "session.toml")
        dialog.fileSelected.connect(lambda path: self._save(path, then))

    def closing_question(self) -> tuple[str, list[tuple[str, QMessageBox.ButtonRole]]]:
        """Question to ask before the window closes, and its answers; empty when nothing would be lost."""
        role = QMessageBox.ButtonRole
        cancel = ("Cancel", role.RejectRole)
        answers = [("Quit", role.DestructiveRole), cancel]
        if any(job.writes for job in self._session.jobs.all):
            return "Files are still being written. Quit and discard them?", answers
        if self._session.file_work.writing:
            return f"{self._session.file_work.writing} is not finished. Quit and discard it?", answers
        if self.keeper.modified:
            discard = ("Discard", role.DestructiveRole)
            return "The session has unsaved changes. Save them?", [self._saving_answer(), discard, cancel]
        return "", []

    def _saving_answer(self) -> tuple[str, QMessageBox.ButtonRole]:
        return "Save" if self.keeper.path else "Save…", QMessageBox.ButtonRole.AcceptRole

    def _ask_before(self, replace: Callable[[], object]) -> None:
        """Replace the session, if changes that are not saved would be lost only with the user's consent."""
        if not self.keeper.modified:
            replace()
            return
        role = QMessageBox.ButtonRole
        box = ask(
            "Open Session",
            "The open session has unsaved changes. Save them first?",
            [self._saving_answer(), ("Discard", role.DestructiveRole), ("Cancel", role.RejectRole)],
            self._window,
        )

        def answer(button: QAbstractButton | None) -> None:
            if box.buttonRole(button) == role.DestructiveRole:
                replace()
            elif box.buttonRole(button) == role.AcceptRole:
                self.save(replace)

        box.buttonClicked.connect(answer)

    def _save(self, path: str, then: Callable[[], object] | None) -> None:
        def saved() -> None:
            self._files.remember_session(path)
            if then is not None:
                then()

        self.keeper.save(path, saved)

    def _dialog(self, title: str, mode: FileDialog.FileMode) -> FileDialog:
        folder = self._files.folder(os.path.dirname(self.keeper.path))
        dialog = FileDialog(title, folder, mode, self._window, _SESSIONS)
        dialog.open()
        return dialog

    def _ask_to_restore(self) -> None:
        offer = self.keeper.offer
        self.restore_question.emit(_offer_text(offer.state) if offer is not None else "")

    def _ask(self, search: Search) -> None:
        dialog = MissingDialog(search, self._session.file_work, self._window)
        dialog.answered.connect(self.keeper.go_on)
        dialog.open()

    # Views

    def _collect(self) -> dict[str, Any]:
        """State of all views; of those that are still to be restored what they will have."""
        return {**{name: view.state() for name, view in self._views.items()}, **self._waiting}

    def _await(self, states: Mapping[str, Any]) -> None:
        # A view without an entry in the session gets its default state; a recipe has no entries at all.
        self._waiting = {name: states.get(name, {}) for name in self._views} if states else {}
        for name in states.keys() - self._views.keys():
            self._session.messages.tell(
                "warning", f"The session describes a view '{name}' that this version does not have; it was ignored."
            )
        self._restore()

    def _restore(self) -> None:
        """Restore the views that have something to show by now."""
        session = self._session
        if session.exposures.restoring or session.state.current is None:
            return
        for name, values in list(self._waiting.items()):
            need = _NEEDS.get(name, "")
            if need and (need in session.answers.pending or getattr(session.answers, need) is None):
                continue
            del self._waiting[name]
            left = Kept(values)
            self._views[name].restore(left)
            if left:
                keys = ", ".join(f"views.{name}.{key}" for key in left)
                session.messages.tell("warning", f"The session has unknown settings, which were ignored: {keys}.")


def _offer_text(state: SavedSession) -> str:
    what = [count(len(state.exposures), "exposure")] if state.exposures else []
    overrides = sum(len(variant.recipe.overrides) for variant in state.variants.all)
    what += [count(overrides, "override")] if overrides else []
    what += [count(len(state.variants.all), "variant")] if state.variants.several else []
    of = f" of {one_line(Path(state.origin).name)}" if state.origin else ""
    return f"ATM Viewer did not close properly{_when(state.saved)}. Restore {_listed(what) or 'the recipe'}{of}?"


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _when(saved: datetime | None) -> str:
    if saved is None:
        return ""
    local = saved.astimezone()
    day = "" if local.date() == date.today() else f" on {local:%d %B %Y}"
    return f"{day} at {local:%H:%M}"
