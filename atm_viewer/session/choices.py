"""Intents that change what is shown."""

from __future__ import annotations

from PyQt6.QtCore import QObject

from atm_viewer.session.job_list import MakeWorkers
from atm_viewer.session.persistence.session_state import Look
from atm_viewer.session.questions import Questions
from atm_viewer.session.spectrum.settings import SpectrumSettings
from atm_viewer.session.state import remedy_choice
from atm_viewer.session.state.measures import MeasureChoice
from atm_viewer.session.state.places import MOST, Places
from atm_viewer.session.state.selection import band_of, brightest_slice, columns_of
from atm_viewer.session.state.sky_choice import SkyChoice


class Choices(Questions):
    """Changes what is looked at: exposure, slice, column, pixel, places on the sky, and what is shown of them.

    Parameters
    ----------
    make_workers, parent
        As in `JobList`.
    """

    def __init__(self, make_workers: MakeWorkers, parent: QObject | None = None):
        super().__init__(make_workers, parent)
        self._slice_by_hand = False
        self._look: Look | None = None  # what a session that is coming back has looked at

    def select_exposure(self, key: str) -> None:
        """Look at another exposure; slice and column stay where they exist."""
        if key in self._exposures and key != self._exposure:
            self._look = None
            self._choose_exposure(key)
            self.chosen_changed.emit()
            self.report_changed.emit()
            self._renew()

    def select_band(self, band: str) -> None:
        """Show sky and spectra of another band, and its brightest slice when the chosen one is of another."""
        view = self.current
        if band == self._band or band not in self.bands:
            return
        self._band, self._look = band, None
        if view is not None and band in view.bands and band_of(view, self._number) != band:
            self._choose_slice(brightest_slice(view, self._slices_in(band), self.report))
        self.chosen_changed.emit()
        self._renew()

    def select_slice(self, number: int) -> None:
        """Look at another slice; the band follows, the column stays where the slice has it."""
        self.select(number, self._column)

    def select_column(self, column: int) -> None:
        """Look at another column of the slice."""
        self.select(self._number, column)

    def select(self, number: int, column: int) -> None:
        """Look at a column of a slice."""
        view = self.current
        if view is None or number not in self.slices:
            return
        self._slice_by_hand = True
        chosen = (self._number, self._column)
        self._choose_slice(number, column)
        if chosen != (self._number, self._column):
            self._band, self._look = band_of(view, number), None
            self.chosen_changed.emit()
            self._renew()

    def ask_pixel(self, x: int, y: int) -> None:
        """Ask what happens to a pixel (zero-based) of the chosen exposure, now and after changes of the recipe."""
        if self.current is not None:
            self._pixel = (self.current.key, x, y)
            self._renew()

    def forget_pixel(self) -> None:
        """Ask for no pixel any more."""
        self._pixel = None
        self._renew()

    def step_slice(self, delta: int) -> None:
        """Look at the next (1) or previous (-1) slice, in the order of numbers."""
        if self.current is not None:
            index = self.slices.index(self._number) + delta
            self.select_slice(self.slices[max(0, min(index, len(self.slices) - 1))])

    def step_column(self, delta: int) -> None:
        """Look at a column further along the dispersion."""
        self.select_column(self._column + delta)

    def pick_sky(self, ra: float, dec: float) -> None:
        """Move the active place to another position [deg]."""
        self.set_places(self._places.moved(self._places.active, ra, dec))

    def add_place(self, ra: float, dec: float) -> None:
        """Show the spectra of one more position [deg]."""
        if len(self._places.all) == MOST:
            self.tell("warning", f"{MOST} places is the maximum; remove one first.")
        self.set_places(self._places.added(ra, dec))

    def set_radius(self, radius: float) -> None:
        """Change the radius of the active place's aperture [arcsec]."""
        self.set_places(self._places.resized(radius))

    def set_places(self, places: Places) -> None:
        """Show the spectra of other places, or make another one active."""
        if places == self._places:
            return
        known, self._places = self._places, places
        self.spaxel_changed.emit()
        self._renew()
        if (known.active, known.numbers) != (places.active, places.numbers):
            self.spectra_changed.emit()
            self.pending_changed.emit()

    def set_spectrum_settings(self, settings: SpectrumSettings) -> None:
        """Show spectra in another way."""
        if settings != self._spectrum:
            self._spectrum = settings
            self.spectrum_settings_changed.emit()
            self._renew()

    def choose_measures(self, choice: MeasureChoice) -> None:
        """Measure other things beside the spectra."""
        if choice != self._measures:
            self._measures = choice
            self.measures_changed.emit()
            self._renew()

    def predict(self, wanted: bool, centred: bool = True) -> None:
        """Predict from geometry what the active place shows of a point source, as long as it is looked at.

        Parameters
        ----------
        wanted : bool
            Whether it is.
        centred : bool
            The source is where the light near the place is centred, if there is any; else at the place.
        """
        if (wanted, centred) != (self._predicting, self._centring):
            self._predicting, self._centring = wanted, centred
            self._renew()

    def choose_remedies(self, choice: remedy_choice.RemedyChoice) -> None:
        """Look at another remedy against resampling noise, or at the same in another way."""
        if choice != self._remedies:
            self._remedies = choice
            self.remedies_changed.emit()
            self._renew()

    def choose_sky(self, choice: SkyChoice) -> None:
        """Show other images of the field."""
        if choice != self._sky:
            self._sky = choice
            self.sky_changed.emit()
            self._renew()

    def _choose_exposure(self, key: str) -> None:
        self._exposure = key
        view = self._exposures[key].view
        if self._number in self.slices:
            self._choose_slice(self._number, self._column)
        else:
            brightest = self._exposures[key].brightest
            self._choose_slice(brightest_slice(view, self.slices, self.report) if self.report else brightest)
        if self._band not in view.bands:
            self._band = band_of(view, self._number)

    def _look_again(self, key: str, look: Look) -> None:
        """Look at what a session has looked at."""
        self._choose_exposure(key)
        if look.number in self.slices:
            self._choose_slice(look.number, look.column)
        if look.band in self.bands:
            self._band = look.band

    def _choose_slice(self, number: int, column: int | None = None) -> None:
        view = self.current
        assert view is not None
        first, last = columns_of(view, number)
        self._number = number
        self._column = (first + last) // 2 if column is None else max(first, min(column, last))

    def _slices_in(self, band: str) -> tuple[int, ...]:
        view = self.current
        return tuple(n for n in self.slices if view is not None and band_of(view, n) == band)
