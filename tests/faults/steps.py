"""Lets the N-th step of some work fail, as disks do: opening, reading, writing, syncing, moving, making folders."""

from __future__ import annotations

import builtins
import errno
import io
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from atm_viewer.engine.io.coordinate_cache import KeptGeometry
from atm_viewer.engine.output.products import write_cubes, write_exposures
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.whole_file import write_whole
from atm_viewer.jobs.serve import UNEXPECTED, explain
from tests.faults.trial import good_exposure

#: What disks say: full, broken, not ours any more, read-only.
ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS)


class Steps:
    """Counts the steps that concern a folder, and lets one fail.

    Parameters
    ----------
    folder : Path
        Files in it and below count.
    fails_at : int
        Number of the step that fails, from 1; 0 for none.
    number : int
        What the system says.
    """

    def __init__(self, folder: Path, fails_at: int = 0, number: int = errno.ENOSPC):
        self._folder, self._fails_at, self._number = str(folder), fails_at, number
        self.count = 0
        self.failed = ""

    def step(self, what: str, path: Any) -> None:
        """Take note of a step; it fails when it is its turn."""
        if not isinstance(path, str | bytes | os.PathLike) or not os.fsdecode(path).startswith(self._folder):
            return
        self.count += 1
        if self.count == self._fails_at:
            self.failed = f"{what} {Path(os.fsdecode(path)).name[-60:]}"
            raise OSError(self._number, os.strerror(self._number), os.fsdecode(path))

    @contextmanager
    def watched(self) -> Iterator[Steps]:
        """Put the counting functions in place of the system's."""
        true = {name: getattr(os, name) for name in ("open", "replace", "rename", "link", "mkdir", "fsync")}
        true_open = builtins.open

        def counting(name: str) -> Callable[..., Any]:
            def does(*args: Any, **options: Any) -> Any:
                self.step(name, self._path_of(args[0]))
                return true[name](*args, **options)

            return does

        builtins.open = io.open = self._open  # type: ignore[assignment]
        for name in true:
            setattr(os, name, counting(name))
        try:
            yield self
        finally:
            builtins.open = io.open = true_open
            for name, function in true.items():
                setattr(os, name, function)

    def _path_of(self, target: Any) -> Any:
        if isinstance(target, int):
            with suppress(OSError):
                return os.readlink(f"/proc/self/fd/{target}")
        return target

    def _open(self, file: Any, mode: str = "r", buffering: int = -1, *args: Any, **options: Any) -> Any:
        if isinstance(file, int) or not os.fsdecode(file).startswith(self._folder):
            return _true_open(file, mode, buffering, *args, **options)
        self.step("open", file)
        opener = options.pop("opener", None)
        raw = _Raw(file, mode.replace("b", "").replace("t", ""), opener=opener)
        raw.steps = self
        kind = io.BufferedRandom if "+" in mode else io.BufferedReader if "r" in mode else io.BufferedWriter
        made = kind(raw)
        if "b" in mode:
            return made
        return io.TextIOWrapper(made, *args, **options)


_true_open = builtins.open


class _Raw(io.FileIO):
    steps: Steps

    def write(self, data: Any) -> int:
        self.steps.step("write", self.name)
        return super().write(data)

    def readinto(self, buffer: Any) -> int:
        self.steps.step("read", self.name)
        return super().readinto(buffer)


@dataclass(frozen=True)
class Scenario:
    """Work that writes.

    Parameters
    ----------
    name : str
        What it is.
    before : callable
        Takes a folder and puts into it what is there already.
    act : callable
        Takes the folder and does the work.
    product : str
        File below the folder that it makes or replaces.
    is_new : callable
        Takes the file and tells whether it is what the work makes.
    keeps_on : bool
        Whether a failure is not even told.
    """

    name: str
    before: Callable[[Path], None]
    act: Callable[[Path], None]
    product: str
    is_new: Callable[[Path], bool]
    keeps_on: bool = False


_OLD = b"what was there before"


def _old(product: str) -> Callable[[Path], None]:
    def before(folder: Path) -> None:
        (folder / product).parent.mkdir(parents=True, exist_ok=True)
        (folder / product).write_bytes(_OLD)

    return before


def _has_science(shape: int) -> Callable[[Path], bool]:
    def is_new(path: Path) -> bool:
        with suppress(OSError), fits.open(path) as hdus:
            return hdus["SCI"].data.ndim == shape and "ATM_RECIPE" in hdus and bool(np.isfinite(hdus["SCI"].data).any())
        return False

    return is_new


_RECIPE = Recipe(oversample=1, fit_threshold=1e9)
_STEM = "jw00000001001_02101_00001_mirifushort"
_KEPT = {"a": np.arange(1000.0), "b": np.arange(3)}


def _keep(folder: Path) -> None:
    found = KeptGeometry("key").get_or_make("part", lambda: _KEPT)
    assert all(np.array_equal(found[name], array) for name, array in _KEPT.items())


def _is_session(path: Path) -> bool:
    return path.read_bytes() == b"session = 1\n" * 5000


SCENARIOS = (
    Scenario(
        "save a session",
        _old("out/session.toml"),
        lambda folder: write_whole(folder / "out" / "session.toml", "session = 1\n" * 5000),
        "out/session.toml",
        _is_session,
    ),
    Scenario(
        "autosave",
        _old("out/auto.toml"),
        lambda folder: write_whole(folder / "out" / "auto.toml", "session = 1\n" * 5000, private=True),
        "out/auto.toml",
        _is_session,
    ),
    Scenario(
        "keep coordinates",
        lambda folder: None,
        _keep,
        "cache/atm-viewer/coordinates/key/part.arrays",
        lambda path: True,
        keeps_on=True,
    ),
    Scenario(
        "correct",
        _old(f"out/{_STEM}_atm.fits"),
        lambda folder: void(write_exposures([good_exposure("miri")], _RECIPE, folder / "out", overwrite=True)),
        f"out/{_STEM}_atm.fits",
        _has_science(2),
    ),
    Scenario(
        "cube",
        _old(f"out/{_STEM}-atm_ch1-short_s3d.fits"),
        lambda folder: void(
            write_cubes([good_exposure("miri")], _RECIPE, folder / "out", bands=("ch1-short",), overwrite=True)
        ),
        f"out/{_STEM}-atm_ch1-short_s3d.fits",
        _has_science(3),
    ),
)


def void(_: object) -> None:
    """Take a result that nobody needs."""


def count_steps(scenario: Scenario, folder: Path) -> int:
    """Number of steps of some work, which is done without a fault."""
    scenario.before(folder)
    with Steps(folder).watched() as steps:
        scenario.act(folder)
    assert scenario.is_new(folder / scenario.product)
    shutil.rmtree(folder)
    folder.mkdir()
    return steps.count


def try_step(scenario: Scenario, folder: Path, at: int, number: int) -> str:
    """Let a step of some work fail; what is wrong with what comes of it, empty when nothing is."""
    scenario.before(folder)
    product = folder / scenario.product
    before = _names(folder)
    sentence = ""
    with Steps(folder, at, number).watched() as steps:
        try:
            scenario.act(folder)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever it was, the trial goes on
            sentence = explain(error) if isinstance(error, Exception) else type(error).__name__
    fault = f"{scenario.name}, step {at} ({steps.failed}, {errno.errorcode[number]})"
    wrong = ""
    if sentence and scenario.keeps_on:
        wrong = f"fails: {sentence}"
    elif sentence.startswith(UNEXPECTED) or (sentence and (not sentence.endswith(".") or "\n" in sentence)):
        wrong = f"no sentence of ours: {sentence}"
    elif sentence and product.read_bytes() != _OLD:
        wrong = "what was there before is not there any more"
    elif not sentence and not scenario.keeps_on and not scenario.is_new(product):
        wrong = "nothing was told, and nothing made"
    elif stray := _stray(folder, before, scenario):
        wrong = f"leaves {stray}"
    else:
        with suppress(Exception):
            scenario.act(folder)
        if not product.is_file() or not scenario.is_new(product):
            wrong = "the next run fails"
        elif any(".part" in name for name in _names(folder)):
            wrong = "the next run does not clear away what was left"
    shutil.rmtree(folder)
    folder.mkdir()
    return f"{fault}: {wrong}" if wrong else ""


def _stray(folder: Path, before: set[str], scenario: Scenario) -> list[str]:
    """Files that should not be there; a folder that could not be cleared away is left to the next run."""
    found = _names(folder) if scenario.keeps_on else _names(folder) - before
    return sorted(name for name in found if name.endswith(".part") and ".atm-viewer-" not in name)


def _names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}
