"""What of a target was made before, and whether it would be the same today."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape, unescape
from pathlib import Path
from typing import Any

from atm_viewer.batch.programme import Target
from atm_viewer.engine.errors import InputError
from atm_viewer.engine.output.provenance import InputFile, Provenance, read_provenance
from atm_viewer.engine.recipe import Recipe, dump_recipe

REPORT, RECIPE, LOG, THUMBNAIL = "report.html", "recipe.toml", "log.txt", "thumbnail.png"

#: First line of a recipe, with the fingerprint of what it was made of.
RECIPE_MARK = "# Made by atm-viewer batch: "

_META = re.compile(r'<meta name="atm-viewer" content="([^"]*)">')
_HEAD = 1_000_000  # bytes of a report in which its record is


@dataclass(frozen=True)
class BandNoise:
    """Noise of a band's brightest spaxel before and after correction (1 is the flux), and what remains in words."""

    band: str
    before: float
    after: float
    verdict: str


@dataclass(frozen=True)
class Record:
    """What the report of a target holds for the index, and for a later run.

    Parameters
    ----------
    fingerprint : str
        Of all that the products depend on, see `fingerprint`; empty where something has failed.
    exposures : int
        How many there are.
    files : mapping of str to (int, int)
        Sizes [byte] and times of change [ns] of the products.
    noise : tuple of BandNoise
        Band by band.
    problems : tuple of str
        A sentence for everything that has failed.
    seconds : float
        Time that workers took.
    """

    fingerprint: str
    exposures: int
    files: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    noise: tuple[BandNoise, ...] = ()
    problems: tuple[str, ...] = ()
    seconds: float = 0.0

    def as_meta(self) -> str:
        """HTML for the head of a report."""
        return f'<meta name="atm-viewer" content="{escape(json.dumps(asdict(self)))}">'


def fingerprint(target: Target, versions: Mapping[str, str]) -> str:
    """Digest of all that the products of a target depend on: files, recipe, options and versions."""
    inputs = [asdict(InputFile.of(path)) for path in target.exposures]
    options = {**vars(target.options), "recipe": dump_recipe(target.options.recipe)}
    text = json.dumps([target.name, inputs, options, dict(versions)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def read_record(folder: Path) -> Record | None:
    """Read the record of a target's report; None where there is none that can be read."""
    try:
        with open(folder / REPORT, encoding="utf-8") as file:
            found = _META.search(file.read(_HEAD))
        values: dict[str, Any] = json.loads(unescape(found[1])) if found else {}
        noise = tuple(BandNoise(**one) for one in values.pop("noise"))
        files = {name: (int(size), int(changed)) for name, (size, changed) in values.pop("files").items()}
        return Record(**{**values, "problems": tuple(values["problems"])}, noise=noise, files=files)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def files_of(folder: Path, names: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Sizes and times of change of files that are there."""
    found = {}
    for name in names:
        status = os.stat(folder / name)
        found[name] = (status.st_size, status.st_mtime_ns)
    return found


def complete(folder: Path, target: Target, versions: Mapping[str, str]) -> Record | None:
    """Return the record of a target of which nothing has to be made again; None where something has."""
    record = read_record(folder)
    try:
        same = record is not None and bool(record.fingerprint) and record.fingerprint == fingerprint(target, versions)
        return record if same and record is not None and record.files == files_of(folder, list(record.files)) else None
    except OSError:
        return None


def is_made(path: Path, wanted: Provenance) -> bool:
    """Whether a product is there that was made of the same files, with the same recipe, by the same versions."""
    if not os.path.exists(path):
        return False
    try:
        return read_provenance(path) == wanted
    except InputError:
        return False


def has_recipe(folder: Path, mark: str) -> bool:
    """Whether a recipe is there that was made of what has this fingerprint."""
    try:
        with open(folder / RECIPE, encoding="utf-8") as file:
            return file.readline().strip() == RECIPE_MARK + mark
    except (OSError, ValueError):
        return False


def table_name(target: Target) -> str:
    """Name of the table of measured spaxels."""
    return f"{target.name}_metrics.ecsv"


def table_mark(mark: str, recipe: Recipe) -> str:
    """Fingerprint of a table of measured spaxels: of the target, and of its recipe, which tuning may have made."""
    return hashlib.sha256(f"{mark}\n{dump_recipe(recipe)}".encode()).hexdigest()


def has_table(folder: Path, target: Target, mark: str) -> bool:
    """Whether a table of measured spaxels is there that was made of what has this fingerprint."""
    try:
        with open(folder / table_name(target), encoding="utf-8") as file:
            return f"fingerprint: {mark}" in file.read(_HEAD)
    except (OSError, ValueError):
        return False
