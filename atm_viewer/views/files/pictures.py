"""Pictures of plots in files: PNG, SVG and PDF."""

from __future__ import annotations

import math
import os
from typing import Protocol

from PyQt6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QPoint, QRect, QRectF, QSize, QSizeF
from PyQt6.QtGui import QColor, QImage, QPageLayout, QPageSize, QPaintDevice, QPainter, QPdfWriter, QTextDocument
from PyQt6.QtSvg import QSvgGenerator

from atm_viewer.engine.errors import OutputError
from atm_viewer.engine.whole_file import write_whole
from atm_viewer.views.base.plain_text import Label
from atm_viewer.views.base.plotting import Canvas
from atm_viewer.views.base.theme import LIGHT, Theme

#: A picture of pixels has so many for one of the screen.
_FINER = 2
#: Dots per inch of pictures of lines: a pixel of the screen is a dot.
_RESOLUTION = 96


class Plots(Protocol):
    """A view with plots."""

    canvas: Canvas

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""


def picture(view: Plots, theme: Theme, kind: str, title: str = "", light: bool = False) -> bytes:
    """Paint a view's plots, with their legend above them.

    Parameters
    ----------
    view : Plots
        The view.
    theme : Theme
        The window's colours.
    kind : {"png", "svg", "pdf"}
        Format.
    title : str
        Goes into the file, where the format has a place for it.
    light : bool
        Whether to paint on white, whatever colours the window has.

    Returns
    -------
    bytes
        The file's content.
    """
    if light and theme != LIGHT:
        view.set_theme(LIGHT)
        try:
            return _made(_Sheet(view, LIGHT), kind, title)
        finally:
            view.set_theme(theme)
    return _made(_Sheet(view, theme), kind, title)


class _Sheet:
    """A view's plots with their legend above them, to be painted."""

    def __init__(self, view: Plots, theme: Theme):
        self._canvas, self._theme = view.canvas, theme
        self._legend = QTextDocument()
        self._legend.setDocumentMargin(4)
        self._legend.setDefaultStyleSheet(f"body {{ color: {theme.text} }}")
        self._legend.setTextWidth(view.canvas.width())
        text = _legend(view)
        self._legend.setHtml(f"<body>{text}</body>")
        self.above = math.ceil(self._legend.size().height()) if text else 0
        self.size = QSize(view.canvas.width(), view.canvas.height() + self.above)

    def paint(self, device: QPaintDevice) -> None:
        """Paint everything, as lines and letters where the device can have them."""
        painter = QPainter(device)
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(QRect(QPoint(), self.size), QColor(self._theme.plot))
            if self.above:
                self._legend.drawContents(painter)
            target = QRectF(0, self.above, self._canvas.width(), self._canvas.height())
            self._canvas.render(painter, target, self._canvas.rect())
        finally:
            painter.end()  # one that is not ended would leave the picture unfinished


def _legend(view: Plots) -> str:
    """Legend that a view has beside its plots, as rich text."""
    for owner in (view, getattr(view, "header", None)):
        if isinstance(label := getattr(owner, "legend", None), Label):
            return label.text()
    return ""


def _made(sheet: _Sheet, kind: str, title: str) -> bytes:
    store = QByteArray()
    buffer = QBuffer(store)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    size = sheet.size
    if kind == "png":
        image = QImage(size * _FINER, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(_FINER)
        image.setText("Title", title)
        sheet.paint(image)
        image.save(buffer, "PNG")
    elif kind == "svg":
        generator = QSvgGenerator()
        generator.setOutputDevice(buffer)
        generator.setSize(size)
        generator.setViewBox(QRect(QPoint(), size))
        generator.setResolution(_RESOLUTION)
        generator.setTitle(title)
        sheet.paint(generator)
    else:
        writer = QPdfWriter(buffer)
        writer.setResolution(_RESOLUTION)
        writer.setTitle(title)
        writer.setCreator("ATM Viewer")
        inches = QSizeF(size.width() / _RESOLUTION, size.height() / _RESOLUTION)
        page = QPageSize(inches, QPageSize.Unit.Inch, "", QPageSize.SizeMatchPolicy.ExactMatch)
        writer.setPageLayout(QPageLayout(page, QPageLayout.Orientation.Portrait, QMarginsF()))
        sheet.paint(writer)
    buffer.close()
    return bytes(store.data())


def save(path: str | os.PathLike[str], content: bytes, overwrite: bool) -> None:
    """Write a file that appears whole or not at all; an `OutputError` says what went wrong."""
    try:
        write_whole(path, content, overwrite=overwrite)
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"{os.fspath(path)} cannot be written: {reason}; choose another folder.") from error
