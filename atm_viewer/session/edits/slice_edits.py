"""Edits of slices as pure functions: a recipe, the slices, and where edits go give a named new recipe.

A value that is set somewhere is changed where it is set. Where it is inherited from the defaults, the scope of edits
decides: see `_target`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from atm_viewer.engine.recipe import OF_REGION, PARAMETERS, Recipe, Region, SliceOverride
from atm_viewer.session.edits.scope import Scope, Seen, Where, slice_band
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
    band: str | None = None,
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
    band : str or None
        The one band whose exposures it applies to; None for all.

    Returns
    -------
    Recipe
    """
    bare = _without(recipe, number, (name,), exposure, band)
    bands = (band,) if band is not None else bands
    # Of all exposures together nobody knows what they would inherit where regions set it.
    varies = exposure is None and any(getattr(region, name) is not None for region in recipe.regions)
    if value is None or (value == _in_force(bare, number, name, exposure, seen, bands) and not varies):
        return bare
    values: dict[str, Any] = {name: value}
    return bare.with_override(replace(bare.override(number, exposure, band), **values))


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
    """Take overrides of slices away: of the exposure, its bands, those in force in it, or all of these numbers."""

    def goes(override: SliceOverride) -> bool:
        if override.number not in numbers:
            return False
        if scope is Scope.SLICE:
            return (override.exposure, override.band) == (exposure, None)
        if scope is Scope.BAND:
            return override.band in bands
        return scope is Scope.NUMBER or override in recipe.overrides_of(override.number, exposure, bands)

    whose = _of_bands(numbers, bands) if scope is Scope.BAND else f" of {exposure}" if scope is Scope.SLICE else ""
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
    """Give slices the overrides of another one, in place of their own.

    In the exposure alone, or in the band, unless numbers count.
    """
    targets = [number for number in targets if number != source]
    here, in_band = scope in (Scope.PLACE, Scope.SLICE), scope is Scope.BAND
    if here or in_band:
        asked = exposure if here else None
        values = {k: v for one in recipe.overrides_of(source, asked, bands) for k, v in one.values().items()}
        entries = [SliceOverride(source, asked, **values)]
    else:
        entries = [o for o in recipe.overrides if o.number == source]
    new = reset(recipe, targets, exposure, Scope.SLICE if here else scope, bands).recipe
    for number in targets:
        for entry in entries:
            goes = replace(entry, number=number)
            new = new.with_override(replace(goes, band=slice_band(tuple(bands), number)) if in_band else goes)
    whose = _of_bands(targets, bands) if in_band else f" of {exposure}" if here else ""
    return Edit(f"{_subject(targets)}{whose}: copy overrides of slice {source}", new)


def for_all_exposures(recipe: Recipe, numbers: Sequence[int], exposure: str) -> Edit:
    """Let what is set for one exposure apply to all of them; their own values for the same parameters go."""
    new = recipe
    for number in numbers:
        values = recipe.override(number, exposure).values()
        for _, other, band in {o.key for o in recipe.overrides if o.number == number}:
            new = _without(new, number, tuple(values), other, band)
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


class Band(NamedTuple):
    """Where a value is set for the exposures of one band."""

    name: str


#: Where a value of a slice is set: in a region, for one exposure (its name), a band, or for all (None).
Target = str | Region | Band | None


def _target(recipe: Recipe, number: int, name: str, value: Any, where: Where) -> Target:
    """Where a value of a slice is to be set.

    Alpha ranges are those of one slice of one exposure, so they are never a region's.
    """
    own = overridden(recipe, number, where.exposure, where.bands)
    there = own.get(name)
    if where.scope is Scope.SLICE or (there is not None and there == where.exposure):
        return where.exposure
    if there is not None:
        return Band(there)
    if where.scope is Scope.BAND and where.bands:
        return Band(slice_band(where.bands, number))
    if where.scope is Scope.NUMBER or name in own:
        return None
    if name in OF_REGION:
        params = recipe.params(number, where.exposure or "", where.seen.get(number, ()), where.bands)
        owner = recipe.region(dict(params.regions.values).get(name, ""))
        if found := owner or (goes_to(recipe, number, where) if value is not None else None):
            return found
    return where.exposure


def _set_targets(recipe: Recipe, targets: Mapping[int, Target], name: str, value: Any, where: Where) -> Edit:
    seen, bands = where.seen, where.bands
    regions = tuple(dict.fromkeys(target for target in targets.values() if isinstance(target, Region)))
    scopes = {number: _key(target) for number, target in targets.items() if not isinstance(target, Region)}
    new = recipe
    for number, (exposure, band) in scopes.items():
        here, its = (seen.get(number, ()), bands) if exposure is not None else ((), ())
        new = with_value(new, number, name, value, exposure, here, its, band)
    changed = [n for n in scopes if new.override(n, *scopes[n]) != recipe.override(n, *scopes[n])]
    changed = changed or (list(scopes) if not regions else [])
    values = []
    for n in changed:
        exposure, band = scopes[n]
        of_bands = (band,) if band is not None else bands
        values.append(tuple(_in_force(r, n, name, exposure, seen.get(n, ()), of_bands) for r in (recipe, new)))
    for region in regions:
        known = recipe.region(region.name) or replace(region, use=None)
        new = _with_region_value(new, known, name, value)
        after = new.region(region.name)
        values.append((_of_region(recipe, known, name), _of_region(recipe, after, name)))
    whom = {scopes[n] for n in changed}
    exposure, band = next(iter(whom)) if len(whom) == 1 else (None, None)
    whose = f" of {exposure or band}" if exposure or band else ""
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


def _key(target: str | Band | None) -> tuple[str | None, str | None]:
    """Exposure and band that a value is set for."""
    return (None, target.name) if isinstance(target, Band) else (target, None)


def _of_bands(numbers: Sequence[int], bands: Collection[str]) -> str:
    """Say which bands slices are of."""
    named = dict.fromkeys(slice_band(tuple(bands), number) for number in numbers)
    return f" of {', '.join(named)}"


def _without(
    recipe: Recipe, number: int, names: Sequence[str], exposure: str | None, band: str | None = None
) -> Recipe:
    nothing: dict[str, Any] = dict.fromkeys(names)
    return recipe.with_override(replace(recipe.override(number, exposure, band), **nothing))


def _subject(numbers: Sequence[int]) -> str:
    return f"Slice {numbers[0]}" if len(numbers) == 1 else count(len(numbers), "slice")
