"""The pipeline's answers on flight-geometry exposures, computed once and kept.

The exposures are made by ``simulate.py`` of the flight-geometry folder; the answers are what
`jwst.adaptive_trace_model.trace_model.fit_and_oversample` returns for them. Both are slow, so both are kept
in a cache folder outside of the checkout, keyed by case, setting and the version of jwst.

``python -m tests.flight.pipeline_reference`` fills the cache for the whole matrix.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import platformdirs

CHECKOUT = Path(__file__).resolve().parents[2]
FLIGHT = CHECKOUT.parent / "shared" / "flight"

CASES = ("mrs12A-star-1", "mrs34C-pair-1", "nrsG235M-star-1", "nrsPRISM-pair-1")


@dataclass(frozen=True)
class Setting:
    """Arguments of ``fit_and_oversample`` under a name that serves as part of a file's name."""

    name: str
    oversample: int
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
    """Folder for simulated exposures and the pipeline's answers."""
    root = os.environ.get("ATM_VIEWER_TEST_CACHE") or platformdirs.user_cache_path("atm-viewer-tests")
    return Path(root)


def why_absent() -> str | None:
    """Sentence that says why flight-geometry tests cannot run here, or None when they can."""
    if not (FLIGHT / "simulate.py").is_file():
        return f"the flight-geometry folder {FLIGHT} is absent"
    return None


def exposures(case: str) -> list[Path]:
    """Paths of the cal files of a simulated case, made on first use."""
    folder = cache_folder() / "exposures" / case
    if not list(folder.glob("*_asn.json")):
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, str(FLIGHT / "simulate.py"), str(folder), case], check=True)
    return sorted(folder.glob("*_cal.fits"))


def association(case: str) -> Path:
    """Path of the spec3 association of a simulated case."""
    return exposures(case)[0].parent / f"jw09999-{case}_asn.json"


def answer(case: str, setting: Setting) -> dict[str, np.ndarray]:
    """What the pipeline makes of the first exposure of a case: its arrays by attribute name."""
    path = _answer_path(case, setting)
    if not path.is_file():
        _compute(case, [setting])
    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}


def _answer_path(case: str, setting: Setting) -> Path:
    return cache_folder() / "answers" / f"jwst-{version('jwst')}" / f"{case}_{setting.name}.npz"


def _compute(case: str, settings: list[Setting]) -> None:
    from jwst.adaptive_trace_model import trace_model
    from stdatamodels.jwst import datamodels

    fit = trace_model.fit_all_regions
    kept: dict = {}

    def fit_once(*args, **kwargs):
        """The fits depend on the thresholds only, so settings that share them share the fits."""
        threshold = kwargs.get("peak_threshold")
        key = None if threshold is None else tuple(sorted((int(k), float(v)) for k, v in threshold.items()))
        if key not in kept:
            kept[key] = fit(*args, **kwargs)
        return kept[key]

    trace_model.fit_all_regions = fit_once
    try:
        for setting in settings:
            path = _answer_path(case, setting)
            if path.is_file():
                continue
            with datamodels.open(exposures(case)[0]) as model:
                trace_model.fit_and_oversample(
                    model,
                    fit_threshold=setting.fit_threshold,
                    slope_limit=setting.slope_limit,
                    psf_optimal=setting.psf_optimal,
                    oversample_factor=float(setting.oversample),
                )
                arrays = {n: np.asarray(getattr(model, n)) for n in ARRAYS if model.hasattr(n)}
                arrays["pixelarea"] = np.array(
                    [model.meta.photometry.pixelarea_arcsecsq, model.meta.photometry.pixelarea_steradians]
                )
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part.npz")
            np.savez(part, **arrays)
            part.replace(path)
    finally:
        trace_model.fit_all_regions = fit


if __name__ == "__main__":
    for one in CASES:
        _compute(one, list(SETTINGS))
