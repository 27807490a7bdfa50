"""Description of one action of the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from atm_viewer.session.session import Session


def always(session: Session) -> bool:
    """Enable an action that needs nothing to be open."""
    return True


@dataclass(frozen=True)
class ActionInfo:
    """One action; a method of the same name carries it out, or what ``does`` says.

    Parameters
    ----------
    name : str
        Name of the action and of the method.
    menu : str
        Menu it stands in; a submenu's name follows a slash.
    text : str
        Text in the menu.
    tip : str
        What it does.
    shortcut : str
        Keys, empty for none; several with ``; `` between them.
    enabled : callable
        Takes the session and says whether the action makes sense.
    group : str
        Of the actions of a group exactly one is ticked; empty for an action that is not ticked.
    ticked : bool
        Can be ticked on its own.
    does : callable or None
        Takes the window; for actions that differ in a name only.
    """

    name: str
    menu: str
    text: str
    tip: str
    shortcut: str = ""
    enabled: Callable[[Session], bool] = always
    group: str = ""
    ticked: bool = False
    does: Callable[[Any], None] | None = None
