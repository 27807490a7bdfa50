"""Resolves paths and associations to exposures."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeGuard

from atm_viewer.engine.errors import InputError, one_line
from atm_viewer.engine.names import exposure_name, product_name
from atm_viewer.engine.regular_file import read_bytes

#: Files and folders that are looked at below a folder in which members are looked for.
MOST_ENTRIES = 100_000

_URL = re.compile(r"[a-z][a-z0-9+.-]*:/", re.IGNORECASE)


class MissingMembers(InputError):
    """Members of an association were not found.

    Parameters
    ----------
    association : Path
        The association.
    names : sequence of str
        File names of the members.
    """

    def __init__(self, association: Path, names: Sequence[str]):
        self.association, self.names = association, tuple(names)
        more = f" and {len(names) - 1} more" if names[1:] else ""
        super().__init__(
            f"{association.name} needs {one_line(names[0])}{more}, not found beside it or where it says; move the "
            f"missing files to {association.parent}, or name their folder (--members DIR, or Locate in the window)."
        )


@dataclass(frozen=True)
class Product:
    """What an association makes a product of: its name, empty for files that were given themselves, and exposures."""

    name: str
    exposures: tuple[Path, ...]


@dataclass(frozen=True)
class Inputs:
    """What some paths stand for.

    Parameters
    ----------
    products : tuple of Product
        Products of associations, and one without a name of the files that were given themselves.
    notes : tuple of str
        A sentence for each association of which something was left out.
    """

    products: tuple[Product, ...]
    notes: tuple[str, ...] = ()

    @property
    def exposures(self) -> tuple[Path, ...]:
        """Exposures of all products, each once."""
        return tuple(dict.fromkeys(path for product in self.products for path in product.exposures))

    def to_make(self, name: str = "") -> tuple[Product, ...]:
        """Return the products to be made.

        Parameters
        ----------
        name : str
            Name of one of several products, which alone is to be made; that of a single one is replaced by it.

        Returns
        -------
        tuple of Product
            All have a name: that of the association, else what the names of their exposures have in common.

        Raises
        ------
        InputError
            There are several products, and none of this name; or a name cannot be part of a file's name.
        """
        grouped: dict[str, list[Path]] = {}
        for product in self.products:
            grouped.setdefault(product.name, []).extend(product.exposures)
        if "" in grouped and len(grouped) > 2:
            raise InputError("Files are given beside an association with several products; give one or the other.")
        if "" in grouped or len(grouped) == 1:  # files beside an association go together with what it makes
            common = "" if len(grouped) > 1 else next(iter(grouped))
            found = {name or common or product_name([exposure_name(p) for p in self.exposures]): self.exposures}
        elif name and name not in grouped:
            names = " and ".join(map(one_line, grouped))
            raise InputError(f"There are several products ({names}), none of them {name!r:.80}; choose one of these.")
        else:
            found = {key: tuple(paths) for key, paths in grouped.items() if name in ("", key)}
        for key in found:
            if not name and not is_plain_name(key):
                raise InputError(f"The product {key!r:.80} is not a valid file name; rename it in the association.")
        return tuple(Product(key, paths) for key, paths in found.items())

    def one(self, name: str = "") -> Product:
        """Return the product to be made where only one can be: as `to_make`, but several are refused."""
        products = self.to_make(name)
        if len(products) > 1:
            names = " and ".join(one_line(product.name) for product in products)
            raise InputError(f"There are several products ({names}); choose one of them (--product NAME).")
        return products[0]


def read_inputs(paths: Sequence[str | os.PathLike[str]], folders: Sequence[str | os.PathLike[str]] = ()) -> Inputs:
    """Replace associations by their science members.

    Members are looked for beside the association, then where it says, then below ``folders``.

    Parameters
    ----------
    paths : sequence of path-like
        Exposures (``_cal``/``_crf`` files) and associations (``*_asn.json``).
    folders : sequence of path-like
        Where else members may be.

    Returns
    -------
    Inputs
        Exposures in the order given; whether they can be used is for `open_exposure` to find out.

    Raises
    ------
    InputError
        Nothing was given, a path is a folder or a URL, an exposure is there twice, or an association is unusable: not
        JSON, without science members, with a member that is not a local file, or missing (`MissingMembers`).
    """
    products: list[Product] = []
    notes: list[str] = []
    for given in paths:
        text = os.fspath(given)
        if _is_url(text):
            raise InputError(f"{one_line(text)} is not a local file; download it and open the file.")
        path = Path(text)
        if os.path.isdir(path):
            raise InputError(f"{path} is a folder; give the _cal.fits or _crf.fits files in it, or an association.")
        if path.suffix.lower() == ".json":
            inputs = _read_association(path, folders)
            products += inputs.products
            notes += inputs.notes
        else:
            products.append(Product("", (path,)))
    if not products:
        raise InputError("No exposure is given; give _cal.fits or _crf.fits files or an association.")
    by_name: dict[str, list[Path]] = {}
    for product in products:
        by_name.setdefault(product.name, []).extend(product.exposures)
    alone = _checked(by_name.get("", []))
    for name in filter(None, by_name):
        if twice := alone.intersection(_checked(by_name[name])):
            raise _twice(twice.pop())
    return Inputs(tuple(products), tuple(notes))


def expand_inputs(paths: Sequence[str | os.PathLike[str]]) -> list[Path]:
    """Exposures that some paths stand for, see `read_inputs`."""
    return list(read_inputs(paths).exposures)


def is_plain_name(name: Any) -> TypeGuard[str]:
    """Whether this can be a file's name as it stands: text without folders, so it leads nowhere else."""
    return isinstance(name, str) and name.isprintable() and not set("/\\") & set(name) and name not in ("", ".", "..")


def _checked(exposures: Sequence[Path]) -> set[Path]:
    """Resolve the paths of exposures, none of which may be there twice."""
    found: set[Path] = set()
    for path in exposures:
        resolved = path.resolve()
        if resolved in found:
            raise _twice(path)
        found.add(resolved)
    return found


def _twice(path: Path) -> InputError:
    return InputError(f"The exposure {path} is given twice; give each exposure once.")


def _is_url(text: str) -> bool:
    # "file:" too: a path is a path. A drive of Windows has one letter.
    return _URL.match(text) is not None and text.index(":") > 1 and not os.path.exists(text)


def _read_association(association: Path, folders: Sequence[str | os.PathLike[str]]) -> Inputs:
    """Science members of the products of an association."""
    wanted: list[tuple[str, list[str]]] = []
    left_out: Counter[str] = Counter()
    for entry in _products(association):
        members = entry.get("members")
        names = []
        for member in members if isinstance(members, list) else []:
            if not isinstance(member, dict):
                continue
            kind = str(member.get("exptype", "")).lower()
            if kind == "science":
                names.append(_checked_member(association, member.get("expname")))
            else:
                left_out[kind or "without exptype"] += 1
        if names:
            name = entry.get("name")
            wanted.append((name if isinstance(name, str) else "", names))
    if not wanted:
        raise InputError(f"{association.name} has no science members; give an association for calwebb_spec3.")
    places = {name: _place(association, name) for _, names in wanted for name in names}
    if missing := [name for name, place in places.items() if place is None]:
        below = _files_below(folders, {_file_name(name) for name in missing})
        places |= {name: below.get(_file_name(name)) for name in missing}
    if still := [_file_name(name) for name, place in places.items() if place is None]:
        raise MissingMembers(association, still)
    products = [Product(name, tuple(p for n in names if (p := places[n]) is not None)) for name, names in wanted]
    return Inputs(tuple(products), tuple(_notes(association, products, left_out)))


def _notes(association: Path, products: Sequence[Product], left_out: Mapping[str, int]) -> Iterator[str]:
    if left_out:
        kinds = ", ".join(f"{number} {one_line(kind, 30)}" for kind, number in list(left_out.items())[:5])
        yield f"{association.name}: left out members that are not science ({kinds})."
    if len(names := {product.name: None for product in products}) > 1:
        yield f"{association.name} has {len(names)} products ({', '.join(one_line(n or '?') for n in names)})."


def _checked_member(association: Path, name: Any) -> str:
    """Path of a member as the association has it, if it can be one."""
    if isinstance(name, str) and _URL.match(name) and name.index(":") > 1:
        raise InputError(
            f"{association.name} lists {one_line(name)}; only local files are opened: download it, put it beside the "
            "association and list its file name."
        )
    if not isinstance(name, str) or not name.isprintable() or not is_plain_name(_file_name(name)):
        raise InputError(f"{association.name} lists the member {name!r:.80}, which is not the path of a file.")
    return name


def _file_name(path: str) -> str:
    return re.split(r"[/\\]", path)[-1]  # associations are also written on Windows


def _place(association: Path, name: str) -> Path | None:
    """Where a member is: beside the association, or where it says."""
    # A pipe or a device may be there; it is refused when it is opened, and never looked past.
    places = (association.parent / _file_name(name), association.parent / name)
    return next((place for place in places if os.path.exists(place)), None)


def _files_below(folders: Sequence[str | os.PathLike[str]], names: set[str]) -> dict[str, Path]:
    """Find files in some folders and below them, those least deep first."""
    found: dict[str, Path] = {}
    for folder in map(Path, folders):
        if not os.path.isdir(folder):
            raise InputError(f"{folder} is not a folder; name the folder that holds the members.")
        for path in islice(_walk(folder), MOST_ENTRIES):
            if path.name in names:
                found.setdefault(path.name, path)
    return found


def _walk(folder: Path) -> Iterator[Path]:
    """All files below a folder, level by level; links to folders are not followed."""
    level = [folder]
    while level:
        below = []
        for here in level:
            try:
                entries = sorted(os.scandir(here), key=lambda entry: entry.name)
            except OSError:
                continue  # a folder that cannot be read is no reason to stop
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    below.append(Path(entry.path))
                else:
                    yield Path(entry.path)
        level = below


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
