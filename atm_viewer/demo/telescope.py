"""Telescope pointing: transforms from the slicer's plane to the sky and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atm_viewer.demo.detector_geometry import DetectorGeometry
from atm_viewer.demo.scene import Direction

ROLL = 33.0
"""Position angle of the V3 axis at the field of view in degrees."""


@dataclass(frozen=True)
class FieldOfView:
    """Rigid placement of the slicer's plane (alpha, beta) in the telescope's field (V2, V3).

    Attributes
    ----------
    v2, v3 : float
        Telescope coordinates of alpha = beta = 0 in arcsec.
    angle : float
        Angle from the V2 axis to the alpha axis in degrees, towards -V3.
    parity : int
        +1 when alpha and beta turn as V2 and V3 do, -1 when they are mirrored.
    """

    v2: float
    v3: float
    angle: float
    parity: int

    @property
    def matrix(self) -> NDArray[np.float64]:
        """Orthogonal matrix of shape (2, 2) that turns (alpha, beta) into (V2, V3) offsets."""
        cos, sin = np.cos(np.radians(self.angle)), np.sin(np.radians(self.angle))
        return np.array([[cos, self.parity * sin], [-sin, self.parity * cos]])


def aim(model: Any, field: FieldOfView, star: Direction, place: tuple[float, float]) -> None:
    """Write the pointing at which a star falls on a place of the slicer's plane into an exposure's metadata.

    Parameters
    ----------
    model : `~stdatamodels.jwst.datamodels.IFUImageModel`
        Exposure to write to.
    field : FieldOfView
        Placement of the slicer.
    star : Direction
        Direction of the star.
    place : tuple of float
        Where it is to fall, (alpha, beta) in arcsec.
    """
    v2, v3 = field.matrix @ place
    cos, sin = np.cos(np.radians(ROLL)), np.sin(np.radians(ROLL))
    reference = star.moved(east=-(cos * v2 + sin * v3), north=-(cos * v3 - sin * v2))
    info = model.meta.wcsinfo
    info.wcsaxes = 3
    info.v2_ref, info.v3_ref, info.roll_ref = field.v2, field.v3, ROLL
    info.v3yangle, info.vparity = field.angle, field.parity
    info.ra_ref, info.dec_ref = reference.ra, reference.dec
    model.meta.velocity_aberration.scale_factor = 1.0
    model.meta.target.ra, model.meta.target.dec = star.ra, star.dec


def locate(model: Any, field: FieldOfView, direction: Direction) -> tuple[float, float]:
    """Place (alpha, beta) in arcsec on the slicer's plane at which an aimed exposure sees a direction."""
    from jwst.assign_wcs.pointing import v23tosky

    v2, v3 = v23tosky(model).inverse(direction.ra, direction.dec)
    alpha, beta = field.matrix.T @ (v2 - field.v2, v3 - field.v3)
    return float(alpha), float(beta)


def sky_steps(model: Any) -> list[tuple[Any, Any]]:
    """Last steps of an aimed exposure's WCS: from (V2, V3, wavelength) to (RA, Dec, wavelength).

    Frames are ``v2v3``, ``v2v3vacorr`` and ``world``, in arcsec, degrees and um.
    """
    import gwcs.coordinate_frames as cf
    from astropy import coordinates as coord
    from astropy import units as u
    from astropy.modeling.models import Identity
    from jwst.assign_wcs import pointing

    spectral = cf.SpectralFrame(name="spec", axes_order=(2,), unit=(u.micron,), axes_names=("lambda",))
    sky = cf.CelestialFrame(
        name="icrs", reference_frame=coord.ICRS(), axes_order=(0, 1), unit=(u.deg, u.deg), axes_names=("RA", "DEC")
    )

    def telescope(name: str) -> Any:
        spatial = cf.Frame2D(
            name=f"{name}_spatial", axes_order=(0, 1), unit=(u.arcsec, u.arcsec), axes_names=("v2", "v3")
        )
        return cf.CompositeFrame([spatial, spectral], name=name)

    info = model.meta.wcsinfo
    aberration = pointing.dva_corr_model(model.meta.velocity_aberration.scale_factor, info.v2_ref, info.v3_ref)
    return [
        (telescope("v2v3"), aberration & Identity(1)),
        (telescope("v2v3vacorr"), pointing.v23tosky(model) & Identity(1)),
        (cf.CompositeFrame([sky, spectral], name="world"), None),
    ]


def write_footprint(model: Any, field: FieldOfView, slices: DetectorGeometry) -> None:
    """Write what an exposure covers on the sky and in wavelength into its metadata, as ``assign_wcs`` does."""
    from jwst.assign_wcs.pointing import v23tosky
    from jwst.assign_wcs.util import update_s_region_keyword

    corners = np.array([(a, b) for a in _range(slices.alpha) for b in _range(slices.beta)])
    ra, dec = v23tosky(model)(*(field.matrix @ corners.T + [[field.v2], [field.v3]]))
    (west, east), (south, north) = _range(ra), _range(dec)
    update_s_region_keyword(model, np.array([[west, south], [east, south], [east, north], [west, north]]))
    model.meta.wcsinfo.spectral_region = _range(slices.wavelength)


def _range(array: NDArray[np.float64]) -> tuple[float, float]:
    return float(np.nanmin(array)), float(np.nanmax(array))
