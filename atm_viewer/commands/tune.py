"""Command ``tune``: makes a recipe automatically."""

from __future__ import annotations

import argparse
from pathlib import Path

from atm_viewer.commands.arguments import add_files, add_overwrite, add_recipe, toml
from atm_viewer.commands.work import Work, all_exposures_of, list_paths, recipe_of


def tune_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``tune`` takes."""
    parser.epilog = (
        "Uses the spline of a slice wherever it errs less than linear interpolation does, measured on the exposures\n"
        "themselves. Prints a line per exposure, a summary, and the recipe's path."
    )
    add_files(parser)
    add_recipe(parser)
    parser.add_argument(
        "--slice",
        dest="slices",
        action="append",
        type=_slice,
        metavar="N",
        help="tune only this slice; repeat for more slices",
    )
    parser.add_argument("--why", action="store_true", help="print why, slice by slice")
    parser.add_argument("-o", "--output", type=toml, required=True, metavar="RECIPE.toml")
    add_overwrite(parser)


def tune(args: argparse.Namespace) -> int:
    """Write the recipe."""
    from atm_viewer.engine.output.staging import saving, staged
    from atm_viewer.engine.recipe import dump_recipe
    from atm_viewer.jobs.requests.tuning import TuneRecipe

    recipe, path = recipe_of(args), Path(args.output)
    with staged(path.parent, [path.name], args.overwrite) as part:
        with Work() as work:
            keys = work.open(all_exposures_of(args))
            slices = tuple((key, tuple(args.slices)) for key in keys) if args.slices else None
            tuning = work.ask(TuneRecipe(keys, recipe, slices))
        made = part / path.name
        with saving(made):
            made.write_text(dump_recipe(tuning.recipe), encoding="utf-8")
    for line in tuning.reasons if args.why else map(tuning.describe, tuning.exposures):
        print(line)
    print(tuning.summary)
    list_paths([str(path)])
    return 0


def _slice(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a slice number")
    return int(text)
