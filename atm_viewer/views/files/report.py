"""Report of a tuning session in HTML or PDF."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PyQt6.QtCore import QBuffer, QByteArray, QEventLoop, QIODevice, QMarginsF, QSizeF
from PyQt6.QtGui import QPageLayout, QPageSize, QPdfWriter, QTextDocument

from atm_viewer.session.report_page import report_html
from atm_viewer.session.session import Session
from atm_viewer.views.files.pictures import Content

#: Caption, PNG file and width [pixel].
Figure = tuple[str, bytes, int]

_RESOLUTION = 96  # [dots per inch] of the page: text is as large beside the figures as in the window
_WIDEST = 590  # [pixel] of a figure on the page
_MARGIN = 15.0  # [mm]


def page(session: Session, figures: Sequence[Figure], kind: str) -> Content:
    """Make the report, in ``html`` or ``pdf``; its pages are set by whoever asks for the content."""
    if kind == "html":
        return report_html(session, figures).encode
    return partial(_pdf, report_html(session, [(caption, png, min(width, _WIDEST)) for caption, png, width in figures]))


def _pdf(html: str) -> bytes:
    timers = QEventLoop()  # a document lays itself out by timers, for which a thread of Python's has no room yet
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
    del document, timers
    return bytes(store.data())
