"""Table of the chosen exposure's slices: their fits and parameters."""

from __future__ import annotations

from PyQt6.QtCore import QItemSelectionModel, QModelIndex, QPoint, QPointF, QRect, QSize, Qt
from PyQt6.QtGui import (
    QContextMenuEvent,
    QFontMetrics,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPolygonF,
    QResizeEvent,
)
from PyQt6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView

from atm_viewer.engine.recipe import PARAMETERS
from atm_viewer.session.names import count
from atm_viewer.session.session import Session
from atm_viewer.views.base.paint_turns import TakesTurns
from atm_viewer.views.base.theme import Theme
from atm_viewer.views.slices.cells import AT, COLUMNS, RARE
from atm_viewer.views.slices.delegate import SliceDelegate
from atm_viewer.views.slices.filter import SliceFilter
from atm_viewer.views.slices.model import ROW, SliceModel

_THRESHOLD = AT["fit_threshold"]
#: Columns that take what room is to spare.
_ELASTIC = ("peak", "use", "state")
#: Columns that a table which asks for its size shows in full.
_WANTED = AT["state"] + 1
_SEPARATOR = 6  #: between panels, which take it out of the room that each gets [dots]
_Key = Qt.Key
_Flag = QItemSelectionModel.SelectionFlag
_ROW = _Flag.ClearAndSelect | _Flag.Rows


class SliceHeader(QHeaderView):
    """Headings; a small triangle at the upper edge marks the column that rows are sorted by."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setDefaultAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setMinimumSectionSize(20)
        self.setSortIndicator(0, Qt.SortOrder.AscendingOrder)

    def paintSection(self, painter: QPainter | None, rect: QRect, logicalIndex: int) -> None:
        """Paint a heading; Qt's own mark would cover narrow ones."""
        if painter is None:
            return
        self.setSortIndicatorShown(False)
        painter.save()
        super().paintSection(painter, rect, logicalIndex)
        painter.restore()
        if logicalIndex == self.sortIndicatorSection():
            up = self.sortIndicatorOrder() == Qt.SortOrder.AscendingOrder
            x, top, bottom = rect.center().x() + 0.5, rect.top() + 1.0, rect.top() + 4.5
            tip, base = (top, bottom) if up else (bottom, top)
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.palette().text())
            painter.drawPolygon(QPolygonF([QPointF(x - 4, base), QPointF(x + 4, base), QPointF(x, tip)]))
            painter.restore()


class SliceTable(TakesTurns, QTableView):
    """Table of the slices; the current row is the session's slice, edits apply to all selected rows.

    Parameters
    ----------
    session : Session
        Gives slices and takes choice and edits.
    """

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        self.rows = SliceModel(session)
        self.shown = SliceFilter(self.rows)
        self._moving = False
        # Before the view hears of it: rows that go take the current one along, which is not the user's choice.
        self.shown.rowsAboutToBeRemoved.connect(self._hold)
        self.shown.modelAboutToBeReset.connect(self._hold)
        self.setModel(self.shown)
        self.setItemDelegate(SliceDelegate(self, self.rows, self._put))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        trigger = QAbstractItemView.EditTrigger
        self.setEditTriggers(trigger.DoubleClicked | trigger.EditKeyPressed | trigger.AnyKeyPressed)
        self.setAccessibleName("Slices")
        self.setTabKeyNavigation(False)  # Tab leads out of the table
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 0.92)
        self.setFont(font)
        self.setHorizontalHeader(SliceHeader())
        self.take_turns()
        self._lay_out()
        for name in RARE:
            self.setColumnHidden(AT[name], True)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        selection = self.selectionModel()
        assert selection is not None
        selection.currentRowChanged.connect(self._choose)
        for changed in (self.shown.rowsRemoved, self.shown.rowsInserted, self.shown.modelReset):
            changed.connect(self._settle)
        session.changed.chosen.connect(self._mark)
        session.changed.exposures.connect(self._mark)
        self._has_tuned = False
        self.rows.dataChanged.connect(self._show_tuned)
        self.rows.modelReset.connect(self._show_tuned)
        self._mark()

    def numbers(self) -> tuple[int, ...]:
        """Slices that an edit applies to, ascending: those selected, else the session's."""
        selection = self.selectionModel()
        rows = selection.selectedRows() if selection is not None else []
        chosen = tuple(sorted(index.data(ROW).number for index in rows))
        return chosen or ((self._session.state.number,) if self._session.state.current is not None else ())

    def cell(self, number: int, name: str) -> QModelIndex:
        """Index of a slice's cell among the rows shown; invalid when the slice is filtered out."""
        row = self.rows.row_of(number)
        return self.shown.mapFromSource(self.rows.index(row, AT[name])) if row >= 0 else QModelIndex()

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self.rows.theme = theme
        self.rows.refresh()

    def filter(self, text: str, quick: frozenset[str]) -> None:
        """Show some slices only, see `SliceFilter.show_only`."""
        self.shown.show_only(text, quick)
        self._settle()

    # Keys and mouse

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Edit with Return and F2, inherit with Delete, add to the selection with Space, leave it with Escape."""
        index = self.currentIndex()
        key = event.key() if event is not None and index.isValid() else 0
        editing = self.state() == self.State.EditingState
        selection = self.selectionModel()
        if editing or selection is None:
            super().keyPressEvent(event)
        elif key in (_Key.Key_Delete, _Key.Key_Backspace):
            self._inherit(index)
        elif key in (_Key.Key_Return, _Key.Key_Enter, _Key.Key_F2):
            self._edit(index)
        elif key == _Key.Key_Space:
            selection.select(index, _Flag.Toggle | _Flag.Rows)
        elif key == _Key.Key_Escape and len(selection.selectedRows()) > 1:
            selection.select(index, _ROW)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        """Offer what can be done with the selected slices."""
        viewport = self.viewport()
        if event is None or viewport is None:
            return
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        place = self.visualRect(self.currentIndex()).center() if by_key else event.pos()
        index = self.indexAt(place)
        if index.isValid():
            self._make_menu(index).popup(viewport.mapToGlobal(place))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Give room to spare to columns with long texts."""
        super().resizeEvent(event)
        self._share_room()

    def sizeHint(self) -> QSize:
        """Wide enough for the columns that matter most."""
        width = sum(self._widths[:_WANTED])
        bar = self.verticalScrollBar()
        width += 2 * self.frameWidth() + (bar.sizeHint().width() if bar is not None else 0)
        return QSize(width + _SEPARATOR, 300)

    # Choice

    def _mark(self) -> None:
        """Make the session's slice the current row; no row when it is filtered out."""
        selection = self.selectionModel()
        assert selection is not None
        index = self.cell(self._session.state.number, COLUMNS[max(0, self.currentIndex().column())].name)
        if not index.isValid():
            selection.clear()  # Qt made a neighbour the current one, which the user did not choose
        elif index.row() != self.currentIndex().row():
            self.setCurrentIndex(index)
            selection.select(index, _ROW)  # Qt adds it to the selection while Ctrl or Shift is held, as for a shortcut
            self.scrollTo(index)
        elif not selection.hasSelection():
            selection.select(index, _ROW)

    def _choose(self, index: QModelIndex) -> None:
        # The row of the slice that is chosen already is the session's choice, not the user's.
        if index.isValid() and not self._moving and index.data(ROW).number != self._session.state.number:
            self._session.look.select_slice(index.data(ROW).number)

    def _hold(self) -> None:
        self._moving = True

    def _settle(self) -> None:
        self._moving = True
        self._mark()
        self._moving = False

    def _show_tuned(self) -> None:
        """Show the column of what was tuned as long as there is something in it; in between the user may hide it."""
        tuned = any(row.tuned is not None for row in self.rows.rows)
        if tuned != self._has_tuned:
            self._has_tuned = tuned
            self.show_column(AT["tuned"], tuned)

    # Edits

    def _put(self, index: QModelIndex, text: str) -> None:
        selection = self.selectionModel()
        number = index.data(ROW).number
        together = selection is not None and selection.isRowSelected(index.row(), QModelIndex())
        self.rows.put(self.numbers() if together else (number,), COLUMNS[index.column()].parameter, text)

    def _edit(self, index: QModelIndex) -> None:
        """Edit a cell for all selected rows; the threshold where the cell itself cannot be edited."""
        target = index.siblingAtColumn(index.column() if COLUMNS[index.column()].parameter else _THRESHOLD)
        selection = self.selectionModel()
        if selection is not None and target.flags() & Qt.ItemFlag.ItemIsEditable:
            selection.setCurrentIndex(target, _Flag.NoUpdate)
            self.scrollTo(target)
            self.edit(target)

    def _inherit(self, index: QModelIndex) -> None:
        parameter = COLUMNS[index.column()].parameter
        if parameter:
            self._session.recipes.edit_slices(self.numbers(), parameter, None)

    # Menus

    def _make_menu(self, index: QModelIndex) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        numbers, parameter = self.numbers(), COLUMNS[index.column()].parameter
        menu.addSection(f"Slice {numbers[0]}" if len(numbers) == 1 else count(len(numbers), "slice"))
        if parameter:
            label = PARAMETERS[parameter].label
            edit = menu.addAction(f"Override {label}…", lambda: self._edit(index))
            inherit = menu.addAction(f"Remove override of {label}", lambda: self._inherit(index))
            assert edit is not None
            assert inherit is not None
            edit.setToolTip(PARAMETERS[parameter].tooltip)
            edit.setEnabled(bool(index.flags() & Qt.ItemFlag.ItemIsEditable))
            inherit.setToolTip("Remove the override of the selected slices (Delete)")
            inherit.setEnabled(any(parameter in self._session.state.overridden(n) for n in numbers))
            menu.addSeparator()
        menu.addActions(self.actions())
        menu.addMenu(self._beyond_menu(menu))
        menu.addSeparator()
        menu.addMenu(self._sort_menu(menu))
        menu.addMenu(self._columns_menu(menu))
        select = menu.addAction("Select All", self.selectAll)
        assert select is not None
        select.setToolTip(f"Select all slices in the table ({QKeySequence('Ctrl+A').toString()})")
        return menu

    def _beyond_menu(self, parent: QMenu) -> QMenu:
        """Options that the pipeline does not have, for the chosen slices."""
        menu, numbers = QMenu("Beyond the Pipeline", parent), self.numbers()
        menu.setToolTipsVisible(True)
        for p in PARAMETERS.values():
            if not (p.beyond and p.of_slice):
                continue
            for beyond in (choice for choice in p.choices if choice != p.default):
                action = menu.addAction(f"{p.title}: {beyond}")
                assert action is not None
                action.setToolTip(p.tooltip)
                action.setCheckable(True)
                action.setChecked(all(getattr(self._session.state.params(n), p.name) == beyond for n in numbers))
                action.setEnabled(not self._session.state.recipe.ignores(p.name))
                action.toggled.connect(
                    lambda on, p=p, beyond=beyond: self._session.recipes.edit_slices(
                        numbers, p.name, beyond if on else p.default
                    )
                )
        return menu

    def _sort_menu(self, parent: QMenu) -> QMenu:
        menu, header = QMenu("Sort By", parent), self.horizontalHeader()
        assert header is not None
        for i, column in enumerate(COLUMNS):
            action = menu.addAction(column.title.capitalize(), lambda i=i: self._sort_by(i))
            assert action is not None
            action.setCheckable(True)
            action.setChecked(i == header.sortIndicatorSection())
        return menu

    def _sort_by(self, column: int) -> None:
        """Sort by a column; the other way round when it is sorted by it already."""
        header = self.horizontalHeader()
        assert header is not None
        order = Qt.SortOrder.AscendingOrder
        if column == header.sortIndicatorSection() and header.sortIndicatorOrder() == order:
            order = Qt.SortOrder.DescendingOrder
        self.sortByColumn(column, order)

    def _columns_menu(self, parent: QMenu) -> QMenu:
        menu = QMenu("Columns", parent)
        for i, column in enumerate(COLUMNS[1:], 1):
            action = menu.addAction(column.title.capitalize())
            assert action is not None
            action.setCheckable(True)
            action.setChecked(not self.isColumnHidden(i))
            action.toggled.connect(lambda on, i=i: self.show_column(i, on))
        return menu

    def show_column(self, column: int, shown: bool) -> None:
        """Show or hide a column."""
        self.setColumnHidden(column, not shown)
        self._share_room()

    def _show_columns_menu(self, place: QPoint) -> None:
        header = self.horizontalHeader()
        assert header is not None
        menu = self._columns_menu(QMenu(self))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(header.mapToGlobal(place))

    # Widths

    def _lay_out(self) -> None:
        metrics = self.fontMetrics()
        bold = self.font()
        bold.setBold(True)
        widest = QFontMetrics(bold)  # overrides are bold
        header, rows = self.horizontalHeader(), self.verticalHeader()
        assert header is not None
        assert rows is not None
        header.setFont(self.font())
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._show_columns_menu)
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(metrics.height() + 5)
        self._widths = []
        for column, info in enumerate(COLUMNS):
            lines = info.heading.format(unit="MJy/sr").split("\n")
            heading = max(metrics.horizontalAdvance(line) for line in lines)
            text = (widest if info.parameter else metrics).horizontalAdvance(info.widest)
            self._widths.append(max(heading + 9, text + 7))
            self.setColumnWidth(column, self._widths[-1])

    def _share_room(self) -> None:
        viewport = self.viewport()
        shown = [i for i in range(len(COLUMNS)) if not self.isColumnHidden(i)]
        spare = viewport.width() - sum(self._widths[i] for i in shown) if viewport is not None else 0
        elastic = [AT[name] for name in _ELASTIC if AT[name] in shown]
        for column in elastic:
            self.setColumnWidth(column, self._widths[column] + max(0, spare) // len(elastic))
