"""Command ``tune``: makes a recipe automatically."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from atm_viewer.commands.arguments import add_bands, add_files, add_overwrite, add_recipe, toml
from atm_viewer.commands.work import Work, all_chosen, list_paths, recipe_of

if TYPE_CHECKING:
    from atm_viewer.engine.results.exposure_view import ExposureView


def tune_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``tune`` takes."""
    parser.epilog = (
        "Uses the spline of a slice wherever it errs less than linear interpolation does, measured on the exposures\n"
        "themselves. Prints a line per exposure, a summary, and the recipe's path."
    )
    add_files(parser)
    add_recipe(parser)
    add_bands(parser, rest="; slices of other bands stay as they are")
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
        exposures, bands, *_ = all_chosen(args)
        with Work(2) as work:
            views = work.open_views(exposures)
            keys = tuple(view.key for view in views)
            slices = tuple((view.key, _wanted(args, view, bands)) for view in views)
            tuning = work.ask(TuneRecipe(keys, recipe, slices if args.slices or bands else None))
        made = part / path.name
        with saving(made):
            made.write_text(dump_recipe(tuning.recipe), encoding="utf-8")
    for line in tuning.reasons if args.why else map(tuning.describe, tuning.exposures):
        print(line)
    print(tuning.summary)
    list_paths([str(path)])
    return 0


def _wanted(args: argparse.Namespace, view: ExposureView, bands: Collection[str]) -> tuple[int, ...]:
    """Slices of an exposure that are to be tuned."""
    from atm_viewer.session.edits.scope import slice_band

    wanted = tuple(args.slices or view.slices)
    return tuple(number for number in wanted if not bands or slice_band(view.bands, number) in bands)


def _slice(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a slice number")
    return int(text)
