"""The parameters of a run: the table of what is known of each, their values, and the readable TOML form."""

from __future__ import annotations

from atm_viewer.engine.recipe.parameters import PARAMETERS, PIPELINE, Parameter, Stage
from atm_viewer.engine.recipe.recipe import GLOBAL, OVERRIDABLE, FitParams, Recipe, SliceOverride
from atm_viewer.engine.recipe.toml import (
    Checker,
    dump_recipe,
    fill_recipe,
    load_recipe,
    parse_recipe,
    parse_toml,
    read_recipe,
)

__all__ = [
    "GLOBAL",
    "OVERRIDABLE",
    "PARAMETERS",
    "PIPELINE",
    "Checker",
    "FitParams",
    "Parameter",
    "Recipe",
    "SliceOverride",
    "Stage",
    "dump_recipe",
    "fill_recipe",
    "load_recipe",
    "parse_recipe",
    "parse_toml",
    "read_recipe",
]
