"""Table extensions of FITS files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def table_extension(name: str, columns: Sequence[Any]) -> Any:
    """Make a table extension, as ``BinTableHDU.from_columns`` does.

    That one imports `astropy.table`, which takes as long as writing the whole file.

    Parameters
    ----------
    name : str
        Name of the extension.
    columns : sequence of astropy.io.fits.Column
        Columns with their arrays.

    Returns
    -------
    astropy.io.fits.BinTableHDU
    """
    from astropy.io import fits

    extension = fits.BinTableHDU(name=name)
    extension.data = fits.FITS_rec.from_columns(fits.ColDefs(list(columns)))  # type: ignore[method-assign]  # a property
    return extension
