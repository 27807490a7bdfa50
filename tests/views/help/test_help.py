"""Help in the application: pages, links, search, what-is-this, hints."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from PyQt6.QtCore import QEvent, QPoint, Qt
from PyQt6.QtGui import QImage, QTextCursor
from PyQt6.QtWidgets import QApplication

import atm_viewer
from atm_viewer.engine.output.spectrum_files import DESCRIPTIONS
from atm_viewer.engine.recipe import PARAMETERS
from atm_viewer.engine.recipe.cube_options import ALL_PARAMETERS
from atm_viewer.resources import resource
from atm_viewer.views.actions.actions import ACTIONS, WIDGET_KEYS
from atm_viewer.views.help.hints import HINTS
from atm_viewer.views.help.pages import OF_PANEL, pages
from tests.views.mouse import click
from tests.views.windows import FILES, press, settle

NAMES = [page.name for page in pages()]
FOLDER = resource("help")
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


@pytest.fixture
def window(start, qtbot):
    window = start()
    yield window
    qtbot.waitUntil(lambda: window.session.complete)


@pytest.fixture
def opened(window, qtbot):
    window.guide.hints.wanted = True
    window.session.exposures.open(FILES[:1])
    settle(qtbot, window)
    return window


def contents(help_window) -> list[str]:
    return [help_window.contents.item(row).text() for row in range(help_window.contents.count())]


def click_link(qtbot, browser, target: str) -> None:
    """Click the first link to a target."""
    cursor = QTextCursor(browser.document())
    while not (cursor.charFormat().isAnchor() and cursor.charFormat().anchorHref() == target):
        assert cursor.movePosition(QTextCursor.MoveOperation.NextCharacter), f"no link to {target}"
    browser.setTextCursor(cursor)
    browser.ensureCursorVisible()
    place = browser.cursorRect(cursor).center() + QPoint(3, 0)
    qtbot.mouseClick(browser.viewport(), Qt.MouseButton.LeftButton, pos=place)


# The pages themselves


@pytest.mark.parametrize("name", NAMES)
def test_links_and_pictures_of_a_page_exist(name):
    page = next(page for page in pages() if page.name == name)
    actions = {info.name for info in ACTIONS if info is not None}
    for picture, words, target in LINK.findall(page.path.read_text(encoding="utf-8")):
        assert words, f"{target}: nothing to read"
        if picture:
            assert not QImage(str(FOLDER / target)).isNull(), target
        elif target.startswith("action:"):
            assert target.removeprefix("action:") in actions
        elif not target.startswith("https://"):
            assert target.removesuffix(".md") in NAMES, target
    assert "{{" not in page.text  # a field that is not known stays


@pytest.mark.parametrize("name", NAMES)
def test_parameters_and_keys_in_code_are_the_pipelines_or_ours(name):
    """What stands in code style is a parameter, a file, a command or a keyword that is in use somewhere else."""
    page = next(page for page in pages() if page.name == name)
    assert page.text.startswith("# ")
    assert len(re.findall(r"^# ", page.text, re.MULTILINE)) == 1
    for word in re.findall(r"`([a-z]+_[a-z]+)`", page.text):
        choices = {choice for p in ALL_PARAMETERS.values() for choice in p.choices}
        steps = {"adaptive_trace_model", "cube_build", "native_dalpha", "offset_file", "residual_fringe"}
        assert word in {
            *ALL_PARAMETERS,
            *choices,
            *DESCRIPTIONS,
            *steps,
            *atm_viewer.__all__,
            *dir(atm_viewer.Exposures),
        }, word


def test_every_file_is_a_page_and_every_picture_is_shown():
    assert {path.stem for path in FOLDER.glob("*.md")} == set(NAMES)
    used = {t for page in pages() for picture, _, t in LINK.findall(page.path.read_text(encoding="utf-8")) if picture}
    assert {f"pictures/{path.name}" for path in FOLDER.glob("pictures/*")} == used


def test_pictures_are_small():
    assert sum(path.stat().st_size for path in FOLDER.glob("pictures/*")) < 1.5e6


def test_every_parameter_and_key_is_told():
    texts = {page.name: page.text for page in pages()}
    assert all(f"**{name}**" in texts["recipe"] for name in PARAMETERS)
    assert all(info.text.rstrip("…") in texts["keys"] for info in ACTIONS if info is not None and info.shortcut)
    assert all(text in texts["keys"] for _, _, text in WIDGET_KEYS)


def test_no_keys_mean_two_things():
    keys = Counter(key for info in ACTIONS if info for key in info.shortcut.split("; ") if key)
    assert [key for key, times in keys.items() if times > 1] == []
    places = Counter((place, key) for place, keys, _ in WIDGET_KEYS for key in re.split(r", | ", keys))
    assert [place for place, times in places.items() if times > 1] == []


# The window


def test_keys_open_the_list_of_keys_in_groups(window, qtbot):
    press(qtbot, window, "show_shortcuts")
    text = window.guide.help.browser.toPlainText()
    assert window.guide.help.isVisible()
    assert text.index("Ctrl+O") < text.index("Edit") < text.index("Ctrl+Z") < text.index("Slice table")
    window.guide.help.close()


def test_every_page_is_shown(window, qtbot):
    press(qtbot, window, "show_help")
    shown = window.guide.help
    assert contents(shown) == [page.title for page in pages()]
    for row, page in enumerate(pages()):
        shown.contents.setCurrentRow(row)
        heading = page.text.splitlines()[0].removeprefix("# ")
        assert shown.browser.toPlainText().startswith(heading)
        assert "missing" not in shown.browser.toPlainText()[:40]
    shown.close()


def test_links_lead_to_pages_and_back(window, qtbot):
    press(qtbot, window, "show_help")
    shown = window.guide.help
    assert not shown.back_button.isEnabled()
    click_link(qtbot, shown.browser, "first-steps.md")
    assert shown.browser.page == "first-steps"
    assert shown.contents.currentItem().text() == "First steps"
    qtbot.mouseClick(shown.back_button, Qt.MouseButton.LeftButton)
    assert shown.browser.page == "index"
    qtbot.waitUntil(shown.isActiveWindow)
    qtbot.keySequence(shown, "Alt+Right")
    assert shown.browser.page == "first-steps"
    shown.close()


def test_a_link_does_what_it_says(start, qtbot):
    demos = []
    window = start(make_demo=demos.append)
    window.guide.show_page("first-steps")
    click_link(qtbot, window.guide.help.browser, "action:open_demo")
    assert demos == ["miri"]
    window.guide.help.close()


def test_pages_are_searched(window, qtbot):
    press(qtbot, window, "show_help")
    shown = window.guide.help
    qtbot.waitUntil(shown.isActiveWindow)
    qtbot.keySequence(shown, "Ctrl+F")
    assert shown.search.hasFocus()
    qtbot.keyClicks(shown.search, "ctrl+alt+3")
    assert contents(shown) == ["Keyboard"]
    qtbot.keyClick(shown.search, Qt.Key.Key_Return)
    assert shown.browser.page == "keys"
    assert shown.browser.textCursor().selectedText().lower() == "ctrl+alt+3"
    qtbot.keyClick(shown, Qt.Key.Key_Escape)
    assert len(contents(shown)) == len(NAMES)
    qtbot.keyClick(shown, Qt.Key.Key_Escape)
    assert not shown.isVisible()


def test_panels_have_pages(opened, qtbot):
    for name, panel in opened.bench.panels.items():
        opened.activateWindow()
        qtbot.waitUntil(opened.isActiveWindow)
        panel.bring_forward()
        press(qtbot, opened, "what_is_this")
        assert opened.guide.help.browser.page == OF_PANEL[name]
        opened.guide.show_page("index")
        qtbot.mouseClick(panel.help_button, Qt.MouseButton.LeftButton)
        assert opened.guide.help.browser.page == OF_PANEL[name]
    opened.guide.help.close()
    qtbot.waitUntil(lambda: opened.session.complete)  # panels ask for what is seen in them


# Hints


def hinted(window) -> list[str]:
    return [name for name, panel in window.bench.panels.items() if panel.hint.isVisible()]


def test_hints_go_for_good_and_come_back_when_asked(start, opened, qtbot):
    first, second = list(HINTS)[:2]
    assert hinted(opened) == [first]  # one at a time
    qtbot.mouseClick(opened.bench.panels[first].hint_button, Qt.MouseButton.LeftButton)
    assert hinted(opened) == [second]
    again = start()
    again.guide.hints.wanted = True
    again.session.exposures.open(FILES[:1])
    qtbot.waitUntil(lambda: again.session.complete and again.session.state.exposures != ())
    assert hinted(again) == [second]
    again.actions_by_name["show_first_steps"].trigger()
    qtbot.waitUntil(lambda: again.guide.help is not None and again.guide.help.browser.page == "first-steps")
    assert hinted(again) == [first]
    again.guide.help.close()


def test_a_hint_that_was_followed_goes_when_the_mouse_leaves_the_panel(opened, qtbot):
    assert hinted(opened) == ["sky"]
    click(qtbot, opened.sky.plot, 0.4, 0.4)
    assert hinted(opened) == ["sky"]  # nothing moves under the mouse
    QApplication.sendEvent(opened.sky_panel, QEvent(QEvent.Type.Leave))
    assert hinted(opened) == ["spectrum"]
    qtbot.waitUntil(lambda: opened.session.complete)


def test_no_heading_is_cut(opened):
    QApplication.processEvents()
    for panel in opened.bench.panels.values():
        if panel.isVisible():
            assert panel.heading.height() >= panel.heading.sizeHint().height()
            assert panel.heading.width() >= panel.heading.sizeHint().width()
