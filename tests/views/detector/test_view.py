"""The detector image, used with the mouse."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import Qt

from atm_viewer.views.base.plotting import plain
from atm_viewer.views.base.theme import DARK, LIGHT
from atm_viewer.views.detector.view import DetectorView, classify_dq, find_edges
from atm_viewer.views.images.brightness import Stretch, bin_mean, to_indices
from tests.views.mouse import brightest_at, click, colour_at, hover, leave, settle, show, view_range
from tests.views.synthetic import STAR, make_exposure, make_report, star_pixel


@pytest.fixture(scope="module", params=["MIRI", "NIRSPEC"])
def exposure(request):
    return make_exposure(request.param)


@pytest.fixture
def view(qtbot, exposure):
    view = DetectorView()
    show(qtbot, view)
    view.show_exposure(exposure)
    settle(qtbot)
    return view


def press(qtbot, view: DetectorView, layer: str) -> None:
    button = next(b for b in view.layer_buttons.buttons() if b.text() == layer)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    settle(qtbot)


def choose(box, text: str) -> None:
    box.setCurrentIndex(box.findText(text))


def star(exposure, column: int = 700) -> tuple[int, int]:
    return star_pixel(exposure, column)


def test_click_on_the_star_gives_slice_and_column(qtbot, view, exposure):
    x, y = star(exposure)
    with qtbot.waitSignal(view.picked) as picked:
        click(qtbot, view.plot, x, y)
    number, column = picked.args
    # a dot of the screen stands for several pixels
    assert number == STAR[exposure.instrument][0]
    assert abs(column - 700) <= max(view.view.viewPixelSize())
    assert column == pytest.approx(y if exposure.instrument == "MIRI" else x, abs=max(view.view.viewPixelSize()))


def test_click_is_exact_when_zoomed_in(qtbot, view, exposure):
    x, y = star(exposure)
    view.view.setRange(xRange=(x - 20, x + 20), yRange=(y - 15, y + 15))
    settle(qtbot)
    for dx, dy in ((0, 0), (0.4, -0.4), (0, 3)):
        with qtbot.waitSignal(view.picked) as picked:
            click(qtbot, view.plot, x + dx, y + dy)
        there = (x + round(dx), y + round(dy))
        assert picked.args == [
            int(exposure.regions[there[1], there[0]]),
            there[1 if exposure.instrument == "MIRI" else 0],
        ]


def test_click_between_slices_says_nothing(qtbot, view, exposure):
    middle = (512, 512) if exposure.instrument == "MIRI" else (1000, 85)
    assert exposure.regions[middle[1], middle[0]] == 0
    with qtbot.assertNotEmitted(view.picked):
        click(qtbot, view.plot, *middle)
        click(qtbot, view.plot, -3, 20)


def test_hover_tells_pixel_and_value_with_its_unit(qtbot, view, exposure):
    x, y = star(exposure)
    view.view.setRange(xRange=(x - 20, x + 20), yRange=(y - 15, y + 15))
    settle(qtbot)
    with qtbot.waitSignal(view.pointed) as told:
        hover(qtbot, view.plot, x, y)
    assert told.args == [x, y, f"SCI {plain(float(exposure.sci[y, x]))} MJy/sr"]
    with qtbot.waitSignal(view.left):
        leave(qtbot, view.plot)


def test_hover_on_a_bad_pixel_says_that_it_has_no_value(qtbot, view, exposure):
    y, x = np.argwhere((exposure.regions > 0) & (exposure.dq == 1 | 1 << 10))[50]
    view.view.setRange(xRange=(x - 20, x + 20), yRange=(y - 15, y + 15))
    settle(qtbot)
    with qtbot.waitSignal(view.pointed) as told:
        hover(qtbot, view.plot, x, y)
    assert told.args == [x, y, "SCI no value"]


def test_hover_and_click_leave_zoom_and_limits_alone(qtbot, view, exposure):
    before = view_range(view.plot), view.limits
    x, y = star(exposure)
    for k in range(0, 60, 15):
        hover(qtbot, view.plot, x + k, y + k)
    click(qtbot, view.plot, x, y)
    view.select(STAR[exposure.instrument][0], 700)
    leave(qtbot, view.plot)
    assert (view_range(view.plot), view.limits) == before


def test_changed_scale_keeps_zoom_and_fit_shows_all(qtbot, view, exposure):
    view.view.setRange(xRange=(100, 200), yRange=(100, 200))
    zoomed = view_range(view.plot)
    limits = view.limits
    for name in ("log", "linear"):
        choose(view.stretch_box, name)
    choose(view.share_box, "95 %")
    assert view_range(view.plot) == zoomed
    assert view.limits[1] < limits[1]
    qtbot.mouseClick(view.fit_button, Qt.MouseButton.LeftButton)
    ny, nx = exposure.sci.shape
    left, right, low, high = view_range(view.plot)
    assert left <= -0.5
    assert right >= nx - 0.5
    assert low <= -0.5
    assert high >= ny - 0.5


def test_narrow_trace_is_seen_all_along_in_a_small_window(qtbot, view, exposure):
    view.resize(400, 320)
    settle(qtbot)
    across, beside = ((1, 0), 9) if exposure.instrument == "MIRI" else ((0, 1), 28)
    for column in range(150, 950, 100):
        x, y = star(exposure, column)
        off = colour_at(view.plot, x + beside * across[0], y + beside * across[1]).lightness()
        assert brightest_at(view.plot, x, y, 1) > off + 40


def test_pixels_are_drawn_where_they_are(qtbot, view, exposure):
    choose(view.stretch_box, "linear")
    choose(view.share_box, "min–max")
    x, y = star(exposure)
    for reach in (12, 150, 400):  # drawn pixel by pixel, and folded
        view.view.setRange(xRange=(x - reach, x + reach), yRange=(y - reach, y + reach))
        settle(qtbot)
        across = np.arange(-12, 13) * max(1, reach // 100)
        if exposure.instrument == "MIRI":
            light = [colour_at(view.plot, x + k, y).lightness() for k in across]
        else:
            light = [colour_at(view.plot, x, y + k).lightness() for k in across]
        assert abs(across[int(np.argmax(light))]) <= max(1, reach // 60)


def test_chosen_slice_and_column_are_outlined(qtbot, view, exposure):
    number, _ = STAR[exposure.instrument]
    x, y = star(exposure, 300)
    view.view.setRange(xRange=(x - 30, x + 30), yRange=(y - 30, y + 30))
    settle(qtbot)
    numbers, low, high = find_edges(exposure.regions, exposure.dispersion_axis)
    edges = [bound[numbers.index(number), 320] for bound in (low, high)]
    miri = exposure.instrument == "MIRI"
    spots = [(edge, 320.0) if miri else (320.0, edge) for edge in edges]
    spots.append((x + 25.0, 300.0) if miri else (300.0, y + 25.0))
    spots = [spot for spot in spots if abs(spot[0] - x) < 29 and abs(spot[1] - y) < 29]
    assert len(spots) >= 2
    before = [colour_at(view.plot, *spot).lightness() for spot in spots]
    view.select(number, 300)
    settle(qtbot)
    after = [colour_at(view.plot, *spot).lightness() for spot in spots]
    assert all(a > b + 40 for a, b in zip(after, before, strict=True))


def test_layers_show_trace_model_and_residual(qtbot, view, exposure):
    press(qtbot, view, "Trace")
    assert "No trace model yet" in [label.text() for label in view.canvas.findChildren(type(view.legend).__base__)]
    report = make_report(exposure)
    view.show_report(report)
    settle(qtbot)
    x, y = star(exposure)
    view.view.setRange(xRange=(x - 20, x + 20), yRange=(y - 15, y + 15))
    settle(qtbot)
    with qtbot.waitSignal(view.pointed) as told:
        hover(qtbot, view.plot, x, y)
    assert f"trace {plain(float(report.trace[y, x]))} MJy/sr" in told.args[2]
    bright = colour_at(view.plot, x, y)
    assert bright.lightness() > 120

    press(qtbot, view, "Data − trace")
    low, high = view.limits
    assert low == -high
    assert high < 20  # noise alone, and not the star's 7,800 MJy/sr
    with qtbot.waitSignal(view.pointed) as told:
        hover(qtbot, view.plot, x, y + 0.2)
    assert f"SCI − trace {plain(float(exposure.sci[y, x] - report.trace[y, x]))} MJy/sr" in told.args[2]


def test_dq_layer_has_a_legend_and_no_brightness_scale(qtbot, view, exposure):
    press(qtbot, view, "DQ")
    assert view.legend.isVisible()
    assert "DO_NOT_USE" in view.legend.text()
    assert not view.stretch_box.isEnabled()
    y, x = np.argwhere((exposure.regions > 0) & (exposure.dq == 1 | 1 << 10))[70]
    view.view.setRange(xRange=(x - 5, x + 5), yRange=(y - 5, y + 5))
    settle(qtbot)
    assert colour_at(view.plot, x, y).name() == "#d55e00"
    press(qtbot, view, "Data")
    assert not view.legend.isVisible()
    assert view.stretch_box.isEnabled()


def test_a_report_on_another_exposure_is_not_shown(qtbot, view, exposure):
    other = make_report(exposure)
    view.show_report(type(other)("/data/other_cal.fits", other.slices, other.trace, 0.1))
    press(qtbot, view, "Trace")
    assert "No trace model yet" in [label.text() for label in view.canvas.findChildren(type(view.legend).__base__)]


def test_empty_view_invites_and_can_be_filled_again(qtbot, view, exposure):
    view.show_exposure(None)
    settle(qtbot)
    with qtbot.assertNotEmitted(view.picked):
        click(qtbot, view.plot, 100, 100)
    assert any("Open" in label.text() for label in view.canvas.findChildren(type(view.legend).__base__))
    view.show_exposure(exposure)
    settle(qtbot)
    with qtbot.waitSignal(view.picked):
        click(qtbot, view.plot, *star(exposure))


def test_exposure_without_a_finite_pixel_is_shown(qtbot, view, exposure):
    values = {name: getattr(exposure, name) for name in exposure.__dataclass_fields__}
    view.show_exposure(type(exposure)(**{**values, "sci": np.full_like(exposure.sci, np.nan), "key": "/data/nan.fits"}))
    settle(qtbot)
    with qtbot.waitSignal(view.pointed) as told:
        hover(qtbot, view.plot, *star(exposure))
    assert told.args[2] == "SCI no value"


def test_light_and_dark_plots(qtbot, view, exposure):
    view.set_theme(LIGHT)
    settle(qtbot)
    light = view.canvas.grab().toImage().pixelColor(2, 2)
    view.set_theme(DARK)
    settle(qtbot)
    dark = view.canvas.grab().toImage().pixelColor(2, 2)
    assert light.lightness() > 200
    assert dark.lightness() < 60


def test_every_control_has_a_tooltip(view):
    for control in (*view.layer_buttons.buttons(), view.stretch_box, view.share_box, view.fit_button):
        assert control.toolTip()


def test_dq_classes_rank_what_keeps_a_pixel_out():
    flags = np.array([[0, 4, 2, 1], [1 << 28, 4 | 2, 7, 1 | 512]], dtype=np.uint32)
    assert classify_dq(flags).tolist() == [[0, 2, 3, 4], [1, 3, 4, 0]]


def test_edges_are_those_of_the_region_map(exposure):
    numbers, low, high = find_edges(exposure.regions, exposure.dispersion_axis)
    assert numbers == exposure.slices
    cross = exposure.regions.T if exposure.instrument == "MIRI" else exposure.regions
    for number in numbers[::7]:
        for column in (0, 333, cross.shape[1] - 1):
            rows = np.flatnonzero(cross[:, column] == number)
            k = numbers.index(number)
            assert (low[k, column], high[k, column]) == (rows[0] - 0.5, rows[-1] + 0.5)


def test_edges_of_a_slice_that_ends_and_of_slices_that_touch():
    regions = np.zeros((6, 4), np.int32)
    regions[0:2, :2] = 5
    regions[2:6] = 9
    numbers, low, high = find_edges(regions, 1)
    assert numbers == (5, 9)
    np.testing.assert_array_equal(low, [[-0.5, -0.5, np.nan, np.nan], [1.5] * 4])
    np.testing.assert_array_equal(high, [[1.5, 1.5, np.nan, np.nan], [5.5] * 4])


@pytest.mark.parametrize("blocks", [(1, 1), (2, 4), (8, 1), (4, 8)])
def test_folding_is_the_mean_of_finite_pixels(blocks):
    rng = np.random.default_rng(2)
    image = rng.normal(5, 1, (150, 67)).astype(np.float32)
    image[rng.random(image.shape) < 0.3] = np.nan
    image[:8, :8] = np.nan
    rows, columns = blocks
    folded = bin_mean(image, *blocks)
    assert folded.shape == (-(-150 // rows), -(-67 // columns))
    assert np.isnan(folded[0, 0])
    for r, c in ((0, 0), (3, 5), (folded.shape[0] - 1, folded.shape[1] - 1)):
        block = image[r * rows : (r + 1) * rows, c * columns : (c + 1) * columns]
        expected = np.mean(block[np.isfinite(block)]) if np.isfinite(block).any() else np.nan
        np.testing.assert_allclose(folded[r, c], expected, rtol=1e-5)


@pytest.mark.parametrize("kind", ["asinh", "log", "linear"])
def test_display_indices_follow_the_stretch(kind):
    stretch = Stretch(kind, -3.0, 400.0)
    values = np.array([[-np.inf, -3.0, 0.0, 5.0, 100.0, 400.0, np.inf, np.nan]], dtype=np.float32)
    indices = to_indices(values, stretch)[0]
    assert indices[-1] == 255
    assert list(indices[[0, 1, 5, 6]]) == [0, 0, 253, 253]
    assert np.all(np.diff(indices[:6].astype(int)) >= 0)
    np.testing.assert_allclose(indices[1:6], 253 * stretch.forward(values[0, 1:6]), atol=1.0)


def test_asinh_shows_faint_light_that_linear_hides():
    faint = 0.01
    assert Stretch("asinh", 0, 1).forward(faint) > 0.2
    assert Stretch("linear", 0, 1).forward(faint) == pytest.approx(0.01)
    mirrored = Stretch("asinh", -1, 1, symmetric=True)
    assert mirrored.forward(0.0) == 0.5
    assert mirrored.forward(faint) + mirrored.forward(-faint) == pytest.approx(1.0)
