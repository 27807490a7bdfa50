"""Everything that changes a recipe is an undo step with a name that says what it did."""

from __future__ import annotations

import pytest

from atm_viewer.engine.recipe import Recipe
from atm_viewer.session.edits import undo_commands
from atm_viewer.session.edits.scope import Scope
from atm_viewer.session.session import Session
from tests.session.conftest import FILES

ONE = "jw09999-star_00001_mirifushort"


def load(session: Session, folder) -> None:
    (folder / "mine.toml").write_text("version = 1\n[global]\nfit_threshold = 7.0\n")
    session.recipes.load_recipe(folder / "mine.toml")


def drag(session: Session, _) -> None:
    for value in (9.0, 8.0, 6.0):
        session.recipes.drag_slice(102, "fit_threshold", value)
    session.recipes.end_drag()


def alone(session: Session, act) -> None:
    session.recipes.set_scope(Scope.SLICE)
    act(session)


#: Every intent that changes a recipe; the session has overrides in slices 101 (threshold 4) and 103 (of `ONE` alone:
#: window 30).
INTENTS = [
    (lambda s, _: s.recipes.set_global("fit_threshold", 8.0), "All slices: threshold 10 → 8"),
    (lambda s, _: s.recipes.set_global("slope_limit", 0.05), "All slices: slope limit 0.1 → 0.05"),
    (lambda s, _: s.recipes.set_global("oversample", 2), "All slices: oversample 3 → 2"),
    (lambda s, _: s.recipes.set_global("psf_optimal", True), "All slices: PSF optimal off → on"),
    (lambda s, _: s.recipes.set_global("reach", "slice"), "All slices: reach pipeline → slice"),
    (lambda s, _: s.recipes.set_global("residual", "none"), "All slices: residual interpolated → none"),
    (lambda s, _: s.recipes.set_global("peak_cut", "source"), "All slices: peak cut pipeline → source"),
    (lambda s, _: s.recipes.set_override(102, "window", 20), "Slice 102: window default → 20"),
    (lambda s, _: s.recipes.set_override(101, "fit_threshold", None), "Slice 101: threshold 4 → 10"),
    (lambda s, _: s.recipes.set_override(101, "breakpoints", 40, ONE), f"Slice 101 of {ONE}: breakpoints default → 40"),
    (lambda s, _: s.recipes.edit_slice(102, "use", ((-0.9, 0.4),)), "Slice 102: use range default → -0.9…0.4"),
    (lambda s, _: s.recipes.edit_slice(102, "use", ()), "Slice 102: use range default → none"),
    (lambda s, _: s.recipes.edit_slice(102, "wavelengths", (4.9, 5.6)), "Slice 102: wavelengths default → 4.9…5.6"),
    (lambda s, _: s.recipes.edit_slice(103, "window", 20), f"Slice 103 of {ONE}: window 30 → 20"),
    (lambda s, _: s.recipes.edit_slices((101, 102), "slope_limit", 0.05), "2 slices: slope limit 0.1 → 0.05"),
    (drag, "Slice 102: threshold 10 → 6"),
    (lambda s, _: s.recipes.reset_slices((101,)), "Slice 101: reset"),
    (lambda s, _: alone(s, lambda s: s.recipes.reset_slices((103,))), f"Slice 103 of {ONE}: reset"),
    (lambda s, _: s.recipes.copy_slice(101, (102, 103)), "2 slices: copy overrides of slice 101"),
    (
        lambda s, _: alone(s, lambda s: s.recipes.copy_slice(101, (102,))),
        f"Slice 102 of {ONE}: copy overrides of slice 101",
    ),
    (lambda s, _: s.recipes.apply_to_all_exposures((103,)), "Slice 103: apply to all exposures"),
    (lambda s, _: s.recipes.keep_to_this_exposure((101,)), f"Slice 101: limit to {ONE}"),
    (lambda s, _: s.recipes.reset_all(), "Reset all to defaults"),
    (load, "Load mine.toml"),
    (lambda s, _: s.recipes.new_variant(), "New variant B"),
    (lambda s, _: s.recipes.label_variant("A", "lower threshold"), "Label variant A: lower threshold"),
]


@pytest.mark.parametrize(("act", "name"), INTENTS, ids=[name for _, name in INTENTS])
def test_every_change_of_the_recipe_is_a_named_step(opened, qtbot, tmp_path, act, name):
    opened.recipes.set_override(101, "fit_threshold", 4.0)
    opened.recipes.set_override(103, "window", 30, ONE)
    before = opened.state.variants
    act(opened, tmp_path)
    qtbot.waitUntil(lambda: not opened.file_work.busy)
    after = opened.state.variants
    assert after != before
    assert opened.recipes.undo_stack.undoText().startswith(name)
    assert opened.recipes.undo_stack.count() == 3
    opened.recipes.undo_stack.undo()
    assert opened.state.variants == before
    assert opened.recipes.undo_stack.redoText().startswith(name)
    opened.recipes.undo_stack.redo()
    assert opened.state.variants == after
    qtbot.waitUntil(lambda: opened.complete)
    assert opened.answers.report.exposure == FILES[0]


def test_with_several_variants_each_step_says_whose_it_is(opened, qtbot):
    opened.recipes.new_variant()
    opened.recipes.set_global("fit_threshold", 8.0)
    assert opened.recipes.undo_stack.undoText() == "All slices: threshold 10 → 8 (variant B)"
    for act, name in (
        (lambda: opened.recipes.choose_variant("A"), "Activate variant A"),
        (lambda: opened.recipes.discard_variant("A"), "Discard variant A"),
    ):
        before = opened.state.variants
        act()
        assert opened.recipes.undo_stack.undoText() == name
        opened.recipes.undo_stack.undo()
        assert opened.state.variants == before
        opened.recipes.undo_stack.redo()
    opened.recipes.undo_stack.undo()
    opened.recipes.adopt_variant("B")
    assert opened.recipes.undo_stack.undoText() == "Adopt variant B"
    assert opened.state.recipe == Recipe(fit_threshold=8.0)
    qtbot.waitUntil(lambda: opened.complete)


def test_quick_steps_of_a_box_are_one_change(opened, qtbot, monkeypatch):
    for value in (11.0, 12.0, 13.0):
        opened.recipes.set_global("fit_threshold", value, step=True)
    opened.recipes.set_global("slope_limit", 0.2, step=True)
    opened.recipes.set_global("slope_limit", 0.3, step=True)
    texts = [opened.recipes.undo_stack.text(i) for i in range(opened.recipes.undo_stack.count())]
    assert texts == ["All slices: threshold 10 → 13", "All slices: slope limit 0.1 → 0.3"]
    opened.recipes.undo_stack.undo()
    opened.recipes.undo_stack.undo()
    assert opened.state.recipe == Recipe()
    monkeypatch.setattr(undo_commands, "STEP_PAUSE", -1.0)
    opened.recipes.set_global("fit_threshold", 11.0, step=True)
    opened.recipes.set_global("fit_threshold", 12.0, step=True)  # after a while: a change of its own
    assert opened.recipes.undo_stack.count() == 2
    qtbot.waitUntil(lambda: opened.complete)


def test_steps_that_lead_back_are_nothing(opened, qtbot):
    opened.recipes.new_variant()
    opened.recipes.set_global("fit_threshold", 11.0, step=True)
    assert opened.recipes.undo_stack.undoText() == "All slices: threshold 10 → 11 (variant B)"
    opened.recipes.set_global("fit_threshold", 10.0, step=True)
    assert opened.recipes.undo_stack.undoText() == "New variant B"
    qtbot.waitUntil(lambda: opened.complete)


def test_what_was_saved_is_not_melted_into_the_next_step(opened, qtbot, tmp_path):
    opened.recipes.set_global("fit_threshold", 11.0, step=True)
    opened.recipes.save_recipe(tmp_path / "mine.toml")
    qtbot.waitUntil(opened.recipes.undo_stack.isClean)
    opened.recipes.set_global("fit_threshold", 12.0, step=True)
    opened.recipes.undo_stack.undo()
    assert opened.recipes.undo_stack.isClean()
    qtbot.waitUntil(lambda: opened.complete)
