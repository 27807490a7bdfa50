"""Recipe and versions, recorded in every product."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.output.fits_table import table_extension
from atm_viewer.engine.recipe import Recipe, dump_recipe, parse_recipe
from atm_viewer.engine.regular_file import check_regular

PACKAGES = ("atm-viewer", "jwst", "stdatamodels", "numpy", "scipy", "astropy", "numba")


@dataclass(frozen=True)
class InputFile:
    """File that a product was made of: its name, size [byte], and time of its last change [ns since 1970]."""

    name: str
    size: int
    changed: int

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> InputFile:
        """Describe a file that is there."""
        found = os.stat(path)
        return cls(Path(path).name, found.st_size, found.st_mtime_ns)


@dataclass(frozen=True)
class Provenance:
    """What a product says about how it was made.

    Parameters
    ----------
    recipe : Recipe
        Recipe of the run.
    applied : bool
        Whether the recipe was applied: False in a cube of exposures as they are.
    versions : mapping of str to str
        Versions by package, and of ``python``.
    inputs : tuple of InputFile
        Exposures that it was made of.
    """

    recipe: Recipe
    applied: bool
    versions: Mapping[str, str]
    inputs: tuple[InputFile, ...] = ()

    @property
    def beyond_pipeline(self) -> str:
        """What was done that the pipeline cannot do, separated by commas; empty for nothing."""
        return ", ".join(self.recipe.beyond_pipeline) if self.applied else ""


def current_versions() -> dict[str, str]:
    """Versions of everything that takes part in making a product."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def history_lines(provenance: Provenance, exposures: Sequence[str]) -> list[str]:
    """Lines of HISTORY: what was done, to which exposures, with which recipe and versions."""
    versions = ", ".join(f"{name} {number}" for name, number in provenance.versions.items())
    done = "adaptive trace model applied" if provenance.applied else "no adaptive trace model applied"
    lines = [f"ATM Viewer: {done}; made with {versions}"]
    if provenance.beyond_pipeline:
        lines.append(f"ATM Viewer: beyond the pipeline's adaptive_trace_model: {_ascii(provenance.beyond_pipeline)}")
    lines += [f"ATM Viewer exposure: {_ascii(name)}" for name in exposures]
    lines += [f"ATM Viewer recipe: {line}" for line in _lines(provenance.recipe) if line]
    return lines


def append_provenance(path: str | os.PathLike[str], provenance: Provenance) -> None:
    """Append `provenance_tables` to a FITS file."""
    from astropy.io import fits

    with fits.open(path, mode="append") as hdus:
        hdus.extend(provenance_tables(provenance))


def provenance_tables(provenance: Provenance) -> list[Any]:
    """Make the extensions ``ATM_RECIPE`` (TOML, a row per line), ``ATM_VERSIONS`` and ``ATM_INPUTS``."""
    recipe = _table("ATM_RECIPE", {"TOML": _lines(provenance.recipe)})
    recipe.header["APPLIED"] = (provenance.applied, "adaptive trace model applied to this product")
    recipe.header["BEYOND"] = (bool(provenance.beyond_pipeline), "options beyond the pipeline were used")
    versions = {"PACKAGE": list(provenance.versions), "VERSION": list(provenance.versions.values())}
    inputs = [_inputs_table(provenance.inputs)] if provenance.inputs else []
    return [recipe, _table("ATM_VERSIONS", versions), *inputs]


def read_provenance(path: str | os.PathLike[str]) -> Provenance:
    """Read recipe and versions back from a product.

    Parameters
    ----------
    path : path-like
        A product of this program.

    Returns
    -------
    Provenance

    Raises
    ------
    InputError
        The file cannot be read or carries no recipe.
    """
    from astropy.io import fits

    name = Path(path).name
    try:
        check_regular(path, "a product of ATM Viewer")
        with fits.open(Path(path).absolute()) as hdus:
            if "ATM_RECIPE" not in hdus or "ATM_VERSIONS" not in hdus:
                raise InputError(f"{name} contains no recipe; give a product of ATM Viewer.")
            text = "\n".join(hdus["ATM_RECIPE"].data["TOML"])
            versions = hdus["ATM_VERSIONS"].data
            return Provenance(
                recipe=parse_recipe(text, f"The recipe in {name}"),
                applied=bool(hdus["ATM_RECIPE"].header["APPLIED"]),
                versions=dict(zip(map(str, versions["PACKAGE"]), map(str, versions["VERSION"]), strict=True)),
                inputs=_read_inputs(hdus["ATM_INPUTS"].data) if "ATM_INPUTS" in hdus else (),
            )
    except (OSError, KeyError, UnicodeDecodeError) as error:
        raise InputError(f"{name} cannot be read as FITS; download it or write it again.") from error


def _inputs_table(inputs: Sequence[InputFile]) -> Any:
    from astropy.io import fits

    columns = [
        *_text_columns({"FILE": [_ascii(one.name) for one in inputs]}),
        fits.Column(name="SIZE", format="K", unit="byte", array=[one.size for one in inputs]),
        fits.Column(name="CHANGED", format="K", unit="ns", array=[one.changed for one in inputs]),
    ]
    return table_extension("ATM_INPUTS", columns)


def _read_inputs(table: Any) -> tuple[InputFile, ...]:
    rows = zip(table["FILE"], table["SIZE"], table["CHANGED"], strict=True)
    return tuple(InputFile(str(name), int(size), int(changed)) for name, size, changed in rows)


def _lines(recipe: Recipe) -> list[str]:
    return _ascii(dump_recipe(recipe)).splitlines()


def _ascii(text: str) -> str:
    """FITS holds ASCII only; TOML reads the escapes back (other characters occur in its quoted text only)."""
    return re.sub(r"[^\x00-\x7f]", lambda found: f"\\U{ord(found[0]):08X}", text)


def _table(name: str, columns: Mapping[str, Sequence[str]]) -> Any:
    return table_extension(name, _text_columns(columns))


def _text_columns(columns: Mapping[str, Sequence[str]]) -> list[Any]:
    from astropy.io import fits

    return [
        fits.Column(name=key, format=f"{max(map(len, values))}A", array=list(values)) for key, values in columns.items()
    ]
