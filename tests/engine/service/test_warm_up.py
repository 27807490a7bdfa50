"""After the warm-up nothing is left to compile for real exposures."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from atm_viewer.engine import kernels
from atm_viewer.engine.cube.cubes import CubeSums, add_exposure, corrected_values, native_values, values_after
from atm_viewer.engine.cube.footprints import SkyMapper
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.io.coordinate_cache import KeptGeometry
from atm_viewer.engine.io.exposure import open_exposure
from atm_viewer.engine.private_cache import FITS, is_complete, kernel_cache, make_private
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.service.bench import Bench
from atm_viewer.engine.service.warm_up import warm_up, warm_up_fits
from atm_viewer.engine.trace.oversample import correct_exposure


def compiled() -> dict[str, set[str]]:
    """Signatures that each kernel is compiled for in this process."""
    found = {}
    for module in pkgutil.iter_modules(kernels.__path__, f"{kernels.__name__}."):
        for name, kernel in vars(importlib.import_module(module.name)).items():
            if hasattr(kernel, "py_func") and kernel.py_func.__module__ == module.name:
                found[f"{module.name}.{name}"] = {str(signature) for signature in kernel.signatures}
    return found


def test_the_part_that_another_process_compiles_is_a_part(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    pauses = []
    make_private(kernel_cache())  # of this test
    assert not is_complete()
    warm_up(lambda: None)
    assert is_complete()
    assert is_complete(FITS)  # as one of all parts
    before = compiled()
    for mark in kernel_cache().glob("*-complete"):
        mark.unlink()
    assert not is_complete(FITS)
    warm_up_fits(lambda: pauses.append(compiled()))
    assert is_complete(FITS)
    assert not is_complete()
    assert compiled() == before
    assert len(pauses) == 1


@pytest.mark.parametrize("instrument", ["miri", "nirspec"])
def test_real_exposures_find_everything_compiled(demo_files, instrument, monkeypatch):
    monkeypatch.setattr(KeptGeometry, "_read", lambda self, part: None)  # as if never opened
    warm_up(lambda: None)
    before = compiled()
    assert any(before.values())

    def quiet(step, fraction):
        pass

    path, recipe, bench = demo_files(instrument)[0], Recipe(oversample=2), Bench()
    (view,) = bench.open([path], quiet).exposures
    report = bench.correct(view.key, recipe, quiet)
    brightest = max(report.slices, key=lambda row: row.fitted)
    sky = bench.sky_image((view.key,), brightest.band, quiet)
    bench.profile(view.key, recipe, brightest.number, 300)
    bench.spectra(Extraction((view.key,), recipe, brightest.band, *sky.peak, 0.3), quiet)
    exposure = open_exposure(path)
    sums = CubeSums(bench.grid((view.key,), brightest.band))
    corrected = corrected_values(correct_exposure(exposure, recipe), exposure)
    for values in (native_values(exposure), corrected, values_after(exposure, recipe)):
        add_exposure({brightest.band: sums}, exposure, SkyMapper(exposure), values)
    sums.finish(hole=1, outside=2)
    assert brightest.fitted > 0
    exposure.close()
    assert {name: there - before[name] for name, there in compiled().items() if there - before[name]} == {}
