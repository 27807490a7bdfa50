"""The application: the only place that puts workers, session and window together."""

from __future__ import annotations

import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType

import platformdirs
from PyQt6.QtCore import (
    QMessageLogContext,
    QObject,
    QSettings,
    Qt,
    QTimer,
    QtMsgType,
    pyqtSignal,
    qInstallMessageHandler,
)
from PyQt6.QtGui import QIcon
from PyQt6.QtWidgets import QApplication

from atm_viewer.commands.work import ENDING, no_display_sentence, say
from atm_viewer.demo.folder import demo_folder
from atm_viewer.engine.progress import Progress, no_progress
from atm_viewer.engine.whole_file import write_whole
from atm_viewer.jobs.workers import Workers
from atm_viewer.resources import resource
from atm_viewer.session.parts.message_log import Message
from atm_viewer.session.questions.plan import of_report
from atm_viewer.session.session import Session
from atm_viewer.session.spectrum.references import is_reference
from atm_viewer.views.base.garbage import GarbageCollector
from atm_viewer.views.base.scale import use_scale
from atm_viewer.views.files.pictures import Content, png_of
from atm_viewer.views.window.main_window import MainWindow

SIZE = (1440, 900)
_OPENING = 0.3  # part of the work until a picture that opening exposures is


def run(
    files: Sequence[str | os.PathLike[str]] = (),
    recipe: str | os.PathLike[str] | None = None,
    screenshot: str | os.PathLike[str] | None = None,
    size: tuple[int, int] | None = None,
    report: str | os.PathLike[str] | None = None,
    overwrite: bool = True,
    members: str | os.PathLike[str] | None = None,
    bands: Sequence[str] = (),
    progress: Progress = no_progress,
) -> int:
    """Open the window and stay until it is closed, or save a picture of it, or a report.

    Parameters
    ----------
    files : sequence of path-like
        Exposures and associations to open, or a session.
    recipe : path-like or None
        Recipe to begin with.
    screenshot : path-like or None
        PNG file: the window is saved to it after the first complete preview, then closed. Works offscreen.
    size : (int, int) or None
        Width and height of the window [pixel]; in a picture of 4K everything is drawn at twice its size.
    report : path-like or None
        HTML or PDF file: as ``screenshot``, but a report of the session.
    overwrite : bool
        Whether picture or report may be there already when it is saved.
    members : path-like or None
        Folder in which members of associations are looked for, too.
    bands : sequence of str
        Bands that the report is about, the first of which is shown; empty for all.
    progress : callable
        ``progress(step, fraction)`` is told how far picture or report are.

    Returns
    -------
    int
        Exit code: 0, or 1 when the picture could not be made (a sentence on stderr says why).
    """
    saved = report if screenshot is None else screenshot
    if saved is not None and (problem := _screenshot_problem(Path(saved))):
        print(problem, file=sys.stderr)
        return 1
    kept = settings()
    factor = use_scale(kept, None if saved is None else (size or SIZE)[0])
    app = QApplication.instance() or _application()
    assert isinstance(app, QApplication)
    app.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # as texts and plots are, whatever the system's language
    app.setApplicationName("ATM Viewer")
    app.setDesktopFileName("atm-viewer")
    app.setWindowIcon(QIcon(str(resource("icons/atm-viewer.svg"))))
    session = Session(Workers)
    hook, sys.excepthook = sys.excepthook, _exception_teller(session)
    window = MainWindow(session, kept, lambda instrument: session.exposures.make_demo(instrument, str(demo_folder())))
    if size is not None or saved is not None:
        window.resize(*(round(side / factor) for side in size or SIZE))
    window.guide.hints.wanted = saved is None
    window.show()
    photographer = None
    if saved is not None:
        make = None if report is None else partial(window.exports.make_report, Path(saved).suffix.lower()[1:])
        waits = any(not is_reference(os.fspath(file)) for file in files)
        photographer = Photographer(session, window, Path(saved), waits, make, overwrite, bands, progress)
    if report is not None:
        for question in of_report(bands):
            session.ask(question)
    _let_interrupt_quit(app, 0 if photographer is None else 1)
    if photographer is None:
        screen = app.primaryScreen()
        if screen is not None:
            window.scale.advise(screen.size().width(), screen.devicePixelRatio())
    else:
        photographer.finished.connect(app.exit)

    keeper = window.sessions.keeper
    keeper.asks = window.files.asks = photographer is None
    if members is not None:
        session.exposures.look_below(members)

    def begin() -> None:
        if photographer is None:
            keeper.start_autosave(platformdirs.user_state_path("atm-viewer", appauthor=False) / "sessions")
        # Recipe first: the exposures' first preview is already made with it.
        open_files = partial(window.files.open_dropped, [os.fspath(file) for file in files])
        if recipe is not None:
            window.files.load_recipe_file(os.fspath(recipe), open_files, open_files)
        else:
            open_files()

    QTimer.singleShot(0, begin)  # once the event loop runs, which a failure may end
    gc.freeze()  # what stays until the end: to look through it for garbage would hold up the window now and then
    garbage = GarbageCollector(session.jobs.changed)
    try:
        return app.exec()
    finally:
        garbage.stop()
        gc.unfreeze()
        sys.excepthook = hook
        keeper.close()
        session.close()
        window.deleteLater()
        app.processEvents()


def settings() -> QSettings:
    """Open the user's settings, an ini file."""
    folder = platformdirs.user_config_path("atm-viewer", appauthor=False)
    return QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)


class Photographer(QObject):
    """Waits for the first complete preview, saves a picture of the window or what ``make`` makes, and says how it went.

    Signals
    -------
    finished(int)
        0 when the picture is saved; 1 after a failure, with a sentence on stderr.
    """

    finished = pyqtSignal(int)

    def __init__(
        self,
        session: Session,
        window: MainWindow,
        path: Path,
        waits: bool,
        make: Callable[[Callable[[Content], object]], object] | None = None,
        overwrite: bool = True,
        bands: Sequence[str] = (),
        progress: Progress = no_progress,
    ):
        super().__init__(window)
        self._session, self._path, self._waits = session, path, waits
        self._make = make or (lambda done: done(partial(png_of, window.grab().toImage())))
        self._ended = False
        self._what, self._overwrite = "screenshot" if make is None else "report", overwrite
        self._band = next(iter(bands), "")
        self._progress, self._far = progress, 0.0
        self._timer = QTimer(self)
        # Plots paint after the data arrive: complete must hold for a moment.
        self._timer.setInterval(300)
        self._timer.timeout.connect(self._look)
        self._timer.start()
        session.messages.added.connect(self._listen)

    def _listen(self, message: Message) -> None:
        if message.level == "error":
            self._fail(message.text)

    def _tell(self) -> None:
        """Tell how far it is: opening is the first part, and then how many of the questions are answered."""
        jobs, slots = self._session.jobs.all, self._session.answers.slots.values()
        if jobs:
            opening = [job.fraction or 0.0 for job in jobs if job.opens]
            answered = sum(filled.job is None for filled in slots) / max(len(slots), 1)
            far = _OPENING * opening[0] if opening else _OPENING + (1 - _OPENING) * answered
            self._far = max(self._far, far)  # answers bring new questions
            self._progress(jobs[-1].step or jobs[-1].name, self._far)

    def _look(self) -> None:
        self._tell()
        state = self._session.state
        if self._band in state.bands and not any(job.opens for job in self._session.jobs.all):
            band, self._band = self._band, ""
            self._session.look.select_band(band)
        if not self._session.complete or (self._waits and not self._session.state.exposures):
            return
        self._timer.stop()
        self._make(self._save)

    def _save(self, content: Content) -> None:
        try:
            write_whole(self._path, content(), overwrite=self._overwrite)
        except OSError as error:
            self._fail(f"The {self._what} cannot be saved as {self._path}: {error.strerror or error}.")
            return
        self._end(0)

    def _fail(self, sentence: str) -> None:
        if not self._ended:  # the first failure has been told; one sentence is enough
            print(sentence, file=sys.stderr)
        self._end(1)

    def _end(self, code: int) -> None:
        self._timer.stop()
        if not self._ended:
            self._ended = True
            self.finished.emit(code)


def _screenshot_problem(path: Path) -> str:
    if path.is_dir():
        return f"{path} is a folder; give a file name."
    folder = path.absolute().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return f"The folder {folder} does not exist or cannot be written to; choose another folder."
    return ""


def _exception_teller(
    session: Session,
) -> Callable[[type[BaseException], BaseException, TracebackType | None], None]:
    def tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        detail = "".join(traceback.format_exception(kind, error, trace))
        print(detail, file=sys.stderr)
        session.messages.tell(
            "error",
            f"Unexpected error in the window ({kind.__name__}); please report it with the log (Ctrl+L).",
            detail,
        )

    return tell


def _application() -> QApplication:
    """Make Qt's application; without a display that can be used Qt would abort the program."""

    def tell(kind: QtMsgType, _: QMessageLogContext, text: str | None) -> None:
        if kind == QtMsgType.QtFatalMsg:
            say(no_display_sentence())
            with suppress(OSError):
                sys.stderr.flush()
            os._exit(1)

    before = qInstallMessageHandler(tell)
    try:
        return QApplication(sys.argv[:1])
    finally:
        qInstallMessageHandler(before)


def _let_interrupt_quit(app: QApplication, code: int) -> None:
    for number in ENDING:
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, lambda *_: app.exit(code))
    # Python handles signals between its own instructions only: give it some.
    timer = QTimer(app)
    timer.timeout.connect(lambda: None)
    timer.start(300)
