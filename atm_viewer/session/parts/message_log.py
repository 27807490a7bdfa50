"""What the session tells the user: sentences, in the status bar and in the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from PyQt6.QtCore import QObject, pyqtSignal

from atm_viewer.engine.errors import one_sentence


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
    about : str
        Kind of work it is about, or empty: when that succeeds, an error about it is past.
    files : tuple of str
        Files that were written.
    """

    level: str
    text: str
    detail: str
    time: str
    about: str = ""
    files: tuple[str, ...] = ()

    @property
    def fits(self) -> tuple[str, ...]:
        """The FITS files among them, which other programs take."""
        return tuple(path for path in self.files if path.endswith(".fits"))


class MessageLog(QObject):
    """Messages so far.

    Attributes
    ----------
    all : list of Message
        Oldest first.
    """

    added = pyqtSignal(object)  #: a new `Message`
    settled = pyqtSignal(str)  #: kind of work that has succeeded

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self.all: list[Message] = []

    def tell(self, level: str, text: str, detail: str = "", about: str = "", files: tuple[str, ...] = ()) -> None:
        """Tell something: level (``info``, ``warning``, ``error``), one sentence, and the rest as in `Message`."""
        time = datetime.now().strftime("%H:%M:%S")
        message = Message(level, one_sentence(text), detail, time, about, files)
        self.all.append(message)
        self.added.emit(message)

    def settle(self, about: str) -> None:
        """Say that a kind of work has succeeded."""
        self.settled.emit(about)

    def tell_once(self, level: str, text: str, detail: str = "", about: str = "") -> None:
        """Tell something, unless it was told just before: one reason lets several jobs fail."""
        if not (self.all and self.all[-1].text == one_sentence(text)):
            self.tell(level, text, detail, about)
