"""Remedies on hand-made cubes whose noise is known."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from PIL import Image

from atm_viewer.engine.analysis.aperture_series import compare_apertures
from atm_viewer.engine.analysis.dither_comparison import compare_dithers, subsets
from atm_viewer.engine.analysis.fringe import channel_of, compare_fringes
from atm_viewer.engine.analysis.normalise import normalised, offsets, trend
from atm_viewer.engine.analysis.ranked import compare_ranked
from atm_viewer.engine.cube.place_spectra import PlaceSpectra
from atm_viewer.engine.errors import InputError, OutputError
from atm_viewer.engine.output.figures import STYLE, draw, write_figure
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.results.remedy import UNDER

WAVE = np.arange(4.9, 5.74, 0.0008)
CONTINUUM = 2.0 - 0.5 * (WAVE - 4.9)
SINE = np.sin(2 * np.pi * (WAVE - 4.9) / 0.08)
#: 1.4826 times the median absolute deviation of a sine of amplitude 1.
ROBUST = 1.4826 / np.sqrt(2)


def star(amplitude: float = 0.0, fringes: float = 0.0, size: int = 21, spaxel: float = 0.13) -> PlaceSpectra:
    """A star in the middle; light oscillates between its spaxels (even, odd), not in their sum; fringes are common."""
    steps = (np.arange(size) - size // 2) * spaxel
    light = np.exp(-0.5 * (steps[None, :] ** 2 + (steps[:, None] - 0.01) ** 2) / 0.15**2)
    sign = np.where((np.arange(size)[None, :] + np.arange(size)[:, None]) % 2 == 0, 1.0, -1.0)
    common = CONTINUUM * (1 + fringes * np.sin(2 * np.pi * 1e4 / WAVE / 2.9))
    flux = common[:, None, None] * light * (1 + amplitude * sign * SINE[:, None, None])
    return PlaceSpectra(WAVE, flux, steps, steps, spaxel, x0=10, y0=20)


def test_the_trend_is_not_pulled_by_lines():
    smooth = 3.0 + WAVE - 0.2 * WAVE**2
    lines = smooth.copy()
    lines[200:220] *= 3.0
    lines[400] = np.nan
    np.testing.assert_allclose(trend(WAVE, lines, 2), smooth, rtol=1e-9)
    assert normalised(WAVE, lines, 2)[210] == pytest.approx(3.0)
    assert np.isnan(trend(WAVE, np.full(WAVE.size, np.nan))).all()


def test_offsets_keep_spectra_apart():
    spectra = [np.ones(50), 1 + 0.3 * SINE, 1 + 0.1 * SINE]
    shifted = [s + shift for s, shift in zip(spectra, offsets(spectra), strict=True)]
    assert shifted[0].max() == 1.0
    for upper, lower in pairwise(shifted):
        assert np.percentile(upper, 0.3) > np.percentile(lower, 99.7)


def test_apertures_sum_what_lies_in_them():
    block = star()
    flat = replace(block, flux=np.ones_like(block.flux))
    np.testing.assert_allclose(flat.aperture(0.5), np.pi * 0.5**2 / 0.13**2, rtol=1e-9)
    growing = flat.aperture(np.linspace(0.2, 0.6, WAVE.size))
    np.testing.assert_allclose(growing[[0, -1]], np.pi * np.array([0.2, 0.6]) ** 2 / 0.13**2, rtol=1e-9)
    assert (np.diff(growing) >= -1e-9).all()
    flat.flux[100] = np.nan
    assert np.isnan(flat.aperture(0.5)[100])


def test_ranks_are_by_brightness_within_the_aperture():
    block = star()
    block.flux[:, 0, 0] = 1e6  # a hot corner, outside of the aperture
    order = block.ranked(0.65)
    assert order[0] == (20, 30)
    mean = [np.mean(block.spectrum(*at)) for at in order]
    assert mean == sorted(mean, reverse=True)
    assert all(np.hypot(*block.offset(*at)) <= 0.65 for at in order)
    assert block.nearest(*block.offset(23, 28)) == (23, 28)


def test_ranked_spaxels_have_the_noise_that_was_put_in():
    found = compare_ranked(star(0.1), star(0.01), 0.65, (1, 3, 8))
    assert [row[0] for row in found.rows] == ["1st", "3rd", "8th"]
    assert found.rows[0][1:3] == (20, 30)
    for row in found.rows:
        assert row[3] == pytest.approx(10 * ROBUST, rel=0.05)
        assert row[4] == pytest.approx(1 * ROBUST, rel=0.05)
    left, right = found.plots
    assert (left.title, right.title) == ("standard cube", "ATM cube")
    assert [c.label for c in left.curves if c.label][:2] == ["aperture r = 0.65″", "1st (x 20, y 30)"]
    assert sum(c.role == UNDER for c in left.curves) == 3
    with pytest.raises(InputError, match="choose ranks from 1 to"):
        compare_ranked(star(), star(), 0.2, (1, 16))


def test_after_is_the_same_place_on_another_grid():
    moved = replace(star(0.01), x0=12, y0=25)
    found = compare_ranked(star(0.1), moved, 0.65, (1,))
    assert found.rows[0][4] == pytest.approx(ROBUST, rel=0.05)


def test_rf1d_removes_fringes_and_leaves_resampling_noise():
    found = compare_ranked(star(0.1, fringes=0.02), star(0.01, fringes=0.02), 0.65, (1, 2), channel=1)
    assert [p.title for p in found.plots[2:]] == [
        "standard cube, residual fringes removed (RF1D)",
        "ATM cube, residual fringes removed (RF1D)",
    ]
    for row in found.rows:
        assert row[5] == pytest.approx(10 * ROBUST, rel=0.1)
        assert row[6] == pytest.approx(ROBUST, rel=0.2)


def test_the_effect_of_rf1d_is_told_apart():
    before, after = star(0.1, fringes=0.02), star(0.01, fringes=0.02)
    pair = [(b.spectrum(20, 30), b.aperture(0.65)) for b in (before, after)]
    found = compare_fringes(WAVE, (pair[0][0], pair[1][0]), (pair[0][1], pair[1][1]), 1, 3)
    rows = {row[0]: row[1:] for row in found.rows}
    noise, noise_clean, scatter, scatter_clean, removed = rows["spaxel, after"]
    assert noise == pytest.approx(ROBUST, rel=0.05)  # fringes are in the aperture too
    assert noise_clean == pytest.approx(ROBUST, rel=0.2)
    assert scatter > 1.2 * scatter_clean
    assert removed == pytest.approx(100 * 0.02 / np.sqrt(2), rel=0.1)
    assert rows["aperture, before"][3] < 0.15 * rows["aperture, before"][2]
    assert channel_of("ch3-long") == 3
    assert channel_of("g235m-f170lp") is None


def test_noise_falls_with_the_radius_of_the_aperture():
    found = compare_apertures(star(0.1), star(0.01), "MIRI", (0.5, 1.0, 2.0))
    assert [row[0] for row in found.rows] == ["spaxel (x 20, y 30)", "0.5 FWHM", "1 FWHM", "2 FWHM"]
    before = [row[3] for row in found.rows]
    assert before[0] == pytest.approx(10 * ROBUST, rel=0.05)
    assert before[-1] < 0.3
    assert before == sorted(before, reverse=True)
    assert found.rows[2][1] == pytest.approx(0.033 * 5.3196 + 0.106, abs=0.002)
    assert "Law et al. 2023" in found.note


def test_subsets_of_exposures():
    assert subsets(3) == [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]
    many = subsets(7, (0, 6))
    assert (0, 6) in many
    assert len(many) == 29


def test_dithers_that_cancel_one_another():
    blocks = {0: star(0.1), 1: star(-0.1), 2: star(0.1)}

    def combined(subset):
        flux = np.mean([blocks[k].flux for k in subset], axis=0)
        return replace(blocks[0], flux=flux), star(0.01)

    found = compare_dithers(combined, ("1", "2", "3"), 0.65, chosen=(0, 2))
    noise = {row[1]: row[2] for row in found.rows}
    assert noise["1"] == pytest.approx(10 * ROBUST, rel=0.05)
    assert noise["1 + 2"] == pytest.approx(0.0, abs=0.01)
    assert noise["1 + 3 (chosen)"] == pytest.approx(10 * ROBUST, rel=0.05)
    assert "With 2 of 3 exposures the noise is 10." in found.note
    assert "The 1 other exposure changes it to 3." in found.note
    assert "Only one exposure" in compare_dithers(combined, ("1",), 0.65).note


def read_back(path) -> dict:
    """What a figure's file says about its making."""
    if path.suffix == ".png":
        with Image.open(path) as image:
            return json.loads(image.info["Description"])
    if path.suffix == ".svg":
        tree = ElementTree.parse(path)
        return json.loads(next(tree.iter("{http://purl.org/dc/elements/1.1/}description")).text)
    raw = re.search(rb"/Subject \((.*?)(?<!\\)\)\s*(?:/|>>)", path.read_bytes(), re.DOTALL)[1]
    return json.loads(re.sub(rb"\\([()\\])", rb"\1", raw))


@pytest.mark.parametrize("kind", ["pdf", "svg", "png"])
def test_figures_carry_their_parameters(tmp_path, kind):
    found = replace(compare_ranked(star(0.1), star(0.01), 0.65, (1, 2)), settings={"band": "ch1-short"})
    path = write_figure(found, tmp_path / f"ranked.{kind}", Recipe(fit_threshold=7.0), ["/data/a_cal.fits"])
    told = read_back(path)
    assert told["exposures"] == ["a_cal.fits"]
    assert told["parameters"] == {"band": "ch1-short"}
    assert "fit_threshold = 7.0" in told["recipe"]
    assert told["versions"]["jwst"]
    assert told["columns"][3] == "noise before [%]"
    assert told["rows"][0][3] == pytest.approx(10 * ROBUST, rel=0.05)
    with pytest.raises(OutputError, match="already exists"):
        write_figure(found, path, Recipe(), [])
    write_figure(found, path, Recipe(), [], overwrite=True)
    assert "fit_threshold = 10.0" in read_back(path)["recipe"]
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_panels_beside_each_other_are_equally_wide_and_titles_do_not_meet():
    found = compare_ranked(star(0.1), star(0.01), 0.65, (1, 2, 4))
    panel = found.plots[0]
    names = ["standard cube, residual fringes removed (RF1D)", *["jw01234001001-atm_ch1-short_s3d.fits"] * 3]
    with matplotlib.rc_context(STYLE):
        figure = draw(replace(found, plots=tuple(replace(panel, title=name, column=k) for k, name in enumerate(names))))
        figure.draw_without_rendering()
    titles = [axes.title.get_window_extent() for axes in figure.axes]
    assert all(left.x1 < right.x0 for left, right in pairwise(titles))
    assert titles[0].x0 > 0
    assert titles[-1].x1 < figure.bbox.width
    boxes = [axes.get_position() for axes in figure.axes]
    assert [box.width for box in boxes] == pytest.approx([boxes[0].width] * 4)
    gaps = [right.x0 - left.x1 for left, right in pairwise(boxes)]
    assert gaps == pytest.approx([gaps[0]] * 3)


def test_figures_of_other_kinds_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"\.pdf"):
        write_figure(compare_ranked(star(), star(), 0.65, (1,)), tmp_path / "a.gif", Recipe(), [])
