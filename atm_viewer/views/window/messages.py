"""The message log, and the banner for warnings and errors."""

from __future__ import annotations

import os

from PyQt6.QtCore import QEvent, QObject, Qt, QUrl, pyqtSignal
from PyQt6.QtGui import QColor, QDesktopServices, QMouseEvent, QTextCharFormat, QTextCursor
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from atm_viewer.session.parts.message_log import Message
from atm_viewer.session.session import Session
from atm_viewer.views.base.plain_text import Label
from atm_viewer.views.base.theme import DARK, Theme

_FOLDER, _SEND = "folder:", "send:"  #: of links in the log, before a path


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
            _open_folder(link.removeprefix(_FOLDER))
        elif link.startswith(_SEND):
            self.send_wanted.emit(link.removeprefix(_SEND))


def _open_folder(path: str) -> None:
    """Open the folder of a file."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(os.path.dirname(os.path.abspath(path))))


class Banner(QFrame):
    """One sentence for warnings, errors and files that were written, until it is closed or past.

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
        self.setObjectName("banner")
        self._level = "warning"
        self._theme = DARK
        self._missed = 0
        self._message: Message | None = None
        self.label = Label()
        self.label.setWordWrap(True)
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.more = Label()
        self.log_button = QPushButton("Show Log")
        self.log_button.setToolTip("Show all messages with details")
        self.folder_button = QPushButton("Open Folder")
        self.folder_button.setToolTip("Open the folder of the files that were written")
        self.folder_button.clicked.connect(self._open_folder)
        self.send_button = QPushButton("Send to DS9…")
        self.send_button.setToolTip("Send the file to DS9 or another program through SAMP")
        self.send_button.clicked.connect(self._send)
        self.close_button = QToolButton()
        self.close_button.setAccessibleName("Close message")
        self.close_button.setText("✕")
        self.close_button.setToolTip("Close this message; the log keeps it")
        self.close_button.clicked.connect(self.dismiss)
        line = QHBoxLayout(self)
        line.setContentsMargins(10, 4, 6, 4)
        for widget in (
            *(self.label, self.more, self.folder_button, self.send_button, self.log_button, self.close_button),
        ):
            line.addWidget(widget)
        session.messages.added.connect(self._tell)
        session.messages.settled.connect(self._settle)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self._theme = theme
        colour = {"error": theme.error, "warning": theme.warning}.get(self._level, theme.accent)
        self.setStyleSheet(f"#banner {{ background: {theme.panel}; border-left: 5px solid {colour}; }}")

    def dismiss(self) -> None:
        """Hide the message."""
        self._missed = 0
        self.hide()

    def _tell(self, message: Message) -> None:
        if message.level == "info" and not message.files:
            return
        hides = not self.isHidden() and self._level != "info"
        self._missed = self._missed + 1 if hides else 0
        self._level, self._message = message.level, message
        self.folder_button.setVisible(bool(message.files))
        self.send_button.setVisible(bool(message.fits))
        self.label.setText(message.text)
        self.more.setText(f"and {self._missed} earlier" if self._missed else "")
        self.more.setVisible(bool(self._missed))
        self.set_theme(self._theme)
        self.show()

    def _settle(self, about: str) -> None:
        """Hide an error about work that has succeeded since."""
        if self._message is not None and about and self._message.about == about:
            self.dismiss()

    def _send(self) -> None:
        if self._message is not None:
            self.send_wanted.emit(self._message.fits[-1])

    def _open_folder(self) -> None:
        if self._message is not None:
            _open_folder(self._message.files[0])


class Notices(QWidget):
    """Bars over the lower edge of a widget, which they never move: what is under the mouse stays there.

    Parameters
    ----------
    over : QWidget
        Is partly covered while there is something to say; owner.
    bars : QWidget
        One below the other.
    """

    def __init__(self, over: QWidget, *bars: QWidget):
        super().__init__(over)
        self._over = over
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for bar in bars:
            column.addWidget(bar)
            bar.installEventFilter(self)
        over.installEventFilter(self)
        self._place()

    def event(self, event: QEvent | None) -> bool:
        """Take the room that the bars need."""
        handled = super().event(event)
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self._place()
        return handled

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Follow the lower edge, and bars that come and go."""
        kinds = (QEvent.Type.Resize,) if watched is self._over else (QEvent.Type.Show, QEvent.Type.Hide)
        if event is not None and event.type() in kinds:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        layout, width = self.layout(), self._over.width()
        assert layout is not None
        wanted = layout.heightForWidth(width) if layout.hasHeightForWidth() else layout.sizeHint().height()
        height = max(0, min(wanted, self._over.height()))
        self.setGeometry(0, self._over.height() - height, width, height)
        self.raise_()
