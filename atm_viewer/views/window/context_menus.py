"""Menus of a right click on sky image and spectra: the window's own actions, at the place under the mouse."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PyQt6.QtCore import QObject, QPoint, QTimer
from PyQt6.QtGui import QAction, QActionGroup, QGuiApplication
from PyQt6.QtWidgets import QMenu, QWidget

from atm_viewer.engine.recipe import Polygon
from atm_viewer.engine.recipe.shapes import VERTICES
from atm_viewer.engine.sky_shapes import contains
from atm_viewer.session.session import Session
from atm_viewer.session.spectrum.units import AXES, FLUX_UNITS
from atm_viewer.session.state.cursor import Cursor
from atm_viewer.views.sky.view import SkyView
from atm_viewer.views.spectrum.view import SpectrumView

#: Actions of each menu in groups, by their names in the table of actions.
_SKY = (
    ("centre_spaxel", "add_place", "remove_place", "show_dithers"),
    ("draw_circle", "draw_ellipse", "draw_polygon", "tune_region", "remove_region"),
    (
        "sky_flip",
        "sky_blink",
        "sky_swipe",
        "sky_difference",
        "sky_ratio",
        "sky_light",
        "sky_scale",
        "show_why",
        "show_lost",
    ),
)
_SPECTRUM = (
    ("zoom_box", "spectrum_log", "spectrum_all_bands", "spectrum_rf1d", "spectrum_predicted", "spectrum_options"),
)
#: Those of the menu Export within them.
_SKY_EXPORT = ("export_picture", "send_file")
_SPECTRUM_EXPORT = ("export_spectra", "export_picture", "send_file")


class ContextMenus(QObject):
    """Menus of sky image and spectra. While one is open, the cursor stays where it was opened.

    Parameters
    ----------
    session : Session
        Carries out what the user chooses.
    actions : mapping of str to QAction
        The window's actions by name.
    sky, spectrum : QWidget
        The plots.
    parent : QWidget
        Owner.
    """

    def __init__(
        self,
        session: Session,
        actions: Mapping[str, QAction],
        sky: SkyView,
        spectrum: SpectrumView,
        parent: QWidget,
    ):
        super().__init__(parent)
        self._session, self._sky = session, sky
        self._place: Cursor | None = None
        self._corner: int | None = None  #: of the selected polygon, where the menu was opened
        self.sky_menu, self.spectrum_menu = QMenu(parent), QMenu(parent)
        for menu in (self.sky_menu, self.spectrum_menu):
            menu.setToolTipsVisible(True)
            menu.aboutToHide.connect(partial(QTimer.singleShot, 0, self._release))  # actions come after it
        self._fill(self.sky_menu, _SKY, actions, _SKY_EXPORT)
        tip = "Add a corner to the selected polygon, at the mouse (also: click a side of it)"
        self._add_corner = self._add(self.sky_menu, "Add Corner Here", tip, self._put_corner)
        tip = "Remove the corner under the mouse from the selected polygon (also: Alt+click it)"
        self._remove_corner = self._add(self.sky_menu, "Remove Corner", tip, self._take_corner)
        self._add(self.sky_menu, "Copy Position", "Copy RA and Dec [deg] under the mouse", self._copy)
        self._add(self.sky_menu, "Fit", "Show the whole image", sky.fit)
        first = self._add(
            self.spectrum_menu,
            "Choose Column Here",
            "Choose the column of the chosen slice at this wavelength (also: click)",
            self._choose_column,
        )
        fit = self._add(self.spectrum_menu, "Fit", "Show the whole spectrum (also: double-click)", spectrum.fit)
        self.spectrum_menu.addActions([first, fit])
        self._choices("Flux Unit", "unit", tuple(FLUX_UNITS))
        self._choices("Horizontal Axis", "axis", tuple(AXES))
        self.spectrum_menu.addSeparator()
        self._fill(self.spectrum_menu, _SPECTRUM, actions, _SPECTRUM_EXPORT)
        sky.view.menu_wanted.connect(self._show_sky)
        for plot in spectrum.plots.values():
            plot.vb.menu_wanted.connect(partial(self._show, self.spectrum_menu))

    def _fill(
        self, menu: QMenu, groups: Sequence[Sequence[str]], actions: Mapping[str, QAction], exports: Sequence[str]
    ) -> None:
        for group in groups:
            menu.addActions([actions[name] for name in group])
            menu.addSeparator()
        export = menu.addMenu("Export")
        assert export is not None
        export.setToolTipsVisible(True)
        export.addActions([actions[name] for name in exports])

    def _add(self, menu: QMenu, text: str, tip: str, does: Callable[[], object]) -> QAction:
        action = QAction(text, menu)
        action.setToolTip(tip)
        action.triggered.connect(lambda: does())
        menu.addAction(action)
        return action

    def _choices(self, title: str, name: str, values: Sequence[str]) -> None:
        """Add a menu of the values of a setting of the spectra."""
        menu = self.spectrum_menu.addMenu(title)
        assert menu is not None
        group = QActionGroup(menu)
        for value in values:
            action = self._add(menu, value, f"Show the spectra in {value}", partial(self._set, name, value))
            action.setCheckable(True)
            group.addAction(action)

        def tick() -> None:
            now = getattr(self._session.state.spectrum_settings, name)
            for action in group.actions():
                action.setChecked(action.text() == now)

        menu.aboutToShow.connect(tick)

    def _set(self, name: str, value: str) -> None:
        self._session.look.set_spectrum(**{name: value})

    def _show_sky(self, at: QPoint) -> None:
        """Choose the place and the region under the mouse first: the actions are about those."""
        cursor, state = self._session.pointer.cursor, self._session.state
        if state.current is None:
            return
        if cursor is not None:
            number = self._sky.place_at(cursor.ra, cursor.dec)
            if number is not None:
                self._session.look.set_places(state.places.chosen(number))
            under = [region.name for region in state.recipe.regions if contains(region.shape, cursor.ra, cursor.dec)]
            if under and state.region not in under:
                self._session.regions.select(under[-1])  # later regions win
        self._offer_corners(cursor)
        self._show(self.sky_menu, at)

    def _offer_corners(self, cursor: Cursor | None) -> None:
        """Offer to add a corner to the selected polygon, or to remove the one under the mouse."""
        region = self._session.state.selected_region
        polygon = region.shape if region is not None and isinstance(region.shape, Polygon) else None
        self._corner = self._sky.regions.corner_at(cursor.ra, cursor.dec) if cursor is not None else None
        fewest, most = VERTICES
        for action in (self._add_corner, self._remove_corner):
            action.setVisible(polygon is not None)
        if polygon is not None:
            self._add_corner.setEnabled(cursor is not None and self._corner is None and len(polygon.vertices) < most)
            self._remove_corner.setEnabled(self._corner is not None and len(polygon.vertices) > fewest)

    def _put_corner(self) -> None:
        if self._place is not None:
            self._session.regions.add_corner(self._place.ra, self._place.dec)

    def _take_corner(self) -> None:
        if self._corner is not None:
            self._session.regions.remove_corner(self._corner)

    def _show(self, menu: QMenu, at: QPoint) -> None:
        if self._session.state.current is not None:
            self._place = self._session.pointer.cursor
            self._session.pointer.hold(True)
            menu.popup(at)

    def _release(self) -> None:
        self._session.pointer.hold(False)

    def _choose_column(self) -> None:
        if self._place is not None:
            self._session.pointer.choose_wavelength(self._place.wavelength)

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if self._place is not None and clipboard is not None:
            clipboard.setText(f"{self._place.ra:.7f} {self._place.dec:.7f}")
