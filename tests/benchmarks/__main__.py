"""Measure and print the table; see the package's docstring."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.benchmarks import ours, theirs, turns, window
from tests.benchmarks.measure import measure
from tests.flight.pipeline_reference import exposures, why_absent

MRS, NIRSPEC, FOUR, PAIR = "mrs12A-star-1", "nrsG235M-star-1", "mrs12A-star-4", "mrs34C-pair-1"
NIRSPEC_FOUR = "nrsG235M-star-4"
SLICES = {MRS: 112, NIRSPEC: 15}
OBSERVATION = {
    "MRS": [f"mrs{detector}{band}-star-4" for band in "ABC" for detector in ("12", "34")],
    "NIRSpec": ["nrsG395H-star-4", "nrsG395H_NRS2-star-4"],
}

#: The pipeline fits with as many processes as there are processors, and how rows say so.
ALL_CORES, IN_PARALLEL = {"cores": "all"}, ", jwst on all cores"


@dataclass(frozen=True)
class Result:
    """One line of the table; times in seconds, memory in MB, 0 or None where nothing was measured."""

    what: str
    jwst: float
    ours: float
    cold: float
    goal: float
    jwst_memory: float = 0.0
    our_memory: float = 0.0
    difference: float | None = None

    def line(self) -> str:
        """Return the line as it is printed."""
        difference = "" if self.difference is None else f"{self.difference:.1e}"
        compared = f"{self.jwst / self.ours:8.0f}x{self.goal:6.0f}x" if self.goal else ""
        memory = f"{self.jwst_memory:8.0f}{self.our_memory:8.0f}" if self.jwst_memory else ""
        jwst = f"{self.jwst:8.2f}" if self.jwst else ""
        return (
            f"{self.what:56s}{jwst:8s}{self.ours:9.3f}{self.cold:8.2f}{compared:16s}{memory:16s}  {difference}".rstrip()
        )


HEAD = (
    f"{'what':56s}{'jwst s':>8s}{'ours s':>9s}{'cold s':>8s}{'ratio':>9s}{'goal':>7s}{'MB jwst':>8s}{'ours':>8s}"
    "  largest difference"
)


def _first(case: str) -> str:
    return str(exposures(case)[0])


def _correct_open(cache: Path, folder: Path, psf_optimal: bool, goal: float) -> Iterator[Result]:
    for case, whole_goal in ((MRS, 170), (NIRSPEC, 200)):
        options = {"path": _first(case), "psf_optimal": psf_optimal, "folder": str(folder)}
        jwst = measure(theirs.correct_open, cache, **options)
        whole = measure(ours.correct_whole, cache, path=options["path"], psf_optimal=psf_optimal)
        own = measure(ours.correct_open, cache, **options)
        peak = measure(ours.correct_peak, cache, path=options["path"])
        memory = jwst["megabytes"], peak["megabytes"]
        options_named = ", psf_optimal" if psf_optimal else ""
        what = f"correct an open exposure, all of it, {case}{options_named}"
        yield Result(what, jwst["seconds"], whole["seconds"], whole["cold"], whole_goal, *memory)
        every = measure(theirs.correct_open, cache, **options | ALL_CORES)
        yield Result(what + IN_PARALLEL, every["seconds"], whole["seconds"], whole["cold"], whole_goal)
        what = f"the same, cut and with coordinates, {case}{options_named}"
        yield Result(what, jwst["seconds"], own["seconds"], own["cold"], goal, *memory, own.get("difference"))


def _correct_file(cache: Path, folder: Path) -> Iterator[Result]:
    for case in (MRS, NIRSPEC):
        options = {"path": _first(case), "folder": str(folder)}
        jwst = measure(theirs.correct_file, cache, **options)
        # Kernels are compiled by then, the file was never opened.
        measure(ours.correct_file, cache, **options)
        _forget_coordinates(cache)
        first, again = (measure(ours.correct_file, cache, **options) for _ in range(2))
        memory = jwst["megabytes"], again["megabytes"]
        yield Result(f"closed to written file, {case}, first", jwst["seconds"], first["seconds"], 0.0, 25, *memory)
        yield Result(f"closed to written file, {case}, again", jwst["seconds"], again["seconds"], 0.0, 40, *memory)
        every = measure(theirs.correct_file, cache, **options | ALL_CORES)
        for name, own, goal in (("first", first, 25), ("again", again, 40)):
            what = f"closed to written file, {case}, {name}{IN_PARALLEL}"
            yield Result(what, every["seconds"], own["seconds"], 0.0, goal)


def _fit_slice(cache: Path, folder: Path) -> Iterator[Result]:
    for case, number in SLICES.items():
        jwst = measure(theirs.fit_slice, cache, path=_first(case), number=number, folder=str(folder))
        own = measure(ours.fit_slice, cache, path=_first(case), number=number)
        yield Result(f"refit slice {number} of {case}", jwst["seconds"], own["seconds"], own["cold"], 100)


def _open_file(cache: Path, folder: Path) -> Iterator[Result]:
    for case in (MRS, NIRSPEC):
        jwst = measure(theirs.open_file, cache, path=_first(case))
        measure(ours.open_file, cache, path=_first(case))
        _forget_coordinates(cache)
        own = measure(ours.open_file, cache, path=_first(case))
        memory = jwst["megabytes"], own["megabytes"]
        yield Result(f"open a file opened before, {case}", jwst["seconds"], own["seconds"], own["cold"], 10, *memory)


def _four_dithers(cache: Path, folder: Path) -> Iterator[Result]:
    from atm_viewer.resources import resource

    paths = [str(path) for path in exposures(FOUR)]
    options = {"paths": paths, "cubepar": str(resource("cubepar/miri_cubepar.fits")), "folder": str(folder)}
    jwst = measure(theirs.cubes, cache, **options)
    spectra = measure(ours.spectra, cache, paths=paths)
    measure(ours.compile_kernels, cache)  # spectra have taken but a part of them
    cubes = measure(ours.cubes, cache, paths=paths, folder=str(folder))
    what = "spectra of a new spaxel, four dithers"
    yield Result(what, jwst["cube_seconds"], spectra["seconds"], spectra["cold"], 200)
    memory = jwst["megabytes"], cubes["megabytes"]
    what = "cubes before and after, four dithers, written"
    yield Result(what, jwst["seconds"], cubes["seconds"], 0.0, 40, *memory, cubes["difference"])
    every = measure(theirs.cubes, cache, **options | ALL_CORES)
    yield Result(what + IN_PARALLEL, every["seconds"], cubes["seconds"], 0.0, 40)


def _window(cache: Path, folder: Path) -> Iterator[Result]:
    """Seconds until something is on the screen: jwst has no counterpart."""
    start = measure(window.first_window, cache)
    assert not start["jwst"], "the window's process imports the pipeline"
    yield Result("first window on screen (goal 2 s)", 0.0, start["seconds"], start["cold"], 0)
    installed = measure(window.first_spectrum, folder / "installed", path=_first(MRS))
    yield Result("first corrected spectrum after installation (goal 15 s)", 0.0, installed["seconds"], 0.0, 0)
    for case, goal in ((NIRSPEC_FOUR, 16), (FOUR, 8)):
        paths = [str(path) for path in exposures(case)]
        measure(window.use, cache, paths=paths, folder=str(folder), repeats=1)  # kernels are compiled by then
        _forget_coordinates(cache)
        cold = measure(window.use, cache, paths=paths, folder=str(folder), repeats=1)
        used = measure(window.use, cache, paths=paths, folder=str(folder))
        yield from _used(case, used, cold, goal)


def _used(case: str, used: dict, cold: dict, goal: int) -> Iterator[Result]:
    """What `window.use` has found, with files opened before and, as ``cold``, with files never opened."""
    for name, what in (
        ("first", "first exposure on screen"),
        ("complete", f"four dithers opened, all panels complete (cold: goal {goal} s)"),
        ("refit", "changed profile and spectrum on screen, fitted again (goal 0.06 s)"),
        ("reuse", "the same, splines as they are (goal 0.06 s)"),
        ("spaxel", "spectra of a clicked spaxel on screen (goal 0.10 s)"),
        ("click", "the same, with its aperture and the noise"),
    ):
        yield Result(f"{case}: {what}", 0.0, used[name], cold[name], 0)
    for step in used["longest"]:
        if step:
            what = f"{case}: event loop blocked at most, {step} (goal 0.05 s)"
            yield Result(what, 0.0, used["longest"][step] / 1e3, cold["longest"][step] / 1e3, 0)


def _drag(cache: Path, folder: Path) -> Iterator[Result]:
    """Seconds from a move of the hand to what it made on the screen: jwst has no counterpart."""
    for case in (MRS, PAIR):
        used = measure(window.drag, cache, paths=[_first(case)])
        for name in (*window.DRAGS, "region"):
            for part in ("profile", "spectra"):
                yield Result(f"drag {name} to {part}, {case} (goal 0.10 s)", 0.0, used[name][part], 0.0, 0)
            yield Result(f"drag {name}, the window's own time, {case}", 0.0, used[name]["move"], 0.0, 0)


def _turns(cache: Path, folder: Path) -> Iterator[Result]:
    """Seconds of the window's thread in the longest turn of its event loop: jwst has no counterpart."""
    for case in (FOUR, PAIR):
        walked = measure(turns.walk, cache, paths=[str(path) for path in exposures(case)])
        for step, longest in walked["own"].items():
            yield Result(f"{case}, longest turn: {step} (goal 0.05 s)", 0.0, longest / 1e3, 0.0, 0)


def _scaling(cache: Path, folder: Path) -> Iterator[Result]:
    """How the time grows with slices, columns, factor and exposures: no counterpart in jwst."""
    for case in (FOUR, NIRSPEC):
        found = measure(ours.correct_scaling, cache, paths=[str(path) for path in exposures(case)])
        for what in ("slices", "columns", "factor", "exposures"):
            for count, value in found[what].items():
                yield Result(f"{case}: {what} {count}", 0.0, value, 0.0, 0)


def _observation(cache: Path, folder: Path) -> Iterator[Result]:
    """How time and memory grow with the exposures of an observation: of MRS in six settings, of both NIRSpec detectors.

    The window and all of its processes are to stay within 3 GB.
    """
    for what, cases in OBSERVATION.items():
        paths = [str(path) for dither in zip(*map(exposures, cases), strict=True) for path in dither]
        for count in (len(paths) // 4, len(paths) // 2, len(paths)):
            shown = measure(ours.observation, cache, paths=paths[:count])
            yield Result(f"{count} {what} exposures opened, shown, tuned", 0.0, shown["seconds"], 0.0, 0)
            written = measure(ours.cubes, cache, paths=paths[:count], folder=str(folder))
            yield Result(f"{count} {what} exposures, cubes written", 0.0, written["seconds"], 0.0, 0)
            peaks = measure(window.together, cache, paths=paths[:count], folder=str(folder))
            peaks = f"{peaks['opened']:.0f} MB opened, {peaks['tuned']:.0f} tuned, {peaks['written']:.0f} cubes written"
            yield Result(f"{count} {what} exposures: {peaks} (goal 3000)", 0.0, 0.0, 0.0, 0)


#: Exposures of which time and memory are measured: of MRS in all settings, of NIRSpec on both detectors.
COUNTS = {"MRS": (4, 24), "NIRSpec": (2, 8)}


def _linearity(cache: Path, folder: Path) -> Iterator[Result]:
    """Time and peak memory of commands, and of opening, against the number of exposures: no counterpart in jwst.

    Times are processor time, which other work on the machine changes least. ``spectrum`` is that of all bands.
    """
    measure(ours.compile_kernels, cache)
    for what, cases in OBSERVATION.items():
        paths = [str(path) for dither in zip(*map(exposures, cases), strict=True) for path in dither]
        measure(ours.open_many, cache, paths=paths)  # coordinates are kept
        for name in ("open", "spectrum", "cube", "report"):
            for count in COUNTS[what]:
                some = paths[:count]
                if name == "open":
                    found = measure(ours.open_many, cache, paths=some)
                else:
                    found = measure(ours.command, cache, name=name, paths=some, folder=str(folder))
                peak = f"{found['megabytes'] if name == 'open' else found['together']:.0f} MB"
                yield Result(f"{name}, {count} {what}: {peak}, each", 0.0, found["seconds"] / count, 0.0, 0)


def _forget_coordinates(cache: Path) -> None:
    import shutil

    shutil.rmtree(cache / "atm-viewer" / "coordinates", ignore_errors=True)


ROWS: dict[str, Callable[[Path, Path], Iterator[Result]]] = {
    "correct": lambda cache, folder: _correct_open(cache, folder, False, 120),
    "psf": lambda cache, folder: _correct_open(cache, folder, True, 150),
    "file": _correct_file,
    "slice": _fit_slice,
    "open": _open_file,
    "four": _four_dithers,
    "window": _window,
    "drag": _drag,
    "turns": _turns,
    "scaling": _scaling,
    "observation": _observation,
    "linearity": _linearity,
}


def main() -> None:
    """Measure what is asked for and print it."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], help="default: all")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT.json")
    arguments = parser.parse_args()
    if (reason := why_absent()) is not None:
        parser.exit(1, f"Nothing can be measured: {reason}.\n")
    print(HEAD, flush=True)
    results = []
    with tempfile.TemporaryDirectory() as temporary:
        for name in arguments.rows or ROWS:
            folder = Path(temporary) / name
            folder.mkdir()
            for result in ROWS[name](Path(temporary) / "cache", folder):
                print(result.line(), flush=True)
                results.append(asdict(result))
    if arguments.output:
        arguments.output.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
