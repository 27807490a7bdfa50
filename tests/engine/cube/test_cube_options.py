"""Options of cubes: as files have them, refused together, and equal to what the stock step makes of them."""

from __future__ import annotations

import warnings
from dataclasses import fields, replace

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.output.products import write_cubes, write_exposures
from atm_viewer.engine.recipe import CUBE_PARAMETERS, CubeOptions, Recipe, dump_recipe, parse_recipe
from atm_viewer.resources import resource
from tests.engine.cube.stock import assert_equal, stock_cube

RECIPE = Recipe(oversample=1.5, fit_threshold=1e9)
OTHER = {"choice": lambda p: p.choices[1], "switch": lambda p: not p.default, "whole": lambda p: 31}


def other(p):
    return OTHER.get(p.kind, lambda p: (p.low + p.high) / 2)(p)


@pytest.mark.parametrize("p", CUBE_PARAMETERS.values(), ids=CUBE_PARAMETERS)
def test_an_option_is_written_and_read_back(p):
    recipe = Recipe(cube=replace(CubeOptions(), **{p.name: other(p)}))
    assert f"{p.name} = " in dump_recipe(recipe).partition("[cube]")[2]
    assert parse_recipe(dump_recipe(recipe)) == recipe != Recipe()
    assert p.default_text
    assert p.tip.endswith(".")


def test_the_options_are_the_tables():
    defaults = {f.name: f.default for f in fields(CubeOptions)}
    assert defaults.pop("offsets") == ()
    assert defaults == {p.name: p.default for p in CUBE_PARAMETERS.values()}
    assert "[cube]" not in dump_recipe(Recipe())


def test_the_options_are_the_steps():
    from jwst.cube_build import CubeBuildStep

    spec = CubeBuildStep.spec
    for name in CubeOptions(cube_pa=1.0, scalexy=0.2, nspax_x=3, weighting="msm", linear_wave=False).of_step():
        assert f"{name} = " in spec
    assert CubeOptions(grid="each").of_step() == {}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("wavemin = 6.0\nwavemax = 5.0", "wavemin 6 is not below wavemax 5"),
        ('coord_system = "ifualign"\ncube_pa = 10.0', "cube_pa is for coord_system = 'skyalign'"),
        ('coord_system = "internal_cal"\nscalexy = 0.1', "leaves no choice of scalexy"),
        ('coord_system = "north"', "coord_system must be 'skyalign' or"),
        ("nspax_x = 0", "nspax_x must be a whole number from 1"),
        ("size = 3", "unknown key 'size' in \\[cube\\]"),
    ],
)
def test_what_cannot_be_is_refused(text, part):
    with pytest.raises(InputError, match=part):
        parse_recipe(f"version = 1\n[cube]\n{text}")


@pytest.fixture(scope="module", params=["miri", "nirspec"])
def case(request, demo_files, tmp_path_factory):
    """An exposure, the same corrected, coarse cube parameters, and the first band's channel."""
    folder = tmp_path_factory.mktemp("case")
    path = folder / "coarse.fits"
    with fits.open(resource(f"cubepar/{request.param}_cubepar.fits")) as hdus:
        hdus["CUBEPAR"].data["spectralstep"] *= 20
        hdus.writeto(path)
    exposure = demo_files(request.param)[0]
    (corrected,) = write_exposures([exposure], RECIPE, folder)
    return exposure, corrected, path, "1" if request.param == "miri" else None


@pytest.fixture(scope="module")
def stock_before(case):
    """``stock_before(**options)`` is the stock cube of the exposure as it is, made once."""
    exposure, _, cubepar, channel = case
    made = {}

    def make(**options):
        key = tuple(options.items())
        if key not in made:
            made[key] = stock_cube([str(exposure)], cubepar, channel, **options)
        return made[key]

    return make


OPTIONS = {
    "each": {},
    "ifualign": {"coord_system": "ifualign"},
    "turned": {"cube_pa": 33.0, "scalexy": 0.17, "nspax_x": 31, "nspax_y": 24},
    "centred": {"ra_center": 161.2495, "dec_center": -59.68, "scalew": 0.02},
    "range": {"wavemin": 5.1, "wavemax": 5.4},
}


# The layout of a grid does not depend on the instrument: all layouts with MIRI, three with NIRSpec.
@pytest.mark.parametrize(
    ("case", "name"),
    [*(("miri", name) for name in OPTIONS), ("nirspec", "each"), ("nirspec", "ifualign"), ("nirspec", "range")],
    indirect=["case"],
)
def test_cubes_equal_the_stock_steps_with_the_same_options(case, stock_before, tmp_path, name):
    exposure, corrected, cubepar, channel = case
    options = dict(OPTIONS[name])
    if name == "range" and channel is None:
        options = {"wavemin": 2.0, "wavemax": 2.5}
    recipe = replace(RECIPE, cube=CubeOptions(grid="each", **options))
    before, after = write_cubes([exposure], recipe, tmp_path, "star", channel=channel, cubepar=cubepar)
    assert_equal(before, stock_before(**options))
    assert_equal(after, stock_cube([str(corrected)], cubepar, channel, **options))


@pytest.mark.parametrize(
    ("case", "name"),
    [("miri", "each"), ("miri", "ifualign"), ("miri", "turned"), ("nirspec", "each")],
    indirect=["case"],
)
def test_both_cubes_have_one_grid(case, stock_before, tmp_path, name):
    exposure, corrected, cubepar, channel = case
    options = OPTIONS[name]
    recipe = replace(RECIPE, cube=CubeOptions(**options))
    before, after = write_cubes([exposure], recipe, tmp_path, "star", channel=channel, cubepar=cubepar)
    with fits.open(before) as one, fits.open(after) as two:
        first, second = one["SCI"].header, two["SCI"].header
        for key in ("NAXIS1", "NAXIS2", "NAXIS3", "CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2", "CRVAL3", "CDELT1", "CDELT3"):
            assert first[key] == second[key], key
        placed = {"ra_center": first["CRVAL1"], "dec_center": first["CRVAL2"]}
        placed |= {"nspax_x": first["NAXIS1"], "nspax_y": first["NAXIS2"]}
        # What was corrected is all there: the grid of the cube before covers it.
        if name == "each":
            assert (two["WMAP"].data.max(axis=0)[[0, -1]] == 0).all()
            assert (two["WMAP"].data.max(axis=0)[:, [0, -1]] == 0).all()
        angle = float(np.degrees(np.arctan2(first["PC1_2"], -first["PC1_1"]))) or None
    assert_equal(before, stock_before(**options))
    kept = {name: value for name, value in options.items() if name.startswith("scale")}
    assert_equal(after, stock_cube([str(corrected)], cubepar, channel, cube_pa=angle, **kept, **placed))


# The footprint of NIRSpec is in the header.
@pytest.mark.parametrize("case", ["miri"], indirect=True)
def test_where_grids_differ_the_common_one_is_the_first(tmp_path, case):
    """MIRI's channel 1: the pipeline takes the footprint from pixel centres, which move with the factor."""
    exposure, _, cubepar, channel = case
    centres = {}
    for grid in ("common", "each"):
        recipe = replace(RECIPE, cube=CubeOptions(grid=grid))
        paths = write_cubes([exposure], recipe, tmp_path / grid, "star", channel=channel, cubepar=cubepar)
        for path, kind in zip(paths, ("before", "after"), strict=True):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                centres[grid, kind] = WCS(fits.getheader(path, "SCI")).celestial.wcs.crval
    assert (centres["common", "before"] == centres["common", "after"]).all()
    assert (centres["common", "before"] == centres["each", "before"]).all()
    assert (centres["each", "before"] != centres["each", "after"]).any()


def test_cubes_on_the_slicer_are_of_single_nirspec_exposures(demo_files, tmp_path):
    recipe = replace(RECIPE, cube=CubeOptions(coord_system="internal_cal"))
    with pytest.raises(InputError, match="MIRI cubes cannot have coord_system 'internal_cal'; choose 'ifualign'"):
        write_cubes(demo_files("miri")[:1], recipe, tmp_path)
    with pytest.raises(InputError, match="is made of one exposure; give one at a time"):
        write_cubes(demo_files("nirspec")[:2], recipe, tmp_path)
    assert not list(tmp_path.iterdir())


def test_weightings_without_a_table_are_refused(demo_files, tmp_path):
    recipe = replace(RECIPE, cube=CubeOptions(weighting="emsm"))
    with pytest.raises(InputError, match="have no table for the weighting 'emsm'; give the CUBEPAR reference file"):
        write_cubes(demo_files("miri")[:1], recipe, tmp_path, cubepar=resource("cubepar/miri_cubepar.fits"))
    assert not list(tmp_path.iterdir())
