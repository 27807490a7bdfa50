"""Cubes follow a moving target as ``calwebb_spec3`` makes them, and are what they were for one that does not move."""

from __future__ import annotations

import shutil
import warnings
from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits

from atm_viewer.engine.cube.footprints import SkyMapper
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.io.exposure import open_exposure
from atm_viewer.engine.io.moving_target import follow, mean_position, placements, read_target
from atm_viewer.engine.output.products import write_cubes
from atm_viewer.engine.placement import AS_OBSERVED, Placement
from atm_viewer.engine.progress import no_progress
from atm_viewer.engine.recipe import CubeOptions, Recipe
from atm_viewer.engine.service.bench import Bench
from atm_viewer.resources import resource
from tests.engine.cube.stock import ENGINES, assert_equal, stock_cube

RECIPE = Recipe(oversample=2, fit_threshold=1e9)
AT = 161.2495, -59.68


def make_moving(paths, folder, step=(4e-4, -2e-4)):
    """Copy exposures whose target moves by a step [deg] from one to the next."""
    folder.mkdir(exist_ok=True)
    for k, path in enumerate(paths):
        shutil.copy(path, folder / path.name)
        with fits.open(folder / path.name, mode="update") as hdus:
            hdus[0].header["TARGTYPE"] = "MOVING"
            hdus["SCI"].header["MT_RA"], hdus["SCI"].header["MT_DEC"] = AT[0] + k * step[0], AT[1] + k * step[1]
    return [folder / path.name for path in paths]


def following(paths):
    """Exposures after ``assign_mtwcs``."""
    from jwst.assign_mtwcs import AssignMTWcsStep
    from jwst.datamodels import ModelLibrary

    library = AssignMTWcsStep().process(ModelLibrary([str(path) for path in paths]))
    with library:
        models = [library.borrow(k) for k in range(len(paths))]
        for k, model in enumerate(models):
            library.shelve(model, k, modify=False)
    return models


def spec3(paths, cubepar, channel, **options):
    """Cube that ``assign_mtwcs`` and ``cube_build`` make."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        models = following(paths)
    return stock_cube(models, cubepar, channel, **options)


@pytest.fixture(scope="module", params=["miri", "nirspec"])
def case(request, demo_files, tmp_path_factory):
    """Two exposures of a moving target, coarse cube parameters, and the first band's channel."""
    folder = tmp_path_factory.mktemp("moving")
    path = folder / "coarse.fits"
    with fits.open(resource(f"cubepar/{request.param}_cubepar.fits")) as hdus:
        hdus["CUBEPAR"].data["spectralstep"] *= 20
        hdus.writeto(path)
    moving = make_moving(demo_files(request.param)[:2], folder)
    return moving, path, "1" if request.param == "miri" else None


@ENGINES
def test_cubes_equal_those_of_spec3(case, tmp_path, engine, options):
    moving, cubepar, channel = case
    recipe = replace(RECIPE, cube=CubeOptions(**options))
    (path,) = write_cubes(moving, recipe, tmp_path, "comet", "before", channel, cubepar=cubepar, engine=engine)
    theirs = spec3(moving, cubepar, channel, **options)
    assert_equal(path, theirs, ("crval1", "crval2", "crpix1", "crpix2", "mt_avra", "mt_avdec"))
    assert fits.getval(path, "S_MTWCS") == "COMPLETE"


@pytest.mark.parametrize("case", ["miri"], indirect=True)  # NIRSpec takes the same way, and a minute
def test_both_engines_follow_after_correction(case, tmp_path):
    moving, cubepar, channel = case
    ours, theirs = (
        write_cubes(moving, RECIPE, tmp_path / engine, "comet", "after", channel, cubepar=cubepar, engine=engine)[0]
        for engine in ("own", "pipeline")
    )
    with fits.open(ours) as mine, fits.open(theirs) as stock:
        for name in ("CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2", "MT_AVRA", "MT_AVDEC"):
            assert mine["SCI"].header[name] == pytest.approx(stock["SCI"].header[name], abs=1e-10)
        for name in ("WMAP", "DQ"):
            np.testing.assert_array_equal(mine[name].data, stock[name].data)
        for name in ("SCI", "ERR"):
            assert np.array_equal(np.isnan(mine[name].data), np.isnan(stock[name].data))
            difference = np.abs(mine[name].data.astype(float) - stock[name].data)
            assert np.nanmax(difference) <= 1e-6 * np.nanmax(np.abs(stock[name].data))


def test_exposures_whose_wcs_follows_the_target_already(case, tmp_path):
    """As the ``_crf`` files of ``calwebb_spec3`` have it: nothing is shifted twice."""
    moving, cubepar, channel = case
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path, model in zip(moving, following(moving), strict=True):
            model.save(tmp_path / path.name.replace("_cal", "_crf"))
    crf = sorted(tmp_path.glob("*_crf.fits"))
    assert not any(e.placement for e in follow([open_exposure(path) for path in crf]))
    made = [
        write_cubes(p, RECIPE, tmp_path, str(k), "before", channel, cubepar=cubepar)[0]
        for k, p in enumerate([moving, crf])
    ]
    with fits.open(made[0]) as cal, fits.open(made[1]) as crf_cube:
        np.testing.assert_allclose(crf_cube["SCI"].data, cal["SCI"].data, rtol=2e-6)
        assert crf_cube["SCI"].header["MT_AVRA"] == cal["SCI"].header["MT_AVRA"]


def test_without_a_shift_nothing_is_touched(demo_files):
    ra, dec = np.array([1.0, np.nan]), np.array([2.0, np.nan])
    assert AS_OBSERVED.positions(ra, dec) == (ra, dec)
    exposure = open_exposure(demo_files("miri")[0])
    assert follow([exposure]) == [exposure]


@pytest.mark.parametrize("placement", [Placement(0.02, -0.03), Placement(east=7.0, north=-4.0)])
def test_series_in_place_of_the_wcs_are_shifted_as_it_is(case, placement):
    """A hundred arcsec and more: the footprints are where each position goes on its own."""
    exposure = open_exposure(case[0][0])
    number = exposure.slices[3]
    y, x = np.unravel_index(exposure.slice_pixels(number)[::997], exposure.regions.shape)
    there = SkyMapper(exposure.placed(placement)).footprints(x, y, np.full(x.size, number), 1)
    here = SkyMapper(exposure).footprints(x, y, np.full(x.size, number), 1)
    xi, eta = there.plane.project(*placement.positions(here.ra, here.dec))
    for ours, wanted in ((there.xi[:4], xi), (there.eta[:4], eta)):
        np.testing.assert_allclose(ours, wanted, atol=2e-8)
    exposure.close()


def test_offsets_are_those_of_astropy():
    ra, dec = np.array([161.2, 0.0, 359.9999]), np.array([-59.7, 0.0, 88.0])
    wanted = SkyCoord(ra, dec, unit="deg").spherical_offsets_by(*np.array([3.0, -2.0]) * u.arcsec)
    found = Placement(east=3.0, north=-2.0).positions(ra, dec)
    np.testing.assert_allclose(found[0] % 360.0, wanted.ra.deg, atol=1e-11)
    np.testing.assert_allclose(found[1], wanted.dec.deg, atol=1e-12)


@pytest.mark.parametrize(
    ("positions", "mean"),
    [([(10.0, 1.0), (10.2, 3.0)], (10.1, 2.0)), ([(359.9, 0.0), (0.3, 0.0)], (360.1, 0.0)), ([(5.0, 1.0), None], None)],
)
def test_a_target_is_put_where_it_is_on_average(case, positions, mean):
    exposures = [open_exposure(path) for path in case[0]]
    moving = [replace(e, target_at=at) for e, at in zip(exposures, positions, strict=True)]
    for exposure, at in zip(follow(moving), positions, strict=True):
        if mean is None:
            assert exposure.placement == AS_OBSERVED
        else:
            shift = exposure.placement.ra + at[0], exposure.placement.dec + at[1]
            assert np.allclose(np.subtract(shift, mean) % 360.0 % 359.999999999, 0.0, atol=1e-9)


def test_previews_are_those_of_the_cube(case, tmp_path):
    """The spectrum of a spaxel, its place and the sky image are of the cube that follows the target."""
    moving, cubepar, channel = case
    bench, seen = Bench(cubepar), []
    opened = bench.open(moving, no_progress, lambda view, fraction: seen.append(view))
    mean = AT[0] + 2e-4, AT[1] - 1e-4
    assert [view.key for view in seen] == [str(path) for path in moving]
    assert all(view.follows == pytest.approx(mean) for view in seen)
    assert opened.notes[0].endswith(
        "moves: images, spectra and cubes follow it, as calwebb_spec3 does, at its mean position "
        "RA 161.249700°, Dec -59.680100°."
    )
    keys, band = tuple(view.key for view in seen), seen[0].bands[0]
    (path,) = write_cubes(moving, RECIPE, tmp_path, "comet", "before", channel, cubepar=cubepar)
    grid = bench.grid(keys, band)
    ra, dec = grid.position(float(grid.x[grid.x.size // 2]), float(grid.y[grid.y.size // 2]))
    spectra = bench.spectra(Extraction(keys, RECIPE, band, ra, dec, 0.3), no_progress)
    with fits.open(path) as hdus:
        x, y = spectra.spaxel
        np.testing.assert_allclose(spectra.before, hdus["SCI"].data[:, y, x], rtol=2e-6)
    (later,) = bench.open(moving[:1], no_progress).exposures
    assert later.follows == seen[0].follows
    bench.close(keys)
    (alone,) = bench.open(moving[1:], no_progress).exposures
    assert alone.follows == pytest.approx((AT[0] + 4e-4, AT[1] - 2e-4))
    bench.close([alone.key])


def test_a_position_that_is_missing_is_told(demo_files, tmp_path):
    moving = make_moving(demo_files("miri")[:2], tmp_path)
    with fits.open(moving[1], mode="update") as hdus:
        del hdus["SCI"].header["MT_RA"]
    bench = Bench()
    opened = bench.open(moving, no_progress)
    assert [view.follows for view in opened.exposures] == [None, None]
    assert opened.notes[0].endswith(
        "moves, but not every exposure says where it was (MT_RA, MT_DEC): cubes do not follow it."
    )
    bench.close([view.key for view in opened.exposures])


def test_headers_alone_say_where_the_target_is(case):
    """What is read without opening an exposure, for several settings and for regions, is what opening it finds."""
    moving, _, _ = case
    opened = [open_exposure(path) for path in moving]
    targets = [read_target(path) for path in moving]
    assert [(t.target, t.moving, t.target_at) for t in targets] == [(e.target, e.moving, e.target_at) for e in opened]
    followed = follow(opened)
    assert placements(targets) == [e.placement for e in followed]
    assert mean_position(targets) == followed[0].follows
    assert mean_position([replace(t, moving=False, target_at=None) for t in targets]) is None
