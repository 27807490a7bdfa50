"""The spectra of a spaxel, as they are seen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QLabel

from atm_viewer.views.spectrum_view import SpectrumView
from atm_viewer.views.theme import DARK, LIGHT
from tests.views.mouse import dot, drag, hover, leave, settle, show, view_range
from tests.views.synthetic import make_spectra


@pytest.fixture
def view(qtbot):
    view = SpectrumView()
    show(qtbot, view, 700, 500)
    view.show_spectra(make_spectra())
    settle(qtbot)
    return view


def has_colour(plot, colour: str, x: float, y: float, reach: int = 4) -> bool:
    """Whether a curve of this colour runs within a few dots of a position."""
    image, spot, wanted = plot.getViewWidget().grab().toImage(), dot(plot, x, y), QColor(colour)
    for dx in range(-reach, reach + 1):
        for dy in range(-reach, reach + 1):
            seen = image.pixelColor(spot.x() + dx, spot.y() + dy)
            if max(abs(a - b) for a, b in zip(seen.getRgb()[:3], wanted.getRgb()[:3], strict=True)) < 25:
                return True
    return False


def change(spectra, **values):
    return type(spectra)(**{**{n: getattr(spectra, n) for n in spectra.__dataclass_fields__}, **values})


def test_noise_is_a_number(qtbot, view):
    assert "noise 8.2 % → 1.4 %" in view.noise.text()
    view.show_spectra(make_spectra(noise_after=math.nan))
    assert "noise 8.2 % → not defined" in view.noise.text()


def test_curves_are_where_the_numbers_are(qtbot, view):
    spectra = make_spectra()
    for k in (100, 333, 800):
        wave = spectra.wavelength[k]
        assert has_colour(view.flux_plot, DARK.before, wave, spectra.before[k])
        assert has_colour(view.flux_plot, DARK.after, wave, spectra.after[k])
        ratio = spectra.after / spectra.aperture_after
        assert has_colour(view.ratio_plot, DARK.after, wave, ratio[k] / np.nanmedian(ratio))
        assert has_colour(view.flux_plot, DARK.aperture, wave, spectra.aperture_after[k] * np.nanmedian(ratio))


def test_legend_names_the_curves_and_the_scaling(view):
    for words in ("before", "after", "aperture 0.65″", "scaled"):
        assert words in view.legend.text()


def test_missing_wavelengths_are_gaps(qtbot, view):
    spectra = make_spectra()
    gap = spectra.wavelength[606]
    drag(qtbot, view.flux_plot, (5.2, 12000), (5.2, 12000))
    view.flux_plot.setXRange(gap - 0.012, gap + 0.012)
    settle(qtbot)
    level = 0.5 * (spectra.after[598] + spectra.after[614])
    assert not has_colour(view.flux_plot, DARK.after, gap, level, 12)
    assert has_colour(view.flux_plot, DARK.after, spectra.wavelength[620], spectra.after[620], 6)


def test_pending_dims_but_keeps_the_curves(qtbot, view):
    spectra = make_spectra()
    spot = view.flux_plot, DARK.after, spectra.wavelength[333], spectra.after[333]
    assert has_colour(*spot)
    view.set_pending(True)
    settle(qtbot)
    assert "updating…" in view.place.text()
    assert not has_colour(*spot)  # dimmed
    dimmed = QColor(DARK.plot)
    mixed = [round(0.45 * a + 0.55 * b) for a, b in zip(QColor(DARK.after).getRgb(), dimmed.getRgb(), strict=True)]
    assert has_colour(view.flux_plot, QColor(*mixed[:3]).name(), *spot[2:])
    view.show_spectra(make_spectra())
    view.set_pending(False)
    settle(qtbot)
    assert "updating" not in view.place.text()
    assert has_colour(*spot)


def test_axes_have_units_and_no_factor(qtbot, view):
    for scale in (1.0, 1e-4, 1e5):
        spectra = make_spectra()
        view.show_spectra(
            change(spectra, before=spectra.before * scale, after=spectra.after * scale, spaxel=(int(scale), 0))
        )
        settle(qtbot)
        for plot in (view.flux_plot, view.ratio_plot):
            for side in ("left", "bottom"):
                assert "x1" not in plot.getAxis(side).labelString()
                assert "×" not in plot.getAxis(side).labelString()
    assert "[MJy/sr]" in view.flux_plot.getAxis("left").labelString()
    assert "[µm]" in view.ratio_plot.getAxis("bottom").labelString()


def test_hover_tells_values_with_units_and_moves_nothing(qtbot, view):
    spectra = make_spectra()
    before = view_range(view.flux_plot) + view_range(view.ratio_plot)
    with qtbot.waitSignal(view.pointed) as told:
        hover(qtbot, view.flux_plot, 5.2, 12000)
    wavelength, text = told.args
    (k,) = np.flatnonzero(spectra.wavelength == wavelength)
    assert abs(spectra.wavelength[k] - 5.2) < 0.002
    assert f"before {spectra.before[k]:.0f} MJy/sr" in text
    assert f"after {spectra.after[k]:.0f} MJy/sr" in text
    assert " Jy, scaled " in text
    with qtbot.waitSignal(view.pointed) as told:
        hover(qtbot, view.ratio_plot, 5.386, 1.0)
    assert "before no value" in told.args[1]
    with qtbot.waitSignal(view.left):
        leave(qtbot, view.flux_plot)
    assert view_range(view.flux_plot) + view_range(view.ratio_plot) == before


def test_zoom_stays_for_the_same_spaxel_and_not_for_another(qtbot, view):
    whole = view_range(view.flux_plot)
    drag(qtbot, view.flux_plot, (5.2, 12000), (5.3, 12500))
    moved = view_range(view.flux_plot)
    assert moved != whole
    assert view.ratio_plot.vb.viewRange()[0] == pytest.approx(moved[:2])
    view.show_spectra(make_spectra(noise_after=0.01))
    assert view_range(view.flux_plot) == moved
    view.show_spectra(change(make_spectra(), spaxel=(3, 3)))
    assert view_range(view.flux_plot) == pytest.approx(whole)
    drag(qtbot, view.flux_plot, (5.2, 12000), (5.3, 12500))
    qtbot.mouseClick(view.fit_button, Qt.MouseButton.LeftButton)
    assert view_range(view.flux_plot) == pytest.approx(whole)


def test_error_bands_are_drawn_on_demand(qtbot, view):
    spectra = change(make_spectra(), after_err=np.full(1050, 1500.0))
    view.show_spectra(spectra)
    settle(qtbot)
    spot = dot(view.flux_plot, 4.93, spectra.after[38] - 1300)
    bare = view.canvas.grab().toImage().pixelColor(spot)
    qtbot.mouseClick(view.errors_box, Qt.MouseButton.LeftButton, pos=view.errors_box.rect().center() * 0.2)
    settle(qtbot)
    assert view.errors_box.isChecked()
    assert view.canvas.grab().toImage().pixelColor(spot) != bare
    qtbot.mouseClick(view.errors_box, Qt.MouseButton.LeftButton, pos=view.errors_box.rect().center() * 0.2)
    settle(qtbot)
    assert view.canvas.grab().toImage().pixelColor(spot) == bare


@pytest.mark.parametrize("what", ["nothing", "all NaN", "zero aperture"])
def test_spectra_without_values(qtbot, view, what):
    spectra = make_spectra()
    blank = np.full(1050, np.nan)
    if what == "nothing":
        view.show_spectra(None)
        assert any("Click a spaxel" in label.text() for label in view.canvas.findChildren(QLabel))
    elif what == "all NaN":
        names = ("before", "after", "before_err", "after_err", "aperture_before", "aperture_after")
        view.show_spectra(change(spectra, **dict.fromkeys(names, blank), noise_before=np.nan, noise_after=np.nan))
        assert "not defined → not defined" in view.noise.text()
    else:
        view.show_spectra(change(spectra, aperture_before=np.zeros(1050), aperture_after=np.zeros(1050)))
    settle(qtbot)
    hover(qtbot, view.flux_plot, *np.mean(view.flux_plot.vb.viewRange(), axis=1))
    view.show_spectra(spectra)
    settle(qtbot)
    assert has_colour(view.flux_plot, DARK.after, spectra.wavelength[333], spectra.after[333])


def test_light_and_dark(qtbot, view):
    spectra = make_spectra()
    for theme in (LIGHT, DARK):
        view.set_theme(theme)
        settle(qtbot)
        assert has_colour(view.flux_plot, theme.after, spectra.wavelength[333], spectra.after[333])
        assert view.canvas.grab().toImage().pixelColor(2, 2) == QColor(theme.plot)


def test_every_control_has_a_tooltip(view):
    for control in (view.errors_box, view.fit_button, view.noise, view.legend):
        assert control.toolTip()
