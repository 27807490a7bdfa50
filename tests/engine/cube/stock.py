"""What the pipeline's own ``cube_build`` makes, for comparison with our cubes."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from astropy.io import fits

#: What differs between the instruments is the same whatever the axes and the engine are.
ENGINES = pytest.mark.parametrize(
    ("case", "engine", "options"),
    [
        ("miri", "own", {}),
        ("miri", "own", {"coord_system": "ifualign"}),
        ("miri", "pipeline", {}),
        ("nirspec", "own", {}),
    ],
    indirect=["case"],
    ids=str,
)


def stock_cube(exposures, cubepar, channel, **options):
    """Cube of one band of exposures, which are paths or datamodels."""
    from jwst.cube_build import CubeBuildStep
    from jwst.datamodels import ModelContainer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        step = CubeBuildStep(override_cubepar=str(cubepar), output_type="band", channel=channel or "all", **options)
        (cube,) = step.process(ModelContainer(exposures))
    return cube


def assert_equal(path, cube, names=("crval1", "crval2", "crpix1", "crpix2", "pc1_2")):
    """Compare a cube of ours with a stock one: grid and masks identical, values to 1e-6 of the largest."""
    with fits.open(path) as hdus:
        for name in names:
            wanted = getattr(cube.meta.wcsinfo, name)
            assert hdus["SCI"].header[name.upper()] == pytest.approx(wanted, abs=1e-11)
        for name, theirs in (("DQ", cube.dq), ("WMAP", cube.weightmap)):
            np.testing.assert_array_equal(hdus[name].data, theirs)
        for name, theirs in (("SCI", cube.data), ("ERR", cube.err)):
            ours = hdus[name].data
            assert ours.shape == theirs.shape
            assert np.array_equal(np.isnan(ours), np.isnan(theirs))
            assert np.isfinite(theirs).any()
            assert np.nanmax(np.abs(ours.astype(float) - theirs)) <= 1e-6 * np.nanmax(np.abs(theirs))
