"""Edits of the selected slices from the Edit menu, and the dialog for copying to neighbours."""

from __future__ import annotations

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QPushButton, QVBoxLayout, QWidget

from atm_viewer.engine.recipe import PARAMETERS
from atm_viewer.session.edits.typed_values import format_value
from atm_viewer.session.names import count
from atm_viewer.session.session import Session
from atm_viewer.views.base.plain_text import Label
from atm_viewer.views.fields.number_box import WholeBox
from atm_viewer.views.slices.browser import SliceBrowser

#: Actions that the table's context menu shows, by name.
NAMES = ("copy_to_neighbours", "apply_to_all_exposures", "keep_to_this_exposure", "reset_slice")


class SliceActions(QObject):
    """Actions of the Edit menu that apply to the selected slices.

    Parameters
    ----------
    session : Session
        Takes the edits.
    browser : SliceBrowser
        Knows which slices are selected.
    window : QWidget
        Dialogs belong to it.
    """

    def __init__(self, session: Session, browser: SliceBrowser, window: QWidget):
        super().__init__(window)
        self._session = session
        self._browser = browser
        self._window = window

    def join(self, actions: dict[str, QAction]) -> None:
        """Offer the actions in the table's context menu too."""
        self._browser.table.addActions([actions[name] for name in NAMES])

    def reset_slice(self) -> None:
        """Take all overrides of the selected slices away."""
        self._session.recipes.reset_slices(self._browser.table.numbers())

    def copy_to_neighbours(self) -> None:
        """Ask which neighbours get the overrides of the chosen slice."""
        source = self._session.state.number
        dialog = CopyDialog(source, self._session.state.slices_across(source), self._told(source), self._window)
        dialog.wanted.connect(lambda targets: self._session.recipes.copy_slice(source, targets))
        dialog.open()

    def apply_to_all_exposures(self) -> None:
        """Apply the overrides of the selected slices of this exposure to all dithers."""
        numbers = [n for n in self._browser.table.numbers() if any(self._session.state.overridden(n).values())]
        if numbers:
            self._session.recipes.apply_to_all_exposures(numbers)
        else:
            self._session.messages.tell("info", "The selected slices have no override for this exposure only.")

    def keep_to_this_exposure(self) -> None:
        """Apply the overrides of the selected slices to this exposure alone."""
        numbers = [n for n in self._browser.table.numbers() if None in self._session.state.overridden(n).values()]
        if numbers:
            self._session.recipes.keep_to_this_exposure(numbers)
        else:
            self._session.messages.tell("info", "The selected slices have no override for all exposures.")

    def tune_slices(self) -> None:
        """Make an automatic recipe of the selected slices, as a new variant."""
        self._session.tuner.tune_slices(self._browser.table.numbers())

    def filter_slices(self) -> None:
        """Give the filter of the table the keyboard."""
        self._browser.start_filtering()

    def _told(self, number: int) -> str:
        params = self._session.state.params(number)
        texts = [
            f"{PARAMETERS[name].label} {format_value(name, getattr(params, name))} {PARAMETERS[name].unit}".rstrip()
            for name in self._session.state.overridden(number)
        ]
        return ", ".join(texts) or "none: the neighbours will use the defaults"


class CopyDialog(QDialog):
    """Asks how many neighbours on each side get a slice's overrides, and names them.

    Parameters
    ----------
    source : int
        The slice.
    order : tuple of int
        It and its neighbours, in their order on the sky.
    overrides : str
        Its overrides, in words.
    parent : QWidget
        Window it belongs to.
    """

    wanted = pyqtSignal(tuple)  #: numbers of the slices that are meant

    def __init__(self, source: int, order: tuple[int, ...], overrides: str, parent: QWidget):
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Copy Slice {source} to Neighbours")
        at = order.index(source)
        self._before, self._after = order[:at][::-1], order[at + 1 :]
        told = Label(overrides)
        told.setWordWrap(True)
        self.before_box, self.after_box = (self._box(side) for side in (self._before, self._after))
        self.targets_label = Label()
        self.targets_label.setWordWrap(True)
        form = QFormLayout()
        form.addRow("Overrides", told)
        form.addRow("Neighbours before", self.before_box)
        form.addRow("Neighbours after", self.after_box)
        form.addRow("Copy to", self.targets_label)
        self.copy_button = QPushButton("Copy")
        self.copy_button.setToolTip("Replace the neighbours' overrides; Undo restores them")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        buttons.addButton(self.copy_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addStretch(1)
        layout.addWidget(buttons)
        self.accepted.connect(lambda: self.wanted.emit(self.targets))
        self.setMinimumWidth(380)
        self._show()

    @property
    def targets(self) -> tuple[int, ...]:
        """Slices that are meant, ascending."""
        before, after = self.before_box.value(), self.after_box.value()
        return tuple(sorted(self._before[:before] + self._after[:after]))

    def _box(self, side: tuple[int, ...]) -> WholeBox:
        box = WholeBox()
        box.setKeyboardTracking(True)  # the slices are named while one types
        box.setRange(0, len(side))
        box.setValue(min(1, len(side)))
        box.setToolTip("Number of neighbours on this side, in sky order (NIRSpec slice numbers alternate)")
        box.valueChanged.connect(self._show)
        return box

    def _show(self) -> None:
        targets = self.targets
        self.targets_label.setText(
            f"{', '.join(map(str, targets))} ({count(len(targets), 'slice')})" if targets else "—"
        )
        self.copy_button.setEnabled(bool(targets))
