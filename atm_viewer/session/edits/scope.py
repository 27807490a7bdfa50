"""Which slices an edit in the slice table or the profile applies to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from atm_viewer.engine.recipe import Region


class Scope(StrEnum):
    """Where a value goes that is set for a slice."""

    PLACE = "place"  #: to the region that the active place lies in: all slices that see it, in every dither
    NUMBER = "number"  #: to the slice of this number in all exposures
    BAND = "band"  #: to the slice of this number in the exposures of its band
    SLICE = "slice"  #: to the slice of the chosen exposure alone


def slice_band(bands: Sequence[str], number: int) -> str:
    """Band of a slice of an exposure with some bands: in MIRI the hundreds of the slice's number are the channel."""
    return next((band for band in bands if band.startswith(f"ch{number // 100}-")), bands[0])


#: The regions that a slice sees, in the recipe's order, and the alpha ranges [arcsec] in which it does.
Seen = Sequence[tuple[Region, Sequence[tuple[float, float]]]]


@dataclass(frozen=True)
class Where:
    """What decides which slices an edit applies to.

    Parameters
    ----------
    exposure : str or None
        Name of the exposure whose slices are edited; None without one.
    scope : Scope
        What the user wants.
    seen : mapping of int to sequence of (Region, sequence of (float, float))
        The recipe's regions that slices of this exposure see, by slice number.
    target : Region or None
        The region of the active place, which need not be in the recipe yet.
    reached : collection of int
        Slices of this exposure that see it.
    bands : tuple of str
        Bands of this exposure.
    """

    exposure: str | None = None
    scope: Scope = Scope.NUMBER
    seen: Mapping[int, Seen] = field(default_factory=dict)
    target: Region | None = None
    reached: frozenset[int] = frozenset()
    bands: tuple[str, ...] = ()

    @property
    def here(self) -> bool:
        """Whether slices are edited in the chosen exposure alone, where no region is."""
        return self.scope in (Scope.PLACE, Scope.SLICE)
