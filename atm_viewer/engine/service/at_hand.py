"""Open exposures: those that were used last are in memory, others are read again when they are asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.give_back import give_back_memory
from atm_viewer.engine.io.exposure import DataFile, Exposure, open_exposure
from atm_viewer.engine.placement import Placement
from atm_viewer.engine.progress import Progress, no_progress
from atm_viewer.engine.results.exposure_view import MOST_PIXELS
from atm_viewer.engine.service.open_items import OpenItem, Shared

#: Pixels of those that stay in memory when more are open. Those of the band that was used last stay whatever they are,
#: since all of them are needed for a spectrum.
_AT_HAND = MOST_PIXELS // 2


@dataclass(frozen=True)
class _Known:
    """What is known of an open exposure that is not in memory."""

    file: DataFile
    bands: tuple[str, ...]
    pixels: int
    target: str
    placement: Placement
    owner: Hashable

    @classmethod
    def of(cls, item: OpenItem) -> _Known:
        exposure = item.exposure
        return cls(exposure.file, exposure.bands, exposure.sci.size, exposure.target, exposure.placement, item.owner)


class AtHand:
    """Open exposures by their keys.

    Parameters
    ----------
    shared : Shared
        What is kept of exposures: less of it when more of them are in memory.
    make : callable
        ``make(exposure, owner)`` prepares an exposure whose results are kept under ``owner``.
    let_go : callable
        ``let_go(item)`` drops what else refers to an exposure that leaves memory.
    """

    def __init__(
        self, shared: Shared, make: Callable[[Exposure, Hashable], OpenItem], let_go: Callable[[OpenItem], None]
    ) -> None:
        self._shared, self._make, self._let_go = shared, make, let_go
        self._known: dict[str, _Known] = {}
        self._items: OrderedDict[str, OpenItem] = OrderedDict()  # in memory, the one used last at the end

    def __contains__(self, key: str) -> bool:
        return key in self._known

    def __getitem__(self, key: str) -> OpenItem:
        return self.get(key)

    def get(self, key: str, progress: Progress = no_progress) -> OpenItem:
        """Give an open exposure.

        Raises
        ------
        InputError
            It is not open; or it has to be read again, and cannot be, or its file has changed.
        """
        known = self._find(key)
        if key not in self._items:
            progress(f"Reading {known.file.path.name} again", 0.0)
            known.file.check()
            exposure = open_exposure(known.file.path)
            known.file.check()
            self._items[key] = self._make(exposure.placed(known.placement), known.owner)
            self._make_room(key)
            give_back_memory()  # reading takes twice as much as what stays
        self._items.move_to_end(key)
        return self._items[key]

    def put(self, item: OpenItem) -> None:
        """Take an exposure, in place of one with the same key."""
        key = item.exposure.key
        self._known[key], self._items[key] = _Known.of(item), item
        self._make_room(key)

    def remove(self, key: str) -> None:
        """Forget an exposure, if it is open, and all that is kept of it."""
        if key not in self._known:
            return
        if key in self._items:
            self._let_go(self._items.pop(key))
        self._shared.forget(self._known.pop(key).owner)
        self._shared.make_room(self.pixels)

    def close_files(self) -> None:
        """Drop what is open of the exposures' files, such as their WCS, where it can be read again."""
        for item in self._items.values():
            if item.exposure.can_be_read_again:
                item.exposure.close()

    def file(self, key: str) -> DataFile:
        """File of an open exposure."""
        return self._find(key).file

    def has_band(self, key: str, band: str) -> bool:
        """Whether an open exposure has a band."""
        return band in self._find(key).bands

    @property
    def targets(self) -> frozenset[str]:
        """Targets of all open exposures."""
        return frozenset(known.target for known in self._known.values())

    def with_known_regions(self, exposure: Exposure) -> Exposure:
        """Give an exposure the map of slices of another one in memory when both are alike, as those of dithers are."""
        for item in self._items.values():
            if np.array_equal(item.exposure.regions, exposure.regions):
                return replace(exposure, regions=item.exposure.regions)
        return exposure

    def _find(self, key: str) -> _Known:
        if key not in self._known:
            raise InputError(f"{Path(key).name} is not open; open it again.")
        return self._known[key]

    @property
    def pixels(self) -> int:
        """Pixels of all open exposures."""
        return sum(known.pixels for known in self._known.values())

    def _make_room(self, used: str) -> None:
        """Let go of exposures of other bands, those first that have not been used the longest."""
        bands = set(self._known[used].bands)
        self._shared.make_room(self.pixels)
        if self.pixels <= MOST_PIXELS:
            return
        for key, item in list(self._items.items()):
            if sum(self._known[one].pixels for one in self._items) <= _AT_HAND:
                return
            if not bands & set(item.exposure.bands) and item.exposure.can_be_read_again:
                self._let_go(self._items.pop(key))
