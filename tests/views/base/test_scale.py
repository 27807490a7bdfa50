"""Everything is large enough on fine screens and in large pictures."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from PyQt6.QtGui import QImage

from atm_viewer.views.window.main_window import MainWindow


def test_a_picture_in_4k_can_be_read(tmp_path):
    path = tmp_path / "window.png"
    command = [sys.executable, "-m", "atm_viewer", "--screenshot", str(path), "--size", "3840x2160"]
    environment = {name: value for name, value in os.environ.items() if name != "QT_SCALE_FACTOR"}
    subprocess.run(command, check=True, env=environment, timeout=60)
    image = QImage(str(path))
    assert (image.width(), image.height()) == (3840, 2160)
    # The line of the menus is twice as high as on a plain screen: text is drawn in it below 20 pixels.
    ground = image.pixelColor(2, 2)
    text = [y for y in range(44) for x in range(300) if image.pixelColor(x, y).lightness() - ground.lightness() > 90]
    assert max(text) - min(text) >= 16


def test_a_size_is_chosen_for_the_next_start(window, settings, qtbot):
    window.scale.choose(100)
    assert window.banner.isHidden()
    window.actions_by_name["scale_150"].trigger()
    assert "150 %" in window.banner.label.text()
    code = (
        "import os, sys; from PyQt6.QtCore import QSettings; from PyQt6.QtWidgets import QApplication;"
        "from atm_viewer.views.base.scale import use_scale;"
        "use_scale(QSettings(sys.argv[1], QSettings.Format.IniFormat));"
        "print(QApplication([]).devicePixelRatio())"
    )
    settings.sync()
    environment = {name: value for name, value in os.environ.items() if name != "QT_SCALE_FACTOR"}
    done = subprocess.run(
        [sys.executable, "-c", code, settings.fileName()],
        check=True,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert float(done.stdout) == 1.5
    again = MainWindow(window.session, settings)
    qtbot.addWidget(again)
    assert again.actions_by_name["scale_150"].isChecked()


@pytest.mark.parametrize(("width", "ratio", "told"), [(3840, 1.0, True), (3840, 2.0, False), (1920, 1.0, False)])
def test_fine_screens_are_minded_once(window, width, ratio, told):
    window.scale.advise(width, ratio)
    assert window.banner.isVisible() == told
    window.banner.dismiss()
    window.scale.advise(width, ratio)
    assert window.banner.isHidden()
