"""Spectra of single spaxels and apertures, drizzled as ``cube_build`` does, without building the cube.

Only pixels that touch the wanted spaxels are mapped to the sky and drizzled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass

import numpy as np

from atm_viewer.engine.cube_grid import CubeGrid, channel_columns
from atm_viewer.engine.exposure import Exposure
from atm_viewer.engine.footprints import Footprints, SkyMapper
from atm_viewer.engine.kernels.drizzle import drizzle_pixels
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
    known : mutable mapping, optional
        Keeps the pixels found for a block, which do not depend on the recipe.
    """

    exposure: Exposure
    mapper: SkyMapper
    factor: int
    slices: SliceSource
    known: MutableMapping[tuple, NearPixels] | None = None


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
    x0, y0 = max(x[0], 0), max(y[0], 0)
    xs, ys = grid.x[x0 : x[1] + 1], grid.y[y0 : y[1] + 1]
    total = np.zeros((4, grid.wavelength.size, ys.size, xs.size))
    for one in inputs:
        near = _near(one, grid, xs, ys)
        foot = near.footprints
        flux, err = _values(one, near)
        drizzle_pixels(
            near.xi,
            near.eta,
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
    flux, weight, variance, hits = total
    covered = hits > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        flux = np.where(covered, flux / weight, np.nan)
        err = np.where(covered, np.sqrt(variance / weight**2), np.nan)
    return SpaxelBlock(x0, y0, flux, err)


@dataclass(frozen=True, eq=False)
class NearPixels:
    """Oversampled pixels that may touch a block of spaxels, whatever their values.

    Parameters
    ----------
    footprints : Footprints
        Their footprints on the sky.
    xi, eta : ndarray of float64, shape (4, n)
        Corners in the grid's tangent plane [arcsec].
    """

    footprints: Footprints
    xi: np.ndarray
    eta: np.ndarray


def _near(one: DrizzleInput, grid: CubeGrid, xs: np.ndarray, ys: np.ndarray) -> NearPixels:
    key = grid.band, grid.ra, grid.dec, one.factor, xs[0], xs[-1], ys[0], ys[-1]
    if one.known is not None and key in one.known:
        return one.known[key]
    exposure, coordinates = one.exposure, one.exposure.coordinates
    x, y, number = [], [], []
    for n in exposure.slices:
        if exposure.band_of(n) != grid.band:
            continue
        py, px = np.unravel_index(exposure.slice_pixels(n), exposure.regions.shape)
        xi, eta = grid.project(coordinates.ra[py, px], coordinates.dec[py, px])
        margin = 0.75 * np.hypot(one.mapper.slice_width(n), exposure.pixel_step(n)) + grid.spaxel / 2
        near = (xi > xs[0] - margin) & (xi < xs[-1] + margin) & (eta > ys[0] - margin) & (eta < ys[-1] + margin)
        fine = _fine_pixels(px[near], py[near], one)
        taken = _taken(fine[0], grid.band, one)
        x.append(fine[0][taken])
        y.append(fine[1][taken])
        number.append(np.full(int(taken.sum()), n))
    foot = one.mapper.footprints(np.concatenate(x), np.concatenate(y), np.concatenate(number), one.factor)
    xi, eta = (c[:4] for c in foot.on(grid.plane))
    half = grid.spaxel / 2
    touching = (
        (xi.max(axis=0) >= xs[0] - half)
        & (xi.min(axis=0) <= xs[-1] + half)
        & (eta.max(axis=0) >= ys[0] - half)
        & (eta.min(axis=0) <= ys[-1] + half)
    )
    corners = (np.ascontiguousarray(a[:, touching]) for a in (xi, eta))
    found = NearPixels(foot.select(touching), *corners)
    if one.known is not None:
        one.known[key] = found
    return found


def _fine_pixels(x: np.ndarray, y: np.ndarray, one: DrizzleInput) -> tuple[np.ndarray, np.ndarray]:
    """Oversampled pixels (x, y) within native pixels, in the detector's frame."""
    factor = one.factor
    sub = np.tile(np.arange(factor), x.size)
    if one.exposure.rotated:
        return np.repeat(x, factor) * factor + sub, np.repeat(y, factor)
    return np.repeat(x, factor), np.repeat(y, factor) * factor + sub


def _taken(x: np.ndarray, band: str, one: DrizzleInput) -> np.ndarray:
    """Pixels that ``cube_build`` takes for a band: for MIRI those of the channel's half of the detector."""
    if not one.exposure.rotated:
        return np.ones(x.size, dtype=bool)
    start, stop = channel_columns(band, one.factor)
    return (x >= start) & (x < stop)


def _values(one: DrizzleInput, near: NearPixels) -> tuple[np.ndarray, np.ndarray]:
    """Flux and error of pixels; NaN for those that ``cube_build`` leaves out."""
    foot, exposure = near.footprints, one.exposure
    flux, err = np.full(len(foot), np.nan), np.full(len(foot), np.nan)
    for number in np.unique(foot.number):
        at = np.flatnonzero(foot.number == number)
        data = one.slices(int(number))
        if exposure.rotated:
            row, column = exposure.regions.shape[1] * one.factor - 1 - foot.x[at], foot.y[at]
        else:
            row, column = foot.y[at], foot.x[at]
        where = row - data.row, column
        good = (data.dq[where] & (DO_NOT_USE | NON_SCIENCE)) == 0
        flux[at] = np.where(good, data.sci[where], np.nan)
        err[at] = data.err[where]
    return flux, err


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
