"""Dialog that sends spectra, images and cubes to other programs through SAMP."""

from __future__ import annotations

import os

import platformdirs
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from atm_viewer.engine.errors import one_line
from atm_viewer.engine.results.written import Tool
from atm_viewer.session import exports
from atm_viewer.session.file_work import answer_soon
from atm_viewer.session.session import Session
from atm_viewer.views.base.file_dialog import FileDialog
from atm_viewer.views.base.plain_text import Label

#: What can be sent: name, words, and the message that a program has to take for it.
_WHAT = (
    ("spectra", "spectra of all places and variants, as tables", "table.load.fits"),
    ("image", "sky image before correction, white light", "image.load.fits"),
    ("cube", "cube file", "image.load.fits"),
)
_CUBES = "Cubes (*_s3d.fits);;FITS (*.fits);;All files (*)"


class SendDialog(QDialog):
    """Asks what to send to which program; the programs are looked for while it is open.

    Parameters
    ----------
    session : Session
        Looks for programs, and sends.
    folder : str
        Where cubes are looked for first.
    parent : QWidget or None
        Window it belongs to.
    path : str
        File to send; empty for what the user chooses.
    """

    def __init__(self, session: Session, folder: str, parent: QWidget | None = None, path: str = ""):
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Send to Another Program")
        self._session, self._folder = session, folder
        self._tools: tuple[Tool, ...] = ()
        self._problem = "Looking for programs…"
        self.what_box = QComboBox()
        for name, words, _ in _WHAT:
            self.what_box.addItem(words, name)
        self.what_box.setToolTip("Data to send to the other program")
        self.path_edit = QLineEdit()
        self.path_edit.setAccessibleName("Cube")
        self.path_edit.setToolTip("Cube file (_s3d.fits)")
        self.choose_button = QPushButton("Choose…")
        self.choose_button.setToolTip("Choose a cube file")
        self.choose_button.clicked.connect(self._choose)
        line = self._cube = QHBoxLayout()
        line.addWidget(self.path_edit, 1)
        line.addWidget(self.choose_button)
        self.tool_box = QComboBox()
        self.tool_box.setToolTip("Programs on the SAMP hub that accept this data")
        self.note = Label()
        self.note.setWordWrap(True)
        self.again_button = QPushButton("Look Again")
        self.again_button.setToolTip("Look for programs again after you start one")
        self.again_button.clicked.connect(self.look)
        self.send_button = QPushButton("Send")
        self.send_button.setToolTip("Send the data in the background")
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.addButton(self.again_button, QDialogButtonBox.ButtonRole.ActionRole)
        self.buttons.addButton(self.send_button, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self._send)
        self.buttons.rejected.connect(self.reject)
        form = self._form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow("Send", self.what_box)
        form.addRow("Cube", line)
        form.addRow("To", self.tool_box)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.note)
        layout.addStretch(1)
        layout.addWidget(self.buttons)
        self.setMinimumWidth(480)
        self.what_box.currentIndexChanged.connect(self._show)
        self.path_edit.textChanged.connect(self._check)
        session.products.tools_found.connect(self._take)
        session.changed.pending.connect(self._check)
        if path:
            self.what_box.setCurrentIndex(self.what_box.findData("cube"))
            self.path_edit.setText(path)
        self.look()

    @property
    def what(self) -> str:
        """``spectra``, ``image`` or ``cube``."""
        chosen: str = self.what_box.currentData()
        return chosen

    def look(self) -> None:
        """Look for programs."""
        self._tools, self._problem = (), "Looking for programs…"
        self.again_button.setEnabled(False)
        self._show()
        self._session.products.find_tools()

    def _take(self, tools: tuple[Tool, ...], problem: str) -> None:
        self._tools, self._problem = tools, problem
        self.again_button.setEnabled(True)
        self._show()

    def _show(self) -> None:
        wanted = next(message for name, _, message in _WHAT if name == self.what)
        takers = [tool for tool in self._tools if wanted in tool.takes]
        self.tool_box.clear()
        for tool in takers:
            self.tool_box.addItem(one_line(tool.name), tool.number)
        if len(takers) > 1:
            self.tool_box.addItem("all programs", "")
        self._form.setRowVisible(self._cube, self.what == "cube")
        self._check()

    def _check(self) -> None:
        problem = self._complaint()
        self.note.setText(problem)
        self.send_button.setEnabled(not problem)

    def _complaint(self) -> str:
        if self._problem:
            return self._problem
        if not self.tool_box.count():
            return "No program on the SAMP hub accepts this; start TOPCAT for tables, or DS9 for images and cubes."
        cube = self.path_edit.text()
        if self.what == "cube" and not answer_soon(lambda: os.path.isfile(cube), default=False):
            return "Choose an existing cube file."
        answers = self._session.answers
        if self.what == "spectra" and (answers.spectra is None or "spectra" in answers.pending):
            return "The spectra are still being updated; wait a moment before you send them."
        if self.what == "image" and answers.sky is None:
            return "There is no sky image yet."
        return ""

    def _choose(self) -> None:
        dialog = FileDialog("Choose a cube to send", self._folder, FileDialog.FileMode.ExistingFile, self, _CUBES)
        dialog.fileSelected.connect(self.path_edit.setText)
        dialog.open()

    def _send(self) -> None:
        folder = str(platformdirs.user_cache_path("atm-viewer", appauthor=False) / "sent")
        exports.send(self._session, self.what, self.tool_box.currentData(), folder, self.path_edit.text())
        self.accept()
