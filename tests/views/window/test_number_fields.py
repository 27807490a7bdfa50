"""Every field for a number: it gives the keyboard back, leaves the window its keys, and takes either decimal sign."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QLocale, Qt
from PyQt6.QtWidgets import QAbstractSpinBox, QApplication, QDoubleSpinBox

from atm_viewer.views.images.scale_form import ScaleForm
from atm_viewer.views.learn.window import LearnWindow
from tests.views.windows import wait


@pytest.fixture
def german():
    """A system whose numbers have commas."""
    QLocale.setDefault(QLocale("de_DE"))
    yield
    QLocale.setDefault(QLocale.c())


def fields(window) -> list[QAbstractSpinBox]:
    """All boxes for numbers, those of the Learn window and of hidden panels too."""
    LearnWindow(window.session, window, window.theme).show()
    for panel in window.bench.panels.values():
        panel.show()
    window.spectrum.options_button.setChecked(True)
    for form in window.findChildren(ScaleForm):
        form.show()
    return window.findChildren(QAbstractSpinBox)


def test_return_gives_the_keyboard_back_and_the_window_has_its_keys(opened, qtbot):
    boxes = [box for box in fields(opened) if box.window() is opened]
    assert len(boxes) >= 6
    keys = [key for action in opened.actions_by_name.values() for key in action.shortcuts()]
    assert len(keys) > 60
    for box in boxes:
        box.setFocus()
        qtbot.keyClick(box, Qt.Key.Key_Return)
        assert QApplication.focusWidget() is not box, box.toolTip()
    wait(qtbot, opened)


def test_ctrl_e_and_ctrl_u_are_the_windows_while_a_field_has_the_keyboard(opened, qtbot):
    box = opened.sky.radius_box
    box.setFocus()
    before = box.text()
    for name in ("write_cubes", "spectrum_options"):
        asked = []
        action = opened.actions_by_name[name]
        action.triggered.disconnect()
        action.triggered.connect(lambda *_, asked=asked: asked.append(1))
        qtbot.keySequence(box, action.shortcut())
        assert asked == [1]
    assert box.text() == before


@pytest.mark.parametrize("sign", [".", ","])
def test_either_decimal_sign_is_taken_and_a_point_is_shown(german, opened, qtbot, sign):
    boxes = [box for box in fields(opened) if isinstance(box, QDoubleSpinBox) and box.decimals()]
    assert len(boxes) >= 5
    for box in boxes:
        box.setEnabled(True)
        # Halves, since some boxes take multiples of an eighth only.
        value = round(box.minimum() + 0.5, 1) if box.maximum() > box.minimum() + 1 else 0.5
        box.setFocus()
        box.selectAll()
        qtbot.keyClicks(box, f"{value:.1f}".replace(".", sign))
        qtbot.keyClick(box, Qt.Key.Key_Return)
        assert box.value() == pytest.approx(value), box.toolTip()
        assert "," not in box.text(), box.toolTip()
    wait(qtbot, opened)
