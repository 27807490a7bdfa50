"""How far a correction is from the pipeline's, array by array."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np

from atm_viewer.engine.io.exposure import Exposure
from atm_viewer.engine.trace.oversample import Corrected

FLOATS = {
    "data": "sci",
    "err": "err",
    "var_rnoise": "var_rnoise",
    "var_poisson": "var_poisson",
    "var_flat": "var_flat",
    "trace_model": "trace",
}


def largest_differences(exposure: Exposure, ours: Corrected, pipeline: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Largest difference of each array, over the peak of its column.

    NaN patterns, flags, region map and wavelengths are asserted to be identical.
    """
    assert np.array_equal(ours.dq, pipeline["dq"])
    if ours.oversample > 1:
        assert np.array_equal(ours.regions, pipeline["regions"])
        assert np.array_equal(ours.wavelength, pipeline["wavelength"], equal_nan=True)
    return {
        name: _relative(exposure, getattr(ours, field), pipeline[name], name)
        for name, field in FLOATS.items()
        if name in pipeline
    }


def _relative(exposure: Exposure, ours: np.ndarray, theirs: np.ndarray, name: str) -> float:
    assert ours.shape == theirs.shape, name
    assert np.array_equal(np.isnan(ours), np.isnan(theirs)), name
    across = 1 if exposure.rotated else 0
    difference = np.abs(ours.astype(float) - theirs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        peak = np.nanmax(np.abs(theirs.astype(float)), axis=across, keepdims=True)
        return float(np.nanmax(np.where(difference > 0, difference / peak, 0.0)))
