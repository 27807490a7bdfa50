"""Edits of slices as pure functions: a recipe, the slices, and which exposures are meant give a named new recipe.

An edit means the chosen exposure alone when the user works on that one (``only_this``) or when the value in sight is
the exposure's own; else it means all exposures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from atm_viewer.engine.recipe import PARAMETERS, Recipe, SliceOverride
from atm_viewer.session.edits.typed_values import format_value
from atm_viewer.session.names import count


@dataclass(frozen=True)
class Edit:
    """A new recipe, and the name of the change for the Edit menu."""

    name: str
    recipe: Recipe


def overridden(recipe: Recipe, number: int, exposure: str | None) -> dict[str, str | None]:
    """Names of the parameters set for a slice; the exposure they are set for, or None for all."""
    found: dict[str, str | None] = {}
    for scope in (None, exposure):
        found.update(dict.fromkeys(recipe.override(number, scope).values(), scope))
    return found


def with_value(recipe: Recipe, number: int, name: str, value: Any, exposure: str | None) -> Recipe:
    """Recipe with a value of one slice changed.

    Parameters
    ----------
    recipe : Recipe
        The recipe.
    number : int
        Slice.
    name : str
        Name of the parameter in `SliceOverride`.
    value : object
        New value; None, or the value that would be inherited, takes the override away.
    exposure : str or None
        Name of the one exposure it applies to; None for all.

    Returns
    -------
    Recipe
    """
    bare = _without(recipe, number, (name,), exposure)
    if value in (None, _in_force(bare, number, name, exposure)):
        return bare
    values: dict[str, Any] = {name: value}
    return bare.with_override(replace(bare.override(number, exposure), **values))


def set_one(recipe: Recipe, number: int, name: str, value: Any, exposure: str | None) -> Edit:
    """Change a value of one slice, for all exposures or for one; see `with_value`."""
    return _named_values(recipe, {number: exposure}, name, value)


def set_values(
    recipe: Recipe, numbers: Sequence[int], name: str, value: Any, exposure: str | None, only_this: bool
) -> Edit:
    """Change a value of several slices; None inherits."""

    def scope(number: int) -> str | None:
        return exposure if only_this or overridden(recipe, number, exposure).get(name) is not None else None

    return _named_values(recipe, {number: scope(number) for number in numbers}, name, value)


def reset(recipe: Recipe, numbers: Sequence[int], exposure: str | None, only_this: bool) -> Edit:
    """Take all overrides of slices away; those of the exposure alone when only that is edited."""
    kept = tuple(o for o in recipe.overrides if o.number not in numbers or (only_this and o.exposure != exposure))
    whose = f" of {exposure}" if only_this else ""
    return Edit(f"{_subject(numbers)}{whose}: reset", replace(recipe, overrides=kept))


def copy(recipe: Recipe, source: int, targets: Sequence[int], exposure: str | None, only_this: bool) -> Edit:
    """Give slices the overrides of another one, in place of their own; in the exposure alone if only that is edited."""
    targets = [number for number in targets if number != source]
    if only_this:
        values = recipe.override(source).values() | recipe.override(source, exposure).values()
        entries = [SliceOverride(source, exposure, **values)]
    else:
        entries = [o for o in recipe.overrides if o.number == source]
    new = reset(recipe, targets, exposure, only_this).recipe
    for number in targets:
        for entry in entries:
            new = new.with_override(replace(entry, number=number))
    whose = f" of {exposure}" if only_this else ""
    return Edit(f"{_subject(targets)}{whose}: copy overrides of slice {source}", new)


def for_all_exposures(recipe: Recipe, numbers: Sequence[int], exposure: str) -> Edit:
    """Let what is set for one exposure apply to all of them; their own values for the same parameters go."""
    new = recipe
    for number in numbers:
        values = recipe.override(number, exposure).values()
        for other in {o.exposure for o in recipe.overrides if o.number == number}:
            new = _without(new, number, tuple(values), other)
        for name, value in values.items():
            new = with_value(new, number, name, value, None)
    return Edit(f"{_subject(numbers)}: apply to all exposures", new)


def for_one_exposure(recipe: Recipe, numbers: Sequence[int], exposure: str) -> Edit:
    """Let what is set for all exposures apply to one of them alone."""
    new = recipe
    for number in numbers:
        values = recipe.override(number).values()
        own = recipe.override(number, exposure).values()
        new = _without(new, number, tuple(values), None)
        for name, value in (values | own).items():
            new = with_value(new, number, name, value, exposure)
    return Edit(f"{_subject(numbers)}: limit to {exposure}", new)


def _named_values(recipe: Recipe, scopes: dict[int, str | None], name: str, value: Any) -> Edit:
    new = recipe
    for number, scope in scopes.items():
        new = with_value(new, number, name, value, scope)
    changed = [n for n in scopes if new.override(n, scopes[n]) != recipe.override(n, scopes[n])] or list(scopes)
    olds, news = (
        {format_value(name, _in_force(r, n, name, scopes[n])) or "default" for n in changed} for r in (recipe, new)
    )
    exposures = {scopes[n] for n in changed}
    whose = f" of {one}" if len(exposures) == 1 and (one := next(iter(exposures))) else ""
    texts = [next(iter(values)) if len(values) == 1 else "" for values in (olds, news)]
    return Edit(f"{_subject(changed)}{whose}: {PARAMETERS[name].label} {' → '.join(texts).strip()}", new)


def _in_force(recipe: Recipe, number: int, name: str, exposure: str | None) -> Any:
    """Value of a parameter, whether or not ``psf_optimal`` ignores it."""
    return getattr(replace(recipe, psf_optimal=False).params(number, exposure or ""), name)


def _without(recipe: Recipe, number: int, names: Sequence[str], exposure: str | None) -> Recipe:
    nothing: dict[str, Any] = dict.fromkeys(names)
    return recipe.with_override(replace(recipe.override(number, exposure), **nothing))


def _subject(numbers: Sequence[int]) -> str:
    return f"Slice {numbers[0]}" if len(numbers) == 1 else count(len(numbers), "slice")
