"""The slices of an exposure as strips on the sky: which of them see a region, and where along them.

A position along a slice lies at the same place on the sky at every wavelength (to 0.00001″ in flight exposures of MIRI
and NIRSpec), so a region is a range of alpha in a slice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from atm_viewer.engine.arrays import Floats, Integers
from atm_viewer.engine.io.exposure import Exposure
from atm_viewer.engine.recipe import Region, Shape
from atm_viewer.engine.sky_shapes import centre, reach, shares
from atm_viewer.engine.tangent import TangentPlane

Range = tuple[float, float]

#: Lines across a slice per native pixel along it, to which ends of ranges are exact.
LINES = 16

#: Pixels of a slice that its place on the sky is taken from.
_SAMPLED = 300

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
        return self._known(shape)

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
    def _known(self) -> Callable[[Shape], Mapping[int, tuple[Range, ...]]]:
        return lru_cache(_KEPT)(self._find)

    def _find(self, shape: Shape) -> Mapping[int, tuple[Range, ...]]:
        if not self.plane.faces(*centre(shape)):
            return {}
        middle, across = (self.start + self.end) / 2.0, self.end - self.start
        x, y = self.plane.project(*centre(shape))
        near = np.flatnonzero(np.hypot(middle[0] - x, middle[1] - y) <= 1.001 * reach(shape) + np.hypot(*across))
        inside, whole = shares(shape, self.plane, self.start[:, near], self.end[:, near])
        seen = near[(inside > 0.0) & (inside >= 0.5 * np.minimum(whole, 1.0) - 1e-9)]
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


def sky_strips(exposure: Exposure, steps: Mapping[int, float]) -> SkyStrips:
    """Find where the slices of an exposure are on the sky.

    A slice reaches half of the way to its neighbours, at the same alpha, and half a native pixel beyond the centres of
    its outermost pixels.

    Parameters
    ----------
    exposure : Exposure
        The exposure.
    steps : mapping of int to float
        Native pixel along each slice [arcsec].

    Returns
    -------
    SkyStrips
    """
    c = exposure.coordinates
    alpha, ra, dec = (frame.ravel() for frame in (c.alpha, c.ra, c.dec))
    plane: TangentPlane | None = None
    bands: dict[str, list[_Curve]] = {}
    for number in exposure.slices:
        pixels = exposure.slice_pixels(number)
        few = pixels[np.unique(np.linspace(0, pixels.size - 1, _SAMPLED).astype(int))]
        few = few[np.isfinite(alpha[few]) & np.isfinite(ra[few])]
        if np.unique(alpha[few]).size <= 4:
            continue
        plane = plane or TangentPlane(float(ra[few[0]]), float(dec[few[0]]))
        ends = float(np.nanmin(alpha[pixels])) * c.arcsec, float(np.nanmax(alpha[pixels])) * c.arcsec
        places = plane.project(ra[few], dec[few])
        x, y = (np.polynomial.Polynomial.fit(alpha[few] * c.arcsec, place, 3, domain=ends) for place in places)
        bands.setdefault(exposure.band_of(number), []).append(_Curve(number, x, y, ends, steps[number]))
    lines = sorted((one for band in bands.values() for one in _lines(band)), key=lambda one: one[0].number)
    sizes = [alpha.size for _, alpha, _, _ in lines]
    return SkyStrips(
        plane or TangentPlane(0.0, 0.0),
        number=np.repeat([curve.number for curve, *_ in lines], sizes),
        alpha=np.concatenate([np.zeros(0), *(alpha for _, alpha, _, _ in lines)]),
        step=np.repeat([curve.pixel / LINES for curve, *_ in lines], sizes),
        start=np.concatenate([np.zeros((2, 0)), *(start for _, _, start, _ in lines)], axis=1),
        end=np.concatenate([np.zeros((2, 0)), *(end for _, _, _, end in lines)], axis=1),
    )


@dataclass(frozen=True, eq=False)
class _Curve:
    """The middle of a slice in a plane, as cubic functions of alpha.

    Parameters
    ----------
    number : int
        Slice number.
    x, y : Polynomial
        Position [arcsec] at some alpha [arcsec].
    ends : (float, float)
        Centres of its outermost pixels, in alpha [arcsec].
    pixel : float
        Native pixel along it [arcsec].
    """

    number: int
    x: np.polynomial.Polynomial
    y: np.polynomial.Polynomial
    ends: Range
    pixel: float

    def at(self, alpha: Floats | float) -> Floats:
        """Positions; shape (2, ...)."""
        return np.stack([self.x(alpha), self.y(alpha)])


def _lines(band: Sequence[_Curve]) -> Iterator[tuple[_Curve, Floats, Floats, Floats]]:
    """Alpha and both ends of lines across each slice of a band."""
    along = band[0].at(band[0].ends[1]) - band[0].at(band[0].ends[0])
    aside = np.array([-along[1], along[0]]) / np.hypot(*along)
    offsets = [float(aside @ curve.at((curve.ends[0] + curve.ends[1]) / 2.0)) for curve in band]
    order = [int(k) for k in np.argsort(offsets)]
    # A slice without neighbours is taken to be as wide as its pixels are long.
    width = float(np.median(np.diff(sorted(offsets)))) if len(band) > 1 else band[0].pixel
    for place, k in enumerate(order):
        curve = band[k]
        step = curve.pixel / LINES
        low, high = curve.ends[0] - curve.pixel / 2.0, curve.ends[1] + curve.pixel / 2.0
        alpha: Floats = low + step * (np.arange(int(np.ceil((high - low) / step)), dtype=np.float64) + 0.5)
        across = np.repeat(aside[:, None], alpha.size, axis=1)
        if len(band) > 1:
            before, after = band[order[max(place - 1, 0)]], band[order[min(place + 1, len(band) - 1)]]
            across = after.at(alpha) - before.at(alpha)
        half = across / np.hypot(*across) * width / 2.0
        yield curve, alpha, curve.at(alpha) - half, curve.at(alpha) + half
