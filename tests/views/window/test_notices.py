"""Messages stand beside the menus, and cover and move nothing; written files can be opened, errors go in time."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QAbstractEventDispatcher, QPoint, QRect, Qt
from PyQt6.QtGui import QDesktopServices, QTextDocument
from PyQt6.QtWidgets import QApplication, QToolButton

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
        where = on_window(opened, opened.banner)
        assert not where.intersects(on_window(opened, opened.bench))
        assert not where.intersects(on_window(opened, opened.status))
    for _ in range(2):
        qtbot.mouseClick(opened.banner.close_button, Qt.MouseButton.LeftButton)
    assert opened.banner.isHidden()
    assert places(opened) == before


def on_window(window, widget) -> QRect:
    """Where a widget is in the window."""
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


@pytest.mark.parametrize("width", [900, 1280, 3840])
def test_messages_stand_beside_the_menus_on_every_window(opened, qtbot, width):
    wait(qtbot, opened)
    opened.resize(width, 720)
    banner, bar = opened.banner, opened.menuBar()
    told = "jw09999-mrs12A-star-4_00003_mirifushort_cal.fits has no data in channel 2, so that it was left out."
    opened.session.messages.tell("error", told)
    opened.session.messages.tell("error", "Something else.")
    qtbot.mouseClick(banner.next_button, Qt.MouseButton.LeftButton)
    assert banner.label.text() == told
    assert told in banner.label.toolTip()
    menus = max(bar.actionGeometry(action).right() for action in bar.actions())
    assert menus < banner.x()
    assert banner.geometry().right() <= bar.width()
    buttons = [b for b in banner.findChildren(QToolButton) if b.isVisible()]
    assert [b.text() for b in buttons] == ["2 of 2 ›", "Show Log", "✕"]
    assert all(b.width() >= b.sizeHint().width() and banner.rect().contains(b.geometry()) for b in buttons)
    room = banner.label.fontMetrics().horizontalAdvance(told)
    assert banner.label.width() >= (room if width > 900 else 200)


def test_one_message_at_a_time(opened, qtbot):
    wait(qtbot, opened)
    tell, banner = opened.session.messages.tell, opened.banner
    tell("warning", "One.")
    assert not banner.next_button.isVisible()
    tell("error", "Two.")
    tell("info", "Wrote a.", files=("/nowhere/a.fits",))
    tell("info", "Wrote b.", files=("/nowhere/b.fits",))
    tell("warning", "One.")
    seen = []
    for _ in range(4):
        seen.append((banner.label.text(), banner.next_button.text(), banner.folder_button.isVisible()))
        qtbot.mouseClick(banner.next_button, Qt.MouseButton.LeftButton)
    assert seen == [
        ("One.", "1 of 3 ›", False),
        ("Wrote b.", "2 of 3 ›", True),
        ("Two.", "3 of 3 ›", False),
        ("One.", "1 of 3 ›", False),
    ]
    assert banner.label.text() == "Wrote b."
    qtbot.mouseClick(banner.close_button, Qt.MouseButton.LeftButton)
    assert (banner.label.text(), banner.next_button.text()) == ("Two.", "2 of 2 ›")
    qtbot.keyPress(banner, Qt.Key.Key_Shift)
    qtbot.mouseClick(banner.close_button, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyRelease(banner, Qt.Key.Key_Shift)
    assert banner.isHidden()


def test_a_question_stays_until_it_is_answered(opened, qtbot):
    wait(qtbot, opened)
    banner = opened.banner
    banner.ask_to_restore("Restore it?")
    opened.session.messages.tell("warning", "One.")
    assert not banner.restore_button.isVisible()
    banner.dismiss()
    assert banner.label.text() == "Restore it?"
    assert (banner.restore_button.isVisible(), banner.close_button.isVisible()) == (True, False)
    with qtbot.waitSignal(banner.restore_wanted):
        qtbot.mouseClick(banner.restore_button, Qt.MouseButton.LeftButton)
    banner.ask_to_restore("")
    assert banner.isHidden()


def test_the_why_maps_words_do_not_move_the_image(opened, qtbot):
    opened.actions_by_name["show_why"].trigger()
    wait(qtbot, opened)
    before = places(opened)
    for east in (0.0, 0.4, -0.8, 2.6):
        hover(qtbot, opened.sky.plot, east, 0.1)
        assert places(opened) == before


def opened_folders(monkeypatch) -> list[str]:
    """Folders that are opened from now on."""
    urls = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: urls.append(url.toLocalFile()) or True)
    return urls


def test_a_folder_that_no_program_opens_is_told(opened, qtbot, monkeypatch):
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: False)
    opened.session.messages.tell("info", "Wrote a.", files=("/nowhere/a.fits",))
    qtbot.mouseClick(opened.banner.folder_button, Qt.MouseButton.LeftButton)
    assert "/nowhere" in opened.banner.label.text()
    assert QApplication.clipboard().text() == "/nowhere"
    assert opened.banner.next_button.text() == "1 of 2 ›"


def click_link(qtbot, log, words: str) -> None:
    """Click the last place in the log where these words are."""
    cursor = log.document().find(words, log.document().characterCount(), QTextDocument.FindFlag.FindBackward)
    cursor.setPosition(cursor.position() - 3)
    qtbot.mouseClick(log.viewport(), Qt.MouseButton.LeftButton, pos=log.cursorRect(cursor).center())


def test_the_log_leads_to_what_was_written(opened, qtbot, monkeypatch, tmp_path):
    urls = opened_folders(monkeypatch)
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
    urls = opened_folders(monkeypatch)
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
