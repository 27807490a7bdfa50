"""Table of the recipe's regions: names, shapes, and what they say of each parameter."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import QAbstractTableModel, QItemSelectionModel, QModelIndex, QSize, Qt
from PyQt6.QtGui import QColor, QContextMenuEvent, QKeyEvent
from PyQt6.QtWidgets import QAbstractItemView, QComboBox, QHeaderView, QMenu, QStyledItemDelegate, QTableView, QWidget

from atm_viewer.engine.errors import UserError
from atm_viewer.engine.recipe import OF_REGION, PARAMETERS, USES, Polygon, Region
from atm_viewer.session.edits.typed_values import format_value, parse_value
from atm_viewer.session.session import Session
from atm_viewer.views.base.plain_text import escaped
from atm_viewer.views.base.theme import DARK, Theme

COLUMNS = ("name", "shape", "use", *OF_REGION)
_NOWHERE = QModelIndex()
#: Rows that are in sight before the table scrolls.
_MOST = 4
_TIPS = {
    "name": "Name of the region (F2: rename). Later regions in the list win over earlier ones",
    "shape": "Shape and size; drag it on the sky image to change it",
    "use": "What is done in the region: use the spline, interpolate, or (empty) as the slope decides",
}


def shape_text(region: Region) -> str:
    """Shape and size of a region in few words."""
    shape = region.shape
    if isinstance(shape, Polygon):
        return f"{len(shape.vertices)} corners"
    radii = shape.radii if shape.kind == "ellipse" else (shape.radius,)  # type: ignore[union-attr]
    return f"{shape.kind} {' × '.join(f'{radius:.2f}' for radius in radii)}″"


class RegionModel(QAbstractTableModel):
    """Rows of the table: the regions of the active variant, in their order.

    Parameters
    ----------
    session : Session
        Gives regions and takes edits.
    """

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        self.theme = DARK
        self.regions: tuple[Region, ...] = ()
        session.changed.recipe.connect(self.renew)
        self.renew()

    def renew(self) -> None:
        """Take the regions over; rows stay where there are as many as before."""
        regions, known = self._session.state.recipe.regions, self.regions
        if regions == known:
            return
        if len(regions) != len(known):
            self.beginResetModel()
            self.regions = regions
            self.endResetModel()
        else:
            self.regions = regions
            self.dataChanged.emit(self.index(0, 0), self.index(len(regions) - 1, len(COLUMNS) - 1))

    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        """Count the regions."""
        return 0 if parent.isValid() else len(self.regions)

    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:
        """Count the columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Give headings, and tooltips in the pipeline's terms."""
        name = COLUMNS[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            if name not in PARAMETERS or name == "use":
                return "region" if name == "name" else name
            p = PARAMETERS[name]
            return f"{p.label} [{p.unit}]" if p.unit else p.label
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole:
            return f"<p>{_TIPS.get(name) or PARAMETERS[name].tooltip}</p>"
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Allow edits of all but the shape, which is dragged."""
        fixed = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return fixed if COLUMNS[index.column()] == "shape" else fixed | Qt.ItemFlag.ItemIsEditable

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Give texts and tooltips."""
        region, name = self.regions[index.row()], COLUMNS[index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            if name == "shape":
                return shape_text(region)
            value = getattr(region, name)
            return (value or "") if name in ("name", "use") else format_value(name, value)
        if role == Qt.ItemDataRole.ToolTipRole:
            tip = _TIPS.get(name) or PARAMETERS[name].tooltip
            edit = "" if name in _TIPS else "<br>F2: set it in all slices that see the region · Del: leave it as it is"
            return f"<p><b>{escaped(region.name)}</b><br>{tip}{edit}</p>"
        if role == Qt.ItemDataRole.ForegroundRole and name not in ("name", "shape"):
            return QColor(self.theme.accent)
        return None

    def setData(self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Take what was typed; a text that is no valid value gives a message and changes nothing."""
        region, name = self.regions[index.row()], COLUMNS[index.column()]
        if role != Qt.ItemDataRole.EditRole:
            return False
        edits = self._session.regions
        if name == "name":
            edits.rename(region.name, str(value))
        elif name == "use":
            edits.set_value(region.name, "use", str(value) or None)
        else:
            try:
                edits.set_value(region.name, name, parse_value(name, str(value)))
            except UserError as error:
                self._session.messages.tell("warning", str(error))
                return False
        return True


class _Choices(QStyledItemDelegate):
    """Offers a list where there are few values."""

    def createEditor(self, parent: QWidget | None, option: Any, index: QModelIndex) -> QWidget | None:
        """Make a list with an empty entry, which leaves the parameter as it is; or a line to type into."""
        name = COLUMNS[index.column()]
        choices = USES if name == "use" else PARAMETERS[name].choices if name in PARAMETERS else ()
        if not choices:
            return super().createEditor(parent, option, index)
        box = QComboBox(parent)
        box.addItems(["", *choices])
        box.activated.connect(lambda: self._finish(box))
        return box

    def setEditorData(self, editor: QWidget | None, index: QModelIndex) -> None:
        """Show the value."""
        if isinstance(editor, QComboBox):
            editor.setCurrentText(index.data(Qt.ItemDataRole.EditRole))
        else:
            super().setEditorData(editor, index)

    def setModelData(self, editor: QWidget | None, model: Any, index: QModelIndex) -> None:
        """Take the value."""
        if isinstance(editor, QComboBox):
            model.setData(index, editor.currentText())
        else:
            super().setModelData(editor, model, index)

    def _finish(self, box: QComboBox) -> None:
        self.commitData.emit(box)
        self.closeEditor.emit(box)


class RegionTable(QTableView):
    """Table of the regions, in sight when there are any; the current row is the selected region.

    Parameters
    ----------
    session : Session
        Gives regions and takes choice and edits.
    """

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        self.rows = RegionModel(session)
        self.setModel(self.rows)
        self.setItemDelegate(_Choices(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName("Regions")
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        header, rows = self.horizontalHeader(), self.verticalHeader()
        assert header is not None
        assert rows is not None
        header.setHighlightSections(False)
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(self.fontMetrics().height() + 5)
        for column, letters in ((0, 13), (1, 19), (2, 10)):
            self.setColumnWidth(column, self.fontMetrics().horizontalAdvance("n" * letters))
        selection = self.selectionModel()
        assert selection is not None
        selection.currentRowChanged.connect(self._choose)
        session.changed.recipe.connect(self._show)
        self._show()

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self.rows.theme = theme

    def sizeHint(self) -> QSize:
        """High enough for a few rows."""
        header, rows, bar = self.horizontalHeader(), self.verticalHeader(), self.horizontalScrollBar()
        assert header is not None
        assert rows is not None
        assert bar is not None
        height = min(self.rows.rowCount(), _MOST) * rows.defaultSectionSize()
        height += header.sizeHint().height() + bar.sizeHint().height() + 2
        return QSize(200, height)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Edit with Return, leave a parameter as it is with Delete; delete the region in its first columns."""
        index = self.currentIndex()
        if event is None or not index.isValid() or self.state() == self.State.EditingState:
            super().keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.edit(index)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            name = COLUMNS[index.column()]
            if name in ("name", "shape"):
                self._session.regions.remove()
            else:
                self._session.regions.set_value(self.rows.regions[index.row()].name, name, None)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        """Offer what can be done with the region."""
        if event is not None and self.indexAt(event.pos()).isValid():
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.setToolTipsVisible(True)
            menu.addActions(self.actions())
            menu.popup(event.globalPos())

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self._session.regions.select(self.rows.regions[index.row()].name)

    def _show(self) -> None:
        """Follow the recipe and the selected region."""
        self.rows.renew()
        self.setVisible(bool(self.rows.regions))
        self.setFixedHeight(self.sizeHint().height())
        names = [region.name for region in self.rows.regions]
        selection, name = self.selectionModel(), self._session.state.region
        assert selection is not None
        if name in names:
            index = self.rows.index(names.index(name), max(self.currentIndex().column(), 0))
            if index.row() != self.currentIndex().row() or not selection.hasSelection():
                flags = QItemSelectionModel.SelectionFlag
                selection.setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        else:
            selection.clear()
