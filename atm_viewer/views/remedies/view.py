"""Remedies against resampling noise on the user's exposures, with their controls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PyQt6.QtCore import QRegularExpression, QSignalBlocker, Qt
from PyQt6.QtGui import QRegularExpressionValidator, QResizeEvent
from PyQt6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from atm_viewer.engine.errors import one_line
from atm_viewer.session.names import short_names
from atm_viewer.session.session import Session
from atm_viewer.session.state.remedy_choice import KINDS, has_fringes
from atm_viewer.views.base.file_dialog import FileDialog
from atm_viewer.views.base.plain_text import Label, no_mnemonic, plain_tip
from atm_viewer.views.base.plotting import Elided
from atm_viewer.views.base.style import MUTED
from atm_viewer.views.base.theme import Theme
from atm_viewer.views.fields.number_box import WholeBox
from atm_viewer.views.remedies.plots import RemedyPlots, RemedyTable

_SHORT = 16  #: letters of an exposure without a number
_ROOMY = 360  #: height of a page that has room for the table too [dots]
_FIGURES = "PDF (*.pdf);;SVG (*.svg);;PNG (*.png)"
_NOTHING = {
    "fringes": "Residual fringes occur in MIRI spectra only; there are none to remove for NIRSpec.",
}
_WAITING = "Open exposures, include them, and click a spaxel in the sky image to see the remedies."


class RemedyPage(QWidget):
    """One remedy: its controls, panels, words and table.

    Parameters
    ----------
    controls : QWidget
        Stand above the panels.
    """

    def __init__(self, *controls: QWidget):
        super().__init__()
        self.plots = RemedyPlots()
        self.note = Elided()
        self.note.setContentsMargins(6, 2, 6, 2)
        self.note.setForegroundRole(MUTED)
        self.table = RemedyTable()
        line = QHBoxLayout()
        line.setContentsMargins(6, 3, 4, 2)
        line.setSpacing(5)
        for control in controls:
            line.addWidget(control)
        line.addStretch(1)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(self.plots)
        split.addWidget(self.table)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 0)
        split.setSizes([500, 7 * (self.table.fontMetrics().height() + 6)])
        self.table.setMinimumHeight(3 * (self.table.fontMetrics().height() + 8))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(line)
        layout.addWidget(split, 1)
        layout.addWidget(self.note)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Leave all the room to the panels where there is little."""
        super().resizeEvent(event)
        self.table.setVisible(self.height() >= _ROOMY)


class RemediesView(QWidget):
    """Ranked spaxels, apertures, dithers and residual fringes, a tab each; the visible tab is kept up to date.

    Parameters
    ----------
    session : Session
        Has the remedies and takes the choices made here.
    folder : callable
        Gives the folder that is proposed for figures.
    """

    def __init__(self, session: Session, folder: Callable[[], str]):
        super().__init__()
        self._session = session
        self._folder = folder
        self._in_sight = False
        self.save_button = QPushButton("Save Figure…")
        self.save_button.setToolTip(
            "Save this figure for a publication (PDF, SVG or PNG); the file records all parameters (Ctrl+Shift+F)"
        )
        self.save_button.clicked.connect(self.save_figure)
        self.degree_box = WholeBox()
        self.degree_box.setAccessibleName("Degree")
        self.degree_box.setRange(0, 9)
        self.degree_box.setToolTip("Degree of the polynomials that normalise the spectra. Default: 3")
        self.degree_box.valueChanged.connect(lambda degree: self._choose(degree=degree))
        self.ranks_edit = _numbers_edit(r"\s*[1-9]\d{0,3}(\s*,\s*[1-9]\d{0,3}){0,11}\s*")
        self.ranks_edit.setAccessibleName("Ranks")
        self.ranks_edit.setToolTip(
            "Ranks of the spaxels to show, within the active place's aperture; 1 is the brightest before "
            "correction. Default: 1, 2, 4, 8, 16"
        )
        self.ranks_edit.editingFinished.connect(self._take_ranks)
        self.fringes_box = QCheckBox("RF1D row")
        self.fringes_box.setToolTip(
            "MIRI: show a second row after residual fringe removal with the pipeline's fit_residual_fringes_1d. "
            "Default: on"
        )
        self.fringes_box.toggled.connect(lambda on: self._choose(fringes=on))
        self.radii_edit = _numbers_edit(r"\s*\d(\.\d{1,2})?(\s*,\s*\d(\.\d{1,2})?){0,9}\s*")
        self.radii_edit.setAccessibleName("Radii")
        self.radii_edit.setToolTip(
            "Radii of the apertures in units of the PSF's FWHM, at most 2.5. A single spaxel is always shown "
            "first. Default: 0.5, 0.75, 1, 1.5, 2"
        )
        self.radii_edit.editingFinished.connect(self._take_radii)
        self._exposures = QWidget()
        self._exposure_line = QHBoxLayout(self._exposures)
        self._exposure_line.setContentsMargins(0, 0, 0, 0)
        self.exposure_boxes: dict[str, QCheckBox] = {}
        self.pages = {
            "ranked": RemedyPage(Label("Ranks"), self.ranks_edit, self.fringes_box),
            "apertures": RemedyPage(Label("Radii [FWHM]"), self.radii_edit),
            "dithers": RemedyPage(Label("Only with"), self._exposures),
            "fringes": RemedyPage(Label("Active place, without and with residual fringe removal (RF1D)")),
        }
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("Remedies")
        self.tabs.setDocumentMode(True)
        for kind, page in self.pages.items():
            self.tabs.addTab(page, KINDS[kind])
        self.tabs.currentChanged.connect(self._look)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs)
        session.changed.remedies.connect(self._show)
        session.changed.exposures.connect(self._show)
        session.changed.chosen.connect(self._show)
        self._show()

    @property
    def kind(self) -> str:
        """The remedy whose tab is in front."""
        return list(self.pages)[self.tabs.currentIndex()]

    def set_in_sight(self, in_sight: bool) -> None:
        """Keep the remedy up to date only while it is visible."""
        if in_sight != self._in_sight:  # docks report it several times while they are arranged
            self._in_sight = in_sight
            self._look()

    def set_theme(self, theme: Theme) -> None:
        """Take a theme's colours."""
        for page in self.pages.values():
            page.plots.set_theme(theme)

    def fit(self) -> None:
        """Show all of the panels in front."""
        self.pages[self.kind].plots.fit()

    def save_figure(self) -> None:
        """Ask where to, and draw the remedy in front for a publication."""
        kind = self.kind
        dialog = FileDialog(f"Save Figure: {KINDS[kind]}", self._folder(), FileDialog.FileMode.AnyFile, self, _FIGURES)
        dialog.setAcceptMode(FileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("pdf")
        dialog.filterSelected.connect(lambda kinds: dialog.setDefaultSuffix(kinds[:3].lower()))
        dialog.selectFile(f"{kind}-{self._session.state.band}.pdf")
        # The dialog has asked before it gives the name of a file that is there.
        dialog.fileSelected.connect(lambda path: self._session.products.save_figure(kind, path, overwrite=True))
        dialog.open()

    def _look(self) -> None:
        self._choose(seen=self.kind if self._in_sight else "")

    def _choose(self, **values: Any) -> None:
        self._session.look.choose_remedies(replace(self._session.state.remedy_choice, **values))

    def _take_ranks(self) -> None:
        ranks = {int(part) for part in self.ranks_edit.text().split(",")}
        self._choose(ranks=tuple(sorted(ranks)))

    def _take_radii(self) -> None:
        radii = {min(float(part), 2.5) for part in self.radii_edit.text().split(",")} - {0.0}
        self._choose(radii=tuple(sorted(radii)) or self._session.state.remedy_choice.radii)

    def _take_exposures(self) -> None:
        self._choose(chosen=tuple(key for key, box in self.exposure_boxes.items() if box.isChecked()))

    def _show(self) -> None:
        self._show_choice()
        self._show_exposures()
        for kind, page in self.pages.items():
            remedy = self._session.answers.remedy(kind).remedy
            page.plots.show_remedy(remedy)
            page.table.show_remedy(remedy)
            asked = self._session.state.remedy_request(kind) is not None
            page.note.setText(remedy.note if remedy else "" if asked else self._why_nothing(kind))
        self.save_button.setEnabled(self._session.state.remedy_request(self.kind) is not None)

    def _why_nothing(self, kind: str) -> str:
        miri = not self._session.state.band or has_fringes(self._session.state.band)
        return _WAITING if miri else _NOTHING.get(kind, _WAITING)

    def _show_choice(self) -> None:
        choice = self._session.state.remedy_choice
        with QSignalBlocker(self.degree_box), QSignalBlocker(self.fringes_box):
            self.degree_box.setValue(choice.degree)
            self.fringes_box.setChecked(choice.fringes)
        self.fringes_box.setEnabled(has_fringes(self._session.state.band))
        for edit, values in ((self.ranks_edit, choice.ranks), (self.radii_edit, choice.radii)):
            if not edit.hasFocus():  # a text that is being typed stays
                edit.setText(", ".join(f"{value:g}" for value in values))
                edit.setCursorPosition(0)

    def _show_exposures(self) -> None:
        together = self._session.state.together
        keys = [e.view.key for e in together]
        if keys != list(self.exposure_boxes):
            for box in self.exposure_boxes.values():
                self._exposure_line.removeWidget(box)
                box.deleteLater()
            self.exposure_boxes = {}
            names = short_names([e.view.name for e in together])
            for e, name in zip(together, names, strict=True):
                box = QCheckBox(f"{e.view.dither}" if e.view.dither else no_mnemonic(one_line(name, _SHORT)))
                box.setAccessibleName(f"Exposure {box.text()}")
                box.setToolTip(plain_tip(f"Include {e.view.name} in the subset that is compared with all exposures"))
                box.toggled.connect(self._take_exposures)
                self._exposure_line.addWidget(box)
                self.exposure_boxes[e.view.key] = box
        for key, box in self.exposure_boxes.items():
            with QSignalBlocker(box):
                box.setChecked(key in self._session.state.remedy_choice.chosen)


def _numbers_edit(pattern: str) -> QLineEdit:
    edit = QLineEdit()
    edit.setValidator(QRegularExpressionValidator(QRegularExpression(pattern), edit))
    edit.setMaximumWidth(22 * edit.fontMetrics().averageCharWidth())
    return edit
