"""Finds where the slices of an exposure are on the sky.

A position along a slice lies at the same place on the sky at every wavelength (to 0.00001″ in flight exposures of MIRI
and NIRSpec), so a slice is a strip of the sky, and a region a range of alpha in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from atm_viewer.engine.arrays import Floats
from atm_viewer.engine.io.exposure import Exposure
from atm_viewer.engine.results.sky_strips import SkyStrips
from atm_viewer.engine.tangent import TangentPlane

Range = tuple[float, float]

#: Lines across a slice per native pixel along it, to which ends of ranges are exact.
LINES = 16

#: Pixels of a slice that its place on the sky is taken from.
_SAMPLED = 300


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
