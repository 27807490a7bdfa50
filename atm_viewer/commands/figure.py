"""Command ``figure``: draws a remedy against resampling noise for a publication."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from atm_viewer.commands.arguments import (
    ALL,
    add_bands,
    add_files,
    add_overwrite,
    add_recipe,
    declination,
    number,
    positive,
)
from atm_viewer.commands.work import Work, chosen, list_paths, recipe_of
from atm_viewer.engine.errors import OutputError
from atm_viewer.engine.output.staging import exists_sentence

if TYPE_CHECKING:
    from atm_viewer.engine.extraction import Extraction
    from atm_viewer.jobs.requests.remedies import RemedyRequest

#: Spaxels of which the radius of the aperture is made when none is asked for, as in the window.
_SPAXELS = 5


def figure_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``figure`` takes."""
    parser.epilog = (
        "ranked: spectra of the brightest spaxels; apertures: noise against radius; dithers: noise of every subset of\n"
        "the exposures; fringes: what RF1D does to spaxel and aperture (MIRI). Before and after side by side. The\n"
        "file's metadata (PDF Subject, SVG and PNG Description) has parameters and numbers as JSON."
    )
    parser.add_argument("kind", choices=("ranked", "apertures", "dithers", "fringes"), help="figure to draw")
    add_files(parser)
    add_recipe(parser)
    add_bands(parser, "the first", f", '{ALL}' for all; of several, each has a figure OUT_<band>.pdf")
    parser.add_argument("--ra", type=number, metavar="DEG", help="ICRS right ascension; default: the brightest spaxel")
    parser.add_argument("--dec", type=declination, metavar="DEG", help="ICRS place; default: the brightest spaxel")
    parser.add_argument("--radius", type=positive, metavar="ARCSEC", help="of the aperture; default: 5 spaxels")
    parser.add_argument(
        "--ranks",
        type=_ranks,
        default=(1, 2, 4, 8, 16),
        metavar="N,N,...",
        help="ranked: ranks of the spaxels; default: 1,2,4,8,16",
    )
    parser.add_argument(
        "--radii",
        type=_radii,
        default=(0.5, 0.75, 1.0, 1.5, 2.0),
        metavar="X,X,...",
        help="apertures: radii in FWHM; default: 0.5,0.75,1,1.5,2",
    )
    parser.add_argument(
        "--reference",
        dest="references",
        action="append",
        default=[],
        metavar="CUBE",
        help="ranked: s3d file from elsewhere whose spectra of the same places are drawn beside; repeat for more cubes",
    )
    parser.add_argument(
        "--no-fringes", action="store_true", help="ranked: leave out the row after residual fringe removal (MIRI)"
    )
    parser.add_argument(
        "--degree", type=_degree, default=3, metavar="N", help="degree of the normalising polynomials; default: 3"
    )
    parser.add_argument("-o", "--output", type=_picture, required=True, metavar="OUT.pdf|OUT.svg|OUT.png")
    add_overwrite(parser)


def figure(args: argparse.Namespace) -> int:
    """Write the figure."""
    from atm_viewer.engine.extraction import Extraction
    from atm_viewer.jobs.requests.previews import MakeSkyImage
    from atm_viewer.jobs.requests.remedies import SaveFigure

    recipe = recipe_of(args)
    wanted = chosen(args, first=True)
    out: Path = args.output
    single = len(wanted.bands) == 1
    paths = {band: out if single else out.with_name(f"{out.stem}_{band}{out.suffix}") for band in wanted.bands}
    if there := [path for path in paths.values() if path.exists()] if not args.overwrite else []:
        raise OutputError(exists_sentence(there[0]))
    with Work(2 * len(paths)) as work:
        for keys, bands in work.open_by_setting(wanted):
            for band in bands:
                sky = work.ask(MakeSkyImage(keys, band))
                ra, dec = sky.peak if args.ra is None or args.dec is None else (args.ra, args.dec)
                radius = args.radius or round(_SPAXELS * sky.spaxel, 3)
                remedy = _remedy(args, Extraction(keys, recipe, band, ra, dec, radius))
                list_paths(work.ask(SaveFigure(remedy, str(paths[band]), args.overwrite)).paths)
    return 0


def _remedy(args: argparse.Namespace, extraction: Extraction) -> RemedyRequest:
    """Ask for what the figure shows."""
    from atm_viewer.jobs.requests.remedies import CompareApertures, CompareDithers, RankSpaxels, RemoveFringes

    match args.kind:
        case "ranked":
            cubes = tuple((Path(path).name, path) for path in args.references)
            return RankSpaxels(extraction, args.ranks, not args.no_fringes, args.degree, cubes)
        case "apertures":
            return CompareApertures(extraction, args.radii, args.degree)
        case "dithers":
            return CompareDithers(extraction, (), args.degree)
        case _:
            return RemoveFringes(extraction, args.degree)


def _ranks(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of whole numbers such as 1,2,4")
    return tuple(sorted({int(part) for part in parts}))


def _radii(text: str) -> tuple[float, ...]:
    radii = tuple(sorted({positive(part) for part in text.split(",")}))
    if radii[-1] > 2.5:
        raise argparse.ArgumentTypeError(f"{radii[-1]:g} is above 2.5; the reference aperture has 3 FWHM")
    return radii


def _degree(text: str) -> int:
    if not text.isdecimal() or int(text) > 9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to 9")
    return int(text)


def _picture(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in (".pdf", ".svg", ".png"):
        raise argparse.ArgumentTypeError(f"{text!r} must end in .pdf, .svg or .png")
    return path
