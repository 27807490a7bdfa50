"""What ATM Viewer takes: tasks for `measure`, the counterparts of those in `theirs`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.benchmarks.measure import times

REPEATS = 5


def _quiet(step: str, fraction: float) -> None:
    """Progress that nobody watches."""


def correct_open(path: str, psf_optimal: bool, folder: str) -> dict:
    """Fit and oversample an exposure whose slices are cut and whose coordinates are known; median of some runs.

    ``cold`` is the first run, kernels included; ``difference`` is from what jwst left in the folder.
    """
    from atm_viewer.engine.exposure import open_exposure
    from atm_viewer.engine.oversample import fit_slices, oversample, prepare
    from atm_viewer.engine.recipe import Recipe
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


def correct_peak(path: str) -> dict:
    """Correct an exposure once, for the memory it takes."""
    from atm_viewer.engine.exposure import open_exposure
    from atm_viewer.engine.oversample import correct_exposure
    from atm_viewer.engine.recipe import Recipe

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
    from atm_viewer.engine.exposure import open_exposure
    from atm_viewer.engine.oversample import prepare
    from atm_viewer.engine.recipe import Recipe
    from atm_viewer.engine.trace_fit import fit_slice

    exposure = open_exposure(path)
    prepared = prepare(exposure)
    params = Recipe(oversample=2).params(number, exposure.name)

    def fit():
        return fit_slice(prepared.slices[number], params, prepared.defaults, -np.inf)

    (cold,) = times(fit, 1)
    return {"cold": cold, "seconds": float(np.median(times(fit, REPEATS)))}


def open_file(path: str) -> dict:
    """Open an exposure: ``cold`` the first time ever, when the cache is new; then the median of some runs."""
    import jwst.assign_wcs.nirspec  # noqa: F401

    from atm_viewer.engine.exposure import open_exposure
    from atm_viewer.engine.oversample import prepare

    (cold,) = times(lambda: prepare(open_exposure(path)), 1)
    return {"cold": cold, "seconds": float(np.median(times(lambda: prepare(open_exposure(path)), REPEATS)))}


def spectra(paths: list[str]) -> dict:
    """Spectra before and after of newly clicked spaxels, with files open and fits known; median of some runs."""
    from atm_viewer.engine.bench import Bench
    from atm_viewer.engine.recipe import Recipe

    bench, recipe = Bench(), Recipe(oversample=2)
    views = bench.open(paths, _quiet).exposures
    keys, band = [view.key for view in views], views[0].bands[0]
    ra, dec = bench.sky_image(keys, band, _quiet).peak

    def click(k: int) -> None:
        bench.spectra(keys, recipe, band, ra + k * 1e-5, dec + k * 1e-5, 0.5, _quiet)

    (cold,) = times(lambda: click(0), 1)
    return {"cold": cold, "seconds": float(np.median([times(lambda k=k: click(k), 1)[0] for k in range(1, 6)]))}


def cubes(paths: list[str], folder: str) -> dict:
    """``atm-viewer cubes`` as a process: cubes before and after from closed files to written ones."""
    import subprocess
    import sys

    command = [sys.executable, "-m", "atm_viewer", "cubes", *paths, "-o", folder, "--overwrite"]
    (seconds,) = times(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL), 1)
    return {"seconds": seconds}
