"""Images of the sky, and which planes of their spaxels a correction takes away."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from atm_viewer.engine.arrays import Floats, Integers, Mask, Singles
from atm_viewer.engine.tangent import TangentPlane

_PEAK = 2  #: spaxels about a peak that are fainter
#: Brightness of the faintest spaxels that count as bright, over the brightest one.
BRIGHT = 0.01
_FAINTEST = 0.25  #: of the brightest peak, above the median of the image, that a source has at least


@dataclass(frozen=True, eq=False)
class SkyImage:
    """Image of the field on the grid of the cube, in white light or of a few planes.

    Parameters
    ----------
    band : str
        Band it is made of.
    image : ndarray of float32, shape (ny, nx)
        Mean over wavelength [``unit``]; NaN without coverage. x grows to the west, y to the north, unless it is turned.
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
    angle : float
        Position angle of y, from north through east [deg].
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
    angle: float = 0.0

    @property
    def plane(self) -> TangentPlane:
        """The plane that the image lies in."""
        return TangentPlane(self.ra, self.dec, self.angle)

    def offsets(self, ra: Floats | float, dec: Floats | float) -> tuple[Floats, Floats]:
        """Gnomonic offsets [arcsec] from the tangent point for ICRS positions [deg]: to the left and up in the image.

        They are to the east and north unless the image is turned.
        """
        west, north = self.plane.project(ra, dec)
        return -west, north

    def east_north(self, ra: Floats | float, dec: Floats | float) -> tuple[Floats, Floats]:
        """Gnomonic offsets [arcsec] to the east and north of the tangent point for ICRS positions [deg]."""
        west, north = TangentPlane(self.ra, self.dec).project(ra, dec)
        return -west, north

    def position(self, east: Floats | float, north: Floats | float) -> tuple[Floats, Floats]:
        """ICRS position [deg] for offsets [arcsec]: the inverse of `offsets`."""
        return self.plane.positions(-np.asarray(east), np.asarray(north))

    def sources_within(self, ra: float, dec: float, radius: float) -> int:
        """Count the sources about a position: peaks that are no spaxel's neighbour and not much fainter than another.

        Parameters
        ----------
        ra, dec : float
            ICRS position [deg].
        radius : float
            Distance within which they are [arcsec].

        Returns
        -------
        int
            0 where the image has nothing.
        """
        east, north = (float(v) for v in self.offsets(ra, dec))
        x, y, light, dark = self._peaks
        distance = np.hypot(-(x - self.x0) * self.spaxel - east, (y - self.y0) * self.spaxel - north)
        peaks = light[distance <= radius]
        if not peaks.size:
            return 0
        return max(int(np.count_nonzero(peaks - dark > _FAINTEST * (peaks.max() - dark))), 1)

    @cached_property
    def _peaks(self) -> tuple[Integers, Integers, Singles, float]:
        """Columns, rows and brightness of the spaxels that no neighbour outshines, and the image's median."""
        light = np.where(np.isfinite(self.image), self.image, -np.inf)
        padded = np.pad(light, _PEAK, constant_values=-np.inf)
        around = np.lib.stride_tricks.sliding_window_view(padded, (2 * _PEAK + 1, 2 * _PEAK + 1)).max(axis=(2, 3))
        y, x = np.nonzero(np.isfinite(light) & (light == around))
        return x, y, light[y, x], float(np.nanmedian(self.image)) if y.size else 0.0


@dataclass(frozen=True, eq=False)
class Coverage:
    """Planes of each spaxel with and without a value, on the grid of the cube before correction.

    Parameters
    ----------
    band : str
        Band of the cube.
    planes : int
        Planes of the cube.
    before : ndarray of int64, shape (ny, nx)
        Planes that have a value before correction.
    lost : ndarray of int64, shape (ny, nx)
        Planes that have a value before correction and none after.
    bright : ndarray of bool, shape (ny, nx)
        Spaxels with at least `BRIGHT` of the brightness of the brightest one, in white light.
    """

    band: str
    planes: int
    before: Integers
    lost: Integers
    bright: Mask

    @property
    def summary(self) -> str:
        """Number of spaxels that lose planes, in a sentence."""
        covered, losing = int((self.before > 0).sum()), int((self.lost > 0).sum())
        if not losing:
            return f"No spaxel loses planes by the correction ({covered} have data)."
        every = int(((self.lost > 0) & (self.lost == self.before)).sum())
        share = 100 * self.lost.sum() / self.before.sum()
        bright = int((self.bright & (self.lost > 0)).sum())
        return (
            f"{losing} of {covered} spaxels lose planes by the correction, {every} of them all ({share:.2g} % of all "
            f"values); {bright} of the {int(self.bright.sum())} bright ones do."
        )

    def at(self, x: int, y: int) -> str:
        """Say what a spaxel loses; empty where it has no data."""
        if not (0 <= y < self.before.shape[0] and 0 <= x < self.before.shape[1]) or not self.before[y, x]:
            return ""
        return f"spaxel x {x}, y {y}: {self.lost[y, x]} of {self.before[y, x]} planes lost"


def is_bright(image: np.ndarray) -> Mask:
    """Tell which spaxels of an image in white light are bright, see `Coverage`."""
    with np.errstate(invalid="ignore"):
        bright: Mask = image >= BRIGHT * np.nanmax(image)
        return bright
