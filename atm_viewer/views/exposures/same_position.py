"""Window with the same sky position and wavelength in all exposures."""

from __future__ import annotations

import math

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from atm_viewer.session.names import short_names
from atm_viewer.session.parts.pointer import Elsewhere
from atm_viewer.session.session import Session
from atm_viewer.session.state.cursor import Cursor
from atm_viewer.session.state.data_quality import dq_names
from atm_viewer.views.base.plain_text import Label
from atm_viewer.views.base.plotting import with_unit
from atm_viewer.views.base.style import MUTED

_COLUMNS = (
    ("Exposure", "Open exposure; the chosen one is bold"),
    ("Slice", "Slice that covers the position"),
    ("x [pixel]", "Pixel closest to this position and wavelength, zero-based"),
    ("y [pixel]", "Pixel closest to this position and wavelength, zero-based"),
    ("α [″]", "Position of the pixel along its slice [arcsec]"),
    ("SCI", "Value of the pixel, with its unit"),
    ("DQ", "Data-quality flags of the pixel by name"),
)

_NUMBERS = range(1, 6)


class DithersWindow(QDialog):
    """Small window that follows the cursor: slice, pixel, value and flags of its place in each open exposure."""

    def __init__(self, session: Session, parent: QWidget):
        super().__init__(parent, Qt.WindowType.Tool)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)  # keys go on to where the mouse is
        self.setWindowTitle("Position in All Exposures")
        self._session = session
        self._place = session.pointer.cursor or session.pointer.chosen
        self._shown: tuple[Elsewhere, ...] = ()
        self.place = Label()
        self.place.setToolTip("Sky position (ICRS) and wavelength of the cursor, or else of spaxel and column")
        self.table = QTableWidget(0, len(_COLUMNS))
        self.table.setAccessibleName("Position in all exposures")
        self.table.setTabKeyNavigation(False)
        self.table.setHorizontalHeaderLabels([name for name, _ in _COLUMNS])
        for column, (_, tip) in enumerate(_COLUMNS):
            heading = self.table.horizontalHeaderItem(column)
            assert heading is not None
            heading.setToolTip(tip)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setToolTip("Double-click or press Enter to show this exposure at this position")
        rows, columns = self.table.verticalHeader(), self.table.horizontalHeader()
        assert rows is not None
        assert columns is not None
        rows.hide()
        columns.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        columns.setStretchLastSection(True)
        hint = Label("Follows the mouse in all panels · Double-click or Enter: show this exposure")
        hint.setForegroundRole(MUTED)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        for widget in (self.place, self.table, hint):
            layout.addWidget(widget)
        self.table.itemActivated.connect(self._go)
        session.pointer.cursor_changed.connect(self._follow)
        session.changed.exposures.connect(self._show)
        session.changed.chosen.connect(self._show)
        self._show()
        lines = min(max(self.table.rowCount(), 2), 12)
        self.resize(660, 96 + columns.sizeHint().height() + lines * rows.defaultSectionSize())

    def _follow(self) -> None:
        """Show where the cursor is; when the mouse leaves the views, what was shown last stays."""
        cursor = self._session.pointer.cursor
        if cursor is not None and math.isfinite(cursor.ra):
            self._place = cursor
            self._show()

    def _show(self) -> None:
        self.place.setText(_tell(self._place) if self._place else "Point at the sky image or at a pixel of a slice")
        self._shown = self._session.pointer.elsewhere(self._place) if self._place else ()
        names = short_names([e.view.name for e in self._shown])
        self.table.setRowCount(len(self._shown))
        for row, (name, found) in enumerate(zip(names, self._shown, strict=True)):
            self._fill(row, name, found)

    def _fill(self, row: int, name: str, found: Elsewhere) -> None:
        cursor, view = found.cursor, found.view
        texts = [name, "", "", "", "", "", "not covered by this exposure"]
        if cursor.pixel is not None:
            x, y = cursor.pixel
            alpha = f"{cursor.alpha:z.2f}".replace("-", "−")
            value = with_unit(float(view.sci[y, x]), view.unit)
            texts = [name, str(cursor.number), str(x), str(y), alpha, value, dq_names(cursor.dq or 0)]
        for column, text in enumerate(texts):
            item = self.table.item(row, column)
            if item is None:
                item = QTableWidgetItem()
                if column in _NUMBERS:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(row, column, item)
            item.setText(text)
            font = item.font()
            font.setBold(view is self._session.state.current)
            item.setFont(font)

    def _go(self, item: QTableWidgetItem) -> None:
        self._session.pointer.go_to(self._shown[item.row()].cursor)


def toggle_dithers(session: Session, window: QWidget) -> None:
    """Open the window at the lower left of another, where it hides no plot; close it when it is open."""
    known = window.findChild(DithersWindow)
    if known is not None:
        known.close()
        return
    made = DithersWindow(session, window)
    made.move(window.mapToGlobal(QPoint(12, window.height() - made.height() - 44)))
    made.show()


def _tell(place: Cursor) -> str:
    parts = []
    if math.isfinite(place.wavelength):
        parts.append(f"λ {place.wavelength:.4f} µm")
    if math.isfinite(place.ra):
        parts.append(f"RA {place.ra:.6f}° Dec {place.dec:+.6f}°".replace("-", "−"))
    return "   ".join(parts)
