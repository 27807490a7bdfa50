"""Entries of the command palette: actions, slices, exposures, bands, parameters, files, help pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PyQt6.QtGui import QAction

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.recipe import PARAMETERS, Parameter
from atm_viewer.session.edits.typed_values import NUMBER, format_value, parse_value, read_number
from atm_viewer.session.names import slice_state
from atm_viewer.session.session import Session
from atm_viewer.views.actions.actions import ACTIONS, native
from atm_viewer.views.files.files import Files
from atm_viewer.views.help.pages import pages
from atm_viewer.views.palette.palette import Entry, score

#: A name and a value, such as ``threshold 5``, ``use -0.9…0.4``, ``psf on``.
_WORDS = "|".join(dict.fromkeys(["none", "on", "off", *(word for p in PARAMETERS.values() for word in p.choices)]))
_VALUE = re.compile(rf"(?P<name>[a-z][a-z_ ]*?)[\s=:]+(?P<value>[-+−]?[\d.].*|{_WORDS})", re.IGNORECASE)
_ALL = re.compile(r"^all( slices)?\b\s*", re.IGNORECASE)
#: Actions that would do nothing here.
_LEFT_OUT = ("open_recent", "show_palette")


class Offer:
    """Everything the palette can do.

    Parameters
    ----------
    session : Session
        Has the open exposures, and takes the choice.
    actions : mapping of str to QAction
        The window's actions by name.
    files : Files
        Gives recent files.
    show_help : callable
        Shows the help page of a name.
    """

    def __init__(
        self,
        session: Session,
        actions: Mapping[str, QAction],
        files: Files,
        show_help: Callable[[str], object],
    ):
        self._session, self._actions, self._files = session, actions, files
        self._show_help = show_help

    def __call__(self, query: str) -> Iterator[Entry]:
        """Give all entries for what was typed."""
        yield from self._of_values(query)
        yield from self._of_actions()
        if self._session.state.current is not None:
            yield from self._of_exposures()
            yield from self._of_parameters()
        yield from self._of_files()
        for page in pages():
            yield Entry(
                f"help {page.name}", f"Help: {page.title}", "help", partial(self._show_help, page.name),
                tip=f"Show the help page {page.title}",
            )  # fmt: skip

    def _of_actions(self) -> Iterator[Entry]:
        for info in ACTIONS:
            if info is None or info.name in _LEFT_OUT or not self._actions[info.name].isEnabled():
                continue
            action = self._actions[info.name]
            text = action.text().rstrip("…").replace("&", "")
            yield Entry(
                info.name, text, info.menu.partition("/")[2].lower() or info.menu.lower(), action.trigger,
                native(info.shortcut), info.tip, info.tip,
            )  # fmt: skip

    def _of_exposures(self) -> Iterator[Entry]:
        session = self._session
        for number in session.state.slices:
            report = session.answers.slice_report(number)
            state = slice_state(report) if report is not None else ""
            yield Entry(
                f"slice {number}", f"Slice {number}", state or "slice", partial(session.look.select_slice, number),
                tip=report.reason if report is not None else "Show this slice",
            )  # fmt: skip
        for exposure in session.state.exposures:
            view = exposure.view
            yield Entry(
                f"exposure {view.name}", f"Exposure {view.name}", "exposure",
                partial(session.look.select_exposure, view.key), tip=f"Show {view.name}, {', '.join(view.bands)}",
            )  # fmt: skip
        for band in session.state.bands:
            yield Entry(
                f"band {band}", f"Band {band}", "band", partial(session.look.select_band, band),
                tip="Show sky image and spectra of this band",
            )  # fmt: skip

    def _of_parameters(self) -> Iterator[Entry]:
        """Parameters without a value: choosing one asks for it."""
        number = self._session.state.number
        for name, p in PARAMETERS.items():
            subject = f"of slice {number}" if p.of_slice else "of all slices"
            yield Entry(
                f"ask {name}", f"Set {p.label} {subject}…", "parameter", fill=f"{p.label} ",
                tip=f"Type a value [{p.unit or 'no unit'}]; default {p.default_text}", also=name,
            )  # fmt: skip

    def _of_values(self, query: str) -> Iterator[Entry]:
        """Parameters and columns with the value that was typed."""
        match = _VALUE.fullmatch(query.strip())
        session = self._session
        if match is None or session.state.current is None:
            return
        typed, text = _ALL.sub("", match["name"]), match["value"]
        everywhere = typed != match["name"]
        if (
            score(typed, "column")
            and text.isdigit()
            and session.state.columns[0] <= int(text) <= session.state.columns[1]
        ):
            yield Entry(
                "column", f"Column {text}", "column", partial(session.look.select_column, int(text)),
                tip="Show this column (pixel along the dispersion direction)", also=query,
            )  # fmt: skip
        radius = re.fullmatch(rf"({NUMBER})\s*(arcsec|″|\")?", text)
        arcsec = read_number(radius[1]) if radius else 0.0
        if arcsec > 0 and score(typed, "aperture radius") is not None:
            yield Entry(
                "radius", f"Aperture radius {arcsec:g}″", "aperture",
                partial(session.look.set_radius, arcsec),
                tip="Set the radius of the aperture [arcsec]", also=query,
            )  # fmt: skip
        for name, p in PARAMETERS.items():
            value = _read(name, text)
            if value is None or score(typed, f"{p.label} {name}") is None:
                continue
            shown = f"{format_value(name, value)} {p.unit}".rstrip()
            if p.of_slice and not everywhere:
                number = session.state.number
                yield self._setter(
                    p,
                    f"Slice {number}: {p.label} {shown}",
                    query,
                    partial(session.recipes.edit_slice, number, name, value),
                )
            if p.is_global:
                yield self._setter(
                    p, f"All slices: {p.label} {shown}", query, partial(session.recipes.set_global, name, value)
                )

    def _setter(self, p: Parameter, text: str, query: str, run: Callable[[], object]) -> Entry:
        return Entry(f"set {p.name}", text, "parameter", run, tip=f"{p.name}; default {p.default_text}", also=query)

    def _of_files(self) -> Iterator[Entry]:
        for path in self._files.recent.paths:
            yield Entry(
                f"file {path}", f"Open {Path(path).name}", "recent file",
                partial(self._files.open_recent_file, path), tip=path,
            )  # fmt: skip


def _read(name: str, text: str) -> Any:
    """Read a value that was typed; None when the parameter cannot have it."""
    try:
        return parse_value(name, text)
    except InputError:
        return None
