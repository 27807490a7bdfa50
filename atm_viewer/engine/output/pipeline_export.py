"""Exports that reproduce a result outside ATM Viewer: a pipeline call, or a Python script."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from atm_viewer.engine.errors import InputError, OutputError
from atm_viewer.engine.io.association import is_plain_name, read_inputs
from atm_viewer.engine.io.setting import Group, bands_of, exposures_in, group_exposures
from atm_viewer.engine.output.provenance import current_versions
from atm_viewer.engine.output.staging import saving, staged
from atm_viewer.engine.recipe import GLOBAL, PARAMETERS, Recipe, dump_recipe

Paths = Sequence[str | os.PathLike[str]]

#: What ``calwebb_spec3`` does besides, and our cubes do not: they are built of the exposures as they are.
_LEFT_OUT = ("master_background", "outlier_detection", "pixel_replace", "extract_1d", "spectral_leak")

_SHELL = """#!/bin/sh
# Written by ATM Viewer. Runs calwebb_spec3 with the parameters of a recipe.
# Steps that change pixels before the cubes are built, or only take spectra, are left out, so that the cubes are the
# ones of ATM Viewer; take their lines away to have them. Needs the pipeline with CRDS.
# cube_build chooses the grid of the corrected cubes, as ATM Viewer does with grid = "each"; with grid = "common" it
# takes that of the cubes before correction.
{versions}
cd "$(dirname "$0")" || exit 1
exec {call}
"""

_PYTHON = '''"""Written by ATM Viewer: runs calwebb_spec3 with the parameters of a recipe.

Steps that change pixels before the cubes are built, or only take spectra, are skipped, so that the cubes are the ones
of ATM Viewer. Needs the pipeline with CRDS. cube_build chooses the grid of the corrected cubes, as ATM Viewer does with
grid = "each"; with grid = "common" it takes that of the cubes before correction.
"""

from pathlib import Path

from jwst.pipeline import Spec3Pipeline

VERSIONS = {versions}

HERE = Path(__file__).resolve().parent
ASSOCIATION = HERE / {association}
STEPS = {steps}

if __name__ == "__main__":
    Spec3Pipeline.call(str(ASSOCIATION), output_dir=str(HERE), save_results=True, steps=STEPS)
'''

_SCRIPT = '''"""Written by ATM Viewer: corrects exposures with a recipe and builds cubes before and after.

Needs the pipeline (jwst) and atm_viewer.engine, but no window. Run it with --help to list its options.
"""

import argparse
from importlib.metadata import version

from atm_viewer.engine.output.products import write_cubes, write_exposures
from atm_viewer.engine.recipe import parse_recipe

# Versions with which the script was written; other versions may give other results.
VERSIONS = {versions}

# The parameters, as ATM Viewer saves them.
RECIPE = "\\n".join(
    [
{recipe}
    ]
)

# Defaults of the arguments.
EXPOSURES = [
{exposures}
]
PRODUCT = {product}
# Bands of which cubes are built; () for all.
BANDS = {bands}


def main():
    """Write the products."""
    parser = argparse.ArgumentParser(description="Correct exposures and build cubes before and after.")
    parser.add_argument("files", nargs="*", default=EXPOSURES, help="cal or crf files; default: those of the session")
    parser.add_argument("-o", "--output", default=".", help="folder to write to; default: this folder")
    parser.add_argument("--product", default=PRODUCT, help="name of the cubes; default: %(default)s")
    parser.add_argument("--cubepar", help="CUBEPAR reference file; default: from CRDS, or else that of ATM Viewer")
    parser.add_argument("--engine", choices=("own", "pipeline"), default="own", help="program that drizzles")
    parser.add_argument("--overwrite", action="store_true", help="overwrite existing files")
    args = parser.parse_args()
    for package, wanted in VERSIONS.items():
        if package != "python" and version(package) != wanted:
            print("Note:", package, version(package), "is installed; the script was written with", wanted)
    recipe = parse_recipe(RECIPE, "The recipe in this script")
    exposures = write_exposures(args.files, recipe, args.output, args.overwrite)
    cubes = write_cubes(
        args.files,
        recipe,
        args.output,
        args.product,
        bands=BANDS,
        cubepar=args.cubepar,
        overwrite=args.overwrite,
        engine=args.engine,
    )
    print(*exposures, *cubes, sep="\\n")


if __name__ == "__main__":
    main()
'''


def write_pipeline_call(
    paths: Paths,
    recipe: Recipe,
    folder: str | os.PathLike[str],
    product: str = "",
    overwrite: bool = False,
    bands: Collection[str] = (),
) -> tuple[Path, ...]:
    """Write a call of ``calwebb_spec3`` that does what a recipe does; all files or none.

    Parameters
    ----------
    paths : sequence of path-like
        Exposures of one instrument and any of its settings, and associations.
    recipe : Recipe
        Parameters that the pipeline has too, see `Recipe.why_no_pipeline`.
    folder : path-like
        Where to; made when absent.
    product : str
        Name of the product; empty takes that of the association, else what the exposures' names have in common.
    overwrite : bool
        Whether files of these names may be there already.
    bands : collection of str
        Bands that are wanted, see `group_exposures`; empty: all.

    Returns
    -------
    tuple of Path
        Shell script (``strun``), Python script, association, and the parameter file (ASDF) of the step.

    Raises
    ------
    InputError
        The pipeline cannot do what the recipe asks for, or not with these exposures.
    OutputError
        A file exists already, or ``folder`` cannot be written.
    """
    if reason := recipe.why_no_pipeline:
        raise InputError(f"The pipeline cannot run this recipe, {reason}; export a Python script instead.")
    exposures, groups, product = _checked(paths, product, bands)
    if len({group.setting.instrument for group in groups}) > 1:
        raise InputError(
            f"{' and '.join(group.exposures[0].name for group in groups[:2])} are of two instruments, of which the "
            "pipeline makes no common product; export them one after the other, or export a Python script instead."
        )
    stem = f"{product}-atm"
    names = [f"{stem}_spec3.sh", f"{stem}_spec3.py", f"{stem}_asn.json", f"{stem}_pars.asdf"]
    folder = Path(folder)
    shell, python, association, parameters = names
    versions = current_versions()
    steps = _steps(recipe, groups)
    with staged(folder, names, overwrite) as part:
        # A product's name may begin like an option.
        call = ["strun", "calwebb_spec3", f"./{association}" if association.startswith("-") else association]
        call += [f"--steps.{step}.{key}={value}" for step, values in steps.items() for key, value in values.items()]
        used = "\n".join(f"# {name} {number}" for name, number in versions.items())
        line = " \\\n    ".join(map(shlex.quote, call))
        _write(part / shell, _SHELL.format(versions=used, call=line))
        (part / shell).chmod(0o755)
        _write(
            part / python,
            _PYTHON.format(versions=ascii(versions), association=ascii(association), steps=_rows(steps)),
        )
        _write(part / association, json.dumps(_association(exposures, folder, stem), indent=2) + "\n")
        # Given a path, asdf would take it for a URL: "a#b" would go into a file "a".
        with saving(part / parameters), open(part / parameters, "xb") as file:
            _step(recipe).export_config(file)
    return tuple(folder / name for name in names)


def write_script(
    paths: Paths,
    recipe: Recipe,
    folder: str | os.PathLike[str],
    product: str = "",
    overwrite: bool = False,
    bands: Collection[str] = (),
) -> tuple[Path, ...]:
    """Write a Python script that makes corrected exposures and cubes with our engine.

    Parameters
    ----------
    paths, recipe, folder, product, overwrite, bands
        As in `write_pipeline_call`; every recipe and any exposures will do. Paths become absolute.

    Returns
    -------
    tuple of Path
        The script.
    """
    exposures, groups, product = _checked(paths, product, bands)
    name = f"{product}-atm.py"
    folder = Path(folder)
    # All that is not ours goes into the script as literals, whatever characters it has.
    text = _SCRIPT.format(
        versions=ascii(current_versions()),
        recipe=_lines(dump_recipe(recipe).splitlines(), 8),
        exposures=_lines([str(path.absolute()) for path in exposures], 4),
        product=ascii(product),
        bands=ascii(_wanted(groups)),
    )
    with staged(folder, [name], overwrite) as part:
        _write(part / name, text)
    return (folder / name,)


def _checked(paths: Paths, product: str, bands: Collection[str]) -> tuple[tuple[Path, ...], tuple[Group, ...], str]:
    """Exposures with the bands, whose headers can be used, the same by setting, and the product's name."""
    chosen = read_inputs(paths).one(product)
    groups = group_exposures(chosen.exposures, bands=bands)
    if not is_plain_name(chosen.name):
        raise OutputError(f"The product name {product!r} must be a file name without folders; choose another name.")
    return exposures_in(groups, chosen.exposures), groups, chosen.name


def _wanted(groups: Sequence[Group]) -> tuple[str, ...]:
    """Bands that are wanted of exposures; none where all are."""
    whole = all(group.bands == group.setting.bands for group in groups)
    return () if whole else bands_of(groups)


def _channels(groups: Sequence[Group]) -> dict[str, str]:
    """Say to ``cube_build`` which channel of the exposures is wanted, where not all are."""
    wanted = _wanted(groups)
    if not wanted:
        return {}
    channels = {band[2] for band in wanted}
    if len(channels) > 1:
        raise InputError(
            f"The pipeline builds cubes of one channel or of all, not of {' and '.join(wanted)} alone; export one "
            "channel, or a Python script."
        )
    return {"channel": channels.pop()}


def _parameters(recipe: Recipe) -> dict[str, Any]:
    """Parameters of the step, by the pipeline's names."""
    values = {name: getattr(recipe, name) for name in GLOBAL if not PARAMETERS[name].beyond}
    return {"skip": False, **values, "oversample": float(recipe.oversample)}


def _steps(recipe: Recipe, groups: Sequence[Group]) -> dict[str, dict[str, Any]]:
    """Parameters of all steps of the call."""
    cubes = {**recipe.cube.of_step(), **_channels(groups)}
    return {
        "adaptive_trace_model": _parameters(recipe),
        "cube_build": {"skip": False, "weighting": "drizzle", "output_type": "band", **cubes},
        **{name: {"skip": True} for name in _LEFT_OUT},
    }


def _step(recipe: Recipe) -> Any:
    from jwst.adaptive_trace_model import AdaptiveTraceModelStep

    return AdaptiveTraceModelStep(**_parameters(recipe))


def _association(exposures: Sequence[Path], folder: Path, product: str) -> dict[str, Any]:
    """Association of level 3, whose members are named from its folder on."""
    here = os.path.realpath(folder)
    members = [os.path.relpath(os.path.realpath(path), here) for path in exposures]
    return {
        "asn_type": "spec3",
        "asn_rule": "ATM Viewer",
        "asn_id": "a3001",
        "asn_pool": "none",
        "program": "none",
        "products": [{"name": product, "members": [{"expname": name, "exptype": "science"} for name in members]}],
    }


def _rows(steps: Mapping[str, Mapping[str, Any]]) -> str:
    """Write a dictionary as Python does, a line per step."""
    rows = "".join(f"    {name!a}: {dict(values)!a},\n" for name, values in steps.items())
    return f"{{\n{rows}}}"


def _lines(texts: Sequence[str], indent: int) -> str:
    """Texts as literals of a list, a line each."""
    return "\n".join(f"{' ' * indent}{text!a}," for text in texts)


def _write(path: Path, text: str) -> None:
    with saving(path):
        path.write_text(text, encoding="utf-8", newline="\n")
