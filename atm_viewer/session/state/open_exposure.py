"""An open exposure as part of the session's state."""

from __future__ import annotations

from dataclasses import dataclass

from atm_viewer.engine.results.exposure_view import ExposureView
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
    """

    view: ExposureView
    slices: tuple[int, ...]
    brightest: int
    slice_map: SliceMap
    included: bool = True
    mark: Mark | None = None


def examine(view: ExposureView, mark: Mark | None = None) -> OpenExposure:
    """Find out what takes all pixels into account, so it is not for the window's thread."""
    slices = slices_of(view)
    return OpenExposure(view, slices, brightest_slice(view, slices), map_slices(view), mark=mark)
