"""Compressed exposures, and a generator of exposures that are wrong in one place: one sentence each, never more."""

from __future__ import annotations

import gzip
import os
import shutil

import numpy as np
import pytest
from astropy.io import fits

from atm_viewer.demo import demo_exposures
from atm_viewer.engine.checks.exposure_notes import notes_in_words
from atm_viewer.engine.errors import InputError
from atm_viewer.engine.io import fits_input
from atm_viewer.engine.io.exposure import open_exposure
from atm_viewer.engine.io.headers import header_notes
from atm_viewer.engine.names import exposure_name
from atm_viewer.engine.output.metadata import open_metadata
from atm_viewer.engine.service.bench import Bench


@pytest.fixture(scope="module")
def good():
    """A demo exposure of each instrument."""
    return {i: sorted(demo_exposures(i).parent.glob("*_cal.fits"))[0] for i in ("miri", "nirspec")}


def refusal(path) -> str:
    with pytest.raises(InputError) as refused:
        open_exposure(path)
    sentence = str(refused.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert path.name in sentence
    return sentence


def packed(path, folder):
    made = folder / f"{path.name}.gz"
    with open(path, "rb") as source, gzip.open(made, "wb", compresslevel=1) as target:
        shutil.copyfileobj(source, target)
    return made


def test_a_compressed_exposure_is_the_same(good, tmp_path):
    plain, unpacked = open_exposure(good["miri"]), open_exposure(packed(good["miri"], tmp_path))
    assert unpacked.name == plain.name == exposure_name(good["miri"])
    for name in ("sci", "err", "dq", "regions"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(unpacked, name))
    np.testing.assert_array_equal(plain.coordinates.ra, unpacked.coordinates.ra)
    np.testing.assert_array_equal(unpacked.model.data, plain.sci)
    x, y = np.array([300.0]), np.array([500.0])
    np.testing.assert_array_equal(unpacked.model.meta.wcs(x, y), plain.model.meta.wcs(x, y))
    with open_metadata(unpacked.path) as metadata:
        assert metadata.meta.instrument.name == "MIRI"


def test_a_bomb_and_damage_are_refused(good, tmp_path, monkeypatch):
    monkeypatch.setattr(fits_input, "MOST_BYTES", 2**22)
    bomb = tmp_path / "bomb_cal.fits.gz"
    with gzip.open(bomb, "wb") as file:
        file.write(b"SIMPLE  =" + bytes(2**23))
    assert "unpacks to more than" in refusal(bomb)
    cut = packed(good["miri"], tmp_path)
    monkeypatch.undo()
    os.truncate(cut, 100_000)
    assert "damaged and cannot be unpacked" in refusal(cut)
    other = tmp_path / "text_cal.fits.gz"
    other.write_bytes(gzip.compress(b"text"))
    assert "has no FITS file in it" in refusal(other)


ARRAYS = ("SCI", "ERR", "DQ", "VAR_RNOISE")
DAMAGES = {
    "transposed": lambda hdu: np.ascontiguousarray(hdu.data.T),
    "one row less": lambda hdu: hdu.data[1:],
    "three axes": lambda hdu: hdu.data[None],
    "one axis": lambda hdu: hdu.data.ravel(),
    "of another type": lambda hdu: hdu.data.astype("f4" if hdu.name in ("DQ", "REGIONS") else "i4"),
    "of small numbers": lambda hdu: np.nan_to_num(hdu.data).astype("u2"),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("key", [*ARRAYS, "REGIONS"])
def test_arrays_that_are_wrong(good, tmp_path, key, damage):
    path = tmp_path / "bad_cal.fits"
    with fits.open(good["nirspec" if key == "REGIONS" else "miri"]) as hdus:
        hdus[key].data = np.nan_to_num(hdus[key].data) if damage == "of another type" else hdus[key].data
        made = fits.ImageHDU(DAMAGES[damage](hdus[key]), name=key)
        made.header["BUNIT"] = "MJy/sr"
        hdus[key] = made
        hdus.writeto(path)
    sentence = refusal(path)
    assert "cannot be used" not in sentence
    assert "SCI" in sentence or key in sentence or "cube" in sentence or "truncated" in sentence


@pytest.mark.parametrize("value", ["", "NONSENSE", 7, None])
@pytest.mark.parametrize(
    ("instrument", "key"),
    [("miri", k) for k in ("INSTRUME", "DETECTOR", "BAND", "CHANNEL")]
    + [("nirspec", k) for k in ("INSTRUME", "DETECTOR", "GRATING", "FILTER")],
)
def test_keywords_that_are_wrong(good, tmp_path, instrument, key, value):
    path = tmp_path / "bad_cal.fits"
    shutil.copy(good[instrument], path)
    with fits.open(path, mode="update") as hdus:
        if value is None:
            del hdus[0].header[key]
        else:
            hdus[0].header[key] = value
    assert key in refusal(path)


@pytest.mark.parametrize("key", ["PATT_NUM", "NUMDTHPT", "TARGNAME", "BUNIT", "S_REGION", "TARGTYPE"])
@pytest.mark.parametrize("value", ["NONSENSE", True, None])
def test_keywords_that_only_inform_do_no_harm(good, tmp_path, key, value):
    path = tmp_path / "odd_cal.fits"
    shutil.copy(good["miri"], path)
    with fits.open(path, mode="update") as hdus:
        header = hdus[1 if key in ("BUNIT", "S_REGION") else 0].header
        if value is None:
            del header[key]
        else:
            header[key] = value
    exposure = open_exposure(path)
    assert exposure.dither == 0 or key != "PATT_NUM"
    if key == "BUNIT":
        assert exposure.unit == {None: "", True: "True"}.get(value, value)


@pytest.mark.parametrize(("band", "part"), [("SHORT-LONG", "two bands at once"), ("SHORT-NONE", "has BAND")])
def test_bands_of_two_dichroics(good, tmp_path, band, part):
    path = tmp_path / "cross_cal.fits"
    shutil.copy(good["miri"], path)
    fits.setval(path, "BAND", value=band)
    assert part in refusal(path)


@pytest.mark.parametrize("state", ["SKIPPED", "FAILED", None])
def test_a_wcs_that_was_not_made(good, tmp_path, state):
    path = tmp_path / "bad_cal.fits"
    shutil.copy(good["miri"], path)
    with fits.open(path, mode="update") as hdus:
        del hdus[0].header["S_WCS"]
        if state:
            hdus[0].header["S_WCS"] = state
    assert (f"step assign_wcs is {state}" if state else "step assign_wcs was not run") in refusal(path)


@pytest.mark.parametrize(
    ("grating", "key", "reached"),
    [("G235M", "F170LP", False), ("G140H", "F070LP", False), ("PRISM", "CLEAR", False), ("G395H", "F290LP", True)],
)
def test_light_that_does_not_reach_the_second_detector(good, tmp_path, grating, key, reached):
    """assign_wcs skips such exposures; to process them again would make no difference."""
    path = tmp_path / "x_nrs2_cal.fits"
    shutil.copy(good["nirspec"], path)
    with fits.open(path, mode="update") as hdus:
        hdus[0].header.update(DETECTOR="NRS2", GRATING=grating, FILTER=key, S_WCS="SKIPPED")
    sentence = refusal(path)
    assert ("does not reach the detector NRS2" in sentence) != reached
    assert ("step assign_wcs is SKIPPED" in sentence) == reached


def test_a_wcs_of_an_m_grating_on_the_second_detector_is_used(good, tmp_path):
    """The pipeline does not make one at present, but one that is there says where its pixels are."""
    path = tmp_path / "x_nrs2_cal.fits"
    shutil.copy(good["nirspec"], path)
    fits.setval(path, "DETECTOR", value="NRS2")
    first, second = open_exposure(good["nirspec"]), open_exposure(path)
    assert second.detector == "NRS2"
    assert second.grating.endswith("M")
    np.testing.assert_array_equal(second.coordinates.wavelength[:], first.coordinates.wavelength[:])


def test_no_slices_and_no_map_of_them(good, tmp_path):
    path = tmp_path / "x_nrs2_cal.fits"
    shutil.copy(good["nirspec"], path)
    with fits.open(path, mode="update") as hdus:
        hdus["REGIONS"].data[:] = 0
    assert "no slices (REGIONS is 0 everywhere)" in refusal(path)
    with fits.open(good["nirspec"]) as hdus:
        del hdus["REGIONS"]
        hdus.writeto(path, overwrite=True)
    assert "no REGIONS extension" in refusal(path)


def test_a_time_series_is_named_as_such(good, tmp_path):
    path = tmp_path / "x_calints.fits"
    with fits.open(good["nirspec"]) as hdus:
        for name in ("SCI", "ERR", "DQ"):
            hdus[name].data = hdus[name].data[None, :8, :8]
        hdus.writeto(path)
    assert "time series with one image per integration" in refusal(path)


@pytest.mark.parametrize(
    ("detector", "grating", "told"), [("NRS2", "G235M", True), ("NRS1", "G235M", False), ("NRS2", "G235H", False)]
)
def test_of_an_m_grating_on_nrs2_the_header_tells_that_it_adds_nothing_to_cubes(
    good, tmp_path, detector, grating, told
):
    path = tmp_path / "m_cal.fits"
    shutil.copy(good["nirspec"], path)
    with fits.open(path, mode="update") as hdus:
        hdus[0].header.update(DETECTOR=detector, GRATING=grating, FILTER="F170LP")
    said = "m_cal.fits: its wavelengths, those of an M grating on NRS2, are beyond those of cubes of g235m-f170lp; "
    assert header_notes([path]) == ((said + "it adds nothing to them.",) if told else ())


@pytest.mark.parametrize(
    ("cards", "unit", "words"),
    [
        ({}, "MJy/sr", ()),
        ({"BUNIT": None}, "", ("the unit (BUNIT) is missing", "shown without a unit")),
        ({"BUNIT": "MJy"}, "MJy", ("the unit (BUNIT) is MJy, not MJy/sr", "values keep it")),
        ({"S_PHOTOM": "SKIPPED", "BUNIT": "DN/s"}, "DN/s", ("step photom is SKIPPED, the unit is DN/s", "keep it")),
        ({"S_PHOTOM": "SKIPPED"}, "MJy/sr", ("step photom is SKIPPED", "MJy/sr (BUNIT) is taken for true")),
        ({"S_TRCMOD": "FAILED"}, "MJy/sr", ("adaptive_trace_model is FAILED", "as they are in the file")),
        ({"S_TRCMOD": "SKIPPED"}, "MJy/sr", ()),
    ],
)
def test_what_is_unusual_is_said_in_one_sentence_and_the_unit_is_kept(good, tmp_path, cards, unit, words):
    path = tmp_path / "odd_cal.fits"
    shutil.copy(good["miri"], path)
    with fits.open(path, mode="update") as hdus:
        for key, value in cards.items():
            header = hdus["SCI" if key == "BUNIT" else 0].header
            if value is None:
                del header[key]
            else:
                header[key] = value
    assert open_exposure(path).unit == unit
    notes = header_notes([path])
    assert len(notes) == bool(words)
    for sentence in notes:
        assert sentence.startswith("odd_cal.fits: ")
        assert all(word in sentence for word in words), sentence
    opened = Bench().open([path], lambda *_: None)
    assert opened.notes == notes
    assert opened.exposures[0].unit == unit
    # As the window opens it, which is told of each exposure at once.
    assert Bench().open([path], lambda *_: None, lambda *_: None).notes == notes


def test_one_sentence_is_for_all_exposures_with_the_same_clause():
    clauses = ("no unit",)
    assert notes_in_words([("a", clauses), ("b", ()), ("c", clauses)]) == ("a and 1 more: no unit.",)


def test_scaled_values(good, tmp_path):
    path = tmp_path / "bad_cal.fits"
    with fits.open(good["miri"]) as hdus:
        hdus["SCI"].header["BSCALE"] = 0.5
        hdus.writeto(path, output_verify="ignore")
    with fits.open(path, mode="update", do_not_scale_image_data=True) as hdus:
        hdus["SCI"].header["BSCALE"] = 0.5
    assert "scaled" in refusal(path)
