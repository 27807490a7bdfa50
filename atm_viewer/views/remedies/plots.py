"""Plots and table of a remedy, as in the publication figure."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QShowEvent
from PyQt6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from atm_viewer.engine.results.remedy import AFTER, APERTURE, BEFORE, UNDER, Remedy, RemedyCurve, RemedyPlot
from atm_viewer.views.base.paint_turns import in_next_turn, painted_afterwards
from atm_viewer.views.base.plain_text import escaped
from atm_viewer.views.base.plotting import Canvas, Paragraph, PlainAxis, legend_html, make_brush, make_pen, plain
from atm_viewer.views.base.theme import DARK, Theme

_WIDTH = 400  #: of a column of panels, before it is stretched [dots]
_NUMBERS = 40  #: room for numbers beside a plot [dots]
_FEW = 30  #: points of a curve whose points are marked


class RemedyPlots(QWidget):
    """The panels of a remedy; panels beside each other move together."""

    def __init__(self) -> None:
        super().__init__()
        self._theme = DARK
        self._remedy: Remedy | None = None
        self._built = _shape(None)
        self._due = False  # something has changed since it was in sight
        self.legend = Paragraph(markup=True)
        self.legend.setContentsMargins(6, 0, 6, 2)
        self.canvas = Canvas()
        self.plots: list[pg.PlotItem] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.legend)
        layout.addWidget(self.canvas, 1)

    def show_remedy(self, remedy: Remedy | None) -> None:
        """Show the panels; none without a remedy."""
        if remedy is not self._remedy:
            self._remedy = remedy
            self._renew()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Draw what has changed out of sight, once the panel has appeared."""
        super().showEvent(event)
        if self._due:
            in_next_turn(self, self._renew)

    def fit(self) -> None:
        """Show all of every panel."""
        for plot in self.plots:
            plot.autoRange()

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self._theme = theme
        self.canvas.setBackground(theme.plot)
        self._renew()

    def _renew(self) -> None:
        """Make the panels anew where they differ, then draw in them; both only in sight, and in a turn each."""
        self._due = not self.isVisible()
        shape = _shape(self._remedy)
        if self._due:
            return
        with painted_afterwards(self):
            if shape == self._built:
                self._draw()
            else:
                self._built = shape
                self._build()
                in_next_turn(self, self._draw)

    def _build(self) -> None:
        self.canvas.clear()
        self.plots = []
        first: dict[tuple[int, str], pg.PlotItem] = {}
        spectra: pg.PlotItem | None = None
        for panel in self._remedy.plots if self._remedy else ():
            alone = (panel.row, panel.y_name) not in first
            x, y = PlainAxis("bottom", panel.x_name, panel.x_unit), PlainAxis("left")
            if alone:
                y.name(panel.y_name, panel.y_unit)
            else:
                y.setWidth(_NUMBERS)  # the label stands beside the panel to the left
            plot = self.canvas.add_plot(panel.row, panel.column, x, y, panel.columns)
            beside = first.setdefault((panel.row, panel.y_name), plot)
            if beside is not plot:
                plot.setYLink(beside)
            if panel.x_name == "wavelength":
                spectra = spectra or plot
                if spectra is not plot:
                    plot.setXLink(spectra)
            self.plots.append(plot)
        for column in range(max((p.column + p.columns for p in self._remedy.plots), default=0) if self._remedy else 0):
            self.canvas.ci.layout.setColumnPreferredWidth(column, _WIDTH)  # equal, whatever the axes need
            self.canvas.ci.layout.setColumnStretchFactor(column, 1)

    def _draw(self) -> None:
        theme, remedy = self._theme, self._remedy
        if _shape(remedy) != self._built:
            return  # there is another one by now, out of sight
        words: dict[str, tuple[str, str, str]] = {}
        for plot, panel in zip(self.plots, remedy.plots if remedy else (), strict=True):
            plot.clear()
            plot.setTitle(escaped(panel.title), color=theme.text, size="9pt")
            for side in ("left", "bottom"):
                plot.getAxis(side).apply(theme)
            for curve in panel.curves:
                colour = _colour(curve, theme)
                plot.addItem(_item(curve, colour))
                if curve.label:
                    words.setdefault(curve.label, ("—", colour, curve.label))
            if panel.x_name != "wavelength":
                plot.setYRange(0.0, _highest(panel), padding=0.05)
                plot.getAxis("bottom").setTicks(_whole_ticks(panel))
        self.legend.setText(legend_html(words.values()))
        self.legend.setVisible(bool(words))


class RemedyTable(QTableWidget):
    """The numbers of a remedy."""

    def __init__(self) -> None:
        super().__init__()
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.setAccessibleName("Plotted values")
        self.setToolTip("The plotted values; a saved figure includes them")
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        assert rows is not None
        assert columns is not None
        rows.hide()
        rows.setDefaultSectionSize(self.fontMetrics().height() + 6)
        columns.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)

    def show_remedy(self, remedy: Remedy | None) -> None:
        """Show the table; empty without a remedy."""
        rows = remedy.rows if remedy else ()
        columns = remedy.columns if remedy else ()
        self.setColumnCount(len(columns))
        self.setRowCount(len(rows))
        self.setHorizontalHeaderLabels(columns)
        for k, row in enumerate(rows):
            for j, value in enumerate(row):
                item = QTableWidgetItem(value if isinstance(value, str) else _number(value))
                if not isinstance(value, str):
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.setItem(k, j, item)


def _shape(remedy: Remedy | None) -> tuple[tuple[int | str, ...], ...]:
    """Positions and axes of the panels: while these stay the same, the plots are used again."""
    plots = remedy.plots if remedy else ()
    return tuple((p.row, p.column, p.columns, p.x_name, p.x_unit, p.y_name, p.y_unit) for p in plots)


def _number(value: float) -> str:
    return "—" if math.isnan(value) else plain(value, 3)


def _highest(panel: RemedyPlot) -> float:
    return max((float(np.nanmax(c.y)) for c in panel.curves if np.isfinite(c.y).any()), default=1.0)


def _whole_ticks(panel: RemedyPlot) -> list[list[tuple[float, str]]] | None:
    """Ticks at whole numbers where there are no others; None leaves them to the axis."""
    found = sorted({float(x) for curve in panel.curves for x in curve.x})
    return [[(x, f"{x:.0f}") for x in found], []] if all(x.is_integer() for x in found) else None


def _colour(curve: RemedyCurve, theme: Theme) -> str:
    if isinstance(curve.role, str):
        roles = {APERTURE: theme.text, UNDER: theme.disabled, BEFORE: theme.before, AFTER: theme.after}
        return roles[curve.role]
    return series_colour(theme.series, curve.role)


def series_colour(series: tuple[str, ...], place: float) -> str:
    """Colour at a place from 0 to 1 of a series, mixed of its neighbours."""
    at = min(max(place, 0.0), 1.0) * (len(series) - 1)
    low = min(int(at), len(series) - 2)
    parts = [QColor(series[low + k]).getRgb()[:3] for k in (0, 1)]
    mixed = [round(a + (b - a) * (at - low)) for a, b in zip(*parts, strict=True)]
    return QColor(*mixed).name()


def _item(curve: RemedyCurve, colour: str) -> pg.PlotDataItem:
    few = curve.points or np.size(curve.x) < _FEW
    return pg.PlotDataItem(
        curve.x,
        curve.y,
        pen=None if curve.points else make_pen(colour, 1.2 if few else 1.0),
        symbol="o" if few else None,
        symbolSize=6 if curve.points else 8,
        symbolPen=None,
        symbolBrush=make_brush(colour, 0.6 if curve.points else 1.0),
        connect="finite",
        skipFiniteCheck=False,
    )
