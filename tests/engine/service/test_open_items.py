"""What is kept of an open exposure, and for how long."""

from __future__ import annotations

import numpy as np
import pytest

from atm_viewer.engine.progress import no_progress
from atm_viewer.engine.recipe import Recipe, SliceOverride
from atm_viewer.engine.service.bench import Bench
from atm_viewer.engine.service.open_items import Recent
from atm_viewer.engine.trace.oversample import cut_coordinates


def test_the_latest_results_are_kept():
    recent = Recent(3)
    for key in "abc":
        recent.get_or_make(key, lambda key=key: key.upper())
    assert recent.get_or_make("a", lambda: "made again") == "A"
    recent.get_or_make("d", lambda: "D")
    assert list(recent) == ["c", "a", "d"]


def test_of_results_that_are_alike_fewer_are_kept():
    recent = Recent(100, 2)
    for number in (101, 102):
        for window in (40, 41, 42):
            recent.keep((number, window), window)
    assert list(recent) == [(101, 41), (101, 42), (102, 41), (102, 42)]
    recent.get_or_make((101, 41), lambda: "made again")
    recent.keep((101, 43), 43)
    assert list(recent) == [(102, 41), (102, 42), (101, 41), (101, 43)]


def test_what_costs_more_than_there_is_room_for_is_dropped():
    recent = Recent(10, cost=len)
    recent.keep(("a", 1), "four")
    recent.keep(("b", 1), "four")
    recent.get(("a", 1))
    recent.keep(("a", 2), "four")
    assert list(recent) == [("a", 1), ("a", 2)]
    assert recent.dropped == 4
    recent.keep(("a", 2), "changed")  # no more than once in the account
    recent.keep(("a", 3), "too long for all")
    assert list(recent) == [("a", 3)]
    recent.keep(("b", 1), "four")
    assert list(recent) == [("b", 1)]


def test_all_of_an_exposure_is_forgotten():
    recent = Recent(10)
    for owner in "ab":
        for number in (1, 2):
            recent.keep(((owner, number), "fit"), number)
    recent.forget("a")
    assert list(recent) == [(("b", 1), "fit"), (("b", 2), "fit")]


def test_what_was_used_the_longest_time_ago_goes_first_when_less_is_kept():
    recent = Recent(10, cost=len)
    for key in ("aaaa", "bbb", "cc"):
        recent.keep(key, key)
    recent.get("aaaa")
    recent.shrink(6)
    assert list(recent) == ["cc", "aaaa"]
    recent.shrink(0)
    assert (list(recent), recent.size) == (["aaaa"], 10)  # the last one stays, and there is room again


@pytest.mark.parametrize("instrument", ["miri", "nirspec"])
def test_dithers_share_the_alpha_of_oversampled_pixels(demo_files, instrument):
    bench = Bench()
    opened = bench.open(demo_files(instrument)[:2], no_progress)
    items = bench.opened([view.key for view in opened.exposures])
    number = next(iter(items[0].prepared.slices))
    somewhere = Recipe(overrides=(SliceOverride(number, wavelengths=(0.0, 100.0)),))
    cuts = [[item.fine_cut(item.fit(number, recipe), 2) for item in items] for recipe in (Recipe(), somewhere)]
    assert cuts[0][0][0] is cuts[0][1][0]
    for item, (alpha, nothing), (same, wavelength) in zip(items, *cuts, strict=True):
        whole = item.exposure.oversampled_coordinates(2)
        expected = cut_coordinates(item.prepared, item.fit(number, somewhere), 2, whole)
        for made, theirs in ((alpha, expected[0]), (same, expected[0]), (wavelength, expected[1])):
            assert np.array_equal(made, theirs, equal_nan=True)
        assert nothing is None
    shared = items[0].shared
    bench.close([view.key for view in opened.exposures])
    assert not shared.coordinates
    assert not shared.cuts
