"""Commands ``inspect`` and ``cache``, which only print."""

from __future__ import annotations

import argparse
import json
import math
from typing import Any

from atm_viewer.commands.arguments import FILES, add_recipe
from atm_viewer.commands.work import Work, recipe_of


def inspect_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``inspect`` takes."""
    parser.add_argument("file", metavar="FILE", help=FILES)
    add_recipe(parser)
    parser.add_argument("--json", action="store_true", help="print a JSON list with one object per slice")


def inspect(args: argparse.Namespace) -> int:
    """Print how each slice is fitted."""
    from atm_viewer.jobs.requests.previews import Correct

    recipe = recipe_of(args)
    with Work() as work:
        keys = work.open([args.file])
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


def cache_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``cache`` takes."""
    parser.epilog = (
        "The environment variable ATM_VIEWER_CACHE_GIB limits the size of the cache [GiB]; default: 8. 0 disables it."
    )
    parser.add_argument(
        "--clear", action="store_true", help="clear the coordinate cache; files open more slowly next time"
    )


def cache(args: argparse.Namespace) -> int:
    """Print how much is kept, or delete it."""
    from atm_viewer.engine.io.coordinate_cache import cache_folder, cache_size, clear_cache

    if args.clear:
        print(f"Cleared the coordinate cache: {clear_cache() / 1e6:.0f} MB deleted from {cache_folder().parent}.")
    else:
        print(f"The coordinate cache {cache_folder()} uses {cache_size() / 1e6:.0f} MB.")
    return 0
