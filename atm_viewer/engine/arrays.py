"""Short names for the types of arrays, and arrays that are mostly NaN, stored without the NaN parts."""

from __future__ import annotations

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

    def __getitem__(self, key: slice | tuple[int | slice, int | slice]) -> Any:
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        if not isinstance(rows, slice):
            row = range(self.finite.shape[0])[rows]
            return self[row : row + 1][0, columns]
        first, last, step = rows.indices(self.finite.shape[0])
        if step != 1:
            return np.asarray(self)[key]
        last = max(first, last)
        full = np.full((last - first, self.columns), np.nan, dtype=self.values.dtype)
        inside = np.unpackbits(self.finite[first:last], axis=1, count=self.columns).view(bool)
        full[inside] = self.values[self._starts[first] : self._starts[last]]
        return full[:, columns]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        whole: NDArray[Any] = self[:]
        return whole.astype(dtype or self.values.dtype, copy=False)

    def with_values(self, values: Reals) -> PackedFrame:
        """Return a frame with other values in the same places."""
        return replace(self, values=values)


#: Whole, or packed: both give rows, and parts of rows, as arrays by slicing.
Frame = np.ndarray | PackedFrame
