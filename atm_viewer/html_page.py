"""Writes HTML pages that need no other file and nothing from the network; Qt sets them as browsers do."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

_STYLE = """
body { font-family: sans-serif; color: #1b1f24; background: #ffffff; max-width: 60em; margin: 2em auto; padding: 0 1em }
h1 { font-size: 1.6em } h3 { font-size: 1em }
h2 { font-size: 1.2em; margin-top: 1.6em; border-bottom: 1px solid #c8ccd2 }
table { border-collapse: collapse } th, td { padding: 2px 12px 2px 0; text-align: left; vertical-align: top }
td.number, th.number { text-align: right } pre { background: #f3f4f6; padding: 8px } p.figure { margin: 1em 0 0 0 }
p.caption { color: #4b5563; margin-top: 0 } img { max-width: 100% }
"""


def page(title: str, parts: Sequence[str], head: str = "") -> str:
    """Write a page.

    Parameters
    ----------
    title : str
        What it is called.
    parts : sequence of str
        HTML, one below the other.
    head : str
        HTML besides for the page's head.
    """
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>{head}'
    body = "\n".join(parts)
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def figure(caption: str, png: bytes, width: int) -> str:
    """Write a picture, with its width [pixel], and its caption."""
    data = base64.b64encode(png).decode("ascii")
    image = f'<img width="{width}" src="data:image/png;base64,{data}" alt="{escape(caption)}">'
    return f'<p class="figure">{image}</p>\n<p class="caption">{escape(caption)}</p>'


class Raw(str):
    """HTML in the cell of a table; other cells are text."""


def table(head: Sequence[str], rows: Iterable[Sequence[object]], numbers: Iterable[int] = ()) -> str:
    """Write a table; columns with these numbers are aligned to the right."""
    right = set(numbers)

    def line(cells: Iterable[object], tag: str) -> str:
        made = []
        for k, cell in enumerate(cells):
            aligned = ' class="number" align="right"' if k in right else ""
            made.append(f"<{tag}{aligned}>{cell if isinstance(cell, Raw) else escape(str(cell))}</{tag}>")
        return f"<tr>{''.join(made)}</tr>"

    return f"<table>{line(head, 'th')}{''.join(line(row, 'td') for row in rows)}</table>"
