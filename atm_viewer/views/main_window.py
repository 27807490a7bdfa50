"""The window: what is loaded and the recipe on the left, how it was fitted in the middle, the science on the right."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QMimeData, QSettings, QSignalBlocker, Qt
from PyQt6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication
from PyQt6.QtWidgets import (
    QApplication,
    QComboBox,
    QFileDialog,
    QLabel,
    QMainWindow,
    QMenu,
    QMessageBox,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from atm_viewer.engine.reports import ExposureView
from atm_viewer.session.names import count, short_names
from atm_viewer.session.session import Session
from atm_viewer.views.actions import add_actions, update_actions
from atm_viewer.views.detector_view import DetectorView
from atm_viewer.views.dialogs import (
    WriteCubesDialog,
    WriteDialog,
    WriteExposuresDialog,
    about_text,
    ask,
    shortcuts_text,
    show_text,
)
from atm_viewer.views.exposure_panel import ExposurePanel
from atm_viewer.views.log_panel import Banner, LogPanel
from atm_viewer.views.panel import Panel, WholeBox
from atm_viewer.views.profile_view import ProfileView
from atm_viewer.views.recent import RecentFiles
from atm_viewer.views.recipe_panel import RecipePanel
from atm_viewer.views.sky_view import SkyView
from atm_viewer.views.slice_table import SliceTable
from atm_viewer.views.spectrum_view import SpectrumView
from atm_viewer.views.status import StatusBar
from atm_viewer.views.theme import DARK, LIGHT, Theme, apply_theme
from atm_viewer.views.welcome import Welcome

_EXPOSURES = "Calibrated exposures and associations (*_cal.fits *_crf.fits *.json);;All files (*)"
_RECIPES = "Recipes (*.toml);;All files (*)"


class MainWindow(QMainWindow):
    """Shows a session and passes on what the user wants.

    Parameters
    ----------
    session : Session
        The state.
    settings : QSettings
        Keeps recent files, theme, folder and layout.
    make_demo : callable or None
        Takes an instrument (``miri`` or ``nirspec``) and starts to make and open the demo's exposures.
    """

    def __init__(self, session: Session, settings: QSettings, make_demo: Callable[[str], None] | None = None):
        super().__init__()
        self.session = session
        self.theme: Theme = DARK
        self._settings = settings
        self._make_demo = make_demo
        self._recipe_path = ""
        self._may_close = False
        self._arranged = False
        self._exposure: ExposureView | None = None
        self.recent = RecentFiles(settings)
        self.setAcceptDrops(True)
        self.resize(1440, 900)

        # Before there are widgets: styling them afterwards takes longer than making them.
        self._apply_theme()
        self._make_views()
        self._arrange()
        self.actions_by_name: dict[str, QAction] = add_actions(self)
        self._recent_menu = QMenu("Open Recent", self)
        self.actions_by_name["open_recent"].setMenu(self._recent_menu)
        self._recent_menu.aboutToShow.connect(self._fill_recent)
        self.reset_button.clicked.connect(self.actions_by_name["reset_slice"].trigger)
        self._connect()

        hints = QGuiApplication.styleHints()
        assert hints is not None
        hints.colorSchemeChanged.connect(self._follow_system)
        self.choose_theme(self._theme_choice())
        self._restore_layout()
        self._refresh_all()

    # What the window is made of

    def _make_views(self) -> None:
        session = self.session
        self.banner = Banner(session)
        self.welcome = Welcome()
        self.exposure_panel = ExposurePanel(session)
        self.recipe_panel = RecipePanel(session)
        self.slice_table = SliceTable(session)
        self.detector = DetectorView()
        self.profile = ProfileView()
        self.sky = SkyView()
        self.spectrum = SpectrumView()
        self.log = LogPanel(session)
        self.status = StatusBar(session)
        self.setStatusBar(self.status)

        self.scope_box = QComboBox()
        self.scope_box.addItems(["all exposures", "this exposure"])
        self.scope_box.setToolTip("Which exposures a value typed in the table, or dragged in the profile, applies to")
        self.reset_button = QPushButton("Reset slice")
        self.reset_button.setToolTip("Take all overrides of the chosen slice away (Ctrl+Backspace)")
        self.slice_box = QComboBox()
        self.slice_box.setToolTip("Slice of the region map (Alt+↑, Alt+↓)")
        self.slice_box.setMaxVisibleItems(24)
        self.column_box = WholeBox()
        self.column_box.setToolTip("Column: element along dispersion [pixel], zero-based (Alt+←, Alt+→)")
        self.band_box = QComboBox()
        self.band_box.setToolTip("Band of sky image and spectra, as the pipeline names its cubes")

    def _arrange(self) -> None:
        self.exposures_panel = Panel("Exposures", self.exposure_panel)
        self.globals_panel = Panel("Recipe", self.recipe_panel)
        self.globals_panel.note.setText("all slices")
        self.slices_panel = Panel("Slices", self.slice_table, self.scope_box, self.reset_button)
        self.detector_panel = Panel("Detector", self.detector)
        self.profile_panel = Panel(
            "Profile", self.profile, QLabel("Slice"), self.slice_box, QLabel("Column"), self.column_box
        )
        self.sky_panel = Panel("Sky", self.sky, self.band_box)
        self.spectrum_panel = Panel("Spectrum", self.spectrum)

        vertical = Qt.Orientation.Vertical
        self.left = _split(vertical, (self.exposures_panel, 0), (self.globals_panel, 0), (self.slices_panel, 1))
        self.middle = _split(vertical, (self.detector_panel, 1), (self.profile_panel, 1))
        self.right = _split(vertical, (self.sky_panel, 4), (self.spectrum_panel, 5))
        self.columns = _split(Qt.Orientation.Horizontal, (self.left, 0), (self.middle, 3), (self.right, 2))
        self.pages = QStackedWidget()
        self.pages.addWidget(self.welcome)
        self.pages.addWidget(self.columns)
        self.body = _split(vertical, (self.pages, 1), (self.log, 0))
        self.log.hide()
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.banner)
        layout.addWidget(self.body, 1)
        self.setCentralWidget(centre)

    def _connect(self) -> None:
        session = self.session
        session.exposures_changed.connect(self._show_exposures)
        session.chosen_changed.connect(self._show_choice)
        session.recipe_changed.connect(self._show_recipe)
        session.report_changed.connect(self._show_report)
        session.profile_changed.connect(self._show_profile)
        session.sky_changed.connect(self._show_sky)
        session.spaxel_changed.connect(self._show_spaxel)
        session.spectra_changed.connect(self._show_spectra)
        session.pending_changed.connect(self._show_pending)
        session.jobs_changed.connect(self._show_jobs)
        session.opened.connect(self._remember)
        for changed in (session.exposures_changed, session.chosen_changed, session.jobs_changed):
            changed.connect(self._update_actions)
        # Methods, not lambdas, wherever the session tells: Qt disconnects them when the window goes first.
        session.undo_stack.indexChanged.connect(self._show_undo)
        session.undo_stack.cleanChanged.connect(self._show_undo)

        self.detector.picked.connect(session.select)
        self.profile.threshold_edited.connect(session.set_threshold_at)
        self.profile.use_edited.connect(lambda ranges: session.edit_slice(session.number, "use", ranges))
        self.profile.column_stepped.connect(session.step_column)
        self.sky.picked.connect(session.pick_sky)
        self.sky.radius_edited.connect(session.set_radius)
        for view in (self.detector, self.profile, self.sky, self.spectrum):
            view.hovered.connect(self.status.show_hover)
        self.slice_box.activated.connect(lambda row: session.select_slice(session.slices[row]))
        self.column_box.valueChanged.connect(session.select_column)
        self.band_box.activated.connect(lambda row: session.select_band(session.bands[row]))
        self.scope_box.activated.connect(lambda row: session.set_only_this(row == 1))
        self.welcome.open_wanted.connect(self.open)
        self.welcome.demo_wanted.connect(self.open_demo)
        self.welcome.recent_wanted.connect(self.open_recent_file)
        self.banner.log_button.clicked.connect(lambda: self._set_log(True))
        self.status.log_button.toggled.connect(self._set_log)

    # What is shown

    def _refresh_all(self) -> None:
        self._update_actions()
        self._show_undo()
        self._show_exposures()
        self._show_choice()
        self._show_recipe()
        self._show_title()

    def _show_exposures(self) -> None:
        session = self.session
        page = self.columns if session.exposures else self.welcome
        if page is not self.pages.currentWidget():
            self.pages.setCurrentWidget(page)
            if page is self.columns and not self._arranged:  # a hidden page has no room to share yet
                self._arranged = True
                self._share_room()
        self.welcome.show_recent(self.recent.paths)
        included = count(len(session.included), "exposure") if session.exposures else ""
        self.exposures_panel.note.setText(f"{included} included" if included else "")
        with QSignalBlocker(self.band_box):
            self.band_box.clear()
            self.band_box.addItems(session.bands)
        self.band_box.setVisible(len(session.bands) > 0)
        self._show_choice()

    def _show_choice(self) -> None:
        session, view = self.session, self.session.current
        if view is not self._exposure:
            self._exposure = view
            self.detector.show_exposure(view)
            self.detector.show_report(session.report)
        names = [e.view.name for e in session.exposures]
        at = next((i for i, e in enumerate(session.exposures) if e.view is view), None)
        self.detector_panel.note.setText(short_names(names)[at] if at is not None else "")
        self.detector_panel.note.setToolTip(names[at] if at is not None else "")
        numbers = [str(n) for n in session.slices]
        with QSignalBlocker(self.slice_box), QSignalBlocker(self.column_box), QSignalBlocker(self.band_box):
            if numbers != [self.slice_box.itemText(i) for i in range(self.slice_box.count())]:
                self.slice_box.clear()
                self.slice_box.addItems(numbers)
            self.slice_box.setCurrentText(str(session.number))
            self.column_box.setRange(*session.columns)
            self.column_box.setValue(session.column)
            self.band_box.setCurrentText(session.band)
        if view is not None:
            self.detector.select(session.number, session.column)
            self.profile.set_unit(view.unit)
        self.reset_button.setEnabled(view is not None and bool(session.overridden(session.number)))
        self._show_profile()

    def _show_recipe(self) -> None:
        with QSignalBlocker(self.scope_box):
            self.scope_box.setCurrentIndex(int(self.session.only_this))
        self.reset_button.setEnabled(
            self.session.current is not None and bool(self.session.overridden(self.session.number))
        )
        self._show_profile()

    def _show_report(self) -> None:
        self.detector.show_report(self.session.report)
        self._show_profile()

    def _show_profile(self) -> None:
        session, profile = self.session, self.session.profile
        if session.current is None:
            self.profile.show_profile(None, None, None)
            return
        number = profile.number if profile else session.number
        self.profile.show_profile(profile, session.slice_report(number), session.params(number))

    def _show_sky(self) -> None:
        self.sky.show_image(self.session.sky)

    def _show_spaxel(self) -> None:
        session = self.session
        if session.position is not None and session.radius is not None:
            self.sky.show_spaxel(*session.position, session.radius)

    def _show_spectra(self) -> None:
        self.spectrum.show_spectra(self.session.spectra)

    def _show_undo(self) -> None:
        stack = self.session.undo_stack
        for name, text, possible in (
            ("undo", stack.undoText(), stack.canUndo()),
            ("redo", stack.redoText(), stack.canRedo()),
        ):
            self.actions_by_name[name].setText(f"{name.capitalize()} {text}".rstrip())
            self.actions_by_name[name].setEnabled(possible)
        self.setWindowModified(not stack.isClean())

    def _update_actions(self) -> None:
        update_actions(self.actions_by_name, self.session)

    def _show_pending(self) -> None:
        pending = self.session.pending
        self.slices_panel.set_busy("report" in pending)
        self.profile_panel.set_busy("profile" in pending)
        self.sky_panel.set_busy("sky" in pending)
        self.spectrum.set_pending("spectra" in pending)

    def _show_jobs(self) -> None:
        jobs = self.session.jobs
        self.welcome.busy.setText("\n".join(f"{job.name}…" for job in jobs if job.lasting))

    def _show_title(self) -> None:
        recipe = f"{Path(self._recipe_path).name}[*] — " if self._recipe_path else "[*]"
        self.setWindowTitle(f"{recipe}ATM Viewer")

    # Actions of the table in actions.py

    def open(self) -> None:
        """Ask for exposures to open."""
        dialog = self._file_dialog("Open calibrated exposures", _EXPOSURES, QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self.session.open_files)

    def open_recent(self) -> None:
        """Do nothing: the submenu does."""

    def open_recent_file(self, path: str) -> None:
        """Open a file of the list; one that is gone is told and taken off."""
        if os.path.exists(path):
            self.session.open_files([path])
        else:
            self.recent.remove(path)
            self.welcome.show_recent(self.recent.paths)
            self.session.tell("warning", f"{path} is not there any more; it was taken off the recent files.")

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
        if self.session.current is not None:
            self.session.close_exposure(self.session.current.key)

    def load_recipe(self) -> None:
        """Ask for a recipe to load."""
        dialog = self._file_dialog("Load recipe", _RECIPES, QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.load_recipe_file)

    def load_recipe_file(self, path: str) -> None:
        """Load a recipe; it becomes the one that Save Recipe writes."""
        if self.session.load_recipe(path):
            self._set_recipe_path(path)

    def save_recipe(self) -> None:
        """Save the recipe where it came from; ask where when it came from nowhere."""
        if self._recipe_path:
            self.session.save_recipe(self._recipe_path)
        else:
            self.save_recipe_as()

    def save_recipe_as(self) -> None:
        """Ask where to save the recipe."""
        dialog = self._file_dialog("Save recipe", _RECIPES, QFileDialog.FileMode.AnyFile)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("toml")
        dialog.selectFile(self._recipe_path or "recipe.toml")
        dialog.fileSelected.connect(self._save_recipe_file)

    def write_cubes(self) -> None:
        """Ask for what write_cubes needs, and write in the background."""
        dialog = WriteCubesDialog(self.session.together, self.theme, self._folder(), self)

        def write() -> None:
            self._settings.setValue("folder", dialog.folder)
            self.session.write_cubes(dialog.folder, dialog.product, dialog.which, dialog.replaces)

        self._open_write_dialog(dialog, write)

    def write_exposures(self) -> None:
        """Ask where to write corrected exposures, and write in the background."""
        dialog = WriteExposuresDialog(self.session.together, self.theme, self._folder(), self)

        def write() -> None:
            self._settings.setValue("folder", dialog.folder)
            self.session.write_exposures(dialog.folder, dialog.replaces)

        self._open_write_dialog(dialog, write)

    def cancel_all(self) -> None:
        """End everything under way."""
        self.session.cancel_all()

    def quit(self) -> None:
        """Close the window."""
        self.close()

    def undo(self) -> None:
        """Take the last change of the recipe back."""
        self.session.undo_stack.undo()

    def redo(self) -> None:
        """Make the change again."""
        self.session.undo_stack.redo()

    def reset_slice(self) -> None:
        """Take all overrides of the chosen slice away."""
        self.session.reset_slice(self.session.number)

    def reset_all(self) -> None:
        """Go back to the pipeline's defaults everywhere."""
        self.session.reset_all()

    def next_slice(self) -> None:
        """Look at the slice with the next number."""
        self.session.step_slice(1)

    def previous_slice(self) -> None:
        """Look at the slice with the previous number."""
        self.session.step_slice(-1)

    def next_column(self) -> None:
        """Look at the next column."""
        self.session.step_column(1)

    def previous_column(self) -> None:
        """Look at the previous column."""
        self.session.step_column(-1)

    def refresh(self) -> None:
        """Compute everything in sight again."""
        self.session.refresh()

    def show_log(self) -> None:
        """Show or hide the log."""
        self._set_log(self.log.isHidden())

    def use_system_theme(self) -> None:
        """Be light or dark as the system is."""
        self.choose_theme("system")

    def use_light_theme(self) -> None:
        """Use light colours."""
        self.choose_theme("light")

    def use_dark_theme(self) -> None:
        """Use dark colours."""
        self.choose_theme("dark")

    def show_shortcuts(self) -> None:
        """List all keys."""
        show_text("Keyboard Shortcuts", shortcuts_text(), self)

    def show_about(self) -> None:
        """Tell versions and licence."""
        show_text("About ATM Viewer", about_text(), self)

    # Theme and layout

    def choose_theme(self, choice: str) -> None:
        """Use the ``system``'s colours, ``light`` or ``dark`` ones, and keep the choice."""
        self._settings.setValue("theme", choice)
        self._apply_theme()
        self.actions_by_name[f"use_{choice}_theme"].setChecked(True)
        for part in (
            *(self.detector, self.profile, self.sky, self.spectrum),
            *(self.slice_table, self.recipe_panel, self.log, self.banner),
        ):
            part.set_theme(self.theme)

    def _theme_choice(self) -> str:
        choice = str(self._settings.value("theme", "system"))
        return choice if choice in ("light", "dark") else "system"

    def _apply_theme(self) -> None:
        choice, hints = self._theme_choice(), QGuiApplication.styleHints()
        light = hints is not None and hints.colorScheme() == Qt.ColorScheme.Light
        self.theme = LIGHT if choice == "light" or (choice == "system" and light) else DARK
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        apply_theme(app, self.theme)

    def _follow_system(self) -> None:
        if self._theme_choice() == "system":
            self.choose_theme("system")

    def _set_log(self, shown: bool) -> None:
        self.log.setVisible(shown)
        self.actions_by_name["show_log"].setChecked(shown)
        self.status.log_button.setChecked(shown)
        if shown and min(self.body.sizes()) == 0:
            self.body.setSizes([self.height() - 110, 110])

    def _restore_layout(self) -> None:
        geometry = self._settings.value("geometry")
        if geometry is not None:
            self.restoreGeometry(geometry)

    def _share_room(self) -> None:
        """Give the table what it needs, and the rest to the plots."""
        left = min(self.slice_table.sizeHint().width(), int(0.375 * self.width()))
        rest = self.width() - left
        self.columns.setSizes([left, int(0.56 * rest), rest - int(0.56 * rest)])
        height = self.height()
        self.left.setSizes([self.exposures_panel.sizeHint().height(), 10, height])
        self.middle.setSizes([int(0.47 * height), int(0.53 * height)])

    # Files and dialogs

    def _file_dialog(self, title: str, kinds: str, mode: QFileDialog.FileMode) -> QFileDialog:
        dialog = QFileDialog(self, title, self._folder(), kinds)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(mode)
        dialog.open()
        return dialog

    def _open_write_dialog(self, dialog: WriteDialog, write: Callable[[], None]) -> None:
        dialog.wanted.connect(write)
        dialog.open()

    def _folder(self) -> str:
        folder = str(self._settings.value("folder", ""))
        if not os.path.isdir(folder):
            view = self.session.current
            folder = str(Path(view.key).parent) if view is not None else str(Path.home())
        return folder

    def _save_recipe_file(self, path: str) -> None:
        if self.session.save_recipe(path):
            self._set_recipe_path(path)

    def _set_recipe_path(self, path: str) -> None:
        self._recipe_path = path
        self._show_title()

    def _remember(self, paths: tuple[str, ...]) -> None:
        self.recent.add(paths)

    def _fill_recent(self) -> None:
        self._recent_menu.clear()
        self._recent_menu.setToolTipsVisible(True)
        for path in self.recent.paths:
            action = self._recent_menu.addAction(Path(path).name)
            assert action is not None
            action.setToolTip(path)
            action.triggered.connect(lambda _checked=False, path=path: self.open_recent_file(path))
        if self._recent_menu.isEmpty():
            nothing = self._recent_menu.addAction("Nothing yet")
            assert nothing is not None
            nothing.setEnabled(False)

    # Events

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Take exposures, associations and recipes."""
        if event is not None and _local_files(event.mimeData()):
            event.acceptProposedAction()
            self.status.show_hover("Drop to open")

    def dragLeaveEvent(self, event) -> None:
        """Forget the hint."""
        self.status.show_hover("")

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Open what was dropped."""
        if event is None:
            return
        self.status.show_hover("")
        files = _local_files(event.mimeData())
        recipes = [path for path in files if path.lower().endswith(".toml")]
        for recipe in recipes[-1:]:
            self.load_recipe_file(recipe)
        self.session.open_files([path for path in files if path not in recipes])
        event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Ask when products are being written or the recipe is not saved."""
        if event is None:
            return
        question = "" if self._may_close else self._closing_question()
        if question:
            event.ignore()
            box = ask(
                "Quit",
                question,
                (("Quit", QMessageBox.ButtonRole.DestructiveRole), ("Stay", QMessageBox.ButtonRole.RejectRole)),
                self,
            )
            box.buttonClicked.connect(lambda button: self._answer(box, button))
            return
        self._settings.setValue("geometry", self.saveGeometry())
        event.accept()

    def _closing_question(self) -> str:
        if any(job.name.startswith("Writing") for job in self.session.jobs):
            return "Products are being written. Quit and drop them?"
        if not self.session.undo_stack.isClean() and self.session.recipe.overrides:
            return "The recipe has changes that are not saved. Quit and lose them?"
        return ""

    def _answer(self, box: QMessageBox, button) -> None:
        if box.buttonRole(button) == QMessageBox.ButtonRole.DestructiveRole:
            self._may_close = True
            self.close()


def _split(orientation: Qt.Orientation, *parts: tuple[QWidget, int]) -> QSplitter:
    splitter = QSplitter(orientation)
    splitter.setChildrenCollapsible(False)
    splitter.setHandleWidth(5)
    for index, (widget, stretch) in enumerate(parts):
        splitter.addWidget(widget)
        splitter.setStretchFactor(index, stretch)
    return splitter


def _local_files(data: QMimeData | None) -> list[str]:
    urls = data.urls() if data is not None and data.hasUrls() else []
    return [url.toLocalFile() for url in urls if url.isLocalFile()]
