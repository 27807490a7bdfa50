"""Answers on what is measured beside the fake spectra, by the engine's own arithmetic."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from atm_viewer.engine.analysis.line_flux import conservation, measure_line
from atm_viewer.engine.analysis.modulation import local_power, modulation, relative, search_periods
from atm_viewer.engine.analysis.verdict import judge
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.recipe.cube_options import offset_of
from atm_viewer.engine.results.exposure_view import ExposureShifts
from atm_viewer.engine.results.lines import ExpectedFlux, LineReport, MeasuredLine
from atm_viewer.engine.results.noise import BandSummary, NoiseMap
from atm_viewer.engine.results.periods import PeriodReport, Periods, TracePhase
from atm_viewer.engine.results.sky_image import Coverage, SkyImage, is_bright
from atm_viewer.engine.results.spectra import SpaxelSpectra
from atm_viewer.engine.results.verdict import Verdict
from atm_viewer.jobs.requests.measures import MakeNoiseMap, MakePeriods, MeasureLines, MeasureShifts


def periods(request: MakePeriods, spectra: SpaxelSpectra) -> PeriodReport:
    """The phase that the fake spectra have, in every exposure a fifth of a pixel on; a fringe of MIRI."""
    wave = spectra.wavelength
    position = 500 + (wave - 4.9) / (0.06 + 0.1 * (wave - 4.9))
    traces = tuple(TracePhase(key, 112, 1.0, position + 0.2 * k) for k, key in enumerate(request.extraction.exposures))
    predicted = Periods(wave, traces, 1 / np.gradient(position, wave), np.ones((2, wave.size)), ((2.9, 1.4, 4.4),))
    before = relative(spectra.before, spectra.aperture_before)
    after = relative(spectra.after, spectra.aperture_after)
    tried = search_periods(wave)
    return PeriodReport(
        spectra.band,
        predicted,
        local_power(before, wave, tried),
        local_power(after, wave, tried),
        local_power(1 + 0.1 * predicted.wave, wave, tried),
        modulation(before, predicted),
        modulation(after, predicted),
        spectra.noise_before,
        spectra.noise_after,
    )


def verdict(extraction: Extraction, spectra: SpaxelSpectra, sources: int) -> Verdict:
    """What the fake spectra are."""
    return judge(spectra, periods(MakePeriods(extraction), spectra).periods, sources)


def summary(extraction: Extraction, found: SpaxelSpectra) -> BandSummary:
    """What a report says about a band; the picture is one pixel."""
    store = io.BytesIO()
    Image.new("L", (1, 1)).save(store, "png")
    said = verdict(extraction, found, 1).sentence, f"{extraction.band} keeps its planes."
    return BandSummary(extraction.band, extraction.exposures, "", found, *said, store.getvalue())


def lines(request: MeasureLines, spectra: SpaxelSpectra) -> LineReport:
    """What the fake spectra have at the lines' wavelengths, with bright lines of iron on them."""
    wave, measured = spectra.wavelength, []
    for name, at in request.lines:
        if wave[0] < at < wave[-1]:
            half = at * request.speed / 2 / 299792.458
            bright = np.exp(-0.5 * (4 * (wave - at) / half) ** 2) * name.startswith("[Fe II]")
            both = tuple(
                measure_line(wave, 1e-5 * flux * (1 + bright), 1e-5 * spectra.before_err, at, half)
                for flux in (spectra.before, spectra.after)
            )
            share = ExpectedFlux(1.1 * both[0].flux, both[0].flux_err, 0.75)
            measured.append(MeasuredLine(name, at, half, both, both, share))
    return LineReport(spectra.band, tuple(measured), conservation(spectra.aperture_before, spectra.aperture_after))


def coverage(recipe: Recipe, sky: SkyImage) -> Coverage:
    """The southern edge loses a quarter of its planes, and its southernmost spaxel all; with edges kept, none."""
    before = np.where(np.isfinite(sky.image), 1000, 0)
    lost = np.zeros_like(before)
    if recipe.edges == "pipeline":
        lost[:2] = before[:2] // 4
        lost[0] = before[0]
    return Coverage(sky.band, 1000, before, lost, is_bright(sky.image))


def noise_map(request: MakeNoiseMap, sky: SkyImage) -> NoiseMap:
    """Noise that grows from the star outwards, six times weaker after."""
    brightness = sky.image.astype(float)
    limit = request.faintest * float(np.nanmax(brightness))
    with np.errstate(invalid="ignore", divide="ignore"):
        before = np.where(brightness >= limit, 0.1 * (np.nanmax(brightness) / brightness) ** 0.25, np.nan)
    cubes = {name: before / 3 for name, _ in request.cubes}
    return NoiseMap(request.band, before, before / 6, brightness, limit, request.radius, before * 0 + 1.001, cubes)


def shifts(request: MeasureShifts) -> ExposureShifts:
    """The last exposure lies 0.3 arcsec to the east, but for its offset."""
    names = tuple(Path(key).stem.removesuffix("_cal") for key in request.exposures)
    shift = np.zeros((len(names), 2))
    shift[-1] = np.add((0.3, 0.0), offset_of(request.cube.offsets, names[-1]))
    return ExposureShifts(request.band, request.exposures, names, shift, -shift)
