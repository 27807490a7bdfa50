"""Opens, loads, saves and writes files, with the dialogs for it."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import platformdirs
from PyQt6.QtCore import QMimeData, QObject, QSettings, pyqtSignal
from PyQt6.QtWidgets import QMenu, QWidget

from atm_viewer.engine.errors import UserError, one_line
from atm_viewer.engine.regular_file import read_text
from atm_viewer.session.file_work import Done, answer_soon, nothing_more
from atm_viewer.session.persistence.session_file import is_session
from atm_viewer.session.session import Session
from atm_viewer.session.spectrum.references import is_reference
from atm_viewer.session.state.groups import group_of
from atm_viewer.views.base.dialogs import WriteDialog, WriteExposuresDialog
from atm_viewer.views.base.file_dialog import FileDialog
from atm_viewer.views.base.plain_text import no_mnemonic, plain_tip
from atm_viewer.views.base.theme import Theme
from atm_viewer.views.files.cluster_dialog import ClusterDialog
from atm_viewer.views.files.members_dialog import MembersDialog
from atm_viewer.views.files.recent import RecentFiles
from atm_viewer.views.files.write_cubes_dialog import WriteCubesDialog

_EXPOSURES = (
    "Calibrated exposures and associations (*_cal.fits *_crf.fits *_cal.fits.gz *_crf.fits.gz *.json);;All files (*)"
)
_REFERENCES = "Cubes and extracted spectra (*_s3d.fits *_x1d.fits *_s3d.fits.gz *_x1d.fits.gz);;All files (*)"
_REGIONS = "DS9 region files (*.reg);;All files (*)"
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
    session_wanted(str, callable)
        Path of a session that is to be opened, and the function to call when it was read or could not be.
    """

    recipe_path_changed = pyqtSignal()
    recent_changed = pyqtSignal()
    session_wanted = pyqtSignal(str, object)

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
        self.asks = True  #: whether dialogs may ask the user
        self.recipe_path = ""
        self.recent = RecentFiles(settings)
        self.recent_sessions = RecentFiles(settings, "recent_sessions")
        self.recent_menu = QMenu("Open Recent", window)
        self.recent_menu.setToolTipsVisible(True)
        self.recent_menu.aboutToShow.connect(self._fill_recent)
        session.exposures.opened.connect(self._remember)
        session.references.opened.connect(self._remember)
        session.exposures.members_missing.connect(self._ask_for_members)

    def open(self) -> None:
        """Ask for exposures to open."""
        dialog = self._file_dialog("Open calibrated exposures", _EXPOSURES, FileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self._open_files)

    def open_references(self) -> None:
        """Ask for cubes and extracted spectra to compare the exposures with."""
        dialog = self._file_dialog("Open references", _REFERENCES, FileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self._session.references.open)

    def close_references(self) -> None:
        """Close all of them."""
        self._session.references.close(*(reference.number for reference in self._session.state.references))

    def open_recent(self) -> None:
        """Do nothing: the submenu does."""

    def open_recent_file(self, path: str) -> None:
        """Open a recent file; one that does not exist any more gives a message and leaves the list."""

        def open_it(there: bool) -> None:
            if there:
                self.open_dropped([path])
                return
            for recent in (self.recent, self.recent_sessions):
                recent.remove(path)
            self.recent_changed.emit()
            self._session.messages.tell("warning", f"{path} no longer exists and was removed from the recent files.")

        self._session.file_work.run(f"Looking for {one_line(Path(path).name)}", lambda: os.path.exists(path), open_it)

    def open_dropped(self, paths: list[str]) -> None:
        """Open what was dropped on the window: exposures, associations, references, a session, a recipe."""
        texts = [path for path in paths if path.lower().endswith(".toml")]
        rest = [path for path in paths if path not in texts]

        def open_rest() -> None:
            self._open_files(rest)

        def open_them(sessions: list[str]) -> None:
            # One after the other: a session takes the place of what is open, and what is opened is shown with the
            # recipe at once.
            recipes = [path for path in texts if path not in sessions]
            then = partial(self.load_recipe_file, recipes[-1], open_rest, open_rest) if recipes else open_rest
            if sessions:
                self.session_wanted.emit(sessions[-1], then)
            else:
                then()

        if texts:
            name = f"Reading {one_line(Path(texts[-1]).name)}"
            self._session.file_work.run(name, lambda: [p for p in texts if looks_like_session(p)], open_them, open_rest)
        else:
            open_rest()

    def _open_files(self, paths: list[str]) -> None:
        """Open exposures, and cubes and extracted spectra beside them, which are told by their names."""
        references = [path for path in paths if is_reference(path)]
        self._session.references.open(references)
        self._session.exposures.open([path for path in paths if path not in references])

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
        if self._session.state.current is not None:
            self._session.exposures.close(self._session.state.current.key)

    def close_group(self) -> None:
        """Close the exposures of the chosen one's setting and detector."""
        group = group_of(self._session.state.exposures, self._session.state.chosen)
        if group is not None:
            self._session.exposures.close(*group.keys)

    def close_all(self) -> None:
        """Close all exposures."""
        self._session.exposures.close(*(exposure.view.key for exposure in self._session.state.exposures))

    def load_recipe(self) -> None:
        """Ask for a recipe to load."""
        dialog = self._file_dialog("Load recipe", _RECIPES, FileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self.load_recipe_file(path))

    def load_recipe_file(self, path: str, then: Done = nothing_more, otherwise: Done = nothing_more) -> None:
        """Load a recipe; it becomes the one that Save Recipe writes. What follows: when it is loaded, or is not."""

        def loaded() -> None:
            self._set_recipe_path(path)
            then()

        self._session.recipes.load_recipe(path, loaded, otherwise)

    def save_recipe(self) -> None:
        """Save the recipe where it came from; ask where when it came from nowhere."""
        if self.recipe_path:
            self._session.recipes.save_recipe(self.recipe_path)
        else:
            self.save_recipe_as()

    def save_recipe_as(self) -> None:
        """Ask where to save the recipe."""
        dialog = self._file_dialog("Save recipe", _RECIPES, FileDialog.FileMode.AnyFile)
        dialog.setAcceptMode(FileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("toml")
        dialog.selectFile(self.recipe_path or "recipe.toml")
        dialog.fileSelected.connect(self._save_recipe_file)

    def import_regions(self) -> None:
        """Ask for a DS9 region file whose regions are added."""
        dialog = self._file_dialog("Import DS9 regions", _REGIONS, FileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self._session.regions.read)

    def export_regions(self) -> None:
        """Ask where to save the regions for DS9."""
        dialog = self._file_dialog("Export DS9 regions", _REGIONS, FileDialog.FileMode.AnyFile)
        dialog.setAcceptMode(FileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("reg")
        dialog.selectFile("regions.reg")
        dialog.fileSelected.connect(self._session.regions.write)

    def write_cubes(self) -> None:
        """Ask for what write_cubes needs, and write in the background."""
        state = self._session.state
        dialog = WriteCubesDialog(state.sources, state.recipe.cube, self._theme(), self.folder(), self._window)

        def write() -> None:
            self._settings.setValue("folder", dialog.folder)
            self._session.recipes.set_cube(dialog.options)
            self._session.products.write_cubes(
                dialog.folder, dialog.product, dialog.which, dialog.replaces, dialog.keys, dialog.bands
            )

        self._open_write_dialog(dialog, write)

    def write_exposures(self) -> None:
        """Ask where to write corrected exposures, and write in the background."""
        state = self._session.state
        dialog = WriteExposuresDialog(
            state.sources, state.recipe.oversample, self._theme(), self.folder(), self._window
        )

        def write() -> None:
            self._settings.setValue("folder", dialog.folder)
            self._session.products.write_exposures(
                dialog.folder, dialog.replaces, dialog.keys, dialog.intermediate_box.isChecked()
            )

        self._open_write_dialog(dialog, write)

    def run_on_cluster(self) -> None:
        """Ask for targets and a cluster, and have them corrected in the background."""
        state, scheduler = self._session.state, str(self._settings.value("scheduler", ""))
        dialog = ClusterDialog(state.sources, self._theme(), self.folder(), scheduler, self._window)

        def run() -> None:
            self._settings.setValue("folder", dialog.folder)
            self._settings.setValue("scheduler", dialog.scheduler)
            self._session.products.run_programme(
                dialog.inputs,
                dialog.folder,
                dialog.tunes,
                dialog.exposures_box.isChecked(),
                dialog.scheduler,
                dialog.workers_box.value(),
            )

        self._open_write_dialog(dialog, run)

    def remember_session(self, path: str) -> None:
        """Put a session at the head of the recent ones."""
        self.recent_sessions.add([path])
        self.recent_changed.emit()

    def _file_dialog(self, title: str, kinds: str, mode: FileDialog.FileMode) -> FileDialog:
        dialog = FileDialog(title, self.folder(), mode, self._window, kinds)
        dialog.open()
        return dialog

    def _open_write_dialog(self, dialog: WriteDialog, write: Callable[[], None]) -> None:
        dialog.wanted.connect(write)
        dialog.open()

    def folder(self, first: str = "") -> str:
        """Folder that dialogs begin with: the first one, if it is there; never the demo's, which is hidden."""
        view, home = self._session.state.current, str(Path.home())
        beside = os.path.dirname(view.key) if view is not None else ""
        if Path(beside).is_relative_to(platformdirs.user_cache_path("atm-viewer", appauthor=False)):
            beside = ""
        folders = [folder for folder in (first, str(self._settings.value("folder", "")), beside) if folder]
        return answer_soon(lambda: next((folder for folder in folders if os.path.isdir(folder)), home), home)

    def _save_recipe_file(self, path: str) -> None:
        self._session.recipes.save_recipe(path, lambda: self._set_recipe_path(path))

    def _set_recipe_path(self, path: str) -> None:
        self.recipe_path = path
        self.recipe_path_changed.emit()

    def _ask_for_members(self, association: str, names: tuple[str, ...]) -> None:
        """Ask for the folder with an association's members, unless nobody is there to answer."""
        if not self.asks:
            return
        dialog = MembersDialog(association, names, self._window)

        dialog.located.connect(lambda: self._locate_members(association))
        dialog.open()

    def _locate_members(self, association: str) -> None:
        def open_again(folder: str) -> None:
            self._session.exposures.look_below(folder)
            self._session.exposures.open([association])

        dialog = self._file_dialog("Folder of the members", "", FileDialog.FileMode.Directory)
        dialog.setOption(FileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(open_again)

    def _remember(self, paths: tuple[str, ...]) -> None:
        self.recent.add(paths)
        self.recent_changed.emit()

    def _fill_recent(self) -> None:
        self.recent_menu.clear()
        for heading, recent in (("Sessions", self.recent_sessions), ("Exposures", self.recent)):
            if recent.paths:
                self.recent_menu.addSection(heading)
            for path in recent.paths:
                action = self.recent_menu.addAction(no_mnemonic(one_line(Path(path).name)))
                assert action is not None
                action.setToolTip(plain_tip(path))
                action.triggered.connect(lambda _checked=False, path=path: self.open_recent_file(path))
        if self.recent_menu.isEmpty():
            nothing = self.recent_menu.addAction("No Recent Files")
            assert nothing is not None
            nothing.setEnabled(False)


def looks_like_session(path: str) -> bool:
    """Whether a file is a session rather than a recipe, by its content; False when it cannot be read."""
    try:
        return is_session(read_text(path, "session"))
    except UserError:
        return False


def local_files(data: QMimeData | None) -> list[str]:
    """Paths of the files that are being dragged."""
    urls = data.urls() if data is not None and data.hasUrls() else []
    return [url.toLocalFile() for url in urls if url.isLocalFile()]
