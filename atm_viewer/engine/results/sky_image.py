"""Images of the field on the sky."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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
    image: np.ndarray
    unit: str
    ra: float
    dec: float
    x0: float
    y0: float
    spaxel: float
    peak: tuple[float, float]
    wavelengths: tuple[float, float] | None = None

    def offsets(self, ra: np.ndarray | float, dec: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        """Gnomonic offsets [arcsec] to the east and north of the tangent point for ICRS positions [deg]."""
        a, d = np.radians(np.asarray(ra) - self.ra), np.radians(dec)
        d0 = np.radians(self.dec)
        h = np.sin(d) * np.sin(d0) + np.cos(d) * np.cos(d0) * np.cos(a)
        east = np.cos(d) * np.sin(a) / h
        north = (np.sin(d) * np.cos(d0) - np.cos(d) * np.sin(d0) * np.cos(a)) / h
        return np.degrees(east) * 3600.0, np.degrees(north) * 3600.0

    def position(self, east: np.ndarray | float, north: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        """ICRS position [deg] for offsets [arcsec] to the east and north: the inverse of `offsets`."""
        xi, eta = np.radians(np.asarray(east) / 3600.0), np.radians(np.asarray(north) / 3600.0)
        d0 = np.radians(self.dec)
        base = np.cos(d0) - eta * np.sin(d0)
        ra = self.ra + np.degrees(np.arctan2(xi, base))
        dec = np.degrees(np.arctan2(np.sin(d0) + eta * np.cos(d0), np.hypot(xi, base)))
        return ra % 360.0, dec
