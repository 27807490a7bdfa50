"""Command ``spectrum``: writes the spectrum of a spaxel or an aperture."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from atm_viewer.commands.arguments import (
    add_bands,
    add_files,
    add_overwrite,
    add_recipe,
    declination,
    number,
    positive,
)
from atm_viewer.commands.work import Work, chosen, list_paths, recipe_of, say

if TYPE_CHECKING:
    from atm_viewer.engine.results.spectra import SpaxelSpectra


def spectrum_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``spectrum`` takes."""
    parser.epilog = (
        "specutils.Spectrum.read('OUT.ecsv') opens it: the first flux density, in Jy, is that after correction.\n"
        "Columns of a spaxel: wavelength [um], flux, flux_err [Jy], after, after_err, before, before_err [MJy/sr];\n"
        "of an aperture: wavelength [um], after, after_err, before, before_err [Jy]. For another one than the first:\n"
        "  Spectrum.read('OUT.ecsv', format='ECSV', column_mapping={'wavelength': ('spectral_axis', 'um'),\n"
        "    'before': ('flux', 'MJy/sr'), 'before_err': ('uncertainty', 'MJy/sr')})\n"
        "or with format='tabular-fits' for OUT.fits."
    )
    add_files(parser)
    parser.add_argument("--ra", type=number, required=True, metavar="DEG", help="ICRS right ascension")
    parser.add_argument("--dec", type=declination, required=True, metavar="DEG", help="ICRS declination")
    parser.add_argument(
        "--radius", type=positive, metavar="ARCSEC", help="radius of an aperture to sum; default: one spaxel"
    )
    add_recipe(parser)
    add_bands(parser)
    parser.add_argument("-o", "--output", type=_table, required=True, metavar="OUT.ecsv|OUT.fits")
    add_overwrite(parser)


def spectrum(args: argparse.Namespace) -> int:
    """Write spectra."""
    from atm_viewer.engine.extraction import RADIUS, Extraction
    from atm_viewer.engine.output.spectrum_files import spectrum_meta, spectrum_table, write_table
    from atm_viewer.engine.output.staging import staged
    from atm_viewer.jobs.requests.previews import MakeSpectra

    recipe = recipe_of(args)
    wanted = chosen(args)
    aperture = args.radius is not None
    where = f"aperture of {args.radius} arcsec" if aperture else "spaxel"
    with staged(args.output.parent, [args.output.name], args.overwrite) as part:
        with Work(len(wanted.bands)) as work:
            place = args.ra, args.dec, args.radius or RADIUS
            spectra: list[SpaxelSpectra] = []
            opened: list[str] = []
            for keys, bands in work.open_by_setting(wanted):
                opened += keys
                spectra += [
                    work.ask(MakeSpectra(Extraction(keys, recipe, band, *place), urgent=False)) for band in bands
                ]
        table = spectrum_table(spectra, kinds=("aperture_",) if aperture else ("",))
        for name in [name for name in table.colnames if aperture and name.startswith("aperture_")]:
            table.rename_column(name, name.removeprefix("aperture_"))
        asked = f"{where} at RA {args.ra}, Dec {args.dec} (ICRS, deg)"
        table.meta.update(spectrum_meta(spectra, recipe, opened, asked))
        write_table(table, part / args.output.name)
    for one in spectra if aperture else ():
        if one.uncovered:
            say(one.uncovered)
    list_paths([str(args.output)])
    return 0


def _table(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in (".ecsv", ".fits"):
        raise argparse.ArgumentTypeError(f"{text!r} must end in .ecsv or .fits")
    return path
