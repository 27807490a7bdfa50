"""The table of parameters: all that is known of each, but for what the engine does with it.

A new parameter is a row of the table, a field of the dataclasses in `recipe`, and the code that uses it. Files and
checks, overrides, forms, table columns, the command line, undo texts, help and the keys by which results are kept
follow from the table.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

#: Value of the options that go beyond the pipeline, where they are off.
PIPELINE = "pipeline"

#: Between the ends of a range, in the texts people read; other dashes and dots are understood as well.
TO = "…"

Kind = Literal["number", "whole", "switch", "choice", "range", "ranges"]
Scope = Literal["global", "slice", "both", "cube"]


class Stage(Enum):
    """First stage of the correction that a parameter changes; results of the stages before it are kept."""

    FIT = "fit"  #: the splines
    USE = "use"  #: where and how the splines are used
    CUBE = "cube"  #: the cubes


@dataclass(frozen=True)
class PerPixel:
    """A value that the pipeline takes per native pixel of the slice."""

    value: float

    def __str__(self) -> str:
        return f"{self.value:g} per native pixel"


@dataclass(frozen=True)
class Parameter:
    """One parameter of the recipe.

    Parameters
    ----------
    name : str
        The pipeline's (and the recipe's) name.
    label : str
        Short name for forms, menus and undo texts.
    kind : {"number", "whole", "switch", "choice", "range", "ranges"}
        What values it takes: a number, a whole one, on or off, one of ``choices``, a pair ``(low, high)``, or several
        pairs.
    scope : {"global", "slice", "both", "cube"}
        Whether it has a value for all slices, one per slice, or one for all that a slice may override; or is of cubes.
    stage : Stage
        First stage that it changes.
    default : object
        The pipeline's value; None where the pipeline decides by ``modes`` or by itself.
    tip : str
        What it does, in the pipeline's terms.
    unit : str
        Unit, empty for pure numbers.
    low, high : float
        Limits of numbers, and of the ends of ranges.
    multiple : float
        Numbers are multiples of it; 0: any number.
    choices : tuple of str
        Values of a choice, the pipeline's first.
    modes : mapping of str to float or PerPixel
        The pipeline's values by mode: ``MRS``, ``NIRSpec``, ``PRISM``.
    note : str
        What is to be said of the default; all of it where it is None.
    example : str
        How a range is typed.
    beyond : bool
        Whether any value but the default goes beyond the pipeline.
    psf_optimal : object
        Value in force with ``psf_optimal``, which leaves nothing else to decide; None: the recipe's own.
    heading : str
        Heading in tables, two lines; empty takes the label.
    widest : str
        Widest usual text; empty takes the longest choice.
    decimals, step : int, float
        Digits and step of the box in a form.
    """

    name: str
    label: str
    kind: Kind
    scope: Scope
    stage: Stage
    default: Any
    tip: str
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    multiple: float = 0.0
    choices: tuple[str, ...] = ()
    modes: Mapping[str, float | PerPixel] = field(default_factory=dict)
    note: str = ""
    example: str = ""
    beyond: bool = False
    psf_optimal: Any = None
    heading: str = ""
    widest: str = ""
    decimals: int = 3
    step: float = 1.0

    @property
    def is_global(self) -> bool:
        """Whether it has a value for all slices."""
        return self.scope != "slice"

    @property
    def of_slice(self) -> bool:
        """Whether a slice can override it."""
        return self.scope != "global"

    @property
    def title(self) -> str:
        """Label that begins with a capital letter."""
        return self.label[0].upper() + self.label[1:]

    @property
    def default_text(self) -> str:
        """The pipeline's value, in words."""
        if self.modes:
            values: dict[str, list[str]] = {}
            for mode in self.modes:
                values.setdefault(self._with_unit(self.mode_text(mode)), []).append(mode)
            return ", ".join(f"{value} ({', '.join(modes)})" for value, modes in values.items())
        if self.default is None:
            return self.note
        return self._with_unit(self.text(self.default)) + (f" ({self.note})" if self.note else "")

    def mode_text(self, mode: str) -> str:
        """Text of the pipeline's value in a mode, without its unit."""
        value = self.modes[mode]
        return str(value) if isinstance(value, PerPixel) else self.text(value)

    def _with_unit(self, text: str) -> str:
        return text if " per " in text else f"{text} {self.unit}".rstrip()

    @property
    def tooltip(self) -> str:
        """Meaning, name, unit and default in one text."""
        unit = f" [{self.unit}]" if self.unit else ""
        return f"<b>{self.name}</b>{unit}: {self.tip}<br>Default: {self.default_text}."

    def text(self, value: Any) -> str:
        """Text of a value without its unit; empty for None."""
        if value is None:
            return ""
        match self.kind:
            case "range":
                return _range_text(value)
            case "ranges":
                return ", ".join(map(_range_text, value)) if value else "none"
            case "switch":
                return "on" if value else "off"
            case "choice":
                return str(value)
            case _:
                return f"{value:g}"

    def refuse_number(self, value: float) -> str:
        """Say what a number must be, as the end of a sentence that names it; empty when it will do."""
        whole = self.kind == "whole"
        step = 1.0 if whole else self.multiple
        if math.isfinite(value) and self.low <= value <= self.high and (not step or (value / step).is_integer()):
            return ""
        kind = "a whole number" if whole else f"a multiple of {step:g}" if step else "a number"
        return f"must be {kind}{limits_text(self.low, self.high)}"

    def held(self, value: float) -> float | int:
        """Return a number as a recipe holds it: a whole one without a fraction."""
        return int(value) if (self.kind == "whole" or self.multiple) and value == int(value) else value

    def refuse_range(self, pair: tuple[float, float]) -> str:
        """Say that a range is none, or exceeds the limits; empty when it will do."""
        low, high = pair
        if low >= high:
            return f"{self.name} runs from low to high, but {low} is not below {high}"
        if low < self.low or high > self.high:
            return f"{self.name} must lie between {self.low:g} and {self.high:g} {self.unit}, not {low:g}{TO}{high:g}"
        return ""


def limits_text(low: float, high: float) -> str:
    """Limits as the end of ``must be a number``; empty where there are none."""
    if math.isfinite(low):
        return f" from {low:g} to {high:g}"
    return f" of at most {high:g}" if math.isfinite(high) else ""


def _range_text(pair: tuple[float, float]) -> str:
    return f"{pair[0]:.4g}{TO}{pair[1]:.4g}"


PARAMETERS: dict[str, Parameter] = {
    p.name: p
    for p in (
        Parameter(
            "fit_threshold",
            "threshold",
            "number",
            "both",
            Stage.FIT,
            10.0,
            "fit a slice if the peak of its collapsed profile is at least this many standard deviations above the "
            "clipped mean (of its channel in MIRI, of the exposure in NIRSpec). 0 fits every slice.",
            unit="σ",
            high=1e9,
            psf_optimal=0.0,
            heading="Thr.\n[σ]",
            widest="88.8",
        ),
        Parameter(
            "oversample",
            "oversample",
            "number",
            "global",
            Stage.USE,
            3,
            "number of parts into which each pixel is divided along the slice, such as 3 or 1.5. 1 computes only the "
            "trace model.",
            unit="×",
            low=1,
            high=10,
            # Other fractions do not divide the detectors' pixels into a whole number: the pipeline fails with them, or
            # gives MIRI exposures a WCS that does not fit.
            multiple=0.125,
            note="from the pipeline's parameter file; 1 in its code",
        ),
        Parameter(
            "slope_limit",
            "slope limit",
            "number",
            "both",
            Stage.USE,
            0.1,
            "use the spline around compact sources, which are where the normalised spline is steeper than this; "
            "interpolate linearly elsewhere. 0 uses the spline everywhere.",
            # The fluxes of a column are divided by their sum: from pixel to pixel none can change by more.
            high=1.0,
            psf_optimal=0.0,
            heading="Slope\nlimit",
            widest="0.088",
            decimals=4,
            step=0.01,
        ),
        Parameter(
            "psf_optimal",
            "PSF optimal",
            "switch",
            "global",
            Stage.USE,
            False,
            "for one isolated point source: fit every slice, use the spline everywhere, and add no residual. "
            "Threshold, slope limit, reach, peak cut and residual are ignored.",
        ),
        Parameter(
            "window",
            "window",
            "whole",
            "slice",
            Stage.FIT,
            None,
            "number of columns on each side whose pixels are included in the fit of a column.",
            unit="columns",
            low=1,
            high=2048,
            modes={"MRS": 50, "NIRSpec": 50, "PRISM": 10},
            heading="Win.\n[col]",
            widest="88",
        ),
        Parameter(
            "breakpoints",
            "breakpoints",
            "whole",
            "slice",
            Stage.FIT,
            None,
            "number of spline intervals along the slice.",
            unit="intervals",
            low=4,
            high=400,
            modes={"MRS": 36, "NIRSpec": PerPixel(2.0), "PRISM": PerPixel(1.0)},
            heading="Bkpt\n",
            widest="88",
        ),
        Parameter(
            "use",
            "use range",
            "ranges",
            "slice",
            Stage.USE,
            None,
            "alpha ranges where the spline is used, regardless of slope, for example "
            f"-0.9{TO}0.4 or -0.9{TO}0.4, 1.0{TO}1.5. 'none' uses it nowhere.",
            unit="arcsec",
            low=-100.0,
            high=100.0,
            note="by slope",
            example=f"-0.9{TO}0.4",
            heading="Use range\n[″]",
            widest=f"-1.88{TO}-0.88",
        ),
        Parameter(
            "wavelengths",
            "wavelengths",
            "range",
            "slice",
            Stage.USE,
            None,
            f"wavelength range in which the spline may be used, for example 4.9{TO}5.6.",
            unit="µm",
            low=0.0,
            high=30.0,
            note="all",
            example=f"4.9{TO}5.6",
            heading="λ range\n[µm]",
            widest=f"14.88{TO}16.88",
        ),
        Parameter(
            "reach",
            "reach",
            "choice",
            "both",
            Stage.USE,
            PIPELINE,
            "where to look for compact sources. 'pipeline': only within native_dalpha × breakpoints / 4 of the slice's "
            "centre (about 1.7″ in MRS channels 1 and 2, 2.4″ in 3 and 4). 'slice': in the whole slice, which goes "
            "beyond the pipeline; products record it.",
            choices=(PIPELINE, "slice"),
            beyond=True,
            psf_optimal=PIPELINE,
        ),
        Parameter(
            "peak_cut",
            "peak cut",
            "choice",
            "both",
            Stage.USE,
            PIPELINE,
            "which peaks of steep pixels count as compact sources. 'pipeline': those with at least 20 % of the slice's "
            "highest. 'source': every peak with 50 steep pixels, which goes beyond the pipeline; products record it.",
            choices=(PIPELINE, "source"),
            beyond=True,
            psf_optimal=PIPELINE,
            heading="Peak\ncut",
        ),
        Parameter(
            "residual",
            "residual",
            "choice",
            "both",
            Stage.USE,
            "interpolated",
            "what to add to the spline where it is used. 'interpolated': the difference between pixels and spline, "
            "interpolated linearly, as the pipeline does. 'none': nothing, as psf_optimal does in all slices. 'lines': "
            "the difference only in columns where lines have light that the spline lacks; there the spline counts for "
            "the continuum alone. Without psf_optimal, both go beyond the pipeline, and products record it.",
            choices=("interpolated", "none", "lines"),
            beyond=True,
            psf_optimal="none",
        ),
        Parameter(
            "edges",
            "edges",
            "choice",
            "both",
            Stage.USE,
            PIPELINE,
            "what happens to the outermost pixels of each column where the spline is not used. 'pipeline': they are "
            "dropped, so spaxels at the edges of slices lose planes. 'keep': they are interpolated like the others and "
            "keep their value outwards, which goes beyond the pipeline; products record it. It helps a single "
            "exposure; with dithers, others cover these spaxels better.",
            choices=(PIPELINE, "keep"),
            beyond=True,
        ),
    )
}
