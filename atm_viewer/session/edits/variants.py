"""Several recipes that live at once: variants A, B, C…, one of which is edited."""

from __future__ import annotations

from dataclasses import dataclass, replace

from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.results.spectra import SpaxelSpectra

#: Names that variants can have, in order.
NAMES = tuple("ABCDEFGH")


@dataclass(frozen=True)
class Variant:
    """One of several recipes.

    Parameters
    ----------
    name : str
        Letter, see `NAMES`.
    recipe : Recipe
        Its parameters.
    label : str
        Few words by the user, may be empty.
    """

    name: str
    recipe: Recipe
    label: str = ""

    @property
    def title(self) -> str:
        """Letter and label."""
        return f"{self.name} {self.label}".rstrip()


@dataclass(frozen=True)
class Variants:
    """Variants in the order of their names; at least one.

    Parameters
    ----------
    all : tuple of Variant
        The variants.
    active : str
        Name of the one that is edited, shown in table and profile, and written.
    """

    all: tuple[Variant, ...] = (Variant(NAMES[0], Recipe()),)
    active: str = NAMES[0]

    @property
    def names(self) -> tuple[str, ...]:
        """Names, in order."""
        return tuple(v.name for v in self.all)

    @property
    def several(self) -> bool:
        """Whether there are more than one."""
        return len(self.all) > 1

    @property
    def full(self) -> bool:
        """Whether no name is left for another one."""
        return len(self.all) == len(NAMES)

    @property
    def recipe(self) -> Recipe:
        """Recipe of the active one."""
        return self[self.active].recipe

    @property
    def active_first(self) -> tuple[Variant, ...]:
        """All of them, the active one first: the order in which answers are wanted."""
        return tuple(sorted(self.all, key=lambda v: v.name != self.active))

    def __getitem__(self, name: str) -> Variant:
        return next(v for v in self.all if v.name == name)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def with_recipe(self, recipe: Recipe) -> Variants:
        """Give the active variant another recipe."""
        return self._with(replace(self[self.active], recipe=recipe))

    def added(self) -> Variants:
        """Copy the active variant under the first free name; the copy is active. The same where no name is free."""
        free = next((name for name in NAMES if name not in self), None)
        if free is None:
            return self
        everyone = sorted((*self.all, Variant(free, self.recipe)), key=lambda v: v.name)
        return Variants(tuple(everyone), free)

    def chosen(self, name: str) -> Variants:
        """Make another variant the active one."""
        return replace(self, active=name)

    def renamed(self, name: str, label: str) -> Variants:
        """Give a variant a label."""
        return self._with(replace(self[name], label=" ".join(label.split())))

    def adopted(self, name: str) -> Variants:
        """Keep one variant, which becomes the first, and discard the others."""
        return Variants((replace(self[name], name=NAMES[0]),), NAMES[0])

    def discarded(self, name: str) -> Variants:
        """Leave a variant out; when it is the active one, its neighbour becomes active. The same for the only one."""
        if not self.several:
            return self
        kept = tuple(v for v in self.all if v.name != name)
        place = min(self.names.index(name), len(kept) - 1)
        return Variants(kept, kept[place].name if self.active == name else self.active)

    def _with(self, variant: Variant) -> Variants:
        return replace(self, all=tuple(variant if v.name == variant.name else v for v in self.all))


@dataclass(frozen=True, eq=False)
class ShownSpectra:
    """Spectra of one variant at one place, as the window shows them.

    Parameters
    ----------
    variant : Variant
        The variant.
    place : int
        Number of the place, from 1.
    spectra : SpaxelSpectra or None
        The latest answer; None before there is one.
    stale : bool
        Newer ones are on their way.
    """

    variant: Variant
    place: int
    spectra: SpaxelSpectra | None
    stale: bool
