"""The cursor: detector pixel, alpha, wavelength and sky position, computed from any of these.

Everything here is a function of arrays. What does not depend on where the mouse is, `map_slices` makes once for each
exposure; a place is then found among the pixels of a few columns of one slice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from atm_viewer.engine.arrays import Frame
from atm_viewer.engine.results.exposure_view import ExposureView
from atm_viewer.engine.results.sky_image import SkyImage
from atm_viewer.session.state.selection import holds, spaxel_of

#: A place is outside of a slice when it lies this share of the slices' spacing from the slice's middle line; half of
#: it would leave gaps between slices that are not quite parallel.
_REACH = 0.6
#: Farthest from the next pixel's centre along the slice, in pixels.
_OVERHANG = 0.75

#: One coordinate [deg] or several.
_Degrees = TypeVar("_Degrees", float, np.ndarray)


@dataclass(frozen=True)
class Cursor:
    """A place that is pointed at; what is not known is NaN, None or 0.

    Parameters
    ----------
    exposure : str
        Key of the exposure.
    pixel : (int, int) or None
        Zero-based (x, y) on the detector.
    number : int
        Slice; 0 between slices.
    column : int or None
        Element along dispersion.
    wavelength : float
        Wavelength [um].
    alpha : float
        Position along the slice [arcsec].
    ra, dec : float
        Sky position, ICRS [deg].
    spaxel : (int, int) or None
        Zero-based (x, y) on the cube's grid.
    dq : int or None
        Data-quality flags of the pixel.
    value : str
        What the view shows there, with its unit.
    """

    exposure: str
    pixel: tuple[int, int] | None = None
    number: int = 0
    column: int | None = None
    wavelength: float = math.nan
    alpha: float = math.nan
    ra: float = math.nan
    dec: float = math.nan
    spaxel: tuple[int, int] | None = None
    dq: int | None = None
    value: str = ""

    def __eq__(self, other: object) -> bool:
        """Compare with another cursor; what neither knows is equal, which Python 3.13 denies of NaN."""
        if not isinstance(other, Cursor):
            return NotImplemented
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return all(ours == theirs or (ours != ours and theirs != theirs) for ours, theirs in pairs)


@dataclass(frozen=True, eq=False)
class SliceMap:
    """Where the slices of an exposure lie, column by column.

    Parameters
    ----------
    numbers : ndarray of int, shape (n,)
        Slice numbers, ascending.
    first, last : ndarray of int32, shape (n, columns)
        First and last pixel across dispersion that has coordinates; ``last`` is -1 where the slice has none.
    wavelength : ndarray of float64, shape (n, columns)
        Wavelength in the middle of the slice [um]; infinite where the slice has no pixel.
    step : ndarray of float64, shape (n, columns)
        Difference in wavelength to the neighbouring column [um]; 0 where there is none.
    tilt : ndarray of int, shape (n,)
        Columns over which one wavelength spreads, to either side of where it is in the middle of the slice.
    origin : (float, float)
        ICRS position that offsets are counted from [deg].
    ends : ndarray of float64, shape (2, 2, n, columns)
        Offsets [arcsec] of the first and the last pixel's centre: end, then east and north, slice, column.
    pitch : ndarray of float64, shape (n,)
        Distance between neighbouring pixels' centres along the slice [arcsec].
    reach : ndarray of float64, shape (n,)
        Distance from the slice's middle line on the sky that still belongs to it [arcsec].
    """

    numbers: np.ndarray
    first: np.ndarray
    last: np.ndarray
    wavelength: np.ndarray
    step: np.ndarray
    tilt: np.ndarray
    origin: tuple[float, float]
    ends: np.ndarray
    pitch: np.ndarray
    reach: np.ndarray

    def column_at(self, number: int, wavelength: float) -> int | None:
        """Column of a slice in whose middle a wavelength [um] is; None when the slice does not have it."""
        index = self._index(number)
        if index is None:
            return None
        away = np.abs(self.wavelength[index] - wavelength)
        column = int(away.argmin())
        return column if away[column] <= self.step[index, column] else None

    def wavelength_at(self, number: int, column: int) -> float:
        """Wavelength [um] in the middle of a slice in a column; NaN when the slice has no pixel there."""
        index = self._index(number)
        if index is None or not 0 <= column < self.wavelength.shape[1]:
            return math.nan
        found = float(self.wavelength[index, column])
        return found if math.isfinite(found) else math.nan

    def rows(self, number: int, column: int) -> np.ndarray:
        """Pixels across dispersion, from a slice's first to its last in a column; empty when it has none there."""
        index = self._index(number)
        if index is None or not 0 <= column < self.wavelength.shape[1]:
            return np.arange(0)
        return np.arange(self.first[index, column], self.last[index, column] + 1)

    def _index(self, number: int) -> int | None:
        found = np.flatnonzero(self.numbers == number)
        return int(found[0]) if found.size else None


def map_slices(view: ExposureView) -> SliceMap:
    """Find where the slices of an exposure lie; takes all pixels into account, so it is not for the window's thread."""
    frames = view.regions, view.wavelength, view.ra, view.dec
    regions, wavelength, ra, dec = (_turn(view, np.asarray(a)) for a in frames)
    columns = regions.shape[1]
    row, column = np.divmod(np.flatnonzero((regions > 0) & np.isfinite(wavelength) & np.isfinite(ra)), columns)
    number = regions[row, column]
    numbers = np.flatnonzero(np.bincount(number, minlength=1))
    index = np.zeros(int(number.max(initial=0)) + 1, dtype=np.int64)
    index[numbers] = np.arange(numbers.size)
    key = index[number] * columns + column
    first = np.zeros((numbers.size, columns), dtype=np.int32)
    last = np.full((numbers.size, columns), -1, dtype=np.int32)
    # rows ascend, and the last value assigned stays
    first.ravel()[key[::-1]] = row[::-1]
    last.ravel()[key] = row

    there = last >= 0
    everywhere = np.arange(columns)
    low, middle, high = (
        np.where(there, wavelength[r, everywhere].astype(np.float64), np.nan)
        for r in (first, (first + last) // 2, last)
    )
    step, tilt = _steps(low, middle, high)
    origin = (float(ra[row[0], column[0]]), float(dec[row[0], column[0]])) if row.size else (0.0, 0.0)
    ends = np.stack([np.stack(_offsets(origin, ra[r, everywhere], dec[r, everywhere])) for r in (first, last)])
    ends[:, :, ~there] = np.nan
    return SliceMap(
        numbers=numbers,
        first=first,
        last=last,
        wavelength=np.where(np.isfinite(middle), middle, np.inf),
        step=step,
        tilt=tilt,
        origin=origin,
        ends=ends,
        pitch=_pitches(last - first, ends),
        reach=_reaches(middle, ends),
    )


def at_pixel(view: ExposureView, x: int, y: int, sky: SkyImage | None = None) -> Cursor:
    """Place of a detector pixel.

    Parameters
    ----------
    view : ExposureView
        The exposure.
    x, y : int
        Zero-based pixel, on the detector.
    sky : SkyImage or None
        Has the grid that spaxels are counted on.

    Returns
    -------
    Cursor
        Between slices nothing but the pixel and its flags is known.
    """
    found = Cursor(view.key, (x, y), dq=int(view.dq[y, x]))
    number = int(view.regions[y, x])
    if number <= 0:
        return found
    alpha, wavelength, ra, dec = (float(a[y, x]) for a in (view.alpha, view.wavelength, view.ra, view.dec))
    return replace(
        found,
        number=number,
        column=(x, y)[1 - view.dispersion_axis],
        wavelength=wavelength,
        alpha=alpha,
        ra=ra,
        dec=dec,
        spaxel=spaxel_at(sky, ra, dec),
    )


def at_alpha(
    view: ExposureView, slice_map: SliceMap, number: int, column: int, alpha: float, sky: SkyImage | None = None
) -> Cursor:
    """Place of an alpha [arcsec] in a column of a slice: that of the pixel next to it; ``alpha`` stays as given."""
    rows = slice_map.rows(number, column)
    if rows.size:
        part = slice(rows[0], rows[-1] + 1), slice(column, column + 1)
        alphas, numbers = (_part(view, a, part)[:, 0] for a in (view.alpha, view.regions))
        away = np.abs(alphas - alpha)
        away[(numbers != number) | np.isnan(away)] = np.inf
        if np.isfinite(away.min()):
            return replace(at_pixel(view, *_xy(view, int(rows[away.argmin()]), column), sky), alpha=alpha)
    return Cursor(view.key, None, number, column, alpha=alpha)


def at_sky(
    view: ExposureView, slice_map: SliceMap, ra: float, dec: float, wavelength: float, sky: SkyImage | None = None
) -> Cursor:
    """Place of a sky position [deg] at a wavelength [um]; the three stay as given.

    Returns
    -------
    Cursor
        The pixel is the one next to position and wavelength in the slice that covers the position; there is none when
        the exposure does not have the position or the wavelength.
    """
    given = Cursor(view.key, wavelength=wavelength, ra=ra, dec=dec, spaxel=spaxel_at(sky, ra, dec))
    pixel = find_pixel(view, slice_map, ra, dec, wavelength)
    if pixel is None:
        return given
    found = at_pixel(view, *pixel, sky)
    return replace(found, wavelength=wavelength, ra=ra, dec=dec, spaxel=given.spaxel)


def at_wavelength(
    view: ExposureView,
    slice_map: SliceMap,
    wavelength: float,
    position: tuple[float, float] | None,
    number: int,
    sky: SkyImage | None = None,
) -> Cursor:
    """Place of a wavelength [um]: at a position [deg] if the exposure has it, else the column of a slice alone."""
    found = at_sky(view, slice_map, *position, wavelength, sky) if position is not None else Cursor(view.key)
    if found.pixel is not None:
        return found
    column = slice_map.column_at(number, wavelength)
    return replace(found, number=number if column is not None else 0, column=column, wavelength=wavelength)


def find_pixel(
    view: ExposureView, slice_map: SliceMap, ra: float, dec: float, wavelength: float
) -> tuple[int, int] | None:
    """Pixel next to a sky position and wavelength.

    Parameters
    ----------
    view : ExposureView
        The exposure.
    slice_map : SliceMap
        Where its slices lie.
    ra, dec : float
        ICRS position [deg].
    wavelength : float
        Wavelength [um].

    Returns
    -------
    (int, int) or None
        Zero-based (x, y); None when no slice covers the position at this wavelength.
    """
    if not slice_map.numbers.size or not (math.isfinite(ra) and math.isfinite(wavelength)):
        return None
    away = np.abs(slice_map.wavelength - wavelength)
    every, column = np.arange(slice_map.numbers.size), away.argmin(axis=1)
    here = np.array(_offsets(slice_map.origin, ra, dec), dtype=float)[:, None]
    start, end = slice_map.ends[:, :, every, column]
    distance = _distances(here, start, end)
    covers = distance <= slice_map.reach
    covers &= away[every, column] <= (slice_map.tilt + 1) * slice_map.step[every, column]
    if not covers.any():
        return None
    k = int(np.where(covers, distance, np.inf).argmin())
    return _next_pixel(view, slice_map, k, int(column[k]), here, wavelength)


def spaxel_at(sky: SkyImage | None, ra: float, dec: float) -> tuple[int, int] | None:
    """Zero-based (x, y) of the spaxel that covers a position [deg]; None outside of the grid."""
    if sky is None or not math.isfinite(ra):
        return None
    return spaxel_of(sky, ra, dec) if holds(sky, ra, dec) else None


def _next_pixel(
    view: ExposureView, slice_map: SliceMap, k: int, column: int, here: np.ndarray, wavelength: float
) -> tuple[int, int] | None:
    """Pixel of the slice of index k that is next to a place, about a column; None when its wavelength is another."""
    reach = int(slice_map.tilt[k])
    start, stop = max(0, column - reach), min(slice_map.last.shape[1], column + reach + 1)
    there = slice_map.last[k, start:stop] >= 0
    low = int(slice_map.first[k, start:stop][there].min())
    high = int(slice_map.last[k, start:stop][there].max())
    part = (slice(low, high + 1), slice(start, stop))
    regions, waves, ra, dec = (_part(view, a, part) for a in (view.regions, view.wavelength, view.ra, view.dec))
    east, north = _offsets(slice_map.origin, ra, dec)
    off = (waves - wavelength) / slice_map.step[k, column]
    # in pixels along and across dispersion, so that both count the same
    away = np.hypot(east - here[0], north - here[1])
    squares = (away / slice_map.pitch[k]) ** 2 + off**2
    squares[(regions != slice_map.numbers[k]) | np.isnan(squares)] = np.inf
    row, found = np.unravel_index(int(squares.argmin()), squares.shape)
    farthest = math.hypot(slice_map.reach[k], _OVERHANG * slice_map.pitch[k])
    if not (abs(off[row, found]) <= 1.0 and away[row, found] <= farthest):
        return None
    return _xy(view, low + int(row), start + int(found))


def _distances(here: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Distances [arcsec] of a point from lines through two points each; infinite where there is no line."""
    line = end - start
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.sum((here - start) * line, axis=0) / np.sum(line**2, axis=0)
    # a line of no length is a point
    distances: np.ndarray = np.nan_to_num(np.hypot(*(here - start - np.nan_to_num(share) * line)), nan=np.inf)
    return distances


def _pitches(pixels: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Median distance between pixels' centres along each slice [arcsec]; NaN for a slice one pixel wide."""
    length = np.hypot(*(ends[1] - ends[0]))
    with np.errstate(divide="ignore", invalid="ignore"):
        pitch = np.where(pixels > 0, length / pixels, np.nan)
    return np.array([np.median(row[np.isfinite(row)]) if np.isfinite(row).any() else np.nan for row in pitch])


def _steps(low: np.ndarray, middle: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Step in wavelength at each column, and columns over which a wavelength spreads, of each slice."""
    between = np.pad(np.abs(np.diff(middle, axis=1)), ((0, 0), (1, 1)), constant_values=np.nan)
    step = np.nan_to_num(np.fmax(between[:, 1:], between[:, :-1]))
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.fmax(np.abs(low - middle), np.abs(high - middle)) / step
    spread[~np.isfinite(spread)] = 0.0
    return step, np.ceil(spread.max(axis=1, initial=0.0)).astype(int) + 2


def _reaches(wavelength: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """How far each slice reaches across, from its distance to the nearest slice at the same wavelength [arcsec]."""
    every = np.arange(len(wavelength))
    known = [np.flatnonzero(np.isfinite(row)) for row in wavelength]
    middle = np.array([row[row.size // 2] if row.size else 0 for row in known], dtype=int)
    lines, centre = ends[:, :, every, middle], wavelength[every, middle]
    low, high = np.nanmin(wavelength, axis=1, initial=np.inf), np.nanmax(wavelength, axis=1, initial=-np.inf)
    reach = np.zeros(every.size)
    for k in every:
        others = (low <= centre[k]) & (centre[k] <= high) & (every != k)
        if others.any():
            here = lines[:, :, k].mean(axis=0)[:, None]
            reach[k] = _REACH * _distances(here, *lines[:, :, others]).min()
    return reach


def _offsets(origin: tuple[float, float], ra: _Degrees, dec: _Degrees) -> tuple[_Degrees, _Degrees]:
    """Offsets [arcsec] to the east and north; good enough to tell which pixel of a field of some arcsec is nearer."""
    east = ((ra - origin[0] + 180.0) % 360.0 - 180.0) * (3600.0 * math.cos(math.radians(origin[1])))
    return east, (dec - origin[1]) * 3600.0


def _turn(view: ExposureView, image: np.ndarray) -> np.ndarray:
    """Image with dispersion along its rows: [across, column]."""
    return image if view.dispersion_axis == 1 else image.T


def _part(view: ExposureView, image: Frame, part: tuple[slice, slice]) -> np.ndarray:
    """Part of `_turn`, by its ranges across dispersion and of columns."""
    found: np.ndarray = image[part] if view.dispersion_axis == 1 else image[part[::-1]].T
    return found


def _xy(view: ExposureView, across: int, column: int) -> tuple[int, int]:
    return (column, across) if view.dispersion_axis == 1 else (across, column)
