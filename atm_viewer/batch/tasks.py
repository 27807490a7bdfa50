"""What workers do: tasks, each with one exposure, one block of a cube, or the cubes of a setting in memory."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from atm_viewer.batch.made import RECIPE, RECIPE_MARK, has_table, is_made, table_mark
from atm_viewer.batch.programme import Target
from atm_viewer.engine.errors import UserError
from atm_viewer.engine.io.in_time import files_open_in_time
from atm_viewer.engine.output.staging import is_full
from atm_viewer.engine.progress import no_progress
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.threads import at_most

#: A worker with several threads carries out one task at a time on all of them: its memory holds one exposure.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Done:
    """What a task brought, or the sentence on why it could not; who did it, how long it took, and the most memory."""

    value: Any
    refused: str
    worker: str
    seconds: float
    memory: int


@dataclass(frozen=True)
class Looked:
    """An exposure that can be opened."""

    path: Path
    bands: tuple[str, ...]


@dataclass(frozen=True)
class JobPlan:
    """What is made of the exposures of one setting.

    Parameters
    ----------
    job : CubeJob
        Its cubes; ``kinds`` are those that must be made.
    cubepar : str
        CUBEPAR file.
    blocks : tuple of Block
        Blocks of its cubes.
    corrected : tuple of bool
        Of which exposures a corrected one must be written.
    whole : bool
        Whether the pipeline makes the cubes, which it cannot do in parts.
    """

    job: Any
    cubepar: str
    blocks: tuple[Any, ...]
    corrected: tuple[bool, ...]
    whole: bool


@dataclass(frozen=True)
class Plan:
    """What is made of a target: setting by setting, with this recipe; ``kept`` products are as they would be made.

    ``measured`` says whether the table of measured spaxels is there already.
    """

    recipe: Recipe
    jobs: tuple[JobPlan, ...]
    bands: tuple[str, ...]
    products: tuple[str, ...]
    kept: tuple[str, ...]
    notes: tuple[str, ...] = ()
    measured: bool = False


def run_task(function: Callable[..., Any], versions: Mapping[str, str], args: Sequence[Any]) -> Done:
    """Carry out a task on a worker.

    What the user can mend is refused with its sentence; anything else is raised, whereupon Dask tries again.

    Parameters
    ----------
    function : callable
        The task.
    versions : mapping of str to str
        Of everything that takes part; a worker with others would make other products.
    args : sequence
        What it takes.
    """
    from distributed import get_worker

    from atm_viewer.engine.give_back import give_back_memory, reuse_memory
    from atm_viewer.engine.threads import use_one_thread_each

    worker, begun = get_worker(), time.monotonic()
    name = f"worker {worker.name}" if isinstance(worker.name, int) else str(worker.name)

    def done(value: Any, refused: str = "") -> Done:
        return Done(value, refused, name, time.monotonic() - begun, _most_memory())

    if different := _different(versions):
        return done(None, f"The worker {name} has {different}; install the same versions on all machines.")
    with _ONE_AT_A_TIME, at_most(worker.state.nthreads), files_open_in_time():
        use_one_thread_each()
        reuse_memory()
        begun = time.monotonic()
        try:
            return done(function(*args))
        except UserError as error:
            return done(None, str(error))
        except Exception as error:
            if is_full(error):
                return done(None, "The disk is full; free some space and run the command again.")
            raise
        finally:
            if function in (tune_one, correct, write_cubes, write_whole_cubes, make_setting, measure):
                give_back_memory()  # the others hold little, and looking for it takes as long as they do


def _different(versions: Mapping[str, str]) -> str:
    from atm_viewer.engine.output.provenance import current_versions

    here = current_versions()
    return next(
        (f"{name} {here.get(name)}, not {version}" for name, version in versions.items() if here.get(name) != version),
        "",
    )


def _most_memory() -> int:
    """Most memory that this process had so far [byte]; 0 where nobody says."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def look(path: Path) -> Looked:
    """Open an exposure, which checks all that can be wrong with it and keeps what its WCS takes seconds to say."""
    from atm_viewer.engine.io.exposure import open_exposure

    exposure = open_exposure(path)
    found = Looked(path, exposure.bands)
    exposure.close()
    return found


def tune_one(paths: Sequence[Path], number: int, recipe: Recipe, single: bool) -> Any:
    """Tune one of the exposures of a target."""
    from atm_viewer.engine.service.tuning import tune_alone

    bench, [key] = _opened(paths, [number])
    try:
        return tune_alone(bench, key, recipe, single, no_progress)
    finally:
        bench.close((key,))


def _opened(paths: Sequence[Path], chosen: Sequence[int]) -> tuple[Any, tuple[str, ...]]:
    """Open some of the exposures of a target, where they are on the sky when all of them are open; with their keys."""
    from atm_viewer.engine.io.exposure import open_exposure
    from atm_viewer.engine.io.moving_target import placements, read_target
    from atm_viewer.engine.service.bench import Bench

    bench, places = Bench(), placements([read_target(path) for path in paths])
    return bench, tuple(bench.adopt(open_exposure(paths[k]).placed(places[k])).key for k in chosen)


def plan(target: Target, folder: Path, tunings: Sequence[Sequence[Any]], mark: str) -> Plan:
    """Find what has to be made of a target.

    Parameters
    ----------
    target : Target
        With the exposures that can be used.
    folder : Path
        Where its products belong.
    tunings : sequence of sequence of SliceTuning
        What tuning has found in each exposure; empty without tuning, and when the recipe that is there is taken.
    mark : str
        Fingerprint that a tuned recipe is written with.
    """
    from atm_viewer.engine.analysis.tuning import tuned
    from atm_viewer.engine.io.association import Product
    from atm_viewer.engine.output.parts import cube_blocks
    from atm_viewer.engine.output.products import corrected_name, cube_jobs, cubepar_of, product_provenance
    from atm_viewer.engine.recipe import dump_recipe, load_recipe
    from atm_viewer.engine.whole_file import write_whole

    options, recipe, notes = target.options, target.options.recipe, []
    if tunings:
        tuning = tuned(recipe, [one for found in tunings for one in found])
        recipe, notes = tuning.recipe, [tuning.summary]
    elif options.tune:
        recipe = load_recipe(folder / RECIPE)
    folder.mkdir(parents=True, exist_ok=True)
    if tunings or not options.tune:
        write_whole(folder / RECIPE, f"{RECIPE_MARK}{mark}\n{dump_recipe(recipe)}")
    jobs, products, kept = [], [], []
    for job in cube_jobs(Product(target.name, target.exposures), recipe, bands=options.bands):
        job = replace(job, progress=no_progress)
        kinds = []
        for after in job.kinds:
            names = [job.name(after, band) for band in job.group.bands]
            wanted = product_provenance(recipe, after, job.group.exposures)
            if all(is_made(folder / name, wanted) for name in names):
                kept += names
            else:
                kinds.append(after)
            products += names
        corrected = []
        for path in job.group.exposures if options.exposures else ():
            name = corrected_name(path)
            corrected.append(not is_made(folder / name, product_provenance(recipe, True, [path])))
            kept += [] if corrected[-1] else [name]
            products.append(name)
        job, cubepar = replace(job, kinds=kinds), cubepar_of(job)
        _ = job.placements  # the headers of all exposures are read here once, and not in the task of each
        whole = recipe.cube.only_pipeline
        blocks = () if whole else cube_blocks(job, cubepar)
        jobs.append(JobPlan(job, cubepar, blocks, tuple(corrected), bool(whole)))
    bands = tuple(band for one in jobs for band in one.job.group.bands)
    measured = has_table(folder, target, table_mark(mark, recipe))
    return Plan(recipe, tuple(jobs), bands, tuple(products), tuple(kept), tuple(notes), measured)


def correct(planned: JobPlan, number: int, scratch: Path, folder: Path) -> Any:
    """Correct an exposure: its pixels go to the scratch folder, and the corrected exposure into place."""
    from atm_viewer.engine.output.parts import write_parts

    scratch.mkdir(exist_ok=True)
    wanted = bool(planned.corrected) and planned.corrected[number]
    blocks = () if planned.whole else planned.blocks
    return write_parts(planned.job, number, blocks, scratch, folder if wanted else None, planned.cubepar)


def make_setting(planned: JobPlan, folder: Path) -> tuple[str, ...]:
    """Make all of a setting in one go, which takes less time than `correct`, `add_up` and `write_cubes` together."""
    from atm_viewer.engine.output.products import write_setting

    wanted = [path for path, one in zip(planned.job.group.exposures, planned.corrected, strict=False) if one]
    return tuple(path.name for path in write_setting(planned.job, folder, wanted))


def add_up(planned: JobPlan, outlines: Sequence[Any], block: Any, scratch: Path) -> None:
    """Sum a block of a cube."""
    from atm_viewer.engine.output.parts import sum_block

    sum_block(planned.job, _joined(planned.job, outlines), block, scratch, planned.cubepar)


def write_cubes(planned: JobPlan, outlines: Sequence[Any], after: bool, scratch: Path, folder: Path) -> tuple[str, ...]:
    """Put blocks together and write the cubes of a setting."""
    from atm_viewer.engine.output.parts import write_cubes_of_parts

    joined = _joined(planned.job, outlines)
    made = write_cubes_of_parts(planned.job, joined, after, planned.blocks, scratch, folder, planned.cubepar)
    return tuple(path.name for path in made)


def write_whole_cubes(planned: JobPlan, product: str, folder: Path) -> tuple[str, ...]:
    """Have the pipeline make the cubes of a setting."""
    from atm_viewer.engine.output import products

    job = planned.job
    which = "both" if len(job.kinds) > 1 else "after" if job.kinds[0] else "before"
    made = products.write_cubes(
        job.group.exposures,
        job.recipe,
        folder,
        product,
        which=which,
        bands=job.group.bands,
        overwrite=True,
        target_at=job.target_at,
    )
    return tuple(path.name for path in made)


def measure(
    paths: Sequence[Path], chosen: Sequence[int], recipe: Recipe, bands: Sequence[str], count: int
) -> dict[str, Any]:
    """Measure the brightest spaxels of bands, as the command ``metrics`` does; ``chosen`` exposures have them."""
    from atm_viewer.engine.service.measuring import measure_spaxels

    bench, keys = _opened(paths, chosen)
    try:
        return {band: measure_spaxels(bench, keys, recipe, band, 0.0, count, (), 600.0, no_progress) for band in bands}
    finally:
        bench.close(keys)


def _joined(job: Any, outlines: Iterable[Any]) -> Any:
    """Outlines of all exposures; those of each are left as they are, since other tasks of the worker have them too."""
    from atm_viewer.engine.cube.cube_grid import Outlines

    joined = Outlines(job.group.bands, job.recipe)
    for one in outlines:
        joined.join(one)
    return joined
