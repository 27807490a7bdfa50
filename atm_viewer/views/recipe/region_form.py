"""Numbers of the selected region: where it is and how large, to be read and typed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PyQt6.QtCore import QSignalBlocker, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.recipe import Circle, Ellipse, Polygon, Shape
from atm_viewer.engine.recipe.shapes import LARGEST, VERTICES
from atm_viewer.engine.sky_shapes import middle_of_side, moved, reshaped, tidy
from atm_viewer.session.edits.typed_positions import (
    degrees_text,
    hours_text,
    read_dec,
    read_position,
    read_ra,
    signed_text,
)
from atm_viewer.session.session import Session
from atm_viewer.views.base.plain_text import Label
from atm_viewer.views.fields.number_box import NumberBox, TypedLine, WholeBox

_PASTE = "RA and Dec can be pasted together into either field."


class RegionForm(QWidget):
    """Fields of the selected region, in sight while there is one; a polygon has those of one corner at a time.

    Parameters
    ----------
    session : Session
        Gives the region and takes edits.

    Signals
    -------
    corner_chosen(int)
        Corner whose position is shown, from 0; -1 where the region has none.
    """

    corner_chosen = pyqtSignal(int)

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        self._shape: Shape | None = None
        self.corner_box = WholeBox()
        self.corner_box.setToolTip("Corner whose position is shown; it is white on the sky image")
        self.corner_box.setWrapping(True)
        self.corner_box.setRange(1, VERTICES[1])
        self.corner_box.setPrefix("corner ")
        self.ra_line, self.dec_line = TypedLine(), TypedLine()
        self.radius_box = _size_box("Radius [arcsec]")
        self.first_box = _size_box("Semi-axis in the direction of the position angle [arcsec]")
        self.second_box = _size_box("The other semi-axis [arcsec]")
        self.angle_box = NumberBox()
        self.angle_box.setToolTip("Position angle of the first semi-axis, from north through east [deg]")
        self.angle_box.setRange(-360.0, 360.0)
        self.angle_box.setDecimals(1)
        self.angle_box.setSingleStep(5.0)
        self.angle_box.setSuffix("°")
        self.add_button, self.remove_button = QToolButton(), QToolButton()
        self.add_button.setText("Add Corner")
        self.add_button.setToolTip("Add a corner after this one (also: click a side of the selected polygon)")
        self.remove_button.setText("Remove Corner")
        self.remove_button.setToolTip("Remove this corner (also: Alt+click it on the sky image)")
        self._rows = {
            "": _Row(("", self.corner_box), ("RA", self.ra_line), ("Dec", self.dec_line)),
            "circle": _Row(("radius", self.radius_box)),
            "ellipse": _Row(("semi-axes", self.first_box), ("×", self.second_box), ("PA", self.angle_box)),
            "polygon": _Row(("", self.add_button), ("", self.remove_button)),
        }
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for row in self._rows.values():
            column.addWidget(row)
        self.corner_box.valueChanged.connect(self._show_place)
        self.ra_line.entered.connect(lambda text: self._move(text, 0))
        self.dec_line.entered.connect(lambda text: self._move(text, 1))
        for box in (self.radius_box, self.first_box, self.second_box, self.angle_box):
            box.valueChanged.connect(partial(self._resize, box.accessibleName()))
        self.add_button.clicked.connect(self._add_corner)
        self.remove_button.clicked.connect(self._remove_corner)
        session.changed.recipe.connect(self.show_region)
        self.show_region()

    def choose_corner(self, corner: int) -> None:
        """Show a corner, from 0."""
        self.corner_box.setValue(corner + 1)

    def show_region(self) -> None:
        """Show the numbers of the selected region."""
        region = self._session.state.selected_region
        self._shape = shape = region.shape if region is not None else None
        for kind, row in self._rows.items():
            row.setVisible(shape is not None and kind in ("", shape.kind))
        self.corner_box.setVisible(isinstance(shape, Polygon))
        match shape:
            case Polygon():
                self._show_corners(len(shape.vertices))
            case Ellipse():
                _show(self.first_box, shape.radii[0])
                _show(self.second_box, shape.radii[1])
                _show(self.angle_box, shape.angle)
            case Circle():
                _show(self.radius_box, shape.radius)
        self._show_place()
        self.setVisible(shape is not None)  # last: panels never give back the room that hidden rows have taken

    def _show_corners(self, count: int) -> None:
        fewest, most = VERTICES
        with QSignalBlocker(self.corner_box):
            self.corner_box.setRange(1, count)
            self.corner_box.setSuffix(f" of {count}")
        self.add_button.setEnabled(count < most)
        self.remove_button.setEnabled(count > fewest)

    def _show_place(self) -> None:
        """Show the position of the centre, or of the corner, and say which corner it is."""
        place = self._place()
        if place is not None:
            ra, dec = place
            ra_tip = f"RA, ICRS [deg]: {hours_text(ra)} h. Type degrees, or hours as 10:44:59.88. {_PASTE}"
            dec_tip = f"Dec, ICRS [deg]: {signed_text(dec)}. Type degrees, or as -59:40:47.7. {_PASTE}"
            self.ra_line.show_value(degrees_text(ra), ra_tip)
            self.dec_line.show_value(degrees_text(dec), dec_tip)
        self.corner_chosen.emit(self._corner if isinstance(self._shape, Polygon) else -1)

    @property
    def _corner(self) -> int:
        return self.corner_box.value() - 1

    def _place(self) -> tuple[float, float] | None:
        """Position that is shown [deg]."""
        if isinstance(self._shape, Polygon):
            return self._shape.vertices[self._corner]
        return (self._shape.ra, self._shape.dec) if self._shape is not None else None

    def _move(self, text: str, part: int) -> None:
        """Take what was typed for RA (part 0) or Dec (1); a text that is neither gives a message."""
        shape, place = self._shape, self._place()
        if shape is None or place is None:
            return
        try:
            both = read_position(text)
            ra, dec = both or ((read_ra(text), place[1]) if part == 0 else (place[0], read_dec(text)))
        except InputError as error:
            self._session.messages.tell("warning", str(error))
        else:
            corner = isinstance(shape, Polygon)
            self._put(reshaped(shape, self._corner, ra, dec) if corner else moved(shape, ra, dec))
        self.show_region()

    def _resize(self, box: str) -> None:
        """Take the sizes, of which one was changed in a box."""
        if isinstance(self._shape, Circle):
            self._put(replace(self._shape, radius=self.radius_box.value()), box)
        elif isinstance(self._shape, Ellipse):
            radii = self.first_box.value(), self.second_box.value()
            self._put(replace(self._shape, radii=radii, angle=self.angle_box.value() % 360.0), box)

    def _add_corner(self) -> None:
        """Add a corner in the middle of the side after the chosen one, and choose it."""
        if isinstance(self._shape, Polygon):
            corner = self._corner
            self._session.regions.add_corner(*middle_of_side(self._shape, corner), after=corner)
            self.choose_corner(corner + 1)

    def _remove_corner(self) -> None:
        self._session.regions.remove_corner(self._corner)

    def _put(self, shape: Shape, box: str = "") -> None:
        region = self._session.state.selected_region
        if region is not None:
            self._session.regions.reshape(region.name, tidy(shape), box)


class _Row(QWidget):
    """Fields in a line, each after its word."""

    def __init__(self, *fields: tuple[str, QWidget]):
        super().__init__()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        for word, field in fields:
            if word:
                label = Label(word)
                label.setBuddy(field)
                line.addWidget(label)
                field.setAccessibleName(word)
            line.addWidget(field, int(isinstance(field, TypedLine)))
        if not any(isinstance(field, TypedLine) for _, field in fields):
            line.addStretch(1)


def _size_box(tip: str) -> NumberBox:
    box = NumberBox()
    box.setToolTip(tip)
    box.setRange(0.001, LARGEST)
    box.setDecimals(3)
    box.setSingleStep(0.05)
    box.setSuffix("″")
    box.setMinimumWidth(60)  # usual values; the limits would need more
    box.setMaximumWidth(100)
    return box


def _show(box: NumberBox, value: float) -> None:
    with QSignalBlocker(box):
        box.setValue(value)
