"""Command ``export``: what reproduces a result outside."""

from __future__ import annotations

import argparse

from atm_viewer.commands.arguments import add_files, add_folder, add_overwrite, add_recipe
from atm_viewer.commands.work import Work, list_paths, recipe_of


def export_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``export`` takes."""
    parser.epilog = (
        "pipeline: <product>-atm_spec3.sh and .py, which call calwebb_spec3, their association, and the parameter\n"
        "file of the step, <product>-atm_pars.asdf (strun reads it). For recipes that the pipeline can follow:\n"
        "without slices that have values of their own, and without options beyond it.\n"
        "script: <product>-atm.py, which makes exposures and cubes by atm_viewer.engine, with any recipe."
    )
    parser.add_argument("kind", choices=("pipeline", "script"), help="what to write")
    add_files(parser)
    add_recipe(parser)
    add_folder(parser)
    parser.add_argument("--product", default="", metavar="NAME", help="default: from association or exposures")
    add_overwrite(parser)


def export(args: argparse.Namespace) -> int:
    """Write a call of the pipeline, or a script."""
    from atm_viewer.jobs.messages import WriteRecipe

    request = WriteRecipe(args.kind, tuple(args.files), recipe_of(args), str(args.output), args.product, args.overwrite)
    with Work() as work:
        written = work.ask(request)
    list_paths(written.paths)
    return 0
