"""Opens, loads, saves and writes files, with the dialogs for it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QMimeData, QObject, QSettings, Qt, pyqtSignal
from PyQt6.QtWidgets import QFileDialog, QMenu, QWidget

from atm_viewer.engine.errors import UserError
from atm_viewer.session.persistence.session_file import is_session, read_text
from atm_viewer.session.session import Session
from atm_viewer.views.base.dialogs import WriteCubesDialog, WriteDialog, WriteExposuresDialog
from atm_viewer.views.base.theme import Theme
from atm_viewer.views.files.recent import RecentFiles

_EXPOSURES = "Calibrated exposures and associations (*_cal.fits *_crf.fits *.json);;All files (*)"
_RECIPES = "Recipes (*.toml);;All files (*)"


class Files(QObject):
    """Actions of the File menu.

    Parameters
    ----------
    session : Session
        Opens, loads, saves and writes.
    settings : QSettings
        Keeps recent files and the folder last written to.
    window : QWidget
        Dialogs belong to it.
    theme : callable
        Gives their colours.
    make_demo : callable or None
        Takes an instrument (``miri`` or ``nirspec``) and starts to make and open the demo's exposures.

    Signals
    -------
    recipe_path_changed()
        Another file is the one that Save Recipe writes.
    recent_changed()
        The list of recent files.
    session_wanted(str)
        A session is to be opened.
    """

    recipe_path_changed = pyqtSignal()
    recent_changed = pyqtSignal()
    session_wanted = pyqtSignal(str)

    def __init__(
        self,
        session: Session,
        settings: QSettings,
        window: QWidget,
        theme: Callable[[], Theme],
        make_demo: Callable[[str], None] | None = None,
    ):
        super().__init__(window)
        self._session = session
        self._settings = settings
        self._window = window
        self._theme = theme
        self._make_demo = make_demo
        self.recipe_path = ""
        self.recent = RecentFiles(settings)
        self.recent_sessions = RecentFiles(settings, "recent_sessions")
        self.recent_menu = QMenu("Open Recent", window)
        self.recent_menu.setToolTipsVisible(True)
        self.recent_menu.aboutToShow.connect(self._fill_recent)
        session.opened.connect(self._remember)

    def open(self) -> None:
        """Ask for exposures to open."""
        dialog = self._file_dialog("Open calibrated exposures", _EXPOSURES, QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self._session.open_files)

    def open_recent(self) -> None:
        """Do nothing: the submenu does."""

    def open_recent_file(self, path: str) -> None:
        """Open a file of the list; one that is gone is told and taken off."""
        if os.path.exists(path):
            self.open_dropped([path])
        else:
            for recent in (self.recent, self.recent_sessions):
                recent.remove(path)
            self.recent_changed.emit()
            self._session.tell("warning", f"{path} no longer exists and was removed from the recent files.")

    def open_dropped(self, paths: list[str]) -> None:
        """Open what was dropped on the window: exposures, associations, a session, a recipe."""
        texts = [path for path in paths if path.lower().endswith(".toml")]
        sessions = [path for path in texts if looks_like_session(path)]
        for path in sessions[-1:]:
            self.session_wanted.emit(path)
        for path in [path for path in texts if path not in sessions][-1:]:
            self.load_recipe_file(path)
        self._session.open_files([path for path in paths if path not in texts])

    def open_demo(self) -> None:
        """Make and open the demo's MIRI exposures."""
        if self._make_demo is not None:
            self._make_demo("miri")

    def open_nirspec_demo(self) -> None:
        """Make and open the demo's NIRSpec exposures."""
        if self._make_demo is not None:
            self._make_demo("nirspec")

    def close_exposure(self) -> None:
        """Close the chosen exposure."""
        if self._session.current is not None:
            self._session.close_exposure(self._session.current.key)

    def load_recipe(self) -> None:
        """Ask for a recipe to load."""
        dialog = self._file_dialog("Load recipe", _RECIPES, QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.load_recipe_file)

    def load_recipe_file(self, path: str) -> None:
        """Load a recipe; it becomes the one that Save Recipe writes."""
        if self._session.load_recipe(path):
            self._set_recipe_path(path)

    def save_recipe(self) -> None:
        """Save the recipe where it came from; ask where when it came from nowhere."""
        if self.recipe_path:
            self._session.save_recipe(self.recipe_path)
        else:
            self.save_recipe_as()

    def save_recipe_as(self) -> None:
        """Ask where to save the recipe."""
        dialog = self._file_dialog("Save recipe", _RECIPES, QFileDialog.FileMode.AnyFile)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("toml")
        dialog.selectFile(self.recipe_path or "recipe.toml")
        dialog.fileSelected.connect(self._save_recipe_file)

    def write_cubes(self) -> None:
        """Ask for what write_cubes needs, and write in the background."""
        dialog = WriteCubesDialog(self._session.together, self._theme(), self.folder(), self._window)

        def write() -> None:
            self._settings.setValue("folder", dialog.folder)
            self._session.write_cubes(dialog.folder, dialog.product, dialog.which, dialog.replaces)

        self._open_write_dialog(dialog, write)

    def write_exposures(self) -> None:
        """Ask where to write corrected exposures, and write in the background."""
        dialog = WriteExposuresDialog(self._session.together, self._theme(), self.folder(), self._window)

        def write() -> None:
            self._settings.setValue("folder", dialog.folder)
            self._session.write_exposures(dialog.folder, dialog.replaces)

        self._open_write_dialog(dialog, write)

    def remember_session(self, path: str) -> None:
        """Put a session at the head of the recent ones."""
        self.recent_sessions.add([path])
        self.recent_changed.emit()

    def _file_dialog(self, title: str, kinds: str, mode: QFileDialog.FileMode) -> QFileDialog:
        dialog = QFileDialog(self._window, title, self.folder(), kinds)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(mode)
        dialog.open()
        return dialog

    def _open_write_dialog(self, dialog: WriteDialog, write: Callable[[], None]) -> None:
        dialog.wanted.connect(write)
        dialog.open()

    def folder(self) -> str:
        """Folder that dialogs begin with."""
        folder = str(self._settings.value("folder", ""))
        if not os.path.isdir(folder):
            view = self._session.current
            folder = str(Path(view.key).parent) if view is not None else str(Path.home())
        return folder

    def _save_recipe_file(self, path: str) -> None:
        if self._session.save_recipe(path):
            self._set_recipe_path(path)

    def _set_recipe_path(self, path: str) -> None:
        self.recipe_path = path
        self.recipe_path_changed.emit()

    def _remember(self, paths: tuple[str, ...]) -> None:
        self.recent.add(paths)
        self.recent_changed.emit()

    def _fill_recent(self) -> None:
        self.recent_menu.clear()
        for heading, recent in (("Sessions", self.recent_sessions), ("Exposures", self.recent)):
            if recent.paths:
                self.recent_menu.addSection(heading)
            for path in recent.paths:
                action = self.recent_menu.addAction(Path(path).name)
                assert action is not None
                action.setToolTip(path)
                action.triggered.connect(lambda _checked=False, path=path: self.open_recent_file(path))
        if self.recent_menu.isEmpty():
            nothing = self.recent_menu.addAction("No Recent Files")
            assert nothing is not None
            nothing.setEnabled(False)


def looks_like_session(path: str) -> bool:
    """Tell a session from a recipe by its content; what cannot be read is none."""
    try:
        return is_session(read_text(path))
    except UserError:
        return False


def local_files(data: QMimeData | None) -> list[str]:
    """Paths of the files that are being dragged."""
    urls = data.urls() if data is not None and data.hasUrls() else []
    return [url.toLocalFile() for url in urls if url.isLocalFile()]
