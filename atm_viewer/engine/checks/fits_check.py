"""FITS files are as large as their headers say: checked before a library makes room for what they promise."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import BinaryIO

from atm_viewer.engine.errors import InputError

_BLOCK = 2880
_CARD = 80
#: Extensions of a file, cards of a header and dimensions of an array at most; exposures have a tenth of it, or fewer.
MOST_EXTENSIONS, MOST_CARDS, MOST_DIMENSIONS = 200, 20_000, 9

_NUMBER = re.compile(rb"\s*([+-]?\d{1,18})\s*(/.*)?")


def check_fits(name: str, file: BinaryIO) -> None:
    """Refuse a FITS file whose headers promise more than it holds.

    Parameters
    ----------
    name : str
        Name of the file, for the sentence.
    file : file
        Open for reading bytes; it is left at its beginning.

    Raises
    ------
    InputError
        A header is no header, or says that there is more than there is.
    """
    size = file.seek(0, os.SEEK_END)
    start = 0
    for number in range(MOST_EXTENSIONS):
        file.seek(start)
        header = _Header(name, number, file)
        needed = file.tell() + header.data_size()
        if needed > size:
            raise InputError(
                f"{name} is truncated: {size} bytes where its headers say {needed}; download it or process it again."
            )
        start = file.tell() + -(-header.data_size() // _BLOCK) * _BLOCK
        file.seek(start)
        if not file.read(_CARD).startswith(b"XTENSION="):
            break  # whatever stands behind the last extension is nobody's
    else:
        raise InputError(f"{name} has more than {MOST_EXTENSIONS} extensions, which no exposure has.")
    file.seek(0)


class _Header:
    """Sizes that a header gives, read up to its end."""

    def __init__(self, name: str, number: int, file: BinaryIO):
        self._name = f"{name} has a header (number {number + 1})"
        self._sizes: dict[str, int] = {}
        for card in _cards(file):
            key = card[:8].rstrip().decode("latin-1")
            if key == "END":
                return
            if re.fullmatch(r"BITPIX|NAXIS\d*|PCOUNT|GCOUNT", key) and card[8:10] == b"= ":
                if (found := _NUMBER.fullmatch(card[10:])) is None:
                    raise InputError(f"{self._name} whose {key} is not a number; download it again.")
                self._sizes.setdefault(key, int(found[1]))
        raise InputError(
            f"{name} is a damaged FITS file: its header number {number + 1} has no end; download it again."
        )

    def data_size(self) -> int:
        """Bytes of the data that follow."""
        bits, dimensions = self._sizes.get("BITPIX", 0), self._sizes.get("NAXIS", -1)
        if bits not in (8, 16, 32, 64, -32, -64):
            raise InputError(f"{self._name} with BITPIX {bits}; a size of values was expected: download it again.")
        if not 0 <= dimensions <= MOST_DIMENSIONS:
            raise InputError(
                f"{self._name} with NAXIS {dimensions}; 0 to {MOST_DIMENSIONS} were expected: download it again."
            )
        sizes = [self._sizes.get(f"NAXIS{k}", -1) for k in range(1, dimensions + 1)]
        more, groups = self._sizes.get("PCOUNT", 0), self._sizes.get("GCOUNT", 1)
        if min([*sizes, more, groups]) < 0:
            raise InputError(f"{self._name} with a negative or missing size; download it again.")
        values = 1 if sizes else 0
        for size in sizes:
            values *= size
        return abs(bits) // 8 * groups * (more + values)


def _cards(file: BinaryIO) -> Iterator[bytes]:
    for _ in range(MOST_CARDS * _CARD // _BLOCK):
        block = file.read(_BLOCK)
        if len(block) < _BLOCK:
            return
        yield from (block[at : at + _CARD] for at in range(0, _BLOCK, _CARD))
