"""Reads and writes sessions as TOML text.

Each part of a session is one table of the file with a writer and a reader of its own, listed in `PARTS`: to keep more,
add a field to `SavedSession` and a part. Files of older versions are brought up to date table by table (`_MIGRATIONS`)
before they are read, so readers know the latest version alone. Unknown keys are reported, not skipped: once a version
is out, a new key makes a new version, with a file of its own in the tests.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import tomlkit

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.recipe import Checker, fill_recipe, parse_toml, read_recipe
from atm_viewer.engine.regular_file import read_text
from atm_viewer.engine.results.references import MOST_REFERENCES
from atm_viewer.session.edits.scope import Scope
from atm_viewer.session.edits.variants import NAMES, Variant, Variants
from atm_viewer.session.spectrum.settings import SpectrumSettings
from atm_viewer.session.state.open_exposure import Mark
from atm_viewer.session.state.places import MOST, Place, Places
from atm_viewer.session.state.saved_session import SavedExposure, SavedLook, SavedReference, SavedSession

VERSION = 1
KIND = "atm-viewer session"  #: tells sessions from recipes, which are TOML as well
_MOST_EXPOSURES = 1000
_MOST_VALUES = 1000  #: in one list of a view's state
_DEPTH = 4  #: of a view's state

_HEAD = (
    "A session of ATM Viewer: open it with File > Open Session, or give it to atm-viewer on the command line.",
    "Paths are relative to this file; `was` is the absolute path when the session was saved.",
)


@dataclass(frozen=True)
class Part:
    """One table of the file.

    Parameters
    ----------
    key : str
        Its name.
    write : callable
        Takes state and folder of the file (None: all paths absolute), gives the table; None leaves it out.
    read : callable
        Takes a checker, the table and the folder, gives the fields of `SavedSession` that it holds.
    """

    key: str
    write: Callable[[SavedSession, Path | None], Any]
    read: Callable[[Checker, Any, Path | None], dict[str, Any]]


def load_session(path: str | os.PathLike[str]) -> SavedSession:
    """Read a session from a file.

    Parameters
    ----------
    path : path-like
        The file: a session of any version, or a recipe, which is a session without exposures.

    Returns
    -------
    SavedSession

    Raises
    ------
    InputError
        The file cannot be read, is too large, is not TOML, or holds an unknown key or an impossible value.
    """
    return parse_session(read_text(path, "session"), str(path), Path(path).absolute().parent)


def is_session(text: str) -> bool:
    """Whether a text is that of a session, even a damaged one, rather than a recipe."""
    return re.search(rf'^kind\s*=\s*"{KIND}"', text, re.MULTILINE) is not None


def parse_session(text: str, name: str = "session", folder: Path | None = None) -> SavedSession:
    """Read a session from TOML text; see `load_session`.

    Parameters
    ----------
    text : str
        The text.
    name : str
        Stands for the file in messages.
    folder : Path or None
        Folder of the file, which relative paths start from.
    """
    check = Checker(name)
    document = _migrate(check, parse_toml(text, name))
    check.known(document, ("kind", "version", *(part.key for part in PARTS)), "at the top")
    values: dict[str, Any] = {}
    for part in PARTS:
        if part.key in document:
            values.update(part.read(check, document[part.key], folder))
    return SavedSession(**values)


def dump_session(state: SavedSession, folder: Path | None = None) -> str:
    """Write a session as TOML text that `parse_session` reads back to an equal one, for a file in a folder."""
    document = tomlkit.document()
    for line in _HEAD:
        document.add(tomlkit.comment(line))
    document["kind"] = KIND
    document["version"] = VERSION
    for part in PARTS:
        table = part.write(state, folder)
        if table is not None:
            document[part.key] = table
    return tomlkit.dumps(document)


# Older versions


def _migrate(check: Checker, document: dict[str, Any]) -> dict[str, Any]:
    """Bring a document of any version up to date."""
    version = check.whole(document.get("version", 0), "version", 0, 10**6) if "kind" in document else 0
    if "kind" in document and document["kind"] != KIND:
        raise InputError(f"{check.name} is not a session: its kind must be '{KIND}', not {document['kind']!r:.80}.")
    if version > VERSION:
        raise InputError(
            f"{check.name} was saved by a newer ATM Viewer (version = {version}; this one reads up to {VERSION}); "
            "update ATM Viewer to open it."
        )
    for older in range(version, VERSION):
        document = _MIGRATIONS[older](document)
    return document


def _from_recipe(document: dict[str, Any]) -> dict[str, Any]:
    """Make the first version of what was there before it: a plain recipe."""
    return {"kind": KIND, "version": 1, "variant": [{"name": NAMES[0], "recipe": document}]}


#: By version: what makes a document of the next one.
_MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {0: _from_recipe}


# Parts: when and by what it was saved


def _write_saved(state: SavedSession, _folder: Path | None) -> Any:
    table = tomlkit.table()
    if state.saved is not None:
        table["time"] = state.saved
    if state.origin:
        table["session"] = state.origin
    for program, version in state.versions.items():
        table[program] = version
    return table if table else None


def _read_saved(check: Checker, value: Any, _folder: Path | None) -> dict[str, Any]:
    table = dict(check.table(value, "[saved]"))
    time, origin = table.pop("time", None), table.pop("session", "")
    if time is not None and not isinstance(time, datetime):
        raise InputError(f"{check.name}: time in [saved] must be a date with a time, not {time!r:.80}.")
    versions = {key: check.text(version, f"{key} in [saved]", 80) for key, version in table.items()}
    return {"saved": time, "origin": check.text(origin, "session in [saved]") if origin else "", "versions": versions}


# Parts: exposures


def _write_exposures(state: SavedSession, folder: Path | None) -> Any:
    if not state.exposures:
        return None
    tables = tomlkit.aot()
    for exposure in state.exposures:
        table = tomlkit.table()
        _write_path(table, exposure.places, folder)
        if exposure.mark is not None:
            table["size"] = exposure.mark.size
            table["digest"] = exposure.mark.digest
        if not exposure.included:
            table["included"] = False
        if exposure.chosen:
            table["chosen"] = True
        tables.append(table)
    return tables


def _read_exposures(check: Checker, value: Any, folder: Path | None) -> dict[str, Any]:
    value = check.array(value, "exposure")
    if len(value) > _MOST_EXPOSURES:
        raise InputError(f"{check.name} lists {len(value)} exposures; the maximum is {_MOST_EXPOSURES}.")
    return {"exposures": tuple(_read_exposure(check, entry, folder) for entry in value)}


def _read_exposure(check: Checker, value: Any, folder: Path | None) -> SavedExposure:
    table = check.table(value, "[[exposure]]")
    check.known(table, ("path", "was", "size", "digest", "included", "chosen"), "in [[exposure]]")
    if "path" not in table:
        raise InputError(f"{check.name}: an [[exposure]] has no path.")
    path = check.text(table["path"], "path of an exposure")
    places = _read_path(check, table, path, "was of an exposure", folder)
    mark = None
    if "size" in table or "digest" in table:
        size = check.whole(table.get("size"), "size of an exposure", 0, 2**62)
        mark = Mark(size, check.text(table.get("digest"), "digest of an exposure", 200))
    included = check.boolean(table.get("included", True), "included of an exposure")
    chosen = check.boolean(table.get("chosen", False), "chosen of an exposure")
    return SavedExposure(places, mark, included, chosen)


def _write_path(table: Any, places: tuple[str, ...], folder: Path | None) -> None:
    """Write where a file is: from the session's folder, and where it was."""
    table["path"] = relative = _relative(places[0], folder)
    if places[-1] != relative:
        table["was"] = places[-1]


def _read_path(check: Checker, table: Mapping[str, Any], path: str, was: str, folder: Path | None) -> tuple[str, ...]:
    """Read where a file may be, the likeliest first; ``was`` is what the second entry is called in a sentence."""
    places = [os.path.normpath(os.path.join(folder or Path.cwd(), path))]
    if "was" in table:
        places.append(check.text(table["was"], was))
    return tuple(dict.fromkeys(places))


def _relative(path: str, folder: Path | None) -> str:
    """Path from a folder, with slashes, where both are in one tree; else the unchanged path."""
    if folder is None:
        return path
    try:
        common = os.path.commonpath([folder, path])
    except ValueError:  # on different drives
        return path
    return path if os.path.dirname(common) == common else Path(os.path.relpath(path, folder)).as_posix()


# Parts: cubes and extracted spectra from elsewhere


def _write_references(state: SavedSession, folder: Path | None) -> Any:
    if not state.references:
        return None
    tables = tomlkit.aot()
    for reference in state.references:
        table = tomlkit.table()
        table["number"] = reference.number
        _write_path(table, reference.places, folder)
        if not reference.shown:
            table["shown"] = False
        tables.append(table)
    return tables


def _read_references(check: Checker, value: Any, folder: Path | None) -> dict[str, Any]:
    references: list[SavedReference] = []
    for entry in check.array(value, "reference"):
        table = check.table(entry, "[[reference]]")
        check.known(table, ("number", "path", "was", "shown"), "in [[reference]]")
        number = check.whole(table.get("number"), "number of a reference", 1, MOST_REFERENCES)
        if number in [reference.number for reference in references]:
            raise InputError(f"{check.name}: reference {number} is listed twice.")
        path = check.text(table.get("path"), "path in [[reference]]")
        places = _read_path(check, table, path, "was of a reference", folder)
        shown = check.boolean(table.get("shown", True), "shown of a reference")
        references.append(SavedReference(number, places, shown))
    return {"references": tuple(sorted(references, key=lambda reference: reference.number))}


# Parts: what is looked at


def _write_look(state: SavedSession, _folder: Path | None) -> Any:
    look, table = state.look, tomlkit.table()
    if look.band:
        table["band"] = look.band
    if look.number:
        table["slice"] = look.number
        table["column"] = look.column
    if look.scope is not Scope.PLACE:
        table["scope"] = look.scope.value
    return table if table else None


def _read_look(check: Checker, value: Any, _folder: Path | None) -> dict[str, Any]:
    table = check.table(value, "[look]")
    check.known(table, ("band", "slice", "column", "scope", "only_this"), "in [look]")
    # Files of before there were regions say whether edits are for the chosen exposure alone.
    alone = check.boolean(table.get("only_this", False), "only_this in [look]")
    usual = Scope.SLICE if alone else Scope.PLACE
    look = SavedLook(
        check.text(table["band"], "band in [look]", 80) if "band" in table else "",
        check.whole(table.get("slice", 0), "slice in [look]", 0, 999),
        check.whole(table.get("column", 0), "column in [look]", 0, 10**5),
        Scope(check.choice(table.get("scope", usual.value), "scope in [look]", tuple(scope.value for scope in Scope))),
    )
    return {"look": look}


# Parts: places on the sky and how their spectra are shown


def _write_places(state: SavedSession, _folder: Path | None) -> Any:
    if not state.places.all:
        return None
    tables = tomlkit.aot()
    for place in state.places.all:
        table = tomlkit.table()
        table["number"] = place.number
        for key, unit in (("ra", "deg, ICRS"), ("dec", "deg, ICRS"), ("radius", "arcsec")):
            table[key] = tomlkit.float_(repr(float(getattr(place, key)))).comment(unit)
        if state.places.several and place.number == state.places.active:
            table["active"] = True
        tables.append(table)
    return tables


def _read_places(check: Checker, value: Any, _folder: Path | None) -> dict[str, Any]:
    active, places = 0, Places()
    for entry in check.array(value, "place"):
        table = check.table(entry, "[[place]]")
        check.known(table, ("number", "ra", "dec", "radius", "active"), "in [[place]]")
        number = check.whole(table.get("number"), "number of a place", 1, MOST)
        ra, dec, radius = (check.number(table.get(key), f"{key} of place {number}") for key in ("ra", "dec", "radius"))
        if places[number] is not None:
            raise InputError(f"{check.name}: place {number} is listed twice.")
        if not -360 <= ra <= 360 or not -90 <= dec <= 90:
            raise InputError(f"{check.name}: ra, dec of place {number} must be a position on the sky [deg].")
        if not radius > 0:
            raise InputError(f"{check.name}: radius of place {number} must be above zero, not {radius}.")
        if check.boolean(table.get("active", False), f"active of place {number}"):
            active = number
        everywhere = sorted((*places.all, Place(number, ra, dec, radius)), key=lambda p: p.number)
        places = Places(tuple(everywhere), everywhere[0].number)
    return {"places": places.chosen(active)}


def _write_spectrum(state: SavedSession, _folder: Path | None) -> Any:
    values = state.spectrum.to_dict()
    return tomlkit.item(values) if values else None


def _read_spectrum(check: Checker, value: Any, _folder: Path | None) -> dict[str, Any]:
    table = check.table(value, "[spectrum]")
    check.known(table, [f.name for f in fields(SpectrumSettings)], "in [spectrum]")
    settings = SpectrumSettings.from_dict(table)
    for key, given in table.items():
        taken = getattr(settings, key)
        if (list(taken) if isinstance(taken, tuple) else taken) != given:
            raise InputError(f"{check.name}: {key} in [spectrum] cannot be {given!r:.80}.")
    return {"spectrum": settings}


# Parts: variants of the recipe, and views


def _write_variants(state: SavedSession, _folder: Path | None) -> Any:
    tables = tomlkit.aot()
    for variant in state.variants.all:
        table = tomlkit.table()
        table["name"] = variant.name
        if variant.label:
            table["label"] = variant.label
        if state.variants.several and variant.name == state.variants.active:
            table["active"] = True
        table["recipe"] = fill_recipe(tomlkit.table(), variant.recipe)
        tables.append(table)
    return tables


def _read_variants(check: Checker, value: Any, _folder: Path | None) -> dict[str, Any]:
    active = ""
    variants: list[Variant] = []
    for entry in check.array(value or None, "variant"):  # there is one at least
        table = check.table(entry, "[[variant]]")
        check.known(table, ("name", "label", "active", "recipe"), "in [[variant]]")
        name, label = table.get("name"), table.get("label", "")
        if name not in NAMES or name in [v.name for v in variants]:
            raise InputError(f"{check.name}: names of variants must be different letters, A to {NAMES[-1]}.")
        recipe = read_recipe(check.table(table.get("recipe"), "[variant.recipe]"), check.name)
        variants.append(Variant(name, recipe, check.text(label, f"label of variant {name}", 200) if label else ""))
        if check.boolean(table.get("active", False), f"active of variant {name}"):
            active = name
    variants.sort(key=lambda v: v.name)
    return {"variants": Variants(tuple(variants), active or variants[0].name)}


def _write_views(state: SavedSession, _folder: Path | None) -> Any:
    views = {name: dict(values) for name, values in state.views.items() if values}
    return tomlkit.item(views) if views else None


def _read_views(check: Checker, value: Any, _folder: Path | None) -> dict[str, Any]:
    table = check.table(value, "[views]")
    for name, values in table.items():
        check.table(values, f"[views.{name}]")
        _check_plain(check, values, f"views.{name}")
    return {"views": table}


def _check_plain(check: Checker, value: Any, key: str, depth: int = 0) -> None:
    """Make sure that there are plain values only, and not too many of them."""
    if isinstance(value, dict | list) and (depth > _DEPTH or len(value) > _MOST_VALUES):
        raise InputError(f"{check.name}: {key} has too many entries for a view.")
    if isinstance(value, dict):
        for name, inner in value.items():
            _check_plain(check, inner, f"{key}.{name}", depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check_plain(check, inner, key, depth + 1)
    elif isinstance(value, str):
        if value:
            check.text(value, key)
    elif not isinstance(value, bool):
        check.number(value, key)


PARTS: tuple[Part, ...] = (
    Part("saved", _write_saved, _read_saved),
    Part("exposure", _write_exposures, _read_exposures),
    Part("reference", _write_references, _read_references),
    Part("look", _write_look, _read_look),
    Part("variant", _write_variants, _read_variants),
    Part("place", _write_places, _read_places),
    Part("spectrum", _write_spectrum, _read_spectrum),
    Part("views", _write_views, _read_views),
)
