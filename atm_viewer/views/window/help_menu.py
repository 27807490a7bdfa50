"""The Help menu: help pages, hints, the command palette, versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt6.QtCore import QObject, QSettings
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QWidget

from atm_viewer.session.session import Session
from atm_viewer.views.base.dialogs import about_text, show_text
from atm_viewer.views.base.layout import Bench
from atm_viewer.views.base.paint_turns import in_next_turn, painted_afterwards
from atm_viewer.views.base.theme import DARK, Theme
from atm_viewer.views.files.files import Files
from atm_viewer.views.help.hints import Hints
from atm_viewer.views.help.pages import KEYS, OF_PANEL, START
from atm_viewer.views.help.window import HelpWindow
from atm_viewer.views.learn.window import LearnWindow
from atm_viewer.views.palette.entries import Offer
from atm_viewer.views.palette.palette import Palette


class Guide(QObject):
    """Actions of the Help menu.

    Parameters
    ----------
    session : Session
        What the palette offers comes from it.
    files : Files
        Recent files, for the palette.
    bench : Bench
        Panels, which have help pages and hints.
    settings : QSettings
        Keeps dismissed hints and what was used in the palette.
    actions : callable
        Gives the window's actions by name.
    window : QWidget
        The window.
    """

    def __init__(
        self,
        session: Session,
        files: Files,
        bench: Bench,
        settings: QSettings,
        actions: Callable[[], Mapping[str, QAction]],
        window: QWidget,
    ):
        super().__init__(window)
        self._session, self._files, self._bench, self._settings = session, files, bench, settings
        self._actions = actions
        self._window = window
        self.help: HelpWindow | None = None  #: made when it is first wanted
        self.learn: LearnWindow | None = None  #: made when it is first wanted
        self._theme = DARK
        self.hints = Hints(bench.panels, settings)
        for panel in bench.panels.values():
            panel.help_wanted.connect(self.explain)

    def show_palette(self) -> None:
        """Find everything by a few letters."""
        offer = Offer(self._session, self._actions(), self._files, self.show_page)
        Palette(offer, self._settings, self._window).show()

    def show_help(self) -> None:
        """Show all help pages."""
        self.show_page("index")

    def show_shortcuts(self) -> None:
        """List all keys."""
        self.show_page(KEYS)

    def show_first_steps(self) -> None:
        """Show the first steps, and bring the hints in the panels back."""
        with painted_afterwards(self._bench):  # hints take room: all panels are laid out again
            self.hints.bring_back()
        # The next turn paints the panels; the page, with its picture, comes after that.
        in_next_turn(self, lambda: in_next_turn(self, lambda: self.show_page(START)))

    def show_learn(self) -> None:
        """Show what resampling noise is, on pixels to play with and for the open exposures."""
        if self.learn is None:
            self.learn = LearnWindow(self._session, self._window, self._theme)
        # In the next turn of the event loop: making it takes as long as the window may stand still.
        in_next_turn(self.learn, self.learn.bring_forward)

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self._theme = theme
        if self.learn is not None:
            self.learn.set_theme(theme)

    def what_is_this(self) -> None:
        """Show the help page of the panel with the keyboard."""
        self.explain(self._bench.focused())

    def explain(self, panel: str) -> None:
        """Show the help page of a panel; the first steps without one."""
        self.show_page(OF_PANEL.get(panel, START))

    def show_page(self, name: str) -> None:
        """Show a help page."""
        if self.help is None:
            self.help = HelpWindow(self._window)
            self.help.action_wanted.connect(self._trigger)
        self.help.show_page(name)

    def show_about(self) -> None:
        """Show versions and licence."""
        show_text("About ATM Viewer", about_text(), self._window)

    def _trigger(self, action: str) -> None:
        self._actions()[action].trigger()
