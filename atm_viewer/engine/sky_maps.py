"""Where the pixels of an exposure lie on the sky, as polynomials that stand in for its WCS.

A WCS takes microseconds per position and a cube asks for a dozen positions per pixel. Within a slice all of them are
smooth functions of the detector's coordinates, so that a short Chebyshev series is as good as the WCS to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev

from atm_viewer.engine.kernels.sky import map_pixels
from atm_viewer.engine.threads import in_threads, processors

#: Largest difference from the WCS that is accepted: on the sky [deg], a millionth of a spaxel, and relative in
#: wavelength. NIRSpec's WCS itself is rough by a third of this.
TOLERANCE_SKY = 3e-11
TOLERANCE_WAVELENGTH = 5e-10

_DEGREES = ((3, 5), (4, 7), (5, 9), (6, 12), (7, 16))
_COLUMNS = 40  # columns of a slice that are sampled, and as many for the check


@dataclass(frozen=True, eq=False)
class PixelPositions:
    """Positions of some pixels.

    Parameters
    ----------
    ra, dec : ndarray of float64, shape (4, n)
        Corners in order around the pixel, ICRS [deg]; NaN where there is no position.
    centre : ndarray of float64, shape (2, n)
        RA and Dec of the centre, ICRS [deg]; NaN where there is none.
    wavelength : ndarray of float64, shape (3, n)
        At the centre and on the two edges along the dispersion [um]; NaN where there is none.
    """

    ra: np.ndarray
    dec: np.ndarray
    centre: np.ndarray
    wavelength: np.ndarray


@dataclass(frozen=True, eq=False)
class SkyMaps:
    """Chebyshev series for the slices of an exposure.

    Parameters
    ----------
    numbers : ndarray of int64, shape (m,)
        Slice numbers, ascending.
    series : ndarray of float64, shape (m, 7, p, q)
        Coefficients over (along the slice, along the dispersion): RA and Dec as offsets from ``origin`` [deg] on one
        edge of the slice, on the other, and in its middle, and the wavelength [um].
    domain : ndarray of float64, shape (m, 4)
        Middle and half width of the range along the slice, and along the dispersion [pixel].
    origin : ndarray of float64, shape (2,)
        RA and Dec [deg] that offsets count from.
    """

    numbers: np.ndarray
    series: np.ndarray
    domain: np.ndarray
    origin: np.ndarray

    def positions(
        self, number: np.ndarray, along: np.ndarray, dispersion: np.ndarray, edge: float, half: float
    ) -> PixelPositions:
        """Positions of pixels.

        Parameters
        ----------
        number : ndarray of int, shape (n,)
            Slices.
        along, dispersion : ndarray of float64, shape (n,)
            Detector coordinates of the centres along the slice and along the dispersion [pixel].
        edge, half : float
            Distances from the centre to the edges along the slice, and along the dispersion [pixel].

        Returns
        -------
        PixelPositions
        """
        index = np.searchsorted(self.numbers, number)
        n = index.size
        corner, centre, wavelength = np.empty((4, 2, n)), np.empty((2, n)), np.empty((3, n))
        parts = (
            [slice(k * n // 8, (k + 1) * n // 8) for k in range(8)] if n > 20000 and processors() > 1 else [slice(n)]
        )

        def work(part: slice) -> None:
            map_pixels(
                index[part],
                along[part],
                dispersion[part],
                edge,
                half,
                self.series,
                self.domain,
                corner[:, :, part],
                centre[:, part],
                wavelength[:, part],
            )

        in_threads(work, parts)
        corner += self.origin[:, None]
        centre += self.origin[:, None]
        return PixelPositions(corner[:, 0] % 360.0, corner[:, 1], np.stack([centre[0] % 360.0, centre[1]]), wavelength)


#: Positions of native pixels (x, y) of slices by the WCS.
WcsPositions = Callable[[np.ndarray, np.ndarray, np.ndarray], PixelPositions]


def fit_sky_maps(
    pixels: Mapping[int, tuple[np.ndarray, np.ndarray]], along_x: bool, edge: float, half: float, by_wcs: WcsPositions
) -> SkyMaps | None:
    """Fit series to the positions of a sample of pixels and check them on another.

    Parameters
    ----------
    pixels : mapping of int to (ndarray, ndarray)
        By slice number: x and y of its pixels.
    along_x : bool
        Whether slices extend along x (MIRI) or along y (NIRSpec).
    edge, half : float
        Distances of the corners from the centre along the slice, and of the positions of the edge wavelengths along
        the dispersion, that ``by_wcs`` uses [pixel].
    by_wcs : callable
        ``by_wcs(x, y, number)``: positions by the WCS.

    Returns
    -------
    SkyMaps or None
        None when the check finds a difference above `TOLERANCE_SKY` or `TOLERANCE_WAVELENGTH`.
    """
    numbers = np.array(sorted(pixels), dtype=np.int64)
    samples = [_sample(*pixels[int(n)], along_x, phase) for phase in (0.0, 0.5) for n in numbers]
    x, y = (np.concatenate([s[k] for s in samples]) for k in (0, 1))
    number = np.concatenate([np.full(s[0].size, n) for s, n in zip(samples, [*numbers, *numbers], strict=True)])
    known = by_wcs(x, y, number)
    valid = (
        np.isfinite(known.ra).all(axis=0) & np.isfinite(known.dec).all(axis=0) & np.isfinite(known.wavelength).all(0)
    )
    if not valid.any():
        return None
    origin = np.array([known.ra[0, valid][0], np.median(known.dec[:, valid])])
    ra = (np.vstack([known.ra, known.centre[:1]]) - origin[0] + 180.0) % 360.0 - 180.0
    offsets = ra, np.vstack([known.dec, known.centre[1:]]) - origin[1]
    along, dispersion = (x.astype(float), y.astype(float)) if along_x else (y.astype(float), x.astype(float))
    check = np.arange(x.size) >= sum(s[0].size for s in samples[: numbers.size])

    domain = np.empty((numbers.size, 4))
    for k, n in enumerate(numbers):
        px, py = pixels[int(n)]
        a, d = (px, py) if along_x else (py, px)
        domain[k] = *_range(a, edge), *_range(d, half)
    before = np.inf
    for degree in _DEGREES:
        series = np.zeros((numbers.size, 7, degree[0] + 1, degree[1] + 1))
        for k, n in enumerate(numbers):
            at = np.flatnonzero(valid & ~check & (number == n))
            if at.size < 2 * series[0, 0].size:
                return None
            series[k] = _fit(at, along, dispersion, edge, half, offsets, known.wavelength, domain[k], degree)
        maps = SkyMaps(numbers, series, domain, origin)
        at = valid & check
        ours = maps.positions(number[at], along[at], dispersion[at], edge, half)
        found = np.vstack([ours.ra, ours.centre[:1]]) - origin[0], np.vstack([ours.dec, ours.centre[1:]]) - origin[1]
        differences = (found[0] - offsets[0][:, at] + 180.0) % 360.0 - 180.0, found[1] - offsets[1][:, at]
        worst = max(
            max(np.abs(difference).max() for difference in differences) / TOLERANCE_SKY,
            np.abs(ours.wavelength / known.wavelength[:, at] - 1.0).max() / TOLERANCE_WAVELENGTH,
        )
        if worst <= 1.0:
            return maps
        if worst > before / 2.0:
            return None  # more terms do not help: the wavelengths of NIRSpec's prism come from a table
        before = worst
    return None


def _sample(x: np.ndarray, y: np.ndarray, along_x: bool, phase: float) -> tuple[np.ndarray, np.ndarray]:
    """Choose pixels of a slice: all of them in some columns, which lie denser towards the ends."""
    dispersion = y if along_x else x
    columns = np.unique(dispersion)
    nodes = 0.5 - 0.5 * np.cos(np.pi * (np.arange(_COLUMNS) + phase) / (_COLUMNS - 1 + 2 * phase))
    chosen = columns[np.unique(np.rint(nodes * (columns.size - 1)).astype(int))]
    at = np.isin(dispersion, chosen)
    return x[at], y[at]


def _range(values: np.ndarray, margin: float) -> tuple[float, float]:
    low, high = values.min() - margin, values.max() + margin
    return 0.5 * (low + high), max(0.5 * (high - low), 0.5)


def _fit(
    at: np.ndarray,
    along: np.ndarray,
    dispersion: np.ndarray,
    edge: float,
    half: float,
    offsets: tuple[np.ndarray, np.ndarray],
    wavelength: np.ndarray,
    domain: np.ndarray,
    degree: tuple[int, int],
) -> np.ndarray:
    """Coefficients of a slice's series, shape (7, p, q)."""
    from scipy.linalg import lstsq

    middle_a, half_a, middle_d, half_d = domain
    a, d = (along[at] - middle_a) / half_a, (dispersion[at] - middle_d) / half_d
    edge, half = edge / half_a, half / half_d
    sides = chebyshev.chebvander2d(np.concatenate([a - edge, a + edge]), np.concatenate([d, d]), degree)
    targets = [np.concatenate([o[c, at] for c in corners]) for corners in ((0, 3), (1, 2)) for o in offsets]
    found = lstsq(sides, np.stack(targets, axis=1), lapack_driver="gelsy", cond=1e-15)[0]
    middle = chebyshev.chebvander2d(a, d, degree)
    centre = lstsq(middle, np.stack([o[4, at] for o in offsets], axis=1), lapack_driver="gelsy", cond=1e-15)[0]
    along_dispersion = chebyshev.chebvander2d(np.tile(a, 3), np.concatenate([d, d - half, d + half]), degree)
    lam = lstsq(along_dispersion, wavelength[:, at].ravel(), lapack_driver="gelsy", cond=1e-15)[0]
    return np.concatenate([found.T, centre.T, lam[None]]).reshape(7, degree[0] + 1, degree[1] + 1)
