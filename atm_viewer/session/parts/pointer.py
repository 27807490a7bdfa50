"""The cursor's position in all views, independent of the selection."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from PyQt6.QtCore import QObject, pyqtSignal

from atm_viewer.engine.results.exposure_view import ExposureView
from atm_viewer.session.parts.look import Look
from atm_viewer.session.parts.message_log import MessageLog
from atm_viewer.session.questions.store import Store
from atm_viewer.session.state.cursor import Cursor, at_alpha, at_pixel, at_sky, at_wavelength
from atm_viewer.session.state.open_exposure import OpenExposure
from atm_viewer.session.state.selection import band_of, covers, spaxel_centre
from atm_viewer.session.state.state import State


@dataclass(frozen=True)
class Elsewhere:
    """Where a place falls in one exposure; the cursor has no pixel when it does not."""

    view: ExposureView
    cursor: Cursor


class Pointer(QObject):
    """The session's cursor, and what can be done with the place it is at.

    Views tell in their own coordinates what is pointed at, with the value they show there; the cursor knows the same
    place in everybody's. When another exposure is chosen the cursor stays at its sky position and wavelength.

    Parameters
    ----------
    store : Store
        Has the exposures and what is chosen.
    look : Look
        Chooses.
    messages : MessageLog
        Gets the message when something cannot be done.
    """

    cursor_changed = pyqtSignal()

    def __init__(self, store: Store, look: Look, messages: MessageLog):
        super().__init__(store)
        self._store, self._look, self._messages = store, look, messages
        self._cursor: Cursor | None = None
        self._held = False
        store.changed.chosen.connect(self._follow)

    @property
    def cursor(self) -> Cursor | None:
        """Place that is pointed at; None while the mouse is elsewhere."""
        return self._cursor

    @property
    def chosen(self) -> Cursor | None:
        """The spaxel at the wavelength of the chosen column of the chosen slice."""
        found, state = self._opened, self._state
        if found is None or state.position is None:
            return None
        wavelength = state.wavelength
        return at_sky(found.view, found.slice_map, *state.position, wavelength, self._store.answers.sky)

    # What views tell

    def point_at_pixel(self, x: int, y: int, value: str = "") -> None:
        """Point at a pixel of the chosen exposure."""
        if self._state.current is not None:
            self._set(at_pixel(self._state.current, x, y, self._store.answers.sky), value)

    def point_at_alpha(self, number: int, column: int, alpha: float, value: str = "") -> None:
        """Point at an alpha [arcsec] in a column of a slice."""
        found = self._opened
        if found is not None:
            self._set(at_alpha(found.view, found.slice_map, number, column, alpha, self._store.answers.sky), value)

    def point_at_sky(self, ra: float, dec: float, value: str = "") -> None:
        """Point at a position [deg], at the wavelength of the chosen column."""
        found, state = self._opened, self._state
        if found is not None:
            wavelength, sky = state.wavelength, self._store.answers.sky
            covered = sky is not None and sky.band == state.band and covers(sky, ra, dec)
            self._set(
                at_sky(found.view, found.slice_map, ra, dec, wavelength, sky),
                value,
                spaxel_centre(sky, ra, dec) if sky is not None and covered else None,
            )

    def point_at_wavelength(self, wavelength: float, value: str = "") -> None:
        """Point at a wavelength [um] of the spaxel."""
        found, state = self._opened, self._state
        if found is not None:
            place = at_wavelength(
                found.view, found.slice_map, wavelength, state.position, state.number, self._store.answers.sky
            )
            self._set(place, value)

    def leave(self) -> None:
        """Point at nothing."""
        if not self._held:
            self._set(None)

    def hold(self, held: bool) -> None:
        """Let the cursor stay where it is when the mouse leaves, as long as a menu about its place is open."""
        self._held = held
        if not held:
            self.leave()

    # What can be done

    def choose_wavelength(self, wavelength: float) -> None:
        """Choose the column of the chosen slice that has a wavelength [um]."""
        found, state = self._opened, self._state
        column = found.slice_map.column_at(state.number, wavelength) if found is not None else None
        if column is not None:
            self._look.select_column(column)
        elif found is not None:
            self._messages.tell("warning", f"Slice {state.number} has no column at {wavelength:.4f} µm.")

    def choose_band(self, band: str, wavelength: float) -> None:
        """Look at another band, in an exposure that has it, and at the column with a wavelength [um]."""
        state = self._state
        keys = state.of_band(band)
        if keys and state.chosen not in keys:
            self._look.select_exposure(keys[0])
        self._look.select_band(band)
        self.choose_wavelength(wavelength)

    def centre_spaxel(self) -> None:
        """Move the spaxel to the cursor, and the band with it."""
        cursor, view = self._cursor, self._state.current
        if cursor is None or view is None or not math.isfinite(cursor.ra):
            self._messages.tell(
                "info", "Point at the sky image or at a pixel of a slice, then press C to move the spaxel there."
            )
            return
        if cursor.number and cursor.column is not None and band_of(view, cursor.number) != self._state.band:
            self._look.select(cursor.number, cursor.column)
        self._look.pick_sky(cursor.ra, cursor.dec)

    def add_place(self) -> None:
        """Show the spectra of one more place: at the cursor, else two aperture radii to the west of the active one."""
        state, cursor = self._state, self._cursor
        place = state.places.current
        if cursor is not None and math.isfinite(cursor.ra):
            self._look.add_place(cursor.ra, cursor.dec)
        elif place is not None and self._store.answers.sky is not None:
            east, north = self._store.answers.sky.offsets(place.ra, place.dec)
            ra, dec = self._store.answers.sky.position(east - 2.0 * place.radius, north)
            self._look.add_place(float(ra), float(dec))

    def elsewhere(self, place: Cursor) -> tuple[Elsewhere, ...]:
        """Where a place falls in each open exposure."""
        return tuple(Elsewhere(e.view, _found_in(e, place)) for e in self._state.exposures)

    def go_to(self, cursor: Cursor) -> None:
        """Look at a place: its exposure, slice and column are chosen."""
        self._look.select_exposure(cursor.exposure)
        if cursor.number and cursor.column is not None:
            self._look.select(cursor.number, cursor.column)

    def step_exposure(self, delta: int) -> None:
        """Look at the next (1) or previous (-1) exposure; after the last comes the first.

        When the chosen slice has the spaxel, that of the other exposure that has it is chosen, at the same wavelength.
        """
        exposures, place = self._state.exposures, self.chosen
        at = next((k for k, e in enumerate(exposures) if e.view is self._state.current), None)
        if at is None:
            return
        other = exposures[(at + delta) % len(exposures)]
        if place is not None and place.number == self._state.number:
            self.go_to(_found_in(other, place))
        else:
            self._look.select_exposure(other.view.key)

    def step_feeding(self, delta: int) -> None:
        """Look at the next (1) or previous (-1) slice that feeds the active spaxel, through all dithers.

        The wavelength stays. From any other slice, the way leads to the first one of the chosen exposure.
        """
        answers, state = self._store.answers, self._state
        every = [(e, number) for e in state.together for number in answers.feeding(e)]
        if not every:
            self._messages.tell("info", "No included exposure has a slice at the active spaxel in this band.")
            return
        here = [e.view.key == state.chosen for e, _ in every]
        at = next((k for k, (_, n) in enumerate(every) if here[k] and n == state.number), None)
        found = every[(at + delta) % len(every)] if at is not None else every[here.index(True) if any(here) else 0]
        exposure, number = found
        wavelength = state.wavelength
        self._look.select_exposure(exposure.view.key)
        column = exposure.slice_map.column_at(number, wavelength)
        self._look.select(number, self._state.column if column is None else column)

    @property
    def _opened(self) -> OpenExposure | None:
        return self._state.chosen_exposure

    @property
    def _state(self) -> State:
        return self._store.state

    def _set(self, cursor: Cursor | None, value: str = "", hovered: tuple[float, float] | None = None) -> None:
        if hovered != self._state.hovered:
            self._store.change(hovered=hovered)
        if cursor is not None and value:
            cursor = replace(cursor, value=value)
        if cursor is not None or self._cursor is not None:
            self._cursor = cursor
            self.cursor_changed.emit()

    def _follow(self) -> None:
        """Stay at the same sky position and wavelength when another exposure is chosen."""
        cursor, found = self._cursor, self._opened
        if cursor is None:
            return
        if found is None:
            self._set(None)
        elif found.view.key != cursor.exposure:
            self._set(replace(_found_in(found, cursor), spaxel=cursor.spaxel))


def _found_in(exposure: OpenExposure, place: Cursor) -> Cursor:
    """Find the same sky position and wavelength in another exposure."""
    return at_sky(exposure.view, exposure.slice_map, place.ra, place.dec, place.wavelength)
