"""Variants and images of the field, with mouse and keys on the window."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QInputDialog, QMenu

from atm_viewer.engine.recipe import Recipe
from atm_viewer.jobs.requests.previews import MakeSkyImage, MakeSpectra
from atm_viewer.session.state.sky_choice import BEFORE, BLINK, DIFFERENCE, FIRST, RATIO, SECOND, SWIPE
from atm_viewer.views.base.theme import DARK, LIGHT
from atm_viewer.views.slices.cells import AT
from tests.views.mouse import colour_at, drag, view_range
from tests.views.mouse import settle as paint
from tests.views.windows import dialog_of, press, settle

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


@pytest.fixture
def two(opened, qtbot):
    """A window with A at the pipeline's defaults, and B, the active one, with another threshold."""
    qtbot.mouseClick(opened.variant_bar.new_button, LEFT)
    opened.session.recipes.set_global("fit_threshold", 40.0)
    settle(qtbot, opened)
    return opened


def chips(window):
    return {name: chip.text() for name, chip in window.variant_bar.chips.items() if chip.isVisible()}


def entry(menu: QMenu, text: str):
    return next(action for action in menu.actions() if action.text() == text)


def words(window) -> str:
    """What is written in the image, without its colours."""
    from PyQt6.QtGui import QTextDocumentFragment

    labels = (window.sky.left_text, window.sky.right_text)
    texts = [QTextDocumentFragment.fromHtml(label.text()).toPlainText() for label in labels if label.isVisible()]
    return " | ".join(
        text.replace("\n", " ").replace("\u2028", " ").replace("\xa0", " ").replace("■ ", "") for text in texts
    )


# Tuning


def test_a_tuned_recipe_is_a_new_variant_that_can_be_undone(opened, qtbot):
    qtbot.mouseClick(opened.tune_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: opened.variant_bar.isVisible())
    settle(qtbot, opened)
    state = opened.session.state
    assert state.variants.active == "B"
    assert state.recipe.override(102, state.current.name).use == ((-0.5, 0.5),)
    assert "tuned" in opened.variant_bar.chips["B"].toolTip()
    included = len(state.included)
    assert f"Tuned {2 * included} slices of {included} exposure" in opened.log.toPlainText()
    assert opened.actions_by_name["undo"].text() == "Undo New variant B: tuned"
    press(qtbot, opened, "undo")
    settle(qtbot, opened)
    assert chips(opened) == {}
    assert opened.session.state.recipe == Recipe()


def test_the_table_and_the_log_say_why_slices_are_tuned_so(opened, qtbot):
    table, tip = opened.slice_table, Qt.ItemDataRole.ToolTipRole
    assert table.cell(102, "tuned").data() == ""
    assert table.isColumnHidden(AT["tuned"])
    press(qtbot, opened, "tune_recipe")
    qtbot.waitUntil(lambda: opened.variant_bar.isVisible())
    settle(qtbot, opened)
    reason = "Spline in 25 % of the slice: it errs by 1 % there, interpolation by 8 %."
    assert table.cell(102, "tuned").data() == "8.0 → 1.0"
    assert not table.isColumnHidden(AT["tuned"])
    for name in ("tuned", "state", "use"):
        assert reason in table.cell(102, name).data(tip)
    assert reason not in table.cell(102, "noise").data(tip)
    assert table.cell(103, "tuned").data() == ""
    assert f"102 {reason}" in opened.log.toPlainText()
    opened.session.recipes.edit_slice(102, "use", ((-0.4, 0.5),))
    settle(qtbot, opened)
    assert table.cell(102, "tuned").data() == ""  # it is not as it was tuned
    assert table.cell(101, "tuned").data() == "8.0 → 1.0"
    press(qtbot, opened, "undo")
    settle(qtbot, opened)
    assert table.cell(102, "tuned").data() == "8.0 → 1.0"
    assert not table.isColumnHidden(AT["tuned"])


def test_only_the_selected_slices_are_tuned(opened, qtbot):
    press(qtbot, opened, "tune_slices")
    qtbot.waitUntil(lambda: opened.variant_bar.isVisible())
    settle(qtbot, opened)
    assert {o.number for o in opened.session.state.recipe.overrides} == {opened.session.state.number}


# Chips


def test_one_recipe_needs_no_chips(opened):
    assert not opened.variant_bar.isVisible()
    assert opened.variant_bar.new_button.isVisible()
    assert opened.globals_panel.note.text() == "defaults"
    assert not opened.actions_by_name["discard_variant"].isEnabled()


def test_a_new_variant_has_a_chip_and_is_edited(two):
    assert chips(two) == {"A": "A 1.4 %", "B": "B 1.4 %"}
    assert [two.variant_bar.chips[n].isChecked() for n in "AB"] == [False, True]
    assert two.globals_panel.note.text() == "variant B, defaults"
    assert two.session.state.variants["A"].recipe == Recipe()
    assert two.actions_by_name["undo"].text() == "Undo All slices: threshold 10 → 40 (variant B)"


def test_chips_tell_in_words_how_they_differ(two):
    tip = two.variant_bar.chips["A"].toolTip()
    assert "no differences" in tip
    assert "Compared with B: threshold 40 → 10" in tip
    assert "8.2 % → 1.4 %" in tip
    assert "threshold 10 → 40" in two.variant_bar.chips["B"].toolTip()


def test_a_click_chooses(two, qtbot):
    qtbot.mouseClick(two.variant_bar.chips["A"], LEFT)
    assert two.session.state.recipe == Recipe()
    assert two.recipe_panel.boxes["fit_threshold"].value() == 10.0
    qtbot.mouseClick(two.variant_bar.chips["A"], LEFT)  # again: it stays the chosen one
    assert [two.variant_bar.chips[n].isChecked() for n in "AB"] == [True, False]
    settle(qtbot, two)


def test_a_variant_that_is_renewed_says_so(two, workers, qtbot):
    workers.held = {MakeSpectra}
    two.session.recipes.set_global("fit_threshold", 30.0)
    assert chips(two) == {"A": "A 1.4 %", "B": "B …"}
    workers.release(MakeSpectra)
    settle(qtbot, two)
    assert chips(two)["B"] == "B 1.4 %"


def test_keys_go_through_all_of_it(two, qtbot):
    names = lambda: "".join(two.session.state.variants.names)  # noqa: E731
    press(qtbot, two, "new_variant")
    assert (names(), two.session.state.variants.active) == ("ABC", "C")
    press(qtbot, two, "next_variant")
    assert two.session.state.variants.active == "A"
    press(qtbot, two, "previous_variant")
    press(qtbot, two, "discard_variant")
    assert (names(), two.session.state.variants.active) == ("AB", "B")
    press(qtbot, two, "undo")
    assert names() == "ABC"
    press(qtbot, two, "redo")
    press(qtbot, two, "adopt_variant")
    assert (names(), two.session.state.recipe.fit_threshold) == ("A", 40.0)
    assert not two.variant_bar.isVisible()
    press(qtbot, two, "undo")
    assert names() == "AB"
    settle(qtbot, two)


@pytest.mark.parametrize(("text", "left"), [("Adopt A", "A"), ("Discard A", "B")])
def test_menu_of_a_chip(two, qtbot, text, left):
    chip = two.variant_bar.chips["A"]
    chip.customContextMenuRequested.emit(chip.rect().center())
    menu = dialog_of(two, QMenu)
    entry(menu, text).trigger()
    menu.close()
    assert two.session.state.variants.names == (left,)
    assert two.session.state.recipe.fit_threshold == (10.0 if text == "Adopt A" else 40.0)
    settle(qtbot, two)


def test_a_label_is_typed(two, qtbot):
    qtbot.mouseClick(two.variant_bar.menu_button, LEFT)
    menu = dialog_of(two, QMenu)
    entry(menu, "Label B…").trigger()
    menu.close()
    dialog = dialog_of(two, QInputDialog)
    dialog.setTextValue("high threshold")
    dialog.accept()
    assert "Variant B high threshold" in two.variant_bar.chips["B"].toolTip()
    assert two.globals_panel.note.text() == "variant B high threshold, defaults"


def test_many_chips_stay_short(opened, qtbot):
    for _ in range(7):
        press(qtbot, opened, "new_variant")
    settle(qtbot, opened)
    paint(qtbot)
    assert list(chips(opened).values()) == [*"ABCDEFG", "H 1.4 %"]
    assert not opened.variant_bar.new_button.isEnabled()
    assert opened.variant_bar.sizeHint().width() < 400


def test_colours_of_variants_are_apart():
    for theme in (DARK, LIGHT):
        assert len(set(theme.variants)) == 8
        assert theme.variant("A") == theme.after


# Images of the field


def test_before_is_shown_first(opened, workers):
    assert words(opened) == "before white light"
    assert [r.recipe for r in workers.asked(MakeSkyImage)] == [None] * len(workers.asked(MakeSkyImage))


def test_flip_shows_after_with_the_same_zoom_and_levels(opened, qtbot):
    sky = opened.sky
    sky.view.setRange(xRange=(-1.5, 1.0), yRange=(-1.5, 1.0))
    paint(qtbot)
    before = view_range(sky.plot), sky.limits
    press(qtbot, opened, "sky_flip")
    settle(qtbot, opened)
    assert words(opened) == "after white light"
    assert sky.bar.mode_box.currentText() == "after"
    assert sky._content.values.max() == pytest.approx(
        0.9 * np.nanmax(opened.session.answers.sky.image), rel=1e-5
    ) or np.nanmax(sky._content.values) == pytest.approx(0.9 * np.nanmax(opened.session.answers.sky.image), rel=1e-5)
    assert (view_range(sky.plot), sky.limits) == before
    press(qtbot, opened, "sky_flip")
    assert words(opened) == "before white light"


def test_blink_takes_turns(opened, qtbot):
    sky = opened.sky
    sky.bar.period_box.setValue(0.1)
    before = view_range(sky.plot), sky.limits
    press(qtbot, opened, "sky_blink")
    assert sky.bar.period_box.isVisible()
    settle(qtbot, opened)
    for side in ("after", "before", "after"):
        qtbot.waitUntil(lambda side=side: words(opened) == f"{side} white light")
        assert (view_range(sky.plot), sky.limits) == before
    press(qtbot, opened, "sky_blink")
    assert opened.session.state.sky_choice.mode == FIRST
    assert not sky._timer.isActive()
    assert not sky.bar.period_box.isVisible()


def test_blinking_moves_no_panel(two, qtbot):
    two.resize(1280, 800)
    paint(qtbot)
    width = two.sky_panel.width()
    press(qtbot, two, "sky_blink")
    paint(qtbot)
    assert two.sky.bar.period_box.isVisible()
    assert two.sky_panel.width() == width


def test_blink_rests_while_nobody_sees_it(opened, qtbot):
    press(qtbot, opened, "sky_blink")
    settle(qtbot, opened)
    assert opened.sky._timer.isActive()
    opened.sky_panel.hide()
    assert not opened.sky._timer.isActive()
    opened.sky_panel.show()
    qtbot.waitUntil(opened.sky._timer.isActive)


def test_swipe_follows_the_mouse(opened, qtbot):
    """Left of the line is the first image, right of it the second one."""
    sky, session = opened.sky, opened.session
    session.recipes.set_global("fit_threshold", 95.0)  # after is nearly dark
    press(qtbot, opened, "sky_swipe")
    settle(qtbot, opened)
    paint(qtbot)
    assert words(opened) == "before white light | after"
    star = tuple(float(v) for v in session.answers.sky.offsets(*session.answers.sky.peak))
    away = star[0], star[1] + 3 * session.answers.sky.spaxel
    lightness = {}
    for side, x in (("after", star[0] + 0.8), ("before", star[0] - 0.8)):
        drag(qtbot, sky.plot, (sky._swipe.value(), -1.5), (x, -1.5))
        lightness[side] = colour_at(sky.plot, *away).lightness()
        spaxels = (sky._swipe.value() - sky._rect.left()) / session.answers.sky.spaxel
        assert spaxels == pytest.approx(round(spaxels), abs=1e-6)
    assert lightness["before"] > lightness["after"] + 15
    x = sky._swipe.value()
    press(qtbot, opened, "sky_swipe")
    assert not sky._swipe.isVisible()
    press(qtbot, opened, "sky_swipe")
    assert sky._swipe.value() == x


def test_swipe_is_brought_into_sight(opened, qtbot):
    sky = opened.sky
    sky.view.setRange(xRange=(1.0, 2.0), yRange=(-0.5, 0.5))
    paint(qtbot)
    press(qtbot, opened, "sky_swipe")
    assert 1.0 < sky._swipe.value() < 2.0
    settle(qtbot, opened)


@pytest.mark.parametrize(
    ("name", "mode", "told", "value"),
    [("sky_difference", DIFFERENCE, "after − before", -0.1), ("sky_ratio", RATIO, "after / before", -10.0)],
)
def test_difference_and_ratio(opened, qtbot, name, mode, told, value):
    press(qtbot, opened, name)
    assert words(opened).startswith(f"{told} · updating…")
    settle(qtbot, opened)
    assert opened.session.state.sky_choice.mode == mode
    assert words(opened) == f"{told} white light"
    found = opened.sky._content.values
    image = opened.session.answers.sky.image[:, ::-1]
    expected = value * image if mode == DIFFERENCE else np.where(np.isfinite(image), value, np.nan)
    np.testing.assert_allclose(found, expected, rtol=1e-3)
    low, high = opened.sky.limits
    assert low == -high
    assert opened.sky._content.unit == ("MJy/sr" if mode == DIFFERENCE else "%")


def test_planes_are_those_of_the_column(opened, workers, qtbot):
    press(qtbot, opened, "sky_light")
    settle(qtbot, opened)
    assert opened.sky.bar.light_box.currentText() == "5 planes"
    image = opened.session.answers.shown_sky.before
    assert words(opened) == f"before {image.wavelengths[0]:.4f}–{image.wavelengths[1]:.4f} µm"
    zoom, told = view_range(opened.sky.plot), words(opened)
    press(qtbot, opened, "next_column")
    settle(qtbot, opened)
    assert words(opened) != told
    assert view_range(opened.sky.plot) == zoom
    press(qtbot, opened, "sky_light")
    assert words(opened) == "before white light"


def choose(qtbot, box, text):
    """Pick an entry of a box with the keyboard."""
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Home)
    for _ in range(box.findText(text)):
        qtbot.keyClick(box, Qt.Key.Key_Down)
    assert box.currentText() == text


def test_variants_are_compared_with_each_other(two, qtbot):
    bar = two.sky.bar
    choose(qtbot, bar.mode_box, "ratio")
    settle(qtbot, two)
    assert words(two) == "after B / before white light"
    choose(qtbot, bar.first_box, "after A")
    settle(qtbot, two)
    assert words(two) == "after B / after A white light"
    assert np.nanmedian(two.sky._content.values) == pytest.approx(100 * (0.6 / 0.9 - 1), rel=1e-3)
    choose(qtbot, bar.second_box, "before")
    assert two.session.answers.shown_sky.sides == ("A", BEFORE)
    press(qtbot, two, "discard_variant")
    assert not bar.first_box.isVisible()
    settle(qtbot, two)


def test_status_line_tells_both_values(opened, qtbot):
    from tests.views.mouse import hover

    press(qtbot, opened, "sky_swipe")
    settle(qtbot, opened)
    with qtbot.waitSignal(opened.sky.pointed) as pointed:
        hover(qtbot, opened.sky.plot, 0.0, 0.2)
    text = pointed.args[2]
    assert "before" in text
    assert "→ after" in text
    assert text.endswith("(−10 %)")


def test_what_is_compared_is_kept_in_sessions(opened, qtbot):
    from atm_viewer.views.base.kept import Kept

    press(qtbot, opened, "sky_light")
    press(qtbot, opened, "sky_blink")
    opened.sky.bar.period_box.setValue(1.5)
    state = opened.sky.state()
    press(qtbot, opened, "sky_flip")
    opened.sky.bar.period_box.setValue(0.3)
    kept = Kept(state)
    opened.sky.restore(kept)
    assert kept == {}
    choice = opened.session.state.sky_choice
    assert (choice.mode, choice.planes, opened.sky.bar.period_box.value()) == (BLINK, 5, 1.5)
    opened.sky.restore(Kept({"mode": "sideways", "planes": 7, "first": "Z"}))
    assert (opened.session.state.sky_choice.mode, opened.session.state.sky_choice.planes) == (FIRST, 0)
    settle(qtbot, opened)


def test_every_control_of_the_comparison_has_a_tooltip(two):
    bar = two.sky.bar
    for control in (bar.mode_box, bar.first_box, bar.second_box, bar.light_box, bar.period_box):
        assert "Default" in control.toolTip()
    assert two.variant_bar.new_button.toolTip()
    assert two.variant_bar.menu_button.toolTip()
    assert {SECOND, SWIPE} < {bar.mode_box.itemData(row) for row in range(bar.mode_box.count())}
