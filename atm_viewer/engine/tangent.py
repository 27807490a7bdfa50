"""Tangent planes of the sky (gnomonic projection), and transforms between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from atm_viewer.engine.arrays import Floats, Mask

ARCSEC_PER_RADIAN = 180.0 * 3600.0 / math.pi
#: Steradians per square arcsecond, as ``cube_build`` writes them into headers.
STERADIANS = 2.3504e-11


def turned(xi: Floats, eta: Floats, angle: float) -> tuple[Floats, Floats]:
    """Coordinates along axes to the west and north, along axes turned to the east by an angle [deg]."""
    if not angle:
        return xi, eta
    turn = -angle * (math.pi / 180.0)
    return xi * math.cos(turn) - eta * math.sin(turn), xi * math.sin(turn) + eta * math.cos(turn)


@dataclass(frozen=True)
class TangentPlane:
    """Plane that touches the sky: x grows to the west, y to the north, both in arcsec, unless it is turned.

    Parameters
    ----------
    ra, dec : float
        Where it touches, ICRS [deg].
    angle : float
        Position angle of y, from north through east [deg].
    """

    ra: float
    dec: float
    angle: float = 0.0

    @cached_property
    def axes(self) -> Floats:
        """Unit vectors along x, along y and to the point of contact, as rows."""
        a, d = math.radians(self.ra), math.radians(self.dec)
        axes = np.array(
            [
                [math.sin(a), -math.cos(a), 0.0],
                [-math.sin(d) * math.cos(a), -math.sin(d) * math.sin(a), math.cos(d)],
                [math.cos(d) * math.cos(a), math.cos(d) * math.sin(a), math.sin(d)],
            ]
        )
        axes[:2] = turned(axes[0], axes[1], self.angle)
        return axes

    def project(self, ra: Floats | float, dec: Floats | float) -> tuple[Floats, Floats]:
        """Coordinates [arcsec] of ICRS positions [deg] (``jwst.cube_build.coord.radec2std``)."""
        ra0, dec0 = math.radians(self.ra), math.radians(self.dec)
        difference = np.asarray(ra) * (math.pi / 180.0) - ra0
        d = np.asarray(dec) * (math.pi / 180.0)
        sin, cos, along = np.sin(d), np.cos(d), np.cos(difference)
        h = sin * math.sin(dec0) + cos * math.cos(dec0) * along
        xi = -(cos * np.sin(difference) / h) * ARCSEC_PER_RADIAN
        eta = (sin * math.cos(dec0) - cos * math.sin(dec0) * along) / h * ARCSEC_PER_RADIAN
        return turned(xi, eta, self.angle)

    def faces(self, ra: Floats | float, dec: Floats | float) -> Mask:
        """Whether ICRS positions [deg] are on this half of the sky; `project` takes opposite ones for each other."""
        a, d = np.radians(ra), np.radians(dec)
        x, y, z = self.axes[2]
        return np.asarray((x * np.cos(a) + y * np.sin(a)) * np.cos(d) + z * np.sin(d) > 0.0)

    def positions(self, xi: Floats, eta: Floats) -> tuple[Floats, Floats]:
        """ICRS positions [deg] of points of the plane [arcsec]: the inverse of `project`."""
        dec0 = math.radians(self.dec)
        xi, eta = turned(np.asarray(xi), np.asarray(eta), -self.angle)
        x, y = -xi / ARCSEC_PER_RADIAN, eta / ARCSEC_PER_RADIAN
        base = math.cos(dec0) - y * math.sin(dec0)
        ra = self.ra + np.degrees(np.arctan2(x, base))
        dec = np.degrees(np.arctan2(math.sin(dec0) + y * math.cos(dec0), np.hypot(x, base)))
        return ra % 360.0, dec

    def matrix(self, other: TangentPlane) -> Floats:
        """Matrix that takes (x, y, 1) of this plane [arcsec] to those of another, up to a factor; shape (3, 3)."""
        m = other.axes @ self.axes.T
        scaled: Floats = m * [[1.0, 1.0, ARCSEC_PER_RADIAN]] / [[1.0], [1.0], [ARCSEC_PER_RADIAN]]
        return scaled

    def onto(self, other: TangentPlane, xi: Floats, eta: Floats) -> tuple[Floats, Floats]:
        """Coordinates [arcsec] in another plane of points of this one: no trigonometry, since lines stay lines."""
        m = self.matrix(other)
        h = m[2, 0] * xi + m[2, 1] * eta + m[2, 2]
        return (m[0, 0] * xi + m[0, 1] * eta + m[0, 2]) / h, (m[1, 0] * xi + m[1, 1] * eta + m[1, 2]) / h
