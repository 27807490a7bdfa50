"""Puts packed frames among arrays that are kept together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atm_viewer.engine.arrays import PackedFrame


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
