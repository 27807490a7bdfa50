"""The recipe's parameters as people read and type them: labels, units, limits, texts."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.recipe import CHOICES

#: Between the ends of a range, in the texts people read; other dashes and dots are understood as well.
TO = "…"


@dataclass(frozen=True)
class Parameter:
    """One parameter of the recipe.

    Parameters
    ----------
    name : str
        The pipeline's (and the recipe's) name.
    label : str
        Short name for forms and undo texts.
    unit : str
        Unit, empty for pure numbers.
    default : str
        The pipeline's value, as text.
    tip : str
        What it does, in the pipeline's terms.
    low, high : float
        Limits of what may be typed.
    whole : bool
        Whole numbers only.
    """

    name: str
    label: str
    unit: str
    default: str
    tip: str
    low: float = -math.inf
    high: float = math.inf
    whole: bool = False

    @property
    def tooltip(self) -> str:
        """Meaning, name, unit and default in one text."""
        unit = f" [{self.unit}]" if self.unit else ""
        return f"<b>{self.name}</b>{unit}: {self.tip}<br>Default: {self.default}."


PARAMETERS: dict[str, Parameter] = {
    p.name: p
    for p in (
        Parameter(
            "fit_threshold",
            "threshold",
            "σ",
            "10 σ",
            "a slice is fitted when the peak of its collapsed profile lies this many standard deviations above the "
            "clipped mean (of its channel in MIRI, of the exposure in NIRSpec). 0 fits every slice.",
        ),
        Parameter(
            "slope_limit",
            "slope limit",
            "",
            "0.1",
            "pixels where the normalised spline is steeper than this count as compact and take the spline's value; "
            "elsewhere pixels are interpolated linearly. 0 uses the spline everywhere.",
        ),
        Parameter(
            "oversample",
            "oversample",
            "×",
            "3 (from the pipeline's parameter file; 1 in its code)",
            "each pixel is divided into this many along the slice. 1 makes the trace model only.",
            1,
            10,
            whole=True,
        ),
        Parameter(
            "psf_optimal",
            "PSF optimal",
            "",
            "off",
            "for a simple, isolated point source: every slice is fitted, the spline is used everywhere and no residual "
            "is added; threshold and slope limit are ignored.",
        ),
        Parameter(
            "window",
            "window",
            "columns",
            "50 columns (PRISM: 10)",
            "columns on each side whose pixels enter the fit of a column.",
            1,
            2048,
            whole=True,
        ),
        Parameter(
            "breakpoints",
            "breakpoints",
            "intervals",
            "36 for MRS, 2 per native pixel for NIRSpec (PRISM: 1)",
            "number of intervals of the spline along the slice.",
            4,
            400,
            whole=True,
        ),
        Parameter(
            "use",
            "use range",
            "arcsec",
            "by slope",
            "ranges of alpha where the spline replaces interpolation, whatever its slope, such as "
            f"-0.9{TO}0.4 or -0.9{TO}0.4, 1.0{TO}1.5; 'none' uses it nowhere.",
        ),
        Parameter(
            "wavelengths",
            "wavelengths",
            "µm",
            "all",
            f"range of wavelengths where the spline may be used, such as 4.9{TO}5.6.",
        ),
        Parameter(
            "reach",
            "reach",
            "",
            "pipeline",
            "where compact sources are looked for. The pipeline's histogram of steep pixels spans native_dalpha × "
            "breakpoints / 4 to both sides of the slice's centre only (some 1.7″ in MRS channels 1 and 2, 2.4″ in 3, "
            "4); 'slice' spans all of it. Not the pipeline's: products are marked.",
        ),
        Parameter(
            "peak_cut",
            "peak cut",
            "",
            "pipeline",
            "which peaks of steep pixels are compact sources. The pipeline drops those under 20 % of the slice's "
            "highest; 'source' judges each by itself: 50 steep pixels of its own will do. Not the pipeline's: products "
            "are marked.",
        ),
    )
}


def format_value(name: str, value: Any) -> str:
    """Text of a parameter's value without its unit; empty for None."""
    if value is None:
        return ""
    if name == "use":
        return ", ".join(_format_range(pair) for pair in value) if value else "none"
    if name == "wavelengths":
        return _format_range(value)
    if isinstance(value, bool):
        return "on" if value else "off"
    return value if isinstance(value, str) else f"{value:g}"


def parse_value(name: str, text: str) -> Any:
    """Read a value that was typed.

    Parameters
    ----------
    name : str
        Name of the parameter.
    text : str
        What was typed; a unit may follow a number.

    Returns
    -------
    object
        The value as `Recipe` holds it; None for an empty text, which means that the value is inherited.

    Raises
    ------
    InputError
        The text is no value of this parameter.
    """
    text = text.strip().replace("−", "-")
    if not text:
        return None
    if name == "use":
        return () if text.lower() in ("none", "nowhere", "-") else _parse_ranges(name, text)
    if name == "wavelengths":
        ranges = _parse_ranges(name, text)
        if len(ranges) != 1:
            raise InputError(f"wavelengths takes one range, such as 4.9{TO}5.6, not '{text}'.")
        return ranges[0]
    if name in CHOICES:
        if text.lower() not in CHOICES[name]:
            raise InputError(f"{name} is {' or '.join(CHOICES[name])}, not '{text}'; leave it empty to inherit.")
        return text.lower()
    return _parse_number(PARAMETERS[name], text)


def _parse_number(parameter: Parameter, text: str) -> float | int:
    match = re.fullmatch(r"([-+]?[\d.,]+(?:e[-+]?\d+)?)\s*[^\d\s]*", text, re.IGNORECASE)
    try:
        value = float(match[1].replace(",", ".")) if match else math.nan
    except ValueError:
        value = math.nan
    kind = "a whole number" if parameter.whole else "a number"
    limits = f" from {parameter.low:g} to {parameter.high:g}" if math.isfinite(parameter.low) else ""
    wrong = not math.isfinite(value) or not parameter.low <= value <= parameter.high
    if wrong or (parameter.whole and value != int(value)):
        raise InputError(f"{parameter.name} must be {kind}{limits}, not '{text}'; leave it empty to inherit.")
    return int(value) if parameter.whole else value


_RANGE = re.compile(r"([-+]?\d*\.?\d+)\s*(?:…|\.{2,}|to|:|–|—)\s*([-+]?\d*\.?\d+)")


def _parse_ranges(name: str, text: str) -> tuple[tuple[float, float], ...]:
    ranges = []
    for part in re.split(r"[,;]", text):
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            raise InputError(
                f"{name} takes ranges such as -0.9{TO}0.4 [{PARAMETERS[name].unit}], not '{part.strip()}'."
            )
        low, high = float(match[1]), float(match[2])
        if low >= high:
            raise InputError(f"In {name}, {low:g} is not below {high:g}.")
        ranges.append((low, high))
    return tuple(ranges)


def _format_range(pair: tuple[float, float]) -> str:
    return f"{pair[0]:.4g}{TO}{pair[1]:.4g}"
