"""The recipe's values for all slices."""

from __future__ import annotations

from PyQt6.QtCore import QSignalBlocker
from PyQt6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QWidget

from atm_viewer.engine.recipe import CHOICES, Recipe
from atm_viewer.session.edits.parameters import PARAMETERS
from atm_viewer.session.session import Session
from atm_viewer.views.base.panel import NumberBox, WholeBox
from atm_viewer.views.base.plain_text import Label
from atm_viewer.views.base.theme import DARK, Theme


class RecipePanel(QWidget):
    """Form of the values that hold where a slice has none of its own.

    Parameters
    ----------
    session : Session
        Gives the recipe and takes edits.
    """

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        self._theme = DARK
        self.threshold = NumberBox()
        self.threshold.setRange(0, 1e6)
        self.threshold.setDecimals(3)
        self.threshold.setSuffix(" σ")
        self.slope = NumberBox()
        self.slope.setRange(0, 1e3)
        self.slope.setDecimals(4)
        self.slope.setSingleStep(0.01)
        self.oversample = WholeBox()
        self.oversample.setRange(int(PARAMETERS["oversample"].low), int(PARAMETERS["oversample"].high))
        self.oversample.setSuffix(" ×")
        self.psf = QCheckBox("PSF optimal")
        self._labels = {name: Label(text) for name, text in _LABELS}
        boxes: dict[str, NumberBox | WholeBox] = {
            "fit_threshold": self.threshold,
            "slope_limit": self.slope,
            "oversample": self.oversample,
        }
        grid = QGridLayout(self)
        grid.setContentsMargins(6, 2, 6, 4)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        for row, column, name in ((0, 0, "fit_threshold"), (1, 0, "slope_limit"), (0, 2, "oversample")):
            label, box = self._labels[name], boxes[name]
            label.setBuddy(box)
            for widget in (label, box):
                widget.setToolTip(PARAMETERS[name].tooltip)
            grid.addWidget(label, row, column)
            grid.addWidget(box, row, column + 1)
            box.valueChanged.connect(self._editor(name, step=True))
        self.psf.setToolTip(PARAMETERS["psf_optimal"].tooltip)
        self.psf.toggled.connect(self._editor("psf_optimal"))
        grid.addWidget(self.psf, 1, 2, 1, 2)
        self.choices: dict[str, QComboBox] = {}
        for column, name in ((0, "reach"), (2, "peak_cut")):
            label, choice = self._labels[name], QComboBox()
            choice.addItems(CHOICES[name])
            label.setBuddy(choice)
            label.setToolTip(PARAMETERS[name].tooltip)
            choice.setToolTip(PARAMETERS[name].tooltip)
            choice.activated.connect(self._chooser(name))
            grid.addWidget(label, 2, column)
            grid.addWidget(choice, 2, column + 1)
            self.choices[name] = choice
        self.beyond = Label()
        self.beyond.setWordWrap(True)
        self.beyond.setToolTip("The pipeline cannot do this: products are marked, in their history and their recipe")
        grid.addWidget(self.beyond, 3, 0, 1, 4)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        session.recipe_changed.connect(self._show)
        self._show()

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self._theme = theme
        self._show()

    def _editor(self, name: str, step: bool = False):
        return lambda value: self._session.set_global(name, value, step)

    def _chooser(self, name: str):
        return lambda row: self._session.set_global(name, CHOICES[name][row])

    def _show(self) -> None:
        recipe, default = self._session.recipe, Recipe()
        for box, value in (
            (self.threshold, recipe.fit_threshold),
            (self.slope, recipe.slope_limit),
            (self.oversample, recipe.oversample),
        ):
            with QSignalBlocker(box):
                box.setValue(value)  # type: ignore[arg-type]
        with QSignalBlocker(self.psf):
            self.psf.setChecked(recipe.psf_optimal)
        for name, widget in (*self._labels.items(), ("psf_optimal", self.psf)):
            changed = getattr(recipe, name) != getattr(default, name)
            widget.setStyleSheet(f"color: {self._theme.accent}" if changed else "")
        for name, choice in self.choices.items():
            choice.setCurrentText(getattr(recipe, name))
            choice.setEnabled(not recipe.psf_optimal)
        self.beyond.setText(f"Not the pipeline's: {'; '.join(recipe.beyond_pipeline)}")
        self.beyond.setStyleSheet(f"color: {self._theme.accent}")
        self.beyond.setVisible(bool(recipe.beyond_pipeline))
        for number in (self.threshold, self.slope):
            number.setEnabled(not recipe.psf_optimal)


_LABELS = (
    ("fit_threshold", "Fit threshold"),
    ("slope_limit", "Slope limit"),
    ("oversample", "Oversample"),
    ("reach", "Reach"),
    ("peak_cut", "Peak cut"),
)
