"""Several recipes at once: what is asked for, what is kept, what can be taken back."""

from __future__ import annotations

import pytest

from atm_viewer.engine.recipe import Recipe, SliceOverride
from atm_viewer.jobs.requests.previews import Correct, MakeSpectra, ShowProfile
from atm_viewer.session.edits.variants import NAMES, Variant, Variants
from tests.session.test_session import settle


def names(session) -> str:
    return "".join(session.state.variants.names)


@pytest.fixture
def two(opened, qtbot):
    """A session with A at the pipeline's defaults, and B, the active one, with another threshold."""
    opened.recipes.new_variant()
    opened.recipes.set_override(101, "fit_threshold", 4.0)
    settle(qtbot, opened)
    return opened


def test_a_new_variant_is_a_copy_and_costs_nothing(opened, workers, qtbot):
    opened.recipes.set_global("slope_limit", 0.05)
    settle(qtbot, opened)
    before = len(workers.requests)
    opened.recipes.new_variant()
    assert opened.state.variants == Variants(
        (Variant("A", Recipe(slope_limit=0.05)), Variant("B", Recipe(slope_limit=0.05))), "B"
    )
    assert workers.requests[before:] == []
    assert opened.answers.spectra_of("B") is opened.answers.spectra_of("A") is opened.answers.spectra
    assert opened.recipes.undo_stack.undoText() == "New variant B"


def test_an_edit_is_for_the_active_variant_alone(two, workers, qtbot):
    before, left_alone = len(workers.requests), two.answers.spectra_of("A")
    two.recipes.set_override(101, "window", 30)
    settle(qtbot, two)
    asked = workers.requests[before:]
    assert [type(r) for r in asked] == [ShowProfile, MakeSpectra, Correct]
    assert asked[1].shown_as == "B1"
    assert two.state.variants["A"].recipe == Recipe()
    assert two.state.variants["B"].recipe == Recipe(overrides=(SliceOverride(101, fit_threshold=4.0, window=30),))
    assert two.answers.spectra_of("A") is left_alone
    assert two.recipes.undo_stack.undoText() == "Slice 101: window default → 30 (variant B)"


def test_the_active_variant_is_asked_first(two, workers, qtbot):
    two.recipes.choose_variant("A")
    settle(qtbot, two)
    before = len(workers.requests)
    two.look.set_radius(1.0)
    settle(qtbot, two)
    assert [(r.shown_as, r.urgent) for r in workers.requests[before:]] == [("A1", True), ("B1", False)]
    two.recipes.choose_variant("B")
    two.look.set_radius(1.1)
    settle(qtbot, two)
    assert [(r.shown_as, r.urgent) for r in workers.asked(MakeSpectra)[-2:]] == [("B1", True), ("A1", False)]
    assert {s.spectra.radius for s in two.answers.shown_spectra} == {1.1}


def test_choosing_asks_for_no_spectra_and_is_one_step(two, workers, qtbot):
    steps, asked = two.recipes.undo_stack.count(), len(workers.asked(MakeSpectra))
    for name in "ABA":
        with qtbot.waitSignal(two.changed.spectra):
            two.recipes.choose_variant(name)
        assert two.answers.spectra is two.answers.spectra_of(name)
    assert two.state.recipe == Recipe()
    assert len(workers.asked(MakeSpectra)) == asked
    assert two.recipes.undo_stack.count() == steps + 1
    assert two.recipes.undo_stack.undoText() == "Activate variant A"
    two.recipes.choose_variant("B")
    assert two.recipes.undo_stack.count() == steps  # where it began
    two.recipes.choose_variant("H")
    assert two.state.variants.active == "B"
    settle(qtbot, two)


def test_reports_of_a_moment_ago_are_there_at_once(two, workers, qtbot):
    two.recipes.choose_variant("A")
    settle(qtbot, two)
    fits = two.answers.slice_report(101).threshold
    corrections = len(workers.asked(Correct))
    two.recipes.choose_variant("B")
    assert "report" not in two.answers.pending
    assert two.answers.slice_report(101).threshold < fits
    two.recipes.choose_variant("A")
    assert two.answers.slice_report(101).threshold == fits
    settle(qtbot, two)
    assert len(workers.asked(Correct)) == corrections
    two.refresh()  # asks for it all the same
    settle(qtbot, two)
    assert len(workers.asked(Correct)) == corrections + 1


def test_what_is_shown_says_what_is_stale(two, workers, qtbot):
    workers.held = {MakeSpectra}
    known = two.answers.spectra
    two.recipes.set_override(101, "window", 30)
    assert [(s.variant.name, s.place, s.stale) for s in two.answers.shown_spectra] == [("A", 1, False), ("B", 1, True)]
    assert two.answers.shown_spectra[1].spectra is known
    workers.release(MakeSpectra)
    settle(qtbot, two)
    assert not any(s.stale for s in two.answers.shown_spectra)
    assert two.answers.spectra is not known


def test_late_spectra_of_another_slot_are_kept_apart(two, workers, qtbot):
    """Newer spectra of one variant do not take the place of another's that are under way."""
    workers.held = {MakeSpectra}
    two.look.set_radius(1.0)
    two.recipes.set_override(101, "window", 30)
    two.recipes.set_override(101, "window", 31)
    workers.release(MakeSpectra)
    settle(qtbot, two)
    assert [s.spectra.radius for s in two.answers.shown_spectra] == [1.0, 1.0]
    assert [r.shown_as for r in workers.asked(MakeSpectra)[-4:]] == ["B1", "A1", "B1", "B1"]


def test_discarding_and_taking_it_back(two, qtbot):
    two.recipes.new_variant()
    two.recipes.choose_variant("B")
    kept = two.state.variants
    two.recipes.discard_variant("B")
    assert (names(two), two.state.variants.active) == ("AC", "C")
    assert two.recipes.undo_stack.undoText() == "Discard variant B"
    assert two.answers.spectra_of("B") is None
    two.recipes.undo_stack.undo()
    assert two.state.variants == kept
    settle(qtbot, two)
    assert all(s.spectra is not None for s in two.answers.shown_spectra)
    two.recipes.discard_variant("C")
    two.recipes.discard_variant("B")
    assert two.recipes.undo_stack.undoText() == "Discard variant B"
    two.recipes.discard_variant("A")
    assert names(two) == "A"  # one always stays
    settle(qtbot, two)


def test_work_for_a_discarded_variant_is_dropped(two, workers, qtbot):
    workers.held = {MakeSpectra}
    two.look.set_radius(1.0)
    two.recipes.discard_variant("A")
    workers.release(MakeSpectra)
    settle(qtbot, two)
    assert two.answers.spectra_of("A") is None
    assert two.answers.spectra_of("B").radius == 1.0


def test_adopting_leaves_one_recipe(two, workers, qtbot):
    recipe, spectra = two.state.recipe, two.answers.spectra
    asked = len(workers.asked(MakeSpectra))
    two.recipes.adopt_variant("B")
    assert two.state.variants == Variants((Variant("A", recipe),), "A")
    assert two.answers.spectra is spectra
    assert len(workers.asked(MakeSpectra)) == asked
    assert two.recipes.undo_stack.undoText() == "Adopt variant B"
    two.recipes.set_global("slope_limit", 0.2)
    assert two.recipes.undo_stack.undoText() == "All slices: slope limit 0.1 → 0.2"  # of whom needs no telling any more
    two.recipes.undo_stack.undo()
    two.recipes.undo_stack.undo()
    assert (names(two), two.state.recipe) == ("AB", recipe)
    settle(qtbot, two)


def test_labels(two):
    two.recipes.label_variant("B", "  low   threshold ")
    assert two.state.variants["B"].title == "B low threshold"
    assert two.recipes.undo_stack.undoText() == "Label variant B: low threshold"
    two.recipes.undo_stack.undo()
    assert two.state.variants["B"].title == "B"


def test_names_run_out_and_are_used_again(opened, qtbot):
    for _ in NAMES:
        opened.recipes.new_variant()
    assert names(opened) == "ABCDEFGH"
    assert opened.messages.all[-1].text == "8 variants is the maximum; discard one first."
    opened.recipes.discard_variant("C")
    opened.recipes.new_variant()
    assert names(opened) == "ABCDEFGH"
    assert opened.state.variants.active == "C"
    settle(qtbot, opened)


def test_products_are_made_of_the_active_variant(two, workers, qtbot):
    from atm_viewer.jobs.requests.products import WriteCubes

    two.recipes.choose_variant("A")
    two.products.write_cubes("/out", "star")
    assert workers.asked(WriteCubes)[0].recipe == Recipe()
    settle(qtbot, two)
