"""What a window without exposures shows: the ways to begin."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

_WORDS = """
<h2>Drop calibrated exposures here</h2>
<p>ATM Viewer shows what the adaptive trace model does to MIRI MRS and NIRSpec IFU exposures<br>
and lets you tune it slice by slice.</p>
<p>Begin with <b>_cal.fits</b> or <b>_crf.fits</b> files, or an association <b>_asn.json</b>.<br>
A session or a recipe (<b>.toml</b>) can be dropped as well.</p>
"""


class Welcome(QWidget):
    """Invitation to drop or open files, or to try the demo.

    Signals
    -------
    open_wanted(), demo_wanted()
        A button was pressed.
    recent_wanted(str)
        A recent file was chosen.
    """

    open_wanted = pyqtSignal()
    demo_wanted = pyqtSignal()
    recent_wanted = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        words = QLabel(_WORDS)
        words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.open_button = QPushButton("Open…")
        self.open_button.setToolTip("Open calibrated exposures or an association (Ctrl+O)")
        self.open_button.setDefault(True)
        self.open_button.clicked.connect(self.open_wanted)
        self.demo_button = QPushButton("Open Demo")
        self.demo_button.setToolTip("Four synthetic MIRI MRS exposures of a bright star, made on first use (Ctrl+D)")
        self.demo_button.clicked.connect(self.demo_wanted)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (self.open_button, self.demo_button):
            button.setMinimumWidth(140)
            buttons.addWidget(button)
        buttons.addStretch(1)
        self.recent = QLabel()
        self.recent.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.recent.linkActivated.connect(self.recent_wanted)
        self.busy = QLabel()
        self.busy.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.busy.setProperty("role", "muted")
        layout = QVBoxLayout(self)
        layout.addStretch(2)
        layout.addWidget(words)
        layout.addSpacing(12)
        layout.addLayout(buttons)
        layout.addSpacing(18)
        layout.addWidget(self.recent)
        layout.addWidget(self.busy)
        layout.addStretch(3)

    def show_recent(self, paths: Sequence[str]) -> None:
        """List recent files as links."""
        links = [f'<a href="{escape(path)}">{escape(Path(path).name)}</a>' for path in paths[:5]]
        self.recent.setText("<p>Recent:</p>" + "<br>".join(links) if links else "")
        self.recent.setToolTip("\n".join(paths[:5]))
