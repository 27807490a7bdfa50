"""Requests for what is measured: periods, lines, noise of the field, and tables of all that."""

from __future__ import annotations

from dataclasses import dataclass

from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.recipe import CubeOptions, Recipe
from atm_viewer.engine.recipe.cube_options import DEFAULT_CUBE
from atm_viewer.engine.results.exposure_view import ExposureShifts
from atm_viewer.engine.results.lines import LineReport
from atm_viewer.engine.results.noise import BandSummary, NoiseMap, SpaxelMetrics
from atm_viewer.engine.results.periods import PeriodReport
from atm_viewer.engine.results.sky_image import Coverage
from atm_viewer.engine.results.verdict import Verdict
from atm_viewer.jobs.requests.base import Backends, Report, Request, Slot, count


@dataclass(frozen=True)
class MakePeriods(Request[PeriodReport]):
    """Predicted and measured periods."""

    extraction: Extraction

    @property
    def job_name(self) -> str:
        """The same for all."""
        return "Periods"

    @property
    def slot(self) -> Slot:
        """There is one report."""
        return Slot(MakePeriods)

    def answer(self, backends: Backends, report: Report) -> PeriodReport:
        """Measure the spectra and follow the traces."""
        from atm_viewer.engine.service.measuring import measure_periods

        return measure_periods(backends.bench, self.extraction, report)


@dataclass(frozen=True)
class GiveVerdict(Request[Verdict]):
    """Whether what oscillates is resampling noise, and what is left; ``sources`` are those in the aperture."""

    extraction: Extraction
    sources: int = 1

    #: Going back to another variant or place tells it at once.
    remembered = 16

    @property
    def job_name(self) -> str:
        """The same for all."""
        return "Verdict"

    @property
    def slot(self) -> Slot:
        """There is one verdict."""
        return Slot(GiveVerdict)

    def answer(self, backends: Backends, report: Report) -> Verdict:
        """Measure the spectra and divide their variance up."""
        from atm_viewer.engine.service.measuring import give_verdict

        return give_verdict(backends.bench, self.extraction, self.sources, report)


@dataclass(frozen=True)
class MeasureLines(Request[LineReport]):
    """Lines, by name and observed wavelength [um].

    ``speed`` is the full width of each line's range [km/s].
    """

    extraction: Extraction
    lines: tuple[tuple[str, float], ...]
    speed: float

    @property
    def job_name(self) -> str:
        """The same for all."""
        return "Lines"

    @property
    def slot(self) -> Slot:
        """There is one report."""
        return Slot(MeasureLines)

    def answer(self, backends: Backends, report: Report) -> LineReport:
        """Measure the spectra."""
        from atm_viewer.engine.service.measuring import measure_lines

        return measure_lines(backends.bench, self.extraction, self.lines, self.speed, report)


@dataclass(frozen=True)
class MakeNoiseMap(Request[NoiseMap]):
    """Noise of all bright spaxels of some exposures (by key) in one band.

    ``radius`` is that of the apertures [arcsec], 0 for five spaxels; ``faintest`` the brightness of the faintest
    spaxels against the brightest; ``cubes`` have names and paths of cubes from elsewhere to be measured beside.
    """

    exposures: tuple[str, ...]
    recipe: Recipe
    band: str
    radius: float = 0.0
    faintest: float = 0.01
    cubes: tuple[tuple[str, str], ...] = ()

    @property
    def job_name(self) -> str:
        """The band."""
        return f"Noise map, {self.band}"

    @property
    def slot(self) -> Slot:
        """There is one map."""
        return Slot(MakeNoiseMap)

    def answer(self, backends: Backends, report: Report) -> NoiseMap:
        """Measure spectrum by spectrum."""
        from atm_viewer.engine.service.measuring import measure_field

        field = self.exposures, self.recipe, self.band, self.radius
        return measure_field(backends.bench, *field, report, self.faintest, dict(self.cubes))


@dataclass(frozen=True)
class CountPlanes(Request[Coverage]):
    """Planes that correction takes from the spaxels of some exposures (by key) in one band."""

    exposures: tuple[str, ...]
    recipe: Recipe
    band: str

    #: Going back to another variant tells it at once.
    remembered = 8

    @property
    def job_name(self) -> str:
        """The band."""
        return f"Lost planes, {self.band}"

    @property
    def slot(self) -> Slot:
        """There is one count."""
        return Slot(CountPlanes)

    def answer(self, backends: Backends, report: Report) -> Coverage:
        """Drizzle the field before and after."""
        from atm_viewer.engine.service.measuring import count_planes

        return count_planes(backends.bench, self.exposures, self.recipe, self.band, report)


@dataclass(frozen=True)
class SummariseBands(Request[tuple[BandSummary, ...]]):
    """Sum up a place band by band, for a report."""

    extractions: tuple[Extraction, ...]

    @property
    def job_name(self) -> str:
        """How many there are."""
        return f"Summary of {count(len(self.extractions), 'band')}"

    @property
    def slot(self) -> Slot:
        """There is one."""
        return Slot(SummariseBands)

    def answer(self, backends: Backends, report: Report) -> tuple[BandSummary, ...]:
        """Measure band by band."""
        from atm_viewer.engine.service.measuring import summarise_bands

        return summarise_bands(backends.bench, self.extractions, report)


@dataclass(frozen=True)
class MeasureSpaxels(Request[tuple[SpaxelMetrics, ...]]):
    """Everything that is measured, for the ``count`` brightest spaxels.

    The other fields are those of `MakeNoiseMap` and `MeasureLines`.
    """

    exposures: tuple[str, ...]
    recipe: Recipe
    band: str
    radius: float
    count: int
    lines: tuple[tuple[str, float], ...] = ()
    speed: float = 600.0

    @property
    def job_name(self) -> str:
        """The band."""
        return f"Metrics, {self.band}"

    def answer(self, backends: Backends, report: Report) -> tuple[SpaxelMetrics, ...]:
        """Measure spectrum by spectrum."""
        from atm_viewer.engine.service.measuring import measure_spaxels

        return measure_spaxels(
            backends.bench,
            self.exposures,
            self.recipe,
            self.band,
            self.radius,
            self.count,
            self.lines,
            self.speed,
            report,
        )


@dataclass(frozen=True)
class MeasureShifts(Request[ExposureShifts]):
    """How exposures (by key) with a band lie against each other on the sky; ``cube`` has their offsets."""

    exposures: tuple[str, ...]
    band: str
    cube: CubeOptions = DEFAULT_CUBE

    @property
    def job_name(self) -> str:
        """The band."""
        return f"Shifts of exposures, {self.band}"

    @property
    def slot(self) -> Slot:
        """There is one answer."""
        return Slot(MeasureShifts)

    def answer(self, backends: Backends, report: Report) -> ExposureShifts:
        """Look for the brightest source in each exposure."""
        from atm_viewer.engine.service.measuring import exposure_shifts

        return exposure_shifts(backends.bench, self.exposures, self.band, self.cube, report)
