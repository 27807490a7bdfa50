"""Shipped files: found from where they are, and the cube parameters good for the pipeline."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest

from atm_viewer.resources import resource

SCRIPT = Path(__file__).resolve().parents[1] / "packaging" / "make_cubepar.py"


@pytest.fixture(scope="module")
def make_cubepar() -> SimpleNamespace:
    return SimpleNamespace(**runpy.run_path(str(SCRIPT)))


def test_resource_is_found_and_a_wrong_name_is_told():
    icon = ElementTree.parse(resource("icons/atm-viewer.svg")).getroot()
    assert icon.tag.endswith("svg")
    with pytest.raises(FileNotFoundError, match=r"icons/none\.svg of ATM Viewer is missing"):
        resource("icons/none.svg")


def test_shipped_cube_parameters_are_what_the_script_makes(make_cubepar, tmp_path):
    for made in make_cubepar.write(tmp_path):
        assert made.read_bytes() == resource(f"cubepar/{made.name}").read_bytes()


@pytest.mark.parametrize("instrument", ["MIRI", "NIRSPEC"])
def test_pipeline_reads_every_band(make_cubepar, instrument):
    """The reader of ``cube_build`` gets each band's published values and can build cubes of several bands."""
    from jwst.cube_build.cube_build_io_util import read_cubepars
    from jwst.cube_build.instrument_defaults import InstrumentInfo

    bands = getattr(make_cubepar, instrument)
    assert len(bands) == {"MIRI": 12, "NIRSPEC": 9}[instrument]
    info = InstrumentInfo()
    first, second = zip(*((a.lower(), b.lower()) for a, b in bands), strict=True)
    path = resource(f"cubepar/{instrument.lower()}_cubepar.fits")
    read_cubepars(str(path), instrument, "drizzle", first, second, first, second, info)
    for one, other, (spaxel, step, low, high) in zip(first, second, bands.values(), strict=True):
        got = [
            info.get_scale(one, other)[0],
            info.get_scale(one, other)[2],
            info.get_wave_min(one, other),
            info.get_wave_max(one, other),
        ]
        assert np.allclose(got, [spaxel, step, low, high], rtol=1e-6), (one, other)

    several = {
        "MIRI": [(info.multich_wavelength, 4.9, 27.9)],
        "NIRSPEC": [
            (info.prism_wavelength, 0.6, 5.3),
            (info.med_wavelength, 0.7, 5.27),
            (info.high_wavelength, 0.7, 5.27),
        ],
    }
    for wavelength, low, high in several[instrument]:
        assert np.all(np.diff(wavelength) > 0)
        assert (wavelength[0], wavelength[-1]) == pytest.approx((low, high), abs=0.004)


def test_nirspec_scales_are_the_pipelines_own(make_cubepar):
    from jwst.cube_build.instrument_defaults import InstrumentInfo

    info = InstrumentInfo()
    for (disperser, filter_), (spaxel, step, _, _) in make_cubepar.NIRSPEC.items():
        assert info.get_scale(disperser.lower(), filter_.lower()) == (spaxel, spaxel, step)


@pytest.mark.parametrize("instrument", ["Miri", "Nirspec"])
def test_cube_parameters_are_a_valid_reference_file(instrument):
    from stdatamodels.jwst import datamodels

    path = resource(f"cubepar/{instrument.lower()}_cubepar.fits")
    with getattr(datamodels, f"{instrument}IFUCubeParsModel")(path, strict_validation=True) as model:
        model.validate()
        assert model.meta.instrument.name == instrument.upper()
        assert model.meta.reftype == "cubepar"


def test_example_recipes_are_read():
    from atm_viewer.engine.recipe import load_recipe

    recipes = {path.name: load_recipe(path) for path in resource("recipes").glob("*.toml")}
    assert recipes["crowded-field.toml"].fit_threshold == 0.0
    assert [o.number for o in recipes["faint-companion.toml"].overrides] == [112, 113]
