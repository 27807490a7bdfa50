"""Pictures of plots in files: PNG, SVG and PDF."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from functools import partial
from typing import Protocol

from PyQt6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QPoint, QRect, QRectF, QSize, QSizeF
from PyQt6.QtGui import QColor, QImage, QPageLayout, QPageSize, QPaintDevice, QPainter, QPdfWriter, QTextDocument
from PyQt6.QtSvg import QSvgGenerator

from atm_viewer.engine.errors import OutputError
from atm_viewer.engine.whole_file import write_whole
from atm_viewer.views.base.paint_turns import in_next_turn
from atm_viewer.views.base.plain_text import Label
from atm_viewer.views.base.plotting import Canvas
from atm_viewer.views.base.theme import LIGHT, Theme

#: A picture of pixels has so many for one of the screen.
_FINER = 2
#: Dots per inch of pictures of lines: a pixel of the screen is a dot.
_RESOLUTION = 96

#: Gives what a file contains: any thread may call it, which takes as long as compressing takes.
Content = Callable[[], bytes]


class Plots(Protocol):
    """A view with plots."""

    canvas: Canvas

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""

    def setUpdatesEnabled(self, enable: bool) -> None:
        """Keep what is on the screen for a while."""


def make_picture(
    view: Plots, theme: Callable[[], Theme], kind: str, title: str, light: bool, done: Callable[[Content], object]
) -> None:
    """Paint a view's plots, with their legend above them, in some turns of the event loop.

    Parameters
    ----------
    view : Plots
        The view, which looks on the screen as it did.
    theme : callable
        Gives the window's colours.
    kind : {"png", "svg", "pdf"}
        Format.
    title : str
        Goes into the file, where the format has a place for it.
    light : bool
        Whether to paint on white, whatever colours the window has.
    done : callable
        Takes the file's content.
    """
    if not light or theme() == LIGHT:
        done(_painted(_Sheet(view, theme()), kind, title))
        return

    def paint() -> None:
        try:
            content = _painted(_Sheet(view, LIGHT), kind, title)
        finally:
            in_next_turn(view.canvas, take_back)
        in_next_turn(view.canvas, lambda: done(content))

    def take_back() -> None:
        view.set_theme(theme())
        view.setUpdatesEnabled(True)

    view.setUpdatesEnabled(False)
    view.set_theme(LIGHT)
    in_next_turn(view.canvas, paint)


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


def _painted(sheet: _Sheet, kind: str, title: str) -> Content:
    size = sheet.size
    if kind == "png":
        image = QImage(size * _FINER, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(_FINER)
        image.setText("Title", title)
        sheet.paint(image)
        return partial(png_of, image)
    store = QByteArray()
    buffer = QBuffer(store)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if kind == "svg":
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
    content = bytes(store.data())
    return lambda: content


def png_of(image: QImage) -> bytes:
    """Compress an image; any thread may do that."""
    store = QByteArray()
    buffer = QBuffer(store)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    buffer.close()
    return bytes(store.data())


def save(path: str | os.PathLike[str], content: bytes, overwrite: bool) -> None:
    """Write a file that appears whole or not at all; an `OutputError` says what went wrong."""
    try:
        write_whole(path, content, overwrite=overwrite)
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"{os.fspath(path)} cannot be written: {reason}; choose another folder.") from error
