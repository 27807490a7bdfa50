"""Stores arrays that are mostly NaN without the NaN parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atm_viewer.engine.arrays import Bytes, Integers, Reals


@dataclass(frozen=True, eq=False)
class PackedFrame:
    """A two-dimensional array of floats whose only values that are not finite are NaN.

    ``frame[first:last]`` gives rows as an ordinary array, ``np.asarray(frame)`` all of them.

    Parameters
    ----------
    finite : ndarray of uint8, shape (rows, ceil(columns / 8))
        A bit per element that tells whether it is finite (`numpy.packbits` along rows).
    values : ndarray of float
        The finite elements, row after row.
    columns : int
        Length of a row.
    """

    finite: Bytes
    values: Reals
    columns: int

    @classmethod
    def of(cls, frame: Reals) -> PackedFrame:
        """Pack a frame."""
        finite = np.isfinite(frame)
        return cls(np.packbits(finite, axis=1), frame[finite], frame.shape[1])

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the frame."""
        return self.finite.shape[0], self.columns

    @cached_property
    def _starts(self) -> Integers:
        return np.concatenate([[0], np.cumsum(np.bitwise_count(self.finite).sum(axis=1, dtype=np.int64))])

    def __getitem__(self, rows: slice) -> NDArray[Any]:
        first, last, _ = rows.indices(self.finite.shape[0])
        last = max(first, last)
        full = np.full((last - first, self.columns), np.nan, dtype=self.values.dtype)
        inside = np.unpackbits(self.finite[first:last], axis=1, count=self.columns).view(bool)
        full[inside] = self.values[self._starts[first] : self._starts[last]]
        return full

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self[:].astype(dtype or self.values.dtype, copy=False)


def pack(frames: Mapping[str, PackedFrame]) -> dict[str, NDArray[Any]]:
    """Arrays of frames by name, to be kept together; `unpack` is the inverse."""
    packed: dict[str, NDArray[Any]] = {}
    for name, frame in frames.items():
        packed |= {f"{name}.finite": frame.finite, f"{name}.values": frame.values}
        packed[f"{name}.columns"] = np.array(frame.columns)
    return packed


def unpack(packed: Mapping[str, NDArray[Any]], name: str) -> PackedFrame:
    """Frame of that name among the arrays that `pack` made."""
    return PackedFrame(packed[f"{name}.finite"], packed[f"{name}.values"], int(packed[f"{name}.columns"]))


#: Whole, or packed: both give rows as arrays by slicing.
Frame = np.ndarray | PackedFrame
