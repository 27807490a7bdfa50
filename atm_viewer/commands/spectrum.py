"""Command ``spectrum``: the spectrum of a spaxel or an aperture."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from atm_viewer import __version__
from atm_viewer.commands.arguments import (
    add_channel,
    add_files,
    add_overwrite,
    add_recipe,
    declination,
    number,
    positive,
)
from atm_viewer.commands.work import Work, list_paths, recipe_of
from atm_viewer.engine.recipe import Recipe, dump_recipe

#: Aperture that goes with a spaxel's spectrum when none is asked for; its sum is not written.
_RADIUS = 0.5


def spectrum_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``spectrum`` takes."""
    parser.epilog = (
        "Columns: wavelength [um], before, after, before_err, after_err ([MJy/sr] for the spaxel, [Jy] for an\n"
        "aperture). To read it:\n"
        "  specutils.Spectrum.read('OUT.ecsv', format='ECSV', column_mapping={'wavelength': ('spectral_axis', 'um'),\n"
        "    'after': ('flux', 'MJy/sr'), 'after_err': ('uncertainty', 'MJy/sr')})\n"
        "or with format='tabular-fits' for OUT.fits."
    )
    add_files(parser)
    parser.add_argument("--ra", type=number, required=True, metavar="DEG", help="ICRS right ascension")
    parser.add_argument("--dec", type=declination, required=True, metavar="DEG", help="ICRS declination")
    parser.add_argument("--radius", type=positive, metavar="ARCSEC", help="sum an aperture; default: one spaxel")
    add_recipe(parser)
    add_channel(parser)
    parser.add_argument("-o", "--output", type=_table, required=True, metavar="OUT.ecsv|OUT.fits")
    add_overwrite(parser)


def spectrum(args: argparse.Namespace) -> int:
    """Write spectra."""
    from atm_viewer.engine.association import expand_inputs
    from atm_viewer.engine.setting import chosen_bands, one_setting
    from atm_viewer.engine.staging import saving, staged
    from atm_viewer.jobs.messages import MakeSpectra

    recipe = recipe_of(args)
    bands = chosen_bands(one_setting(expand_inputs(args.files)), args.channel)
    with staged(args.output.parent, [args.output.name], args.overwrite) as part:
        with Work() as work:
            keys = work.open(args.files)
            radius = args.radius or _RADIUS
            spectra = [work.ask(MakeSpectra(keys, recipe, band, args.ra, args.dec, radius)) for band in bands]
        table = _spectrum_table(spectra, aperture=args.radius is not None)
        table.meta.update(_spectrum_meta(args, recipe, keys, spectra))
        made = part / args.output.name
        with saving(made):
            table.write(made, format={".ecsv": "ascii.ecsv", ".fits": "fits"}[args.output.suffix.lower()])
    list_paths([str(args.output)])
    return 0


def _spectrum_table(spectra: Sequence[Any], aperture: bool) -> Any:
    """One row per wavelength, bands one after the other."""
    import numpy as np
    from astropy.table import Table

    prefix = "aperture_" if aperture else ""
    table = Table({"wavelength": np.concatenate([s.wavelength for s in spectra])})
    table["wavelength"].unit = "um"
    for name in ("before", "after", "before_err", "after_err"):
        table[name] = np.concatenate([getattr(s, prefix + name) for s in spectra])
        table[name].unit = "Jy" if aperture else spectra[0].unit
    return table


def _spectrum_meta(
    args: argparse.Namespace, recipe: Recipe, keys: Sequence[str], spectra: Sequence[Any]
) -> dict[str, Any]:
    """Say what the spectrum is of; lines, since both FITS and ECSV keep them as they are."""
    where = f"aperture of {args.radius} arcsec" if args.radius is not None else "spaxel"
    lines = [f"ATM Viewer {__version__}: {where} at RA {args.ra}, Dec {args.dec} (ICRS, deg)"]
    for s in spectra:
        lines.append(
            f"band {s.band}: spaxel x {s.spaxel[0]}, y {s.spaxel[1]} centred at RA {s.ra:.8f}, Dec {s.dec:.8f}"
        )
    lines += [f"exposure: {Path(key).name}" for key in keys]
    lines += [f"recipe: {line}" for line in dump_recipe(recipe).splitlines() if line]
    # FITS headers hold ASCII only.
    return {"comments": [line.encode("ascii", "backslashreplace").decode() for line in lines]}


def _table(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in (".ecsv", ".fits"):
        raise argparse.ArgumentTypeError(f"{text!r} ends neither in .ecsv nor in .fits")
    return path
