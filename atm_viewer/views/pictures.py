"""Pictures of plots in files: PNG, SVG and PDF."""

from __future__ import annotations

import os

from PyQt6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRect, QRectF, QSaveFile, QSize, QSizeF, Qt
from PyQt6.QtGui import QImage, QPageLayout, QPageSize, QPainter, QPdfWriter
from PyQt6.QtSvg import QSvgGenerator
from PyQt6.QtWidgets import QWidget

from atm_viewer.views.plotting import Canvas

#: A picture of pixels has so many for one of the screen.
_FINER = 2.0
#: Dots per inch of pictures of lines: a pixel of the screen is a dot.
_RESOLUTION = 96


def picture(widget: QWidget, kind: str, title: str = "") -> bytes:
    """Paint what a widget shows.

    Parameters
    ----------
    widget : QWidget
        Plots, or anything else.
    kind : {"png", "svg", "pdf"}
        Format.
    title : str
        Goes into the file, where the format has a place for it.

    Returns
    -------
    bytes
        The file's content.
    """
    store = QByteArray()
    buffer = QBuffer(store)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if kind == "png":
        grab(widget, title).save(buffer, "PNG")
    elif kind == "svg":
        generator = QSvgGenerator()
        generator.setOutputDevice(buffer)
        generator.setSize(widget.size())
        generator.setViewBox(QRect(0, 0, widget.width(), widget.height()))
        generator.setResolution(_RESOLUTION)
        generator.setTitle(title)
        with _painting(generator) as painter:
            _paint(widget, painter)
    else:
        writer = QPdfWriter(buffer)
        writer.setResolution(_RESOLUTION)
        writer.setTitle(title)
        writer.setCreator("ATM Viewer")
        inches = QSizeF(widget.width() / _RESOLUTION, widget.height() / _RESOLUTION)
        page = QPageSize(inches, QPageSize.Unit.Inch, "", QPageSize.SizeMatchPolicy.ExactMatch)
        writer.setPageLayout(QPageLayout(page, QPageLayout.Orientation.Portrait, QMarginsF()))
        with _painting(writer) as painter:
            _paint(widget, painter)
    buffer.close()
    return bytes(store.data())


def grab(widget: QWidget, title: str = "") -> QImage:
    """Picture of a widget in pixels, finer than on the screen."""
    size = QSize(round(widget.width() * _FINER), round(widget.height() * _FINER))
    image = QImage(size, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(_FINER)
    image.fill(Qt.GlobalColor.white)
    if title:
        image.setText("Title", title)
    with _painting(image) as painter:
        _paint(widget, painter)
    return image


def save(path: str | os.PathLike[str], content: bytes) -> str:
    """Write a file that appears whole or not at all; return what went wrong, empty when nothing did."""
    file = QSaveFile(os.fspath(path))
    if not file.open(QIODevice.OpenModeFlag.WriteOnly) or file.write(content) != len(content) or not file.commit():
        return f"{os.fspath(path)} cannot be written: {file.errorString()}; choose another folder."
    return ""


class _painting:
    """A painter for the length of a with statement: one that is not ended would leave the picture unfinished."""

    def __init__(self, device):
        self._painter = QPainter(device)

    def __enter__(self) -> QPainter:
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        return self._painter

    def __exit__(self, *_: object) -> None:
        self._painter.end()


def _paint(widget: QWidget, painter: QPainter) -> None:
    if isinstance(widget, Canvas):  # its scene is painted as lines and letters, not as the pixels of a widget
        area = QRectF(widget.rect())
        painter.fillRect(area, widget.backgroundBrush())
        widget.render(painter, area, widget.rect())
        return
    widget.render(painter)
