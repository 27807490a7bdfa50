"""The page on resampling noise in one dimension: the figure and its controls."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PyQt6.QtCore import QSignalBlocker
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from atm_viewer.session.session import Session
from atm_viewer.teaching.model import METHODS
from atm_viewer.teaching.presets import MRS_1A, OVERSAMPLE, PRESETS, LearnSetup, setup_of
from atm_viewer.views.base.plain_text import Label
from atm_viewer.views.base.plotting import Paragraph
from atm_viewer.views.base.style import MUTED, make_heading
from atm_viewer.views.base.theme import DARK, Theme
from atm_viewer.views.fields.number_box import NumberBox
from atm_viewer.views.learn.plots import LearnFigure, words_of

_WIDTH = 250  #: of the controls [dots]


class LearnPage(QWidget):
    """Controls on the left, the figure on the right.

    Parameters
    ----------
    session : Session
        Gives the numbers of the open exposure.
    theme : Theme
        Colours.
    """

    def __init__(self, session: Session, theme: Theme = DARK):
        super().__init__()
        self._session = session
        self.setup = MRS_1A
        self.figure = LearnFigure()
        self.figure.set_theme(theme)  # before anything is drawn, which would be drawn twice
        self._make_controls()
        self._arrange()
        self.figure.moved.connect(lambda phase: self._change(phase=phase))
        session.changed.chosen.connect(self._show_own)
        self._show_own()
        self.use(MRS_1A)

    def use(self, setup: LearnSetup) -> None:
        """Take an instrument's numbers; what does not belong to it stays."""
        self.setup = setup.like(self.setup)
        self._show()

    def use_exposure(self) -> None:
        """Take the numbers of the open exposure: the chosen slice, the FWHM at the chosen column's wavelength."""
        found = own_setup(self._session)
        if found is not None:
            self.use(found)

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self.figure.set_theme(theme)

    # What it is made of

    def _make_controls(self) -> None:
        self.preset_buttons = {preset.name: QPushButton(preset.name) for preset in PRESETS}
        for preset in PRESETS:
            button = self.preset_buttons[preset.name]
            button.setAutoDefault(False)
            button.setToolTip(
                f"FWHM {preset.fwhm:g}″, pixels of {preset.pixel:g}″ along slices of {preset.width:g}″, "
                f"spaxels of {preset.spaxel:g}″"
            )
            button.clicked.connect(lambda _, preset=preset: self.use(preset))
        self.own_button = QPushButton("My exposure")
        self.own_button.setAutoDefault(False)
        self.own_button.clicked.connect(self.use_exposure)
        self.fwhm_box = _box(0.02, 3.0, 0.01, 3, "″", f"FWHM of the source's image [arcsec]; {MRS_1A.fwhm:g} in MRS 1A")
        self.pixel_box = _box(
            0.02, 1.0, 0.01, 3, "″", f"Pixel size along the slice [arcsec]; {MRS_1A.pixel:g} in MRS 1A"
        )
        self.spaxel_box = _box(
            0.02, 1.0, 0.01, 3, "″", f"Spaxel size of the cube [arcsec]; {MRS_1A.spaxel:g} in MRS 1A"
        )
        self.method_box = QComboBox()
        for method in METHODS:
            self.method_box.addItem(words_of(method), method)
        self.method_box.setToolTip("Interpolation between pixels; cube_build drizzles (default)")
        self.crossed_box = _box(
            -40.0,
            40.0,
            0.5,
            1,
            " pixels",
            f"Tilt: number of pixels that the trace crosses in the band; {MRS_1A.trace.crossed:g} in MRS 1A",
        )
        self.bow_box = _box(
            -20.0,
            20.0,
            0.5,
            1,
            " pixels",
            f"Bow: deviation of the trace from a straight line; {MRS_1A.trace.bow:g} in MRS 1A",
        )
        self.dither_box = QComboBox()
        for count, words in ((1, "none"), (2, "2 points"), (4, "4 points")):
            self.dither_box.addItem(words, count)
        self.dither_box.setToolTip(
            "Number of dithered exposures to average, evenly spaced within a pixel (default none)"
        )
        self.radius_box = _box(0.1, 3.0, 0.1, 1, " FWHM", "Radius of the aperture [FWHM] (default 1)")
        self.model_box = QCheckBox("Adaptive trace model")
        self.model_box.setToolTip(
            "Fit a spline to the pixels of many columns, which see the source at different phases, as "
            f"adaptive_trace_model does. The spline divides each pixel into {OVERSAMPLE} (oversample)."
        )
        self.fwhm_box.valueChanged.connect(lambda value: self._change(fwhm=value))
        self.pixel_box.valueChanged.connect(lambda value: self._change(pixel=value))
        self.spaxel_box.valueChanged.connect(lambda value: self._change(spaxel=value))
        self.method_box.activated.connect(lambda _: self._change(method=self.method_box.currentData()))
        self.crossed_box.valueChanged.connect(lambda v: self._change(trace=replace(self.setup.trace, crossed=v)))
        self.bow_box.valueChanged.connect(lambda v: self._change(trace=replace(self.setup.trace, bow=v)))
        self.dither_box.activated.connect(lambda _: self._change(dithers=self.dither_box.currentData()))
        self.radius_box.valueChanged.connect(lambda value: self._change(radius=value))
        self.model_box.toggled.connect(lambda on: self._change(model=on))

    def _arrange(self) -> None:
        controls = QWidget()
        controls.setFixedWidth(_WIDTH)
        left = QVBoxLayout(controls)
        left.setContentsMargins(8, 8, 4, 8)
        heading = Label("Preset")
        make_heading(heading)
        left.addWidget(heading)
        for button in (*self.preset_buttons.values(), self.own_button):
            left.addWidget(button)
        self.of_label = Paragraph()
        self.of_label.setForegroundRole(MUTED)
        left.addWidget(self.of_label)
        form = QFormLayout()
        form.setVerticalSpacing(5)
        for label, widget in (
            ("FWHM", self.fwhm_box),
            ("Pixel", self.pixel_box),
            ("Spaxel", self.spaxel_box),
            ("Interpolation", self.method_box),
            ("Trace crosses", self.crossed_box),
            ("Trace bows", self.bow_box),
            ("Dithers", self.dither_box),
            ("Aperture", self.radius_box),
        ):
            form.addRow(label, widget)
            name = form.labelForField(widget)
            if name is not None:
                name.setToolTip(widget.toolTip())
        left.addLayout(form)
        left.addWidget(self.model_box)
        tries = Paragraph(markup=True)
        tries.setText(
            "<b>Try this</b>: drag the source; choose 2 dithers; choose an aperture of 2 FWHM; tick the trace model. "
            "Then set the trace to cross 0 pixels with no bow: all columns see the same phase, and the pipeline "
            "fits no spline."
        )
        tries.setForegroundRole(MUTED)
        left.addSpacing(8)
        left.addWidget(tries)
        left.addStretch(1)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(controls)
        whole.addWidget(self.figure, 1)

    # What is shown

    def _change(self, **values: Any) -> None:
        self.setup = replace(self.setup, **values)
        self._show()

    def _show(self) -> None:
        setup = self.setup
        for box, value in (
            (self.fwhm_box, setup.fwhm),
            (self.pixel_box, setup.pixel),
            (self.spaxel_box, setup.spaxel),
            (self.crossed_box, setup.trace.crossed),
            (self.bow_box, setup.trace.bow),
            (self.radius_box, setup.radius),
        ):
            if not box.hasFocus() or abs(box.value() - value) > 1e-9:
                with QSignalBlocker(box):
                    box.setValue(value)
        for choice, data in ((self.method_box, setup.method), (self.dither_box, setup.dithers)):
            choice.setCurrentIndex(choice.findData(data))
        with QSignalBlocker(self.model_box):
            self.model_box.setChecked(setup.model)
        self.of_label.setText(
            f"{setup.name}: {setup.fwhm / setup.pixel:.2f} pixels per FWHM, slices of {setup.width:g}″"
        )
        self.figure.show_setup(setup)

    def _show_own(self) -> None:
        there = self._session.state.current is not None
        self.own_button.setEnabled(there)
        self.own_button.setToolTip(
            "Use pixel size and trace of the chosen slice, FWHM at the chosen column, and the cube's spaxel size"
            if there
            else "Open an exposure to use its pixel size, trace and FWHM"
        )


def own_setup(session: Session) -> LearnSetup | None:
    """Numbers of the open exposure at the chosen slice and column, for a trace in its middle."""
    view = session.state.current
    if view is None:
        return None
    opened = next(e for e in session.state.exposures if e.view is view)
    wavelength = opened.slice_map.wavelength_at(session.state.number, session.state.column)
    spaxel = session.answers.sky.spaxel if session.answers.sky is not None else float("nan")
    return setup_of(view, session.state.number, wavelength, 0.0, spaxel)


def _box(low: float, high: float, step: float, decimals: int, suffix: str, tip: str) -> NumberBox:
    box = NumberBox()
    box.setDecimals(decimals)
    box.setRange(low, high)
    box.setSingleStep(step)
    box.setSuffix(suffix)
    box.setToolTip(tip)
    return box
