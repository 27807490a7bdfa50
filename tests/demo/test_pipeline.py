"""The pipeline takes the demo's exposures as its own, and what they are to show is there to be seen."""

from __future__ import annotations

import numpy as np
import pytest
from stdatamodels.jwst import datamodels

from atm_viewer.demo.exposures import instrument_named
from atm_viewer.resources import resource


def _cube(model, instrument: str, **limits):
    from jwst.cube_build import CubeBuildStep
    from jwst.datamodels import ModelContainer

    step = CubeBuildStep()
    step.override_cubepar = str(resource(f"cubepar/{instrument}_cubepar.fits"))
    for name, value in limits.items():
        setattr(step, name, value)
    (cube,) = step.process(ModelContainer([model]))
    return cube


def _noise(spectrum: np.ndarray) -> float:
    """Scatter of a spectrum about a cubic, robust against lines."""
    x = np.linspace(-1, 1, spectrum.size)
    kept = np.isfinite(spectrum)
    for _ in range(4):
        ratio = spectrum / np.polyval(np.polyfit(x[kept], spectrum[kept], 3), x)
        kept = np.abs(ratio - 1) < 4 * 1.4826 * np.nanmedian(np.abs(ratio - 1))
    return 1.4826 * np.nanmedian(np.abs(ratio - 1))


def _brightest_and_aperture(cube, radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Spectra of the brightest spaxel and of an aperture around it, radius in arcsec."""
    image = np.nansum(cube.data, axis=0)
    y, x = np.unravel_index(np.nanargmax(image), image.shape)
    rows, columns = np.indices(image.shape)
    within = np.hypot(rows - y, columns - x) * cube.meta.wcsinfo.cdelt2 * 3600 < radius
    return cube.data[5:-5, y, x], np.nansum(cube.data[5:-5, within], axis=1)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of the empty channel 2, in jwst
@pytest.mark.parametrize(
    ("instrument", "fit_threshold", "radius", "limits"),
    [
        ("miri", 600.0, 0.6, {"channel": "1", "wavemin": 4.95, "wavemax": 5.15}),
        ("nirspec", 700.0, 0.3, {"wavemin": 1.7, "wavemax": 1.9}),
    ],
)
def test_the_trace_model_removes_resampling_noise_that_is_plain_to_see(
    demo_set, instrument, fit_threshold, radius, limits
):
    """One exposure, part of its band; the threshold leaves the slices of the brightest spaxel to be fitted."""
    from jwst.adaptive_trace_model.trace_model import fit_and_oversample

    wavelength = instrument_named(instrument).detector_geometry().wavelength
    with datamodels.open(demo_set(instrument)[0]) as model:
        elsewhere = (wavelength < limits["wavemin"] - 0.02) | (wavelength > limits["wavemax"] + 0.02)
        for name in ("data", "err", "var_poisson", "var_rnoise", "var_flat"):
            getattr(model, name)[elsewhere] = np.nan
        before, aperture = _brightest_and_aperture(_cube(model.copy(), instrument, **limits), radius)
        fit_and_oversample(model, fit_threshold=fit_threshold, oversample_factor=2.0)
        fitted = np.unique(model.regions[np.isfinite(model.trace_model)])
        after, _ = _brightest_and_aperture(_cube(model, instrument, **limits), radius)
    assert 1 <= fitted.size <= 6
    assert _noise(before) > 0.05, "resampling noise of a single exposure is tens of percent to several percent"
    assert _noise(before) > 4 * _noise(aperture)
    assert _noise(after) < _noise(before) / 3
