"""Sets of exposures: what is written, that it is written once, and what happens when it cannot be."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from astropy.io import fits

from atm_viewer.demo import demo_exposures, demo_source, miri_mrs
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


def test_noise_is_as_large_as_the_error_says(demo_set):
    with make_exposure("miri", 1, seed=6) as other, fits.open(demo_set("miri")[0]) as file:
        pull = (file["SCI"].data - other.data) / np.sqrt(2) / other.err
        np.testing.assert_allclose(other.err**2, other.var_poisson + other.var_rnoise + other.var_flat, rtol=1e-5)
    assert np.nanstd(pull) == pytest.approx(1, abs=0.01)


def test_the_same_seed_gives_the_same_pixels(demo_set):
    with make_exposure("miri", 2) as again, fits.open(demo_set("miri")[1]) as file:
        np.testing.assert_array_equal(again.data, file["SCI"].data)
        np.testing.assert_array_equal(again.dq, file["DQ"].data)


def test_a_set_is_made_once_and_tells_how_far_it_is(tmp_path, monkeypatch):
    """Makes one exposure only, as the others are made alike."""
    monkeypatch.setattr(miri_mrs, "DITHERS", miri_mrs.DITHERS[:1])
    told = []
    association = demo_exposures("miri", tmp_path, progress=lambda *news: told.append(news))
    (exposure,) = association.parent.glob("*_cal.fits")
    assert told == [("Exposure 1 of 1", 0.0)]
    assert list(tmp_path.iterdir()) == [association.parent], "no part is left behind"

    written = exposure.stat().st_mtime_ns
    assert demo_exposures("miri", tmp_path) == association
    assert exposure.stat().st_mtime_ns == written

    exposure.unlink()
    demo_exposures("miri", tmp_path)
    assert exposure.is_file(), "a set that somebody cleared out is made anew"


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
    with pytest.raises(OutputError, match=r"^The demo exposures cannot be written to .*taken"):
        demo_exposures("miri", tmp_path / "taken")


def test_an_unknown_instrument_is_told_in_a_sentence(tmp_path):
    with pytest.raises(InputError, match="no demo for 'niriss'; choose miri or nirspec"):
        demo_exposures("niriss", tmp_path)
    with pytest.raises(InputError, match="no demo for 'niriss'"):
        demo_source("niriss")


def test_importing_the_demo_does_not_import_the_pipeline():
    code = "import atm_viewer.demo, sys; print(sorted({'jwst', 'astropy', 'gwcs', 'scipy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
