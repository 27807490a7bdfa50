from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from atm_viewer.engine.recipe import Recipe
from atm_viewer.session.names import cube_files, short_bands, short_names, slice_state
from atm_viewer.session.state.selection import band_of, brightest_slice, columns_of, covers, slices_of, threshold_for
from tests.session.fake_workers import exposure_view, report, sky_image


@pytest.fixture(params=["MIRI", "NIRSPEC"])
def view(request):
    return exposure_view("star_00001_cal.fits", instrument=request.param)


def test_slices_are_those_of_the_region_map(view):
    assert slices_of(view) == view.slices


def test_brightest_slice_with_and_without_a_report_is_the_stars(view):
    peaks = {s.number: s.peak for s in report(view, Recipe()).slices}
    star = max(peaks, key=peaks.get)
    assert brightest_slice(view, view.slices, report(view, Recipe())) == star
    # Both channels show the star equally well: without a report either will do.
    assert peaks[brightest_slice(view, view.slices)] > 0.95 * peaks[star]


def test_brightest_slice_of_nothing_is_the_first(view):
    empty = replace(view, sci=np.full_like(view.sci, np.nan))
    assert brightest_slice(empty, view.slices) == view.slices[0]


def test_columns_run_along_the_dispersion(view):
    assert columns_of(view, view.slices[0]) == (0, 95)
    assert columns_of(view, 999) == (0, 0)


def test_band_of_a_slice():
    assert band_of(exposure_view("a_cal.fits"), 202) == "ch2-short"
    assert band_of(exposure_view("a_cal.fits", instrument="NIRSPEC"), 2) == "g235m-f170lp"


def test_threshold_for_a_flux():
    assert threshold_for(5.0 + 4 * 2.0, (5.0, 2.0)) == pytest.approx(4)
    assert threshold_for(3.0, (5.0, 2.0)) == 0
    assert threshold_for(3.0, (0.0, 0.0)) is None


def test_sky_image_covers_its_peak_and_not_the_corner():
    sky = sky_image("ch1-short")
    assert covers(sky, *sky.peak)
    assert not covers(sky, *sky.position(2.5, 2.5))
    assert not covers(sky, *sky.position(60, 60))


def test_names_show_where_they_differ():
    names = ["jw09999-star_00001_mirifushort", "jw09999-star_00002_mirifushort"]
    assert short_names(names) == ["…_00001_mirifushort", "…_00002_mirifushort"]
    assert short_names(names[:1]) == names[:1]
    assert short_bands(["ch1-short", "ch2-short"]) == "ch1+2 short"
    assert short_bands(["g235m-f170lp"]) == "g235m-f170lp"


def test_cube_files_are_the_pipelines():
    assert cube_files("star", ["ch1-short"], "both") == ["star_ch1-short_s3d.fits", "star-atm_ch1-short_s3d.fits"]


def test_states_in_few_words():
    first = report(exposure_view("a_cal.fits"), Recipe(fit_threshold=0)).slices[0]
    assert slice_state(first) == "reused"
    assert slice_state(replace(first, reused=0)) == "fitted"
    assert slice_state(replace(first, fitted=0, reused=0)) == "below thr."
    assert slice_state(replace(first, fitted=0, reused=0, few=90)) == "too few points"
    assert slice_state(replace(first, peak=float("nan"))) == "empty"
