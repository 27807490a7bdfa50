"""The menu bar, made of the table of actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PyQt6.QtGui import QAction, QActionGroup, QKeySequence
from PyQt6.QtWidgets import QMainWindow, QMenu, QMenuBar

from atm_viewer.session.session import Session
from atm_viewer.views.actions.action_info import ActionInfo
from atm_viewer.views.actions.actions import ACTIONS, SEPARATOR


def add_actions(window: QMainWindow, *others: object) -> dict[str, QAction]:
    """Fill a window's menu bar.

    Parameters
    ----------
    window : QMainWindow
        Has a method for every action's name that the others have none for.
    others : object
        Parts of the window with methods of actions' names.

    Returns
    -------
    dict of str to QAction
        By name.
    """
    actions: dict[str, QAction] = {}
    menus: dict[str, QMenu] = {}
    groups: dict[str, QActionGroup] = {}
    bar = window.menuBar()
    assert bar is not None
    above = ""
    for info in ACTIONS:
        if info is SEPARATOR:
            _menu(bar, menus, above).addSeparator()
            continue
        above = info.menu.partition("/")[0]
        menu = _menu(bar, menus, info.menu)
        action = actions[info.name] = QAction(info.text, window)
        action.setObjectName(info.name)
        keys = [QKeySequence(part) for part in info.shortcut.split("; ") if part]
        action.setShortcuts(keys)
        shortcut = f" ({keys[0].toString(QKeySequence.SequenceFormat.NativeText)})" if keys else ""
        action.setToolTip(info.tip + shortcut)
        action.setStatusTip(info.tip)
        if info.group:
            group = groups.setdefault(info.group, QActionGroup(window))
            group.addAction(action)
        if info.group or info.ticked:
            action.setCheckable(True)
        action.triggered.connect(_slot(info, (*others, window), window))
        menu.addAction(action)
    return actions


def _menu(bar: QMenuBar, menus: dict[str, QMenu], path: str) -> QMenu:
    """Find a menu or submenu; make it where it is not there yet."""
    if path not in menus:
        above, _, name = path.rpartition("/")
        made = _menu(bar, menus, above).addMenu(name) if above else bar.addMenu(f"&{name}")
        assert made is not None
        made.setToolTipsVisible(True)
        menus[path] = made
    return menus[path]


def _slot(info: ActionInfo, owners: Sequence[object], window: QMainWindow) -> Callable[[bool], None]:
    does = info.does
    if does is not None:
        return _without_argument(partial(does, window))
    owner = next(owner for owner in owners if hasattr(owner, info.name))
    return _without_argument(getattr(owner, info.name))


def _without_argument(slot: Callable[[], None]) -> Callable[[bool], None]:
    def call(_checked: bool = False) -> None:
        slot()

    return call


def update_actions(actions: dict[str, QAction], session: Session) -> None:
    """Enable the actions that make sense now."""
    infos = [info for info in ACTIONS if info is not None and info.name not in ("undo", "redo")]
    possible = {enabled: enabled(session) for enabled in {info.enabled for info in infos}}  # many ask the same
    for info in infos:
        actions[info.name].setEnabled(possible[info.enabled])
