"""On flight geometry a pixel's sky position and wavelength lead back to the pixel, and quickly."""

from __future__ import annotations

import time

import numpy as np
import pytest

from atm_viewer.engine.io.exposure import open_exposure
from atm_viewer.session.state.cursor import at_alpha, at_pixel, at_sky, map_slices
from tests.flight.pipeline_reference import exposures, why_absent

pytestmark = [
    pytest.mark.skipif(why_absent() is not None, reason=str(why_absent())),
    pytest.mark.timeout(1200),
]

LIMIT = 0.005  # seconds that finding a place may take while the mouse moves


@pytest.fixture(scope="module", params=("mrs34C-pair-1", "nrsPRISM-pair-1"))
def view(request):
    exposure = open_exposure(exposures(request.param)[0])
    yield exposure.view()
    exposure.close()


def test_from_pixel_to_sky_and_back(view, record_property):
    slices = map_slices(view)
    pixels = np.argwhere((view.regions > 0) & np.isfinite(view.wavelength) & np.isfinite(view.ra))
    chosen = pixels[np.random.default_rng(4).choice(len(pixels), 2000, replace=False)]
    seconds = []
    for y, x in chosen:
        there = at_pixel(view, int(x), int(y))
        begun = time.perf_counter()
        found = at_sky(view, slices, there.ra, there.dec, there.wavelength)
        seconds.append(time.perf_counter() - begun)
        assert (found.pixel, found.number) == ((x, y), there.number)
        assert at_alpha(view, slices, there.number, there.column, there.alpha).pixel == (x, y)
    record_property("seconds for a place", float(np.median(seconds)))
    assert np.median(seconds) < LIMIT


def test_a_place_between_pixels_is_in_the_pixel_nearest_to_it(view):
    """A tenth of a pixel off, along the slice and in wavelength, the pixel is the same."""
    slices = map_slices(view)
    number = view.slices[len(view.slices) // 2]
    along = view.dispersion_axis
    inner = np.argwhere(view.regions == number)
    inner = inner[(inner[:, along] > 20) & (inner[:, along] < view.sci.shape[along] - 20)][::97]
    tried = 0
    for y, x in inner:
        across = (y, x + 1) if along == 0 else (y + 1, x)
        onward = (y + 1, x) if along == 0 else (y, x + 1)
        if {int(view.regions[p]) for p in (across, onward)} != {number} or not np.isfinite(view.ra[across]):
            continue
        ra, dec = (a[y, x] + 0.1 * (a[across] - a[y, x]) for a in (view.ra, view.dec))
        wavelength = view.wavelength[y, x] + 0.1 * (view.wavelength[onward] - view.wavelength[y, x])
        assert at_sky(view, slices, float(ra), float(dec), float(wavelength)).pixel == (x, y)
        tried += 1
    assert tried > 50
