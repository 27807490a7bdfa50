"""Arrangement of the panels: predefined layouts, the user's layout, and the welcome page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from PyQt6 import sip
from PyQt6.QtCore import QByteArray, QRect, QSettings, Qt
from PyQt6.QtGui import QGuiApplication, QShowEvent
from PyQt6.QtWidgets import QApplication, QDockWidget, QMainWindow, QTabWidget, QWidget

from atm_viewer.views.base.paint_turns import in_next_turn, painted_afterwards
from atm_viewer.views.base.panel import Panel

_KEY = "layout"
#: Raised whenever kept layouts would no longer fit: panels that come, go, or are called otherwise.
_VERSION = 3
_WIDEST = 0.375  #: share of the window that a part which takes what it needs may have
_HIGHEST = 0.25  #: share of the window that a panel gets when more comes into it
_GRIP = 60  #: of a floating panel's title [pixel] that must be on a screen


@dataclass(frozen=True)
class Group:
    """Panels beside each other, below each other or one behind the other.

    Parameters
    ----------
    kind : str
        ``row``, ``column`` or ``tabs``.
    parts : tuple of (str or Group, float)
        Panels' names or groups, with the share of the room each gets; 0 for as much as it needs.
    """

    kind: str
    parts: tuple[tuple[str | Group, float], ...]

    def panels(self) -> Iterator[str]:
        """Names of all panels in the group."""
        for part, _ in self.parts:
            if isinstance(part, Group):
                yield from part.panels()
            else:
                yield part


def _tabs(*names: str) -> Group:
    return Group("tabs", tuple((name, 1.0) for name in names))


_ABOVE_SPECTRUM = Group("row", ((_tabs("profile", "detector"), 0.62), ("sky", 0.38)))
_BESIDE_DETECTOR = _tabs("slices", "sky", "spectrum", "recipe", "exposures")
_BESIDE_SPECTRA = _tabs("slices", "profile", "detector", "recipe", "exposures")
_BESIDE_REMEDIES = _tabs("slices", "spectrum", "profile", "detector", "recipe", "exposures")

#: Ready layouts by name. Panels that are not in one are hidden.
LAYOUTS: dict[str, Group] = {
    "tune": Group(
        "row",
        (
            (Group("column", (("exposures", 0.0), ("recipe", 0.0), ("slices", 1.0))), 0.0),
            (Group("column", ((_ABOVE_SPECTRUM, 0.48), ("spectrum", 0.52))), 1.0),
        ),
    ),
    "spectra": Group(
        "row",
        (
            (Group("column", (("sky", 0.5), (_BESIDE_SPECTRA, 0.5))), 0.36),
            ("spectrum", 0.64),
        ),
    ),
    "remedies": Group(
        "row",
        (
            (Group("column", (("sky", 0.5), (_BESIDE_REMEDIES, 0.5))), 0.36),
            ("remedies", 0.64),
        ),
    ),
    "detector": Group(
        "row",
        (
            ("detector", 0.6),
            (Group("column", (("profile", 0.52), (_BESIDE_DETECTOR, 0.48))), 0.4),
        ),
    ),
}  # fmt: skip


class Bench(QMainWindow):
    """The panels as docks; in their place the invitation while nothing is open.

    The log belongs to both. Which panels are shown where is the user's, kept in the settings, and back after a visit
    of the invitation.

    Parameters
    ----------
    welcome : QWidget
        The invitation.
    panels : sequence of Panel
        In the order of the menu; the one called ``log`` stands below everything.
    settings : QSettings
        Keeps the layout.
    """

    def __init__(self, welcome: QWidget, panels: Sequence[Panel], settings: QSettings):
        super().__init__()
        self.setWindowFlags(Qt.WindowType.Widget)
        self.panels = {panel.objectName(): panel for panel in panels}
        self._welcome = welcome
        self._settings = settings
        self._opened = False
        self._arranging = False
        self._kept: QByteArray | None = None
        options = QMainWindow.DockOption
        self.setDockOptions(options.AllowNestedDocks | options.AllowTabbedDocks | options.GroupedDragging)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.setCentralWidget(welcome)
        for name, panel in self.panels.items():
            below = name == "log"
            self.addDockWidget(
                Qt.DockWidgetArea.BottomDockWidgetArea if below else Qt.DockWidgetArea.LeftDockWidgetArea, panel
            )
            panel.hide()
            panel.dockLocationChanged.connect(self._mind_tabs)
            panel.visibilityChanged.connect(self._mind_tabs)
            panel.topLevelChanged.connect(self._mind_keyboard)
            panel.grown.connect(partial(in_next_turn, self, partial(self._give_room, panel)))
        stops = [stop for panel in panels for stop in panel.tab_stops()]
        for stop, following in pairwise(stops):
            QWidget.setTabOrder(stop, following)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.screenRemoved.connect(self.bring_back)
        app.focusChanged.connect(self._mark_keyboard)

    @property
    def opened(self) -> bool:
        """Whether the panels are shown, not the invitation."""
        return self._opened

    def open(self) -> None:
        """Show the panels where they were."""
        if self._opened:
            return
        self._opened = True
        log = not self.panels["log"].isHidden()
        self._welcome.hide()
        kept = self._kept if self._kept is not None else self._settings.value(_KEY)
        if not (isinstance(kept, QByteArray) and self.restoreState(kept, _VERSION)):
            self.use("tune")
        self.panels["log"].setVisible(log or not self.panels["log"].isHidden())
        self.bring_back()

    def close_panels(self) -> None:
        """Show the invitation; remember where the panels were."""
        if not self._opened:
            return
        self._kept = self.saveState(_VERSION)
        self._opened = False
        for name, panel in self.panels.items():
            if name != "log":
                panel.hide()
        self._welcome.show()

    def use(self, name: str) -> None:
        """Arrange the panels as a ready layout has it."""
        layout = self.layout()
        assert layout is not None
        with painted_afterwards(self):
            self._arranging = True
            layout.setEnabled(False)  # or each panel that comes would have all others laid out anew
            try:
                self._arrange(LAYOUTS[name])
            finally:
                layout.setEnabled(True)
                layout.activate()
                self._arranging = False
        self._mind_tabs()

    def save(self) -> None:
        """Keep the layout in the settings."""
        state = self.saveState(_VERSION) if self._opened else self._kept
        if state is not None:
            self._settings.setValue(_KEY, state)

    def bring_back(self) -> None:
        """Move floating panels that no screen shows onto one."""
        areas = [screen.availableGeometry() for screen in QGuiApplication.screens()]
        for panel in self.panels.values():
            if panel.isFloating() and not panel.isHidden():
                place = reachable(panel.geometry(), areas)
                if place != panel.geometry():
                    panel.setGeometry(place)

    def toggle(self, name: str) -> None:
        """Show a panel and give it the keyboard; hide it when it is in front already."""
        panel = self.panels[name]
        with painted_afterwards(self):
            if panel.isHidden() or panel.visibleRegion().isEmpty():
                panel.bring_forward()
            else:
                panel.hide()

    def focused(self) -> str:
        """Name of the panel with the keyboard; empty when none has it."""
        focus = QApplication.focusWidget()
        return next((name for name, panel in self.panels.items() if _holds(panel, focus)), "")

    def step_focus(self, step: int) -> None:
        """Give the keyboard to the next panel in sight, or to the one before it."""
        shown = [n for n, p in self.panels.items() if not p.isHidden() and not p.visibleRegion().isEmpty()]
        if shown:
            at = shown.index(self.focused()) if self.focused() in shown else min(-step, 0)
            self.panels[shown[(at + step) % len(shown)]].bring_forward()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Look for lost panels."""
        super().showEvent(event)
        self.bring_back()

    def _arrange(self, layout: Group) -> None:
        log = self.panels["log"]
        for panel in self.panels.values():
            if panel.isFloating():
                panel.setFloating(False)
            self.removeDockWidget(panel)
        first = self._head(layout)
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, first)
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, log)
        log.hide()
        self._place(layout)
        shown_here = set(layout.panels()) | {"log"}
        for name, panel in self.panels.items():
            if name not in shown_here:  # so that it has a place when it is wanted
                self.tabifyDockWidget(self.panels["spectrum"], panel)
                panel.hide()
        for group in _groups(layout):  # whose titles take less room behind tabs
            for part, _ in group.parts:
                if isinstance(part, str):
                    self.panels[part].set_tabbed(group.kind == "tabs")
        for shown in layout.panels():
            self.panels[shown].show()
        self._share(layout, self.width(), self.height())
        for group in _groups(layout):
            if group.kind == "tabs":
                self._head(group).raise_()

    def _give_room(self, panel: Panel) -> None:
        """Make a panel as high as it asks for, unless that is a large part of the window; the highest one gives."""
        more = min(panel.sizeHint().height(), int(_HIGHEST * self.height())) - panel.height()
        column = [p for p in self.panels.values() if p.x() == panel.x() and not p.visibleRegion().isEmpty()]
        if more > 0 and panel in column and not panel.isFloating():
            highest = max(column, key=Panel.height)
            sizes = [panel.height() + more, highest.height() - more]
            self.resizeDocks([panel, highest], sizes, Qt.Orientation.Vertical)

    def _head(self, part: str | Group) -> Panel:
        return self.panels[part if isinstance(part, str) else next(part.panels())]

    def _place(self, group: Group) -> None:
        """Put the parts of a group beside its first panel, which is in its place."""
        orientation = Qt.Orientation.Horizontal if group.kind == "row" else Qt.Orientation.Vertical
        last = self._head(group)
        for part, _ in group.parts[1:]:
            head = self._head(part)
            if group.kind == "tabs":
                self.tabifyDockWidget(last, head)
            else:
                self.splitDockWidget(last, head, orientation)
            last = head
        for part, _ in group.parts:
            if isinstance(part, Group):
                self._place(part)

    def _share(self, group: Group, width: int, height: int) -> None:
        """Give the parts of a group their shares of its room [pixel]."""
        if group.kind == "tabs":
            return
        across = group.kind == "row"
        room = width if across else height
        gap = self._gap()
        least = [self._least(part, across) for part, _ in group.parts]
        for k, (part, share) in enumerate(group.parts):
            if not share:
                least[k] = max(least[k], min(self._need(part, across), int(_WIDEST * room)))
        sizes = divide(room - gap * (len(least) - 1), [share for _, share in group.parts], least)
        docks: list[QDockWidget] = [self._head(part) for part, _ in group.parts]
        self.resizeDocks(docks, sizes, Qt.Orientation.Horizontal if across else Qt.Orientation.Vertical)
        for (part, _), size in zip(group.parts, sizes, strict=True):
            if isinstance(part, Group):
                self._share(part, size if across else width, height if across else size)

    def _need(self, part: str | Group, across: bool) -> int:
        names = [part] if isinstance(part, str) else part.panels()
        hints = [self.panels[name].sizeHint() for name in names]
        return max(hint.width() if across else hint.height() for hint in hints)

    def _least(self, part: str | Group, across: bool) -> int:
        """Width or height that a part cannot do without."""
        if isinstance(part, str):
            hint = self.panels[part].minimumSizeHint()
            return hint.width() if across else hint.height()
        parts = [self._least(one, across) for one, _ in part.parts]
        if part.kind == ("row" if across else "column"):
            return sum(parts) + self._gap() * (len(parts) - 1)
        return max(parts)

    def _gap(self) -> int:
        style = self.style()
        return 0 if style is None else style.pixelMetric(style.PixelMetric.PM_DockWidgetSeparatorExtent, None, self)

    def _mark_keyboard(self, _old: QWidget | None, focus: QWidget | None) -> None:
        for panel in self.panels.values():
            if not sip.isdeleted(panel):
                panel.mark_keyboard(_holds(panel, focus))

    def _mind_keyboard(self, floating: bool) -> None:
        if not floating:
            self.activateWindow()  # a panel that is put back leaves no window with the keyboard
        self._mind_tabs()

    def _mind_tabs(self) -> None:
        if self._arranging or any(sip.isdeleted(panel) for panel in self.panels.values()):
            return  # panels announce that they are hidden even while the window is being deleted
        for panel in self.panels.values():
            others = [] if panel.isFloating() else self.tabifiedDockWidgets(panel)
            panel.set_tabbed(any(not other.isHidden() for other in others))


def _holds(panel: Panel, focus: QWidget | None) -> bool:
    return focus is not None and (panel is focus or panel.isAncestorOf(focus))


def reachable(place: QRect, areas: Sequence[QRect]) -> QRect:
    """Move a window so that its title can be grabbed.

    Parameters
    ----------
    place : QRect
        Where the window is.
    areas : sequence of QRect
        What the screens show.

    Returns
    -------
    QRect
        The same place when enough of its upper edge is on a screen; else one of at most the screen's size on the first.
    """
    title = QRect(place.left(), place.top(), place.width(), 20)
    for area in areas:
        seen = title.intersected(area)
        if seen.width() >= min(_GRIP, place.width()) and seen.height() >= 10:
            return place
    if not areas:
        return place
    moved = QRect(place.topLeft(), place.size().boundedTo(areas[0].size()))
    moved.moveCenter(areas[0].center())
    return moved


def divide(room: int, shares: Sequence[float], least: Sequence[int]) -> list[int]:
    """Divide room [pixel] by shares.

    Parameters
    ----------
    room : int
        What there is.
    shares : sequence of float
        Of each part; 0 for one that takes what it needs and no more.
    least : sequence of int
        What each part needs.

    Returns
    -------
    list of int
        What each part gets, which is never less than it needs.
    """
    given = {k for k, share in enumerate(shares) if not share}
    while True:
        rest = room - sum(least[k] for k in given)
        total = sum(share for k, share in enumerate(shares) if k not in given) or 1.0
        sizes = [least[k] if k in given else int(rest * share / total) for k, share in enumerate(shares)]
        short = {k for k, size in enumerate(sizes) if size < least[k]} - given
        if not short:
            return sizes
        given |= short


def _groups(group: Group) -> Iterator[Group]:
    yield group
    for part, _ in group.parts:
        if isinstance(part, Group):
            yield from _groups(part)
