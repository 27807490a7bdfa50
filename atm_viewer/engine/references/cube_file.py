"""Reads cubes (``s3d``) of any origin: the archive's, another program's, an older run's."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from atm_viewer.engine.arrays import Floats, Singles
from atm_viewer.engine.errors import InputError, one_line, shortage
from atm_viewer.engine.io.fits_input import open_fits
from atm_viewer.engine.tangent import STERADIANS, TangentPlane
from atm_viewer.engine.threads import without_warnings

#: Bytes that a cube has at most: those of all bands of an instrument in one are larger than exposures.
MOST_BYTES = 2**32


@dataclass(frozen=True, eq=False)
class CubeFile:
    """A cube that was read.

    Parameters
    ----------
    path : Path
        The file.
    unit : str
        Unit of the flux.
    flux : ndarray of float32, shape (planes, ny, nx)
        Values; NaN without coverage.
    wavelength : ndarray of float64
        Centres of the planes [um].
    plane : TangentPlane
        Plane of the spaxels, with its y along theirs.
    spaxel : float
        Side of a spaxel [arcsec].
    x0, y0 : float
        Spaxel coordinates, zero-based, of the point where the plane touches the sky.
    error : ndarray of float32, shape (planes, ny, nx), or None
        Errors of ``flux``; None where the file has none.
    """

    path: Path
    unit: str
    flux: Singles
    wavelength: Floats
    plane: TangentPlane
    spaxel: float
    x0: float
    y0: float
    error: Singles | None = None

    @property
    def solid_angle(self) -> float:
        """Of a spaxel [sr]."""
        return self.spaxel**2 * STERADIANS

    def coordinates(self, ra: Floats | float, dec: Floats | float) -> tuple[Floats, Floats]:
        """Spaxel coordinates (x, y), zero-based, of ICRS positions [deg]; NaN on the other half of the sky."""
        xi, eta = self.plane.project(ra, dec)
        faces = self.plane.faces(ra, dec)
        x, y = (np.where(faces, k / self.spaxel + k0, np.nan) for k, k0 in ((xi, self.x0), (eta, self.y0)))
        return x, y

    def spaxel_at(self, ra: float, dec: float) -> tuple[int, int] | None:
        """Zero-based (x, y) of the spaxel that holds an ICRS position [deg]; None outside of the cube."""
        x, y = (float(k) for k in self.coordinates(ra, dec))
        if not (-0.5 <= x < self.flux.shape[2] - 0.5 and -0.5 <= y < self.flux.shape[1] - 0.5):
            return None
        return round(x), round(y)

    def position(self, x: int, y: int) -> tuple[float, float]:
        """ICRS position [deg] of a spaxel's centre."""
        ra, dec = self.plane.positions(*(np.array((k - k0) * self.spaxel) for k, k0 in ((x, self.x0), (y, self.y0))))
        return float(ra), float(dec)


def read_cube(path: str | os.PathLike[str]) -> CubeFile:
    """Read a cube.

    Parameters
    ----------
    path : path-like
        FITS file, or ``.fits.gz``, with a cube in the extension ``SCI``, or in the primary one.

    Returns
    -------
    CubeFile

    Raises
    ------
    InputError
        The file cannot be read, or holds no cube on the sky in wavelengths.
    """
    from astropy.io import fits

    path = Path(path)
    try:
        with open_fits(path, "an s3d file", MOST_BYTES) as file, without_warnings(), fits.open(file) as hdus:
            science = hdus["SCI"] if "SCI" in hdus else hdus[0]
            header = science.header
            if science.data is None or science.data.ndim != 3 or min(science.data.shape) < 2:
                raise InputError(f"{path.name} holds no cube; give an s3d file.")
            table = hdus["WCS-TABLE"].data if "WCS-TABLE" in hdus else None
            flux = science.data.astype(np.float32)
            error = hdus["ERR"].data if "ERR" in hdus else None
            if error is not None:
                error = error.astype(np.float32) if error.shape == flux.shape else None
            return _read(path, flux, error, header, table)
    except (OSError, KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        if lacking := shortage(error):
            raise InputError(f"{path.name} cannot be opened: {lacking}") from error
        raise InputError(f"{path.name} cannot be read as a cube: {one_line(error)}; give an s3d file.") from error


def _read(path: Path, flux: Singles, error: Singles | None, header: Any, table: Any) -> CubeFile:
    axes = [str(header.get(f"CTYPE{k}", "")) for k in (1, 2, 3)]
    if axes[:2] != ["RA---TAN", "DEC--TAN"] or not axes[2].startswith("WAVE"):
        raise InputError(f"{path.name} has axes {', '.join(map(one_line, axes))}; give a cube on the sky.")
    number = {key: float(header[key]) for key in ("CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2", "CDELT1", "CDELT2")}
    east, north = (
        np.array([float(header.get(f"PC{k}_{m}", float(k == m))) * number[f"CDELT{k}"] for m in (1, 2)]) for k in (1, 2)
    )
    spaxel = float(np.hypot(east[1], north[1]))
    # Position angle of y; x grows to the west of it, as in every cube of the pipeline.
    angle = float(np.degrees(np.arctan2(east[1], north[1])))
    if not spaxel > 0 or east[0] * north[1] - east[1] * north[0] > 0:
        raise InputError(f"{path.name} has east to the right of north; cubes have it to the left.")
    unit = {"um": 1.0, "micron": 1.0, "m": 1e6, "nm": 1e-3, "angstrom": 1e-4}.get(
        str(header.get("CUNIT3", "um")).strip().lower()
    )
    if unit is None:
        raise InputError(
            f"{path.name} has wavelengths in {one_line(str(header['CUNIT3']))}; give um, nm, Angstrom or m."
        )
    if table is not None:
        wavelength = np.asarray(table["wavelength"], dtype=float).ravel()
    else:
        planes = np.arange(flux.shape[0]) + 1 - float(header.get("CRPIX3", 1.0))
        wavelength = float(header["CRVAL3"]) + planes * float(header["CDELT3"])
    if wavelength.size != flux.shape[0] or not np.isfinite(wavelength).all():
        raise InputError(
            f"{path.name} has {flux.shape[0]} planes, but {wavelength.size} wavelengths; process it again."
        )
    return CubeFile(
        path=path,
        unit=one_line(str(header.get("BUNIT", ""))),
        flux=flux,
        wavelength=wavelength * unit,
        plane=TangentPlane(number["CRVAL1"], number["CRVAL2"], angle),
        spaxel=spaxel * 3600.0,
        x0=number["CRPIX1"] - 1.0,
        y0=number["CRPIX2"] - 1.0,
        error=error,
    )
