"""A window that goes from a screen of scale 1 to one of scale 2 and back, in a process of its own.

``python -m tests.views.base.two_screens SETTINGS`` prints the size of a new window, and for each screen the scale, the
thickness of a curve in pixels of the window, and how many dots wide a pixel of the spectra is; QT_QPA_PLATFORM says
which screens there are.
"""

from __future__ import annotations

import sys

from PyQt6.QtCore import QEvent, QSettings
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from atm_viewer.session.session import Session
from atm_viewer.views.window.main_window import MainWindow
from tests.session.fake_workers import FakeWorkers
from tests.views.windows import FILES


def main() -> None:
    app = QApplication([])
    session = Session(FakeWorkers)
    window = MainWindow(session, QSettings(sys.argv[1], QSettings.Format.IniFormat))
    print(window.width(), window.height())
    window.resize(1280, 800)
    window.show()
    session.exposures.open(FILES)
    while not (session.complete and session.state.exposures):
        QTest.qWait(10)
    handle = window.windowHandle()
    for k in (0, 1, 0):
        screen = app.screens()[k]
        handle.setScreen(screen)
        window.move(screen.geometry().topLeft())
        QTest.qWait(100)
        curve = window.spectrum._items["flux", "after", "A", 1, ""]
        ratio, canvas = window.devicePixelRatioF(), window.spectrum.canvas
        print(ratio, curve.opts["pen"].widthF() / ratio, canvas.grab().toImage().width() / canvas.width())
    window._may_close = True
    window.close()
    session.close()
    # Before the application, which the end of this function destroys first.
    window.deleteLater()
    app.sendPostedEvents(window, QEvent.Type.DeferredDelete.value)


if __name__ == "__main__":
    main()
