"""Sums of cubes where a pixel lacks something; that cubes are the pipeline's is shown by their products."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest

from atm_viewer.demo import demo_exposures
from atm_viewer.engine.cube.cube_grid import cube_grids, read_cube_parameters
from atm_viewer.engine.cube.cubes import (
    CubeSums,
    add_exposure,
    corrected_values,
    map_pixels,
    native_values,
    values_after,
)
from atm_viewer.engine.cube.footprints import SkyMapper
from atm_viewer.engine.io.exposure import open_exposure
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.threads import at_most
from atm_viewer.engine.trace.oversample import correct_exposure
from atm_viewer.resources import resource

BAND = "ch1-short"


class AtTheEnd(SkyMapper):
    """Maps as always, but some pixels have no extent in wavelength, as beside the end of a slice's wavelengths."""

    def footprints(self, x, y, number, factor):
        made = super().footprints(x, y, number, factor)
        made.width[self.ends(made.x, made.y)] = np.nan
        return made

    @staticmethod
    def ends(x, y):
        return (x + 7 * y) % 50 == 0


@pytest.fixture(scope="module")
def exposure():
    opened = open_exposure(sorted(demo_exposures("miri").parent.glob("*_cal.fits"))[0])
    yield opened
    opened.close()


def test_pixels_without_an_extent_in_wavelength_are_left_out_and_no_others(exposure):
    parameters = read_cube_parameters(resource("cubepar/miri_cubepar.fits"), BAND)
    grid, _ = cube_grids([exposure], BAND, parameters, Recipe(oversample=1))
    values = native_values(exposure)
    found, wanted = CubeSums(grid), CubeSums(grid)
    add_exposure({BAND: found}, exposure, AtTheEnd(exposure), values)
    y, x = np.indices(values.flux.shape)
    values.flux[AtTheEnd.ends(x, y)] = np.nan
    add_exposure({BAND: wanted}, exposure, SkyMapper(exposure), values)
    assert (wanted.total[..., 3] > 0).mean() > 0.3
    np.testing.assert_array_equal(found.total[..., 3], wanted.total[..., 3])
    np.testing.assert_allclose(found.total[..., 0], wanted.total[..., 0], rtol=1e-12)


def test_threads_change_no_bit_of_the_sums(exposure):
    parameters = read_cube_parameters(resource("cubepar/miri_cubepar.fits"), BAND)
    grid, _ = cube_grids([exposure], BAND, parameters, Recipe(oversample=1))
    told = []

    def total(most):
        sums = CubeSums(grid)
        with at_most(most):
            values = native_values(exposure)
            add_exposure({BAND: sums}, exposure, SkyMapper(exposure), values, lambda *done: told.append(done))
        return sums.total

    found = total(1), total(2)
    assert told[0] == (BAND, 0.0)
    assert told[: len(told) // 2] == told[len(told) // 2 :]
    assert found[0][..., 3].max() > 1
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize(
    ("instrument", "factor", "unit"), [("miri", 1.5, "MJy/sr"), ("nirspec", 2, "mJy"), ("miri", 1, "MJy/sr")]
)
def test_values_are_those_of_the_whole_correction(instrument, factor, unit):
    opened = replace(open_exposure(sorted(demo_exposures(instrument).parent.glob("*_cal.fits"))[0]), unit=unit)
    recipe = Recipe(factor, fit_threshold=100.0)
    found, wanted = values_after(opened, recipe), corrected_values(correct_exposure(opened, recipe), opened)
    assert found.factor == wanted.factor
    assert found.flux.dtype == wanted.flux.dtype
    assert not np.array_equal(np.unique(wanted.flux[:100]), np.unique(opened.sci[:100])) or factor == 1
    np.testing.assert_array_equal(found.flux, wanted.flux)
    np.testing.assert_array_equal(found.err, wanted.err)
    opened.close()


def test_an_exposure_leaves_memory_with_its_mapper():
    """Not only when Python looks for circles, before which others may have been opened."""
    opened = open_exposure(sorted(demo_exposures("miri").parent.glob("*_cal.fits"))[0])
    gone = weakref.ref(opened)
    gc.disable()
    try:
        mapper = SkyMapper(opened)
        next(map_pixels(opened, mapper, [BAND], native_values(opened)))
        mapper.slice_map(opened.slices[0])
        opened.close()
        del opened, mapper
        assert gone() is None
    finally:
        gc.enable()
