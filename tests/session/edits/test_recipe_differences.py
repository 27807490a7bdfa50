from __future__ import annotations

from dataclasses import replace

from atm_viewer.engine.recipe import Circle, Recipe, Region, SliceOverride
from atm_viewer.session.edits.recipe_differences import recipe_words

LOW = Recipe(fit_threshold=4.0, overrides=(SliceOverride(112, window=30, use=((-0.9, 0.4),)),))


def test_defaults_are_told_as_such():
    assert recipe_words(Recipe()) == "no differences"
    assert recipe_words(LOW, LOW) == "no differences"


def test_what_differs_is_listed():
    assert recipe_words(LOW) == "threshold 10 → 4; slice 112: window 30, use range -0.9…0.4"
    assert (
        recipe_words(Recipe(psf_optimal=True), LOW) == "threshold 4 → 10; PSF optimal off → on; slice 112: no override"
    )


def test_one_exposure_is_named():
    recipe = Recipe(overrides=(SliceOverride(7, "jw_1", slope_limit=0.05),))
    assert recipe_words(recipe) == "slice 7 in jw_1: slope limit 0.05"


def test_many_slices_are_counted():
    recipe = Recipe(overrides=tuple(SliceOverride(n, window=30) for n in range(1, 6)))
    assert recipe_words(recipe, most=2) == "slice 1: window 30; slice 2: window 30; 3 more overrides"


def test_regions_are_told_by_name():
    agn = Region("AGN", Circle(161.25, -59.68, 0.4), "spline", window=30)
    recipe = Recipe(regions=(agn,))
    assert recipe_words(recipe) == "region “AGN”: circle, use spline, window 30"
    changed = replace(agn, shape=Circle(161.25, -59.68, 0.5), use=None, window=None, slope_limit=0.05)
    assert recipe_words(Recipe(regions=(changed,)), recipe) == (
        "region “AGN”: another place or size, use by slope, slope limit 0.05, no window"
    )
    assert recipe_words(Recipe(), recipe) == "no region “AGN”"
    ring = Region("ring", Circle(161.25, -59.68, 0.6), "interpolate")
    assert recipe_words(Recipe(regions=(ring, agn)), Recipe(regions=(agn, ring))) == "regions in another order"
