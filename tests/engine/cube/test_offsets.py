"""Offsets of exposures: read and written as ``cube_build`` has them, and cubes equal to the ones it makes."""

from __future__ import annotations

from dataclasses import replace

import asdf
import numpy as np
import pytest
from astropy.io import fits

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.io.offsets import check_offsets, read_offsets, write_offsets
from atm_viewer.engine.names import exposure_name
from atm_viewer.engine.output.products import write_cubes
from atm_viewer.engine.output.provenance import read_provenance
from atm_viewer.engine.progress import no_progress
from atm_viewer.engine.recipe import CubeOptions, Recipe, dump_recipe, parse_recipe
from atm_viewer.engine.results.exposure_view import put_right
from atm_viewer.engine.service.bench import Bench
from atm_viewer.engine.service.measuring import exposure_shifts
from atm_viewer.resources import resource
from tests.engine.cube.stock import ENGINES, assert_equal, stock_cube

RECIPE = Recipe(oversample=2, fit_threshold=1e9)
SHIFTS = (0.0, 0.0), (0.37, -0.21)


@pytest.fixture(scope="module", params=["miri", "nirspec"])
def case(request, demo_files, tmp_path_factory):
    """Two exposures, a file of their offsets, coarse cube parameters, and the first band's channel."""
    folder = tmp_path_factory.mktemp("offsets")
    path = folder / "coarse.fits"
    with fits.open(resource(f"cubepar/{request.param}_cubepar.fits")) as hdus:
        hdus["CUBEPAR"].data["spectralstep"] *= 20
        hdus.writeto(path)
    paths = demo_files(request.param)[:2]
    offsets = folder / "offsets.asdf"
    write_offsets(offsets, dict(zip([p.name for p in paths], SHIFTS, strict=True)))
    return paths, offsets, path, "1" if request.param == "miri" else None


@ENGINES
def test_cubes_equal_those_of_cube_build_with_the_same_file(case, tmp_path, engine, options):
    paths, file, cubepar, channel = case
    recipe = replace(RECIPE, cube=CubeOptions(offsets=read_offsets(file), **options))
    (path,) = write_cubes(paths, recipe, tmp_path, "star", "before", channel, cubepar=cubepar, engine=engine)
    theirs = stock_cube([str(p) for p in paths], cubepar, channel, offset_file=str(file), **options)
    assert read_provenance(path).recipe == recipe
    assert_equal(path, theirs)


def test_previews_are_those_of_the_cube(case, tmp_path):
    paths, file, cubepar, channel = case
    recipe = replace(RECIPE, cube=CubeOptions(offsets=read_offsets(file)))
    bench = Bench(cubepar)
    views = bench.open(paths, no_progress).exposures
    keys, band = tuple(v.key for v in views), views[0].bands[0]
    made = write_cubes(paths, recipe, tmp_path, "star", "both", channel, cubepar=cubepar)
    grid = bench.grid(keys, band, recipe.cube)
    ra, dec = grid.position(float(grid.x[grid.x.size // 2]), float(grid.y[grid.y.size // 2]))
    plain = bench.spectra(Extraction(keys, RECIPE, band, ra, dec, 0.3), no_progress)
    spectra = bench.spectra(Extraction(keys, recipe, band, ra, dec, 0.3), no_progress)
    for path, ours in zip(made, (spectra.before, spectra.after), strict=True):
        with fits.open(path) as hdus:
            x, y = spectra.spaxel
            np.testing.assert_allclose(ours, hdus["SCI"].data[:, y, x], rtol=3e-6)
    assert not np.allclose(plain.before, spectra.before, equal_nan=True)
    again = bench.spectra(Extraction(keys, RECIPE, band, ra, dec, 0.3), no_progress)
    np.testing.assert_array_equal(again.before, plain.before)
    bench.close(keys)


def test_a_recipe_keeps_offsets():
    recipe = Recipe(cube=CubeOptions(scalexy=0.1, offsets=(("a.b", 0.5, -0.25), ("né", 0.0, 1.0))))
    assert parse_recipe(dump_recipe(recipe)) == recipe
    assert "[cube.offsets]" in dump_recipe(recipe)
    assert recipe.why_no_pipeline == "because its exposures have offsets"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("offsets = 3", r"\[cube.offsets\] must be a table"),
        ("offsets = {a = 3}", r"the offset of a must be a pair \[east, north\]"),
        ("offsets = {a = [0.1, 4000.0]}", "the offset of a must be a number from -3600 to 3600"),
    ],
)
def test_impossible_offsets_are_refused(text, part):
    with pytest.raises(InputError, match=part):
        parse_recipe(f"version = 1\n[cube]\n{text}")


@pytest.mark.parametrize(
    ("tree", "part"),
    [
        ({"units": "deg"}, "does not say units: arcsec"),
        ({"units": "arcsec", "filename": ["a"]}, "needs the lists filename, raoffset and decoffset"),
        ({"units": "arcsec", "filename": ["a"], "raoffset": [], "decoffset": [1.0]}, "has 1 filenames, 0 raoffsets"),
        (
            {"units": "arcsec", "filename": ["a"], "raoffset": ["b"], "decoffset": [1.0]},
            "offset of a must be two numbers",
        ),
        (None, "has a list of offsets that is not ASDF"),
    ],
)
def test_files_that_are_none_are_refused(tree, part, tmp_path):
    path = tmp_path / "offsets.asdf"
    if tree is None:
        path.write_text("no ASDF")
    else:
        asdf.AsdfFile(tree).write_to(path)
    with pytest.raises(InputError, match=part):
        read_offsets(path)


def test_each_exposure_needs_an_offset(case):
    paths, file, *_ = case
    names = [exposure_name(path) for path in paths]
    check_offsets(read_offsets(file), names, file)
    with pytest.raises(InputError, match="has no offset for other; give one for each exposure, 0 for no offset"):
        check_offsets(read_offsets(file), [*names, "other"], file)


def test_a_shifted_exposure_is_found_and_put_right(case):
    """The shift that an offset makes is measured, and the opposite one put forward."""
    paths, _, cubepar, _ = case
    bench = Bench(cubepar)
    views = bench.open(paths, no_progress).exposures
    keys, band = tuple(v.key for v in views), views[0].bands[0]
    plain = exposure_shifts(bench, keys, band, CubeOptions(), no_progress)
    cube = CubeOptions(offsets=((views[1].name, *SHIFTS[1]),))
    shifted = exposure_shifts(bench, keys, band, cube, no_progress)
    np.testing.assert_allclose(shifted.shift[1] - plain.shift[1], SHIFTS[1], atol=0.005)
    np.testing.assert_allclose(shifted.shift[0], -shifted.shift[1])
    np.testing.assert_allclose(np.diff(shifted.correction, axis=0)[0], -shifted.shift[1])
    assert shifted.of(keys[1]) == tuple(shifted.shift[1])
    assert shifted.of("other") is None
    right = exposure_shifts(bench, keys, band, CubeOptions(offsets=put_right(cube, shifted)), no_progress)
    assert np.abs(right.shift).max() < 0.02
    alone = exposure_shifts(bench, keys[:1], band, cube, no_progress)
    assert alone.of(keys[0]) is None
    bench.close(keys)


def test_names_with_signs_of_urls_are_names(tmp_path):
    """A name such as "a#b" is no URL: an unrelated file "a" beside it is neither written over nor read."""
    beside, path = tmp_path / "a", tmp_path / "a#b%20?c.asdf"
    beside.write_text("precious")
    write_offsets(path, {"x_cal.fits": (0.1, -0.2)})
    assert beside.read_text() == "precious"
    assert read_offsets(path) == (("x", 0.1, -0.2),)
