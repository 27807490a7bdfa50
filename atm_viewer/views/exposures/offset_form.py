"""Offset of the chosen exposure on the sky: read, typed, taken from what was measured, and taken away."""

from __future__ import annotations

from PyQt6.QtCore import QSignalBlocker
from PyQt6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from atm_viewer.engine.recipe.cube_options import FARTHEST, offset_of
from atm_viewer.session.session import Session
from atm_viewer.views.base.plain_text import Label
from atm_viewer.views.base.style import MUTED
from atm_viewer.views.fields.number_box import NumberBox

_ABOUT = "of the chosen exposure in sky image, spectra and cubes [arcsec], part of the recipe"


class OffsetForm(QWidget):
    """Fields for the offset of the chosen exposure, in sight while there is another one to compare it with.

    Parameters
    ----------
    session : Session
        Gives offset and measurement, and takes edits.
    """

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        self.east_box = _box("Offset to the east", "″ E", f"Offset to the east (ΔRA cos δ) {_ABOUT}")
        self.north_box = _box("Offset to the north", "″ N", f"Offset to the north (Δdec) {_ABOUT}")
        self.reset_button, self.measured_button = QToolButton(), QToolButton()
        self.reset_button.setText("Reset")
        self.reset_button.setToolTip("Take the offset of the chosen exposure away")
        self.measured_button.setText("Use Measured")
        self.measured_button.setToolTip(
            "Give the chosen exposure the offset that puts its brightest source at the median of its places in all "
            "dithers; Align Exposures does so for all exposures"
        )
        self.measured = Label()
        self.measured.setForegroundRole(MUTED)
        self.measured.setMinimumWidth(10)
        self.measured.setToolTip("Offset that puts the brightest source at the median of its places in all dithers")
        typed, found = QHBoxLayout(), QHBoxLayout()
        label = Label("Offset")
        label.setBuddy(self.east_box)
        typed.addWidget(label)
        typed.addWidget(self.east_box, 1)
        typed.addWidget(self.north_box, 1)
        typed.addWidget(self.reset_button)
        found.addWidget(self.measured, 1)
        found.addWidget(self.measured_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 2, 3, 2)
        column.setSpacing(2)
        column.addLayout(typed)
        column.addLayout(found)
        for each in (self.east_box, self.north_box):
            each.valueChanged.connect(self._set)
        self.reset_button.clicked.connect(lambda: self._put(0.0, 0.0))
        self.measured_button.clicked.connect(self._use_measured)
        for changed in (session.changed.exposures, session.changed.chosen, session.changed.recipe):
            changed.connect(self.show_offset)
        session.changed.shifts.connect(self.show_offset)
        self.show_offset()

    def show_offset(self) -> None:
        """Show the offset of the chosen exposure, and the one that was measured."""
        state, view = self._session.state, self._session.state.current
        offset = offset_of(state.recipe.cube.offsets, view.name) if view is not None else (0.0, 0.0)
        for box, value in zip((self.east_box, self.north_box), offset, strict=True):
            with QSignalBlocker(box):
                box.setValue(value)
        self.reset_button.setEnabled(any(offset))
        found = self._measured()
        self.measured.setText(f"measured {found[0]:+.3f}″ E, {found[1]:+.3f}″ N" if found is not None else "")
        self.measured_button.setEnabled(found is not None and found != offset)
        for widget in (self.measured, self.measured_button):
            widget.setVisible(found is not None)
        self.setVisible(view is not None and (len(state.exposures) > 1 or any(offset)))

    def _measured(self) -> tuple[float, float] | None:
        """Offset that the chosen exposure should have, as far as that is known."""
        view, shifts = self._session.state.current, self._session.answers.shifts
        if view is None or shifts is None:
            return None
        return shifts.offset_wanted(view.key, self._session.state.recipe.cube)

    def _set(self) -> None:
        self._put(self.east_box.value(), self.north_box.value(), step=True)

    def _use_measured(self) -> None:
        if (found := self._measured()) is not None:
            self._put(*found)

    def _put(self, east: float, north: float, step: bool = False) -> None:
        view = self._session.state.current
        if view is not None:
            self._session.recipes.set_offset(view.name, east, north, step)


def _box(name: str, suffix: str, tip: str) -> NumberBox:
    box = NumberBox()
    box.setAccessibleName(name)
    box.setToolTip(tip)
    box.setRange(-FARTHEST, FARTHEST)
    box.setDecimals(4)
    box.setSingleStep(0.01)
    box.setSuffix(suffix)
    box.setMinimumWidth(64)  # usual values; the limits would need more
    return box
