"""Where exposures are put on the sky, other than their WCS says."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from atm_viewer.engine.arrays import Floats


@dataclass(frozen=True)
class Placement:
    """Shift of an exposure on the sky: first to follow a moving target, then by an offset.

    Parameters
    ----------
    ra, dec : float
        Added to right ascension and declination [deg], as jwst's ``assign_mtwcs`` does.
    east, north : float
        Distances along both directions [arcsec], as in the ``offset_file`` of jwst's ``cube_build``.
    following : bool
        Whether it follows a moving target; then it may still be at rest.
    """

    ra: float = 0.0
    dec: float = 0.0
    east: float = 0.0
    north: float = 0.0
    following: bool = False

    def __bool__(self) -> bool:
        return bool(self.ra or self.dec or self.east or self.north)

    def positions(self, ra: Floats, dec: Floats) -> tuple[Floats, Floats]:
        """Shift ICRS positions [deg]; without a shift they are given back as they are."""
        if self.ra or self.dec:
            ra, dec = ra + self.ra, dec + self.dec
        if self.east or self.north:
            # What SkyCoord.spherical_offsets_by does: the place that a frame about each position calls (east, north).
            east, north = (math.radians(distance / 3600.0) for distance in (self.east, self.north))
            x, y, z = math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north)
            sin, cos = np.sin(np.radians(dec)), np.cos(np.radians(dec))
            away, up = cos * x - sin * z, sin * x + cos * z
            ra, dec = ra + np.degrees(np.arctan2(y, away)), np.degrees(np.arctan2(up, np.hypot(away, y)))
        return ra, dec


#: As the WCS has it.
AS_OBSERVED = Placement()
