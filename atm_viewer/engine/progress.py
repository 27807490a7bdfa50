"""How long work says where it is, and how a part of it tells its share of the whole."""

from __future__ import annotations

from collections.abc import Callable

from atm_viewer.engine.errors import one_line

#: ``progress(step, fraction)`` with the fraction of the work that is done, 0 to 1; may raise `Cancelled`.
Progress = Callable[[str, float], None]

#: Seconds that a file may take to be opened: a hundred times as long as usual, whatever is in it and wherever it is.
OPENING = 300.0

_STEP = "Opening "


def no_progress(step: str, fraction: float) -> None:
    """Ignore progress."""


def part_of(progress: Progress, begin: float, end: float) -> Progress:
    """Progress of a part of the work, which takes the whole from one fraction to another."""
    return lambda step, fraction: progress(step, begin + (end - begin) * fraction)


def opening(name: str) -> str:
    """Name the step that opens a file; whoever follows the work gives up one that takes too long."""
    return f"{_STEP}{name}"


def opened_in(step: str) -> str:
    """Name of the file that a step opens; empty for all other steps."""
    return step.removeprefix(_STEP) if step.startswith(_STEP) else ""


def took_too_long(name: str, seconds: float) -> str:
    """Tell that a file has not opened in so many seconds."""
    return (
        f"{one_line(name)} did not open within {round(seconds / 60)} minutes and was given up; check its disk, "
        "download it or process it again."
    )
