"""Robust statistics."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Standard deviation of a normal distribution over its median absolute deviation, with the digits that the products'
#: documentation gives (`astropy.stats.mad_std` has more, which would change every noise in its sixth digit).
MAD_TO_SIGMA = 1.4826


def robust_sigma(deviations: NDArray[np.floating]) -> float:
    """Estimate a standard deviation by the median of absolute deviations, which outliers hardly change.

    Parameters
    ----------
    deviations : ndarray
        Deviations from the middle; not empty and without NaN.

    Returns
    -------
    float
    """
    return float(MAD_TO_SIGMA * np.median(np.abs(deviations)))
