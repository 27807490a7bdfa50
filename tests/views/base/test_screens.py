"""Screens of other scales, systems of other languages."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from PyQt6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator
from PyQt6.QtWidgets import QApplication, QComboBox, QDialog, QLabel, QPushButton, QToolButton

from tests.views.windows import FILES, dialog_of, press, settle


def run_on(screens: list[dict], folder, module: str) -> list[list[float]]:
    """Run a module on screens of our own, and read the numbers that it prints."""
    common = {"y": 0, "width": 1920, "height": 1080, "logicalBaseDpi": 96, "dpr": 1}
    (folder / "screens.json").write_text(json.dumps({"screens": [{**common, **screen} for screen in screens]}))
    environment = {name: value for name, value in os.environ.items() if name != "QT_SCALE_FACTOR"}
    environment["QT_QPA_PLATFORM"] = f"offscreen:configfile={folder / 'screens.json'}"
    command = [sys.executable, "-m", module, str(folder / "settings.ini")]
    done = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True, timeout=60)
    return [[float(word) for word in line.split()] for line in done.stdout.splitlines()]


def test_lines_are_as_thick_on_a_screen_of_another_scale(tmp_path):
    screens = [{"name": "one", "x": 0, "logicalDpi": 96}, {"name": "two", "x": 1920, "logicalDpi": 192}]
    size, *told = run_on(screens, tmp_path, "tests.views.base.two_screens")
    assert size == [1440.0, 900.0]
    assert told == [[1.0, 1.0, 1.0], [2.0, 1.0, 2.0], [1.0, 1.0, 1.0]]


def test_the_window_opens_no_larger_than_its_screen(tmp_path):
    """A plain screen at a scale of 1.5 has room for 1280 × 720."""
    screens = [{"name": "one", "x": 0, "logicalDpi": 144}, {"name": "two", "x": 1920, "logicalDpi": 144}]
    size, *_ = run_on(screens, tmp_path, "tests.views.base.two_screens")
    assert size[0] <= 1280
    assert size[1] < 720


@pytest.fixture
def german():
    """A system whose numbers have commas."""
    QLocale.setDefault(QLocale("de_DE"))
    yield
    QLocale.setDefault(QLocale.c())


class Wordy(QTranslator):
    """Qt's own texts in a language whose words are twice as long."""

    def translate(self, context, text, disambiguation=None, n=-1):
        """Write everything twice."""
        return f"{text} {text}" if context and context.startswith("Q") and text.isascii() else ""

    def isEmpty(self):
        """Have texts."""
        return False


@pytest.fixture(params=["twice as long", "qtbase_ar"])
def foreign(request, qapp):
    """Qt's own texts in another language, one of them written from right to left."""
    translator = Wordy()
    if request.param != "twice as long":
        translator = QTranslator()
        assert translator.load(request.param, QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
    QCoreApplication.installTranslator(translator)
    yield request.param
    QCoreApplication.removeTranslator(translator)
    QApplication.processEvents()


def cut(window) -> list[str]:
    """Texts of buttons and boxes in sight that are cut."""
    found = []
    for kind in (QPushButton, QToolButton, QComboBox):
        for widget in window.findChildren(kind):
            text = widget.currentText() if kind is QComboBox else widget.text()
            if widget.isVisible() and widget.fontMetrics().horizontalAdvance(text.replace("&", "")) > widget.width():
                found.append(text)
    return found


def test_numbers_have_a_point_wherever_they_are_shown(german, start, qtbot):
    window = start(*FILES)
    shown = [label.text() for label in window.findChildren(QLabel) if label.isVisible()]
    rows = window.slice_table.shown
    cells = (rows.index(r, c).data() for r in range(rows.rowCount()) for c in range(rows.columnCount()))
    shown += [str(cell) for cell in cells if cell]
    for plot in (window.spectrum.flux_plot, window.spectrum.ratio_plot, window.sky.plot):
        axis = plot.getAxis("left")
        low, high = axis.range
        shown += [t for step, values in axis.tickValues(low, high, 300) for t in axis.tickStrings(values, 1.0, step)]
    assert len(shown) > 40
    assert [text for text in shown if has_comma(text)] == []


def has_comma(text: str) -> bool:
    """Whether a text has a number with a comma for its point."""
    return any(a.isdigit() and b == "," and c.isdigit() for a, b, c in zip(text, text[1:], text[2:], strict=False))


def test_nothing_is_cut_where_qts_texts_are_long_or_foreign(foreign, start, qtbot, qapp):
    window = start(*FILES)
    assert window.minimumSizeHint().width() <= 900
    assert cut(window) == []
    for name in ("write_cubes", "run_on_cluster", "export_report", "send_file"):
        press(qtbot, window, name)
        dialog = dialog_of(window, QDialog)
        assert cut(dialog) == []
        assert dialog.width() <= 900
        dialog.close()
        qtbot.waitUntil(lambda: not any(d.isVisible() for d in window.findChildren(QDialog)))
    settle(qtbot, window)
