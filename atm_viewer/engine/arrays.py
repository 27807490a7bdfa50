"""Short names for the types of arrays, and arrays that are stored in less memory: mostly NaN, or mostly alike."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Double precision: whatever is computed.
Floats = NDArray[np.float64]
#: Single precision: what exposures hold.
Singles = NDArray[np.float32]
#: Single or double precision.
Reals = NDArray[np.floating]
#: Indices and counts.
Integers = NDArray[np.int64]
#: Slice numbers where there is little room for them.
Integers16 = NDArray[np.int16]
#: Slice numbers, and what else is counted in 32 bits.
Integers32 = NDArray[np.int32]
#: Bits of data quality.
Flags = NDArray[np.uint32]
#: Classes of pixels.
Bytes = NDArray[np.uint8]
#: What holds and what does not.
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class PackedFrame:
    """A two-dimensional array of floats whose only values that are not finite are NaN.

    ``frame[first:last]`` gives rows as an ordinary array, ``frame[y, x]`` a number or, with ranges, part of some rows;
    ``np.asarray(frame)`` all of them.

    Parameters
    ----------
    finite : ndarray of uint8, shape (rows, ceil(columns / 8))
        A bit per element that tells whether it is finite (`numpy.packbits` along rows).
    values : ndarray of float
        The finite elements, row after row.
    columns : int
        Length of a row.
    zero : float or None
        What the values are counted from, see `single`.
    """

    finite: Bytes
    values: Reals
    columns: int
    zero: float | None = None

    @classmethod
    def of(cls, frame: Reals) -> PackedFrame:
        """Pack a frame."""
        finite = np.isfinite(frame)
        return cls(np.packbits(finite, axis=1), frame[finite], frame.shape[1])

    @classmethod
    def of_each(cls, arrays: Iterable[Reals], at: Integers, shape: tuple[int, int]) -> list[PackedFrame]:
        """Pack frames that are NaN except at ascending flat indices, the same in all, where they have values.

        Neighbours whose values are finite in the same places share the record of these places.
        """
        frames: list[PackedFrame] = []
        known: Mask | None = None
        for values in arrays:
            finite = np.isfinite(values)
            kept = values if finite.all() else values[finite]  # copying takes long
            if known is None or not np.array_equal(finite, known):
                inside = np.zeros(shape, dtype=bool)
                inside.reshape(-1)[at] = finite
                known = finite
                frames.append(cls(np.packbits(inside, axis=1), kept, shape[1]))
            else:
                frames.append(frames[-1].with_values(kept))
        return frames

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the frame."""
        return self.finite.shape[0], self.columns

    @property
    def mask(self) -> Mask:
        """Where the elements are finite."""
        return self._inside(slice(None))

    def _inside(self, rows: slice) -> Mask:
        return np.unpackbits(self.finite[rows], axis=1, count=self.columns).view(bool)

    @cached_property
    def _starts(self) -> Integers:
        return np.concatenate([[0], np.cumsum(np.bitwise_count(self.finite).sum(axis=1, dtype=np.int64))])

    def __getitem__(self, key: slice | tuple[int | slice, int | slice]) -> Any:
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        if not isinstance(rows, slice):
            row = range(self.finite.shape[0])[rows]
            return self[row : row + 1][0, columns]
        first, last, step = rows.indices(self.finite.shape[0])
        if step != 1:
            return np.asarray(self)[key]
        last = max(first, last)
        full = np.full((last - first, self.columns), np.nan, self.values.dtype if self.zero is None else np.float64)
        full[self._inside(slice(first, last))] = self.values[self._starts[first] : self._starts[last]]
        if self.zero is not None:
            full += self.zero
        return full[:, columns]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        whole: NDArray[Any] = self[:]
        return whole if dtype is None else whole.astype(dtype, copy=False)

    def with_values(self, values: Reals) -> PackedFrame:
        """Return a frame with other values in the same places."""
        return replace(self, values=values, zero=None)

    def single(self) -> PackedFrame:
        """Return the frame in half the memory: differences from its first value, in single precision.

        They are exact to 3e-8 of themselves; a frame in which they exceed 1 stays as it is.
        """
        if self.zero is not None or not self.values.size:
            return self
        away = self.values - self.values[0]
        return replace(self, values=away.astype(np.float32), zero=self.values[0]) if np.ptp(away) < 1 else self


#: Rows of a `DeflatedFrame` that are kept together.
_TOGETHER = 64


@dataclass(frozen=True, eq=False)
class DeflatedFrame:
    """A two-dimensional array whose elements are mostly alike, such as flags; a tenth of the memory or less.

    ``frame[y, x]`` gives an element, ``np.asarray(frame)`` all of them.

    Parameters
    ----------
    parts : tuple of bytes
        Some rows each, compressed.
    shape : (int, int)
        Shape of the array.
    dtype : str
        Its type.
    """

    parts: tuple[bytes, ...]
    shape: tuple[int, int]
    dtype: str

    @classmethod
    def of(cls, array: NDArray[Any]) -> DeflatedFrame:
        """Compress an array."""
        rows, columns = array.shape
        parts = (np.ascontiguousarray(array[row : row + _TOGETHER]) for row in range(0, rows, _TOGETHER))
        return cls(tuple(zlib.compress(part.data, 1) for part in parts), (rows, columns), array.dtype.str)

    def __getitem__(self, at: tuple[int, int]) -> Any:
        row = range(self.shape[0])[at[0]]
        return self._part(row // _TOGETHER)[row % _TOGETHER, at[1]]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        whole = np.concatenate([self._part(k) for k in range(len(self.parts))])
        return whole if dtype is None else whole.astype(dtype, copy=False)

    def _part(self, k: int) -> NDArray[Any]:
        return np.frombuffer(zlib.decompress(self.parts[k]), self.dtype).reshape(-1, self.shape[1])


#: Whole, or packed: both give rows, and parts of rows, as arrays by slicing.
Frame = np.ndarray | PackedFrame
