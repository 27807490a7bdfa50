"""Plots of a window are painted one after the other, and all of them in the end."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QEvent, QTimer
from PyQt6.QtGui import QColor, QRegion
from PyQt6.QtWidgets import QApplication, QHBoxLayout, QWidget

from atm_viewer.views.base.paint_turns import all_painted, must_wait, painting_in_turns
from atm_viewer.views.base.plotting import Canvas

COLOURS = ("#d55e00", "#0072b2", "#009e73")


class Window(QWidget):
    """Three plots, and in which turn of the event loop each was painted."""

    def __init__(self) -> None:
        super().__init__()
        self.turn = 0
        self.painted: list[tuple[int, int]] = []
        self.canvases = [Noted(self, k) for k in range(len(COLOURS))]
        row = QHBoxLayout(self)
        for canvas in self.canvases:
            row.addWidget(canvas)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._count)
        self._timer.start(0)

    def event(self, event):
        with painting_in_turns(event):
            return super().event(event)

    def seen(self) -> list[str]:
        image = self.grab().toImage()
        return [image.pixelColor(canvas.geometry().center()).name() for canvas in self.canvases]

    def _count(self) -> None:
        self.turn += 1


class Noted(Canvas):
    def __init__(self, window: Window, number: int):
        super().__init__()
        self._of, self._number = window, number

    def drawBackground(self, painter, rect):
        self._of.painted.append((self._of.turn, self._number))
        super().drawBackground(painter, rect)


@pytest.fixture
def window(qtbot):
    window = Window()
    qtbot.addWidget(window)
    window.resize(600, 200)
    with qtbot.waitExposed(window):
        window.show()
    qtbot.waitUntil(lambda: {number for _, number in window.painted} == {0, 1, 2})
    window.painted.clear()
    return window


def repaint(window: Window) -> None:
    for canvas, colour in zip(window.canvases, COLOURS, strict=True):
        canvas.setBackground(QColor(colour))
        canvas.viewport().update()


def test_plots_take_turns(window, qtbot):
    repaint(window)
    QApplication.processEvents()
    assert not all_painted()
    qtbot.waitUntil(all_painted)
    assert {number for _, number in window.painted} == {0, 1, 2}
    turns = [turn for turn, _ in window.painted]
    assert len(set(turns)) == len(turns) == 3
    assert window.seen() == list(COLOURS)


def test_plots_wait_although_the_window_gets_other_events_while_it_is_painted(window):
    """As it does when what has changed is laid out anew first."""
    plot = window.canvases[0].viewport()
    with painting_in_turns(QEvent(QEvent.Type.UpdateRequest)):
        with painting_in_turns(QEvent(QEvent.Type.LayoutRequest)):
            assert not must_wait(plot, QRegion(plot.rect()))
        assert must_wait(plot, QRegion(plot.rect()))
    assert not must_wait(plot, QRegion(plot.rect()))


def test_a_picture_waits_for_nothing(window):
    repaint(window)
    assert window.seen() == list(COLOURS)
    assert {number for _, number in window.painted} == {0, 1, 2}


def test_a_plot_may_go_while_it_waits(window, qtbot):
    repaint(window)
    window.canvases[1].hide()
    qtbot.waitUntil(lambda: {number for _, number in window.painted} == {0, 2})
    qtbot.waitUntil(all_painted)
