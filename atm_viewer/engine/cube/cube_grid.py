"""The grid of the cube that ``cube_build`` would make, computed without building the cube.

The cubes before and after correction have the grid of the exposures as they are, unless the pipeline's choice for each
is asked for. That grid depends on the exposures alone: variants with other oversampling factors have it too, and so
have cubes of the archive. Oversampling divides pixels along the slice and leaves their edges where they were, so the
grid covers both.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from atm_viewer.engine.arrays import Floats
from atm_viewer.engine.errors import InputError
from atm_viewer.engine.io.exposure import Exposure
from atm_viewer.engine.placement import AS_OBSERVED
from atm_viewer.engine.recipe import CubeOptions, Recipe
from atm_viewer.engine.recipe.cube_options import COMMON, IFU
from atm_viewer.engine.regular_file import check_regular
from atm_viewer.engine.tangent import TangentPlane
from atm_viewer.engine.threads import loading
from atm_viewer.engine.wcs.exposure_wcs import Box


@dataclass(frozen=True, eq=False)
class CubeGrid:
    """Grid of a cube of one band in the tangent plane about (``ra``, ``dec``): west to the right, unless it is turned.

    Parameters
    ----------
    band : str
        Band, as the pipeline names its cubes.
    ra, dec : float
        Tangent point, ICRS [deg].
    spaxel : float
        Size of a spaxel [arcsec].
    x, y : ndarray of float64
        Centres of the spaxels in the tangent plane [arcsec]; x grows to the west, y to the north.
    wavelength : ndarray of float64
        Centres of the planes [um].
    step : float
        Distance of the planes [um].
    angle : float or None
        Position angle of y, from north through east [deg]; None as 0 where nobody asked for one.
    """

    band: str
    ra: float
    dec: float
    spaxel: float
    x: Floats
    y: Floats
    wavelength: Floats
    step: float
    angle: float | None = None

    @property
    def plane(self) -> TangentPlane:
        """The tangent plane."""
        return TangentPlane(self.ra, self.dec, self.angle or 0.0)

    def project(self, ra: Floats | float, dec: Floats | float) -> tuple[Floats, Floats]:
        """Tangent-plane coordinates [arcsec] of ICRS positions [deg]."""
        return self.plane.project(ra, dec)

    def position(self, x: float, y: float) -> tuple[float, float]:
        """ICRS position [deg] of a point of the tangent plane [arcsec]: the inverse of `project`."""
        ra, dec = self.plane.positions(np.asarray(x), np.asarray(y))
        return float(ra), float(dec)

    def spaxel_at(self, ra: float, dec: float) -> tuple[int, int]:
        """Zero-based (x, y) of the spaxel that holds an ICRS position [deg].

        Raises
        ------
        InputError
            The position is outside of the cube.
        """
        xi, eta = self.project(ra, dec)
        ix = round(float((xi - self.x[0]) / self.spaxel))
        iy = round(float((eta - self.y[0]) / self.spaxel))
        if not (0 <= ix < self.x.size and 0 <= iy < self.y.size):
            raise InputError(
                f"RA {ra:.6f}°, Dec {dec:.6f}° is outside the {self.band} cube, which is centred on "
                f"RA {self.ra:.6f}°, Dec {self.dec:.6f}°; choose a position in the field."
            )
        return ix, iy


@dataclass(frozen=True)
class CubeParameters:
    """Defaults of a band from a CUBEPAR reference file: spaxel [arcsec], step, start and end of wavelength [um]."""

    spaxel: float
    step: float
    start: float
    stop: float


def read_cube_parameters(path: str | os.PathLike[str], band: str) -> CubeParameters:
    """Read a band's defaults from a CUBEPAR reference file.

    Parameters
    ----------
    path : path-like
        The file; one of CRDS may be marked ``crds://``.
    band : str
        Band, as the pipeline names its cubes.

    Returns
    -------
    CubeParameters

    Raises
    ------
    InputError
        The file cannot be read or lacks the band.
    """
    from astropy.io import fits

    path = os.fspath(path).removeprefix("crds://")
    try:
        check_regular(path, "a CUBEPAR reference file")
        with fits.open(path) as hdus:
            table = hdus["CUBEPAR"].data
            names = [n.lower() for n in table.names]
            first, second = ("channel", "band") if "channel" in names else ("disperser", "filter")
            prefix = "ch" if first == "channel" else ""
            for row in table:
                if f"{prefix}{str(row[first]).strip()}-{str(row[second]).strip()}".lower() == band:
                    values = (float(row[key]) for key in ("SPAXELSIZE", "SPECTRALSTEP", "WAVEMIN", "WAVEMAX"))
                    return CubeParameters(*values)
    except (OSError, KeyError, TypeError) as error:
        raise InputError(f"The cube parameters {path} cannot be read; give a CUBEPAR reference file.") from error
    raise InputError(f"The cube parameters {path} have no entry for {band}; give a CUBEPAR file that has one.")


def cube_grids(
    exposures: Sequence[Exposure], band: str, parameters: CubeParameters, recipe: Recipe
) -> tuple[CubeGrid, CubeGrid]:
    """Grids of the cubes before and after correction: the same one, unless the recipe wants the pipeline's for each.

    Those that the pipeline would choose for the exposures (``IFUCubeData.setup_ifucube_wcs``, ``set_geometry``). The
    grid of oversampled exposures differs a little from that of the exposures themselves where the pipeline derives the
    footprint from pixel centres (MIRI channels 1 and 3, and all cubes that are turned).

    Parameters
    ----------
    exposures : sequence of Exposure
        Exposures of one band.
    band : str
        The band.
    parameters : CubeParameters
        Of the band.
    recipe : Recipe
        Oversampling factor and options of the cubes. Cubes on NIRSpec's slicer have no grid on the sky: for them it is
        that of a cube with north up; planes are at equal distances.

    Returns
    -------
    tuple of CubeGrid
    """
    outlines = Outlines((band,), recipe)
    for exposure in exposures:
        outlines.add(exposure)
    return outlines.grids(band, parameters)


class Outlines:
    """Outlines of exposures on the sky, from which grids follow: exposures are taken one by one and not kept.

    Parameters
    ----------
    bands : sequence of str
        Bands of the cubes.
    recipe : Recipe
        Oversampling factor and options of the cubes.
    """

    def __init__(self, bands: Sequence[str], recipe: Recipe) -> None:
        self._options = recipe.cube
        common = recipe.cube.grid == COMMON or recipe.oversample == 1
        self._factors = (1.0, 1.0 if common else recipe.oversample)
        self._found: dict[tuple[str, float], list[_Outline]] = {(b, f): [] for b in bands for f in self._factors}

    def add(self, exposure: Exposure) -> None:
        """Take an exposure."""
        for (band, factor), found in self._found.items():
            found.append(_outline(exposure, band, factor, self._options, first=not found))

    def join(self, others: Outlines) -> None:
        """Take the exposures of others, which were made for the same bands and recipe."""
        for key, found in self._found.items():
            found += others._found[key]

    def grids(self, band: str, parameters: CubeParameters) -> tuple[CubeGrid, CubeGrid]:
        """Grids before and after correction, see `cube_grids`."""
        made = {f: _grid_about(self._found[band, f], band, parameters, self._options) for f in set(self._factors)}
        before, after = (made[factor] for factor in self._factors)
        return before, after


@dataclass(frozen=True, eq=False)
class _Outline:
    """What the grid of a cube follows from in an exposure.

    Parameters
    ----------
    name, unit : str
        Of the exposure.
    corners : ndarray of float64, shape (2, 4)
        RA and Dec [deg], see `_corners`.
    angle : float or None
        Position angle of the cube [deg]; None where north is up. That of the first exposure counts.
    """

    name: str
    unit: str
    corners: Floats
    angle: float | None


def _outline(exposure: Exposure, band: str, factor: float, options: CubeOptions, first: bool) -> _Outline:
    turned, angle = options.coord_system == IFU, options.cube_pa
    if turned and first:
        angle = _slicer_angle(exposure, band, factor)
    return _Outline(exposure.name, exposure.unit, _corners(exposure, band, factor, turned or angle is not None), angle)


def _grid_about(outlines: Sequence[_Outline], band: str, parameters: CubeParameters, options: CubeOptions) -> CubeGrid:
    """Grid of the cube of exposures with these outlines."""
    with loading():
        from astropy import units
        from astropy.stats import circmean

    if len(found := {one.unit: one.name for one in outlines}) > 1:
        several = " and ".join(f"{name} ({unit or 'no unit'})" for unit, name in list(found.items())[:2])
        raise InputError(f"The exposures have values in different units: {several}; use those of one unit together.")
    angle = outlines[0].angle
    corners = np.concatenate([one.corners for one in outlines], axis=1)
    ra, dec = wrap_ra(corners[0]), corners[1]
    middle: Any = circmean(np.array([ra.min(), ra.max()]) * units.deg)  # a Quantity, unlike what astropy says
    centre = (
        float(middle.value % 360) if options.ra_center is None else options.ra_center,
        float((dec.min() + dec.max()) / 2.0) if options.dec_center is None else options.dec_center,
    )
    size = options.scalexy or parameters.spaxel
    xi, eta = TangentPlane(*centre, angle or 0.0).project(ra, dec)
    x, y = (
        _centres(_half(np.abs(limits).max(), size) if count is None else count // 2, size)
        for limits, count in ((xi, options.nspax_x), (eta, options.nspax_y))
    )
    wavelength, step = cube_planes(band, parameters, options)
    return CubeGrid(band, *centre, size, x, y, wavelength, step, angle)


def cube_planes(band: str, parameters: CubeParameters, options: CubeOptions) -> tuple[Floats, float]:
    """Centres of a cube's planes and their distance [um], which do not depend on the exposures."""
    step = options.scalew or parameters.step
    start = parameters.start if options.wavemin is None else options.wavemin
    stop = parameters.stop if options.wavemax is None else options.wavemax
    planes = math.ceil((stop - start) / step)
    wavelength = np.arange(start + step / 2.0, start + planes * step, step)[:planes]
    if wavelength.size < 2:
        raise InputError(
            f"The {band} cube would have {max(wavelength.size, 0)} planes from {start:g} to {stop:g} µm at steps of "
            f"{step:g} µm; choose a wider range of wavelengths or a smaller step."
        )
    return wavelength, step


def _half(limit: float, size: float) -> int:
    """Spaxels on each side of the central one."""
    return math.ceil(limit / size) + 1


def _centres(half: int, size: float) -> Floats:
    # In the order of the pipeline's operations, for the same rounding.
    start = (0.0 - half * size - size / 2.0) + size / 2.0
    count = 2 * half + 1
    return np.arange(start, start + count * size, size)[:count]


def _slicer_angle(exposure: Exposure, band: str, factor: float) -> float:
    """Position angle of a cube along the slices of an exposure [deg]."""

    def make() -> dict[str, Floats]:
        wcs = exposure.wcs
        if exposure.instrument == "MIRI":
            ends = (0.0, 0.0), (2.0, 0.0)
            start, stop = channel_columns(band, factor)
            y, x = np.mgrid[: exposure.regions.shape[0], start:stop]
            _, _, lam = wcs.slicer(detector_position(x, factor), y)
        else:
            ends = (0.0, 0.0), (0.0, 0.005)
            x, y = _box_pixels(wcs.boxes[1], factor)
            _, _, lam = wcs.slicer(x, detector_position(y, factor), 1)
        # One by one, as the pipeline does: the same positions in an array are rounded differently.
        return {"ends": np.array([wcs.to_world(*end, np.nanmedian(lam))[:2] for end in ends]).T}

    ra, dec = exposure.kept.get_or_make(f"slicer-ends-{band}-{factor:g}", make)["ends"]
    # The pipeline finds the angle where the exposure follows a moving target, and without offsets.
    ra, dec = replace(exposure.placement, east=0.0, north=0.0).positions(ra, dec)
    return float(90 + np.degrees(np.arctan2((ra[1] - ra[0]) * np.cos(np.radians(dec[0])), dec[1] - dec[0])))


def _box_pixels(box: Box, factor: float) -> tuple[Floats, Floats]:
    """(Oversampled) pixels of the bounding box of a slice of NIRSpec."""
    with loading():
        from gwcs.wcstools import grid_from_bounding_box

    along_x, (low, high) = box
    shift = (factor - 1) / 2
    x, y = grid_from_bounding_box((along_x, (low * factor + shift, high * factor + shift)))
    return x, y


def _corners(exposure: Exposure, band: str, factor: float, turned: bool) -> Floats:
    """RA and Dec [deg] of four corners of an exposure's footprint, as ``cube_build`` finds them; shape (2, 4)."""
    return np.stack(exposure.placement.positions(*_observed_corners(exposure, band, factor, turned)))


def _observed_corners(exposure: Exposure, band: str, factor: float, turned: bool) -> Floats:
    """Find the corners by the WCS."""
    if exposure.footprint and not band.startswith(("ch1", "ch3")) and not turned:
        return np.array([float(v) for v in exposure.footprint.split()[-8:]]).reshape(4, 2).T

    def make() -> dict[str, Floats]:
        ra, dec = _centres_on_sky(exposure, band, factor)
        ra = wrap_ra(ra)
        at = [np.argmin(ra), np.argmax(ra), np.argmin(dec), np.argmax(dec)]
        return {"corners": np.stack([ra[at] % 360, dec[at]])}

    return exposure.kept.get_or_make(f"extent-{band}-{factor:g}", make)["corners"]


def wrap_ra(ra: Floats) -> Floats:
    """Finite right ascensions [deg], all on the same side of 0 (``jwst.assign_wcs.util.wrap_ra``)."""
    ra = ra[np.isfinite(ra)]
    middle = np.median(ra)
    beyond = np.abs(ra - middle) > 180.0
    return np.where(beyond, ra + (360.0 if middle > 180 else -360.0), ra)


def _centres_on_sky(exposure: Exposure, band: str, factor: float) -> tuple[Floats, Floats]:
    """Sky positions of the pixels that can be a band's outermost: all of them, or oversampled those at slice ends."""
    if exposure.instrument != "MIRI":
        return _pixels_of_boxes(exposure, factor)
    coordinates = exposure.coordinates.placed(AS_OBSERVED)
    valid = np.isfinite(coordinates.ra) & np.isfinite(coordinates.dec)
    start, stop = channel_columns(band, factor)
    if factor == 1:
        chosen = np.zeros_like(valid)
        chosen[:, start:stop] = valid[:, start:stop]
        return coordinates.ra[chosen], coordinates.dec[chosen]
    ends = np.zeros_like(valid)
    ends[:, 1:] |= valid[:, 1:] & ~valid[:, :-1]
    ends[:, :-1] |= valid[:, :-1] & ~valid[:, 1:]
    ends[:, [int(start / factor), min(int((stop - 1) / factor), valid.shape[1] - 1)]] = True
    y, x = np.nonzero(ends & valid)
    fine, which = exposure.fine_pixels(x, factor)
    y = y[which]
    inside = (fine >= start) & (fine < stop)
    wcs = exposure.wcs
    ra, dec, _ = wcs.world(*wcs.slicer(detector_position(fine[inside], factor), y[inside]))
    valid = np.isfinite(ra) & np.isfinite(dec)
    return ra[valid], dec[valid]


def _pixels_of_boxes(exposure: Exposure, factor: float) -> tuple[Floats, Floats]:
    """Sky positions of the (oversampled) pixels in the bounding boxes of NIRSpec's slices."""
    found = []
    wcs = exposure.wcs
    for number, box in sorted(wcs.boxes.items()):
        x, y = _box_pixels(box, factor)
        ra, dec, _ = wcs.world(*wcs.slicer(x, detector_position(y, factor), number))
        valid = np.isfinite(ra) & np.isfinite(dec)
        found.append((ra[valid], dec[valid]))
    return np.concatenate([ra for ra, _ in found]), np.concatenate([dec for _, dec in found])


def channel_columns(band: str, factor: float) -> tuple[int, int]:
    """Range of (oversampled) x that ``cube_build`` takes for a MIRI channel: ``start <= x < stop``."""
    start, stop = (0, 512) if band[2] in "14" else (513, 1031)  # InstrumentInfo.get_miri_slice_endpts
    shift = (factor - 1) / 2
    return math.floor(start * factor + shift), math.ceil(stop * factor + shift)


def detector_position(fine: np.ndarray, factor: float) -> Floats:
    """Detector coordinate [pixel] of oversampled pixel coordinates along a slice, rounded as their WCS rounds."""
    return fine * (1 / factor) - (factor - 1) / (factor * 2)
