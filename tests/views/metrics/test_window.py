"""Periods, noise map and lines in the whole window, by mouse and keys."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt

from atm_viewer.jobs.requests.measures import MakeNoiseMap, MakePeriods, MeasureLines
from tests.views.mouse import click, hover
from tests.views.windows import FILES, wait


@pytest.fixture
def window(start, qtbot):
    window = start(*FILES, size=(1440, 900))
    wait(qtbot, window)
    return window


def asked(window, kind) -> list:
    return [request for request in window.session.jobs._workers.requests if isinstance(request, kind)]


def plain_text(html: str) -> str:
    return " ".join(re.sub("<.*?>|&nbsp;|\u00a0", " ", html).split())


def show_panel(window, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_8, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(window.metrics.isVisible)
    wait(qtbot, window)


def choose_tab(window, qtbot, title):
    bar = window.metrics.tabBar()
    at = next(k for k in range(bar.count()) if bar.tabText(k) == title)
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(at).center())
    wait(qtbot, window)


def test_nothing_is_measured_that_nobody_sees(window, qtbot):
    assert window.metrics_panel.isHidden()
    assert not asked(window, MakePeriods | MakeNoiseMap | MeasureLines)
    show_panel(window, qtbot)
    assert window.metrics_panel in window.bench.tabifiedDockWidgets(window.spectrum_panel)
    assert len(asked(window, MakePeriods)) == 1
    assert not asked(window, MakeNoiseMap | MeasureLines)
    window.metrics_panel.close_button.click()
    wait(qtbot, window)
    window.session.recipes.set_global("fit_threshold", 7.0)
    wait(qtbot, window)
    assert len(asked(window, MakePeriods)) == 1


def test_each_is_found_in_the_menu(window, qtbot):
    for name, title in (("show_noise", "Noise map"), ("show_lines", "Lines"), ("show_periods", "Periods")):
        window.actions_by_name[name].trigger()
        qtbot.waitUntil(window.metrics.isVisible)
        wait(qtbot, window)
        assert window.metrics.tabText(window.metrics.currentIndex()) == title
    assert window.session.answers.measured.periods is not None
    assert window.session.answers.measured.noise is None  # nobody sees it any more


def test_measured_periods_lie_on_the_predicted_line(window, qtbot):
    show_panel(window, qtbot)
    view = window.metrics.periods
    words = plain_text(view.words.text())
    assert "predicted period (one pixel)" in words
    assert "fringes of 2.9 cm⁻¹" in words
    ratio = float(re.search(r"predicted period ([\d.]+)", words)[1])
    assert ratio == pytest.approx(1.0, abs=0.08)
    before, after = (float(v) for v in re.search(r"amplitude ([\d.]+) % → ([\d.]+) %", words).groups())
    assert before == pytest.approx(12, rel=0.05)
    assert after == pytest.approx(12 * 0.12, rel=0.2)
    # The line is drawn where the fake spectra have their period.
    report = window.session.answers.measured.periods
    curve = view._curves[0]
    x, y = curve.getData()
    known = np.isfinite(y)
    assert 10 ** y[known] == pytest.approx(
        np.interp(x, report.periods.wavelength, report.periods.period)[known], rel=0.01
    )
    limits = view.limits
    view.side_box.setFocus()
    qtbot.keyClick(view.side_box, Qt.Key.Key_Down)
    assert view.side_box.currentText() == "after"
    assert view.limits == limits
    assert view.power is report.after


def test_periods_follow_the_place(window, qtbot):
    show_panel(window, qtbot)
    click(qtbot, window.sky.plot, -0.65, 0.39)
    wait(qtbot, window)
    assert asked(window, MakePeriods)[-1].extraction.place == window.session.state.position


def test_ticks_under_the_spectrum(window, qtbot):
    session, spectrum = window.session, window.spectrum
    assert list(spectrum.crossings.rows) == []
    spectrum.show_options()
    tick = spectrum.controls.ticks["crossings"]
    assert "Default: hidden" in tick.toolTip()
    qtbot.mouseClick(tick, Qt.MouseButton.LeftButton, pos=QPoint(8, tick.height() // 2))
    spectrum.show_options()
    wait(qtbot, window)
    first, second = spectrum.crossings.rows  # an exposure each
    position = (first - 4.9) / (0.06 + 0.1 * (first - 4.9))
    assert position == pytest.approx(np.round(position), abs=0.02)
    assert first.size >= 4
    assert not np.allclose(first[:3], second[:3], atol=1e-3)
    session.look.set_spectrum_settings(replace(session.state.spectrum_settings, axis="frequency"))
    assert (spectrum.crossings.rows[0] > 10).all()
    session.look.set_spectrum_settings(replace(session.state.spectrum_settings, crossings=False))
    wait(qtbot, window)
    assert list(spectrum.crossings.rows) == []


def test_noise_map_before_after_and_ratio(window, qtbot):
    show_panel(window, qtbot)
    choose_tab(window, qtbot, "Noise map")
    view = window.metrics.noise
    assert asked(window, MakeNoiseMap)
    assert view._bar._axis.labelText == "noise before [%]"
    assert view.limits == pytest.approx((0.0, 100 * np.nanmax(window.session.answers.measured.noise.before)), rel=1e-4)
    hover(qtbot, view.plot, -0.39, -0.26)
    assert view.value_label.text() == "spaxel 23, 18: 10 %"
    limits = view.limits
    for choice, value in (("after", "1.67 %"), ("after / before", "16.7 %"), ("flux change", "0.1 %")):
        view.choice_box.setFocus()
        qtbot.keyClick(view.choice_box, Qt.Key.Key_Down)
        assert view.choice_box.currentText() == choice
        hover(qtbot, view.plot, -0.40, -0.26)
        hover(qtbot, view.plot, -0.39, -0.26)
        assert view.value_label.text() == f"spaxel 23, 18: {value}"
        assert (view.limits == limits) == (choice == "after")
    click(qtbot, view.plot, -0.13, -0.26)
    np.testing.assert_allclose(
        window.session.answers.sky.offsets(*window.session.state.position), (-0.13, -0.26), atol=0.02
    )


def flux_of(cell: str) -> tuple[float, float]:
    """Flux and error [W/m²] in a cell such as "(1.23 ± 0.04)·10⁻²⁰ (75 %)"."""
    flux, error, power = re.match(r"\((.+?) ± (.+?)\)·10(⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)", cell).groups()
    scale = 10.0 ** int(power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")))
    return float(flux.replace("−", "-")) * scale, float(error) * scale


def test_marked_lines_in_numbers(window, qtbot):
    show_panel(window, qtbot)
    choose_tab(window, qtbot, "Lines")
    view = window.metrics.lines
    assert "No marked line" in view.words.text()
    session = window.session
    session.look.set_spectrum_settings(replace(session.state.spectrum_settings, families=("forbidden", "H2")))
    wait(qtbot, window)
    rows = {view.table.item(r, 0).text(): r for r in range(view.table.rowCount())}
    assert "[Fe II] 5.34" in rows
    assert view.table.item(rows["[Fe II] 5.34"], 1).text() == "5.3402"
    assert re.match(r"\(−?\d\.\d\d ± \d\.\d\d\)·10⁻", view.table.item(rows["[Fe II] 5.34"], 2).text())
    headings = [view.table.horizontalHeaderItem(k).text() for k in range(9)]
    ratios = set()
    for row in rows.values():
        found = {name: view.table.item(row, k).text() for k, name in enumerate(headings)}
        (before, before_err), (after, after_err), (expected, _) = (
            flux_of(found[f"{name}\n[W/m²]"]) for name in ("flux before", "flux after", "expected")
        )
        assert expected == pytest.approx(1.1 * before, rel=0.02)
        assert found["expected\n[W/m²]"].endswith(" (75 %)")
        certain = abs(before) > 3 * before_err and abs(after) > 3 * after_err
        ratios.add(certain)
        if certain:
            assert float(found["after/before"]) == pytest.approx(after / before, rel=0.02)
            assert float(found["after/\nexpected"]) == pytest.approx(after / expected, rel=0.02)
        else:
            assert found["after/before"] == found["after/\nexpected"] == "–"
    assert ratios == {True, False}  # lines of both kinds were seen
    view.where_box.setCurrentText("aperture")  # of which nothing is expected but what it has
    assert view.table.item(rows["[Fe II] 5.34"], headings.index("expected\n[W/m²]")).text() == "–"
    view.where_box.setCurrentText("spaxel")
    assert view.words.text().startswith("Aperture flux after / before: 1.001 ±")
    assert view.speed_box.text() == "600 km/s"
    view.speed_box.setFocus()
    qtbot.keyClick(view.speed_box, Qt.Key.Key_Up)
    wait(qtbot, window)
    assert asked(window, MeasureLines)[-1].speed == 650.0
    session.look.set_spectrum_settings(replace(session.state.spectrum_settings, redshift=0.5))
    wait(qtbot, window)
    assert "[Fe II] 5.34" not in {view.table.item(r, 0).text() for r in range(view.table.rowCount())}
