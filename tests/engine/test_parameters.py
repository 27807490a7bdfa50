"""The table of parameters, and that everything which follows from it does."""

from __future__ import annotations

from dataclasses import fields

import pytest

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.recipe import (
    PARAMETERS,
    FitParams,
    Recipe,
    Region,
    SliceOverride,
    Stage,
    dump_recipe,
    parse_recipe,
)
from atm_viewer.engine.trace.defaults import mode_defaults
from tests.engine.parameter_values import changed, other_value

GLOBAL = [p for p in PARAMETERS.values() if p.is_global]
OF_SLICE = [p for p in PARAMETERS.values() if p.of_slice]
BEYOND = [p for p in PARAMETERS.values() if p.beyond]


def test_the_dataclasses_have_the_tables_parameters_and_defaults():
    defaults = {p.name: p.default for p in PARAMETERS.values()}
    of_slice = {f.name: f.default for f in fields(FitParams) if f.name != "regions"}
    assert of_slice == {p.name: defaults[p.name] for p in OF_SLICE}
    everywhere = {f.name: f.default for f in fields(Recipe) if f.name not in ("overrides", "regions", "cube")}
    assert everywhere == {p.name: defaults[p.name] for p in GLOBAL}
    overrides = {f.name: f.default for f in fields(SliceOverride) if f.name not in ("number", "exposure", "band")}
    assert overrides == dict.fromkeys(of_slice)
    assert list(overrides) == list(of_slice)
    # The use of a region is not one of alpha ranges.
    regions = {f.name: f.default for f in fields(Region) if f.name not in ("name", "shape")}
    assert regions == dict.fromkeys(of_slice)


@pytest.mark.parametrize("p", PARAMETERS.values(), ids=PARAMETERS)
def test_a_row_of_the_table_is_whole(p):
    assert p.default_text
    assert p.tip.endswith(".")
    assert (p.kind == "choice") == bool(p.choices)
    assert p.kind != "choice" or p.choices[0] == p.default
    assert p.kind != "whole" or -1e9 < p.low < p.high < 1e9
    assert not p.kind.startswith("range") or p.example
    assert p.is_global or p.default is None
    assert not p.of_slice or p.heading or p.label
    assert not p.of_slice or p.widest or p.choices


@pytest.mark.parametrize("p", GLOBAL, ids=lambda p: p.name)
def test_a_value_for_all_slices_is_written_and_read_back(p):
    recipe = changed(Recipe(), p)
    assert f"{p.name} = " in dump_recipe(recipe)
    assert parse_recipe(dump_recipe(recipe)) == recipe != Recipe()


@pytest.mark.parametrize("p", OF_SLICE, ids=lambda p: p.name)
def test_a_value_of_a_slice_is_written_read_back_and_resolved(p):
    recipe = changed(Recipe(), p, 7)
    assert parse_recipe(dump_recipe(recipe)) == recipe != Recipe()
    assert recipe.params(7, "") == FitParams(**{p.name: other_value(p)})
    assert recipe.params(8, "") == FitParams()


@pytest.mark.parametrize("number", [None, 7])
@pytest.mark.parametrize("p", PARAMETERS.values(), ids=PARAMETERS)
def test_every_parameter_changes_the_key_of_its_stage(p, number):
    """So that no result is shown that it has made stale."""
    if not (p.is_global if number is None else p.of_slice):
        return
    recipe = changed(Recipe(), p, number)

    def keys(r):
        return {stage: (r.params(7, "").of_stage(stage), r.of_stage(stage)) for stage in Stage}

    different = {stage for stage in Stage if keys(recipe)[stage] != keys(Recipe())[stage]}
    # psf_optimal stands for values of others, of both stages.
    assert different == ({Stage.FIT, Stage.USE} if p.name == "psf_optimal" else {p.stage})


@pytest.mark.parametrize("p", BEYOND, ids=lambda p: p.name)
def test_what_goes_beyond_the_pipeline_is_marked(p):
    value = other_value(p)
    recipe = changed(Recipe(), p)
    assert recipe.beyond_pipeline == (f'{p.name} = "{value}"',)
    assert recipe.why_no_pipeline == f"because {p.name} goes beyond it"
    assert f'{p.name} = "{value}" # beyond the pipeline' in dump_recipe(recipe)
    assert changed(Recipe(), p, 7).beyond_pipeline == (f'{p.name} = "{value}" (slice 7)',)
    assert p.name not in dump_recipe(Recipe())


@pytest.mark.parametrize("p", [p for p in OF_SLICE if p.psf_optimal is not None], ids=lambda p: p.name)
def test_psf_optimal_decides_what_it_makes_idle(p):
    for recipe in (changed(Recipe(psf_optimal=True), p, number) for number in (None, 7)):
        assert recipe.params(7, "") == Recipe(psf_optimal=True).params(7, "")
        assert recipe.beyond_pipeline == ()
        assert parse_recipe(dump_recipe(recipe)) == recipe


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("slope_limit = 5", "r.toml: slope_limit must be a number of at most 1, not 5."),
        ("slope_limit = 1e300", "r.toml: slope_limit must be a number of at most 1, not 1e+300."),
        ("fit_threshold = 1e10", "r.toml: fit_threshold must be a number of at most 1e+09, not 1e+10."),
        ("[[slice]]\nnumber = 7\nslope_limit = 10", "r.toml: slope_limit must be a number of at most 1, not 10."),
        (
            "[[slice]]\nnumber = 7\nwavelengths = [4900, 5600]",
            "r.toml: wavelengths must lie between 0 and 30 µm, not 4900…5600.",
        ),
        (
            "[[slice]]\nnumber = 7\nuse = [[-900, 0.4]]",
            "r.toml: use must lie between -100 and 100 arcsec, not -900…0.4.",
        ),
    ],
)
def test_extreme_values_are_refused_in_a_sentence(line, sentence):
    with pytest.raises(InputError) as refused:
        parse_recipe(f"version = 1\n[global]\n{line}\n", "r.toml")
    assert str(refused.value) == sentence


def test_defaults_by_mode_are_the_pipelines():
    miri, nirspec, prism = (
        mode_defaults(*mode)
        for mode in (("MIRI", "MIRIFUSHORT", ""), ("NIRSPEC", "NRS1", "G235M"), ("NIRSPEC", "NRS1", "PRISM"))
    )
    assert [(m.window, m.breakpoints, m.breakpoint_factor) for m in (miri, nirspec, prism)] == [
        (50, 36, 0.0),
        (50, None, 2.0),
        (10, None, 1.0),
    ]
    assert PARAMETERS["window"].default_text == "50 columns (MRS, NIRSpec), 10 columns (PRISM)"
    assert PARAMETERS["breakpoints"].default_text == (
        "36 intervals (MRS), 2 per native pixel (NIRSpec), 1 per native pixel (PRISM)"
    )
