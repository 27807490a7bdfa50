"""What a screen reader is told: Qt's tree of accessible objects, which PyQt does not offer.

Qt's own library is called for it, by the order of the virtual functions of `QAccessibleInterface`, which Qt keeps
within version 6.
"""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import PyQt6
from PyQt6 import sip
from PyQt6.QtCore import QLibraryInfo, QObject
from PyQt6.QtWidgets import QWidget

#: Where a function's result of three words is left differs between processors.
READABLE = platform.system() == "Linux" and platform.machine() == "x86_64"

_NAME, _DESCRIPTION = 0, 1
_FOCUSABLE, _INVISIBLE = 1 << 2, 1 << 17
_COMBO_BOX = 0x2E
_LABEL = 1
_OBJECT, _RELATIONS, _CHILD, _COUNT, _TEXT, _ROLE, _STATE = 3, 5, 9, 10, 12, 15, 16


@dataclass(frozen=True)
class Told:
    """What is told about a control.

    Parameters
    ----------
    name, description : str
        Read aloud. The name of a box to choose from is that of its label: Qt gives its text on Linux.
    role : int
        `QAccessible::Role`.
    focusable, visible : bool
        Whether it can have the keyboard, and is in sight.
    widget : QWidget or None
        The control, None for its parts.
    path : str
        Classes from the window down.
    """

    name: str
    description: str
    role: int
    focusable: bool
    visible: bool
    widget: QWidget | None
    path: str


class _Relation(ctypes.Structure):
    _fields_ = [("interface", ctypes.c_void_p), ("kind", ctypes.c_int)]


class _QString(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("text", ctypes.c_void_p), ("size", ctypes.c_ssize_t)]


def _library() -> ctypes.CDLL:
    folder = Path(PyQt6.__file__).parent / "Qt6" / "lib"
    if not folder.exists():  # Qt of the system
        folder = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.LibrariesPath))
    return ctypes.CDLL(str(folder / "libQt6Gui.so.6"))


def _call(interface: int, index: int, result: type | None, *arguments: object, first: object = None):
    table = ctypes.cast(interface, ctypes.POINTER(ctypes.c_void_p))[0]
    address = ctypes.cast(table, ctypes.POINTER(ctypes.c_void_p))[index]
    given = [*([first] if first is not None else []), ctypes.c_void_p(interface), *arguments]
    return ctypes.CFUNCTYPE(result, *(type(a) for a in given))(address)(*given)


def _text(interface: int, which: int) -> str:
    string = _QString()
    _call(interface, _TEXT, None, ctypes.c_int(which), first=ctypes.cast(ctypes.byref(string), ctypes.c_void_p))
    return ctypes.string_at(string.text, 2 * string.size).decode("utf-16-le") if string.size else ""


def _label(interface: int) -> str:
    """Text of the label of a control, empty when it has none."""
    found = _QString()  # a list has the same three words
    _call(interface, _RELATIONS, None, ctypes.c_int(_LABEL), first=ctypes.cast(ctypes.byref(found), ctypes.c_void_p))
    relations = ctypes.cast(found.text, ctypes.POINTER(_Relation))
    return next((_text(relations[k].interface, _NAME) for k in range(found.size)), "")


def told(widget: QWidget) -> Iterator[Told]:
    """Walk the tree of a window: the window itself first, then its controls and their parts."""
    query = _library()._ZN11QAccessible24queryAccessibleInterfaceEP7QObject
    query.restype, query.argtypes = ctypes.c_void_p, (ctypes.c_void_p,)
    yield from _walk(query(sip.unwrapinstance(widget)), "")


def _walk(interface: int, path: str) -> Iterator[Told]:
    state = _call(interface, _STATE, ctypes.c_uint64)
    address = _call(interface, _OBJECT, ctypes.c_void_p)
    found = sip.wrapinstance(address, QObject) if address else None
    here = f"{path}/{type(found).__name__ if found is not None else '·'}"
    role = _call(interface, _ROLE, ctypes.c_int)
    yield Told(
        _label(interface) if role == _COMBO_BOX else _text(interface, _NAME),
        _text(interface, _DESCRIPTION),
        role,
        bool(state & _FOCUSABLE),
        not state & _INVISIBLE,
        found if isinstance(found, QWidget) else None,
        here,
    )
    if found is None:
        return
    for k in range(_call(interface, _COUNT, ctypes.c_int)):
        child = _call(interface, _CHILD, ctypes.c_void_p, ctypes.c_int(k))
        if child:
            yield from _walk(child, here)
