"""Offsets of exposures that lie shifted against others, and files of them, as the ``offset_file`` of ``cube_build``."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from atm_viewer.engine.checks.asdf_check import check_asdf
from atm_viewer.engine.errors import InputError, UserError, one_line
from atm_viewer.engine.names import exposure_name
from atm_viewer.engine.placement import Placement
from atm_viewer.engine.recipe.cube_options import CubeOptions, Offset, offset_of
from atm_viewer.engine.regular_file import read_bytes


def with_offset(placement: Placement, exposure: str, options: CubeOptions) -> Placement:
    """Placement of an exposure, by name, with the offset that it has in the options of cubes."""
    east, north = offset_of(options.offsets, exposure)
    return replace(placement, east=east, north=north)


def read_offsets(path: str | os.PathLike[str]) -> tuple[Offset, ...]:
    """Read offsets from an ASDF file with the lists ``filename``, ``raoffset`` and ``decoffset``.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    tuple of (str, float, float)
        Names of exposures, and their offsets to the east and north [arcsec].

    Raises
    ------
    InputError
        The file cannot be read, or is not one of offsets.
    """
    import asdf

    try:
        content = read_bytes(path, "file of offsets", ".asdf")
        check_asdf(Path(path).name, content, "a list of offsets")
        # Given a path, asdf would take it for a URL: of "a#b" it would read "a", and write it.
        with asdf.open(io.BytesIO(content)) as file:
            tree: Mapping[str, Any] = dict(file.tree)
    except UserError:
        raise
    except Exception as error:  # asdf raises anything
        raise InputError(f"{path} cannot be read as ASDF; give a file of offsets as cube_build takes it.") from error
    names, east, north = (tree.get(key) for key in ("filename", "raoffset", "decoffset"))
    if tree.get("units") != "arcsec":
        raise InputError(f"{path} does not say units: arcsec; cube_build takes no others.")
    if not (isinstance(names, list) and isinstance(east, list) and isinstance(north, list)):
        raise InputError(f"{path} needs the lists filename, raoffset and decoffset.")
    if not len(names) == len(east) == len(north):
        raise InputError(
            f"{path} has {len(names)} filenames, {len(east)} raoffsets and {len(north)} decoffsets; give one for each."
        )
    found = {}
    for name, *offset in zip(names, east, north, strict=True):
        if not isinstance(name, str) or not all(_plain(value) for value in offset):
            raise InputError(f"{path}: the offset of {one_line(str(name))} must be two numbers up to 3600 arcsec.")
        found[exposure_name(name)] = float(offset[0]), float(offset[1])
    return tuple((name, *offset) for name, offset in sorted(found.items()))


def check_offsets(offsets: Sequence[Offset], names: Sequence[str], path: str | os.PathLike[str]) -> None:
    """Refuse a file of offsets that lacks one of some exposures, as ``cube_build`` does."""
    missing = sorted(set(names) - {offset[0] for offset in offsets})
    if missing:
        raise InputError(f"{path} has no offset for {missing[0]}; give one for each exposure, 0 for no offset.")


def write_offsets(path: str | os.PathLike[str], offsets: Mapping[str, tuple[float, float]]) -> None:
    """Write a file for ``cube_build``: by names of files, offsets to the east and north [arcsec]."""
    import asdf

    tree = {
        "units": "arcsec",
        "filename": list(offsets),
        "raoffset": [east for east, _ in offsets.values()],
        "decoffset": [north for _, north in offsets.values()],
    }
    with open(path, "xb") as file:
        asdf.AsdfFile(tree).write_to(file)


def _plain(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 3600.0
