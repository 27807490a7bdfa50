"""The slice table with its filter line."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QHBoxLayout, QLineEdit, QToolButton, QVBoxLayout, QWidget

from atm_viewer.session.session import Session
from atm_viewer.views.base.kept import Kept
from atm_viewer.views.base.plain_text import set_tip
from atm_viewer.views.base.theme import Theme
from atm_viewer.views.slices.cells import AT, COLUMNS, RARE
from atm_viewer.views.slices.filter import FILTER_TIP, QUICK
from atm_viewer.views.slices.table import SliceTable


class _FilterLine(QLineEdit):
    """What slices are shown by; Escape shows all, Down and Return lead into the table."""

    left = pyqtSignal()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Leave with keys."""
        key = event.key() if event is not None else 0
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()
        elif key == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)


class SliceBrowser(QWidget):
    """Filters and the slice table.

    Parameters
    ----------
    session : Session
        Gives slices and takes edits.

    Signals
    -------
    counted(str)
        How many of the slices are shown; empty when all are.
    """

    counted = pyqtSignal(str)

    def __init__(self, session: Session):
        super().__init__()
        self.table = SliceTable(session)
        self.line = _FilterLine()
        self.line.setAccessibleName("Filter slices")
        self.line.setPlaceholderText("Filter: 11, noise>2…")
        set_tip(self.line, FILTER_TIP)
        self.line.setClearButtonEnabled(True)
        self.line.textChanged.connect(self._filter)
        self.line.setMinimumWidth(28)
        self.line.left.connect(self.table.setFocus)
        self.quick: dict[str, QToolButton] = {}
        bar = QHBoxLayout()
        bar.setContentsMargins(3, 1, 3, 3)
        bar.setSpacing(2)
        bar.addWidget(self.line, 1)
        for info in QUICK:
            button = self.quick[info.name] = QToolButton()
            button.setText(info.text)
            button.setToolTip(f"Show {info.tip}. With several of these filters, a slice needs to match only one.")
            button.setCheckable(True)
            button.setFont(self.table.font())
            button.toggled.connect(self._filter)
            bar.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self.table, 1)
        shown = self.table.shown
        for changed in (shown.rowsInserted, shown.rowsRemoved, shown.modelReset):
            changed.connect(self._count)

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self.table.set_theme(theme)

    def state(self) -> dict[str, Any]:
        """Return filters, order and hidden columns, see `kept.Restorable`."""
        header = self.table.horizontalHeader()
        assert header is not None
        hidden = [info.name for i, info in enumerate(COLUMNS) if self.table.isColumnHidden(i)]
        column, order = header.sortIndicatorSection(), header.sortIndicatorOrder()
        usual = [info.name for info in COLUMNS if info.name in RARE]
        found = {
            "filter": self.line.text(),
            "quick": [name for name, button in self.quick.items() if button.isChecked()],
            "sort": COLUMNS[column].name if column else "",
            "descending": order == Qt.SortOrder.DescendingOrder,
        }
        return {key: value for key, value in found.items() if value} | ({} if hidden == usual else {"hidden": hidden})

    def restore(self, state: Kept) -> None:
        """Restore filters, order and hidden columns from an earlier `state`."""
        on = state.choices("quick", self.quick)
        hidden = state.choices("hidden", AT) if "hidden" in state else list(RARE)
        for name, button in self.quick.items():
            button.setChecked(name in on)
        for name, column in AT.items():
            if self.table.isColumnHidden(column) != (name in hidden):
                self.table.show_column(column, name not in hidden)
        self.line.setText(state.text("filter"))
        descending = state.flag("descending")
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        self.table.sortByColumn(AT[state.choice("sort", AT) or "number"], order)

    def start_filtering(self) -> None:
        """Give the filter the keyboard."""
        self.line.setFocus()
        self.line.selectAll()

    def _filter(self) -> None:
        on = frozenset(name for name, button in self.quick.items() if button.isChecked())
        self.table.filter(self.line.text(), on)
        self._count()

    def _count(self) -> None:
        shown, total = self.table.shown.rowCount(), self.table.rows.rowCount()
        self.counted.emit(f"{shown} of {total}" if shown != total else "")
