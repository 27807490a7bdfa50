"""Dialogs for exports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from PyQt6.QtWidgets import QComboBox, QLineEdit, QWidget

from atm_viewer.engine.names import product_name
from atm_viewer.session import exports
from atm_viewer.session.session import Session
from atm_viewer.session.state.open_exposure import OpenExposure
from atm_viewer.views.base.dialogs import WriteDialog
from atm_viewer.views.base.plain_text import Label
from atm_viewer.views.base.theme import Theme

#: Formats of pictures: ending and words.
PICTURES = (("png", "PNG, double resolution"), ("svg", "SVG, vector graphics"), ("pdf", "PDF, vector graphics"))


class ExportDialog(WriteDialog):
    """Asks for a name besides what `WriteDialog` asks for; ``sources`` as there, by default the chosen setting."""

    def __init__(
        self,
        title: str,
        session: Session,
        theme: Theme,
        folder: str,
        parent: QWidget | None = None,
        sources: Sequence[Sequence[OpenExposure]] = (),
    ):
        super().__init__(title, sources or (session.state.together,), theme, folder, parent)
        self.session = session
        self.name_edit = QLineEdit()
        self._offer_name()
        self.from_box.currentIndexChanged.connect(self._offer_name)
        self.name_edit.setToolTip("File names start with this")
        self.name_edit.textChanged.connect(self.check)
        self.form.addRow("Name", self.name_edit)

    def _offer_name(self) -> None:
        if not self.name_edit.isModified():  # what the user has typed stays
            self.name_edit.setText(product_name([e.view.name for e in self.exposures]))

    @property
    def name(self) -> str:
        """What files begin with."""
        return self.name_edit.text().strip()

    def complaint(self) -> str:
        """Also ask for a name that a file can have."""
        plain = self.name.isprintable() and Path(self.name).name == self.name and "\\" not in self.name
        if not self.name or not plain or self.name.startswith("."):
            return "Enter a valid file name."
        return super().complaint()

    def box(self, label: str, entries: Iterable[tuple[object, str]], tip: str) -> QComboBox:
        """Add a choice; entries are values and their words."""
        made = QComboBox()
        for value, words in entries:
            made.addItem(words, value)
        made.setToolTip(tip)
        made.currentIndexChanged.connect(self.check)
        self.form.addRow(label, made)
        return made


class RecipeDialog(ExportDialog):
    """Asks for a call of the pipeline or a script, and says which of them is possible."""

    def __init__(self, session: Session, theme: Theme, folder: str, parent: QWidget | None = None):
        super().__init__("Export Recipe", session, theme, folder, parent, session.state.sources)
        words = Label(exports.possible_words(session.state.recipe))
        words.setWordWrap(True)
        self.words = words
        kinds = exports.kinds()
        self.kind_box = self.box("As", [(k, w) for k, w, _ in kinds], "\n".join(f"{w}: {tip}" for _, w, tip in kinds))
        self.form.addRow(words)
        if exports.cannot("pipeline", session.state.recipe):
            self.kind_box.setCurrentIndex(self.kind_box.findData("script"))
        self.check()

    @property
    def kind(self) -> str:
        """``pipeline`` or ``script``."""
        chosen: str = self.kind_box.currentData()
        return chosen

    def names(self) -> list[str]:
        """Names of the files."""
        return exports.recipe_files(self.kind, self.name)

    def complaint(self) -> str:
        """Also say when the pipeline cannot do it."""
        return exports.cannot(self.kind, self.session.state.recipe, self.exposures) or super().complaint()


class SpectraDialog(ExportDialog):
    """Asks for the format of the spectra in sight."""

    def __init__(self, session: Session, theme: Theme, folder: str, parent: QWidget | None = None):
        super().__init__("Export Spectra", session, theme, folder, parent)
        formats = (("ecsv", "ECSV, text"), ("fits", "FITS table"))
        self.format_box = self.box("Format", formats, "specutils.Spectrum.read(path) opens both")
        self.unit_box = self.box(
            "Flux densities",
            ((False, "in Jy"), (True, "in the unit shown, if it is a flux density")),
            "Unit of the flux-density columns; surface brightness is always in MJy/sr",
        )
        session.changed.pending.connect(self.check)
        self.check()

    @property
    def ending(self) -> str:
        """``ecsv`` or ``fits``."""
        chosen: str = self.format_box.currentData()
        return chosen

    @property
    def as_shown(self) -> bool:
        """Whether flux densities are in the unit shown."""
        chosen: bool = self.unit_box.currentData()
        return chosen

    def complaint(self) -> str:
        """Also wait for spectra of the recipe in force."""
        answers = self.session.answers
        stale = [s.stale for s in (*answers.shown_spectra, *(one for _, one in answers.band_spectra))]
        stale += [r.stale for r in answers.shown_references]
        if any(stale):
            return "The spectra are still being updated; wait a moment before you export them."
        return super().complaint()

    def names(self) -> list[str]:
        """Names of the tables, one for each place and variant."""
        return exports.spectrum_files(self.session, self.name, self.ending)


class PictureDialog(ExportDialog):
    """Asks which panel's picture is wanted, and in which format."""

    def __init__(
        self,
        session: Session,
        theme: Theme,
        folder: str,
        panels: Iterable[str],
        chosen: str,
        parent: QWidget | None = None,
    ):
        super().__init__("Export Picture", session, theme, folder, parent)
        self.panel_box = self.box("Panel", [(name, name.capitalize()) for name in panels], "Panel to export")
        self.format_box = self.box("Format", PICTURES, "Choose PNG for screens, SVG or PDF for print")
        self.colour_box = self.box(
            "Colours", ((False, "as in the window"), (True, "on white")), "Choose white for papers"
        )
        self.panel_box.setCurrentIndex(max(0, self.panel_box.findData(chosen)))
        self.check()

    @property
    def light(self) -> bool:
        """Whether it is on white."""
        chosen: bool = self.colour_box.currentData()
        return chosen

    @property
    def panel(self) -> str:
        """Name of the panel."""
        chosen: str = self.panel_box.currentData()
        return chosen

    def names(self) -> list[str]:
        """Name of the picture."""
        return [f"{self.name}_{self.panel}.{self.format_box.currentData()}"]


class ReportDialog(ExportDialog):
    """Asks where the report goes."""

    def __init__(self, session: Session, theme: Theme, folder: str, parent: QWidget | None = None):
        super().__init__("Export Report", session, theme, folder, parent, session.state.sources[-1:])
        formats = (("html", "HTML"), ("pdf", "PDF"))
        self.format_box = self.box("Format", formats, "Either format is a single file that includes all figures")
        self.check()

    def names(self) -> list[str]:
        """Name of the report."""
        return [f"{self.name}_report.{self.format_box.currentData()}"]
