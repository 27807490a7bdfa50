"""The pipeline's answers on flight-geometry exposures, computed once and kept.

The exposures are made by ``simulate.py`` of the flight-geometry folder; the answers are what
`jwst.adaptive_trace_model.trace_model.fit_and_oversample` returns for them. Both are slow, so both are kept
in a cache folder outside of the checkout, keyed by case, setting and the version of jwst.

``python -m tests.flight.pipeline_reference`` fills the cache for the whole matrix.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.engine.pipeline import SETTINGS, Setting, cache_folder, kept_answers

CHECKOUT = Path(__file__).resolve().parents[2]
FLIGHT = CHECKOUT.parent / "shared" / "flight"

CASES = ("mrs12A-star-1", "mrs34C-pair-1", "nrsG235M-star-1", "nrsPRISM-pair-1")


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
    [(_, arrays)] = kept_answers(exposures(case)[0], [setting], case)
    return arrays


if __name__ == "__main__":
    for one in CASES:
        for _ in kept_answers(exposures(one)[0], SETTINGS, one):
            pass
