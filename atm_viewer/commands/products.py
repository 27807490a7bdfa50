"""Commands ``correct`` and ``cube``: write corrected exposures and cubes."""

from __future__ import annotations

import argparse
from dataclasses import replace

from atm_viewer.commands.arguments import (
    add_bands,
    add_cube_options,
    add_files,
    add_folder,
    add_overwrite,
    add_parameters,
    add_recipe,
    given_parameters,
    with_cube_options,
)
from atm_viewer.commands.work import Work, all_chosen, inputs_of, list_paths, recipe_of, say_unusual


def correct_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``correct`` takes."""
    parser.epilog = "Writes <stem>_atm.fits for each exposure; <stem> is the exposure's name without _cal or _crf."
    add_files(parser)
    add_recipe(parser)
    add_bands(parser, rest="; exposures are written whole, and those without any of the bands are left out")
    add_folder(parser)
    add_parameters(parser)
    parser.add_argument(
        "--save-intermediate-results",
        action="store_true",
        help="also write what corrections are made of, named as the pipeline names it: <stem>_spline_full.fits "
        "(splines wherever there are some), _spline_used (where they are used), _linear_interp and _spline_residual",
    )
    add_overwrite(parser)


def correct(args: argparse.Namespace) -> int:
    """Write corrected exposures."""
    from atm_viewer.jobs.requests.products import WriteExposures

    recipe = replace(recipe_of(args), **given_parameters(args))
    exposures = all_chosen(args)
    say_unusual(exposures.exposures)
    files = exposures.files
    with Work() as work:
        steps = args.save_intermediate_results
        request = WriteExposures(files, recipe, str(args.output), args.overwrite, save_intermediate_results=steps)
        written = work.ask(request)
    list_paths(written.paths)
    return 0


def cube_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``cube`` takes."""
    parser.epilog = (
        "Writes <product>_<band>_s3d.fits (before) and <product>-atm_<band>_s3d.fits (after); the pipeline names\n"
        "bands ch1-short, g235m-f170lp and so on. All exposures of a product that have\n"
        "a band go into its cube; they can be of several settings."
    )
    add_files(parser, "name of the product; default: from the association or the exposures")
    add_recipe(parser)
    add_folder(parser)
    parser.add_argument(
        "--which", choices=("before", "after", "both"), default="both", help="cubes to write; default: both"
    )
    add_bands(parser)
    parser.add_argument(
        "--cubepar", metavar="FILE", help="CUBEPAR reference file; default: from CRDS, or else that of ATM Viewer"
    )
    parser.add_argument(
        "--engine",
        choices=("own", "pipeline"),
        default="own",
        help="drizzle with ATM Viewer (own) or with the pipeline's cube_build, which gives the same result more "
        "slowly; default: own",
    )
    add_cube_options(parser)
    add_overwrite(parser)


def cube(args: argparse.Namespace) -> int:
    """Write cubes."""
    from atm_viewer.jobs.requests.products import WriteCubes

    recipe = with_cube_options(args, recipe_of(args))
    products = inputs_of(args).to_make(args.product)
    say_unusual(path for product in products for path in product.exposures)
    requests = [
        WriteCubes(
            tuple(map(str, product.exposures)),
            recipe,
            str(args.output),
            product.name,
            args.which,
            args.channel,
            tuple(args.bands),
            args.cubepar,
            args.overwrite,
            args.engine,
        )
        for product in products
    ]
    with Work(len(requests)) as work:
        for request in requests:
            list_paths(work.ask(request).paths)
    return 0
