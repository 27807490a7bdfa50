"""Sets of exposures: what is written, that it is written once, and what happens when it cannot be."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from astropy.io import fits

from atm_viewer.demo import demo_exposures, demo_source
from atm_viewer.demo.exposures import make_exposure, put_in_place
from atm_viewer.engine.errors import InputError, OutputError

ARRAYS = ("SCI", "ERR", "VAR_POISSON", "VAR_RNOISE", "VAR_FLAT")


@pytest.mark.parametrize(("instrument", "detector"), [("miri", "mirifushort"), ("nirspec", "nrs1")])
def test_an_association_names_four_exposures_that_the_pipeline_opens(demo_set, demo_root, instrument, detector):
    from stdatamodels.jwst import datamodels

    association = demo_exposures(instrument, demo_root)
    content = json.loads(association.read_text())
    members = [member["expname"] for member in content["products"][0]["members"]]
    assert association.name.endswith("_asn.json")
    assert content["asn_type"] == "spec3"
    assert members == [f"jw00000001001_02101_0000{n}_{detector}_cal.fits" for n in (1, 2, 3, 4)]

    with datamodels.open(association.parent / members[2]) as model:
        assert isinstance(model, datamodels.IFUImageModel)
        assert model.meta.filename == members[2]
        assert model.meta.dither.position_number == 3
        assert model.meta.bunit_data == "MJy/sr"
        assert model.meta.cal_step.assign_wcs == "COMPLETE"


@pytest.mark.parametrize("instrument", ["miri", "nirspec"])
def test_what_cannot_be_used_is_flagged_and_only_that(demo_set, instrument):
    with fits.open(demo_set(instrument)[0]) as file:
        unusable = file["DQ"].data & 1 > 0
        between = file["DQ"].data & 512 > 0
        for name in ARRAYS:
            np.testing.assert_array_equal(np.isnan(file[name].data), unusable, err_msg=name)
        bad = unusable[~between].mean()
    assert 0.002 < bad < 0.02
    assert 0.1 < between.mean() < 0.6


def test_noise_is_as_large_as_the_error_says():
    first, second = make_exposure("miri", 1, seed=5), make_exposure("miri", 1, seed=6)
    with first, second:
        pull = (first.data - second.data) / np.sqrt(2) / first.err
        np.testing.assert_allclose(first.err**2, first.var_poisson + first.var_rnoise + first.var_flat, rtol=1e-5)
    assert np.nanstd(pull) == pytest.approx(1, abs=0.01)


def test_the_same_seed_gives_the_same_pixels(demo_set):
    with make_exposure("miri", 2) as again, fits.open(demo_set("miri")[1]) as file:
        np.testing.assert_array_equal(again.data, file["SCI"].data)
        np.testing.assert_array_equal(again.dq, file["DQ"].data)


def test_a_set_is_made_once_and_mended_when_a_file_is_lost(demo_set, demo_root):
    exposures = demo_set("miri")
    written = exposures[0].stat().st_mtime_ns
    assert demo_set("miri")[0].stat().st_mtime_ns == written

    told = []
    exposures[3].unlink()
    demo_exposures("miri", demo_root, progress=lambda done, total: told.append((done, total)))
    assert exposures[3].is_file()
    assert told == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    assert {folder.name.split("-")[0] for folder in demo_root.iterdir()} <= {"miri", "nirspec"}, (
        "no part is left behind"
    )


def test_of_two_processes_the_faster_one_keeps_its_set(tmp_path):
    content = json.dumps({"products": [{"members": [{"expname": "one_cal.fits"}]}]})
    for name in ("kept", "made"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "set_asn.json").write_text(content)
        (tmp_path / name / "one_cal.fits").write_text(name)
    put_in_place(tmp_path / "made", tmp_path / "kept" / "set_asn.json")
    assert (tmp_path / "kept" / "one_cal.fits").read_text() == "kept"

    (tmp_path / "kept" / "one_cal.fits").unlink()
    put_in_place(tmp_path / "made", tmp_path / "kept" / "set_asn.json")
    assert (tmp_path / "kept" / "one_cal.fits").read_text() == "made"


def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(tmp_path):
    (tmp_path / "taken").write_text("a file, not a folder")
    with pytest.raises(OutputError, match=r"^The demo's exposures cannot be written to .*taken"):
        demo_exposures("miri", tmp_path / "taken")


def test_an_unknown_instrument_is_told_in_a_sentence(tmp_path):
    with pytest.raises(InputError, match="no demo for 'niriss'; there is one for miri and one for nirspec"):
        demo_exposures("niriss", tmp_path)
    with pytest.raises(InputError, match="no demo for 'niriss'"):
        demo_source("niriss")


def test_importing_the_demo_does_not_import_the_pipeline():
    code = "import atm_viewer.demo, sys; print(sorted({'jwst', 'astropy', 'gwcs', 'scipy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
