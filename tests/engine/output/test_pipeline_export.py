"""What is exported does outside what the recipe does here."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from atm_viewer.demo import demo_source
from atm_viewer.engine.errors import InputError, OutputError
from atm_viewer.engine.output.pipeline_export import write_pipeline_call, write_script
from atm_viewer.engine.output.products import write_cubes
from atm_viewer.engine.output.provenance import current_versions, read_provenance
from atm_viewer.engine.recipe import Circle, Recipe, Region, SliceOverride
from tests.engine.output.test_products import coarse_cubepar, exposures

CHECKOUT = Path(__file__).resolve().parents[3]
UNIFORM = Recipe(oversample=2, fit_threshold=7.25, slope_limit=0.2, psf_optimal=True)
#: A name that would break out of quotes, and one that a shell would act upon.
NASTY = "a'\"é $(touch x)\n\\"
#: The same as far as a product can have it as a name.
PRODUCT = "a'\"é $(touch x)"


def by_ending(paths) -> dict[str, Path]:
    return {path.name.rpartition("-atm")[2]: path for path in paths}


def command_line(script: Path) -> list[str]:
    """Words of the command that a shell script ends with."""
    return shlex.split(script.read_text().partition("\nexec ")[2].replace("\\\n", " "))


@pytest.fixture
def call(tmp_path) -> dict[str, Path]:
    return by_ending(write_pipeline_call(exposures("miri")[:2], UNIFORM, tmp_path, "a star"))


def test_the_parameter_file_is_read_by_the_pipelines_own_step(call):
    from jwst.adaptive_trace_model import AdaptiveTraceModelStep
    from jwst.stpipe import Step

    step = Step.from_config_file(str(call["_pars.asdf"]))
    assert type(step) is AdaptiveTraceModelStep
    changed = {"skip": False, "oversample": 2.0, "fit_threshold": 7.25, "slope_limit": 0.2, "psf_optimal": True}
    usual = AdaptiveTraceModelStep().get_pars()
    assert {name: step.get_pars()[name] for name in usual} == {**usual, **changed}


def test_the_pipeline_understands_the_shell_line(call, monkeypatch):
    from jwst.pipeline import Spec3Pipeline
    from stpipe import _cmdline

    program, *arguments = command_line(call["_spec3.sh"])
    assert program == "strun"
    ran = []
    monkeypatch.chdir(call["_spec3.sh"].parent)
    monkeypatch.setattr(Spec3Pipeline, "run", lambda self, *args: ran.append((self, args)))
    _cmdline.step_from_cmdline(arguments)
    ((built, given),) = ran
    assert given == (call["_asn.json"].name,)
    step = built.adaptive_trace_model
    assert (step.skip, step.oversample, step.fit_threshold) == (False, 2.0, 7.25)
    assert (step.slope_limit, step.psf_optimal) == (0.2, True)
    assert built.outlier_detection.skip
    assert (built.cube_build.weighting, built.cube_build.output_type) == ("drizzle", "band")
    assert os.access(call["_spec3.sh"], os.X_OK)


def test_the_association_names_the_exposures_from_where_it_is(call):
    from jwst.associations import load_asn

    # Exposures that are not beside it have to be named with their folders; jwst follows that, and remarks on it.
    with open(call["_asn.json"]) as file, pytest.warns(UserWarning, match="path information"):
        association = load_asn(file)
    (product,) = association["products"]
    assert product["name"] == "a star-atm"
    found = [(call["_asn.json"].parent / member["expname"]).resolve() for member in product["members"]]
    assert found == [path.resolve() for path in exposures("miri")[:2]]


def test_the_python_variant_calls_the_pipeline_with_the_same(call, monkeypatch):
    from jwst import pipeline

    calls = []

    class Watched:
        @staticmethod
        def call(association, **options):
            calls.append((association, options))

    monkeypatch.setattr(pipeline, "Spec3Pipeline", Watched)
    path = call["_spec3.py"]
    exec(compile(path.read_text(), str(path), "exec"), {"__name__": "__main__", "__file__": str(path)})
    ((association, options),) = calls
    assert association == str(call["_asn.json"].resolve())
    assert options["steps"]["adaptive_trace_model"] == {
        **{"skip": False, "oversample": 2.0, "fit_threshold": 7.25, "slope_limit": 0.2, "psf_optimal": True},
    }
    assert options["steps"]["cube_build"]["weighting"] == "drizzle"


@pytest.mark.parametrize(
    ("recipe", "reason"),
    [
        (Recipe(overrides=(SliceOverride(112, window=20),)), "because 1 slice has overrides"),
        (Recipe(reach="slice"), "because reach goes beyond it"),
        (Recipe(regions=(Region("a", Circle(1.0, 2.0, 3.0), "spline"),)), "because it has a region on the sky"),
        (Recipe(reach="slice", peak_cut="source"), "because reach, peak_cut go beyond it"),
    ],
)
def test_a_recipe_beyond_the_pipeline_gets_a_script(tmp_path, recipe, reason):
    with pytest.raises(InputError, match=reason):
        write_pipeline_call(exposures("miri")[:1], recipe, tmp_path)
    assert os.listdir(tmp_path) == []
    assert Recipe(overrides=(SliceOverride(112),)).why_no_pipeline == ""


def test_the_script_makes_the_cubes_that_the_program_makes(tmp_path):
    exposure, cubepar = exposures("miri")[0], coarse_cubepar("miri", tmp_path)
    overrides = (SliceOverride(112, fit_threshold=0.0, use=((-0.9, 0.4),)),)
    region = Region("AGN é", Circle(*demo_source("miri"), 0.4), "spline")
    recipe = Recipe(oversample=2, fit_threshold=1e9, overrides=overrides, reach="slice", regions=(region,))
    (script,) = write_script([exposure], recipe, tmp_path, "star")
    done = subprocess.run(
        [sys.executable, str(script), "-o", "made", "--cubepar", str(cubepar)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ours = write_cubes([exposure], recipe, tmp_path / "ours", "star", cubepar=cubepar)
    names = [path.name for path in ours]
    assert sorted(os.listdir(tmp_path / "made")) == sorted([*names, f"{exposure.stem.removesuffix('_cal')}_atm.fits"])
    assert [line for line in done.stdout.splitlines() if line.startswith("Note")] == []
    changed = 0
    for name in names:
        with fits.open(tmp_path / "made" / name) as theirs, fits.open(tmp_path / "ours" / name) as wanted:
            for extension in ("SCI", "ERR", "DQ", "WMAP"):
                np.testing.assert_array_equal(theirs[extension].data, wanted[extension].data)
            changed += np.isfinite(wanted["SCI"].data).sum()
        assert read_provenance(tmp_path / "made" / name).recipe == recipe
    assert changed > 1000


def test_names_go_into_scripts_as_literals_alone(tmp_path):
    folder = tmp_path / NASTY
    folder.mkdir()
    exposure = folder / exposures("miri")[0].name
    exposure.symlink_to(exposures("miri")[0])
    recipe = Recipe(overrides=(SliceOverride(112, exposure=NASTY, window=20),))
    (script,) = write_script([exposure], recipe, tmp_path / "out", PRODUCT)
    text = script.read_bytes()
    assert text.isascii()
    space: dict = {"__name__": "script"}
    exec(compile(text, "script", "exec"), space)
    assert space["EXPOSURES"] == [str(exposure)]
    assert space["PRODUCT"] == PRODUCT
    assert space["VERSIONS"] == current_versions()
    assert space["parse_recipe"](space["RECIPE"], "recipe") == recipe

    made = by_ending(write_pipeline_call([exposure], UNIFORM, tmp_path / "out", PRODUCT))
    assert command_line(made["_spec3.sh"])[2] == made["_asn.json"].name
    assert json.loads(made["_asn.json"].read_text())["products"][0]["name"] == f"{PRODUCT}-atm"
    space = {"__name__": "script", "__file__": str(made["_spec3.py"])}
    exec(compile(made["_spec3.py"].read_text(), "script", "exec"), space)
    assert made["_asn.json"] == space["ASSOCIATION"]


def test_nothing_is_replaced_unasked(tmp_path):
    files = exposures("miri")[:1]
    write_script(files, Recipe(), tmp_path, "star")
    write_pipeline_call(files, Recipe(), tmp_path, "star")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for write in (write_script, write_pipeline_call):
        with pytest.raises(OutputError, match="already exists"):
            write(files, UNIFORM, tmp_path, "star")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    write_script(files, UNIFORM, tmp_path, "star", overwrite=True)
    assert (tmp_path / "star-atm.py").read_bytes() != before[tmp_path / "star-atm.py"]
    with pytest.raises(OutputError, match="without folders"):
        write_script(files, UNIFORM, tmp_path, "a/b")
