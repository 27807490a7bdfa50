"""Saved state of a view: plain values by name, such as a layer or the range of an axis."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any, Protocol, runtime_checkable

import pyqtgraph as pg
from PyQt6.QtCore import QRectF


class Kept(dict[str, Any]):
    """State of a view as a session's file has it; values are taken one by one.

    The file may have been written by hand or by another version: a value that the view cannot use is not given, and
    stays. The user gets a message on the values that stay in the end.
    """

    def choice(self, key: str, allowed: Collection[str]) -> str | None:
        """Take a text that is one of those allowed."""
        value = self.get(key)
        return self.pop(key) if isinstance(value, str) and value in allowed else None

    def choices(self, key: str, allowed: Collection[str]) -> list[str]:
        """Take a list of texts all of which are among those allowed."""
        value = self.get(key)
        fits = isinstance(value, list) and all(isinstance(text, str) and text in allowed for text in value)
        return list(self.pop(key)) if fits else []

    def text(self, key: str) -> str:
        """Take a text."""
        return str(self.pop(key)) if isinstance(self.get(key), str) else ""

    def flag(self, key: str) -> bool | None:
        """Take true or false."""
        return self.pop(key) if isinstance(self.get(key), bool) else None

    def number(self, key: str) -> float | None:
        """Take a number."""
        return float(self.pop(key)) if _is_number(self.get(key)) else None

    def range(self, key: str) -> tuple[float, float] | None:
        """Take a pair of numbers, the lower one first."""
        value: Any = self.get(key)
        fits = isinstance(value, list | tuple) and len(value) == 2 and all(map(_is_number, value))
        if not fits or not value[0] < value[1]:
            return None
        low, high = self.pop(key)
        return float(low), float(high)


@runtime_checkable
class Restorable(Protocol):
    """A view whose state is kept in sessions."""

    def state(self) -> dict[str, Any]:
        """Plain values that say what the view shows and how; no dots of the screen, no colours."""

    def restore(self, state: Kept) -> None:
        """Show it as it was; called when the view has something to show. What it takes from ``state`` is understood."""


def zoom_of(view: pg.ViewBox, whole: QRectF, x: str = "x", y: str = "y") -> dict[str, list[float]]:
    """Ranges that a plot is zoomed to, under these keys; empty when it shows everything."""
    if whole.isEmpty() or view.viewRect().contains(whole):
        return {}
    return {key: round_range(edges) for key, edges in zip((x, y), view.viewRange(), strict=True)}


def round_range(edges: Sequence[float]) -> list[float]:
    """Give the ends of a range as many digits as can be seen, and more."""
    return [float(f"{edge:.9g}") for edge in edges]


def take_zoom(view: pg.ViewBox, state: Kept, x: str = "x", y: str = "y") -> bool:
    """Zoom to ranges from `zoom_of`; returns whether there were any."""
    columns, rows = state.range(x), state.range(y)
    if columns is None or rows is None:
        return False
    view.setRange(xRange=columns, yRange=rows, padding=0)
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf
