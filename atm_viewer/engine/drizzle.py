"""Spectra of single spaxels and apertures, drizzled as ``cube_build`` does, without building the cube.

Only pixels that touch the wanted spaxels go through the pipeline's own compiled drizzle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from atm_viewer.engine.cube_grid import CubeGrid, channel_columns
from atm_viewer.engine.exposure import Exposure
from atm_viewer.engine.footprints import SkyMapper
from atm_viewer.engine.oversample import DO_NOT_USE, OversampledSlice

NON_SCIENCE = 512

#: Gives a slice's oversampled arrays by its number.
SliceSource = Callable[[int], OversampledSlice]


@dataclass(frozen=True, eq=False)
class DrizzleInput:
    """One exposure's share of a spectrum.

    Parameters
    ----------
    exposure : Exposure
        The exposure.
    mapper : SkyMapper
        Its footprints.
    factor : int
        Oversampling factor; 1 for the exposure as it is.
    slices : callable
        Gives the arrays of a slice.
    """

    exposure: Exposure
    mapper: SkyMapper
    factor: int
    slices: SliceSource


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
    flux: np.ndarray
    err: np.ndarray


def drizzle_block(
    inputs: Sequence[DrizzleInput], grid: CubeGrid, x: tuple[int, int], y: tuple[int, int]
) -> SpaxelBlock:
    """Drizzle a block of spaxels (``IFUCubeData.build_ifucube``).

    Parameters
    ----------
    inputs : sequence of DrizzleInput
        The exposures.
    grid : CubeGrid
        Grid of their cube.
    x, y : (int, int)
        First and last spaxel, zero-based; the part outside of the cube is left out.

    Returns
    -------
    SpaxelBlock
    """
    first = max(x[0], 0), max(y[0], 0)
    last = min(x[1], grid.x.size - 1), min(y[1], grid.y.size - 1)
    # The pipeline's routine mixes up rows in grids narrower than three spaxels.
    wide = _at_least_three(first[0], last[0], grid.x.size), _at_least_three(first[1], last[1], grid.y.size)
    xs, ys = grid.x[wide[0]], grid.y[wide[1]]
    shape = grid.wavelength.size, ys.size, xs.size
    total = [np.zeros(grid.wavelength.size * ys.size * xs.size) for _ in range(4)]
    for one in inputs:
        for k, array in enumerate(_drizzle_exposure(one, grid, xs, ys)):
            total[k] += array
    flux, weight, variance, hits = (array.reshape(shape) for array in total)
    covered = hits > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        flux = np.where(covered, flux / weight, np.nan)
        err = np.where(covered, np.sqrt(variance / weight**2), np.nan)
    inner = np.s_[:, first[1] - wide[1].start : last[1] - wide[1].start + 1, first[0] - wide[0].start :]
    width = last[0] - first[0] + 1
    return SpaxelBlock(first[0], first[1], flux[inner][..., :width], err[inner][..., :width])


def _at_least_three(first: int, last: int, size: int) -> slice:
    start, stop = first, last + 1
    while stop - start < 3 and (start > 0 or stop < size):
        start, stop = max(start - 1, 0), min(stop + 1, size)
    return slice(start, stop)


def _drizzle_exposure(one: DrizzleInput, grid: CubeGrid, xs: np.ndarray, ys: np.ndarray) -> list[np.ndarray]:
    """Weighted flux, weight, weighted variance and number of hits that an exposure gives to a block of spaxels."""
    from jwst.cube_build.cube_match_sky_driz import cube_wrapper_driz

    nothing = [np.zeros(xs.size * ys.size * grid.wavelength.size) for _ in range(4)]
    found = _touching(one, grid, xs, ys)
    if found is None:
        return nothing
    foot = one.mapper.footprints(found.x, found.y, found.number, one.factor)
    flux, err = found.values(foot)
    xi, eta = grid.project(foot.ra, foot.dec)
    half = grid.spaxel / 2
    inside = (
        (xi.max(axis=0) >= xs[0] - half)
        & (xi.min(axis=0) <= xs[-1] + half)
        & (eta.max(axis=0) >= ys[0] - half)
        & (eta.min(axis=0) <= ys[-1] + half)
    )
    if not inside.any():
        return nothing
    xi, eta = (np.ascontiguousarray(a[:, inside]) for a in (xi, eta))
    steps = np.empty(grid.wavelength.size)
    steps[:-1] = np.diff(grid.wavelength)
    steps[-1] = steps[-2]
    corners = [a for pair in zip(xi, eta, strict=True) for a in pair]
    result = cube_wrapper_driz(
        0 if one.exposure.instrument == "MIRI" else 1,
        0,  # no flags of the field of view
        0,
        0,
        4,
        2,
        xs,
        ys,
        grid.wavelength,
        xi.mean(axis=0),
        eta.mean(axis=0),
        foot.wavelength[inside],
        flux[inside],
        err[inside],
        foot.number[inside].astype(float),
        *corners,
        foot.width[inside],
        steps,
        grid.spaxel,
        grid.spaxel,
        float(np.nanmean(steps)),
        1,
        foot.x[inside],
        foot.y[inside],
        -1,
    )
    return [np.asarray(a, dtype=np.float64) for a in result[:4]]


@dataclass(frozen=True, eq=False)
class _Touching:
    """Valid oversampled pixels near a block, in the detector's frame, and where their values are."""

    x: np.ndarray
    y: np.ndarray
    number: np.ndarray
    flux: np.ndarray
    err: np.ndarray

    def values(self, foot) -> tuple[np.ndarray, np.ndarray]:
        """Flux and error of the pixels that have a footprint."""
        if len(foot) == self.x.size:
            return self.flux, self.err
        big = max(int(self.y.max()), int(foot.y.max())) + 1
        order = np.argsort(self.x * big + self.y)
        at = order[np.searchsorted((self.x * big + self.y)[order], foot.x * big + foot.y)]
        return self.flux[at], self.err[at]


def _touching(one: DrizzleInput, grid: CubeGrid, xs: np.ndarray, ys: np.ndarray) -> _Touching | None:
    exposure, coordinates = one.exposure, one.exposure.coordinates
    parts = []
    for number in exposure.slices:
        if exposure.band_of(number) != grid.band:
            continue
        pixels = exposure.slice_pixels(number)
        x, y = np.unravel_index(pixels, exposure.regions.shape)[::-1]
        xi, eta = grid.project(coordinates.ra[y, x], coordinates.dec[y, x])
        margin = 0.75 * np.hypot(one.mapper.slice_width(number), exposure.pixel_step(number)) + grid.spaxel / 2
        near = (xi > xs[0] - margin) & (xi < xs[-1] + margin) & (eta > ys[0] - margin) & (eta < ys[-1] + margin)
        if not near.any():
            continue
        part = _pixels_of(one, number, x[near], y[near], grid.band)
        if part.x.size:
            parts.append(part)
    if not parts:
        return None
    return _Touching(*(np.concatenate([getattr(p, f) for p in parts]) for f in ("x", "y", "number", "flux", "err")))


def _pixels_of(one: DrizzleInput, number: int, x: np.ndarray, y: np.ndarray, band: str) -> _Touching:
    """Oversampled pixels within native pixels of a slice, those that ``cube_build`` takes."""
    exposure, factor = one.exposure, one.factor
    data = one.slices(number)
    sub = np.tile(np.arange(factor), x.size)
    if exposure.rotated:
        column = np.repeat(y, factor)
        along = np.repeat(x, factor) * factor + sub
        row = exposure.regions.shape[1] * factor - 1 - along - data.row
        start, stop = channel_columns(band, factor)
        taken = (along >= start) & (along < stop)
        fine_x, fine_y = along, column
    else:
        column = np.repeat(x, factor)
        along = np.repeat(y, factor) * factor + sub
        row = along - data.row
        taken = np.ones(along.size, dtype=bool)
        fine_x, fine_y = column, along
    flux, err, dq = data.sci[row, column], data.err[row, column], data.dq[row, column]
    taken &= np.isfinite(flux) & ((dq & (DO_NOT_USE | NON_SCIENCE)) == 0)
    return _Touching(
        fine_x[taken],
        fine_y[taken],
        np.full(int(taken.sum()), number),
        flux[taken].astype(np.float64),
        err[taken].astype(np.float64),
    )


def native_slices(exposure: Exposure) -> Mapping[int, OversampledSlice]:
    """Slices of an exposure as it is, with NaN and flags made to agree (``match_nans_and_flags``).

    Parameters
    ----------
    exposure : Exposure
        The exposure.

    Returns
    -------
    mapping of int to OversampledSlice
        By slice number.
    """
    invalid = np.isnan(exposure.sci) | np.isnan(exposure.err) | ((exposure.dq & DO_NOT_USE) > 0)
    for variance in exposure.variances.values():
        invalid |= np.isnan(variance)
    dq = exposure.to_dispersion(np.where(invalid, exposure.dq | DO_NOT_USE, exposure.dq))
    sci, err = (
        exposure.to_dispersion(np.where(invalid, np.float32(np.nan), array)) for array in (exposure.sci, exposure.err)
    )
    regions = exposure.to_dispersion(exposure.regions)
    slices = {}
    for number in exposure.slices:
        rows = np.flatnonzero((regions == number).any(axis=1))
        cut = slice(rows[0], rows[-1] + 1)
        slices[number] = OversampledSlice(
            number=number,
            row=int(rows[0]),
            inside=regions[cut] == number,
            sci=sci[cut],
            err=err[cut],
            variances={},
            dq=dq[cut],
            trace=np.full(sci[cut].shape, np.nan, dtype=np.float32),
            ranges=[],
        )
    return slices
