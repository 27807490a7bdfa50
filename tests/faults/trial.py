"""Opens a malformed exposure as the program does, and judges what comes of it."""

from __future__ import annotations

import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from atm_viewer.demo import demo_exposures
from atm_viewer.engine.errors import UserError
from atm_viewer.engine.io.exposure import Exposure, open_exposure
from atm_viewer.jobs.serve import explain
from tests.faults.damages import EITHER, HARMLESS, REFUSED, Damage

#: Seconds and bytes that it may take to open a file, whatever is in it.
MOST_SECONDS = 20
MOST_BYTES = 2 * 2**30


@dataclass(frozen=True)
class Verdict:
    """What came of a trial: the sentence, empty when the file was used, and what is wrong with it, empty when good."""

    sentence: str
    wrong: str
    seconds: float


def good_exposure(instrument: str) -> Path:
    """A file that is spoilt."""
    return sorted(demo_exposures(instrument).parent.glob("*_cal.fits"))[0]


@cache
def _good(instrument: str) -> Exposure:
    return open_exposure(good_exposure(instrument))


class TooLong(BaseException):
    """It takes longer than anybody waits."""


@contextmanager
def _in_time(seconds: int) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def try_damage(damage: Damage, instrument: str, folder: Path) -> Verdict:
    """Spoil an exposure, open it, and look at the answer."""
    place = folder / "spoilt_cal.fits"
    damage.make(good_exposure(instrument), place)
    try:
        return judge(damage, instrument, place)
    finally:
        place.unlink()


def judge(damage: Damage, instrument: str, place: Path) -> Verdict:
    """Open a spoilt exposure and look at the answer."""
    good = _good(instrument)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.monotonic()
    sentence = wrong = ""
    try:
        with _in_time(MOST_SECONDS):
            found = open_exposure(place)
            differences = _differences(good, found)
            found.close()
    except TooLong:
        wrong = f"takes longer than {MOST_SECONDS} s"
    except BaseException as error:  # the trial goes on, whatever it was
        sentence = explain(error)
        if not isinstance(error, UserError):
            wrong = f"no sentence of ours: {type(error).__name__}"
        elif place.name not in sentence:
            wrong = "names no file"
        elif not sentence.endswith(".") or not sentence.isprintable() or len(sentence) > 400:
            wrong = "is not one sentence"
        elif "cannot be used:" in sentence:
            wrong = "the reason is a library's"
        elif damage.expected == HARMLESS:
            wrong = "refused, though nothing is wrong with it"
    else:
        if damage.expected == REFUSED:
            wrong = "used, though it is spoilt"
        elif differences and damage.expected == HARMLESS:
            wrong = f"used, and differs in {', '.join(differences)}"
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) * 1024
    if not wrong and grown > MOST_BYTES:
        wrong = f"takes {grown / 2**30:.1f} GiB"
    return Verdict(sentence, wrong, time.monotonic() - start)


def _differences(good: Exposure, found: Exposure) -> list[str]:
    """What of the numbers of an exposure is not as it was."""
    same = {
        "sci": np.array_equal(good.sci, found.sci, equal_nan=True),
        "regions": np.array_equal(good.regions, found.regions),
        "alpha": np.array_equal(good.coordinates.alpha, found.coordinates.alpha, equal_nan=True),
        "wavelength": np.array_equal(good.coordinates.wavelength, found.coordinates.wavelength, equal_nan=True),
        "sky": np.array_equal(good.coordinates.ra, found.coordinates.ra, equal_nan=True),
    }
    return [name for name, equal in same.items() if not equal]


__all__ = ["EITHER", "HARMLESS", "REFUSED", "Verdict", "good_exposure", "judge", "try_damage"]
