"""The recipe's defaults for all slices."""

from __future__ import annotations

from PyQt6.QtCore import QSignalBlocker, Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QToolButton, QWidget

from atm_viewer.engine.recipe import PARAMETERS, Parameter
from atm_viewer.session.session import Session
from atm_viewer.views.base.plain_text import Label, set_tip
from atm_viewer.views.base.theme import DARK, Theme
from atm_viewer.views.fields.number_box import NumberBox, WholeBox
from atm_viewer.views.recipe.region_form import RegionForm
from atm_viewer.views.recipe.region_table import RegionTable

Box = NumberBox | WholeBox | QCheckBox | QComboBox


class RecipePanel(QWidget):
    """Form of the values for all slices without an override.

    Parameters
    ----------
    session : Session
        Gives the recipe and takes edits.
    """

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        self._theme = DARK
        self.boxes: dict[str, Box] = {}
        self._labels: dict[str, QWidget] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(6, 2, 6, 4)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        usual = [p for p in PARAMETERS.values() if p.is_global and not p.beyond]
        rare = [p for p in PARAMETERS.values() if p.is_global and p.beyond]
        for k, parameter in enumerate(usual):
            self._add(grid, parameter, k // 2, 2 * (k % 2))
        self.more_button = QToolButton()
        self.more_button.setText("Beyond the pipeline")
        self.more_button.setToolTip("Show or hide options that the pipeline does not have")
        self.more_button.setCheckable(True)
        self.more_button.setArrowType(Qt.ArrowType.RightArrow)
        self.more_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        grid.addWidget(self.more_button, grid.rowCount(), 0, 1, 4)
        first = grid.rowCount()
        for k, parameter in enumerate(rare):
            self._add(grid, parameter, first + k // 2, 2 * (k % 2))
        self._rare = [w for p in rare for w in (self.boxes[p.name], self._labels[p.name])]
        self.more_button.toggled.connect(self._show_rare)
        self._show_rare(False)
        self.beyond = Label()
        self.beyond.setWordWrap(True)
        self.beyond.setToolTip(
            "These options go beyond the pipeline. Products record them in their history and recipe."
        )
        grid.addWidget(self.beyond, grid.rowCount(), 0, 1, 4)
        self.regions = RegionTable(session)
        grid.addWidget(self.regions, grid.rowCount(), 0, 1, 4)
        self.region_form = RegionForm(session)
        grid.addWidget(self.region_form, grid.rowCount(), 0, 1, 4)
        grid.setRowStretch(grid.rowCount(), 1)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        session.changed.recipe.connect(self._show)
        self._show()

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        self._theme = theme
        self.regions.set_theme(theme)
        self._show()

    def _show_rare(self, shown: bool) -> None:
        self.more_button.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
        for widget in self._rare:
            widget.setVisible(shown)

    def _add(self, grid: QGridLayout, parameter: Parameter, row: int, column: int) -> None:
        """Add label and box of a parameter; a check box has its label beside it."""
        box = self.boxes[parameter.name] = self._box(parameter)
        set_tip(box, parameter.tooltip)
        box.setAccessibleName(parameter.title)
        if isinstance(box, QCheckBox):
            self._labels[parameter.name] = box
            grid.addWidget(box, row, column, 1, 2)
            return
        label = self._labels[parameter.name] = Label(parameter.title)
        label.setBuddy(box)
        label.setToolTip(parameter.tooltip)
        grid.addWidget(label, row, column)
        grid.addWidget(box, row, column + 1)

    def _box(self, parameter: Parameter) -> Box:
        name, session = parameter.name, self._session
        if parameter.kind == "switch":
            switch = QCheckBox(parameter.title)
            switch.toggled.connect(lambda value: session.recipes.set_global(name, value))
            return switch
        if parameter.kind == "choice":
            choice = QComboBox()
            choice.addItems(parameter.choices)
            choice.setMinimumWidth(60)
            choice.activated.connect(lambda row: session.recipes.set_global(name, parameter.choices[row]))
            return choice
        low = max(parameter.low, 0.0)
        if parameter.kind == "whole":
            whole = WholeBox()
            whole.setMinimumWidth(60)
            whole.setRange(int(low), int(parameter.high))
            whole.setSuffix(f" {parameter.unit}".rstrip())
            whole.valueChanged.connect(lambda value: session.recipes.set_global(name, value, step=True))
            return whole
        number = NumberBox(parameter.multiple)
        number.setRange(low, parameter.high)
        number.setMinimumWidth(60)  # usual values; the limits would need twice as much
        number.setDecimals(parameter.decimals)
        number.setSingleStep(parameter.step)
        number.setSuffix(f" {parameter.unit}".rstrip())
        number.valueChanged.connect(lambda value: session.recipes.set_global(name, parameter.held(value), step=True))
        return number

    def _show(self) -> None:
        recipe = self._session.state.recipe
        for name, box in self.boxes.items():
            value = getattr(recipe, name)
            with QSignalBlocker(box):
                if isinstance(box, QCheckBox):
                    box.setChecked(value)
                elif isinstance(box, QComboBox):
                    box.setCurrentText(value)
                else:
                    box.setValue(value)
            box.setEnabled(not recipe.ignores(name))
            changed = value != PARAMETERS[name].default
            self._labels[name].setStyleSheet(f"color: {self._theme.accent}" if changed else "")
        self.beyond.setText(f"Beyond the pipeline: {'; '.join(recipe.beyond_pipeline)}")
        self.beyond.setStyleSheet(f"color: {self._theme.accent}")
        self.beyond.setVisible(bool(recipe.beyond_pipeline))
        self._make_room()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Keep room for all lines of text."""
        super().resizeEvent(event)
        self._make_room()

    def full_height(self) -> int:
        """Height of everything in this width."""
        layout = self.layout()
        assert layout is not None
        return layout.heightForWidth(self.width()) if layout.hasHeightForWidth() else layout.sizeHint().height()

    def _make_room(self) -> None:
        """Ask for as much height as everything needs in this width: docks do not know how lines of text break."""
        layout = self.layout()
        assert layout is not None
        self.setMinimumHeight(layout.minimumHeightForWidth(self.width()) if layout.hasHeightForWidth() else 0)
