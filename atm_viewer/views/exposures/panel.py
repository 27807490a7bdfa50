"""List of the open exposures: which one is shown, and which are included."""

from __future__ import annotations

import math

from PyQt6.QtCore import QSignalBlocker, QSize, Qt
from PyQt6.QtWidgets import QAbstractItemView, QTreeWidget, QTreeWidgetItem

from atm_viewer.engine.errors import MOST_OF_SENTENCE
from atm_viewer.engine.recipe.cube_options import offset_of
from atm_viewer.session.names import short_bands, short_names
from atm_viewer.session.session import Session
from atm_viewer.session.state.open_exposure import OpenExposure
from atm_viewer.views.base.plain_text import escaped

HEIGHT = 19  #: of a row [pixel], so that tick boxes keep apart
_KEY = Qt.ItemDataRole.UserRole
_COLUMNS = "Exposure", "Dither", "Band", "Shift"


class ExposurePanel(QTreeWidget):
    """List of the open exposures, ticked when included.

    Parameters
    ----------
    session : Session
        Gives the exposures and takes choice and ticks.
    """

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        self.setColumnCount(len(_COLUMNS))
        self.setHeaderLabels(list(_COLUMNS))
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAccessibleName("Exposures")
        self.setToolTip(
            "Ticked exposures are included in sky image, spectra and cubes. The chosen exposure is "
            "shown in the other panels."
        )
        header = self.header()
        assert header is not None
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, header.ResizeMode.Stretch)
        for column in range(1, len(_COLUMNS)):
            header.setSectionResizeMode(column, header.ResizeMode.ResizeToContents)
        self.currentItemChanged.connect(self._choose)
        self.itemChanged.connect(self._tick)
        session.changed.exposures.connect(self._refill)
        session.changed.chosen.connect(self._mark)
        session.changed.shifts.connect(self._refill)
        self._refill()

    def sizeHint(self) -> QSize:
        """High enough for three to six exposures."""
        header = self.header()
        rows = min(max(self.topLevelItemCount(), 3), 6)
        top = header.sizeHint().height() if header is not None else 0
        return QSize(super().sizeHint().width(), top + rows * HEIGHT + 2 * self.frameWidth() + 4)

    def _refill(self) -> None:
        exposures = self._session.state.exposures
        with QSignalBlocker(self):
            # Items are kept where possible: a tick is announced while Qt still handles the click on its item.
            if [item.data(0, _KEY) for item in self._items()] != [e.view.key for e in exposures]:
                self.clear()
                self.addTopLevelItems([QTreeWidgetItem() for _ in exposures])
            names = short_names([e.view.name for e in exposures])
            shifts, offsets = self._session.answers.shifts, self._session.state.recipe.cube.offsets
            self.setColumnHidden(_COLUMNS.index("Shift"), len(exposures) < 2)
            for item, exposure, name in zip(self._items(), exposures, names, strict=True):
                shift = shifts.of(exposure.view.key) if shifts is not None else None
                _write(item, exposure, name, shift, offset_of(offsets, exposure.view.name))
        self._mark()

    def _items(self) -> list[QTreeWidgetItem]:
        items = (self.topLevelItem(row) for row in range(self.topLevelItemCount()))
        return [item for item in items if item is not None]

    def _mark(self) -> None:
        current = self._session.state.current
        with QSignalBlocker(self):
            for item in self._items():
                if current is not None and item.data(0, _KEY) == current.key:
                    self.setCurrentItem(item)

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        if item is not None:
            self._session.look.select_exposure(item.data(0, _KEY))

    def _tick(self, item: QTreeWidgetItem, column: int) -> None:
        if column == 0:
            self._session.exposures.include(item.data(0, _KEY), item.checkState(0) == Qt.CheckState.Checked)


def _write(
    item: QTreeWidgetItem,
    exposure: OpenExposure,
    name: str,
    shift: tuple[float, float] | None,
    offset: tuple[float, float],
) -> None:
    view = exposure.view
    item.setData(0, _KEY, view.key)
    item.setText(0, name)
    item.setText(1, f"{view.dither}/{view.dithers}" if view.dithers else str(view.dither))
    item.setText(2, short_bands(view.bands))
    item.setCheckState(0, Qt.CheckState.Checked if exposure.included else Qt.CheckState.Unchecked)
    lines = [f"<b>{escaped(view.name)}</b>"]
    lines += [f"Target: {escaped(view.target)}"] if view.target else []
    if view.follows is not None:
        lines += [f"Follows the moving target, shown at RA {view.follows[0] % 360.0:.6f}°, Dec {view.follows[1]:.6f}°"]
    lines += [escaped(f"{view.instrument} {view.detector}, {', '.join(view.bands)}")]
    item.setText(3, f"{math.hypot(*shift):.2f}″" if shift is not None else "")
    if shift is not None:
        lines += [f"Brightest source, against its place in the other dithers: {_on_sky(shift)}"]
    if any(offset):
        lines += [f"Offset in the recipe: {_on_sky(offset)}"]
    lines += [escaped(view.key, MOST_OF_SENTENCE), "Ticked: included in sky image, spectra and cubes"]
    item.setSizeHint(0, QSize(0, HEIGHT))
    for column in range(len(_COLUMNS)):
        item.setToolTip(column, "<br>".join(lines))


def _on_sky(distance: tuple[float, float]) -> str:
    east, north = distance
    return f"{abs(east):.3f}″ {'east' if east >= 0 else 'west'}, {abs(north):.3f}″ {'north' if north >= 0 else 'south'}"
