"""Resolves paths and associations to exposures."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeGuard

from atm_viewer.engine.errors import InputError, one_line
from atm_viewer.engine.io.exposure import exposure_name
from atm_viewer.engine.names import product_name
from atm_viewer.engine.regular_file import read_bytes


def expand_inputs(paths: Sequence[str | os.PathLike[str]]) -> list[Path]:
    """Replace associations by their science members.

    Parameters
    ----------
    paths : sequence of path-like
        Exposures (``_cal``/``_crf`` files) and associations (``*_asn.json``).

    Returns
    -------
    list of Path
        Exposures in the order given; whether they can be used is for `open_exposure` to find out.

    Raises
    ------
    InputError
        Nothing was given, a path is a folder, an exposure is there twice, or an association is unusable: not JSON,
        without science members, with a member that is missing or not beside it.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        if os.path.isdir(path):
            raise InputError(f"{path} is a folder; give the _cal.fits or _crf.fits files in it, or an association.")
        found.extend(_members(path) if path.suffix.lower() == ".json" else [path])
    if not found:
        raise InputError("No exposure is given; give _cal.fits or _crf.fits files or an association.")
    seen: set[Path] = set()
    for path in found:
        resolved = path.resolve()
        if resolved in seen:
            raise InputError(f"The exposure {path} is given twice; give each exposure once.")
        seen.add(resolved)
    return found


def default_product(paths: Sequence[str | os.PathLike[str]]) -> str:
    """Name of the product made from some inputs.

    Parameters
    ----------
    paths : sequence of path-like
        Exposures and associations, as for `expand_inputs`; at least one.

    Returns
    -------
    str
        The product's name of a single association, else what the exposures' names have in common.

    Raises
    ------
    InputError
        As `expand_inputs`, or the association's product has a name that cannot be part of a file's name.
    """
    first = Path(paths[0])
    if len(paths) == 1 and first.suffix.lower() == ".json":
        products = _products(first)
        if len(products) == 1 and (name := products[0].get("name")):
            if not is_plain_name(name):
                raise InputError(
                    f"{first.name} names its product {name!r:.80}, which is not a valid file name; rename the product."
                )
            return name
    return product_name([exposure_name(path) for path in expand_inputs(paths)])


def is_plain_name(name: Any) -> TypeGuard[str]:
    """Whether this can be a file's name as it stands: text without folders, so it leads nowhere else."""
    return isinstance(name, str) and name.isprintable() and not set("/\\") & set(name) and name not in ("", ".", "..")


def _members(association: Path) -> list[Path]:
    """Science members of an association, which lie beside it."""
    members = []
    for product in _products(association):
        entries = product.get("members")
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict) and str(entry.get("exptype", "")).lower() == "science":
                members.append(_member(association, entry.get("expname")))
    if not members:
        raise InputError(f"{association.name} has no science members; give an association for calwebb_spec3.")
    return members


def _member(association: Path, name: Any) -> Path:
    # An association from elsewhere must not reach for files outside of its own folder.
    if not is_plain_name(name):
        raise InputError(
            f"{association.name} lists the member {name!r:.80}; members must be file names without "
            "folders, in the association's folder."
        )
    path = association.parent / name
    if not os.path.isfile(path):
        raise InputError(
            f"{association.name} needs {one_line(name)}, which is not in its folder; move it to {path.parent}."
        )
    return path


def _products(association: Path) -> list[dict[str, Any]]:
    try:
        content = json.loads(read_bytes(association, "association", "*_asn.json"))
    except FileNotFoundError:
        raise InputError(f"There is no file {association}; its name is wrong, or it was moved or deleted.") from None
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"{association} cannot be read: {reason}; check its permissions.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{association.name} is not a JSON file; give an association (*_asn.json).") from error
    products = content.get("products") if isinstance(content, dict) else None
    if not isinstance(products, list) or not products or not all(isinstance(p, dict) for p in products):
        raise InputError(f"{association.name} lists no products; give an association (*_asn.json).")
    return products
