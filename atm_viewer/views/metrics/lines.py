"""Table of marked lines: flux and equivalent width of spaxel and aperture, before and after."""

from __future__ import annotations

import math

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from atm_viewer.engine.results.lines import ExpectedFlux, LineFlux, LineReport
from atm_viewer.views.base.plain_text import Label
from atm_viewer.views.base.plotting import Paragraph, plain
from atm_viewer.views.fields.number_box import NumberBox

_NOTHING = "–"
_CERTAIN = 3.0  #: a flux below so many of its standard deviations has no ratio

_COLUMNS = (
    ("line", "Name in the line list"),
    ("observed\n[µm]", "Wavelength at the redshift of the spectrum's options"),
    ("flux before\n[W/m²]", "Flux above the local continuum before correction, negative in absorption, ± 1 σ"),
    ("flux after\n[W/m²]", "Flux after correction by the active variant, ± 1 σ"),
    (
        "expected\n[W/m²]",
        "Flux that the spaxel should have: the aperture's before correction times the spaxel's share of the line's "
        "light. In brackets, the part of the line that is distributed as the continuum is: the more, the surer",
    ),
    (
        "after/\nexpected",
        f"Flux after correction divided by the expected flux; {_NOTHING} where one of them is below 3 σ",
    ),
    ("after/before", f"Flux after correction divided by flux before; {_NOTHING} where one of them is below 3 σ"),
    ("EW before\n[nm]", "Equivalent width before correction, positive in absorption, ± 1 σ"),
    ("EW after\n[nm]", "Equivalent width after correction by the active variant, ± 1 σ"),
)


class LinesView(QWidget):
    """Table of lines, and how well the aperture keeps its flux.

    Signals
    -------
    speed_edited(float)
        Full width of the range of lines [km/s].
    """

    speed_edited = pyqtSignal(float)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._report: LineReport | None = None
        self.where_box = QComboBox()
        self.where_box.setAccessibleName("Measured spectrum")
        self.where_box.addItems(["spaxel", "aperture"])
        self.where_box.setToolTip("Spectrum to measure: spaxel or aperture. Default: spaxel")
        self.speed_box = NumberBox()
        self.speed_box.setAccessibleName("Width of lines")
        self.speed_box.setDecimals(0)
        self.speed_box.setRange(50.0, 20000.0)
        self.speed_box.setSingleStep(50.0)
        self.speed_box.setSuffix(" km/s")
        self.speed_box.setValue(600.0)
        self.speed_box.setToolTip(
            "Full width of each line's integration range [km/s]; the continuum is fitted from 1.5 to 4 half widths "
            "on both sides. Default: 600 km/s"
        )
        self.table = QTableWidget(0, len(_COLUMNS))
        self.table.setAccessibleName("Line fluxes")
        self.table.setTabKeyNavigation(False)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        for k, (name, tip) in enumerate(_COLUMNS):
            item = QTableWidgetItem(name)
            item.setToolTip(tip)
            self.table.setHorizontalHeaderItem(k, item)
        rows, columns = self.table.verticalHeader(), self.table.horizontalHeader()
        assert rows is not None
        assert columns is not None
        rows.hide()
        columns.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        columns.setStretchLastSection(True)
        self.words = Paragraph()
        self.words.setContentsMargins(6, 2, 6, 2)
        line = QHBoxLayout()
        line.setContentsMargins(4, 2, 4, 2)
        line.addWidget(self.where_box)
        line.addStretch(1)
        line.addWidget(Label("width"))
        line.addWidget(self.speed_box)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(line)
        layout.addWidget(self.words)
        layout.addWidget(self.table, 1)
        self.where_box.currentIndexChanged.connect(self._fill)
        self.speed_box.valueChanged.connect(self.speed_edited)
        self._fill()

    def show_report(self, report: LineReport | None) -> None:
        """Show lines; None empties the table."""
        self._report = report
        self._fill()

    def _fill(self) -> None:
        report, spaxel = self._report, self.where_box.currentText() == "spaxel"
        lines = report.lines if report is not None else ()
        self.table.setRowCount(len(lines))
        for row, line in enumerate(lines):
            before, after = line.spaxel if spaxel else line.aperture
            expected = line.expected if spaxel else ExpectedFlux()
            texts = (line.name, f"{line.wavelength:.5g}", *_cells(before, after, expected))
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(row, column, item)
        self.words.setText(self._summary())

    def _summary(self) -> str:
        report = self._report
        if report is None:
            return "Fluxes of the lines marked in the spectrum appear here."
        kept = report.conservation
        flux = (
            f"Aperture flux after / before: {plain(kept.mean, 5)} ± {plain(kept.scatter, 2)}, {kept.planes} planes."
            if kept.planes
            else "The aperture has no flux here."
        )
        missing = (
            "" if report.lines else " No marked line lies in this band; choose lines in the Spectrum panel's Options."
        )
        return flux + missing


def _cells(before: LineFlux, after: LineFlux, expected: ExpectedFlux) -> tuple[str, ...]:
    known = math.isfinite(expected.flux)
    return (
        _flux(before.flux, before.flux_err),
        _flux(after.flux, after.flux_err),
        f"{_flux(expected.flux, expected.flux_err)} ({100 * expected.like_continuum:.0f} %)" if known else _NOTHING,
        _ratio(after, expected),
        _ratio(after, before),
        _width(before.width, before.width_err),
        _width(after.width, after.width_err),
    )


def _ratio(flux: LineFlux, reference: LineFlux | ExpectedFlux) -> str:
    sure = all(abs(one.flux) >= _CERTAIN * one.flux_err for one in (flux, reference))  # NaN is not
    return plain(flux.flux / reference.flux, 3) if sure else _NOTHING


def _flux(value: float, error: float) -> str:
    """Value and error with a common power of ten."""
    if not (math.isfinite(value) and math.isfinite(error)):
        return _NOTHING
    power = math.floor(math.log10(max(abs(value), error, 1e-300)))
    scale = 10.0**-power
    return f"({value * scale:.2f} ± {error * scale:.2f})·10{str(power).translate(_RAISED)}".replace("-", "−")


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _width(value: float, error: float) -> str:
    if not (math.isfinite(value) and math.isfinite(error)):
        return _NOTHING
    return f"{1000 * value:.3g} ± {1000 * error:.1g}".replace("-", "−")
