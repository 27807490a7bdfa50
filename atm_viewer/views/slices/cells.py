"""Columns of the slice table: texts, tooltips, and values for sorting and filtering."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from atm_viewer.engine.errors import MOST_OF_SENTENCE
from atm_viewer.engine.recipe import OVERRIDABLE, PARAMETERS, FitParams
from atm_viewer.engine.recipe.parameters import TO
from atm_viewer.engine.results.correction import SliceReport
from atm_viewer.engine.results.tuning import SliceTuning
from atm_viewer.session.edits.typed_values import format_value
from atm_viewer.session.names import slice_state
from atm_viewer.views.base.plain_text import escaped

ARROW = " → "


@dataclass(frozen=True)
class Column:
    """A column: its heading (name over unit), tooltip, widest usual text, and the parameter it edits if it does."""

    name: str
    heading: str
    tip: str
    widest: str
    parameter: str = ""

    @property
    def title(self) -> str:
        """Name in full, for menus."""
        return PARAMETERS[self.parameter].label if self.parameter else _TITLES.get(self.name, self.name)


_TITLES = {"number": "slice", "used": "used share", "noise": "noise after", "reused": "reused columns"}


def _editable(name: str) -> Column:
    p = PARAMETERS[name]
    tip = f"{p.tooltip}<br>Double-click (or F2) to override it in all selected slices. Delete removes the override."
    widest = p.widest or max(p.choices, key=len, default="")
    return Column(name, p.heading or f"{p.title}\n", tip, widest, name)


#: Parameters whose columns stand before what became of the slice.
_FIRST = ("fit_threshold", "slope_limit", "use")


COLUMNS = (
    Column(
        "number",
        "Slice\n",
        "Slice number in the region map; for MIRI the hundreds digit is the channel. "
        "A dot marks the slices that feed the active spaxel (S: next one, through all dithers)",
        "• 112",
    ),
    Column(
        "peak",
        "Peak\n[{unit}]",
        "Peak of the collapsed profile (median over wavelength). The bar is logarithmic, with one scale for all "
        "slices; its upright line is the slice's threshold. Grey: below threshold, no spline",
        "8888888888",
    ),
    *map(_editable, _FIRST),
    Column("used", "Used\n[%]", "Share of the slice's valid oversampled pixels where the spline is used", "888888"),
    Column(
        "noise",
        "Noise\n[%]",
        "Resampling noise on the slice's brightest trace, before → after: 1.4826 × MAD, from a cubic, of the flux "
        "in a spaxel divided by the column sum; — without a clear source. A cube's spaxel combines slices and "
        "dithers and is often less noisy",
        "88.8 → 8.8",
    ),
    Column("state", "State\n", "How the slice was fitted", "below thr."),
    Column(
        "tuned",
        "Tuned\n[%]",
        "What Tune Recipe found: the error between the pixels of a column, interpolated → as tuned. Empty where the "
        "slice was edited since, and in a session that was opened again",
        "88.8 → 8.8",
    ),
    Column(
        "reused", "Re-\nused", "Number of columns whose own fit failed and that reuse another column's spline", "1024"
    ),
    *(_editable(name) for name in OVERRIDABLE if name not in _FIRST),
)
#: Columns that are hidden until they are wanted, and the first one until there is something in it.
RARE = ("tuned", "reused", *(name for name in OVERRIDABLE if name not in _FIRST))
AT = {column.name: i for i, column in enumerate(COLUMNS)}


@dataclass(frozen=True)
class SliceRow:
    """Everything the table shows of one slice.

    Parameters
    ----------
    number : int
        The slice.
    params : FitParams
        Parameters in force.
    overridden : mapping of str to str or None
        Names of the parameters set for the slice; the exposure they are set for, or None for all.
    report : SliceReport or None
        How it was fitted, once that is known.
    unit : str
        Unit of the exposure.
    level : (float, float) or None
        Mean and standard deviation that make the slice's threshold [unit of the exposure], if they are known: with
        them the threshold follows the hand before there is a report on it.
    feeds : bool
        Whether it feeds the active spaxel.
    tuned : SliceTuning or None
        Why its parameters are what they are, if they were tuned and not edited since.
    """

    number: int
    params: FitParams
    overridden: Mapping[str, str | None]
    report: SliceReport | None
    unit: str = ""
    level: tuple[float, float] | None = None
    feeds: bool = False
    tuned: SliceTuning | None = None

    @property
    def of_regions(self) -> Mapping[str, str]:
        """Names of the parameters that regions set, each with the name of the region."""
        found = dict(self.params.regions.values)
        if self.params.regions.ranges:
            found["use"] = self.params.regions.ranges[-1].name
        return found

    @property
    def threshold(self) -> float:
        """Flux that the peak must exceed; NaN before it is known, ``-inf`` when every peak does."""
        if self.level is not None:
            sigmas = self.params.fit_threshold
            return self.level[0] + sigmas * self.level[1] if sigmas > 0 else -math.inf
        return self.report.threshold if self.report else math.nan

    @property
    def splines(self) -> int:
        """Columns with a spline."""
        return self.report.fitted + self.report.reused if self.report else 0

    @property
    def without(self) -> bool:
        """Whether it is known that no column has a spline, or will have one with this threshold."""
        report = self.report
        if report is None or report.peak <= self.threshold:
            return report is not None
        up_to_date = report.threshold == self.threshold or math.isclose(report.threshold, self.threshold, rel_tol=1e-5)
        return not self.splines and up_to_date

    @property
    def below(self) -> bool:
        """Whether the slice's peak is below its threshold."""
        return self.report is not None and slice_state(self.report) == "below thr."

    def looks_like(self, other: SliceRow) -> bool:
        """Whether a table shows the same for both."""
        return self._shown == other._shown

    @property
    def _shown(self) -> tuple[object, ...]:
        report = self.report and tuple(
            None if value != value else value  # NaN
            for value in (getattr(self.report, name) for name in _SHOWN)
        )
        own = self.number, self.feeds, self.params, dict(self.overridden), self.tuned
        return *own, report, self.unit, self.threshold, self.without


_SHOWN = (
    *("peak", "threshold", "fitted", "reused", "sparse", "few", "empty", "used", "reason"),
    *("window", "breakpoints", "compact", "noise_before", "noise_after"),
)


def cell_text(row: SliceRow, column: Column, typed: bool = False) -> str:
    """Text of a cell, inherited values included; ``typed``: as exact as one would type it."""
    if column.parameter:
        return _parameter_text(row, column, 2 if typed else 1)
    report = row.report
    if column.name == "tuned":
        return _change(row.tuned.interpolation, row.tuned.error) if row.tuned is not None else ""
    if column.name == "number" or report is None:
        return str(row.number) if column.name == "number" else ""
    match column.name:
        case "peak":
            return format_peak(report.peak)
        case "used":
            return f"{100 * report.used:.0f}" if row.splines else ""
        case "noise":
            return _change(report.noise_before, report.noise_after)
        case "reused":
            return str(report.reused) if row.splines else ""
        case _:
            # Reused splines have their own column, and do not matter where no spline is used.
            return "not used" if row.splines and not report.used else slice_state(report)


def _change(before: float, after: float) -> str:
    """Write per cents before and after."""
    texts = format_percent(before), format_percent(after)
    return "—" if texts == ("—", "—") else ARROW.join(texts)


def cell_tip(row: SliceRow, column: Column) -> str:
    """Tooltip of a cell, in the pipeline's terms; with the reason of what was tuned."""
    tip = _tip(row, column)
    told = row.tuned is not None and (column.name in ("tuned", "state") or column.parameter in row.overridden)
    return f"<b>Tuned.</b> {escaped(row.tuned.reason, MOST_OF_SENTENCE)}<br>{tip}" if told and row.tuned else tip


def _tip(row: SliceRow, column: Column) -> str:
    if column.parameter:
        if (region := row.of_regions.get(column.parameter)) is not None:
            return f"{column.tip}<br>Set by the <b>region “{escaped(region)}”</b>."
        if column.parameter not in row.overridden:
            return f"{column.tip}<br>Default: {cell_text(row, column, typed=True) or 'nowhere'}."
        whose = escaped(row.overridden[column.parameter] or "all exposures")
        value = escaped(cell_text(row, column, typed=True), MOST_OF_SENTENCE)
        return f"{column.tip}<br><b>Override</b> for {whose}: {value}."
    if column.name == "number" and row.feeds:
        return f"This slice feeds the active spaxel (S: next one).<br>{column.tip}"
    if row.report is None or column.name == "tuned":
        return column.tip
    if column.name == "peak":
        unit = escaped(row.unit)
        return f"Peak {row.report.peak:.4g} {unit}, threshold {row.threshold:.4g} {unit}.<br>{column.tip}."
    return f"{escaped(row.report.reason, MOST_OF_SENTENCE)}<br>{column.tip}."


def cell_value(row: SliceRow, name: str) -> float | str | None:
    """Value of a cell to sort by; None, which comes last, where there is none."""
    report = row.report
    if name == "number":
        return row.number
    if name == "state":
        return slice_state(report) if report else None
    if name == "tuned":
        return row.tuned.error if row.tuned is not None and math.isfinite(row.tuned.error) else None
    if name in PARAMETERS and PARAMETERS[name].kind in ("range", "ranges"):
        ranges = getattr(row.params, name)
        if name == "use" and ranges is None and report is not None:
            ranges = report.compact
        first = ranges[0] if ranges else None
        return first[0] if isinstance(first, tuple) else first
    if name in PARAMETERS:
        value = getattr(row.params, name)
        return getattr(report, name, None) if value is None and report else value
    if report is None:
        return None
    value = {"noise": report.noise_after, "before": report.noise_before}.get(name, getattr(report, name, None))
    if name in ("used", "reused") and not row.splines:
        return None
    return value if value is not None and math.isfinite(value) else None


def format_peak(value: float) -> str:
    """Write a peak in at most five characters or so: 0.052, 12.3, 7810, 2.4e5."""
    if not math.isfinite(value):
        return "—"
    if value == 0 or 0.01 <= abs(value) < 1e5:
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:.1e}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")


def format_percent(fraction: float) -> str:
    """Write a fraction as per cent with two digits: 14, 3.6, 0.4; a dash where there is none."""
    if not math.isfinite(fraction):
        return "—"
    return f"{100 * fraction:.1f}" if fraction < 0.0995 else f"{100 * fraction:.0f}"


def peak_scale(rows: Iterable[SliceRow]) -> tuple[float, float]:
    """Return the ends of the bars' scale: a whole decade well below the lowest threshold, and the highest peak.

    A threshold that is dragged moves its mark, not the bars.
    """
    known = [row for row in rows if row.report is not None]
    peaks = [row.report.peak for row in known if row.report is not None and row.report.peak > 0]
    thresholds = [row.threshold for row in known if 0 < row.threshold < math.inf]
    top = max(peaks, default=1.0)
    low = 10.0 ** math.floor(math.log10(min(thresholds) / 3)) if thresholds else top * 1e-4
    return min(low, top / 10), top


def bar_length(value: float, scale: tuple[float, float]) -> float:
    """Length of a bar, 0 to 1, on a scale of decades."""
    low, top = scale
    if not (math.isfinite(value) and value > low and top > low):
        return 0.0
    return min(1.0, math.log10(value / low) / math.log10(top / low))


def _parameter_text(row: SliceRow, column: Column, digits: int) -> str:
    value = getattr(row.params, column.parameter)
    if value is None and row.report is not None:
        if column.name == "use":
            return ", ".join(f"{low:.{digits}f}{TO}{high:.{digits}f}" for low, high in row.report.compact)
        value = getattr(row.report, column.name, None)
    if column.name == "use" and value and digits == 1:
        value = tuple((round(low, 2), round(high, 2)) for low, high in value)  # the tooltip has all of it
    return format_value(column.parameter, value)
