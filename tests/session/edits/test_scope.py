"""Where an edit of a slice goes: to a region of the place, to a number, or to one slice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from atm_viewer.engine.recipe import Circle, CubeOptions, Recipe, Region, SliceOverride
from atm_viewer.session.edits.scope import Scope
from tests.session.conftest import FILES

ONE, TWO = "jw09999-star_00001_mirifushort", "jw09999-star_00002_mirifushort"


@pytest.fixture
def at_place(opened):
    """A session as it starts: edits are for what the place sees, which are slices 102 and 202 most of all."""
    opened.recipes.set_scope(Scope.PLACE)
    place = opened.state.places.current
    assert 102 in opened.state.current.strips.ranges(Circle(place.ra, place.dec, place.radius))
    return opened


def in_force(session, number, name="fit_threshold"):
    return getattr(session.state.params(number), name)


def test_a_value_of_a_slice_under_the_place_holds_for_what_sees_the_place_in_every_dither(at_place):
    place = at_place.state.places.current
    at_place.recipes.edit_slice(102, "fit_threshold", 4.0)
    [region] = at_place.state.recipe.regions
    assert (region.name, region.use, region.fit_threshold) == ("place 1", None, 4.0)
    assert region.shape == Circle(round(place.ra, 7), round(place.dec, 7), place.radius)
    assert at_place.state.recipe.overrides == ()
    assert at_place.recipes.undo_stack.undoText() == "Region “place 1”: threshold 10 → 4"
    for key in FILES:
        at_place.look.select_exposure(key)
        reached = set(at_place.state.current.strips.ranges(region.shape))
        assert reached
        assert {n for n in at_place.state.slices if in_force(at_place, n) == 4.0} == reached
    at_place.recipes.undo_stack.undo()
    assert at_place.state.recipe == Recipe()


def test_an_offset_moves_the_slices_that_a_region_reaches(at_place):
    at_place.recipes.edit_slice(102, "fit_threshold", 4.0)
    before = {n for n in at_place.state.slices if in_force(at_place, n) == 4.0}
    at_place.recipes.set_cube(CubeOptions(offsets=((at_place.state.current.name, 1.3, 1.3),)))
    after = {n for n in at_place.state.slices if in_force(at_place, n) == 4.0}
    assert before != after
    assert before


def test_more_edits_go_to_the_same_region_and_back_to_the_default_leaves_nothing(at_place):
    at_place.recipes.edit_slice(102, "fit_threshold", 4.0)
    at_place.recipes.edit_slice(101, "window", 30)
    [region] = at_place.state.recipe.regions
    assert (region.fit_threshold, region.window) == (4.0, 30)
    at_place.recipes.edit_slice(102, "fit_threshold", 10.0)
    assert at_place.state.recipe.regions == (replace(region, fit_threshold=None),)
    at_place.recipes.edit_slice(102, "window", None)
    assert at_place.state.recipe == Recipe()


def test_the_region_that_the_place_lies_in_takes_the_edit(at_place):
    place = at_place.state.places.current
    agn = Region("AGN", Circle(place.ra, place.dec, 1.5), "spline")
    at_place.regions.add(agn)
    at_place.recipes.edit_slice(102, "slope_limit", 0.05)
    assert at_place.state.recipe.regions == (replace(agn, slope_limit=0.05),)


def test_values_change_where_they_are_set(at_place):
    at_place.recipes.set_override(102, "fit_threshold", 8.0)
    at_place.recipes.set_override(102, "window", 20, ONE)
    at_place.recipes.edit_slice(102, "fit_threshold", 6.0)
    at_place.recipes.edit_slice(102, "window", 25)
    overrides = SliceOverride(102, fit_threshold=6.0), SliceOverride(102, ONE, window=25)
    assert at_place.state.recipe == Recipe(overrides=overrides)


def test_slices_outside_and_alpha_ranges_are_of_this_exposure_alone(at_place):
    at_place.look.pick_sky(at_place.state.position[0], at_place.state.position[1] + 0.85 / 3600)
    outside = min(set(at_place.state.slices) - at_place.state.where(Recipe()).reached)
    at_place.recipes.edit_slice(outside, "fit_threshold", 4.0)
    at_place.recipes.edit_slice(103, "use", ((-0.5, 0.2),))
    assert at_place.state.recipe.regions == ()
    assert set(at_place.state.recipe.overrides) == {
        SliceOverride(outside, ONE, fit_threshold=4.0),
        SliceOverride(103, ONE, use=((-0.5, 0.2),)),
    }


def test_several_slices_inside_and_outside_in_one_step(at_place):
    at_place.look.pick_sky(at_place.state.position[0], at_place.state.position[1] + 0.85 / 3600)
    at_place.recipes.edit_slices((101, 102, 103), "fit_threshold", 4.0)
    assert at_place.state.recipe.overrides == (SliceOverride(101, ONE, fit_threshold=4.0),)
    assert [r.fit_threshold for r in at_place.state.recipe.regions] == [4.0]
    assert at_place.recipes.undo_stack.undoText() == f"Slice 101 of {ONE} and Region “place 1”: threshold 10 → 4"
    at_place.recipes.undo_stack.undo()
    assert at_place.state.recipe == Recipe()


def test_a_drag_of_a_value_makes_one_region_and_one_step(at_place):
    for value in (9.0, 7.0, 4.0):
        at_place.recipes.drag_slice(102, "fit_threshold", value)
        assert in_force(at_place, 102) == value
    at_place.recipes.end_drag()
    assert [r.name for r in at_place.state.recipe.regions] == ["place 1"]
    assert at_place.recipes.undo_stack.count() == 1


def test_an_override_is_compared_with_what_a_region_says(at_place):
    """10, the recipe's own value, is an override where a region says 4; 4 is none."""
    at_place.recipes.edit_slice(102, "fit_threshold", 4.0)
    at_place.recipes.set_scope(Scope.SLICE)
    at_place.recipes.edit_slice(102, "fit_threshold", 10.0)
    assert at_place.state.recipe.overrides == (SliceOverride(102, ONE, fit_threshold=10.0),)
    assert at_place.recipes.undo_stack.undoText() == f"Slice 102 of {ONE}: threshold 4 → 10"
    at_place.recipes.edit_slice(102, "fit_threshold", 4.0)
    assert at_place.state.recipe.overrides == ()
    at_place.recipes.set_scope(Scope.NUMBER)
    at_place.recipes.edit_slice(102, "fit_threshold", 10.0)
    assert in_force(at_place, 102) == 10.0


def test_reset_takes_what_is_in_force_here(at_place):
    for exposure in (None, ONE, TWO):
        at_place.recipes.set_override(102, "window", 30 + len(exposure or "") % 7, exposure)
    at_place.recipes.reset_slices((102,))
    assert [o.exposure for o in at_place.state.recipe.overrides] == [TWO]
