"""The welcome page, shown while no exposure is open."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from atm_viewer.views.base.plain_text import Label, escaped, plain_tip
from atm_viewer.views.base.style import Card

_STEPS = (
    (
        "1 · Open",
        "Drop calibrated exposures here: <b>_cal.fits</b> or <b>_crf.fits</b> files of MIRI MRS or NIRSpec IFU, or an "
        "association <b>_asn.json</b>. You can also drop a session or recipe (<b>.toml</b>).",
    ),
    (
        "2 · Look",
        "Click a spaxel in the sky image to see its spectrum before and after correction. Does it oscillate? "
        "Click a slice to see how it was fitted.",
    ),
    (
        "3 · Tune",
        "Change the threshold, the slope limit or the use range: drag them in the profile or type them in the table. "
        "The spectrum follows. Then write the cubes before and after correction.",
    ),
)


class Welcome(QWidget):
    """Says in three steps what to do; a place to drop files, buttons to open them, recent files.

    Signals
    -------
    open_wanted(), demo_wanted(), help_wanted(), learn_wanted()
        A button was pressed.
    recent_wanted(str)
        A recent file was chosen.
    """

    open_wanted = pyqtSignal()
    demo_wanted = pyqtSignal()
    help_wanted = pyqtSignal()
    learn_wanted = pyqtSignal()
    recent_wanted = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        title = Label("<h2>Is it resampling noise, and which parameters remove it?</h2>", markup=True)
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.place = Card(dashed=True)
        self.open_button = QPushButton("Open…")
        self.open_button.setToolTip("Open calibrated exposures or an association (Ctrl+O)")
        self.open_button.setDefault(True)
        self.open_button.clicked.connect(self.open_wanted)
        self.demo_button = QPushButton("Open Demo")
        self.demo_button.setToolTip(
            "Open four synthetic MIRI MRS exposures of a bright star, created on first use (Ctrl+D)"
        )
        self.demo_button.clicked.connect(self.demo_wanted)
        self.help_button = QPushButton("First Steps")
        self.help_button.setToolTip("Show the help page for beginners")
        self.help_button.clicked.connect(self.help_wanted)
        self.learn_button = QPushButton("What Is Resampling Noise?")
        self.learn_button.setToolTip("Move a model star over the pixels and see what a spaxel records (Ctrl+J)")
        self.learn_button.clicked.connect(self.learn_wanted)
        self.recent = Label(markup=True)
        self.recent.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.recent.linkActivated.connect(self.recent_wanted)
        inside = QVBoxLayout(self.place)
        inside.setContentsMargins(28, 22, 28, 22)
        inside.setSpacing(20)
        inside.addLayout(_steps())
        inside.addLayout(_line(self.open_button, self.demo_button, self.help_button, self.learn_button))
        self.place.setMaximumWidth(60 * self.fontMetrics().height())
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(self.place, 8)
        middle.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addStretch(2)
        layout.addWidget(title)
        layout.addSpacing(12)
        layout.addLayout(middle)
        layout.addSpacing(18)
        layout.addWidget(self.recent)
        layout.addStretch(3)

    def set_dropping(self, dropping: bool) -> None:
        """Mark the place while files are being dragged over the window."""
        self.place.set_raised(dropping)

    def show_recent(self, paths: Sequence[str]) -> None:
        """List recent files as links."""
        links = [f'<a href="{escape(path)}">{escaped(Path(path).name)}</a>' for path in paths[:5]]
        self.recent.setText("<p>Recent:</p>" + "<br>".join(links) if links else "")
        self.recent.setToolTip(plain_tip("\n".join(paths[:5])))


def _steps() -> QHBoxLayout:
    line = QHBoxLayout()
    line.setSpacing(28)
    for heading, text in _STEPS:
        step = Label(f"<h3>{heading}</h3><p>{text}</p>", markup=True)
        step.setWordWrap(True)
        step.setAlignment(Qt.AlignmentFlag.AlignTop)
        line.addWidget(step, 1)
    return line


def _line(*buttons: QPushButton) -> QHBoxLayout:
    line = QHBoxLayout()
    line.addStretch(1)
    for button in buttons:
        button.setMinimumWidth(140)
        line.addWidget(button)
    line.addStretch(1)
    return line
