"""Coordinates of an exposure's pixels, on the detector's grid and on the oversampled one.

They depend on the file alone, not on the recipe.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from atm_viewer.engine.arrays import Floats, Integers, Integers32, PackedFrame
from atm_viewer.engine.errors import InputError
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


def native_coordinates(wcs: ExposureWcs, miri: bool, regions: np.ndarray) -> Coordinates:
    """Coordinates of an exposure's pixels.

    Parameters
    ----------
    wcs : ExposureWcs
        WCS of the exposure.
    miri : bool
        Whether it is of MIRI; else of NIRSpec.
    regions : ndarray of int, shape (ny, nx)
        Region map.

    Returns
    -------
    Coordinates
    """
    with without_warnings():
        return _miri(wcs, regions.shape) if miri else _nirspec(wcs, regions)


def oversampled_coordinates(
    wcs: ExposureWcs, miri: bool, shape: tuple[int, int], factor: float
) -> tuple[PackedFrame, PackedFrame]:
    """Alpha and wavelength of the oversampled pixels, dispersion along x.

    Parameters
    ----------
    wcs : ExposureWcs
        WCS of the exposure.
    miri : bool
        Whether it is of MIRI; else of NIRSpec.
    shape : (int, int)
        Shape of the detector's array.
    factor : float
        Oversampling factor.

    Returns
    -------
    alpha : PackedFrame of float64, shape (factor * rows, columns)
        In the pipeline's unit; rows run along the slices (for MIRI the array is rotated by ``np.rot90``).
    wavelength : PackedFrame of float32, same shape
        Wavelength [um].
    """
    with without_warnings():
        along, dispersion = shape[::-1] if miri else shape
        fine = divide(along, factor, miri).at[:, None]
        columns = np.arange(float(dispersion))
        size = fine.size, dispersion
        if miri:
            x, y = along - fine - 1, columns
            at, (alpha, lam) = wcs.slicer_values(x, y, axes=(0, 2))
            # The pipeline takes wavelengths from the whole WCS, which is NaN outside of its bounding box and of
            # the wavelengths that the step to V2, V3 is defined for.
            lam = wcs.with_position(lam)
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
            lam *= 1e6
        return PackedFrame.of_values(alpha, at, size), PackedFrame.of_values(lam.astype(np.float32), at, size)


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


def _miri(wcs: ExposureWcs, shape: tuple[int, ...]) -> Coordinates:
    y, x = np.ogrid[: shape[0], : shape[1]]
    alpha, beta, lam = wcs.slicer(x, y)
    ra, dec, wavelength = wcs.world(alpha, beta, lam)
    pixels, sky = (PackedFrame.of(alpha), PackedFrame.of(wavelength)), (PackedFrame.of(ra), PackedFrame.of(dec))
    return Coordinates(lambda: pixels, 1.0, lambda: sky)


def _nirspec(wcs: ExposureWcs, regions: Integers32) -> Coordinates:
    ny, nx = regions.shape
    across, along, lam = wcs.slicer_grid(np.arange(float(nx)), np.arange(float(ny)), whole=True)
    (x0, x1), (y0, y1) = wcs.boxes[min(wcs.boxes)]
    first = np.s_[math.ceil(y0) : math.floor(y1) + 1, math.ceil(x0) : math.floor(x1) + 1]
    arcsec = _arcsec_per_metre(wcs, across[first], along[first], lam[first])
    at = np.flatnonzero(regions)
    positions: tuple[Floats, ...] = tuple(frame.reshape(-1)[at] for frame in (across, along, lam))
    if wcs.labels is None:  # where boxes overlap, the grid has the later slice's
        positions = wcs.slicer(at % nx, at // nx, regions.reshape(-1)[at])
    # Frames are large: each is packed, and gone, before the next one is made.
    del across, lam
    alpha = PackedFrame.of(np.negative(along, out=along))
    del along
    sky = wcs.world(*positions)
    del positions
    ra, dec, wavelength = (PackedFrame.of_values(values, at, (ny, nx)) for values in sky)
    return Coordinates(lambda: (alpha, wavelength), arcsec, lambda: (ra, dec))


def _arcsec_per_metre(wcs: ExposureWcs, across: Floats, along: Floats, lam: Floats) -> float:
    """Plate scale along the slice, from two points of it on the sky."""
    low, high = np.nanpercentile(along, [20, 80])
    middle = np.nanmedian(across), np.nanmedian(lam)
    ra, dec, _ = wcs.world(np.full(2, middle[0]), np.array([low, high]), np.full(2, middle[1]))
    east = (ra[1] - ra[0]) * np.cos(np.radians(dec.mean()))
    return float(np.hypot(east, dec[1] - dec[0]) * 3600.0 / (high - low))
