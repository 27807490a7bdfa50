"""Period of resampling noise from geometry: how fast a source's trace crosses the pixel grid.

A position on the sky has, in each slice that sees it and in each column, a place on the detector along the slice. From
column to column this place drifts, since traces are tilted and curved against the grid. What interpolation makes of an
undersampled source depends on where between two pixels the source falls, and so repeats whenever its trace has
crossed one pixel: the period is the range of wavelengths that takes.

Limits: a second source within the spaxel has a phase of its own, with nearly the same period. The oscillation is a sine
for wide sources and has half-period parts for narrow ones. What is seen of it in a cube also depends on the dithers
(`Periods.left`) and on the slices' width, across which there is no such drift within a column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from atm_viewer.engine.arrays import Floats, Integers
from atm_viewer.engine.cube.cube_grid import CubeGrid
from atm_viewer.engine.io.exposure import Exposure
from atm_viewer.engine.progress import Progress, no_progress
from atm_viewer.engine.results.periods import Periods, TracePhase

#: Residual fringes of MIRI [1/cm]: typical, least and greatest period in wavenumber, as the pipeline's own
#: ``jwst.residual_fringe.utils`` searches for them (``FFREQ_1D``, ``DFFREQ_1D``): those of the detector's substrate,
#: and in channels 3 and 4 those of the dichroics.
DETECTOR_FRINGE = (2.9, 1.4, 4.4)
DICHROIC_FRINGE = (0.4, 0.25, 0.55)


def find_periods(
    exposures: Sequence[Exposure],
    grid: CubeGrid,
    ra: float,
    dec: float,
    progress: Progress = no_progress,
    begin: Callable[[Exposure], object] | None = None,
) -> Periods:
    """Follow a position on the sky through the slices of exposures.

    Parameters
    ----------
    exposures : sequence of Exposure
        Exposures of the cube.
    grid : CubeGrid
        Grid of the cube; periods are given on its planes.
    ra, dec : float
        ICRS position [deg].
    progress : callable, optional
        ``progress(step, fraction)``; may raise `Cancelled`.
    begin : callable, optional
        ``begin(exposure)`` is called before an exposure's coordinates are read: makes room for them.

    Returns
    -------
    Periods
    """
    traces: list[TracePhase] = []
    for k, exposure in enumerate(exposures):
        progress("Following the trace", k / len(exposures))
        if begin is not None:
            begin(exposure)
        shares = slice_shares(exposure, grid, ra, dec)
        for number in sorted(shares, key=lambda n: -shares[n]):
            position = follow(exposure, number, grid, ra, dec)
            if np.isfinite(position).any():
                traces.append(TracePhase(exposure.key, number, shares[number], position))
    fringe: tuple[tuple[float, float, float], ...] = ()
    if exposures and exposures[0].instrument == "MIRI":
        fringe = (DETECTOR_FRINGE, DICHROIC_FRINGE) if grid.band.startswith(("ch3", "ch4")) else (DETECTOR_FRINGE,)
    return Periods(grid.wavelength, tuple(traces), *_combined(traces, grid.wavelength), fringe)


def slice_shares(exposure: Exposure, grid: CubeGrid, ra: float, dec: float) -> dict[int, float]:
    """Parts of the spaxel at a position that slices cover across their length; those without a part are left out.

    Parameters
    ----------
    exposure : Exposure
        The exposure.
    grid : CubeGrid
        Grid of the cube.
    ra, dec : float
        ICRS position [deg].

    Returns
    -------
    dict of int to float
        By slice number.
    """
    across = {}
    for number in exposure.slices:
        if exposure.band_of(number) == grid.band:
            t, distance = _middle(exposure, number, grid, ra, dec)
            if np.min(np.abs(t), initial=np.inf) < 2 * exposure.pixel_step(number):
                across[number] = float(distance[np.abs(t).argmin()])
    if len(across) < 2:
        return dict.fromkeys(across, 1.0)
    # Slices lie side by side without gaps, so that their distances are their widths.
    width = float(np.median(np.diff(sorted(across.values()))))
    overlap = {n: (width + grid.spaxel) / 2 - abs(d) for n, d in across.items()}
    return {n: min(o, width, grid.spaxel) / grid.spaxel for n, o in overlap.items() if o > 0}


def follow(exposure: Exposure, number: int, grid: CubeGrid, ra: float, dec: float) -> Floats:
    """Follow a position through one slice.

    Parameters
    ----------
    exposure : Exposure
        The exposure.
    number : int
        Slice.
    grid : CubeGrid
        Grid of the cube.
    ra, dec : float
        ICRS position [deg].

    Returns
    -------
    ndarray of float64, shape (planes,)
        Detector coordinate along the slice [pixel] at the cube's planes; NaN where there is none.
    """
    y, x = np.unravel_index(exposure.slice_pixels(number), exposure.regions.shape)
    row, column = (x, y) if exposure.rotated else (y, x)
    pixels_ra, pixels_dec, pixels_wavelength = exposure.slice_coordinates(number)
    first, last = int(row.min()), int(row.max())
    t, wavelength = np.full((2, last - first + 1, exposure.column_count), np.nan)
    t[row - first, column], _ = _along(pixels_ra, pixels_dec, column, grid, ra, dec)
    wavelength[row - first, column] = pixels_wavelength
    position, lam = _crossing(t, wavelength, np.arange(first, last + 1))
    known = np.flatnonzero(np.isfinite(position) & np.isfinite(lam))
    if known.size < 2:
        return np.full(grid.wavelength.size, np.nan)
    known = known[np.argsort(lam[known])]
    at_planes: Floats = np.interp(grid.wavelength, lam[known], position[known], left=np.nan, right=np.nan)
    return at_planes


def _middle(exposure: Exposure, number: int, grid: CubeGrid, ra: float, dec: float) -> tuple[Floats, Floats]:
    """Offsets of the pixels of a slice's middle column from a position [arcsec], along and across the slice."""
    pixels_ra, pixels_dec, column = exposure.middle_columns[number]
    if not column.size:
        return np.zeros(0), np.zeros(0)
    return _along(*exposure.placement.positions(pixels_ra, pixels_dec), column, grid, ra, dec)


def _along(
    ra_of: Floats, dec_of: Floats, column: Integers, grid: CubeGrid, ra: float, dec: float
) -> tuple[Floats, Floats]:
    """Offsets of a slice's pixels from a position [arcsec], along and across it, as its middle column runs."""
    xi0, eta0 = (float(v) for v in grid.project(ra, dec))
    xi, eta = grid.project(ra_of, dec_of)
    xi, eta = xi - xi0, eta - eta0
    known = np.flatnonzero(np.isfinite(xi))
    if known.size < 2:
        return np.full(xi.shape, np.nan), np.full(xi.shape, np.nan)
    inside = known[column[known] == np.sort(column[known])[known.size // 2]]
    east, north = xi[inside[-1]] - xi[inside[0]], eta[inside[-1]] - eta[inside[0]]
    length = np.hypot(east, north) or 1.0
    return (xi * east + eta * north) / length, (eta * east - xi * north) / length


def _crossing(t: Floats, wavelength: Floats, rows: Integers) -> tuple[Floats, Floats]:
    """Row and wavelength, column by column, where the distance along the slice changes its sign."""
    low, high = t[:-1], t[1:]
    with np.errstate(invalid="ignore"):
        change = ((low <= 0) & (high > 0)) | ((low > 0) & (high <= 0))
    at = change.argmax(axis=0)
    column = np.arange(t.shape[1])
    a, b = low[at, column], high[at, column]
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where(change.any(axis=0), a / (a - b), np.nan)
    lam = wavelength[at, column] + part * (wavelength[at + 1, column] - wavelength[at, column])
    return rows[at].astype(np.float64) + part, lam


def _combined(traces: Sequence[TracePhase], wavelength: Floats) -> tuple[Floats, Floats]:
    """Period of the cube, and what is left of oscillations after all traces are added up."""
    slope, total = np.zeros(wavelength.size), np.zeros(wavelength.size)
    waves = np.zeros((2, wavelength.size), dtype=complex)
    for trace in traces:
        rate = np.abs(np.gradient(trace.position, wavelength))
        known = np.isfinite(rate)
        total += trace.share * known
        slope += trace.share * np.where(known, rate, 0.0)
        turns = np.where(known, trace.position, 0.0)
        waves += trace.share * known * np.exp(2j * np.pi * turns * np.array([[1.0], [2.0]]))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, total / slope, np.nan), np.where(total > 0, np.abs(waves) / total, np.nan)
