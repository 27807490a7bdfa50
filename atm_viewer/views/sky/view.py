"""The sky image before and after correction, with the chosen spaxel and its aperture."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import pyqtgraph as pg
from PyQt6.QtCore import QRectF, QSignalBlocker, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QHideEvent, QKeyEvent, QPainter, QResizeEvent, QShowEvent
from PyQt6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from atm_viewer.engine.recipe import Region
from atm_viewer.engine.results.references import MOST_REFERENCES
from atm_viewer.engine.results.sky_image import SkyImage
from atm_viewer.session.edits.variants import NAMES, Variants
from atm_viewer.session.state.cursor import Cursor
from atm_viewer.session.state.places import Places
from atm_viewer.session.state.sky_choice import BEFORE, BLINK, FIRST, MODES, PLANES, SWIPE, ShownSky, SkyChoice
from atm_viewer.views.base.cursor_marks import Sight
from atm_viewer.views.base.kept import Kept
from atm_viewer.views.base.plain_text import Label
from atm_viewer.views.base.plotting import PlainAxis, make_brush, make_pen
from atm_viewer.views.base.theme import DARK, Theme
from atm_viewer.views.fields.number_box import NumberBox
from atm_viewer.views.images.image_panel import ImagePanel
from atm_viewer.views.sky.compare import (
    PERIOD,
    CornerText,
    SkyModeBar,
    SwipeLine,
    caption,
    compose,
    same_grid,
    values_at,
)
from atm_viewer.views.sky.place_marks import PlaceMarks
from atm_viewer.views.sky.region_marks import HINTS, RegionMarks

LARGEST_RADIUS = 5.0  #: radius of the largest aperture [arcsec]: more than any IFU field holds


class SkyView(ImagePanel):
    """Images in offsets from the tangent point [arcsec], east to the left, north up, unless the cube is turned.

    Signals
    -------
    picked(float, float)
        ICRS position [deg] that was clicked, or that keys lead to.
    added(float, float)
        ICRS position [deg] that was clicked with Shift, for one more place.
    chosen(int)
        Number of the place whose handle was clicked.
    place_moved(int, float, float)
        Number of the place whose handle is dragged, and the ICRS position [deg].
    removed(int)
        Number of the place that is not wanted any more.
    radius_edited(float)
        Radius of the aperture [arcsec] after the circle was dragged or the number typed.
    pointed(float, float, str)
        ICRS position [deg] under the mouse, and the value of the image there.
    """

    picked = pyqtSignal(float, float)
    added = pyqtSignal(float, float)
    chosen = pyqtSignal(int)
    place_moved = pyqtSignal(int, float, float)
    removed = pyqtSignal(int)
    radius_edited = pyqtSignal(float)
    pointed = pyqtSignal(float, float, str)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(
            PlainAxis("bottom", "east offset", "arcsec"), PlainAxis("left", "north offset", "arcsec"), parent
        )
        self._sky: SkyImage | None = None
        self._places = Places()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Sky image")
        self._shown = ShownSky()
        self._several = False
        self._turn = 0
        self.view.setAspectLocked(True)
        self.view.invertX(True)

        self.radius_box = NumberBox()
        self.radius_box.setAccessibleName("Aperture radius")
        self.radius_box.setRange(0.01, LARGEST_RADIUS)
        self.radius_box.setDecimals(2)
        self.radius_box.setSingleStep(0.05)
        self.radius_box.setSuffix("″")
        self.radius_box.setToolTip(
            "Radius of the aperture around the spaxel [arcsec] (also: drag the circle's handle). The aperture's "
            "spectrum is nearly free of resampling noise; compare the spaxel's spectrum with it."
        )
        self.radius_label = Label("radius")
        self.radius_label.setToolTip(self.radius_box.toolTip())
        self.radius_label.setMinimumWidth(1)  # no reason for the panel to be wider
        self.header.insertWidget(0, self.radius_label)
        self.header.insertWidget(1, self.radius_box)

        self.bar = SkyModeBar()
        box = self.layout()
        assert isinstance(box, QVBoxLayout)
        box.insertWidget(1, self.bar)
        self.region_button = QToolButton()
        self.region_button.setText("Region ")
        self.region_button.setToolTip(
            "Draw a region: the spline is used there in every dither (R: circle, E: ellipse, P: polygon). Click its "
            "line to select it, drag the line to move it, its handles to reshape it"
        )
        self.region_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.bar.line.insertWidget(self.bar.line.count() - 1, self.region_button)
        self.left_text, self.right_text = CornerText(self.canvas), CornerText(self.canvas)
        self.drawing_text = CornerText(self.canvas)
        self.drawing_text.setWordWrap(True)
        self.drawing_text.say("")
        self._swipe = SwipeLine()
        self._timer = QTimer(self)

        self.marks = PlaceMarks(self.plot, self.canvas, self)
        self.regions = RegionMarks(self.plot, self.canvas, self)
        self.regions.drawing.connect(self._tell_drawing)
        self._regions: tuple[Region, ...] = ()
        self._selected_region = ""
        self._compass = _Compass()
        self._compass.setParentItem(self.view)
        self._sight = Sight()
        self.plot.addItem(self._sight, ignoreBounds=True)
        self.plot.addItem(self._swipe, ignoreBounds=True)

        self.clicked.connect(self._pick)
        self.moved.connect(self._hover)
        self.view.sigResized.connect(self._place_compass)
        self.view.sigResized.connect(self._place_texts)
        self._swipe.sigPositionChanged.connect(self._swiped)
        self._timer.timeout.connect(self._take_turns)
        self.bar.period_box.valueChanged.connect(lambda seconds: self._timer.setInterval(round(1000 * seconds)))
        self.radius_box.valueChanged.connect(self.radius_edited)
        self.shift_clicked.connect(self._add)
        self.marks.moved.connect(self._move)
        self.marks.radius_changed.connect(self._show_radius)
        self.marks.radius_edited.connect(lambda: self.radius_edited.emit(self.radius_box.value()))
        self.set_theme(DARK)
        self.show_image(None)

    def show_image(self, image: SkyImage | None) -> None:
        """Show the field before correction; None empties the view. The zoom stays unless the grid is another one."""
        self.show_sky(ShownSky(white=image, before=image, images={BEFORE: image} if image else {}), Variants())

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Leave the word radius out where all boxes need the room; there the unit says it."""
        super().resizeEvent(event)
        margins, count = self.header.contentsMargins(), self.header.count()
        needed = margins.left() + margins.right() + self.header.spacing() * (count - 1)
        widgets = (item.widget() for k in range(count) if (item := self.header.itemAt(k)) is not None)
        needed += sum(widget.sizeHint().width() for widget in widgets if widget is not None)
        self.radius_label.setVisible(self.width() >= needed)

    def show_sky(self, shown: ShownSky, variants: Variants) -> None:
        """Show images of the field; the zoom stays unless the grid is another one.

        Parameters
        ----------
        shown : ShownSky
            The images and the way to show them.
        variants : Variants
            All recipes, for the boxes to choose from.
        """
        known, image, self._sky = self._sky, shown.white, shown.white
        self._shown, self._several = shown, variants.several
        self.bar.show_choice(shown, variants)
        self._compass.setVisible(image is not None)
        self._show_angle(0.0 if image is None else image.angle)
        self.radius_box.setEnabled(image is not None)
        self.bar.setEnabled(image is not None)
        if image is None:
            self._compose()
        elif known is None or not same_grid(known, image):
            rect = self.grid_rect(image)
            with QSignalBlocker(self._swipe):
                self._swipe.setBounds((rect.left(), rect.right()))
                self._swipe.setValue(rect.left() + round(image.image.shape[1] / 2) * image.spaxel)
            self._compose(rect)
            self.fit()
        else:
            if shown.choice.mode == SWIPE and not self._swipe.isVisible():
                self._bring_swipe_into_sight()
            self._compose()
        self._swipe.setVisible(image is not None and shown.choice.mode == SWIPE)
        self._keep_time()
        self.marks.show_places(image, self._places)
        self.regions.show_regions(image, self._regions, self._selected_region)
        if image is None:
            self.regions.cancel()

    def show_regions(self, regions: tuple[Region, ...], selected: str) -> None:
        """Show the regions of the active variant, one of them selected."""
        if (regions, selected) != (self._regions, self._selected_region):
            self._regions, self._selected_region = regions, selected
            self.regions.show_regions(self._sky, regions, selected)

    def draw_region(self, kind: str) -> None:
        """Begin to draw a circle, an ellipse or a polygon."""
        if self._places.current is not None:
            self.regions.radius = self._places.current.radius
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.regions.draw(kind)

    def _tell_drawing(self, kind: str) -> None:
        self.drawing_text.say(HINTS.get(kind, ""))
        self._place_texts()

    def _show_angle(self, angle: float) -> None:
        """Turn the compass, and name the axes after directions that they have."""
        if angle != self._compass.angle:
            self._compass.turn(angle)
            for side, word in (("bottom", "east"), ("left", "north")):
                axis = self.plot.getAxis(side)
                assert isinstance(axis, PlainAxis)
                axis.name(f"{word} offset" if not angle else f"{'x' if side == 'bottom' else 'y'} offset", "arcsec")

    def _compose(self, rect: QRectF | None = None) -> None:
        """Paint the chosen images, and label them."""
        picture = compose(self._shown, self._turn, self._split())
        if picture is None:
            self.show_content(None, note="The sky image appears here")
            left = right = ""
        else:
            self.show_content(picture.pixels, rect)
            left, right = caption(picture, self._shown, self._several, self.theme)
        self.left_text.say(left)
        self.right_text.say(right)
        self._place_texts()

    def _split(self) -> int:
        """Columns to the west of the line, whose place is the edge of a spaxel."""
        image = self._sky
        return 0 if image is None else round((self._swipe.value() - self.grid_rect(image).left()) / image.spaxel)

    def _swiped(self) -> None:
        image = self._sky
        if image is None:
            return
        with QSignalBlocker(self._swipe):
            self._swipe.setValue(self.grid_rect(image).left() + self._split() * image.spaxel)
        self._compose()

    def _bring_swipe_into_sight(self) -> None:
        seen = self.view.viewRect()
        if not seen.left() < self._swipe.value() < seen.right():
            self._swipe.setValue(seen.center().x())
            self._swiped()

    def _keep_time(self) -> None:
        """Blink while the view is visible."""
        blinks = self._shown.choice.mode == BLINK and self._sky is not None and self.isVisible()
        if not blinks:
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start(round(1000 * self.bar.period_box.value()))

    def _take_turns(self) -> None:
        self._turn = 1 - self._turn
        self._compose()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Continue blinking."""
        super().showEvent(event)
        self._keep_time()

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Stop blinking."""
        super().hideEvent(event)
        self._timer.stop()

    def state(self) -> dict[str, Any]:
        """Scale, limits, zoom, and which images are compared and how, see `kept.Restorable`."""
        usual, period = asdict(SkyChoice()), self.bar.period_box.value()
        changed = {name: value for name, value in asdict(self._shown.choice).items() if value != usual[name]}
        return {**super().state(), **changed, **({} if period == PERIOD else {"period": period})}

    def restore(self, state: Kept) -> None:
        """Restore scale, limits, zoom and comparison from an earlier `state`."""
        super().restore(state)
        names = (BEFORE, *NAMES, *(f"R{n}" for n in range(1, MOST_REFERENCES + 1)))
        choice = SkyChoice(
            state.choice("mode", MODES) or FIRST,
            state.choice("first", names) or BEFORE,
            state.choice("second", ("", *names)) or "",
            int(state.number("planes") or 0) if state.get("planes") in PLANES else 0,
        )
        if (period := state.number("period")) is not None:
            self.bar.period_box.setValue(period)
        self.bar.chosen.emit(choice)

    def show_places(self, places: Places) -> None:
        """Mark places on the sky and their apertures."""
        self._places = places
        if places.current is not None and not self.marks.resizing:
            self._show_radius(places.current.radius)
        self.marks.show_places(self._sky, places)

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        super().set_theme(theme)
        self.marks.set_theme(theme)
        self._compass.set_colour(theme.mark)
        self._sight.set_colour(theme.cursor)
        for part in (self._swipe, self.left_text, self.right_text, self.drawing_text):
            part.set_theme(theme)
        self._compose()

    @staticmethod
    def grid_rect(image: SkyImage) -> QRectF:
        """Edges of the grid in offsets east and north [arcsec]."""
        ny, nx = image.image.shape
        east = (image.x0 - (nx - 0.5)) * image.spaxel
        return QRectF(east, (-0.5 - image.y0) * image.spaxel, nx * image.spaxel, ny * image.spaxel)

    @staticmethod
    def grid_pixel(image: SkyImage, east: float, north: float) -> tuple[int, int]:
        """Zero-based (x, y) of the spaxel at an offset; may lie outside of the grid."""
        return round(image.x0 - east / image.spaxel), round(image.y0 + north / image.spaxel)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Move the active place by a spaxel, with Shift by five; remove it. While drawing: end, go back, cancel."""
        drawing = {
            Qt.Key.Key_Escape: self.regions.cancel,
            Qt.Key.Key_Return: self.regions.close_polygon,
            Qt.Key.Key_Enter: self.regions.close_polygon,
            Qt.Key.Key_Backspace: self.regions.take_back,
        }
        if event is not None and self.regions.kind and (does := drawing.get(Qt.Key(event.key()))) is not None:
            does()
            return
        steps = {Qt.Key.Key_Left: (1, 0), Qt.Key.Key_Right: (-1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
        image, place = self._sky, self._places.current
        if event is None or image is None or place is None or event.key() not in (*steps, Qt.Key.Key_Delete):
            super().keyPressEvent(event)
        elif event.key() == Qt.Key.Key_Delete:
            self.removed.emit(place.number)
        else:
            size = image.spaxel * (5 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
            east, north = (float(v) for v in image.offsets(place.ra, place.dec))
            to_east, to_north = steps[Qt.Key(event.key())]
            self._pick_at(east + to_east * size, north + to_north * size)

    def place_at(self, ra: float, dec: float) -> int | None:
        """Find the place whose handle is at a position [deg]: its number, None for none."""
        if self._sky is None:
            return None
        return self.marks.place_at(*(float(v) for v in self._sky.offsets(ra, dec)))

    def _show_radius(self, radius: float) -> None:
        with QSignalBlocker(self.radius_box):
            self.radius_box.setValue(radius)

    def _pick(self, east: float, north: float) -> None:
        """Choose the place whose handle was clicked, or move the active one."""
        number = self.marks.place_at(east, north)
        if number is not None and number != self._places.active:
            self.chosen.emit(number)
        else:
            self._pick_at(east, north)

    def _pick_at(self, east: float, north: float) -> None:
        if self._sky is not None and self._rect.contains(east, north):
            self.picked.emit(*(float(v) for v in self._sky.position(east, north)))

    def _add(self, east: float, north: float) -> None:
        if self._sky is not None and self._rect.contains(east, north):
            self.added.emit(*(float(v) for v in self._sky.position(east, north)))

    def _move(self, number: int, east: float, north: float) -> None:
        if self._sky is not None and self._rect.contains(east, north):
            self.place_moved.emit(number, *(float(v) for v in self._sky.position(east, north)))

    def show_cursor(self, cursor: Cursor | None) -> None:
        """Mark the sky position that the cursor is at."""
        known = cursor is not None and self._sky is not None and math.isfinite(cursor.ra)
        if known and cursor is not None and self._sky is not None:
            east, north = self._sky.offsets(cursor.ra, cursor.dec)
            self._sight.show_at((float(east), float(north)))
        else:
            self._sight.show_at(None)

    def _hover(self, east: float, north: float) -> None:
        image = self._sky
        if image is None or not self._rect.contains(east, north):
            self.left.emit()
            return
        x, y = self.grid_pixel(image, east, north)
        ra, dec = image.position(east, north)
        ny, nx = image.image.shape
        east, north = (float(v) for v in image.east_north(ra, dec))
        values = values_at(self._shown, self._several, min(max(x, 0), nx - 1), min(max(y, 0), ny - 1))
        offset = f"{east:+.2f}″ east, {north:+.2f}″ north".replace("-", "−")
        self.pointed.emit(float(ra), float(dec), f"{offset}   {values}")

    def _place_texts(self) -> None:
        """Put the words into the upper corners of the image."""
        area = self.canvas.mapFromScene(self.view.sceneBoundingRect()).boundingRect()
        self.left_text.move(area.left() + 4, area.top() + 4)
        self.right_text.move(area.right() - self.right_text.width() - 4, area.top() + 4)
        self.drawing_text.setMaximumWidth(max(area.width() - 8, 60))
        self.drawing_text.adjustSize()
        self.drawing_text.move(area.left() + 4, area.bottom() - self.drawing_text.height() - 4)

    def _place_compass(self) -> None:
        self._compass.setPos(self.view.rect().right() - 16, self.view.rect().bottom() - 16)


class _Compass(pg.GraphicsObject):
    """Arrows to the north and east, up and to the left unless they are turned, in the lower right corner of a plot."""

    LENGTH = 30.0

    def __init__(self) -> None:
        super().__init__()
        self.angle = 0.0
        self._colour = DARK.mark
        self.setZValue(100)

    def set_colour(self, colour: str) -> None:
        """Draw in a theme colour."""
        self._colour = colour
        self.update()

    def turn(self, angle: float) -> None:
        """Point to the north and east in an image whose y axis has a position angle [deg]."""
        self.prepareGeometryChange()
        self.angle = angle
        self.update()

    def boundingRect(self) -> QRectF:
        """Extent around the corner of the arrows."""
        most = self.LENGTH + 18
        least = 6 if not self.angle else most
        return QRectF(-most, -most, most + least, most + least)

    def paint(self, painter: QPainter, *_: object) -> None:
        """Draw a dark halo, then the arrows."""
        painter.setRenderHint(painter.RenderHint.Antialiasing)
        if self.angle:
            painter.translate(-self.LENGTH / 2, -self.LENGTH / 2)
            painter.rotate(self.angle)
        n, tip = self.LENGTH, 5.0
        for pen in (make_pen("#000000", 4.0, 0.6), make_pen(self._colour, 1.6)):
            painter.setPen(pen)
            for a, b in (
                ((0, 0), (0, -n)),
                ((0, -n), (-tip, -n + tip)),
                ((0, -n), (tip, -n + tip)),
                ((0, 0), (-n, 0)),
                ((-n, 0), (-n + tip, -tip)),
                ((-n, 0), (-n + tip, tip)),
            ):
                painter.drawLine(pg.Point(*a), pg.Point(*b))
        painter.setPen(make_pen(self._colour))
        painter.setBrush(make_brush(self._colour))
        painter.drawText(QRectF(-9, -n - 17, 18, 15), 0x84, "N")
        painter.drawText(QRectF(-n - 17, -8, 14, 16), 0x84, "E")
