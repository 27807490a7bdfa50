"""Lets the system refuse memory while exposures are opened, previewed, corrected and made into cubes.

``python -m tests.faults.memory WHAT FOLDER INSTRUMENT MEGABYTE...`` does the work for every limit twice: when it may
take so much more memory than it has, and again without a limit. A line of JSON for each says what is wrong: nothing,
where the work was done or one sentence said why not, nothing was left behind, and the second time brought the same
numbers as if there had always been enough.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from astropy.io import fits

from atm_viewer.demo import demo_exposures
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.io.exposure import open_exposure
from atm_viewer.engine.io.in_time import files_open_in_time
from atm_viewer.engine.output.products import write_cubes, write_exposures
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.service.bench import Bench
from atm_viewer.jobs.serve import explain
from tests.faults.trial import good_exposure

#: Megabytes that are granted: from too little for anything to enough for most.
LIMITS = (0, 2, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 128, 160, 192, 256, 384)
_RECIPE = Recipe(fit_threshold=10.0)
_SENTENCE = "not enough memory"


def _digest(*arrays: np.ndarray) -> str:
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()


def _no_progress(*_: object) -> None:
    """Report nothing."""


def _open(instrument: str, folder: Path) -> Callable[[], str]:
    def act() -> str:
        with files_open_in_time():  # on a thread of its own, as in a notebook
            exposure = open_exposure(good_exposure(instrument))
        try:
            coordinates = exposure.coordinates
            return _digest(exposure.sci, coordinates.alpha, coordinates.wavelength, coordinates.ra)
        finally:
            exposure.close()

    return act


def _preview(instrument: str, folder: Path) -> Callable[[], str]:
    bench = Bench()

    def act() -> str:
        opened = bench.open([good_exposure(instrument)], _no_progress)
        if opened.problems:
            raise MemoryError(opened.problems[0]) if _SENTENCE in opened.problems[0] else OSError(opened.problems[0])
        [view] = opened.exposures
        place = Extraction((view.key,), _RECIPE, view.bands[0], *_source(instrument), 0.4)
        spectra = bench.spectra(place, _no_progress)
        return _digest(spectra.before, spectra.after)

    return act


def _source(instrument: str) -> tuple[float, float]:
    header = fits.getheader(demo_exposures(instrument).parent / good_exposure(instrument).name, 0)
    return float(header["TARG_RA"]), float(header["TARG_DEC"])


def _correct(instrument: str, folder: Path) -> Callable[[], str]:
    def act() -> str:
        write_exposures([good_exposure(instrument)], _RECIPE, folder / "out", overwrite=True)
        return _written(folder)

    return act


def _cube(instrument: str, folder: Path) -> Callable[[], str]:
    def act() -> str:
        write_cubes([good_exposure(instrument)], _RECIPE, folder / "out", overwrite=True)
        return _written(folder)

    return act


def _written(folder: Path) -> str:
    return _digest(*(fits.getdata(path, "SCI") for path in sorted((folder / "out").glob("*.fits"))))


WORK = {"open": _open, "preview": _preview, "correct": _correct, "cube": _cube}


def _try(act: Callable[[], str], folder: Path, megabytes: int, expected: str) -> str:
    """Do the work with so much memory and again with enough; what is wrong, empty when nothing is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + megabytes * 2**20, hard))
    wrong = ""
    try:
        if act() != expected:
            wrong = "other numbers than with enough memory"
    except BaseException as error:  # whatever it was, the trial goes on
        sentence = explain(error)
        if _SENTENCE not in sentence:
            wrong = f"says: {sentence}"
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    if not wrong and (left := [path.name for path in folder.rglob("*.part*")]):
        wrong = f"leaves {left}"
    try:
        if act() != expected:
            wrong = wrong or "other numbers when there is memory again"
    except BaseException as error:
        wrong = wrong or f"fails when there is memory again: {explain(error)}"
    return wrong


def main(what: str, folder: str, instrument: str, *megabytes: str) -> int:
    """Do the work once without a limit, so that kernels and modules are loaded, and then with each."""
    # On one processor, so that few threads are started: Python itself waits for ever for one without memory to begin.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    place = Path(folder)
    expected = WORK[what](instrument, place)()
    for limit in megabytes or LIMITS:
        act = WORK[what](instrument, place)
        wrong = _try(act, place, int(limit), expected)
        print(json.dumps({"megabytes": int(limit), "wrong": wrong}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
