"""The user's hand: mouse on a plot, at positions given in the plot's own coordinates."""

from __future__ import annotations

import math

import pyqtgraph as pg
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QColor, QMouseEvent, QWheelEvent
from PyQt6.QtWidgets import QApplication, QMenu, QWidget


def show(qtbot, widget: QWidget, width: int = 700, height: int = 450) -> None:
    """Show a widget at a size, laid out and painted."""
    qtbot.addWidget(widget)
    widget.resize(width, height)
    with qtbot.waitExposed(widget):
        widget.show()
    settle(qtbot)


def settle(qtbot) -> None:
    """Wait until layouts and plots are in place."""
    for _ in range(3):
        QApplication.processEvents()
    qtbot.wait(20)


def dot(plot: pg.PlotItem, x: float, y: float) -> QPoint:
    """Where a position of a plot is on the canvas [dots]."""
    return plot.getViewWidget().mapFromScene(plot.vb.mapViewToScene(QPointF(x, y)))


def click(
    qtbot, plot: pg.PlotItem, x: float, y: float, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    """Click with the left button, and keys held."""
    spot = dot(plot, x, y)
    viewport = plot.getViewWidget().viewport()
    _send(viewport, QEvent.Type.MouseMove, spot)
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, modifier, pos=spot)
    settle(qtbot)


def right_click(qtbot, plot: pg.PlotItem, x: float, y: float) -> None:
    """Click with the right button."""
    spot, viewport = dot(plot, x, y), plot.getViewWidget().viewport()
    _send(viewport, QEvent.Type.MouseMove, spot)
    qtbot.mouseClick(viewport, Qt.MouseButton.RightButton, pos=spot)
    settle(qtbot)


def choose(qtbot, menu: QMenu, text: str) -> None:
    """Click an entry of an open menu, or of a menu within it."""
    action = next(a for a in menu.actions() if a.text() == text)
    assert menu.isVisible()
    qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())
    settle(qtbot)


def double_click(qtbot, plot: pg.PlotItem, x: float, y: float) -> None:
    """Click twice with the left button."""
    click(qtbot, plot, x, y)
    spot, viewport, left = dot(plot, x, y), plot.getViewWidget().viewport(), Qt.MouseButton.LeftButton
    _send(viewport, QEvent.Type.MouseButtonDblClick, spot, left, left)
    _send(viewport, QEvent.Type.MouseButtonRelease, spot, left)
    settle(qtbot)


def hover(qtbot, plot: pg.PlotItem, x: float, y: float) -> None:
    """Move the mouse without a button."""
    _send(plot.getViewWidget().viewport(), QEvent.Type.MouseMove, dot(plot, x, y))
    settle(qtbot)


def leave(qtbot, plot: pg.PlotItem) -> None:
    """Take the mouse off the canvas."""
    QApplication.sendEvent(plot.getViewWidget(), QEvent(QEvent.Type.Leave))
    settle(qtbot)


def drag(
    qtbot,
    plot: pg.PlotItem,
    start: tuple[float, float],
    end: tuple[float, float],
    release: bool = True,
    modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    """Press the left button, move in a few steps with keys held, and let go."""
    a, b = dot(plot, *start), dot(plot, *end)
    viewport = plot.getViewWidget().viewport()
    left = Qt.MouseButton.LeftButton
    _send(viewport, QEvent.Type.MouseMove, a)
    qtbot.wait(15)
    _send(viewport, QEvent.Type.MouseButtonPress, a, left, left, modifier)
    for k in range(1, 7):
        qtbot.wait(15)  # pyqtgraph drops moves that come faster than a hand
        _send(viewport, QEvent.Type.MouseMove, a + (b - a) * (k / 6), held=left, modifier=modifier)
    if release:  # where the mouse is, whatever the plot shows there by now
        _send(viewport, QEvent.Type.MouseButtonRelease, b, left)
        settle(qtbot)


def let_go(qtbot, plot: pg.PlotItem, where: tuple[float, float]) -> None:
    """Release the left button."""
    viewport = plot.getViewWidget().viewport()
    _send(viewport, QEvent.Type.MouseButtonRelease, dot(plot, *where), Qt.MouseButton.LeftButton)
    settle(qtbot)


def turn_wheel(
    qtbot,
    plot: pg.PlotItem,
    x: float,
    y: float,
    modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    """Turn the wheel away by a step, with keys held."""
    spot, viewport = dot(plot, x, y), plot.getViewWidget().viewport()
    where = QPointF(spot), QPointF(viewport.mapToGlobal(spot))
    button, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
    QApplication.sendEvent(viewport, QWheelEvent(*where, QPoint(), QPoint(0, 120), button, modifier, phase, False))
    settle(qtbot)


def colour_at(plot: pg.PlotItem, x: float, y: float) -> QColor:
    """Colour that is seen at a position of a plot."""
    canvas = plot.getViewWidget()
    spot = canvas.viewportTransform().map(plot.vb.mapViewToScene(QPointF(x, y)))
    return canvas.grab().toImage().pixelColor(math.floor(spot.x()), math.floor(spot.y()))


def brightest_at(plot: pg.PlotItem, x: float, y: float, reach: int = 2) -> int:
    """Lightness of the brightest dot within a few dots of a position of a plot."""
    image, spot = plot.getViewWidget().grab().toImage(), dot(plot, x, y)
    around = range(-reach, reach + 1)
    return max(image.pixelColor(spot.x() + dx, spot.y() + dy).lightness() for dx in around for dy in around)


def view_range(plot: pg.PlotItem) -> list[float]:
    """Return what part of its coordinates a plot shows."""
    return [edge for pair in plot.vb.viewRange() for edge in pair]


def _send(
    viewport: QWidget,
    kind: QEvent.Type,
    spot: QPoint,
    button: Qt.MouseButton = Qt.MouseButton.NoButton,
    held: Qt.MouseButton = Qt.MouseButton.NoButton,
    modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    where = QPointF(spot)
    event = QMouseEvent(kind, where, QPointF(viewport.mapToGlobal(spot)), button, held, modifier)
    QApplication.sendEvent(viewport, event)
