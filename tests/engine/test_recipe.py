"""Recipes: what applies to a slice, what a file may say, and a sentence for everything else."""

from __future__ import annotations

import tomllib

import pytest

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.recipe import FitParams, Recipe, SliceOverride, dump_recipe, load_recipe, parse_recipe

FULL = """
version = 1
[global]
oversample = 2
fit_threshold = 7
slope_limit = 0.2
psf_optimal = true
peak_cut = "source"
[[slice]]
number = 112
exposure = "jw1_00002"
fit_threshold = 4.0
slope_limit = 0.05
window = 30
breakpoints = 40
use = [[-0.9, 0.4], [1, 2.5]]
wavelengths = [4.9, 5.6]
reach = "slice"
residual = "none"
[[slice]]
number = 113
window = 12
peak_cut = "pipeline"
"""

RECIPE = Recipe(
    oversample=2,
    fit_threshold=7.0,
    slope_limit=0.2,
    psf_optimal=True,
    overrides=(
        SliceOverride(
            112, "jw1_00002", None, 4.0, 0.05, 30, 40, ((-0.9, 0.4), (1.0, 2.5)), (4.9, 5.6), "slice", residual="none"
        ),
        SliceOverride(113, window=12, peak_cut="pipeline"),
    ),
    peak_cut="source",
)


def test_every_value_is_read():
    assert parse_recipe(FULL) == RECIPE


def test_what_is_left_out_has_the_pipelines_value():
    assert parse_recipe("version = 1") == Recipe(3, 10.0, 0.1, False, ())


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(),
        RECIPE,
        Recipe(overrides=(SliceOverride(5, 'été "1" \\ x', use=()),)),
        Recipe(overrides=tuple(SliceOverride(n, fit_threshold=n / 3) for n in range(1, 40))),
    ],
)
def test_what_is_written_is_read_back(recipe, tmp_path):
    path = tmp_path / "r.toml"
    path.write_text(dump_recipe(recipe), encoding="utf-8")
    assert load_recipe(path) == recipe


def test_the_oversampling_factor_is_always_written():
    """The pipeline's default is 1 in its own code and 3 in its parameter file: never leave it to chance."""
    assert tomllib.loads(dump_recipe(Recipe()))["global"]["oversample"] == 3


def test_what_goes_beyond_the_pipeline_is_said_and_nothing_else():
    assert Recipe(fit_threshold=3.0, overrides=(SliceOverride(7, use=((0.0, 1.0),)),)).beyond_pipeline == ()
    assert "reach" not in dump_recipe(Recipe())
    recipe = Recipe(
        reach="slice",
        overrides=(
            SliceOverride(7, peak_cut="source"),
            SliceOverride(8, peak_cut="source", reach="pipeline"),
            SliceOverride(8, "a", peak_cut="source"),
        ),
    )
    assert recipe.beyond_pipeline == ('reach = "slice"', 'peak_cut = "source" (slices 7, 8)')
    assert 'reach = "slice" # beyond the pipeline' in dump_recipe(recipe)
    assert recipe.params(7, "a").reach == "slice"
    assert recipe.params(8, "a") == FitParams(reach="pipeline", peak_cut="source")


def test_many_slices_beyond_the_pipeline_are_named_by_ranges():
    overrides = tuple(SliceOverride(n, name, residual="none") for n in (103, 101, 102, 7, 8, 201) for name in "ab")
    assert Recipe(overrides=overrides).beyond_pipeline == ('residual = "none" (slices 7, 8, 101-103, 201)',)


def test_later_entries_and_entries_for_one_exposure_win():
    recipe = Recipe(
        fit_threshold=9.0,
        overrides=(
            SliceOverride(7, "a", fit_threshold=1.0),
            SliceOverride(7, fit_threshold=2.0, window=20),
            SliceOverride(7, fit_threshold=3.0),
            SliceOverride(8, fit_threshold=4.0),
        ),
    )
    assert recipe.params(7, "a") == FitParams(1.0, 0.1, window=20)
    assert recipe.params(7, "b") == FitParams(3.0, 0.1, window=20)
    assert recipe.params(8, "a") == FitParams(4.0, 0.1)
    assert recipe.params(9, "a") == FitParams(9.0, 0.1)


def test_psf_optimal_ignores_thresholds_everywhere():
    recipe = Recipe(psf_optimal=True, overrides=(SliceOverride(7, fit_threshold=5.0, slope_limit=0.3, window=20),))
    assert recipe.params(7, "a") == FitParams(0.0, 0.0, window=20, residual="none")


def test_overrides_for_a_band_apply_to_its_exposures_alone():
    recipe = parse_recipe(
        """
        version = 1
        [[slice]]
        number = 112
        window = 20
        slope_limit = 0.05
        [[slice]]
        number = 112
        band = "CH1-LONG"
        window = 30
        [[slice]]
        number = 112
        exposure = "jw1_00002"
        window = 40
        """
    )
    assert parse_recipe(dump_recipe(recipe)) == recipe
    long, short = ("ch1-long", "ch2-long"), ("ch1-short", "ch2-short")
    found = [recipe.params(112, name, (), bands) for name, bands in (("a", short), ("a", long), ("jw1_00002", long))]
    assert [(one.window, one.slope_limit) for one in found] == [(20, 0.05), (30, 0.05), (40, 0.05)]
    assert recipe.params(112, "a").window == 20
    other = recipe.with_override(SliceOverride(112, band="ch1-long", window=35))
    assert len(other.overrides) == 3
    assert other.override(112, band="ch1-long").window == 35


def test_an_override_replaces_the_one_for_the_same_slice_and_exposure():
    recipe = Recipe().with_override(SliceOverride(7, window=20)).with_override(SliceOverride(7, "a", window=30))
    recipe = recipe.with_override(SliceOverride(7, breakpoints=12))
    assert recipe.override(7) == SliceOverride(7, breakpoints=12)
    assert recipe.override(7, "a") == SliceOverride(7, "a", window=30)
    assert recipe.with_override(SliceOverride(7)).overrides == (SliceOverride(7, "a", window=30),)
    assert recipe.override(8) == SliceOverride(8)


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("oversampel = 3", "unknown key 'oversampel' in [global]"),
        ("oversample = 0", "oversample must be a number from 1 to 10"),
        ("oversample = 2.3", "oversample must be a multiple of 0.125 from 1 to 10, not 2.3"),
        ("oversample = true", "oversample must be a finite number"),
        ("oversample = 11", "oversample must be a number from 1 to 10"),
        ("fit_threshold = nan", "fit_threshold must be a finite number"),
        ("fit_threshold = inf", "fit_threshold must be a finite number"),
        ('slope_limit = "low"', "slope_limit must be a finite number"),
        ("slope_limit = false", "slope_limit must be a finite number"),
        ("psf_optimal = 1", "psf_optimal must be true or false"),
        ('reach = "everywhere"', "reach must be 'pipeline' or 'slice', not 'everywhere'"),
        ('residual = "all"', "residual must be 'interpolated' or 'none' or 'lines', not 'all'"),
        ("peak_cut = true", "peak_cut must be 'pipeline' or 'source', not True"),
        ("[[slice]]\nnumber = 1\nreach = ['slice']", "reach must be"),
        ("fit_threshold = ", "not valid TOML"),
        ("fit_threshold = 1" + 400 * "0", "fit_threshold is too large a number"),
        ("fit_threshold = 1" + 5000 * "0", "not valid TOML"),
        ("fit_threshold = " + 5000 * "[", "not valid TOML"),
        ("[[slice]]", "has no number"),
        ("[[slice]]\nnumber = 0", "number must be a whole number"),
        ("[[slice]]\nnumber = 1\nexposure = 2", "must be text"),
        ("[[slice]]\nnumber = 1\nband = 2", "must be text"),
        ('[[slice]]\nnumber = 1\nband = "channel 1"', "a band's name such as 'ch1-short'"),
        ('[[slice]]\nnumber = 1\nband = "ch1-long"\nexposure = "a"', "both an exposure and a band"),
        ('[[slice]]\nnumber = 1\nexposure = ""', "must be text"),
        ("[[slice]]\nnumber = 1\nwindow = 0", "window must be a whole number"),
        ("[[slice]]\nnumber = 1\nbreakpoints = 3", "breakpoints must be a whole number"),
        ("[[slice]]\nnumber = 1\nuse = [0.1, 0.2]", "use must be a pair"),
        ("[[slice]]\nnumber = 1\nuse = [[0.2, 0.1]]", "0.2 is not below 0.1"),
        ("[[slice]]\nnumber = 1\nuse = 3", "use must be a list of pairs"),
        ("[[slice]]\nnumber = 1\nwavelengths = [5]", "wavelengths must be a pair"),
        ("[[slice]]\nnumber = 1\ncolour = 3", "unknown key 'colour' in [[slice]]"),
        ("[slice]\nnumber = 1", "[[slice]], with two brackets"),
    ],
)
def test_everything_else_is_told_in_a_sentence(line, part):
    with pytest.raises(InputError) as refused:
        parse_recipe(f"version = 1\n[global]\n{line}\n", "my.toml")
    sentence = str(refused.value)
    assert part in sentence
    assert "my.toml" in sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize(("text", "part"), [("", "nothing"), ("version = 2", "2"), ('version = "1"', "version = 1")])
def test_another_version_is_told(text, part):
    with pytest.raises(InputError, match="this program reads version = 1") as refused:
        parse_recipe(text)
    assert part in str(refused.value)


def test_a_global_that_is_no_table_is_told():
    with pytest.raises(InputError, match="must be a table"):
        parse_recipe("version = 1\nglobal = 3")


def test_files_that_cannot_be_read_are_told(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        load_recipe(tmp_path / "none.toml")
    with pytest.raises(InputError, match="is a folder"):
        load_recipe(tmp_path)
    (tmp_path / "picture.toml").write_bytes(b"\x89PNG\xff")
    with pytest.raises(InputError, match="is not text"):
        load_recipe(tmp_path / "picture.toml")
