"""Table extensions are astropy's, without what makes astropy slow to begin."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
from astropy.io import fits

from atm_viewer.engine.output.fits_table import table_extension


def columns() -> list[fits.Column]:
    return [
        fits.Column(name="NAME", format="4A", array=["x", "four"]),
        fits.Column(name="SIZE", format="K", unit="byte", array=[1, 2**40]),
        fits.Column(name="BYTES", format="3B", array=np.arange(6, dtype=np.uint8).reshape(2, 3)),
    ]


def written(extension: fits.BinTableHDU) -> bytes:
    file = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), extension]).writeto(file)
    return file.getvalue()


def test_the_bytes_are_those_of_astropy():
    ours, theirs = table_extension("NAMES", columns()), fits.BinTableHDU.from_columns(columns(), name="NAMES")
    assert written(ours) == written(theirs)


def test_astropys_tables_are_not_imported():
    code = (
        "import sys; from astropy.io import fits; from atm_viewer.engine.output.fits_table import table_extension; "
        "table_extension('A', [fits.Column(name='B', format='K', array=[1])]); sys.exit('astropy.table' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
