"""What tests do with a whole window: exposures for it, keys, waiting for answers, dialogs."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from PyQt6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDropEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QWidget

from atm_viewer.views.window.main_window import MainWindow
from tests.views.mouse import settle as paint

#: Two dithers of a star, as the fake workers open them; any number of them has the same target.
FILES = [f"/data/jw09999-star_0000{i}_mirifushort_cal.fits" for i in (1, 2)]


def settle(qtbot, window: MainWindow) -> None:
    """Wait until exposures are open and all that is asked about them is answered."""
    qtbot.waitUntil(lambda: window.session.complete and window.session.state.exposures != ())


def wait(qtbot, window: MainWindow) -> None:
    """Wait until everything is answered and painted."""
    settle(qtbot, window)
    paint(qtbot)


def press(qtbot, window: MainWindow, name: str) -> None:
    """Press the keys of an action."""
    qtbot.keySequence(window, window.actions_by_name[name].shortcut())
    wait_for_files(window)


def dialog_of(window: QWidget, kind: type):
    """The only dialog of a kind that is open."""
    (found,) = (d for d in window.findChildren(kind) if d.isVisible())
    return found


def drop(window: MainWindow, paths: Iterable[str | Path]) -> bool:
    """Drop files on the window; tells whether it took them."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(p)) for p in paths])
    buttons, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(200, 200), Qt.DropAction.CopyAction, data, buttons, none)
    QApplication.sendEvent(window, enter)
    if enter.isAccepted():
        QApplication.sendEvent(window, QDropEvent(QPointF(200, 200), Qt.DropAction.CopyAction, data, buttons, none))
        wait_for_files(window)
    return enter.isAccepted()


def wait_for_files(window: MainWindow) -> None:
    """Wait until what was asked of files is answered: they are read and written beside the window's thread."""
    deadline = time.monotonic() + 5.0
    while window.session.file_work.busy:
        assert time.monotonic() < deadline, "a file is still being read or written"
        QTest.qWait(5)
