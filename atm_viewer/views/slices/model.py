"""The slices of the chosen exposure as rows of a table model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PyQt6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PyQt6.QtGui import QColor

from atm_viewer.engine.errors import UserError
from atm_viewer.engine.recipe import PARAMETERS, Recipe
from atm_viewer.engine.results.correction import CorrectionReport
from atm_viewer.engine.results.exposure_view import ExposureView
from atm_viewer.session.edits.typed_values import parse_value
from atm_viewer.session.session import Session
from atm_viewer.views.base.theme import DARK
from atm_viewer.views.slices.cells import AT, COLUMNS, SliceRow, cell_text, cell_tip, peak_scale

#: Gives the `SliceRow` of an index, through proxies too.
ROW = Qt.ItemDataRole.UserRole

# Asked for every cell at every painting; joining flags takes Python long.
_FIXED = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
_EDITABLE = _FIXED | Qt.ItemFlag.ItemIsEditable
_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
#: Changed rows up to which every cell is painted alone.
_FEW = 2
_NOWHERE = QModelIndex()
#: Parameters whose inherited value follows from mode or fit.
_FOLLOWING = frozenset(name for name, p in PARAMETERS.items() if p.default is None or p.kind == "choice")
#: Columns whose texts are words and ranges rather than numbers.
_WORDS = frozenset({"state", *(name for name, p in PARAMETERS.items() if p.kind in ("range", "ranges"))})


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
        self.scale = (0.1, 1.0)
        self._rows: tuple[SliceRow, ...] = ()
        self._state: tuple[ExposureView | None, CorrectionReport | None, Recipe | None] = (None, None, None)
        self._feeding: tuple[int, ...] = ()
        self._level: tuple[int, tuple[float, float]] | None = None
        session.changed.exposures.connect(self._renew)
        session.changed.chosen.connect(self._renew)
        session.changed.report.connect(self._renew)
        session.changed.recipe.connect(self._renew)
        session.changed.places.connect(self._renew)
        session.changed.sky.connect(self._renew)
        session.changed.profile.connect(self._renew)  # it knows what makes thresholds
        self._renew()

    def _renew(self) -> None:
        """Take the session's state over; only rows that look different are painted anew."""
        session = self._session
        level = self._known_level()
        state = (session.state.current, session.answers.report, session.state.recipe)
        chosen = session.state.chosen_exposure
        feeding = session.answers.feeding(chosen) if chosen is not None else ()
        same = level == self._level and feeding == self._feeding
        if same and all(new is old for new, old in zip(state, self._state, strict=True)):
            return
        self._state, self._level, self._feeding = state, level, feeding
        rows, known = self._read(), self._rows
        scale, known_scale = peak_scale(rows), self.scale
        if [r.number for r in rows] != [r.number for r in known] or (rows and rows[0].unit != known[0].unit):
            self.beginResetModel()
            self._rows, self.scale = rows, scale
            self.endResetModel()
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)
            return
        self._rows, self.scale = rows, scale
        changed = [i for i, (row, old) in enumerate(zip(rows, known, strict=True)) if not row.looks_like(old)]
        # Views paint a single cell alone, and for several all that they show.
        step = 1 if len(changed) <= _FEW else len(COLUMNS)
        for i in changed:
            for column in range(0, len(COLUMNS), step):
                self.dataChanged.emit(self.index(i, column), self.index(i, column + step - 1))
        if rows and scale != known_scale:
            self.dataChanged.emit(self.index(0, AT["peak"]), self.index(len(rows) - 1, AT["peak"]))

    def _read(self) -> tuple[SliceRow, ...]:
        session, view, report = self._session, self._session.state.current, self._session.answers.report
        unit = view.unit if view else ""
        reports = {s.number: s for s in report.slices} if report else {}
        overridden = {o.number for o in session.state.recipe.overrides}
        common = session.state.params(0)  # what a slice inherits

        def make(number: int) -> SliceRow:
            own = number in overridden
            level = self._level[1] if self._level and self._band(number) == self._level[0] else None
            return SliceRow(
                number,
                session.state.params(number) if own or number in session.state.seen else common,
                session.state.overridden(number) if own else {},
                reports.get(number),
                unit,
                level,
                number in self._feeding,
                session.tuner.found(view.name, number) if own and view else None,
            )

        return tuple(make(number) for number in session.state.slices)

    def _known_level(self) -> tuple[int, tuple[float, float]] | None:
        """Band of the shown profile, see `_band`, with the mean and deviation that its threshold is made of."""
        view, profile = self._session.state.current, self._session.answers.profile
        if view is None or profile is None or profile.exposure != view.key:
            return None
        return self._band(profile.number), profile.level

    def _band(self, number: int) -> int:
        """Slices with the same number have their thresholds from the same pixels: MIRI's channel; all of NIRSpec."""
        view = self._session.state.current
        return number // 100 if view is not None and view.instrument == "MIRI" else 0

    def refresh(self) -> None:
        """Let the view paint all cells anew."""
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(COLUMNS) - 1))

    @property
    def rows(self) -> tuple[SliceRow, ...]:
        """All rows."""
        return self._rows

    def row_of(self, number: int) -> int:
        """Row of a slice; -1 for an unknown one."""
        return next((i for i, row in enumerate(self._rows) if row.number == number), -1)

    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        """Count the slices."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:
        """Count the columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Give headings with units, and tooltips in the pipeline's terms."""
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                view = self._session.state.current
                return COLUMNS[section].heading.format(unit=view.unit if view else "MJy/sr")
            if role == Qt.ItemDataRole.ToolTipRole:
                return f"<p>{COLUMNS[section].tip}<br>Click: sort · Right-click: choose columns</p>"
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Allow edits of the parameters; not of those that ``psf_optimal`` ignores."""
        parameter = COLUMNS[index.column()].parameter
        return _EDITABLE if parameter and not self._session.state.recipe.ignores(parameter) else _FIXED

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Give texts, tooltips, colours: accent for overrides, grey for slices below their threshold."""
        row, column = self._rows[index.row()], COLUMNS[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return cell_text(row, column, typed=role == Qt.ItemDataRole.EditRole)
            case Qt.ItemDataRole.ToolTipRole:
                return f"<p>{cell_tip(row, column)}</p>"
            case Qt.ItemDataRole.ForegroundRole:
                return self.colour(row, column.name)
            case Qt.ItemDataRole.TextAlignmentRole:
                return alignment(column.name)
            case _ if role == ROW:
                return row
        return None

    def setData(self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Take what was typed for one slice."""
        if role != Qt.ItemDataRole.EditRole:
            return False
        return self.put((self._rows[index.row()].number,), COLUMNS[index.column()].parameter, str(value))

    def put(self, numbers: Sequence[int], parameter: str, text: str) -> bool:
        """Set the typed value in slices; a text that is no valid value gives a message and changes nothing."""
        try:
            self._session.recipes.edit_slices(numbers, parameter, parse_value(parameter, text))
        except UserError as error:
            self._session.messages.tell("warning", str(error))
            return False
        return True

    def colour(self, row: SliceRow, name: str) -> QColor | None:
        """Colour of a cell's text that is not the usual one."""
        if name in row.overridden or name in row.of_regions:
            return QColor(self.theme.accent)
        if row.without:
            return QColor(self.theme.disabled)
        report = row.report
        if name == "noise" and report is not None and report.noise_after > 1.05 * report.noise_before:
            return QColor(self.theme.warning)
        return QColor(self.theme.muted) if name in _FOLLOWING else None


def alignment(name: str) -> Qt.AlignmentFlag:
    """Side of a cell that its text stands on, by the column's name."""
    return _LEFT if name in _WORDS else _RIGHT
