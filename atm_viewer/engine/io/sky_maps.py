"""Sky positions of an exposure's pixels as polynomials that replace its WCS.

A WCS takes microseconds per position and a cube asks for a dozen positions per pixel. Within a slice all of them are
smooth functions of the detector's coordinates, so that a short Chebyshev series is as good as the WCS. Two things in
it are not smooth, and are left out of the series: the table by which wavelengths of NIRSpec's prism are found, and the
ends of NIRSpec's slices, beyond which there is no position.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial

import numpy as np
from numpy.polynomial import chebyshev

from atm_viewer.engine.arrays import Floats, Integers
from atm_viewer.engine.kernels.sky import least_squares, make_columns, map_pixels
from atm_viewer.engine.placement import Placement
from atm_viewer.engine.tangent import TangentPlane
from atm_viewer.engine.threads import in_threads, processors

#: Largest difference from the WCS that is accepted, on the sky [arcsec] and as a part of the wavelengths that a pixel
#: covers. MIRI's are a thousand times better. NIRSpec's WCS has kinks of up to these differences itself: positions
#: along its slices come from a table of 1000 points.
TOLERANCE_SKY = 1e-7
TOLERANCE_WAVELENGTH = 3e-6

_DEGREES = ((4, 8), (6, 11), (8, 15))  # along the slice, along the dispersion
_COLUMNS, _ROWS = 32, 14  # of a slice that are sampled


@dataclass(frozen=True, eq=False)
class PixelPositions:
    """Positions of some pixels by the WCS.

    Parameters
    ----------
    ra, dec : ndarray of float64, shape (4, n)
        Corners in order around the pixel, ICRS [deg]; NaN where there is no position.
    centre : ndarray of float64, shape (2, n)
        RA and Dec of the centre, ICRS [deg]; NaN where there is none.
    wavelength : ndarray of float64, shape (3, n)
        At the centre and on the two edges along the dispersion [um]; NaN where there is none.
    """

    ra: Floats
    dec: Floats
    centre: Floats
    wavelength: Floats

    def placed(self, placement: Placement) -> PixelPositions:
        """Shift the positions on the sky."""
        if not placement:
            return self
        (ra, dec), centre = placement.positions(self.ra, self.dec), placement.positions(*self.centre)
        return replace(self, ra=ra, dec=dec, centre=np.stack(centre))

    def on(self, plane: TangentPlane) -> PlanePositions:
        """Project onto a plane."""
        xi, eta = plane.project(np.vstack([self.ra, self.centre[:1]]), np.vstack([self.dec, self.centre[1:]]))
        return PlanePositions(plane, xi, eta, self.wavelength)


@dataclass(frozen=True, eq=False)
class PlanePositions:
    """Positions of some pixels in a tangent plane.

    Parameters
    ----------
    plane : TangentPlane
        The plane.
    xi, eta : ndarray of float64, shape (5, n)
        Corners in order around the pixel, and the centre [arcsec]; NaN where there is no position.
    wavelength : ndarray of float64, shape (3, n)
        At the centre and on the two edges along the dispersion [um]; NaN where there is none.
    """

    plane: TangentPlane
    xi: Floats
    eta: Floats
    wavelength: Floats

    @cached_property
    def ra(self) -> np.ndarray:
        """Right ascension of the corners [deg]."""
        return self.plane.positions(self.xi[:4], self.eta[:4])[0]

    @cached_property
    def dec(self) -> np.ndarray:
        """Declination of the corners [deg]."""
        return self.plane.positions(self.xi[:4], self.eta[:4])[1]


@dataclass(frozen=True, eq=False)
class SlicePolynomials:
    """Polynomials along one slice in each of its columns, see `atm_viewer.engine.kernels.sky.map_pixels`.

    Parameters
    ----------
    first : int
        First column along the dispersion [pixel].
    columns : ndarray of float64, shape (m, p, 10)
        Coefficients.
    shift : ndarray of float64, shape (m, 3)
        Where the polynomials count from [pixel].
    scale : float
        Their unit [pixel].
    limits : ndarray of float64, shape (2,)
        Range of positions along the slicer in which there are positions on the sky.
    """

    first: int
    columns: Floats
    shift: Floats
    scale: float
    limits: Floats

    @cached_property
    def ends(self) -> Floats:
        """Both ends of the slice in some columns, in the plane [arcsec]; shape (17, 2 ends, 2)."""
        at = np.linspace(0, self.columns.shape[0] - 1, 17).astype(int)
        signs = np.array([-1.0, 1.0])[:, None] ** np.arange(self.columns.shape[1])
        ends: Floats = np.einsum("cpk,ep->cek", self.columns[at][:, :, 4:6], signs)
        return ends


@dataclass(frozen=True, eq=False)
class SkyMaps:
    """Series for the slices of an exposure.

    Parameters
    ----------
    numbers : ndarray of int64, shape (m,)
        Slice numbers, ascending.
    series : ndarray of float64, shape (m, q, p, 8)
        Coefficients over (along the dispersion, along the slice), Chebyshev's along the dispersion and powers along
        the slice: two coordinates in the plane [arcsec] of one edge of the slice, of the other, and of its middle;
        position along the slicer; wavelength [um], or ``points``.
    domain : ndarray of float64, shape (m, 3)
        Middle and half width of the range along the dispersion; half width along the slice [pixel].
    trace : ndarray of float64, shape (m, 4)
        Middle of the slice [pixel] as a Chebyshev series along the dispersion.
    limits : ndarray of float64, shape (m, 2)
        Range of positions along the slicer in which there are positions on the sky.
    points, values : ndarray of float64, shape (k,)
        Table from what the last series gives to wavelengths [um]; empty when it gives wavelengths.
    ranges : ndarray of float64, shape (r, 2)
        Ranges, without their ends, of wavelengths [um] that have a position on the sky; none when all have.
    origin : ndarray of float64, shape (2,)
        RA and Dec [deg] where the plane touches the sky.
    """

    numbers: Integers
    series: Floats
    domain: Floats
    trace: Floats
    limits: Floats
    points: Floats
    values: Floats
    ranges: Floats
    origin: Floats

    @property
    def plane(self) -> TangentPlane:
        """Plane that positions are given in."""
        return TangentPlane(float(self.origin[0]), float(self.origin[1]))

    def placed(self, placement: Placement) -> SkyMaps:
        """Shift the positions on the sky; within the field that is linear, to 2e-8 arcsec for shifts of 0.03 deg."""
        if not placement:
            return self
        reach = 3.0  # arcsec
        sides = reach * np.array([-1.0, 1.0, 0.0, 0.0]), reach * np.array([0.0, 0.0, -1.0, 1.0])
        origin = np.stack(placement.positions(*self.origin))
        there = TangentPlane(float(origin[0]), float(origin[1]))
        x, y = there.project(*placement.positions(*self.plane.positions(*sides)))
        matrix = np.array([[x[1] - x[0], x[3] - x[2]], [y[1] - y[0], y[3] - y[2]]]) / (2 * reach)
        series = self.series.copy()
        places = series[..., :6].reshape(*series.shape[:-1], 3, 2)
        series[..., :6] = (places @ matrix.T).reshape(*series.shape[:-1], 6)
        return replace(self, series=series, origin=origin)

    def of_slice(self, number: int, half: float) -> SlicePolynomials:
        """Map of one slice; ``half`` is the distance of a column's edges from its middle [pixel]."""
        m = int(np.searchsorted(self.numbers, number))
        middle, width, scale = self.domain[m]
        # A column more on each side: an oversampled pixel can be on the sky where its native one is not.
        first, last = max(round(middle - width + half) - 1, 0), round(middle + width - half) + 1
        columns, shift, _, _ = self._columns(np.array([m]), first, last, half)
        return SlicePolynomials(first, columns, shift, float(scale), self.limits[m])

    def positions(
        self, number: Integers, along: Floats, dispersion: Integers, edge: float, half: float
    ) -> PlanePositions:
        """Positions of pixels.

        Parameters
        ----------
        number : ndarray of int, shape (n,)
            Slices.
        along : ndarray of float64, shape (n,)
            Detector coordinates of the centres along the slice [pixel].
        dispersion : ndarray of int, shape (n,)
            Detector columns along the dispersion [pixel].
        edge, half : float
            Distances from the centre to the edges along the slice, and along the dispersion [pixel].

        Returns
        -------
        PlanePositions
        """
        n = number.size
        index = np.searchsorted(self.numbers, number)
        dispersion = dispersion.astype(np.int64)
        first, last = (int(f(dispersion)) if n else 0 for f in (np.min, np.max))
        used = np.flatnonzero(np.bincount(index, minlength=self.numbers.size))
        place = np.zeros(self.numbers.size, dtype=np.int64)
        place[used] = np.arange(used.size) * (last - first + 1) - first
        columns, shift, scale, limits = self._columns(used, first, last, half)
        row = place[index] + dispersion
        xi, eta, wavelength = np.empty((5, n)), np.empty((5, n)), np.empty((3, n))
        count = 8 if n > 20000 and processors() > 1 else 1
        parts = [(k * n // count, (k + 1) * n // count) for k in range(count)]
        along = along.astype(float)

        def work(part: tuple[int, int]) -> None:
            map_pixels(
                *part,
                row,
                along,
                edge,
                columns,
                shift,
                scale,
                limits,
                self.points,
                self.values,
                self.ranges,
                xi,
                eta,
                wavelength,
            )

        in_threads(work, parts)
        return PlanePositions(self.plane, xi, eta, wavelength)

    def _columns(self, used: Integers, first: int, last: int, half: float) -> tuple[Floats, Floats, Floats, Floats]:
        """Polynomials along the slice, their shifts, scales and limits, for columns of some slices."""
        count, p = last - first + 1, self.series.shape[2]
        columns, shift = np.empty((used.size, count, p, 10)), np.empty((used.size, count, 3))
        for k, m in enumerate(used):
            # Always in one layout: the kernel is compiled again for any other.
            series = np.ascontiguousarray(self.series[m])
            make_columns(series, self.domain[m], self.trace[m], first, half, columns[k], shift[k])
        scale = np.repeat(self.domain[used, 2], count)
        return columns.reshape(-1, p, 10), shift.reshape(-1, 3), scale, np.repeat(self.limits[used], count, axis=0)


#: Positions of native pixels (x, y) of slices by the WCS.
WcsPositions = Callable[[np.ndarray, np.ndarray, np.ndarray], PixelPositions]
#: Positions along the slicer at detector coordinates (x, y) of one slice, by the WCS; NaN where there are none.
WcsAlong = Callable[[np.ndarray, np.ndarray, int], np.ndarray]


def fit_sky_maps(
    pixels: Mapping[int, tuple[Integers, Integers]],
    along_x: bool,
    edge: float,
    half: float,
    by_wcs: WcsPositions,
    slicer: WcsAlong | None = None,
    table: tuple[np.ndarray, np.ndarray] | None = None,
    ranges: Floats | None = None,
) -> SkyMaps | None:
    """Fit series to the positions of a sample of pixels and check them on another.

    Parameters
    ----------
    pixels : mapping of int to (ndarray, ndarray)
        By slice number: x and y of its pixels whose centres are on the sky.
    along_x : bool
        Whether slices extend along x (MIRI) or along y (NIRSpec).
    edge, half : float
        Distances of the corners from the centre along the slice, and of the positions of the edge wavelengths along
        the dispersion, that ``by_wcs`` uses [pixel].
    by_wcs : callable
        ``by_wcs(x, y, number)``: positions by the WCS.
    slicer : callable, optional
        ``slicer(x, y, number)``: positions along the slicer, where slices can end within a pixel (NIRSpec).
    table : (ndarray, ndarray), optional
        Ascending points and wavelengths [um], between which the WCS interpolates (NIRSpec's prism).
    ranges : ndarray of float64, shape (r, 2), optional
        Ranges, without their ends, of wavelengths [um] that have a position on the sky (MIRI).

    Returns
    -------
    SkyMaps or None
        None when the check finds a difference above `TOLERANCE_SKY` or `TOLERANCE_WAVELENGTH`.
    """
    numbers = np.array(sorted(pixels), dtype=np.int64)
    if not numbers.size:
        return None
    of_each = [_samples(*pixels[int(n)], along_x) for n in numbers]
    sampled = [samples[k] for k in (0, 1) for samples in of_each]  # those to fit to, those to check on
    x, y = (np.concatenate([s[k] for s in sampled]) for k in (0, 1))
    sizes = [s[0].size for s in sampled]
    number = np.repeat(np.concatenate([numbers, numbers]), sizes)
    check = np.arange(x.size) >= sum(sizes[: numbers.size])
    wcs = by_wcs(x, y, number)
    valid = np.isfinite(wcs.ra).all(axis=0) & np.isfinite(wcs.centre).all(axis=0) & np.isfinite(wcs.wavelength).all(0)
    if not valid.any():
        return None
    origin = np.array([wcs.ra[0, valid][0], np.median(wcs.dec[:, valid])])
    known = wcs.on(TangentPlane(float(origin[0]), float(origin[1])))
    along, dispersion = (x, y) if along_x else (y, x)
    bounds = np.full((numbers.size, 2), [-np.inf, np.inf])
    positions = np.zeros(x.size)
    points, values = table if table is not None else (np.zeros(0), np.zeros(0))
    if slicer is not None:
        for k, n in enumerate(numbers):
            at = np.flatnonzero(number == n)
            positions[at] = slicer(x[at].astype(float), y[at].astype(float), int(n))
            found = _ends(*pixels[int(n)], int(n), slicer)
            if found is None:
                return None
            bounds[k] = found
    wavelength = known.wavelength
    if table is not None:
        order = np.argsort(values)
        wavelength = np.interp(wavelength, values[order], points[order])

    ends = np.zeros((0, 2)) if ranges is None else ranges

    def fit(k: int, degree: tuple[int, int]) -> SkyMaps | None:
        """Fit the series of one slice; None where they are not good enough."""
        at = np.flatnonzero(valid & ~check & (number == numbers[k]))
        if at.size < 1.5 * (degree[0] + 1) * (degree[1] + 1):
            return None
        targets = known.xi[:, at], known.eta[:, at], positions[at], wavelength[:, at]
        found = _fit(along[at], dispersion[at], edge, half, targets, degree)
        series, domain, trace = (part[None] for part in found)
        maps = SkyMaps(numbers[k : k + 1], series, domain, trace, bounds[k : k + 1], points, values, ends, origin)
        at = np.flatnonzero(valid & check & (number == numbers[k]))
        ours = maps.positions(number[at], along[at].astype(float), dispersion[at], edge, half)
        sky = [np.abs(ours.xi - known.xi[:, at]).max(initial=0.0), np.abs(ours.eta - known.eta[:, at]).max(initial=0.0)]
        lam = known.wavelength[:, at]
        part = (np.abs(ours.wavelength - lam) / np.abs(lam[1] - lam[2])).max(initial=0.0)
        return maps if max(sky) <= TOLERANCE_SKY and part <= TOLERANCE_WAVELENGTH else None

    for degree in _DEGREES:
        # The first slice alone mostly tells that a degree is too low.
        fitted = [fit(0, degree)]
        if fitted[0] is not None:
            fitted += in_threads(partial(fit, degree=degree), range(1, numbers.size))
        good = [maps for maps in fitted if maps is not None]
        if len(good) == numbers.size:
            series, domain, trace = (
                np.concatenate([getattr(m, n) for m in good]) for n in ("series", "domain", "trace")
            )
            return SkyMaps(numbers, series, domain, trace, bounds, points, values, ends, origin)
    return None


def _samples(x: Integers, y: Integers, along_x: bool) -> list[tuple[Integers, Integers]]:
    """Choose pixels of a slice, twice: some rows in some columns, both denser towards the ends."""
    along, dispersion = (x, y) if along_x else (y, x)
    order = np.lexsort((along, dispersion))
    _, starts, counts = np.unique(dispersion[order], return_index=True, return_counts=True)
    found = []
    for phase in (0.0, 0.5):
        columns = _spread(starts.size, _COLUMNS, phase)
        at = order[np.concatenate([starts[column] + _spread(int(counts[column]), _ROWS, 0.0) for column in columns])]
        found.append((x[at], y[at]))
    return found


@lru_cache(maxsize=4096)
def _spread(size: int, count: int, phase: float) -> Integers:
    nodes = 0.5 - 0.5 * np.cos(np.pi * (np.arange(count) + phase) / (count - 1 + 2 * phase))
    found: Integers = np.unique(np.rint(nodes * (size - 1)).astype(int))
    found.flags.writeable = False
    return found


@lru_cache(maxsize=8)
def _powers(degree: int) -> Floats:
    """Coefficients of powers that Chebyshev's polynomials have; shape (polynomials, powers)."""
    powers = np.zeros((degree + 1, degree + 1))
    for k in range(degree + 1):
        powers[k, : k + 1] = chebyshev.cheb2poly(np.eye(degree + 1)[k])[: k + 1]
    powers.flags.writeable = False
    return powers


def _fit(
    along: Integers,
    dispersion: Integers,
    edge: float,
    half: float,
    targets: tuple[Floats, Floats, Floats, Floats],
    degree: tuple[int, int],
) -> tuple[Floats, Floats, Floats]:
    """Series, domain and trace of one slice."""
    xi, eta, positions, wavelength = targets
    middle = 0.5 * (dispersion.min() + dispersion.max())
    width = 0.5 * np.ptp(dispersion) + half
    d = (dispersion - middle) / width
    trace = np.asarray(chebyshev.chebfit(d, along, 3), dtype=np.float64)
    scale = np.abs(along - chebyshev.chebval(d, trace)).max() + 0.5

    def solve(a: np.ndarray, d: Floats, *values: np.ndarray) -> list[Floats]:
        v = (a - chebyshev.chebval(d, trace)) / scale
        basis = chebyshev.chebvander2d(d, v, (degree[1], degree[0]))
        found = np.empty((len(values), basis.shape[1]))
        least_squares(np.ascontiguousarray(basis.T), np.stack(values), found)
        return list(found.reshape(-1, degree[1] + 1, degree[0] + 1))

    low, high = along - edge, along + edge
    sides = [np.concatenate([c[j], c[k]]) for j, k in ((0, 3), (1, 2)) for c in (xi, eta)]
    found = solve(np.concatenate([low, high]), np.concatenate([d, d]), *sides)
    found += solve(along, d, xi[4], eta[4], positions)
    shift = half / width
    found += solve(np.tile(along, 3), np.concatenate([d, d - shift, d + shift]), wavelength.ravel())
    return np.einsum("kqp,pr->qrk", np.stack(found), _powers(degree[0])), np.array([middle, width, scale]), trace


def _ends(x: Integers, y: Integers, number: int, slicer: WcsAlong) -> tuple[float, float] | None:
    """Positions along the slicer where a NIRSpec slice ends; infinite without an end, None when there is no one end.

    They are searched for in some columns, from the last pixel whose centre is on the sky outwards, with ever finer
    steps.
    """
    columns = np.flatnonzero(np.bincount(x))
    columns = columns[[columns.size // 8, columns.size // 2, columns.size * 7 // 8]]
    rows = [y[x == column] for column in columns]
    inner = np.array([[r.max() for r in rows], [r.min() for r in rows]], dtype=float)
    step = np.array([[1.5], [-1.5]])
    fractions = np.linspace(0.0, 1.0, 201)
    at_x = np.broadcast_to(columns[None, :, None].astype(float), (2, columns.size, fractions.size))
    for _ in range(5):
        at_y = inner[..., None] + step[..., None] * fractions
        found = slicer(at_x.ravel(), at_y.ravel(), number).reshape(at_y.shape)
        beyond = np.isnan(found)
        if not beyond[..., -1].any():
            return -np.inf, np.inf
        if not beyond[..., -1].all() or beyond[..., 0].any():
            return None
        last = beyond.argmax(axis=-1) - 1
        inner = np.take_along_axis(at_y, last[..., None], axis=-1)[..., 0]
        step = step / (fractions.size - 1)
    ends_found = np.take_along_axis(found, last[..., None], axis=-1)[..., 0]
    if np.ptp(ends_found, axis=1).max() > 1e-8 * np.abs(ends_found[0, 0] - ends_found[1, 0]):
        return None
    low, high = sorted(float(end) for end in np.median(ends_found, axis=1))
    return low, high
