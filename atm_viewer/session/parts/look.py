"""Intents that change what is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PyQt6.QtCore import QObject

from atm_viewer.session.parts.message_log import MessageLog
from atm_viewer.session.questions.store import Store
from atm_viewer.session.spectrum.settings import SpectrumSettings
from atm_viewer.session.state import choosing
from atm_viewer.session.state.measures import MeasureChoice
from atm_viewer.session.state.places import MOST, Places
from atm_viewer.session.state.remedy_choice import RemedyChoice
from atm_viewer.session.state.sky_choice import SkyChoice


class Look(QObject):
    """Changes what is looked at: exposure, slice, column, pixel, places on the sky, and what is shown of them.

    Parameters
    ----------
    store : Store
        Has the state.
    messages : MessageLog
        Gets the message when something cannot be done.
    """

    def __init__(self, store: Store, messages: MessageLog):
        super().__init__(store)
        self._store, self._messages = store, messages

    # Exposure, band, slice, column

    def select_exposure(self, key: str) -> None:
        """Look at another exposure; slice and column stay where they exist."""
        state = self._store.state
        if key != state.chosen and state.exposure(key) is not None:
            self._store.put(choosing.choose_exposure(replace(state, look=None), key, self._store.answers.reports))

    def select_band(self, band: str) -> None:
        """Show sky and spectra of another band, and its brightest slice when the chosen one is of another."""
        self._store.put(choosing.choose_band(self._store.state, band, self._store.answers.reports))

    def select_slice(self, number: int) -> None:
        """Look at another slice; the band follows, the column stays where the slice has it."""
        self.select(number, self._store.state.column)

    def select_column(self, column: int) -> None:
        """Look at another column of the slice."""
        self.select(self._store.state.number, column)

    def select(self, number: int, column: int) -> None:
        """Look at a column of a slice."""
        self._store.put(choosing.choose_slice(self._store.state, number, column))

    def step_slice(self, delta: int) -> None:
        """Look at the next (1) or previous (-1) slice, in the order of numbers."""
        state = self._store.state
        if state.current is not None:
            index = state.slices.index(state.number) + delta
            self.select_slice(state.slices[max(0, min(index, len(state.slices) - 1))])

    def step_column(self, delta: int) -> None:
        """Look at a column further along the dispersion."""
        self.select_column(self._store.state.column + delta)

    def ask_pixel(self, x: int, y: int) -> None:
        """Ask what happens to a pixel (zero-based) of the chosen exposure, now and after changes of the recipe."""
        view = self._store.state.current
        if view is not None:
            self._store.change(pixel=(view.key, x, y))

    def forget_pixel(self) -> None:
        """Ask for no pixel any more."""
        self._store.change(pixel=None)

    # Places on the sky

    def pick_sky(self, ra: float, dec: float) -> None:
        """Move the active place to another position [deg]."""
        places = self._store.state.places
        self.set_places(places.moved(places.active, ra, dec))

    def add_place(self, ra: float, dec: float) -> None:
        """Show the spectra of one more position [deg]."""
        places = self._store.state.places
        if len(places.all) == MOST:
            self._messages.tell("warning", f"{MOST} places is the maximum; remove one first.")
        self.set_places(places.added(ra, dec))

    def set_radius(self, radius: float) -> None:
        """Change the radius of the active place's aperture [arcsec]."""
        self.set_places(self._store.state.places.resized(radius))

    def set_places(self, places: Places) -> None:
        """Show the spectra of other places, or make another one active."""
        self._store.change(places=places)

    # What is shown of them

    def set_spectrum_settings(self, settings: SpectrumSettings) -> None:
        """Show spectra in another way."""
        self._store.change(spectrum_settings=settings)

    def set_spectrum(self, **values: Any) -> None:
        """Change some of `SpectrumSettings`, by their names."""
        self.set_spectrum_settings(replace(self._store.state.spectrum_settings, **values))

    def toggle_spectrum(self, name: str) -> None:
        """Turn something about the spectra on or off, by its name in `SpectrumSettings`."""
        self.set_spectrum(**{name: not getattr(self._store.state.spectrum_settings, name)})

    def choose_sky(self, choice: SkyChoice) -> None:
        """Show other images of the field."""
        self._store.change(sky_choice=choice)

    def choose_measures(self, choice: MeasureChoice) -> None:
        """Measure other things beside the spectra."""
        self._store.change(measure_choice=choice)

    def choose_remedies(self, choice: RemedyChoice) -> None:
        """Look at another remedy against resampling noise, or at the same in another way."""
        self._store.change(remedy_choice=choice)
