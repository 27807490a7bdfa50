"""From values of an image to brightness on the screen: limits, scales, folding to the screen's resolution."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from atm_viewer.views.base.plotting import even_values, round_values, space_out

NAN_INDEX = 255  #: display index of pixels without a value
COLOURS = 254  #: display indices 0 to 253 carry values
ASINH_SOFTENING = 0.005  #: share of the range below which the asinh scale is nearly linear
LOG_REACH = 1000.0  #: the log scale spreads this ratio over the range
STRETCHES = ("asinh", "log", "linear")
SHARES = (100.0, 99.9, 99.5, 99.0, 98.0, 95.0)  #: percent of the pixels between the display limits


@dataclass(frozen=True)
class Stretch:
    """Scale from values to a position between 0 and 1.

    Parameters
    ----------
    kind : str
        ``asinh``, ``log`` or ``linear``.
    low, high : float
        Values at 0 and 1.
    symmetric : bool
        ``low`` is ``-high``, and the scale mirrors about zero.
    """

    kind: str
    low: float
    high: float
    symmetric: bool = False

    def forward(self, values: ArrayLike) -> np.ndarray:
        """Positions of values; clipped to 0 and 1, NaN stays NaN."""
        share = np.clip((np.asarray(values, dtype=float) - self.low) / (self.high - self.low), 0.0, 1.0)
        if self.symmetric:
            side = 2.0 * share - 1.0
            mirrored: np.ndarray = 0.5 + 0.5 * np.sign(side) * self._shape(np.abs(side))
            return mirrored
        return self._shape(share)

    def backward(self, place: float) -> float:
        """Value at a position; beyond 0 and 1 the scale goes on."""
        side = abs(2.0 * place - 1.0) if self.symmetric else place
        if self.kind == "asinh":
            share = math.sinh(side * math.asinh(1.0 / ASINH_SOFTENING)) * ASINH_SOFTENING
        elif self.kind == "log":
            share = math.expm1(side * math.log1p(LOG_REACH)) / LOG_REACH
        else:
            share = side
        if self.symmetric:
            return math.copysign(share, place - 0.5) * self.high
        return self.low + share * (self.high - self.low)

    def _shape(self, share: np.ndarray) -> np.ndarray:
        if self.kind == "asinh":
            return np.arcsinh(share / ASINH_SOFTENING) / math.asinh(1.0 / ASINH_SOFTENING)
        if self.kind == "log":
            return np.log1p(share * LOG_REACH) / math.log1p(LOG_REACH)
        return share


def find_limits(values: np.ndarray, share: float, symmetric: bool = False) -> tuple[float, float]:
    """Limits that hold a share of the finite values, from a subsample of at most some 10^5 of them.

    Parameters
    ----------
    values : ndarray
        Any shape; NaN is left out.
    share : float
        Percent of the values between the limits.
    symmetric : bool
        Make the limits equal but for the sign.

    Returns
    -------
    (float, float)
        Low and high, low < high also when all values are equal or NaN.
    """
    flat = values.ravel()
    # a stride with no small factor does not fall in step with rows or columns
    flat = flat[:: max(1, flat.size // 100_003)]
    flat = flat[np.isfinite(flat)]
    if not flat.size:
        return (-1.0, 1.0) if symmetric else (0.0, 1.0)
    if symmetric:
        high = float(np.percentile(np.abs(flat), share)) or 1.0
        return -high, high
    low, high = (float(v) for v in np.percentile(flat, (50.0 - share / 2.0, 50.0 + share / 2.0)))
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def to_indices(values: np.ndarray, stretch: Stretch) -> np.ndarray:
    """Display indices of an image: 0 to 253 along the stretch, `NAN_INDEX` for NaN.

    The stretch is applied by a table, so that it costs the same whatever its function.
    """
    steps = 65534
    positions = stretch.forward(np.linspace(stretch.low, stretch.high, steps + 1))
    table = np.append(np.uint8(NAN_INDEX), np.rint(positions * (COLOURS - 1)).astype(np.uint8))
    scaled = (values - np.float32(stretch.low)) * np.float32(steps / (stretch.high - stretch.low))
    scaled += np.float32(1.0)
    np.clip(scaled, 1.0, steps + 1.0, out=scaled)
    np.fmax(scaled, 0.0, out=scaled)  # NaN becomes entry 0
    return table[scaled.astype(np.uint16)]


def scale_ticks(stretch: Stretch, gap: float = 0.07) -> list[tuple[float, str]]:
    """Ticks between 0 and 1 for the colour bar of a stretch."""
    even = even_values(stretch.low, stretch.high)
    values = even if stretch.kind == "linear" else round_values(stretch.low, stretch.high) + even
    return space_out(values, stretch.forward, gap)


def bin_mean(values: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Mean of the finite values in blocks of a float image; factors are powers of two, blocks may overhang the edge."""
    if rows == columns == 1:
        return values
    parts = []
    # strips of the image stay in the processor's cache
    for start in range(0, values.shape[0], 64):
        strip = values[start : start + 64]
        finite = np.isfinite(strip)
        total = _fold(np.add, np.where(finite, strip, np.float32(0.0)), rows, columns)
        count = _fold(np.add, finite.view(np.uint8), rows, columns)
        with np.errstate(invalid="ignore"):
            parts.append(total / count)
    return np.concatenate(parts)


def bin_max(indices: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Largest value in blocks of an image; factors are powers of two, blocks may overhang the edge."""
    return _fold(np.maximum, indices, rows, columns)


def _fold(combine: np.ufunc, image: np.ndarray, rows: int, columns: int) -> np.ndarray:
    image = np.pad(image, ((0, -image.shape[0] % rows), (0, -image.shape[1] % columns)))
    while rows > 1:
        image, rows = combine(image[0::2], image[1::2]), rows // 2
    while columns > 1:
        image, columns = combine(image[:, 0::2], image[:, 1::2]), columns // 2
    return image
