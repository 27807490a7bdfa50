"""Planes of spaxels that a correction takes away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atm_viewer.engine.arrays import Integers, Mask

#: Brightness of the faintest spaxels that count as bright, over the brightest one.
BRIGHT = 0.01


@dataclass(frozen=True, eq=False)
class Coverage:
    """Planes of each spaxel with and without a value, on the grid of the cube before correction.

    Parameters
    ----------
    band : str
        Band of the cube.
    planes : int
        Planes of the cube.
    before : ndarray of int64, shape (ny, nx)
        Planes that have a value before correction.
    lost : ndarray of int64, shape (ny, nx)
        Planes that have a value before correction and none after.
    bright : ndarray of bool, shape (ny, nx)
        Spaxels with at least `BRIGHT` of the brightness of the brightest one, in white light.
    """

    band: str
    planes: int
    before: Integers
    lost: Integers
    bright: Mask

    @property
    def summary(self) -> str:
        """Number of spaxels that lose planes, in a sentence."""
        covered, losing = int((self.before > 0).sum()), int((self.lost > 0).sum())
        if not losing:
            return f"No spaxel loses planes by the correction ({covered} have data)."
        every = int(((self.lost > 0) & (self.lost == self.before)).sum())
        share = 100 * self.lost.sum() / self.before.sum()
        bright = int((self.bright & (self.lost > 0)).sum())
        return (
            f"{losing} of {covered} spaxels lose planes by the correction, {every} of them all ({share:.2g} % of all "
            f"values); {bright} of the {int(self.bright.sum())} bright ones do."
        )

    def at(self, x: int, y: int) -> str:
        """Say what a spaxel loses; empty where it has no data."""
        if not (0 <= y < self.before.shape[0] and 0 <= x < self.before.shape[1]) or not self.before[y, x]:
            return ""
        return f"spaxel x {x}, y {y}: {self.lost[y, x]} of {self.before[y, x]} planes lost"


def is_bright(image: np.ndarray) -> Mask:
    """Tell which spaxels of an image in white light are bright, see `Coverage`."""
    with np.errstate(invalid="ignore"):
        bright: Mask = image >= BRIGHT * np.nanmax(image)
        return bright
