"""Display limits and colours of an image by numbers and by the handles of the colour bar."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QAbstractSpinBox, QApplication

from atm_viewer.session.edits.variants import Variants
from atm_viewer.session.state.sky_choice import BEFORE, DIFFERENCE, ShownSky, SkyChoice
from atm_viewer.views.base.kept import Kept
from atm_viewer.views.images.brightness import Stretch
from atm_viewer.views.images.scale_form import MAPS
from atm_viewer.views.sky.view import SkyView
from tests.views.mouse import click, colour_at, drag, let_go, settle, show
from tests.views.synthetic import make_sky
from tests.views.windows import press, wait


@pytest.fixture
def view(qtbot):
    view = SkyView()
    show(qtbot, view, 500, 420)
    view.show_image(make_sky())
    settle(qtbot)
    return view


def enter(qtbot, box: QAbstractSpinBox, text: str) -> None:
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, text)
    qtbot.keyClick(box, Qt.Key.Key_Return)
    settle(qtbot)


def colour_of(name: str, share: float) -> np.ndarray:
    return pg.colormap.get(MAPS[name]).getLookupTable(0.0, 1.0, 254)[round(share * 253), :3]


@pytest.mark.parametrize("kind", ["linear", "asinh", "log"])
@pytest.mark.parametrize("symmetric", [False, True])
def test_a_scale_can_be_inverted(kind, symmetric):
    scale = Stretch(kind, -50.0 if symmetric else 3.0, 50.0, symmetric)
    for value in (-20.0, 4.0, 10.0, 49.0)[0 if symmetric else 1 :]:
        assert scale.backward(float(scale.forward(value))) == pytest.approx(value, rel=1e-9)
    assert scale.backward(1.2) > 50.0


def test_limits_are_typed(qtbot, view):
    automatic = view.limits
    click(qtbot, view._bar, 0.5, 0.5)
    form = view.scale_form
    assert form.isVisible()
    enter(qtbot, form.high_box, "500")
    enter(qtbot, form.low_box, "-20,5")
    assert view.limits == (-20.5, 500.0)
    assert view.share_box.currentText() == "set…"
    view.show_image(make_sky())  # another image of the kind keeps them
    assert view.limits == (-20.5, 500.0)
    enter(qtbot, form.low_box, "600")  # above the high limit
    assert view.limits == (-20.5, 500.0)
    qtbot.mouseClick(form.auto_button, Qt.MouseButton.LeftButton)
    assert view.limits == automatic
    assert view.share_box.currentText() == "99.5 %"


def test_a_share_ends_limits_of_ones_own(qtbot, view):
    view.share_box.setFocus()
    for _ in range(view.share_box.count()):
        qtbot.keyClick(view.share_box, Qt.Key.Key_Down)
    assert view.share_box.currentText() == "set…"
    assert view.scale_form.isVisible()
    view.set_limits(0.0, 10.0)
    qtbot.keyClick(view.share_box, Qt.Key.Key_Up)
    assert view.share_box.currentText() == "95 %"
    assert view.limits != (0.0, 10.0)


def test_a_handle_moves_its_limit_and_goes_back(qtbot, view):
    view.stretch_box.setCurrentText("linear")
    low, high = view.limits
    drag(qtbot, view._bar, (0.5, 1.0), (0.5, 0.6), release=False)
    assert view.limits == pytest.approx((low, low + 0.6 * (high - low)), rel=0.03)
    let_go(qtbot, view._bar, (0.5, 0.6))
    assert view._bar.handles[1].value() == 1.0
    narrow = view.limits
    drag(qtbot, view._bar, (0.5, 0.0), (0.5, 0.5))
    assert view.limits == pytest.approx((low + 0.5 * (narrow[1] - low), narrow[1]), rel=0.03)
    assert view._bar.handles[0].value() == 0.0
    assert not view.scale_form.isVisible()


def test_limits_of_a_difference_are_its_own(qtbot, view):
    sky = make_sky()
    shown = ShownSky(SkyChoice(DIFFERENCE, BEFORE, "A"), (BEFORE, "A"), sky, sky, {BEFORE: sky, "A": make_sky()})
    view.set_limits(1.0, 70.0)
    view.show_sky(shown, Variants())
    assert view.limits[0] == -view.limits[1]
    view.stretch_box.setCurrentText("linear")
    high = view.limits[1]
    drag(qtbot, view._bar, (0.5, 1.0), (0.5, 0.75))
    assert view.limits == pytest.approx((-0.5 * high, 0.5 * high), rel=0.05)
    assert not view.scale_form.map_box.isEnabled()
    view.show_image(sky)
    assert view.limits == (1.0, 70.0)


@pytest.mark.parametrize("name", ["magma", "grey"])
def test_colours_are_chosen(qtbot, view, name):
    view.stretch_box.setCurrentText("linear")
    click(qtbot, view._bar, 0.5, 0.5)
    box = view.scale_form.map_box
    box.setFocus()
    while box.currentText() != name:
        qtbot.keyClick(box, Qt.Key.Key_Down)
    settle(qtbot)
    for place in (0.3, 0.8):
        seen = np.array(colour_at(view._bar, 0.5, place).getRgb()[:3])
        np.testing.assert_allclose(seen, colour_of(name, place), atol=8)


def test_limits_and_colours_are_kept_in_sessions(qtbot, view):
    view.set_limits(2.0, 80.0)
    view.scale_form.map_box.setCurrentText("magma")
    state = view.state()
    other = SkyView()
    show(qtbot, other, 500, 420)
    other.show_image(make_sky())
    left = Kept(state)
    other.restore(left)
    assert not left
    assert other.limits == (2.0, 80.0)
    assert other.scale_form.map_box.currentText() == "magma"
    assert other.state() == state


def test_a_key_opens_the_form(opened, qtbot):
    press(qtbot, opened, "sky_scale")
    wait(qtbot, opened)
    assert opened.sky.scale_form.isVisible()
    enter(qtbot, opened.sky.scale_form.high_box, "1234")
    assert opened.sky.limits[1] == 1234.0
    assert opened.sky.canvas.geometry().top() > opened.sky.scale_form.geometry().bottom()  # the image stays in sight
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    wait(qtbot, opened)
    assert not opened.sky.scale_form.isVisible()
    assert opened.sky.hasFocus()
