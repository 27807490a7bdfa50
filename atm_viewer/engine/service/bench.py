"""The bench: open exposures and what was computed for them, with answers to the window's questions.

One object of this class lives in the worker process; it keeps what is costly and does not depend on the question.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from atm_viewer.engine.analysis.fringe import channel_of, without_fringes
from atm_viewer.engine.analysis.noise import resampling_noise
from atm_viewer.engine.analysis.slice_noise import SliceNoise
from atm_viewer.engine.arrays import Floats, Singles
from atm_viewer.engine.checks.exposure_notes import notes_in_words
from atm_viewer.engine.cube.apertures import Circle, Extracted
from atm_viewer.engine.cube.cube_grid import CubeGrid, CubeParameters, cube_grids, read_cube_parameters
from atm_viewer.engine.cube.drizzle import DrizzleInput, SliceSource, drizzle_block, near_slices
from atm_viewer.engine.cube.images import WhiteImages, plane_image, white_image, white_images
from atm_viewer.engine.errors import InputError, UserError
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.give_back import give_back_memory
from atm_viewer.engine.io.association import expand_inputs
from atm_viewer.engine.io.exposure import Exposure, open_exposure
from atm_viewer.engine.io.moving_target import Position, follow, follow_notes
from atm_viewer.engine.io.offsets import with_offset
from atm_viewer.engine.progress import Progress, no_progress, opening, part_of
from atm_viewer.engine.recipe import CubeOptions, Recipe
from atm_viewer.engine.recipe.cube_options import DEFAULT_CUBE, EACH
from atm_viewer.engine.references.cube_file import CubeFile
from atm_viewer.engine.references.spectra import read_reference, reference_image
from atm_viewer.engine.references.x1d_file import ExtractedFile
from atm_viewer.engine.results.correction import CorrectionReport
from atm_viewer.engine.results.exposure_view import ExposureView
from atm_viewer.engine.results.pixels import PixelReport
from atm_viewer.engine.results.profile import SliceProfile
from atm_viewer.engine.results.references import MOST_REFERENCES
from atm_viewer.engine.results.sky_image import SkyImage
from atm_viewer.engine.results.spectra import FilledShare, HoveredSpectrum, SpaxelSpectra
from atm_viewer.engine.service.at_hand import AtHand
from atm_viewer.engine.service.open_ahead import open_ahead
from atm_viewer.engine.service.open_items import OpenItem, Recent, Shared, as_they_are, corrected, fit_missing
from atm_viewer.engine.tangent import STERADIANS
from atm_viewer.engine.threads import in_threads
from atm_viewer.engine.trace.correction_report import CorrectionReportBuilder, report_traces
from atm_viewer.engine.trace.explain import explain_pixel
from atm_viewer.engine.trace.oversample import FLUX_ESTIMATED, OversampledSlice
from atm_viewer.engine.trace.prepared import compact_intervals, prepare
from atm_viewer.engine.trace.profile import column_wavelengths, slice_profile
from atm_viewer.engine.trace.traces import trace_slice
from atm_viewer.resources import resource

Found = TypeVar("Found")


#: Pixels of the exposures whose coordinates stay unpacked: one of NIRSpec, or four of MIRI.
_UNPACKED = 4 * 1024 * 1032
#: Pixels of open exposures, four of NIRSpec or sixteen of MIRI, from which on memory is saved: no file is opened ahead,
#: and each is closed, with its WCS, when it has been read.
_AHEAD = 4 * 2048 * 2048


@dataclass(frozen=True, eq=False)
class OpenedExposures:
    """Exposures that were opened, a sentence for each file that was not, and what else there is to say."""

    exposures: tuple[ExposureView, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()


def _filled(slices: SliceSource, number: int) -> OversampledSlice:
    """Slice whose values are 1 in pixels that the spline fills, 0 in others, and NaN where there were none."""
    one = slices(number)
    filled = (one.dq & FLUX_ESTIMATED > 0).astype(np.float32)
    return replace(one, sci=np.where(np.isfinite(one.sci), filled, np.float32(np.nan)))


def _distinct(variances: Mapping[str, Singles], err: Singles) -> dict[str, Singles]:
    """Variances without those that are valid where the error or another is: no answer needs more of them than that."""

    def kinds(array: Singles) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            return np.isnan(array) + 2 * (np.isfinite(array) & (array >= 0)).view(np.int8)

    with np.errstate(invalid="ignore"):
        found = [] if (err < 0).any() else [kinds(err)]  # a negative error is valid, a negative variance is not
    kept = {}
    for name, variance in variances.items():
        kind = kinds(variance)
        if not any(np.array_equal(kind, other) for other in found):
            found.append(kind)
            kept[name] = variance
    return kept


def _place(
    items: Sequence[OpenItem], recipe: Recipe, band: str, where: tuple[float, float, float]
) -> tuple[Hashable, ...]:
    """Say what the spectra before correction at a place follow from; ``where`` is its position [deg] and radius."""
    return tuple(i.exposure.key for i in items), band, *where, recipe.cube


def _as_spectra(
    unit: str, grid: CubeGrid, extraction: Extraction, before: Extracted, after: Extracted
) -> SpaxelSpectra:
    """Describe what was drizzled at a place, with the grid before correction and the exposures' unit."""
    spaxel = grid.spaxel_at(*extraction.place)
    solid_angle = grid.spaxel**2 * STERADIANS
    jansky = 1e6 * solid_angle if unit == "MJy/sr" else 1.0  # other units are summed as they are
    centre = grid.position(float(grid.x[spaxel[0]]), float(grid.y[spaxel[1]]))
    return SpaxelSpectra(
        band=extraction.band,
        ra=centre[0],
        dec=centre[1],
        spaxel=spaxel,
        unit=unit,
        solid_angle=solid_angle,
        wavelength=grid.wavelength,
        before=before.spaxel,
        after=after.spaxel,
        before_err=before.spaxel_err,
        after_err=after.spaxel_err,
        radius=extraction.radius,
        aperture_before=before.aperture * jansky,
        aperture_after=after.aperture * jansky,
        aperture_before_err=before.aperture_err * jansky,
        aperture_after_err=after.aperture_err * jansky,
        noise_before=resampling_noise(before.spaxel, before.aperture),
        noise_after=resampling_noise(after.spaxel, after.aperture),
        coverage_before=before.coverage,
        coverage_after=after.coverage,
    )


class Bench:
    """Open exposures, by key, and answers about them.

    Parameters
    ----------
    cubepar : Path, optional
        CUBEPAR reference file that gives the cubes' grids; by default the one shipped.
    """

    def __init__(self, cubepar: Path | None = None) -> None:
        self._cubepar = cubepar
        self._shared = Shared()
        self._items = AtHand(self._shared, self._prepared, self._let_go)
        self._unpacked: list[Exposure] = []  # whose coordinates may be unpacked, the one used last at the end
        self._grids: Recent = Recent(16)
        self._before: Recent = Recent(32)
        self._found: Recent = Recent(64)
        self._shifted: Recent = Recent(64)
        self._references: Recent = Recent(MOST_REFERENCES)
        self._parameters: dict[str, CubeParameters] = {}
        self._to_fit: Extraction | None = None  # what slices are fitted ahead for; None when all are
        self._targets: dict[str, Position] = {}  # where moving targets are followed, by their names

    def open(
        self,
        paths: Sequence[str | Path],
        progress: Progress,
        found: Callable[[ExposureView, float], None] | None = None,
    ) -> OpenedExposures:
        """Open files and associations.

        Moving targets are followed, see `follow`: at their mean position in the exposures that are opened together, or
        where the exposures that are open already have them.

        Parameters
        ----------
        paths : sequence of path-like
            ``_cal``/``_crf`` files and associations.
        progress : callable
            ``progress(step, fraction)``; may raise `Cancelled`.
        found : callable, optional
            ``found(view, fraction)`` is told of each exposure as soon as it is open; of those with a moving target in
            the end, since it takes all of them to know where they are on the sky.

        Returns
        -------
        OpenedExposures
            A file that cannot be opened gives a problem; the others are opened all the same. Without the exposures
            when ``found`` was told of them: a view is large.
        """
        views, problems = [], []
        files: list[Path] = []
        for path in paths:
            try:
                known = {file.resolve() for file in files}
                files += [file for file in expand_inputs([path]) if file.resolve() not in known]
            except UserError as error:
                problems.append(str(error))
        moving = []
        notes: list[tuple[str, Sequence[str]]] = []

        def tell(item: OpenItem, fraction: float) -> None:
            view = self._use(item).view()
            notes.append((item.exposure.path.name, item.exposure.notes))
            if found is None:
                views.append(view)
            else:
                found(view, fraction)

        def waiting(path: Path) -> None:
            progress(opening(path.name), files.index(path) / len(files))

        closed = [path for path in files if not self._is_open(path)]
        with closing(open_ahead(closed, waiting, lambda: self._has_room)) as exposures:
            for k, path in enumerate(files):
                opened = next(exposures) if path in closed else None
                try:
                    if isinstance(opened, UserError):
                        raise opened
                    item = self._put(path, opened, part_of(progress, (k + 0.5) / len(files), (k + 1) / len(files)))
                except UserError as error:
                    problems.append(str(error))
                else:
                    if item.exposure.moving:
                        moving.append(item)
                    else:
                        tell(item, (k + 1) / len(files))
                del opened  # before the next one is there
                if not self._has_room:
                    self._items.close_files()
                give_back_memory()  # reading takes twice as much as what stays
        for item in self._follow_targets(moving):
            tell(item, 1.0)
        following = follow_notes([self._items[item.exposure.key].exposure for item in moving])
        return OpenedExposures(tuple(views), tuple(problems), (*notes_in_words(notes), *following))

    @property
    def _has_room(self) -> bool:
        """Whether so few exposures are open that the next file may be opened ahead, and files may stay open."""
        return self._items.pixels < _AHEAD

    def adopt(self, exposure: Exposure, progress: Progress | None = None) -> ExposureView:
        """Take an exposure that is open already.

        Parameters
        ----------
        exposure : Exposure
            The exposure; one with the same key is forgotten.
        progress : callable, optional
            ``progress(step, fraction)``; may raise `Cancelled`.

        Returns
        -------
        ExposureView
        """
        item = self._prepared(exposure, object(), progress)
        self._items.remove(exposure.key)
        self._items.put(item)
        return self._use(item).view()

    def _prepared(self, exposure: Exposure, owner: Hashable, progress: Progress | None = None) -> OpenItem:
        exposure = self._items.with_known_regions(exposure)
        exposure = replace(exposure, variances=_distinct(exposure.variances, exposure.err))
        prepared = prepare(exposure, progress)
        noise = SliceNoise(prepared, {band: self._spaxel(exposure, band) for band in exposure.bands})
        return OpenItem(prepared, self._shared.mapper(exposure, owner), noise, self._shared, owner)

    def opened(
        self, keys: Sequence[str], cube: CubeOptions = DEFAULT_CUBE, progress: Progress = no_progress
    ) -> list[OpenItem]:
        """Exposures, shifted as the options of the cubes say, and what was computed for them."""
        return [self._item(key, cube, progress) for key in keys]

    def items(
        self, keys: Sequence[str], band: str, cube: CubeOptions = DEFAULT_CUBE, progress: Progress = no_progress
    ) -> list[OpenItem]:
        """Exposures with a band; else as `opened`.

        Raises
        ------
        InputError
            There is none.
        """
        with_band = [key for key in keys if self._items.has_band(key, band)]
        if not with_band:
            raise InputError(f"None of the included exposures has the band {band}; include exposures with this band.")
        return self.opened(with_band, cube, progress)

    def inputs_before(self, keys: Sequence[str], band: str, cube: CubeOptions) -> list[DrizzleInput]:
        """Exposures with a band as they are, to be drizzled."""
        return as_they_are(self.items(keys, band, cube))

    def inputs_after(
        self, keys: Sequence[str], band: str, recipe: Recipe, progress: Progress = no_progress
    ) -> list[DrizzleInput]:
        """Exposures with a band corrected by a recipe, to be drizzled."""
        items = self.items(keys, band, recipe.cube)
        return as_they_are(items) if recipe.oversample == 1 else corrected(items, recipe, progress)

    def grids(self, keys: Sequence[str], band: str, recipe: Recipe) -> tuple[CubeGrid, CubeGrid]:
        """Grids of the cubes of some exposures before and after correction, see `cube_grids`."""
        return self._grids_of(self.items(keys, band, recipe.cube), band, recipe)

    def grid(self, keys: Sequence[str], band: str, cube: CubeOptions = DEFAULT_CUBE) -> CubeGrid:
        """Grid of the cube of some exposures before correction."""
        return self.grids(keys, band, Recipe(oversample=1, cube=cube))[0]

    def once(self, key: Hashable, find: Callable[[], Found]) -> Found:
        """Find something that no recipe changes, unless it was found a while ago; forgotten when exposures close."""
        return self._found.get_or_make(key, find)

    def reference(self, path: str) -> CubeFile | ExtractedFile:
        """Read a cube or extracted spectra from elsewhere, unless the same file was read a while ago.

        Raises
        ------
        InputError
            It cannot be read.
        """
        try:
            found = os.stat(path)
            key = path, found.st_mtime_ns, found.st_size
        except OSError:
            key = path, 0, 0  # reading it says why
        return self._references.get_or_make(key, lambda: read_reference(path))

    def reference_image(
        self,
        path: str,
        keys: Sequence[str],
        band: str,
        wavelength: float | None = None,
        planes: int = 1,
        cube: CubeOptions = DEFAULT_CUBE,
    ) -> SkyImage:
        """Image of a cube from elsewhere on the grid of `sky_image`, with the same wavelengths.

        Raises
        ------
        InputError
            No exposure has the band, or the file is no cube.
        """
        read = self.reference(path)
        if not isinstance(read, CubeFile):
            raise InputError(f"{Path(path).name} holds extracted spectra, which have no image; open its cube.")
        return reference_image(read, self.grid(keys, band, cube), wavelength, planes)

    def close(self, keys: Sequence[str]) -> None:
        """Forget exposures."""
        self._grids.clear()
        self._before.clear()
        self._found.clear()
        self._shifted.clear()
        self._to_fit = None
        for key in keys:
            self._items.remove(key)
        give_back_memory()
        left = self._items.targets
        self._targets = {target: at for target, at in self._targets.items() if target in left}

    def give_back(self) -> None:
        """Give back the memory of what is made again in a moment when it is asked for: another process needs it."""
        self._to_fit = None
        self._shared.keep_fits_only()
        self._items.close_files()
        for exposure in self._unpacked:
            exposure.release()
        give_back_memory()

    def _let_go(self, item: OpenItem) -> None:
        """Drop what holds an exposure's arrays; what was computed with them is kept as long as there is room."""
        key = item.exposure.key
        item.exposure.close()
        self._unpacked = [exposure for exposure in self._unpacked if exposure.key != key]
        for shifted in [one for one in self._shifted if one[0] == key]:  # type: ignore[index]  # a key and a placement
            del self._shifted[shifted]

    def use(self, exposure: Exposure) -> None:
        """Release the coordinates of all exposures but those used last, of which this is one."""
        self._unpacked = [e for e in self._unpacked if e is not exposure] + [exposure]
        while len(self._unpacked) > 1 and sum(e.sci.size for e in self._unpacked) > _UNPACKED:
            self._unpacked.pop(0).release()

    def _use(self, item: OpenItem) -> OpenItem:
        self.use(item.exposure)
        return item

    def correct(self, key: str, recipe: Recipe, progress: Progress) -> CorrectionReport:
        """Fit and oversample an exposure and tell what was decided.

        Parameters
        ----------
        key : str
            Key of the exposure.
        recipe : Recipe
            Parameters.
        progress : callable
            ``progress(step, fraction)``; may raise `Cancelled`.

        Returns
        -------
        CorrectionReport
        """
        begun = time.perf_counter()
        item = self._item(key, recipe.cube)
        fits = item.fitted(recipe, part_of(progress, 0.0, 0.6))
        fine = []
        if recipe.oversample == 1:
            report = report_traces(item.prepared, fits, begun)
        else:
            progress("Computing oversampled coordinates", 0.6)
            item.make_coordinates(recipe.oversample)
            intervals = compact_intervals(fits, item.prepared)
            builder = CorrectionReportBuilder(item.prepared, fits, begun)
            for k, number in enumerate(item.prepared.slices):
                progress(f"Oversampling slice {number}", 0.7 + 0.3 * k / len(fits))
                one = item.fine_slice(fits[number], recipe, intervals)
                fine.append(one)
                builder.add(number, item.native_slice(fits[number], recipe, intervals), one.share)
            report = builder.report()
        return item.noise.added(report, fine, lambda one: item.fine_cut(fits[one.number], recipe.oversample)[0])

    def profile(self, key: str, recipe: Recipe, number: int, column: int) -> SliceProfile:
        """Show the fit of one column of one slice.

        Parameters
        ----------
        key : str
            Key of the exposure.
        recipe : Recipe
            Parameters.
        number, column : int
            Slice and column.

        Returns
        -------
        SliceProfile

        Raises
        ------
        InputError
            The exposure has no such slice or column.
        """
        item = self._item(key, recipe.cube)
        exposure, data = item.exposure, item.prepared.slices.get(number)
        if data is None or not 0 <= column < data.flux.shape[1]:
            raise InputError(f"{exposure.name} has no column {column} in slice {number}; choose another.")
        fit = item.fit(number, recipe)
        intervals = item.first_intervals(recipe) if fit.has_splines else 0
        wavelengths = item.wavelengths.get_or_make(number, lambda: column_wavelengths(item.prepared, number))
        return slice_profile(item.prepared, fit, recipe.oversample, column, intervals, wavelengths)

    def explain(self, key: str, recipe: Recipe, x: int, y: int) -> PixelReport:
        """Tell what happened to a pixel and which parameter would change it.

        Parameters
        ----------
        key : str
            Key of the exposure.
        recipe : Recipe
            Parameters.
        x, y : int
            Zero-based pixel of the detector.

        Returns
        -------
        PixelReport

        Raises
        ------
        InputError
            The pixel lies in no slice.
        """
        item = self._item(key, recipe.cube)
        regions = item.exposure.regions
        within = 0 <= y < regions.shape[0] and 0 <= x < regions.shape[1]
        number = int(regions[y, x]) if within else 0
        if number not in item.prepared.slices:
            raise InputError(f"Pixel x {x}, y {y} of {item.exposure.name} is not in a slice; choose another.")
        fit, intervals = item.fit(number, recipe), item.first_intervals(recipe)
        if recipe.oversample > 1:
            fine, native = item.fine_slice(fit, recipe, intervals), item.native_slice(fit, recipe, intervals)
        else:
            fine, native = None, trace_slice(item.prepared, fit, intervals)
        return explain_pixel(item.prepared, fit, recipe.oversample, intervals, native, fine, x, y)

    def sky_image(
        self,
        keys: Sequence[str],
        band: str,
        progress: Progress,
        recipe: Recipe | None = None,
        wavelength: float | None = None,
        planes: int = 1,
        cube: CubeOptions = DEFAULT_CUBE,
    ) -> SkyImage:
        """Make an image of some exposures in one band, on the grid of the cube before correction.

        Parameters
        ----------
        keys : sequence of str
            Keys of the exposures; those without the band are left out.
        band : str
            Band, as the pipeline names its cubes.
        progress : callable
            ``progress(step, fraction)``; may raise `Cancelled`.
        recipe : Recipe or None
            After correction by it; None for the exposures as they are.
        wavelength : float or None
            Wavelength [um] about which planes of the cube are averaged; None for white light.
        planes : int
            How many.
        cube : CubeOptions
            Of the grid.

        Returns
        -------
        SkyImage

        Raises
        ------
        InputError
            No exposure has the band.
        """
        self.items(keys, band, cube, part_of(progress, 0.0, 0.1))
        progress("Computing the cube's grid", 0.1)
        grid = self.grid(keys, band, cube)
        if recipe is None and wavelength is None:
            progress("Making the sky image", 0.8)
            return self.white_images(keys, band, cube).together
        if recipe is None:
            inputs = self.inputs_before(keys, band, cube)
        else:
            inputs = self.inputs_after(keys, band, replace(recipe, cube=cube), part_of(progress, 0.1, 0.8))
        progress("Making the sky image", 0.8)
        return white_image(inputs, grid) if wavelength is None else plane_image(inputs, grid, wavelength, planes)

    def white_images(self, keys: Sequence[str], band: str, cube: CubeOptions = DEFAULT_CUBE) -> WhiteImages:
        """Make images in white light of some exposures before correction; arguments as for `sky_image`."""
        return self.once(
            ("white", tuple(keys), band, cube),
            lambda: white_images(self.inputs_before(keys, band, cube), self.grid(keys, band, cube)),
        )

    def spectra(
        self, extraction: Extraction, progress: Progress, found: Callable[[SpaxelSpectra], None] | None = None
    ) -> SpaxelSpectra:
        """Spectra of the spaxel and the aperture at a sky position, before and after, as the cubes have them.

        Parameters
        ----------
        extraction : Extraction
            Exposures, recipe, band, place and aperture; spaxels count by the part of them that lies within it.
        progress : callable
            ``progress(step, fraction)``; may raise `Cancelled`.
        found : callable, optional
            Takes the spectra of a spaxel that was not asked for before, without its aperture. They are there in a tenth
            of the time. Slices that other places need are fitted ahead for such questions, see `fit_ahead`.

        Returns
        -------
        SpaxelSpectra

        Raises
        ------
        InputError
            No exposure has the band, or the position is outside of the field.
        """
        recipe, band, radius = extraction.recipe, extraction.band, extraction.radius
        ra, dec = extraction.place
        items = self.items(extraction.exposures, band, recipe.cube, part_of(progress, 0.0, 0.1))
        progress("Computing the cube's grid", 0.1)
        grid, _ = self._grids_of(items, band, recipe)
        unit, drizzling = items[0].exposure.unit, part_of(progress, 0.1, 1.0)
        if found is not None:
            self._to_fit = extraction
            if _place(items, recipe, band, (ra, dec, 0.0)) not in self._before:
                alone = self._extract(items, recipe, band, (ra, dec, 0.0), part_of(drizzling, 0.0, 0.3))
                spectra = _as_spectra(unit, grid, extraction, *alone)
                found(replace(spectra, coverage_before=None, coverage_after=None, spaxel_only=True))
                drizzling = part_of(drizzling, 0.3, 1.0)
        return _as_spectra(unit, grid, extraction, *self._extract(items, recipe, band, (ra, dec, radius), drizzling))

    def fit_ahead(self, is_asked: Callable[[], bool]) -> bool:
        """Fit the slices that spectra at other places need, with the exposures and recipe of the latest question.

        Nothing is fitted when there is no more room for fits.

        Parameters
        ----------
        is_asked : callable
            Says whether a question is waiting; the rest is then left for the next time.

        Returns
        -------
        bool
            Whether nothing is left for the next time.
        """
        wanted, self._to_fit = self._to_fit, None
        if wanted is None or wanted.recipe.oversample == 1:
            return True
        for item in self.items(wanted.exposures, wanted.band, wanted.recipe.cube):
            for number in item.prepared.slices:
                if item.exposure.band_of(number) != wanted.band:
                    continue
                if self._shared.fits.is_nearly_full:
                    return True
                if is_asked():
                    self._to_fit = wanted
                    return False
                fit_missing([(item, number)], wanted.recipe, no_progress)
        return True

    def fringe_free(self, spectra: SpaxelSpectra, progress: Progress) -> SpaxelSpectra:
        """Remove residual fringes from spectra of a MIRI band; what is before correction is done once for a place."""
        channel = channel_of(spectra.band)
        if channel is None:
            return spectra

        def freed(flux: Floats, fraction: float) -> Floats:
            progress("Removing residual fringes", fraction)
            key = "fringes", channel, flux.tobytes()
            return self.once(key, lambda: without_fringes(spectra.wavelength, flux, channel))

        before, after = freed(spectra.before, 0.0), freed(spectra.after, 0.5)
        aperture_before, aperture_after = freed(spectra.aperture_before, 0.25), freed(spectra.aperture_after, 0.75)
        return replace(
            spectra,
            before=before,
            after=after,
            aperture_before=aperture_before,
            aperture_after=aperture_after,
            noise_before=resampling_noise(before, aperture_before),
            noise_after=resampling_noise(after, aperture_after),
            fringe_free=True,
        )

    def filled_share(self, extraction: Extraction, progress: Progress) -> FilledShare:
        """Tell how much of a spaxel's spectrum after correction comes from pixels that the spline fills.

        Raises
        ------
        InputError
            No exposure has the band, or the position is outside of the field.
        """
        recipe, band = extraction.recipe, extraction.band
        items = self.items(extraction.exposures, band, recipe.cube, progress)
        grid = self._grids_of(items, band, recipe)[1]
        spaxel, wanted = grid.spaxel_at(*extraction.place), np.ones((1, 1), dtype=bool)
        if recipe.oversample == 1:  # nothing is filled
            return FilledShare(band, grid.wavelength, np.zeros(grid.wavelength.size))
        inputs = corrected(items, recipe, progress, lambda i: near_slices(i.exposure, i.mapper, grid, *spaxel, wanted))
        flags = [replace(one, slices=partial(_filled, one.slices)) for one in inputs]
        return FilledShare(band, grid.wavelength, drizzle_block(flags, grid, *spaxel, wanted).flux[:, 0, 0])

    def hovered_spectrum(
        self, keys: Sequence[str], band: str, ra: float, dec: float, cube: CubeOptions
    ) -> HoveredSpectrum:
        """Spectrum of the spaxel at a sky position [deg] before correction: nothing is fitted for it, so it is quick.

        Raises
        ------
        InputError
            No exposure has the band, or the position is outside of the field.
        """
        grid, inputs = self.grid(keys, band, cube), self.inputs_before(keys, band, cube)
        spaxel = grid.spaxel_at(ra, dec)
        flux = drizzle_block(inputs, grid, *spaxel, np.ones((1, 1), dtype=bool)).flux[:, 0, 0]
        return HoveredSpectrum(band, spaxel, inputs[0].exposure.unit, grid.wavelength, flux)

    def _extract(
        self,
        items: list[OpenItem],
        recipe: Recipe,
        band: str,
        where: tuple[float, float, float],
        progress: Progress,
    ) -> tuple[Extracted, Extracted]:
        """Drizzle a place, by its position [deg] and radius [arcsec], before and after correction."""
        place = _place(items, recipe, band, where)
        circle, fine = (Circle.about(grid, *where) for grid in self._grids_of(items, band, recipe))
        groups: list[tuple[Circle, list[DrizzleInput]]] = []
        if recipe.oversample > 1:
            inputs = corrected(items, recipe, part_of(progress, 0.0, 0.7), lambda i: fine.near(i.exposure, i.mapper))
            if where[2] > 0.0:  # sums of a single spaxel are not worth keeping
                inputs = [replace(one, sums=i.sums) for one, i in zip(inputs, items, strict=True)]
            groups.append((fine, inputs))
        if place not in self._before:  # it is the same whatever the recipe is
            groups.append((circle, as_they_are(items)))
        progress("Drizzling", 0.8)
        # Together, what takes longest first, so that no thread waits for the others. Nothing else is answered
        # meanwhile: other spectra would use the same sums.
        shares = in_threads(lambda one: one[0].share(one[1]), [(c, one) for c, inputs in groups for one in inputs])
        count = len(items)
        made = in_threads(lambda k: groups[k][0].extract(shares[k * count : (k + 1) * count]), range(len(groups)))
        before = self._before.get_or_make(place, lambda: made[-1])
        return before, made[0] if recipe.oversample > 1 else before

    def _follow_targets(self, items: Sequence[OpenItem]) -> list[OpenItem]:
        """Put exposures of moving targets where these are on average, or where they are in exposures opened earlier."""
        for target in {item.exposure.target for item in items}:
            ours = [item for item in items if item.exposure.target == target]
            for item, exposure in zip(ours, follow([i.exposure for i in ours], self._targets.get(target)), strict=True):
                self._items.put(item.placed(exposure.placement))
                if exposure.follows is not None:
                    self._targets[target] = exposure.follows
        return [self._items[item.exposure.key] for item in items]

    def _is_open(self, path: Path) -> bool:
        key = str(path.resolve())
        return key in self._items and not self._items.file(key).has_changed

    def _put(self, path: Path, opened: Exposure | None, progress: Progress) -> OpenItem:
        """Take an exposure that was opened, or find one that has been open before."""
        key = str(path.resolve())
        if opened is not None and key in self._items:
            self.close([key])  # the file has changed
        if key not in self._items:
            self.adopt(opened or open_exposure(path), progress)
        return self._items[key]

    def _item(self, key: str, cube: CubeOptions, progress: Progress = no_progress) -> OpenItem:
        """Give an open exposure, shifted as the options of the cubes say."""
        item = self._items.get(key, progress)
        item.exposure.file.check()
        placement = with_offset(item.exposure.placement, item.exposure.name, cube)
        if placement != item.exposure.placement:
            item = self._shifted.get_or_make((key, placement), partial(item.placed, placement))
        return self._use(item)

    def _grids_of(self, items: list[OpenItem], band: str, recipe: Recipe) -> tuple[CubeGrid, CubeGrid]:
        def make() -> tuple[CubeGrid, CubeGrid]:
            parameters = self._cube_parameters(items[0].exposure, band)
            return cube_grids([i.exposure for i in items], band, parameters, recipe)

        # With one grid for both, the factor makes no difference.
        factor = recipe.oversample if recipe.cube.grid == EACH else 1
        return self._grids.get_or_make((tuple(i.exposure.key for i in items), band, recipe.cube, factor), make)

    def _cube_parameters(self, exposure: Exposure, band: str) -> CubeParameters:
        if band not in self._parameters:
            path = self._cubepar or resource(f"cubepar/{exposure.instrument.lower()}_cubepar.fits")
            self._parameters[band] = read_cube_parameters(path, band)
        return self._parameters[band]

    def _spaxel(self, exposure: Exposure, band: str) -> float:
        """Side of a spaxel [arcsec]; NaN for a band without a cube."""
        try:
            return self._cube_parameters(exposure, band).spaxel
        except InputError:
            return float("nan")
