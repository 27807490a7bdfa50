"""Recent files, stored in the settings."""

from __future__ import annotations

import os
from collections.abc import Iterable

from PyQt6.QtCore import QSettings

_MOST = 10


class RecentFiles:
    """List of files, the latest first.

    Parameters
    ----------
    settings : QSettings
        Where the list is kept.
    key : str
        Name of the list.
    """

    def __init__(self, settings: QSettings, key: str = "recent"):
        self._settings = settings
        self._key = key

    @property
    def paths(self) -> list[str]:
        """Absolute paths, the latest first."""
        kept = self._settings.value(self._key, [])
        # The ini format reads a list of one back as text.
        return [kept] if isinstance(kept, str) else [str(path) for path in kept or []]

    def add(self, paths: Iterable[str]) -> None:
        """Put files at the head of the list, in their order."""
        new = list(dict.fromkeys(os.path.abspath(path) for path in paths))
        self._settings.setValue(self._key, [*new, *(p for p in self.paths if p not in new)][:_MOST])

    def remove(self, path: str) -> None:
        """Take a file off the list."""
        self._settings.setValue(self._key, [p for p in self.paths if p != path])
