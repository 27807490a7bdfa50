"""File → Export: what others read, and what reproduces a result outside."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QObject, QSettings
from PyQt6.QtWidgets import QWidget

from atm_viewer.session import exports
from atm_viewer.session.session import Session
from atm_viewer.views.dialogs import WriteDialog
from atm_viewer.views.export_dialogs import PictureDialog, RecipeDialog, SpectraDialog
from atm_viewer.views.files import Files
from atm_viewer.views.layout import Bench
from atm_viewer.views.pictures import picture, save
from atm_viewer.views.plotting import Canvas
from atm_viewer.views.theme import Theme


class Exports(QObject):
    """Actions of the Export menu.

    Parameters
    ----------
    session : Session
        What is exported.
    files : Files
        Knows the folder that dialogs begin with.
    bench : Bench
        Panels, whose pictures are taken.
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
        settings: QSettings,
        theme: Callable[[], Theme],
        window: QWidget,
    ):
        super().__init__(window)
        self._session = session
        self._files = files
        self._bench = bench
        self._settings = settings
        self._theme = theme
        self._window = window

    def export_recipe(self) -> None:
        """Ask for a call of the pipeline or a script, and write it."""
        dialog = RecipeDialog(self._session, self._theme(), self._files.folder(), self._window)
        self._open(
            dialog,
            lambda: exports.write_recipe(self._session, dialog.kind, dialog.folder, dialog.name, dialog.replaces),
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
        panels = {name: panel for name, panel in self._bench.panels.items() if _plots(panel) is not None}
        chosen = self._bench.focused() or "spectrum"
        dialog = PictureDialog(self._session, self._theme(), self._files.folder(), panels, chosen, self._window)

        def write() -> None:
            (name,) = dialog.names()
            plots = _plots(panels[dialog.panel])
            assert plots is not None
            title = f"{dialog.name} {dialog.panel}, ATM Viewer"
            self._keep(Path(dialog.folder) / name, picture(plots, dialog.format_box.currentData(), title))

        self._open(dialog, write)

    def _keep(self, path: Path, content: bytes) -> None:
        """Write a file and tell it."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            problem = f"{path.parent} cannot be made: {error.strerror or error}; choose another folder."
        else:
            problem = save(path, content)
        if problem:
            self._session.tell("error", problem)
        else:
            self._session.tell("info", f"Written to {path.parent}: {path.name}.")

    def _open(self, dialog: WriteDialog, write: Callable[[], None]) -> None:
        def wanted() -> None:
            self._settings.setValue("folder", os.path.abspath(dialog.folder))
            write()

        dialog.wanted.connect(wanted)
        dialog.open()


def _plots(panel: QWidget) -> Canvas | None:
    """Find the plots in a panel."""
    found = panel.findChildren(Canvas)
    return next((canvas for canvas in found if canvas.isVisible()), found[0] if found else None)
