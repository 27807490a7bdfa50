"""Width of the point-spread function from published formulas.

It is that of the image that falls on the slicer, before pixels and slices widen it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

#: Full width at half maximum of a Gaussian in standard deviations: `astropy.stats.gaussian_sigma_to_fwhm`, without the
#: import of it, which the window's process would wait for.
SIGMA_TO_FWHM = 2.0 * math.sqrt(2.0 * math.log(2.0))

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
