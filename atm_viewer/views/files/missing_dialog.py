"""Dialog for exposures and references of a session that were moved or deleted."""

from __future__ import annotations

import os
from copy import copy
from pathlib import Path

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from atm_viewer.engine.errors import MOST_OF_SENTENCE, one_line
from atm_viewer.session.file_work import FileWork, Task, answer_soon
from atm_viewer.session.names import count
from atm_viewer.session.persistence.moved_exposures import Found, Search
from atm_viewer.views.base.file_dialog import FileDialog
from atm_viewer.views.base.plain_text import Label, plain_tip
from atm_viewer.views.base.scale import resize_on_screen
from atm_viewer.views.exposures.panel import HEIGHT

_REFERENCES = "Cubes and extracted spectra (*_s3d.fits *_x1d.fits);;FITS files (*.fits *.fits.gz);;All files (*)"
_EXPOSURES = "Calibrated exposures (*_cal.fits *_crf.fits);;FITS files (*.fits *.fits.gz);;All files (*)"


class MissingDialog(QDialog):
    """Lists the files that were not found, to be located or left out.

    Parameters
    ----------
    search : Search
        What was looked for.
    file_work : FileWork
        Looks for more.
    parent : QWidget or None
        Window it belongs to.

    Signals
    -------
    answered(object)
        The search, with an answer for every file.
    """

    answered = pyqtSignal(object)

    def __init__(self, search: Search, file_work: FileWork, parent: QWidget | None = None):
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Files Not Found")
        self._search = search
        self._file_work = file_work
        self._looking: Task | None = None
        self._rows = [index for index, found in enumerate(search.found) if found.missing]
        words = Label(_explain(search))
        words.setWordWrap(True)
        self.list = QTreeWidget()
        self.list.setAccessibleName("Missing files")
        self.list.setColumnCount(3)
        self.list.setHeaderLabels(["File", "Was In", "Found"])
        self.list.setRootIsDecorated(False)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setToolTip("Files that were not found: select them, then locate them or leave them out")
        self.locate_button = QPushButton("&Locate…")
        self.locate_button.setToolTip("Locate the selected file; others in its folder are found automatically")
        self.leave_button = QPushButton("Leave &Out")
        self.leave_button.setToolTip(
            "Open the session without the selected files; the session file changes only when you save"
        )
        self.open_button = QPushButton(f"Open {count(len(search.state.exposures), 'Exposure')} ")
        self.open_button.setMinimumWidth(self.open_button.sizeHint().width())
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.addButton(self.open_button, QDialogButtonBox.ButtonRole.AcceptRole)
        line = QHBoxLayout()
        line.addWidget(self.locate_button)
        line.addWidget(self.leave_button)
        line.addStretch(1)
        line.addWidget(self.buttons)
        layout = QVBoxLayout(self)
        layout.addWidget(words)
        layout.addWidget(self.list, 1)
        layout.addLayout(line)
        resize_on_screen(self, 860, 320)

        header = self.list.header()
        assert header is not None
        header.setStretchLastSection(True)
        self.list.addTopLevelItems([QTreeWidgetItem() for _ in self._rows])
        self.list.itemSelectionChanged.connect(self._allow)
        self.list.itemDoubleClicked.connect(self._locate)
        self.locate_button.clicked.connect(self._locate)
        self.leave_button.clicked.connect(self._leave_out)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.finished.connect(self._stop_looking)
        self.accepted.connect(lambda: self.answered.emit(search))
        self._show()
        self.list.setCurrentItem(self.list.topLevelItem(0))
        for column, width in ((0, 320), (1, 250)):
            self.list.setColumnWidth(column, width)

    def _show(self) -> None:
        for row, index in enumerate(self._rows):
            item, found = self.list.topLevelItem(row), self._search.found[index]
            assert item is not None
            folder = os.path.dirname(found.file.places[-1])
            texts = (found.name, folder, _tell(found))
            for column, text in enumerate(texts):
                item.setText(column, one_line(text, MOST_OF_SENTENCE))
                item.setToolTip(column, plain_tip(text))
            item.setSizeHint(0, QSize(0, HEIGHT))
        self._allow()

    def _allow(self) -> None:
        chosen, found = self._chosen(), self._search.found
        free = self._looking is None
        self.locate_button.setEnabled(free and bool(chosen))
        left = any(not found[index].path and not found[index].left_out for index in chosen)
        self.leave_button.setEnabled(free and left)
        there = sum(bool(f.path) and f.is_exposure for f in found)
        ready = free and not self._search.missing and (there > 0 or not self._search.state.exposures)
        self.open_button.setText(f"Open {count(there, 'Exposure')}" if there else "Open")
        self.open_button.setEnabled(ready)
        self.open_button.setToolTip(
            "Open the session with the files that were found" if ready else "Locate or leave out each file first"
        )
        if ready:
            self.open_button.setDefault(True)
            self.open_button.setFocus()

    def _chosen(self) -> list[int]:
        rows = (self.list.indexOfTopLevelItem(item) for item in self.list.selectedItems())
        return sorted(self._rows[row] for row in rows)

    def _locate(self, *_: object) -> None:
        chosen = self._chosen()
        if not chosen or self._looking is not None:
            return
        index = next((i for i in chosen if self._search.found[i].missing), chosen[0])
        found = self._search.found[index]
        there = [f.path for f in self._search.found if f.path]
        folders = [os.path.dirname(path) for path in (*found.file.places, *there, self._search.path) if path]
        home = str(Path.home())
        folder = answer_soon(lambda: next((f for f in folders if os.path.isdir(f)), home), home)
        kinds = f"{found.name} ({found.name});;{_EXPOSURES if found.is_exposure else _REFERENCES}"
        dialog = FileDialog(f"Where is {one_line(found.name)}?", folder, FileDialog.FileMode.ExistingFile, self, kinds)
        dialog.fileSelected.connect(lambda path: self._take(index, path))
        dialog.open()

    def _take(self, index: int, path: str) -> None:
        # In a copy: until the disk has answered, the dialog shows the old state.
        looked = copy(self._search)

        def found(_: int) -> None:
            self._search.take(looked)
            ended()
            left = next((row for row, i in enumerate(self._rows) if self._search.found[i].missing), None)
            if left is not None:
                self.list.setCurrentItem(self.list.topLevelItem(left))

        def ended() -> None:
            self._looking = None
            self._show()

        name = f"Looking for {one_line(self._search.found[index].name)}"
        self._looking = self._file_work.run(name, lambda: looked.locate(index, path), found, ended)
        self._allow()

    def _stop_looking(self) -> None:
        if self._looking is not None:
            self._file_work.drop(self._looking)

    def _leave_out(self) -> None:
        for index in self._chosen():
            if not self._search.found[index].path:
                self._search.leave_out(index)
        self._show()


def _explain(search: Search) -> str:
    """Say what was not found, with the word for its kind."""
    name = one_line(Path(search.path).name) or "the session"
    kinds = {found.is_exposure for found in search.missing}
    noun = "file" if len(kinds) > 1 else "exposure" if True in kinds else "reference"
    missing, there = len(search.missing), sum(len(kinds) > 1 or found.is_exposure in kinds for found in search.found)
    if there == 1:
        return f"The {noun} of {name} was moved or deleted. Locate it to open the session with it."
    if missing == 1:
        return f"One of the {there} {noun}s of {name} was moved or deleted."
    what = f"All {missing}" if missing == there else f"{missing} of the {there}"
    return (
        f"{what} {noun}s of {name} were moved or deleted. Locate one of them; others in the same folder are found "
        "automatically."
    )


def _tell(found: Found) -> str:
    if found.left_out:
        return "left out"
    if not found.path:
        return "not found"
    folder = os.path.dirname(found.path)
    return f"in {folder}, with different content" if found.other else f"in {folder}"
