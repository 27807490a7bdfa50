"""The why map as a user meets it: over the detector and the sky, in colours that everybody can tell apart."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from PyQt6.QtCore import Qt

from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.results.pixels import Why
from atm_viewer.jobs.requests.previews import ExplainPixel
from atm_viewer.views.detector.view import DATA, WHY
from atm_viewer.views.detector.why_layer import CLASSES, SpaxelPixels
from atm_viewer.views.images.image_panel import BLANK
from tests.session.fake_workers import exposure_view, sky_image, why_map
from tests.session.fake_workers import report as fake_report
from tests.views.eyes import EYES, seen_as
from tests.views.mouse import click, colour_at, hover
from tests.views.windows import FILES


@pytest.fixture
def window(start):
    return start(FILES[0])


def press_layer(qtbot, window, layer: int) -> None:
    qtbot.mouseClick(window.detector.layer_buttons.button(layer), Qt.MouseButton.LeftButton)


def pixel_of(window, kind: Why) -> tuple[int, int]:
    """x and y of a pixel of a class, away from the chosen column."""
    ys, xs = np.nonzero(window.session.answers.report.why.classes == kind)
    return int(xs[xs.size // 3]), int(ys[ys.size // 3])


def plain(text: str) -> str:
    return re.sub("<[^>]*>", "", text).replace("\u00a0", " ").replace("&nbsp;", " ")


def test_layer_shows_classes_with_their_numbers(qtbot, window):
    press_layer(qtbot, window, WHY)
    why = window.session.answers.report.why
    legend = plain(window.detector.legend.text())
    for kind in (Why.USED, Why.BELOW_SLOPE, Why.BELOW_THRESHOLD, Why.REUSED):
        count = int((why.classes == kind).sum())
        assert count > 0
        assert f"{CLASSES[kind][0]} {count:,}".replace(",", " ") in legend
    assert CLASSES[Why.OUT_OF_REACH][0] not in legend
    x, y = pixel_of(window, Why.USED)
    assert colour_at(window.detector.plot, x, y).name() == CLASSES[Why.USED][1]


def test_click_tells_what_happened_there_and_follows_the_recipe(qtbot, window):
    detector, session = window.detector, window.session
    x, y = pixel_of(window, Why.USED)
    click(qtbot, detector.plot, x, y)
    assert session.answers.pixel is None
    assert not detector.answer.isVisible()
    press_layer(qtbot, window, WHY)
    assert "Click a pixel" in detector.answer.text()
    click(qtbot, detector.plot, x, y)
    qtbot.waitUntil(lambda: session.answers.pixel is not None)
    number = int(session.state.current.regions[y, x])
    assert detector.answer.text().startswith(f"Slice {number}, column ")
    assert detector.answer.text().endswith("USED.")
    session.recipes.set_global("fit_threshold", 1e6)
    qtbot.waitUntil(lambda: detector.answer.text().endswith("BELOW_THRESHOLD."))
    press_layer(qtbot, window, DATA)
    assert not detector.answer.isVisible()
    asked = len(session.jobs._workers.asked(ExplainPixel))
    session.recipes.set_global("fit_threshold", 10.0)
    qtbot.waitUntil(lambda: session.complete)
    assert len(session.jobs._workers.asked(ExplainPixel)) == asked


def test_hover_says_it_shortly(qtbot, window):
    press_layer(qtbot, window, WHY)
    x, y = pixel_of(window, Why.REUSED)
    said = []
    window.detector.pointed.connect(lambda x, y, text: said.append(text))
    window.detector.view.setRange(xRange=(x - 8, x + 8), yRange=(y - 6, y + 6))
    hover(qtbot, window.detector.plot, x, y)
    source = window.session.answers.report.why.sources[int(window.session.state.current.regions[y, x])][y]
    assert said[-1].startswith(f"reused spline of column {source}; SCI ")
    hover(qtbot, window.detector.plot, *pixel_of(window, Why.REUSED))


def test_sky_shows_the_class_of_most_pixels(qtbot, window):
    overlay = window.why_overlay
    assert overlay.classes is None
    assert not overlay.legend.isVisible()
    qtbot.mouseClick(overlay.button, Qt.MouseButton.LeftButton)
    classes = overlay.classes
    assert {Why.USED, Why.BELOW_SLOPE} <= set(np.unique(classes).tolist())
    assert "used" in plain(overlay.legend.text())
    session = window.session
    y, x = (int(i) for i in np.argwhere(classes == Why.USED)[0])
    image = session.answers.sky
    east, north = (image.x0 - x) * image.spaxel, (y - image.y0) * image.spaxel
    hover(qtbot, window.sky.plot, east, north)
    assert f"spaxel x {x}, y {y}: used" in overlay._sky.canvas.toolTip()
    session.recipes.set_global("fit_threshold", 1e6)
    qtbot.waitUntil(lambda: set(np.unique(overlay.classes).tolist()) == {0, Why.BELOW_THRESHOLD})
    qtbot.mouseClick(overlay.button, Qt.MouseButton.LeftButton)
    assert overlay.classes is None


def test_keys_show_both_and_hide_both(qtbot, window):
    keys = window.actions_by_name["show_why"].shortcut()
    qtbot.keySequence(window, keys)
    assert window.detector.layer == WHY
    assert window.why_overlay.classes is not None
    qtbot.keySequence(window, keys)
    assert window.detector.layer == DATA
    assert window.why_overlay.classes is None


def test_spaxels_have_the_classes_of_the_pixels_on_them():
    view = exposure_view(FILES[0])
    image = sky_image("ch1-short")
    why = why_map(view, list(fake_report(view, Recipe()).slices))
    counts = SpaxelPixels(view, image).count(why)
    east, north = image.offsets(view.ra, view.dec)
    x, y = np.rint(image.x0 - east / image.spaxel), np.rint(image.y0 + north / image.spaxel)
    ours = (view.regions > 0) & (view.regions < 200)
    for row, column in ((20, 20), (20, 18), (15, 22)):
        here = ours & (x == column) & (y == row)
        if here.any():
            assert counts[row, column].tolist() == np.bincount(why.classes[here], minlength=len(Why)).tolist()
    assert counts[20, 20].sum() > 0
    assert counts[~np.isfinite(image.image)].sum() == 0


def test_options_beyond_the_pipeline_are_chosen_and_marked(qtbot, window):
    panel, session = window.recipe_panel, window.session
    assert not panel.beyond.isVisible()
    box = panel.boxes["reach"]
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Down)
    assert session.state.recipe == Recipe(reach="slice")
    assert panel.beyond.isVisible()
    assert panel.beyond.text() == 'Beyond the pipeline: reach = "slice"'
    assert session.recipes.undo_stack.undoText() == "All slices: reach pipeline → slice"
    session.recipes.undo_stack.undo()
    assert box.currentText() == "pipeline"
    assert not panel.beyond.isVisible()


def test_the_residual_is_left_out_by_hand_and_by_psf_optimal(qtbot, window):
    panel, session = window.recipe_panel, window.session
    box = panel.boxes["residual"]
    assert box.currentText() == "interpolated"
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Down)
    assert session.state.recipe == Recipe(residual="none")
    assert panel.beyond.text() == 'Beyond the pipeline: residual = "none"'
    # With psf_optimal the pipeline leaves it out too: nothing is left to choose or to mark.
    session.recipes.set_global("psf_optimal", True)
    assert not box.isEnabled()
    assert not panel.beyond.isVisible()
    session.recipes.undo_stack.undo()
    session.recipes.undo_stack.undo()
    assert box.isEnabled()
    assert session.state.recipe == Recipe()


@pytest.mark.parametrize("eyes", EYES)
def test_colours_differ_for_all_eyes(eyes):
    for blank in BLANK.values():
        colours = [blank, *(colour for _, colour in CLASSES.values() if colour)]
        seen = [seen_as(colour, eyes) for colour in colours]
        # A just noticeable difference is about 2.
        assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 15


def test_options_beyond_the_pipeline_are_chosen_for_slices_by_the_tables_menu(qtbot, window):
    table, session = window.slice_table, window.session
    table.setCurrentIndex(table.cell(102, "number"))
    for text, expected in (("Reach: slice", "slice"), ("Reach: slice", None)):
        menu = table._make_menu(table.cell(102, "number"))
        beyond = next(a.menu() for a in menu.actions() if a.text() == "Beyond the Pipeline")
        action = next(a for a in beyond.actions() if a.text() == text)
        assert action.isChecked() is (expected is None)
        action.trigger()
        menu.close()
        assert session.state.recipe.override(102).reach == expected
        marked = 'Beyond the pipeline: reach = "slice" (slice 102)'
        assert window.recipe_panel.beyond.isVisible() is (expected is not None)
        assert expected is None or window.recipe_panel.beyond.text() == marked
