"""Command ``compare``: noise and flux of cubes of any origin at the same places."""

from __future__ import annotations

import argparse
import math
from statistics import median

from atm_viewer.commands.arguments import add_overwrite, ecsv, number, spaxel_count
from atm_viewer.commands.work import list_paths

#: Name, unit and description of each column, by the fields of `CubeAtPlace`.
_COLUMNS = (
    ("place", "", "rank of the spaxel in the first cube, from the brightest on"),
    ("ra", "deg", "ICRS right ascension of the spaxel of the first cube"),
    ("dec", "deg", "ICRS declination of the spaxel of the first cube"),
    ("cube", "", "file of the cube"),
    ("x", "", "zero-based spaxel of this cube; -1 outside of it"),
    ("y", "", "zero-based spaxel of this cube; -1 outside of it"),
    ("brightness", "", "median of the spaxel over wavelength, in the unit of the cube"),
    ("noise", "percent", "scatter (1.4826 MAD) of spaxel / aperture from a cubic"),
    ("flux_ratio", "", "flux in the aperture divided by that in the first cube, median over wavelength"),
)


def compare_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``compare`` takes."""
    parser.epilog = "Cubes may be of the archive, of another program or of another run, each with a grid of its own."
    parser.add_argument("files", nargs="+", metavar="CUBE", help="s3d file; places are taken from the first one")
    parser.add_argument("-o", "--output", type=ecsv, required=True, metavar="OUT.ecsv", help="table to write")
    parser.add_argument("--count", type=spaxel_count, default=25, metavar="N", help="brightest spaxels; default: 25")
    parser.add_argument(
        "--radius", type=_radius, default=0.0, metavar="ARCSEC", help="radius of the apertures; default: 5 spaxels"
    )
    add_overwrite(parser)


def compare(args: argparse.Namespace) -> int:
    """Write the table."""
    from astropy.table import Table

    from atm_viewer.engine.output.provenance import current_versions
    from atm_viewer.engine.output.staging import saving, staged
    from atm_viewer.engine.references.cube_file import read_cube
    from atm_viewer.engine.service.comparison import compare_cubes

    with staged(args.output.parent, [args.output.name], args.overwrite) as part:
        cubes = [read_cube(path) for path in args.files]
        rows = compare_cubes(cubes, args.count, args.radius)
        table = Table()
        for name, unit, about in _COLUMNS:
            values = [getattr(row, name) for row in rows]
            table[name] = [100 * value for value in values] if name == "noise" else values
            table[name].description = about
            if unit:
                table[name].unit = unit
        table.meta.update(
            cubes=[str(path) for path in args.files],
            units={str(cube.path): cube.unit for cube in cubes},
            aperture=f"{args.radius:g} arcsec" if args.radius else "5 spaxels of the first cube",
            versions=current_versions(),
        )
        made = part / args.output.name
        with saving(made):
            table.write(made, format="ascii.ecsv")
    for cube in cubes:
        noise = [row.noise for row in rows if row.cube == str(cube.path) and math.isfinite(row.noise)]
        told = f"median noise {100 * median(noise):.2f} %" if noise else "no noise"
        print(f"{cube.path}: {told}, measured in {len(noise)} spaxels")
    list_paths([str(args.output)])
    return 0


def _radius(text: str) -> float:
    value = number(text)
    if not 0 < value <= 60:
        raise argparse.ArgumentTypeError(f"{text!r} is not a radius up to 60 arcsec")
    return value
