"""Form of the options of cubes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLineEdit, QWidget

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.recipe import CUBE_PARAMETERS, CubeOptions, Parameter
from atm_viewer.session.edits.typed_values import parse_value
from atm_viewer.views.base.plain_text import Label, set_tip

Field = QComboBox | QCheckBox | QLineEdit


class CubeForm(QWidget):
    """Fields for all options of cubes, two in a row; an empty field leaves the choice to the pipeline.

    Parameters
    ----------
    options : CubeOptions
        What the fields show first.

    Signals
    -------
    edited()
        A field was changed.
    """

    edited = pyqtSignal()

    def __init__(self, options: CubeOptions):
        super().__init__()
        self._options = options
        self.fields: dict[str, Field] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        for k, parameter in enumerate(CUBE_PARAMETERS.values()):
            field = self.fields[parameter.name] = self._field(parameter, getattr(options, parameter.name))
            set_tip(field, parameter.tooltip)
            unit = f" [{parameter.unit}]" if parameter.unit else ""
            label = Label(parameter.title + unit)
            label.setBuddy(field)
            label.setToolTip(parameter.tooltip)
            grid.addWidget(label, k // 2, 2 * (k % 2))
            grid.addWidget(field, k // 2, 2 * (k % 2) + 1)

    @property
    def coord_system(self) -> str:
        """Direction of the axes that is chosen."""
        return str(self._value("coord_system"))

    def options(self) -> CubeOptions:
        """Options as the fields have them.

        Raises
        ------
        InputError
            A field holds no value of its option, or two options exclude each other.
        """
        options = replace(self._options, **{name: self._value(name) for name in self.fields})
        if refused := options.refuse():
            raise InputError(f"{refused[0].upper()}{refused[1:]}.")
        return options

    def complaint(self) -> str:
        """Say in a sentence what is wrong; empty when nothing is."""
        try:
            self.options()
        except InputError as error:
            return f"{str(error).partition(';')[0].rstrip('.')}."
        return ""

    def _field(self, parameter: Parameter, value: Any) -> Field:
        match parameter.kind:
            case "choice":
                choice = QComboBox()
                choice.addItems(parameter.choices)
                choice.setCurrentText(value)
                choice.currentIndexChanged.connect(self.edited)
                return choice
            case "switch":
                switch = QCheckBox()
                switch.setChecked(value)
                switch.toggled.connect(self.edited)
                return switch
        line = QLineEdit("" if value is None else repr(value))
        line.setPlaceholderText("automatic")
        line.textChanged.connect(self.edited)
        return line

    def _value(self, name: str) -> Any:
        field = self.fields[name]
        if isinstance(field, QComboBox):
            return field.currentText()
        return field.isChecked() if isinstance(field, QCheckBox) else parse_value(name, field.text())
