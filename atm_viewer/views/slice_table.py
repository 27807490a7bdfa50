"""The slices of the chosen exposure: how each was fitted, and the parameters to tune it by."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from PyQt6.QtCore import QAbstractTableModel, QModelIndex, QPoint, QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPalette, QPen, QResizeEvent
from PyQt6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from atm_viewer.engine.errors import UserError
from atm_viewer.engine.reports import SliceReport
from atm_viewer.session.names import slice_state
from atm_viewer.session.parameters import PARAMETERS, TO, format_value, parse_value
from atm_viewer.session.session import Session
from atm_viewer.views.theme import DARK, Theme


@dataclass(frozen=True)
class Column:
    """A column: its heading (name over unit), tooltip, widest usual text, and the parameter it edits if it does."""

    name: str
    heading: str
    tip: str
    widest: str
    parameter: str = ""


def _editable(heading: str, widest: str, parameter: str) -> Column:
    tip = f"{PARAMETERS[parameter].tooltip}<br>Double click to give this slice a value of its own; empty inherits."
    return Column(parameter, heading, tip, widest, parameter)


COLUMNS = (
    Column("number", "Slice\n", "Number of the slice in the region map; in MIRI the hundreds are the channel", "112"),
    Column(
        "peak",
        "Peak\n[{unit}]",
        "Peak of the collapsed profile (median over wavelength), drawn in decades against the slice's threshold (the "
        "upright line)",
        "888888.88",
    ),
    _editable("Thr.\n[σ]", "88.8", "fit_threshold"),
    _editable("Slope\nlimit", "0.88", "slope_limit"),
    _editable("Win.\n[col]", "88", "window"),
    _editable("Bkpt\n", "88", "breakpoints"),
    _editable("Use range\n[″]", "-1.88…-0.88", "use"),
    Column("used", "Used\n[%]", "Share of the slice's valid oversampled pixels where the spline is used", "100"),
    Column("state", "State\n", "What was decided for the slice", "too few points"),
)

# Asked for every cell at every painting; joining flags takes Python long.
_FIXED = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
_EDITABLE = _FIXED | Qt.ItemFlag.ItemIsEditable
_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
_NOWHERE = QModelIndex()
_THRESHOLD = next(i for i, column in enumerate(COLUMNS) if column.name == "fit_threshold")
_USE = next(i for i, column in enumerate(COLUMNS) if column.name == "use")


class SliceModel(QAbstractTableModel):
    """Rows of the slice table: one per slice of the chosen exposure, ascending.

    Parameters
    ----------
    session : Session
        Gives slices, report and recipe, and takes edits.
    """

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        self.theme = DARK
        self._slices: tuple[int, ...] = ()
        self._reports: dict[int, SliceReport] = {}
        self._overridden: dict[int, dict[str, str | None]] = {}
        self._state: tuple = (None, None, None)
        session.exposures_changed.connect(self._renew)
        session.chosen_changed.connect(self._renew)
        session.report_changed.connect(self._renew)
        session.recipe_changed.connect(self._renew)
        self._renew()

    def _renew(self) -> None:
        slices, report = self._session.slices, self._session.report
        state = (self._session.current, report, self._session.recipe)
        if all(new is old for new, old in zip(state, self._state, strict=True)):
            return
        self._state = state
        self._overridden = {o.number: self._session.overridden(o.number) for o in self._session.recipe.overrides}
        self._reports = {s.number: s for s in report.slices} if report else {}
        if slices != self._slices:
            self.beginResetModel()
            self._slices = slices
            self.endResetModel()
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)
        elif slices:
            self.refresh()

    def refresh(self) -> None:
        """Let the view paint all cells anew."""
        self.dataChanged.emit(self.index(0, 0), self.index(len(self._slices) - 1, len(COLUMNS) - 1))

    def row_of(self, number: int) -> int:
        """Row of a slice; -1 for an unknown one."""
        return self._slices.index(number) if number in self._slices else -1

    def number_at(self, row: int) -> int:
        """Slice of a row."""
        return self._slices[row]

    def report_at(self, row: int) -> SliceReport | None:
        """Report on the slice of a row, once there is one."""
        return self._reports.get(self._slices[row])

    @property
    def top_peak(self) -> float:
        """Highest peak of all slices, the right end of the bars."""
        return max((s.peak for s in self._reports.values() if math.isfinite(s.peak)), default=1.0)

    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        """Count the slices."""
        return 0 if parent.isValid() else len(self._slices)

    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:
        """Count the columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Give headings with units, and tooltips in the pipeline's terms."""
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                view = self._session.current
                return COLUMNS[section].heading.format(unit=view.unit if view else "MJy/sr")
            if role == Qt.ItemDataRole.ToolTipRole:
                return f"<p>{COLUMNS[section].tip}</p>"
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Allow edits of the parameters; not of those that ``psf_optimal`` ignores."""
        parameter = COLUMNS[index.column()].parameter
        ignored = self._session.recipe.psf_optimal and parameter in ("fit_threshold", "slope_limit")
        return _EDITABLE if parameter and not ignored else _FIXED

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Give texts, tooltips, colours: accent for overrides, grey for slices below their threshold."""
        number, column = self._slices[index.row()], COLUMNS[index.column()]
        report = self._reports.get(number)
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return self._text(number, column, report)
            case Qt.ItemDataRole.ToolTipRole:
                return f"<p>{self._tip(number, column, report)}</p>"
            case Qt.ItemDataRole.ForegroundRole:
                return self._colour(number, column, report)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _LEFT if column.name in ("state", "use") else _RIGHT
        return None

    def setData(self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Take what was typed; what cannot be meant is told and changes nothing."""
        if role != Qt.ItemDataRole.EditRole:
            return False
        number, column = self._slices[index.row()], COLUMNS[index.column()]
        text = str(value).strip()
        if text == self._text(number, column, self._reports.get(number)):
            return False
        try:
            self._session.edit_slice(number, column.parameter, parse_value(column.parameter, text))
        except UserError as error:
            self._session.tell("warning", str(error))
            return False
        return True

    def is_overridden(self, index: QModelIndex) -> bool:
        """Whether the slice has a value of its own."""
        return COLUMNS[index.column()].parameter in self._overridden.get(self._slices[index.row()], ())

    def _text(self, number: int, column: Column, report: SliceReport | None) -> str:
        if column.parameter:
            value = getattr(self._session.params(number), column.parameter)
            if value is None and report is not None:
                if column.name == "use":
                    return ", ".join(f"{low:.2f}{TO}{high:.2f}" for low, high in report.compact)
                value = getattr(report, column.name, None)
            return format_value(column.parameter, value)
        match column.name:
            case "number":
                return str(number)
            case "peak":
                return format_peak(report.peak) if report else ""
            case "used":
                return f"{100 * report.used:.0f}" if report else ""
            case _:
                return slice_state(report) if report else ""

    def _tip(self, number: int, column: Column, report: SliceReport | None) -> str:
        if column.parameter:
            found = self._overridden.get(number, {})
            if column.parameter not in found:
                return f"{column.tip}<br>Inherited: {self._text(number, column, report) or 'nowhere'}."
            return f"{column.tip}<br><b>Set for this slice</b> of {found[column.parameter] or 'all exposures'}."
        if report is None:
            return column.tip
        if column.name == "peak":
            unit = self._session.current.unit if self._session.current else ""
            return f"Peak {report.peak:.4g} {unit}, threshold {report.threshold:.4g} {unit}.<br>{column.tip}."
        return f"{report.reason}<br>{column.tip}."

    def _colour(self, number: int, column: Column, report: SliceReport | None) -> QColor | None:
        if column.parameter in self._overridden.get(number, ()):
            return QColor(self.theme.accent)
        if report is not None and not report.fitted + report.reused:
            return QColor(self.theme.disabled)
        inherited = {"window": "window", "breakpoints": "breakpoints", "use": "use"}
        return QColor(self.theme.muted) if column.name in inherited else None


def format_peak(value: float) -> str:
    """Write a peak in at most five characters or so: 0.052, 12.3, 7810, 2.4e5."""
    if not math.isfinite(value):
        return "—"
    if value == 0 or 0.01 <= abs(value) < 1e5:
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:.1e}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")


def bar_lengths(peak: float, threshold: float, top: float) -> tuple[float, float | None]:
    """Lengths of the peak's bar and of the threshold's mark, 0 to 1, on a scale of decades.

    Parameters
    ----------
    peak, threshold : float
        In the same unit; a threshold of ``-inf`` has no mark.
    top : float
        Value at the right end.

    Returns
    -------
    bar : float
    mark : float or None
        The scale begins a decade below the threshold, so that marks of equal thresholds stand in line.
    """
    if not math.isfinite(threshold) or threshold <= 0:
        mark, low = None, top * 1e-4
    else:
        low = threshold / 10
        mark = 1 / max(1.0, math.log10(max(top, threshold) / low))
    if not peak > low or not top > low:
        return 0.0, mark
    return min(1.0, math.log10(peak / low) / math.log10(top / low)), mark


class SliceDelegate(QStyledItemDelegate):
    """Paints cells: the peak as a bar, overrides bold, colours kept in the chosen row."""

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        """Keep the accent of overrides in the chosen row too."""
        super().initStyleOption(option, index)
        model = index.model()
        if option is None or not isinstance(model, SliceModel):
            return
        if model.is_overridden(index):
            option.font.setBold(True)
            option.palette.setColor(QPalette.ColorRole.HighlightedText, QColor("#ffe2a8"))

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Paint the bar below the peak's text."""
        model = index.model()
        if painter is not None and isinstance(model, SliceModel) and COLUMNS[index.column()].name == "peak":
            chosen = bool(option.state & option.state.__class__.State_Selected)
            if chosen:
                painter.fillRect(option.rect, option.palette.color(QPalette.ColorRole.Highlight))
            self._paint_bar(painter, option, model, index.row(), chosen)
            colour = index.data(Qt.ItemDataRole.ForegroundRole) or option.palette.color(QPalette.ColorRole.Text)
            painter.setPen(option.palette.color(QPalette.ColorRole.HighlightedText) if chosen else colour)
            painter.setFont(option.font)
            painter.drawText(
                option.rect.adjusted(2, 0, -4, 0),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
                str(index.data()),
            )
            return
        super().paint(painter, option, index)

    def _paint_bar(
        self, painter: QPainter, option: QStyleOptionViewItem, model: SliceModel, row: int, chosen: bool
    ) -> None:
        report = model.report_at(row)
        if report is None or not math.isfinite(report.peak):
            return
        bar, mark = bar_lengths(report.peak, report.threshold, model.top_peak)
        box = QRectF(option.rect).adjusted(2, 3, -2, -3)
        colour = QColor(model.theme.after if report.fitted + report.reused else model.theme.disabled)
        colour.setAlpha(150 if chosen else 95)
        painter.fillRect(QRectF(box.left(), box.top(), bar * box.width(), box.height()), colour)
        if mark is not None:
            x = box.left() + mark * box.width()
            painter.setPen(QPen(QColor(model.theme.threshold), 1.5))
            painter.drawLine(QPointF(x, box.top() - 2), QPointF(x, box.bottom() + 2))


class SliceTable(QTableView):
    """Table of the slices; the chosen row is the session's slice.

    Parameters
    ----------
    session : Session
        Gives slices and takes choice and edits.
    """

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        self.rows = SliceModel(session)
        self.setModel(self.rows)
        self.setItemDelegate(SliceDelegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        trigger = QAbstractItemView.EditTrigger
        self.setEditTriggers(trigger.DoubleClicked | trigger.EditKeyPressed | trigger.AnyKeyPressed)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 0.92)
        self.setFont(font)
        self._lay_out()
        selection = self.selectionModel()
        assert selection is not None
        selection.currentRowChanged.connect(self._choose)
        session.chosen_changed.connect(self._mark)
        session.exposures_changed.connect(self._mark)
        self._mark()

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self.rows.theme = theme
        self.rows.refresh()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Edit with Return (the threshold where the cell itself cannot be edited), inherit with Delete."""
        index = self.currentIndex()
        key = event.key() if event is not None and index.isValid() else 0
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._inherit(index)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.state() != self.State.EditingState:
            column = index.column() if COLUMNS[index.column()].parameter else _THRESHOLD
            self.setCurrentIndex(index.siblingAtColumn(column))
            if self.currentIndex().flags() & Qt.ItemFlag.ItemIsEditable:
                self.edit(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Give room to spare to the use ranges, which may be many."""
        super().resizeEvent(event)
        viewport = self.viewport()
        spare = viewport.width() - sum(self._widths) if viewport is not None else 0
        self.setColumnWidth(_USE, self._widths[_USE] + max(0, spare))

    def sizeHint(self) -> QSize:
        """Wide enough for all columns but the end of the last one."""
        width = sum(self._widths)
        bar = self.verticalScrollBar()
        return QSize(width + 2 * self.frameWidth() + (bar.sizeHint().width() if bar is not None else 0), 300)

    def _lay_out(self) -> None:
        metrics = self.fontMetrics()
        bold = self.font()
        bold.setBold(True)
        widest = QFontMetrics(bold)  # overrides are bold
        header, rows = self.horizontalHeader(), self.verticalHeader()
        assert header is not None
        assert rows is not None
        header.setFont(self.font())
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignCenter)
        header.setMinimumSectionSize(20)
        header.setStretchLastSection(True)
        header.setSectionsClickable(False)
        header.setHighlightSections(False)
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(metrics.height() + 5)
        self._widths = []
        for column, info in enumerate(COLUMNS):
            lines = info.heading.format(unit="MJy/sr").split("\n")
            heading = max(metrics.horizontalAdvance(line) for line in lines)
            self._widths.append(max(heading + 9, widest.horizontalAdvance(info.widest) + 7))
            last = column == len(COLUMNS) - 1  # takes what the others leave, though less than it would like
            self.setColumnWidth(column, self._widths[-1] * (2 if last else 3) // 3)

    def _mark(self) -> None:
        row = self.rows.row_of(self._session.number)
        if row >= 0 and row != self.currentIndex().row():
            index = self.rows.index(row, max(0, self.currentIndex().column()))
            self.setCurrentIndex(index)
            self.scrollTo(index)

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self._session.select_slice(self.rows.number_at(index.row()))

    def _inherit(self, index: QModelIndex) -> None:
        parameter = COLUMNS[index.column()].parameter
        if parameter:
            self._session.edit_slice(self.rows.number_at(index.row()), parameter, None)

    def _show_menu(self, place: QPoint) -> None:
        index = self.indexAt(place)
        if not index.isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        number, parameter = self.rows.number_at(index.row()), COLUMNS[index.column()].parameter
        if parameter:
            edit = menu.addAction(f"Change {PARAMETERS[parameter].label}…", lambda: self.edit(index))
            inherit = menu.addAction(f"Inherit {PARAMETERS[parameter].label}", lambda: self._inherit(index))
            assert edit is not None
            assert inherit is not None
            edit.setEnabled(bool(index.flags() & Qt.ItemFlag.ItemIsEditable))
            inherit.setEnabled(self.rows.is_overridden(index))
        reset = menu.addAction(f"Reset slice {number}", lambda: self._session.reset_slices((number,)))
        assert reset is not None
        reset.setEnabled(bool(self._session.overridden(number)))
        viewport = self.viewport()
        assert viewport is not None
        menu.popup(viewport.mapToGlobal(place))
