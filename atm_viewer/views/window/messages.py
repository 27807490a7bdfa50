"""The message log, and the banner for warnings and errors."""

from __future__ import annotations

import os
from collections.abc import Callable

from PyQt6.QtCore import QEvent, QObject, Qt, QUrl, pyqtSignal
from PyQt6.QtGui import QColor, QDesktopServices, QGuiApplication, QMouseEvent, QTextCharFormat, QTextCursor
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QMenuBar, QPlainTextEdit, QToolButton, QWidget

from atm_viewer.session.parts.message_log import Message
from atm_viewer.session.session import Session
from atm_viewer.views.base.plotting import Elided
from atm_viewer.views.base.theme import DARK, Theme

_FOLDER, _SEND = "folder:", "send:"  #: of links in the log, before a path
_SPARE = 16  #: dots between the menus and a message, and after its words


class LogPanel(QPlainTextEdit):
    """Every message with its time; tracebacks of unexpected failures below theirs.

    After the name of a file that was written there are links that open its folder, or send it to another program.

    Parameters
    ----------
    session : Session
        Has the messages.

    Signals
    -------
    send_wanted(str)
        Path of a FITS file that another program is to get.
    """

    send_wanted = pyqtSignal(str)

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        self._theme = DARK
        self.setReadOnly(True)
        self.setMouseTracking(True)
        self.setMaximumBlockCount(5000)
        self.setAccessibleName("Message log")
        self.setToolTip("Message log: select and copy text to share it")
        session.messages.added.connect(self._add)
        self._rewrite()

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self._theme = theme
        self._rewrite()

    def _rewrite(self) -> None:
        self.clear()
        for message in self._session.messages.all:
            self._add(message)

    def _add(self, message: Message) -> None:
        theme = self._theme
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        colour = {"warning": theme.warning, "error": theme.error}.get(message.level, theme.text)
        start = "" if cursor.atStart() else "\n"
        for text, shade in ((f"{start}{message.time}  ", theme.muted), (message.text, colour)):
            form = QTextCharFormat()
            form.setForeground(QColor(shade))
            cursor.insertText(text, form)
        self._add_link(cursor, "Open Folder", _FOLDER, message.files[-1:])
        self._add_link(cursor, "Send to DS9…", _SEND, message.fits[-1:])
        if message.detail:
            form = QTextCharFormat()
            form.setForeground(QColor(theme.muted))
            cursor.insertText("\n" + message.detail.rstrip(), form)
        self.ensureCursorVisible()
        bar = self.verticalScrollBar()
        if bar is not None:
            bar.setValue(bar.maximum())

    def _add_link(self, cursor: QTextCursor, words: str, kind: str, paths: tuple[str, ...]) -> None:
        for path in paths:
            form = QTextCharFormat()
            form.setForeground(QColor(self._theme.accent))
            form.setFontUnderline(True)
            form.setAnchor(True)
            form.setAnchorHref(kind + path)
            cursor.insertText("  ", QTextCharFormat())
            cursor.insertText(words, form)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Show a hand over links."""
        super().mouseMoveEvent(event)
        viewport = self.viewport()
        if event is not None and viewport is not None:
            over = self.anchorAt(event.pos())
            viewport.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.IBeamCursor)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Follow a link, unless text was selected."""
        super().mouseReleaseEvent(event)
        link = self.anchorAt(event.pos()) if event is not None else ""
        if self.textCursor().hasSelection():
            return
        if link.startswith(_FOLDER):
            _open_folder(link.removeprefix(_FOLDER), self._session)
        elif link.startswith(_SEND):
            self.send_wanted.emit(link.removeprefix(_SEND))


def _open_folder(path: str, session: Session) -> None:
    """Open the folder of a file; say where it is when the system has no program for folders."""
    folder = os.path.dirname(os.path.abspath(path))
    if not QDesktopServices.openUrl(QUrl.fromLocalFile(folder)):
        QGuiApplication.clipboard().setText(folder)  # type: ignore[union-attr]  # there is one
        session.messages.tell("warning", f"No program opens folders here. The path {folder} was copied.")


class Banner(QFrame):
    """One line in the free room of the menu bar: what went wrong, what was written, what is asked.

    It covers no panel and moves nothing. It shows one message at a time, the latest first; the others are counted, and
    a button steps through them.

    Parameters
    ----------
    session : Session
        Has the messages.
    bar : QMenuBar
        Owner. Where the system shows the menus outside the window, the line stands in the other bar.
    other : QWidget
        The other bar.

    Signals
    -------
    send_wanted(str)
        Path of a FITS file that another program is to get.
    restore_wanted, discard_wanted
        What to do with a session that was not closed properly.
    """

    send_wanted = pyqtSignal(str)
    restore_wanted = pyqtSignal()
    discard_wanted = pyqtSignal()

    def __init__(self, session: Session, bar: QMenuBar, other: QWidget):
        within_window = not bar.isNativeMenuBar()
        super().__init__(bar if within_window else other)
        self.setObjectName("banner")
        self._bar = bar if within_window else None
        self._session = session
        self._theme = DARK
        self._messages: list[Message] = []  # latest first
        self._at = 0
        self.label = Elided()
        self.next_button = _button("", "Show the next message that is still open", self._show_next)
        self.log_button = _button("Show Log", "Show all messages with details")
        self.folder_button = _button("Open Folder", "Open the folder of the files that were written", self._open_folder)
        self.send_button = _button(
            "Send to DS9…", "Send the file to DS9 or another program through SAMP", self._send_file
        )
        self.restore_button = _button(
            "Restore", "Restore this session in place of the open one", self.restore_wanted.emit
        )
        self.discard_button = _button(
            "Discard",
            "Delete this autosaved session; exposures and saved files are not touched",
            self.discard_wanted.emit,
        )
        self.close_button = _button("✕", "Close this message; the log keeps it (Shift+click: all)", self._close)
        self.close_button.setAccessibleName("Close message")
        line = QHBoxLayout(self)
        line.setContentsMargins(10, 1, 2, 1)
        line.setSpacing(4)
        line.addWidget(self.label, 1)
        for button in (
            *(self.next_button, self.folder_button, self.send_button, self.log_button),
            *(self.restore_button, self.discard_button, self.close_button),
        ):
            line.addWidget(button)
        # Tall enough for a message at any time: the window must not be laid out anew whenever one comes or goes.
        bar.setMinimumHeight(self.sizeHint().height())
        (bar if within_window else other).installEventFilter(self)
        session.messages.added.connect(self._tell)
        session.messages.settled.connect(self._settle)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self._theme = theme
        level = self._messages[self._at].level if self._messages else "info"
        colour = {"error": theme.error, "warning": theme.warning, "info": theme.good}.get(level, theme.highlight)
        self.setStyleSheet(
            f"#banner {{ background: {theme.panel}; border: 1px solid {colour}; border-left: 5px solid {colour}; }}"
        )

    def dismiss(self) -> None:
        """Close all messages; a question stays until it is answered."""
        self._keep(lambda message: message.level == "question")

    def ask_to_restore(self, question: str) -> None:
        """Ask whether a session is to be restored; empty when there is none any more."""
        self._keep(lambda message: message.level != "question")
        if question:
            self._tell(Message("question", question, "", ""))

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Stay within the free room."""
        if event is not None and event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._place()
        return super().eventFilter(watched, event)

    def _tell(self, message: Message) -> None:
        if message.level == "info" and not message.files:
            return
        # What was written before, and what is told again, is past.
        self._messages = [
            other
            for other in self._messages
            if other.text != message.text and (other.level != "info" or message.level != "info")
        ]
        self._messages.insert(0, message)
        self._at = 0
        self._show()

    def _settle(self, about: str) -> None:
        """Close errors about work that has succeeded since."""
        if about:
            self._keep(lambda message: message.about != about)

    def _close(self) -> None:
        if QGuiApplication.keyboardModifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.dismiss()
            return
        shown = self._messages[self._at]
        self._keep(lambda message: message is not shown)

    def _keep(self, wanted: Callable[[Message], bool]) -> None:
        self._messages = [message for message in self._messages if wanted(message)]
        self._at = min(self._at, max(len(self._messages) - 1, 0))
        self._show()

    def _show_next(self) -> None:
        self._at = (self._at + 1) % len(self._messages)
        self._show()

    def _show(self) -> None:
        self.setVisible(bool(self._messages))
        if not self._messages:
            return
        message, several = self._messages[self._at], len(self._messages)
        asks = message.level == "question"
        self.label.setText(message.text)
        self.next_button.setText(f"{self._at + 1} of {several} ›")
        for button, wanted in (
            (self.next_button, several > 1),
            (self.folder_button, bool(message.files)),
            (self.send_button, bool(message.fits)),
            (self.log_button, not message.files and not asks),
            (self.restore_button, asks),
            (self.discard_button, asks),
            (self.close_button, not asks),
        ):
            button.setVisible(wanted)
        self.set_theme(self._theme)
        self._place()

    def _place(self) -> None:
        """Stand at the right end, after the last menu, as wide as the words."""
        over = self.parentWidget()
        if over is None:
            return
        used = 0
        if self._bar is not None:
            used = max((self._bar.actionGeometry(action).right() for action in self._bar.actions()), default=0)
        wanted = self.sizeHint().width() + self.label.sizeHint().width() + _SPARE
        width = min(wanted, over.width() - used - _SPARE)
        self.setGeometry(over.width() - width, 0, width, over.height())
        self.raise_()

    def _send_file(self) -> None:
        self.send_wanted.emit(self._messages[self._at].fits[-1])

    def _open_folder(self) -> None:
        _open_folder(self._messages[self._at].files[0], self._session)


def _button(text: str, tip: str, does: Callable[[], object] | None = None) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    if does is not None:
        button.clicked.connect(lambda: does())
    return button
