"""What ATM Viewer takes: tasks for `measure`, the counterparts of those in `theirs`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from atm_viewer.engine.progress import no_progress
from tests.benchmarks.measure import descendants, proportional, times

REPEATS = 5


def correct_open(path: str, psf_optimal: bool, folder: str) -> dict:
    """Fit and oversample an exposure whose slices are cut and whose coordinates are known; median of some runs.

    ``cold`` is the first run, kernels included; ``difference`` is from what jwst left in the folder.
    """
    from atm_viewer.engine.io.exposure import open_exposure
    from atm_viewer.engine.recipe import Recipe
    from atm_viewer.engine.trace.oversample import oversample
    from atm_viewer.engine.trace.prepared import fit_slices, prepare
    from tests.engine.equality import largest_differences

    exposure = open_exposure(path)
    prepared, coordinates = prepare(exposure), exposure.oversampled_coordinates(2)
    recipe = Recipe(oversample=2, psf_optimal=psf_optimal)

    def correct():
        return oversample(prepared, fit_slices(prepared, recipe), recipe, coordinates)

    (cold,) = times(correct, 1)
    found: dict = {"cold": cold, "seconds": float(np.median(times(correct, REPEATS)))}
    answer = Path(folder) / "arrays.npz"
    if answer.is_file():
        with np.load(answer) as theirs:
            found["difference"] = max(largest_differences(exposure, correct(), dict(theirs)).values())
    return found


def correct_whole(path: str, psf_optimal: bool) -> dict:
    """Everything that jwst's call does with an open exposure, from cutting slices on; median of some runs."""
    from dataclasses import dataclass, replace

    from atm_viewer.engine.io.coordinate_cache import KeptGeometry
    from atm_viewer.engine.io.exposure import open_exposure
    from atm_viewer.engine.recipe import Recipe
    from atm_viewer.engine.trace.oversample import correct_exposure

    @dataclass(frozen=True)
    class Nothing(KeptGeometry):
        """Keeps nothing: coordinates are computed each time."""

        def get_or_make(self, part, make):
            return make()

    exposure, recipe = open_exposure(path), Recipe(oversample=2, psf_optimal=psf_optimal)
    _ = exposure.wcs

    def correct():
        nothing = Nothing("benchmark")
        return correct_exposure(replace(exposure, kept=nothing, setting_kept=nothing), recipe)

    (cold,) = times(correct, 1)
    return {"cold": cold, "seconds": float(np.median(times(correct, REPEATS)))}


def correct_peak(path: str) -> dict:
    """Correct an exposure once, for the memory it takes."""
    from atm_viewer.engine.io.exposure import open_exposure
    from atm_viewer.engine.recipe import Recipe
    from atm_viewer.engine.trace.oversample import correct_exposure

    correct_exposure(open_exposure(path), Recipe(oversample=2))
    return {}


def correct_file(path: str, folder: str) -> dict:
    """``atm-viewer correct`` as a process: from a closed file to a written one."""
    import subprocess
    import sys

    command = [sys.executable, "-m", "atm_viewer", "correct", path, "-o", folder, "--oversample", "2", "--overwrite"]
    (seconds,) = times(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL), 1)
    return {"seconds": seconds}


def fit_slice(path: str, number: int) -> dict:
    """Fit one slice, whatever its peak; median of some runs."""
    from atm_viewer.engine.io.exposure import open_exposure
    from atm_viewer.engine.recipe import Recipe
    from atm_viewer.engine.trace.prepared import prepare
    from atm_viewer.engine.trace.trace_fit import fit_slice

    exposure = open_exposure(path)
    prepared = prepare(exposure)
    params = Recipe(oversample=2).params(number, exposure.name)

    def fit():
        return fit_slice(prepared.slices[number], params, prepared.defaults, -np.inf)

    (cold,) = times(fit, 1)
    return {"cold": cold, "seconds": float(np.median(times(fit, REPEATS)))}


def open_file(path: str) -> dict:
    """Open an exposure with all coordinates that the window shows; ``cold``: the first time, with a new cache."""
    import jwst.assign_wcs.nirspec  # noqa: F401

    from atm_viewer.engine.io.exposure import open_exposure

    def open_and_view() -> None:
        open_exposure(path).view()

    (cold,) = times(open_and_view, 1)
    return {"cold": cold, "seconds": float(np.median(times(open_and_view, REPEATS)))}


def spectra(paths: list[str]) -> dict:
    """Spectra before and after of newly clicked spaxels, with files open and fits known; median of some runs."""
    from atm_viewer.engine.extraction import Extraction
    from atm_viewer.engine.recipe import Recipe
    from atm_viewer.engine.service.bench import Bench

    bench, recipe = Bench(), Recipe(oversample=2)
    views = bench.open(paths, no_progress).exposures
    keys, band = tuple(view.key for view in views), views[0].bands[0]
    ra, dec = bench.sky_image(keys, band, no_progress).peak

    def click(k: int) -> None:
        bench.spectra(Extraction(keys, recipe, band, ra + k * 1e-5, dec + k * 1e-5, 0.5), no_progress)

    (cold,) = times(lambda: click(0), 1)
    return {"cold": cold, "seconds": float(np.median([times(lambda k=k: click(k), 1)[0] for k in range(1, 6)]))}


def observation(paths: list[str]) -> dict:
    """What the window's worker does with a whole observation: open it, show each band, and show it again tuned."""
    from atm_viewer.engine.extraction import Extraction
    from atm_viewer.engine.recipe import Recipe, SliceOverride
    from atm_viewer.engine.service.bench import Bench

    bench = Bench()
    opened: list = []
    (opening,) = times(lambda: opened.append(bench.open(paths, no_progress)), 1)
    views = opened[0].exposures
    keys = {
        band: tuple(v.key for v in views if band in v.bands)
        for band in sorted({band for v in views for band in v.bands})
    }

    def show(band: str) -> None:
        place = bench.sky_image(keys[band], band, no_progress).peak
        number = next(v for v in views if band in v.bands).slices[0]
        for recipe in (Recipe(), Recipe(overrides=(SliceOverride(number, fit_threshold=0.0, band=band),))):
            bench.spectra(Extraction(keys[band], recipe, band, *place, 0.5), no_progress)

    (showing,) = times(lambda: [show(band) for band in keys], 1)
    return {"opening": opening, "seconds": opening + showing}


def compile_kernels() -> dict:
    """Have all kernels in the cache, so that what is measured after this compiles none."""
    from atm_viewer.engine.service.warm_up import warm_up

    warm_up(lambda: None)
    return {}


def open_many(paths: list[str]) -> dict:
    """Processor time of opening exposures in the worker, whose coordinates are kept."""
    import time

    from atm_viewer.engine.service.bench import Bench

    bench, before = Bench(), time.process_time()
    bench.open(paths, no_progress, lambda view, fraction: None)
    return {"seconds": time.process_time() - before}


def command(name: str, paths: list[str], folder: str) -> dict:
    """Processor time of a command and all of its processes, and the most memory they had ``together`` [MB]."""
    import os
    import subprocess
    import sys
    import time

    from astropy.io import fits

    header = fits.getheader(paths[0], 1)
    place = ["--ra", str(header["RA_REF"]), "--dec", str(header["DEC_REF"])]
    output = {"spectrum": "spectrum.ecsv", "cube": "cubes", "report": "report.html"}[name]
    options = {"spectrum": place, "cube": ["--product", "linear"], "report": []}[name]
    run = [sys.executable, "-m", "atm_viewer", name, *paths, *options, "-o", str(Path(folder) / output), "--overwrite"]
    before, together = os.times(), 0
    process = subprocess.Popen(run, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        together = max(together, sum(map(proportional, descendants(process.pid))))
        time.sleep(0.1)
    assert process.returncode == 0, run
    spent = (b - a for a, b in zip(before[2:4], os.times()[2:4], strict=True))
    return {"seconds": sum(spent), "together": together / 2**20}


def cubes(paths: list[str], folder: str) -> dict:
    """``atm-viewer cube`` as a process: cubes before and after from closed files to written ones.

    ``difference`` is the largest of SCI, ERR, WMAP and DQ from the cubes that jwst left in the folder, over the largest
    value of the array; NaN when NaN patterns or flags differ.
    """
    import subprocess
    import sys

    recipe, own = Path(folder) / "recipe.toml", Path(folder) / "own"
    recipe.write_text("version = 1\n[global]\noversample = 2\n")
    command = [sys.executable, "-m", "atm_viewer", "cube", *paths, "--recipe", str(recipe)]
    command += ["-o", str(own), "--product", "cube", "--overwrite", "--grid", "each"]  # as the pipeline chooses it
    (seconds,) = times(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL), 1)
    pairs = [
        (own / f"cube{'' if p.name.startswith('before') else '-atm'}_{p.name.split('_', 1)[1]}", p)
        for p in sorted(Path(folder).glob("*_s3d.fits"))
    ]
    found: dict = {"seconds": seconds}
    if pairs:
        found["difference"] = max(_cube_difference(*pair) for pair in pairs)
    return found


def _cube_difference(ours: Path, theirs: Path) -> float:
    """Largest difference of two cubes, see `cubes`."""
    from astropy.io import fits

    worst = 0.0
    with fits.open(ours) as one, fits.open(theirs) as other:
        for name in ("SCI", "ERR", "WMAP", "DQ"):
            a, b = one[name].data, other[name].data
            same = np.array_equal(a, b) if name == "DQ" else np.array_equal(np.isnan(a), np.isnan(b))
            if not same:
                return float("nan")
            if name != "DQ":
                worst = max(worst, float(np.nanmax(np.abs(a - b)) / np.nanmax(np.abs(b))))
    return worst


def correct_scaling(paths: list[str], repeats: int = 5) -> dict:
    """Seconds that differ in one thing: slices and columns that are fitted, factor, exposures that are corrected."""
    from dataclasses import replace

    from atm_viewer.engine.io.exposure import open_exposure
    from atm_viewer.engine.recipe import Recipe
    from atm_viewer.engine.trace.oversample import oversample
    from atm_viewer.engine.trace.prepared import fit_slices, prepare

    exposures = [open_exposure(path) for path in paths]
    prepared = [prepare(exposure) for exposure in exposures]
    first, ordered = (
        prepared[0],
        sorted(prepared[0].slices, key=lambda n: -np.nan_to_num(prepared[0].slices[n].profile.peak)),
    )

    def median(work) -> float:
        work()
        return float(np.median(times(work, repeats)))

    def correct(one, recipe, numbers=None):
        chosen = one if numbers is None else replace(one, slices={n: one.slices[n] for n in sorted(numbers)})
        fits = fit_slices(chosen, recipe)
        if recipe.oversample > 1:
            oversample(chosen, fits, recipe, one.exposure.oversampled_coordinates(recipe.oversample))

    every = Recipe(oversample=2, fit_threshold=0.0)
    found: dict = {"slices": {}, "columns": {}, "factor": {}, "exposures": {}}
    for count in (1, 2, 4, 8, 16, len(ordered)):
        if count <= len(ordered):
            found["slices"][count] = median(
                lambda n=ordered[:count]: fit_slices(
                    replace(first, slices={k: first.slices[k] for k in sorted(n)}), every
                )
            )
    length = max(data.flux.shape[1] for data in first.slices.values())
    for part in (8, 4, 2, 1):
        cut = {n: _first_columns(data, length // part) for n, data in first.slices.items()}
        found["columns"][length // part] = median(lambda c=cut: fit_slices(replace(first, slices=c), every))
    for factor in (1, 2, 3, 4, 5):
        found["factor"][factor] = median(lambda f=factor: correct(first, Recipe(oversample=f)))
    for count in (1, 2, 4, 8):
        some = [prepared[k % len(prepared)] for k in range(count)]
        found["exposures"][count] = median(lambda some=some: [correct(one, Recipe(oversample=2)) for one in some])
    return found


def _first_columns(data, count: int):
    """Cut a slice's arrays to their first columns."""
    from dataclasses import replace

    names = ("flux", "alpha", "inside", "trimmed", "norm")
    return replace(data, **{name: np.ascontiguousarray(getattr(data, name)[..., :count]) for name in names})
