"""How long work says where it is, and how a part of it tells its share of the whole."""

from __future__ import annotations

from collections.abc import Callable

#: ``progress(step, fraction)`` with the fraction of the work that is done, 0 to 1; may raise `Cancelled`.
Progress = Callable[[str, float], None]


def no_progress(step: str, fraction: float) -> None:
    """Ignore progress."""


def part_of(progress: Progress, begin: float, end: float) -> Progress:
    """Progress of a part of the work, which takes the whole from one fraction to another."""
    return lambda step, fraction: progress(step, begin + (end - begin) * fraction)
