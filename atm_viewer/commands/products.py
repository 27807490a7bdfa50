"""Commands ``correct`` and ``cube``: products in files."""

from __future__ import annotations

import argparse
from dataclasses import replace

from atm_viewer.commands.arguments import (
    add_channel,
    add_files,
    add_folder,
    add_overwrite,
    add_parameters,
    add_recipe,
    given_parameters,
)
from atm_viewer.commands.work import Work, list_paths, recipe_of


def correct_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``correct`` takes."""
    parser.epilog = "Writes <stem>_atm.fits per exposure; <stem> is its name without _cal or _crf."
    add_files(parser)
    add_recipe(parser)
    add_folder(parser)
    add_parameters(parser)
    add_overwrite(parser)


def correct(args: argparse.Namespace) -> int:
    """Write corrected exposures."""
    from atm_viewer.jobs.messages import WriteExposures

    recipe = replace(recipe_of(args), **given_parameters(args))
    with Work() as work:
        written = work.ask(WriteExposures(tuple(args.files), recipe, str(args.output), args.overwrite))
    list_paths(written.paths)
    return 0


def cube_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``cube`` takes."""
    parser.epilog = (
        "Writes <product>_<band>_s3d.fits (before) and <product>-atm_<band>_s3d.fits (after); the pipeline names\n"
        "bands ch1-short, g235m-f170lp and so on. All exposures go into one cube per band."
    )
    add_files(parser)
    add_recipe(parser)
    add_folder(parser)
    parser.add_argument("--which", choices=("before", "after", "both"), default="both", help="default: both")
    parser.add_argument("--product", default="", metavar="NAME", help="default: from association or exposures")
    add_channel(parser)
    parser.add_argument("--cubepar", metavar="FILE", help="CUBEPAR reference file; default: from CRDS, else our own")
    parser.add_argument(
        "--engine",
        choices=("own", "pipeline"),
        default="own",
        help="who drizzles: our kernels, or the pipeline's cube_build, to the same outcome and slowly; default: own",
    )
    add_overwrite(parser)


def cube(args: argparse.Namespace) -> int:
    """Write cubes."""
    from atm_viewer.jobs.messages import WriteCubes

    request = WriteCubes(
        tuple(args.files),
        recipe_of(args),
        str(args.output),
        args.product,
        args.which,
        args.channel,
        args.cubepar,
        args.overwrite,
        args.engine,
    )
    with Work() as work:
        written = work.ask(request)
    list_paths(written.paths)
    return 0
