"""Hints: a line of help in a panel, one at a time, until it was followed or dismissed."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtCore import QSettings

from atm_viewer.views.base.panel import Panel

_KEY = "hints/dismissed"

HINTS = {
    "sky": "Click a spaxel to see its spectra. Shift+click to add a place. Drag the circle's handle to resize the "
    "aperture.",
    "spectrum": "After correction the ratio should be smooth; a slope is normal. Click to choose a column.",
    "slices": "Click a slice to show it. Double-click a value to override it.",
    "profile": "Drag the dashed line to change the threshold. Drag a blue edge to change where the spline is used.",
    "detector": "Click a pixel to see its slice and column in the profile. Press C to move the spaxel to the mouse.",
    "exposures": "Click an exposure to show it. Untick to exclude it from sky image, spectra and cubes.",
    "recipe": "Defaults for all slices without an override.",
}


class Hints:
    """Hints in the panels.

    Parameters
    ----------
    panels : mapping of str to Panel
        Panels by name.
    settings : QSettings
        Keeps which hints were dismissed.
    """

    def __init__(self, panels: Mapping[str, Panel], settings: QSettings):
        self._panels = panels
        self._settings = settings
        self.wanted = False  #: whether hints are shown at all: in the program, not in pictures and tests
        for panel in panels.values():
            panel.hint_dismissed.connect(self._dismiss)
            panel.left.connect(self.show)

    def show(self) -> None:
        """Show the first hint that was neither followed nor dismissed yet."""
        gone = self._dismissed()
        current = next((name for name in HINTS if name not in gone), "")
        for name, text in HINTS.items():
            self._panels[name].set_hint(text if self.wanted and name == current else "")

    def follow(self, name: str) -> None:
        """Note that a hint was followed; the next one comes when the mouse leaves the panel, where nothing may move."""
        if self.wanted and name not in self._dismissed():
            self._settings.setValue(_KEY, [*self._dismissed(), name])

    def bring_back(self) -> None:
        """Show all hints again."""
        self._settings.setValue(_KEY, [])
        self.wanted = True
        self.show()

    def _dismiss(self, name: str) -> None:
        self._settings.setValue(_KEY, [*self._dismissed(), name])
        self.show()

    def _dismissed(self) -> list[str]:
        kept = self._settings.value(_KEY, [])
        # The ini format reads a list of one back as text.
        return [kept] if isinstance(kept, str) else [str(name) for name in kept or []]
