"""Command ``metrics``: writes a table of noise, periods and lines of spaxels."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from atm_viewer.commands.arguments import (
    add_bands,
    add_files,
    add_overwrite,
    add_recipe,
    ecsv,
    number,
    positive,
    spaxel_count,
)
from atm_viewer.commands.work import Work, chosen, list_paths, recipe_of
from atm_viewer.engine.errors import InputError

if TYPE_CHECKING:
    from atm_viewer.engine.results.exposure_view import ExposureShifts
    from atm_viewer.engine.results.noise import SpaxelMetrics
    from atm_viewer.engine.results.sky_image import Coverage


def metrics_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``metrics`` takes."""
    parser.epilog = (
        "A row per spaxel, the brightest ones of each band; the table says what its columns are. Noise is against\n"
        "an aperture about each spaxel. Lines are those of the window's list: --line 'Pa α' --line 'H2 1-0 S(1)'.\n"
        "Prints for each band how many spaxels lose planes by the correction."
    )
    add_files(parser)
    add_recipe(parser)
    add_bands(parser)
    parser.add_argument(
        "--count", type=spaxel_count, default=25, metavar="N", help="number of spaxels in each band; default: 25"
    )
    parser.add_argument("--radius", type=positive, metavar="ARCSEC", help="radius of the apertures; default: 5 spaxels")
    parser.add_argument(
        "--line",
        dest="lines",
        action="append",
        default=[],
        metavar="NAME",
        help="also measure this line; repeat for more lines",
    )
    parser.add_argument("--redshift", type=number, default=0.0, metavar="Z", help="redshift of the lines; default: 0")
    parser.add_argument(
        "--speed", type=positive, default=600.0, metavar="KM/S", help="full width of the lines; default: 600"
    )
    parser.add_argument("-o", "--output", type=ecsv, required=True, metavar="OUT.ecsv")
    add_overwrite(parser)


def metrics(args: argparse.Namespace) -> int:
    """Write the table."""
    from atm_viewer.engine.output.metrics_table import metrics_meta, metrics_table
    from atm_viewer.engine.output.staging import saving, staged
    from atm_viewer.jobs.requests.measures import CountPlanes, MeasureShifts, MeasureSpaxels

    recipe, lines = recipe_of(args), _observed(args.lines, args.redshift)
    chosen_ones = chosen(args)
    with staged(args.output.parent, [args.output.name], args.overwrite) as part:
        with Work(3 * len(chosen_ones.bands)) as work:
            wanted = args.radius or 0.0, args.count, tuple(lines.items()), args.speed
            rows: list[SpaxelMetrics] = []
            coverage: list[Coverage] = []
            shifts: list[ExposureShifts] = []
            opened: list[str] = []
            for keys, bands in work.open_by_setting(chosen_ones):
                opened += keys
                for band in bands:
                    rows += work.ask(MeasureSpaxels(keys, recipe, band, *wanted))
                    coverage.append(work.ask(CountPlanes(keys, recipe, band)))
                    shifts.append(work.ask(MeasureShifts(keys, band, recipe.cube)))
        table = metrics_table(rows, tuple(lines))
        radius = "5 spaxels" if args.radius is None else f"{args.radius:g} arcsec"
        table.meta.update(metrics_meta(opened, recipe, radius, lines, args.speed, coverage, shifts))
        made = part / args.output.name
        with saving(made):
            table.write(made, format="ascii.ecsv")
    for one in coverage:
        print(f"{one.band}: {one.summary}")
    list_paths([str(args.output)])
    return 0


def _observed(names: Sequence[str], redshift: float) -> dict[str, float]:
    """Observed wavelengths [um] of lines by name."""
    from atm_viewer.session.spectrum.lines import line_list

    found = {}
    for name in names:
        line = line_list().find(name)
        if line is None:
            raise InputError(
                f"There is no line {name} in the line list; see Options in the window's Spectrum panel for the names."
            )
        found[name] = line.observed(redshift)
    return found
