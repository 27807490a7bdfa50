"""Comparison of two sky images: in turn, side by side, difference or ratio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from atm_viewer.engine.results.sky_image import SkyImage
from atm_viewer.session.edits.variants import Variants
from atm_viewer.session.state.sky_choice import (
    BEFORE,
    BLINK,
    DIFFERENCE,
    FIRST,
    MODES,
    PLANES,
    RATIO,
    SECOND,
    SWIPE,
    ShownSky,
    SkyChoice,
)
from atm_viewer.views.base.plain_text import Label, escaped
from atm_viewer.views.base.plotting import make_pen, plain, with_unit
from atm_viewer.views.base.theme import Theme
from atm_viewer.views.fields.number_box import NumberBox
from atm_viewer.views.images.image_panel import Pixels

NO_CUBES: Mapping[str, str] = MappingProxyType({})
PERIOD = 0.6  #: how long each image is shown in blinking, unless the user wants otherwise [s]
LEAST = 40  #: width to which a box shrinks where there is no room for all [dots]

_MODE_TIPS = (
    "Show this image only (A: switch to the other)",
    "Show this image only (A: switch to the other)",
    "Alternate between both images with the same display limits (B)",
    "Show both images side by side; drag the line between them (Shift+B)",
    "Show the second image minus the first (D)",
    "Show the second image divided by the first, minus 1 [%] (Shift+D)",
)


@dataclass(frozen=True, eq=False)
class Picture:
    """The image that is painted, and the words on it.

    Parameters
    ----------
    pixels : Pixels
        Rows to the north, columns to the east.
    left, right : tuple of str
        Names of the images whose words stand in the upper left and the upper right corner.
    missing : bool
        An image is not there yet.
    """

    pixels: Pixels
    left: tuple[str, ...]
    right: tuple[str, ...] = ()
    missing: bool = False


def compose(shown: ShownSky, side: int, split: int) -> Picture | None:
    """Put two images into one.

    Parameters
    ----------
    shown : ShownSky
        The images.
    side : int
        0 or 1: the one whose turn it is in blinking.
    split : int
        Columns, from the west, that show the second image in swiping.

    Returns
    -------
    Picture or None
        None without a field. An image that is not there gives way to the other one.
    """
    field, choice = shown.white, shown.choice
    if field is None:
        return None
    images = {name: image for name, image in shown.images.items() if same_grid(image, field)}
    levels = images.get(BEFORE, field)
    known = [images.get(name) for name in shown.sides]
    side = {FIRST: 0, SECOND: 1}.get(choice.mode, side)

    def pixels(values: np.ndarray, label: str, unit: str = field.unit, differs: bool = False) -> Pixels:
        values = np.ascontiguousarray(values[:, ::-1])  # x of the grid grows to the west, east offsets the other way
        sample = values if differs else levels.image
        return Pixels(values, unit, label, sample, symmetric=differs)

    first, second = known
    if choice.mode in (DIFFERENCE, RATIO):
        nothing = np.full_like(field.image, np.nan)
        missing = first is None or second is None
        if first is None or second is None:
            return Picture(pixels(nothing, choice.mode, differs=True), shown.sides[::-1], missing=True)
        if choice.mode == DIFFERENCE:
            return Picture(pixels(second.image - first.image, "difference", differs=True), shown.sides[::-1])
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.where(first.image > 0, 100.0 * (second.image / first.image - 1.0), np.nan)
        return Picture(pixels(part.astype(np.float32), "ratio − 1", "%", differs=True), shown.sides[::-1])
    label = f"mean of {field.band}" if levels.wavelengths is None else "mean of planes"
    if choice.mode == SWIPE and first is not None and second is not None:
        both = first.image.copy()
        both[:, both.shape[1] - split :] = second.image[:, both.shape[1] - split :]
        return Picture(pixels(both, label), shown.sides[:1], shown.sides[1:])
    image, missing = (
        known[side],
        any(k is None for k in known) if choice.mode in (BLINK, SWIPE) else known[side] is None,
    )
    seen = shown.sides[side]
    if image is None:
        other = known[1 - side]
        seen = shown.sides[1 - side] if other is not None else BEFORE
        image = other or levels
    return Picture(pixels(image.image, label), (seen,), missing=missing)


def same_grid(image: SkyImage, other: SkyImage) -> bool:
    """Whether spaxels of two images lie on each other."""
    return image.image.shape == other.image.shape and all(
        getattr(image, name) == getattr(other, name) for name in ("ra", "dec", "spaxel", "x0", "y0", "angle")
    )


def side_name(name: str, several: bool, cubes: Mapping[str, str] = NO_CUBES) -> str:
    """Name of an image as the user reads it: ``before``, ``after``, or ``after B`` where there are several variants.

    ``cubes`` has titles of cubes from elsewhere by their names.
    """
    if name in cubes:
        return cubes[name]
    return name if name == BEFORE else f"after {name}" if several else "after"


def caption(picture: Picture, shown: ShownSky, several: bool, theme: Theme) -> tuple[str, str]:
    """Words in the upper corners, as rich text: which image it is, and at which wavelengths."""
    light = next((i.wavelengths for n, i in shown.images.items() if n in picture.left), None)
    where = "white light" if light is None else f"{light[0]:.4f}–{light[1]:.4f} µm"
    sign = {DIFFERENCE: " − ", RATIO: " / "}.get(shown.choice.mode, "")

    def words(name: str) -> str:
        if name in shown.cubes:  # there is little room for titles
            words, colour = name, theme.references[(int(name[1:]) - 1) % len(theme.references)]
        else:
            colour = theme.before if name == BEFORE else theme.variant(name)
            words = escaped(side_name(name, several))
        return f'<span style="color:{colour}">■</span>&nbsp;<b>{words}</b>'

    left = sign.join(words(name) for name in picture.left) + (" · updating…" if picture.missing else "")
    left += f"<br>{where}"
    return left, "".join(words(name) for name in picture.right)


def values_at(shown: ShownSky, several: bool, x: int, y: int) -> str:
    """Values of the images that are seen, at a spaxel (zero-based), for the status line."""
    field, choice = shown.white, shown.choice
    if field is None:
        return ""
    images = [shown.images.get(name) for name in shown.sides]
    texts = [side_name(name, several, shown.cubes) for name in shown.sides]
    if choice.mode in (FIRST, SECOND):
        side = MODES.index(choice.mode)
        images, texts = images[side : side + 1], texts[side : side + 1]
    parts, values = [], []
    for image, text in zip(images, texts, strict=True):
        if image is not None and same_grid(image, field):
            values.append(float(image.image[y, x]))
            parts.append(f"{text} {with_unit(values[-1], image.unit)}")
    told = " → ".join(parts)
    if len(values) == 2 and values[0] > 0 and np.isfinite(values[1]):
        told += f" ({plain(100 * (values[1] / values[0] - 1), 2)} %)"
    return told


class SkyModeBar(QWidget):
    """Boxes that choose which images of the field are shown, and how; those of both images on a line below.

    Signals
    -------
    chosen(SkyChoice)
        The user wants another choice.
    """

    chosen = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._choice = SkyChoice()
        self._names: tuple[str, ...] = ()
        self.mode_box = QComboBox()
        self.mode_box.setAccessibleName("Sky image")
        self.mode_box.setToolTip(
            "Sky image to show: before or after correction (A), both in turn (B), side by side (Shift+B), their "
            "difference (D) or ratio (Shift+D). Default: before"
        )
        self.first_box, self.second_box = QComboBox(), QComboBox()
        self.second_box.setAccessibleName("Second image")
        self.first_box.setAccessibleName("First image")
        self.first_box.setToolTip(
            "First image: before correction, after correction by a variant, or an open reference cube. Default: before"
        )
        self.second_box.setToolTip(
            "Second image: after correction by the active variant or a fixed one, or an open reference cube. "
            "Default: active"
        )
        self.light_box = QComboBox()
        self.light_box.setAccessibleName("Wavelengths")
        for planes in PLANES:
            words = f"{planes} plane{'' if planes == 1 else 's'}" if planes else "white light"
            self.light_box.addItem(words, planes)
        self.light_box.setToolTip(
            "White light: mean over all wavelengths of the band; resampling noise averages out. Planes: mean of "
            "the cube's planes around the chosen column's wavelength; resampling noise is visible (L). Default: "
            "white light"
        )
        self.period_box = NumberBox()
        self.period_box.setAccessibleName("Blink interval")
        self.period_box.setRange(0.1, 5.0)
        self.period_box.setDecimals(1)
        self.period_box.setSingleStep(0.1)
        self.period_box.setValue(PERIOD)
        self.period_box.setSuffix(" s")
        self.period_box.setToolTip(f"Blink interval: time that each image is shown [s]. Default: {PERIOD} s")
        self.mode_box.setMinimumHeight(self.period_box.sizeHint().height())  # the image stays where it is beside it
        lines = QVBoxLayout(self)
        lines.setContentsMargins(4, 0, 4, 2)
        lines.setSpacing(2)
        self._compare = Label("Compare")
        self.line, images = QHBoxLayout(), QHBoxLayout()
        images.addWidget(self._compare)
        for line, boxes in ((self.line, (self.mode_box, self.period_box)), (images, (self.first_box, self.second_box))):
            line.setSpacing(4)
            lines.addLayout(line)
            for box in boxes:
                line.addWidget(box)
            line.addStretch(1)
        self.line.addWidget(self.light_box)
        for box in (self.mode_box, self.first_box, self.second_box, self.period_box, self.light_box):
            box.setMinimumWidth(LEAST)  # the window's panels do not move for a box more
        self.mode_box.activated.connect(lambda row: self.choose(mode=MODES[row]))
        self.first_box.activated.connect(lambda row: self.choose(first=self.first_box.itemData(row)))
        self.second_box.activated.connect(lambda row: self.choose(second=self.second_box.itemData(row)))
        self.light_box.activated.connect(lambda row: self.choose(planes=self.light_box.itemData(row)))
        self.show_choice(ShownSky(), Variants())

    def choose(self, **changes: Any) -> None:
        """Want another choice."""
        self.chosen.emit(replace(self._choice, **changes))

    def toggle(self, mode: str) -> None:
        """Show images in this way, or alone again."""
        self.choose(mode=FIRST if self._choice.mode == mode else mode)

    def flip(self) -> None:
        """Show the other one of both images, alone."""
        self.choose(mode=SECOND if self._choice.mode == FIRST else FIRST)

    def toggle_light(self) -> None:
        """Change between white light and five planes."""
        self.choose(planes=0 if self._choice.planes else 5)

    def show_choice(self, shown: ShownSky, variants: Variants) -> None:
        """Show a choice in the boxes."""
        self._choice = choice = shown.choice
        texts = [side_name(name, variants.several, shown.cubes) for name in shown.sides] + list(MODES[2:])
        entries = [(name, side_name(name, True, shown.cubes)) for name in (BEFORE, *variants.names, *shown.cubes)]
        for box, items, current in (
            (self.mode_box, [(mode, text) for mode, text in zip(MODES, texts, strict=True)], choice.mode),
            (self.first_box, entries, shown.sides[0]),
            (self.second_box, [("", f"active: {variants.active}"), *entries], choice.second),
        ):
            with QSignalBlocker(box):
                if [(box.itemData(i), box.itemText(i)) for i in range(box.count())] != items:
                    box.clear()
                    for data, text in items:
                        box.addItem(text, data)
                box.setCurrentIndex(max(box.findData(current), 0))
        for row, tip in enumerate(_MODE_TIPS):
            self.mode_box.setItemData(row, tip, Qt.ItemDataRole.ToolTipRole)
        with QSignalBlocker(self.light_box):
            self.light_box.setCurrentIndex(PLANES.index(choice.planes))
        for widget in (self._compare, self.first_box, self.second_box):
            widget.setVisible(variants.several or bool(shown.cubes))
        self.period_box.setVisible(choice.mode == BLINK)


class SwipeLine(pg.InfiniteLine):
    """Upright line with a grip, dragged along the edges of spaxels."""

    def __init__(self) -> None:
        super().__init__(angle=90, movable=True)
        self.addMarker("<|>", 0.5, 14)
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setToolTip("Drag: the first image is on the left, the second on the right")
        self.setZValue(50)

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self.setPen(make_pen(theme.mark, 2.0))
        self.setHoverPen(make_pen(theme.accent, 3.0))


class CornerText(Label):
    """Words on top of an image, on an opaque background; the mouse passes through them."""

    def __init__(self, parent: QWidget):
        super().__init__(parent=parent, markup=True)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        ground = QColor(theme.plot)
        rgb = f"{ground.red()}, {ground.green()}, {ground.blue()}"
        self.setStyleSheet(f"background: rgba({rgb}, 200); color: {theme.text}; padding: 1px 4px; border-radius: 3px;")

    def say(self, text: str) -> None:
        """Show a text, or nothing."""
        self.setText(text)
        self.setVisible(bool(text))
        self.adjustSize()
