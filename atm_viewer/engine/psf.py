"""Width of the point-spread function from published formulas.

It is that of the image that falls on the slicer, before pixels and slices widen it. Apertures in cubes follow what is
seen there, which for NIRSpec is wider (`atm_viewer.engine.analysis.aperture_series`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

#: What people are told about where the widths come from.
SOURCES = {
    "MIRI": "FWHM = 0.033 λ/µm + 0.106″ (MIRI MRS; Law et al. 2023, AJ 166, 45)",
    "NIRSPEC": "FWHM² = (0.0323 λ/µm)² + 0.045² [″²] (diffraction limit of 6.5 m plus 0.045″ instrument; approximate)",
}


def psf_fwhm(instrument: str, wavelength: Any) -> Any:
    """Full width at half maximum of the point-spread function.

    Parameters
    ----------
    instrument : str
        ``MIRI`` or ``NIRSPEC``.
    wavelength : float or ndarray
        Wavelength [um].

    Returns
    -------
    float or ndarray
        Width [arcsec], see `SOURCES`.
    """
    if instrument == "MIRI":
        return 0.033 * wavelength + 0.106
    return np.hypot(0.0323 * wavelength, 0.045)
