"""The help pages: their list, their text with keys and parameters filled in, and their search."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from atm_viewer.engine.recipe import PARAMETERS
from atm_viewer.resources import resource
from atm_viewer.views.actions.action_info import ActionInfo
from atm_viewer.views.actions.actions import ACTIONS, WIDGET_KEYS, native

#: Help page of each panel.
OF_PANEL = {
    "exposures": "exposures",
    "recipe": "recipe",
    "slices": "slice-table",
    "detector": "why-map",
    "profile": "profile",
    "sky": "spectra",
    "spectrum": "spectra",
    "metrics": "metrics",
    "remedies": "remedies",
    "log": "troubleshooting",
}
START = "first-steps"
KEYS = "keys"
_LINK = re.compile(r"^\s*[-*]\s+\[([^\]]+)\]\(([\w-]+)\.md\)", re.MULTILINE)
_FIELD = re.compile(r"\{\{(\w+)(?::(\w+))?\}\}")


@dataclass(frozen=True)
class Page:
    """One help page.

    Parameters
    ----------
    name : str
        Name of its file without the suffix.
    title : str
        What the contents call it.
    path : Path
        Its Markdown file.
    """

    name: str
    title: str
    path: Path

    @property
    def text(self) -> str:
        """Markdown with its fields filled in."""
        return fill(self.path.read_text(encoding="utf-8"))


@cache
def pages() -> tuple[Page, ...]:
    """All pages in the order of ``index.md``, which lists them."""
    index = resource("help/index.md")
    found = _LINK.findall(index.read_text(encoding="utf-8"))
    return (
        Page("index", "Contents", index),
        *(Page(name, title, index.with_name(f"{name}.md")) for title, name in found),
    )


def fill(text: str) -> str:
    """Put in what the pages leave to the application, so that it is never out of date.

    ``{{key:NAME}}`` becomes the keys of an action, ``{{menu:NAME}}`` its place in the menus, ``{{default:NAME}}`` a
    parameter's default, ``{{modes:NAME}}`` its defaults by mode as cells of a table, ``{{parameters}}`` the table of
    parameters, and ``{{keys}}`` the tables of all keys.
    """

    def put(match: re.Match[str]) -> str:
        kind, name = match.groups()
        return _FIELDS[kind](name or "")

    return _FIELD.sub(put, text)


def matching(words: str) -> list[Page]:
    """Pages that have all words; those with one in their title first."""
    wanted = words.lower().split()
    hits = [page for page in pages() if all(w in f"{page.title}\n{page.text}".lower() for w in wanted)]
    return sorted(hits, key=lambda page: not any(w in page.title.lower() for w in wanted))


def keys_table() -> str:
    """All keys in groups, as Markdown."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for info in ACTIONS:
        if info is not None and info.shortcut:
            group = info.menu.replace("/", " → ")
            groups.setdefault(group, []).append((native(info.shortcut), info.text.rstrip("…")))
    for place, keys, text in WIDGET_KEYS:
        groups.setdefault(place, []).append((keys, text))
    parts = []
    for group, rows in groups.items():
        lines = "\n".join(f"| **{_cell(keys)}** | {_cell(text)} |" for keys, text in rows)
        parts.append(f"## {group}\n\n| Keys | What they do |\n| :-- | :-- |\n{lines}\n")
    return "\n".join(parts)


def parameters_table() -> str:
    """Every parameter with its meaning and default, as Markdown."""
    rows = (
        f"| **{p.name}** | {p.unit or '–'} | {p.default_text} | {_cell(p.tip[0].upper() + p.tip[1:])} |"
        for p in PARAMETERS.values()
    )
    return "| Parameter | Unit | Default | Meaning |\n| :-- | :-- | :-- | :-- |\n" + "\n".join(rows)


def _action(name: str) -> ActionInfo:
    return next(info for info in ACTIONS if info is not None and info.name == name)


def _menu(name: str) -> str:
    info = _action(name)
    return f"**{info.menu.replace('/', ' → ')} → {info.text.rstrip('…')}**"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


_FIELDS: dict[str, Callable[[str], str]] = {
    "key": lambda name: f"**{native(_action(name).shortcut)}**",
    "menu": _menu,
    "default": lambda name: PARAMETERS[name].default_text,
    "modes": lambda name: " | ".join(map(PARAMETERS[name].mode_text, PARAMETERS[name].modes)),
    "parameters": lambda _: parameters_table(),
    "keys": lambda _: keys_table(),
}
