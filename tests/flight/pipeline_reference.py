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
from importlib.metadata import version
from pathlib import Path

import numpy as np
import platformdirs

from tests.engine.pipeline import SETTINGS, Setting, pipeline_answers

CHECKOUT = Path(__file__).resolve().parents[2]
FLIGHT = CHECKOUT.parent / "shared" / "flight"

CASES = ("mrs12A-star-1", "mrs34C-pair-1", "nrsG235M-star-1", "nrsPRISM-pair-1")


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
    missing = [setting for setting in settings if not _answer_path(case, setting).is_file()]
    for setting, arrays in pipeline_answers(exposures(case)[0], missing):
        path = _answer_path(case, setting)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.npz")
        np.savez(part, **arrays)
        part.replace(path)


if __name__ == "__main__":
    for one in CASES:
        _compute(one, list(SETTINGS))
