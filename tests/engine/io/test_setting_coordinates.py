"""Positions on the slicer are computed once for all exposures of a setting, whatever the telescope's velocity."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from jwst.assign_wcs.util import velocity_correction
from stdatamodels.jwst import datamodels

from atm_viewer.engine.arrays import PackedFrame
from atm_viewer.engine.io.coordinate_cache import KeptGeometry, cache_folder
from atm_viewer.engine.io.coordinates import WavelengthScale, native_coordinates, oversampled_slicer
from atm_viewer.engine.io.exposure import open_exposure
from atm_viewer.engine.wcs.exposure_wcs import wcs_of_model
from atm_viewer.engine.wcs.fingerprint import fingerprint
from atm_viewer.engine.wcs.tree import read_tree
from tests.engine.wcs.test_transforms import polynomial, written


def kept(part: str) -> list[Path]:
    """Files of the coordinate cache that hold a part."""
    return sorted(cache_folder().glob(f"*/{part}.arrays"))


def with_velocity(path: Path, folder: Path, velosys: float) -> Path:
    """Copy of an exposure whose WCS corrects wavelengths for a velocity [m/s], as ``assign_wcs`` does."""
    from astropy.modeling.models import Identity

    with datamodels.open(path) as model:
        instrument = model.meta.instrument.name
        selector = model.meta.wcs.pipeline[0 if instrument == "MIRI" else 1].transform
        for number, transform in selector.selector.items():
            corrected = transform | Identity(2) & velocity_correction(velosys)
            if instrument != "MIRI":
                corrected.bounding_box = transform.bounding_box
            selector.selector[number] = corrected
        made = folder / path.name
        model.save(str(made))
    return made


@pytest.fixture
def cache(tmp_path, monkeypatch):
    # Of coordinates alone: kernels need not be compiled again.
    monkeypatch.setattr("atm_viewer.engine.io.coordinate_cache.cache_root", lambda: tmp_path)


@pytest.mark.parametrize("instrument", ["miri", "nirspec"])
def test_dithers_share_positions_on_the_slicer_and_nothing_changes(demo_files, cache, monkeypatch, instrument):
    opened = [open_exposure(path) for path in demo_files(instrument)[:2]]
    fine = [exposure.oversampled_coordinates(2) for exposure in opened]
    assert (len(kept("pixels")), len(kept("slicer")), len(kept("oversampled-2"))) == (2, 1, 1)
    second, (alpha, wavelength) = opened[1], fine[1]
    theirs = wcs_of_model(second.model)
    alone = native_coordinates(theirs, second.rotated, second.regions)
    for name in ("alpha", "wavelength", "ra", "dec"):
        assert np.array_equal(getattr(second.coordinates, name), getattr(alone, name), equal_nan=True), name
    assert second.coordinates.arcsec == alone.arcsec
    expected = oversampled_slicer(theirs, second.rotated, second.regions.shape, 2)
    assert np.array_equal(alpha, expected["alpha"], equal_nan=True)
    assert np.array_equal(wavelength, second.scale.wavelengths(expected["wavelength"]), equal_nan=True)
    assert not np.array_equal(*(exposure.coordinates.ra for exposure in opened), equal_nan=True)
    for exposure in opened:
        exposure.close()
    # Once a file was opened, its WCS is not read for the coordinates of the setting.
    monkeypatch.setattr("atm_viewer.engine.io.exposure.read_tree", None)
    again = open_exposure(second.path).oversampled_coordinates(2)
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(again, fine[1], strict=True))


@pytest.mark.parametrize("instrument", ["miri", "nirspec"])
def test_the_telescopes_velocity_is_the_exposures_own(demo_files, cache, tmp_path, instrument):
    velocities = (-12345.678, 29000.5)
    for path, velosys in zip(demo_files(instrument), velocities, strict=False):
        exposure = open_exposure(with_velocity(path, tmp_path, velosys))
        assert exposure.scale.doppler == 1 / (1 + velosys / 299792458.0)
        assert not exposure.wcs.by_gwcs
        theirs = wcs_of_model(exposure.model)
        assert theirs.doppler == 1.0
        expected = native_coordinates(theirs, exposure.rotated, exposure.regions)
        for name in ("alpha", "wavelength", "ra", "dec"):
            assert np.array_equal(getattr(exposure.coordinates, name), getattr(expected, name), equal_nan=True), name
        alpha, wavelength = exposure.oversampled_coordinates(2)
        fine = oversampled_slicer(theirs, exposure.rotated, exposure.regions.shape, 2)
        at_rest = WavelengthScale(1.0, exposure.scale.unit, exposure.scale.ranges)
        assert np.array_equal(alpha, fine["alpha"], equal_nan=True)
        assert np.array_equal(wavelength, at_rest.wavelengths(fine["wavelength"]), equal_nan=True)
        exposure.close()
    assert (len(kept("slicer")), len(kept("oversampled-2"))) == (1, 1)


def test_a_fingerprint_is_of_everything_but_velocity_and_boxes():
    from astropy.modeling.models import Identity, Mapping, Shift

    def taken(model):
        return fingerprint(read_tree(written(model)).steps[0])

    model = Mapping((0, 1, 0, 1)) | polynomial(3) & polynomial(2) | Identity(1) & Shift(0.5)
    plain = taken(model)
    assert plain == taken(model.copy())
    assert plain.velocities == frozenset()
    other = model.copy()
    other.offset_4 = np.nextafter(0.5, 1.0)
    assert taken(other).digest != plain.digest
    assert taken(model | Identity(2)).digest != plain.digest
    slow, fast = (taken(model | velocity_correction(v) & Identity(1)) for v in (10.0, 20.0))
    assert slow.digest == fast.digest != plain.digest
    assert slow.velocities != fast.velocities
    boxed = model.copy()
    boxed.bounding_box = ((0.0, 1.0), (0.0, 2.0))
    assert taken(boxed).digest == plain.digest


def test_wavelengths_without_position_are_missing():
    frame = np.array([[1.0, np.nan, 2.0], [3.0, 4.0, np.nan]])
    scale = WavelengthScale(doppler=1.1, unit=10.0, ranges=np.array([[11.0, 30.0], [40.0, 50.0]]))
    found = scale.wavelengths(PackedFrame.of(frame))
    # 11 is an end of a range, and does not belong to it; 33 lies between two.
    expected = np.array([[np.nan, np.nan, 22.0], [np.nan, 44.0, np.nan]], dtype=np.float32)
    assert np.array_equal(found, expected, equal_nan=True)
    assert found[:].dtype == np.float32
    assert np.isfinite(found.values).all()
    assert WavelengthScale().wavelengths(PackedFrame.of(frame)).values.size == 4


def test_threads_that_want_the_same_part_make_it_once(cache):
    made, begun = [], threading.Event()

    def make():
        begun.set()
        made.append(threading.get_ident())
        while len(waiting) < 2:
            pass
        return {"a": np.arange(3.0)}

    def ask():
        if threading.current_thread() is not first:
            waiting.append(1)
        found.append(KeptGeometry("k").get_or_make("part", make)["a"])

    found, waiting = [], []
    first = threading.Thread(target=ask)
    others = [threading.Thread(target=ask) for _ in range(2)]
    first.start()
    assert begun.wait(5.0)
    for thread in others:
        thread.start()
    for thread in (first, *others):
        thread.join(20.0)
    assert len(made) == 1
    assert [list(array) for array in found] == [[0.0, 1.0, 2.0]] * 3
