"""Asks for files and folders."""

from __future__ import annotations

from PyQt6.QtCore import QChildEvent, Qt
from PyQt6.QtWidgets import QFileDialog, QMessageBox, QTreeView, QWidget


class FileDialog(QFileDialog):
    """Asks for a file or a folder; open it without blocking the window.

    Parameters
    ----------
    title : str
        Title of the dialog.
    folder : str
        Where it begins.
    mode : QFileDialog.FileMode
        What may be chosen.
    parent : QWidget
        Window it belongs to.
    kinds : str
        Filters, as `QFileDialog` takes them.
    """

    def __init__(self, title: str, folder: str, mode: QFileDialog.FileMode, parent: QWidget, kinds: str = ""):
        super().__init__(parent, title, folder, kinds)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFileMode(mode)
        # Qt's own dialog, which has no such list where the system has one, cuts the long names of exposures.
        files = self.findChild(QTreeView, "treeView")
        header = files.header() if files is not None else None
        if header is not None:
            self.resize(min(900, parent.width()), min(560, parent.height()))
            for column in range(header.count()):
                header.setSectionResizeMode(column, header.ResizeMode.ResizeToContents)
            header.setSectionResizeMode(0, header.ResizeMode.Stretch)

    def childEvent(self, event: QChildEvent | None) -> None:
        """Have the names in Qt's own questions, such as whether to replace a file, shown as they are."""
        super().childEvent(event)
        if event is not None and event.polished() and isinstance(box := event.child(), QMessageBox):
            box.setTextFormat(Qt.TextFormat.PlainText)
