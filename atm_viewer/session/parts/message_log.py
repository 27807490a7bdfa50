"""What the session tells the user: sentences, in the status bar and in the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from PyQt6.QtCore import QObject, pyqtSignal

from atm_viewer.engine.errors import MOST_OF_SENTENCE, one_line


@dataclass(frozen=True)
class Message:
    """Something that is said to the user.

    Parameters
    ----------
    level : str
        ``info``, ``warning`` or ``error``.
    text : str
        One sentence, shown to the user.
    detail : str
        Traceback for the log, or empty.
    time : str
        When it was said, ``HH:MM:SS``.
    """

    level: str
    text: str
    detail: str
    time: str


class MessageLog(QObject):
    """Messages so far.

    Attributes
    ----------
    all : list of Message
        Oldest first.
    """

    added = pyqtSignal(object)  #: a new `Message`

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self.all: list[Message] = []

    def tell(self, level: str, text: str, detail: str = "") -> None:
        """Tell something: level (``info``, ``warning``, ``error``), one sentence, and a traceback for the log."""
        message = Message(level, one_line(text, MOST_OF_SENTENCE), detail, datetime.now().strftime("%H:%M:%S"))
        self.all.append(message)
        self.added.emit(message)

    def tell_once(self, level: str, text: str, detail: str = "") -> None:
        """Tell something, unless it was told just before: one reason lets several jobs fail."""
        if not (self.all and self.all[-1].text == one_line(text, MOST_OF_SENTENCE)):
            self.tell(level, text, detail)
