"""The parameters of a run: the table of what is known of each, their values, and the readable TOML form."""

from __future__ import annotations

from atm_viewer.engine.recipe.cube_options import CUBE_PARAMETERS, CubeOptions
from atm_viewer.engine.recipe.parameters import PARAMETERS, PIPELINE, Parameter, Stage
from atm_viewer.engine.recipe.recipe import (
    GLOBAL,
    NO_REGIONS,
    OF_REGION,
    OVERRIDABLE,
    USES,
    FitParams,
    Recipe,
    Region,
    RegionRange,
    SliceOverride,
    SliceRegions,
)
from atm_viewer.engine.recipe.shapes import Circle, Ellipse, Polygon, Shape, refuse_shape
from atm_viewer.engine.recipe.toml import (
    Checker,
    dump_recipe,
    fill_recipe,
    load_recipe,
    parse_recipe,
    parse_toml,
    read_recipe,
    read_region,
)

__all__ = [
    "CUBE_PARAMETERS",
    "GLOBAL",
    "NO_REGIONS",
    "OF_REGION",
    "OVERRIDABLE",
    "PARAMETERS",
    "PIPELINE",
    "USES",
    "Checker",
    "Circle",
    "CubeOptions",
    "Ellipse",
    "FitParams",
    "Parameter",
    "Polygon",
    "Recipe",
    "Region",
    "RegionRange",
    "Shape",
    "SliceOverride",
    "SliceRegions",
    "Stage",
    "dump_recipe",
    "fill_recipe",
    "load_recipe",
    "parse_recipe",
    "parse_toml",
    "read_recipe",
    "read_region",
    "refuse_shape",
]
