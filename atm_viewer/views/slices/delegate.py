"""Painting and editing of the slice table's cells."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QAbstractItemModel, QModelIndex, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QPainter, QPalette, QPen
from PyQt6.QtWidgets import (
    QComboBox,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from atm_viewer.engine.recipe import PARAMETERS
from atm_viewer.views.slices.cells import COLUMNS, SliceRow, bar_length, cell_text
from atm_viewer.views.slices.model import ROW, SliceModel, alignment

#: Columns with bars, and the widest usual text beside them.
_TEXTS = {"peak": "88888", "used": "100"}


class SliceDelegate(QStyledItemDelegate):
    """Paints peak and used share as bars, overrides in bold, and the cell that keys act on.

    Parameters
    ----------
    view : QTableView
        The table.
    rows : SliceModel
        Gives theme and scale.
    put : callable
        Takes the index of a cell and what was typed into it.
    """

    def __init__(self, view: QTableView, rows: SliceModel, put: Callable[[QModelIndex, str], None]):
        super().__init__(view)
        self._view = view
        self._rows = rows
        self._put = put

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        """Measure what is bold or italic as such."""
        super().initStyleOption(option, index)
        row = index.data(ROW)
        if option is not None and row is not None:
            parameter = COLUMNS[index.column()].parameter
            option.font.setBold(parameter in row.overridden)
            option.font.setItalic(parameter in row.of_regions and parameter not in row.overridden)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Paint a cell, as the style does, which asks Python for every part so slowly that opening would be felt."""
        if painter is None:
            return
        column, row, theme = COLUMNS[index.column()], index.data(ROW), self._rows.theme
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen:
            active = bool(option.state & QStyle.StateFlag.State_Active)
            group = QPalette.ColorGroup.Normal if active else QPalette.ColorGroup.Inactive
            painter.fillRect(option.rect, option.palette.brush(group, QPalette.ColorRole.Highlight))
        if column.name in _TEXTS and row.report is not None:
            self._paint_bars(painter, option, column.name, row, chosen)
        if text := cell_text(row, column):
            overridden, of_region = column.parameter in row.overridden, column.parameter in row.of_regions
            if overridden or of_region:
                font = QFont(option.font)
                font.setBold(overridden)
                font.setItalic(not overridden)
                painter.setFont(font)
            else:
                painter.setFont(option.font)
            if not chosen:
                colour = self._rows.colour(row, column.name) or option.palette.color(QPalette.ColorRole.Text)
            elif overridden or of_region:
                colour = QColor(theme.highlight_accent)
            else:
                colour = option.palette.color(QPalette.ColorRole.HighlightedText)
            painter.setPen(colour)
            inside = option.rect.adjusted(3, 0, -4, 0)
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, inside.width())
            painter.drawText(inside, alignment(column.name), shown)
        if column.name == "number" and row.feeds:
            self._paint_dot(painter, option)
        if index == self._view.currentIndex() and self._view.hasFocus():
            painter.setPen(QPen(QColor(theme.highlight_text), 1.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5))

    def createEditor(self, parent: QWidget | None, option: QStyleOptionViewItem, index: QModelIndex) -> QWidget | None:
        """Offer a list where there are few values."""
        name = COLUMNS[index.column()].parameter
        if not name or PARAMETERS[name].kind != "choice":
            return super().createEditor(parent, option, index)
        box = QComboBox(parent)
        box.addItems(PARAMETERS[name].choices)
        box.activated.connect(lambda: self._finish(box))
        return box

    def _finish(self, box: QComboBox) -> None:
        self.commitData.emit(box)
        self.closeEditor.emit(box)

    def setEditorData(self, editor: QWidget | None, index: QModelIndex) -> None:
        """Show the value, but for one that is being typed: a report that arrives meanwhile does not take it away."""
        if not (isinstance(editor, QLineEdit) and editor.isModified()):
            super().setEditorData(editor, index)

    def setModelData(self, editor: QWidget | None, model: QAbstractItemModel | None, index: QModelIndex) -> None:
        """Take what was typed, if anything was."""
        if isinstance(editor, QLineEdit) and editor.isModified():
            self._put(index, editor.text())
        elif isinstance(editor, QComboBox):
            self._put(index, editor.currentText())

    def _paint_dot(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        """Mark a slice that feeds the active spaxel."""
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        theme, size = self._rows.theme, 6.0
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.highlight_text if chosen else theme.text))
        painter.drawEllipse(QPointF(option.rect.left() + size, option.rect.center().y() + 0.5), size / 2, size / 2)
        painter.restore()

    def _paint_bars(
        self, painter: QPainter, option: QStyleOptionViewItem, name: str, row: SliceRow, chosen: bool
    ) -> None:
        """Paint a bar beside the text, not behind it: bar and threshold would make the number hard to read."""
        assert row.report is not None
        room = option.fontMetrics.horizontalAdvance(_TEXTS[name]) + 8
        box = QRectF(option.rect).adjusted(3, 4, -room, -4)
        if name == "peak":
            self._paint_bar(painter, box, bar_length(row.report.peak, self._rows.scale), not row.without, chosen)
            self._paint_threshold(painter, box, row.threshold, chosen)
        else:
            self._paint_bar(painter, box, row.report.used, True, chosen)

    def _paint_bar(self, painter: QPainter, box: QRectF, length: float, splines: bool, chosen: bool) -> None:
        theme = self._rows.theme
        colour = QColor(theme.highlight_text if chosen else theme.after if splines else theme.disabled)
        colour.setAlpha((190 if splines else 90) if chosen else 190)
        painter.fillRect(QRectF(box.left(), box.top(), length * box.width(), box.height()), colour)

    def _paint_threshold(self, painter: QPainter, box: QRectF, threshold: float, chosen: bool) -> None:
        place = bar_length(threshold, self._rows.scale)
        if place > 0:
            theme = self._rows.theme
            x = box.left() + place * box.width()
            painter.setPen(QPen(QColor(theme.highlight_accent if chosen else theme.threshold), 2.0))
            painter.drawLine(QPointF(x, box.top() - 2), QPointF(x, box.bottom() + 2))
