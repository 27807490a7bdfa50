"""Cubes open in what jdaviz reads cubes with: specutils' loader of JWST's s3d files, found by itself."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from atm_viewer.engine.output.products import write_cubes
from atm_viewer.engine.recipe import Recipe
from tests.engine.output.test_products import coarse_cubepar, exposures


@pytest.mark.parametrize("kind", [None, "JWST s3d"])
def test_specutils_opens_a_cube(cube, kind):
    from specutils import Spectrum

    read = Spectrum.read(str(cube), **({} if kind is None else {"format": kind}))
    with fits.open(cube) as hdus:
        assert read.flux.unit == hdus["SCI"].header["BUNIT"]
        assert hdus["ATM_RECIPE"].header["APPLIED"]
        wanted = hdus["SCI"].data
        np.testing.assert_array_equal(read.flux.value, wanted)
        first, step, count = (hdus["SCI"].header[name] for name in ("CRVAL3", "CDELT3", "NAXIS3"))
    wave = read.spectral_axis.to_value("um")
    np.testing.assert_allclose(wave, first + step * np.arange(count), rtol=1e-6)
    assert read.uncertainty.array.shape == read.flux.shape


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cube")
    recipe = Recipe(oversample=2, fit_threshold=1e9)
    options = {"which": "after", "channel": "1", "cubepar": coarse_cubepar("miri", folder)}
    (path,) = write_cubes(exposures("miri")[:1], recipe, folder, "star", **options)
    return path
