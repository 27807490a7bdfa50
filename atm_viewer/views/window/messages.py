"""The message log, and the banner for warnings and errors."""

from __future__ import annotations

from PyQt6.QtGui import QColor, QTextCharFormat, QTextCursor
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QPushButton, QSizePolicy, QToolButton

from atm_viewer.session.parts.message_log import Message
from atm_viewer.session.session import Session
from atm_viewer.views.base.plain_text import Label
from atm_viewer.views.base.theme import DARK, Theme


class LogPanel(QPlainTextEdit):
    """Every message with its time; tracebacks of unexpected failures below theirs.

    Parameters
    ----------
    session : Session
        Has the messages.
    """

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        self._theme = DARK
        self.setReadOnly(True)
        self.setMaximumBlockCount(5000)
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
        if message.detail:
            form = QTextCharFormat()
            form.setForeground(QColor(theme.muted))
            cursor.insertText("\n" + message.detail.rstrip(), form)
        self.ensureCursorVisible()
        bar = self.verticalScrollBar()
        if bar is not None:
            bar.setValue(bar.maximum())


class Banner(QFrame):
    """One sentence across the window for warnings and errors, until it is closed.

    Parameters
    ----------
    session : Session
        Has the messages.
    """

    def __init__(self, session: Session):
        super().__init__()
        self.setObjectName("banner")
        self._level = "warning"
        self._theme = DARK
        self._missed = 0
        self.label = Label()
        self.label.setWordWrap(True)
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.more = Label()
        self.log_button = QPushButton("Show Log")
        self.log_button.setToolTip("Show all messages with details")
        self.close_button = QToolButton()
        self.close_button.setText("✕")
        self.close_button.setToolTip("Close this message; the log keeps it")
        self.close_button.clicked.connect(self.dismiss)
        line = QHBoxLayout(self)
        line.setContentsMargins(10, 4, 6, 4)
        for widget in (self.label, self.more, self.log_button, self.close_button):
            line.addWidget(widget)
        session.messages.added.connect(self._tell)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self._theme = theme
        colour = theme.error if self._level == "error" else theme.warning
        self.setStyleSheet(f"#banner {{ background: {theme.panel}; border-left: 5px solid {colour}; }}")

    def dismiss(self) -> None:
        """Hide the message."""
        self._missed = 0
        self.hide()

    def _tell(self, message: Message) -> None:
        if message.level == "info":
            return
        self._missed = self._missed + 1 if not self.isHidden() else 0
        self._level = message.level
        self.label.setText(message.text)
        self.more.setText(f"and {self._missed} earlier" if self._missed else "")
        self.more.setVisible(bool(self._missed))
        self.set_theme(self._theme)
        self.show()
