"""The dialog that writes cubes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtWidgets import QComboBox, QLineEdit, QPushButton, QWidget

from atm_viewer.engine.names import product_name
from atm_viewer.engine.recipe import CubeOptions
from atm_viewer.engine.recipe.cube_options import INTERNAL
from atm_viewer.session.names import cube_files
from atm_viewer.session.state.open_exposure import OpenExposure
from atm_viewer.views.base.dialogs import WriteDialog
from atm_viewer.views.base.theme import Theme
from atm_viewer.views.files.cube_form import CubeForm


class WriteCubesDialog(WriteDialog):
    """Asks for folder, product name and which cubes; see `WriteDialog`."""

    def __init__(
        self,
        sources: Sequence[Sequence[OpenExposure]],
        options: CubeOptions,
        theme: Theme,
        folder: str,
        parent: QWidget | None = None,
    ):
        super().__init__("Write Cubes", sources, theme, folder, parent)
        self.band_box = QComboBox()
        self.band_box.setToolTip("Bands whose cubes are written. Default: all that the exposures have")
        self.form.addRow("Bands", self.band_box)
        self._offer_bands()
        self.from_box.currentIndexChanged.connect(self._offer_bands)
        self.from_box.currentIndexChanged.connect(self._offer_product)
        self.band_box.currentIndexChanged.connect(self.check)
        self.product_edit = QLineEdit()
        self._offer_product()
        self.product_edit.setToolTip("File names start with this; corrected cubes add -atm")
        self.product_edit.textChanged.connect(self.check)
        self.form.addRow("Product", self.product_edit)
        self.which_box = QComboBox()
        for which, text in (("both", "before and after"), ("before", "before only"), ("after", "after only")):
            self.which_box.addItem(text, which)
        self.which_box.setToolTip(
            "Cubes of the original exposures (before), of the corrected exposures (after), or both"
        )
        self.which_box.currentIndexChanged.connect(self.check)
        self.form.addRow("Cubes", self.which_box)
        self.options_button = QPushButton("Options…")
        self.options_button.setCheckable(True)
        self.options_button.setToolTip("Grid, axes, size, wavelengths and weighting of the cubes; part of the recipe")
        self.options_form = CubeForm(options)
        self.options_form.edited.connect(self.check)
        self.options_button.toggled.connect(self._show_options)
        self.form.addRow("", self.options_button)
        self.form.addRow(self.options_form)
        self._show_options(bool(options.values()))
        self.check()

    def _show_options(self, shown: bool) -> None:
        self.options_button.setChecked(shown)
        self.options_form.setVisible(shown)

    def _offer_bands(self) -> None:
        bands = super().bands
        self.band_box.clear()
        self.band_box.addItem("all", bands)
        for band in bands if len(bands) > 1 else ():
            self.band_box.addItem(band, (band,))

    def _offer_product(self) -> None:
        if not self.product_edit.isModified():  # what the user has typed stays
            self.product_edit.setText(product_name([e.view.name for e in self.exposures]))

    @property
    def bands(self) -> tuple[str, ...]:
        """Bands whose cubes are written."""
        return tuple(self.band_box.currentData() or ())

    @property
    def product(self) -> str:
        """Name that files begin with."""
        return self.product_edit.text().strip()

    @property
    def which(self) -> str:
        """Which cubes: ``before``, ``after`` or ``both``."""
        chosen: str = self.which_box.currentData()
        return chosen

    @property
    def options(self) -> CubeOptions:
        """Options of the cubes."""
        return self.options_form.options()

    def names(self) -> list[str]:
        """Names of the cubes."""
        internal = self.options_form.coord_system == INTERNAL
        return cube_files(self.product, [f"{band}_internal" if internal else band for band in self.bands], self.which)

    def complaint(self) -> str:
        """Also ask for a name that a file can have."""
        if not self.product or Path(self.product).name != self.product or self.product.startswith("."):
            return "Enter a product name that is a valid file name."
        return self.options_form.complaint() or super().complaint()
