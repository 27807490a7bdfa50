"""The cursor's position in all views, independent of the selection."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from PyQt6.QtCore import QObject, pyqtSignal

from atm_viewer.engine.results.exposure_view import ExposureView
from atm_viewer.session.choices import Choices
from atm_viewer.session.state.cursor import Cursor, at_alpha, at_pixel, at_sky, at_wavelength
from atm_viewer.session.state.open_exposure import OpenExposure
from atm_viewer.session.state.selection import band_of


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
    session : Choices
        Owner; has the exposures and what is chosen.
    """

    cursor_changed = pyqtSignal()

    def __init__(self, session: Choices):
        super().__init__(session)
        self._session = session
        self._cursor: Cursor | None = None
        session.chosen_changed.connect(self._follow)

    @property
    def cursor(self) -> Cursor | None:
        """Place that is pointed at; None while the mouse is elsewhere."""
        return self._cursor

    @property
    def chosen(self) -> Cursor | None:
        """The spaxel at the wavelength of the chosen column of the chosen slice."""
        found, session = self._opened, self._session
        if found is None or session.position is None:
            return None
        wavelength = found.slice_map.wavelength_at(session.number, session.column)
        return at_sky(found.view, found.slice_map, *session.position, wavelength, session.sky)

    # What views tell

    def point_at_pixel(self, x: int, y: int, value: str = "") -> None:
        """Point at a pixel of the chosen exposure."""
        if self._session.current is not None:
            self._set(at_pixel(self._session.current, x, y, self._session.sky), value)

    def point_at_alpha(self, number: int, column: int, alpha: float, value: str = "") -> None:
        """Point at an alpha [arcsec] in a column of a slice."""
        found = self._opened
        if found is not None:
            self._set(at_alpha(found.view, found.slice_map, number, column, alpha, self._session.sky), value)

    def point_at_sky(self, ra: float, dec: float, value: str = "") -> None:
        """Point at a position [deg], at the wavelength of the chosen column."""
        found, session = self._opened, self._session
        if found is not None:
            wavelength = found.slice_map.wavelength_at(session.number, session.column)
            self._set(at_sky(found.view, found.slice_map, ra, dec, wavelength, session.sky), value)

    def point_at_wavelength(self, wavelength: float, value: str = "") -> None:
        """Point at a wavelength [um] of the spaxel."""
        found, session = self._opened, self._session
        if found is not None:
            place = at_wavelength(
                found.view, found.slice_map, wavelength, session.position, session.number, session.sky
            )
            self._set(place, value)

    def leave(self) -> None:
        """Point at nothing."""
        self._set(None)

    # What can be done

    def choose_wavelength(self, wavelength: float) -> None:
        """Choose the column of the chosen slice that has a wavelength [um]."""
        found, session = self._opened, self._session
        column = found.slice_map.column_at(session.number, wavelength) if found is not None else None
        if column is not None:
            session.select_column(column)
        elif found is not None:
            session.tell("warning", f"Slice {session.number} has no column at {wavelength:.4f} µm.")

    def centre_spaxel(self) -> None:
        """Move the spaxel to the cursor, and the band with it."""
        cursor, view = self._cursor, self._session.current
        if cursor is None or view is None or not math.isfinite(cursor.ra):
            self._session.tell(
                "info", "Point at the sky image or at a pixel of a slice, then press C to move the spaxel there."
            )
            return
        if cursor.number and cursor.column is not None and band_of(view, cursor.number) != self._session.band:
            self._session.select(cursor.number, cursor.column)
        self._session.pick_sky(cursor.ra, cursor.dec)

    def add_place(self) -> None:
        """Show the spectra of one more place: at the cursor, else two aperture radii to the west of the active one."""
        session, cursor = self._session, self._cursor
        place = session.places.current
        if cursor is not None and math.isfinite(cursor.ra):
            session.add_place(cursor.ra, cursor.dec)
        elif place is not None and session.sky is not None:
            east, north = session.sky.offsets(place.ra, place.dec)
            ra, dec = session.sky.position(east - 2.0 * place.radius, north)
            session.add_place(float(ra), float(dec))

    def elsewhere(self, place: Cursor) -> tuple[Elsewhere, ...]:
        """Where a place falls in each open exposure."""
        return tuple(Elsewhere(e.view, _found_in(e, place)) for e in self._session.exposures)

    def go_to(self, cursor: Cursor) -> None:
        """Look at a place: its exposure, slice and column are chosen."""
        self._session.select_exposure(cursor.exposure)
        if cursor.number and cursor.column is not None:
            self._session.select(cursor.number, cursor.column)

    def step_exposure(self, delta: int) -> None:
        """Look at the next (1) or previous (-1) exposure; after the last comes the first.

        When the chosen slice has the spaxel, that of the other exposure that has it is chosen, at the same wavelength.
        """
        exposures, place = self._session.exposures, self.chosen
        at = next((k for k, e in enumerate(exposures) if e.view is self._session.current), None)
        if at is None:
            return
        other = exposures[(at + delta) % len(exposures)]
        if place is not None and place.number == self._session.number:
            self.go_to(_found_in(other, place))
        else:
            self._session.select_exposure(other.view.key)

    @property
    def _opened(self) -> OpenExposure | None:
        view = self._session.current
        return next((e for e in self._session.exposures if e.view is view), None)

    def _set(self, cursor: Cursor | None, value: str = "") -> None:
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
