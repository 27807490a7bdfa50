"""Size of the window's text and controls, for screens that do not report their scale."""

from __future__ import annotations

import os

from PyQt6.QtCore import QSettings
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QWidget

from atm_viewer.session.session import Session

PERCENT = (100, 125, 150, 200)
_KEY = "scale"
_VARIABLE = "QT_SCALE_FACTOR"
_TITLE = 32  #: of a window, around it [pixel]
_FINE = 3200  #: width of a screen or picture [pixel] from which on plain sizes are too small to read


def use_scale(settings: QSettings, width: int | None = None) -> float:
    """Let Qt draw everything larger; to be called before there is an application.

    Parameters
    ----------
    settings : QSettings
        Keeps the user's choice.
    width : int or None
        Width of a picture that is to be taken [pixel]; it decides alone.

    Returns
    -------
    float
        By how much, 1 where the environment or the screen decides.
    """
    if QGuiApplication.instance() is not None or os.environ.get(_VARIABLE):
        return 1.0
    factor = _chosen(settings) / 100 if width is None else 2.0 if width >= _FINE else 1.0
    if factor != 1.0:
        os.environ[_VARIABLE] = f"{factor:g}"
    return factor


def resize_on_screen(window: QWidget, width: int, height: int) -> None:
    """Give a window a size, or as much of it as its screen has room for."""
    screen = window.screen() or QGuiApplication.primaryScreen()
    if screen is not None:
        room = screen.availableGeometry().size()
        width, height = min(width, room.width()), min(height, room.height() - _TITLE)
    window.resize(width, height)


class Scale:
    """The user's choice of a size.

    Parameters
    ----------
    session : Session
        Gets the message that the choice takes effect at the next start.
    settings : QSettings
        Keeps it.
    """

    def __init__(self, session: Session, settings: QSettings):
        self._session = session
        self._settings = settings

    @property
    def percent(self) -> int:
        """What was chosen."""
        return _chosen(self._settings)

    def choose(self, percent: int) -> None:
        """Keep a size for the next start."""
        if percent != self.percent:
            self._settings.setValue(_KEY, percent)
            self._session.messages.tell("warning", f"Size changes to {percent} % after restart.")

    def advise(self, width: int, ratio: float) -> None:
        """Mention the choice once, on a fine screen (of this width [pixel]) that the system does not scale for."""
        if width >= _FINE and ratio == 1.0 and self._settings.value(_KEY) is None:
            self._settings.setValue(_KEY, 100)
            self._session.messages.tell(
                "warning", "Is everything too small on this screen? Choose a larger size in View → Size."
            )


def _chosen(settings: QSettings) -> int:
    try:
        percent = int(settings.value(_KEY, 100))
    except (TypeError, ValueError):
        return 100
    return percent if percent in PERCENT else 100
