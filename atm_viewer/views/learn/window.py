"""The Learn window: the one-dimensional model, and the user's exposures."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QSize, Qt
from PyQt6.QtGui import QKeySequence, QShortcut
from PyQt6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from atm_viewer.session.session import Session
from atm_viewer.views.base.paint_turns import painting_in_turns
from atm_viewer.views.base.theme import DARK, Theme
from atm_viewer.views.learn.exposure import ExposurePage
from atm_viewer.views.learn.page import LearnPage


class LearnWindow(QWidget):
    """Both pages as tabs.

    Parameters
    ----------
    session : Session
        The state.
    parent : QWidget
        Window it belongs to.
    theme : Theme
        Colours.
    """

    def __init__(self, session: Session, parent: QWidget, theme: Theme = DARK):
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle("Learn: Resampling Noise")
        self._session = session
        self._theme = theme
        self.page = LearnPage(session, theme)
        self.exposure_page: ExposurePage | None = None  #: made when it is first looked at
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("Learn")
        self.tabs.addTab(self.page, "In One Dimension")
        self._room = QWidget()
        QVBoxLayout(self._room).setContentsMargins(0, 0, 0, 0)
        self.tabs.addTab(self._room, "Your Exposures")
        self.tabs.currentChanged.connect(self._furnish)
        self.tabs.setTabToolTip(0, "Move a model star over the pixels and see what a spaxel records")
        self.tabs.setTabToolTip(1, "Predict the resampling noise of a star at the active place in the open exposures")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.tabs)
        QShortcut(QKeySequence("Escape"), self, self.close)
        self.resize(self.sizeHint())

    def sizeHint(self) -> QSize:
        """Large enough for three plots with their words."""
        return QSize(1120, 720)

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self._theme = theme
        self.page.set_theme(theme)
        if self.exposure_page is not None:
            self.exposure_page.set_theme(theme)

    def bring_forward(self) -> None:
        """Show it in front of all windows, with the keyboard on the figure."""
        self.show()
        self.raise_()
        self.activateWindow()
        if self.tabs.currentWidget() is self.page:
            self.page.figure.setFocus()

    def event(self, event: QEvent | None) -> bool:
        """Paint slow plots one after the other."""
        with painting_in_turns(event):
            return super().event(event)

    def _furnish(self) -> None:
        if self.exposure_page is None and self.tabs.currentWidget() is self._room:
            self.exposure_page = ExposurePage(self._session)
            self.exposure_page.set_theme(self._theme)
            self._room.layout().addWidget(self.exposure_page)  # type: ignore[union-attr]  # never None
