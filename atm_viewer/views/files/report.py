"""Report of a tuning session: its figures, and the page in HTML or PDF."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QSizeF
from PyQt6.QtGui import QPageLayout, QPageSize, QPdfWriter, QTextDocument

from atm_viewer.session.report_page import captions, report_html
from atm_viewer.session.session import Session
from atm_viewer.views.base.theme import Theme
from atm_viewer.views.files.pictures import Plots, picture

#: Caption, PNG file and width [pixel].
Figure = tuple[str, bytes, int]

_RESOLUTION = 96  # [dots per inch] of the page: text is as large beside the figures as in the window
_WIDEST = 590  # [pixel] of a figure on the page
_MARGIN = 15.0  # [mm]


def figure(view: Plots, name: str, theme: Theme) -> Figure:
    """Make the figure of one view, on white; ``name`` is that of its panel."""
    caption = captions()[name]
    return caption, picture(view, theme, "png", caption, light=True), view.canvas.width()


def page(session: Session, figures: Sequence[Figure], kind: str) -> bytes:
    """Make the report, in ``html`` or ``pdf``, with figures of `figure`."""
    if kind == "html":
        return report_html(session, figures).encode()
    return _pdf(report_html(session, [(caption, png, min(width, _WIDEST)) for caption, png, width in figures]))


def _pdf(html: str) -> bytes:
    store = QByteArray()
    buffer = QBuffer(store)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(_RESOLUTION)
    writer.setCreator("ATM Viewer")
    margins = QMarginsF(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
    page = QPageSize(QPageSize.PageSizeId.A4)
    writer.setPageLayout(QPageLayout(page, QPageLayout.Orientation.Portrait, margins, QPageLayout.Unit.Millimeter))
    document = QTextDocument()
    document.setHtml(html)
    document.setPageSize(QSizeF(writer.width(), writer.height()))
    document.print(writer)
    buffer.close()
    return bytes(store.data())
