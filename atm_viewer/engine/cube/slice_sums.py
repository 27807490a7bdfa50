"""Sums over an exposure's slices that are updated quickly when only one slice changes.

While somebody tunes a slice its spectra are made many times, and all other slices give the same every time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from atm_viewer.engine.arrays import Floats
from atm_viewer.engine.trace.oversample import OversampledSlice

#: Adds what a slice gives to a sum, in place.
Add = Callable[[OversampledSlice, np.ndarray], None]


@dataclass(eq=False)
class SliceSums:
    """Remembers the last sum and, once a single slice has changed, the sum of the others; not the slices themselves."""

    _place: Hashable = None
    _keys: dict[int, Hashable] = field(default_factory=dict)
    _tuned: int = 0
    _rest: np.ndarray | None = None
    _total: np.ndarray | None = None

    def total(
        self,
        place: Hashable,
        keys: Mapping[int, Hashable],
        slices: Callable[[int], OversampledSlice],
        add: Add,
        shape: tuple[int, ...],
    ) -> Floats:
        """Sum over slices.

        Parameters
        ----------
        place : hashable
            Everything but the slices that the sum depends on.
        keys : mapping of int to hashable
            By slice number; the same key means the same content.
        slices : callable
            Gives a slice by its number; called for those alone that have to be added.
        add : callable
            ``add(one, total)`` adds what a slice gives.
        shape : tuple of int
            Of the sum.

        Returns
        -------
        ndarray of float64
            Not to be written to; the next sum may overwrite it.
        """
        alike = place == self._place and keys.keys() == self._keys.keys()
        changed = [n for n, key in keys.items() if not alike or key != self._keys[n]]
        if self._total is not None and alike and not changed:
            return self._total
        if not alike or len(changed) > 1:
            self._tuned, self._rest = 0, None
        elif changed[0] != self._tuned:
            rest = _sum(map(slices, (n for n in keys if n != changed[0])), add, np.zeros(shape))
            self._tuned, self._rest = changed[0], rest
        self._place, self._keys = None, {}  # should adding fail, what is there is no sum of anything
        # In the memory of the last sum: fresh memory of this size takes longer than adding a slice.
        if self._total is None or self._total.shape != shape:
            self._total = np.empty(shape)
        if self._rest is None:
            self._total.fill(0.0)
            _sum(map(slices, keys), add, self._total)
        else:
            np.copyto(self._total, self._rest)
            add(slices(self._tuned), self._total)
        self._place, self._keys = place, dict(keys)
        return self._total


def _sum(slices: Iterable[OversampledSlice], add: Add, total: Floats) -> Floats:
    for one in slices:
        add(one, total)
    return total
