"""Sums over an exposure's slices that are updated quickly when only one slice changes.

While somebody tunes a slice its spectra are made many times, and all other slices give the same every time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from weakref import ref

import numpy as np

from atm_viewer.engine.arrays import Floats
from atm_viewer.engine.trace.oversample import OversampledSlice

#: Adds what a slice gives to a sum, in place.
Add = Callable[[OversampledSlice, np.ndarray], None]


@dataclass(eq=False)
class SliceSums:
    """Remembers the last sum and, once a single slice has changed, that of the others; slices are kept by others."""

    _place: Hashable = None
    _slices: dict[int, ref[OversampledSlice]] = field(default_factory=dict)
    _tuned: int = 0
    _rest: np.ndarray | None = None
    _total: np.ndarray | None = None

    def total(
        self, place: Hashable, slices: Mapping[int, OversampledSlice], add: Add, shape: tuple[int, ...]
    ) -> Floats:
        """Sum over slices.

        Parameters
        ----------
        place : hashable
            Everything but the slices that the sum depends on.
        slices : mapping of int to OversampledSlice
            By number; the same object means the same content.
        add : callable
            ``add(one, total)`` adds what a slice gives.
        shape : tuple of int
            Of the sum.

        Returns
        -------
        ndarray of float64
            Not to be written to; the next sum may overwrite it.
        """
        alike = place == self._place and slices.keys() == self._slices.keys()
        changed = [n for n, one in slices.items() if not alike or one is not self._slices[n]()]
        if self._total is not None and alike and not changed:
            return self._total
        if not alike or len(changed) > 1:
            self._tuned, self._rest = 0, None
        elif changed[0] != self._tuned:
            rest = _sum({n: one for n, one in slices.items() if n != changed[0]}, add, np.zeros(shape))
            self._tuned, self._rest = changed[0], rest
        self._place, self._slices = None, {}  # should adding fail, what is there is no sum of anything
        # In the memory of the last sum: fresh memory of this size takes longer than adding a slice.
        if self._total is None or self._total.shape != shape:
            self._total = np.empty(shape)
        if self._rest is None:
            self._total.fill(0.0)
            _sum(slices, add, self._total)
        else:
            np.copyto(self._total, self._rest)
            add(slices[self._tuned], self._total)
        self._place, self._slices = place, {n: ref(one) for n, one in slices.items()}
        return self._total


def _sum(slices: Mapping[int, OversampledSlice], add: Add, total: Floats) -> Floats:
    for one in slices.values():
        add(one, total)
    return total
