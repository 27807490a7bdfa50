"""Slice, position along and across it, and wavelength of every detector pixel of an image slicer."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class DetectorGeometry:
    """Coordinates of all pixels of a detector.

    Attributes
    ----------
    region : ndarray of int32, shape (ysize, xsize)
        Number of the slice, zero between slices.
    alpha, beta : ndarray of float64, shape (ysize, xsize)
        Place of the pixel's centre along and across its slice in arcsec, NaN between slices.
    wavelength : ndarray of float64, shape (ysize, xsize)
        Wavelength of the pixel's centre in um, NaN between slices.
    pixel_width : float
        Width of a pixel along the slice in arcsec.
    slice_width : ndarray of float64, shape (ysize, xsize)
        Width of the pixel's slice in arcsec, NaN between slices.
    """

    region: NDArray[np.int32]
    alpha: NDArray[np.float64]
    beta: NDArray[np.float64]
    wavelength: NDArray[np.float64]
    pixel_width: float
    slice_width: NDArray[np.float64]

    def transposed(self) -> DetectorGeometry:
        """Exchange the detector's axes."""
        return replace(
            self,
            region=self.region.T.copy(),
            alpha=self.alpha.T.copy(),
            beta=self.beta.T.copy(),
            wavelength=self.wavelength.T.copy(),
            slice_width=self.slice_width.T.copy(),
        )
