"""Light or dark theme: the user's choice, or the system setting."""

from __future__ import annotations

from PyQt6.QtCore import QObject, QSettings, Qt, pyqtSignal
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QApplication

from atm_viewer.views.base.style import apply_theme
from atm_viewer.views.base.theme import DARK, LIGHT, Theme

_KEY = "theme"


class ThemeChoice(QObject):
    """Gives the application its colours; the actions on themes.

    Parameters
    ----------
    settings : QSettings
        Keeps the choice.
    parent : QObject
        The window.

    Signals
    -------
    changed()
        Views are to take the colours of ``theme``.
    """

    changed = pyqtSignal()

    def __init__(self, settings: QSettings, parent: QObject):
        super().__init__(parent)
        self._settings = settings
        self.theme: Theme = DARK
        self._apply()
        hints = QGuiApplication.styleHints()
        assert hints is not None
        hints.colorSchemeChanged.connect(self._follow_system)

    @property
    def choice(self) -> str:
        """``system``, ``light`` or ``dark``."""
        choice = str(self._settings.value(_KEY, "system"))
        return choice if choice in ("light", "dark") else "system"

    def use_system_theme(self) -> None:
        """Be light or dark as the system is."""
        self._choose("system")

    def use_light_theme(self) -> None:
        """Use light colours."""
        self._choose("light")

    def use_dark_theme(self) -> None:
        """Use dark colours."""
        self._choose("dark")

    def _choose(self, choice: str) -> None:
        self._settings.setValue(_KEY, choice)
        self._apply()
        self.changed.emit()

    def _apply(self) -> None:
        hints = QGuiApplication.styleHints()
        light = hints is not None and hints.colorScheme() == Qt.ColorScheme.Light
        self.theme = LIGHT if self.choice == "light" or (self.choice == "system" and light) else DARK
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        apply_theme(app, self.theme)

    def _follow_system(self) -> None:
        if self.choice == "system":
            self._choose("system")
