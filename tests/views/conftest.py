"""Windows with fake workers and settings of their own, all of them closed in the end."""

from __future__ import annotations

import pytest
from PyQt6 import sip
from PyQt6.QtCore import QSettings

from atm_viewer.session.edits.scope import Scope
from atm_viewer.session.session import Session
from atm_viewer.views.window.main_window import MainWindow
from tests.session.fake_workers import FakeWorkers
from tests.views.windows import FILES, settle


@pytest.fixture
def settings(tmp_path) -> QSettings:
    """Settings in a file of the test."""
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def start(qtbot, settings):
    """Start windows, one after the other as the application does, with files open in them."""
    windows = []

    def started(*files, size=(1280, 800), session=None, make_demo=None, scope=Scope.NUMBER) -> MainWindow:
        # Most tests of overrides are about slice numbers; those on the region of a place say so.
        window = MainWindow(session or Session(FakeWorkers), settings, make_demo)
        window.session.recipes.set_scope(scope)
        windows.append(window)  # a window that is collected while it is painted takes the process along
        qtbot.addWidget(window, before_close_func=lambda w: setattr(w, "_may_close", True))
        window.resize(*size)
        window.show()
        qtbot.waitExposed(window)
        if files:
            window.session.exposures.open(files)
            settle(qtbot, window)
        return window

    yield started
    for window in windows:
        window.session.close()
        if not sip.isdeleted(window):  # pytest-qt has closed it before
            window.hide()


@pytest.fixture
def window(start) -> MainWindow:
    """A window as it is at a first start."""
    return start()


@pytest.fixture
def workers(window) -> FakeWorkers:
    """The workers of the window."""
    return window.session.jobs._workers


@pytest.fixture
def opened(window, qtbot) -> MainWindow:
    """The window with two exposures open."""
    window.session.exposures.open(FILES)
    settle(qtbot, window)
    return window
