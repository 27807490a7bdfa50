"""Files that were written, and programs that accept files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tool:
    """Another program that files can be sent to by SAMP.

    Parameters
    ----------
    number : str
        What the hub calls it.
    name : str
        What people call it.
    takes : tuple of str
        Messages that it takes, such as ``table.load.fits`` and ``image.load.fits``.
    """

    number: str
    name: str
    takes: tuple[str, ...]


@dataclass(frozen=True)
class WrittenProducts:
    """Files that were written, in order."""

    paths: tuple[str, ...]
