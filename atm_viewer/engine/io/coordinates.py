"""Coordinates of an exposure's pixels, on the detector's grid and on the oversampled one.

They depend on the file alone, not on the recipe.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from atm_viewer.engine.arrays import Floats, Integers, Integers32, Singles
from atm_viewer.engine.errors import InputError
from atm_viewer.engine.io.packing import PackedFrame
from atm_viewer.engine.placement import AS_OBSERVED, Placement


@dataclass(frozen=True, eq=False)
class Coordinates:
    """Coordinates of pixel centres, in the detector's frame; NaN outside of the slices.

    Frames are unpacked, as arrays of float64 of shape (ny, nx), when they are first asked for.

    Parameters
    ----------
    packed_alpha : PackedFrame
        Position along the slice in the pipeline's unit (MIRI arcsec; NIRSpec metres on the slicer, growing with
        y), as ``fit_and_oversample`` computes it.
    packed_wavelength : PackedFrame
        Wavelength [um].
    arcsec : float
        Arcsec per unit of alpha.
    read_sky : callable
        Returns ICRS right ascension and declination [deg] by the WCS as two PackedFrame; called when they are first
        asked for, since correcting an exposure takes neither.
    placement : Placement
        Shift of the exposure on the sky, which ``ra`` and ``dec`` have.
    """

    packed_alpha: PackedFrame
    packed_wavelength: PackedFrame
    arcsec: float
    read_sky: Callable[[], tuple[PackedFrame, PackedFrame]]
    placement: Placement = AS_OBSERVED

    def placed(self, placement: Placement) -> Coordinates:
        """Return the coordinates with another shift on the sky."""
        return self if placement == self.placement else replace(self, placement=placement)

    @cached_property
    def packed_sky(self) -> tuple[PackedFrame, PackedFrame]:
        """Right ascension and declination by the WCS [deg]."""
        return self.read_sky()

    @cached_property
    def alpha(self) -> Floats:
        """Position along the slice [the pipeline's unit]."""
        return self.packed_alpha[:]

    @cached_property
    def wavelength(self) -> Floats:
        """Wavelength [um]."""
        return self.packed_wavelength[:]

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


def native_coordinates(model: Any, regions: np.ndarray) -> Coordinates:
    """Coordinates of an exposure's pixels.

    Parameters
    ----------
    model : IFUImageModel
        Exposure with a WCS.
    regions : ndarray of int, shape (ny, nx)
        Region map.

    Returns
    -------
    Coordinates
    """
    if str(model.meta.instrument.name).upper() == "MIRI":
        return _miri(model.meta.wcs, model.data.shape)
    return _nirspec(model, model.data.shape, regions)


def oversampled_coordinates(model: Any, factor: float) -> tuple[Floats, Singles]:
    """Alpha and wavelength of the oversampled pixels, dispersion along x.

    Parameters
    ----------
    model : IFUImageModel
        Exposure with a WCS.
    factor : float
        Oversampling factor.

    Returns
    -------
    alpha : ndarray of float64, shape (factor * rows, columns)
        In the pipeline's unit; rows run along the slices (for MIRI the array is rotated by ``np.rot90``).
    wavelength : ndarray of float32, same shape
        Wavelength [um].
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        if str(model.meta.instrument.name).upper() == "MIRI":
            columns, rows = model.data.shape
            across = divide(rows, factor, True).at
            x, y = np.meshgrid(rows - across - 1, np.arange(columns), indexing="ij")
            wcs = model.meta.wcs
            alpha, beta, wavelength = wcs.get_transform("detector", "alpha_beta")(x, y)
            # The pipeline takes wavelengths from the whole WCS, which is NaN outside of its bounding box and of
            # the wavelengths that the step to V2, V3 is defined for.
            _, _, wavelength = wcs.get_transform("alpha_beta", "v2v3")(alpha, beta, wavelength)
            box = wcs.bounding_box
            if box is not None:
                (x0, x1), (y0, y1) = box.bounding_box(order="F")
                wavelength[(x < x0) | (x > x1) | (y < y0) | (y > y1)] = np.nan
            return alpha, wavelength.astype(np.float32)
        rows, columns = model.data.shape
        across = divide(rows, factor, False).at
        alpha = np.full((across.size, columns), np.nan)
        wavelength = np.full((across.size, columns), np.nan, dtype=np.float32)
        for wcs in slice_wcs(model):
            (x0, x1), (y0, y1) = wcs.bounding_box.bounding_box(order="F")
            row = np.flatnonzero((across >= y0) & (across <= y1))
            column = np.flatnonzero((np.arange(columns) >= x0) & (np.arange(columns) <= x1))
            y, x = np.meshgrid(across[row], column.astype(float), indexing="ij")
            _, along, lam = wcs.transform("detector", "slicer", x, y)
            alpha[np.ix_(row, column)] = -along
            wavelength[np.ix_(row, column)] = lam * 1e6
        return alpha, wavelength


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


def slice_wcs(model: Any) -> list[Any]:
    """WCS of each of the 30 slices of a NIRSpec IFU exposure, whichever of the two styles the file has."""
    from jwst.assign_wcs.nirspec import nrs_ifu_wcs

    return list(nrs_ifu_wcs(model))


def to_slicer(wcs: Any, number: int) -> Any:
    """Transform from the detector to the slicer of one slice of a NIRSpec exposure, beyond its region too.

    Parameters
    ----------
    wcs : WCS
        Of the slice, one of `slice_wcs`.
    number : int
        Slice number.

    Returns
    -------
    Model
        (x, y) [pixel] to (across, along, wavelength).
    """
    selector = getattr(wcs.pipeline[1].transform, "selector", None)
    return selector[number] if selector else wcs.get_transform(wcs.available_frames[0], "slicer")


def wavelength_table(wcs: Any, x: float, y: float) -> tuple[Floats, Floats] | None:
    """Table that a NIRSpec WCS of the prism takes wavelengths from.

    Parameters
    ----------
    wcs : WCS
        Of the first slice, see `slice_wcs`.
    x, y : float
        A detector position within the slice [pixel].

    Returns
    -------
    points, values : ndarray of float64, or None
        Refraction indices, ascending, and the wavelengths [um] as the WCS gives them; None without a table.
    """
    transform = to_slicer(wcs, 1)
    tables = [t for t in _tables(transform) if ((t.lookup_table > 1e-8) & (t.lookup_table < 1e-4)).all()]
    if len(tables) != 1:
        return None
    [table] = tables
    points, values = np.asarray(table.points[0], dtype=float), np.asarray(table.lookup_table, dtype=float)
    # What comes after the table (the unit, the telescope's velocity) is a factor: what it makes of ones.
    table.lookup_table = np.ones_like(values)
    try:
        factor = float(transform(x, y)[2])
    finally:
        table.lookup_table = values
    across, along, _ = transform(x, y)
    unit = float(wcs.get_transform("slicer", wcs.output_frame)(across, along, factor)[2])
    steps = np.diff(values)
    return (points, values * unit) if np.isfinite(unit) and ((steps > 0).all() or (steps < 0).all()) else None


def _tables(model: Any) -> list[Any]:
    """Look-up tables within a transform."""
    if hasattr(model, "lookup_table"):
        return [model]
    if hasattr(model, "left") and hasattr(model, "right"):
        return _tables(model.left) + (_tables(model.right) if hasattr(model.right, "evaluate") else [])
    if hasattr(model, "models"):
        return [table for one in model.models for table in _tables(one)]
    return []


def _packed(alpha: Floats, wavelength: Floats, ra: Floats, dec: Floats, arcsec: float) -> Coordinates:
    sky = PackedFrame.of(ra), PackedFrame.of(dec)
    return Coordinates(PackedFrame.of(alpha), PackedFrame.of(wavelength), arcsec, lambda: sky)


def _miri(wcs: Any, shape: tuple[int, int]) -> Coordinates:
    y, x = np.mgrid[: shape[0], : shape[1]]
    alpha, beta, lam = wcs.get_transform("detector", "alpha_beta")(x, y)
    ra, dec, wavelength = wcs.get_transform("alpha_beta", wcs.output_frame.name)(alpha, beta, lam)
    return _packed(alpha, wavelength, ra, dec, 1.0)


def _nirspec(model: Any, shape: tuple[int, int], regions: Integers32) -> Coordinates:
    from gwcs.wcstools import grid_from_bounding_box

    alpha, wavelength, ra, dec = (np.full(shape, np.nan) for _ in range(4))
    arcsec = np.nan
    for number, wcs in enumerate(slice_wcs(model), 1):
        x, y = grid_from_bounding_box(wcs.bounding_box)
        at = y.astype(int), x.astype(int)
        across, along, lam = wcs.transform("detector", "slicer", x, y)
        # Neighbouring bounding boxes overlap and the later one wins, as in the pipeline.
        alpha[at] = -along
        to_world = wcs.get_transform("slicer", wcs.output_frame.name)
        r, d, w = to_world(across, along, lam)
        inside = regions[at] == number
        at = at[0][inside], at[1][inside]
        ra[at], dec[at], wavelength[at] = r[inside], d[inside], w[inside]
        if not np.isfinite(arcsec):
            arcsec = _arcsec_per_metre(to_world, across, along, lam)
    return _packed(alpha, wavelength, ra, dec, arcsec)


def _arcsec_per_metre(to_world: Any, across: Floats, along: Floats, lam: Floats) -> float:
    """Plate scale along the slice, from two points of it on the sky."""
    low, high = np.nanpercentile(along, [20, 80])
    middle = np.nanmedian(across), np.nanmedian(lam)
    ra, dec, _ = to_world(np.full(2, middle[0]), np.array([low, high]), np.full(2, middle[1]))
    east = (ra[1] - ra[0]) * np.cos(np.radians(dec.mean()))
    return float(np.hypot(east, dec[1] - dec[0]) * 3600.0 / (high - low))
