"""Filters and order of the slice table's rows."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtCore import QModelIndex, QSortFilterProxyModel, Qt

from atm_viewer.engine.recipe import PARAMETERS, Parameter
from atm_viewer.session.edits.typed_values import NUMBER, read_number
from atm_viewer.session.names import slice_state
from atm_viewer.views.slices.cells import COLUMNS, SliceRow, cell_value
from atm_viewer.views.slices.model import SliceModel

Test = Callable[[SliceRow], bool]


@dataclass(frozen=True)
class QuickFilter:
    """A filter to be had with one click."""

    name: str
    text: str
    tip: str
    test: Test


QUICK = (
    QuickFilter("spaxel", "Spaxel", "slices that feed the active spaxel", lambda row: row.feeds),
    QuickFilter("overrides", "Overrides", "slices with overrides", lambda row: bool(row.overridden)),
    QuickFilter("below", "Faint", "slices whose peak is below the threshold", lambda row: row.below),
    QuickFilter(
        "reused",
        "Reused",
        "slices in which a column's own fit failed and it reuses another column's spline",
        lambda row: row.report is not None and row.report.reused > 0,
    ),
    QuickFilter(
        "unused",
        "Not used",
        "slices that were fitted but use the spline nowhere",
        lambda row: row.splines > 0 and row.report is not None and row.report.used == 0,
    ),
)


def _short(parameter: Parameter) -> str:
    """First word of a parameter's heading."""
    return (parameter.heading or parameter.label).split()[0].rstrip(".").lower()


_NUMBERS = [p for p in PARAMETERS.values() if p.of_slice and p.kind in ("number", "whole")]
_NAMES = {
    **{name: name for name in ("noise", "before", "used", "peak", "reused")},
    **{name: p.name for p in _NUMBERS for name in (_short(p), p.label.split()[0])},
    "after": "noise",
}

FILTER_TIP = (
    "<p>Show only the slices that match all conditions:<br>"
    "<b>11</b> — slice numbers that start with 11; <b>105-112</b> — a range of slice numbers;<br>"
    "<b>noise&gt;2</b>, <b>before&gt;5</b> [%], <b>used&lt;20</b> [%], <b>peak&gt;100</b>, <b>reused&gt;=4</b>, "
    f"and the parameters {', '.join(f'<b>{_short(p)}</b>' for p in _NUMBERS)};<br>"
    "any other word — part of the state, such as <b>sparse</b>.<br>Press Esc to show all slices.</p>"
)

_COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq}
_PER_CENT = ("noise", "before", "used")


def parse_filter(text: str) -> list[Test]:
    """Conditions that a text asks for, see `FILTER_TIP`; all of them must hold."""
    return [_parse_word(word.lower()) for word in text.split()]


def _parse_word(word: str) -> Test:
    if word.isdecimal():
        return lambda row: str(row.number).startswith(word)
    if span := re.fullmatch(r"(\d+)(?:-|–|…|\.\.+)(\d+)", word):
        first, last = int(span[1]), int(span[2])
        return lambda row: first <= row.number <= last
    if comparison := re.fullmatch(rf"([a-z]+)(<=|>=|<|>|=)({NUMBER})", word):
        name, compare = _NAMES.get(comparison[1]), _COMPARE[comparison[2]]
        limit = read_number(comparison[3])
        if name is not None:
            return lambda row: _holds(row, name, compare, limit)
    return lambda row: row.report is not None and word in slice_state(row.report).lower()


def _holds(row: SliceRow, name: str, compare: Callable[[float, float], bool], limit: float) -> bool:
    value = cell_value(row, name)
    return isinstance(value, int | float) and compare(value * (100 if name in _PER_CENT else 1), limit)


class SliceFilter(QSortFilterProxyModel):
    """Rows of the slice table that are shown, in the order that is wanted; absent values come last.

    Parameters
    ----------
    rows : SliceModel
        All slices.
    """

    def __init__(self, rows: SliceModel):
        super().__init__()
        self._model = rows
        self._tests: list[Test] = []
        self._quick: tuple[QuickFilter, ...] = ()
        self.setSourceModel(rows)

    def show_only(self, text: str, quick: frozenset[str]) -> None:
        """Show slices that a text is true of, and one at least of the quick filters that are on."""
        self._tests = parse_filter(text)
        self._quick = tuple(q for q in QUICK if q.name in quick)
        self.invalidateFilter()

    def filterAcceptsRow(self, source_row: int, source_parent: QModelIndex) -> bool:
        """Apply the filters."""
        row = self._model.rows[source_row]
        return all(test(row) for test in self._tests) and (not self._quick or any(q.test(row) for q in self._quick))

    def lessThan(self, left: QModelIndex, right: QModelIndex) -> bool:
        """Compare by value, and by number where that is the same."""
        name, rows = COLUMNS[left.column()].name, self._model.rows
        a, b = rows[left.row()], rows[right.row()]
        first, second = cell_value(a, name), cell_value(b, name)
        upwards = self.sortOrder() == Qt.SortOrder.AscendingOrder
        if first == second:
            return (a.number < b.number) == upwards
        if first is None or second is None:
            return (first is not None) == upwards
        return first < second  # type: ignore[operator]  # a column has values of one kind
