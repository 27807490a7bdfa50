"""Results of remedies against resampling noise, ready to be drawn and tabulated.

Window and publication figure draw the same panels, so that the screen shows what is printed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from atm_viewer.engine.arrays import Floats

#: Roles of curves that are not one of a series: the aperture's spectrum, the same in grey below another one, and the
#: states before and after correction.
APERTURE, UNDER, BEFORE, AFTER = "aperture", "under", "before", "after"


@dataclass(frozen=True, eq=False)
class RemedyCurve:
    """A line of a panel.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        In the units of the panel's axes; NaN leaves a gap.
    role : str or float
        One of the roles above, or a place from 0 to 1 in the series of colours.
    label : str
        For the legend; empty for none.
    points : bool
        Drawn as points alone.
    """

    x: Floats
    y: Floats
    role: str | float
    label: str = ""
    points: bool = False


@dataclass(frozen=True, eq=False)
class RemedyPlot:
    """A panel.

    Parameters
    ----------
    title : str
        What it shows.
    row, column, columns : int
        Its place, and over how many columns it goes.
    x_name, x_unit, y_name, y_unit : str
        Of the axes; an empty unit for a pure number.
    curves : tuple of RemedyCurve
        From the lowest on.
    """

    title: str
    row: int
    column: int
    x_name: str
    x_unit: str
    y_name: str
    y_unit: str
    curves: tuple[RemedyCurve, ...]
    columns: int = 1


@dataclass(frozen=True, eq=False)
class Remedy:
    """One remedy on the user's exposures.

    Parameters
    ----------
    kind : str
        ``ranked``, ``apertures``, ``dithers`` or ``fringes``.
    title : str
        Heading.
    plots : tuple of RemedyPlot
        The panels.
    columns : tuple of str
        Headings of the table, with units.
    rows : tuple of tuple
        Texts, whole numbers and floats; NaN for what is not defined.
    note : str
        What the numbers mean, and what comes of them, in sentences.
    settings : dict of str to object
        All parameters behind it but for recipe and exposures: texts, numbers and lists of them.
    """

    kind: str
    title: str
    plots: tuple[RemedyPlot, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | float, ...], ...]
    note: str = ""
    settings: dict[str, object] = field(default_factory=dict)
