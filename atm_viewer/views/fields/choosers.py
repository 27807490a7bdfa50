"""Choosers in the panels' titles: slice, column, band, and the scope of new overrides."""

from __future__ import annotations

from PyQt6.QtCore import QSignalBlocker
from PyQt6.QtWidgets import QComboBox

from atm_viewer.session.session import Session
from atm_viewer.views.fields.number_box import WholeBox


class Choosers:
    """The boxes; panels take them into their titles.

    Parameters
    ----------
    session : Session
        Takes the choices.
    """

    def __init__(self, session: Session):
        self._session = session
        self.scope_box = QComboBox()
        self.scope_box.addItems(["all exposures", "this exposure"])
        self.scope_box.setToolTip(
            "Exposures that get the overrides you make in the table or the profile. Default: all exposures"
        )
        self.slice_box = QComboBox()
        self.slice_box.setToolTip("Slice number in the region map (Alt+↑, Alt+↓)")
        self.slice_box.setMaxVisibleItems(24)
        self.column_box = WholeBox()
        self.column_box.setToolTip("Column: pixel along the dispersion direction, zero-based (Alt+←, Alt+→)")
        self.band_box = QComboBox()
        self.band_box.setToolTip("Band of sky image and spectra, named as the pipeline names its cubes")
        for box in (self.scope_box, self.slice_box, self.band_box):
            box.setMinimumWidth(60)
        self.column_box.setMinimumWidth(60)
        self.slice_box.activated.connect(lambda row: session.look.select_slice(session.state.slices[row]))
        self.column_box.valueChanged.connect(session.look.select_column)
        self.band_box.activated.connect(lambda row: session.look.select_band(session.state.bands[row]))
        self.scope_box.activated.connect(lambda row: session.recipes.set_only_this(row == 1))

    def show_bands(self) -> None:
        """List the bands of the open exposures."""
        bands = self._session.state.bands
        with QSignalBlocker(self.band_box):
            self.band_box.clear()
            self.band_box.addItems(bands)
        self.band_box.setVisible(len(bands) > 0)

    def show_choice(self) -> None:
        """Show slice, column and band."""
        session = self._session
        numbers = [str(n) for n in session.state.slices]
        with QSignalBlocker(self.slice_box), QSignalBlocker(self.column_box), QSignalBlocker(self.band_box):
            if numbers != [self.slice_box.itemText(i) for i in range(self.slice_box.count())]:
                self.slice_box.clear()
                self.slice_box.addItems(numbers)
            self.slice_box.setCurrentText(str(session.state.number))
            self.column_box.setRange(*session.state.columns)
            self.column_box.setValue(session.state.column)
            self.band_box.setCurrentText(session.state.band)

    def show_scope(self) -> None:
        """Show which exposures a value applies to."""
        with QSignalBlocker(self.scope_box):
            self.scope_box.setCurrentIndex(int(self._session.state.only_this))
