"""What is kept on disk comes back bit by bit; damage, other programs and lack of space or permission do no harm."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np
import pytest

from atm_viewer.engine.arrays import PackedFrame
from atm_viewer.engine.errors import InputError
from atm_viewer.engine.io import coordinate_cache
from atm_viewer.engine.io.coordinate_cache import KeptGeometry, cache_folder, cache_size, clear_cache, content_key
from atm_viewer.engine.io.exposure import open_exposure
from atm_viewer.engine.io.packing import pack, unpack
from atm_viewer.engine.kernels import kernel_cache


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def arrays(seed=0, size=1000):
    rng = np.random.default_rng(seed)
    return {"a": rng.normal(size=size), "b": rng.integers(0, 9, (3, 7), dtype=np.int16), "c": np.array(2.5)}


def never():
    raise AssertionError("computed again")


def assert_same(ours, expected):
    assert list(ours) == list(expected)
    for name in expected:
        assert ours[name].dtype == expected[name].dtype
        assert np.array_equal(ours[name], expected[name])


def test_parts_are_computed_once(own_cache):
    kept = KeptGeometry("k")
    assert_same(kept.get_or_make("part", arrays), arrays())
    assert_same(kept.get_or_make("part", never), arrays())
    assert cache_size() > arrays()["a"].nbytes
    clear_cache()
    assert cache_size() == 0
    assert_same(kept.get_or_make("part", lambda: arrays(1)), arrays(1))


def test_kernels_of_other_versions_are_deleted_and_counted(own_cache):
    current = kernel_cache()
    for folder in (current, current.with_name("of-another-version")):
        (folder / "deep").mkdir(parents=True)
        (folder / "deep" / "kernel").write_bytes(bytes(5000))
    KeptGeometry("k").get_or_make("part", arrays)
    size = cache_size()
    assert size > 0
    assert clear_cache() == size + 5000
    assert [path.name for path in current.parent.iterdir()] == [current.name]
    assert (current / "deep" / "kernel").exists()
    assert clear_cache() == 0


@pytest.mark.parametrize("damage", ["empty", "cut", "bit", "text", "folder"])
def test_damaged_parts_are_computed_again(own_cache, damage):
    kept = KeptGeometry("k")
    kept.get_or_make("part", arrays)
    [path] = (cache_folder() / "k").iterdir()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes({"empty": b"", "cut": data[:3000], "bit": data, "text": b"nothing", "folder": b""}[damage])
    if damage == "folder":
        path.unlink()
        path.mkdir()
    assert_same(kept.get_or_make("part", lambda: arrays(1)), arrays(1))
    if damage != "folder":
        assert_same(kept.get_or_make("part", never), arrays(1))


def test_pickled_objects_are_not_loaded(own_cache):
    kept = KeptGeometry("k")
    (cache_folder() / "k").mkdir(parents=True)
    with open(cache_folder() / "k" / "part.arrays", "wb") as file:
        for array in (np.array(["a"]), np.zeros(2, np.uint64), np.array([{"x": 1}], dtype=object)):
            np.save(file, array, allow_pickle=True)
    assert_same(kept.get_or_make("part", arrays), arrays())


def test_cache_that_cannot_be_written_is_no_error(own_cache):
    own_cache.write_text("a file where the folder should be")
    assert_same(KeptGeometry("k").get_or_make("part", arrays), arrays())
    assert cache_size() == 0


def test_longest_unused_goes_first(own_cache, monkeypatch):
    for k in range(3):
        KeptGeometry(str(k)).get_or_make("part", lambda: arrays(size=50_000))
        os.utime(cache_folder() / str(k), (time.time() - 100 + k,) * 2)
    KeptGeometry("0").get_or_make("part", never)
    monkeypatch.setenv(coordinate_cache.LIMIT, str(3.5 * 400_000 / 2**30))
    KeptGeometry("3").get_or_make("part", lambda: arrays(size=50_000))
    assert sorted(p.name for p in cache_folder().iterdir()) == ["0", "2", "3"]
    monkeypatch.setenv(coordinate_cache.LIMIT, "0")
    KeptGeometry("4").get_or_make("part", arrays)
    assert not (cache_folder() / "4").exists()


def test_two_programs_may_keep_the_same(own_cache):
    script = (
        "import numpy as np\n"
        "from atm_viewer.engine.io.coordinate_cache import KeptGeometry, clear_cache\n"
        "for k in range(150):\n"
        "    a = KeptGeometry('k').get_or_make('part', lambda: {'a': np.full(20000, 7.0)})\n"
        "    assert (a['a'] == 7.0).all() and a['a'].size == 20000\n"
        "    if k % 10 == 0:\n"
        "        clear_cache()\n"
    )
    programs = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(2)]
    assert [p.wait(60) for p in programs] == [0, 0]
    assert not [p for p in cache_folder().rglob(".*") if p.is_file()]


def test_key_changes_with_the_content():
    assert content_key([b"ab"]) == content_key([b"a", b"b"])
    assert content_key([b"ab"]) != content_key([b"ac"])


def test_packed_frames_come_back():
    rng = np.random.default_rng(3)
    frame = np.where(rng.uniform(size=(37, 29)) < 0.6, rng.normal(size=(37, 29)), np.nan)
    packed = unpack(pack({"x": PackedFrame.of(frame)}), "x")
    assert packed.shape == frame.shape
    assert np.array_equal(packed, frame, equal_nan=True)
    assert np.array_equal(packed[5:11], frame[5:11], equal_nan=True)
    assert packed[30:30].shape == (0, 29)
    assert np.asarray(PackedFrame.of(frame.astype(np.float32))).dtype == np.float32


@pytest.mark.parametrize("instrument", ["miri", "nirspec"])
def test_exposure_opened_again_is_the_same(demo_files, tmp_path, monkeypatch, instrument):
    path = demo_files(instrument)[0]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = open_exposure(path)
    fine = first.oversampled_coordinates(2)
    first.close()
    again = open_exposure(path)
    for name in ("alpha", "wavelength", "ra", "dec"):
        ours, expected = (getattr(e.coordinates, name) for e in (again, first))
        assert ours.dtype == np.float64
        assert np.array_equal(ours, expected, equal_nan=True)
    assert again.coordinates.arcsec == first.coordinates.arcsec
    for ours, expected in zip(again.oversampled_coordinates(2), fine, strict=True):
        assert np.array_equal(ours, expected, equal_nan=True)
    assert not again.file.is_open
    # All that comes from the file's arrays and headers is what the datamodel says.
    model = again.model
    for ours, expected in (
        (again.sci, model.data),
        (again.err, model.err),
        (again.dq, model.dq),
        *((array, getattr(model, name)) for name, array in again.variances.items()),
    ):
        assert ours.dtype.isnative
        assert ours.dtype == np.asarray(expected).dtype.newbyteorder("=")
        assert np.array_equal(ours, expected, equal_nan=True)
    assert again.detector == model.meta.instrument.detector
    assert again.unit == model.meta.bunit_data
    assert again.dither == model.meta.dither.position_number
    assert again.dithers == (model.meta.dither.total_points or 0)
    assert again.target == (model.meta.target.catalog_name or model.meta.target.proposer_name or "")
    again.close()
    assert not again.file.is_open


def test_coordinates_are_those_of_the_wcs(demo_files):
    from atm_viewer.engine.io.coordinates import native_coordinates, oversampled_slicer
    from atm_viewer.engine.wcs.exposure_wcs import wcs_of_model

    exposure = open_exposure(demo_files("miri")[0])
    assert not exposure.wcs.by_gwcs
    reference = wcs_of_model(exposure.model)
    direct = native_coordinates(reference, True, exposure.regions)
    for name in ("alpha", "wavelength", "ra", "dec"):
        assert np.array_equal(getattr(exposure.coordinates, name), getattr(direct, name), equal_nan=True)
    alpha, wavelength = exposure.oversampled_coordinates(3)
    fine = oversampled_slicer(reference, True, exposure.regions.shape, 3)
    assert np.array_equal(alpha, fine["alpha"], equal_nan=True)
    assert np.array_equal(wavelength, np.asarray(fine["wavelength"]).astype(np.float32), equal_nan=True)
    exposure.close()


def test_file_that_changed_is_told(demo_files, tmp_path):
    path = tmp_path / "copy_cal.fits"
    path.write_bytes(demo_files("miri")[0].read_bytes())
    open_exposure(path).close()
    exposure = open_exposure(path)
    os.utime(path, (1, 1))
    with pytest.raises(InputError, match=r"copy_cal.fits has changed since it was opened; open it again."):
        _ = exposure.model


@pytest.mark.parametrize(
    "key", [np.s_[2, 3], np.s_[1:4], np.s_[1:4, 2:5], np.s_[:, ::2], np.s_[::3], np.s_[4, 1:], np.s_[5:2], np.s_[-1, 0]]
)
def test_parts_of_a_packed_frame_are_those_of_the_array(key):
    frame = np.arange(42.0).reshape(6, 7)
    frame[::2, 1:4] = np.nan
    np.testing.assert_array_equal(PackedFrame.of(frame)[key], frame[key])
