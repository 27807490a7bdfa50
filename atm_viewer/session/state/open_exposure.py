"""An open exposure as part of the session's state."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from atm_viewer.engine.results.exposure_view import ExposureView
from atm_viewer.engine.tangent import TangentPlane
from atm_viewer.session.state.cursor import SliceMap, map_slices
from atm_viewer.session.state.selection import brightest_slice, slices_of


@dataclass(frozen=True)
class Mark:
    """Size and hash by which a file is recognised, even under another name.

    Parameters
    ----------
    size : int
        Size of the file [byte].
    digest : str
        Hash of its beginning, where a FITS file has its header.
    """

    size: int
    digest: str


@dataclass(frozen=True)
class OpenExposure:
    """An exposure in the session.

    Parameters
    ----------
    view : ExposureView
        The exposure.
    slices : tuple of int
        Its slice numbers, ascending.
    brightest : int
        The slice that seems brightest, as long as there is no report.
    slice_map : SliceMap
        Where its slices lie, for the cursor.
    included : bool
        Whether it takes part in sky image, spectra and products.
    mark : Mark or None
        Recognises the file later; None when it could not be read.
    centre : (float, float)
        Where it looks, roughly, ICRS [deg]; NaN where that is not known.
    """

    view: ExposureView
    slices: tuple[int, ...]
    brightest: int
    slice_map: SliceMap
    included: bool = True
    mark: Mark | None = None
    centre: tuple[float, float] = (math.nan, math.nan)

    def apart(self, other: OpenExposure) -> float:
        """Distance from another exposure on the sky [arcsec]; 0 where it is not known."""
        plane = TangentPlane(*self.centre)
        if not plane.faces(*other.centre):
            return math.inf if math.isfinite(sum(self.centre + other.centre)) else 0.0
        return float(np.hypot(*plane.project(*other.centre)))


def examine(view: ExposureView, mark: Mark | None = None) -> OpenExposure:
    """Find out what takes all pixels into account, so it is not for the window's thread."""
    slices = slices_of(view)
    slice_map = map_slices(view)
    return OpenExposure(view, slices, brightest_slice(view, slices), slice_map, mark=mark, centre=_centre(view))


def _centre(view: ExposureView) -> tuple[float, float]:
    if view.follows is not None:
        return view.follows
    ra, dec = np.asarray(view.ra), np.asarray(view.dec)
    seen = np.flatnonzero(np.isfinite(ra) & np.isfinite(dec))
    middle = seen[seen.size // 2] if seen.size else None
    return (math.nan, math.nan) if middle is None else (float(ra.flat[middle]), float(dec.flat[middle]))
