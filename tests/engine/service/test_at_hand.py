"""Exposures of bands that nobody looks at leave memory, and are read again when somebody does."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from atm_viewer.demo import demo_source
from atm_viewer.engine.errors import InputError
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.progress import no_progress
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.service import at_hand
from atm_viewer.engine.service.bench import Bench

RECIPE = Recipe(oversample=2, fit_threshold=100.0)


@pytest.fixture
def little_room(monkeypatch):
    """Memory for the exposures of the band in use alone."""
    monkeypatch.setattr(at_hand, "MOST_PIXELS", 0)
    monkeypatch.setattr(at_hand, "_AT_HAND", 0)


@pytest.fixture
def opened(demo_files, tmp_path, little_room):
    """A bench with an exposure of each instrument, and their views."""
    bench = Bench()
    files = [shutil.copy(demo_files(instrument)[0], tmp_path) for instrument in ("miri", "nirspec")]
    yield bench, bench.open(files, no_progress).exposures
    bench.close([str(path) for path in tmp_path.iterdir()])


def in_memory(bench: Bench) -> list[str]:
    return [item.exposure.instrument for item in bench._items._items.values()]


def spectrum(bench: Bench, view, instrument: str, told: list[str]) -> np.ndarray:
    place = Extraction((view.key,), RECIPE, view.bands[0], *demo_source(instrument), 0.4)
    return bench.spectra(place, lambda step, _: told.append(step)).after


def test_answers_are_the_same_when_the_exposure_had_left_memory(opened):
    bench, (miri, nirspec) = opened
    told: list[str] = []
    assert in_memory(bench) == ["NIRSPEC"]
    first = spectrum(bench, miri, "miri", told)
    assert in_memory(bench) == ["MIRI"]
    assert f"Reading {miri.key.rpartition('/')[2]} again" in told
    bench.correct(nirspec.key, RECIPE, no_progress)
    assert in_memory(bench) == ["NIRSPEC"]
    np.testing.assert_array_equal(spectrum(bench, miri, "miri", told), first)
    assert np.isfinite(first).any()


def test_exposures_of_one_band_stay_together(demo_files, little_room):
    bench = Bench()
    views = bench.open(demo_files("miri")[:2], no_progress).exposures
    assert in_memory(bench) == ["MIRI", "MIRI"]
    bench.close([view.key for view in views])


def test_a_file_that_has_changed_meanwhile_is_not_taken_for_the_one_that_was_opened(opened, demo_files):
    bench, (miri, nirspec) = opened
    shutil.copy(demo_files("miri")[1], miri.key)
    with pytest.raises(InputError, match="has changed since it was opened"):
        bench.correct(miri.key, RECIPE, no_progress)
    assert bench.correct(nirspec.key, RECIPE, no_progress).slices


def test_an_exposure_that_cannot_be_read_again_stays(demo_files, tmp_path, little_room):
    bench = Bench()
    [gone] = bench.open([shutil.copy(demo_files("miri")[0], tmp_path)], no_progress).exposures
    (tmp_path / gone.key).unlink()
    [view] = bench.open([demo_files("nirspec")[0]], no_progress).exposures
    assert in_memory(bench) == ["MIRI", "NIRSPEC"]
    assert bench.correct(gone.key, RECIPE, no_progress).slices
    bench.close([gone.key, view.key])
