"""Another value than the default for each parameter of the table, so that tests cover parameters to come."""

from __future__ import annotations

from dataclasses import replace

from atm_viewer.engine.recipe import Parameter, Recipe, SliceOverride


def other_value(p: Parameter):
    """Give a value that is not the default."""
    match p.kind:
        case "number":
            return 1.5 if p.multiple else p.default / 4
        case "whole":
            return int(p.low) + 9
        case "switch":
            return not p.default
        case "choice":
            return next(choice for choice in p.choices if choice != p.default)
        case "range":
            return p.low + 1.0, p.low + 2.5
        case "ranges":
            return ((0.25, 0.5), (1.0, 1.5))


def changed(recipe: Recipe, p: Parameter, number: int | None = None) -> Recipe:
    """Change one parameter to `other_value`, in one slice or for all."""
    value = {p.name: other_value(p)}
    return replace(recipe, **value) if number is None else recipe.with_override(SliceOverride(number, **value))
