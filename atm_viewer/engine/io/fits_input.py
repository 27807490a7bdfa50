"""Opens FITS files from outside: regular files only, unpacked where they are compressed, and of bounded size."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from pathlib import Path
from typing import BinaryIO

from atm_viewer.engine.checks.fits_check import check_fits
from atm_viewer.engine.errors import InputError
from atm_viewer.engine.regular_file import open_regular

#: Bytes that an exposure has at most; a full one of NIRSpec with all of its extensions has a third of it.
MOST_BYTES = 2**30

_PACKED = b"\x1f\x8b"
_BLOCK = 2**20
_WANTED = "_cal.fits or _crf.fits files or an association"


def open_fits(path: str | os.PathLike[str], wanted: str = _WANTED, most: int | None = None) -> BinaryIO:
    """Open a FITS file, or what is in a ``.fits.gz``.

    Parameters
    ----------
    path : path-like
        The file.
    wanted : str
        What the user is asked to open instead of something else.
    most : int or None
        Bytes that it may have; None for `MOST_BYTES`.

    Returns
    -------
    file
        Open for reading bytes, at its beginning; a compressed file is unpacked into memory.

    Raises
    ------
    InputError
        One sentence: it is absent, not a regular file, cannot be read, too large, or not FITS.
    """
    name, most = Path(path).name, most or MOST_BYTES
    try:
        file = open_regular(path, wanted)
    except FileNotFoundError:
        raise InputError(f"There is no file {path}; its name is wrong, or it was moved or deleted.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}; check its permissions.") from error
    try:
        if os.fstat(file.fileno()).st_size > most:
            raise InputError(f"{name} is larger than {most // 2**30} GiB; open {wanted}.")
        start = file.read(2)
        file.seek(0)
        if start == _PACKED:
            with file:
                file = _unpacked(file, name, wanted, most)
        start = file.read(9)
        file.seek(0)
        if start != b"SIMPLE  =":
            raise InputError(f"{name} is not a FITS file; open {wanted}.")
        check_fits(name, file)
    except BaseException:
        file.close()
        raise
    return file


def _unpacked(packed: BinaryIO, name: str, wanted: str, most: int) -> BinaryIO:
    file = io.BytesIO()
    size = 0
    try:
        with gzip.open(packed) as content:
            while block := content.read(_BLOCK):
                if not size and not block.startswith(b"SIMPLE  ="):
                    raise InputError(f"{name} has no FITS file in it; open {wanted}.")
                size += len(block)
                if size > most:
                    raise InputError(f"{name} unpacks to more than {most // 2**30} GiB; download it again.")
                file.write(block)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        file.close()
        raise InputError(f"{name} is damaged and cannot be unpacked; download it again.") from error
    except OSError as error:
        file.close()
        raise InputError(f"{name} cannot be unpacked: {error.strerror or error}; unpack it with gunzip.") from error
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file
