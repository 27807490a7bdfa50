"""The slices of an exposure as strips on the sky: which of them see a region, and where along them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from atm_viewer.engine.arrays import Floats, Integers
from atm_viewer.engine.recipe import Region, Shape
from atm_viewer.engine.sky_shapes import centre, reach, shares
from atm_viewer.engine.tangent import TangentPlane

Range = tuple[float, float]

#: Shapes whose ranges are kept: those of a few recipes, and some places where one was dragged.
_KEPT = 64


@dataclass(frozen=True, eq=False)
class SkyStrips:
    """Lines across all slices of an exposure, at even distances along them.

    Parameters
    ----------
    plane : TangentPlane
        Plane that positions are given in.
    number : ndarray of int64, shape (n,)
        Slice of each line; the lines of a slice follow each other, with alpha ascending.
    alpha, step : ndarray of float64, shape (n,)
        Where it is along the slice, and its distance from the next one [arcsec].
    start, end : ndarray of float64, shape (2, n)
        Its ends, on both edges of the slice [arcsec].
    """

    plane: TangentPlane
    number: Integers
    alpha: Floats
    step: Floats
    start: Floats
    end: Floats

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is kept of earlier answers: it does not travel to other processes."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def moved(self, east: float, north: float) -> SkyStrips:
        """Return the strips of the exposure shifted on the sky [arcsec]; what is found of them is kept with these."""
        return self._moved((east, north)) if east or north else self

    def touched(self, regions: Sequence[Region]) -> dict[int, list[tuple[Region, tuple[Range, ...]]]]:
        """Find which of some regions each slice sees, and in which alpha ranges; see `Recipe.params`."""
        found: dict[int, list[tuple[Region, tuple[Range, ...]]]] = {}
        for region in regions:
            for number, ranges in self.ranges(region.shape).items():
                found.setdefault(number, []).append((region, ranges))
        return found

    def ranges(self, shape: Shape) -> Mapping[int, tuple[Range, ...]]:
        """Find where the slices see a shape.

        Parameters
        ----------
        shape : Shape
            The shape.

        Returns
        -------
        mapping of int to tuple of (float, float)
            Alpha ranges [arcsec] by slice number: where the shape covers at least half of the slice's width, or at
            least half of the shape's width there falls into the slice. Slices that do not see it are left out.
        """
        return self._known(shape, 0.5)

    def overlapping(self, shape: Shape) -> tuple[int, ...]:
        """Numbers of the slices that see any part of a shape, ascending."""
        return tuple(self._known(shape, 0.0))

    def at(self, ra: float, dec: float) -> dict[int, float]:
        """Find the slices that see a position on the sky [deg], with its alpha in each [arcsec]."""
        if not self.plane.faces(ra, dec):
            return {}
        x, y = (float(value) for value in self.plane.project(ra, dec))
        across, place = self.end - self.start, np.array([[x], [y]]) - self.start
        # Of the lines of a slice, the nearest; where along it, in units of its length.
        aside = np.abs(across[0] * place[1] - across[1] * place[0]) / np.hypot(*across)
        part = (across * place).sum(axis=0) / (across * across).sum(axis=0)
        near = (aside <= 0.51 * self.step) & (part >= 0.0) & (part <= 1.0)
        found: dict[int, float] = {}
        for k in np.flatnonzero(near):
            found.setdefault(int(self.number[k]), float(self.alpha[k]))
        return found

    @cached_property
    def _moved(self) -> Callable[[tuple[float, float]], SkyStrips]:
        def move(offset: tuple[float, float]) -> SkyStrips:
            ra, dec = TangentPlane(self.plane.ra, self.plane.dec).positions(np.array(-offset[0]), np.array(offset[1]))
            return replace(self, plane=replace(self.plane, ra=float(ra), dec=float(dec)))

        return lru_cache(2)(move)

    @cached_property
    def _known(self) -> Callable[[Shape, float], Mapping[int, tuple[Range, ...]]]:
        return lru_cache(_KEPT)(self._find)

    def _find(self, shape: Shape, least: float) -> Mapping[int, tuple[Range, ...]]:
        if not self.plane.faces(*centre(shape)):
            return {}
        middle, across = (self.start + self.end) / 2.0, self.end - self.start
        x, y = self.plane.project(*centre(shape))
        near = np.flatnonzero(np.hypot(middle[0] - x, middle[1] - y) <= 1.001 * reach(shape) + np.hypot(*across))
        inside, whole = shares(shape, self.plane, self.start[:, near], self.end[:, near])
        seen = near[(inside > 0.0) & (inside >= least * np.minimum(whole, 1.0) - 1e-9)]
        if not seen.size:
            return {}
        ends = np.flatnonzero((np.diff(seen) != 1) | (np.diff(self.number[seen]) != 0))
        found: dict[int, tuple[Range, ...]] = {}
        for first, last in zip(seen[np.append(0, ends + 1)], seen[np.append(ends, seen.size - 1)], strict=True):
            half = self.step[first] / 2.0
            span = round(float(self.alpha[first] - half), 4), round(float(self.alpha[last] + half), 4)
            number = int(self.number[first])
            found[number] = (*found.get(number, ()), span)
        return found


def _no_strips() -> SkyStrips:
    nothing = np.zeros(0)
    return SkyStrips(
        TangentPlane(0.0, 0.0), nothing.astype(np.int64), nothing, nothing, np.zeros((2, 0)), np.zeros((2, 0))
    )


#: Of an exposure whose slices are not known on the sky.
NO_STRIPS = _no_strips()
