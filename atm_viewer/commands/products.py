"""Commands ``correct``, ``cube`` and ``batch``: write corrected exposures and cubes, of a target or of a programme."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from atm_viewer.commands.arguments import (
    add_bands,
    add_cube_options,
    add_files,
    add_folder,
    add_members,
    add_overwrite,
    add_parameters,
    add_recipe,
    given_parameters,
    spaxel_count,
    with_cube_options,
    worker_count,
)
from atm_viewer.commands.work import (
    ProgressLine,
    Work,
    all_chosen,
    inputs_of,
    list_paths,
    recipe_of,
    say,
    say_unusual,
)
from atm_viewer.engine.recipe import Recipe, load_recipe


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
    files = exposures.files
    with Work() as work:
        steps = args.save_intermediate_results
        request = WriteExposures(files, recipe, str(args.output), args.overwrite, save_intermediate_results=steps)
        written = work.ask(request, meanwhile=partial(say_unusual, exposures.exposures))
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
    say_notes = partial(say_unusual, [path for product in products for path in product.exposures])
    with Work(len(requests)) as work:
        for k, request in enumerate(requests):
            list_paths(work.ask(request, meanwhile=say_notes if k == 0 else None).paths)
    return 0


def batch_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``batch`` takes."""
    parser.epilog = (
        "INPUT are associations, folders of them (or of exposures), exposures, or a programme file (TOML). Writes a\n"
        "folder per target with cubes, recipe, table of noise, log and report, and index.html with a row per target.\n"
        "Ctrl-C stops; the same command continues: a product is made again only when its exposures, recipe, options\n"
        "or versions have changed. What fails is told in the report, and all others finish (exit code 1).\n\n"
        "Without --scheduler a cluster is started on this machine. A scheduler must see the same folders under the\n"
        "same paths, and have ATM Viewer installed on its workers. Only give a scheduler that you trust: Dask runs\n"
        "whatever code it receives from it. A worker has one exposure or one cube in memory: 1.5 GB for MIRI, 2.5 GB\n"
        "for NIRSpec; the table of noise takes 0.15 GB more for each further exposure of a NIRSpec band. Pixels on\n"
        "their way into cubes take 0.3 GB (MIRI) to 0.6 GB (NIRSpec) of DIR for each exposure of the targets under way."
    )
    parser.add_argument(
        "inputs", nargs="+", metavar="INPUT", help="associations, folders, exposures, or a programme file (.toml)"
    )
    add_members(parser)
    recipe = parser.add_mutually_exclusive_group()
    recipe.add_argument(
        "-r", "--recipe", metavar="RECIPE", help="recipe (TOML file); default: the pipeline's parameters"
    )
    recipe.add_argument("--tune", action="store_true", help="make a recipe for each target automatically")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--scheduler", metavar="ADDRESS", help="Dask scheduler, such as tcp://host:8786")
    where.add_argument(
        "--workers",
        type=worker_count,
        metavar="N",
        help="processes on this machine; default: one per processor, and one per 2.5 GB of memory at most",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder to write to")
    parser.add_argument("--exposures", action="store_true", help="also write corrected exposures, as correct does")
    parser.add_argument(
        "--band", dest="bands", action="append", default=[], metavar="BAND", help="only this band; repeat for more"
    )
    parser.add_argument(
        "--spaxels", type=spaxel_count, default=5, metavar="N", help="spaxels measured in each band; default: 5"
    )
    add_cube_options(parser)


def batch(args: argparse.Namespace) -> int:
    """Run the programme."""
    from atm_viewer.batch.pages import INDEX
    from atm_viewer.batch.programme import Options, read_programme
    from atm_viewer.batch.run import Finished, Status, run_on

    recipe = with_cube_options(args, load_recipe(args.recipe) if args.recipe is not None else Recipe())
    options = Options(recipe, args.tune, args.exposures, args.spaxels, tuple(args.bands))
    targets = read_programme(args.inputs, options, args.members)
    with ProgressLine() as line:

        def tell(news: Status | Finished | str) -> None:
            if isinstance(news, Status):
                line(news.words, news.fraction)
                return
            if sys.stderr.isatty():
                line("", 0.0)
            if isinstance(news, Finished):
                print(news.words, flush=True)
            else:
                say(news)

        summary = run_on(targets, args.output, args.scheduler or "", args.workers or 0, tell)
    say(summary.words)
    list_paths([str(args.output / INDEX)])
    return 1 if summary.problems else 0
