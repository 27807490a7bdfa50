"""Reads extracted spectra (``x1d``) of any origin: all tables of a file, whatever their bands."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from atm_viewer.engine.arrays import Floats
from atm_viewer.engine.errors import InputError, one_line, shortage
from atm_viewer.engine.io.fits_input import open_fits
from atm_viewer.engine.threads import without_warnings

_TABLE = "EXTRACT1D"
#: Names of the errors of each column, newer files first.
_ERRORS = {"FLUX": ("FLUX_ERROR", "ERROR"), "SURF_BRIGHT": ("SB_ERROR",)}


@dataclass(frozen=True, eq=False)
class ExtractedFile:
    """Extracted spectra that were read, one after the other in wavelength, with NaN between them.

    Parameters
    ----------
    path : Path
        The file.
    ranges : tuple of (float, float)
        First and last wavelength of each of its tables [um], ascending.
    wavelength : ndarray of float64, shape (n,)
        Wavelengths [um]; those between two tables too, without a value.
    flux, flux_err : ndarray of float64, shape (n,)
        Flux density and its error [Jy]; NaN without a value.
    brightness, brightness_err : ndarray of float64, shape (n,)
        Surface brightness and its error [MJy/sr]; NaN without a value, and in files that have none.
    """

    path: Path
    ranges: tuple[tuple[float, float], ...]
    wavelength: Floats
    flux: Floats
    flux_err: Floats
    brightness: Floats
    brightness_err: Floats


def read_extracted(path: str | os.PathLike[str]) -> ExtractedFile:
    """Read extracted spectra.

    Parameters
    ----------
    path : path-like
        FITS file, or ``.fits.gz``, with one or more tables ``EXTRACT1D``.

    Returns
    -------
    ExtractedFile

    Raises
    ------
    InputError
        The file cannot be read, has no such table, or none whose unit is one of flux density.
    """
    from astropy.io import fits

    path = Path(path)
    try:
        with open_fits(path, "an x1d file") as file, without_warnings(), fits.open(file) as hdus:
            tables = [hdu for hdu in hdus if hdu.name == _TABLE and hdu.data is not None and len(hdu.data)]
            if not tables:
                raise InputError(f"{path.name} holds no extracted spectrum; give an x1d file.")
            parts = sorted((_part(path, hdu) for hdu in tables), key=lambda part: float(part[0, 0]))
    except (OSError, KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        if lacking := shortage(error):
            raise InputError(f"{path.name} cannot be opened: {lacking}") from error
        raise InputError(
            f"{path.name} cannot be read as extracted spectra: {one_line(error)}; give an x1d file."
        ) from error
    gap = np.full((5, 1), np.nan)
    joined: list[Floats] = []
    for part in parts:
        if joined:
            gap = gap.copy()
            gap[0] = joined[-1][0, -1]
            joined.append(gap)
        joined.append(part)
    ranges = tuple((float(part[0, 0]), float(part[0, -1])) for part in parts)
    return ExtractedFile(path, ranges, *np.concatenate(joined, axis=1))


def _part(path: Path, hdu: Any) -> Floats:
    """Rows of one table in ascending wavelength: wavelength, flux and its error, surface brightness and its error."""
    from astropy import units as u

    names = {name.upper() for name in hdu.columns.names}
    units = {column.name.upper(): one_line(str(column.unit or "")) for column in hdu.columns}

    def column(name: str) -> Floats:
        return np.asarray(hdu.data[name], dtype=float).ravel()

    read: Any = u.Unit
    axis = u.Quantity(column("WAVELENGTH"), read(units["WAVELENGTH"] or "um", parse_strict="silent"))
    if not axis.unit.is_equivalent(u.um):
        raise InputError(f"{path.name} has wavelengths in {units['WAVELENGTH']}; give a spectrum in wavelengths.")
    wave = axis.to_value(u.um)
    rows = [wave]
    for name, unit in (("FLUX", u.Jy), ("SURF_BRIGHT", u.MJy / u.sr)):
        error = next((e for e in _ERRORS[name] if e in names), "")
        values = [np.full(wave.size, np.nan)] * 2
        if name in names:
            given = read(units[name] or str(unit), parse_strict="silent")
            if given.is_equivalent(unit, u.spectral_density(1.0 * u.um)):
                values = [
                    u.Quantity(column(one), given).to_value(unit, u.spectral_density(axis)) if one else values[0]
                    for one in (name, error)
                ]
            elif name == "FLUX":
                raise InputError(f"{path.name} has flux in {units[name]}, which is no flux density; give an x1d file.")
        if name == "SURF_BRIGHT" and not np.any(values[0]):  # spectra of point sources may have zeros there
            values = [np.full(wave.size, np.nan)] * 2
        rows += values
    made = np.stack(rows)
    order = np.argsort(wave, kind="stable")
    made = made[:, order[np.isfinite(wave[order])]]
    if made.shape[1] < 2:
        raise InputError(f"{path.name} has a table without wavelengths; give an x1d file.")
    made[1:, ~np.isfinite(made[1])] = np.nan
    return made
