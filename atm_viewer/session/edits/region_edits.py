"""Edits of the recipe's regions as pure functions: a recipe and the change give a named new recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from atm_viewer.engine.errors import MOST_OF_VALUE, InputError, one_line
from atm_viewer.engine.recipe import PARAMETERS, Polygon, Recipe, Region, Shape
from atm_viewer.session.edits.slice_edits import Edit
from atm_viewer.session.edits.typed_values import format_value
from atm_viewer.session.names import count

#: Name of the first region that is drawn; the others have a number besides.
NEW = "region"


def add(recipe: Recipe, regions: Sequence[Region], what: str) -> tuple[Edit, tuple[Region, ...]]:
    """Put regions at the end, with names that no other has; also give them as they are now called."""
    added = []
    for region in regions:
        added.append(replace(region, name=recipe.free_name(region.name)))
        recipe = recipe.with_region(added[-1])
    subject = f"region “{added[0].name}”" if len(added) == 1 else count(len(added), "region")
    return Edit(f"{what} {subject}", recipe), tuple(added)


def reshape(recipe: Recipe, name: str, shape: Shape) -> Edit:
    """Give a region another place or size."""
    region, what = _region(recipe, name), "move or reshape"
    if isinstance(shape, Polygon) and isinstance(region.shape, Polygon):
        more = len(shape.vertices) - len(region.shape.vertices)
        what = "add corner" if more > 0 else "remove corner" if more < 0 else what
    return Edit(f"Region “{name}”: {what}", recipe.with_region(replace(region, shape=shape)))


def set_value(recipe: Recipe, name: str, parameter: str, value: Any) -> Edit:
    """Change what a region says of a parameter or of ``use``; None leaves it as it is without the region."""
    region, values = _region(recipe, name), {parameter: value}
    new = recipe.with_region(replace(region, **values))
    olds = [_text(parameter, getattr(r, parameter)) for r in (region, new.region(name))]
    label = "use" if parameter == "use" else PARAMETERS[parameter].label
    return Edit(f"Region “{name}”: {label} {' → '.join(olds)}", new)


def rename(recipe: Recipe, name: str, wanted: str) -> Edit:
    """Give a region another name.

    Raises
    ------
    InputError
        The name is empty, too long, or another region's.
    """
    wanted = " ".join(wanted.split())
    if not wanted or not wanted.isprintable() or len(wanted) > MOST_OF_VALUE:
        raise InputError(f"A region needs a name of 1 to {MOST_OF_VALUE} letters, not '{one_line(wanted)}'.")
    if wanted != name and recipe.region(wanted) is not None:
        raise InputError(f"There is a region “{wanted}” already; choose another name.")
    new = recipe.with_region(replace(_region(recipe, name), name=wanted), name)
    return Edit(f"Rename region “{name}” “{wanted}”", new)


def name_in(recipe: Recipe, name: str, before: Recipe) -> str:
    """Name in a recipe of what was a region of another one: a new one where nothing but its name is new."""
    region = before.region(name)
    if region is None or recipe.region(name) is not None:
        return name
    return next((one.name for one in recipe.regions if replace(one, name=name) == region), name)


def step(recipe: Recipe, name: str, delta: int) -> Edit:
    """Move a region down (1) or up (-1) in the list; later ones win over earlier ones."""
    regions = list(recipe.regions)
    at = regions.index(_region(recipe, name))
    region = regions.pop(at)
    regions.insert(max(0, min(at + delta, len(regions))), region)
    return Edit(f"Region “{name}”: move {'down' if delta > 0 else 'up'}", replace(recipe, regions=tuple(regions)))


def remove(recipe: Recipe, name: str) -> Edit:
    """Do without a region."""
    return Edit(f"Delete region “{name}”", recipe.without_region(name))


def _region(recipe: Recipe, name: str) -> Region:
    region = recipe.region(name)
    assert region is not None
    return region


def _text(parameter: str, value: Any) -> str:
    if parameter == "use":
        return value or "as it is"
    return format_value(parameter, value) or "as it is"
