"""What jwst takes: tasks for `measure`. Each returns seconds and leaves its results in a folder, for comparison."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import numpy as np

from tests.engine.pipeline import ARRAYS


def correct_open(path: str, psf_optimal: bool, folder: str, cores: str = "none") -> dict:
    """``fit_and_oversample`` by 2 of an open exposure; ``cores`` is its ``maximum_cores``."""
    from jwst.adaptive_trace_model.trace_model import fit_and_oversample
    from stdatamodels.jwst import datamodels

    with datamodels.open(path) as model:
        for name in ("wcs", "instrument"):
            getattr(model.meta, name)
        _ = [getattr(model, name) for name in ("data", "err", "dq", "var_poisson", "var_rnoise", "var_flat")]
        begun = time.perf_counter()
        fit_and_oversample(model, psf_optimal=psf_optimal, oversample_factor=2.0, maximum_cores=cores)
        seconds = time.perf_counter() - begun
        np.savez(Path(folder) / "arrays.npz", **{n: np.array(getattr(model, n)) for n in ARRAYS if model.hasattr(n)})
    return {"seconds": seconds}


def correct_file(path: str, folder: str, cores: str = "none") -> dict:
    """Open, correct, save; the caller counts the whole process, so that imports are in it as in ours."""
    from jwst.adaptive_trace_model.trace_model import fit_and_oversample
    from stdatamodels.jwst import datamodels

    with datamodels.open(path) as model:
        fit_and_oversample(model, oversample_factor=2.0, maximum_cores=cores).save(str(Path(folder) / "corrected.fits"))
    return {"seconds": _age()}


def fit_slice(path: str, number: int, folder: str) -> dict:
    """``fit_2d_spline_trace`` of one slice as ``fit_and_oversample`` calls it."""
    from jwst.adaptive_trace_model import trace_model
    from stdatamodels.jwst import datamodels

    fit, seconds = trace_model.fit_2d_spline_trace, 0.0
    splines: dict = {}

    class Enough(Exception):
        pass

    def one_region(flux, error, alpha, regions, maximum_cores="none", **options):
        splines.update(trace_model._fit_one_region(flux, error, alpha, regions, number, **options))
        raise Enough

    def timed(*args, **options):
        nonlocal seconds
        begun = time.perf_counter()
        found = fit(*args, **options)
        seconds = time.perf_counter() - begun
        return found

    trace_model.fit_all_regions, trace_model.fit_2d_spline_trace = one_region, timed
    with datamodels.open(path) as model, contextlib.suppress(Enough):
        trace_model.fit_and_oversample(model, fit_threshold=0.0, oversample_factor=2.0)
    columns = np.array(sorted(splines))
    bounds = np.array([splines[c]["bounds"] for c in columns], dtype=float)
    alpha = np.linspace(*bounds.T, 100)
    flux = np.array([splines[c]["model"](a) for c, a in zip(columns, alpha.T, strict=True)])
    scale = np.array([splines[c]["scale"] for c in columns])
    np.savez(Path(folder) / "splines.npz", columns=columns, alpha=alpha.T, flux=flux * scale[:, None])
    return {"seconds": seconds}


def open_file(path: str) -> dict:
    """``datamodels.open`` with its WCS; modules are imported before."""
    import jwst.assign_wcs.nirspec  # noqa: F401
    from stdatamodels.jwst import datamodels

    seconds = []
    for _ in range(3):
        begun = time.perf_counter()
        model = datamodels.open(path)
        _ = model.meta.wcs, model.data, model.err, model.dq
        seconds.append(time.perf_counter() - begun)
        model.close()
    return {"seconds": float(np.median(seconds))}


def cubes(paths: list[str], cubepar: str, folder: str, cores: str = "none") -> dict:
    """Cubes of some exposures before and after correction, from closed files to written ones, step by step.

    ``seconds`` is the whole process; ``cube_seconds`` the cubes of one channel, before and after, alone.
    """
    from jwst.adaptive_trace_model.trace_model import fit_and_oversample
    from jwst.cube_build import CubeBuildStep
    from jwst.datamodels import ModelContainer
    from stdatamodels.jwst import datamodels

    alone = 0.0
    for name in ("before", "after"):
        models = [datamodels.open(path) for path in paths]
        if name == "after":
            models = [fit_and_oversample(model, oversample_factor=2.0, maximum_cores=cores) for model in models]
        for channel in ("all", "1"):
            container = ModelContainer(list(models))
            container.asn_table["products"][0]["name"] = name
            step = CubeBuildStep(override_cubepar=cubepar, weighting="drizzle", output_type="band", channel=channel)
            begun = time.perf_counter()
            built = step.process(container)
            if channel == "all":
                for cube in built:
                    cube.save(str(Path(folder) / f"{name}_{cube.meta.filename.rpartition('_')[2]}_s3d.fits"))
            else:
                alone += time.perf_counter() - begun
    return {"seconds": _age() - alone, "cube_seconds": alone}


def _age() -> float:
    """Seconds since this process was started."""
    ticks = float(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / 100
