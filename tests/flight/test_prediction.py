"""Predicted artifacts on flight geometry: they are what spectra of stars with noise show."""

from __future__ import annotations

import numpy as np
import pytest

from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.progress import no_progress
from atm_viewer.engine.psf import psf_fwhm
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.service.bench import Bench
from atm_viewer.engine.service.prediction import predict
from atm_viewer.session.state.source import light_centre
from tests.flight.pipeline_reference import exposures, why_absent

pytestmark = pytest.mark.skipif(why_absent() is not None, reason=str(why_absent()))


def flat(values: np.ndarray) -> np.ndarray:
    """Values over a cubic."""
    x, valid = np.linspace(-1, 1, values.size), np.isfinite(values)
    return values / np.polynomial.Polynomial.fit(x[valid], values[valid], 3)(x)


def alike(predicted: np.ndarray, measured: np.ndarray) -> float:
    """Correlation of two ratios, without bad pixels in the measured one."""
    a, b = flat(predicted), flat(measured)
    valid = np.isfinite(a) & np.isfinite(b)
    valid &= np.abs(b - 1) < 15 * np.median(np.abs(b[valid] - 1))
    return float(np.corrcoef(a[valid], b[valid])[0, 1])


@pytest.mark.parametrize(("case", "band"), [("mrs12A-star-1", "ch1-short"), ("nrsG235M-star-1", "g235m-f170lp")])
def test_the_prediction_is_what_the_star_shows(case, band, record_property):
    bench = Bench()
    [view] = bench.open([exposures(case)[0]], no_progress).exposures
    image = bench.sky_image((view.key,), band, no_progress)
    extraction = Extraction((view.key,), Recipe(), band, *image.peak, 5 * image.spaxel)
    star = light_centre(image, *image.peak, psf_fwhm(view.instrument, float(np.nanmedian(view.wavelength))))
    assert star is not None
    measured = bench.spectra(extraction, no_progress)
    predicted = predict(bench, extraction, star, no_progress)
    found = alike(predicted.before, measured.before / measured.aperture_before)
    record_property("correlation, predicted, measured", str((found, predicted.noise_before, measured.noise_before)))
    assert found > 0.97
    assert predicted.noise_before == pytest.approx(measured.noise_before, rel=0.2)
    assert predicted.noise_after == pytest.approx(measured.noise_after, rel=0.25)
    bench.close([view.key])
