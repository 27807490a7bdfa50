"""Malformed exposures end in one sentence, quickly, or are read with the right numbers."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from atm_viewer.engine.checks.asdf_check import check_asdf
from atm_viewer.engine.errors import InputError
from atm_viewer.engine.progress import no_progress
from atm_viewer.engine.recipe import CubeOptions, Recipe
from atm_viewer.engine.service.bench import Bench
from atm_viewer.jobs.requests.exposures import OpenExposures
from atm_viewer.jobs.requests.products import WriteCubes, WriteExposures
from atm_viewer.jobs.serve import Dispatcher, WorkerBackends
from tests.faults.damages import all_damages
from tests.faults.trial import good_exposure, try_damage

#: Of how many damages one is tried here; those of the WCS are all tried, on the instrument that is quicker to read.
SHARE = 5


def chosen(instrument: str) -> list:
    rng = random.Random(15)
    return [
        damage
        for damage in all_damages(instrument, flips=30)
        if (damage.kind == "WCS" and instrument == "miri") or (damage.kind != "WCS" and rng.random() < 1 / SHARE)
    ]


@pytest.mark.parametrize("instrument", ["miri", "nirspec"])
def test_malformed_exposures(instrument, tmp_path, capsys):
    damages = chosen(instrument)
    answers = {f"{d.kind}: {d.name}": try_damage(d, instrument, tmp_path) for d in damages}
    wrong = {name: (verdict.wrong, verdict.sentence) for name, verdict in answers.items() if verdict.wrong}
    with capsys.disabled():
        print(f" {len(damages) - len(wrong)} of {len(damages)} answered ", end="")
    assert wrong == {}
    assert len(damages) > 60


def test_good_wcs_is_data():
    with fits.open(good_exposure("nirspec")) as hdus:
        content = hdus["ASDF"].data["ASDF_METADATA"][0].tobytes()
    check_asdf("good", content)
    with pytest.raises(InputError, match="cut off in block"):
        check_asdf("good", content[: len(content) // 2])


def written(place: Path, unit: str) -> Path:
    shutil.copy(good_exposure("miri"), place)
    fits.setval(place, "BUNIT", value=unit, extname="SCI")
    return place


def white(bench: Bench, path: Path, recipe: Recipe | None) -> float:
    (view,) = bench.open([path], no_progress).exposures
    return float(np.nansum(bench.sky_image([view.key], "ch1-short", no_progress, recipe).image))


@pytest.mark.parametrize("unit", ["MJy", "DN/s"])
def test_after_is_on_the_scale_of_before_in_any_unit(unit, tmp_path):
    """The pipeline shares flux density out among oversampled pixels; cubes show it per pixel of the detector."""
    bench, recipe = Bench(), Recipe(oversample=3, fit_threshold=1e9)
    path = written(tmp_path / "unit_cal.fits", unit)
    before, after = white(bench, path, None), white(bench, path, recipe)
    assert after == pytest.approx(before, rel=0.05)
    bench.close([str(path.resolve())])


def test_exposures_of_two_units_are_not_put_together(tmp_path):
    bench = Bench()
    paths = [written(tmp_path / f"{k}_cal.fits", unit) for k, unit in enumerate(("MJy/sr", "DN/s"))]
    keys = [view.key for view in bench.open(paths, no_progress).exposures]
    with pytest.raises(InputError, match=r"different units: 0 \(MJy/sr\) and 1 \(DN/s\)"):
        bench.sky_image(keys, "ch1-short", no_progress)
    bench.close(keys)


def test_a_file_that_is_replaced_while_it_is_open(tmp_path):
    """What was read is not shown for what is there now; opening the file again shows that."""
    bench = Bench()
    path = tmp_path / "changing_cal.fits"
    shutil.copy(good_exposure("miri"), path)
    before = white(bench, path, None)
    with fits.open(good_exposure("miri")) as hdus:
        hdus["SCI"].data *= 2
        hdus["SCI"].header["CRVAL1"] = 5.0
        hdus.writeto(tmp_path / "new.fits")
    (tmp_path / "new.fits").replace(path)
    with pytest.raises(InputError, match=r"changing_cal\.fits has changed since it was opened; open it again"):
        bench.sky_image([str(path.resolve())], "ch1-short", no_progress, cube=CubeOptions(scalexy=0.2))
    assert white(bench, path, None) == pytest.approx(2 * before)
    path.unlink()  # what was read is right still
    assert bench.sky_image([str(path.resolve())], "ch1-short", no_progress).image.any()
    bench.close([str(path.resolve())])


def test_products_are_not_written_from_what_is_not_shown(tmp_path):
    bench, path = Bench(), tmp_path / "changing_cal.fits"
    shutil.copy(good_exposure("miri"), path)
    (view,) = bench.open([path], no_progress).exposures
    as_shown = ((view.key, view.file),)
    path.touch()
    dispatcher = Dispatcher(WorkerBackends())
    for request in (
        WriteCubes((view.key,), Recipe(), str(tmp_path / "out"), "star", as_shown=as_shown),
        WriteExposures((view.key,), Recipe(), str(tmp_path / "out"), as_shown=as_shown),
    ):
        with pytest.raises(InputError, match=r"changing_cal\.fits has changed since it was opened"):
            request.answer(dispatcher, no_progress)
    assert not (tmp_path / "out").exists()
    # A worker in place of one that died does not take the new file for what is shown.
    OpenExposures((view.key,), as_shown=as_shown).answer(dispatcher, no_progress)
    with pytest.raises(InputError, match="is not open; open it again"):
        dispatcher.bench.sky_image([view.key], "ch1-short", no_progress)
    bench.close([view.key])
