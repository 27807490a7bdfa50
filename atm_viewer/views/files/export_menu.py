"""File → Export: its actions, and what they write."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from PyQt6.QtCore import QObject, QSettings
from PyQt6.QtWidgets import QWidget

from atm_viewer.engine.errors import OutputError, one_line
from atm_viewer.jobs.requests.measures import CountPlanes, MeasureLines, SummariseBands
from atm_viewer.session import exports
from atm_viewer.session.questions.plan import of_report
from atm_viewer.session.report_page import captions
from atm_viewer.session.session import Session
from atm_viewer.views.base.dialogs import WriteDialog
from atm_viewer.views.base.layout import Bench
from atm_viewer.views.base.paint_turns import in_next_turn
from atm_viewer.views.base.theme import Theme
from atm_viewer.views.files.export_dialogs import PictureDialog, RecipeDialog, ReportDialog, SpectraDialog
from atm_viewer.views.files.files import Files
from atm_viewer.views.files.pictures import Content, Plots, make_picture, save
from atm_viewer.views.files.report import Figure, page
from atm_viewer.views.files.send_dialog import SendDialog


class Exports(QObject):
    """Actions of the Export menu.

    Parameters
    ----------
    session : Session
        Its results are exported.
    files : Files
        Knows the folder that dialogs begin with.
    bench : Bench
        Knows which panel has the keyboard.
    views : mapping of str to Plots
        Views, whose pictures are taken, by the names of their panels.
    settings : QSettings
        Keeps the folder.
    theme : callable
        Gives the dialogs' colours.
    window : QWidget
        Dialogs belong to it.
    """

    def __init__(
        self,
        session: Session,
        files: Files,
        bench: Bench,
        views: Mapping[str, Plots],
        settings: QSettings,
        theme: Callable[[], Theme],
        window: QWidget,
    ):
        super().__init__(window)
        self._session = session
        self._files = files
        self._bench = bench
        self._views = views
        self._settings = settings
        self._theme = theme
        self._window = window
        self._questions = of_report()

    def export_recipe(self) -> None:
        """Ask for a call of the pipeline or a script, and write it."""
        dialog = RecipeDialog(self._session, self._theme(), self._files.folder(), self._window)
        self._open(
            dialog,
            lambda: exports.write_recipe(
                self._session, dialog.kind, dialog.keys, dialog.folder, dialog.name, dialog.replaces
            ),
        )

    def export_spectra(self) -> None:
        """Ask for a format, and write the spectra in sight."""
        dialog = SpectraDialog(self._session, self._theme(), self._files.folder(), self._window)

        def write() -> None:
            exports.write_spectra(
                self._session, dialog.folder, dialog.name, dialog.ending, dialog.as_shown, dialog.replaces
            )

        self._open(dialog, write)

    def export_picture(self) -> None:
        """Ask for panel and format, and write a picture of its plots."""
        chosen = self._bench.focused() or "spectrum"
        dialog = PictureDialog(
            self._session, self._theme(), self._files.folder(), tuple(self._views), chosen, self._window
        )

        def write() -> None:
            (name,) = dialog.names()
            view, kind = self._views[dialog.panel], dialog.format_box.currentData()
            title = f"{dialog.name} {dialog.panel}, ATM Viewer"
            path, replaces = Path(dialog.folder) / name, dialog.replaces
            make_picture(
                view, self._theme, kind, title, dialog.light, lambda content: self._keep(path, content, replaces)
            )

        self._open(dialog, write)

    def export_report(self) -> None:
        """Ask for a format, and write a report of the session; meanwhile ask for what only the report says."""
        self._ask_for_report(True)
        dialog = ReportDialog(self._session, self._theme(), self._files.folder(), self._window)

        def write() -> None:
            (name,) = dialog.names()
            path, kind, replaces = Path(dialog.folder) / name, dialog.format_box.currentData(), dialog.replaces

            def keep(content: Content) -> None:
                self._keep(path, content, replaces)
                self._ask_for_report(False)

            self._when_answered(lambda: self.make_report(kind, keep))

        self._open(dialog, write)
        dialog.finished.connect(lambda accepted: None if accepted else self._ask_for_report(False))

    def _ask_for_report(self, wanted: bool) -> None:
        """Ask what only the report says, or forget that; panels that ask the same go on to do so."""
        for question in self._questions:
            if wanted:
                self._session.ask(question)
            else:
                self._session.forget(question)

    def _when_answered(self, then: Callable[[], None]) -> None:
        """Go on when what only the report says is known, or cannot be."""
        changed = self._session.changed.pending

        def look() -> None:
            if not any(self._session.answers.is_pending(kind) for kind in (CountPlanes, MeasureLines, SummariseBands)):
                changed.disconnect(look)
                then()

        changed.connect(look)
        look()

    def make_report(self, kind: str, done: Callable[[Content], object]) -> None:
        """Make a report of the session, in ``html`` or ``pdf``: the window is painted and answers meanwhile."""
        painted: list[tuple[str, Content, int]] = []

        def paint(left: list[str]) -> None:
            if not left:
                self._session.file_work.run("Making the figures of the report", compress, finish)
                return
            view, caption = self._views[left[0]], captions()[left[0]]

            def take(content: Content) -> None:
                painted.append((caption, content, view.canvas.width()))
                in_next_turn(self, lambda: paint(left[1:]))

            make_picture(view, self._theme, "png", caption, True, take)

        def compress() -> list[Figure]:
            return [(caption, content(), width) for caption, content, width in painted]

        def finish(figures: list[Figure]) -> None:
            done(page(self._session, figures, kind))

        paint([name for name in captions() if name in self._views])

    def send_file(self) -> None:
        """Ask what to send to which program, and send it."""
        self.offer_to_send("")

    def offer_to_send(self, path: str) -> None:
        """Ask to which program to send a FITS file; without one, what to send as well."""
        SendDialog(self._session, self._files.folder(), self._window, path).open()

    def _keep(self, path: Path, content: Content, overwrite: bool) -> None:
        """Write a file, and report that in a message."""

        def write() -> None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                reason = error.strerror or error
                raise OutputError(f"{path.parent} cannot be created: {reason}; choose another folder.") from error
            save(path, content(), overwrite)

        def written(_: None) -> None:
            self._session.messages.tell("info", f"Wrote {path.name} to {path.parent}.", files=(str(path),))

        self._session.file_work.run(f"Saving {one_line(path.name)}", write, written, place=str(path.absolute()))

    def _open(self, dialog: WriteDialog, write: Callable[[], None]) -> None:
        def wanted() -> None:
            self._settings.setValue("folder", os.path.abspath(dialog.folder))
            write()

        dialog.wanted.connect(wanted)
        dialog.open()
