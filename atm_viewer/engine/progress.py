"""How long work says where it is, and how a part of it tells its share of the whole."""

from __future__ import annotations

from collections.abc import Callable

#: ``progress(step, fraction)`` with the fraction of the work that is done, 0 to 1; may raise `Cancelled`.
Progress = Callable[[str, float], None]

_OPENING = "Opening "


def no_progress(step: str, fraction: float) -> None:
    """Ignore progress."""


def part_of(progress: Progress, begin: float, end: float) -> Progress:
    """Progress of a part of the work, which takes the whole from one fraction to another."""
    return lambda step, fraction: progress(step, begin + (end - begin) * fraction)


def opening(name: str) -> str:
    """Name the step that opens a file; whoever follows the work gives up one that takes too long."""
    return f"{_OPENING}{name}"


def opened_in(step: str) -> str:
    """Name of the file that a step opens; empty for all other steps."""
    return step.removeprefix(_OPENING) if step.startswith(_OPENING) else ""
