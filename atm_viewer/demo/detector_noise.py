"""Adds noise, bad pixels and variances to a noiseless detector image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

DO_NOT_USE = 2**0
NON_SCIENCE = 2**9
"""Bits of the pipeline's data quality array."""


@dataclass(frozen=True)
class Noise:
    """Strength of the noise in units of surface brightness.

    Attributes
    ----------
    read : float
        Standard deviation of the read noise in MJy/sr.
    poisson : float
        Variance of the photon noise over the signal in MJy/sr.
    """

    read: float
    poisson: float


def calibrated_arrays(
    image: NDArray[np.float64], region: NDArray[np.int32], noise: Noise, rng: np.random.Generator
) -> dict[str, NDArray[Any]]:
    """Arrays of a cal file, by their names in the data model.

    Parameters
    ----------
    image : ndarray of float64, shape (ysize, xsize)
        Noiseless surface brightness in MJy/sr.
    region : ndarray of int32, shape (ysize, xsize)
        Slice numbers, zero between slices.
    noise : Noise
        Strength of the noise.
    rng : numpy.random.Generator
        Source of the noise and of the places of bad pixels.

    Returns
    -------
    dict of ndarray, shape (ysize, xsize)
        ``data`` and ``err`` in MJy/sr, ``var_poisson``, ``var_rnoise`` and ``var_flat`` (zero) in their squares, all
        float32 and NaN where ``dq`` (uint32) has DO_NOT_USE: in bad pixels and between slices.
    """
    between = region == 0
    unusable = _bad_pixels(image.shape, rng) | between
    dq = np.where(unusable, DO_NOT_USE, 0).astype(np.uint32)
    dq[between] |= NON_SCIENCE

    photon = noise.poisson * np.clip(image, 0, None)
    error = np.sqrt(photon + noise.read**2)
    arrays = {
        "data": image + error * rng.standard_normal(image.shape),
        "err": error,
        "var_poisson": photon,
        "var_rnoise": np.full_like(image, noise.read**2),
        "var_flat": np.zeros_like(image),
    }
    return {name: np.where(unusable, np.nan, a).astype(np.float32) for name, a in arrays.items()} | {"dq": dq}


def _bad_pixels(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Single bad pixels all over, and clusters of up to 3 by 3."""
    bad = rng.random(shape) < 0.005
    for y, x, height, width in rng.integers((0, 0, 2, 1), (*shape, 4, 4), size=(150, 4)):
        bad[y : y + height, x : x + width] = True
    return bad
