"""The dialog that runs targets on a cluster."""

from __future__ import annotations

import os
from collections.abc import Sequence

from PyQt6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget

from atm_viewer.engine.threads import default_workers
from atm_viewer.session.state.open_exposure import OpenExposure
from atm_viewer.views.base.dialogs import WriteDialog
from atm_viewer.views.base.plain_text import Label
from atm_viewer.views.base.theme import Theme
from atm_viewer.views.fields.number_box import WholeBox


class ClusterDialog(WriteDialog):
    """Asks for targets, cluster and folder; see `WriteDialog`.

    Parameters
    ----------
    sources, theme, folder, parent
        As for `WriteDialog`.
    scheduler : str
        Address that was used last; empty for this machine.
    """

    def __init__(
        self,
        sources: Sequence[Sequence[OpenExposure]],
        theme: Theme,
        folder: str,
        scheduler: str = "",
        parent: QWidget | None = None,
    ):
        super().__init__("Run on a Cluster", sources, theme, folder, parent)
        self.programme_edit = QLineEdit()
        self.programme_edit.setAccessibleName("Programme")
        self.programme_edit.setPlaceholderText("the exposures above")
        self.programme_edit.setToolTip(
            "Folder with associations or exposures of many targets, one association, or a programme file (TOML); "
            "empty: the exposures that are open"
        )
        self.programme_edit.textChanged.connect(self.check)
        tip = "Choose a folder with associations or exposures of many targets"
        self.form.insertRow(1, "Programme", self.with_browser(self.programme_edit, tip))
        self.recipe_box = QComboBox()
        self.recipe_box.setAccessibleName("Recipe")
        self.recipe_box.addItem("recipe of this session", False)
        self.recipe_box.addItem("tuned for each target", True)
        self.recipe_box.setToolTip("The active variant's recipe for all targets, or one made for each automatically")
        self.form.addRow("Recipe", self.recipe_box)
        self.exposures_box = QCheckBox("Also write corrected exposures")
        self.exposures_box.setToolTip("As Write Corrected Exposures does, besides cubes")
        self.form.addRow("", self.exposures_box)
        self.scheduler_edit = QLineEdit(scheduler)
        self.scheduler_edit.setAccessibleName("Scheduler")
        self.scheduler_edit.setPlaceholderText("this machine")
        self.scheduler_edit.setToolTip(
            "Address of a Dask scheduler, such as tcp://host:8786, whose workers see the same folders and have ATM "
            "Viewer installed; empty: workers are started on this machine"
        )
        self.scheduler_edit.textChanged.connect(self.check)
        self.form.addRow("Scheduler", self.scheduler_edit)
        self.workers_box = WholeBox()
        self.workers_box.setAccessibleName("Workers")
        self.workers_box.setRange(1, 1000)
        self.workers_box.setValue(default_workers())
        self.workers_box.setToolTip(
            "Processes on this machine; each takes up to 2.5 GB of memory, and no more are proposed than fit"
        )
        self.form.addRow("Workers", self.workers_box)
        trust = Label("Only give a scheduler that you trust: Dask runs whatever code it receives from it.")
        trust.setWordWrap(True)
        self.form.addRow(trust)
        self.write_button.setText("Run")
        self.check()

    @property
    def inputs(self) -> tuple[str, ...]:
        """What is corrected."""
        programme = self._programme
        return (programme,) if programme else self.keys

    @property
    def scheduler(self) -> str:
        """Address of the scheduler; empty for this machine."""
        return self.scheduler_edit.text().strip()

    @property
    def tunes(self) -> bool:
        """Whether each target has a recipe of its own made."""
        return bool(self.recipe_box.currentData())

    def check(self) -> None:
        """Offer workers for this machine alone."""
        super().check()
        self.workers_box.setEnabled(not self.scheduler)

    def complaint(self) -> str:
        """Also ask for something to correct, and for an address that is one."""
        if not self.inputs:
            return "Choose a folder or a programme file, or open exposures."
        if self.scheduler and ":" not in self.scheduler:
            return "The address of a scheduler has a port, such as tcp://host:8786."
        return super().complaint()

    @property
    def _programme(self) -> str:
        return os.path.expanduser(self.programme_edit.text().strip())
