"""Command ``predict``: predicts the resampling noise of a point source from geometry."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from atm_viewer.commands.arguments import (
    add_bands,
    add_files,
    add_overwrite,
    add_recipe,
    declination,
    ecsv,
    number,
    positive,
)
from atm_viewer.commands.work import Work, chosen, list_paths, recipe_of

if TYPE_CHECKING:
    from astropy.table import QTable

    from atm_viewer.engine.results.spectra import PredictedArtifact


def predict_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``predict`` takes."""
    parser.epilog = (
        "A star of constant spectrum is put at the position, as the exposures see it; the table has the ratio of the\n"
        "spaxel there and an aperture about it, before and after correction. All that oscillates is resampling noise."
    )
    add_files(parser)
    parser.add_argument("--ra", type=number, required=True, metavar="DEG", help="ICRS right ascension of the star")
    parser.add_argument("--dec", type=declination, required=True, metavar="DEG", help="ICRS declination of the star")
    parser.add_argument(
        "--radius", type=positive, default=0.5, metavar="ARCSEC", help="radius of the aperture; default: 0.5"
    )
    add_recipe(parser)
    add_bands(parser)
    parser.add_argument("-o", "--output", type=ecsv, required=True, metavar="OUT.ecsv")
    add_overwrite(parser)


def predict(args: argparse.Namespace) -> int:
    """Write the table."""
    from atm_viewer.engine.extraction import Extraction
    from atm_viewer.engine.output.provenance import current_versions
    from atm_viewer.engine.output.staging import saving, staged
    from atm_viewer.engine.recipe import dump_recipe
    from atm_viewer.jobs.requests.previews import PredictArtifact

    recipe, star = recipe_of(args), (args.ra, args.dec)
    wanted = chosen(args)
    with staged(args.output.parent, [args.output.name], args.overwrite) as part:
        with Work(len(wanted.bands)) as work:
            found: list[PredictedArtifact] = []
            opened: list[str] = []
            for keys, bands in work.open_by_setting(wanted):
                opened += keys
                asked = [Extraction(keys, recipe, band, *star, args.radius) for band in bands]
                found += [work.ask(PredictArtifact(one, star)) for one in asked]
        table = _table(found)
        table.meta.update(
            exposures=[Path(key).name for key in opened],
            star={"ra": args.ra, "dec": args.dec},
            radius=args.radius,
            noise={one.band: [one.noise_before, one.noise_after] for one in found},
            fwhm={one.band: one.fwhm for one in found},
            recipe=dump_recipe(recipe),
            versions=current_versions(),
        )
        made = part / args.output.name
        with saving(made):
            table.write(made, format="ascii.ecsv")
    list_paths([str(args.output)])
    return 0


def _table(found: Sequence[PredictedArtifact]) -> QTable:
    import numpy as np
    from astropy import units as u
    from astropy.table import QTable

    table = QTable()
    table["band"] = np.repeat([one.band for one in found], [one.wavelength.size for one in found])
    table["wavelength"] = np.concatenate([one.wavelength for one in found]) * u.um
    table["before"] = np.concatenate([one.before for one in found])
    table["after"] = np.concatenate([one.after for one in found])
    for name, words in (
        ("band", "band of the cube"),
        ("wavelength", "planes of the cube"),
        ("before", "spaxel on the star divided by the sum of the aperture around it, before correction"),
        ("after", "spaxel on the star divided by the sum of the aperture around it, after correction"),
    ):
        table[name].info.description = words
    return table
