"""Measures of the resampling noise of a spectrum."""

from __future__ import annotations

import numpy as np

from atm_viewer.engine.arrays import Floats
from atm_viewer.engine.statistics import robust_sigma


def resampling_noise(spaxel: Floats, aperture: Floats) -> float:
    """Scatter of a spaxel's spectrum over that of an aperture, about a smooth trend.

    The ratio of the two removes lines, continuum and everything else they share; a cubic takes out what a point-
    spread function that grows with wavelength does to it; 1.4826 times the median absolute deviation, over the
    median ratio, is the standard deviation for Gaussian scatter and ignores outliers.

    Parameters
    ----------
    spaxel, aperture : ndarray, shape (n,)
        Spectra on the same wavelengths; NaN where there is none.

    Returns
    -------
    float
        Fraction of the flux; NaN with fewer than 20 wavelengths in common or a ratio that is not positive.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = spaxel / aperture
    valid = np.isfinite(ratio)
    if valid.sum() < 20:
        return float("nan")
    x = np.linspace(-1, 1, ratio.size)[valid]
    ratio = ratio[valid]
    level = np.median(ratio)
    if not level > 0:
        return float("nan")
    residual = ratio - np.polynomial.Polynomial.fit(x, ratio, 3)(x)
    return float(robust_sigma(residual - np.median(residual)) / level)
