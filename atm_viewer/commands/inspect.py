"""Command ``inspect``: how each slice of an exposure is fitted."""

from __future__ import annotations

import argparse
import json
import math
from typing import Any

from atm_viewer.commands.arguments import add_files, add_recipe
from atm_viewer.commands.work import Work, all_exposures_of, recipe_of


def inspect_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``inspect`` takes."""
    add_files(parser)
    add_recipe(parser)
    parser.add_argument("--json", action="store_true", help="print a JSON list with one object per slice")


def inspect(args: argparse.Namespace) -> int:
    """Print how each slice is fitted."""
    from atm_viewer.jobs.requests.previews import Correct

    recipe = recipe_of(args)
    with Work() as work:
        keys = work.open(all_exposures_of(args))
        reports = {key: work.ask(Correct(key, recipe)) for key in keys}
    from atm_viewer.engine.io.exposure import exposure_name

    rows = [(exposure_name(key), s) for key, report in reports.items() for s in report.slices]
    if args.json:
        print(json.dumps([_json_row(name, s) for name, s in rows], indent=1))
        return 0
    shown = ""
    for name, s in rows:
        if name != shown:
            shown = name
            print(f"{name}\n{'slice':>5} {'peak':>10} {'threshold':>10}  columns of it:       spline")
            print(f"{'':5} {'MJy/sr':>10} {'MJy/sr':>10}  fitted reused empty  used %  reason")
        print(
            f"{s.number:5d} {s.peak:10.4g} {s.threshold:10.4g}  {s.fitted:6d} {s.reused:6d} {s.empty:5d}  "
            f"{100 * s.used:6.1f}  {s.reason}"
        )
    return 0


def _json_row(exposure: str, s: Any) -> dict[str, Any]:
    """One slice; what is not a number, or without limit, is null."""
    names = ("peak", "threshold", "fitted", "reused", "sparse", "few", "empty", "used", "reason")
    values = {name: getattr(s, name) for name in names}
    values = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}
    return {"exposure": exposure, "number": s.number, "band": s.band, **values}
