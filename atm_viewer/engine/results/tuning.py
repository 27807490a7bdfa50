"""What the automatic recipe found for the slices of exposures, and why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from atm_viewer.engine.recipe import Recipe

#: Errors above this are told: no recipe that was tried removes them.
MUCH = 0.03


@dataclass(frozen=True)
class SliceTuning:
    """What was decided for one slice of one exposure, and the errors that decided it.

    Errors are those between the pixels of a column, over the flux there, where the spline is used (in the whole slice
    where it is not); they are without the noise of the pixels that tell them.

    Parameters
    ----------
    exposure : str
        Name of the exposure.
    number : int
        Slice number.
    use : tuple of (float, float)
        Alpha ranges [arcsec] where the spline is used; empty for interpolation everywhere.
    share : float
        Part of the slice's extent in these ranges.
    residual : {"interpolated", "lines"}
        What is added to the spline.
    window, breakpoints : int or None
        Those of the splines that err less than the mode's; None: the mode's, or what the recipe asked for.
    interpolation, spline, alone : float
        Errors of linear interpolation, of the spline with interpolated residual, and of the spline alone, as
        fractions; NaN where nothing could be compared.
    line_columns : int
        Columns of lines, which keep the residual where others do without.
    keeps_edges : bool
        Whether its outermost pixels are kept, since no other exposure sees what they see.
    """

    exposure: str
    number: int
    use: tuple[tuple[float, float], ...] = ()
    share: float = 0.0
    residual: str = "interpolated"
    window: int | None = None
    breakpoints: int | None = None
    interpolation: float = math.nan
    spline: float = math.nan
    alone: float = math.nan
    line_columns: int = 0
    keeps_edges: bool = False

    @property
    def splines(self) -> dict[str, int]:
        """Parameters of the splines that differ from the mode's, by name."""
        values = {"window": self.window, "breakpoints": self.breakpoints}
        return {name: value for name, value in values.items() if value is not None}

    @property
    def error(self) -> float:
        """Error of what was chosen, as a fraction."""
        if not self.use:
            return self.interpolation
        return self.alone if self.residual == "lines" else self.spline

    @property
    def reason(self) -> str:
        """Why, in one sentence with numbers."""
        if math.isnan(self.interpolation):
            return "No column can be compared with another one; interpolated as it is."
        if not self.use:
            return (
                f"Interpolated: no part of the spline is better than linear interpolation, which errs by "
                f"{_percent(self.interpolation)} (spline: {_percent(self.spline)})."
            )
        where = "everywhere" if self.share > 0.99 else f"in {_percent(self.share)} of the slice"
        sentence = (
            f"Spline {where}: it errs by {_percent(self.error)} there, interpolation by {_percent(self.interpolation)}"
        )
        if self.residual == "lines":
            but = f" but in {self.line_columns} columns of lines" if self.line_columns else ""
            sentence += f"; without the residual{but}, which would make it {_percent(self.spline)}"
        if self.splines:
            sentence += f"; with {' and '.join(f'{name} {value}' for name, value in self.splines.items())}"
        return f"{sentence}."


@dataclass(frozen=True)
class Tuning:
    """An automatic recipe, and what was found for each slice.

    Parameters
    ----------
    recipe : Recipe
        The recipe: an override for each slice that was tuned.
    slices : tuple of SliceTuning
        What was found, exposure by exposure.
    """

    recipe: Recipe
    slices: tuple[SliceTuning, ...]

    @property
    def exposures(self) -> tuple[str, ...]:
        """Names of the exposures, in order."""
        return tuple(dict.fromkeys(s.exposure for s in self.slices))

    def describe(self, exposure: str) -> str:
        """Tell in a line what was decided for an exposure."""
        return f"{exposure}: {_describe([s for s in self.slices if s.exposure == exposure])}"

    @property
    def reasons(self) -> list[str]:
        """Tell what was decided for each exposure, followed by a line for each of its slices that says why."""
        lines = []
        for name in self.exposures:
            lines.append(self.describe(name))
            lines += [f"{one.number:5d} {one.reason}" for one in self.slices if one.exposure == name]
        return lines

    @property
    def summary(self) -> str:
        """Tell in a sentence what was decided altogether."""
        exposures = len(self.exposures)
        whole = "1 exposure" if exposures == 1 else f"{exposures} exposures"
        return f"Tuned {len(self.slices)} slices of {whole}: {_describe(self.slices)}."


def _describe(slices: Sequence[SliceTuning]) -> str:
    used = [s for s in slices if s.use]
    parts = [f"spline used in {len(used)} of {len(slices)} slices"]
    if used:
        alone = sum(s.residual == "lines" for s in used)
        parts.append(f"without residual, lines apart, in {alone}")
        before, after = (sorted(values)[len(used) // 2] for values in _errors(used))
        parts.append(f"median error between pixels {_percent(before)} interpolated, {_percent(after)} tuned")
        if much := sum(s.error > MUCH for s in used):
            parts.append(f"more than {_percent(MUCH)} left in {much}")
    return ", ".join(parts)


def _errors(slices: Sequence[SliceTuning]) -> tuple[list[float], list[float]]:
    return [s.interpolation for s in slices], [s.error for s in slices]


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.2g} %" if fraction < 0.995 else f"{100 * fraction:.0f} %"
