"""Tracks the session's file and unsaved changes, and autosaves for recovery after a crash."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from atm_viewer import __version__
from atm_viewer.engine.errors import OutputError, one_line
from atm_viewer.engine.regular_file import read_text
from atm_viewer.engine.whole_file import write_whole
from atm_viewer.session.edits.variants import Variants
from atm_viewer.session.file_work import Done, Task, answer_soon, nothing_more
from atm_viewer.session.names import count
from atm_viewer.session.persistence.autosave import Autosave, Leftover
from atm_viewer.session.persistence.moved_exposures import Search
from atm_viewer.session.persistence.session_file import dump_session, is_session, parse_session
from atm_viewer.session.session import Session
from atm_viewer.session.state.saved_session import SavedSession, ViewState

#: Milliseconds from a change to its autosave.
DELAY = 2000
#: Milliseconds between looks at values that change without a signal: zoom, layers and the like.
TICK = 20_000


class Keeper(QObject):
    """Saves, opens and autosaves a session.

    Parameters
    ----------
    session : Session
        Session that is written and restored.
    collect : callable
        Gives the state of the views by name.

    Attributes
    ----------
    path : str
        File of the session, empty when it has none.
    asks : bool
        Whether the signal ``missing`` is answered; else exposures that are not found are an error.
    """

    changed = pyqtSignal()  #: file of the session, or whether it is modified
    missing = pyqtSignal(object)  #: a `Search` with exposures that the user has to find; `go_on` takes it back
    views_found = pyqtSignal(object)  #: state of views by name, of a session that is being restored
    offered = pyqtSignal()  #: there is another ``offer``, or none any more
    _complained = pyqtSignal(str)

    def __init__(self, session: Session, collect: Callable[[], Mapping[str, ViewState]] = dict):
        super().__init__(session)
        self.path = ""
        self.asks = True
        self._session = session
        self._collect = collect
        self._saved: object = None
        self._rescued = False
        self._opened = 0
        self._autosave: Autosave | None = None
        self._written = SavedSession()
        self._offers: list[Leftover] = []
        self._taken: Leftover | None = None
        self._searching: Task | None = None
        self._timer, self._ticks = QTimer(self), QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY)
        self._ticks.setInterval(TICK)
        for timer in (self._timer, self._ticks):
            timer.timeout.connect(self._autosave_now)
        for signal in (
            *(session.changed.exposures, session.changed.chosen, session.changed.recipe, session.changed.places),
            session.changed.references,
            session.recipes.undo_stack.cleanChanged,
        ):
            signal.connect(self._note)
        session.exposures.restored.connect(self._end_restoring)
        self._complained.connect(lambda sentence: session.messages.tell("warning", sentence))

    @property
    def state(self) -> SavedSession:
        """The session as it would be saved now."""
        now = datetime.now().astimezone().replace(microsecond=0)
        return replace(self._session.state.saved, views=self._collect(), versions=_versions(), saved=now)

    @property
    def _restoring(self) -> bool:
        return self._session.exposures.restoring or self._session.references.restoring

    @property
    def modified(self) -> bool:
        """Whether closing would lose work: of a session with a file all that is not in it, else recipe edits."""
        if self._rescued:
            return True
        if not self.path:
            return not self._session.recipes.undo_stack.isClean()
        return not self._restoring and _work(self._session.state.saved) != self._saved

    # Files

    def save(self, path: str | os.PathLike[str], then: Done = nothing_more) -> None:
        """Write the session to a file, its own from now on, or report why not; ``then`` is called once done."""
        if self._restoring:
            self._session.messages.tell("warning", "The session is still being opened; save it afterwards.")
            return
        target, state, opened = Path(path).absolute(), self.state, self._opened

        def write() -> None:
            try:
                write_whole(target, dump_session(state, target.parent))
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", "") or error
                raise OutputError(f"The session cannot be saved as {target}: {reason}.") from error

        def written(_: None) -> None:
            if self._opened == opened:  # else another session is open by now, which is not what was saved
                self.path, self._saved, self._rescued = str(target), _work(state), False
            self._session.messages.tell("info", f"Session saved as {target}.")
            self.changed.emit()
            then()

        self._session.file_work.run(f"Saving {one_line(target.name)}", write, written, place=str(target))

    def open(self, path: str | os.PathLike[str], then: Done = nothing_more, otherwise: Done = nothing_more) -> None:
        """Open a session or a recipe in place of the open one; a failure becomes a message.

        Parameters
        ----------
        path : path-like
            The file.
        then, otherwise : callable
            Called when it could be read, though exposures may have to be found before it is open; when it could not.
        """
        path = os.path.abspath(path)

        def read() -> Search:
            text = read_text(path, "session")
            state = parse_session(text, path, Path(path).parent)
            # Saving a session over a recipe would make it unreadable as a recipe.
            return Search(state, path if is_session(text) else "")

        self._search(f"Reading {one_line(Path(path).name)}", read, then, otherwise)

    def go_on(self, search: Search) -> None:
        """Open a session whose exposures have been looked for; those that are missing are left out."""
        result, name = search.result, Path(search.path).name or "The session"
        if search.state.exposures and not result.exposures:
            self._session.messages.tell("error", f"{name} was not opened, because none of its exposures was found.")
            return
        self._opened += 1
        offer = self._offers[0] if self._offers and self._offers[0].state is search.state else None
        self.path, self._rescued = search.path, offer is not None
        self._saved = None if search.by_hand else _work(result)
        self._tell_differences(search)
        self._session.exposures.restore(result)
        if result.exposures or result.references:  # else it is a recipe, for what is open
            self._session.references.restore(result.references)
        self.views_found.emit(result.views)
        if offer is not None:
            self._taken = self._offers.pop(0)
            self.offered.emit()
        if not self._session.exposures.restoring:
            self._end_restoring()
        self.changed.emit()

    def _search(
        self, name: str, search: Callable[[], Search], then: Done = nothing_more, otherwise: Done = nothing_more
    ) -> None:
        """Look for a session's exposures and open it; what was to be opened before, and is not there yet, is not."""
        if self._searching is not None:
            self._session.file_work.drop(self._searching)
        variants = self._session.state.variants

        def found(result: Search) -> None:
            self._searching = None
            if self._session.state.variants != variants:
                name = Path(result.path).name or "The session"
                self._session.messages.tell(
                    "warning", f"{name} was not opened: the recipe was changed meanwhile; open it again."
                )
                otherwise()
                return
            self._seek(result)
            then()

        self._searching = self._session.file_work.run(name, search, found, otherwise)

    def _seek(self, search: Search) -> None:
        if not search.missing:
            self.go_on(search)
        elif self.asks:
            self.missing.emit(search)
        elif names := ", ".join(found.name for found in search.missing if found.is_exposure):
            self._session.messages.tell(
                "error", f"{search.path} was not opened, because exposures were not found: {names}."
            )
        else:
            names = ", ".join(found.name for found in search.missing)
            self._session.messages.tell("warning", f"References were not found and are left out: {names}.")
            self.go_on(search)

    def _tell_differences(self, search: Search) -> None:
        others = [found.name for found in search.others]
        if others:
            more = f" (and {count(len(others) - 1, 'more')})" if others[1:] else ""
            self._session.messages.tell(
                "warning", f"The content of {others[0]}{more} has changed since the session was saved."
            )
        then, now = search.state.versions.get("jwst"), _versions().get("jwst")
        if then and now and then != now:
            self._session.messages.tell(
                "info", f"The session was saved with jwst {then}; the installed version is {now}."
            )

    # What a crash must not take away

    @property
    def offer(self) -> Leftover | None:
        """A session that an earlier run has left without saving it."""
        return self._offers[0] if self._offers else None

    def start_autosave(self, folder: Path) -> None:
        """Begin to autosave into a folder, and offer what is left there."""
        self._autosave = Autosave(folder, self._complained.emit)
        self._session.file_work.run("Looking for unsaved sessions", self._autosave.leftovers, self._offer)
        self._ticks.start()
        self._note()

    def take_offer(self) -> None:
        """Restore the session that is offered."""
        if self.offer is not None:
            state = self.offer.state
            self._search("Looking for exposures", lambda: Search(state, state.origin))

    def discard_offer(self) -> None:
        """Delete the session that is offered."""
        if self._offers and self._autosave is not None:
            self._autosave.do(self._offers.pop(0).discard)
            self.offered.emit()

    def _offer(self, left: tuple[list[Leftover], list[str]]) -> None:
        self._offers, problems = left
        if self._autosave is None:  # closed meanwhile
            self.close()
            return
        for problem in problems:
            self._session.messages.tell("warning", problem)
        self.offered.emit()

    def close(self) -> None:
        """End: what was autosaved is not needed any more, what was offered and not answered is offered again."""
        self._timer.stop()
        self._ticks.stop()
        for offer in (*self._offers, *([self._taken] if self._taken else ())):
            answer_soon(offer.keep, None)
        self._offers, self._taken = [], None
        if self._autosave is not None:
            self._autosave.close()
            self._autosave = None

    def _note(self, *_: object) -> None:
        self.changed.emit()
        if self._autosave is not None and not self._timer.isActive():
            self._timer.start()

    def _end_restoring(self) -> None:
        self.changed.emit()
        self._autosave_now()

    def _autosave_now(self) -> None:
        if self._autosave is None or self._restoring:
            return
        state = replace(self.state, origin=self.path)
        if replace(state, saved=None) == replace(self._written, saved=None) and self._taken is None:
            return
        self._written = state
        if not state.exposures and not state.references and state.variants == Variants():
            self._autosave.clear()
            return
        # What is restored is deleted only after it has been saved again.
        taken, self._taken = self._taken, None
        self._autosave.write(state, taken.discard if taken is not None else None)


def _work(state: SavedSession) -> object:
    """Pick what counts as work in a session: exposures, references, recipes and several places, not the last view."""
    # A click on the sky moves the only place; several have been laid out.
    places = state.places.all if state.places.several else ()
    references = tuple((r.number, r.places[0], r.shown) for r in state.references)
    return tuple((e.path, e.included) for e in state.exposures), references, state.variants, places


@cache
def _versions() -> dict[str, str]:
    versions = {"atm-viewer": __version__}
    with suppress(PackageNotFoundError):
        versions["jwst"] = version("jwst")
    return versions
