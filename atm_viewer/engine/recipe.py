"""The user's parameters: global values, per-slice overrides, and their readable TOML form."""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import tomlkit

from atm_viewer.engine.errors import InputError, one_line
from atm_viewer.engine.regular_file import read_text

VERSION = 1

#: Value of the options that go beyond the pipeline, where they are off.
PIPELINE = "pipeline"

#: Options that go beyond the pipeline, and the values they take.
CHOICES = {"reach": (PIPELINE, "slice"), "peak_cut": (PIPELINE, "source")}


@dataclass(frozen=True)
class FitParams:
    """What applies to one slice of one exposure.

    Parameters
    ----------
    fit_threshold : float
        Sigma above the clipped mean (of the channel in MIRI, of the exposure in NIRSpec) that the peak of the
        collapsed profile must exceed; 0 or less fits the slice whatever its signal.
    slope_limit : float
        Slope of the normalised spline above which pixels count as compact; 0 or less uses the spline everywhere.
    window : int or None
        Columns on each side that enter a column's fit; None takes the pipeline's value for the mode.
    breakpoints : int or None
        Spline intervals; None takes the pipeline's value for the mode.
    use : tuple of (float, float), or None
        Alpha ranges [arcsec] in which the spline replaces interpolation; None decides by slope.
    wavelengths : (float, float) or None
        Wavelength range [um] in which the spline may be used; None sets no limit.
    reach : {"pipeline", "slice"}
        Where compact sources are looked for: near the slice's centre as the pipeline does, or in the whole slice.
    peak_cut : {"pipeline", "source"}
        Which peaks of steep pixels are compact sources: those of a fifth of the highest, as in the pipeline, or
        besides each that has enough steep pixels of its own.
    """

    fit_threshold: float = 10.0
    slope_limit: float = 0.1
    window: int | None = None
    breakpoints: int | None = None
    use: tuple[tuple[float, float], ...] | None = None
    wavelengths: tuple[float, float] | None = None
    reach: str = PIPELINE
    peak_cut: str = PIPELINE


OVERRIDABLE = tuple(f.name for f in fields(FitParams))


@dataclass(frozen=True)
class SliceOverride:
    """Values that replace the global ones in one slice; None inherits.

    Parameters
    ----------
    number : int
        Slice number of the region map (MIRI 101..., NIRSpec 1 to 30).
    exposure : str or None
        Name of the one exposure it applies to (file name without ``_cal``/``_crf`` and ending); None: all.
    fit_threshold, slope_limit, window, breakpoints, use, wavelengths, reach, peak_cut
        As in `FitParams`.
    """

    number: int
    exposure: str | None = None
    fit_threshold: float | None = None
    slope_limit: float | None = None
    window: int | None = None
    breakpoints: int | None = None
    use: tuple[tuple[float, float], ...] | None = None
    wavelengths: tuple[float, float] | None = None
    reach: str | None = None
    peak_cut: str | None = None

    def values(self) -> dict[str, Any]:
        """Overridden values by name."""
        return {name: v for name in OVERRIDABLE if (v := getattr(self, name)) is not None}


@dataclass(frozen=True)
class Recipe:
    """Parameters of a run. Without overrides and options beyond it, it means what the pipeline's own step means.

    Parameters
    ----------
    oversample : int
        Factor by which pixels are divided along a slice; 1 only makes the trace model.
    fit_threshold, slope_limit : float
        As in `FitParams`.
    psf_optimal : bool
        Simple isolated point source: every slice fitted, spline used everywhere, no residual added; thresholds
        and slope limits are ignored.
    reach, peak_cut : str
        As in `FitParams`; other values than ``pipeline`` go beyond the pipeline.
    overrides : tuple of SliceOverride
        Later entries win over earlier ones; an entry for one exposure wins over one for all.
    """

    oversample: int = 3
    fit_threshold: float = 10.0
    slope_limit: float = 0.1
    psf_optimal: bool = False
    overrides: tuple[SliceOverride, ...] = field(default=())
    reach: str = PIPELINE
    peak_cut: str = PIPELINE

    @property
    def beyond_pipeline(self) -> tuple[str, ...]:
        """What goes beyond the pipeline, such as ``reach = "slice" (slice 112)``."""
        found = []
        for name in CHOICES:
            if (value := getattr(self, name)) != PIPELINE:
                found.append(f'{name} = "{value}"')
            slices: dict[str, list[str]] = {}
            for override in self.overrides:
                if (own := getattr(override, name)) not in (None, PIPELINE):
                    slices.setdefault(own, []).append(str(override.number))
            for own, numbers in slices.items():
                word = "slice" if len(set(numbers)) == 1 else "slices"
                found.append(f'{name} = "{own}" ({word} {", ".join(dict.fromkeys(numbers))})')
        return tuple(found)

    @property
    def why_no_pipeline(self) -> str:
        """Why the pipeline's own step cannot do what this asks for, as a part of a sentence; empty when it can."""
        changed = [o for o in self.overrides if o.values()]
        reasons = []
        if changed:
            count = len({o.number for o in changed})
            have = "slice has values of its own" if count == 1 else "slices have values of their own"
            reasons.append(f"since {count} {have}")
        if (beyond := ", ".join(name for name in CHOICES if getattr(self, name) != PIPELINE)) != "":
            reasons.append(f"since {beyond} {'goes' if ',' not in beyond else 'go'} beyond it")
        return " and ".join(reasons)

    def params(self, number: int, exposure: str) -> FitParams:
        """Resolve what applies to one slice of one exposure.

        Parameters
        ----------
        number : int
            Slice number.
        exposure : str
            Exposure name.

        Returns
        -------
        FitParams
            With ``psf_optimal``, threshold and slope limit are 0, as in ``fit_and_oversample``.
        """
        merged: dict[str, Any] = {name: getattr(self, name) for name in ("fit_threshold", "slope_limit", *CHOICES)}
        for wanted in (None, exposure):
            for override in self.overrides:
                if override.number == number and override.exposure == wanted:
                    merged.update(override.values())
        if self.psf_optimal:
            merged.update(fit_threshold=0.0, slope_limit=0.0)
        return FitParams(**merged)

    def override(self, number: int, exposure: str | None = None) -> SliceOverride:
        """Return the override of a slice exactly as asked (for all exposures, or for one); empty when there is none."""
        found = SliceOverride(number, exposure)
        for entry in self.overrides:
            if (entry.number, entry.exposure) == (number, exposure):
                found = replace(found, **entry.values())
        return found

    def with_override(self, override: SliceOverride) -> Recipe:
        """Return a recipe in which this entry stands in place of any other for the same slice and exposure."""
        key = (override.number, override.exposure)
        kept = [o for o in self.overrides if (o.number, o.exposure) != key]
        if override.values():
            kept.append(override)
        kept.sort(key=lambda o: (o.number, o.exposure or ""))
        return replace(self, overrides=tuple(kept))


def load_recipe(path: str | os.PathLike[str]) -> Recipe:
    """Read a recipe from a TOML file.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    Recipe

    Raises
    ------
    InputError
        The file cannot be read, is too large, is not TOML, or holds an unknown key or an impossible value.
    """
    return parse_recipe(read_text(path, "recipe"), str(path))


def parse_recipe(text: str, name: str = "recipe") -> Recipe:
    """Read a recipe from TOML text; see `load_recipe`. ``name`` stands for the file in messages."""
    return read_recipe(parse_toml(text, name), name)


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """Parse TOML text; ``name`` stands for the file in the sentence on text that is none."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, thousands of brackets
        raise InputError(f"{name} is not valid TOML: {error}.") from error


def read_recipe(document: Mapping[str, Any], name: str = "recipe") -> Recipe:
    """Read a recipe from TOML that is parsed already, such as a table of a larger file; see `load_recipe`."""
    check = Checker(name)
    check.known(document, ("version", "global", "slice"), "at the top")
    if document.get("version") != VERSION:
        raise InputError(
            f"{name} says version = {document.get('version', 'nothing')}, but this program reads version = {VERSION}."
        )
    values = check.table(document.get("global", {}), "[global]")
    check.known(values, ("oversample", "fit_threshold", "slope_limit", "psf_optimal", *CHOICES), "in [global]")
    recipe = Recipe()
    if "oversample" in values:
        recipe = replace(recipe, oversample=check.whole(values["oversample"], "oversample", 1, 10))
    if "fit_threshold" in values:
        recipe = replace(recipe, fit_threshold=check.number(values["fit_threshold"], "fit_threshold"))
    if "slope_limit" in values:
        recipe = replace(recipe, slope_limit=check.number(values["slope_limit"], "slope_limit"))
    if "psf_optimal" in values:
        recipe = replace(recipe, psf_optimal=check.boolean(values["psf_optimal"], "psf_optimal"))
    if "reach" in values:
        recipe = replace(recipe, reach=check.choice(values["reach"], "reach"))
    if "peak_cut" in values:
        recipe = replace(recipe, peak_cut=check.choice(values["peak_cut"], "peak_cut"))
    entries = document.get("slice", [])
    if not isinstance(entries, list):
        raise InputError(f"{name}: slices are written as [[slice]], with two brackets.")
    for entry in entries:
        recipe = replace(recipe, overrides=(*recipe.overrides, _parse_override(check, entry)))
    return recipe


def dump_recipe(recipe: Recipe) -> str:
    """Write a recipe as TOML text that `parse_recipe` reads back to an equal recipe."""
    return tomlkit.dumps(fill_recipe(tomlkit.document(), recipe))


def fill_recipe(document: Any, recipe: Recipe) -> Any:
    """Write a recipe into a tomlkit document or table, which is returned; `read_recipe` reads it back."""
    document["version"] = VERSION
    table = tomlkit.table()
    table["oversample"] = recipe.oversample
    table["fit_threshold"] = recipe.fit_threshold
    table["slope_limit"] = recipe.slope_limit
    table["psf_optimal"] = recipe.psf_optimal
    for key in CHOICES:
        # Left out where it is the pipeline's, so that such recipes are what they always were.
        if (value := getattr(recipe, key)) != PIPELINE:
            table.add(key, value)
            table[key].comment("beyond the pipeline")
    document["global"] = table
    if recipe.overrides:
        entries = tomlkit.aot()
        for override in recipe.overrides:
            entry = tomlkit.table()
            entry["number"] = override.number
            if override.exposure is not None:
                entry["exposure"] = override.exposure
            for key, value in override.values().items():
                entry[key] = _as_lists(value)
            entries.append(entry)
        document["slice"] = entries
    return document


def _as_lists(value: Any) -> Any:
    return [_as_lists(v) for v in value] if isinstance(value, tuple) else value


def _parse_override(check: Checker, entry: Any) -> SliceOverride:
    entry = check.table(entry, "[[slice]]")
    check.known(entry, ("number", "exposure", *OVERRIDABLE), "in [[slice]]")
    if "number" not in entry:
        raise InputError(f"{check.name}: a [[slice]] has no number.")
    number = check.whole(entry["number"], "number", 1, 999)
    exposure = check.text(entry["exposure"], f"exposure of slice {number}") if "exposure" in entry else None
    values: dict[str, Any] = {}
    for key in ("fit_threshold", "slope_limit"):
        if key in entry:
            values[key] = check.number(entry[key], key)
    if "window" in entry:
        values["window"] = check.whole(entry["window"], "window", 1, 2048)
    if "breakpoints" in entry:
        values["breakpoints"] = check.whole(entry["breakpoints"], "breakpoints", 4, 400)
    if "use" in entry:
        values["use"] = check.ranges(entry["use"], "use")
    if "wavelengths" in entry:
        values["wavelengths"] = check.range(entry["wavelengths"], "wavelengths")
    for key in CHOICES:
        if key in entry:
            values[key] = check.choice(entry[key], key)
    return SliceOverride(number, exposure, **values)


@dataclass(frozen=True)
class Checker:
    """Checks of values read from TOML; each failure is a sentence that names file and key.

    Parameters
    ----------
    name : str
        What stands for the file in sentences.
    """

    name: str

    def known(self, table: Mapping[str, Any], allowed: Iterable[str], where: str) -> None:
        """Complain about keys that are not among the allowed ones."""
        unknown = sorted(set(table) - set(allowed))
        if unknown:
            raise InputError(
                f"{self.name} has an unknown key '{one_line(unknown[0])}' {where}; known are {', '.join(allowed)}."
            )

    def table(self, value: Any, what: str) -> Mapping[str, Any]:
        """Return a table."""
        if not isinstance(value, dict):
            raise InputError(f"{self.name}: {what} must be a table.")
        return value

    def number(self, value: Any, key: str) -> float:
        """Return a finite number."""
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        if not plain or not abs(value) < math.inf:
            raise InputError(f"{self.name}: {key} must be a finite number, not {value!r:.80}.")
        try:
            return float(value)
        except OverflowError:
            raise InputError(f"{self.name}: {key} is too large a number.") from None

    def text(self, value: Any, key: str, longest: int = 4096) -> str:
        """Return text that is not empty."""
        if not isinstance(value, str) or not value or len(value) > longest or "\0" in value:
            raise InputError(f"{self.name}: {key} must be text, not {value!r:.80}.")
        return value

    def whole(self, value: Any, key: str, low: int, high: int) -> int:
        """Return a whole number within limits."""
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise InputError(f"{self.name}: {key} must be a whole number from {low} to {high}, not {value!r:.80}.")
        return value

    def boolean(self, value: Any, key: str) -> bool:
        """Return true or false."""
        if not isinstance(value, bool):
            raise InputError(f"{self.name}: {key} must be true or false, not {value!r:.80}.")
        return value

    def choice(self, value: Any, key: str) -> str:
        """Return one of the values that an option takes."""
        if value not in CHOICES[key]:
            raise InputError(f"{self.name}: {key} must be {' or '.join(map(repr, CHOICES[key]))}, not {value!r:.80}.")
        return str(value)

    def range(self, value: Any, key: str) -> tuple[float, float]:
        """Return a pair whose first number is the lower one."""
        if not isinstance(value, list) or len(value) != 2:
            raise InputError(f"{self.name}: {key} must be a pair [low, high], not {value!r:.80}.")
        low, high = self.number(value[0], key), self.number(value[1], key)
        if low >= high:
            raise InputError(f"{self.name}: in {key}, {low} is not below {high}.")
        return low, high

    def ranges(self, value: Any, key: str) -> tuple[tuple[float, float], ...]:
        """Return pairs as of `range`."""
        if not isinstance(value, list):
            raise InputError(f"{self.name}: {key} must be a list of pairs [[low, high], ...], not {value!r:.80}.")
        return tuple(self.range(pair, key) for pair in value)
