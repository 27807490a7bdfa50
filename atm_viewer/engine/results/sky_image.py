"""Sky images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atm_viewer.engine.arrays import Floats, Singles
from atm_viewer.engine.tangent import TangentPlane


@dataclass(frozen=True, eq=False)
class SkyImage:
    """Image of the field on the grid of the cube, in white light or of a few planes.

    Parameters
    ----------
    band : str
        Band it is made of.
    image : ndarray of float32, shape (ny, nx)
        Mean over wavelength [``unit``]; NaN without coverage. x grows to the west, y to the north.
    unit : str
        Unit of ``image``.
    ra, dec : float
        Tangent point, ICRS [deg].
    x0, y0 : float
        Zero-based pixel of the tangent point.
    spaxel : float
        Size of a spaxel [arcsec].
    peak : (float, float)
        ICRS position of the brightest spaxel [deg].
    wavelengths : (float, float) or None
        Range that the image is the mean of [um]; None for all of the band.
    """

    band: str
    image: Singles
    unit: str
    ra: float
    dec: float
    x0: float
    y0: float
    spaxel: float
    peak: tuple[float, float]
    wavelengths: tuple[float, float] | None = None

    @property
    def plane(self) -> TangentPlane:
        """The plane that the image lies in."""
        return TangentPlane(self.ra, self.dec)

    def offsets(self, ra: Floats | float, dec: Floats | float) -> tuple[Floats, Floats]:
        """Gnomonic offsets [arcsec] to the east and north of the tangent point for ICRS positions [deg]."""
        west, north = self.plane.project(ra, dec)
        return -west, north

    def position(self, east: Floats | float, north: Floats | float) -> tuple[Floats, Floats]:
        """ICRS position [deg] for offsets [arcsec] to the east and north: the inverse of `offsets`."""
        return self.plane.positions(-np.asarray(east), np.asarray(north))
