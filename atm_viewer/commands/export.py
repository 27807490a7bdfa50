"""Commands ``export`` and ``report``: files that reproduce or document a result."""

from __future__ import annotations

import argparse
from pathlib import Path

from atm_viewer.commands.arguments import (
    FILES,
    add_bands,
    add_files,
    add_folder,
    add_members,
    add_overwrite,
    add_product,
    add_recipe,
    window_size,
)
from atm_viewer.commands.work import (
    ProgressLine,
    Work,
    all_chosen,
    chosen,
    go_offscreen,
    list_paths,
    recipe_of,
)
from atm_viewer.engine.errors import InputError, OutputError
from atm_viewer.engine.output.staging import exists_sentence


def export_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``export`` takes."""
    parser.epilog = (
        "pipeline: <product>-atm_spec3.sh and .py, which call calwebb_spec3, their association, and the parameter\n"
        "file of the step, <product>-atm_pars.asdf (strun reads it). For recipes that the pipeline can follow:\n"
        "without slices that have values of their own, and without options beyond it.\n"
        "script: <product>-atm.py, which makes exposures and cubes by atm_viewer.engine, with any recipe."
    )
    parser.add_argument("kind", choices=("pipeline", "script"), help="pipeline call or Python script")
    add_files(parser, "name of the product; default: from the association or the exposures")
    add_recipe(parser)
    add_bands(parser)
    add_folder(parser)
    add_overwrite(parser)


def report_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``report`` takes."""
    parser.epilog = (
        "Runs headless: shows the brightest spaxel and writes the report of that view. With several bands, each has a\n"
        "row and a part of its own, for the same place on the sky; panels and slices are shown of the first one."
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help=f"{FILES}; or a session (.toml)")
    add_members(parser)
    add_product(parser)
    add_recipe(parser)
    add_bands(parser)
    parser.add_argument("-o", "--output", type=_page, required=True, metavar="OUT.html|OUT.pdf")
    parser.add_argument("--size", type=window_size, metavar="WxH", help="size of the window [pixel]")
    add_overwrite(parser)


def report(args: argparse.Namespace) -> int:
    """Write a report."""
    if args.output.exists() and not args.overwrite:
        raise OutputError(exists_sentence(args.output))
    go_offscreen()
    from atm_viewer import app

    files, bands = _report_inputs(args)
    with ProgressLine() as line:
        line("Making the report", 0.0)
        how = args.size, args.output, args.overwrite, args.members, bands, line
        code = app.run(files, args.recipe, None, *how)
    if code == 0:
        list_paths([str(args.output)])
    return code


def _report_inputs(args: argparse.Namespace) -> tuple[list[str], tuple[str, ...]]:
    """Files to be opened, and the bands that are wanted; none for all."""
    from atm_viewer.session.spectrum.references import is_reference

    if any(path.lower().endswith(".toml") for path in args.files):
        if args.product or args.bands or args.channel is not None:
            raise InputError("A session says itself what is open; omit --band, --channel and --product.")
        return args.files, ()
    beside = [path for path in args.files if is_reference(path)]
    args.files = [path for path in args.files if path not in beside]
    exposures = all_chosen(args)
    return [*exposures.files, *beside], exposures.bands


def _page(text: str) -> Path:
    if Path(text).suffix.lower() not in (".html", ".pdf"):
        raise argparse.ArgumentTypeError(f"{text!r} must end in .html or .pdf")
    return Path(text)


def export(args: argparse.Namespace) -> int:
    """Write a call of the pipeline, or a script."""
    from atm_viewer.jobs.requests.products import WriteRecipe

    wanted = chosen(args)
    how = str(args.output), wanted.product, args.overwrite, wanted.bands
    request = WriteRecipe(args.kind, wanted.files, recipe_of(args), *how)
    with Work() as work:
        written = work.ask(request)
    list_paths(written.paths)
    return 0
