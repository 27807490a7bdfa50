"""Curves, marks and colour maps can be told apart by all eyes, on dark and on light plots."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np
import pyqtgraph as pg
import pytest

from atm_viewer.views.base.theme import DARK, LIGHT, Theme
from atm_viewer.views.images.scale_form import DIVERGING, MAPS
from tests.views.eyes import EYES, lab, seen_as

#: A just noticeable difference is about 2.
FAR, APART = 23.0, 16.0

pytestmark = pytest.mark.parametrize("eyes", EYES)
each_theme = pytest.mark.parametrize("theme", [DARK, LIGHT], ids=("dark", "light"))


def nearest(colours: Iterable[str], eyes: str) -> float:
    """Smallest distance of two of some colours."""
    seen = [seen_as(colour, eyes) for colour in colours]
    return float(min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)))


@each_theme
def test_curves_of_spectra_are_told_apart(eyes, theme: Theme):
    assert nearest((theme.before, theme.aperture, *theme.variants[:4]), eyes) > FAR
    assert nearest((theme.before, theme.aperture, *theme.variants), eyes) > APART


@each_theme
def test_marks_of_the_profile_are_told_apart(eyes, theme: Theme):
    marks = (theme.threshold, theme.spline, theme.rejected, theme.window_points, theme.column_points)
    assert nearest(marks, eyes) > FAR


@each_theme
def test_curves_of_a_series_and_tones_of_messages_are_told_apart(eyes, theme: Theme):
    assert nearest(theme.series, eyes) > 20.0
    assert nearest((theme.good, theme.warning, theme.error), eyes) > APART


@each_theme
def test_curves_stand_out_from_the_plot(eyes, theme: Theme):
    """Lightness alone tells them from the background."""
    ground = seen_as(theme.plot, eyes)[0]
    curves = (theme.before, theme.aperture, *theme.variants, *theme.series, theme.threshold, theme.spline)
    assert min(abs(seen_as(colour, eyes)[0] - ground) for colour in curves) > 30.0


@pytest.mark.parametrize("name", MAPS)
def test_colour_maps_get_lighter_all_the_way(eyes, name):
    colours = lab(pg.colormap.get(MAPS[name]).getLookupTable(nPts=254)[:, :3] / 255.0, eyes)
    lightness = colours[:, 0]
    assert (np.diff(lightness[::4]) > 0.0).all()
    assert lightness[-1] - lightness[0] > 65.0
    steps = np.linalg.norm(colours[16:] - colours[:-16], axis=1)
    assert steps.min() > 2.5


def test_the_map_about_zero_has_two_sides(eyes):
    colours = lab(pg.colormap.get(DIVERGING).getLookupTable(nPts=254)[:, :3] / 255.0, eyes)
    sides = np.linalg.norm(colours[:127][::-1] - colours[127:], axis=1)
    assert sides[16] > 10.0
    assert sides[64] > 40.0
    assert sides[-1] > 90.0
