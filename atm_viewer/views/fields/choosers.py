"""Choosers in the panels' titles: slice, column, band, and the scope of new overrides."""

from __future__ import annotations

from PyQt6.QtCore import QSignalBlocker, Qt
from PyQt6.QtWidgets import QComboBox

from atm_viewer.session.edits.scope import Scope
from atm_viewer.session.session import Session
from atm_viewer.session.state.selection import band_of
from atm_viewer.views.base.plain_text import set_tip
from atm_viewer.views.fields.number_box import WholeBox

#: Longest name of a region in the box of scopes; menus and the region table show all of it.
_LONGEST = 12

#: Width that most bands' names have room in [dots]; longer ones are cut where there is none.
_BAND = 86

_SCOPES = {
    Scope.PLACE: "<b>place, every dither</b>: the region that the active place lies in, or a new one about it; so all "
    "slices that see it, in every dither. A slice outside gets an override in this exposure only. Default",
    Scope.NUMBER: "<b>all exposures</b>: an override for this slice number in all exposures",
    Scope.BAND: "<b>one band</b>: an override for this slice number in the exposures of its band only, since numbers "
    "repeat in every MRS setting. Offered when several settings are open",
    Scope.SLICE: "<b>this exposure</b>: an override for this slice of this exposure only",
}


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
        self.scope_box.setAccessibleName("Apply slice edits to")
        set_tip(
            self.scope_box,
            "Slices that get a value set in the table or the profile (Ctrl+T):<br>"
            + "<br>".join(_SCOPES.values())
            + "<br>A value that is set already is changed where it is set. Use ranges are alpha of one slice of one "
            "exposure, so they stay with it unless you choose all exposures.",
        )
        self.slice_box = QComboBox()
        self.slice_box.setAccessibleName("Slice")
        self.slice_box.setToolTip("Slice number in the region map (Alt+↑, Alt+↓)")
        self.slice_box.setMaxVisibleItems(24)
        self.column_box = WholeBox()
        self.column_box.setAccessibleName("Column")
        self.column_box.setToolTip("Column: pixel along the dispersion direction, zero-based (Alt+←, Alt+→)")
        self.band_box = QComboBox()
        self.band_box.setAccessibleName("Band")
        self.band_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.band_box.setToolTip("Band of sky image and spectra, named as the pipeline names its cubes")
        for box in (self.scope_box, self.slice_box, self.band_box):
            box.setMinimumWidth(60)
        self.column_box.setMinimumWidth(60)
        self.slice_box.activated.connect(lambda row: session.look.select_slice(session.state.slices[row]))
        self.column_box.valueChanged.connect(session.look.select_column)
        self.band_box.activated.connect(lambda row: session.look.select_band(session.state.bands[row]))
        self.scope_box.activated.connect(lambda row: session.recipes.set_scope(self.scope_box.itemData(row)))

    def show_bands(self) -> None:
        """List the bands of the open exposures."""
        bands = self._session.state.bands
        with QSignalBlocker(self.band_box):
            self.band_box.clear()
            self.band_box.addItems(bands)
        self.band_box.setMinimumWidth(min(self.band_box.sizeHint().width(), _BAND))
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
        """Show which slices a value applies to, for the chosen slice and the active place."""
        state = self._session.state
        region, place = state.edited_region, state.places.current
        name = "place" if place is None else f"place {place.number}"
        if region is not None and state.recipe.region(region.name) is not None:
            name = region.name if len(region.name) <= _LONGEST else f"{region.name[: _LONGEST - 1]}…"
        texts = {
            Scope.PLACE: f"{name}, every dither" if region is not None else f"this slice (not in {name})",
            Scope.NUMBER: "all bands" if state.several_settings else "all exposures",
            Scope.BAND: f"{band_of(state.current, state.number)} only" if state.current else "one band",
            Scope.SLICE: "this exposure",
        }
        if state.scope is not Scope.PLACE:
            texts[Scope.PLACE] = f"{name}, every dither"
        with QSignalBlocker(self.scope_box):
            if [self.scope_box.itemData(row) for row in range(self.scope_box.count())] != list(state.scopes):
                self.scope_box.clear()
                for row, scope in enumerate(state.scopes):
                    self.scope_box.addItem("", scope)
                    self.scope_box.setItemData(row, _SCOPES[scope], Qt.ItemDataRole.ToolTipRole)
            for row, scope in enumerate(state.scopes):
                if self.scope_box.itemText(row) != texts[scope]:
                    self.scope_box.setItemText(row, texts[scope])
            self.scope_box.setCurrentIndex(self.scope_box.findData(state.scope))
