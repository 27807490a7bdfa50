"""Circular apertures on the grid of a cube."""

from __future__ import annotations

from typing import Any

import numpy as np


def aperture_weights(xs: np.ndarray, ys: np.ndarray, size: float, radius: float) -> np.ndarray:
    """Part of each spaxel, given by offsets of the centres, that lies within a circle about 0; shape (ny, nx)."""
    from photutils.geometry import circular_overlap_grid

    half = size / 2
    edges: tuple[Any, ...] = (xs[0] - half, xs[-1] + half, ys[0] - half, ys[-1] + half)
    return circular_overlap_grid(*edges, xs.size, ys.size, radius, 1, 1)
