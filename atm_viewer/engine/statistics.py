"""Robust statistics."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from atm_viewer.engine.arrays import Reals

#: Standard deviation of a normal distribution over its median absolute deviation, with the digits that the products'
#: documentation gives (`astropy.stats.mad_std` has more, which would change every noise in its sixth digit).
MAD_TO_SIGMA = 1.4826

#: How ``astropy.stats.sigma_clipped_stats`` clips by default, and the pipeline with it.
_SIGMA, _MOST_CLIPPINGS = 3.0, 5


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


def sigma_clipped(values: Reals, default: float) -> tuple[Any, Any]:
    """Mean and standard deviation of what sigma clipping leaves, equal to ``astropy.stats.sigma_clipped_stats``.

    Clipping about the median takes values off both ends: sorted once, the median is always the middle of what is left.

    Parameters
    ----------
    values : ndarray of float
        Any number; what is not finite does not count.
    default : float
        Returned for both when no value is finite.

    Returns
    -------
    mean, sigma : float or float32
        In the precision of the values.
    """
    kept = values[np.isfinite(values)]
    if not kept.size:
        return default, default
    ranked = np.sort(kept)
    for _ in range(_MOST_CLIPPINGS):
        middle = ranked[(ranked.size - 1) // 2 : ranked.size // 2 + 1].mean()
        # The values in their own order: the rounding of a sum depends on it.
        reach = _SIGMA * kept.std()
        low, high = middle - reach, middle + reach
        size = kept.size
        kept = kept[(kept >= low) & (kept <= high)]
        if kept.size == size:
            break
        ranked = ranked[np.searchsorted(ranked, low) : np.searchsorted(ranked, high, "right")]
    return kept.mean(), kept.std()
