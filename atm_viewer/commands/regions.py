"""Command ``regions``: lists a recipe's regions, and turns them into DS9 regions and back."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from atm_viewer.commands.arguments import add_overwrite, add_recipe
from atm_viewer.commands.work import recipe_of
from atm_viewer.engine.errors import InputError, OutputError
from atm_viewer.engine.recipe import USES, Polygon, Recipe, Region, dump_recipe, load_recipe
from atm_viewer.engine.regular_file import read_text
from atm_viewer.engine.whole_file import write_whole


def regions_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``regions`` takes."""
    parser.epilog = (
        "atm-viewer regions RECIPE.toml                          lists the regions of a recipe\n"
        "atm-viewer regions RECIPE.toml --on FILE...             and the slices and alpha ranges that they reach\n"
        "atm-viewer regions RECIPE.toml -o OUT.reg               writes them for DS9\n"
        "atm-viewer regions IN.reg --recipe R.toml -o NEW.toml   adds regions from DS9 to a recipe\n"
        "\n"
        "A region is a circle, an ellipse or a polygon. It reaches a slice where it covers at least half of the\n"
        "slice's width, or where at least half of the region's width falls into the slice; there the spline is\n"
        "used (use spline) or not (use interpolate). Its other values apply to the whole of the slices it reaches.\n"
        "Later regions win over earlier ones, and values of a slice over regions. In DS9, the label is the name,\n"
        'and tags hold what a region says, such as tag={use = "spline"}.'
    )
    parser.add_argument("file", type=_file, metavar="FILE", help="recipe (.toml) or DS9 region file (.reg)")
    add_recipe(parser)
    parser.add_argument(
        "--use", choices=USES, help="what DS9 regions do that have no tag that says it; default: spline"
    )
    parser.add_argument("--on", nargs="+", default=[], metavar="EXPOSURE", help="list the slices that regions reach")
    parser.add_argument("-o", "--output", type=_file, metavar="OUT.reg|OUT.toml", help="file to write")
    add_overwrite(parser)


def regions(args: argparse.Namespace) -> int:
    """List regions, or write them."""
    from_ds9 = args.file.suffix.lower() == ".reg"
    if not from_ds9 and (args.recipe or args.use):
        raise InputError("--recipe and --use are for regions from DS9; give a .reg file, or leave them out.")
    recipe = _with_ds9(recipe_of(args), args.file, args.use or "spline") if from_ds9 else load_recipe(args.file)
    if args.output is None:
        _list(recipe.regions, args.on)
        return 0
    if args.output.suffix.lower() == ".reg":
        if not recipe.regions:
            raise InputError(f"{args.file} has no regions to write.")
        from atm_viewer.engine.io.region_files import write_ds9

        text = write_ds9(recipe.regions)
    else:
        text = dump_recipe(recipe)
    _write(args.output, text, args.overwrite)
    print(args.output)
    return 0


def _file(text: str) -> Path:
    if Path(text).suffix.lower() not in (".reg", ".toml"):
        raise argparse.ArgumentTypeError(f"{text!r} must end in .reg or .toml")
    return Path(text)


def _with_ds9(recipe: Recipe, path: Path, use: str) -> Recipe:
    from atm_viewer.engine.io.region_files import read_ds9

    for region in read_ds9(read_text(path, "region file", ".reg"), str(path), use):
        recipe = recipe.with_region(region)
    return recipe


def _list(regions: Sequence[Region], paths: Sequence[str]) -> None:
    for region in regions:
        print(_line(region))
    if not paths:
        return
    from atm_viewer.engine.io.association import read_inputs
    from atm_viewer.engine.io.exposure import open_exposure
    from atm_viewer.engine.io.sky_strips import sky_strips

    for path in read_inputs(paths).exposures:
        exposure = open_exposure(path)
        strips = sky_strips(exposure, {number: exposure.pixel_step(number) for number in exposure.slices})
        exposure.close()
        print(exposure.name)
        for region in regions:
            for number, ranges in strips.ranges(region.shape).items():
                spans = ", ".join(f"{low:+.3f}″ to {high:+.3f}″" for low, high in ranges)
                print(f"{number:5d}  {region.name}: alpha {spans}")


def _line(region: Region) -> str:
    shape = region.shape
    if isinstance(shape, Polygon):
        where = f"{len(shape.vertices)} vertices"
    else:
        radii = [shape.radius] if shape.kind == "circle" else [*shape.radii]  # type: ignore[union-attr]
        where = f"RA {shape.ra:.6f} Dec {shape.dec:+.6f}, {' × '.join(f'{r:g}″' for r in radii)}"
    stated = ({"use": region.use} if region.use else {}) | region.values()
    values = ", ".join(f"{key} = {json.dumps(value)}" for key, value in stated.items()) or "nothing set"
    return f"{region.name}: {shape.kind}, {where}; {values}"


def _write(path: Path, text: str, overwrite: bool) -> None:
    try:
        write_whole(path, text, overwrite=overwrite)
    except FileExistsError as error:
        raise OutputError(f"{path} already exists; choose another name or allow overwriting (--overwrite).") from error
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from error
