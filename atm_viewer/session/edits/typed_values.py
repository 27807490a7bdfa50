"""Values of the recipe's parameters as people read and type them."""

from __future__ import annotations

import math
import re
from typing import Any

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.recipe import Parameter
from atm_viewer.engine.recipe.cube_options import ALL_PARAMETERS
from atm_viewer.engine.recipe.parameters import TO

_SWITCH = {"on": True, "off": False}
#: A number as people type it, with a point or a comma; for patterns.
NUMBER = r"[-+]?(?:\d+(?:[.,]\d+)?|[.,]\d+)"
_RANGE = re.compile(rf"\s*({NUMBER})\s*(?:…|\.{{2,}}|to|:|–|—)\s*({NUMBER})\s*(?:[,;]|$)")


def read_number(text: str) -> float:
    """Read what `NUMBER` matches."""
    return float(text.replace(",", "."))


def format_value(name: str, value: Any) -> str:
    """Text of a parameter's value without its unit; empty for None."""
    return ALL_PARAMETERS[name].text(value)


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
    parameter = ALL_PARAMETERS[name]
    text = text.strip().replace("−", "-")
    if not text:
        return None
    match parameter.kind:
        case "ranges":
            return () if text.lower() in ("none", "nowhere", "-") else _parse_ranges(parameter, text)
        case "range":
            ranges = _parse_ranges(parameter, text)
            if len(ranges) != 1:
                raise InputError(f"{parameter.title}: enter one range, for example {parameter.example}, not '{text}'.")
            return ranges[0]
        case "choice" | "switch":
            values = _SWITCH if parameter.kind == "switch" else {choice: choice for choice in parameter.choices}
            if text.lower() not in values:
                raise InputError(
                    f"{name} is {' or '.join(values)}, not '{text}'; leave it empty to remove the override."
                )
            return values[text.lower()]
        case _:
            return _parse_number(parameter, text)


def _parse_number(parameter: Parameter, text: str) -> float | int:
    match = re.fullmatch(r"([-+]?[\d.,]+(?:e[-+]?\d+)?)\s*[^\d\s]*", text, re.IGNORECASE)
    try:
        value = float(match[1].replace(",", ".")) if match else math.nan
    except ValueError:
        value = math.nan
    if refused := parameter.refuse_number(value):
        raise InputError(f"{parameter.name} {refused}, not '{text}'; leave it empty to remove the override.")
    return parameter.held(value)


def _parse_ranges(parameter: Parameter, text: str) -> tuple[tuple[float, float], ...]:
    ranges: list[tuple[float, float]] = []
    at = 0
    while at < len(text) or not ranges:
        match = _RANGE.match(text, at)
        if match is None:
            wanted = f"enter min{TO}max in {parameter.unit}, for example {parameter.example}"
            raise InputError(f"{parameter.title}: {wanted}, not '{text[at:].strip()}'.")
        at = match.end()
        pair = read_number(match[1]), read_number(match[2])
        if refused := parameter.refuse_range(pair):
            raise InputError(f"{refused}.")
        ranges.append(pair)
    return tuple(ranges)
