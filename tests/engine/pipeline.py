"""What the pipeline makes of an exposure, for comparison."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import platformdirs


@dataclass(frozen=True)
class Setting:
    """Arguments of ``fit_and_oversample`` under a name that serves as part of a file's name."""

    name: str
    oversample: float
    fit_threshold: float = 10.0
    slope_limit: float = 0.1
    psf_optimal: bool = False


SETTINGS = (
    Setting("os1", 1),
    Setting("os2", 2),
    Setting("os3", 3),
    Setting("all", 2, fit_threshold=0.0, slope_limit=0.0),
    Setting("psf", 2, psf_optimal=True),
)

ARRAYS = ("data", "err", "var_rnoise", "var_poisson", "var_flat", "dq", "wavelength", "regions", "trace_model")


def cache_folder() -> Path:
    """Folder for what takes minutes to make: simulated exposures and the pipeline's answers."""
    return Path(os.environ.get("ATM_VIEWER_TEST_CACHE") or platformdirs.user_cache_path("atm-viewer-tests"))


def kept_answers(
    path: Path, settings: Iterable[Setting], case: str = ""
) -> Iterator[tuple[Setting, dict[str, np.ndarray]]]:
    """As `pipeline_answers`, but computed once for each exposure, setting and version of jwst, and kept.

    The pipeline takes a minute for each. ``case`` names the exposure; by default its pixels do.
    """
    folder = cache_folder() / "answers" / f"jwst-{version('jwst')}"
    files = {setting: folder / f"{case or _digest(path)}_{setting.name}.npz" for setting in settings}
    missing = [setting for setting, file in files.items() if not file.is_file()]
    for setting, arrays in pipeline_answers(path, missing):
        folder.mkdir(parents=True, exist_ok=True)
        part = files[setting].with_suffix(f".{os.getpid()}.part.npz")
        np.savez(part, **arrays)
        part.replace(files[setting])
    for setting, file in files.items():
        with np.load(file) as stored:
            yield setting, {name: stored[name] for name in stored.files}


def _digest(path: Path) -> str:
    from astropy.io import fits

    digest = hashlib.sha256(version("jwst").encode())
    with fits.open(path) as hdus:
        for name in ("SCI", "ERR", "DQ"):
            digest.update(np.ascontiguousarray(hdus[name].data).tobytes())
    return digest.hexdigest()[:20]


def pipeline_answers(path: Path, settings: Iterable[Setting]) -> Iterator[tuple[Setting, dict[str, np.ndarray]]]:
    """Arrays of an exposure after ``fit_and_oversample``, setting by setting.

    The pipeline's fits depend on the thresholds only, so settings that share them share the fits.
    """
    from jwst.adaptive_trace_model import trace_model
    from stdatamodels.jwst import datamodels

    fit = trace_model.fit_all_regions
    kept: dict = {}

    def fit_once(*args, **kwargs):
        threshold = kwargs.get("peak_threshold")
        key = None if threshold is None else tuple(sorted((int(k), float(v)) for k, v in threshold.items()))
        if key not in kept:
            kept[key] = fit(*args, **kwargs)
        return kept[key]

    trace_model.fit_all_regions = fit_once
    try:
        for setting in settings:
            with datamodels.open(path) as model:
                trace_model.fit_and_oversample(
                    model,
                    fit_threshold=setting.fit_threshold,
                    slope_limit=setting.slope_limit,
                    psf_optimal=setting.psf_optimal,
                    oversample_factor=float(setting.oversample),
                )
                arrays = {n: np.array(getattr(model, n)) for n in ARRAYS if model.hasattr(n)}
            yield setting, arrays
    finally:
        trace_model.fit_all_regions = fit
