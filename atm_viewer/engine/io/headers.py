"""Reads the headers of exposures alone, which takes no time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from atm_viewer.engine.checks.exposure_check import check_exposure
from atm_viewer.engine.checks.exposure_notes import beyond_by_header, notes_in_words, notes_on
from atm_viewer.engine.errors import UserError
from atm_viewer.engine.io.fits_input import open_fits
from atm_viewer.engine.io.in_time import in_time
from atm_viewer.engine.threads import without_warnings

Header = Any


@in_time
def read_headers(path: Path) -> tuple[Header, Header]:
    """Read the primary header of an exposure, and that of its SCI extension; raise `InputError` for what is none."""
    from astropy.io import fits

    with without_warnings(), open_fits(path) as file, fits.open(file) as hdus:
        check_exposure(path.name, [(hdu.name, hdu.header) for hdu in hdus])
        return hdus[0].header, hdus["SCI"].header


def header_notes(paths: Iterable[Path]) -> tuple[str, ...]:
    """Say what is unusual in exposures, see `notes_on`; why some cannot be read is for `open_exposure` to say."""
    found = []
    for path in paths:
        try:
            headers = read_headers(path)
            found.append((path.name, (*notes_on(*headers), *beyond_by_header(headers[0]))))
        except (UserError, OSError, ValueError, TypeError, KeyError, AttributeError):
            continue
    return notes_in_words(found)
