"""Spectral lines and bands to mark, from the shipped table ``lines.toml``."""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from atm_viewer.engine.errors import InputError
from atm_viewer.resources import resource


@dataclass(frozen=True)
class SpectralLine:
    """A line or a band.

    Parameters
    ----------
    family : str
        Family in the table, such as ``H I`` or ``PAH``.
    name : str
        Name on the plot; unique.
    wavelength : float
        Rest wavelength in vacuum [um]; the centre of a band.
    width : float
        Full width of a band [um]; 0 for a line.
    """

    family: str
    name: str
    wavelength: float
    width: float = 0.0

    def observed(self, redshift: float) -> float:
        """Wavelength at a redshift [um]."""
        return self.wavelength * (1.0 + redshift)

    def ends(self, redshift: float) -> tuple[float, float]:
        """Give the ends of a band at a redshift [um]; twice the wavelength of a line."""
        centre, half = self.observed(redshift), self.width * (1.0 + redshift) / 2.0
        return centre - half, centre + half


@dataclass(frozen=True)
class LineList:
    """Lines by family.

    Parameters
    ----------
    about : mapping of str to str
        What each family is, in the table's order.
    lines : tuple of SpectralLine
        All lines; labels are placed in this order as long as there is room.
    """

    about: Mapping[str, str]
    lines: tuple[SpectralLine, ...]

    @property
    def families(self) -> tuple[str, ...]:
        """Names of the families."""
        return tuple(self.about)

    def find(self, name: str) -> SpectralLine | None:
        """Line of a name; None when there is none."""
        return next((line for line in self.lines if line.name == name), None)

    def between(self, low: float, high: float, redshift: float, families: Collection[str]) -> list[SpectralLine]:
        """Lines of some families that fall, at a redshift, between two wavelengths [um], and bands that reach there."""
        return [
            line
            for line in self.lines
            if line.family in families and line.ends(redshift)[1] >= low and line.ends(redshift)[0] <= high
        ]


def read_lines(path: str | os.PathLike[str]) -> LineList:
    """Read a table of lines.

    Parameters
    ----------
    path : path-like
        TOML file like the shipped ``lines.toml``, which explains itself.

    Returns
    -------
    LineList

    Raises
    ------
    InputError
        The file cannot be read, or an entry is not what it must be.
    """
    try:
        with open(path, "rb") as file:
            tables = tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"The line list {path} cannot be read: {error}.") from error
    about: dict[str, str] = {}
    lines: dict[str, SpectralLine] = {}
    for family, table in tables.items():
        entries = table.get("lines") if isinstance(table, dict) else None
        if not isinstance(entries, list):
            raise InputError(f"The line list {path} has no lines in [{family}].")
        about[family] = str(table.get("about", family))
        for entry in entries:
            line = _line(family, entry)
            if line is None or line.name in lines:
                raise InputError(f"The line list {path} has an invalid entry in [{family}]: {entry}.")
            lines[line.name] = line
    return LineList(about, tuple(lines.values()))


def _line(family: str, entry: Any) -> SpectralLine | None:
    """Line of an entry ``[name, wavelength]`` or ``[name, wavelength, width]``; None when it is not one."""
    if not isinstance(entry, list) or len(entry) not in (2, 3) or not isinstance(entry[0], str) or not entry[0]:
        return None
    numbers = entry[1:]
    if any(isinstance(n, bool) or not isinstance(n, int | float) or not 0 < n < math.inf for n in numbers):
        return None
    return SpectralLine(family, entry[0], *(float(n) for n in numbers))


@lru_cache(maxsize=1)
def line_list() -> LineList:
    """Return the lines shipped with the application.

    Raises
    ------
    InputError
        The table is not as it was shipped.
    """
    return read_lines(resource("lines.toml"))
