"""Recipes as TOML: written, read, and checked by the table of parameters."""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import tomlkit

from atm_viewer.engine.errors import MOST_OF_VALUE, InputError, one_line
from atm_viewer.engine.recipe.cube_options import CUBE_OPTIONS, CUBE_PARAMETERS, FARTHEST, CubeOptions, Offset
from atm_viewer.engine.recipe.parameters import PARAMETERS, Parameter, limits_text
from atm_viewer.engine.recipe.recipe import GLOBAL, OF_REGION, OVERRIDABLE, USES, Recipe, Region, SliceOverride
from atm_viewer.engine.recipe.shapes import Circle, Ellipse, Polygon, Shape, refuse_shape
from atm_viewer.engine.regular_file import read_text

VERSION = 1

#: Bands, as the pipeline names its cubes.
_BAND = re.compile(r"ch[1-4]-(short|medium|long)|(prism|g\d{3}[mh])-[a-z0-9]+")

#: Keys of each shape of a region, and what they are told to be in files.
_SHAPE_KEYS: dict[str, dict[str, str]] = {
    "circle": {"ra": "deg, ICRS", "dec": "deg", "radius": "arcsec"},
    "ellipse": {
        "ra": "deg, ICRS",
        "dec": "deg",
        "radii": "arcsec",
        "angle": "deg, of the first radius, from north through east",
    },
    "polygon": {"vertices": "RA and Dec, deg, ICRS"},
}


#: Tables of one kind, ranges of one slice, and parts of a key that a file has at most: more are no work of people.
MOST_TABLES, MOST_RANGES, MOST_DOTS = 5000, 500, 50
_ENDLESS_KEY = re.compile(
    rf"""(?<![\w-])(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){{{MOST_DOTS},}}""",
)


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
    if _ENDLESS_KEY.search(text):
        raise InputError(f"{name} is not valid TOML here: it has a key of more than {MOST_DOTS} parts.")
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, thousands of brackets
        raise InputError(f"{name} is not valid TOML: {error}.") from error


def read_recipe(document: Mapping[str, Any], name: str = "recipe") -> Recipe:
    """Read a recipe from TOML that is parsed already, such as a table of a larger file; see `load_recipe`."""
    check = Checker(name)
    check.known(document, ("version", "global", "cube", "region", "slice"), "at the top")
    if document.get("version") != VERSION:
        raise InputError(
            f"{name} says version = {document.get('version', 'nothing')}, but this program reads version = {VERSION}."
        )
    values = check.table(document.get("global", {}), "[global]")
    check.known(values, GLOBAL, "in [global]")
    recipe = replace(
        Recipe(), **_parse_values(check, values, GLOBAL), cube=_parse_cube(check, document.get("cube", {}))
    )
    for entry in check.tables(document, "region"):
        region = read_region(entry, name)
        if recipe.region(region.name) is not None:
            raise InputError(f"{name} has two regions named '{one_line(region.name)}'; give each a different name.")
        recipe = recipe.with_region(region)
    overrides = tuple(_parse_override(check, entry) for entry in check.tables(document, "slice"))
    return replace(recipe, overrides=overrides)


def _parse_cube(check: Checker, table: Any) -> CubeOptions:
    table = check.table(table, "[cube]")
    check.known(table, CUBE_OPTIONS, "in [cube]")
    values = {name: check.value(value, CUBE_PARAMETERS[name]) for name, value in table.items() if name != "offsets"}
    options = CubeOptions(**values, offsets=_parse_offsets(check, table.get("offsets", {})))
    if refused := options.refuse():
        raise InputError(f"{check.name}: {refused}.")
    return options


def _parse_offsets(check: Checker, table: Any) -> tuple[Offset, ...]:
    offsets = []
    for name, value in check.table(table, "[cube.offsets]").items():
        east, north = check.pair(value, f"the offset of {one_line(name)}", "[east, north]")
        for one in (east, north):
            check.number(one, f"the offset of {one_line(name)}", -FARTHEST, FARTHEST)
        offsets.append((name, east, north))
    return tuple(sorted(offsets))


def dump_recipe(recipe: Recipe) -> str:
    """Write a recipe as TOML text that `parse_recipe` reads back to an equal recipe."""
    return tomlkit.dumps(fill_recipe(tomlkit.document(), recipe))


def fill_recipe(document: Any, recipe: Recipe) -> Any:
    """Write a recipe into a tomlkit document or table, which is returned; `read_recipe` reads it back."""
    document["version"] = VERSION
    table = tomlkit.table()
    for name in GLOBAL:
        value, parameter = getattr(recipe, name), PARAMETERS[name]
        # Left out where it is the pipeline's, so that such recipes are what they always were.
        if not parameter.beyond or value != parameter.default:
            table.add(name, value)
        if recipe.goes_beyond(name):
            table[name].comment("beyond the pipeline")
    document["global"] = table
    options, offsets = recipe.cube.values(), recipe.cube.offsets
    if options or offsets:
        table = tomlkit.table()
        for name, value in options.items():
            table.add(name, value)
        if offsets:
            shifts = tomlkit.table()
            for name, east, north in offsets:
                shifts.add(name, [east, north])
                shifts[name].comment("arcsec, east and north")
            table.add("offsets", shifts)
        document["cube"] = table
    if recipe.regions:
        entries = tomlkit.aot()
        for region in recipe.regions:
            entries.append(_region_table(region))
        document["region"] = entries
    if recipe.overrides:
        entries = tomlkit.aot()
        for override in recipe.overrides:
            entry = tomlkit.table()
            entry["number"] = override.number
            if override.exposure is not None:
                entry["exposure"] = override.exposure
            if override.band is not None:
                entry["band"] = override.band
            for key, value in override.values().items():
                entry[key] = _as_lists(value)
            entries.append(entry)
        document["slice"] = entries
    return document


def _region_table(region: Region) -> Any:
    entry = tomlkit.table()
    entry["name"] = region.name
    entry["shape"] = region.shape.kind
    for key, unit in _SHAPE_KEYS[region.shape.kind].items():
        entry[key] = _as_lists(getattr(region.shape, key))
        entry[key].comment(unit)
    if region.use is not None:
        entry["use"] = region.use
    for key, value in region.values().items():
        entry[key] = _as_lists(value)
    return entry


def _as_lists(value: Any) -> Any:
    return [_as_lists(v) for v in value] if isinstance(value, tuple) else value


def _parse_override(check: Checker, entry: Any) -> SliceOverride:
    entry = check.table(entry, "[[slice]]")
    check.known(entry, ("number", "exposure", "band", *OVERRIDABLE), "in [[slice]]")
    if "number" not in entry:
        raise InputError(f"{check.name}: a [[slice]] has no number.")
    number = check.whole(entry["number"], "number", 1, 999)
    exposure = check.text(entry["exposure"], f"exposure of slice {number}") if "exposure" in entry else None
    band = check.text(entry["band"], f"band of slice {number}").lower() if "band" in entry else None
    if band is not None and not _BAND.fullmatch(band):
        raise InputError(
            f"{check.name}: band of slice {number} must be a band's name such as 'ch1-short' or 'g235m-f170lp', not "
            f"{band!r:.80}."
        )
    if band is not None and exposure is not None:
        raise InputError(f"{check.name}: slice {number} has both an exposure and a band; give one of them.")
    return SliceOverride(number, exposure, band, **_parse_values(check, entry, OVERRIDABLE))


def read_region(entry: Any, name: str = "recipe") -> Region:
    """Read a region from a ``[[region]]`` that is parsed already; ``name`` stands for the file in messages."""
    check = Checker(name)
    entry = check.table(entry, "[[region]]")
    if "name" not in entry:
        raise InputError(f"{check.name}: a [[region]] has no name.")
    own = check.text(entry["name"], "name of a region", MOST_OF_VALUE)
    if not own.isprintable() or own != own.strip():
        raise InputError(f"{check.name}: the name of a region must be one line, without spaces at its ends.")
    check = Checker(f"{name}, region '{own}'")
    if "shape" not in entry:
        raise InputError(f'{check.name}: shape is missing; write shape = "circle", "ellipse" or "polygon".')
    kind = check.choice(entry["shape"], "shape", tuple(_SHAPE_KEYS))
    check.known(entry, ("name", "shape", *_SHAPE_KEYS[kind], "use", *OF_REGION), f"in a [[region]] that is a {kind}")
    shape = _parse_shape(check, kind, entry)
    if refused := refuse_shape(shape):
        raise InputError(f"{check.name}: {refused}.")
    use = entry.get("use")
    if isinstance(use, list):
        raise InputError(f"{check.name}: use must be 'spline' or 'interpolate'; alpha ranges are for a [[slice]].")
    use = check.choice(use, "use", USES) if use is not None else None
    return Region(own, shape, use, **_parse_values(check, entry, OF_REGION))  # type: ignore[arg-type]


def _parse_shape(check: Checker, kind: str, entry: Mapping[str, Any]) -> Shape:
    for key in _SHAPE_KEYS[kind]:
        if key not in entry:
            raise InputError(f"{check.name}: {key} is missing, which a {kind} needs ({_SHAPE_KEYS[kind][key]}).")
    if kind == "polygon":
        if not isinstance(entry["vertices"], list):
            raise InputError(
                f"{check.name}: vertices must be a list of pairs [[ra, dec], ...], not {entry['vertices']!r:.80}."
            )
        return Polygon(tuple(check.pair(vertex, "a vertex", "[ra, dec]") for vertex in entry["vertices"]))
    ra, dec = check.number(entry["ra"], "ra"), check.number(entry["dec"], "dec")
    if kind == "circle":
        return Circle(ra, dec, check.number(entry["radius"], "radius"))
    radii = check.pair(entry["radii"], "radii", "[first, second]")
    return Ellipse(ra, dec, radii, check.number(entry["angle"], "angle", -360.0, 360.0))


def _parse_values(check: Checker, table: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Values of parameters, of those that the table has."""
    return {name: check.value(table[name], PARAMETERS[name]) for name in names if name in table}


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

    def tables(self, document: Mapping[str, Any], key: str) -> list[Any]:
        """Return an array of tables, which may be missing."""
        entries = self.array(document.get(key, []), key)
        if len(entries) > MOST_TABLES:
            raise InputError(f"{self.name} has {len(entries)} {key}s; {MOST_TABLES} is the maximum.")
        return entries

    def array(self, value: Any, key: str) -> list[Any]:
        """Return an array of tables of any length."""
        if not isinstance(value, list):
            raise InputError(f"{self.name}: write {key}s as [[{key}]], with two brackets.")
        return value

    def value(self, value: Any, parameter: Parameter) -> Any:
        """Return a parameter's value, as `Recipe` holds it."""
        name = parameter.name
        match parameter.kind:
            case "number":
                number = self.number(value, name, parameter.low, parameter.high)
                if refused := parameter.refuse_number(number):
                    raise InputError(f"{self.name}: {name} {refused}, not {number:g}.")
                return parameter.held(number)
            case "whole":
                return self.whole(value, name, int(parameter.low), int(parameter.high))
            case "switch":
                return self.boolean(value, name)
            case "choice":
                return self.choice(value, name, parameter.choices)
            case "range":
                return self._range(value, parameter)
            case "ranges":
                if not isinstance(value, list):
                    raise InputError(
                        f"{self.name}: {name} must be a list of pairs [[low, high], ...], not {value!r:.80}."
                    )
                if len(value) > MOST_RANGES:
                    raise InputError(f"{self.name}: {name} has {len(value)} pairs; {MOST_RANGES} is the maximum.")
                return tuple(self._range(pair, parameter) for pair in value)

    def number(self, value: Any, key: str, low: float = -math.inf, high: float = math.inf) -> float:
        """Return a finite number within limits."""
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        if not plain or not abs(value) < math.inf:
            raise InputError(f"{self.name}: {key} must be a finite number, not {value!r:.80}.")
        try:
            number = float(value)
        except OverflowError:
            raise InputError(f"{self.name}: {key} is too large a number.") from None
        if not low <= number <= high:
            raise InputError(f"{self.name}: {key} must be a number{limits_text(low, high)}, not {number:g}.")
        return number

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

    def choice(self, value: Any, key: str, choices: tuple[str, ...]) -> str:
        """Return one of the values that an option takes."""
        if value not in choices:
            raise InputError(f"{self.name}: {key} must be {' or '.join(map(repr, choices))}, not {value!r:.80}.")
        return str(value)

    def pair(self, value: Any, key: str, what: str) -> tuple[float, float]:
        """Return a pair of numbers."""
        if not isinstance(value, list) or len(value) != 2:
            raise InputError(f"{self.name}: {key} must be a pair {what}, not {value!r:.80}.")
        return self.number(value[0], key), self.number(value[1], key)

    def _range(self, value: Any, parameter: Parameter) -> tuple[float, float]:
        """Return a pair whose first number is the lower one."""
        pair = self.pair(value, parameter.name, "[low, high]")
        if refused := parameter.refuse_range(pair):
            raise InputError(f"{self.name}: {refused}.")
        return pair
