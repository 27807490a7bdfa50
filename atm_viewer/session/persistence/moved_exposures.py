"""Finds exposures and references of a session that were moved, and checks that exposures are the same files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.regular_file import open_regular
from atm_viewer.session.state.open_exposure import Mark
from atm_viewer.session.state.saved_session import SavedExposure, SavedReference, SavedSession

#: Bytes at the beginning of a file that its mark is made of: more than a primary header of the pipeline has.
_BEGINNING = 65536


def mark_of(path: str | os.PathLike[str]) -> Mark | None:
    """Mark of a file's content; None when it is no regular file, or cannot be read."""
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            return Mark(size, hashlib.sha256(file.read(_BEGINNING)).hexdigest()[:24])
    except (InputError, OSError, ValueError):
        return None


Saved = SavedExposure | SavedReference


@dataclass(frozen=True)
class Found:
    """An exposure or a reference of a session and what became of it.

    Parameters
    ----------
    file : SavedExposure or SavedReference
        As the session has it.
    path : str
        Where it is now; empty when it was not found.
    other : bool
        The file there is not the one that the session was made with.
    left_out : bool
        The user does without it.
    """

    file: Saved
    path: str = ""
    other: bool = False
    left_out: bool = False

    @property
    def name(self) -> str:
        """Name of the file."""
        return Path(self.file.places[0]).name

    @property
    def is_exposure(self) -> bool:
        """Whether it is an exposure, without any of which there is no session."""
        return isinstance(self.file, SavedExposure)

    @property
    def missing(self) -> bool:
        """Whether the user has to say where it is."""
        return not self.path and not self.left_out


class Search:
    """Looks for the files of a session, with the user's help where they are not where they were.

    A file is looked for where the session says, first relative to the session's file, then in the folders in which
    others were found, and in that of the session.

    Parameters
    ----------
    state : SavedSession
        What the session's file says.
    path : str
        The session's file.
    """

    def __init__(self, state: SavedSession, path: str):
        self.state = state
        self.path = path
        self.by_hand = False  #: the user has helped, so that the session is not as it was saved
        files: tuple[Saved, ...] = (*state.exposures, *state.references)
        self.found: tuple[Found, ...] = tuple(_look(file, file.places) for file in files)
        self._look_beside([os.path.dirname(path), *(os.path.dirname(f.path) for f in self.found if f.path)])

    @property
    def missing(self) -> tuple[Found, ...]:
        """Files that the user has to look for."""
        return tuple(f for f in self.found if f.missing)

    @property
    def others(self) -> tuple[Found, ...]:
        """Exposures in whose place another file was found."""
        return tuple(f for f in self.found if f.path and f.other)

    def locate(self, index: int, path: str) -> int:
        """Say where a file is; others that are missing are looked for beside it.

        Parameters
        ----------
        index : int
            Which of ``found``.
        path : str
            Its file.

        Returns
        -------
        int
            How many more were found.
        """
        file = self.found[index].file
        missing = len(self.missing) - self.found[index].missing
        self._put(index, _look(file, [path]))
        self._look_beside([os.path.dirname(path)])
        self.by_hand = True
        return missing - len(self.missing)

    def leave_out(self, index: int, left_out: bool = True) -> None:
        """Do without a file."""
        self._put(index, replace(self.found[index], left_out=left_out))
        self.by_hand = True

    def take(self, other: Search) -> None:
        """Take over what a copy of this has found."""
        self.found, self.by_hand = other.found, other.by_hand

    @property
    def result(self) -> SavedSession:
        """The session with the files that were found, each with the one path where it is."""
        there = [replace(f.file, places=(f.path,)) for f in self.found if f.path and not f.left_out]
        exposures = tuple(file for file in there if isinstance(file, SavedExposure))
        references = tuple(file for file in there if isinstance(file, SavedReference))
        return replace(self.state, exposures=exposures, references=references)

    def _put(self, index: int, found: Found) -> None:
        self.found = (*self.found[:index], found, *self.found[index + 1 :])

    def _look_beside(self, folders: Iterable[str]) -> None:
        folders = list(dict.fromkeys(filter(None, folders)))
        taken = {f.path for f in self.found}
        for index, found in enumerate(self.found):
            if found.missing:
                paths = [os.path.join(folder, found.name) for folder in folders]
                self._put(index, _look(found.file, [p for p in paths if p not in taken]))


def _look(file: Saved, paths: Iterable[str]) -> Found:
    """Look at some paths for a file; the same content wins over the same name."""
    other = ""
    expected = file.mark if isinstance(file, SavedExposure) else None
    for path in paths:
        mark = mark_of(path)
        if mark is not None:
            resolved = str(Path(path).resolve())
            if expected in (None, mark):
                return Found(file, resolved)
            other = other or resolved
    return Found(file, other, bool(other))
