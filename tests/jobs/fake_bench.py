"""Stands in for bench and products in tests of the protocol: real processes, no pipeline."""

from __future__ import annotations

import ctypes
import logging
import multiprocessing
import os
import signal
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.output.staging import staged, temporary_folder


def warm_up_beside(pause):
    """Say which process this is, and go on as long as a file says."""
    folder = Path(os.environ["XDG_CACHE_HOME"])
    (folder / "helper").write_text(str(os.getpid()))
    while (folder / "go on").exists():
        time.sleep(0.02)
    pause()


def warm_up(pause):
    """Say which process this is."""
    pause()
    (Path(os.environ["XDG_CACHE_HOME"]) / "warm").write_text(str(os.getpid()))


@dataclass(frozen=True)
class Exposure:
    key: str
    file: None = None


@dataclass(frozen=True)
class Opening:
    exposures: tuple[Exposure, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()


class FakeBench:
    """Does what the key of an exposure or the name of a band says."""

    def __init__(self):
        self.open_keys: list[str] = []
        self.given_back = 0
        self.ahead = 0

    def open(self, paths, progress, found):
        for k, path in enumerate(paths):
            progress(f"Opening {Path(path).name}", k / len(paths))
            if path.startswith(("slow", "short")):
                _work(progress, 3.0 if path.startswith("slow") else 1.0)
            if path.startswith("stuck"):
                with open(path.removeprefix("stuck ")):  # a pipe to which nobody writes
                    pass
            if not path.startswith("bad"):
                self.open_keys += [path] if path not in self.open_keys else []
                found(Exposure(path), (k + 1) / len(paths))
        good = [p for p in paths if not p.startswith("bad")]
        return Opening(tuple(map(Exposure, good)), tuple(f"{p} is bad." for p in paths if p.startswith("bad")))

    def close(self, keys):
        for key in keys:
            self.open_keys.remove(key)

    def give_back(self):
        self.given_back += 1

    def correct(self, key, recipe, progress):
        match key:
            case "quick":
                return f"corrected with {recipe.oversample}"
            case "work":
                _work(progress, 20.0)
            case "deaf":
                time.sleep(5.0)
            case "hang":
                time.sleep(60.0)
            case "stop":
                os.kill(os.getpid(), signal.SIGSTOP)
            case "input":
                raise InputError("That file is no good; take another.")
            case "bug":
                raise ZeroDivisionError("a bug")
            case "memory":
                raise MemoryError
            case "full":
                raise OSError(28, "No space left on device")
            case "exit":
                sys.exit(-1)
            case "kill":
                os.kill(os.getpid(), 9)
            case "segfault":
                ctypes.string_at(0)
            case "unpicklable":
                return lambda: None
            case "noise":
                print("printed")
                print("printed as an error", file=sys.stderr)
                logging.getLogger("jwst").critical("logged")
                warnings.warn("warned", stacklevel=1)
                os.write(1, b"written by C")
                self.lock = multiprocessing.Lock()  # as crds does: the resource tracker tells when one is left
                return "silent"
            case "stdin":
                return sys.stdin.read()
            case "arrays":
                square = np.arange(1_000_000.0).reshape(1000, 1000)
                return [square, square.T, square[::2, ::3], np.zeros((0, 3)), np.array(7.0), square > 5]
            case "where":
                return os.getpid()
            case "open":
                return tuple(self.open_keys)
            case "given back":
                return self.given_back
            case "ahead":
                return self.ahead
        raise InputError(f"{key} is not open.")

    def profile(self, key, recipe, number, column):
        return key, number, column

    def explain(self, key, recipe, x, y):
        return key, x, y

    def sky_image(self, keys, band, progress, recipe, wavelength, planes, cube):
        return self.correct(band, None, progress)

    def spectra(self, extraction, progress, found):
        if found is not None:
            found(("first", extraction.radius))
        return extraction

    def fit_ahead(self, is_asked):
        """Go on until something is asked."""
        while not is_asked():
            time.sleep(0.01)
        self.ahead += 1
        return True


def write_exposures(paths, recipe, folder, overwrite=False, progress=None, target_at=None, steps=False):
    """Write a file per path, slowly; paths name what goes wrong."""
    folder = Path(folder)
    names = [f"{p}_atm.fits" for p in paths]
    with staged(folder, names, overwrite) as part:
        for path, name in zip(paths, names, strict=True):
            (part / name).write_text("half")
            if path == "work":
                _work(progress, 20.0)
            if path == "opening":
                progress("Opening opening", 0.2)
                time.sleep(30.0)
            if path == "deaf":
                progress("Not listening", 0.5)
                _holding_the_gil(30)
            if path == "kill":
                os.kill(os.getpid(), 9)
            if path == "full":
                raise OSError(28, "No space left on device")
            (part / name).write_text("whole")
    return tuple(folder / name for name in names)


def write_cubes(paths, recipe, folder, product, which, channel, **options):
    return (Path(folder) / f"{product}-{which}-{channel}_s3d.fits",)


def make_demo(instrument, folder, progress):
    if instrument == "unheard-of":
        raise InputError(f"There is no demo for {instrument!r}.")
    if instrument == "slow":
        with temporary_folder(folder):
            _work(progress, 20.0)
    return folder / f"{instrument}_asn.json"


def _work(progress, seconds):
    begun = time.monotonic()
    while (passed := time.monotonic() - begun) < seconds:
        progress("Working", passed / seconds)
        time.sleep(0.01)


def _holding_the_gil(seconds):
    """Block as compiled code that holds Python's lock does: no other thread runs meanwhile."""
    ctypes.PyDLL(None).sleep(seconds)
