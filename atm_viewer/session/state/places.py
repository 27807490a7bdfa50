"""Places on the sky whose spectra are shown: a spaxel each, and the aperture around it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.recipe import Circle, Recipe, Region
from atm_viewer.engine.sky_shapes import contains

#: How many places there can be: as many as colours can be told apart.
MOST = 6


@dataclass(frozen=True)
class Place:
    """A place on the sky.

    Parameters
    ----------
    number : int
        From 1; it keeps its number as long as it exists.
    ra, dec : float
        ICRS position [deg].
    radius : float
        Radius of the aperture [arcsec].
    """

    number: int
    ra: float
    dec: float
    radius: float

    def extraction(self, exposures: tuple[str, ...], recipe: Recipe, band: str) -> Extraction:
        """Say which spectra are wanted of this place."""
        return Extraction(exposures, recipe, band, self.ra, self.dec, self.radius)


@dataclass(frozen=True)
class Places:
    """Places in the order of their numbers, one of which is active.

    Parameters
    ----------
    all : tuple of Place
        The places; empty before there is a field to have places in.
    active : int
        Number of the one that a click on the sky moves; 0 when there is none.
    """

    all: tuple[Place, ...] = ()
    active: int = 0

    @property
    def numbers(self) -> tuple[int, ...]:
        """Numbers, ascending."""
        return tuple(p.number for p in self.all)

    @property
    def several(self) -> bool:
        """Whether there are more than one."""
        return len(self.all) > 1

    @property
    def current(self) -> Place | None:
        """The active one."""
        return self[self.active]

    @property
    def active_first(self) -> tuple[Place, ...]:
        """All of them, the active one first: the order in which answers are wanted."""
        return tuple(sorted(self.all, key=lambda p: p.number != self.active))

    def __getitem__(self, number: int) -> Place | None:
        return next((p for p in self.all if p.number == number), None)

    def added(self, ra: float, dec: float, radius: float | None = None) -> Places:
        """Add a place and make it the active one; the aperture is as large as that of the one that was.

        The same when there are `MOST` already, or no radius is known.
        """
        free = next((n for n in range(1, MOST + 1) if n not in self.numbers), None)
        if radius is None:
            radius = self.current.radius if self.current else None
        if free is None or radius is None:
            return self
        everywhere = sorted((*self.all, Place(free, ra, dec, radius)), key=lambda p: p.number)
        return Places(tuple(everywhere), free)

    def moved(self, number: int, ra: float, dec: float) -> Places:
        """Move a place, which becomes the active one."""
        return replace(self._changed(number, ra=ra, dec=dec), active=number) if self[number] else self

    def resized(self, radius: float) -> Places:
        """Change the radius of the active place's aperture [arcsec]."""
        return self._changed(self.active, radius=round(radius, 3)) if round(radius, 3) > 0 else self

    def chosen(self, number: int) -> Places:
        """Make another place the active one."""
        return replace(self, active=number) if self[number] else self

    def stepped(self, delta: int) -> Places:
        """Make the next (1) or previous (-1) place the active one, around the end."""
        if not self.all:
            return self
        return self.chosen(self.numbers[(self.numbers.index(self.active) + delta) % len(self.all)])

    def removed(self, number: int) -> Places:
        """Leave a place out; its neighbour becomes active when it was. The same for the only one."""
        if not self.several or not self[number]:
            return self
        index = self.numbers.index(number)
        kept = tuple(p for p in self.all if p.number != number)
        return Places(kept, kept[min(index, len(kept) - 1)].number if number == self.active else self.active)

    def _changed(self, number: int, **values: float) -> Places:
        def changed(place: Place) -> Place:
            return replace(place, **values)  # type: ignore[arg-type]  # all but the number, an int, are floats

        return replace(self, all=tuple(changed(p) if p.number == number else p for p in self.all))


def spectra_name(variant: str, place: int, band: str = "") -> str:
    """Name under which the spectra of a variant at a place are shown; those beside the chosen band's have a band."""
    return f"{variant}{place}:{band}" if band else f"{variant}{place}"


def region_at(recipe: Recipe, place: Place | None) -> Region | None:
    """Region that values for a place's slices go to.

    Parameters
    ----------
    recipe : Recipe
        The recipe.
    place : Place or None
        The place.

    Returns
    -------
    Region or None
        The last region that the place lies in, which wins over the others there; else one that is not in the recipe:
        a circle of the aperture's size. None without a place.
    """
    if place is None:
        return None
    within = [region for region in recipe.regions if contains(region.shape, place.ra, place.dec)]
    if within:
        return within[-1]
    circle = Circle(round(place.ra % 360.0, 7), round(place.dec, 7), place.radius)
    return Region(recipe.free_name(f"place {place.number}"), circle)
