"""Edits of slices as pure functions: a recipe, the slices, and where edits go give a named new recipe.

A value that is set somewhere is changed where it is set. Where it is inherited from the defaults, the scope of edits
decides: see `_target`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from atm_viewer.engine.recipe import OF_REGION, PARAMETERS, Recipe, Region, SliceOverride
from atm_viewer.session.edits.scope import Scope, Seen, Where
from atm_viewer.session.edits.typed_values import format_value
from atm_viewer.session.names import count


@dataclass(frozen=True)
class Edit:
    """A new recipe, and the name of the change for the Edit menu."""

    name: str
    recipe: Recipe


def overridden(recipe: Recipe, number: int, exposure: str | None, bands: Collection[str] = ()) -> dict[str, str | None]:
    """Names of the parameters set for a slice; the exposure or band they are set for, or None for all."""
    found: dict[str, str | None] = {}
    for one in recipe.overrides_of(number, exposure, bands):
        found.update(dict.fromkeys(one.values(), one.exposure or one.band))
    return found


def with_value(
    recipe: Recipe,
    number: int,
    name: str,
    value: Any,
    exposure: str | None,
    seen: Seen = (),
    bands: Collection[str] = (),
) -> Recipe:
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
    seen : sequence of (Region, sequence of (float, float))
        Regions that the slice sees in that exposure.
    bands : collection of str
        Bands of that exposure.

    Returns
    -------
    Recipe
    """
    bare = _without(recipe, number, (name,), exposure)
    # Of all exposures together nobody knows what they would inherit where regions set it.
    varies = exposure is None and any(getattr(region, name) is not None for region in recipe.regions)
    if value is None or (value == _in_force(bare, number, name, exposure, seen, bands) and not varies):
        return bare
    values: dict[str, Any] = {name: value}
    return bare.with_override(replace(bare.override(number, exposure), **values))


def set_one(recipe: Recipe, number: int, name: str, value: Any, exposure: str | None) -> Edit:
    """Change a value of one slice, for all exposures or for one; see `with_value`."""
    return _set_targets(recipe, {number: exposure}, name, value, Where())


def set_values(recipe: Recipe, numbers: Sequence[int], name: str, value: Any, where: Where) -> Edit:
    """Change a value of several slices, each where it is seen; None inherits."""
    targets = {number: _target(recipe, number, name, value, where) for number in numbers}
    return _set_targets(recipe, targets, name, value, where)


def reset(
    recipe: Recipe, numbers: Sequence[int], exposure: str | None, scope: Scope, bands: Collection[str] = ()
) -> Edit:
    """Take the overrides of slices away: those of the exposure, those in force in it, or all of these numbers."""

    def goes(override: SliceOverride) -> bool:
        if override.number not in numbers:
            return False
        if scope is Scope.SLICE:
            return (override.exposure, override.band) == (exposure, None)
        return scope is Scope.NUMBER or override in recipe.overrides_of(override.number, exposure, bands)

    whose = f" of {exposure}" if scope is Scope.SLICE else ""
    kept = tuple(o for o in recipe.overrides if not goes(o))
    return Edit(f"{_subject(numbers)}{whose}: reset", replace(recipe, overrides=kept))


def copy(
    recipe: Recipe,
    source: int,
    targets: Sequence[int],
    exposure: str | None,
    scope: Scope,
    bands: Collection[str] = (),
) -> Edit:
    """Give slices the overrides of another one, in place of their own; in the exposure alone unless numbers count."""
    targets = [number for number in targets if number != source]
    here = scope is not Scope.NUMBER
    if here:
        values = {k: v for one in recipe.overrides_of(source, exposure, bands) for k, v in one.values().items()}
        entries = [SliceOverride(source, exposure, **values)]
    else:
        entries = [o for o in recipe.overrides if o.number == source]
    new = reset(recipe, targets, exposure, Scope.SLICE if here else scope).recipe
    for number in targets:
        for entry in entries:
            new = new.with_override(replace(entry, number=number))
    whose = f" of {exposure}" if here else ""
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


def goes_to(recipe: Recipe, number: int, where: Where) -> Region | None:
    """Region that a value of a slice goes to which is set nowhere so far; None where it becomes an override."""
    return where.target if where.scope is Scope.PLACE and number in where.reached else None


def _target(recipe: Recipe, number: int, name: str, value: Any, where: Where) -> str | Region | None:
    """Where a value of a slice is to be set: in a region, for one exposure (its name), or for all (None).

    Alpha ranges are those of one slice of one exposure, so they are never a region's.
    """
    own = overridden(recipe, number, where.exposure, where.bands)  # what a band has, the exposure can override
    if where.scope is Scope.SLICE or (name in own and own[name] is not None):
        return where.exposure
    if where.scope is Scope.NUMBER or name in own:
        return None
    if name in OF_REGION:
        params = recipe.params(number, where.exposure or "", where.seen.get(number, ()), where.bands)
        owner = recipe.region(dict(params.regions.values).get(name, ""))
        if found := owner or (goes_to(recipe, number, where) if value is not None else None):
            return found
    return where.exposure


def _set_targets(
    recipe: Recipe, targets: Mapping[int, str | Region | None], name: str, value: Any, where: Where
) -> Edit:
    seen, bands = where.seen, where.bands
    regions = tuple(dict.fromkeys(target for target in targets.values() if isinstance(target, Region)))
    scopes = {number: target for number, target in targets.items() if not isinstance(target, Region)}
    new = recipe
    for number, scope in scopes.items():
        here = (seen.get(number, ()), bands) if scope is not None else ()
        new = with_value(new, number, name, value, scope, *here)
    changed = [n for n in scopes if new.override(n, scopes[n]) != recipe.override(n, scopes[n])]
    changed = changed or (list(scopes) if not regions else [])
    values = [tuple(_in_force(r, n, name, scopes[n], seen.get(n, ()), bands) for r in (recipe, new)) for n in changed]
    for region in regions:
        known = recipe.region(region.name) or replace(region, use=None)
        new = _with_region_value(new, known, name, value)
        after = new.region(region.name)
        values.append((_of_region(recipe, known, name), _of_region(recipe, after, name)))
    exposures = {scopes[n] for n in changed}
    whose = f" of {one}" if len(exposures) == 1 and (one := next(iter(exposures))) else ""
    subjects = [f"{_subject(changed)}{whose}"] if changed else []
    subjects += [f"Region “{region.name}”" for region in regions]
    olds, news = ({format_value(name, pair[k]) or "default" for pair in values} for k in (0, 1))
    texts = [next(iter(both)) if len(both) == 1 else "" for both in (olds, news)]
    return Edit(f"{' and '.join(subjects)}: {PARAMETERS[name].label} {' → '.join(texts).strip()}", new)


def _with_region_value(recipe: Recipe, region: Region, name: str, value: Any) -> Recipe:
    """Set a value in a region; one that says nothing more than the defaults do goes, and a region without any."""
    others = any(getattr(r, name) is not None for r in recipe.regions if r.name != region.name)
    if not others and PARAMETERS[name].is_global and value == getattr(recipe, name):
        value = None
    nothing_but: dict[str, Any] = {name: value}
    region = replace(region, **nothing_but)
    if region.use is None and not region.values():
        return recipe.without_region(region.name)
    return recipe.with_region(region)


def _of_region(recipe: Recipe, region: Region | None, name: str) -> Any:
    """Value of a parameter in a region, or what it leaves in force."""
    own = getattr(region, name) if region is not None else None
    return own if own is not None or not PARAMETERS[name].is_global else getattr(recipe, name)


def _in_force(
    recipe: Recipe, number: int, name: str, exposure: str | None, seen: Seen = (), bands: Collection[str] = ()
) -> Any:
    """Value of a parameter, whether or not ``psf_optimal`` ignores it."""
    return getattr(replace(recipe, psf_optimal=False).params(number, exposure or "", seen, bands), name)


def _without(recipe: Recipe, number: int, names: Sequence[str], exposure: str | None) -> Recipe:
    nothing: dict[str, Any] = dict.fromkeys(names)
    return recipe.with_override(replace(recipe.override(number, exposure), **nothing))


def _subject(numbers: Sequence[int]) -> str:
    return f"Slice {numbers[0]}" if len(numbers) == 1 else count(len(numbers), "slice")
