"""Options of the spectrum view, in a strip beside the plots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QCompleter,
    QFormLayout,
    QGridLayout,
    QScrollArea,
    QWidget,
)

from atm_viewer.session.spectrum.lines import LineList
from atm_viewer.session.spectrum.settings import ARRANGEMENTS, KERNELS, WIDTH_UNITS, SpectrumSettings
from atm_viewer.session.spectrum.units import AXES, FLUX_UNITS
from atm_viewer.session.state.remedy_choice import has_fringes
from atm_viewer.views.base.plain_text import Label
from atm_viewer.views.base.style import MUTED
from atm_viewer.views.fields.number_box import NumberBox

_NEAREST = "nearest to band centre"

_TICKS = {
    "before": ("before", "Spectrum of the active place before correction. Default: shown"),
    "aperture": (
        "aperture",
        "Spectrum of the aperture after correction: nearly free of resampling noise. Default: shown",
    ),
    "scaled": (
        "aperture scaled",
        "Scale the aperture's spectrum to the corrected spaxel (median ratio 1). Unscaled: mean surface brightness "
        "[MJy/sr] or total flux. Default: scaled",
    ),
    "errors": (
        "errors",
        "± 1 σ band from the cube's ERR. Smoothing does not change it. Default: hidden",
    ),
    "rf1d": (
        "RF1D",
        "MIRI: remove residual fringes from all spectra with the pipeline's fit_residual_fringes_1d, for display only: "
        "verdict, measurements and files are without it. Default: off",
    ),
    "all_bands": (
        "all bands",
        "Spectra of the active place and variant in all open bands, one colour per band: before faint, after strong. "
        "Default: one band",
    ),
    "crossings": (
        "crossings",
        "Ticks where the trace is centred on a pixel, one row per exposure. Resampling noise repeats from tick to "
        "tick. Default: hidden",
    ),
    "log": ("log", "Logarithmic flux axis; values that are not positive are not shown. Default: linear"),
    "masks": (
        "masks",
        "Hatch wavelengths without a valid value, and mark on the upper edge those that come from pixels which the "
        "spline fills (the longer, the more). Default: shown",
    ),
    "ratio": ("ratio", "Panel with the ratio to the reference. Default: shown"),
    "difference": ("difference", "Panel with the difference from the reference. Default: hidden"),
    "predicted": (
        "predicted",
        "Faint curve in the ratio panel: what a noise-free star would show before correction, from the exposures' "
        "geometry. Only with the aperture as reference. Default: shown",
    ),
}


class SpectrumControls(QScrollArea):
    """Form with all of `SpectrumSettings`, which leaves the plots in sight.

    Signals
    -------
    edited(SpectrumSettings)
        The user's choices.
    region_wanted(bool)
        Smoothing within a region only, or everywhere.
    left()
        By Escape.
    """

    edited = pyqtSignal(object)
    region_wanted = pyqtSignal(bool)
    left = pyqtSignal()

    def __init__(self, lines: LineList):
        super().__init__()
        self.setAccessibleName("Options of the spectra")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._settings = SpectrumSettings()
        self.unit_box = self._choice(
            "unit",
            "Flux unit",
            tuple(FLUX_UNITS),
            "Flux unit of the spectra; erg/s/cm² is νFν. Default: MJy/sr, as in the cubes",
        )
        self.axis_box = self._choice(
            "axis", "Axis", tuple(AXES), "Horizontal axis. Default: wavelength (vacuum, observed)"
        )
        self.line_box = QComboBox()
        self.line_box.setAccessibleName("Line at zero velocity")
        self.line_box.setEditable(True)
        self.line_box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.line_box.addItem(_NEAREST)
        self.line_box.addItems([line.name for line in lines.lines])
        self.line_box.setToolTip(
            "Line at zero velocity: v = c (λ/λ₀ − 1), with λ₀ at the redshift. Default: the line nearest to the "
            "band centre"
        )
        completer = self.line_box.completer()
        assert completer is not None
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.redshift_box = NumberBox()
        self.redshift_box.setAccessibleName("Redshift")
        self.redshift_box.setDecimals(6)
        self.redshift_box.setRange(-0.5, 20.0)
        self.redshift_box.setSingleStep(0.001)
        self.redshift_box.setToolTip("Redshift z of the source, for lines, rest wavelengths and velocities. Default: 0")
        self.family_boxes = {family: self._family(family, lines.about[family]) for family in lines.families}
        self.ticks = {name: self._tick(name, *texts) for name, texts in _TICKS.items()}
        self.reference_box = QComboBox()
        self.reference_box.setAccessibleName("Reference")
        self.reference_box.setToolTip(
            "Reference for ratio and difference: the scaled aperture, the spectrum before, another variant, or a "
            "cube or extracted spectrum from elsewhere. Default: aperture"
        )
        self.arrangement_box = self._choice(
            "arrangement",
            "Places",
            ARRANGEMENTS,
            "Spectra of several places: overlaid, stacked, or stacked and normalised by the median. Default: overlaid",
        )
        self.kernel_box = self._choice(
            "kernel",
            "Smoothing",
            KERNELS,
            "Smoothing kernel, for display only: products and the noise value are never smoothed",
        )
        self.width_box = NumberBox()
        self.width_box.setAccessibleName("Width")
        self.width_box.setDecimals(1)
        self.width_box.setRange(1.0, 5000.0)
        self.width_box.setToolTip("Full width of the boxcar, or FWHM of the Gaussian. Default: 5")
        self.width_unit_box = self._choice(
            "width_unit", "Unit of the width", WIDTH_UNITS, "Unit of the width. Default: planes of the cube"
        )
        self.region_tick = QCheckBox("in a region")
        self.region_tick.setToolTip("Smooth only between the two lines in the plot; drag the lines. Default: off")
        self._lay_out()
        self._connect()
        self.set_variants(())
        self.show_settings(self._settings)

    def show_settings(self, settings: SpectrumSettings) -> None:
        """Show choices."""
        self._settings = settings
        boxes: tuple[QComboBox, ...] = (
            self.unit_box,
            self.axis_box,
            self.arrangement_box,
            self.kernel_box,
            self.width_unit_box,
        )
        for box in boxes:
            with QSignalBlocker(box):
                box.setCurrentText(getattr(settings, box.objectName()))
        with QSignalBlocker(self.line_box), QSignalBlocker(self.reference_box):
            self.line_box.setCurrentText(settings.line or _NEAREST)
            at = self.reference_box.findData(settings.reference)
            self.reference_box.setCurrentIndex(max(at, 0))
        with QSignalBlocker(self.redshift_box), QSignalBlocker(self.width_box), QSignalBlocker(self.region_tick):
            self.redshift_box.setValue(settings.redshift)
            self.width_box.setValue(settings.width)
            self.region_tick.setChecked(settings.region is not None)
        for name, tick in self.ticks.items():
            with QSignalBlocker(tick):
                tick.setChecked(getattr(settings, name))
        for family, tick in self.family_boxes.items():
            with QSignalBlocker(tick):
                tick.setChecked(family in settings.families)
        self.line_box.setEnabled(settings.axis == "velocity")
        for widget in (self.width_box, self.width_unit_box, self.region_tick):
            widget.setEnabled(settings.kernel != "none")
        self.ticks["scaled"].setEnabled(settings.aperture)
        self.ticks["predicted"].setEnabled(settings.ratio and settings.reference == "aperture")

    def set_band(self, band: str) -> None:
        """Offer what spectra of a band can have."""
        self.ticks["rf1d"].setEnabled(has_fringes(band))

    def set_variants(self, variants: Sequence[tuple[str, str]], files: Sequence[tuple[str, str]] = ()) -> None:
        """Offer variants (letter, title) as references, when there are several, and files (name, title)."""
        entries = [("aperture", "aperture"), ("before", "before")]
        if len(variants) > 1:
            entries += [(f"variant:{name}", f"variant {title}") for name, title in variants]
        entries += [(f"file:{name}", title) for name, title in files]
        with QSignalBlocker(self.reference_box):
            self.reference_box.clear()
            for data, text in entries:
                self.reference_box.addItem(text, data)
        self.show_settings(self._settings)

    def take_keyboard(self) -> None:
        """Begin at the first box."""
        self.unit_box.setFocus()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Leave with Escape."""
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _choice(self, name: str, title: str, texts: Sequence[str], tip: str) -> QComboBox:
        box = QComboBox()
        box.setObjectName(name)
        box.setAccessibleName(title)
        box.addItems(list(texts))
        box.setToolTip(tip)
        box.currentTextChanged.connect(lambda text: self._edit(**{name: text}))
        return box

    def _tick(self, name: str, text: str, tip: str) -> QCheckBox:
        box = QCheckBox(text)
        box.setToolTip(tip)
        box.toggled.connect(lambda on: self._edit(**{name: on}))
        return box

    def _family(self, name: str, about: str) -> QCheckBox:
        box = QCheckBox(name)
        box.setToolTip(f"Mark {about}. Default: not marked")
        box.toggled.connect(lambda: self._edit(families=self._families()))
        return box

    def _families(self) -> tuple[str, ...]:
        return tuple(family for family, box in self.family_boxes.items() if box.isChecked())

    def _connect(self) -> None:
        self.line_box.activated.connect(lambda _: self._take_line())
        edit = self.line_box.lineEdit()
        assert edit is not None
        edit.editingFinished.connect(self._take_line)
        self.redshift_box.valueChanged.connect(lambda z: self._edit(redshift=z))
        self.width_box.valueChanged.connect(lambda width: self._edit(width=width))
        self.region_tick.toggled.connect(self.region_wanted)
        self.reference_box.currentIndexChanged.connect(
            lambda row: self._edit(reference=self.reference_box.itemData(row))
        )

    def _take_line(self) -> None:
        """Take the line that is typed or chosen; a text that is no line's name is replaced by the line in use."""
        text = self.line_box.currentText()
        if text == _NEAREST or self.line_box.findText(text, Qt.MatchFlag.MatchFixedString) < 0:
            text = "" if text == _NEAREST else self._settings.line
        self._edit(line=text)
        self.show_settings(self._settings)

    def _edit(self, **values: Any) -> None:
        settings = replace(self._settings, **values)
        if settings != self._settings:
            self._settings = settings
            self.edited.emit(settings)

    def _lay_out(self) -> None:
        content = QWidget()
        form = QFormLayout(content)
        form.setContentsMargins(10, 6, 10, 6)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        form.setVerticalSpacing(4)
        ticks = self.ticks
        rows: dict[str, tuple[QWidget | None, ...]] = {
            "Flux": (self.unit_box, ticks["log"]),
            "Axis": (self.axis_box,),
            "v = 0 at": (self.line_box,),
            "Redshift": (self.redshift_box,),
            "Lines": tuple(self.family_boxes.values()),
            "Show": tuple(ticks[n] for n in ("before", "errors", "aperture", "scaled", "masks", "crossings")),
            "Places": (self.arrangement_box, None, ticks["all_bands"]),
            "Panels": (ticks["ratio"], ticks["difference"], ticks["predicted"]),
            "Reference": (self.reference_box,),
            "Fringes": (ticks["rf1d"],),
            "Smoothing": (self.kernel_box, None, self.width_box, self.width_unit_box, self.region_tick),
        }
        for words, widgets in rows.items():
            form.addRow(words, _pairs(*widgets))
        note = Label("RF1D and smoothing are for display only.")
        note.setForegroundRole(MUTED)
        note.setWordWrap(True)
        form.addRow(note)
        self.setWidget(content)
        bar = self.verticalScrollBar()
        assert bar is not None
        self.setFixedWidth(content.sizeHint().width() + bar.sizeHint().width() + 2 * self.frameWidth())


def _pairs(*widgets: QWidget | None) -> QWidget:
    """Put widgets in two columns; None leaves a place to the widget before."""
    holder = QWidget()
    layout = QGridLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setVerticalSpacing(2)
    for k, widget in enumerate(widgets):
        if widget is not None:
            wide = len(widgets) == 1 or (k + 1 < len(widgets) and widgets[k + 1] is None)
            layout.addWidget(widget, k // 2, k % 2, 1, 2 if wide else 1)
    return holder
