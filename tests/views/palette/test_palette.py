"""The command palette: everything by keys alone."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt

from atm_viewer.engine.recipe import Recipe, SliceOverride
from atm_viewer.views.palette.palette import Palette, score
from tests.views.windows import FILES


@pytest.fixture
def window(start, qtbot):
    window = start(*FILES)
    yield window
    qtbot.waitUntil(lambda: window.session.complete)


def call(qtbot, window) -> Palette:
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keySequence(window, "Ctrl+K")
    (palette,) = (p for p in window.findChildren(Palette) if p.isVisible())
    qtbot.waitUntil(palette.line.hasFocus)
    return palette


def shown(palette) -> list[str]:
    return [palette.list.topLevelItem(row).text(0) for row in range(palette.list.topLevelItemCount())]


def do(qtbot, window, text: str, *keys) -> None:
    """Call the palette, type, press keys and Return."""
    palette = call(qtbot, window)
    qtbot.keyClicks(palette.line, text)
    for key in (*keys, Qt.Key.Key_Return):
        qtbot.keyClick(palette.line, key)


FIRST = {
    "write cubes": "Write Cubes",
    "wc": "Write Cubes",
    "dark": "Dark Theme",
    "slice 102": "Slice 102",
    "reset lay": "Reset Layout",
    "band ch2": "Band ch2-short",
    "00002": "Exposure jw09999-star_00002_mirifushort",
    "thr 5": "Slice {number}: threshold 5 σ",
    "threshold: 5": "Slice {number}: threshold 5 σ",
    "fit_threshold=5": "Slice {number}: threshold 5 σ",
    "all threshold 5": "All slices: threshold 5 σ",
    "breakp 40": "Slice {number}: breakpoints 40 intervals",
    "use -0.9 to 0.4": "Slice {number}: use range -0.9…0.4 arcsec",
    "psf on": "All slices: PSF optimal on",
    "reach slice": "Slice {number}: reach slice",
    "residual none": "Slice {number}: residual none",
    "column 20": "Column 20",
    "aperture 0.8": "Aperture radius 0.8″",
    "help keyb": "Help: Keyboard",
}


def test_what_is_meant_stands_first(window, qtbot):
    palette = call(qtbot, window)
    for text, first in FIRST.items():
        palette.line.clear()
        qtbot.keyClicks(palette.line, text)
        assert shown(palette)[0] == first.format(number=window.session.state.number)
        assert palette.note.text() == palette.list.currentItem().toolTip(0) != ""
    qtbot.keyClick(palette, Qt.Key.Key_Escape)
    assert window.session.state.recipe == Recipe()


def test_a_threshold_is_set_and_undone(window, qtbot):
    number = window.session.state.number
    do(qtbot, window, "threshold 5")
    assert window.session.state.recipe == Recipe(overrides=(SliceOverride(number, fit_threshold=5.0),))
    assert not any(palette.isVisible() for palette in window.findChildren(Palette))
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keySequence(window, window.actions_by_name["undo"].shortcut())
    assert window.session.state.recipe == Recipe()
    do(qtbot, window, "threshold 5", Qt.Key.Key_Down)
    assert window.session.state.recipe == Recipe(fit_threshold=5.0)


def test_a_parameter_without_a_value_asks_for_it(window, qtbot):
    number = window.session.state.number
    do(qtbot, window, "set window")
    (palette,) = (p for p in window.findChildren(Palette) if p.isVisible())
    assert palette.line.text() == "window "
    qtbot.keyClicks(palette.line, "30")
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert window.session.state.recipe == Recipe(overrides=(SliceOverride(number, window=30),))


def test_slices_bands_exposures_and_pages_are_reached(window, qtbot):
    session = window.session
    do(qtbot, window, "slice 103")
    assert session.state.number == 103
    do(qtbot, window, "column 20")
    assert session.state.column == 20
    do(qtbot, window, "band ch2")
    assert session.state.band == "ch2-short"
    do(qtbot, window, "00002")
    assert session.state.current.key == FILES[1]
    do(qtbot, window, "help first")
    assert window.guide.help.browser.page == "first-steps"
    window.guide.help.close()


def test_what_was_used_lately_stands_first(window, qtbot):
    do(qtbot, window, "slice 103")
    do(qtbot, window, "light theme")
    palette = call(qtbot, window)
    assert shown(palette)[:2] == ["Light Theme", "Slice 103"]
    assert palette.list.topLevelItem(0).text(1) == "Ctrl+Alt+8"
    qtbot.keyClicks(palette.line, "slice 1")
    assert shown(palette)[0] == "Slice 103"
    qtbot.keyClick(palette.line, Qt.Key.Key_Escape)


def test_keys_are_shown_to_be_learnt(window, qtbot):
    palette = call(qtbot, window)
    qtbot.keyClicks(palette.line, "write cubes")
    assert palette.list.topLevelItem(0).text(1) == "Ctrl+E"
    qtbot.keyClick(palette.line, Qt.Key.Key_Escape)
    assert not palette.isVisible()


def test_nothing_that_makes_no_sense_is_offered(window, qtbot):
    palette = call(qtbot, window)
    for text in ("threshold many", "window 0", "column 99999", "xyzzy"):
        palette.line.clear()
        qtbot.keyClicks(palette.line, text)
        assert not any(t.startswith(("Slice", "All", "Column")) for t in shown(palette))
    assert palette.note.text() == "No matches."
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)  # does nothing
    assert palette.isVisible()
    palette.close()
    for _ in FILES:
        window.files.close_exposure()
    qtbot.waitUntil(lambda: window.session.state.exposures == ())
    palette = call(qtbot, window)
    assert not {"Write Cubes", "Next Slice", "Slice 102"} & set(shown(palette))
    assert "Open" in shown(palette)
    palette.close()


@pytest.mark.parametrize(
    ("query", "better", "worse"),
    [
        ("open", "Open", "Open Demo"),
        ("slice", "Slice 101", "Next Slice"),
        ("res", "Reset Slice", "Compress"),
        ("rs", "Reset Slice", "Cursor"),
        ("112", "Slice 112", "Slice 211"),
    ],
)
def test_scores(query, better, worse):
    low = score(query, worse)
    assert score(query, better) > (low if low is not None else float("-inf"))


def test_numbers_are_not_found_with_gaps():
    assert score("12", "Slice 102") is None
