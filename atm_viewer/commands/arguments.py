"""Arguments that several commands take, and the kinds of values they have."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.recipe import CUBE_PARAMETERS, PARAMETERS, Parameter, Recipe

#: What stands for all bands where the default is another.
ALL = "all"
FILES = "cal or crf files, or an association (*_asn.json) with its science members"


def add_files(parser: argparse.ArgumentParser, product: str = "") -> None:
    """Take exposures and associations; ``product`` says what the name of a product is for besides choosing one."""
    parser.add_argument("files", nargs="+", metavar="FILE", help=FILES)
    add_members(parser)
    add_product(parser, product)


def add_product(parser: argparse.ArgumentParser, product: str = "") -> None:
    """Take the name of a product, see `add_files`."""
    chosen = "of an association with several products, the one to take"
    parser.add_argument("--product", default="", metavar="NAME", help=f"{product}; {chosen}" if product else chosen)


def add_members(parser: argparse.ArgumentParser) -> None:
    """Take a folder in which members of associations are looked for."""
    parser.add_argument(
        "--members",
        type=Path,
        metavar="DIR",
        help="folder with the members of an association, in it or below, if they are neither beside the association "
        "nor where it says",
    )


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """Take the file of a recipe."""
    parser.add_argument(
        "-r", "--recipe", metavar="RECIPE", help="recipe (TOML file); default: the pipeline's parameters"
    )
    parser.add_argument(
        "--offsets",
        metavar="FILE",
        help="offsets of the exposures on the sky, an ASDF file as cube_build takes it (offset_file); they become part "
        "of the recipe",
    )


def add_parameters(parser: argparse.ArgumentParser) -> None:
    """Take parameters in place of the recipe's values for all slices."""
    for p in PARAMETERS.values():
        if not p.is_global:
            continue
        option = f"--{p.name.replace('_', '-')}"
        beyond = " and ".join(choice for choice in p.choices if choice != p.default) if p.beyond else ""
        text = "in place of the recipe's value" + (f"; {beyond}: beyond the pipeline" if beyond else "")
        if p.kind == "switch":
            parser.add_argument(option, action="store_true", default=None, help="whatever the recipe says")
        elif p.kind == "choice":
            parser.add_argument(option, choices=p.choices, help=text)
        else:
            parser.add_argument(option, type=_within(p), metavar="N" if p.kind == "whole" else "X", help=text)


def given_parameters(args: argparse.Namespace) -> dict[str, Any]:
    """Values of `add_parameters` that were given, by name."""
    given = {p.name: getattr(args, p.name) for p in PARAMETERS.values() if p.is_global}
    return {name: value for name, value in given.items() if value is not None}


def add_cube_options(parser: argparse.ArgumentParser) -> None:
    """Take options of the cubes in place of the recipe's."""
    group = parser.add_argument_group("options of the cubes, in place of the recipe's [cube]")
    for p in CUBE_PARAMETERS.values():
        option = f"--{p.name.replace('_', '-')}"
        unit = f" [{p.unit}]" if p.unit else ""
        text = f"{p.tip[0].lower()}{p.tip[1:-1]}{unit}; default: {p.default_text}".replace("%", "%%")
        if p.kind == "switch":
            group.add_argument(option, action=argparse.BooleanOptionalAction, default=None, help=text)
        elif p.kind == "choice":
            group.add_argument(option, choices=p.choices, help=text)
        else:
            group.add_argument(option, type=_within(p), metavar="N" if p.kind == "whole" else "X", help=text)


def with_cube_options(args: argparse.Namespace, recipe: Recipe) -> Recipe:
    """Return a recipe with the options of `add_cube_options` that were given."""
    given = {name: value for name in CUBE_PARAMETERS if (value := getattr(args, name)) is not None}
    options = replace(recipe.cube, **given)
    if refused := options.refuse():
        raise InputError(f"The options of the cubes exclude each other: {refused}.")
    return replace(recipe, cube=options)


def _within(parameter: Parameter) -> Callable[[str], float | int]:
    """Read a number within a parameter's limits."""

    def read(text: str) -> float | int:
        value = number(text)
        if refused := parameter.refuse_number(value):
            raise argparse.ArgumentTypeError(f"{text!r} is not {refused.removeprefix('must be ')}")
        return parameter.held(value)

    return read


def add_folder(parser: argparse.ArgumentParser, default: Path = Path()) -> None:
    """Take a folder to write to."""
    text = "folder to write to, created if missing; default: " + (
        "this folder" if default == Path() else f"./{default}"
    )
    parser.add_argument("-o", "--output", type=Path, default=default, metavar="DIR", help=text)


def add_bands(parser: argparse.ArgumentParser, default: str = ALL, rest: str = "") -> None:
    """Take the bands that are wanted; ``rest`` says what becomes of the others."""
    parser.add_argument(
        "--channel", choices=("1", "2", "3", "4"), metavar="N", help=f"MIRI channel; default: {default}"
    )
    parser.add_argument(
        "--band",
        dest="bands",
        action="append",
        default=[],
        metavar="BAND",
        help="band as the pipeline names it, such as ch1-short or g235m-f170lp; repeat for more bands; "
        f"default: {default}{rest}",
    )


def add_overwrite(parser: argparse.ArgumentParser) -> None:
    """Take the leave to replace files."""
    parser.add_argument("--overwrite", action="store_true", help="overwrite existing files")


def number(text: str) -> float:
    """Read a finite number."""
    value = _float(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a finite number")
    return value


def positive(text: str) -> float:
    """Read a number above zero."""
    value = number(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not above zero")
    return value


def declination(text: str) -> float:
    """Read a declination [deg]."""
    value = number(text)
    if abs(value) > 90:
        raise argparse.ArgumentTypeError(f"{text!r} is not between -90 and 90")
    return value


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None


def window_size(text: str) -> tuple[int, int]:
    """Read width and height [pixel]."""
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and 100 <= int(width) <= 10000 and 100 <= int(height) <= 10000):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 1440x900")
    return int(width), int(height)


def spaxel_count(text: str) -> int:
    """Read how many of the brightest spaxels are measured; no more are looked for."""
    return _count(text, 400)


def worker_count(text: str) -> int:
    """Read how many processes are started."""
    return _count(text, 1000)


def _count(text: str, most: int) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {most}")
    return int(text)


def ecsv(text: str) -> Path:
    """Name of a table; the table is written as ECSV."""
    if Path(text).suffix.lower() != ".ecsv":
        raise argparse.ArgumentTypeError(f"{text!r} does not end in .ecsv")
    return Path(text)


def toml(text: str) -> Path:
    """Name of a recipe's file."""
    if Path(text).suffix.lower() != ".toml":
        raise argparse.ArgumentTypeError(f"{text!r} does not end in .toml")
    return Path(text)
