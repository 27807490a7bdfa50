"""Writes corrected exposures that stock ``cube_build`` reads, and cubes before and after correction."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from atm_viewer.engine.cube.cube_grid import CubeGrid, Outlines, read_cube_parameters
from atm_viewer.engine.cube.cubes import (
    CubeSums,
    PixelValues,
    add_exposure,
    build_cubes,
    corrected_values,
    native_values,
    on_grid,
    values_after,
)
from atm_viewer.engine.cube.footprints import SkyMapper
from atm_viewer.engine.errors import InputError, OutputError, one_line
from atm_viewer.engine.give_back import give_back_memory, trim_memory
from atm_viewer.engine.io.association import Product, expand_inputs, is_plain_name, read_inputs
from atm_viewer.engine.io.exposure import Exposure, open_exposure
from atm_viewer.engine.io.moving_target import (
    Position,
    followed_model,
    mean_position,
    placements,
    read_target,
)
from atm_viewer.engine.io.offsets import with_offset, write_offsets
from atm_viewer.engine.io.setting import Group, group_exposures
from atm_viewer.engine.names import exposure_name, intermediate_names
from atm_viewer.engine.output.corrected_file import write_corrected
from atm_viewer.engine.output.corrected_model import corrected_model, intermediate_model, mark_corrected
from atm_viewer.engine.output.metadata import open_placed_metadata
from atm_viewer.engine.output.provenance import (
    InputFile,
    Provenance,
    append_provenance,
    current_versions,
    history_lines,
)
from atm_viewer.engine.output.staging import saving, staged
from atm_viewer.engine.output.tree_text import UnchangeableError
from atm_viewer.engine.placement import Placement
from atm_viewer.engine.progress import Progress, no_progress, opening, part_of
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.recipe.cube_options import COMMON, INTERNAL, offset_of
from atm_viewer.engine.regular_file import check_regular
from atm_viewer.engine.threads import Elsewhere, loading, methods_on_thread, without_warnings
from atm_viewer.engine.trace.oversample import Corrected, correct_exposure
from atm_viewer.engine.wcs.models import few_plugins
from atm_viewer.resources import resource

_LOG = logging.getLogger(__name__)

Paths = Sequence[str | os.PathLike[str]]

#: Largest size of the sums before correction [byte] whose cubes are written while those after are summed; larger ones
#: are written first, to save memory.
_WAITING = 2**28

#: Pixels of exposures that stay open until all cubes have taken them, four of MIRI or one of NIRSpec; more are opened
#: again each time.
_OPEN = 4 * 1024 * 1032


def write_exposures(
    paths: Paths,
    recipe: Recipe,
    folder: str | os.PathLike[str],
    overwrite: bool = False,
    progress: Progress | None = None,
    target_at: Position | None = None,
    save_intermediate_results: bool = False,
) -> tuple[Path, ...]:
    """Write corrected exposures, ``<stem>_atm.fits`` each; all of them or none.

    Parameters
    ----------
    paths : sequence of path-like
        Exposures of any settings, and associations.
    recipe : Recipe
        Parameters; they travel in the products.
    folder : path-like
        Where to; made when absent.
    overwrite : bool
        Whether files of these names may be there already.
    progress : callable, optional
        ``progress(step, fraction)``; may raise `Cancelled`.
    target_at : (float, float), optional
        Where a moving target is in the recipe's regions, see `follow`. The exposures' WCS is left as it is, since
        ``calwebb_spec3`` makes it follow the target.
    save_intermediate_results : bool
        Whether to write what corrections are made of as well, as the pipeline's step does by an argument of this name
        and under its names, ``<stem>_spline_full.fits`` and so on, see `intermediate_names`.

    Returns
    -------
    tuple of Path
        Files written, in the order of the exposures.

    Raises
    ------
    InputError
        An exposure cannot be used.
    OutputError
        A file exists already, or ``folder`` cannot be written.
    """
    progress = progress or no_progress
    exposures = expand_inputs(paths)
    group_exposures(exposures, progress=progress)
    names = _distinct_names(exposures)
    beside = intermediate_names([exposure_name(path) for path in exposures], recipe.oversample)
    if not save_intermediate_results:
        beside = []
    folder = Path(folder)
    with staged(folder, [*names, *beside], overwrite) as part:
        # Only regions need to know where an exposure is on the sky.
        following = placements([read_target(path) for path in exposures], target_at) if recipe.regions else []
        for k, (path, name) in enumerate(zip(exposures, names, strict=True)):
            here = part_of(progress, k / len(exposures), (k + 1) / len(exposures))
            here(opening(path.name), 0.0)
            exposure = open_exposure(path)
            if recipe.regions:
                exposure = exposure.placed(with_offset(following[k], exposure.name, recipe.cube))
            corrected = correct_exposure(exposure, recipe, part_of(here, 0.3, 0.8), save_intermediate_results)
            here(f"Writing {name}", 0.8)
            save_corrected(exposure, corrected, recipe, path, part)
            del exposure, corrected  # before the next one is opened
            trim_memory()
        progress("Moving files into place", 1.0)
    return tuple(folder / name for name in (*names, *beside))


def corrected_name(path: Path) -> str:
    """Name of the file of a corrected exposure."""
    return f"{exposure_name(path)}_atm.fits"


def save_corrected(exposure: Exposure, corrected: Corrected, recipe: Recipe, path: Path, folder: Path) -> None:
    """Write a corrected exposure, and what its correction is made of where that was kept; its datamodel is closed."""
    provenance, names, place = product_provenance(recipe, True, [path]), [exposure.name], folder / corrected_name(path)
    if not corrected.steps:
        exposure.file.check()
        try:
            with _plain(place) as plain:
                write_corrected(path, corrected, plain, provenance, names)
            return
        except UnchangeableError as reason:
            _LOG.info("the datamodel of %s writes its correction: %s", path.name, one_line(reason))
    model = corrected_model(exposure.model, corrected)
    for step, array in corrected.steps.items():
        _save(intermediate_model(model, array), folder / f"{exposure.name}_{step}.fits", provenance, names)
    _save(model, place, provenance, names)
    model.close()


def product_provenance(recipe: Recipe, applied: bool, paths: Sequence[Path]) -> Provenance:
    """Return what a product of these exposures says about how it was made, if it is made now."""
    return Provenance(recipe, applied, current_versions(), tuple(map(InputFile.of, paths)))


def write_cubes(
    paths: Paths,
    recipe: Recipe,
    folder: str | os.PathLike[str],
    product: str = "",
    which: str = "both",
    channel: str | None = None,
    bands: Collection[str] = (),
    cubepar: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    engine: str = "own",
    progress: Progress | None = None,
    target_at: Position | None = None,
    elsewhere: Elsewhere = methods_on_thread,
) -> tuple[Path, ...]:
    """Write cubes as jwst's ``CubeBuildStep`` makes them, before and after correction; all of them or none.

    Parameters
    ----------
    paths : sequence of path-like
        Exposures of any settings, and associations; all that have a band go into its cube.
    recipe : Recipe
        Parameters; they travel in the products.
    folder : path-like
        Where to; made when absent.
    product : str
        Files are ``<product>_<band>_s3d.fits`` before and ``<product>-atm_<band>_s3d.fits`` after correction; empty
        takes that of the association, else what the exposures' names have in common.
    which : {"before", "after", "both"}
        Which cubes.
    channel, bands
        Which bands, see `group_exposures`; by default all that the exposures have.
    cubepar : path-like or None
        CUBEPAR reference file; None takes that of CRDS when the user has CRDS, else the one shipped.
    overwrite : bool
        Whether files of these names may be there already.
    engine : {"own", "pipeline"}
        Who maps and drizzles the pixels: our kernels, many times faster with the same outcome, or ``CubeBuildStep``,
        which also does what our kernels cannot, see `CubeOptions.only_pipeline`.
    progress : callable, optional
        ``progress(step, fraction)``; may raise `Cancelled`. While ``CubeBuildStep`` drizzles it is called once for
        each exposure and cube.
    target_at : (float, float), optional
        Where a moving target is in the cubes, see `follow`.
    elsewhere : callable, optional
        Where our own engine reads metadata and writes files while it computes: on a thread, see `methods_on_thread`.

    Returns
    -------
    tuple of Path
        Files written: cubes before, then after, each in the order of bands.

    Raises
    ------
    InputError
        An exposure or ``cubepar`` cannot be used, or no exposure has a channel or band that is wanted.
    OutputError
        A file exists already, or ``folder`` cannot be written.
    """
    progress = progress or no_progress
    jobs = cube_jobs(read_inputs(paths).one(product), recipe, which, channel, bands, cubepar, progress, target_at)
    names = [job.name(after, band) for after in jobs[0].kinds for job in jobs for band in job.group.bands]
    folder = Path(folder)
    with staged(folder, names, overwrite) as part:
        for job in jobs:
            if engine == "pipeline" or recipe.cube.only_pipeline:
                _write_pipeline_cubes(job, part)
            else:
                _write_own_cubes(job, part, elsewhere=elsewhere)
            if job is not jobs[-1]:
                give_back_memory()
        progress("Moving files into place", 1.0)
    return tuple(folder / name for name in names)


def cube_jobs(
    chosen: Product,
    recipe: Recipe,
    which: str = "both",
    channel: str | None = None,
    bands: Collection[str] = (),
    cubepar: str | os.PathLike[str] | None = None,
    progress: Progress = no_progress,
    target_at: Position | None = None,
) -> list[CubeJob]:
    """Return what there is to do for the cubes of a product, setting by setting; arguments as `write_cubes`.

    Raises
    ------
    InputError
        These exposures cannot have such cubes.
    OutputError
        The product's name cannot be part of a file's name.
    """
    product = chosen.name
    groups = group_exposures(chosen.exposures, channel, bands, progress)
    if not is_plain_name(product):
        raise OutputError(f"The product name {product!r} must be a file name without folders; choose another name.")
    if cubepar is not None:
        # astropy takes relative paths that begin with ~ or file: for something else.
        cubepar = Path(cubepar).absolute()
        for group in groups:
            _check_cubepar(cubepar, group.setting.instrument)
    stems = {False: product, True: f"{product}-atm"}
    kinds = {"before": [False], "after": [True], "both": [False, True]}[which]
    if len(groups) > 1 and target_at is None:
        # As in calwebb_spec3, the mean is that of the exposures of all settings.
        target_at = mean_position([read_target(path) for group in groups for path in group.exposures])
    jobs, done, count = [], 0, sum(len(group.exposures) for group in groups)
    for group in groups:
        here = part_of(progress, done / count, (done + len(group.exposures)) / count)
        jobs.append(CubeJob(group, recipe, kinds, stems, cubepar, here, target_at))
        done += len(group.exposures)
    for job in jobs:
        _check_options(job)
    return jobs


def write_setting(job: CubeJob, folder: Path, exposures: Collection[Path] = ()) -> tuple[Path, ...]:
    """Write the cubes of one setting by our drizzle, and in the same go some of its corrected exposures; all or none.

    Parameters
    ----------
    job : CubeJob
        What the cubes are made of; those after correction among them when there are ``exposures``.
    folder : Path
        Where to; files of the same names are replaced.
    exposures : collection of Path
        Exposures of the job of which the corrected one is wanted.

    Returns
    -------
    tuple of Path
        Files written.
    """
    names = [job.name(after, band) for after in job.kinds for band in job.group.bands]
    names += [corrected_name(path) for path in exposures]
    with staged(folder, names, overwrite=True) as part:

        def keep(exposure: Exposure, corrected: Corrected) -> None:
            if exposure.path in exposures:
                save_corrected(exposure, corrected, job.recipe, exposure.path, part)

        _write_own_cubes(job, part, keep if exposures else None)
    give_back_memory()
    return tuple(folder / name for name in names)


@dataclass(frozen=True)
class CubeJob:
    """Cubes of one setting: ``kinds`` are False for before and True for after, ``stems`` names of products."""

    group: Group
    recipe: Recipe
    kinds: Sequence[bool]
    stems: Mapping[bool, str]
    cubepar: str | os.PathLike[str] | None
    progress: Progress
    target_at: Position | None = None

    def name(self, after: bool, band: str) -> str:
        """Name of a cube's file, as the pipeline names it."""
        internal = "_internal" if self.recipe.cube.coord_system == INTERNAL else ""
        return f"{self.stems[after]}_{band}{internal}_s3d.fits"

    @cached_property
    def placements(self) -> list[Placement]:
        """Shifts by which exposures are `placed`, from their headers alone; once read, they travel with the job."""
        following = placements([read_target(path) for path in self.group.exposures], self.target_at)
        return [
            with_offset(place, exposure_name(path), self.recipe.cube)
            for place, path in zip(following, self.group.exposures, strict=True)
        ]

    def grids(self, outlines: Outlines, cubepar: str, done: float) -> dict[str, tuple[CubeGrid, CubeGrid]]:
        """Grids before and after correction, by band; ``done`` is the fraction of the job done so far."""
        found = {}
        for band in self.group.bands:
            self.progress(f"Computing the grid of the {band} cube", done)
            found[band] = outlines.grids(band, read_cube_parameters(cubepar, band))
        return found


def _check_options(job: CubeJob) -> None:
    """Refuse options of cubes that these exposures cannot have."""
    options = job.recipe.cube
    if refused := options.refuse():
        raise InputError(f"The options of the cubes exclude each other: {refused}.")
    if options.coord_system == INTERNAL:
        if job.group.setting.instrument == "MIRI":
            raise InputError(f"MIRI cubes cannot have coord_system '{INTERNAL}'; choose 'ifualign'.")
        if len(job.group.exposures) > 1:
            raise InputError(f"A cube with coord_system '{INTERNAL}' is made of one exposure; give one at a time.")


def _write_own_cubes(
    job: CubeJob,
    folder: Path,
    keep: Callable[[Exposure, Corrected], None] | None = None,
    elsewhere: Elsewhere = methods_on_thread,
) -> None:
    """Write cubes by our drizzle: exposures are taken one after the other.

    ``keep`` is given each exposure with its correction.
    """
    writing: list[Future[None]] = []

    def progress(step: str, fraction: float) -> None:
        for cubes in writing:
            if cubes.done():
                cubes.result()  # raises what kept them from being written
        job.progress(step, fraction)

    # Metadata are read, and cubes written, while others are drizzled: what datamodels import takes seconds.
    with closing(_CubeWriter(job)) as writer, elsewhere("atm-viewer-cubes", writer) as call:
        cubepar = call("cubepar")
        writing.append(call("read"))
        opened, outlines = _open_exposures(job)
        grids = job.grids(outlines, cubepar.result(), 0.05)
        # A correction takes several times as long as all the rest.
        begun, shares = 0.05, {False: 0.2, True: 0.8} if len(job.kinds) > 1 else dict.fromkeys(job.kinds, 1.0)
        for after in job.kinds:
            here = part_of(progress, begun, begun + 0.95 * shares[after])
            begun += 0.95 * shares[after]
            sums = _sum_exposures(job, after, grids, opened, keep, part_of(here, 0.0, 0.8))
            small = sum(of_band.size for of_band in sums.values()) <= _WAITING
            writing.append(call("write", after, sums, folder))
            del sums
            if after == job.kinds[-1] or not small:
                here(f"Writing cubes {'after' if after else 'before'} correction", 0.8)
                for cubes in writing:
                    cubes.result()


class _CubeWriter:
    """Writes the cubes of a job from their sums; metadata of the exposures are read once."""

    def __init__(self, job: CubeJob) -> None:
        self._job = job
        self._models: list[Any] = []

    def cubepar(self) -> str:
        """CUBEPAR file of the job; that of CRDS is marked ``crds://``."""
        return self._cubepar

    @cached_property
    def _cubepar(self) -> str:
        if _has_crds():  # else there is no need for datamodels so early
            self._open(1)
        model = next(iter(self._models), None)
        return _cubepar(model, self._job.group.setting.instrument, self._job.cubepar)

    def read(self) -> None:
        """Read the exposures' metadata, and load what makes cubes of them."""
        self._open(len(self._job.group.exposures))
        with loading():
            import jwst.cube_build  # noqa: F401

    def write(self, after: bool, sums: MutableMapping[str, CubeSums], folder: Path) -> None:
        """Write cubes before or after correction from their sums, which are used up."""
        save_cubes(self._job, after, self._models, self._cubepar, sums, folder)
        if after != self._job.kinds[-1]:  # a process that writes all there is ends then
            give_back_memory()  # datamodels refer to themselves

    def close(self) -> None:
        """Close the metadata."""
        while self._models:
            self._models.pop().close()

    def _open(self, count: int) -> None:
        """Open the metadata of the first exposures, see `open_placed_metadata`."""
        exposures = list(zip(self._job.group.exposures, self._job.placements, strict=True))
        for path, place in exposures[len(self._models) : count]:
            self._models.append(open_placed_metadata(path, place))


def _open_exposures(job: CubeJob) -> tuple[dict[Path, Exposure], Outlines]:
    """Open the exposures of a job: those that stay open, and the outlines of all."""
    paths, outlines = job.group.exposures, Outlines(job.group.bands, job.recipe)
    opened: dict[Path, Exposure] = {}
    for k, path in enumerate(paths):
        job.progress(opening(path.name), 0.05 * k / len(paths))
        exposure = open_exposure(path).placed(job.placements[k])
        outlines.add(exposure)
        exposure.release()
        if exposure.sci.size * len(paths) <= _OPEN:
            opened[path] = exposure
        else:
            exposure.close()
        del exposure
    return opened, outlines


def _sum_exposures(
    job: CubeJob,
    after: bool,
    grids: Mapping[str, tuple[CubeGrid, CubeGrid]],
    opened: dict[Path, Exposure],
    keep: Callable[[Exposure, Corrected], None] | None,
    progress: Progress,
) -> dict[str, CubeSums]:
    """Sum the pixels of a job's exposures for its cubes, before or after correction; the last time closes them."""
    paths = job.group.exposures
    sums = {band: CubeSums(grids[band][after]) for band in job.group.bands}
    for k, path in enumerate(paths):
        # Exposures that stay open are gone before the last cubes are made of their sums.
        kept = opened.pop(path, None) if after == job.kinds[-1] else opened.get(path)
        exposure = kept or open_exposure(path).placed(job.placements[k])
        here = part_of(progress, k / len(paths), (k + 1) / len(paths))
        _add_exposure(job, exposure, after, sums, here, keep)
        exposure.release()
        if path not in opened:
            exposure.close()
        del exposure, kept
        trim_memory()
    return sums


def _save_cube(job: CubeJob, after: bool, band: str, cube: Any, folder: Path) -> None:
    """Write a cube, and close it."""
    provenance = product_provenance(job.recipe, after, job.group.exposures)
    _save(cube, folder / job.name(after, band), provenance, [exposure_name(path) for path in job.group.exposures])
    cube.close()


def save_cubes(
    job: CubeJob,
    after: bool,
    models: Sequence[Any],
    cubepar: str,
    sums: MutableMapping[str, CubeSums],
    folder: Path,
) -> None:
    """Write cubes from the sums of their pixels, which are used up.

    ``models`` have the exposures' metadata, see `open_placed_metadata`; they are marked as corrected for cubes after.
    """
    if after:
        for model in models:
            mark_corrected(model, job.recipe.oversample)
    with few_plugins():
        built = build_cubes(models, job.group.bands, job.stems[after], cubepar, job.recipe.cube.of_step(), sums)
        for band in job.group.bands:
            _save_cube(job, after, band, built.pop(0), folder)


def _add_exposure(
    job: CubeJob,
    exposure: Exposure,
    after: bool,
    sums: Mapping[str, CubeSums],
    progress: Progress,
    keep: Callable[[Exposure, Corrected], None] | None,
) -> None:
    """Add an exposure to the sums of cubes, as it is or corrected."""
    begun = 0.5 if after else 0.0
    values = cube_values(exposure, job.recipe, after, keep, part_of(progress, 0.0, begun))
    here, bands = part_of(progress, begun, 1.0), list(sums)

    def drizzling(band: str, done: float) -> None:
        step = f"Drizzling {exposure.name} {'after' if after else 'before'} correction into {band}"
        here(step, (bands.index(band) + done) / len(bands))

    add_exposure(sums, exposure, SkyMapper(exposure), values, drizzling)


def cube_values(
    exposure: Exposure,
    recipe: Recipe,
    after: bool,
    keep: Callable[[Exposure, Corrected], None] | None,
    progress: Progress = no_progress,
) -> PixelValues:
    """Values of an exposure for cubes, as it is or corrected; ``keep``, if any, is given all of its correction."""
    if not after:
        return native_values(exposure)
    if keep is None:
        return values_after(exposure, recipe, progress)
    corrected = correct_exposure(exposure, recipe, progress)
    keep(exposure, corrected)
    return corrected_values(corrected, exposure)


def _write_pipeline_cubes(job: CubeJob, folder: Path) -> None:
    """Write cubes by the pipeline's own mapping and combination of pixels."""
    opened, corrections = [], []
    count = len(job.group.exposures)
    for k, (path, place) in enumerate(zip(job.group.exposures, job.placements, strict=True)):
        job.progress(opening(path.name), 0.1 * k / count)
        opened.append(open_exposure(path).placed(place))
        if not k:
            cubepar = _cubepar(opened[0].model, job.group.setting.instrument, job.cubepar)
            _check_weighting(cubepar, job.recipe.cube.weighting)
    for k, exposure in enumerate(opened if True in job.kinds else ()):
        here = part_of(job.progress, 0.1 + 0.3 * k / count, 0.1 + 0.3 * (k + 1) / count)
        corrections.append(correct_exposure(exposure, job.recipe, here))
    models = [exposure.model for exposure in opened]
    options = job.recipe.cube.of_step()
    runs: dict[bool, list[tuple[Sequence[str], dict[str, Any]]]] = {
        after: [(job.group.bands, options)] for after in job.kinds
    }
    if True in job.kinds and job.recipe.cube.grid == COMMON and job.recipe.cube.coord_system != INTERNAL:
        outlines = Outlines(job.group.bands, job.recipe)
        for exposure in opened:
            outlines.add(exposure)
        grids = job.grids(outlines, cubepar, 0.4)
        runs[True] = [((band,), on_grid(options, grids[band][1])) for band in job.group.bands]
    for model, exposure in zip(models, opened, strict=True):
        followed_model(model, exposure)
    offsets = {
        model.meta.filename: offset_of(job.recipe.cube.offsets, e.name) for model, e in zip(models, opened, strict=True)
    }
    opened.clear()
    for k, after in enumerate(job.kinds):
        begun, share = 0.4 + 0.6 * k / len(job.kinds), 0.6 / len(job.kinds)
        if after:
            job.progress("Assembling corrected exposures", begun)
            while corrections:
                corrected_model(models[-len(corrections)], corrections.pop(0))
        here = part_of(job.progress, begun + 0.1 * share, begun + 0.9 * share)
        step = f"Building cubes {'after' if after else 'before'} correction"
        built: list[Any] = []
        with _watched(len(models) * len(job.group.bands), partial(here, step)):
            for bands, asked in runs[after]:
                with _offset_file(offsets) as given:
                    built += build_cubes(models, bands, job.stems[after], cubepar, asked | given)
        for band in job.group.bands:
            job.progress(f"Writing {job.name(after, band)}", begun + 0.9 * share)
            _save_cube(job, after, band, built.pop(0), folder)
    for model in models:
        model.close()


def _distinct_names(exposures: Sequence[Path]) -> list[str]:
    names: dict[str, Path] = {}
    for path in exposures:
        name = corrected_name(path)
        if name in names:
            raise InputError(f"{names[name]} and {path} would both be written as {name}; process them separately.")
        names[name] = path
    return list(names)


def _check_cubepar(path: Path, instrument: str) -> None:
    from astropy.io import fits

    try:
        with without_warnings():
            check_regular(path, "a CUBEPAR reference file")
            header = fits.getheader(path)
    except OSError as error:
        raise InputError(
            f"The cube parameters {path} cannot be read as FITS; give a CUBEPAR reference file."
        ) from error
    if str(header.get("REFTYPE", "")).upper() != "CUBEPAR" or header.get("INSTRUME") != instrument:
        raise InputError(f"{path} is not a CUBEPAR reference file for {instrument}; give another file, or none.")


def _check_weighting(cubepar: str, weighting: str) -> None:
    """Refuse cube parameters without the table of a weighting, which those shipped with ATM Viewer lack."""
    from astropy.io import fits

    path = cubepar.removeprefix("crds://")
    if weighting == "drizzle":
        return
    with fits.open(path) as hdus:
        if f"CUBEPAR_{weighting.upper()}" not in hdus:
            raise InputError(
                f"The cube parameters {path} have no table for the weighting '{weighting}'; give the CUBEPAR reference "
                "file of CRDS."
            )


def _cubepar(model: Any, instrument: str, given: str | os.PathLike[str] | None) -> str:
    """CUBEPAR file: the user's, else of CRDS (marked ``crds://``), else the one shipped."""
    if given is not None:
        return str(given)
    return _crds_cubepar(model) or str(resource(f"cubepar/{instrument.lower()}_cubepar.fits"))


def cubepar_of(job: CubeJob) -> str:
    """CUBEPAR file of a job; that of CRDS is marked ``crds://``."""
    with closing(_CubeWriter(job)) as writer:
        return writer.cubepar()


def _has_crds() -> bool:
    return bool(os.environ.get("CRDS_SERVER_URL") or os.environ.get("CRDS_PATH"))


def _crds_cubepar(model: Any) -> str | None:
    if not _has_crds():
        return None
    from stpipe import crds_client

    try:
        path = crds_client.get_reference_file(model.get_crds_parameters(), "cubepar", "jwst")
    except (Exception, SystemExit):  # crds exits when it has neither server nor cache
        return None
    return None if path == "N/A" else f"crds://{path}"


@contextmanager
def _offset_file(offsets: Mapping[str, tuple[float, float]]) -> Iterator[dict[str, str]]:
    """Argument ``offset_file`` of ``CubeBuildStep``, with the file for the while; nothing where there is no offset."""
    if not any(map(any, offsets.values())):
        yield {}
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / "offsets.asdf"
        write_offsets(path, offsets)
        yield {"offset_file": str(path)}


@contextmanager
def _watched(total: int, progress: Callable[[float], None]) -> Iterator[None]:
    """Tell progress while cubes are built: ``CubeBuildStep`` has none to ask, but logs each exposure it begins."""

    class Counter(logging.Handler):
        begun = 0

        def emit(self, record: logging.LogRecord) -> None:
            if str(record.msg).startswith("Working on Band"):
                self.begun += 1
                progress(min((self.begun - 1) / total, 1.0))

    progress(0.0)
    logger = logging.getLogger("jwst.cube_build.ifu_cube")
    level, counter = logger.level, Counter()
    logger.setLevel(logging.DEBUG)
    logger.addHandler(counter)
    try:
        yield
    finally:
        logger.removeHandler(counter)
        logger.setLevel(level)


def _save(model: Any, path: Path, provenance: Provenance, exposures: Sequence[str]) -> None:
    for line in history_lines(provenance, exposures):
        model.add_history_entry(line)
    with _plain(path) as plain, without_warnings():
        model.save(plain)
        append_provenance(plain, provenance)


@contextmanager
def _plain(path: Path) -> Iterator[Path]:
    """Name to write a file under, which gets its own when it is complete.

    FITS has ASCII alone, and the name that a product is written under gets into its header.
    """
    plain = path.with_name(re.sub(r"[^ -~]", "_", path.name))
    with saving(path):
        yield plain
        os.replace(plain, path)
