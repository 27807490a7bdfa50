from __future__ import annotations

from dataclasses import replace

import pytest

from atm_viewer.engine.recipe import Recipe, SliceOverride
from atm_viewer.session.edits import slice_edits
from atm_viewer.session.edits.scope import Scope, Where
from atm_viewer.session.state.selection import slices_across
from tests.session.conftest import FILES
from tests.session.fake_workers import exposure_view

ONE, TWO = "jw09999-star_00001_mirifushort", "jw09999-star_00002_mirifushort"
BY_NUMBER, ALONE = Where(ONE, Scope.NUMBER), Where(ONE, Scope.SLICE)
BASE = Recipe(
    overrides=(
        SliceOverride(101, fit_threshold=4.0),
        SliceOverride(101, ONE, window=30),
        SliceOverride(102, TWO, window=20),
    )
)


@pytest.mark.parametrize(
    ("numbers", "name", "value", "text"),
    [
        ((103,), "fit_threshold", 4.0, "Slice 103: threshold 10 → 4"),
        ((103, 104, 105), "fit_threshold", 4.0, "3 slices: threshold 10 → 4"),
        ((101, 103), "fit_threshold", 5.0, "2 slices: threshold → 5"),
        ((101, 103), "fit_threshold", 10.0, "Slice 101: threshold 4 → 10"),  # 103 stays as it was
        ((101, 103), "fit_threshold", None, "Slice 101: threshold 4 → 10"),
        ((101,), "window", None, f"Slice 101 of {ONE}: window 30 → default"),
        ((101, 103), "window", 25, "2 slices: window → 25"),
        ((103, 104), "use", ((-0.9, 0.4),), "2 slices: use range default → -0.9…0.4"),
    ],
)
def test_several_slices_in_one_step(numbers, name, value, text):
    edit = slice_edits.set_values(BASE, numbers, name, value, BY_NUMBER)
    assert edit.name == text
    for number in numbers:
        default = getattr(Recipe().params(number, ONE), name)
        assert getattr(edit.recipe.params(number, ONE), name) == (default if value is None else value)
    untouched = [o for o in BASE.overrides if o.number not in numbers]
    assert [o for o in edit.recipe.overrides if o.number not in numbers] == untouched


def test_each_slice_is_edited_where_its_value_is_seen():
    edit = slice_edits.set_values(BASE, (101, 103), "window", 25, BY_NUMBER)
    assert edit.recipe.override(101, ONE).window == 25  # the exposure has its own
    assert edit.recipe.override(103).window == 25
    alone = slice_edits.set_values(BASE, (103, 104), "slope_limit", 0.05, ALONE)
    assert alone.name == f"2 slices of {ONE}: slope limit 0.1 → 0.05"
    assert alone.recipe.params(103, TWO).slope_limit == 0.1


def test_values_that_psf_optimal_ignores_are_edited_all_the_same():
    edit = slice_edits.set_one(replace(BASE, psf_optimal=True), 103, "fit_threshold", 4.0, None)
    assert edit.name == "Slice 103: threshold 10 → 4"
    assert replace(edit.recipe, psf_optimal=False).params(103, ONE).fit_threshold == 4.0


def test_reset():
    edit = slice_edits.reset(BASE, (101, 102), ONE, Scope.NUMBER)
    assert (edit.name, edit.recipe) == ("2 slices: reset", Recipe())
    here = slice_edits.reset(BASE, (101, 102), ONE, Scope.SLICE)
    assert here.recipe.overrides == (BASE.overrides[0], BASE.overrides[2])


def test_copying_replaces_what_the_others_had():
    edit = slice_edits.copy(BASE, 101, (101, 102, 103), ONE, Scope.NUMBER)
    assert edit.name == "2 slices: copy overrides of slice 101"
    for number in (101, 102, 103):
        entries = {replace(o, number=0) for o in edit.recipe.overrides if o.number == number}
        assert entries == {SliceOverride(0, fit_threshold=4.0), SliceOverride(0, ONE, window=30)}


def test_copying_within_one_exposure_leaves_the_others_alone():
    edit = slice_edits.copy(BASE, 101, (102,), ONE, Scope.SLICE)
    assert edit.name == f"Slice 102 of {ONE}: copy overrides of slice 101"
    assert edit.recipe.override(102, ONE) == SliceOverride(102, ONE, fit_threshold=4.0, window=30)
    assert edit.recipe.override(102) == SliceOverride(102)
    assert edit.recipe.override(102, TWO) == BASE.override(102, TWO)


def test_an_override_of_one_exposure_becomes_one_for_all():
    recipe = BASE.with_override(SliceOverride(101, TWO, window=12, breakpoints=40))
    edit = slice_edits.for_all_exposures(recipe, (101, 102), ONE)
    assert edit.name == "2 slices: apply to all exposures"
    assert edit.recipe.override(101) == SliceOverride(101, fit_threshold=4.0, window=30)
    assert edit.recipe.override(101, ONE).values() == {}
    assert edit.recipe.override(101, TWO).values() == {"breakpoints": 40}  # what was not set here stays
    assert edit.recipe.override(102, TWO) == BASE.override(102, TWO)


def test_an_override_for_all_becomes_one_of_this_exposure():
    edit = slice_edits.for_one_exposure(BASE, (101,), ONE)
    assert edit.name == f"Slice 101: limit to {ONE}"
    assert edit.recipe.override(101).values() == {}
    assert edit.recipe.override(101, ONE) == SliceOverride(101, ONE, fit_threshold=4.0, window=30)
    assert edit.recipe.params(101, TWO).fit_threshold == 10.0
    back = slice_edits.for_all_exposures(edit.recipe, (101,), ONE)
    assert back.recipe.params(101, TWO).window == 30


@pytest.mark.parametrize("instrument", ["MIRI", "NIRSPEC"])
def test_slices_in_their_order_on_the_sky(instrument):
    view = exposure_view(FILES[0], slices=5, instrument=instrument)
    if instrument == "MIRI":
        assert slices_across(view, 203) == (201, 202, 203, 204, 205)
        return
    # As on the detector: odd slices on one side of the field, even ones on the other.
    places = {n: (-n if n % 2 else n) for n in view.slices}
    dec = view.dec.copy()
    for number, place in places.items():
        dec[view.regions == number] = -5.4 + 0.2 * place / 3600
    order = slices_across(replace(view, dec=dec, ra=(view.ra - view.ra[view.regions > 0][0]) % 360), 2)
    assert order == tuple(sorted(places, key=lambda n: places[n]))


def test_what_a_band_has_is_changed_there_and_can_be_overridden_in_an_exposure():
    banded = Recipe(overrides=(SliceOverride(101, band="ch1-short", window=30), SliceOverride(101, window=20)))
    where = Where(ONE, Scope.PLACE, bands=("ch1-short", "ch2-short"))
    assert slice_edits.overridden(banded, 101, ONE, where.bands) == {"window": "ch1-short"}
    assert slice_edits.overridden(banded, 101, ONE, ("ch1-long",)) == {"window": None}
    for scope in (Scope.PLACE, Scope.NUMBER, Scope.BAND):
        edit = slice_edits.set_values(banded, (101,), "window", 40, replace(where, scope=scope))
        assert edit.name == "Slice 101 of ch1-short: window 30 → 40"
        assert edit.recipe.override(101, band="ch1-short").window == 40
        assert edit.recipe.override(101).window == 20
    edit = slice_edits.set_values(banded, (101,), "window", 20, replace(where, scope=Scope.SLICE))
    assert edit.name == f"Slice 101 of {ONE}: window 30 → 20"
    assert edit.recipe.params(101, ONE, (), where.bands).window == 20
    assert edit.recipe.params(101, TWO, (), where.bands).window == 30
    # Taking the band's value away leaves that of all.
    edit = slice_edits.set_values(banded, (101,), "window", None, replace(where, scope=Scope.NUMBER))
    assert edit.recipe.overrides == (SliceOverride(101, window=20),)
    gone = slice_edits.reset(banded, (101,), ONE, Scope.PLACE, ("ch1-long",)).recipe
    assert gone.overrides == banded.overrides[:1]  # that of another band stays
    assert slice_edits.reset(banded, (101,), ONE, Scope.NUMBER).recipe == Recipe()
    copied = slice_edits.copy(banded, 101, (102,), ONE, Scope.PLACE, where.bands).recipe
    assert copied.override(102, ONE).window == 30


def test_an_override_for_one_band():
    where = Where(ONE, Scope.BAND, bands=("ch1-short", "ch2-short"))
    edit = slice_edits.set_values(Recipe(), (101, 201), "fit_threshold", 4.0, where)
    assert edit.name == "2 slices: threshold 10 → 4"
    assert edit.recipe.overrides == (
        SliceOverride(101, band="ch1-short", fit_threshold=4.0),
        SliceOverride(201, band="ch2-short", fit_threshold=4.0),
    )
    assert edit.recipe.params(101, ONE, (), where.bands).fit_threshold == 4.0
    assert edit.recipe.params(101, TWO, (), ("ch1-long", "ch2-long")).fit_threshold == 10.0
    assert slice_edits.set_values(Recipe(), (101,), "fit_threshold", 4.0, where).name == (
        "Slice 101 of ch1-short: threshold 10 → 4"
    )
    # A value of all bands stays in the others.
    both = slice_edits.set_values(Recipe(overrides=(SliceOverride(101, window=20),)), (101,), "window", 30, where)
    assert both.recipe.override(101).window == 20
    assert both.recipe.override(101, band="ch1-short").window == 30
    # What the exposure has is changed there: it comes before the band's.
    own = Recipe(overrides=(SliceOverride(101, ONE, window=20),))
    assert slice_edits.set_values(own, (101,), "window", 30, where).recipe.override(101, ONE).window == 30
    copied = slice_edits.copy(both.recipe, 101, (102,), ONE, Scope.BAND, where.bands)
    assert copied.name == "Slice 102 of ch1-short: copy overrides of slice 101"
    assert copied.recipe.override(102, band="ch1-short").window == 30
    gone = slice_edits.reset(copied.recipe, (101, 102), ONE, Scope.BAND, where.bands)
    assert gone.name == "2 slices of ch1-short: reset"
    assert gone.recipe.overrides == (SliceOverride(101, window=20),)
    spread = slice_edits.for_all_exposures(
        both.recipe.with_override(SliceOverride(101, ONE, window=40)), (101,), ONE
    ).recipe
    assert spread.overrides == (SliceOverride(101, window=40),)
