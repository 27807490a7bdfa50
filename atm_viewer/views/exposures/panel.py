"""The open exposures in groups by setting, and references: which one is shown, and which are included."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from PyQt6.QtCore import QPoint, QSignalBlocker, QSize, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QAbstractItemView, QMenu, QTreeWidget, QTreeWidgetItem

from atm_viewer.engine.errors import MOST_OF_SENTENCE, one_line
from atm_viewer.engine.recipe.cube_options import offset_of
from atm_viewer.session.names import count, short_bands, short_names
from atm_viewer.session.session import Session
from atm_viewer.session.spectrum.references import Reference
from atm_viewer.session.state.groups import Group, group_of, grouped
from atm_viewer.session.state.open_exposure import OpenExposure
from atm_viewer.views.base.plain_text import escaped, no_mnemonic, plain_tip

HEIGHT = 19  #: of a row [pixel], so that tick boxes keep apart
_KEY = Qt.ItemDataRole.UserRole  #: key of an exposure, number of a reference, or title of a heading
_COLUMNS = "Exposure", "Dither", "Band", "Shift"
_REFERENCES = "References"


class ExposurePanel(QTreeWidget):
    """List of the open exposures, ticked when included; under headings when there are several settings or references.

    Parameters
    ----------
    session : Session
        Gives the exposures and takes choice and ticks.
    """

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        self._rows: list[tuple[str, tuple[object, ...]]] = []
        self._ticking = False
        self._headings = False
        self.setColumnCount(len(_COLUMNS))
        self.setHeaderLabels(list(_COLUMNS))
        self.setRootIsDecorated(False)
        self.setIndentation(14)
        self.setExpandsOnDoubleClick(False)
        self.setUniformRowHeights(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAccessibleName("Exposures")
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setToolTip(
            "Ticked exposures are included in sky image, spectra and cubes. The chosen exposure is "
            "shown in the other panels. Right-click: close"
        )
        header = self.header()
        assert header is not None
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, header.ResizeMode.Stretch)
        for column in range(1, len(_COLUMNS)):
            header.setSectionResizeMode(column, header.ResizeMode.ResizeToContents)
        self.currentItemChanged.connect(self._choose)
        self.itemClicked.connect(self._choose_group)
        self.itemChanged.connect(self._tick)
        self.customContextMenuRequested.connect(self._open_menu)
        session.changed.exposures.connect(self._refill)
        session.changed.references.connect(self._refill)
        session.changed.chosen.connect(self._mark)
        session.changed.shifts.connect(self._refill)
        self._refill()

    def sizeHint(self) -> QSize:
        """High enough for three to eight rows."""
        rows = min(max(self._count(), 3), 8 if self._headings else 6)
        return QSize(super().sizeHint().width(), self._height_of(rows))

    def minimumSizeHint(self) -> QSize:
        """At least four dithers, or the first group under its heading and some more."""
        rows = min(max(self._count(), 2), 6 if self._headings else 4)
        return QSize(super().minimumSizeHint().width(), self._height_of(rows))

    def full_height(self) -> int:
        """Height of all rows."""
        return self._height_of(max(self._count(), 3))

    def _count(self) -> int:
        return sum(1 for _ in self._items())

    def _height_of(self, rows: int) -> int:
        header = self.header()
        top = header.sizeHint().height() if header is not None else 0
        return top + rows * HEIGHT + 2 * self.frameWidth() + 4

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Close the reference that has the keyboard."""
        item = self.currentItem()
        if event is not None and event.key() == Qt.Key.Key_Delete and (number := _number(item)):
            self._session.references.close(number)
        else:
            super().keyPressEvent(event)

    def make_menu(self, item: QTreeWidgetItem) -> QMenu:
        """Menu of what can be done with a row."""
        session = self._session
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)

        def add(text: str, tip: str, does: Callable[[], object]) -> None:
            action = menu.addAction(no_mnemonic(text))
            assert action is not None
            action.setToolTip(plain_tip(tip))
            action.triggered.connect(lambda: does())

        group = self._group(item) or group_of(session.state.exposures, item.data(0, _KEY))
        if number := _number(item):
            title = next(r.title for r in session.state.references if r.number == number)
            add(f"Close {title}", "Close this reference; Undo opens it again", lambda: session.references.close(number))
        if (item.parent() is not None and group is None) or item.data(0, _KEY) == _REFERENCES:
            numbers = tuple(reference.number for reference in session.state.references)
            add(
                "Close References",
                "Close all references; Undo opens them again",
                lambda: session.references.close(*numbers),
            )
        if group is None:
            return menu
        if self._group(item) is None:
            key = item.data(0, _KEY)
            add("Close Exposure", "Close this exposure; the recipe stays", lambda: session.exposures.close(key))
        if len(grouped(session.state.exposures)) > 1:
            add("Choose Group", f"Look at {group.title}", lambda: self._choose_keys(group))
            add(
                "Include Only This Group",
                "Tick the exposures of this group and no others",
                lambda: session.exposures.include_only(*group.keys),
            )
            add(
                "Close Group",
                f"Close {count(len(group.keys), 'exposure')} of {group.title}; the recipe stays",
                lambda: session.exposures.close(*group.keys),
            )
        return menu

    # Rows

    def _refill(self) -> None:
        state = self._session.state
        groups = grouped(state.exposures)
        self._headings = len(groups) > 1 or bool(state.references)
        rows: list[tuple[str, tuple[object, ...]]] = [(group.title, group.keys) for group in groups]
        if state.references:
            rows.append((_REFERENCES, tuple(reference.number for reference in state.references)))
        with QSignalBlocker(self):
            # Items are kept where possible: a tick is announced while Qt still handles the click on its item.
            if rows != self._rows:
                self._build(rows)
            names = dict(
                zip(
                    [e.view.key for e in state.exposures],
                    short_names([e.view.name for e in state.exposures]),
                    strict=True,
                )
            )
            shifts, offsets = self._session.answers.shifts, state.recipe.cube.offsets
            self.setColumnHidden(_COLUMNS.index("Shift"), len(state.exposures) < 2)
            for item in self._items():
                key, number = item.data(0, _KEY), _number(item)
                exposure = state.exposure(key) if isinstance(key, str) else None
                if number:
                    _write_reference(item, next(r for r in state.references if r.number == number))
                elif exposure is not None:
                    shift = shifts.of(key) if shifts is not None else None
                    _write(item, exposure, names[key], shift, offset_of(offsets, exposure.view.name))
                else:
                    _write_heading(item, self._group(item), state.references)
        self.updateGeometry()
        self._mark()

    def _build(self, rows: list[tuple[str, tuple[object, ...]]]) -> None:
        """Make items anew; headings that were closed stay so."""
        tops = [item for item in self._items() if item.childCount() or not item.parent()]
        folded = [item.data(0, _KEY) for item in tops if item.childCount() and not item.isExpanded()]
        self._rows = rows
        self.clear()
        self.setRootIsDecorated(self._headings)
        for title, keys in rows:
            items = []
            for key in keys:
                item = QTreeWidgetItem()
                item.setData(0, _KEY, key)
                items.append(item)
            if not self._headings:
                self.addTopLevelItems(items)
                continue
            heading = QTreeWidgetItem()
            heading.setData(0, _KEY, title)
            heading.addChildren(items)
            self.addTopLevelItem(heading)
            heading.setFirstColumnSpanned(True)
            heading.setExpanded(title not in folded)

    def _items(self) -> Iterator[QTreeWidgetItem]:
        """All rows, headings before what is under them."""
        for row in range(self.topLevelItemCount()):
            top = self.topLevelItem(row)
            assert top is not None
            yield top
            for k in range(top.childCount()):
                child = top.child(k)
                assert child is not None
                yield child

    def _group(self, item: QTreeWidgetItem) -> Group | None:
        """Group of a heading; None for other rows."""
        if not self._headings or item.parent() is not None:
            return None
        return next((g for g in grouped(self._session.state.exposures) if g.title == item.data(0, _KEY)), None)

    def _mark(self) -> None:
        current = self._session.state.current
        with QSignalBlocker(self):
            for item in self._items():
                if current is not None and item.data(0, _KEY) == current.key:
                    folded = item.parent() is not None and not item.parent().isExpanded()  # type: ignore[union-attr]
                    self.setCurrentItem(item)
                    if folded:  # to choose an exposure does not open its group
                        item.parent().setExpanded(False)  # type: ignore[union-attr]

    # What the user does

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        if item is not None and isinstance(item.data(0, _KEY), str):
            self._session.look.select_exposure(item.data(0, _KEY))  # which a heading is not

    def _choose_group(self, item: QTreeWidgetItem) -> None:
        """Look at the group whose heading was clicked, unless its tick box was."""
        group, ticking, self._ticking = self._group(item), self._ticking, False
        if group is not None and not ticking:
            self._choose_keys(group)

    def _choose_keys(self, group: Group) -> None:
        chosen = self._session.state.chosen_exposure
        if chosen is None or chosen.view.key not in group.keys:
            self._session.look.select_exposure(group.like(chosen))

    def _tick(self, item: QTreeWidgetItem, column: int) -> None:
        if column != 0:
            return
        ticked, number = item.checkState(0) == Qt.CheckState.Checked, _number(item)
        group = self._group(item)
        if number:
            self._session.references.show(number, ticked)
        elif group is not None:
            self._ticking = True
            self._session.exposures.include_all(group.keys, ticked)
        elif item.data(0, _KEY) == _REFERENCES:
            self._ticking = True
            for reference in self._session.state.references:
                self._session.references.show(reference.number, ticked)
        else:
            self._session.exposures.include(item.data(0, _KEY), ticked)

    def _open_menu(self, at: QPoint) -> None:
        item, port = self.itemAt(at), self.viewport()
        if item is not None and port is not None:
            self.make_menu(item).popup(port.mapToGlobal(at))


def _number(item: QTreeWidgetItem | None) -> int:
    """Give the number of a row's reference; 0 for other rows."""
    key = item.data(0, _KEY) if item is not None else None
    return key if isinstance(key, int) else 0


def _write_heading(item: QTreeWidgetItem, group: Group | None, references: Sequence[Reference]) -> None:
    if group is None:
        item.setText(0, f"{_REFERENCES} ({len(references)})")
        tip = "Cubes and extracted spectra that the exposures are compared with. Ticked: drawn in the spectra"
        ticks = [reference.shown for reference in references]
    else:
        item.setText(0, f"{group.title} ({len(group.exposures)})")
        tip = "Click: look at this group · Tick box: include all or none · Right-click: choose, close"
        ticks = [exposure.included for exposure in group.exposures]
    states = Qt.CheckState
    item.setCheckState(0, states.Checked if all(ticks) else states.PartiallyChecked if any(ticks) else states.Unchecked)
    item.setToolTip(0, tip)
    item.setSizeHint(0, QSize(0, HEIGHT))


def _write_reference(item: QTreeWidgetItem, reference: Reference) -> None:
    file = reference.file
    low, high = file.ranges[0][0], file.ranges[-1][1]
    item.setText(0, one_line(reference.title))
    item.setText(1, file.kind)
    item.setText(2, f"{low:.3g}–{high:.3g} µm")
    item.setCheckState(0, Qt.CheckState.Checked if reference.shown else Qt.CheckState.Unchecked)
    item.setSizeHint(0, QSize(0, HEIGHT))
    ranges = ", ".join(f"{a:.5g}–{b:.5g} µm" for a, b in file.ranges)
    what = "Cube: spectra at the active place, and images" if reference.is_cube else "Extracted spectra, one place only"
    lines = [f"<b>{escaped(reference.title)}</b>", what, ranges, escaped(file.path, MOST_OF_SENTENCE)]
    lines.append("Ticked: drawn in the spectra · Del: close")
    for column in range(len(_COLUMNS)):
        item.setToolTip(column, "<br>".join(lines))


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
