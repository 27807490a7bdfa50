"""Dialogs. All of them are opened without blocking the window."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import QT_VERSION_STR, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from atm_viewer.engine.names import intermediate_names
from atm_viewer.session.file_work import answer_soon
from atm_viewer.session.names import count, exposure_files
from atm_viewer.session.report_page import package_version
from atm_viewer.session.state.open_exposure import OpenExposure
from atm_viewer.views.base.file_dialog import FileDialog
from atm_viewer.views.base.plain_text import Label, escaped, plain_tip
from atm_viewer.views.base.theme import Theme

_MOST_FILES = 8  # named in the dialog; more would make it taller than a small screen


class WriteDialog(QDialog):
    """Asks where to write products, lists them, and asks before it replaces files.

    Parameters
    ----------
    title : str
        Title of the window.
    sources : sequence of sequence of OpenExposure
        Exposures whose products can be written: those of the chosen setting, then those of all settings, if there
        are several.
    theme : Theme
        Colours.
    folder : str
        First proposal.
    parent : QWidget or None
        Window it belongs to.
    """

    wanted = pyqtSignal()  #: the user pressed Write

    def __init__(
        self,
        title: str,
        sources: Sequence[Sequence[OpenExposure]],
        theme: Theme,
        folder: str,
        parent: QWidget | None = None,
    ):
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self._theme = theme
        self._sources = sources
        self.form = QFormLayout()
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self.from_box = QComboBox(self)
        self.from_box.setAccessibleName("From")
        for exposures in sources:
            self.from_box.addItem(", ".join([count(len(exposures), "included exposure"), *_bands(exposures)]))
        self.from_box.setToolTip("Exposures of the chosen setting, or those of all settings that are included")
        self.from_box.setMinimumContentsLength(50)  # with many bands longer than the dialog
        self.from_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.from_box.currentIndexChanged.connect(self.check)
        self.from_box.setVisible(len(sources) > 1)
        self.form.addRow("From", self.from_box if len(sources) > 1 else Label(self.from_box.currentText()))
        self.folder_edit = QLineEdit(folder)
        self.folder_edit.setAccessibleName("Folder")
        self.folder_edit.setToolTip("Folder to write to; it is created if it does not exist")
        self.form.addRow("Folder", self.with_browser(self.folder_edit, "Choose the folder to write to"))
        self.files = Label(markup=True)
        self.files.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.overwrite = QCheckBox()
        self.overwrite.setToolTip("Allow existing files to be overwritten")
        self.overwrite.toggled.connect(self.check)
        self.problem = Label()
        self.problem.setWordWrap(True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.write_button = QPushButton("Write")
        self.buttons.addButton(self.write_button, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.accepted.connect(self.wanted)
        layout = QVBoxLayout(self)
        layout.addLayout(self.form)
        layout.addSpacing(6)
        layout.addWidget(self.files)
        layout.addWidget(self.overwrite)
        layout.addWidget(self.problem)
        layout.addStretch(1)
        layout.addWidget(self.buttons)
        self.folder_edit.textChanged.connect(self.check)
        self.setMinimumWidth(520)

    @property
    def exposures(self) -> Sequence[OpenExposure]:
        """Exposures whose products are written."""
        return self._sources[self.from_box.currentIndex()]

    @property
    def keys(self) -> tuple[str, ...]:
        """Their keys."""
        return tuple(e.view.key for e in self.exposures)

    @property
    def bands(self) -> tuple[str, ...]:
        """Their bands."""
        return _bands(self.exposures)

    @property
    def folder(self) -> str:
        """Folder to write to."""
        return os.path.expanduser(self.folder_edit.text().strip())

    def names(self) -> list[str]:
        """Names of the files to be written; overridden by each dialog."""
        return []

    def complaint(self) -> str:
        """Say in a sentence what keeps the products from being written; empty when nothing does."""
        folder = Path(self.folder)
        if not self.folder:
            return "Choose a folder to write to."
        return answer_soon(lambda: _complaint_about(folder), f"{folder} does not answer; choose another folder.")

    def check(self) -> None:
        """List the files, mark those that exist, and allow to write when all is clear."""
        names, problem = self.names(), self.complaint()
        folder = Path(self.folder)
        existing: list[str] = []
        if not problem:
            existing = answer_soon(lambda: [name for name in names if (folder / name).exists()], existing)
        lines = [
            f'<span style="color:{self._theme.warning}">{escaped(name)} — exists</span>'
            if name in existing
            else escaped(name)
            for name in names[:_MOST_FILES]
        ]
        if len(names) > _MOST_FILES:
            lines.append(f"and {count(len(names) - _MOST_FILES, 'more file')}")
        self.files.setText("<br>".join(lines))
        self.files.setVisible(bool(lines))
        self.overwrite.setText(f"Overwrite {count(len(existing), 'existing file')}")
        self.overwrite.setVisible(bool(existing))
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        allowed = not problem and (not existing or self.overwrite.isChecked())
        self.write_button.setEnabled(allowed)
        why_not = problem or "Allow overwriting"
        self.write_button.setToolTip(plain_tip("Write the files in the background" if allowed else why_not))

    @property
    def replaces(self) -> bool:
        """Whether existing files may be written over."""
        return not self.overwrite.isHidden() and self.overwrite.isChecked()

    def with_browser(self, edit: QLineEdit, tip: str) -> QHBoxLayout:
        """Put a button beside a field, by which its folder is chosen; that of the products is where looking begins."""

        def browse() -> None:
            start = os.path.expanduser(edit.text().strip()) or self.folder or os.getcwd()
            dialog = FileDialog("Choose a folder", start, FileDialog.FileMode.Directory, self)
            dialog.fileSelected.connect(edit.setText)
            dialog.open()

        button = QPushButton("Choose…")
        button.setToolTip(tip)
        button.clicked.connect(browse)
        line = QHBoxLayout()
        line.addWidget(edit, 1)
        line.addWidget(button)
        return line


def _bands(exposures: Sequence[OpenExposure]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(band for e in exposures for band in e.view.bands))


def _complaint_about(folder: Path) -> str:
    there = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    if not there.is_dir():
        return f"{there} is a file; choose a folder."
    if not os.access(there, os.W_OK):
        return f"{there} cannot be written to; choose another folder."
    return ""


class WriteExposuresDialog(WriteDialog):
    """Asks for a folder for corrected exposures; see `WriteDialog`."""

    def __init__(
        self,
        sources: Sequence[Sequence[OpenExposure]],
        oversample: float,
        theme: Theme,
        folder: str,
        parent: QWidget | None = None,
    ):
        super().__init__("Write Corrected Exposures", sources, theme, folder, parent)
        self._oversample = oversample
        self.intermediate_box = QCheckBox("Also write splines, interpolation and residuals")
        self.intermediate_box.setToolTip(
            "The files that the pipeline writes with save_intermediate_results: splines wherever there are some and "
            "where they are used, the linear interpolation, and the residuals of the splines"
        )
        self.intermediate_box.toggled.connect(self.check)
        self.form.addRow("", self.intermediate_box)
        self.check()

    def names(self) -> list[str]:
        """Names of the corrected exposures, and of what they are made of."""
        exposures = [e.view.name for e in self.exposures]
        beside = intermediate_names(exposures, self._oversample) if self.intermediate_box.isChecked() else []
        return [*exposure_files(exposures), *beside]


def about_text() -> str:
    """Name, licence and the versions that matter for results."""
    lines = [f"{name} {package_version(package)}" for name, package in _PACKAGES]
    return (
        f"<h3>ATM Viewer {package_version('atm-viewer')}</h3>"
        "<p>Inspect and tune JWST's adaptive trace model on IFU exposures, slice by slice.</p>"
        f"<p>{'<br>'.join(lines)}<br>Python {platform.python_version()}, Qt {QT_VERSION_STR}</p>"
        "<p>GPL-3.0-or-later</p>"
    )


_PACKAGES = (("jwst", "jwst"), ("stdatamodels", "stdatamodels"), ("astropy", "astropy"), ("numpy", "numpy"))


def show_text(title: str, text: str, parent: QWidget) -> QMessageBox:
    """Open a window with rich text, all of it our own."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle(title)
    box.setTextFormat(Qt.TextFormat.RichText)
    box.setText(text)
    box.setStandardButtons(QMessageBox.StandardButton.Close)
    box.open()
    return box


def ask(title: str, text: str, answers: Sequence[tuple[str, QMessageBox.ButtonRole]], parent: QWidget) -> QMessageBox:
    """Open a question; connect to its ``buttonClicked``. Return gives the first answer that loses nothing."""
    box = QMessageBox(QMessageBox.Icon.Question, title, "", QMessageBox.StandardButton.NoButton, parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(text)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for answer, role in answers:
        button = box.addButton(answer, role)
        if role != QMessageBox.ButtonRole.DestructiveRole and box.defaultButton() is None:
            box.setDefaultButton(button)
    box.open()
    return box
