"""Options of the spectra, used with mouse and keys on the view: what is chosen is what is seen."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF
from PyQt6.QtWidgets import QAbstractSpinBox, QCheckBox, QComboBox

from atm_viewer.session.spectrum.lines import SpectralLine, line_list
from atm_viewer.session.spectrum.settings import SpectrumSettings
from atm_viewer.views.base.theme import DARK, LIGHT
from atm_viewer.views.spectrum.axes import place_labels
from atm_viewer.views.spectrum.view import SpectrumView
from tests.views.mouse import colour_at, drag, hover, settle, show, view_range
from tests.views.synthetic import make_shown, make_spectra

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def view(qtbot):
    view = SpectrumView(line_list())
    # the session's part: what is edited is shown
    view.settings_edited.connect(view.show_settings)
    show(qtbot, view, 1000, 560)
    view.show_spectra([make_shown(make_spectra())], "A", 1)
    settle(qtbot)
    qtbot.mouseClick(view.options_button, LEFT)
    assert view.controls.isVisible()
    return view


def pick(qtbot, box: QComboBox, text: str) -> None:
    """Choose an entry with the keys."""
    box.setFocus()
    while box.currentText() != text:
        before = box.currentIndex()
        qtbot.keyClick(box, Qt.Key.Key_Down if box.findText(text) > before else Qt.Key.Key_Up)
        assert box.currentIndex() != before
    settle(qtbot)


def tick(qtbot, box: QCheckBox) -> None:
    qtbot.mouseClick(box, LEFT, pos=QPoint(8, box.height() // 2))
    settle(qtbot)


def enter(qtbot, box: QAbstractSpinBox, text: str) -> None:
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, text)
    qtbot.keyClick(box, Qt.Key.Key_Return)
    settle(qtbot)


def test_options_stand_beside_the_spectra(qtbot, view):
    """What they change stays in sight."""
    canvas, controls = view.canvas, view.controls
    narrow = canvas.width()
    assert narrow > 600
    assert canvas.geometry().right() < controls.geometry().left()
    assert all(w.width() >= w.sizeHint().width() for w in controls.findChildren(QCheckBox))
    pick(qtbot, controls.unit_box, "Jy")
    assert controls.isVisible()
    qtbot.keyClick(controls.unit_box, Qt.Key.Key_Escape)
    assert not controls.isVisible()
    assert not view.options_button.isChecked()
    assert view.hasFocus()
    settle(qtbot)
    assert canvas.width() == view.width() > narrow
    view.show_options()
    assert controls.isVisible()
    assert view.options_button.isChecked()


def left_axis(view, plot):
    return plot.getAxis("left").labelText.replace("<br>", " ")


def test_units(qtbot, view):
    spectra, controls = make_spectra(), view.controls
    pick(qtbot, controls.unit_box, "Jy")
    assert left_axis(view, view.flux_plot) == "F<sub>ν</sub> per spaxel [Jy]"
    k = 333
    with qtbot.waitSignal(view.pointed) as told:
        hover(qtbot, view.flux_plot, spectra.wavelength[k], np.mean(view.flux_plot.vb.viewRange()[1]))
    (at,) = np.flatnonzero(spectra.wavelength == told.args[0])
    said = float(re.search(r"after ([\d.]+) Jy", told.args[1])[1])
    assert said == pytest.approx(spectra.after[at] * 1e6 * spectra.solid_angle, rel=1e-3)
    low, high = view.flux_plot.vb.viewRange()[1]
    assert low < spectra.after[k] * 1e6 * spectra.solid_angle < high
    pick(qtbot, controls.unit_box, "erg/s/cm²/Å")
    assert left_axis(view, view.flux_plot) == "F<sub>λ</sub> per spaxel [10⁻¹⁷ erg/s/cm²/Å]"


def test_axes(qtbot, view):
    controls = view.controls
    pick(qtbot, controls.axis_box, "frequency")
    assert view.ratio_plot.getAxis("bottom").labelText == "frequency [THz]"
    low, high = view.flux_plot.vb.viewRange()[0]
    assert low < 299.792458 / 5.74 < 299.792458 / 4.9 < high
    assert not controls.line_box.isEnabled()
    pick(qtbot, controls.axis_box, "velocity")
    assert controls.line_box.isEnabled()
    edit = controls.line_box.lineEdit()
    edit.selectAll()
    qtbot.keyClicks(edit, "[Fe II] 5.34")
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    settle(qtbot)
    assert view.ratio_plot.getAxis("bottom").labelText == "velocity about [Fe II] 5.34 [km/s]"
    assert view.flux_plot.vb.viewRange()[0] == pytest.approx([-3000, 3000])
    qtbot.mouseClick(view.fit_button, LEFT)
    low, high = view.flux_plot.vb.viewRange()[0]
    assert low < -20000
    assert high > 20000
    # what is no line is not taken
    edit.selectAll()
    qtbot.keyClicks(edit, "Vulcanium")
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert edit.text() == "[Fe II] 5.34"
    enter(qtbot, controls.redshift_box, "0.01")
    assert "z = 0.01" in view.ratio_plot.getAxis("bottom").labelText
    pick(qtbot, controls.axis_box, "rest wavelength")
    low, high = view.flux_plot.vb.viewRange()[0]
    assert low < 4.9 / 1.01 < 5.74 / 1.01 < high


def names(view) -> list[str]:
    return [label.line.name for label in view._strip.labels()]


def test_lines_are_named_above_the_spectra(qtbot, view):
    assert not view.strip_plot.isVisible()
    view.set_theme(LIGHT)  # a hidden axis that is coloured anew forgets its width
    tick(qtbot, view.controls.family_boxes["forbidden"])
    tick(qtbot, view.controls.family_boxes["H2"])
    assert view.strip_plot.isVisible()
    assert {"[Fe II] 5.34", "[Mg V] 5.61", "H2 0-0 S(7)", "H2 0-0 S(8)"} <= set(names(view))
    # the strip and the curves do not share a dot
    assert view.strip_plot.sceneBoundingRect().bottom() <= view.flux_plot.vb.sceneBoundingRect().top()
    # nor does it reach beyond them
    strip, flux = view.strip_plot.vb.sceneBoundingRect(), view.flux_plot.vb.sceneBoundingRect()
    assert (strip.left(), strip.right()) == pytest.approx((flux.left(), flux.right()), abs=1)
    # the tick stands over the line
    x = view.strip_plot.vb.mapViewToScene(QPointF(5.340169, 0.0)).x()
    assert abs(x - view.flux_plot.vb.mapViewToScene(QPointF(5.340169, 0.0)).x()) < 1.0
    assert view._strip.line_at(view._strip.mapFromScene(QPointF(x, 0)).x()).name == "[Fe II] 5.34"
    hover(qtbot, view.strip_plot, 5.340169, 0.2)
    assert "[Fe II] 5.34: 5.34017 µm at rest" in view.canvas.toolTip()
    # at a redshift others fall into the band
    enter(qtbot, view.controls.redshift_box, "0.2")
    assert "[Mg IV] 4.49" in names(view)
    assert "[Fe II] 5.34" not in names(view)
    hover(qtbot, view.strip_plot, 4.4867 * 1.2, 0.2)
    assert "4.4867 µm at rest, 5.384 µm observed" in view.canvas.toolTip()
    for family in ("forbidden", "H2"):
        tick(qtbot, view.controls.family_boxes[family])
    assert not view.strip_plot.isVisible()


@pytest.mark.parametrize("width", [300, 700])
def test_labels_do_not_overlap(qtbot, view, width):
    view.show_options()
    view.resize(width, 560)
    view.show_settings(SpectrumSettings(families=("forbidden", "H I", "H2", "CO", "PAH")))
    settle(qtbot)
    strip = view._strip
    labels, font = strip.labels(), strip._font()
    boxes = [(n.row, n.left, n.left + QFontMetricsF(font).horizontalAdvance(n.line.name)) for n in labels]
    assert len(boxes) > 3
    whole = strip.boundingRect()
    for k, (row, left, right) in enumerate(boxes):
        assert whole.left() <= left
        assert right <= whole.right() + 1
        assert all(row != other or right < a or b < left for other, a, b in boxes[k + 1 :])


def test_the_first_lines_get_room_first():
    lines = [(SpectralLine("x", name, 1.0), x) for name, x in (("aa", 50.0), ("bb", 52.0), ("cc", 54.0))]
    placed = place_labels(lines, lambda text: 20.0, 0.0, 100.0, 2)
    assert [(p.line.name, p.row) for p in placed] == [("aa", 0)]  # the leader of another would cross "aa"
    apart = [(line, x + 30.0 * k - 30.0) for k, (line, x) in enumerate(lines)]
    assert [p.row for p in place_labels(apart, lambda text: 20.0, 0.0, 200.0, 2)] == [0, 0, 0]
    bands = [(SpectralLine("x", line.name, 1.0, 0.5), x) for line, x in lines]
    assert [p.row for p in place_labels(bands, lambda text: 20.0, 0.0, 100.0, 2)] == [0, 1]
    assert place_labels(lines, lambda text: 200.0, 0.0, 100.0, 2) == []


def test_panels_come_and_go(qtbot, view):
    ticks = view.controls.ticks
    room = view.flux_plot.vb.height()
    assert not view.difference_plot.isVisible()
    view.set_theme(LIGHT)
    tick(qtbot, ticks["difference"])
    assert view.difference_plot.isVisible()
    assert view.difference_plot.vb.height() > 60
    assert view.difference_plot.vb.width() == pytest.approx(view.flux_plot.vb.width(), abs=1)
    assert left_axis(view, view.difference_plot) == "− aperture [MJy/sr]"
    assert view.difference_plot.getAxis("bottom").labelText == "wavelength [µm]"
    tick(qtbot, ticks["ratio"])
    assert not view.ratio_plot.isVisible()
    tick(qtbot, ticks["difference"])
    assert view.flux_plot.vb.height() > 1.3 * room  # the room of the others is used
    assert view.flux_plot.getAxis("bottom").labelText == "wavelength [µm]"
    tick(qtbot, ticks["ratio"])
    assert view.flux_plot.vb.height() == pytest.approx(room, abs=2)


def test_ratio_and_difference_against_another_variant(qtbot, view):
    spectra = make_spectra()
    other = type(spectra)(**{**vars(spectra), "after": spectra.after * 1.02})
    told = [make_shown(spectra, "A"), make_shown(other, "B", label="low")]
    view.show_spectra(told, "A", 1)
    box = view.controls.reference_box
    assert [box.itemText(i) for i in range(box.count())] == ["aperture", "before", "variant A", "variant B low"]
    pick(qtbot, box, "variant A")
    tick(qtbot, view.controls.ticks["difference"])
    assert left_axis(view, view.ratio_plot) == "variant / A"
    low, high = view.ratio_plot.vb.viewRange()[1]
    assert low < 1.02 < high
    wave = spectra.wavelength[800]
    for plot, value in ((view.ratio_plot, 1.02), (view.difference_plot, 0.02 * spectra.after[800])):
        seen = colour_at(plot, wave, value)
        wanted = QColor(DARK.variant("B"))
        assert max(abs(a - b) for a, b in zip(seen.getRgb(), wanted.getRgb(), strict=True)) < 60
    # the reference goes: the aperture stands in
    view.show_spectra([make_shown(other, "B")], "B", 1)
    assert left_axis(view, view.ratio_plot) == "spaxel / aperture"


def test_masks_are_hatched(qtbot, view):
    spectra = make_spectra()
    assert "no\u00a0data" in view.header.legend.text()
    view.flux_plot.setXRange(5.30, 5.46)
    settle(qtbot)
    image = view.canvas.grab().toImage()
    low, high = view.flux_plot.vb.viewRange()[1]

    def shades(wave: float) -> int:
        """Number of colours along a vertical line near the foot of the plot."""
        spots = (
            view.flux_plot.vb.mapViewToScene(QPointF(wave, low + (high - low) * f)) for f in np.linspace(0.02, 0.1)
        )
        return len({image.pixelColor(spot.toPoint()).name() for spot in spots})

    gap = float(spectra.wavelength[606])
    assert shades(gap) > 1
    assert shades(gap + 0.02) == 1
    tick(qtbot, view.controls.ticks["masks"])
    image = view.canvas.grab().toImage()
    assert shades(gap) == 1
    assert "no\u00a0data" not in view.header.legend.text()


def test_smoothing_in_a_region_that_is_dragged(qtbot, view):
    controls = view.controls
    assert not controls.region_tick.isEnabled()
    pick(qtbot, controls.kernel_box, "boxcar")
    enter(qtbot, controls.width_box, "41")
    assert "smoothed: boxcar 41 planes" in view.header.place.text()
    (after,) = (c for c in view._picture.curves if c.role == "after")
    rough = np.nanstd(np.diff(after.plain[20:500]))
    assert np.nanstd(np.diff(after.flux[20:500])) < 0.3 * rough
    noise = view.header.noise.text()
    tick(qtbot, controls.region_tick)
    low, high = view._settings.region
    y = np.mean(view.flux_plot.vb.viewRange()[1])
    before = view_range(view.flux_plot)
    drag(qtbot, view.flux_plot, (high, y), (5.70, y))
    assert view._settings.region[0] == pytest.approx(low, abs=0.003)
    assert view._settings.region[1] == pytest.approx(5.70, abs=0.01)
    assert view_range(view.flux_plot) == before
    (after,) = (c for c in view._picture.curves if c.role == "after")
    outside = np.isfinite(after.plain) & (after.x < low)
    np.testing.assert_array_equal(after.flux[outside], after.plain[outside])
    # As it was dragged, which is to whole pixels of the screen.
    assert "{:.3f}–{:.3f} µm".format(*view._settings.region) in view.header.place.text()
    assert view.header.noise.text() == noise


def test_the_form_shows_what_is_set(qtbot, view):
    settings = SpectrumSettings(
        unit="Jy", axis="velocity", line="Br α", redshift=0.5, families=("H I",), errors=True, aperture=False,
        ratio=False, kernel="gaussian", width=12.5, width_unit="km/s", region=(5.0, 5.2), arrangement="stacked",
        reference="before",
    )  # fmt: skip
    with qtbot.assertNotEmitted(view.settings_edited):
        view.show_settings(settings)
    controls = view.controls
    assert (controls.unit_box.currentText(), controls.axis_box.currentText()) == ("Jy", "velocity")
    assert (controls.line_box.currentText(), controls.redshift_box.value()) == ("Br α", 0.5)
    assert [n for n, box in controls.family_boxes.items() if box.isChecked()] == ["H I"]
    assert [n for n, box in controls.ticks.items() if box.isChecked()] == [
        *("before", "scaled", "errors", "masks", "predicted")
    ]
    assert not controls.ticks["scaled"].isEnabled()  # without an aperture there is nothing to scale
    assert (controls.kernel_box.currentText(), controls.width_box.value()) == ("gaussian", 12.5)
    assert controls.region_tick.isChecked()
    assert controls.reference_box.currentText() == "before"


def test_several_places_are_told_apart_by_colour_and_variants_by_dash(qtbot, view):
    spectra = make_spectra()
    faint = type(spectra)(**{**vars(spectra), "after": spectra.after / 2})
    told = [make_shown(s, v, p) for p, s in ((1, spectra), (2, faint)) for v in "AB"]
    for theme in (LIGHT, DARK):
        view.set_theme(theme)
        view.show_spectra(told, "A", 1)
        pens = {key[2:4]: item.opts["pen"] for key, item in view._items.items() if key[:2] == ("flux", "after")}
        assert {key: pen.color().name() for key, pen in pens.items()} == {
            ("A", 1): theme.variants[0], ("B", 1): theme.variants[0],
            ("A", 2): theme.variants[1], ("B", 2): theme.variants[1],
        }  # fmt: skip
        assert len({pens[("A", p)].style() for p in (1, 2)}) == 1
        assert pens[("A", 1)].style() != pens[("B", 1)].style()
    pick(qtbot, view.controls.arrangement_box, "stacked")
    assert "2\u00a0A\u00a0+\u00a0" in view.header.legend.text()
