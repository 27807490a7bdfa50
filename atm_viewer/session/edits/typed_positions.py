"""Positions on the sky as people read and type them: degrees, or hours, minutes and seconds."""

from __future__ import annotations

import re

from atm_viewer.engine.errors import InputError, one_line
from atm_viewer.session.edits.typed_values import NUMBER, read_number

#: Decimals of degrees: 0.0004 arcsec, as exact as regions that are drawn.
DECIMALS = 7

_SECONDS = r"\d{1,2}(?:[.,]\d*)?"
_RA = re.compile(rf"(\d{{1,2}})\s*[h:\s]\s*(\d{{1,2}})\s*[m:'′\s]\s*({_SECONDS})\s*s?", re.IGNORECASE)
_DEC = re.compile(rf"([-+]?)(\d{{1,2}})\s*[d°:\s]\s*(\d{{1,2}})\s*[m:'′\s]\s*({_SECONDS})\s*[s\"″]?", re.IGNORECASE)
_DEGREES = re.compile(rf"({NUMBER})\s*(?:°|d|deg)?", re.IGNORECASE)


def read_ra(text: str) -> float:
    """Read a right ascension that was typed, such as ``161.2495`` (degrees) or ``10:44:59.88`` (hours).

    Returns
    -------
    float
        In degrees.

    Raises
    ------
    InputError
        It is none.
    """
    text = _plain(text)
    if (match := _RA.fullmatch(text)) is not None:
        value = 15.0 * _sixtieths(*match.groups())
    else:
        value = _degrees(text, "RA", "161.2495 or 10:44:59.88")
    return _within(value, 0.0, 360.0, "RA", text)


def read_dec(text: str) -> float:
    """Read a declination that was typed, such as ``-59.6799`` or ``-59:40:47.7``; as `read_ra`."""
    text = _plain(text)
    if (match := _DEC.fullmatch(text)) is not None:
        sign, *parts = match.groups()
        value = (-1.0 if sign == "-" else 1.0) * _sixtieths(*parts)
    else:
        value = _degrees(text, "Dec", "-59.6799 or -59:40:47.7")
    return _within(value, -90.0, 90.0, "Dec", text)


def read_position(text: str) -> tuple[float, float] | None:
    """Read right ascension and declination that were pasted together; None where the text is no pair."""
    text = _plain(text)
    for gap in re.finditer(r"\s*,\s+|\s+", text):
        try:
            return read_ra(text[: gap.start()]), read_dec(text[gap.end() :])
        except InputError:
            continue
    return None


def degrees_text(value: float) -> str:
    """Write degrees."""
    return f"{value:.{DECIMALS}f}"


def hours_text(ra: float) -> str:
    """Write a right ascension [deg] in hours, minutes and seconds."""
    return _sexagesimal(ra / 15.0, 4)


def signed_text(dec: float) -> str:
    """Write a declination [deg] in degrees, minutes and seconds, with its sign."""
    return ("-" if dec < 0 else "+") + _sexagesimal(abs(dec), 3)


def _plain(text: str) -> str:
    return text.strip().replace("−", "-")


def _sixtieths(whole: str, minutes: str, seconds: str) -> float:
    parts = float(minutes), read_number(seconds)
    return float(whole) + parts[0] / 60.0 + parts[1] / 3600.0 if max(parts) < 60.0 else float("nan")


def _degrees(text: str, what: str, example: str) -> float:
    if (match := _DEGREES.fullmatch(text)) is None:
        raise InputError(f"{what} must be a number, for example {example}, not '{one_line(text)}'.")
    return read_number(match[1])


def _within(value: float, low: float, high: float, what: str, text: str) -> float:
    if not low <= value <= high:
        raise InputError(f"{what} must be from {low:g} to {high:g} degrees, not '{one_line(text)}'.")
    return value


def _sexagesimal(value: float, decimals: int) -> str:
    parts = round(value * 3600 * 10**decimals)
    seconds, rest = divmod(parts, 10**decimals)
    minutes, seconds = divmod(seconds, 60)
    whole, minutes = divmod(minutes, 60)
    return f"{whole:02d}:{minutes:02d}:{seconds:02d}.{rest:0{decimals}d}"
