"""Spectra of single spaxels and apertures, drizzled as ``cube_build`` does, without building the cube.

Only pixels that touch the wanted spaxels are mapped to the sky and drizzled.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from atm_viewer.engine.arrays import Floats, Integers, Mask
from atm_viewer.engine.cube.cube_grid import CubeGrid, channel_columns
from atm_viewer.engine.cube.footprints import Footprints, SkyMapper
from atm_viewer.engine.cube.slice_sums import SliceSums
from atm_viewer.engine.io.exposure import Exposure
from atm_viewer.engine.kernels.drizzle import drizzle_pixels
from atm_viewer.engine.kernels.spaxels import divide_sums, drizzle_slice
from atm_viewer.engine.threads import in_threads, processors
from atm_viewer.engine.trace.oversample import OversampledSlice
from atm_viewer.engine.trace.traces import DO_NOT_USE

NON_SCIENCE = 512

#: Memory that what exposures give to a block may take at a time [byte].
_SHARES = 96 << 20

#: Gives a slice's oversampled arrays by its number.
SliceSource = Callable[[int], OversampledSlice]
#: Gives the columns of an exposure's slice that are drizzled.
Columns = Callable[[Exposure, int], slice]


@dataclass(frozen=True, eq=False)
class DrizzleInput:
    """One exposure's share of a spectrum.

    Parameters
    ----------
    exposure : Exposure
        The exposure.
    mapper : SkyMapper
        Its footprints.
    factor : float
        Oversampling factor; 1 for the exposure as it is.
    slices : callable
        Gives the arrays of a slice.
    sums : SliceSums
        Of spectra of this exposure, to be kept from one to the next.
    key : callable
        ``key(number)``: what the arrays of a slice follow from, by which ``sums`` knows them again.
    """

    exposure: Exposure
    mapper: SkyMapper
    factor: float
    slices: SliceSource
    sums: SliceSums = field(default_factory=SliceSums)
    key: Callable[[int], Hashable] = lambda number: number


@dataclass(frozen=True, eq=False)
class SpaxelBlock:
    """A block of spaxels of a cube.

    Parameters
    ----------
    x0, y0 : int
        Zero-based spaxel of the first element in the cube.
    flux, err : ndarray of float64, shape (planes, ny, nx)
        Values as in the cube [unit of the exposures]; NaN without coverage.
    """

    x0: int
    y0: int
    flux: Floats
    err: Floats


def _all_columns(exposure: Exposure, number: int) -> slice:
    return slice(0, exposure.column_count, 1)


def drizzle_block(
    inputs: Sequence[DrizzleInput],
    grid: CubeGrid,
    x0: int,
    y0: int,
    wanted: Mask,
    columns: Columns = _all_columns,
) -> SpaxelBlock:
    """Drizzle a block of spaxels (``IFUCubeData.build_ifucube``).

    Parameters
    ----------
    inputs : sequence of DrizzleInput
        The exposures.
    grid : CubeGrid
        Grid of their cube.
    x0, y0 : int
        First spaxel of the block, zero-based.
    wanted : ndarray of bool, shape (ny, nx)
        Spaxels of the block that are asked for; the others are left out.
    columns : callable
        ``columns(exposure, number)``: columns (elements along dispersion) of a slice that are drizzled.

    Returns
    -------
    SpaxelBlock
    """
    total = np.zeros((*wanted.shape, grid.wavelength.size, 4))
    for rows, share in shares_in_turn(inputs, grid, x0, y0, wanted, columns):
        total[rows] += share
    return combine_shares([total], x0, y0, wanted)


def shares_in_turn(
    inputs: Sequence[DrizzleInput],
    grid: CubeGrid,
    x0: int,
    y0: int,
    wanted: Mask,
    columns: Columns = _all_columns,
) -> Iterator[tuple[slice, Floats]]:
    """Drizzle what each exposure gives to a block, in rows of spaxels and a few exposures at a time.

    A share of a large field takes half a gigabyte. Rows are the same for all exposures; of each, the shares come in the
    exposures' order.

    Parameters
    ----------
    inputs, grid, x0, y0, wanted, columns
        As for `drizzle_block`.

    Yields
    ------
    (slice, ndarray of float64, shape (rows, nx, planes, 4))
        Rows of the block, and what an exposure gives to them, see `drizzle_share`; it may be written to.
    """
    ny, nx = wanted.shape
    row, together = nx * grid.wavelength.size * 4 * 8, processors()
    rows = min(max(_SHARES // (row * together), 1), ny)
    parts = [part for k in range(0, ny, rows) if wanted[part := slice(k, min(k + rows, ny))].any()]

    def share(one: DrizzleInput, part: slice) -> Floats:
        alone = replace(one, sums=SliceSums())
        return drizzle_share(alone, grid, x0, y0 + part.start, wanted[part], columns)

    if len(parts) == 1:
        count = max(_SHARES // (row * rows), together)
        for k in range(0, len(inputs), count):
            for found in in_threads(lambda one: share(one, parts[0]), inputs[k : k + count]):
                yield parts[0], found
        return
    for one in inputs:
        # First, so that threads do not make the same slices.
        in_threads(one.slices, near_slices(one.exposure, one.mapper, grid, x0, y0, wanted))
        for k in range(0, len(parts), together):
            some = parts[k : k + together]
            yield from zip(some, in_threads(partial(share, one), some), strict=True)


def drizzle_share(
    one: DrizzleInput, grid: CubeGrid, x0: int, y0: int, wanted: Mask, columns: Columns = _all_columns
) -> Floats:
    """Drizzle what one exposure gives to a block, on this thread, so that any of them can be combined.

    Parameters
    ----------
    one : DrizzleInput
        The exposure.
    grid, x0, y0, wanted, columns
        As for `drizzle_block`.

    Returns
    -------
    ndarray of float64, shape (ny, nx, planes, 4)
        Weighted flux, weight, weighted variance and hits; not to be written to.
    """
    if one.mapper.maps:
        return _drizzle_maps(one, grid, x0, y0, wanted, columns)
    return _drizzle_wcs(one, grid, *_axes(grid, x0, y0, wanted), columns)


def _axes(grid: CubeGrid, x0: int, y0: int, wanted: Mask) -> tuple[Floats, Floats]:
    """Centres of a block's spaxels in the grid's plane [arcsec]."""
    return grid.x[x0 : x0 + wanted.shape[1]], grid.y[y0 : y0 + wanted.shape[0]]


def _disc(grid: CubeGrid, x0: int, y0: int, wanted: Mask) -> tuple[Floats, float]:
    """Centre and radius of a disc that holds all wanted spaxels [arcsec]."""
    xs, ys = _axes(grid, x0, y0, wanted)
    iy, ix = np.nonzero(wanted)
    middle = np.array([xs[ix].min() + xs[ix].max(), ys[iy].min() + ys[iy].max()]) / 2
    reach = float(np.hypot(xs[ix] - middle[0], ys[iy] - middle[1]).max()) + grid.spaxel / np.sqrt(2)
    return middle, reach


def near_slices(exposure: Exposure, mapper: SkyMapper, grid: CubeGrid, x0: int, y0: int, wanted: Mask) -> list[int]:
    """Slices whose pixels may touch wanted spaxels of a block.

    Parameters
    ----------
    exposure : Exposure
        The exposure.
    mapper : SkyMapper
        Its footprints.
    grid, x0, y0, wanted
        As for `drizzle_block`.

    Returns
    -------
    list of int
        Slice numbers, ascending; all of the band where no series stands in for the WCS.
    """
    numbers = [n for n in exposure.slices if exposure.band_of(n) == grid.band]
    if mapper.maps is None:
        return numbers
    mapped = set(mapper.maps.numbers.tolist())
    numbers = [n for n in numbers if n in mapped]
    if not numbers:
        return []
    middle, reach = _disc(grid, x0, y0, wanted)
    away = _distances(np.stack([mapper.ends(n) for n in numbers]), mapper.maps.plane.matrix(grid.plane), middle)
    return [n for n, far in zip(numbers, away, strict=True) if far <= reach + _pixel_size(exposure, mapper, n)]


def near_pixels(
    exposure: Exposure,
    mapper: SkyMapper,
    grid: CubeGrid,
    x0: int,
    y0: int,
    wanted: Mask,
    number: int,
    pixels: Integers,
) -> Mask:
    """Whether native pixels of a slice may touch wanted spaxels of a block.

    Parameters
    ----------
    exposure, mapper, grid, x0, y0, wanted
        As for `near_slices`.
    number : int
        The slice.
    pixels : ndarray of int64, shape (n,)
        Flat indices of pixels in the detector's frame.

    Returns
    -------
    ndarray of bool, shape (n,)
        All where no series stands in for the WCS.
    """
    if mapper.maps is None:
        return np.ones(pixels.size, dtype=bool)
    middle, reach = _disc(grid, x0, y0, wanted)
    disc = float(middle[0]), float(middle[1]), _centres_within(reach, _pixel_size(exposure, mapper, number))
    y, x = np.divmod(pixels, exposure.sci.shape[1])
    return mapper.within(x, y, number, grid.plane, disc)


def _centres_within(reach: float, size: float) -> float:
    """Radius of a disc that holds the centres of pixels with this diagonal that touch a disc with this radius."""
    return float(reach + 0.6 * size)


def _pixel_size(exposure: Exposure, mapper: SkyMapper, number: int, factor: float = 1) -> float:
    """Diagonal of a pixel of a slice on the sky [arcsec]."""
    return float(np.hypot(mapper.slice_width(number), exposure.pixel_step(number) / factor))


def _distances(ends: Floats, matrix: Floats, point: Floats) -> Floats:
    """Least distance of a point from some segments each of several slices.

    The segments are given by their ends in another plane, shape (slices, n, 2, 2).
    """
    there = np.concatenate([ends, np.ones((*ends.shape[:3], 1))], axis=3) @ matrix.T
    a, b = np.moveaxis(there[..., :2] / there[..., 2:], 2, 0)
    part = np.clip(((point - a) * (b - a)).sum(axis=2) / ((b - a) ** 2).sum(axis=2), 0.0, 1.0)
    nearest: Floats = np.hypot(*np.moveaxis(a + part[..., None] * (b - a) - point, 2, 0)).min(axis=1)
    return nearest


def summed_rows(shares: Sequence[Floats]) -> Iterator[tuple[int, Floats]]:
    """Add up what exposures give, see `drizzle_share`, row by row: a row stays in the processor's cache.

    Yields
    ------
    (int, ndarray of float64, shape (nx, planes, 4))
        Row and its sums, which the next row overwrites.
    """
    total = np.empty(shares[0].shape[1:])
    for iy in range(shares[0].shape[0]):
        np.copyto(total, shares[0][iy])
        for share in shares[1:]:
            total += share[iy]
        yield iy, total


def combine_shares(shares: Sequence[Floats], x0: int, y0: int, wanted: Mask) -> SpaxelBlock:
    """Make the block of what exposures give to it, see `drizzle_share`."""
    flux, err = np.full((2, shares[0].shape[2], *wanted.shape), np.nan)
    for iy, total in summed_rows(shares):
        divide_sums(total, wanted[iy], flux[:, iy], err[:, iy])
    return SpaxelBlock(x0, y0, flux, err)


def _drizzle_maps(one: DrizzleInput, grid: CubeGrid, x0: int, y0: int, wanted: Mask, columns: Columns) -> Floats:
    """Add up what an exposure gives to the block, see `drizzle_slice`."""
    exposure, mapper, maps = one.exposure, one.mapper, one.mapper.maps
    assert maps is not None
    xs, ys = _axes(grid, x0, y0, wanted)
    matrix = maps.plane.matrix(grid.plane)
    middle, reach = _disc(grid, x0, y0, wanted)
    along = exposure.division(one.factor).at.size
    kept = channel_columns(grid.band, one.factor) if exposure.rotated else (0, along)

    def add(data: OversampledSlice, total: Floats) -> None:
        here, size = mapper.slice_map(data.number), _pixel_size(exposure, mapper, data.number, one.factor)
        chosen = columns(exposure, data.number)
        step = chosen.step or 1
        begin = chosen.start + max(-(-(here.first - chosen.start) // step), 0) * step
        end = min(here.first + here.columns.shape[0], chosen.stop, exposure.column_count)
        if begin >= end:
            return
        mapped = slice(begin - here.first, end - here.first, step)
        # All columns as they are, from one on: of an exposure of NIRSpec, copies would take as long as a click may.
        first, taken = (begin, np.s_[:, :]) if step == 1 else (0, np.s_[:, begin:end:step])
        drizzle_slice(
            np.ascontiguousarray(here.columns[mapped]),
            np.ascontiguousarray(here.shift[mapped]),
            here.scale,
            here.limits,
            maps.points,
            maps.values,
            maps.ranges,
            first,
            matrix,
            along - 1 - data.row if exposure.rotated else data.row,
            -1 if exposure.rotated else 1,
            float(one.factor),
            mapper.edge / one.factor,
            kept,
            np.ascontiguousarray(data.inside[taken]),
            np.ascontiguousarray(data.sci[taken], np.float32),
            np.ascontiguousarray(data.err[taken], np.float32),
            np.ascontiguousarray(data.dq[taken], np.uint32),
            np.uint32(DO_NOT_USE | NON_SCIENCE),
            (float(middle[0]), float(middle[1]), _centres_within(reach, size)),
            float(xs[0]),
            float(ys[0]),
            grid.spaxel,
            float(grid.wavelength[0]),
            grid.step,
            wanted,
            int(np.ceil(2 * size / grid.spaxel)) + 3,
            total,
        )

    near = near_slices(exposure, mapper, grid, x0, y0, wanted)
    planes = grid.wavelength.size, float(grid.wavelength[0]), grid.step
    where = grid.plane, grid.spaxel, float(xs[0]), float(ys[0])
    place = grid.band, planes, where, wanted.shape, wanted.tobytes(), columns
    shape = *wanted.shape, grid.wavelength.size, 4
    return one.sums.total((*place, one.factor), {n: one.key(n) for n in near}, one.slices, add, shape)


def _drizzle_wcs(one: DrizzleInput, grid: CubeGrid, xs: np.ndarray, ys: np.ndarray, columns: Columns) -> np.ndarray:
    """Add up what an exposure gives whose WCS no series can stand in for."""
    exposure, coordinates = one.exposure, one.exposure.coordinates
    total = np.zeros((4, grid.wavelength.size, ys.size, xs.size))
    for n in exposure.slices:
        if exposure.band_of(n) != grid.band:
            continue
        py, px = np.unravel_index(exposure.slice_pixels(n), exposure.regions.shape)
        chosen = columns(exposure, n)
        along = py if exposure.rotated else px
        taken = (along >= chosen.start) & (along < chosen.stop) & ((along - chosen.start) % (chosen.step or 1) == 0)
        py, px = py[taken], px[taken]
        xi, eta = grid.project(coordinates.ra[py, px], coordinates.dec[py, px])
        margin = 0.75 * np.hypot(one.mapper.slice_width(n), exposure.pixel_step(n)) + grid.spaxel / 2
        near = (xi > xs[0] - margin) & (xi < xs[-1] + margin) & (eta > ys[0] - margin) & (eta < ys[-1] + margin)
        x, y = _fine_pixels(px[near], py[near], one)
        if not x.size:
            continue
        foot = one.mapper.footprints(x, y, np.full(x.size, n), one.factor)
        xi, eta = (np.ascontiguousarray(c[:4]) for c in foot.on(grid.plane))
        flux, err = _values(one, foot, n)
        drizzle_pixels(
            xi,
            eta,
            foot.wavelength,
            foot.width,
            flux,
            err,
            xs[0],
            ys[0],
            grid.spaxel,
            grid.wavelength[0],
            grid.step,
            total,
        )
    return np.moveaxis(total, (0, 1), (3, 2))


def _fine_pixels(x: np.ndarray, y: np.ndarray, one: DrizzleInput) -> tuple[np.ndarray, np.ndarray]:
    """Oversampled pixels (x, y) within native pixels, in the detector's frame; for MIRI those of the channel."""
    factor = one.factor
    fine, which = one.exposure.fine_pixels(x if one.exposure.rotated else y, factor)
    if not one.exposure.rotated:
        return x[which], fine
    start, stop = channel_columns(one.exposure.band_of(int(one.exposure.regions[y[0], x[0]])), factor)
    taken = (fine >= start) & (fine < stop)
    return fine[taken], y[which][taken]


def _values(one: DrizzleInput, foot: Footprints, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Flux and error of pixels of a slice; NaN for those that ``cube_build`` leaves out."""
    data = one.slices(number)
    if one.exposure.rotated:
        row, column = one.exposure.division(one.factor).at.size - 1 - foot.x, foot.y
    else:
        row, column = foot.y, foot.x
    where = row - data.row, column
    good = (data.dq[where] & (DO_NOT_USE | NON_SCIENCE)) == 0
    return np.where(good, data.sci[where], np.nan).astype(float), data.err[where].astype(float)


def unchanged_slice(exposure: Exposure, number: int) -> OversampledSlice:
    """Slice of an exposure as it is, with NaN and flags made to agree (``match_nans_and_flags``).

    Parameters
    ----------
    exposure : Exposure
        The exposure.
    number : int
        Slice number.

    Returns
    -------
    OversampledSlice
    """
    regions = exposure.to_dispersion(exposure.regions)
    rows = exposure.slice_rows[number]
    sci, err, dq = (exposure.to_dispersion(array)[rows] for array in (exposure.sci, exposure.err, exposure.dq))
    invalid = np.isnan(sci) | np.isnan(err) | ((dq & DO_NOT_USE) > 0)
    for variance in exposure.variances.values():
        invalid |= np.isnan(exposure.to_dispersion(variance)[rows])
    return OversampledSlice(
        number=number,
        row=rows.start,
        inside=np.ascontiguousarray(regions[rows] == number),
        sci=np.ascontiguousarray(np.where(invalid, np.float32(np.nan), sci)),
        err=np.ascontiguousarray(np.where(invalid, np.float32(np.nan), err)),
        variances={},
        dq=np.ascontiguousarray(np.where(invalid, dq | DO_NOT_USE, dq)),
        trace=np.broadcast_to(np.float32(np.nan), sci.shape),
    )
