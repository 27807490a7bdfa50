"""How one recipe differs from another, in words."""

from __future__ import annotations

from typing import Any

from atm_viewer.engine.recipe import CUBE_PARAMETERS, GLOBAL, PARAMETERS, Recipe, Region, SliceOverride
from atm_viewer.session.edits.typed_values import format_value
from atm_viewer.session.names import count


def recipe_words(recipe: Recipe, reference: Recipe | None = None, most: int = 3) -> str:
    """Say how a recipe differs.

    Parameters
    ----------
    recipe : Recipe
        The recipe.
    reference : Recipe or None
        What it is compared with; None for the pipeline's defaults.
    most : int
        Of so many slices the overrides are listed, the others are counted.

    Returns
    -------
    str
        Such as ``threshold 10 → 4; slice 112: window 30``, or ``no differences``.
    """
    base = reference or Recipe()
    parts = [
        f"{_named(name, getattr(base, name))} → {format_value(name, getattr(recipe, name))}"
        for name in GLOBAL
        if getattr(recipe, name) != getattr(base, name)
    ]
    cubes = [
        f"{p.label} {p.text(old) or 'default'} → {p.text(new) or 'default'}"
        for name, p in CUBE_PARAMETERS.items()
        if (old := getattr(base.cube, name)) != (new := getattr(recipe.cube, name))
    ]
    if recipe.cube.offsets != base.cube.offsets:
        cubes.append("offsets of exposures" if recipe.cube.offsets else "no offsets of exposures")
    parts += [f"cube: {', '.join(cubes)}"] if cubes else []
    parts += [
        _region_words(region, base.region(region.name)) for region in recipe.regions if region not in base.regions
    ]
    parts += [f"no region “{r.name}”" for r in base.regions if recipe.region(r.name) is None]
    same = [r for r in recipe.regions if r in base.regions]
    if same != [r for r in base.regions if r in same]:
        parts.append("regions in another order")
    changed = [o for o in recipe.overrides if o not in base.overrides]
    have = {o.key for o in recipe.overrides}
    gone = [o for o in base.overrides if o.key not in have]
    listed = [_override_words(o) for o in changed] + [f"slice {o.number}: no override" for o in gone]
    parts += listed[:most]
    if (more := len(listed) - most) > 0:
        parts.append(count(more, "more override"))
    return "; ".join(parts) or "no differences"


def _region_words(region: Region, before: Region | None) -> str:
    changes = (
        [region.shape.kind] if before is None else ["another place or size"] if region.shape != before.shape else []
    )
    if region.use != (before and before.use):
        changes.append(f"use {region.use or 'by slope'}")
    old = before.values() if before is not None else {}
    changes += [_named(name, value) for name, value in region.values().items() if value != old.get(name)]
    changes += [f"no {PARAMETERS[name].label}" for name in old if name not in region.values()]
    return f"region “{region.name}”: {', '.join(changes)}"


def _override_words(override: SliceOverride) -> str:
    whose = f" in {only}" if (only := override.exposure or override.band) else ""
    values = ", ".join(_named(name, value) for name, value in override.values().items())
    return f"slice {override.number}{whose}: {values}"


def _named(name: str, value: Any) -> str:
    return f"{PARAMETERS[name].label} {format_value(name, value)}"
