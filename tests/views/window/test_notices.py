"""Messages lie over the lower edge: nothing under the mouse moves; written files can be opened, errors go in time."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QAbstractEventDispatcher, QPoint, Qt
from PyQt6.QtGui import QDesktopServices, QTextDocument
from PyQt6.QtWidgets import QApplication

from atm_viewer.jobs.requests.previews import MakeSpectra
from atm_viewer.views.base.plotting import Canvas
from atm_viewer.views.files.send_dialog import SendDialog
from tests.views.mouse import hover
from tests.views.windows import dialog_of, press, settle, wait


def places(window) -> list[QPoint]:
    """Where all plots are in the window."""
    QApplication.processEvents()
    return [canvas.mapTo(window, QPoint(0, 0)) for canvas in window.findChildren(Canvas) if canvas.isVisible()]


def test_the_window_sleeps_while_nothing_happens(opened, qtbot):
    """A layout that asked for itself again and again once kept a processor busy for ever."""
    settle(qtbot, opened)
    opened.session.messages.tell("warning", "Something to look at.")
    qtbot.wait(300)
    dispatcher, wakes = QAbstractEventDispatcher.instance(), []
    dispatcher.awake.connect(lambda: wakes.append(1))
    qtbot.wait(500)
    assert len(wakes) < 50, f"woken {len(wakes)} times in half a second"


@pytest.mark.parametrize("level", ["warning", "error"])
def test_messages_move_nothing(opened, qtbot, level):
    wait(qtbot, opened)
    before = places(opened)
    for words in ("Short.", "Very long. " * 40):
        opened.session.messages.tell(level, words)
        assert opened.banner.isVisible()
        assert opened.banner.height() > 10
        assert places(opened) == before
    qtbot.mouseClick(opened.banner.close_button, Qt.MouseButton.LeftButton)
    assert places(opened) == before


def test_the_why_maps_words_do_not_move_the_image(opened, qtbot):
    opened.actions_by_name["show_why"].trigger()
    wait(qtbot, opened)
    before = places(opened)
    for east in (0.0, 0.4, -0.8, 2.6):
        hover(qtbot, opened.sky.plot, east, 0.1)
        assert places(opened) == before


def click_link(qtbot, log, words: str) -> None:
    """Click the last place in the log where these words are."""
    cursor = log.document().find(words, log.document().characterCount(), QTextDocument.FindFlag.FindBackward)
    cursor.setPosition(cursor.position() - 3)
    qtbot.mouseClick(log.viewport(), Qt.MouseButton.LeftButton, pos=log.cursorRect(cursor).center())


def test_the_log_leads_to_what_was_written(opened, qtbot, monkeypatch, tmp_path):
    urls = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: urls.append(url.toLocalFile()))
    opened.session.products.write_cubes(str(tmp_path), "star")
    settle(qtbot, opened)
    opened.session.messages.tell("info", "Something else.")
    press(qtbot, opened, "panel_log")
    wait(qtbot, opened)
    opened.banner.dismiss()
    click_link(qtbot, opened.log, "Open Folder")
    assert urls == [str(tmp_path)]
    click_link(qtbot, opened.log, "Something else.")
    assert urls == [str(tmp_path)]
    click_link(qtbot, opened.log, "Send to DS9…")
    dialog = dialog_of(opened, SendDialog)
    assert dialog.path_edit.text() == str(tmp_path / "star_ch1-short_s3d.fits")
    dialog.reject()
    settle(qtbot, opened)


def test_what_was_written_is_opened_and_sent(opened, qtbot, monkeypatch, tmp_path):
    urls = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: urls.append(url.toLocalFile()))
    opened.session.products.write_cubes(str(tmp_path), "star")
    settle(qtbot, opened)
    qtbot.waitUntil(opened.banner.isVisible)
    assert "Wrote" in opened.banner.label.text()
    qtbot.mouseClick(opened.banner.folder_button, Qt.MouseButton.LeftButton)
    assert urls == [str(tmp_path)]
    qtbot.mouseClick(opened.banner.send_button, Qt.MouseButton.LeftButton)
    dialog = dialog_of(opened, SendDialog)
    assert dialog.what == "cube"
    assert dialog.path_edit.text() == str(tmp_path / "star_ch1-short_s3d.fits")
    dialog.reject()
    settle(qtbot, opened)


def test_an_error_goes_when_the_same_work_succeeds(opened, workers, qtbot):
    workers.crashing = {MakeSpectra}
    opened.session.look.pick_sky(83.8, -5.4)
    qtbot.waitUntil(opened.banner.isVisible)
    workers.crashing = set()
    press(qtbot, opened, "refresh")
    settle(qtbot, opened)
    assert opened.banner.isHidden()
