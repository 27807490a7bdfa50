"""Dialog for members of an association that were not found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QMessageBox, QWidget

from atm_viewer.engine.errors import one_line
from atm_viewer.session.names import count

_NAMED = 5  # members that are listed by name


class MembersDialog(QMessageBox):
    """Says which members of an association were not found, and offers to locate them.

    Parameters
    ----------
    association : str
        Path of the association.
    names : sequence of str
        File names of the members.
    parent : QWidget
        Window it belongs to.

    Signals
    -------
    located()
        The user wants to choose their folder.
    """

    located = pyqtSignal()

    def __init__(self, association: str, names: Sequence[str], parent: QWidget):
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setIcon(QMessageBox.Icon.Question)
        self.setWindowTitle("Members Not Found")
        verb = "was" if len(names) == 1 else "were"
        name = one_line(Path(association).name)
        self.setText(f"{count(len(names), 'member')} of {name} {verb} not found beside it or where it says.")
        more = [f"and {len(names) - _NAMED} more"] if len(names) > _NAMED else []
        self.setInformativeText("\n".join([*map(one_line, names[:_NAMED]), *more]))
        self.locate_button = self.addButton("&Locate Folder…", QMessageBox.ButtonRole.AcceptRole)
        assert self.locate_button is not None
        self.locate_button.setToolTip("Choose the folder that holds the members; folders in it are searched as well")
        self.addButton(QMessageBox.StandardButton.Cancel)
        self.setDefaultButton(self.locate_button)
        self.accepted.connect(self.located)
