"""Measurements beside the spectra; only visible ones are requested."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.results.lines import LineReport
from atm_viewer.engine.results.noise import NoiseMap
from atm_viewer.engine.results.periods import PeriodReport
from atm_viewer.jobs.requests.base import Request
from atm_viewer.jobs.requests.measures import MakeNoiseMap, MakePeriods, MeasureLines
from atm_viewer.session.spectrum.lines import line_list
from atm_viewer.session.spectrum.settings import SpectrumSettings

PERIODS, NOISE, LINES = "periods", "noise", "lines"

#: What is asked for each kind.
MEASURES: dict[str, type[Request[Any]]] = {PERIODS: MakePeriods, NOISE: MakeNoiseMap, LINES: MeasureLines}
KINDS = tuple(MEASURES)


@dataclass(frozen=True)
class MeasureChoice:
    """What is looked at.

    Parameters
    ----------
    seen : frozenset of str
        Of `KINDS`, those that are shown.
    speed : float
        Full width of the range of lines [km/s].
    """

    seen: frozenset[str] = field(default_factory=frozenset)
    speed: float = 600.0


@dataclass(frozen=True, eq=False)
class Measured:
    """Latest answers; of an older question while a new one is pending.

    Parameters
    ----------
    periods : PeriodReport or None
        Periods at the active place.
    noise : NoiseMap or None
        Noise of the field.
    lines : LineReport or None
        Lines at the active place.
    pending : frozenset of str
        Of `KINDS`, those that are being renewed.
    """

    periods: PeriodReport | None = None
    noise: NoiseMap | None = None
    lines: LineReport | None = None
    pending: frozenset[str] = field(default_factory=frozenset)


def wanted_measures(
    choice: MeasureChoice,
    settings: SpectrumSettings,
    extraction: Extraction | None,
    cubes: tuple[tuple[str, str], ...] = (),
) -> list[Request[Any]]:
    """Ask for what is looked at.

    Parameters
    ----------
    choice : MeasureChoice
        What that is.
    settings : SpectrumSettings
        Which lines are marked, and whether crossings are.
    extraction : Extraction or None
        The active variant at the active place.
    cubes : tuple of (str, str)
        Names and paths of cubes from elsewhere, whose noise is mapped beside.

    Returns
    -------
    list of Request
        Empty where there is nothing to ask for.
    """
    wanted: list[Request[Any]] = []
    if extraction is None:
        return wanted
    if PERIODS in choice.seen or settings.crossings:
        wanted.append(MakePeriods(extraction))
    if NOISE in choice.seen:
        where = extraction.exposures, extraction.recipe, extraction.band, extraction.radius
        wanted.append(MakeNoiseMap(*where, cubes=cubes))
    if LINES in choice.seen:
        wanted.append(lines_request(choice, settings, extraction))
    return wanted


def lines_request(choice: MeasureChoice, settings: SpectrumSettings, extraction: Extraction) -> MeasureLines:
    """Ask for the lines that are marked in the spectrum."""
    marked = tuple(
        (line.name, line.observed(settings.redshift))
        for line in (line_list().lines if settings.families else ())
        if line.family in settings.families and not line.width
    )
    return MeasureLines(extraction, marked, choice.speed)
