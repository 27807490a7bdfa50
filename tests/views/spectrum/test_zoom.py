"""Zooming into the spectra with mouse and keys, and a logarithmic flux axis."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor

from atm_viewer.session.spectrum.lines import line_list
from atm_viewer.session.spectrum.settings import SpectrumSettings
from atm_viewer.views.spectrum.view import SpectrumView
from tests.views.mouse import click, colour_at, double_click, drag, hover, settle, show, turn_wheel, view_range
from tests.views.synthetic import make_shown, make_spectra
from tests.views.windows import press, wait

SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def view(qtbot):
    view = SpectrumView(line_list())
    view.settings_edited.connect(view.show_settings)
    show(qtbot, view, 700, 500)
    view.show_spectra([make_shown(make_spectra())], "A", 1)
    settle(qtbot)
    return view


def test_the_wheel_zooms_in_wavelength_and_with_ctrl_in_flux(qtbot, view):
    left, right, bottom, top = view_range(view.flux_plot)
    turn_wheel(qtbot, view.flux_plot, 5.3, 12000)
    assert view_range(view.flux_plot)[2:] == [bottom, top]
    now = view_range(view.flux_plot)
    assert left < now[0] < 5.3 < now[1] < right
    assert view_range(view.ratio_plot)[:2] == pytest.approx(now[:2])
    turn_wheel(qtbot, view.flux_plot, 5.3, 12000, CTRL)
    assert view_range(view.flux_plot)[:2] == now[:2]
    assert bottom < view_range(view.flux_plot)[2] < 12000 < view_range(view.flux_plot)[3] < top


def test_a_box_is_zoomed_into_with_shift(qtbot, view):
    _, _, bottom, top = view_range(view.flux_plot)
    low, high = bottom + 0.3 * (top - bottom), bottom + 0.7 * (top - bottom)
    drag(qtbot, view.flux_plot, (5.1, low), (5.4, high), modifier=SHIFT)
    assert view_range(view.flux_plot) == pytest.approx([5.1, 5.4, low, high], rel=5e-3)


def test_a_sideways_drag_is_a_range_and_the_heights_follow(qtbot, view):
    drag(qtbot, view.flux_plot, (5.1, 12000), (5.15, 12000), modifier=SHIFT)
    left, right, bottom, top = view_range(view.flux_plot)
    assert (left, right) == pytest.approx((5.1, 5.15), abs=2e-3)
    spectra = make_spectra()
    seen = (spectra.wavelength >= left) & (spectra.wavelength <= right)
    values = np.concatenate([spectra.before[seen], spectra.after[seen]])
    assert bottom < np.nanmin(values)
    assert np.nanmax(values) < top
    assert top - bottom < 1.6 * (np.nanmax(values) - np.nanmin(values))


def test_a_double_click_shows_everything_again(qtbot, view):
    whole = view_range(view.flux_plot)
    drag(qtbot, view.ratio_plot, (5.1, 1.0), (5.2, 1.0), modifier=SHIFT)
    assert view_range(view.flux_plot) != whole
    picked = []
    view.picked.connect(picked.append)
    double_click(qtbot, view.flux_plot, 5.15, np.mean(view.flux_plot.vb.viewRange()[1]))
    assert view_range(view.flux_plot) == pytest.approx(whole)
    assert len(picked) == 1  # by the first click


def test_a_box_is_seen_while_it_is_drawn(qtbot, view):
    before = colour_at(view.flux_plot, 5.2, 11000)
    drag(qtbot, view.flux_plot, (5.1, 12000), (5.3, 12000), release=False, modifier=SHIFT)
    assert colour_at(view.flux_plot, 5.2, 11000) != before


def test_a_slip_with_shift_zooms_nowhere(qtbot, view):
    whole = view_range(view.flux_plot)
    drag(qtbot, view.flux_plot, (5.1, 12000), (5.105, 12500), modifier=SHIFT)
    assert view_range(view.flux_plot) == whole


def test_a_key_makes_drags_zoom(opened, qtbot):
    plot = opened.spectrum.flux_plot
    left, right, bottom, top = view_range(plot)
    press(qtbot, opened, "zoom_box")
    assert opened.spectrum.zoom_button.isChecked()
    assert opened.actions_by_name["zoom_box"].isChecked()
    middle = (bottom + top) / 2
    ends = left + 0.3 * (right - left), left + 0.6 * (right - left)
    drag(qtbot, plot, (ends[0], middle), (ends[1], middle))
    assert view_range(plot)[:2] == pytest.approx(ends, rel=5e-3)
    qtbot.mouseClick(opened.spectrum.zoom_button, Qt.MouseButton.LeftButton)
    assert not opened.actions_by_name["zoom_box"].isChecked()
    width = view_range(plot)[1] - view_range(plot)[0]
    middle = np.mean(plot.vb.viewRange()[1])
    drag(qtbot, plot, (ends[0] + 0.2 * width, middle), (ends[0] + 0.5 * width, middle))
    assert view_range(plot)[1] - view_range(plot)[0] == pytest.approx(width)
    assert view_range(plot)[0] == pytest.approx(ends[0] - 0.3 * width, abs=0.02 * width)


def test_a_logarithmic_axis_is_one_key_away(opened, qtbot):
    plot = opened.spectrum.flux_plot
    bottom, top = plot.vb.viewRange()[1]
    press(qtbot, opened, "spectrum_log")
    wait(qtbot, opened)
    assert opened.spectrum.controls.ticks["log"].isChecked()
    assert 10.0 ** plot.vb.viewRange()[1][1] == pytest.approx(top, rel=0.3)
    press(qtbot, opened, "spectrum_log")
    wait(qtbot, opened)
    assert plot.vb.viewRange()[1] == pytest.approx([bottom, top], rel=0.02)


@pytest.mark.parametrize("level", [1.0, 1e-15, 1e7])
def test_numbers_on_a_logarithmic_axis_are_the_values(qtbot, view, level):
    spectra = make_spectra()
    spread = np.geomspace(1.0, 900.0, spectra.wavelength.size) * level
    values = {n: getattr(spectra, n) for n in spectra.__dataclass_fields__}
    spread[100] = -level  # has no logarithm
    view.show_spectra([make_shown(type(spectra)(**{**values, "before": spread, "after": spread}))], "A", 1)
    view.show_settings(SpectrumSettings(log=True, aperture=False))
    settle(qtbot)
    low, high = view.flux_plot.vb.viewRange()[1]
    assert low < np.log10(2 * level)
    assert np.log10(800 * level) < high < np.log10(5000 * level)
    axis = view.flux_plot.getAxis("left")
    ((spacing, ticks),) = axis.tickValues(low, high, axis.size().height())
    texts = axis.tickStrings(ticks, axis.scale, spacing)
    power = {1.0: 0, 1e-15: -13, 1e7: 9}[level]
    assert len(ticks) >= 3
    assert [float(t) * 10.0**power for t in texts] == pytest.approx([10.0**t for t in ticks], rel=1e-3, abs=0.0)
    assert ("10" in axis.labelText) == (power != 0)


def test_an_error_band_goes_down_to_the_lower_end_where_the_error_is_larger_than_the_flux(qtbot, view):
    spectra = make_spectra()
    n = spectra.wavelength.size
    flux, error = np.full(n, 100.0), np.full(n, 10.0)
    flux[:50] = 3.0  # so that the axis reaches further down than the band is elsewhere
    error[300:500] = 200.0
    values = {k: getattr(spectra, k) for k in spectra.__dataclass_fields__}
    values |= {"before": flux, "after": flux, "before_err": error, "after_err": error}
    view.show_spectra([make_shown(type(spectra)(**values))], "A", 1)
    view.show_settings(SpectrumSettings(log=True, aperture=False, before=False, errors=True, masks=False))
    settle(qtbot)
    plot, bare = view.flux_plot, QColor(view._theme.plot)
    inside, outside = spectra.wavelength[400], spectra.wavelength[200]
    low = plot.vb.viewRange()[1][0]
    for level in (low + 0.05, 1.5, np.log10(95.0), np.log10(120.0)):
        assert colour_at(plot, inside, level) != bare, level
    assert colour_at(plot, outside, np.log10(95.0)) != bare
    assert colour_at(plot, outside, 1.5) == bare
    assert plot.vb.viewRange()[1][0] == pytest.approx(low)


def test_the_values_under_the_mouse_are_no_logarithms(qtbot, view):
    view.show_settings(SpectrumSettings(log=True))
    settle(qtbot)
    with qtbot.waitSignal(view.pointed) as told:
        hover(qtbot, view.flux_plot, 5.2, np.mean(view.flux_plot.vb.viewRange()[1]))
    (k,) = np.flatnonzero(make_spectra().wavelength == told.args[0])
    assert f"before {make_spectra().before[k]:.0f} MJy/sr" in told.args[1]
    with qtbot.waitSignal(view.picked) as picked:
        click(qtbot, view.flux_plot, 5.2, np.mean(view.flux_plot.vb.viewRange()[1]))
    assert picked.args[0] == pytest.approx(5.2, abs=0.003)
