"""What a programme consists of: targets with their exposures, and how they are corrected."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from atm_viewer.engine.errors import InputError, UserError, one_line
from atm_viewer.engine.io.association import Inputs, is_plain_name, read_inputs
from atm_viewer.engine.io.moving_target import read_target
from atm_viewer.engine.names import exposure_name, product_name
from atm_viewer.engine.recipe import Recipe, load_recipe
from atm_viewer.engine.recipe.toml import parse_toml, read_recipe
from atm_viewer.engine.regular_file import read_text

#: Associations of other stages than those that combine exposures.
_OTHER_STAGE = re.compile(r"_(image2|image3|spec2|coron3|tso3|ami3|wfs-image2|wfs-image3)_")
_VERSION = 1
_TOP = ("version", "recipe", "tune", "exposures", "spaxels", "bands", "cube", "target")
_TARGET = ("name", "inputs", "members", "recipe", "tune", "bands", "cube")


@dataclass(frozen=True)
class Options:
    """How a target is corrected, and what is written of it.

    Parameters
    ----------
    recipe : Recipe
        Parameters, or what tuning begins with.
    tune : bool
        Whether each target has a recipe of its own made automatically.
    exposures : bool
        Whether corrected exposures are written besides cubes.
    spaxels : int
        How many of the brightest spaxels of each band are measured.
    bands : tuple of str
        Bands that cubes are made of; none for all.
    """

    recipe: Recipe = field(default_factory=Recipe)
    tune: bool = False
    exposures: bool = False
    spaxels: int = 5
    bands: tuple[str, ...] = ()


@dataclass(frozen=True)
class Target:
    """A target: all its products go to a folder of its name.

    Parameters
    ----------
    name : str
        Its name, and that of its products.
    exposures : tuple of Path
        Absolute paths.
    options : Options
        How they are corrected.
    notes : tuple of str
        What there is to say about how its exposures were found.
    problem : str
        Why nothing can be made of it; empty otherwise.
    """

    name: str
    exposures: tuple[Path, ...]
    options: Options
    notes: tuple[str, ...] = ()
    problem: str = ""


def read_programme(
    inputs: Sequence[str | os.PathLike[str]], options: Options, members: str | os.PathLike[str] | None = None
) -> tuple[Target, ...]:
    """Find the targets that some paths stand for.

    Parameters
    ----------
    inputs : sequence of path-like
        Programme files (``.toml``), associations, folders, and exposures, which are put together by target.
    options : Options
        For targets of which a programme file says nothing else.
    members : path-like, optional
        Folder in which members of associations are looked for as well.

    Returns
    -------
    tuple of Target
        In their order. An association that cannot be used is a target with a problem: the others are not held up.

    Raises
    ------
    InputError
        A programme file or a folder cannot be used, or there is no target.
    """
    found: list[Target] = []
    single: list[Path] = []
    folders = () if members is None else (Path(members),)
    for path in (Path(given).absolute() for given in inputs):
        if path.suffix.lower() == ".toml":
            found += _programme_file(path, options)
        elif path.is_dir():
            found += _folder(path, options, folders)
        elif path.suffix.lower() == ".json":
            found += _association(path, options, folders)
        else:
            single.append(path)
    found += _by_target(single, options)
    if not found:
        raise InputError("There is no target: give associations, folders with exposures, or a programme file (.toml).")
    return tuple(_distinct([_checked(target) for target in found]))


def _checked(target: Target) -> Target:
    """Refuse a target that has an exposure twice, which would count twice, or two whose products have one name."""
    by_path: set[Path] = set()
    by_name: dict[str, Path] = {}
    for path in target.exposures:
        name, resolved = exposure_name(path), path.resolve()
        if resolved in by_path:
            return replace(target, problem=f"The exposure {path} is given twice; give each exposure once.")
        if name in by_name:
            return replace(
                target, problem=f"{by_name[name]} and {path} would have products of the same name; give one of them."
            )
        by_path.add(resolved)
        by_name[name] = path
    return target


def _association(path: Path, options: Options, folders: Sequence[Path]) -> Iterator[Target]:
    try:
        inputs = read_inputs([path], folders)
        products = inputs.to_make()
    except UserError as error:
        yield Target(path.name.removesuffix("_asn.json").removesuffix(".json"), (), options, problem=str(error))
        return
    for product in products:
        yield Target(product.name, tuple(p.absolute() for p in product.exposures), options, inputs.notes)


def _folder(path: Path, options: Options, folders: Sequence[Path]) -> list[Target]:
    """Targets of a folder: of its associations, or else of its exposures."""
    names = sorted(os.listdir(path))
    associations = [n for n in names if n.endswith("_asn.json") and not _OTHER_STAGE.search(n)]
    if associations:
        return [target for name in associations for target in _association(path / name, options, folders)]
    cal, crf = (
        [path / name for name in names if name.endswith((f"_{kind}.fits", f"_{kind}.fits.gz"))]
        for kind in ("cal", "crf")
    )
    if not cal and not crf:
        raise InputError(f"{path} has neither associations (*_asn.json) nor exposures (*_cal.fits, *_crf.fits).")
    # One kind: the other has the same exposures once more.
    notes = (f"{path.name}: left out {len(cal)} *_cal files, since there are *_crf files.",) if cal and crf else ()
    return _by_target(crf or cal, options, notes)


def _by_target(exposures: Sequence[Path], options: Options, notes: tuple[str, ...] = ()) -> list[Target]:
    """Put exposures together whose headers name the same target, or else that belong to the same observation."""
    groups: dict[str, list[Path]] = {}
    for path in exposures:
        try:
            name = read_target(path).target
        except Exception:  # what is wrong with it is told when it is opened
            name = ""
        groups.setdefault(name or exposure_name(path)[:10], []).append(path)
    return [Target(_plain(_common_name(paths)), tuple(paths), options, notes) for paths in groups.values()]


def _common_name(paths: Sequence[Path]) -> str:
    return product_name([exposure_name(path) for path in paths])


def _plain(name: str) -> str:
    return name if is_plain_name(name) else "target"


def _distinct(targets: Sequence[Target]) -> Iterator[Target]:
    """Give targets of the same name numbers: each has a folder of its own."""
    given: set[str] = set()
    for target in targets:
        name, number = target.name, 1
        while name.lower() in given:
            number += 1
            name = f"{target.name}-{number}"
        given.add(name.lower())
        yield replace(target, name=name)


def _programme_file(path: Path, options: Options) -> Iterator[Target]:
    document = parse_toml(read_text(path, "a programme", "a TOML file"), path.name)
    _check_keys(document, _TOP, path.name)
    if document.get("version") != _VERSION:
        raise InputError(f"{path.name} must begin with version = {_VERSION}.")
    common = _options(document, options, path)
    entries = document.get("target")
    if not isinstance(entries, list) or not entries:
        raise InputError(f"{path.name} has no [[target]]; give each target a table with its inputs.")
    for entry in entries:
        _check_keys(entry, _TARGET, f"A [[target]] of {path.name}")
        inputs = entry.get("inputs")
        if not isinstance(inputs, list) or not inputs or not all(isinstance(one, str) for one in inputs):
            raise InputError(f"A [[target]] of {path.name} has no inputs; give a list of associations or exposures.")
        name = entry.get("name", "")
        if name and not is_plain_name(name):
            raise InputError(f"{path.name}: the target {name!r:.80} must be a file name without folders.")
        members = (path.parent / str(entry["members"]),) if "members" in entry else ()
        yield from _target(name, [path.parent / one for one in inputs], members, _options(entry, common, path))


def _target(name: str, inputs: Sequence[Path], members: Sequence[Path], options: Options) -> Iterator[Target]:
    """Targets of a table: one of all its inputs where it has a name, otherwise as if they were given themselves."""
    if not name:
        yield from read_programme(inputs, options, members[0] if members else None)
        return
    try:
        found = [one for path in inputs for one in _exposures(path, members)]
    except UserError as error:
        yield Target(name, (), options, problem=str(error))
    else:
        exposures = tuple(path.absolute() for one in found for path in one.exposures)
        notes = tuple(dict.fromkeys(note for one in found for note in one.notes))
        yield Target(name, exposures, options, notes)


def _exposures(path: Path, members: Sequence[Path]) -> Sequence[Inputs | Target]:
    if not path.is_dir():
        return [read_inputs([path], members)]
    found = _folder(path, Options(), members)
    if problem := next((one.problem for one in found if one.problem), ""):
        raise InputError(problem)
    return found


def _options(table: Mapping[str, Any], options: Options, path: Path) -> Options:
    """Return options with those of a table of a programme file."""
    recipe, where = options.recipe, path.name
    if "recipe" in table:
        recipe = load_recipe(path.parent / str(table["recipe"]))
    if "cube" in table:
        recipe = replace(recipe, cube=read_recipe({"version": 1, "cube": table["cube"]}, where).cube)
    tune, exposures = table.get("tune", options.tune), table.get("exposures", options.exposures)
    spaxels, bands = table.get("spaxels", options.spaxels), table.get("bands", list(options.bands))
    if not isinstance(tune, bool) or not isinstance(exposures, bool):
        raise InputError(f"{where}: tune and exposures must be true or false.")
    if not isinstance(spaxels, int) or isinstance(spaxels, bool) or not 1 <= spaxels <= 400:
        raise InputError(f"{where}: spaxels must be a whole number from 1 to 400.")
    if not isinstance(bands, list) or not all(isinstance(band, str) for band in bands):
        raise InputError(f"{where}: bands must be a list of names such as ch1-short.")
    return Options(recipe, tune, exposures, spaxels, tuple(bands))


def _check_keys(table: Any, known: Sequence[str], where: str) -> None:
    if not isinstance(table, dict):
        raise InputError(f"{where} is not a table.")
    if wrong := [key for key in table if key not in known]:
        raise InputError(f"{where} has the unknown key {one_line(wrong[0])!r}; known are {', '.join(known)}.")
