"""Regions in recipes: what they mean for a slice, what a file may say, and a sentence for everything else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.recipe import (
    OF_REGION,
    PARAMETERS,
    Circle,
    Ellipse,
    FitParams,
    Polygon,
    Recipe,
    Region,
    RegionRange,
    SliceOverride,
    SliceRegions,
    Stage,
    dump_recipe,
    parse_recipe,
)
from tests.engine.parameter_values import other_value

CIRCLE = Circle(161.25, -59.68, 0.4)
ELLIPSE = Ellipse(161.25, -59.68, (0.5, 0.2), 30.0)
POLYGON = Polygon(((161.25, -59.68), (161.2501, -59.68), (161.25, -59.6799)))
AGN = Region("AGN", CIRCLE, "spline")
RING = Region("ring", ELLIPSE, "interpolate")

HEAD = 'version = 1\n[[region]]\nname = "AGN"\n'
ROUND = f'{HEAD}shape = "circle"\nra = 161.25\ndec = -59.68\nradius = 0.4\n'


def resolved(recipe: Recipe, *seen: tuple[float, float], number: int = 7, exposure: str = "a") -> FitParams:
    """Parameters of a slice that sees all regions of a recipe in the same ranges."""
    return recipe.params(number, exposure, [(region, seen) for region in recipe.regions])


@pytest.mark.parametrize("shape", [CIRCLE, ELLIPSE, POLYGON], ids=lambda s: s.kind)
def test_what_is_written_is_read_back(shape):
    values = {name: other_value(PARAMETERS[name]) for name in OF_REGION}
    recipe = Recipe(
        regions=(
            Region('été "1" \\ x', shape, "spline", **values),
            Region("b", shape, "interpolate"),
            Region("c", shape),
        ),
        overrides=(SliceOverride(5, window=20),),
    )
    assert parse_recipe(dump_recipe(recipe)) == recipe


def test_units_are_in_the_file():
    text = dump_recipe(Recipe(regions=(AGN, replace(RING, name="b"))))
    assert "radius = 0.4 # arcsec" in text
    assert "angle = 30.0 # deg, of the first radius, from north through east" in text
    assert "[[region]]" not in dump_recipe(Recipe())


@pytest.mark.parametrize("name", OF_REGION)
def test_every_parameter_of_a_slice_can_be_set_by_a_region(name):
    value = other_value(PARAMETERS[name])
    recipe = Recipe(regions=(Region("AGN", CIRCLE, **{name: value}),))
    assert resolved(recipe, (0.0, 1.0)) == FitParams(**{name: value}, regions=SliceRegions(values=((name, "AGN"),)))
    assert recipe.params(7, "a") == FitParams()
    changed = {s for s in Stage if resolved(recipe, (0.0, 1.0)).of_stage(s) != FitParams().of_stage(s)}
    assert changed == {PARAMETERS[name].stage}


def test_use_becomes_ranges_and_forces_the_fit():
    told = resolved(Recipe(regions=(AGN,)), (-0.4, 0.3), (1.0, 1.2)).regions
    assert told.ranges == (RegionRange(-0.4, 0.3, "spline", "AGN"), RegionRange(1.0, 1.2, "spline", "AGN"))
    assert told.forced
    assert told.names == ("AGN",)
    told = resolved(Recipe(regions=(RING,)), (-0.4, 0.3)).regions
    assert told == SliceRegions((RegionRange(-0.4, 0.3, "interpolate", "ring"),))


def test_a_later_region_wins():
    one, two = (
        Region(name, CIRCLE, "spline", window=window, slope_limit=0.2) for name, window in (("1", 20), ("2", 30))
    )
    params = resolved(Recipe(regions=(one, replace(two, slope_limit=None))), (0.0, 1.0))
    assert (params.window, params.slope_limit) == (30, 0.2)
    assert dict(params.regions.values) == {"window": "2", "slope_limit": "1"}
    params = resolved(Recipe(regions=(AGN, RING)), (0.0, 1.0))
    assert params.regions == SliceRegions(
        (RegionRange(0.0, 1.0, "interpolate", "ring"),)
    )  # nothing to fit the slice for
    assert resolved(Recipe(regions=(RING, AGN)), (0.0, 1.0)).regions.at(0.5).name == "AGN"
    assert params.regions.at(1.5) is None


@pytest.mark.parametrize(
    ("region", "override", "forced"),
    [
        (AGN, None, True),
        (replace(AGN, fit_threshold=4.0), None, False),
        (AGN, SliceOverride(7, fit_threshold=4.0), False),
        (AGN, SliceOverride(7, window=20), True),
        (AGN, SliceOverride(8, fit_threshold=4.0), True),
        (RING, None, False),
    ],
)
def test_a_fit_is_forced_unless_somebody_sets_a_threshold(region, override, forced):
    recipe = Recipe(regions=(region,), overrides=(override,) if override else ())
    assert resolved(recipe, (0.0, 1.0)).regions.forced is forced


def test_overrides_win_over_regions_and_those_of_one_exposure_over_those_of_all():
    region = Region("AGN", CIRCLE, "spline", window=20, slope_limit=0.3, residual="none")
    recipe = Recipe(
        regions=(region,),
        overrides=(SliceOverride(7, "a", window=40), SliceOverride(7, window=30), SliceOverride(7, slope_limit=0.2)),
    )
    here, there = resolved(recipe, (0.0, 1.0)), resolved(recipe, (0.0, 1.0), exposure="b")
    assert (here.window, there.window, here.slope_limit, here.residual) == (40, 30, 0.2, "none")
    assert here.regions.values == (("residual", "AGN"),)
    assert len(here.regions.ranges) == 1
    by_hand = resolved(recipe.with_override(SliceOverride(7, use=((0.0, 0.1),))), (0.0, 1.0))
    assert by_hand.use == ((0.0, 0.1),)
    assert by_hand.regions == SliceRegions(values=(("slope_limit", "AGN"), ("residual", "AGN")))


def test_a_later_region_leaves_the_rest_of_an_earlier_one():
    recipe = Recipe(regions=(AGN, RING))
    params = recipe.params(7, "a", [(AGN, [(0.0, 1.0)]), (RING, [(0.2, 0.4), (0.8, 1.2)])])
    assert [(r.low, r.high, r.name) for r in params.regions.ranges] == [
        (0.0, 0.2, "AGN"),
        (0.4, 0.8, "AGN"),
        (0.2, 0.4, "ring"),
        (0.8, 1.2, "ring"),
    ]
    assert [params.regions.at(alpha).name for alpha in (0.1, 0.2, 0.3, 0.6, 1.0)] == [
        "AGN",
        "ring",
        "ring",
        "AGN",
        "ring",
    ]
    assert params.regions.forced


def test_names_are_no_part_of_a_key():
    renamed = Recipe(regions=(replace(AGN, name="other"),))
    for stage in Stage:
        keys = {resolved(r, (0.0, 1.0)).of_stage(stage) for r in (renamed, Recipe(regions=(AGN,)))}
        assert len(keys) == 1
    fits = {resolved(Recipe(regions=(AGN,)), seen).of_stage(Stage.FIT) for seen in ((0.0, 1.0), (0.2, 1.2))}
    assert len(fits) == 1  # a region that moves within a slice lets it keep its splines


def test_regions_are_marked_as_beyond_the_pipeline():
    recipe = Recipe(regions=(AGN, replace(RING, use=None, window=30, wavelengths=(4.9, 5.6)), Region("mark", CIRCLE)))
    assert recipe.beyond_pipeline == (
        'region "AGN" (use = "spline")',
        'region "ring" (window = 30, wavelengths = [4.9, 5.6])',
    )
    assert recipe.why_no_pipeline == "because it has 2 regions on the sky"
    assert Recipe(regions=(Region("mark", CIRCLE),)).why_no_pipeline == ""


def test_psf_optimal_ignores_of_regions_what_it_ignores_of_slices():
    region = Region(
        "AGN", CIRCLE, fit_threshold=5.0, slope_limit=0.3, reach="slice", peak_cut="source", residual="none"
    )
    recipe = Recipe(psf_optimal=True, regions=(region,))
    assert resolved(recipe, (0.0, 1.0)) == Recipe(psf_optimal=True).params(7, "a")
    assert recipe.beyond_pipeline == ()
    assert recipe.why_no_pipeline == ""


def test_regions_are_edited_by_name():
    recipe = Recipe().with_region(AGN).with_region(RING)
    assert recipe.regions == (AGN, RING)
    assert recipe.with_region(replace(AGN, use=None)).regions == (replace(AGN, use=None), RING)
    assert recipe.with_region(replace(AGN, name="core"), "AGN").regions == (replace(AGN, name="core"), RING)
    assert recipe.without_region("AGN").regions == (RING,)
    assert recipe.region("ring") == RING
    assert recipe.region("none") is None
    assert [recipe.free_name(n) for n in ("AGN", "new")] == ["AGN 2", "new"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("version = 1\n[region]\nname = 'x'", "r.toml: write regions as [[region]], with two brackets."),
        ("version = 1\n[[region]]\nuse = 'spline'", "r.toml: a [[region]] has no name."),
        ("version = 1\n[[region]]\nname = 3", "r.toml: name of a region must be text, not 3."),
        (
            "version = 1\n[[region]]\nname = 'a\\nb'".replace("'", '"'),
            "r.toml: the name of a region must be one line, without spaces at its ends.",
        ),
        (HEAD, 'r.toml, region \'AGN\': shape is missing; write shape = "circle", "ellipse" or "polygon".'),
        (
            f'{HEAD}shape = "box"',
            "r.toml, region 'AGN': shape must be 'circle' or 'ellipse' or 'polygon', not 'box'.",
        ),
        (
            f'{HEAD}shape = "circle"\nra = 1\ndec = 2',
            "r.toml, region 'AGN': radius is missing, which a circle needs (arcsec).",
        ),
        (f"{ROUND}radii = [1, 2]", "unknown key 'radii' in a [[region]] that is a circle"),
        (f"{ROUND}oversample = 2", "unknown key 'oversample' in a [[region]] that is a circle"),
        (ROUND.replace("0.4", "0"), "r.toml, region 'AGN': a radius must be above 0 and at most 3600 arcsec, not 0."),
        (ROUND.replace("0.4", "1e9"), "a radius must be above 0 and at most 3600 arcsec, not 1e+09."),
        (ROUND.replace("0.4", '"0.4 arcsec"'), "radius must be a finite number, not '0.4 arcsec'."),
        (ROUND.replace("161.25", "361"), "right ascension must be from 0 to 360 degrees, not 361."),
        (ROUND.replace("-59.68", "-95"), "declination must be from -90 to 90 degrees, not -95."),
        (ROUND.replace("-59.68", "nan"), "dec must be a finite number, not nan."),
        (f"{ROUND}use = [[0, 1]]", "use must be 'spline' or 'interpolate'; alpha ranges are for a [[slice]]."),
        (f"{ROUND}use = 'all'", "use must be 'spline' or 'interpolate', not 'all'."),
        (f"{ROUND}slope_limit = 2", "r.toml, region 'AGN': slope_limit must be a number of at most 1, not 2."),
        (f"{ROUND}{ROUND[12:]}", "r.toml has two regions named 'AGN'; give each a different name."),
        (f"{HEAD}shape = 'polygon'\nvertices = 3", "vertices must be a list of pairs [[ra, dec], ...], not 3."),
        (f"{HEAD}shape = 'polygon'\nvertices = [[1, 2, 3]]", "a vertex must be a pair [ra, dec], not [1, 2, 3]."),
        (f"{HEAD}shape = 'polygon'\nvertices = [[1, 2], [1, 3]]", "a polygon takes 3 to 200 vertices, not 2."),
        (
            f"{HEAD}shape = 'polygon'\nvertices = [[1, 2], [1.1, 2], [50, 2]]",
            "the vertices of a polygon must lie within 3600 arcsec of the first one.",
        ),
        (
            f"{HEAD}shape = 'polygon'\nvertices = [[1, 2], [1, 2], [1, 2]]",
            "the vertices of a polygon must not all be the same.",
        ),
        (
            f"{HEAD}shape = 'ellipse'\nra = 1\ndec = 2\nradii = 3\nangle = 0",
            "radii must be a pair [first, second], not 3.",
        ),
        (
            f"{HEAD}shape = 'ellipse'\nra = 1\ndec = 2\nradii = [1, -1]\nangle = 0",
            "a radius must be above 0 and at most 3600 arcsec, not -1.",
        ),
    ],
)
def test_everything_else_is_told_in_a_sentence(text, sentence):
    with pytest.raises(InputError) as refused:
        parse_recipe(text, "r.toml")
    assert sentence in str(refused.value)
    assert str(refused.value).startswith("r.toml")
    assert str(refused.value).endswith(".")
