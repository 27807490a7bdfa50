"""The main window: panels, menus and status line."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QEvent, QSettings, Qt, QTimer
from PyQt6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PyQt6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QMainWindow,
    QMenu,
    QMessageBox,
    QPushButton,
    QWidget,
)

from atm_viewer.engine.errors import UserError, one_line
from atm_viewer.engine.names import product_name
from atm_viewer.engine.results.exposure_view import ExposureView
from atm_viewer.session.names import count, short_names
from atm_viewer.session.session import Session
from atm_viewer.session.spectrum.lines import LineList, line_list
from atm_viewer.views.actions.actions import SPECTRUM_SWITCHES
from atm_viewer.views.actions.steps import Steps
from atm_viewer.views.base.cursor_marks import CursorMarks
from atm_viewer.views.base.dialogs import ask
from atm_viewer.views.base.layout import Bench
from atm_viewer.views.base.paint_turns import in_next_turn, painted_afterwards, painting_in_turns
from atm_viewer.views.base.panel import Panel, stacked
from atm_viewer.views.base.plain_text import Label, no_mnemonic, plain_tip
from atm_viewer.views.base.scale import Scale, resize_on_screen
from atm_viewer.views.base.theme import Theme
from atm_viewer.views.base.theme_choice import ThemeChoice
from atm_viewer.views.detector.view import DATA, WHY, DetectorView
from atm_viewer.views.exposures.offset_form import OffsetForm
from atm_viewer.views.exposures.panel import ExposurePanel
from atm_viewer.views.fields.choosers import Choosers
from atm_viewer.views.fields.labels import label_boxes
from atm_viewer.views.files.export_menu import Exports
from atm_viewer.views.files.files import Files, local_files
from atm_viewer.views.files.pictures import Plots
from atm_viewer.views.files.session_files import SessionFiles
from atm_viewer.views.metrics.view import MetricsView
from atm_viewer.views.profile.view import ProfileView
from atm_viewer.views.recipe.panel import RecipePanel
from atm_viewer.views.recipe.variant_bar import VariantBar
from atm_viewer.views.remedies.view import RemediesView
from atm_viewer.views.sky.coverage_overlay import CoverageOverlay
from atm_viewer.views.sky.view import SkyView
from atm_viewer.views.sky.why_overlay import WhyOverlay
from atm_viewer.views.slices.actions import SliceActions
from atm_viewer.views.slices.browser import SliceBrowser
from atm_viewer.views.spectrum.ghost import GhostKeeper
from atm_viewer.views.spectrum.questions import SpectrumQuestions
from atm_viewer.views.spectrum.view import SpectrumView
from atm_viewer.views.window.context_menus import ContextMenus
from atm_viewer.views.window.help_menu import Guide
from atm_viewer.views.window.intents import pass_on_intents
from atm_viewer.views.window.menus import add_actions, update_actions
from atm_viewer.views.window.messages import Banner, LogPanel
from atm_viewer.views.window.opening import OpeningCard
from atm_viewer.views.window.status import StatusBar
from atm_viewer.views.window.welcome import Welcome


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
        self._settings = settings
        self._may_close = False
        self._exposure: ExposureView | None = None
        self._detector_turn = QTimer(self)
        self._detector_turn.setSingleShot(True)
        self._detector_turn.timeout.connect(self._show_detector)
        self._actions_turn = QTimer(self)
        self._actions_turn.setSingleShot(True)
        self._actions_turn.timeout.connect(self._update_actions)
        session.exposures.restored.connect(self._show_detector)  # first of all: its zoom is restored afterwards
        self.scale = Scale(session, settings)
        self.files = Files(session, settings, self, lambda: self.theme, make_demo)
        self.setAcceptDrops(True)
        resize_on_screen(self, 1440, 900)

        # Before there are widgets: styling them afterwards takes longer than making them.
        self.theming = ThemeChoice(settings, self)
        self._make_views()
        self.slice_actions = SliceActions(session, self.slice_browser, self)
        self._arrange()
        self.actions_by_name: dict[str, QAction] = add_actions(
            *(self, self.files, self.exports, self.sessions, self.guide, self.theming, self.slice_actions),
            Steps(session),
        )
        self.actions_by_name[f"scale_{self.scale.percent}"].setChecked(True)
        self.slice_actions.join(self.actions_by_name)
        self.actions_by_name["open_recent"].setMenu(self.files.recent_menu)
        drawing = QMenu(self)
        drawing.addActions([self.actions_by_name[f"draw_{kind}"] for kind in ("circle", "ellipse", "polygon")])
        self.sky.region_button.setMenu(drawing)
        regions = ("region_up", "region_down", "tune_region", "remove_region")
        self.recipe_panel.regions.addActions([self.actions_by_name[name] for name in regions])
        self.recipe_panel.region_form.corner_chosen.connect(self.sky.regions.mark_corner)
        self.sky.regions.corner_clicked.connect(self.recipe_panel.region_form.choose_corner)
        self.reset_button.clicked.connect(self.actions_by_name["reset_slice"].trigger)
        tune = self.actions_by_name["tune_recipe"]
        self.tune_button.clicked.connect(tune.trigger)
        tune.enabledChanged.connect(self.tune_button.setEnabled)
        self.tune_button.setEnabled(tune.isEnabled())
        self._connect()
        ContextMenus(session, self.actions_by_name, self.sky, self.spectrum, self)

        label_boxes(self)
        # Qt gives all widgets their palette before, and paints them, which is enough for a turn.
        self.theming.changed.connect(partial(in_next_turn, self, self._show_theme))
        self._show_theme()
        self._restore_layout()
        self._refresh_all()

    @property
    def theme(self) -> Theme:
        """Colours in use."""
        return self.theming.theme

    # What the window is made of

    def _make_views(self) -> None:
        session = self.session
        self.welcome = Welcome()
        self.exposure_panel = ExposurePanel(session)
        self.recipe_panel = RecipePanel(session)
        self.slice_browser = SliceBrowser(session)
        self.slice_table = self.slice_browser.table
        self.detector = DetectorView()
        self.profile = ProfileView()
        self.sky = SkyView()
        self.why_overlay = WhyOverlay(session, self.sky)
        self.coverage_overlay = CoverageOverlay(session, self.sky)
        self.spectrum = SpectrumView(_lines(session))
        self.variant_bar = VariantBar(session)
        self.metrics = MetricsView(session)
        self.remedies = RemediesView(session, self.files.folder)
        self.log = LogPanel(session)
        self.status = StatusBar(session)
        self.setStatusBar(self.status)
        bar = self.menuBar()
        assert bar is not None
        self.banner = Banner(session, bar, self.status)
        views = {
            **{"slices": self.slice_browser, "detector": self.detector, "profile": self.profile},
            **{"sky": self.sky, "why": self.why_overlay, "spectrum": self.spectrum},
            "lost": self.coverage_overlay,
        }
        self.sessions = SessionFiles(session, self.files, views, self)

        self.reset_button = QPushButton("Reset")
        self.reset_button.setToolTip("Remove all overrides of the selected slices (Ctrl+Backspace)")
        self.tune_button = QPushButton("Tune")
        self.tune_button.setToolTip(
            "Make a new variant that uses the spline of each slice where it errs less than interpolation (Ctrl+Shift+T)"
        )
        self.choosers = Choosers(session)

    def _arrange(self) -> None:
        self.offset_form = OffsetForm(self.session)
        under = stacked(self.exposure_panel, self.offset_form, grows=0)
        self.exposures_panel = Panel("Exposures", under, first=self.exposure_panel, limited=self.exposure_panel)
        self.globals_panel = Panel("Recipe", self.recipe_panel, self.tune_button, limited=self.recipe_panel)
        self.globals_panel.note.setText("defaults")
        self.slices_panel = Panel(
            "Slices", self.slice_browser, self.choosers.scope_box, self.reset_button, first=self.slice_table
        )
        detector = self.detector  # whose title has room that its line of buttons lacks
        self.detector_panel = Panel("Detector", detector, detector.stretch_box, detector.share_box, detector.fit_button)
        self.profile_panel = Panel(
            *("Profile", self.profile, Label("Slice"), self.choosers.slice_box),
            *(Label("Column"), self.choosers.column_box),
        )
        overlays = self.why_overlay.button, self.coverage_overlay.button
        self.sky_panel = Panel("Sky", self.sky, *overlays, self.choosers.band_box)
        self.spectrum_panel = Panel(
            "Spectrum",
            stacked(self.variant_bar, self.spectrum),
            self.variant_bar.new_button,
            *(self.spectrum.options_button, self.spectrum.zoom_button, self.spectrum.fit_button),
        )

        self.metrics_panel = Panel("Metrics", self.metrics)
        for panel, uses in (
            (self.detector_panel, "Click: choose slice and column · Double-click or C: move the spaxel"),
            (
                self.sky_panel,
                "Click or C: move the active place · Shift+click: add a place · W: same position in other dithers · "
                "Right-click: menu",
            ),
            (
                self.spectrum_panel,
                "Click: choose the column of the chosen slice at this wavelength · Shift+drag: zoom · "
                "Double-click: whole spectrum · Right-click: menu",
            ),
        ):
            panel.heading.setToolTip(uses)
        self.remedies_panel = Panel(
            "Remedies", self.remedies, Label("Degree"), self.remedies.degree_box, self.remedies.save_button
        )
        self.log_panel = Panel("Log", self.log)
        panels = (
            *(self.exposures_panel, self.globals_panel, self.slices_panel, self.detector_panel),
            *(self.profile_panel, self.sky_panel, self.spectrum_panel, self.metrics_panel, self.remedies_panel),
            self.log_panel,
        )
        self.bench = Bench(self.welcome, panels, self._settings)
        self.guide = Guide(self.session, self.files, self.bench, self._settings, lambda: self.actions_by_name, self)
        plots: dict[str, Plots] = {
            "spectrum": self.spectrum,
            "profile": self.profile,
            "detector": self.detector,
            "sky": self.sky,
        }
        self.exports = Exports(self.session, self.files, self.bench, plots, self._settings, lambda: self.theme, self)
        centre = stacked(self.bench)
        self.opening = OpeningCard(self.session, centre)
        self.setCentralWidget(centre)

    def _connect(self) -> None:
        session = self.session
        GhostKeeper(session, self.spectrum, self)  # first of all: it keeps what new answers take the place of
        session.changed.exposures.connect(self._show_exposures)
        session.changed.chosen.connect(self._show_choice)
        session.changed.recipe.connect(self._show_recipe)
        session.changed.report.connect(self._show_report)
        session.changed.profile.connect(self._show_profile)
        session.changed.pixel.connect(self._show_pixel)
        session.changed.sky.connect(self._show_sky)
        session.changed.references.connect(self._show_references)
        session.changed.places.connect(self._show_spaxel)
        session.changed.spectra.connect(self._show_spectra)
        session.changed.reference_spectra.connect(self._show_spectra)
        session.changed.recipe.connect(self._show_spectra)  # variants may have got other labels
        session.changed.spectrum_settings.connect(self._show_spectrum_settings)
        session.changed.pending.connect(self._show_pending)
        session.changed.measures.connect(self._show_measures)
        session.jobs.changed.connect(self._show_jobs)
        for changed in (session.changed.exposures, session.changed.chosen, session.changed.recipe):
            changed.connect(self._update_actions)
        # These come several at a time with every click.
        for often in (session.jobs.changed, session.changed.places, session.changed.spectra):
            often.connect(self._actions_turn.start)
        # The session's signals are connected to methods, not lambdas: Qt disconnects methods when the window is deleted
        # first. When the session is deleted first, its undo stack would still announce that it is emptied.
        session.destroyed.connect(partial(session.recipes.undo_stack.blockSignals, True))
        session.recipes.undo_stack.indexChanged.connect(self._show_undo)
        session.recipes.undo_stack.cleanChanged.connect(self._show_undo)

        SpectrumQuestions(session, self.spectrum)
        pass_on_intents(session, self.detector, self.profile, self.sky, self.spectrum)
        CursorMarks(session, (self.detector, self.profile, self.sky, self.spectrum), self)
        self.slice_browser.counted.connect(self.slices_panel.note.setText)
        selection = self.slice_table.selectionModel()
        assert selection is not None
        selection.selectionChanged.connect(self._show_reset)
        self.files.recipe_path_changed.connect(self._show_title)
        self.sessions.keeper.changed.connect(self._show_title)
        self.files.recent_changed.connect(self._show_recent)
        self.welcome.open_wanted.connect(self.files.open)
        self.welcome.demo_wanted.connect(self.files.open_demo)
        self.welcome.help_wanted.connect(self.guide.show_first_steps)
        self.welcome.learn_wanted.connect(self.guide.show_learn)
        self.welcome.recent_wanted.connect(self.files.open_recent_file)
        follow = self.guide.hints.follow
        for name, signals in {
            "sky": (self.sky.picked, self.sky.added, self.sky.radius_edited),
            "spectrum": (self.spectrum.picked,),
            "slices": (self.slice_table.clicked,),
            "profile": (self.profile.drag_ended, self.profile.edited),
            "detector": (self.detector.picked,),
            "exposures": (self.exposure_panel.itemClicked,),
        }.items():
            for signal in signals:
                signal.connect(partial(_without_arguments, partial(follow, name)))
        self.banner.log_button.clicked.connect(self.log_panel.bring_forward)
        self.banner.restore_wanted.connect(self.sessions.restore_offer)
        self.banner.discard_wanted.connect(self.sessions.keeper.discard_offer)
        self.sessions.restore_question.connect(self.banner.ask_to_restore)
        for messages in (self.banner, self.log):
            messages.send_wanted.connect(self.exports.offer_to_send)
        self.status.log_button.toggled.connect(self.log_panel.setVisible)
        self.remedies_panel.visibilityChanged.connect(self.remedies.set_in_sight)
        self.coverage_overlay.button.toggled.connect(self.actions_by_name["show_lost"].setChecked)
        self.spectrum.zoom_button.toggled.connect(self.actions_by_name["zoom_box"].setChecked)
        for name, panel in self.bench.panels.items():
            shown = panel.toggleViewAction()
            assert shown is not None
            shown.toggled.connect(self.actions_by_name[f"panel_{name}"].setChecked)
            if name == "log":
                shown.toggled.connect(self.status.log_button.setChecked)

    # What is shown

    def _refresh_all(self) -> None:
        self._update_actions()
        self._show_undo()
        self._show_exposures()
        self._show_choice()
        self._show_recipe()
        self._show_spectrum_settings()
        self._show_title()

    def _show_exposures(self) -> None:
        session = self.session
        self._show_panels()
        self._show_recent()
        self._show_title()
        included = count(len(session.state.included), "exposure") if session.state.exposures else ""
        following = ", following the moving target" if self.session.state.target_at is not None else ""
        self.exposures_panel.note.setText(f"{included} included{following}" if included else "")
        self.choosers.show_bands()
        self._show_choice()

    def _show_panels(self) -> None:
        """Show the panels while exposures are open or being opened, else the welcome page."""
        if self.session.state.exposures or any(job.opens for job in self.session.jobs.all):
            self.guide.hints.show()  # first, since they take room
            if not self.bench.opened:
                self.bench.open()
                self.slice_table.setFocus()
        else:
            self.bench.close_panels()
            self.welcome.open_button.setFocus()

    def _show_choice(self) -> None:
        session, view = self.session, self.session.state.current
        if view is not self._exposure:
            self._exposure = view
            self._detector_turn.start()
        names = [e.view.name for e in session.state.exposures]
        at = next((i for i, e in enumerate(session.state.exposures) if e.view is view), None)
        self.detector_panel.note.setText(short_names(names)[at] if at is not None else "")
        self.detector_panel.note.setToolTip(plain_tip(names[at]) if at is not None else "")
        self.choosers.show_choice()
        self.choosers.show_scope()
        if view is not None:
            if not self._detector_turn.isActive():
                self.detector.select(session.state.number, session.state.column)
            self.profile.set_unit(view.unit)
            self.profile.choose(session.state.column, session.state.columns)
        self._show_reset()
        self._show_profile()

    def _show_detector(self) -> None:
        """Show the chosen exposure in the detector's panel, in the event loop's next turn, as it takes long."""
        session, view = self.session, self.session.state.current
        with painted_afterwards(self.detector):
            self.detector.show_exposure(view)
            self.detector.show_report(session.answers.report)
            if view is not None:
                self.detector.select(session.state.number, session.state.column)

    def _show_recipe(self) -> None:
        variants = self.session.state.variants
        title = variants[variants.active].title
        self.globals_panel.note.setText(f"variant {title}, defaults" if variants.several else "defaults")
        self.sky.show_regions(self.session.state.recipe.regions, self.session.state.region)
        self.choosers.show_scope()
        self.actions_by_name[f"scope_{self.session.state.scope}"].setChecked(True)
        self._show_reset()
        self._show_profile()

    def _show_reset(self) -> None:
        self.reset_button.setEnabled(any(self.session.state.overridden(n) for n in self.slice_table.numbers()))

    def _show_report(self) -> None:
        if not self._detector_turn.isActive():
            self.detector.show_report(self.session.answers.report)
        self._show_profile()

    def _show_profile(self) -> None:
        session, profile = self.session, self.session.answers.profile
        if session.state.current is None:
            self.profile.show_profile(None, None, None)
            return
        number = profile.number if profile else session.state.number
        fixed = session.state.recipe.psf_optimal
        self.profile.show_profile(profile, session.answers.slice_report(number), session.state.params(number), fixed)

    def _show_pixel(self) -> None:
        self.detector.show_pixel(self.session.answers.pixel)

    def _show_sky(self) -> None:
        self.sky.show_sky(self.session.answers.shown_sky, self.session.state.variants)

    def _show_references(self) -> None:
        self._show_sky()
        self._update_actions()

    def _show_spaxel(self) -> None:
        self.sky.show_places(self.session.state.places)
        self.choosers.show_scope()

    def _show_spectra(self) -> None:
        session = self.session
        self.spectrum.show_spectra(
            session.answers.drawn_spectra,
            session.state.variants.active,
            session.state.places.active,
            session.answers.shown_references,
            session.answers.band_spectra,
        )

    def _show_spectrum_settings(self) -> None:
        settings = self.session.state.spectrum_settings
        self.spectrum.show_settings(settings)
        for name in SPECTRUM_SWITCHES:
            self.actions_by_name[f"spectrum_{name}"].setChecked(getattr(settings, name))

    def _show_measures(self) -> None:
        report = self.session.answers.measured.periods
        self.spectrum.show_periods(report.periods if report is not None else None)

    def _show_undo(self) -> None:
        stack = self.session.recipes.undo_stack
        for name, text, possible in (
            ("undo", stack.undoText(), stack.canUndo()),
            ("redo", stack.redoText(), stack.canRedo()),
        ):
            self.actions_by_name[name].setText(f"{name.capitalize()} {no_mnemonic(one_line(text))}".rstrip())
            self.actions_by_name[name].setEnabled(possible)

    def _update_actions(self) -> None:
        update_actions(self.actions_by_name, self.session)

    def _show_pending(self) -> None:
        pending = self.session.answers.pending
        self.slices_panel.set_busy("report" in pending)
        self.profile_panel.set_busy("profile" in pending)
        self.sky_panel.set_busy("sky" in pending)
        self.metrics_panel.set_busy(bool(self.session.answers.measured.pending))
        self.remedies_panel.set_busy(self.session.answers.remedy(self.remedies.kind).pending)
        self._show_spectra()

    def _show_jobs(self) -> None:
        jobs = self.session.jobs.all
        self.welcome.demo_button.setEnabled(not any(job.lasting for job in jobs))
        if not self.session.state.exposures and any(job.opens for job in jobs) != self.bench.opened:
            self._show_panels()

    def _show_title(self) -> None:
        keeper = self.sessions.keeper
        # Qt takes "[*]" for the place of the mark of a change, unless it is there twice.
        names = [exposure.view.name for exposure in self.session.state.exposures]
        named = Path(keeper.path or self.files.recipe_path).name or (product_name(names) if names else "")
        name = one_line(named).replace("[*]", "[*][*]")
        self.setWindowTitle(f"{name}[*] — ATM Viewer" if name else "[*]ATM Viewer")
        self.setWindowModified(keeper.modified)

    def _show_recent(self) -> None:
        self.welcome.show_recent([*self.files.recent_sessions.paths[:2], *self.files.recent.paths])

    # Actions of the table in actions.py

    def quit(self) -> None:
        """Close the window."""
        self.close()

    def measure(self, kind: str) -> None:
        """Look at something that is measured, by its name in `session.measures`."""
        self.metrics.look_at(kind)
        self.metrics_panel.bring_forward()

    def toggle_panel(self, name: str) -> None:
        """Show a panel, or hide it when it is in front."""
        self.bench.toggle(name)

    def next_panel(self) -> None:
        """Give the keyboard to the next panel."""
        self.bench.step_focus(1)

    def previous_panel(self) -> None:
        """Give the keyboard to the panel before."""
        self.bench.step_focus(-1)

    def use_layout(self, name: str) -> None:
        """Arrange the panels as a ready layout has it."""
        self.bench.use(name)

    def fit_views(self) -> None:
        """Show all of the plot with the keyboard; of every plot when none has it."""
        fits = {"detector": self.detector.fit, "profile": self.profile.fit, "sky": self.sky.fit}
        fits |= {"spectrum": self.spectrum.fit, "remedies": self.remedies.fit}
        focused = self.bench.focused()
        for name, fit in fits.items():
            if focused not in fits or name == focused:
                fit()

    def full_screen(self) -> None:
        """Use the whole screen, or no longer."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    # Theme and layout

    def show_why(self) -> None:
        """Show what became of each pixel over detector and sky, or go back to the images."""
        shown = self.detector.layer == WHY and self.why_overlay.button.isChecked()
        self.detector.show_layer(DATA if shown else WHY)
        self.why_overlay.button.setChecked(not shown)

    def _show_theme(self) -> None:
        self.actions_by_name[f"use_{self.theming.choice}_theme"].setChecked(True)
        for part in (
            *(self.detector, self.profile, self.sky, self.why_overlay, self.coverage_overlay, self.spectrum),
            *(self.variant_bar, self.remedies),
            *(self.slice_browser, self.recipe_panel, self.log, self.banner, self.guide),
        ):
            part.set_theme(self.theme)
        self.metrics.set_theme(self.theme)

    def _restore_layout(self) -> None:
        geometry = self._settings.value("geometry")
        if geometry is not None:
            self.restoreGeometry(geometry)

    # Events

    def focusNextPrevChild(self, next: bool) -> bool:
        """Give the keyboard to the next control, and never to one behind a tab."""
        passed: set[QWidget | None] = set()
        while super().focusNextPrevChild(next):
            widget = QApplication.focusWidget()
            if widget is None or widget in passed or not widget.visibleRegion().isEmpty():
                return True
            passed.add(widget)
        return False

    def event(self, event: QEvent | None) -> bool:
        """Paint slow plots one after the other; draw all lines anew on a screen of another scale."""
        if event is not None and event.type() == QEvent.Type.DevicePixelRatioChange and self.isVisible():
            self._show_theme()
        with painting_in_turns(event):
            return super().event(event)

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Take exposures, associations, sessions and recipes."""
        if event is not None and local_files(event.mimeData()):
            event.acceptProposedAction()
            self.status.show_hover("Drop the files to open them")
            self.welcome.set_dropping(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent | None) -> None:
        """Forget the hint."""
        self.status.show_hover("")
        self.welcome.set_dropping(False)

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Open what was dropped."""
        if event is None:
            return
        self.dragLeaveEvent(None)
        self.files.open_dropped(local_files(event.mimeData()))
        event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Ask when products are being written or the session is not saved."""
        if event is None:
            return
        question, answers = ("", []) if self._may_close else self.sessions.closing_question()
        if question:
            event.ignore()
            box = ask("Quit", question, answers, self)
            box.buttonClicked.connect(lambda button: self._answer(box, button))
            return
        self._settings.setValue("geometry", self.saveGeometry())
        self.bench.save()
        event.accept()

    def _answer(self, box: QMessageBox, button: QAbstractButton | None) -> None:
        if box.buttonRole(button) == QMessageBox.ButtonRole.DestructiveRole:
            self._may_close = True
            self.close()
        elif box.buttonRole(button) == QMessageBox.ButtonRole.AcceptRole:
            self.sessions.save(self.close)


def _without_arguments(act: Callable[[], object], *_: object) -> None:
    act()


def _lines(session: Session) -> LineList:
    """Read the lines that spectra are marked with; none, with a warning, when the table cannot be read."""
    try:
        return line_list()
    except UserError as error:
        session.messages.tell("warning", str(error))
        return LineList({}, ())
