"""Coordinates of an exposure's pixels, on the detector's grid and on the oversampled one.

They depend on the file alone, not on the recipe.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atm_viewer.engine.arrays import Floats, Integers, Integers32, PackedFrame
from atm_viewer.engine.errors import InputError
from atm_viewer.engine.io.packing import pack, unpack
from atm_viewer.engine.placement import AS_OBSERVED, Placement
from atm_viewer.engine.threads import without_warnings
from atm_viewer.engine.wcs.exposure_wcs import ExposureWcs


@dataclass(frozen=True, eq=False)
class Coordinates:
    """Coordinates of pixel centres, in the detector's frame; NaN outside of the slices.

    Frames are read, and unpacked as arrays of float64 of shape (ny, nx), when they are first asked for, see `release`.

    Parameters
    ----------
    read_pixels : callable
        Returns alpha and wavelength [um] as two PackedFrame. Alpha is the position along the slice in the pipeline's
        unit (MIRI arcsec; NIRSpec metres on the slicer, growing with y), as ``fit_and_oversample`` computes it.
    arcsec : float
        Arcsec per unit of alpha.
    read_sky : callable
        Returns ICRS right ascension and declination [deg] by the WCS as two PackedFrame; called when they are first
        asked for, since correcting an exposure takes neither.
    placement : Placement
        Shift of the exposure on the sky, which ``ra`` and ``dec`` have.
    """

    read_pixels: Callable[[], tuple[PackedFrame, PackedFrame]]
    arcsec: float
    read_sky: Callable[[], tuple[PackedFrame, PackedFrame]]
    placement: Placement = AS_OBSERVED

    def release(self) -> None:
        """Drop what was read and unpacked, 180 MB in NIRSpec; it is read again when it is asked for."""
        for name in ("packed_pixels", "packed_sky", "alpha", "wavelength", "ra", "dec", "_sky"):
            vars(self).pop(name, None)

    def placed(self, placement: Placement) -> Coordinates:
        """Return the coordinates with another shift on the sky."""
        return self if placement == self.placement else replace(self, placement=placement)

    @cached_property
    def packed_pixels(self) -> tuple[PackedFrame, PackedFrame]:
        """Position along the slice [the pipeline's unit] and wavelength [um]."""
        return self.read_pixels()

    @cached_property
    def packed_sky(self) -> tuple[PackedFrame, PackedFrame]:
        """Right ascension and declination by the WCS [deg]."""
        return self.read_sky()

    @property
    def placed_sky(self) -> tuple[PackedFrame, PackedFrame]:
        """Right ascension and declination, with the shift [deg]."""
        ra, dec = self.packed_sky
        positions = self.placement.positions(*(np.asarray(one.values, dtype=np.float64) for one in (ra, dec)))
        return ra.with_values(positions[0]), dec.with_values(positions[1])

    @cached_property
    def alpha(self) -> Floats:
        """Position along the slice [the pipeline's unit]."""
        return np.asarray(self.packed_pixels[0], dtype=np.float64)

    @cached_property
    def wavelength(self) -> Floats:
        """Wavelength [um]."""
        return np.asarray(self.packed_pixels[1], dtype=np.float64)

    @cached_property
    def ra(self) -> Floats:
        """Right ascension [deg]."""
        return self._sky[0]

    @cached_property
    def dec(self) -> Floats:
        """Declination [deg]."""
        return self._sky[1]

    @cached_property
    def _sky(self) -> tuple[Floats, Floats]:
        ra, dec = self.packed_sky
        return self.placement.positions(ra[:], dec[:])


#: Keeps arrays under a name, and gives them while they are kept: takes the name and what makes them.
Keep = Callable[[str, Callable[[], Mapping[str, NDArray[Any]]]], Mapping[str, NDArray[Any]]]


def keep_nothing(name: str, make: Callable[[], Mapping[str, NDArray[Any]]]) -> Mapping[str, NDArray[Any]]:
    """Make arrays each time: a `Keep`."""
    return make()


@dataclass(frozen=True, eq=False)
class WavelengthScale:
    """How wavelengths on the slicer, seen by a telescope at rest, become those of an exposure.

    Parameters
    ----------
    doppler : float
        Factor for the telescope's velocity.
    unit : float
        Wavelengths on the slicer in um: 1 for MIRI, 1e6 for NIRSpec.
    ranges : ndarray of float64, shape (r, 2)
        Ranges, without their ends, of wavelengths [um] that have a position on the sky; none when all have.
    """

    doppler: float = 1.0
    unit: float = 1.0
    ranges: Floats = field(default_factory=lambda: np.zeros((0, 2)))

    def wavelengths(self, at_rest: PackedFrame) -> PackedFrame:
        """Wavelengths in single precision [um], NaN where none has a position on the sky."""
        values = at_rest.values
        for factor in (self.doppler, self.unit):  # in the pipeline's order, on which the last digit depends
            if factor != 1.0:
                values = np.multiply(values, factor, out=None if values is at_rest.values else values)
        frame = at_rest.with_values(values.astype(np.float32))
        if not self.ranges.size:
            return frame
        inside = ((values > self.ranges[:, :1]) & (values < self.ranges[:, 1:])).any(axis=0)
        return frame if inside.all() else PackedFrame.of(frame.with_values(np.where(inside, frame.values, np.nan))[:])


def native_coordinates(wcs: ExposureWcs, miri: bool, regions: np.ndarray, keep: Keep = keep_nothing) -> Coordinates:
    """Coordinates of an exposure's pixels.

    Parameters
    ----------
    wcs : ExposureWcs
        WCS of the exposure.
    miri : bool
        Whether it is of MIRI; else of NIRSpec.
    regions : ndarray of int, shape (ny, nx)
        Region map.
    keep : callable, optional
        Keeps the positions on the slicer, which exposures of the same setting and region map share.

    Returns
    -------
    Coordinates
    """
    with without_warnings():
        return _miri(wcs, regions, keep) if miri else _nirspec(wcs, regions, keep)


def oversampled_slicer(wcs: ExposureWcs, miri: bool, shape: tuple[int, int], factor: float) -> dict[str, PackedFrame]:
    """Positions on the slicer of the oversampled pixels, which exposures of a setting share; dispersion along x.

    Parameters
    ----------
    wcs : ExposureWcs
        WCS of one of the exposures.
    miri : bool
        Whether it is of MIRI; else of NIRSpec.
    shape : (int, int)
        Shape of the detector's array.
    factor : float
        Oversampling factor.

    Returns
    -------
    dict of str to PackedFrame, shape (factor * rows, columns)
        ``alpha`` in the pipeline's unit, and ``wavelength`` as a telescope at rest sees it, see `WavelengthScale`; rows
        run along the slices (for MIRI the array is rotated by ``np.rot90``).
    """
    wcs = wcs.at_rest
    with without_warnings():
        along, dispersion = shape[::-1] if miri else shape
        fine = divide(along, factor, miri).at[:, None]
        columns = np.arange(float(dispersion))
        size = fine.size, dispersion
        if miri:
            x, y = along - fine - 1, columns
            at, (alpha, lam) = wcs.slicer_values(x, y, axes=(0, 2))
            # The pipeline takes wavelengths from the whole WCS, which is NaN outside of its bounding box.
            if 0 in wcs.boxes:
                (x0, x1), (y0, y1) = wcs.boxes[0]
                lam[((x < x0) | (x > x1) | (y < y0) | (y > y1)).reshape(-1)[at]] = np.nan
        else:
            if wcs.labels is not None:
                at, (alpha, lam) = wcs.slicer_values(columns, fine, axes=(1, 2))
            else:
                alpha, lam = (frame.reshape(-1) for frame in wcs.slicer_grid(columns, fine[:, 0], axes=(1, 2)))
                at = np.arange(alpha.size)
            np.negative(alpha, out=alpha)
        return dict(zip(("alpha", "wavelength"), PackedFrame.of_each((alpha, lam), at, size), strict=True))


@dataclass(frozen=True, eq=False)
class Division:
    """How the rows of an exposure, with the dispersion along x, are divided by oversampling.

    With a factor such as 1.5 some parts lie across two rows. Which one counts is a matter of rounding, which is not the
    same for the pipeline's arrays and its WCS.

    Parameters
    ----------
    factor : float
        Oversampling factor.
    at : ndarray of float64, shape (factor * rows,)
        Positions of the parts in rows: for 2, -0.25, 0.25, 0.75 ... (``_reindex``).
    nearest : ndarray of int64, same shape
        Row whose flags each part has, and whose slice in the region map.
    owner : ndarray of int64, same shape
        Row whose slice each part has on the sky.
    """

    factor: float
    at: Floats
    nearest: Integers
    owner: Integers

    def cut(self, row: int, rows: int) -> slice:
        """Parts of some rows, as the pipeline counts: from a row's own first one."""
        return slice(math.floor(row * self.factor), math.ceil((row + rows) * self.factor))

    def starts(self, row: int, rows: int) -> Integers:
        """First part of each of some rows, and the one after the last, counted from the first of `cut`."""
        found: Integers = np.searchsorted(self.owner, np.arange(row, row + rows + 1))
        return found - int(self.cut(row, rows).start)

    def parts(self, rows: Integers) -> tuple[Integers, Integers]:
        """Parts of any rows, and at which of them each part is."""
        begin, end = (np.searchsorted(self.owner, rows, side) for side in ("left", "right"))
        count = end - begin
        which = np.repeat(np.arange(rows.size), count)
        return np.arange(which.size) - np.repeat(np.cumsum(count) - count - begin, count), which


@lru_cache(maxsize=16)
def divide(rows: int, factor: float, rotated: bool) -> Division:
    """Divide the rows of an exposure.

    Parameters
    ----------
    rows : int
        How many there are.
    factor : float
        Oversampling factor.
    rotated : bool
        Whether they are the detector's columns, the last one first, as in MIRI.

    Raises
    ------
    InputError
        No whole number of parts comes out. The pipeline fails then, or its WCS does not fit its pixels.
    """
    if rows * factor != math.floor(rows * factor):
        raise InputError(f"{rows} pixels along the slices cannot be divided into {factor:g} times as many.")
    at = np.arange(math.floor(rows * factor)) / factor - (factor - 1) / (factor * 2)
    nearest = np.rint(at).astype(int)
    fine = np.arange(at.size)
    on_detector = (fine[::-1] if rotated else fine) * (1 / factor) - (factor - 1) / (factor * 2)
    owner = np.floor(on_detector + 0.5).astype(int)
    if rotated:
        owner = rows - 1 - owner
    for array in (at, nearest, owner):
        array.flags.writeable = False
    return Division(factor, at, nearest, owner)


def _miri(wcs: ExposureWcs, regions: Integers32, keep: Keep) -> Coordinates:
    at, shape = np.flatnonzero(regions), (regions.shape[0], regions.shape[1])

    def on_slicer() -> dict[str, NDArray[Any]]:
        y, x = np.ogrid[: regions.shape[0], : regions.shape[1]]
        found = wcs.at_rest.slicer(x, y)
        return {name: frame.reshape(-1)[at] for name, frame in zip(("alpha", "beta", "wavelength"), found, strict=True)}

    kept = keep("slicer", on_slicer)
    found = wcs.world(kept["alpha"], kept["beta"], kept["wavelength"] * wcs.doppler)
    alpha, ra, dec, wavelength = PackedFrame.of_each((kept["alpha"], *found), at, shape)
    return Coordinates(lambda: (alpha, wavelength), 1.0, lambda: (ra, dec))


def _nirspec(wcs: ExposureWcs, regions: Integers32, keep: Keep) -> Coordinates:
    at, shape = np.flatnonzero(regions), (regions.shape[0], regions.shape[1])

    def on_slicer() -> dict[str, NDArray[Any]]:
        ny, nx = regions.shape
        own, numbers = wcs.at_rest, regions.reshape(-1)[at]
        frames = own.slicer_grid(np.arange(float(nx)), np.arange(float(ny)), whole=True)
        positions: tuple[Floats, ...] = tuple(frame.reshape(-1)[at] for frame in frames)
        if own.labels is None:  # where boxes overlap, the grid has the later slice's
            positions = own.slicer(at % nx, at // nx, numbers)
        across, along, lam = (values[numbers == numbers.min()] for values in positions)
        middle = np.nanmedian(across), *np.nanpercentile(along, [20, 80]), np.nanmedian(lam)
        return {
            **pack({"alpha": PackedFrame.of(np.negative(frames[1], out=frames[1]))}),
            **dict(zip(("across", "along", "wavelength"), positions, strict=True)),
            "middle": np.array(middle),
        }

    kept = keep("slicer", on_slicer)
    across, low, high, lam = kept["middle"]
    arcsec = _arcsec_per_metre(wcs, across, low, high, lam * wcs.doppler)
    found = wcs.world(kept["across"], kept["along"], kept["wavelength"] * wcs.doppler)
    ra, dec, wavelength = PackedFrame.of_each(found, at, shape)
    alpha = unpack(kept, "alpha")
    return Coordinates(lambda: (alpha, wavelength), arcsec, lambda: (ra, dec))


def _arcsec_per_metre(wcs: ExposureWcs, across: float, low: float, high: float, lam: float) -> float:
    """Plate scale along the slice, from two points of it on the sky."""
    ra, dec, _ = wcs.world(np.full(2, across), np.array([low, high]), np.full(2, lam))
    east = (ra[1] - ra[0]) * np.cos(np.radians(dec.mean()))
    return float(np.hypot(east, dec[1] - dec[0]) * 3600.0 / (high - low))
