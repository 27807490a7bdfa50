"""Measurements for the window: periods, lines, and noise of all bright spaxels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from atm_viewer.engine.analysis.coverage import measure_coverage
from atm_viewer.engine.analysis.line_flux import conservation, measure_line
from atm_viewer.engine.analysis.line_share import with_expectation
from atm_viewer.engine.analysis.modulation import local_powers, modulation, predicted_ratio, relative, search_periods
from atm_viewer.engine.analysis.noise_map import FAINTEST, FieldSpectra, bright_spaxels, noise_map
from atm_viewer.engine.analysis.period import find_periods
from atm_viewer.engine.analysis.verdict import judge
from atm_viewer.engine.arrays import Floats
from atm_viewer.engine.cube.centroids import measure_shifts
from atm_viewer.engine.cube.place_spectra import PlaceShares
from atm_viewer.engine.errors import InputError
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.output.figures import spectra_picture
from atm_viewer.engine.progress import Progress, no_progress, part_of
from atm_viewer.engine.recipe import CubeOptions, Recipe
from atm_viewer.engine.references.spectra import describe, reference_spectrum
from atm_viewer.engine.results.exposure_view import ExposureShifts
from atm_viewer.engine.results.lines import LineReport, MeasuredLine
from atm_viewer.engine.results.noise import BandSummary, NoiseMap, SpaxelMetrics
from atm_viewer.engine.results.periods import PeriodReport, Periods
from atm_viewer.engine.results.sky_image import Coverage
from atm_viewer.engine.results.spectra import SpaxelSpectra
from atm_viewer.engine.results.verdict import Verdict
from atm_viewer.engine.service.bench import Bench

#: Spaxels of which an aperture's radius is made where none is asked for.
RADIUS = 5.0
#: Planes that a line's range has on both sides at least, so that there is continuum beside it.
LEAST_HALF = 2.5


def periods_at(
    bench: Bench,
    keys: Sequence[str],
    recipe: Recipe,
    band: str,
    ra: float,
    dec: float,
    progress: Progress = no_progress,
) -> Periods:
    """Follow a position through all slices, see `find_periods`.

    Parameters
    ----------
    bench : Bench
        Has the exposures open.
    keys : sequence of str
        Keys of the exposures; those without the band are left out.
    recipe : Recipe
        Options of the cube.
    band : str
        Band, as the pipeline names its cubes.
    ra, dec : float
        ICRS position [deg].
    progress : callable, optional
        ``progress(step, fraction)``; may raise `Cancelled`.

    Returns
    -------
    Periods
    """
    exposures = [one.exposure for one in bench.inputs_before(keys, band, recipe.cube)]
    return find_periods(exposures, bench.grid(keys, band, recipe.cube), ra, dec, progress, bench.use)


def measure_periods(bench: Bench, extraction: Extraction, progress: Progress) -> PeriodReport:
    """Tell which periods geometry predicts at a place and which there are, before and after; as `Bench.spectra`."""
    spectra = bench.spectra(extraction, part_of(progress, 0.0, 0.7))
    return report_periods(spectra, _periods_of(bench, extraction, spectra, part_of(progress, 0.7, 1.0)))


def _periods_of(bench: Bench, extraction: Extraction, spectra: SpaxelSpectra, progress: Progress) -> Periods:
    keys, recipe, band = extraction.exposures, extraction.recipe, extraction.band
    place = spectra.ra, spectra.dec
    return bench.once(
        ("periods", keys, band, recipe.cube, *place), lambda: periods_at(bench, keys, recipe, band, *place, progress)
    )


def report_periods(spectra: SpaxelSpectra, periods: Periods) -> PeriodReport:
    """Hold the spectra of a place against the periods that geometry predicts there."""
    before = relative(spectra.before, spectra.aperture_before)
    after = relative(spectra.after, spectra.aperture_after)
    searched = search_periods(spectra.wavelength)
    ratios = [before, predicted_ratio(before, periods), after]
    power_before, power_predicted, power_after = local_powers(ratios, spectra.wavelength, searched)
    return PeriodReport(
        spectra.band,
        periods,
        power_before,
        power_after,
        power_predicted,
        modulation(before, periods),
        modulation(after, periods),
        spectra.noise_before,
        spectra.noise_after,
    )


def give_verdict(bench: Bench, extraction: Extraction, sources: int, progress: Progress) -> Verdict:
    """Tell what oscillates at a place, with so many sources in the aperture, and what is left; as `Bench.spectra`."""
    spectra = bench.spectra(extraction, part_of(progress, 0.0, 0.7))
    periods = _periods_of(bench, extraction, spectra, part_of(progress, 0.7, 0.9))
    progress("Dividing the variance up", 0.9)
    asked = extraction.exposures, extraction.band, extraction.recipe.cube, *extraction.place, extraction.radius
    return judge(spectra, periods, sources, lambda find: bench.once(("variance", *asked), find))


def measure_lines(
    bench: Bench,
    extraction: Extraction,
    lines: Sequence[tuple[str, float]],
    speed: float,
    progress: Progress,
) -> LineReport:
    """Measure lines at a place, before and after; as `Bench.spectra`.

    ``lines`` are names and observed wavelengths [um]; each reaches to half of ``speed`` [km/s] on both sides.
    """
    spectra = bench.spectra(extraction, part_of(progress, 0.0, 0.7))
    progress("Sharing out the lines' light", 0.7)
    return report_lines(bench, extraction.exposures, extraction.recipe, spectra, lines, speed)


def report_lines(
    bench: Bench,
    keys: Sequence[str],
    recipe: Recipe,
    spectra: SpaxelSpectra,
    lines: Sequence[tuple[str, float]],
    speed: float,
) -> LineReport:
    """Measure lines in the spectra of a place; those outside of the band are left out."""
    wavelength = spectra.wavelength
    jansky = 1e6 * spectra.solid_angle if spectra.unit == "MJy/sr" else 1.0
    step = float(np.median(np.diff(wavelength)))
    measured = []
    for name, centre in lines:
        if not wavelength[0] <= centre <= wavelength[-1]:
            continue
        half = max(centre * speed / 2 / 299792.458, LEAST_HALF * step)
        spaxel = tuple(
            measure_line(wavelength, flux * jansky, error * jansky, centre, half)
            for flux, error in ((spectra.before, spectra.before_err), (spectra.after, spectra.after_err))
        )
        aperture = tuple(
            measure_line(wavelength, flux, error, centre, half)
            for flux, error in (
                (spectra.aperture_before, spectra.aperture_before_err),
                (spectra.aperture_after, spectra.aperture_after_err),
            )
        )
        measured.append(MeasuredLine(name, centre, half, (spaxel[0], spaxel[1]), (aperture[0], aperture[1])))
    if measured:
        inputs, grid = bench.inputs_before(keys, spectra.band, recipe.cube), bench.grid(keys, spectra.band, recipe.cube)
        place = PlaceShares.of(inputs, grid, spectra.ra, spectra.dec, spectra.radius).spectra()
        measured = [with_expectation(line, place, spectra.radius) for line in measured]
    return LineReport(spectra.band, tuple(measured), conservation(spectra.aperture_before, spectra.aperture_after))


def measure_field(
    bench: Bench,
    keys: Sequence[str],
    recipe: Recipe,
    band: str,
    radius: float,
    progress: Progress,
    faintest: float = FAINTEST,
    cubes: Mapping[str, str] = MappingProxyType({}),
) -> NoiseMap:
    """Measure the noise of every spaxel that is bright enough, before and after.

    Parameters
    ----------
    bench : Bench
        Has the exposures open.
    keys : sequence of str
        Keys of the exposures; those without the band are left out.
    recipe : Recipe
        Parameters.
    band : str
        Band, as the pipeline names its cubes.
    radius : float
        Radius of the aperture about each spaxel [arcsec]; 0 for five spaxels.
    progress : callable
        ``progress(step, fraction)``; may raise `Cancelled`.
    faintest : float
        Brightness of the faintest spaxels, against the brightest one.
    cubes : mapping of str to str
        Paths of cubes from elsewhere by their names; those without a wavelength of the band are left out.

    Returns
    -------
    NoiseMap
    """
    grid, fine = bench.grids(keys, band, recipe)
    radius = radius or RADIUS * grid.spaxel
    image = bench.sky_image(keys, band, part_of(progress, 0.0, 0.1), cube=recipe.cube).image
    where, limit = bright_spaxels(image, faintest)
    positions = [grid.position(float(grid.x[x]), float(grid.y[y])) for x, y in where]
    progress("Drizzling before correction", 0.1)
    before = FieldSpectra(bench.inputs_before(keys, band, recipe.cube), grid, positions, radius)
    after = before
    if recipe.oversample > 1:
        inputs = bench.inputs_after(keys, band, recipe, part_of(progress, 0.3, 0.7))
        progress("Drizzling after correction", 0.7)
        after = FieldSpectra(inputs, fine, positions, radius)
    progress("Measuring noise", 0.9)
    made = noise_map(band, image, where, limit, radius, (before, after))
    maps: dict[str, Floats] = {}
    for k, (name, path) in enumerate(cubes.items()):
        read = bench.reference(path)
        if describe(path, read).overlaps(float(grid.wavelength[0]), float(grid.wavelength[-1])):
            maps[name] = np.full(image.shape, np.nan)
            for (x, y), position in zip(where, positions, strict=True):
                progress(f"Measuring noise of {Path(path).name}", 0.9 + 0.1 * k / len(cubes))
                maps[name][y, x] = reference_spectrum(path, read, *position, radius).noise
    return replace(made, cubes=maps)


def count_planes(bench: Bench, keys: Sequence[str], recipe: Recipe, band: str, progress: Progress) -> Coverage:
    """Count the planes that correction takes from each spaxel, see `measure_coverage`; arguments as `measure_field`."""
    sky = bench.sky_image(keys, band, part_of(progress, 0.0, 0.1), cube=recipe.cube)
    before = bench.inputs_before(keys, band, recipe.cube)
    after = bench.inputs_after(keys, band, recipe, part_of(progress, 0.1, 0.5))
    return measure_coverage(before, after, bench.grid(keys, band, recipe.cube), sky, part_of(progress, 0.5, 1.0))


def summarise_bands(bench: Bench, extractions: Sequence[Extraction], progress: Progress) -> tuple[BandSummary, ...]:
    """Sum up a place band by band; a band in whose field it is not has a problem instead of spectra."""
    found = []
    for k, extraction in enumerate(extractions):
        part = part_of(progress, k / len(extractions), (k + 1) / len(extractions))
        keys, band = extraction.exposures, extraction.band

        def told(step: str, fraction: float, part: Progress = part, band: str = band) -> None:
            part(f"{band}: {step}", fraction)

        try:
            spectra = bench.spectra(extraction, part_of(told, 0.0, 0.5))
        except InputError as error:
            found.append(BandSummary(band, keys, problem=str(error)))
            continue
        recipe = extraction.recipe
        sky = bench.sky_image(keys, band, part_of(told, 0.5, 0.6), cube=recipe.cube)
        sources = sky.sources_within(*extraction.place, extraction.radius)
        verdict = give_verdict(bench, extraction, sources, part_of(told, 0.6, 0.7))
        coverage = count_planes(bench, keys, recipe, band, part_of(told, 0.7, 1.0))
        found.append(BandSummary(band, keys, "", spectra, verdict.sentence, coverage.summary, spectra_picture(spectra)))
    return tuple(found)


def measure_spaxels(
    bench: Bench,
    keys: Sequence[str],
    recipe: Recipe,
    band: str,
    radius: float,
    count: int,
    lines: Sequence[tuple[str, float]],
    speed: float,
    progress: Progress,
) -> tuple[SpaxelMetrics, ...]:
    """Measure everything for the brightest spaxels, ``count`` of them at most; see `measure_field`, `measure_lines`."""
    grid = bench.grid(keys, band, recipe.cube)
    radius = radius or RADIUS * grid.spaxel
    sky = bench.sky_image(keys, band, part_of(progress, 0.0, 0.1), cube=recipe.cube)
    where, _ = bright_spaxels(sky.image)
    found = []
    for k, (x, y) in enumerate(where[:count]):
        share = part_of(progress, 0.1 + 0.9 * k / count, 0.1 + 0.9 * (k + 1) / count)
        place = grid.position(float(grid.x[x]), float(grid.y[y]))
        spectra = bench.spectra(Extraction(tuple(keys), recipe, band, *place, radius), share)
        periods = report_periods(spectra, periods_at(bench, keys, recipe, band, *place))
        known = np.isfinite(spectra.before)
        found.append(
            SpaxelMetrics(
                int(x),
                int(y),
                *place,
                float(np.nanmedian(spectra.before)),
                spectra.unit,
                (int(known.sum()), int((known & ~np.isfinite(spectra.after)).sum())),
                periods,
                report_lines(bench, keys, recipe, spectra, lines, speed),
                judge(spectra, periods.periods, sky.sources_within(*place, radius)),
            )
        )
    return tuple(found)


def exposure_shifts(
    bench: Bench, keys: Sequence[str], band: str, cube: CubeOptions, progress: Progress
) -> ExposureShifts:
    """Tell how exposures with a band lie against each other on the sky, see `measure_shifts`."""
    exposures = [one.exposure for one in bench.inputs_before(keys, band, cube)]
    return measure_shifts(exposures, bench.white_images(keys, band, cube), bench.grid(keys, band, cube), progress)
