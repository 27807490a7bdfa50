"""Command ``inspect``: how each slice of an exposure is fitted."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atm_viewer.commands.arguments import add_bands, add_files, add_recipe
from atm_viewer.commands.work import Work, all_chosen, list_paths, recipe_of
from atm_viewer.engine.errors import InputError, one_line

if TYPE_CHECKING:
    from atm_viewer.engine.recipe import Recipe
    from atm_viewer.engine.results.exposure_view import ExposureShifts


def inspect_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``inspect`` takes."""
    add_files(parser)
    add_recipe(parser)
    add_bands(parser)
    parser.add_argument("--json", action="store_true", help="print a JSON list with one object per slice")
    parser.add_argument(
        "--align",
        type=Path,
        metavar="FILE",
        help="write offsets that put the brightest source of all exposures at one place, for --offsets and for "
        "cube_build (offset_file, ASDF); the file must not exist",
    )


def inspect(args: argparse.Namespace) -> int:
    """Print how each slice is fitted, and how exposures lie against each other."""
    from atm_viewer.engine.output.staging import staged
    from atm_viewer.jobs.requests.measures import MeasureShifts
    from atm_viewer.jobs.requests.previews import Correct

    recipe = recipe_of(args)
    with nullcontext() if args.align is None else staged(args.align.parent, [args.align.name], False) as part:
        exposures, bands, *_ = all_chosen(args)
        with Work(2 + len(exposures)) as work:
            views = work.open_views(exposures)
            reports = {view.key: work.ask(Correct(view.key, recipe)) for view in views}
            groups: dict[str, list[str]] = {}
            for view in views:
                groups.setdefault(next(b for b in view.bands if b in bands or not bands), []).append(view.key)
            asked = [MeasureShifts(tuple(keys), band, recipe.cube) for band, keys in groups.items() if len(keys) > 1]
            shifts = [work.ask(request) for request in asked]
        if part is not None:
            _write_alignment(part / args.align.name, recipe, shifts)
    from atm_viewer.engine.names import exposure_name

    units = {view.name: one_line(view.unit, 10) for view in views}
    known = {name: shift.tolist() for one in shifts for name, shift in zip(one.names, one.shift, strict=True)}
    rows = [
        (exposure_name(key), s)
        for key, report in reports.items()
        for s in report.slices
        if s.band in bands or not bands
    ]
    if args.json:
        print(json.dumps([_json_row(name, s) for name, s in rows], indent=1))
        return 0
    shown = ""
    for name, s in rows:
        if name != shown:
            shown = name
            print(name)
            east, north = known.get(name, (math.nan, math.nan))
            if math.isfinite(east):
                print(f'brightest source, against the other exposures: {east:+.3f}" east, {north:+.3f}" north')
            print(f"{'slice':>5} {'peak':>10} {'threshold':>10}  columns of it:       spline")
            print(f"{'':5} {units[name]:>10} {units[name]:>10}  fitted reused empty  used %  reason")
        print(
            f"{s.number:5d} {s.peak:10.4g} {s.threshold:10.4g}  {s.fitted:6d} {s.reused:6d} {s.empty:5d}  "
            f"{100 * s.used:6.1f}  {s.reason}"
        )
    list_paths([str(args.align)] if args.align is not None else [])
    return 0


def _write_alignment(path: Path, recipe: Recipe, shifts: Sequence[ExposureShifts]) -> None:
    """Write offsets by which exposures lie on top of each other."""
    from atm_viewer.engine.io.offsets import write_offsets
    from atm_viewer.engine.output.staging import saving
    from atm_viewer.engine.recipe.cube_options import offset_of
    from atm_viewer.engine.results.exposure_view import put_right

    options, files = recipe.cube, {}
    for one in shifts:
        options = replace(options, offsets=put_right(options, one))
        for key, name in zip(one.keys, one.names, strict=True):
            files[Path(key).name] = offset_of(options.offsets, name)
    if not files:
        raise InputError("There are no two exposures of one setting to be aligned; give more exposures.")
    with saving(path):
        write_offsets(path, files)


def _json_row(exposure: str, s: Any) -> dict[str, Any]:
    """One slice; what is not a number, or without limit, is null."""
    names = ("peak", "threshold", "fitted", "reused", "sparse", "few", "empty", "used", "reason")
    values = {name: getattr(s, name) for name in names}
    values = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}
    return {"exposure": exposure, "number": s.number, "band": s.band, **values}
