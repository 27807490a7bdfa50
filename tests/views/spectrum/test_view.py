"""The spectra of a spaxel, as they are seen."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QAbstractSpinBox, QCheckBox, QComboBox, QLabel

from atm_viewer.session.spectrum.lines import line_list
from atm_viewer.session.spectrum.settings import SpectrumSettings
from atm_viewer.views.base.theme import DARK, LIGHT
from atm_viewer.views.spectrum.view import MANY, SpectrumView
from tests.views.mouse import dot, drag, hover, leave, settle, show, view_range
from tests.views.synthetic import make_shown, make_spectra


@pytest.fixture
def view(qtbot):
    view = SpectrumView(line_list())
    show(qtbot, view, 700, 500)
    put(view, make_spectra())
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


def said(view) -> str:
    """Words of the legend."""
    return re.sub("<.*?>|&nbsp;|\u00a0", " ", view.header.legend.text())


def put(view, spectra, **shown):
    view.show_spectra([make_shown(spectra, **shown)], "A", 1)


def change(spectra, **values):
    return type(spectra)(**{**{n: getattr(spectra, n) for n in spectra.__dataclass_fields__}, **values})


def test_noise_is_a_number(qtbot, view):
    assert "noise 8.2 % → 1.4 %" in view.header.noise.text()
    put(view, make_spectra(noise_after=math.nan))
    assert "noise 8.2 % → not defined" in view.header.noise.text()


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
    for words in ("before", "after", "aperture 0.65″", "scaled", "no data"):
        assert words in said(view)


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
    put(view, spectra)
    settle(qtbot)
    assert has_colour(*spot)
    put(view, spectra, stale=True)
    settle(qtbot)
    assert has_colour(*spot)  # what comes at once makes nothing flicker
    qtbot.waitUntil(lambda: "updating…" in view.header.place.text())
    settle(qtbot)
    assert not has_colour(*spot)  # dimmed
    dimmed = QColor(DARK.plot)
    mixed = [round(0.45 * a + 0.55 * b) for a, b in zip(QColor(DARK.after).getRgb(), dimmed.getRgb(), strict=True)]
    assert has_colour(view.flux_plot, QColor(*mixed[:3]).name(), *spot[2:])
    put(view, make_spectra())
    settle(qtbot)
    assert "updating" not in view.header.place.text()
    assert has_colour(*spot)


def test_the_spaxel_is_drawn_before_its_aperture_and_nothing_flickers(qtbot, view):
    spectra, wave = make_spectra(), make_spectra().wavelength[333]
    nothing = np.full(spectra.wavelength.size, np.nan)
    fainter = change(spectra, spaxel=(3, 4), before=spectra.before / 2, after=spectra.after / 2)
    first = change(fainter, aperture_before=nothing, aperture_after=nothing, noise_before=math.nan, spaxel_only=True)
    legend = said(view)
    put(view, first)
    settle(qtbot)
    assert has_colour(view.flux_plot, DARK.after, wave, first.after[333])
    assert "noise …" in view.header.noise.text()
    assert "spaxel 3, 4" in view.header.place.text()
    assert said(view) == legend
    ratio = spectra.after / spectra.aperture_after
    seen = view.ratio_plot, (wave, ratio[333] / np.nanmedian(ratio))
    mixed = [
        round(0.45 * a + 0.55 * b) for a, b in zip(QColor(DARK.after).getRgb(), QColor(DARK.plot).getRgb(), strict=True)
    ]
    assert has_colour(seen[0], QColor(*mixed[:3]).name(), *seen[1])  # of the spaxel before, dimmed
    put(view, fainter)
    settle(qtbot)
    assert has_colour(seen[0], DARK.after, *seen[1])
    assert "noise 8.2 % → 1.4 %" in view.header.noise.text()


@pytest.mark.parametrize(("scale", "unit"), [(1.0, "MJy/sr"), (1e-9, "10⁻⁵ MJy/sr"), (1e5, "10⁹ MJy/sr")])
def test_axes_have_units_and_powers_of_ten(qtbot, view, scale, unit):
    spectra = make_spectra()
    put(view, change(spectra, before=spectra.before * scale, after=spectra.after * scale, spaxel=(7, 0)))
    settle(qtbot)
    left = view.flux_plot.getAxis("left")
    assert left.labelText == f"brightness [{unit}]"
    assert "[µm]" in view.ratio_plot.getAxis("bottom").labelString()
    # what the axis says at a value is the value
    power = {"MJy/sr": 0, "10⁻⁵ MJy/sr": -5, "10⁹ MJy/sr": 9}[unit]
    low, high = view.flux_plot.vb.viewRange()[1]
    spacing, values = left.tickValues(low, high, left.height())[0]
    numbers = [float(text) * 10.0**power for text in left.tickStrings(values, left.scale, spacing)]
    assert len(numbers) > 1
    assert numbers == pytest.approx(values, rel=1e-3)


@pytest.mark.parametrize("height", [560, 300, 200])
def test_names_of_axes_stay_beside_their_own_panel(qtbot, view, height):
    """Whatever is written there, and however little room there is."""
    view.resize(700, height)
    view.show_settings(SpectrumSettings(difference=True))
    for scale in (1.0, 1e9):
        spectra = make_spectra()
        put(view, change(spectra, before=spectra.before * scale, after=spectra.after * scale))
        settle(qtbot)
        for plot in view.plots.values():
            axis = plot.getAxis("left")
            label = axis.label.mapRectToScene(axis.label.boundingRect())
            if axis.labelText:
                assert abs(label.center().y() - axis.sceneBoundingRect().center().y()) < 2
                assert label.height() <= axis.sceneBoundingRect().height() + 10


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


def test_zoom_stays_and_heights_follow_another_spaxel(qtbot, view):
    whole = view_range(view.flux_plot)
    drag(qtbot, view.flux_plot, (5.2, 12000), (5.3, 12500))
    moved = view_range(view.flux_plot)
    assert moved != whole
    assert view.ratio_plot.vb.viewRange()[0] == pytest.approx(moved[:2])
    put(view, make_spectra(noise_after=0.01))
    assert view_range(view.flux_plot) == moved
    # another spaxel: the same wavelengths, and all of the curve within them
    fainter = change(make_spectra(), spaxel=(3, 3), before=make_spectra().before / 10, after=make_spectra().after / 10)
    put(view, fainter)
    left, right, low, high = view_range(view.flux_plot)
    assert (left, right) == tuple(moved[:2])
    assert 0 < low < 900
    assert 1300 < high < 2000
    qtbot.mouseClick(view.fit_button, Qt.MouseButton.LeftButton)
    put(view, make_spectra())
    assert view_range(view.flux_plot) == pytest.approx(whole)
    put(view, change(make_spectra(), band="ch2-short", wavelength=make_spectra().wavelength + 2))
    assert view_range(view.flux_plot)[:2] == pytest.approx([whole[0] + 2, whole[1] + 2])


def choose(view, **values):
    """Change settings as the session does."""
    view.show_settings(replace(view._settings, **values))


def test_error_bands_are_drawn_on_demand(qtbot, view):
    spectra = change(make_spectra(), after_err=np.full(1050, 1500.0))
    put(view, spectra)
    settle(qtbot)
    spot = dot(view.flux_plot, 4.93, spectra.after[38] - 1300)
    bare = view.canvas.grab().toImage().pixelColor(spot)
    choose(view, errors=True)
    settle(qtbot)
    assert view.canvas.grab().toImage().pixelColor(spot) != bare
    choose(view, errors=False)
    settle(qtbot)
    assert view.canvas.grab().toImage().pixelColor(spot) == bare


@pytest.mark.parametrize("what", ["nothing", "all NaN", "zero aperture"])
def test_spectra_without_values(qtbot, view, what):
    spectra = make_spectra()
    blank = np.full(1050, np.nan)
    if what == "nothing":
        view.show_spectra(())
        assert any("clicked spaxel" in label.text() for label in view.canvas.findChildren(QLabel))
    elif what == "all NaN":
        names = ("before", "after", "before_err", "after_err", "aperture_before", "aperture_after")
        put(view, change(spectra, **dict.fromkeys(names, blank), noise_before=np.nan, noise_after=np.nan))
        assert "not defined → not defined" in view.header.noise.text()
    else:
        put(view, change(spectra, aperture_before=np.zeros(1050), aperture_after=np.zeros(1050)))
    settle(qtbot)
    hover(qtbot, view.flux_plot, *np.mean(view.flux_plot.vb.viewRange(), axis=1))
    put(view, spectra)
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
    for control in (view.options_button, view.fit_button, view.header.noise, view.header.legend):
        assert control.toolTip()
    kinds = (QAbstractSpinBox, QCheckBox, QComboBox)
    controls = [w for kind in kinds for w in view.controls.findChildren(kind)]
    assert len(controls) > 20
    assert all(w.toolTip() for w in controls)


def test_of_many_spectra_those_that_changed_are_drawn_once_for_answers_that_come_together(qtbot, view):
    shown = [make_shown(make_spectra(), variant, place) for variant in "AB" for place in range(1, 9)]
    assert len(shown) > MANY
    view.show_spectra(shown, "A", 1)
    qtbot.waitUntil(lambda: sum(key[:2] == ("flux", "after") for key in view._items) == len(shown))
    drawn = []
    for key, item in view._items.items():
        item.sigPlotChanged.connect(lambda _, key=key: drawn.append(key))
    for k, brighter in enumerate((2.0, 3.0)):
        shown[k] = make_shown(change(make_spectra(), after=brighter * make_spectra().after), place=k + 1)
        view.show_spectra(shown, "A", 1)
    assert drawn == []  # they are drawn in the next turn
    settle(qtbot)
    assert {key[2:4] for key in drawn} == {("", 1), ("A", 1), ("A", 2)}  # the aperture is scaled to the active one
    assert drawn.count(("flux", "after", "A", 1, "")) == 1
    assert view._items["flux", "after", "A", 2, ""].getData()[1] == pytest.approx(
        3.0 * make_spectra().after, nan_ok=True
    )
