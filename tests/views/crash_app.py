"""The application in a process of its own, on synthetic exposures and with a user who knows what to press.

``python -m tests.views.crash_app work FILE...`` opens files, sets a threshold and stays, until it is killed;
``python -m tests.views.crash_app restore`` starts again, presses Restore, prints what is there then, and closes.
``python -m tests.views.crash_app stuck`` reads a recipe from a disk that never answers, quits, and presses Quit.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QMessageBox

from atm_viewer import app
from atm_viewer.session.parts import recipe_edits
from atm_viewer.session.persistence import keeper
from atm_viewer.views.window.main_window import MainWindow
from tests.session.fake_workers import FakeWorkers


class User:
    """Does one thing after the other, each as soon as it can be done."""

    def __init__(self, *steps: tuple[Callable[[MainWindow], bool], Callable[[MainWindow], None]]):
        self._steps = list(steps)
        self._timer = QTimer()
        self._timer.timeout.connect(self._look)
        self._timer.start(20)

    def _look(self) -> None:
        window = next((w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow)), None)
        if window is not None and self._steps and self._steps[0][0](window):
            self._steps.pop(0)[1](window)


def opened(window: MainWindow) -> bool:
    return window.session.complete and window.session.state.exposures != ()


def work(window: MainWindow) -> None:
    window.session.recipes.set_override(101, "fit_threshold", 4.0)
    window.session.look.select(203, 20)


def press_restore(window: MainWindow) -> None:
    print(window.banner.label.text(), flush=True)
    QTest.mouseClick(window.banner.restore_button, Qt.MouseButton.LeftButton)


def tell_and_quit(window: MainWindow) -> None:
    session = window.session
    print(*(e.view.key for e in session.state.exposures), sep="\n")
    print(session.state.number, session.state.column, session.state.recipe.override(101).fit_threshold, flush=True)
    window._may_close = True
    window.close()


def read_for_ever(*_: object) -> None:
    print("reading", flush=True)
    threading.Event().wait()


def save_and_quit(window: MainWindow) -> None:
    window.session.recipes.load_recipe("far.toml")
    window.session.recipes.save_recipe("far.toml")
    window.close()


def asked(window: MainWindow) -> bool:
    return any(box.isVisible() for box in window.findChildren(QMessageBox))


def press_quit(window: MainWindow) -> None:
    (box,) = (box for box in window.findChildren(QMessageBox) if box.isVisible())
    print(box.text(), flush=True)
    QTest.mouseClick(next(b for b in box.buttons() if b.text() == "Quit"), Qt.MouseButton.LeftButton)


def main() -> int:
    app.Workers = FakeWorkers  # type: ignore[misc, assignment]
    keeper.DELAY = 10
    role, *files = sys.argv[1:]
    application = QApplication(sys.argv[:1])
    if role == "work":
        user = User((opened, work))
    elif role == "stuck":
        recipe_edits.load_recipe = recipe_edits.write_whole = read_for_ever  # type: ignore[assignment]
        user = User((lambda w: w.isVisible(), save_and_quit), (asked, press_quit))
    else:
        user = User((lambda w: w.banner.isVisible(), press_restore), (opened, tell_and_quit))
    code = app.run(files)
    del user, application
    return code


if __name__ == "__main__":
    sys.exit(main())
