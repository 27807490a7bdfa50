"""Several recipes at once: what is asked for, what is kept, what can be taken back."""

from __future__ import annotations

import pytest

from atm_viewer.engine.recipe import Recipe, SliceOverride
from atm_viewer.jobs.messages import Correct, MakeSpectra, ShowProfile
from atm_viewer.session.edits.variants import NAMES, Variant, Variants
from tests.session.test_session import settle


def names(session) -> str:
    return "".join(session.variants.names)


@pytest.fixture
def two(opened, qtbot):
    """A session with A at the pipeline's defaults, and B, the active one, with another threshold."""
    opened.new_variant()
    opened.set_override(101, "fit_threshold", 4.0)
    settle(qtbot, opened)
    return opened


def test_a_new_variant_is_a_copy_and_costs_nothing(opened, workers, qtbot):
    opened.set_global("slope_limit", 0.05)
    settle(qtbot, opened)
    before = len(workers.requests)
    opened.new_variant()
    assert opened.variants == Variants(
        (Variant("A", Recipe(slope_limit=0.05)), Variant("B", Recipe(slope_limit=0.05))), "B"
    )
    assert workers.requests[before:] == []
    assert opened.spectra_of("B") is opened.spectra_of("A") is opened.spectra
    assert opened.undo_stack.undoText() == "New variant B"


def test_an_edit_is_for_the_active_variant_alone(two, workers, qtbot):
    before, left_alone = len(workers.requests), two.spectra_of("A")
    two.set_override(101, "window", 30)
    settle(qtbot, two)
    asked = workers.requests[before:]
    assert [type(r) for r in asked] == [ShowProfile, MakeSpectra, Correct]
    assert asked[1].slot == "B1"
    assert two.variants["A"].recipe == Recipe()
    assert two.variants["B"].recipe == Recipe(overrides=(SliceOverride(101, fit_threshold=4.0, window=30),))
    assert two.spectra_of("A") is left_alone
    assert two.undo_stack.undoText() == "Slice 101: window default → 30 (variant B)"


def test_the_active_variant_is_asked_first(two, workers, qtbot):
    two.choose_variant("A")
    settle(qtbot, two)
    before = len(workers.requests)
    two.set_radius(1.0)
    settle(qtbot, two)
    assert [(r.slot, r.urgent) for r in workers.requests[before:]] == [("A1", True), ("B1", False)]
    two.choose_variant("B")
    two.set_radius(1.1)
    settle(qtbot, two)
    assert [(r.slot, r.urgent) for r in workers.asked(MakeSpectra)[-2:]] == [("B1", True), ("A1", False)]
    assert {s.spectra.radius for s in two.shown_spectra} == {1.1}


def test_choosing_asks_for_no_spectra_and_is_one_step(two, workers, qtbot):
    steps, asked = two.undo_stack.count(), len(workers.asked(MakeSpectra))
    for name in "ABA":
        with qtbot.waitSignal(two.spectra_changed):
            two.choose_variant(name)
        assert two.spectra is two.spectra_of(name)
    assert two.recipe == Recipe()
    assert len(workers.asked(MakeSpectra)) == asked
    assert two.undo_stack.count() == steps + 1
    assert two.undo_stack.undoText() == "Activate variant A"
    two.choose_variant("B")
    assert two.undo_stack.count() == steps  # where it began
    two.choose_variant("H")
    assert two.variants.active == "B"
    settle(qtbot, two)


def test_reports_of_a_moment_ago_are_there_at_once(two, workers, qtbot):
    two.choose_variant("A")
    settle(qtbot, two)
    fits = two.slice_report(101).threshold
    corrections = len(workers.asked(Correct))
    two.choose_variant("B")
    assert "report" not in two.pending
    assert two.slice_report(101).threshold < fits
    two.choose_variant("A")
    assert two.slice_report(101).threshold == fits
    settle(qtbot, two)
    assert len(workers.asked(Correct)) == corrections
    two.refresh()  # asks for it all the same
    settle(qtbot, two)
    assert len(workers.asked(Correct)) == corrections + 1


def test_what_is_shown_says_what_is_stale(two, workers, qtbot):
    workers.held = {MakeSpectra}
    known = two.spectra
    two.set_override(101, "window", 30)
    assert [(s.variant.name, s.place, s.stale) for s in two.shown_spectra] == [("A", 1, False), ("B", 1, True)]
    assert two.shown_spectra[1].spectra is known
    workers.release(MakeSpectra)
    settle(qtbot, two)
    assert not any(s.stale for s in two.shown_spectra)
    assert two.spectra is not known


def test_late_spectra_of_another_slot_are_kept_apart(two, workers, qtbot):
    """Newer spectra of one variant do not take the place of another's that are under way."""
    workers.held = {MakeSpectra}
    two.set_radius(1.0)
    two.set_override(101, "window", 30)
    two.set_override(101, "window", 31)
    workers.release(MakeSpectra)
    settle(qtbot, two)
    assert [s.spectra.radius for s in two.shown_spectra] == [1.0, 1.0]
    assert [r.slot for r in workers.asked(MakeSpectra)[-4:]] == ["B1", "A1", "B1", "B1"]


def test_discarding_and_taking_it_back(two, qtbot):
    two.new_variant()
    two.choose_variant("B")
    kept = two.variants
    two.discard_variant("B")
    assert (names(two), two.variants.active) == ("AC", "C")
    assert two.undo_stack.undoText() == "Discard variant B"
    assert two.spectra_of("B") is None
    two.undo_stack.undo()
    assert two.variants == kept
    settle(qtbot, two)
    assert all(s.spectra is not None for s in two.shown_spectra)
    two.discard_variant("C")
    two.discard_variant("B")
    assert two.undo_stack.undoText() == "Discard variant B"
    two.discard_variant("A")
    assert names(two) == "A"  # one always stays
    settle(qtbot, two)


def test_work_for_a_discarded_variant_is_dropped(two, workers, qtbot):
    workers.held = {MakeSpectra}
    two.set_radius(1.0)
    two.discard_variant("A")
    workers.release(MakeSpectra)
    settle(qtbot, two)
    assert two.spectra_of("A") is None
    assert two.spectra_of("B").radius == 1.0


def test_adopting_leaves_one_recipe(two, workers, qtbot):
    recipe, spectra = two.recipe, two.spectra
    asked = len(workers.asked(MakeSpectra))
    two.adopt_variant("B")
    assert two.variants == Variants((Variant("A", recipe),), "A")
    assert two.spectra is spectra
    assert len(workers.asked(MakeSpectra)) == asked
    assert two.undo_stack.undoText() == "Adopt variant B"
    two.set_global("slope_limit", 0.2)
    assert two.undo_stack.undoText() == "All slices: slope limit 0.1 → 0.2"  # of whom needs no telling any more
    two.undo_stack.undo()
    two.undo_stack.undo()
    assert (names(two), two.recipe) == ("AB", recipe)
    settle(qtbot, two)


def test_labels(two):
    two.label_variant("B", "  low   threshold ")
    assert two.variants["B"].title == "B low threshold"
    assert two.undo_stack.undoText() == "Label variant B: low threshold"
    two.undo_stack.undo()
    assert two.variants["B"].title == "B"


def test_names_run_out_and_are_used_again(opened, qtbot):
    for _ in NAMES:
        opened.new_variant()
    assert names(opened) == "ABCDEFGH"
    assert opened.messages[-1].text == "8 variants is the maximum; discard one first."
    opened.discard_variant("C")
    opened.new_variant()
    assert names(opened) == "ABCDEFGH"
    assert opened.variants.active == "C"
    settle(qtbot, opened)


def test_products_are_made_of_the_active_variant(two, workers, qtbot):
    from atm_viewer.jobs.messages import WriteCubes

    two.choose_variant("A")
    two.write_cubes("/out", "star")
    assert workers.asked(WriteCubes)[0].recipe == Recipe()
    settle(qtbot, two)
